"""The burnt-in strip and the tones, through what pictures and sound go through."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.media import barcode, tone
from console.media.time import SAMPLE_RATE


@given(
    st.integers(0, 255),
    st.integers(0, barcode.FRAME_NUMBERS - 1),
    st.sampled_from([(640, 360), (1280, 720), (1920, 1080)]),
)
def test_what_is_burnt_is_read(source, frame, size):
    y = np.full((size[1], size[0]), 120, np.uint8)
    barcode.burn(y, source, frame)
    assert barcode.read(y) == (source, frame)


@pytest.mark.parametrize("size", [(640, 360), (960, 540), (320, 180)])
def test_the_strip_survives_scaling_down_and_noise(size):
    y = np.full((1080, 1920), 60, np.uint8)
    noise = np.random.default_rng(1)
    for frame in range(0, 1 << 24, 1_234_567):
        barcode.burn(y, 7, frame)
        small = cv2.resize(y, size, interpolation=cv2.INTER_AREA).astype(np.int16)
        small = np.clip(small + noise.normal(0, 25, small.shape), 0, 255).astype(np.uint8)
        assert barcode.read(small) == (7, frame)


@given(st.integers(0, 2**32 - 1))
def test_noise_is_hardly_ever_a_code(seed):
    y = np.random.default_rng(seed).integers(0, 255, (90, 640), np.uint8)
    y[-8:] = np.repeat(np.random.default_rng(seed).integers(0, 2, 48) * 255, 14)[:640]
    code = barcode.read(y)
    assert code is None or 0 <= code.source < 256


def test_a_wrong_cell_is_refused():
    y = np.full((720, 1280), 60, np.uint8)
    barcode.burn(y, 3, 1000)
    for cell in range(barcode.CELLS):
        bad = y.copy()
        left, right = cell * 1280 // 48, (cell + 1) * 1280 // 48
        bad[-16:, left:right] = 251 - bad[-16:, left:right]
        assert barcode.read(bad) is None


def test_a_picture_too_small_has_no_code():
    assert barcode.read(np.zeros((16, 16), np.uint8)) is None


@pytest.mark.parametrize("source", [1, 2, 8, 31, 63])
def test_the_tone_names_its_source(source):
    for first in (0, 7_000, SAMPLE_RATE * 5 + 123):
        assert tone.heard(tone.tone(source, first, 4_800)[:, 0]) == source


def test_the_tone_is_the_same_however_it_is_cut():
    whole = tone.tone(4, 0, SAMPLE_RATE)
    assert np.array_equal(whole, np.concatenate([tone.tone(4, at, 960) for at in range(0, SAMPLE_RATE, 960)]))


def test_silence_names_nobody():
    assert tone.heard(np.zeros(4_800, np.float32)) is None
    assert tone.heard(tone.tone(3, 0, 100)[:, 0]) is None

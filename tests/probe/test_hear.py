"""The ear on real tone samples: sources, beeps to a fraction of a millisecond, gaps, noise."""

from __future__ import annotations

import numpy as np
import pytest

from console.media.time import FLICKS_PER_SECOND, SAMPLE_RATE
from console.media.tone import tone
from console.probe.hear import Ear

SAMPLE = FLICKS_PER_SECOND // SAMPLE_RATE


def listen(mono: np.ndarray, pts: int = 0, chunk: int = 1024) -> Ear:
    ear = Ear()
    for at in range(0, len(mono), chunk):
        ear.take(mono[at : at + chunk].astype(np.float32), pts + at * SAMPLE)
    ear.finish()
    return ear


@pytest.mark.parametrize("source", [1, 8, 40, 63])
@pytest.mark.parametrize("start", [0, 12_345, 47_999])
def test_every_beep_is_found_once_and_where_it_is(source: int, start: int) -> None:
    mono = tone(source, start, 8 * SAMPLE_RATE)[:, 0]
    ear = listen(mono)
    expected = [s * SAMPLE_RATE - start for s in range(9)]
    expected = [at for at in expected if 1200 < at < len(mono) - 1200]
    assert {beep.source for beep in ear.beeps} == {source}
    assert [beep.pts / SAMPLE for beep in ear.beeps] == pytest.approx(expected, abs=24)
    assert {window.source for window in ear.heard} == {source}
    assert len(ear.heard) == 160
    assert [window.pts for window in ear.heard] == [i * 2400 * SAMPLE for i in range(160)]


def test_noise_and_level_do_not_move_the_onset() -> None:
    noise = np.random.default_rng(3).normal(0, 0.003, 6 * SAMPLE_RATE)
    ear = listen(tone(5, 24_000, 6 * SAMPLE_RATE)[:, 0] * 0.6 + noise)
    assert [beep.pts / SAMPLE for beep in ear.beeps] == pytest.approx(
        [24_000 + s * SAMPLE_RATE for s in range(6)], abs=48
    )


def test_a_cut_is_no_beep() -> None:
    one, two = tone(1, 0, 4 * SAMPLE_RATE)[:, 0], tone(2, 0, 4 * SAMPLE_RATE)[:, 0]
    at = 2 * SAMPLE_RATE + 30_000
    ear = listen(np.concatenate((one[:at], two[at:])))
    assert [(round(beep.pts / FLICKS_PER_SECOND, 3), beep.source) for beep in ear.beeps] == [(1, 1), (2, 1), (3, 2)]
    into_a_beep = listen(np.concatenate((one[: 2 * SAMPLE_RATE + 1000], two[2 * SAMPLE_RATE + 1000 :])))
    assert [(round(beep.pts / FLICKS_PER_SECOND, 2), beep.source) for beep in into_a_beep.beeps] == [(1, 1), (3, 2)]


def test_silence_and_a_jump_in_time() -> None:
    ear = Ear()
    ear.take(np.zeros(SAMPLE_RATE, np.float32), 0)
    ear.take(tone(4, 0, SAMPLE_RATE)[:, 0], 100 * FLICKS_PER_SECOND)
    ear.finish()
    assert sum(window.silent for window in ear.heard) == 20
    assert ear.heard[20].pts == 100 * FLICKS_PER_SECOND
    assert {window.source for window in ear.heard[20:]} == {4}


def test_other_sound_is_neither_tone_nor_silence() -> None:
    ear = listen(np.random.default_rng(1).normal(0, 0.05, SAMPLE_RATE))
    assert not any(window.silent or window.source for window in ear.heard)
    assert ear.beeps == []

"""The encoders: what they promise to the log."""

from __future__ import annotations

from itertools import pairwise

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.errors import ConsoleError
from console.media import tone
from console.media.picture import new_picture
from console.media.time import parse_format
from console.outputs.codecs import AudioEncoder, VideoEncoder, nal_units, open_video

FMT = parse_format("640x360p50")
START = 89_700_000_123 * 960


def encode(encoder, numbers, keys=()):
    picture = new_picture(FMT.width, FMT.height)
    coded = []
    for number in numbers:
        picture.y[:] = np.random.default_rng(number).integers(16, 235, (FMT.height, FMT.width))  # a cut at every frame
        encoder.load(picture)
        coded += encoder.encode(number, key=number in keys)
    return coded + encoder.flush()


def nal_types(data):
    types, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        types.append(data[at + 4] & 31)
        at += 4 + size
    assert at == len(data)
    return types


def test_key_frames_come_where_they_are_asked_for_and_nowhere_else():
    encoder = VideoEncoder("libx264", FMT, preset="ultrafast", bitrate_bps=2_000_000)
    coded = encode(encoder, range(5000, 5030), keys=(5000, 5011, 5012))
    assert [picture.frame for picture in coded] == list(range(5000, 5030)), "every frame once, none reordered"
    assert [picture.frame for picture in coded if picture.key] == [5000, 5011, 5012]
    for picture in coded:
        assert set(nal_types(picture.data)) == ({7, 8, 5} if picture.key else {1})
        if picture.key:
            assert nal_types(picture.data)[:2] == [7, 8], "parameter sets travel in front"


def test_the_bit_rate_is_kept_even_when_every_picture_is_noise():
    encoder = VideoEncoder("libx264", FMT, preset="superfast", bitrate_bps=2_000_000)
    coded = encode(encoder, range(100), keys=(0,))
    assert sum(len(picture.data) for picture in coded) * 8 / 2 < 2_000_000 * 1.6  # two seconds, one of buffer


def test_x264_is_used_when_no_hardware_works_or_none_is_wanted():
    assert open_video(FMT, preset="ultrafast", bitrate_bps=1_000_000, hardware=False).name == "libx264"
    chosen = open_video(FMT, preset="ultrafast", bitrate_bps=1_000_000, hardware=True)
    assert [p.key for p in encode(chosen, range(10), keys=(0, 7))] == [n in (0, 7) for n in range(10)]


def test_an_encoder_that_does_not_exist_is_passed_over():
    encoder = open_video(FMT, preset="ultrafast", bitrate_bps=1_000_000, hardware=False, first="h264_from_nowhere")
    assert encoder.name == "libx264"


def test_a_preset_that_x264_does_not_know_is_said():
    with pytest.raises(ConsoleError, match="encoder works"):
        open_video(FMT, preset="no such preset", bitrate_bps=1_000_000, hardware=False)


@given(st.lists(st.binary(min_size=1, max_size=30).map(lambda b: b"\x65" + b.replace(b"\0", b"\1")), max_size=5))
def test_nal_units_are_cut_at_start_codes_of_either_length(units):
    stream = b"".join((b"\0\0\1" if index % 2 else b"\0\0\0\1") + unit for index, unit in enumerate(units))
    assert list(nal_units(stream)) == units


def decoded(packets, config):
    context = av.CodecContext.create("aac", "r")
    context.extradata = config
    blocks = []
    for _, data in packets:
        blocks += [frame.to_ndarray()[0] for frame in context.decode(av.Packet(data))]
    return np.concatenate(blocks)


def feed(encoder, first, count, step=960):
    packets = []
    for start in range(first, first + count, step):
        packets += encoder.feed(start, tone.tone(7, start, min(step, first + count - start)))
    return packets


def test_aac_packets_lie_on_the_grid_and_say_the_time_that_they_play():
    encoder = AudioEncoder(160_000)
    packets = feed(encoder, START, 48_000) + encoder.finish()
    first = START // 1024
    assert [index for index, _ in packets] == list(range(first, (START + 48_000 - 1) // 1024 + 1))
    sound = decoded(packets, encoder.config)
    expected = tone.tone(7, first * 1024, len(sound))[:, 0]
    inner = slice(4096, 46_000)
    assert np.abs(sound - expected)[inner].max() < 0.004


def test_an_encoder_started_again_joins_without_a_seam():
    one = AudioEncoder(160_000)
    packets = feed(one, START, 48_000)
    following = packets[-1][0] + 1
    two = AudioEncoder(160_000, wanted=following)
    primer = (following - 1) * 1024 // 960 * 960
    packets += feed(two, primer, 48_000) + two.finish()
    indexes = [index for index, _ in packets]
    assert indexes == list(range(indexes[0], indexes[-1] + 1))
    sound = decoded(packets, one.config)
    expected = tone.tone(7, indexes[0] * 1024, len(sound))[:, 0]
    seam = slice(4096, (following - indexes[0]) * 1024 + 20_000)
    assert np.abs(sound - expected)[seam].max() < 0.004


def test_a_short_hole_is_silence_and_a_long_one_a_hole():
    encoder = AudioEncoder(160_000)
    packets = feed(encoder, START, 9600) + feed(encoder, START + 19_200, 9600)
    packets += feed(encoder, START + 300_000, 9600) + encoder.finish()
    indexes = [index for index, _ in packets]
    holes = [(a, b) for a, b in pairwise(indexes) if b != a + 1]
    assert holes == [((START + 28_799) // 1024, (START + 300_000) // 1024)]
    assert indexes == sorted(set(indexes))

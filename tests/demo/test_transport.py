"""The loop that has no end: time stamps, counters and the joint, read by a real decoder and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from demo_streams import read_back
from hypothesis import given
from hypothesis import strategies as st

from console.demo import transport
from console.demo.clips import Clips
from console.demo.transport import CLOCK_HZ, PACKET, AccessUnit, Loop, Muxer, adts
from console.errors import ConsoleError
from console.media import tone

TICKS = CLOCK_HZ // 25


def _loop(clips: Clips, camera: int) -> Loop:
    file = clips.files[camera - 1]
    return Loop(file.read_bytes(), TICKS, file.name)


def _continuity_errors(stream: bytes) -> int:
    last: dict[int, int] = {}
    errors = 0
    for at in range(0, len(stream), PACKET):
        assert stream[at] == 0x47
        pid = (stream[at + 1] & 0x1F) << 8 | stream[at + 2]
        counter = stream[at + 3] & 0x0F
        assert stream[at + 3] & 0x10, "a packet without payload"
        errors += pid in last and counter != (last[pid] + 1) % 16
        last[pid] = counter
    return errors


def test_the_first_round_is_the_file(clips: Clips) -> None:
    loop = _loop(clips, 2)
    assert len(loop) == 200
    assert b"".join(loop.slot(n) for n in range(200)) == clips.files[1].read_bytes()


def test_the_joint_has_no_picture_missing_or_doubled(clips: Clips) -> None:
    loop = _loop(clips, 5)
    begin = next(n for n in range(100, 200) if loop.is_key(n))
    stream = b"".join(loop.slot(n) for n in range(begin, 500))
    assert _continuity_errors(stream) == 0
    seen = read_back(stream)
    frames = [code for code, _ in seen.codes]
    assert frames == [(5, n % 200) for n in range(begin, begin + len(frames))]
    assert len(frames) == 500 - begin
    assert set(np.diff([pts for _, pts in seen.codes])) == {TICKS}


def test_the_sound_goes_on_over_the_joint(clips: Clips) -> None:
    loop = _loop(clips, 4)
    seen = read_back(b"".join(loop.slot(n) for n in range(450)))
    assert set(np.diff(seen.sound_pts)) == {1920}
    assert seen.sound_pts[0] == seen.codes[0][1]
    wanted = tone.tone(4, 0, len(seen.samples))[2048:, 0]
    assert np.abs(seen.samples[2048:] - wanted).max() < 0.02


def test_time_stamps_wrap_as_the_standard_says(clips: Clips) -> None:
    loop = _loop(clips, 1)
    turn = (1 << 33) // (200 * TICKS)  # the round in which 33 bits run out
    stream = b"".join(loop.slot(turn * 200 + n) for n in range(200))
    assert _continuity_errors(stream) == 0
    seen = read_back(stream)
    assert len(seen.codes) == 200
    assert {int(step) % (1 << 33) for step in np.diff([pts for _, pts in seen.codes])} == {TICKS}


def test_cameras_share_one_clock(clips: Clips) -> None:
    stamps = []
    for camera in (1, 6, 8):
        seen = read_back(b"".join(_loop(clips, camera).slot(n) for n in range(60)))
        stamps.append({code[1]: pts for code, pts in seen.codes if code})
    shared = set.intersection(*(set(each) for each in stamps))
    assert len(shared) > 50
    for frame in shared:
        assert len({each[frame] for each in stamps}) == 1


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:-7],
        lambda data: b"\0" + data[1:],
        lambda data: data[PACKET * 3 :],
        lambda data: b"G" + bytes(PACKET - 1),
    ],
    ids=["empty", "cut short", "not a stream", "beginning lost", "no picture"],
)
def test_a_damaged_file_is_refused_by_name(clips: Clips, damage) -> None:
    with pytest.raises(ConsoleError, match=r"^cam1\.ts"):
        Loop(damage(clips.files[0].read_bytes()), TICKS, "cam1.ts")


@given(st.integers(0, (1 << 33) - 1))
def test_a_time_stamp_survives(ticks: int) -> None:
    assert transport._unstamp(transport._stamp(2, ticks)) == ticks


@given(st.lists(st.integers(1, 2000), min_size=1, max_size=12), st.integers(0, 400))
def test_any_sizes_fill_whole_packets(sizes: list[int], spoken: int) -> None:
    muxer = Muxer(TICKS, 5)
    units = [AccessUnit(bytes([n + 1]) * size, n, n - 1, n % 4 == 0) for n, size in enumerate(sizes)]
    sound = [(0, adts(b"s" * spoken))] if spoken else []
    stream = b"".join(muxer.slot(unit, sound) for unit in units)
    assert len(stream) % PACKET == 0
    assert _continuity_errors(stream) == 0
    loop = Loop(stream, TICKS, "made")
    assert len(loop) == len(sizes)
    assert [loop.is_key(n) for n in range(len(sizes))] == [unit.key for unit in units]

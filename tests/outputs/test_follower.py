"""Which picture comes next: all, none twice, and the exact gap where some are gone."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.media.time import RATES
from console.outputs.follower import ClockSetBackError, Follower
from console.wire.ring import RingReader, RingWriter, create_ring

RATE = RATES["50"]
SLOTS = 8


class Ring:
    def __init__(self, directory):
        self.writer = RingWriter(create_ring(directory / "ring", 16, 16, slots=SLOTS))
        self.reader = RingReader(directory / "ring")

    def write(self, *frames):
        for frame in frames:
            self.writer.begin()
            self.writer.publish(due_ns=0, now_ns=0, frame=frame)


@pytest.fixture
def ring(tmp_path):
    ring = Ring(tmp_path)
    yield ring
    ring.reader.close()
    ring.writer.close()


def taken(follower):
    got = []
    while (found := follower.next()) is not None:
        info, gap = found
        got.append((info.frame, (gap.first, gap.last) if gap else None))
    return got


def test_an_empty_log_begins_with_the_oldest_picture(ring):
    ring.write(*range(100, 105))
    assert taken(Follower(ring.reader, RATE, None)) == [(frame, None) for frame in range(100, 105)]


def test_it_goes_on_behind_the_last_frame_of_the_log(ring):
    ring.write(*range(100, 106))
    assert taken(Follower(ring.reader, RATE, 103)) == [(103, None), (104, None), (105, None)]


@pytest.mark.parametrize(
    ("written", "wanted", "absence", "reason"),
    [
        (range(100, 104), 90, "", "the engine was not running"),
        (range(100, 120), 90, "", "the encoder was not running"),
        (range(100, 120), 90, "the log could not be written", "the log could not be written"),
    ],
)
def test_the_gap_says_why(ring, written, wanted, absence, reason):
    ring.write(*written)
    info, gap = Follower(ring.reader, RATE, wanted, absence=absence).next()
    assert (gap.first, gap.last, gap.reason) == (90, info.frame - 1, reason)


def test_numbers_that_the_engine_leaves_out_are_a_gap(ring):
    follower = Follower(ring.reader, RATE, None)
    ring.write(100, 101, 105)
    assert taken(follower) == [(100, None), (101, None), (105, (102, 104))]


def test_being_overrun_gains_room_and_tells_the_exact_gap(ring):
    follower = Follower(ring.reader, RATE, None)
    ring.write(100)
    assert taken(follower) == [(100, None)]
    ring.write(*range(101, 130))
    info, gap = follower.next()
    assert info.frame == 126, "half the ring is still ahead"
    assert (gap.first, gap.last, gap.reason) == (101, 125, "the encoder was too slow")


def test_a_picture_that_was_overwritten_while_it_was_copied_is_missed(ring):
    follower = Follower(ring.reader, RATE, None)
    ring.write(100, 101)
    info, _ = follower.next()
    follower.lost(info)
    info, gap = follower.next()
    assert (info.frame, gap.first, gap.last) == (101, 100, 100)


def test_a_clock_that_was_set_back_is_noticed_and_a_small_step_is_sat_out(ring):
    ring.write(*range(1000, 1004))
    assert taken(Follower(ring.reader, RATE, 1100)) == []
    with pytest.raises(ClockSetBackError):
        Follower(ring.reader, RATE, 5000).next()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(st.integers(1, 12), st.integers(0, 3), st.integers(0, 12)), max_size=12))
def test_taken_frames_and_gaps_together_are_every_number_once(tmp_path_factory, steps):
    ring = Ring(tmp_path_factory.mktemp("ring"))
    follower = Follower(ring.reader, RATE, 100)
    following, covered = 100, []
    for write, skip, take in steps:
        ring.write(*range(following, following + write))
        following += write + skip
        for _ in range(take):
            if (found := follower.next()) is None:
                break
            info, gap = found
            covered += [*(range(gap.first, gap.last + 1) if gap else ()), info.frame]
    assert covered == list(range(100, 100 + len(covered)))

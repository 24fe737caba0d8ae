"""The mapping from time stamps to due times, with simulated senders and networks."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from console.sources.timeline import LATENCY_MOST_NS, MS, SECOND, WRAP_NS, Timeline

VIDEO, AUDIO = 0, 1
LATENCY = 200 * MS
FRAME = 20 * MS
seeds = st.integers(0, 2**32)


def sent(count: int, seed: int, *, jitter: int = 0, ppm: int = 0, first: int = 0) -> Iterator[tuple[int, int]]:
    """Packets as (time stamp, arrival): sent evenly by a clock that is `ppm` fast, delayed by 5 ms and jitter."""
    dice = random.Random(seed)
    before = 0
    for index in range(count):
        left = index * FRAME * 1_000_000 // (1_000_000 + ppm)
        before = max(before, left + 5 * MS + dice.randrange(jitter + 1))  # a stream never overtakes itself
        yield first + index * FRAME, SECOND + before


@given(seeds, st.integers(0, 150 * MS), st.integers(-200, 200), st.integers(-(2**40), 2**40))
@settings(max_examples=40, deadline=None)
def test_what_is_sent_evenly_is_due_evenly(seed: int, jitter: int, ppm: int, first: int) -> None:
    timeline = Timeline(live=True, latency_ns=LATENCY)
    dues = []
    for stamp, arrival in sent(1500, seed, jitter=jitter, ppm=ppm, first=first):
        due = timeline.due(timeline.stamp(VIDEO, stamp, FRAME, arrival))
        assert due > arrival  # the jitter is less than the latency
        assert due - arrival <= LATENCY + jitter + 25 * MS  # slewing follows a clock 200 ppm off by 20 ms
        dues.append(due)
    assert timeline.resets == 0
    for before, after in pairwise(dues[150:]):
        assert abs(after - before - FRAME) <= (FRAME + jitter) * 500 // 1_000_000 + 1  # the slew of one arrival


@given(seeds, st.integers(20, 100))
@settings(max_examples=20, deadline=None)
def test_a_clock_that_drifts_is_followed(seed: int, ppm: int) -> None:
    """Over ten minutes the buffer neither runs dry nor grows."""
    timeline = Timeline(live=True, latency_ns=LATENCY)
    for stamp, arrival in sent(30_000, seed, jitter=10 * MS, ppm=ppm):
        ahead = timeline.due(timeline.stamp(VIDEO, stamp, FRAME, arrival)) - arrival
        assert LATENCY - 40 * MS < ahead < LATENCY + 40 * MS


@given(st.integers(0, 300))
@settings(max_examples=20, deadline=None)
def test_33_bit_time_stamps_wrap(at: int) -> None:
    timeline = Timeline(live=True, latency_ns=LATENCY)
    first = WRAP_NS - at * FRAME
    stamps = [
        timeline.stamp(stream, stamp % WRAP_NS, FRAME, arrival)
        for stamp, arrival in sent(400, 1, first=first)
        for stream in (VIDEO, AUDIO)
    ]
    assert all(abs(after - before - FRAME) <= 1 for before, after in pairwise(stamps[::2]))
    assert stamps[::2] == stamps[1::2]
    assert timeline.resets == 0


@given(st.integers(20 * SECOND, 10**6 * SECOND), st.booleans(), st.integers(0, 5), st.booleans())
@settings(max_examples=60, deadline=None)
def test_new_time_stamps_continue_now_and_sound_stays_in_step(
    jump: int, back: bool, outage_s: int, reconnects: bool
) -> None:
    timeline = Timeline(live=True, latency_ns=LATENCY)
    last = arrival = 0
    for stamp, arrival in sent(200, 2, first=10**15):
        last = timeline.stamp(VIDEO, stamp, FRAME, arrival)
        timeline.stamp(AUDIO, stamp + 7 * MS, FRAME, arrival)
    if reconnects:
        timeline.reconnected()
    start = arrival + outage_s * SECOND
    raw = 10**15 + (-jump if back else jump + outage_s * SECOND)
    for stamp, later in sent(200, 3, first=raw):
        arrival = later - SECOND + start + FRAME
        picture = timeline.stamp(VIDEO, stamp, FRAME, arrival)
        sound = timeline.stamp(AUDIO, stamp + 7 * MS, FRAME, arrival)
        assert picture > last
        assert sound - picture == 7 * MS
        assert LATENCY - 30 * MS < timeline.due(picture) - arrival < LATENCY + 60 * MS
        last = picture
    assert timeline.resets == 1


@given(st.integers(1, 60), st.booleans())
@settings(max_examples=20, deadline=None)
def test_a_gap_of_a_true_clock_changes_nothing(gap_s: int, reconnects: bool) -> None:
    timeline = Timeline(live=True, latency_ns=LATENCY)
    for moved in (0, (3 + gap_s) * SECOND):
        for stamp, arrival in sent(150, 4):
            due = timeline.due(timeline.stamp(VIDEO, stamp + moved, FRAME, arrival + moved))
            assert due - arrival - moved == LATENCY
        if reconnects:
            timeline.reconnected()
    assert timeline.resets == 0


def test_a_burst_at_the_start_is_not_kept_as_delay() -> None:
    """What a server had kept comes at once; the last of it is what is live."""
    timeline = Timeline(live=True, latency_ns=LATENCY)
    due = 0
    for index in range(100):
        due = timeline.due(timeline.stamp(VIDEO, index * FRAME, FRAME, SECOND + index * 1000))
    for index in range(100, 200):
        arrival = SECOND + (index - 99) * FRAME
        due = timeline.due(timeline.stamp(VIDEO, index * FRAME, FRAME, arrival))
        assert abs(due - arrival - LATENCY) <= MS
    assert timeline.resets == 0


def test_packets_that_stay_late_are_caught_within_about_a_second() -> None:
    timeline = Timeline(live=True, latency_ns=LATENCY)
    for index in range(400):
        delay = 0 if index < 200 else 600 * MS
        arrival = SECOND + index * FRAME + delay
        due = timeline.due(timeline.stamp(VIDEO, index * FRAME, FRAME, arrival))
        if index >= 255:
            assert due - arrival == LATENCY
    assert timeline.resets == 1


def test_pictures_that_are_often_late_raise_the_latency_in_steps_to_a_second() -> None:
    timeline = Timeline(live=True, latency_ns=LATENCY)
    raised = 0
    for index in range(3000):
        arrival = SECOND + index * FRAME
        due = timeline.due(timeline.stamp(VIDEO, index * FRAME, FRAME, arrival))
        late = 30 * MS if index % 5 == 0 else -30 * MS
        raised += timeline.done(VIDEO, due, due + late)
    assert raised == timeline.grown == 8
    assert timeline.latency_ns == LATENCY_MOST_NS


@given(st.lists(st.booleans(), min_size=2, max_size=200))
@settings(max_examples=30, deadline=None)
def test_missing_time_stamps_are_filled_in(known: list[bool]) -> None:
    timeline = Timeline(live=True, latency_ns=LATENCY)
    stamps = [
        timeline.stamp(VIDEO, index * FRAME if is_known else None, FRAME, SECOND + index * FRAME)
        for index, is_known in enumerate(known)
    ]
    assert all(abs(after - before - FRAME) <= MS for before, after in pairwise(stamps))


@given(st.integers(0, 10**15), st.integers(2, 100), st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_a_clip_loops_without_a_gap(start: int, frames: int, sound_ahead_ms: int) -> None:
    timeline = Timeline(live=False, latency_ns=100 * MS)
    now = SECOND
    pictures = []
    for loop in range(4):
        if loop:
            timeline.splice()
        for index in range(frames):
            sound = timeline.stamp(AUDIO, start + index * FRAME - sound_ahead_ms * MS, FRAME, now)
            pictures.append(timeline.stamp(VIDEO, start + index * FRAME, FRAME, now))
            assert loop == 0 or pictures[-1] - sound == sound_ahead_ms * MS
    assert {after - before for before, after in pairwise(pictures)} == {FRAME}


def test_a_held_source_that_could_not_keep_up_starts_afresh() -> None:
    timeline = Timeline(live=False, latency_ns=100 * MS)
    ts = [timeline.stamp(VIDEO, index * FRAME, FRAME, SECOND) for index in range(300)]
    assert timeline.due(ts[0]) == SECOND + 100 * MS
    stalled = 5 * SECOND
    for index in range(150):
        timeline.done(VIDEO, timeline.due(ts[index]), timeline.due(ts[index]) + stalled)
        if timeline.resets:
            break
    assert timeline.resets == 1


@given(
    st.lists(
        st.tuples(st.integers(0, 1), st.none() | st.integers(-(2**62), 2**62), st.integers(0, 10**10)), max_size=60
    )
)
@settings(max_examples=200, deadline=None)
def test_any_stamps_are_taken_and_time_stays_near_now(packets: list[tuple[int, int | None, int]]) -> None:
    timeline = Timeline(live=True, latency_ns=LATENCY)
    arrival = SECOND
    for stream, raw, waited in packets:
        arrival += waited
        due = timeline.due(timeline.stamp(stream, raw, FRAME, arrival))
        assert isinstance(due, int)

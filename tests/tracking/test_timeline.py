"""States between samples: interpolation, wrap-around, jitter, losses, jumps, ends and returns of data, bad samples."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from console.tracking.cadence import evened
from console.tracking.history import EXTRAPOLATED_NS, FADED_NS, HISTORY_NS, MOST_HZ
from console.tracking.mapping import CameraState, SubjectState
from console.tracking.opentrackio_sample import Distortion, Lens, RawEncoders
from console.tracking.timeline import CameraTimeline, Sampled, SubjectTimeline

MS = 1_000_000
SECOND = 1_000_000_000
START = 5_000 * SECOND


def _camera(at_ns: int, pan: float = 0.0, x: float = 0.0, sent_ns: int | None = None) -> CameraState:
    return CameraState((x, 2.0, 3.0), pan, -4.0, 0.5, at_ns, zoom=100, focus=7, sent_ns=sent_ns)


def _subject(at_ns: int, x: float, **more: object) -> SubjectState:
    return replace(SubjectState(4, (x, 1.0, 0.0), None, None, at_ns), **more)  # type: ignore[arg-type]


def _filled(
    pan: Callable[[float], float], rate_hz: float = 60.0, seconds: float = 2.0, jitter_ms: float = 0.0, seed: int = 1
) -> CameraTimeline:
    """A camera that pans as a function of the seconds since the start says."""
    timeline, chance = CameraTimeline(), random.Random(seed)
    for index in range(int(rate_hz * seconds)):
        measured = index / rate_hz
        arrived = measured + chance.gauss(0, jitter_ms / 1000)
        timeline.add(_camera(START + round(arrived * SECOND), pan(measured)))
    return timeline


def _at(timeline: CameraTimeline, seconds: float) -> Sampled[CameraState]:
    found = timeline.at(START + round(seconds * SECOND))
    assert found
    return found


def _apart(one: float, other: float) -> float:
    return abs(math.remainder(one - other, 360.0))


# --- between samples


def test_a_steady_pan_is_exact_between_samples() -> None:
    timeline = _filled(lambda t: 20 * t)
    for seconds in np.linspace(0.5, 1.9, 57):
        found = _at(timeline, float(seconds))
        assert found.state.pan_deg == pytest.approx(20 * seconds, abs=1e-6)
        assert found.state.tilt_deg == -4.0
        assert (found.state.zoom, found.state.focus) == (100, 7)
        assert (found.age_ns, found.strength) == (0, 1.0)
        assert found.state.received_ns == START + round(float(seconds) * SECOND)


def test_an_angle_goes_the_short_way_round() -> None:
    timeline = _filled(lambda t: (355 + 10 * t) % 360, seconds=2.0)
    for seconds in np.linspace(0.2, 1.9, 101):
        assert _apart(_at(timeline, float(seconds)).state.pan_deg, 355 + 10 * seconds) < 1e-6
    spinning = _filled(lambda t: math.remainder(-170 - 40 * t, 360), seconds=30.0)
    assert _apart(_at(spinning, 29.5).state.pan_deg, -170 - 40 * 29.5) < 1e-6
    assert abs(_at(spinning, 29.5).state.pan_deg) <= 180


def test_a_cubic_beats_a_line_where_a_camera_turns_quickly() -> None:
    def pan(t: float) -> float:
        return 12 * math.sin(5 * t)

    timeline = _filled(pan)
    times, angles = timeline.turning()
    instants = np.linspace(0.5, 1.9, 997)
    smooth = [_at(timeline, float(t)).state.pan_deg - pan(float(t)) for t in instants]
    line = np.interp(START + instants * SECOND, times, angles[:, 0]) - [pan(float(t)) for t in instants]
    assert np.abs(line).max() > 0.009
    assert np.abs(smooth).max() < np.abs(line).max() / 10


def test_zoom_is_linear_and_a_lens_that_is_told_is_too() -> None:
    timeline = CameraTimeline()
    for index in range(4):
        lens = Lens(
            focal_length_mm=10.0 + index,
            distortions=(Distortion(radial=(0.1 * index, 1.0)),),
            raw_encoders=RawEncoders(zoom=index),
        )
        timeline.add(replace(_camera(START + index * 20 * MS), zoom=100.0 * index, lens=lens))
    found = _at(timeline, 0.025).state
    assert found.zoom == pytest.approx(125.0)
    assert found.lens
    assert found.lens.focal_length_mm == pytest.approx(11.25)
    assert found.lens.distortions
    assert found.lens.distortions[0].radial == pytest.approx((0.125, 1.0))
    assert found.lens.raw_encoders == RawEncoders(zoom=1), "counts are those of the sample before"


def test_what_does_not_change_is_remembered() -> None:
    timeline = CameraTimeline()
    lens = Lens(focal_length_mm=20.0)
    timeline.add(replace(_camera(START), lens=lens, sensor_mm=(9.6, 5.4)))
    timeline.add(_camera(START + 20 * MS))
    timeline.add(replace(_camera(START + 40 * MS), zoom=None))
    found = _at(timeline, 0.03).state
    assert (found.sensor_mm, found.lens) == ((9.6, 5.4), lens)
    assert found.zoom == 100


# --- the jitter of arrivals


@pytest.mark.parametrize(("rate_hz", "lost"), [(60.0, 0.0), (59.94, 0.05), (250.0, 0.0), (25.0, 0.1)])
def test_jitter_of_arrivals_is_taken_out(rate_hz: float, lost: float) -> None:
    worst = []
    for seed in range(20):
        chance = np.random.default_rng(seed)
        measured = (np.arange(int(2 * rate_hz)) / rate_hz + chance.uniform(0, 1)) * SECOND
        measured = measured[chance.random(len(measured)) >= lost]
        arrived = np.maximum.accumulate(measured + 30 * MS + chance.normal(0, 0.5 * MS, len(measured)))
        found = evened(arrived, None)
        assert found.even
        assert found.period_ns == pytest.approx(SECOND / rate_hz, rel=2e-3)
        off = (found.times_ns - measured - 30 * MS)[found.known]
        worst.append(np.sqrt((off**2).mean()) / MS)
    assert np.median(worst) < 0.5 / 3


def test_a_burst_after_a_hiccup_lies_where_it_was_measured() -> None:
    chance = np.random.default_rng(5)
    measured = np.arange(120) * SECOND / 60
    arrived = measured + chance.normal(0, 0.3 * MS, 120)
    arrived[60:68] = arrived[67] + np.arange(8) * 20_000  # eight come at once
    found = evened(np.maximum.accumulate(arrived), None)
    assert found.even
    assert np.abs(found.times_ns - measured)[found.known].max() < 0.5 * MS


def test_the_senders_own_times_count_where_it_sends_them() -> None:
    """Measured unevenly, so no cadence would help; its clock is 40 ppm fast and far from ours."""
    chance = np.random.default_rng(6)
    measured = np.cumsum(chance.uniform(8, 30, 150)) * MS
    arrived = np.maximum.accumulate(measured + 20 * MS + chance.exponential(2 * MS, 150))
    timeline = CameraTimeline()
    for at, came in zip(measured, arrived, strict=True):
        sent = 1_800_000_000 * SECOND + round(at * 1.00004)
        timeline.add(_camera(START + round(came), pan=at / SECOND * 20, sent_ns=sent))
    off = []
    for instant in np.linspace(measured[-60] + 20 * MS, arrived[-10], 50):
        off.append(_at(timeline, instant / SECOND).state.pan_deg / 20 * 1000 - instant / MS + 20)
    assert np.std(off) < 0.4, "in ms; the arrivals scatter by 2"
    assert np.abs(np.mean(off) + 2) < 1.0, "samples stand where they typically come"


@pytest.mark.parametrize("sent", ["constant", "whole seconds", "twice as fast", "backwards"])
def test_senders_times_that_are_none_do_no_harm(sent: str) -> None:
    timeline = CameraTimeline()
    clock = {
        "constant": lambda i: 7 * SECOND,
        "whole seconds": lambda i: i // 60 * SECOND,
        "twice as fast": lambda i: i * SECOND // 30,
        "backwards": lambda i: (1000 - i) * SECOND,
    }[sent]
    for index in range(120):
        timeline.add(_camera(START + index * SECOND // 60, pan=index / 3, sent_ns=clock(index)))
    found = timeline.at(START + 95 * SECOND // 60 + 8 * MS)
    assert found
    if sent in ("twice as fast", "backwards"):
        assert found.state.pan_deg == pytest.approx(95.5 / 3, abs=0.05)


def test_arrivals_without_a_cadence_are_left_as_they_came() -> None:
    chance = np.random.default_rng(7)
    arrived = np.cumsum(chance.exponential(20 * MS, 100))
    found = evened(arrived, None)
    assert not found.even
    assert (found.times_ns == arrived).all()
    few = evened(arrived[:3], None)
    assert (few.times_ns == arrived[:3]).all()


# --- ends, gaps, returns


def test_data_that_stop_are_followed_a_little_then_stand_and_fade() -> None:
    timeline = _filled(lambda t: 20 * t, seconds=1.0)
    last = 59 / 60
    assert _at(timeline, last + 0.03).state.pan_deg == pytest.approx(20 * (last + 0.03), abs=1e-3)
    assert _at(timeline, last + 0.03).strength == 1.0
    assert _at(timeline, last + 0.03).age_ns == pytest.approx(30 * MS, abs=MS)
    followed = 20 * (last + EXTRAPOLATED_NS / SECOND)
    strengths = []
    for late in np.arange(0.05, 0.5, 0.02):
        found = _at(timeline, last + float(late))
        assert found.state.pan_deg == pytest.approx(followed, abs=1e-3)
        strengths.append(found.strength)
    assert max(-np.diff(strengths)) <= 0.02 * SECOND / FADED_NS + 1e-6, "it does not jump"
    assert _at(timeline, last + 0.19).strength == pytest.approx(0.5, abs=0.02)
    assert _at(timeline, last + 0.341).strength == 0.0
    assert _at(timeline, last + 3600).strength == 0.0


def test_data_that_come_back_grow_as_they_faded() -> None:
    timeline = _filled(lambda t: 20 * t, seconds=1.0)
    for index in range(60):
        timeline.add(_camera(START + 2 * SECOND + index * SECOND // 60, pan=50.0))
    instants = np.arange(0.9, 2.6, 0.005)
    strengths = [_at(timeline, float(t)).strength for t in instants]
    assert np.abs(np.diff(strengths)).max() < 0.03
    assert _at(timeline, 1.9).strength == 0.0
    assert _at(timeline, 2.15).strength == pytest.approx(0.5, abs=0.03)
    assert _at(timeline, 2.4).strength == 1.0
    assert _at(timeline, 1.9).state.pan_deg < 21, "nothing flies across"


def test_a_short_gap_is_bridged_once_both_sides_are_known() -> None:
    timeline = CameraTimeline()
    for index in range(120):
        if not 80 <= index < 92:  # 0.2 s are lost
            timeline.add(_camera(START + index * SECOND // 60, pan=index / 3))
    for index in (80, 83.5, 86, 91):
        found = _at(timeline, index / 60)
        assert found.state.pan_deg == pytest.approx(index / 3, abs=0.01)
        assert (found.strength, found.age_ns) == (1.0, 0)


def test_a_slow_sender_is_a_steady_one() -> None:
    timeline = SubjectTimeline()
    for index in range(40):
        if index != 30:
            timeline.add(_subject(START + index * 200 * MS, index * 2.0))
    for seconds in np.linspace(5.0, 7.8, 57):
        found = timeline.at(START + round(float(seconds) * SECOND))
        assert found
        assert found.state.position_m[0] == pytest.approx(10 * seconds, abs=1e-6)
        assert found.strength == 1.0


def test_nothing_is_known_before_the_first_sample() -> None:
    timeline = CameraTimeline()
    assert timeline.at(START) is None
    assert timeline.newest_ns is None
    timeline.add(_camera(START, pan=9.0))
    assert timeline.at(START - 1) is None
    found = _at(timeline, 0.02)
    assert (found.state.pan_deg, found.strength) == (9.0, 1.0)
    assert timeline.newest_ns == START


def test_the_rate_is_known() -> None:
    assert _filled(lambda t: 0, rate_hz=59.94, jitter_ms=0.5).rate_hz == pytest.approx(59.94, rel=1e-3)
    assert CameraTimeline().rate_hz == 0.0


# --- jumps


@pytest.mark.parametrize("jump_m", [1.0, 100.0])
def test_a_subject_that_jumps_does_not_fly(jump_m: float) -> None:
    """As when a recording begins anew."""
    timeline = SubjectTimeline()
    for index in range(120):
        x = 10.0 * index / 60 - (jump_m if index >= 60 else 0.0)
        timeline.add(_subject(START + index * SECOND // 60, x))
    for instant in np.linspace(0.8, 1.2, 161):
        found = timeline.at(START + round(float(instant) * SECOND))
        assert found
        run = 10.0 * instant
        x = found.state.position_m[0]
        assert min(abs(x - run), abs(x - run + jump_m)) < 0.02, "on one side or the other"
        assert found.state.velocity_mps
        assert found.state.velocity_mps[0] == pytest.approx(10.0, abs=0.01)
        assert found.strength == 1.0


def test_a_camera_that_is_cut_to_another_preset_does_not_sweep() -> None:
    timeline = CameraTimeline()
    for index in range(120):
        timeline.add(_camera(START + index * SECOND // 60, pan=40.0 if index >= 60 else -3.0, x=0.0))
    seen = {_at(timeline, float(t)).state.pan_deg for t in np.linspace(0.5, 1.5, 777)}
    assert {round(pan, 6) for pan in seen} == {-3.0, 40.0}


@pytest.mark.parametrize("early_ms", [-8.0, -0.3, 0.3, 8.0])
def test_a_cut_is_where_the_picture_has_it(early_ms: float) -> None:
    """The picture that was taken with the first sample behind a cut is on that side, whatever its arrival's jitter."""
    timeline, subjects = CameraTimeline(), SubjectTimeline()
    for index in range(120):
        at_ns = START + index * SECOND // 60
        timeline.add(_camera(at_ns, pan=40.0 + 0.1 * index if index >= 60 else -3.0))
        subjects.add(_subject(at_ns, 10.0 * index / 60 - (50.0 if index >= 60 else 0.0)))
    instant = START + SECOND - round(early_ms * MS)
    camera, subject = timeline.at(instant), subjects.at(instant)
    assert camera
    assert subject
    assert camera.state.pan_deg == pytest.approx(46.0 - 6.0 * early_ms / 1000, abs=0.001)
    assert subject.state.position_m[0] == pytest.approx(-40.0 - early_ms / 100, abs=0.005)
    assert camera.strength == subject.strength == 1.0


def test_a_whip_pan_is_no_cut() -> None:
    """0 to 300 degrees a second within a tenth of one."""

    def pan(t: float) -> float:
        return 0.0 if t < 1 else 1500 * (t - 1) ** 2 if t < 1.1 else 15 + 300 * (t - 1.1)

    timeline = _filled(pan, jitter_ms=0.3)
    for seconds in np.linspace(0.9, 1.5, 121):
        assert _at(timeline, float(seconds)).state.pan_deg == pytest.approx(pan(float(seconds)), abs=0.35)


def test_a_single_sample_that_is_off_is_left_out() -> None:
    timeline = CameraTimeline()
    for index in range(120):
        timeline.add(_camera(START + index * SECOND // 60, pan=index / 3 + (50 if index == 70 else 0), x=index / 60))
    for seconds in np.linspace(1.0, 1.4, 97):
        assert _at(timeline, float(seconds)).state.pan_deg == pytest.approx(20 * seconds, abs=0.01)


# --- subjects


def test_a_subjects_speed_comes_from_its_samples_when_none_is_sent() -> None:
    chance = random.Random(2)
    timeline = SubjectTimeline()
    for index in range(120):
        timeline.add(_subject(START + index * SECOND // 60, 10 * index / 60 + chance.gauss(0, 0.018)))
    speeds = [
        found.state.velocity_mps[0] - 10
        for t in np.linspace(0.5, 1.8, 60)
        if (found := timeline.at(START + round(float(t) * SECOND))) and found.state.velocity_mps
    ]
    assert len(speeds) == 60
    assert np.sqrt(np.mean(np.square(speeds))) < 0.12, "from one sample to the next it would be 1.5 m/s"


def test_a_subjects_own_speed_counts_where_it_is_sent() -> None:
    timeline = SubjectTimeline()
    for index in range(10):
        timeline.add(_subject(START + index * 20 * MS, 0.0, velocity_mps=(float(index), 0.0, 1.0)))
    found = timeline.at(START + 50 * MS)
    assert found
    assert found.state.velocity_mps == pytest.approx((2.5, 0.0, 1.0))
    lone = SubjectTimeline()
    lone.add(_subject(START, 0.0))
    found = lone.at(START)
    assert found
    assert found.state.velocity_mps is None


def test_a_sample_that_says_it_is_lost_is_no_data() -> None:
    timeline = SubjectTimeline()
    for index in range(60):
        valid = 1.0 if index < 30 else 0.0
        timeline.add(_subject(START + index * SECOND // 60, index / 6 if index < 30 else 0.0, validity=valid))
    found = timeline.at(START + 55 * SECOND // 60)
    assert found
    assert found.strength == 0.0
    assert found.state.position_m[0] > 4.5
    never = SubjectTimeline()
    never.add(_subject(START, 5.0, validity=0.0))
    assert never.at(START), "a tracker that never says a word on validity is believed"


# --- what comes in badly


def test_samples_that_come_twice_late_or_from_a_clock_set_back() -> None:
    timeline = CameraTimeline()
    for index in range(120):
        state = _camera(START + index * SECOND // 60, pan=index / 3)
        timeline.add(state)
        timeline.add(state)
        if index == 100:
            timeline.add(_camera(START + 97 * SECOND // 60, pan=0.0))
    assert _at(timeline, 1.65).state.pan_deg == pytest.approx(33.0, abs=1e-6)
    back = START - 100 * SECOND
    for index in range(60):
        timeline.add(_camera(back + index * SECOND // 60, pan=-index / 3))
    found = timeline.at(back + SECOND // 2)
    assert found
    assert found.state.pan_deg == pytest.approx(-10.0, abs=1e-6)
    assert timeline.at(START + SECOND).strength == 0.0  # type: ignore[union-attr]


def test_what_is_overtaken_by_the_senders_times_is_dropped() -> None:
    timeline = CameraTimeline()
    order = [*range(50), 51, 50, *range(52, 100)]
    for came, index in enumerate(order):
        timeline.add(_camera(START + came * 20 * MS, pan=index * 0.4, sent_ns=index * 20 * MS))
    for seconds in np.linspace(0.9, 1.2, 61):
        assert _at(timeline, float(seconds)).state.pan_deg == pytest.approx(20 * seconds, abs=0.02)


def test_a_recording_that_begins_anew_begins_anew() -> None:
    timeline = CameraTimeline()
    for index in range(200):
        sent = (index % 100) * 20 * MS
        timeline.add(_camera(START + index * 20 * MS, pan=(index % 100) * 0.4, sent_ns=1_800_000_000 * SECOND + sent))
    for seconds in np.linspace(2.05, 3.9, 41):
        assert _at(timeline, float(seconds)).state.pan_deg == pytest.approx(20 * (seconds - 2), abs=0.02)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e300])
def test_what_is_no_number_is_left_out(value: float) -> None:
    timeline = CameraTimeline()
    for index in range(60):
        timeline.add(_camera(START + index * SECOND // 60, pan=index / 3))
        timeline.add(_camera(START + index * SECOND // 60 + MS, pan=value))
        timeline.add(_camera(START + index * SECOND // 60 + 2 * MS, x=value))
    assert timeline.refused == 120
    assert _at(timeline, 0.5).state.pan_deg == pytest.approx(10.0, abs=1e-3)
    subjects = SubjectTimeline()
    subjects.add(_subject(START, value))
    assert subjects.refused == 1
    assert subjects.at(START) is None


def test_a_flood_and_a_long_run_keep_no_more_than_the_history() -> None:
    timeline = CameraTimeline()
    for index in range(20_000):
        timeline.add(_camera(START + index * 10_000, pan=0.0))
    times, _ = timeline.turning()
    assert len(times) <= HISTORY_NS * MOST_HZ // SECOND
    long = CameraTimeline()
    for index in range(250 * 20):
        long.add(_camera(START + index * 4 * MS, pan=index * 0.01))
    times, _ = long.turning()
    assert 700 < len(times) <= 752
    found = long.at(START + 19_500 * MS + 2 * MS)
    assert found
    assert found.state.pan_deg == pytest.approx(48.755, abs=1e-3)


def test_random_streams_never_give_what_is_no_number() -> None:
    for seed in range(30):
        chance = random.Random(seed)
        timeline, now = CameraTimeline(), START
        for _ in range(300):
            now += chance.choice([0, 1, 50, MS, 16 * MS, 17 * MS, 400 * MS, -30 * MS, -2 * SECOND])
            pan = chance.choice([0.0, chance.uniform(-1e5, 1e5), chance.gauss(0, 1), math.nan])
            sent = chance.choice([None, now, chance.randrange(10**19)])
            zoom = chance.choice([None, 5.0, math.inf, -1e305])
            x = chance.choice([chance.gauss(0, 1), 1e308, chance.uniform(-1e9, 1e9)])
            timeline.add(replace(_camera(now, pan, x=x, sent_ns=sent), zoom=zoom))
            found = timeline.at(now + chance.randrange(-SECOND, SECOND))
            if found:
                numbers = (*found.state.position_m, found.state.pan_deg, found.state.tilt_deg, found.strength)
                assert all(map(math.isfinite, numbers))
                assert 0.0 <= found.strength <= 1.0
                assert found.age_ns >= 0

"""From set-up, tracking and feeds to the scene of one picture."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from console.graphics.world import FADE_FRAMES, TRAIL_POINTS, Stage, Told, Track, opacity, scene_at
from console.media.clock import Anchor
from console.media.time import Rate
from console.show.model import Air
from console.show.world import Element, ElementKind, Group, Person, Switched, TrackingInput, World
from console.tracking.mapping import SubjectState

MS, SECOND = 1_000_000, 1_000_000_000
ANCHOR = Anchor(0, 1_800_000_000 * SECOND)
RATE = Rate(50)
NOW = 5 * SECOND
ON = Switched(on=True)


def _run(track: Track, begin_ns: int, end_ns: int, *, x_m: float = 0.0, told: bool = True) -> None:
    speed_mps = 10.0
    for at in range(begin_ns, end_ns + 1, 20 * MS):
        place = (x_m + (at - begin_ns) / SECOND * speed_mps, 0.0, 0.0)
        track.add(SubjectState(1, place, (speed_mps, 0.0, 0.0) if told else None, None, at))


def _stage(*elements: Element, people: tuple[Person, ...] = (), **air: object) -> Stage:
    fields = {"tracked": (ON,) * 4, **air}
    return Stage(World(elements=elements, people=people), Air(**fields), RATE, ANCHOR)  # type: ignore[arg-type]


def test_a_group_fades_in_eight_frames_and_out_again() -> None:
    assert opacity(Switched(on=True), 5) == 1.0
    assert opacity(Switched(), 5) == 0.0
    rising = [opacity(Switched(on=True, at=100), frame) for frame in range(99, 109)]
    assert rising == [0.0, *(step / FADE_FRAMES for step in range(1, 9)), 1.0]
    falling = [opacity(Switched(on=False, at=100), frame) for frame in range(99, 109)]
    assert falling == [1 - seen for seen in rising]


def test_only_what_is_on_is_in_the_scene() -> None:
    tag = Element("tag", ElementKind.DECAL, Group.TAG)
    line = Element("line", ElementKind.RECORD_LINE, Group.LINE)
    frame = RATE.frame_at_ns(ANCHOR.to_unix(NOW))
    stage = _stage(tag, line, tracked=(Switched(on=True, at=frame - 3), ON, ON, Switched()))
    assert scene_at(stage, [], Told(), NOW, NOW).elements == ((tag, 0.5),)


def test_the_frame_of_a_picture_is_the_one_that_shows_it() -> None:
    stage = _stage()
    frame = RATE.frame_at_ns(ANCHOR.to_unix(NOW))
    for off_ms, expected in ((0, 0), (9, 0), (-9, 0), (11, 1), (-11, -1)):
        assert stage.frame(NOW + off_ms * MS) == frame + expected


def test_the_race_runs_from_the_frame_of_its_start() -> None:
    frame = RATE.frame_at_ns(ANCHOR.to_unix(NOW))
    stage = _stage(race=Switched(on=True, at=frame))
    assert stage.race_s(stage.start_ns(frame) + 1500 * MS) == pytest.approx(1.5)
    assert _stage(race=Switched(on=False, at=frame)).race_s(NOW) is None


def test_a_subject_is_named_by_the_setup_then_by_the_tracker_and_the_feed() -> None:
    label = Element("tag", ElementKind.LABEL, Group.TAG, subject="*")
    tracks = {}
    for name in ("psn/1", "psn/2", "psn/3"):
        tracks[name] = Track()
        _run(tracks[name], NOW - SECOND, NOW + 100 * MS)
    people = (Person("psn/1", "ADA", "7", "GBR"), Person("psn/3", bib="9"))
    told = Told({"psn/1": "one", "psn/2": "two"}, {"9": {"name": "GRACE", "country": "USA", "place": "1"}})
    scene = scene_at(_stage(label, people=people), tracks.items(), told, NOW, NOW)
    assert [(s.name, s.bib, s.country) for s in scene.subjects] == [
        ("ADA", "7", "GBR"),
        ("two", "", ""),
        ("GRACE", "9", "USA"),
    ]


def test_subjects_that_no_element_asks_for_are_left_out() -> None:
    track = Track()
    _run(track, NOW - SECOND, NOW + 100 * MS)
    label = Element("tag", ElementKind.LABEL, Group.TAG, subject="psn/2")
    assert scene_at(_stage(label), [("psn/1", track)], Told(), NOW, NOW).subjects == ()
    assert len(scene_at(_stage(replace(label, subject="psn/1")), [("psn/1", track)], Told(), NOW, NOW).subjects) == 1


def test_a_subject_stands_where_it_was_at_the_instant() -> None:
    track = Track()
    _run(track, NOW - SECOND, NOW + 100 * MS)
    label = Element("tag", ElementKind.LABEL, Group.TAG, subject="*")
    (subject,) = scene_at(_stage(label), [("psn/1", track)], Told(), NOW - 7 * MS, NOW + 80 * MS).subjects
    assert subject.position_m[0] == pytest.approx(10 - 0.07, abs=1e-6)
    assert subject.velocity_mps == (10.0, 0.0, 0.0)


def test_data_that_stop_take_the_subject_away() -> None:
    track = Track()
    _run(track, NOW - SECOND, NOW)
    label = Element("tag", ElementKind.LABEL, Group.TAG, subject="*")
    stage = _stage(label)
    strengths = []
    for late_ms in range(0, 3000, 20):
        found = scene_at(stage, [("psn/1", track)], Told(), NOW + late_ms * MS, NOW).subjects
        strengths.append(found[0].strength if found else 0.0)
    assert strengths[0] == 1.0
    assert strengths[-1] == 0.0
    assert strengths == sorted(strengths, reverse=True)
    assert max(a - b for a, b in pairwise(strengths)) < 0.15  # it fades, it does not go


def test_a_trail_is_as_long_as_asked_and_glides() -> None:
    track = Track()
    _run(track, 0, NOW)
    tails, heads = [], []
    for late_us in range(0, 40_000, 1000):
        instant = NOW - SECOND + late_us * 1000
        trail = track.trail(instant, 1.0, (instant / SECOND * 10, 0.0, 0.0))
        tails.append(trail[0, 0] - instant / SECOND * 10)
        heads.append(trail[-1, 0] - instant / SECOND * 10)
        assert (np.diff(trail[:, 0]) >= 0).all()
        assert np.allclose(trail[:, 3], 10.0)
    assert np.allclose(tails, -10.0, atol=1e-6)
    assert np.allclose(heads, 0.0)


def test_a_trail_is_cut_where_the_subject_was_put_elsewhere_and_where_data_were_missing() -> None:
    track = Track()
    _run(track, 0, SECOND)
    _run(track, SECOND + 20 * MS, 2 * SECOND, x_m=500.0)
    trail = track.trail(2 * SECOND, 5.0, (510.0, 0.0, 0.0))
    assert trail[:, 0].min() >= 500.0
    _run(track, 3 * SECOND, 4 * SECOND, x_m=510.0)
    trail = track.trail(4 * SECOND, 5.0, (520.0, 0.0, 0.0))
    assert trail[:, 0].min() >= 510.0
    assert len(trail) == pytest.approx(51, abs=2)


def test_speeds_of_a_trail_without_the_senders_are_those_of_the_way() -> None:
    track = Track()
    _run(track, 0, SECOND, told=False)
    trail = track.trail(SECOND, 0.5, (10.0, 0.0, 0.0))
    assert np.allclose(trail[:, 3], 10.0, atol=0.01)


def test_a_trail_is_bounded_and_goes_on_after_hours() -> None:
    track = Track()
    for number in range(5 * TRAIL_POINTS):
        at = number * 20 * MS
        track.add(SubjectState(1, (math.sin(number / 100), 0.0, 0.0), None, None, at))
        if number % 500 == 499:
            trail = track.trail(at, 3.0, (math.sin(number / 100), 0.0, 0.0))
            assert len(trail) == pytest.approx(151, abs=2)
            assert trail[-1, 0] == pytest.approx(math.sin(number / 100))


def test_time_that_goes_back_begins_the_trail_anew() -> None:
    track = Track()
    _run(track, SECOND, 2 * SECOND)
    _run(track, 0, 100 * MS)
    assert len(track.trail(100 * MS, 5.0, (1.0, 0.0, 0.0))) <= 7


def test_an_input_that_comes_later_is_looked_at_later() -> None:
    track = Track()
    _run(track, NOW - SECOND, NOW + 100 * MS)
    label = Element("tag", ElementKind.LABEL, Group.TAG, subject="*")
    stage = _stage(label)
    inputs = (
        TrackingInput("psn", "psn", "0.0.0.0:1", delay_ms=30.5),
        TrackingInput("freed", "freed", "0.0.0.0:2", delay_ms=-10.0),
    )
    stage = replace(stage, world=replace(stage.world, inputs=inputs))
    (subject,) = scene_at(stage, [("psn/1", track)], Told(), NOW, NOW).subjects
    assert subject.position_m[0] == pytest.approx(10 + 0.305, abs=1e-6)
    assert (stage.late_ns("psn"), stage.late_ns("freed"), stage.late_ns("")) == (30_500_000, -10_000_000, 0)
    assert (stage.latest_ns(""), stage.latest_ns("freed"), stage.latest_ns("psn")) == (30_500_000, 40_500_000, 0)

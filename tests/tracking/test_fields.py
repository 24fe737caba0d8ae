"""Fields of play: their dimensions as the rules give them, and where they come to lie in a venue."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from console.demo.race import ATHLETES, FINISH_M, TRACK_M
from console.demo.stadium import BEND_Y, BENDS_X
from console.errors import ConsoleError
from console.tracking.fields import FIELDS, FieldOfPlay, athletics, field_of_play


def _length(points_m: tuple[tuple[float, ...], ...]) -> float:
    return float(np.linalg.norm(np.diff(np.array(points_m), axis=0), axis=1).sum())


def _between(field: FieldOfPlay, one: str, other: str) -> float:
    return math.dist(field.mark(one).at_m, field.mark(other).at_m)


@pytest.mark.parametrize("name", FIELDS)
def test_names_are_unique_and_marks_lie_on_lines(name: str) -> None:
    field = field_of_play(name)
    assert len({mark.name for mark in field.marks}) == len(field.marks)
    assert len({line.name for line in field.lines}) == len(field.lines)
    segments = np.array(
        [(a, b) for line in field.lines for a, b in zip(line.points_m, line.points_m[1:], strict=False)]
    )
    for mark in field.marks:
        if mark.name.startswith(("penalty_spot", "centre_spot", "net_post", "net_middle")):
            continue
        at, a = np.array(mark.at_m), segments[:, 0]
        along = segments[:, 1] - a
        part = np.clip(((at - a) * along).sum(axis=1) / (along**2).sum(axis=1), 0, 1)
        assert np.linalg.norm(a + part[:, None] * along - at, axis=1).min() < 0.011, mark.name


def test_four_hundred_metres() -> None:
    field = athletics()
    # Lane 1 is measured 30 cm out of the kerb: 400 m; the chords of the bends lose a few centimetres.
    out = 2 * math.pi * 0.30
    assert _length(field.line("kerb").points_m) + out == pytest.approx(400.0, abs=0.08)
    assert _between(field, "start_lane_4_inner", "finish_lane_4_inner") == pytest.approx(100.0)
    assert _between(field, "kerb_home_straight_begins", "finish_lane_1_inner") == pytest.approx(84.39)
    assert _between(field, "finish_lane_3_inner", "finish_lane_4_inner") == pytest.approx(1.22)
    finish = np.array(field.line("finish").middle_m)
    assert_allclose(finish[:, 0], 0.025)  # the race ends at the near edge
    lane = np.array(field.line("lane_2_outer_straight").middle_m)
    assert_allclose(lane[:, 1], -2 * 1.22 + 0.025)  # the line belongs to the lane
    bend = np.array(field.line("lane_8_outer").middle_m)
    radius = np.linalg.norm(bend[bend[:, 0] > 0.5][:, :2] - (0, 36.5), axis=1)
    assert_allclose(radius, 36.5 + 8 * 1.22 - 0.025, atol=0.001)


def test_the_demo_straight_is_the_track_placed() -> None:
    field = athletics().placed((FINISH_M, TRACK_M, 0.0))
    assert_allclose(field.mark("finish_lane_8_outer").at_m, (100, 0, 0), atol=1e-9)
    assert_allclose(field.mark("start_lane_1_inner").at_m, (0, TRACK_M, 0), atol=1e-9)
    assert_allclose(field.mark("kerb_home_straight_begins").at_m[0], BENDS_X[0])
    assert_allclose(field.mark("kerb_first_bend_top").at_m[1], BEND_Y)
    for athlete in ATHLETES:
        inner, outer = field.mark(f"start_lane_{athlete.lane}_inner"), athlete.lane_y - 0.61
        assert_allclose((inner.at_m[1] + outer) / 2, athlete.lane_y)


def test_football() -> None:
    field = field_of_play("football")
    assert _between(field, "corner_left_near", "corner_right_near") == 105
    assert _between(field, "corner_left_near", "corner_left_far") == 68
    assert _between(field, "penalty_area_right_near", "penalty_area_right_far") == pytest.approx(40.32)
    assert _between(field, "goal_area_left_near", "goal_area_left_far") == pytest.approx(18.32)
    assert _between(field, "penalty_area_left_near", "penalty_area_left_near_goal_line") == pytest.approx(16.5)
    for end in ("left", "right"):
        spot = field.mark(f"penalty_spot_{end}").at_m
        assert math.dist(spot, field.mark(f"penalty_arc_{end}_near").at_m) == pytest.approx(9.15)
        assert 52.5 - abs(spot[0]) == pytest.approx(11)
        arc = np.array(field.line(f"penalty_arc_{end}").points_m)
        assert (np.abs(arc[:, 0]) <= 52.5 - 16.5 + 1e-9).all()  # outside the area
        assert _between(field, f"post_{end}_near_foot", f"post_{end}_far_foot") == pytest.approx(7.32)
        assert field.mark(f"post_{end}_far_top").at_m[2] == 2.44
    # Every line belongs to the area it bounds: its paint lies inside.
    for line in field.lines:
        if line.width_m and line.side:
            edge, middle = np.array(line.points_m), np.array(line.middle_m)
            if line.name.endswith("_front"):  # an area lies between its front and the goal line
                assert (np.abs(middle[:, 0]) > np.abs(edge[:, 0])).all()
            elif not line.name.startswith(("penalty_arc", "corner_arc")):
                assert (np.abs(middle) <= np.abs(edge) + 1e-9).all(), line.name
            assert_allclose(np.linalg.norm(middle - edge, axis=1), 0.06, atol=1e-9)


def test_tennis() -> None:
    field = field_of_play("tennis")
    assert _between(field, "corner_left_near", "corner_left_far") == pytest.approx(23.77)
    assert _between(field, "corner_left_near", "corner_right_near") == pytest.approx(10.97)
    assert _between(field, "singles_corner_left_far", "singles_corner_right_far") == pytest.approx(8.23)
    assert _between(field, "service_middle_near", "net_middle_foot") == pytest.approx(6.40)
    assert field.mark("net_post_left_top").at_m[2] == 1.07
    for line in field.lines:
        if line.side:
            assert (np.abs(line.middle_m) <= np.abs(line.points_m) + 1e-9).all(), line.name


def test_swimming() -> None:
    field = field_of_play("swimming")
    assert _between(field, "corner_start_near", "corner_turn_near") == 50
    assert _between(field, "corner_turn_near", "corner_turn_far") == 25
    assert _between(field, "rope_3_4_start", "rope_4_5_start") == 2.5
    assert _between(field, "rope_3_4_start", "rope_3_4_15m") == 15
    assert _between(field, "rope_3_4_turn", "rope_3_4_45m") == 5


def test_a_field_turns_anticlockwise_about_its_origin() -> None:
    field = field_of_play("tennis").placed((10.0, 20.0, 1.0), 90.0)
    assert_allclose(field.middle_m, (10, 20, 1))
    assert_allclose(field.mark("service_middle_far").at_m, (10 - 6.40, 20, 1))
    assert_allclose(field.line("net_cord").points_m[-1], (10, 20 + 6.399, 2.07))


def test_what_is_not_there_is_named() -> None:
    with pytest.raises(ConsoleError, match="no field 'curling'"):
        field_of_play("curling")
    with pytest.raises(ConsoleError, match="no point 'goal'"):
        field_of_play("tennis").mark("goal")
    with pytest.raises(ConsoleError, match="no line 'goal'"):
        field_of_play("tennis").line("goal")

"""What elements say and where they stand, without a pixel: shapes in the world and words on plates."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from graphics.scenes import ELEMENTS, camera, scene, subject, trail

from console.graphics.elements import MOST_SUBJECTS, Building, build
from console.graphics.geometry import project_capsules, project_points, project_polygons
from console.graphics.moment import Scene
from console.graphics.readings import Facts, Readings, along_m, cells, filled
from console.graphics.shapes import Bones, Face, Fill, Shape, Tag
from console.graphics.sprites import Chip, Ensign, Figure, Words

pytestmark = pytest.mark.usefixtures("qapp")


def built(what: Scene, told: list[str] | None = None) -> list[Shape]:
    tell = (told if told is not None else []).append
    return build(Building(what, np.array([0.0, -20.0, 9.0]), Readings(), tell))


def middle(shape: Fill, which: int) -> np.ndarray:
    return shape.polygons_m[which].mean(axis=0)


def test_a_record_line_runs_at_its_pace() -> None:
    for race_s, run_m in ((0.0, 0.0), (0.32, 3.2), (5.0, 50.0), (99.0, 100.0)):
        (fill,) = built(replace(scene("record"), race_s=race_s))
        assert isinstance(fill, Fill)
        assert middle(fill, -1) == pytest.approx([-3 + run_m, 0.5, 0], abs=1e-9)
    for nothing in (None, -1.0, math.nan):
        assert built(replace(scene("record"), race_s=nothing)) == []


def test_an_offside_line_is_at_the_foremost_part_of_the_foremost() -> None:
    ahead = subject(2, 1.0)
    (fill,) = built(scene("offside", subjects=(subject(1), ahead)))
    assert isinstance(fill, Fill)
    assert middle(fill, -1)[0] == pytest.approx(1.18)
    assert built(scene("offside", subjects=())) == []


def test_a_measure_tells_the_distance_between_its_points() -> None:
    for unit, text in (("m", "4.27 m"), ("ft", "14.02 ft"), ("km/h", "4.27 m")):
        tag = built(scene("measure", unit=unit))[-1]
        assert isinstance(tag, Tag)
        assert tag.rows == ((Figure(text),),)
        assert tag.anchor_m == pytest.approx([0, 0.75, 0])


def test_labels_stand_over_heads_and_rings_under_feet() -> None:
    tag, ring = built(scene("label", "ring", subjects=(subject(1, 3.0, 2.0),)))
    assert isinstance(tag, Tag)
    assert isinstance(ring, Fill)
    assert tag.anchor_m == pytest.approx([3, 2, 1.68 + 0.24])
    assert tag.rows == ((Ensign("FIN"), Chip("101"), Words("RUNNER 1")),)
    assert middle(ring, 0) == pytest.approx([3, 2, 0], abs=0.05)


def test_a_trail_ends_at_the_athlete_and_its_pieces_have_the_colour_of_their_speed() -> None:
    (fill,) = built(scene("trail"))
    assert isinstance(fill, Fill)
    points = np.concatenate(fill.polygons_m[fill.holding :])
    assert points[:, 0].max() == pytest.approx(0.0, abs=1e-9)
    assert points[:, 0].min() == pytest.approx(-5.0, abs=1e-9)
    colours = fill.colours[fill.holding :]
    assert len(set(colours)) == len(colours) > 15
    noisy = trail(0, 0)
    noisy[10, :3], noisy[20, 3] = np.nan, np.nan
    assert built(scene("trail", subjects=(subject(trail=noisy),)))


@pytest.mark.parametrize(
    "bad", [np.empty((0, 4)), np.zeros((1, 4)), np.zeros((9, 4)), np.full((9, 4), np.inf), np.zeros((9, 2))]
)
def test_a_trail_of_nothing_is_left_out(bad: np.ndarray) -> None:
    assert built(scene("trail", subjects=(subject(trail=bad),))) == []


def test_a_lying_flag_is_read_from_the_side_of_the_camera() -> None:
    (flag,) = built(scene("flag"))
    assert isinstance(flag, Face)
    top_left, top_right, bottom_right, _ = flag.corners_m
    assert top_left[1] > bottom_right[1]  # the camera is at y -20
    assert top_left[0] < top_right[0]
    assert (flag.look.text, flag.look.country) == ("RUNNER 1", "FIN")


def test_what_can_not_be_is_left_out_and_named() -> None:
    told: list[str] = []
    for name, points in (
        ("record", ((0, 0, 0),)),
        ("board", ()),
        ("decal", ((math.nan, 0, 0),)),
        ("measure", ((1e9,) * 3,) * 2),
    ):
        assert built(scene(name, points_m=points), told) == []
    assert len(told) == 4
    assert all(sentence.endswith("left out") for sentence in told)
    assert built(scene("ring", subjects=(subject(x=math.nan), subject(y=math.inf), subject(x=1e7)))) == []


def test_a_thousand_subjects_are_thinned_to_the_nearest() -> None:
    told: list[str] = []
    crowd = tuple(subject(n, n * 0.5, 0.0, joints_m=None) for n in range(1000))
    shapes = built(scene("label", subjects=crowd), told)
    assert len(shapes) == MOST_SUBJECTS
    assert {shape.key[1] for shape in shapes if isinstance(shape, Tag)} == {f"psn/{n}" for n in range(MOST_SUBJECTS)}
    assert "nearest 64 of 1000" in told[0]


def test_skeletons_have_what_is_known() -> None:
    (bones,) = built(scene("skeleton"))
    assert isinstance(bones, Bones)
    assert len(bones.ends_m) == len(bones.radius_m) == len(bones.parts) == 34
    assert set(bones.parts.tolist()) == set(range(len(bones.colours)))
    assert built(scene("skeleton", subjects=(subject(joints_m=None),))) == []


def test_templates_show_what_is_known() -> None:
    facts = Facts("ANNA", "7", "FIN", "41.3 km/h", "", "2")
    assert cells("{place}. {name} · {distance}\n{speed}", facts) == (
        (Words("2"), Words("."), Words("ANNA")),
        (Figure("41.3 km/h"),),
    )
    assert cells("{speed} / {distance}", Facts()) == ()
    assert cells("at {speed}", Facts()) == ()
    assert cells("WR 9.58", Facts()) == ((Words("WR 9.58"),),)
    assert cells("", facts) == ()
    assert filled("{name} - {distance}", facts) == "ANNA"
    assert filled("{nobody} {name}", facts) == "{nobody} ANNA"
    assert len(filled("x" * 5000, facts)) <= 200


def test_figures_are_steady() -> None:
    readings, shown = Readings(), []
    for frame in range(500):
        speed = 11.0 + 0.012 * math.sin(frame * 1.3)
        shown.append(readings.speed(subject(velocity_mps=(speed, 0.0, 0.0)), "km/h", frame / 50))
    assert len(set(shown)) == 1
    shown = [readings.speed(subject(velocity_mps=(n / 50, 0.0, 0.0)), "m/s", 100 + n / 50) for n in range(500)]
    changes = sum(a != b for a, b in pairwise(shown))
    assert 20 <= changes <= 40  # four times a second at most
    assert len({len(text) for text in shown[-10:]}) == 1


@pytest.mark.parametrize(
    ("unit", "text"), [("km/h", "36.0 km/h"), ("mph", "22.4 mph"), ("m/s", "10.0 m/s"), ("?", "36.0 km/h")]
)
def test_speeds_have_their_units(unit: str, text: str) -> None:
    assert Readings().speed(subject(), unit, 3.0) == text


def test_what_is_not_known_is_not_shown() -> None:
    for bad in (math.nan, math.inf, 1e30):
        assert Readings().speed(subject(velocity_mps=(bad, 0.0, 0.0)), "km/h", 0.0) == ""
        assert Readings().length("k", bad, "m", 0.0) == ""
    assert math.isnan(along_m(replace(ELEMENTS["trail"], along_m=(0.0, 0.0, 0.0)), subject()))
    assert along_m(replace(ELEMENTS["trail"], along_m=(0.0, 2.0)), subject(y=3.5)) == pytest.approx(3.5)


def test_places_change_only_when_one_leads_clearly() -> None:
    readings, two = Readings(), (subject(1), subject(2))
    assert readings.places(two, {"psn/1": 5.0, "psn/2": 4.0}) == {"psn/1": 1, "psn/2": 2}
    assert readings.places(two, {"psn/1": 5.0, "psn/2": 5.1}) == {"psn/1": 1, "psn/2": 2}
    assert readings.places(two, {"psn/1": 5.0, "psn/2": 5.3}) == {"psn/1": 2, "psn/2": 1}
    assert readings.places(two, {"psn/2": 5.3, "psn/1": math.nan}) == {"psn/2": 1}


def test_polygons_are_cut_at_the_camera_and_stay_on_their_plane() -> None:
    view = camera()
    floor = np.array([(-1000.0, -1000, 0), (1000, -1000, 0), (1000, 1000, 0), (-1000, 1000, 0)])
    (seen,) = project_polygons(view, [floor])
    assert len(seen) >= 4
    assert np.abs(seen).max() < 6000
    assert not np.isnan(view.ground(seen)).any()
    behind = np.array([(0.0, -30, 5), (1, -30, 5), (0, -31, 5)])
    aside = np.array([(500.0, 0, 0), (501, 0, 0), (500, 1, 0)])
    strange = np.array([(0.0, 0, 0), (1, np.nan, 0), (0, 1e300, 0)])
    assert [len(one) for one in project_polygons(view, [behind, aside, strange])] == [0, 0, 0]
    assert project_polygons(view, []) == []
    _, depth = project_points(view, np.array([(0.0, 0, 0), (0, -30, 9), (np.inf, 0, 0)]))
    assert np.isfinite(depth).tolist() == [True, False, False]
    _, _, kept = project_capsules(
        view, np.array([[(0.0, 0, 0)] * 2, [(0.0, -30, 9)] * 2, [(np.nan, 0, 0)] * 2]), np.ones(3)
    )
    assert kept.tolist() == [0]

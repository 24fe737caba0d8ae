"""Steadiness and truth of what is painted, measured on the rendered pixels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from graphics.scenes import ELEMENTS, HEIGHT, WIDTH, camera, drawn, key_of, overlay, scene, subject
from numpy.typing import NDArray
from PySide6.QtGui import QGuiApplication

from console.graphics.colours import TOPS_MPS, oklab_to_srgb, rgba, speed_map, speed_steps
from console.graphics.convert import Touched
from console.graphics.geometry import capsule_outlines
from console.graphics.paint import Canvas, mark_polygon, qpolygon
from console.graphics.scene import SceneRenderer

pytestmark = pytest.mark.usefixtures("qapp")
STEADY_PX = 0.005
SHIFTS = 28


def centroid(plane: NDArray[np.uint8]) -> NDArray[np.float64]:
    across, down = plane.sum(axis=0, dtype=np.float64), plane.sum(axis=1, dtype=np.float64)
    return np.array([across @ (np.arange(WIDTH) + 0.5), down @ (np.arange(HEIGHT) + 0.5)]) / across.sum()


def spread(places: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Root mean square of how far each is from their mean, across and down."""
    return np.sqrt(((np.array(places) - np.mean(places, axis=0)) ** 2).mean(axis=0))


def shifts() -> list[tuple[float, float]]:
    return [(number / SHIFTS * 2, number / SHIFTS * 0.74) for number in range(SHIFTS)]


_LINE = np.array([(300.3, 200.1), (420.7, 230.2), (420.7, 234.2), (300.3, 204.1)])
_LEADER = np.array([[(300.3, 200.1), (300.3, 290.2)]])
_CORNERS = np.array([(300.3, 200.1), (420.7, 230.2), (340.2, 320.9)])
ALONG = {"line": (120.4, 30.1), "bone": (30.8, 77.7), "leader": (0.0, 1.0)}
_TURN = np.linspace(0, 2 * np.pi, 48, endpoint=False)
_DISC = np.stack((400 + 60 * np.cos(_TURN), 300 + 20 * np.sin(_TURN)), axis=1)
PRIMITIVES: dict[str, Callable[[Canvas, NDArray[np.float64]], None]] = {
    "line": lambda canvas, by: canvas.polygon(_LINE + by, (255, 255, 255, 255)),
    "polygon": lambda canvas, by: canvas.polygon(_CORNERS + by, (255, 255, 255, 96)),
    "ring": lambda canvas, by: canvas.polygon(_DISC + by, (255, 255, 255, 255)),
    "bone": lambda canvas, by: canvas.outlines(_bone(by), (255, 255, 255, 255)),
    "leader": lambda canvas, by: canvas.lines(_LEADER + by, 2.0, (255, 255, 255, 255)),
    "knot": lambda canvas, by: canvas.dots(np.array([(400.2, 300.7)]) + by, np.array([6.3]), (255, 255, 255, 255)),
}


def _bone(by: NDArray[np.float64]) -> NDArray[np.float64]:
    ends = np.array([[(400.3, 300.2), (431.1, 377.9)]]) + by
    return capsule_outlines(ends, np.array([[5.3, 4.1]]))


@pytest.mark.parametrize("name", PRIMITIVES)
def test_every_primitive_lies_where_it_is_put_between_pixels(name: str) -> None:
    canvas, places = Canvas(WIDTH, HEIGHT), []
    for shift in shifts():
        canvas.begin()
        PRIMITIVES[name](canvas, np.array(shift))
        canvas.touched.mark(0, 0, WIDTH, HEIGHT)
        canvas.end()
        places.append(centroid(canvas.pixels[..., 3]) - shift)
    if name in ALONG:  # of what is long and thin only the place across it can be seen, and is measured
        along = np.array(ALONG[name]) / np.hypot(*ALONG[name])
        places = [np.array([place @ (-along[1], along[0])]) for place in places]
    assert spread(places).max() <= STEADY_PX


@pytest.mark.parametrize("name", ["label", "readout", "decal", "board", "standing", "ring"])
def test_labels_and_pictures_move_with_the_picture_to_a_fraction_of_a_pixel(name: str) -> None:
    """The camera's picture is shifted by parts of a pixel; the centre of what is drawn has to go with it."""
    renderer, into, places = SceneRenderer(WIDTH, HEIGHT), overlay(), []
    for number, shift in enumerate(shifts()):
        # Far apart in time, so that labels stand where they want to.
        what = scene(name, instant_s=number * 10.0, under_subjects=False)
        renderer.render(what, camera(shift_px=shift), 1.0, into)
        places.append(centroid(key_of(into)) - shift)
    assert spread(places).max() <= STEADY_PX


@pytest.mark.parametrize("name", ["record", "polygon", "flag", "skeleton", "offside", "measure", "trail"])
def test_what_is_made_of_many_parts_is_steady_as_a_whole(name: str) -> None:
    """Where anti-aliased parts lie over each other their edges add up a little differently at each place."""
    renderer, into, places = SceneRenderer(WIDTH, HEIGHT), overlay(), []
    for number, shift in enumerate(shifts()):
        what = scene(name, instant_s=number * 10.0, under_subjects=False)
        renderer.render(what, camera(shift_px=shift), 1.0, into)
        places.append(centroid(key_of(into)) - shift)
    # A trail's thin end, far from its middle, is a lever: only across it does its centre say where it lies.
    assert (spread(places)[1:] if name == "trail" else spread(places)).max() <= 0.02


def test_a_label_that_follows_in_time_is_as_steady() -> None:
    """Picture after picture, with the layout kept: a slow pan."""
    renderer, into, places = SceneRenderer(WIDTH, HEIGHT), overlay(), []
    for number in range(40):
        shift = number * 0.37, number * 0.11
        renderer.render(scene("label", instant_s=number / 50), camera(shift_px=shift), 1.0, into)
        places.append(centroid(key_of(into)) - shift)
    error = np.array(places[15:]) - np.mean(places[15:], axis=0)
    assert np.sqrt((error**2).mean(axis=0)).max() <= STEADY_PX


def test_a_measure_lies_where_its_points_are_seen() -> None:
    view = camera()
    into = drawn(replace(scene("measure", text="{name}"), subjects=()), view)  # no name is known: no plate
    ends, _ = view.project(np.array(ELEMENTS["measure"].points_m, float))
    assert np.abs(centroid(key_of(into)) - ends.mean(axis=0)).max() < 6
    left, right = np.flatnonzero(key_of(into).any(axis=0))[[0, -1]]
    assert abs(left - ends[:, 0].min()) < 20
    assert abs(right - ends[:, 0].max()) < 20


def test_overlapping_parts_fade_as_one() -> None:
    """At half opacity no pixel is more than half opaque, although the pieces of a trail lie over each other."""
    one = scene("trail", "skeleton")
    half = replace(one, elements=tuple((element, 0.5) for element, _ in one.elements))
    full, faded = drawn(one, camera()), drawn(half, camera())
    alone = drawn(replace(half, elements=half.elements[:1]), camera())
    assert key_of(alone).max() <= 129
    inside = key_of(full) == 255
    assert inside.sum() > 2000
    assert key_of(faded)[inside].min() >= 126


def test_erasing_takes_away_only_where_there_is_paint() -> None:
    canvas = Canvas(WIDTH, HEIGHT)
    canvas.begin()
    canvas.polygon(np.array([(100.0, 100), (200, 100), (200, 200), (100, 200)]), (10, 20, 30, 255))
    canvas.erase(np.array([[(150.0, 100), (400, 100), (400, 200), (150, 200)]]))
    boxes = canvas.end()
    assert canvas.pixels[150, 120, 3] == 255
    assert not canvas.pixels[150, 152:].any()
    assert all(box.x + box.width <= 224 for box in boxes)
    canvas.begin()
    assert canvas.end() == ()
    assert not canvas.pixels.any()


def test_marks_hold_every_pixel_of_a_polygon_and_little_else() -> None:
    rng = np.random.default_rng(3)
    canvas = Canvas(1280, 720)
    for _ in range(40):
        corners = rng.uniform((-200, -200), (1500, 900), (rng.integers(3, 9), 2))
        canvas.begin()
        canvas.polygon(corners, (255, 255, 255, 255))
        held = np.zeros((720, 1280), bool)
        for box in canvas.end():
            held[box.y : box.y + box.height, box.x : box.x + box.width] = True
        assert not canvas.pixels[..., 3][~held].any()
    touched = Touched(1920, 1080)
    mark_polygon(touched, np.array([(0.0, 0), (1920, 1070), (1920, 1080), (0, 10)]))
    covered = sum(box.width * box.height for box in touched.boxes())
    assert covered < 0.12 * 1920 * 1080


def test_points_reach_qt_as_they_are() -> None:
    points = np.random.default_rng(1).uniform(-1e4, 1e4, (50, 2))
    polygon = qpolygon(points[::2])
    assert [(p.x(), p.y()) for p in polygon] == [tuple(p) for p in points[::2].tolist()]
    assert len(qpolygon(np.empty((0, 2)))) == 0


def test_a_faster_trail_is_lighter_by_even_steps() -> None:
    colours = np.array(speed_map())[:, :3] / 255
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    luminance = linear @ (0.2126, 0.7152, 0.0722)
    lightness = 116 * np.cbrt(luminance) - 16
    steps = np.diff(lightness)
    assert (steps > 0).all()
    assert steps.max() < 2.6 * steps.mean()
    assert lightness[-1] - lightness[0] > 50


def test_speeds_that_are_not_known_or_beyond_the_scale_have_a_colour() -> None:
    steps = speed_steps(np.array([np.nan, -3.0, 0.0, TOPS_MPS[0], 1e9, np.inf]), TOPS_MPS[0])
    assert steps.tolist() == [0, 0, 0, len(speed_map()) - 1, len(speed_map()) - 1, len(speed_map()) - 1]
    assert rgba("no colour")[3] == 255
    assert rgba("#102030", 9) == (16, 32, 48, 9)
    assert oklab_to_srgb(np.array([[1.0, 0, 0]])) == pytest.approx(1.0, abs=0.01)


def test_an_application_is_there(qapp: QGuiApplication) -> None:
    """Text needs one; without a screen it is enough."""
    assert drawn(scene("label", subjects=(subject(),)), camera()).box.width > 0
    assert qapp is not None

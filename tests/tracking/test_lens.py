"""Lens tables; OpenLensIO against OpenCV, both directions; what an OpenTrackIO sample says of a lens, on program."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.testing import assert_allclose

from console.errors import ConsoleError
from console.show.world import Camera, LensRow
from console.tracking.camera import Array, view
from console.tracking.distortion import beyond_belief, fitted, forward, inverse, reach
from console.tracking.lens import (
    DEFAULT_TABLE,
    Optics,
    from_openlensio,
    lens_of,
    optics_at,
    optics_of,
    to_openlensio,
)
from console.tracking.mapping import CameraState
from console.tracking.opentrackio_sample import Distortion, Lens, Offset

WIDTH, HEIGHT = 1920, 1080
SENSOR_MM = (9.6, 5.4)
FOCAL_MM = 13.0
RATIONAL = (0.28, 0.04, 0.0009, -0.0007, 0.003, 0.41, 0.07, 0.002)


def _frame(focal_px: float, centre: tuple[float, float] = (WIDTH / 2, HEIGHT / 2)) -> Array:
    """A grid over the whole frame, from the axis in focal lengths."""
    grid = np.meshgrid(np.linspace(0, WIDTH, 33), np.linspace(0, HEIGHT, 19))
    return (np.stack(grid, axis=-1).reshape(-1, 2) - centre) / focal_px


def _by_opencv(flat: Array, coefficients: tuple[float, ...]) -> Array:
    """OpenCV's distortion, in focal lengths."""
    points = np.concatenate((flat, np.ones((len(flat), 1))), axis=1)
    return cv2.projectPoints(points, np.zeros(3), np.zeros(3), np.eye(3), np.array(coefficients))[0].reshape(-1, 2)


def _by_openlensio(on_sensor_mm: Array, radial: tuple[float, ...], tangential: tuple[float, ...]) -> Array:
    """The standard's equations, written down once more: millimetres in, millimetres out."""
    l1, l2, l3, l4, l5, l6 = radial
    q1, q2 = tangential
    x, y = on_sensor_mm.T
    r2 = x**2 + y**2
    factor = (1 + l1 * r2 + l3 * r2**2 + l5 * r2**3) / (1 + l2 * r2 + l4 * r2**2 + l6 * r2**3)
    across = factor * x + 2 * q1 * x * y + q2 * (r2 + 2 * x**2)
    down = factor * y + q1 * (r2 + 2 * y**2) + 2 * q2 * x * y
    return np.stack((across, down), axis=1)


# --- distortion


def _random_coefficients(chance: random.Random, corner: float) -> tuple[float, ...]:
    """A lens that moves the corner by up to 15 %, in every term."""
    k1, k2, k3 = (chance.uniform(-0.15, 0.15) / n / corner ** (2 * n) for n in (1, 2, 3))
    return (k1, k2, chance.uniform(-0.003, 0.003) / corner, chance.uniform(-0.003, 0.003) / corner, k3)


@pytest.mark.parametrize("focal_px", [1000.0, 2600.0, 90_000.0])
def test_forward_is_opencvs_and_inverse_comes_back(focal_px: float) -> None:
    chance = random.Random(11)
    flat = _frame(focal_px)
    corner = float(np.hypot(*flat[0]))
    lenses = [_random_coefficients(chance, corner) for _ in range(60)]
    if focal_px == 1000:
        lenses.append(RATIONAL)
    for lens in lenses:
        if reach(lens) < corner * 1.05:
            continue
        assert np.abs(forward(flat, lens) - _by_opencv(flat, lens)).max() * focal_px < 0.01
        points = inverse(flat, lens)
        inside = np.hypot(*points.T) < reach(lens) * 0.99
        assert np.abs(_by_opencv(points[inside], lens) - flat[inside]).max() * focal_px < 0.01
        assert inside.mean() > 0.8


def test_the_inverse_leaves_what_it_was_given_alone() -> None:
    """Points of which Newton steps lose track are found between bounds, and never in the caller's array."""
    images = np.array([[0.2, 0.1], [1.4, 0.3], [30.0, -40.0], [0.0, 0.0]])
    kept = images.copy()
    points = inverse(images, (-0.3, 0.0, 0.01, 0.01, 0.0))
    assert (images == kept).all()
    assert np.isfinite(points).all()
    assert_allclose(forward(points, (-0.3, 0.0, 0.01, 0.01, 0.0))[[0, 3]], images[[0, 3]], atol=1e-9)


def test_a_coefficient_that_no_lens_has_is_found() -> None:
    assert beyond_belief((0.1, -0.3, 0.001, 0.0, 0.5), 0.6) is None
    assert beyond_belief((0.1, 1e4), 0.6) == 1e4
    assert beyond_belief((0.1, 0.0, -0.5), 0.6) == -0.5
    assert math.isnan(beyond_belief((0.1, math.nan), 0.6) or 0)


# --- tables


def _row(zoom: float, focus: float, focal: float) -> LensRow:
    return LensRow(zoom, focus, focal, k1=focal / 10, centre_x=focal / 100, pupil_m=focal / 5)


def test_a_table_is_linear_between_its_rows_and_held_outside() -> None:
    table = (_row(0, 0, 1.0), _row(0, 100, 2.0), _row(1000, 0, 3.0), _row(1000, 50, 5.0), _row(1000, 200, 9.0))
    at = {
        (0, 0): 1.0,
        (0, 50): 1.5,
        (500, 0): 2.0,
        (500, 50): (1.5 + 5.0) / 2,
        (1000, 125): 7.0,
        (250, 100): 2.0 * 0.75 + (5.0 + 4.0 / 3) * 0.25,
        (-5, -5): 1.0,
        (1e9, 1e9): 9.0,
    }
    for (zoom, focus), focal in at.items():
        found = optics_at(table, zoom, focus)
        assert found.focal == pytest.approx(focal)
        assert found.distortion[0] == pytest.approx(focal / 10)
        assert found.centre == (pytest.approx(focal / 100), 0.0)
        assert found.pupil_m == pytest.approx(focal / 5)
    assert optics_at(tuple(reversed(table)), 500, 50).focal == pytest.approx(3.25), "the order of rows says nothing"


def test_one_row_is_a_fixed_lens_whatever_the_encoders_say() -> None:
    for zoom in (None, 0.0, 5e6, math.nan):
        assert optics_at((_row(7, 7, 2.5),), zoom, zoom).focal == 2.5
    assert optics_at(DEFAULT_TABLE, None, None) == Optics(1.0)
    by_zoom = (_row(0, 5, 1.0), _row(10, 5, 2.0))
    assert optics_at(by_zoom, 5, None).focal == 1.5, "one focus everywhere: the focus is not needed"


@pytest.mark.parametrize(
    ("table", "zoom", "focus", "says"),
    [
        ((), 0, 0, "lens table is empty"),
        ((_row(1, 2, 1), _row(0, 0, 1), _row(1, 2, 3)), 0, 0, "two rows for zoom 1, focus 2"),
        ((_row(0, 0, 1), _row(1, 0, 1)), None, 0, "does not tell its zoom"),
        ((_row(0, 0, 1), _row(1, 0, 1)), math.nan, 0, "does not tell its zoom"),
        ((_row(0, 0, 1), _row(0, 1, 1)), 0, None, "does not tell its focus"),
        ((_row(0, 0, 1), _row(1, 0, math.nan)), 0, 0, "no number"),
        ((_row(0, 0, 1), _row(math.inf, 0, 1)), 0, 0, "no number"),
    ],
)
def test_a_table_that_is_none_is_refused(
    table: tuple[LensRow, ...], zoom: float | None, focus: float | None, says: str
) -> None:
    with pytest.raises(ConsoleError, match=says):
        optics_at(table, zoom, focus)


# --- OpenLensIO


def test_the_conversion_is_openlensios_within_a_hundredth_of_a_pixel() -> None:
    focal_px = FOCAL_MM / SENSOR_MM[0] * WIDTH
    flat = _frame(focal_px)
    radial, tangential = to_openlensio(RATIONAL, FOCAL_MM)
    by_standard = _by_openlensio(flat * FOCAL_MM, radial, tangential) / FOCAL_MM
    assert np.abs(by_standard - _by_opencv(flat, RATIONAL)).max() * focal_px < 1e-6
    assert_allclose(from_openlensio(radial, tangential, FOCAL_MM), RATIONAL, rtol=1e-12)
    per_f2 = _by_openlensio(flat * FOCAL_MM, radial, tuple(q / FOCAL_MM for q in tangential)) / FOCAL_MM
    assert np.abs(per_f2 - _by_opencv(flat, RATIONAL)).max() * focal_px > 1, "q = p/F^2 is another lens"


def _seen(lens: Lens, flat: Array) -> Array:
    """The pixels of points at 10 m that stand `flat` focal lengths off the axis."""
    state = CameraState((0.0, 0.0, 0.0), 0.0, 0.0, 0.0, 0, lens=lens, sensor_mm=SENSOR_MM)
    seen = view(Camera("A", "track"), state, WIDTH, HEIGHT)
    points = np.stack((flat[:, 0] * 10, np.full(len(flat), 10.0), -flat[:, 1] * 10), axis=1)
    back, _ = seen.project(seen.position_m + seen.ray(seen.project(points)[0]))
    assert np.abs(back - seen.project(points)[0]).max() < 1e-3
    return seen.project(points)[0]


@pytest.mark.parametrize("undistorts", [False, True])
@pytest.mark.parametrize("shift_mm", [(0.0, 0.0), (0.09, -0.05)])
def test_a_samples_lens_draws_where_the_standards_equations_do(undistorts: bool, shift_mm: tuple[float, float]) -> None:
    radial, tangential = to_openlensio((-0.11, 0.02, 0.0008, -0.0006, 0.004), FOCAL_MM)
    radial = radial[:5]
    model = Distortion(model=None if undistorts else "Brown-Conrady U-D", radial=radial, tangential=tangential)
    lens = Lens(
        focal_length_mm=FOCAL_MM,
        distortions=(model,),
        projection_offset=Offset(x_mm=0.12, y_mm=-0.07),
        distortion_offset=Offset(x_mm=shift_mm[0], y_mm=shift_mm[1]),
    )
    axis, shift = np.array((0.12, -0.07)), np.array(shift_mm)
    mm_of_px = SENSOR_MM[0] / WIDTH
    there = (_frame(1.0) * mm_of_px) - axis - shift  # on the sensor, from the distortion's centre
    image = _by_openlensio(there, (*radial, 0.0), tangential)
    ideal, distorted = (image, there) if undistorts else (there, image)
    pixels = _seen(lens, (ideal + shift) / FOCAL_MM)
    expected = (distorted + shift + axis) / mm_of_px + (WIDTH / 2, HEIGHT / 2)
    assert np.abs(pixels - expected).max() < 0.01


def test_a_lens_that_is_sent_is_the_one_that_is_received() -> None:
    optics = Optics(1.35, (0.004, -0.002), (-0.04, 0.004, 2e-5, -1e-5, 0.0), pupil_m=0.21)
    lens = lens_of(optics, SENSOR_MM)
    assert lens.distortions
    assert [model.model for model in lens.distortions] == ["Brown-Conrady U-D", "Brown-Conrady D-U"]
    back = optics_of(lens, SENSOR_MM)
    assert_allclose(back.distortion[:5], optics.distortion, rtol=1e-9)
    assert (back.focal, back.pupil_m) == (pytest.approx(1.35), 0.21)
    assert back.centre == pytest.approx(optics.centre)
    other = replace(lens, distortions=lens.distortions[1:])
    flat = _frame(1.35 * WIDTH)
    assert np.abs(_seen(lens, flat) - _seen(other, flat)).max() < 0.05, "the other direction, fitted"
    returned = lens_of(optics_of(other, SENSOR_MM), SENSOR_MM)
    assert returned.distortions
    assert returned.distortions[0].model == "Brown-Conrady D-U", "what counts comes first"
    assert lens_of(Optics(2.0), SENSOR_MM).distortions is None


def test_a_strong_lens_is_sent_only_in_the_direction_that_is_known() -> None:
    lens = lens_of(Optics(0.6, distortion=(-0.25, 0.05, 0.002, 0.0, 0.0)), SENSOR_MM)
    assert lens.distortions
    assert [model.model for model in lens.distortions] == ["Brown-Conrady U-D"]


def test_a_fit_says_how_far_it_is_off() -> None:
    flat = _frame(2600.0)
    lens = (-0.1, 0.01, 0.0005, 0.0002, 0.03)
    coefficients, off = fitted(flat, forward(flat, lens))
    assert_allclose(coefficients, lens, rtol=1e-6)
    assert off < 1e-12
    _, off = fitted(flat, inverse(flat, (-0.8, 0.0, 0.0, 0.0, 0.0)))
    assert off * 2600 > 0.0001


def test_the_samples_lens_counts_only_where_there_is_no_table() -> None:
    state = CameraState((0.0, 0.0, 0.0), 0.0, 0.0, 0.0, 0, lens=Lens(focal_length_mm=19.2), sensor_mm=SENSOR_MM)
    assert view(Camera("A", "t"), state, WIDTH, HEIGHT).focal_px == pytest.approx(2.0 * WIDTH)
    assert view(Camera("A", "t", lens=(_row(0, 0, 1.5),)), state, WIDTH, HEIGHT).focal_px == pytest.approx(1.5 * WIDTH)
    with pytest.raises(ConsoleError, match="not yet the size of the sensor"):
        view(Camera("A", "t"), replace(state, sensor_mm=None), WIDTH, HEIGHT)
    assert view(Camera("A", "t"), replace(state, lens=Lens()), WIDTH, HEIGHT).focal_px == WIDTH


@pytest.mark.parametrize(
    ("lens", "says"),
    [
        (Lens(), "None mm"),
        (Lens(focal_length_mm=math.inf), "inf mm"),
        (Lens(focal_length_mm=20.0, distortions=(Distortion(radial=(0.1,), model="Fish-eye 7"),)), "Fish-eye 7"),
        (Lens(focal_length_mm=20.0, distortions=(Distortion(radial=(0.1,) * 7),)), "7 radial"),
        (Lens(focal_length_mm=20.0, distortions=(Distortion(radial=(0.1,), tangential=(0.1,) * 3),)), "3 tangential"),
        (Lens(focal_length_mm=20.0, distortions=(Distortion(radial=(math.nan,)),)), "can't have nan"),
        (Lens(focal_length_mm=20.0, distortions=(Distortion(radial=(1e300,)),)), "can't have"),
    ],
)
def test_a_lens_that_cannot_be_is_refused(lens: Lens, says: str) -> None:
    with pytest.raises(ConsoleError, match=says):
        optics_of(lens, SENSOR_MM)

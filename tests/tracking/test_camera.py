"""The camera at one instant: against OpenCV and the demo's camera, there and back, strong lenses, bad numbers."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from console.demo.optics import CameraPose
from console.errors import ConsoleError
from console.show.world import Camera, LensRow
from console.tracking.camera import NEAR_M, CameraView, view
from console.tracking.distortion import WIDEST, Array, reach
from console.tracking.mapping import CameraState

WIDTH, HEIGHT = 1920, 1080
LENSES = {
    "none": (0.0, 0.0, 0.0, 0.0, 0.0),
    "barrel": (-0.12, 0.03, 0.0008, -0.0006, -0.004),
    "pincushion": (0.18, 0.05, -0.001, 0.0005, 0.01),
    "moustache": (-0.08, 0.09, 0.0, 0.0, -0.02),
    "rational": (0.3, 0.05, 0.0004, -0.0003, 0.002, 0.45, 0.08, 0.004),
}


def _view(distortion: tuple[float, ...] = (), focal_px: float = 1500.0) -> CameraView:
    seen = view(
        Camera("CAM 1", position_m=(2.0, -30.0, 6.0), pan_deg=-11, tilt_deg=-7, roll_deg=3), None, WIDTH, HEIGHT
    )
    return replace(seen, focal_px=focal_px, centre_px=(970.0, 533.0), distortion=distortion)


def _pixels(columns: int = 33, rows: int = 19) -> Array:
    """A grid over the whole frame, corners included."""
    grid = np.meshgrid(np.linspace(0, WIDTH, columns), np.linspace(0, HEIGHT, rows))
    return np.stack(grid, axis=-1).reshape(-1, 2)


def _by_opencv(seen: CameraView, points_m: Array) -> Array:
    x, y = seen.centre_px
    matrix = np.array([[seen.focal_px, 0, x - 0.5], [0, seen.focal_px, y - 0.5], [0, 0, 1]])
    turn, _ = cv2.Rodrigues(seen.rotation)
    shift = -seen.rotation @ seen.position_m
    pixels, _ = cv2.projectPoints(points_m, turn, shift, matrix, np.array(seen.distortion))
    return pixels.reshape(-1, 2) + 0.5


def test_it_looks_where_the_demos_camera_looks() -> None:
    chance = random.Random(3)
    for _ in range(50):
        place = (chance.uniform(-50, 50), chance.uniform(-50, 50), chance.uniform(0, 20))
        angles = (chance.uniform(-400, 400), chance.uniform(-89, 89), chance.uniform(-180, 180))
        demo = CameraPose(place, *angles, focal_heights=2.0)
        pan, tilt, roll = angles
        rows = (LensRow(focal=2.0 * HEIGHT / WIDTH),)
        seen = view(
            Camera("A", position_m=place, pan_deg=pan, tilt_deg=tilt, roll_deg=roll, lens=rows), None, WIDTH, HEIGHT
        )
        assert_allclose(seen.rotation, demo.rotation, atol=1e-12)
        points = np.array(place) + demo.rotation[2] * 10 + np.random.default_rng(1).uniform(-2, 2, (20, 3))
        pixels, depth = seen.project(points)
        expected, expected_depth = demo.project(points, WIDTH, HEIGHT)
        assert_allclose(pixels, expected + 0.5, atol=1e-8)  # the demo's pixels have their origin in a pixel's centre
        assert_allclose(depth, expected_depth)


@pytest.mark.parametrize("lens", LENSES)
def test_projection_is_opencvs(lens: str) -> None:
    seen = _view(LENSES[lens])
    points = seen.position_m + seen.ray(_pixels()) * np.linspace(1, 90, len(_pixels()))[:, None]
    pixels, depth = seen.project(points)
    assert (depth > NEAR_M).all()
    assert np.abs(pixels - _by_opencv(seen, points)).max() < 1e-6


@pytest.mark.parametrize("lens", LENSES)
@pytest.mark.parametrize("focal_px", [1100.0, 2600.0, 40_000.0])
def test_a_ray_is_the_inverse_over_the_whole_frame(lens: str, focal_px: float) -> None:
    seen = _view(LENSES[lens], focal_px)
    back, _ = seen.project(seen.position_m + 25 * seen.ray(_pixels()))
    assert np.abs(back - _pixels()).max() < 1e-4
    assert_allclose(np.linalg.norm(seen.ray(_pixels()), axis=1), 1.0)


def test_what_lies_far_outside_is_not_folded_into_the_picture() -> None:
    """A barrel polynomial turns back; the one of OpenCV then draws points at 60 degrees into the frame."""
    seen = _view((-0.25, 0.0, 0.0, 0.0, 0.0))
    assert reach(seen.distortion) == pytest.approx(math.sqrt(1 / 0.75), rel=4e-3)
    right, _, forward = seen.rotation
    angles = np.radians(np.linspace(0, 85, 200))
    points = seen.position_m + np.outer(np.cos(angles), forward) * 10 + np.outer(np.sin(angles), right) * 10
    across = seen.project(points)[0][:, 0]
    assert (np.diff(across) > 0).all()
    folded = _by_opencv(seen, points)[:, 0]
    assert (np.diff(folded) < 0).any(), "else this lens is no test"
    assert seen.reach_px == pytest.approx(1500 * reach(seen.distortion) * (1 - 0.25 / 0.75), rel=4e-3)


def test_a_long_lens_has_large_coefficients() -> None:
    """At 90 picture widths the corner is 0.006 off the axis, so a distortion of 1 % there is a k1 of 250."""
    rows = (LensRow(focal=90.0, k1=-250.0, k2=1e5, p1=0.01),)
    seen = view(Camera("A", lens=rows), None, WIDTH, HEIGHT)
    assert seen.reach_px > WIDTH
    back, _ = seen.project(25 * seen.ray(_pixels()))
    assert np.abs(back - _pixels()).max() < 1e-4
    assert np.abs(_by_opencv(seen, 25 * seen.ray(_pixels())) - _pixels()).max() < 1e-4


def test_a_lens_that_is_not_invertible_within_the_picture_says_where_and_gives_numbers() -> None:
    seen = _view((-0.9, 0.0, 0.001, 0.001, 0.0))
    assert seen.reach_px < WIDTH / 2
    assert reach(()) == pytest.approx(WIDEST)
    rays = seen.ray(_pixels())
    assert np.isfinite(rays).all()
    back, _ = seen.project(seen.position_m + rays)
    near = np.hypot(*(_pixels() - np.array(seen.centre_px)).T) < seen.reach_px * 0.95
    assert near.sum() > 50
    assert np.abs(back - _pixels())[near].max() < 0.05


def test_pixels_behind_the_camera_are_numbers_with_a_depth_that_says_so() -> None:
    seen = _view(LENSES["pincushion"])
    points = np.concatenate((seen.position_m - seen.rotation[2] * np.array([[0.0], [5.0], [1e6]]), [[1e6, 1e6, 1e6]]))
    pixels, depth = seen.project(points)
    assert (depth[:3] <= NEAR_M).all()
    assert np.isfinite(pixels).all()


@given(st.tuples(*[st.floats(-2, 2)] * 2, *[st.floats(-0.1, 0.1)] * 2, st.floats(-2, 2)), st.floats(100, 1e5))
@settings(max_examples=60, deadline=None)
def test_no_lens_makes_what_is_no_number(distortion: tuple[float, ...], focal_px: float) -> None:
    seen = _view(distortion, focal_px)
    for one in (seen, replace(seen, undistortion=distortion), replace(seen, undistortion=distortion, distortion=())):
        rays = one.ray(_pixels(9, 5))
        pixels, _ = one.project(one.position_m + rays)
        assert np.isfinite(rays).all()
        assert np.isfinite(pixels).all()
        assert one.reach_px > 0


def test_no_points_are_no_trouble() -> None:
    seen = _view(LENSES["barrel"])
    assert seen.project(np.empty((0, 3)))[0].shape == (0, 2)
    assert seen.ray(np.empty((0, 2))).shape == (0, 3)


def test_the_ground_is_where_the_ray_meets_it() -> None:
    seen = _view(LENSES["barrel"])
    points = seen.ground(_pixels(), 0.0)
    hit = ~np.isnan(points[:, 0])
    assert 0 < hit.sum() < len(hit), "part of this picture is sky"
    assert (points[hit][:, 2] == 0).all()
    assert np.abs(seen.project(points[hit])[0] - _pixels()[hit]).max() < 1e-3
    assert np.isnan(points[~hit]).all()
    assert (seen.ground(np.array([[960.0, 1080.0]]), 1.5)[:, 2] == 1.5).all()


def test_scaled_is_the_same_camera() -> None:
    seen = _view(LENSES["barrel"])
    small = seen.scaled(480, 270)
    points = seen.position_m + 10 * seen.ray(_pixels())
    assert_allclose(small.project(points)[0], seen.project(points)[0] / 4, atol=1e-9)
    assert (small.width, small.height) == (480, 270)


def test_tracking_is_added_to_the_setup_and_the_pupil_lies_before_it() -> None:
    rows = (LensRow(zoom=0, focal=1.0, pupil_m=0.5), LensRow(zoom=100, focal=3.0, pupil_m=1.5))
    camera = Camera("A", "freed-1", 1, position_m=(10.0, 0.0, 0.0), pan_deg=80.0, lens=rows)
    state = CameraState((1.0, 2.0, 3.0), 10.0, 0.0, 0.0, 0, zoom=50, focus=0)
    seen = view(camera, state, WIDTH, HEIGHT)
    assert_allclose(seen.rotation[2], (1.0, 0.0, 0.0), atol=1e-12)
    assert_allclose(seen.position_m, (12.0, 2.0, 3.0), atol=1e-12)
    assert seen.focal_px == pytest.approx(2.0 * WIDTH)
    assert seen.centre_px == (WIDTH / 2, HEIGHT / 2)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e12])
@pytest.mark.parametrize(
    "what", ["pan_deg", "tilt_deg", "roll_deg", "x", "state", "place", "focal", "k1", "p2", "centre_x", "pupil_m"]
)
def test_numbers_that_cannot_be_are_refused(what: str, value: float) -> None:
    camera = Camera("CAM 2", "freed-1")
    state = CameraState((0.0, 0.0, 0.0), 0.0, 0.0, 0.0, 0)
    if what in ("pan_deg", "tilt_deg", "roll_deg"):
        camera = replace(camera, **{what: value})
    elif what == "x":
        camera = replace(camera, position_m=(0.0, value, 0.0))
    elif what == "state":
        state = replace(state, tilt_deg=value)
    elif what == "place":
        state = replace(state, position_m=(value, 0.0, 0.0))
    else:
        camera = replace(camera, lens=(replace(LensRow(), **{what: value}),))
    with pytest.raises(ConsoleError, match=r"CAM 2|lens table"):
        view(camera, state, WIDTH, HEIGHT)


def test_a_camera_without_its_tracker_and_a_picture_without_a_size_are_refused() -> None:
    with pytest.raises(ConsoleError, match="Nothing is known of the tracked camera of CAM 2"):
        view(Camera("CAM 2", "freed-1"), None, WIDTH, HEIGHT)
    with pytest.raises(ConsoleError, match="0 x 1080"):
        view(Camera("A"), None, 0, HEIGHT)
    with pytest.raises(ConsoleError, match="2 numbers"):
        view(Camera("A", position_m=(1.0, 2.0)), None, WIDTH, HEIGHT)
    with pytest.raises(ConsoleError, match="focal length of 0"):
        view(Camera("A", lens=(LensRow(focal=0.0),)), None, WIDTH, HEIGHT)

"""A camera at one instant: from the world in metres to pixels, and back.

Pixels have their origin in the corner: (0, 0) is the top left corner of the top left pixel, whose centre is (.5, .5).
OpenCV's coordinates are half a pixel less. The lens is OpenCV's as far out as its model is one-to-one (`distortion`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from console.errors import ConsoleError
from console.show.world import Camera
from console.tracking.distortion import beyond_belief, forward, inverse, reach, reached
from console.tracking.lens import DEFAULT_TABLE, Optics, optics_at, optics_of
from console.tracking.mapping import CameraState

Array: TypeAlias = NDArray[np.float64]

NEAR_M = 0.3
"""What is nearer, or behind, has no pixels."""
MOST_M, MOST_DEG, MOST_PX = 1e6, 1e6, 32_768
FOCAL_WIDTHS = (0.05, 1000.0)
"""The focal lengths that are believed, in picture widths: from a fish-eye to a long lens with a doubler, and more."""
MOST_CENTRE_WIDTHS, MOST_PUPIL_M = 1.0, 10.0


def rotation(pan_deg: float, tilt_deg: float, roll_deg: float) -> Array:
    """World to camera: rows are the camera's right, down and forward."""
    pan, tilt, roll = (math.radians(angle) for angle in (pan_deg, tilt_deg, roll_deg))
    sin_p, cos_p, sin_t, cos_t, sin_r, cos_r = (f(a) for a in (pan, tilt, roll) for f in (math.sin, math.cos))
    right = np.array([cos_p, -sin_p, 0.0])
    down = np.array([sin_p * sin_t, cos_p * sin_t, -cos_t])
    ahead = np.array([sin_p * cos_t, cos_p * cos_t, sin_t])
    return np.stack((cos_r * right + sin_r * down, cos_r * down - sin_r * right, ahead))


@dataclass(frozen=True, eq=False)
class CameraView:
    """A camera at an instant, ready to project. Made by `view`, which sees to it that every number is a sane one."""

    width: int
    height: int
    position_m: Array
    """(3,): the entrance pupil."""
    rotation: Array
    """(3, 3), world to camera: rows right, down, forward."""
    focal_px: float
    centre_px: tuple[float, float]
    """Where the axis meets the picture, from its corner."""
    distortion: tuple[float, ...] = ()
    """In OpenCV's order, k1 k2 p1 p2 k3 and then k4 k5 k6; empty: none."""
    undistortion: tuple[float, ...] = ()
    """The other direction, where that is what is known; then it counts, and `distortion` is fitted to it."""
    offset: tuple[float, float] = (0.0, 0.0)
    """Where the distortion has its centre, from the axis, in focal lengths; OpenCV has none."""

    @property
    def reach_px(self) -> float:
        """The radius about the centre to which the lens model is one-to-one; beyond, its factor is held."""
        return self.focal_px * (reach(self.undistortion) if self.undistortion else reached(self.distortion))

    def project(self, points_m: Array) -> tuple[Array, Array]:
        """Pixels (n, 2) and depths in metres (n,) of points (n, 3).

        Where the depth is at most `NEAR_M` the point is behind the camera and its pixel means nothing, but is finite.
        """
        seen = (np.asarray(points_m, np.float64) - self.position_m) @ self.rotation.T
        depth = seen[..., 2]
        flat = seen[..., :2] / np.maximum(depth, NEAR_M)[..., None]
        if self.undistortion:
            centred = flat - self.offset
            flat = inverse(centred, self.undistortion, forward(centred, self.distortion)) + self.offset
        elif self.distortion:
            flat = forward(flat - self.offset, self.distortion) + self.offset
        return flat * self.focal_px + np.array(self.centre_px), depth

    def ray(self, pixels: Array) -> Array:
        """The directions (n, 3), of length 1, in which pixels (n, 2) look."""
        flat = (np.asarray(pixels, np.float64) - np.array(self.centre_px)) / self.focal_px
        if self.undistortion:
            flat = forward(flat - self.offset, self.undistortion) + self.offset
        elif self.distortion:
            flat = inverse(flat - self.offset, self.distortion) + self.offset
        ahead = np.concatenate((flat, np.ones_like(flat[..., :1])), axis=-1)
        world = ahead @ self.rotation
        return np.asarray(world / np.linalg.norm(world, axis=-1, keepdims=True), np.float64)

    def ground(self, pixels: Array, z_m: float = 0.0) -> Array:
        """Where pixels (n, 2) meet the level at a height, (n, 3); nan where they look past it."""
        rays = self.ray(pixels)
        with np.errstate(divide="ignore", invalid="ignore"):
            far = (z_m - self.position_m[2]) / rays[..., 2]
            points = self.position_m + rays * np.where((far > 0) & (far < MOST_M), far, np.nan)[..., None]
        points[..., 2] = np.where(np.isnan(points[..., 2]), np.nan, z_m)
        return np.asarray(points, np.float64)

    def scaled(self, width: int, height: int) -> CameraView:
        """The same camera for another size of its picture."""
        ratio = width / self.width
        x, y = (
            (c - old / 2) * ratio + new / 2
            for c, old, new in zip(self.centre_px, (self.width, self.height), (width, height), strict=True)
        )
        return replace(self, width=width, height=height, focal_px=self.focal_px * ratio, centre_px=(x, y))


def _sane(camera: Camera, name: str, values: tuple[float, ...], most: float, unit: str) -> None:
    for value in values:
        if not (math.isfinite(value) and abs(value) <= most):
            raise ConsoleError(
                f"The camera of {camera.source} can't have {name} {value:g} {unit}".rstrip(),
                "Look at its tracking and at its calibration",
            )


def _checked(camera: Camera, optics: Optics, place: tuple[float, ...], angles: tuple[float, ...]) -> None:
    _sane(camera, "a place at", place, MOST_M, "m")
    _sane(camera, "an angle of", angles, MOST_DEG, "degrees")
    _sane(camera, "an optical centre at", optics.centre, MOST_CENTRE_WIDTHS, "picture widths")
    _sane(
        camera, "a distortion's centre at", optics.offset, MOST_CENTRE_WIDTHS / max(optics.focal, 1e-9), "focal lengths"
    )
    _sane(camera, "an entrance pupil at", (optics.pupil_m,), MOST_PUPIL_M, "m")
    if not FOCAL_WIDTHS[0] <= optics.focal <= FOCAL_WIDTHS[1]:
        raise ConsoleError(
            f"The camera of {camera.source} can't have a focal length of {optics.focal:g} picture widths",
            f"{FOCAL_WIDTHS[0]:g} to {FOCAL_WIDTHS[1]:g} is what lenses have",
        )
    for coefficients in (optics.distortion, optics.undistortion):
        if (wrong := beyond_belief(coefficients, math.hypot(0.5, 0.5) / optics.focal)) is not None:
            raise ConsoleError(
                f"The camera of {camera.source} can't have {wrong:g} as a coefficient of its distortion",
                "Look at its tracking and at its calibration",
            )


def _optics(camera: Camera, state: CameraState | None) -> Optics:
    """The lens: what the tracker says of it counts where the camera has no table of its own."""
    if state is None:
        return optics_at(camera.lens, None, None)
    if camera.lens != DEFAULT_TABLE or state.lens is None or state.lens.focal_length_mm is None:
        return optics_at(camera.lens, state.zoom, state.focus)
    if state.sensor_mm is None:
        raise ConsoleError(
            f"The tracker of {camera.source} tells a focal length in mm, but not yet the size of the sensor",
            "Have it send its static block, or calibrate the lens",
        )
    return optics_of(state.lens, state.sensor_mm)


def view(camera: Camera, state: CameraState | None, width: int, height: int) -> CameraView:
    """A camera as it is set up and, when it is tracked, as its tracker says it is.

    Raises ConsoleError: a tracked camera without a state, a lens table that is none, numbers that can't be.
    """
    if not (0 < width <= MOST_PX and 0 < height <= MOST_PX):
        raise ConsoleError(f"{width} x {height} is no picture's size")
    if camera.input and state is None:
        raise ConsoleError(f"Nothing is known of the tracked camera of {camera.source}", f"Look at {camera.input}")
    place = camera.position_m
    angles: tuple[float, ...] = (camera.pan_deg, camera.tilt_deg, camera.roll_deg)
    if len(place) != 3:
        raise ConsoleError(f"The camera of {camera.source} stands at {len(place)} numbers, not x, y, z")
    if state is not None:
        place = tuple(own + told for own, told in zip(place, state.position_m, strict=True))
        turned = (state.pan_deg, state.tilt_deg, state.roll_deg)
        angles = tuple(own + told for own, told in zip(angles, turned, strict=True))
    optics = _optics(camera, state)
    _checked(camera, optics, place, angles)
    turn = rotation(*angles)
    x, y = optics.centre
    return CameraView(
        width,
        height,
        np.array(place) + turn[2] * optics.pupil_m,
        turn,
        optics.focal * width,
        (width / 2 + x * width, height / 2 + y * width),
        optics.distortion,
        optics.undistortion,
        optics.offset,
    )

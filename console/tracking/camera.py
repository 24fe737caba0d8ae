"""A camera at one instant: from the world in metres to pixels, and back.

Pixels have their origin in the corner: (0, 0) is the top left corner of the top left pixel, whose centre is (.5, .5).
OpenCV's coordinates are half a pixel less. The lens is OpenCV's (Brown-Conrady, undistorted to distorted, rational
when k4 k5 k6 are given), but for one thing: such a polynomial turns back at some radius, and OpenCV then draws what
lies far outside the picture into it. Here the factor is held from that radius on, so every pixel has one direction.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from console.errors import ConsoleError
from console.show.world import Camera
from console.tracking.lens import Optics, optics_at
from console.tracking.mapping import CameraState

Array: TypeAlias = NDArray[np.float64]

NEAR_M = 0.3
"""What is nearer, or behind, has no pixels."""
WIDEST = 5.0
"""The tangent of the widest angle from the axis (79 degrees) to which a lens model is believed."""
MOST_M, MOST_DEG, MOST_PX = 1e6, 1e6, 32_768
FOCAL_WIDTHS = (0.05, 1000.0)
"""The focal lengths that are believed, in picture widths: from a fish-eye to a long lens with a doubler, and more."""
MOST_CENTRE_WIDTHS, MOST_PUPIL_M = 1.0, 10.0
MOST_RADIAL, MOST_TANGENTIAL = 100.0, 0.1
"""How much any one coefficient may move the corner of the picture, as a part of its radius."""
_STEPS, _RADII = 40, 4001
_CLOSE = 1e-10


def rotation(pan_deg: float, tilt_deg: float, roll_deg: float) -> Array:
    """World to camera: rows are the camera's right, down and forward."""
    pan, tilt, roll = (math.radians(angle) for angle in (pan_deg, tilt_deg, roll_deg))
    sin_p, cos_p, sin_t, cos_t, sin_r, cos_r = (f(a) for a in (pan, tilt, roll) for f in (math.sin, math.cos))
    right = np.array([cos_p, -sin_p, 0.0])
    down = np.array([sin_p * sin_t, cos_p * sin_t, -cos_t])
    forward = np.array([sin_p * cos_t, cos_p * cos_t, sin_t])
    return np.stack((cos_r * right + sin_r * down, cos_r * down - sin_r * right, forward))


def _radial(distortion: tuple[float, ...], u: Array) -> tuple[Array, Array, Array]:
    """The radial factor at squared radii, its derivative by them, and its denominator."""
    k1, k2, _, _, k3, k4, k5, k6 = (*distortion, *(0.0,) * (8 - len(distortion)))
    over = 1 + u * (k1 + u * (k2 + u * k3))
    slope = k1 + u * (2 * k2 + u * 3 * k3)
    if not (k4 or k5 or k6):
        return over, slope, np.ones_like(u)
    under = 1 + u * (k4 + u * (k5 + u * k6))
    safe = np.where(under > 0, under, 1.0)
    return over / safe, (slope * safe - over * (k4 + u * (2 * k5 + u * 3 * k6))) / (safe * safe), under


@lru_cache(maxsize=256)
def reach(distortion: tuple[float, ...]) -> float:
    """The radius, in focal lengths off the axis, to which the radial distortion is one-to-one; at most `WIDEST`.

    It is looked for in steps of 1/300 of itself, since with a long lens the whole picture is within a hundredth, so it
    may be that much too small.
    """
    radii = np.geomspace(1e-5, WIDEST, _RADII)
    factor, slope, under = _radial(distortion, radii * radii)
    turned = (factor + 2 * radii * radii * slope <= 0) | (under <= 0)
    return float(radii[max(int(turned.argmax()) - 1, 0)]) if turned.any() else WIDEST


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

    @cached_property
    def _distorts(self) -> bool:
        return any(self.distortion)

    @property
    def reach_px(self) -> float:
        """The radius about the centre to which the lens model is one-to-one; beyond, its factor is held."""
        limit = reach(self.distortion)
        return self.focal_px * limit * float(self._factor(np.array(limit**2))[0])

    def project(self, points_m: Array) -> tuple[Array, Array]:
        """Pixels (n, 2) and depths in metres (n,) of points (n, 3).

        Where the depth is at most `NEAR_M` the point is behind the camera and its pixel means nothing, but is finite.
        """
        seen = (np.asarray(points_m, np.float64) - self.position_m) @ self.rotation.T
        depth = seen[..., 2]
        flat = seen[..., :2] / np.maximum(depth, NEAR_M)[..., None]
        if self._distorts:
            flat = self._distorted(flat)
        return flat * self.focal_px + np.array(self.centre_px), depth

    def ray(self, pixels: Array) -> Array:
        """The directions (n, 3), of length 1, in which pixels (n, 2) look."""
        flat = (np.asarray(pixels, np.float64) - np.array(self.centre_px)) / self.focal_px
        if self._distorts:
            flat = self._undistorted(flat)
        forward = np.concatenate((flat, np.ones_like(flat[..., :1])), axis=-1)
        world = forward @ self.rotation
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

    def _factor(self, squared: Array) -> tuple[Array, Array]:
        """The radial factor at squared radii, and its derivative by them; held beyond the reach."""
        limit = reach(self.distortion) ** 2
        factor, slope, _ = _radial(self.distortion, np.minimum(squared, limit))
        return factor, np.where(squared < limit, slope, 0.0)

    def _distorted(self, flat: Array) -> Array:
        squared = (flat * flat).sum(axis=-1)
        factor, _ = self._factor(squared)
        return np.asarray(flat * factor[..., None] + self._shift(flat, squared), np.float64)

    def _shift(self, flat: Array, squared: Array) -> Array:
        """The tangential part; held beyond the reach, as the radial one is."""
        p1, p2 = self.distortion[2:4]
        if not (p1 or p2):
            return np.zeros_like(flat)
        held = np.minimum(1.0, reach(self.distortion) ** 2 / np.maximum(squared, 1e-300))
        x, y = flat[..., 0], flat[..., 1]
        twice_xy = 2 * x * y
        shift = (p1 * twice_xy + p2 * (squared + 2 * x * x), p1 * (squared + 2 * y * y) + p2 * twice_xy)
        return np.stack(shift, axis=-1) * held[..., None]

    def _undistorted(self, flat: Array) -> Array:
        """The inverse: the radial part by Newton steps kept between bounds, the tangential part taken off around it.

        The radius has one answer, since the factor is held beyond the reach. The steps end when all moved by less than
        1e-10 focal lengths, or after 40: with the tangential parts that are let through each brings the answer closer.
        """
        found = flat
        for _ in range(_STEPS):
            target = flat - self._shift(found, (found * found).sum(axis=-1))
            radius = np.sqrt((target * target).sum(axis=-1))
            before, found = found, target * (self._radius(radius) / np.maximum(radius, 1e-300))[..., None]
            if not found.size or np.abs(found - before).max() < _CLOSE:
                break
        return found

    def _radius(self, distorted: Array) -> Array:
        """The undistorted radius of a distorted one."""
        limit = reach(self.distortion)
        held = float(self._factor(np.array(limit**2))[0])
        inside = np.minimum(distorted, limit * held)
        low, high = np.zeros_like(inside), np.full_like(inside, limit)
        found = np.minimum(inside, limit)
        for _ in range(_STEPS):
            factor, slope = self._factor(found * found)
            wrong = found * factor - inside
            low, high = np.where(wrong < 0, found, low), np.where(wrong < 0, high, found)
            steep = factor + 2 * found * found * slope
            step = found - wrong / np.where(np.abs(steep) > 1e-12, steep, 1.0)
            before, found = found, np.where((step >= low) & (step <= high), step, (low + high) / 2)
            if not found.size or np.abs(found - before).max() < _CLOSE:
                break
        return np.where(distorted > limit * held, distorted / held, found)


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
    _sane(camera, "an entrance pupil at", (optics.pupil_m,), MOST_PUPIL_M, "m")
    if not FOCAL_WIDTHS[0] <= optics.focal <= FOCAL_WIDTHS[1]:
        raise ConsoleError(
            f"The camera of {camera.source} can't have a focal length of {optics.focal:g} picture widths",
            f"{FOCAL_WIDTHS[0]:g} to {FOCAL_WIDTHS[1]:g} is what lenses have",
        )
    corner = math.hypot(0.5, 0.5) / optics.focal
    powers, most = (2, 4, 1, 1, 6, 2, 4, 6), (MOST_RADIAL, MOST_TANGENTIAL)
    for index, (number, power) in enumerate(zip(optics.distortion, powers, strict=False)):
        limit = most[power == 1] / corner**power
        _sane(camera, f"as coefficient {index + 1} of its distortion", (number,), limit, "")


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
    zoom = focus = None
    if state is not None:
        place = tuple(own + told for own, told in zip(place, state.position_m, strict=True))
        turned = (state.pan_deg, state.tilt_deg, state.roll_deg)
        angles = tuple(own + told for own, told in zip(angles, turned, strict=True))
        zoom, focus = state.zoom, state.focus
    optics = optics_at(camera.lens, zoom, focus)
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
    )

"""The camera model: an ideal pinhole camera with pan, tilt, roll and zoom.

Pan 0 looks along +Y, positive turns right (clockwise from above, towards +X); tilt is positive upwards; roll is
positive clockwise as seen from behind the camera. The focal length is given in picture heights, so one pose serves
every picture size: `focal_px`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from console.demo.race import Array

NEAR_M = 0.3


@dataclass(frozen=True)
class CameraPose:
    """Where a camera is and how it looks."""

    position_m: tuple[float, float, float]
    pan_deg: float
    tilt_deg: float
    roll_deg: float
    focal_heights: float

    def focal_px(self, height: int) -> float:
        """The focal length in pixels of a picture of that height."""
        return self.focal_heights * height

    @cached_property
    def rotation(self) -> Array:
        """World to camera: rows are the camera's right, down and forward."""
        pan, tilt, roll = (math.radians(a) for a in (self.pan_deg, self.tilt_deg, self.roll_deg))
        sin, cos = math.sin, math.cos
        forward = np.array([sin(pan) * cos(tilt), cos(pan) * cos(tilt), sin(tilt)])
        right = np.array([cos(pan), -sin(pan), 0.0])
        down = np.array([sin(pan) * sin(tilt), cos(pan) * sin(tilt), -cos(tilt)])
        return np.stack((right * cos(roll) + down * sin(roll), down * cos(roll) - right * sin(roll), forward))

    @cached_property
    def eye(self) -> Array:
        """The position as an array."""
        return np.array(self.position_m)

    def intrinsics(self, width: int, height: int) -> Array:
        """The matrix from camera coordinates to pixels (centre of the top left pixel is 0, 0)."""
        focal = self.focal_px(height)
        return np.array([[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1]])

    def project(self, points_m: Array, width: int, height: int) -> tuple[Array, Array]:
        """Pixels of shape (..., 2) and depths in metres of points of shape (..., 3)."""
        seen = (points_m - self.eye) @ self.rotation.T
        depth = seen[..., 2]
        safe = np.maximum(depth, NEAR_M)
        focal = self.focal_px(height)
        pixels = seen[..., :2] * (focal / safe)[..., None] + np.array([(width - 1) / 2, (height - 1) / 2])
        return pixels, depth

    def plane(self, origin_m: Array, along_m: Array, across_m: Array, width: int, height: int) -> Array:
        """The homography from a plane's coordinates (origin + a * along + b * across) to pixels."""
        offset = origin_m - self.eye
        return self.intrinsics(width, height) @ self.rotation @ np.stack((along_m, across_m, offset), axis=1)

    def ground(self, width: int, height: int) -> Array:
        """The homography from ground coordinates (x, y) to pixels."""
        return self.plane(np.zeros(3), np.array([1.0, 0, 0]), np.array([0, 1.0, 0]), width, height)


def aim(
    position_m: tuple[float, float, float],
    target_m: tuple[float, float, float],
    shot_m: float,
    roll_deg: float = 0.0,
) -> CameraPose:
    """A camera that looks at a target and frames `shot_m` metres of height there."""
    dx, dy, dz = (b - a for a, b in zip(position_m, target_m, strict=True))
    flat = math.hypot(dx, dy)
    distance = math.hypot(flat, dz)
    return CameraPose(
        position_m, math.degrees(math.atan2(dx, dy)), math.degrees(math.atan2(dz, flat)), roll_deg, distance / shot_m
    )


def turned(pose: CameraPose, pan_deg: float, tilt_deg: float) -> CameraPose:
    """The same camera, turned a little."""
    return replace(pose, pan_deg=pose.pan_deg + pan_deg, tilt_deg=pose.tilt_deg + tilt_deg)


def clipped(polygon_m: Array, pose: CameraPose, near_m: float = NEAR_M) -> Array:
    """The part of a 3D polygon (n, 3) that lies in front of the camera; (0, 3) when none does."""
    depth = (polygon_m - pose.eye) @ pose.rotation[2] - near_m
    if (depth >= 0).all():
        return polygon_m
    if (depth < 0).all():
        return np.empty((0, 3))
    kept: list[Array] = []
    for here, there, a, b in zip(polygon_m, np.roll(polygon_m, -1, axis=0), depth, np.roll(depth, -1), strict=True):
        if a >= 0:
            kept.append(here)
        if (a >= 0) != (b >= 0):
            kept.append(here + (there - here) * (a / (a - b)))
    return np.array(kept)

"""How a camera turned, seen in its pictures: points of a key picture are found again in those that follow.

Each picture is compared with a key picture, not with the one before, so errors do not add up until the camera has
turned on and another key is needed. What moves by itself is left out as long as most of the picture stands.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from console.tracking.camera import CameraView
from console.tracking.distortion import Array

MOST_WIDTH = 960
"""Wider pictures are halved until they are no wider: a point is found within a twentieth of a pixel all the same."""
MOST_PICTURES = 1000
_POINTS, _LEAST_POINTS, _LEAST_PART = 160, 12, 0.4
_QUALITY, _APART_PART = 0.01, 1 / 60
_WINDOW = (21, 21)
_ROUNDS, _SIGMAS = 5, 4.5
_OFF_PX, _MOST_OFF_PART = 0.3, 1 / 200
"""A point may always be off so many pixels, and never more than that part of the width: it went its own way."""
_NEW_KEY_PART = 0.2
"""A new key is taken when the middle of the picture has moved by so much of its width."""

_FAR_M = 1e4

Luma = NDArray[np.uint8]
Points = NDArray[np.float32]


@dataclass(frozen=True)
class Turning:
    """The camera's rotations against the first picture; `rotations[i]` takes its right, down, forward to those of i."""

    instants_ns: Array
    rotations: Array
    """(n, 3, 3)"""


@dataclass(frozen=True)
class Turns:
    """How far a camera turned between the two pictures of each of some pairs, oldest first."""

    from_ns: Array
    to_ns: Array
    angles_deg: Array
    """(n, 2): pan and tilt in the world."""


@dataclass(frozen=True)
class _Key:
    luma: Luma
    points: Points
    rotation: Array


class PictureTurning:
    """Follows one camera's pictures. A zoom that is moved, or a cut, makes it begin anew."""

    def __init__(self, focal: float = 1.35) -> None:
        """`focal` in picture widths; if it is wrong, all angles are by that factor."""
        self._focal = focal
        self._key: _Key | None = None
        self._instants: list[int] = []
        self._rotations: list[Array] = []

    @property
    def turning(self) -> Turning:
        """All that was seen since it last began anew."""
        rotations = np.array(self._rotations).reshape(-1, 3, 3)
        return Turning(np.array(self._instants, np.float64), rotations)

    def add(self, luma: Luma, instant_ns: int) -> bool:
        """Take the next picture, as grey values; False when it does not go on from the one before."""
        luma = reduced(luma)
        found = self._found(luma) if self._instants and instant_ns > self._instants[-1] else None
        if found is None:
            self._instants, self._rotations = [instant_ns], [np.eye(3)]
            self._take_key(luma)
            return False
        rotation, enough = found
        self._instants.append(instant_ns)
        self._rotations.append(rotation)
        del self._instants[:-MOST_PICTURES], self._rotations[:-MOST_PICTURES]
        if not enough:
            self._take_key(luma)
        return True

    def _take_key(self, luma: Luma) -> None:
        self._key = _Key(luma, _corners(luma), self._rotations[-1])

    def _found(self, luma: Luma) -> tuple[Array, bool] | None:
        """The rotation of a picture, and whether the key will do for the next one too; None when it is lost."""
        key = self._key
        if key is None or key.luma.shape != luma.shape or len(key.points) < _LEAST_POINTS:
            return None
        rays = self._rays(key.points, luma)
        last = self._rotations[-1] @ key.rotation.T
        moved, ok = _found_again(key.luma, luma, key.points, self._pixels(rays @ last.T, luma))
        if ok.sum() < _LEAST_POINTS:
            return None
        moved_rays = self._rays(moved[ok], luma)
        turn, inside = _rotation(rays[ok], moved_rays, last, self._focal * luma.shape[1], luma.shape[1])
        if inside < max(_LEAST_POINTS, _LEAST_PART * len(rays)):
            return None
        centre = turn[:2, 2] / turn[2, 2] * self._focal
        return turn @ key.rotation, bool(np.hypot(*centre) < _NEW_KEY_PART and inside > 0.6 * len(rays))

    def _rays(self, points: Points, luma: Luma) -> Array:
        height, width = luma.shape
        flat = (points.reshape(-1, 2) + 0.5 - (width / 2, height / 2)) / (self._focal * width)
        rays = np.concatenate((flat, np.ones((len(flat), 1))), axis=1)
        return np.asarray(rays / np.linalg.norm(rays, axis=1, keepdims=True), np.float64)

    def _pixels(self, rays: Array, luma: Luma) -> Points:
        height, width = luma.shape
        flat = rays[:, :2] / np.maximum(rays[:, 2:], 0.1) * (self._focal * width)
        middle = np.array((width / 2 - 0.5, height / 2 - 0.5))
        return np.asarray(flat + middle, np.float32).reshape(-1, 1, 2)


def reduced(luma: Luma) -> Luma:
    """A picture halved until it is small enough to look at."""
    while luma.shape[1] > MOST_WIDTH:
        luma = np.asarray(cv2.resize(luma, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
    return luma


def _corners(luma: Luma) -> Points:
    """Points (n, 1, 2) that can be found again, where 0, 0 is the middle of the first pixel."""
    points = cv2.goodFeaturesToTrack(luma, _POINTS, _QUALITY, luma.shape[1] * _APART_PART)
    return np.empty((0, 1, 2), np.float32) if points is None else np.asarray(points, np.float32)


def _found_again(before: Luma, after: Luma, points: Points, guess: Points) -> tuple[Points, NDArray[np.bool_]]:
    """Where points of a picture are in another, looked for around a guess; and which of them were found."""
    moved, told, _ = cv2.calcOpticalFlowPyrLK(
        before, after, points, guess.copy(), winSize=_WINDOW, maxLevel=3, flags=cv2.OPTFLOW_USE_INITIAL_FLOW
    )
    found = np.asarray(moved, np.float32)
    return found, (np.asarray(told).ravel() > 0) & np.isfinite(found).all(axis=(1, 2))


def turned_between(before: Luma, after: Luma, one: CameraView, other: CameraView) -> tuple[float, float] | None:
    """How far a camera panned and tilted from one picture to another of the same size, in degrees.

    The views are where it is thought to have been, within some degrees, and say what its lens does, so the zoom may
    move in between. None when the pictures do not show it.
    """
    points = _corners(before)
    if len(points) < _LEAST_POINTS or before.shape != after.shape:
        return None
    rays = _camera_rays(one, points)
    guess = other.rotation @ one.rotation.T
    expected, _ = other.project(other.position_m + rays @ one.rotation * _FAR_M)
    start = np.asarray(expected - 0.5, np.float32).reshape(-1, 1, 2)
    moved, ok = _found_again(before, after, points, start)
    if ok.sum() < _LEAST_POINTS:
        return None
    turn, inside = _rotation(rays[ok], _camera_rays(other, moved[ok]), guess, other.focal_px, before.shape[1])
    if inside < max(_LEAST_POINTS, _LEAST_PART * len(rays)):
        return None
    (pan, tilt), (pan_before, tilt_before) = (_direction(r) for r in (turn @ one.rotation, one.rotation))
    return math.remainder(pan - pan_before, 360.0), tilt - tilt_before


def _camera_rays(seen: CameraView, points: Points) -> Array:
    """Directions of points (n, 1, 2) in the camera's own axes (n, 3)."""
    return np.asarray(seen.ray(points.reshape(-1, 2).astype(np.float64) + 0.5) @ seen.rotation.T, np.float64)


def _direction(rotation: Array) -> tuple[float, float]:
    """Pan and tilt of where a camera looks, in degrees."""
    x, y, z = rotation[2].tolist()
    return math.degrees(math.atan2(x, y)), math.degrees(math.asin(min(max(z, -1.0), 1.0)))


def _rotation(before: Array, after: Array, guess: Array, focal_px: float, width: int) -> tuple[Array, int]:
    """The rotation that takes most rays (n, 3) to those after, and how many of them it does.

    It begins with those that go the way that most go, so some that go another way together do not lead it astray.
    """
    gone = (after - before @ guess.T) * focal_px
    off_px = np.linalg.norm(gone - np.median(gone, axis=0), axis=1)
    for _ in range(_ROUNDS):
        kept = off_px <= np.clip(_SIGMAS * float(np.median(off_px)), _OFF_PX, width * _MOST_OFF_PART)
        if kept.sum() < 3:
            return guess, 0
        left, _, right = np.linalg.svd(after[kept].T @ before[kept])
        turn = left @ np.diag([1.0, 1.0, np.linalg.det(left @ right)]) @ right
        off_px = np.linalg.norm(before @ turn.T - after, axis=1) * focal_px
    return turn, int(kept.sum())

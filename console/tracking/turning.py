"""How a camera turned, seen in its pictures: points of a key picture are found again in those that follow.

Each picture is compared with a key picture, not with the one before, so errors do not add up until the camera has
turned on and another key is needed. What moves by itself is left out as long as most of the picture stands.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

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

Luma = NDArray[np.uint8]


@dataclass(frozen=True)
class Turning:
    """The camera's rotations against the first picture; `rotations[i]` takes its right, down, forward to those of i."""

    instants_ns: Array
    rotations: Array
    """(n, 3, 3)"""


@dataclass(frozen=True)
class _Key:
    luma: Luma
    points: NDArray[np.float32]
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
        while luma.shape[1] > MOST_WIDTH:
            luma = np.asarray(cv2.resize(luma, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
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
        apart = luma.shape[1] * _APART_PART
        points = cv2.goodFeaturesToTrack(luma, _POINTS, _QUALITY, apart)
        kept = np.empty((0, 1, 2), np.float32) if points is None else np.asarray(points, np.float32)
        self._key = _Key(luma, kept, self._rotations[-1])

    def _found(self, luma: Luma) -> tuple[Array, bool] | None:
        """The rotation of a picture, and whether the key will do for the next one too; None when it is lost."""
        key = self._key
        if key is None or key.luma.shape != luma.shape or len(key.points) < _LEAST_POINTS:
            return None
        rays = self._rays(key.points, luma)
        last = self._rotations[-1] @ key.rotation.T
        guess = self._pixels(rays @ last.T, luma)
        flags = cv2.OPTFLOW_USE_INITIAL_FLOW
        moved, told, _ = cv2.calcOpticalFlowPyrLK(
            key.luma, luma, key.points, guess.copy(), winSize=_WINDOW, maxLevel=3, flags=flags
        )
        ok = (np.asarray(told).ravel() > 0) & np.isfinite(moved).all(axis=(1, 2))
        if ok.sum() < _LEAST_POINTS:
            return None
        moved_rays = self._rays(np.asarray(moved, np.float32)[ok], luma)
        turn, inside = _rotation(rays[ok], moved_rays, last, self._focal * luma.shape[1], luma.shape[1])
        if inside < max(_LEAST_POINTS, _LEAST_PART * len(rays)):
            return None
        centre = turn[:2, 2] / turn[2, 2] * self._focal
        return turn @ key.rotation, bool(np.hypot(*centre) < _NEW_KEY_PART and inside > 0.6 * len(rays))

    def _rays(self, points: NDArray[np.float32], luma: Luma) -> Array:
        height, width = luma.shape
        flat = (points.reshape(-1, 2) + 0.5 - (width / 2, height / 2)) / (self._focal * width)
        rays = np.concatenate((flat, np.ones((len(flat), 1))), axis=1)
        return np.asarray(rays / np.linalg.norm(rays, axis=1, keepdims=True), np.float64)

    def _pixels(self, rays: Array, luma: Luma) -> NDArray[np.float32]:
        height, width = luma.shape
        flat = rays[:, :2] / np.maximum(rays[:, 2:], 0.1) * (self._focal * width)
        middle = np.array((width / 2 - 0.5, height / 2 - 0.5))
        return np.asarray(flat + middle, np.float32).reshape(-1, 1, 2)


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

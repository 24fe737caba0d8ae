"""Colours and brushes: everything is painted on canvases of four channels Y, U, V and spare.

BT.709 limited range, so that nothing is converted per frame; the fourth channel is there because OpenCV warps four
channels more than twice as fast as three.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from console.demo.optics import CameraPose, clipped
from console.demo.race import Array

Canvas: TypeAlias = NDArray[np.uint8]
"""Shape (height, width, 4): Y, U, V, spare."""
Paint: TypeAlias = tuple[float, float, float, float]
Rgb: TypeAlias = tuple[float, float, float]

SHIFT = 4
_ONE = 1 << SHIFT
_FAR_PX = 30_000.0
_MATRIX = np.array([
    [0.2126, 0.7152, 0.0722],
    [-0.2126 / 1.8556, -0.7152 / 1.8556, 0.9278 / 1.8556],
    [0.7874 / 1.5748, -0.7152 / 1.5748, -0.0722 / 1.5748],
]) * np.array([[219], [224], [224]]) / 255  # fmt: skip
_OFFSET = np.array([16.0, 128.0, 128.0])


@lru_cache(maxsize=4096)
def paint(rgb: Rgb, light: float = 1.0) -> Paint:
    """The brush for a colour 0..255, lit more or less."""
    y, u, v = _MATRIX @ np.clip(np.asarray(rgb, np.float64) * light, 0, 255) + _OFFSET
    return float(round(y)), float(round(u)), float(round(v)), 255.0


def mixed(a: Rgb, b: Rgb, part: float) -> Rgb:
    """A colour between two."""
    return (a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part, a[2] + (b[2] - a[2]) * part)


def converted(rgb: NDArray[np.uint8]) -> Canvas:
    """A canvas of an RGB picture of shape (height, width, 3)."""
    yuv = cv2.transform(rgb, np.hstack((_MATRIX, _OFFSET[:, None])))
    return np.ascontiguousarray(np.dstack((yuv, np.full(rgb.shape[:2], 255, np.uint8))))


def fixed(points_px: Array) -> NDArray[np.int32]:
    """Points as OpenCV's fixed point numbers."""
    return np.rint(np.clip(points_px, -_FAR_PX, _FAR_PX) * _ONE).astype(np.int32)


def fill(canvas: Canvas, points_px: Array, colour: Paint) -> None:
    """A convex polygon with smooth edges."""
    cv2.fillConvexPoly(canvas, fixed(points_px), colour, cv2.LINE_AA, SHIFT)


def face(canvas: Canvas, pose: CameraPose, corners_m: Array, colour: Paint) -> None:
    """A flat convex polygon of the world, shape (n, 3)."""
    seen = clipped(corners_m, pose)
    if len(seen) >= 3:
        pixels, _ = pose.project(seen, canvas.shape[1], canvas.shape[0])
        low, high = pixels.min(axis=0), pixels.max(axis=0)
        if high[0] >= 0 and high[1] >= 0 and low[0] < canvas.shape[1] and low[1] < canvas.shape[0]:
            fill(canvas, _inside(pixels, canvas), colour)


def _inside(pixels: Array, canvas: Canvas) -> Array:
    """The polygon cut to a generous frame, so that fixed point numbers hold it."""
    height, width = canvas.shape[:2]
    if np.abs(pixels).max() < _FAR_PX:
        return pixels
    for axis, sign, limit in ((0, 1, -64.0), (0, -1, -(width + 64.0)), (1, 1, -64.0), (1, -1, -(height + 64.0))):
        distance = sign * pixels[:, axis] - limit
        kept: list[Array] = []
        for here, there, a, b in zip(pixels, np.roll(pixels, -1, axis=0), distance, np.roll(distance, -1), strict=True):
            if a >= 0:
                kept.append(here)
            if (a >= 0) != (b >= 0):
                kept.append(here + (there - here) * (a / (a - b)))
        pixels = np.array(kept) if kept else np.full((3, 2), -64.0)
    return pixels


def flat(x0: float, y0: float, x1: float, y1: float, z: float = 0.0) -> Array:
    """The corners of a level rectangle."""
    return np.array([[x0, y0, z], [x1, y0, z], [x1, y1, z], [x0, y1, z]])


def mips(texture: Canvas) -> tuple[Canvas, ...]:
    """A texture and its halves, down to 8 pixels."""
    levels = [texture]
    while min(levels[-1].shape[:2]) >= 16:
        last = levels[-1]
        levels.append(
            np.asarray(
                cv2.resize(last, (last.shape[1] // 2, last.shape[0] // 2), interpolation=cv2.INTER_AREA), np.uint8
            )
        )
    return tuple(levels)


def hang(canvas: Canvas, pose: CameraPose, corners_m: Array, levels: Sequence[Canvas]) -> None:
    """A picture on a quadrilateral of the world: corners (4, 3) top left, top right, bottom right, bottom left."""
    pixels, depth = pose.project(corners_m, canvas.shape[1], canvas.shape[0])
    if depth.min() <= NEAR_QUAD_M:
        return
    left, top = np.maximum(np.floor(pixels.min(axis=0)).astype(int) - 1, 0)
    right = min(int(np.ceil(pixels[:, 0].max())) + 2, canvas.shape[1])
    bottom = min(int(np.ceil(pixels[:, 1].max())) + 2, canvas.shape[0])
    if right - left < 2 or bottom - top < 2:
        return
    spread = np.linalg.norm(pixels - np.roll(pixels, -1, axis=0), axis=1)
    size = max(spread[0], spread[2]) / levels[0].shape[1], max(spread[1], spread[3]) / levels[0].shape[0]
    level = min(max(int(np.floor(-np.log2(max(min(size), 1e-6)) + 0.25)), 0), len(levels) - 1)
    source = levels[level]
    height, width = source.shape[:2]
    corners = np.array(
        [[-0.5, -0.5], [width - 0.5, -0.5], [width - 0.5, height - 0.5], [-0.5, height - 0.5]], np.float32
    )
    to = cv2.getPerspectiveTransform(corners, (pixels - (left, top)).astype(np.float32))
    window = canvas[top:bottom, left:right]
    drawn = cv2.warpPerspective(source, to, (right - left, bottom - top), borderMode=cv2.BORDER_REPLICATE)
    mask = np.zeros(drawn.shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, fixed(pixels - (left, top)), 255, cv2.LINE_8, SHIFT)
    cv2.copyTo(drawn, mask, window)


NEAR_QUAD_M = 0.5

"""From polygons and bodies in the world to polygons in the picture: clipped to what the camera can see.

What is behind the camera or far outside the picture is cut off before it is projected, so that nothing is mirrored
and no coordinate is beyond what a painter takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from console.graphics.moment import Array
from console.tracking.camera import NEAR_M, CameraView

Indexes: TypeAlias = NDArray[np.intp]

FARTHEST_M = 1e5
"""Positions beyond are absurd."""
_MARGIN = 1.5
"""How far outside the picture is still projected rather than cut, in pictures."""
_CAP = np.linspace(-np.pi / 2, np.pi / 2, 5)
NOWHERE: Array = np.empty((0, 2))


def sane(points_m: Array) -> bool:
    """Whether all of these are places in a venue: finite, and not absurdly far away."""
    return bool((np.abs(points_m) < FARTHEST_M).all())  # nan is not


def project_polygons(view: CameraView, polygons_m: Sequence[Array]) -> list[Array]:
    """The pixels (m, 2) of each polygon (n, 3), clipped; (0, 2) of what is out of sight or not `sane`."""
    if not polygons_m:
        return []
    points = np.concatenate(polygons_m)
    starts = np.cumsum([0] + [len(one) for one in polygons_m[:-1]])
    good = np.abs(points) < FARTHEST_M
    bad = np.logical_or.reduceat(~good.all(axis=1), starts)
    pixels, depth = view.project(np.where(good, points, 0.0))
    near = np.minimum.reduceat(depth, starts)
    low, high = np.minimum.reduceat(pixels, starts), np.maximum.reduceat(pixels, starts)
    size = np.array([view.width, view.height])
    whole = (near > NEAR_M) & (low > -size * _MARGIN).all(axis=1) & (high < size * (1 + _MARGIN)).all(axis=1)
    seen = (high > 0).all(axis=1) & (low < size).all(axis=1)
    hidden = bad | (np.maximum.reduceat(depth, starts) <= NEAR_M) | (whole & ~seen)
    found: list[Array] = []
    for polygon, start, is_hidden, is_whole in zip(
        polygons_m, starts.tolist(), hidden.tolist(), whole.tolist(), strict=True
    ):
        if is_hidden:
            found.append(NOWHERE)
        elif is_whole:
            found.append(pixels[start : start + len(polygon)])
        else:
            found.append(_clipped(view, polygon))
    return found


def _clipped(view: CameraView, polygon_m: Array) -> Array:
    """A polygon's pixels, cut at the near plane and at the sides of a view wider than the picture."""
    eyes = (polygon_m - view.position_m) @ view.rotation.T
    across = (_MARGIN + 0.5) * view.width / view.focal_px
    down = (_MARGIN + 0.5) * view.height / view.focal_px
    planes = ((0, 0, 1), (-1, 0, across), (1, 0, across), (0, -1, down), (0, 1, down))
    for number, plane in enumerate(planes):
        eyes = _cut(eyes, eyes @ np.array(plane, np.float64) - (NEAR_M * 1.001 if number == 0 else 0.0))
        if len(eyes) < 3:
            return NOWHERE
    pixels, _ = view.project(eyes @ view.rotation + view.position_m)
    size = np.array([view.width, view.height])
    return pixels if (pixels.max(axis=0) > 0).all() and (pixels.min(axis=0) < size).all() else NOWHERE


def _cut(points: Array, inside: Array) -> Array:
    """The part of a polygon where `inside` (n,), linear over it, is at least 0 (Sutherland and Hodgman)."""
    within: list[bool] = (inside >= 0).tolist()
    if all(within):
        return points
    kept: list[Array] = []
    for at in range(len(points)):
        before = at - 1
        if within[at] != within[before]:
            part = inside[before] / (inside[before] - inside[at])
            kept.append(points[before] + (points[at] - points[before]) * part)
        if within[at]:
            kept.append(points[at])
    return np.array(kept) if kept else np.empty((0, 3))


def project_points(view: CameraView, points_m: Array) -> tuple[Array, Array]:
    """Pixels (n, 2) and depths (n,); the depth of what is behind the camera or not `sane` is nan."""
    good = np.asarray((np.abs(points_m) < FARTHEST_M).all(axis=-1))
    pixels, depth = view.project(np.where(good[..., None], points_m, 0.0))
    return pixels, np.where(good & (depth > NEAR_M), depth, np.nan)


def project_capsules(
    view: CameraView, ends_m: Array, radius_m: Array, least_px: float = 0.0
) -> tuple[Array, Array, Indexes]:
    """Ends (m, 2, 2) and radii (m, 2) in pixels of capsules (n, 2, 3) that are in sight, and which these are (m,).

    `radius_m` is (n,); in the picture a radius is at least `least_px`.
    """
    pixels, depth = project_points(view, ends_m.reshape(-1, 3))
    pixels, depth = pixels.reshape(-1, 2, 2), depth.reshape(-1, 2)
    with np.errstate(invalid="ignore"):
        radius = np.maximum(radius_m[:, None] * view.focal_px / depth, least_px)
    low, high = (pixels - radius[..., None]).min(axis=1), (pixels + radius[..., None]).max(axis=1)
    size = np.array([view.width, view.height])
    kept = np.isfinite(radius).all(axis=1) & (high > 0).all(axis=1) & (low < size).all(axis=1)
    kept = np.asarray(kept & (high - low < size * 4).all(axis=1))
    return pixels[kept], radius[kept], np.flatnonzero(kept)


def capsule_outlines(ends: Array, radius: Array) -> Array:
    """Outlines (m, 10, 2) of capsules with ends (m, 2, 2) and radii (m, 2)."""
    along = ends[:, 1] - ends[:, 0]
    angle = np.arctan2(along[:, 1], along[:, 0])[:, None]
    outline = []
    for end, turn in ((1, angle + _CAP), (0, angle + _CAP + np.pi)):
        rim = np.stack((np.cos(turn), np.sin(turn)), axis=-1)
        outline.append(ends[:, end, None] + rim * radius[:, end, None, None])
    return np.concatenate(outline, axis=1)

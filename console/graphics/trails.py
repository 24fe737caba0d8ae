"""A trail as a band on the ground, in pieces of one colour each: the colour is the speed."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from console.graphics.colours import speed_map, speed_steps
from console.graphics.moment import Array
from console.graphics.paint import SHADE, Rgba
from console.graphics.shapes import SHADE_M

_STRIDE, _CHUNK = 4, 10


def pieces_of(trail: Array, width_m: float, top_mps: float, on_ground: bool) -> list[tuple[Array, Rgba]]:
    """A band that widens from its oldest point, in pieces of one colour each, on a dark one."""
    points = trail[(np.abs(trail[:, :3]) < 1e5).all(axis=1)]
    if len(points) < 2:
        return []
    places = points[:, :3].copy()
    if on_ground:
        places[:, 2] = 0.0
    moved = np.concatenate(([True], np.hypot(*np.diff(places[:, :2], axis=0).T) > 0.01))
    places, steps = places[moved], speed_steps(points[moved, 3], top_mps)
    kept = _enough(steps)
    places, steps = places[kept], steps[kept]
    if len(places) < 2:
        return []
    along = np.empty((len(places), 2))
    along[1:-1] = places[2:, :2] - places[:-2, :2]
    along[0], along[-1] = places[1, :2] - places[0, :2], places[-1, :2] - places[-2, :2]
    length = np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-9)
    side = np.stack((-along[:, 1] / length, along[:, 0] / length, np.zeros_like(length)), axis=1)
    travelled = np.concatenate(([0.0], np.cumsum(length[1:] + length[:-1])))
    widening = np.minimum(travelled / (travelled[-1] * 0.45), 1.0)[:, None]
    out = side * widening * (width_m / 2)
    left, right = places + out, places - out
    shade = 1 + 2 * SHADE_M / width_m
    beyond = places.copy()
    beyond[-1, :2] += along[-1] / length[-1] * SHADE_M
    rims = beyond + out * shade, beyond - out * shade
    # In chunks, which together are painted quicker than a long slanting polygon.
    parts: list[tuple[Array, Rgba]] = [
        (np.concatenate((rims[0][at : at + _CHUNK + 1], rims[1][at : at + _CHUNK + 1][::-1])), SHADE)
        for at in range(0, len(places) - 1, _CHUNK)
    ]
    cuts = [0, *(np.flatnonzero(np.diff(steps)) + 1).tolist(), len(places) - 1]
    colours = speed_map()
    for start, end in pairwise(cuts):
        if end <= start:
            continue
        outline = [left[start : end + 1], right[start : end + 1][::-1]]
        if start:  # a tongue over the piece before, or the ground would show between them; not to its edges
            tongue = out[start - 1] * 0.75
            outline.append(np.array([places[start - 1] - tongue, places[start - 1] + tongue]))
        parts.append((np.concatenate(outline), colours[int(steps[start])]))
    return parts


def _enough(steps: Array) -> NDArray[np.bool_]:
    """Which points of a trail are needed: every one where the colour changes, and one of `_STRIDE` between.

    They are counted from where the colour changed, so the same points stay as the trail moves on.
    """
    new = np.concatenate(([True], np.diff(steps) != 0))
    since = np.arange(len(steps)) - np.maximum.accumulate(np.where(new, np.arange(len(steps)), 0))
    kept = np.asarray(since % _STRIDE == 0, np.bool_)
    kept[-1:] = True
    return kept

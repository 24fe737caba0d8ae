"""Trails as bands on the ground, in pieces of one colour each: the colour is the speed.

All trails of an element are worked out together: for a few dozen points each, calling numpy costs more than it does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from console.graphics.colours import speed_map, speed_steps
from console.graphics.geometry import FARTHEST_M, Indexes
from console.graphics.moment import Array
from console.graphics.paint import SHADE, Rgba
from console.graphics.shapes import SHADE_M

_STRIDE, _CHUNK = 6, 8
_TAIL = 0.45
"""The share of its length in which a trail widens."""


def pieces_of(
    trails: Sequence[Array], width_m: float, top_mps: float, on_ground: bool
) -> list[list[tuple[Array, Rgba]]]:
    """For each trail (n, 4) a band that widens from its oldest point, in pieces of one colour each, on a dark one.

    A trail that goes nowhere has no pieces.
    """
    found: list[list[tuple[Array, Rgba]]] = [[] for _ in trails]
    if not trails:
        return found
    owner = np.repeat(np.arange(len(trails)), [len(one) for one in trails])
    owner, places, steps = _needed(owner, np.concatenate(trails), top_mps, on_ground)
    if not len(owner):
        return found
    begins, ends = np.diff(owner, prepend=-1) != 0, np.diff(owner, append=-1) != 0
    at = np.arange(len(owner))
    first = np.maximum.accumulate(np.where(begins, at, 0))
    out, beyond = _sideways(places, first, ends, width_m)
    dark = out * (1 + 2 * SHADE_M / width_m)
    for whose, outline in _outlines(
        owner, begins | ends | ((at - first) % _CHUNK == 0), (beyond + dark, beyond - dark)
    ):
        found[int(owner[whose])].append((outline, SHADE))
    # A tongue over the piece before, or the ground would show between them; not to its edges.
    tongue = np.roll(out * 0.75, 1, axis=0), np.roll(places, 1, axis=0)
    table = places + out, places - out, tongue[1] - tongue[0], tongue[1] + tongue[0]
    colours = speed_map()
    for whose, outline in _outlines(owner, begins | ends | (np.diff(steps, prepend=-1.0) != 0), table, first):
        found[int(owner[whose])].append((outline, colours[int(steps[whose])]))
    return found


def _sideways(places: Array, first: Indexes, ends: NDArray[np.bool_], width_m: float) -> tuple[Array, Array]:
    """From each point to the band's left edge, and the points themselves with the last ones a little further on."""
    at = np.arange(len(places))
    along = (places[np.where(ends, at, np.minimum(at + 1, len(at) - 1))] - places[np.maximum(at - 1, first)])[:, :2]
    length = np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-9)
    travelled = np.cumsum(length + np.roll(length, 1))
    travelled -= travelled[first]
    starts = np.flatnonzero(first == at)
    sizes = np.diff(starts, append=len(at))
    whole = np.repeat(travelled[starts + sizes - 1], sizes)
    share = np.minimum(travelled / np.maximum(whole * _TAIL, 1e-9), 1.0)
    out = np.zeros_like(places)
    out[:, 0], out[:, 1] = -along[:, 1], along[:, 0]
    out *= (share * (width_m / 2) / length)[:, None]
    beyond = places.copy()
    beyond[ends, :2] += along[ends] / length[ends, None] * SHADE_M
    return out, beyond


def _outlines(
    owner: Indexes, cuts: NDArray[np.bool_], edges: tuple[Array, ...], first: Indexes | None = None
) -> Iterator[tuple[int, Array]]:
    """The band from each cut to the next, as the index of its first point and its outline (n, 3).

    `edges` are the left and the right one, then two points that close the outline where it is not the first of its
    owner, if `first` says where these begin.
    """
    at = np.flatnonzero(cuts)
    start, end = at[:-1], at[1:]
    same = owner[start] == owner[end]
    start, end = start[same], end[same]
    long = end - start + 1
    more = 0 if first is None else 2 * (start > first[start])
    sizes = 2 * long + more
    stops = np.cumsum(sizes)
    if not len(stops):
        return
    a, b, n = (np.repeat(each, sizes) for each in (start, end, long))
    step = np.arange(stops[-1]) - np.repeat(stops - sizes, sizes)
    count = len(owner)
    closing = (step - 2 * n + 2) * count + a
    index = np.where(step < n, a + step, np.where(step < 2 * n, count + b - (step - n), closing))
    points = np.concatenate(edges)[index]
    for begin, stop, whose in zip((stops - sizes).tolist(), stops.tolist(), start.tolist(), strict=True):
        yield whose, points[begin:stop]


def _needed(owner: Indexes, points: Array, top_mps: float, on_ground: bool) -> tuple[Indexes, Array, Array]:
    """Whose, where and of which colour are the points that are needed.

    These are the first and last one of each trail, those where the colour changes, and one of `_STRIDE` between. They
    are counted from where the colour changed, so the same points stay as the trail moves on.
    """
    good = (np.abs(points[:, :3]) < FARTHEST_M).all(axis=1)
    owner, points = owner[good], points[good]
    places = points[:, :3].copy()
    if on_ground:
        places[:, 2] = 0.0
    moved = np.diff(owner, prepend=-1) != 0
    moved[1:] |= np.hypot(*np.diff(places[:, :2], axis=0).T) > 0.01
    owner, places, steps = owner[moved], places[moved], speed_steps(points[moved, 3], top_mps)
    new = (np.diff(owner, prepend=-1) != 0) | (np.diff(steps, prepend=-1.0) != 0)
    at = np.arange(len(steps))
    kept = (at - np.maximum.accumulate(np.where(new, at, 0))) % _STRIDE == 0
    kept |= np.diff(owner, append=-1) != 0
    return owner[kept], places[kept], steps[kept]

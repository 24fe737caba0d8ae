"""Lenses: tables of what a lens does at each zoom and focus."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby, pairwise
from typing import TypeAlias

from console.errors import ConsoleError
from console.show.world import LensRow

DEFAULT_TABLE = (LensRow(),)
"""The table of a camera of which nothing was measured."""


@dataclass(frozen=True, slots=True)
class Optics:
    """A lens at one instant. Lengths are in picture widths, but for the pupil."""

    focal: float
    centre: tuple[float, float] = (0.0, 0.0)
    """Where the axis meets the picture, from its middle; y is down."""
    distortion: tuple[float, ...] = ()
    """In OpenCV's order, k1 k2 p1 p2 k3 and then k4 k5 k6; empty: none."""
    pupil_m: float = 0.0
    """How far the entrance pupil lies before the tracked point, along the axis."""


_Values: TypeAlias = tuple[float, ...]
_Curve: TypeAlias = tuple[tuple[float, ...], tuple[_Values, ...]]
"""Settings, ascending, and the values at each."""


def _values(row: LensRow) -> _Values:
    return (row.focal, row.centre_x, row.centre_y, row.k1, row.k2, row.p1, row.p2, row.k3, row.pupil_m)


@lru_cache(maxsize=64)
def _curves(table: tuple[LensRow, ...]) -> tuple[tuple[float, ...], tuple[_Curve, ...]]:
    """The zooms of a table, and of each the curve over the focus. Raises ConsoleError."""
    if not table:
        raise ConsoleError("The lens table is empty", "One row at least is needed, as of a fixed lens")
    for row in table:
        if not all(math.isfinite(number) for number in (row.zoom, row.focus, *_values(row))):
            raise ConsoleError(
                f"The lens table's row for zoom {row.zoom:g}, focus {row.focus:g} has a value that is no number"
            )
    rows = sorted(table, key=lambda row: (row.zoom, row.focus))
    for one, other in pairwise(rows):
        if (one.zoom, one.focus) == (other.zoom, other.focus):
            raise ConsoleError(
                f"The lens table has two rows for zoom {one.zoom:g}, focus {one.focus:g}", "Take one of them out"
            )
    zooms, curves = [], []
    for zoom, group in groupby(rows, key=lambda row: row.zoom):
        same = tuple(group)
        zooms.append(zoom)
        curves.append((tuple(row.focus for row in same), tuple(_values(row) for row in same)))
    return tuple(zooms), tuple(curves)


def _between(settings: tuple[float, ...], setting: float | None, name: str) -> tuple[int, int, float]:
    """The neighbours of a setting, and how far it is from the first to the second."""
    if len(settings) == 1:
        return 0, 0, 0.0
    if setting is None or not math.isfinite(setting):
        raise ConsoleError(
            f"The lens table has several rows by {name}, but the camera does not tell its {name}",
            "Keep one row, or have the tracker send it",
        )
    after = min(max(bisect_right(settings, setting), 1), len(settings) - 1)
    low, high = settings[after - 1], settings[after]
    return after - 1, after, min(max((setting - low) / (high - low), 0.0), 1.0)


def _mixed(one: _Values, other: _Values, part: float) -> _Values:
    return tuple(a + (b - a) * part for a, b in zip(one, other, strict=True))


def optics_at(table: tuple[LensRow, ...], zoom: float | None, focus: float | None) -> Optics:
    """The lens at a zoom and focus: linear between the rows next to it, held outside of them.

    Every zoom may have its own focuses. Raises ConsoleError: an empty table, two rows for one setting, a setting that
    is needed and not known.
    """
    zooms, curves = _curves(table)

    def at_focus(curve: _Curve) -> _Values:
        first, second, part = _between(curve[0], focus, "focus")
        return _mixed(curve[1][first], curve[1][second], part)

    first, second, part = _between(zooms, zoom, "zoom")
    focal, x, y, *distortion, pupil_m = _mixed(at_focus(curves[first]), at_focus(curves[second]), part)
    return Optics(focal, (x, y), tuple(distortion) if any(distortion) else (), pupil_m)

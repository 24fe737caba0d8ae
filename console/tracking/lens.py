"""Lenses: tables of what a lens does at each zoom and focus, and what OpenTrackIO says of one (OpenLensIO 1.0).

OpenLensIO works in millimetres on the sensor, from its middle, x right and y down: with F the focal length, OpenCV's
coefficients become l1 = k1/F^2, l2 = k4/F^2, l3 = k2/F^4, l4 = k5/F^4, l5 = k3/F^6, l6 = k6/F^6 and q = p/F. (A
published note has q = p/F^2; `tracking.mapping` mends the senders that follow it.) The projection's centre is at
`projectionOffset`, the distortion's at `projectionOffset + distortionOffset`. What maps the distorted picture to the
ideal one ("D-U") is OpenCV's form too, but not OpenCV's direction.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby, pairwise
from typing import TypeAlias

import numpy as np

from console.errors import ConsoleError
from console.show.world import LensRow
from console.tracking.distortion import Array, Coefficients, beyond_belief, fitted, forward, inverse
from console.tracking.opentrackio_sample import DISTORTED_TO_UNDISTORTED, Distortion, Lens, Offset

DEFAULT_TABLE = (LensRow(),)
"""The table of a camera of which nothing was measured."""
UNDISTORTED_TO_DISTORTED = "Brown-Conrady U-D"
GOOD_FIT_WIDTHS = 2.5e-5
"""A model of the other direction that is sent beside the right one is at most so far off: 0.05 px of 1920."""


@dataclass(frozen=True, slots=True)
class Optics:
    """A lens at one instant. Lengths are in picture widths, but for the pupil."""

    focal: float
    centre: tuple[float, float] = (0.0, 0.0)
    """Where the axis meets the picture, from its middle; y is down."""
    distortion: Coefficients = ()
    """In OpenCV's order, k1 k2 p1 p2 k3 and then k4 k5 k6; empty: none."""
    pupil_m: float = 0.0
    """How far the entrance pupil lies before the tracked point, along the axis."""
    undistortion: Coefficients = ()
    """The other direction, where that is what is known; then it counts and `distortion` is fitted to it."""
    offset: tuple[float, float] = (0.0, 0.0)
    """Where the distortion has its centre, from the axis, in focal lengths."""


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


def to_openlensio(coefficients: Coefficients, focal_mm: float) -> tuple[tuple[float, ...], tuple[float, float]]:
    """OpenLensIO's radial and tangential coefficients of OpenCV's, for the same direction."""
    k1, k2, p1, p2, k3, k4, k5, k6 = (*coefficients, *(0.0,) * (8 - len(coefficients)))
    radial = (
        k1 / focal_mm**2,
        k4 / focal_mm**2,
        k2 / focal_mm**4,
        k5 / focal_mm**4,
        k3 / focal_mm**6,
        k6 / focal_mm**6,
    )
    return radial, (p1 / focal_mm, p2 / focal_mm)


def from_openlensio(radial: tuple[float, ...], tangential: tuple[float, ...], focal_mm: float) -> Coefficients:
    """OpenCV's coefficients of OpenLensIO's, for the same direction. Raises ConsoleError when it has more of them."""
    if len(radial) > 6 or len(tangential) > 2:
        raise ConsoleError(
            f"A lens model of {len(radial)} radial and {len(tangential)} tangential coefficients is not known",
            "Brown-Conrady has up to 6 and 2",
        )
    l1, l2, l3, l4, l5, l6 = (*radial, *(0.0,) * (6 - len(radial)))
    q1, q2 = (*tangential, *(0.0,) * (2 - len(tangential)))
    f2 = focal_mm**2
    return (l1 * f2, l3 * f2**2, q1 * focal_mm, q2 * focal_mm, l5 * f2**3, l2 * f2, l4 * f2**2, l6 * f2**3)


def _frame(optics: Optics, sensor_mm: tuple[float, float]) -> Array:
    """A grid over the whole picture, in focal lengths from the distortion's centre."""
    half_height = sensor_mm[1] / sensor_mm[0] / 2
    grid = np.meshgrid(np.linspace(-0.5, 0.5, 17), np.linspace(-half_height, half_height, 11))
    flat = np.stack(grid, axis=-1).reshape(-1, 2)
    return np.asarray((flat - optics.centre) / optics.focal - optics.offset, np.float64)


def _model(lens: Lens, name: str) -> Distortion | None:
    return next((m for m in lens.distortions or () if (m.model or DISTORTED_TO_UNDISTORTED) == name), None)


@lru_cache(maxsize=64)
def optics_of(lens: Lens, sensor_mm: tuple[float, float]) -> Optics:
    """The lens that an OpenTrackIO sample tells, on a sensor of that width and height.

    Its "U-D" model counts where both are sent. Raises ConsoleError: no focal length, no sensor, only models that are
    not known.
    """
    focal_mm, (width_mm, height_mm) = lens.focal_length_mm, sensor_mm
    if focal_mm is None or not all(math.isfinite(mm) and mm > 0 for mm in (focal_mm, width_mm, height_mm)):
        raise ConsoleError(f"A lens of {focal_mm} mm on a sensor of {width_mm:g} x {height_mm:g} mm can't be")
    distorts, undistorts = _model(lens, UNDISTORTED_TO_DISTORTED), _model(lens, DISTORTED_TO_UNDISTORTED)
    chosen = distorts or undistorts
    if lens.distortions and chosen is None:
        raise ConsoleError(f"The lens model {lens.distortions[0].model} is not known", "Calibrate the lens")
    centre, shift = lens.projection_offset, lens.distortion_offset
    optics = Optics(
        focal_mm / width_mm,
        (centre.x_mm / width_mm, centre.y_mm / width_mm) if centre else (0.0, 0.0),
        pupil_m=lens.entrance_pupil_offset_m or 0.0,
        offset=(shift.x_mm / focal_mm, shift.y_mm / focal_mm) if shift else (0.0, 0.0),
    )
    coefficients = from_openlensio(chosen.radial, chosen.tangential or (), focal_mm) if chosen else ()
    if not any(coefficients):
        return optics
    if (wrong := beyond_belief(coefficients, math.hypot(width_mm, height_mm) / 2 / focal_mm)) is not None:
        raise ConsoleError(
            f"A lens can't have {wrong:g} as a coefficient of its distortion", "Look at what its tracker sends"
        )
    if distorts:
        return replace(optics, distortion=coefficients)
    seen = _frame(optics, sensor_mm)
    return replace(optics, undistortion=coefficients, distortion=fitted(forward(seen, coefficients), seen)[0])


def lens_of(optics: Optics, sensor_mm: tuple[float, float]) -> Lens:
    """What to send of a lens: the model that counts, and that of the other direction where it can be had."""
    width_mm = sensor_mm[0]
    focal_mm = optics.focal * width_mm
    seen = _frame(optics, sensor_mm)
    models = []
    if counts := optics.undistortion or optics.distortion:
        names = [UNDISTORTED_TO_DISTORTED, DISTORTED_TO_UNDISTORTED]
        if optics.undistortion:
            names.reverse()
            other, off = fitted(forward(seen, counts), seen)
        else:
            other, off = fitted(seen, inverse(seen, counts))
        both = (counts, other) if off * optics.focal <= GOOD_FIT_WIDTHS else (counts,)
        for name, coefficients in zip(names, both, strict=False):
            radial, tangential = to_openlensio(coefficients, focal_mm)
            models.append(Distortion(model=name, radial=radial, tangential=tangential))
    return Lens(
        focal_length_mm=focal_mm,
        distortions=tuple(models) or None,
        projection_offset=Offset(x_mm=optics.centre[0] * width_mm, y_mm=optics.centre[1] * width_mm),
        distortion_offset=Offset(x_mm=optics.offset[0] * focal_mm, y_mm=optics.offset[1] * focal_mm),
        entrance_pupil_offset_m=optics.pupil_m,
    )

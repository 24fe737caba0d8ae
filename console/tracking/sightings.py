"""What was seen in pictures of the world: known points and lines, and whether they can be told from anything."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from console.errors import ConsoleError
from console.show.world import Point
from console.tracking.mapping import CameraState

Array: TypeAlias = NDArray[np.float64]

FAR_M = 10_000.0
"""Nothing that a camera is calibrated on is further from the origin."""
ONE_PLACE_PX = 4.0
FLAT = 1e-3
"""Points whose spread in one direction is less than this part of their spread lie on a line, or in a plane."""


@dataclass(frozen=True)
class PointSeen:
    """A known point that was pointed at in a picture."""

    name: str
    at_m: Point
    pixel: tuple[float, float]
    """From the picture's corner: (0, 0) is the top left corner of the top left pixel."""
    state: CameraState | None = None
    """What the tracker said of that picture; None for a fixed camera."""


@dataclass(frozen=True)
class LineSeen:
    """A place in a picture that lies somewhere on a known line."""

    name: str
    points_m: tuple[Point, ...]
    """The line in the world, as a polyline (`fields.Line.middle_m`)."""
    pixel: tuple[float, float]
    state: CameraState | None = None


Seen: TypeAlias = PointSeen | LineSeen


def world_points(seen: Sequence[Seen]) -> Array:
    """Every known point, and the ends of every known line, (n, 3)."""
    points = [at for one in seen for at in ((one.at_m,) if isinstance(one, PointSeen) else one.points_m)]
    return np.array(points, np.float64).reshape(-1, 3)


def spreads(points_m: Array) -> Array:
    """How far points spread in their three main directions, greatest first, as parts of the greatest."""
    found = np.linalg.svd(points_m - points_m.mean(axis=0), compute_uv=False)
    three = np.pad(found, (0, max(0, 3 - len(found))))[:3]
    return np.asarray(three / max(float(three[0]), 1e-12), np.float64)


def _instant(state: CameraState | None) -> int | None:
    return state.received_ns if state else None


def equations(seen: Sequence[Seen]) -> int:
    """How many numbers they give: two for each different point of each picture, one for each place on a line."""
    points = {(one.at_m, _instant(one.state)) for one in seen if isinstance(one, PointSeen)}
    on_lines = {(one.points_m, one.pixel, _instant(one.state)) for one in seen if isinstance(one, LineSeen)}
    return 2 * len(points) + len(on_lines)


def check(seen: Sequence[Seen], unknowns: int, tracked: bool) -> None:
    """Raise ConsoleError when a camera can't be told from these: numbers that are none, too few, all on one line."""
    for one in seen:
        world = world_points([one])
        if not (all(map(math.isfinite, one.pixel)) and np.isfinite(world).all()):
            raise ConsoleError(f"{one.name} is at a place that is no number", "Set it anew")
        if not np.abs(world).max(initial=0.0) <= FAR_M:
            raise ConsoleError(f"{one.name} lies more than {FAR_M / 1000:g} km away", "Look at the field's place")
        if tracked and one.state is None:
            raise ConsoleError(f"{one.name} was seen without tracking", "Take a picture while the tracking comes in")
        if isinstance(one, LineSeen) and (len(one.points_m) < 2 or np.ptp(world, axis=0).max() == 0):
            raise ConsoleError(f"{one.name} is a line without length", "Give it two ends")
    have = equations(seen)
    if have < unknowns + 1:  # one more than needed, or nothing would ever disagree
        missing = math.ceil((unknowns + 1 - have) / 2)
        plural = "s" if missing > 1 else ""
        raise ConsoleError(
            f"These points and lines give {have} numbers, {unknowns} are looked for",
            f"Add {missing} point{plural} more",
        )
    if spreads(world_points(seen))[1] < FLAT:
        raise ConsoleError("All the points lie on one line", "Add one away from it")
    pixels = np.array([one.pixel for one in seen])
    if len({_instant(one.state) for one in seen}) == 1 and np.ptp(pixels, axis=0).max() < ONE_PLACE_PX:
        raise ConsoleError("All the points are at one place of the picture", "Set each where it is")

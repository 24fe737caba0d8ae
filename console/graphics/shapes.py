"""What elements are made of: shapes in the world, in metres, ready to be projected and painted."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

import numpy as np

from console.graphics.geometry import Indexes
from console.graphics.labels import Key
from console.graphics.moment import Array
from console.graphics.paint import Rgba
from console.graphics.sprites import Cell, FaceLook

SHADE_M = 0.055
"""How far the dark ground of a bright line shows at each side."""
_TURN = np.linspace(0, 2 * np.pi, 49)
_RIM: Array = np.stack((np.cos(_TURN), np.sin(_TURN), np.zeros_like(_TURN)), axis=1)


class Mixing(Enum):
    """How what lets something through is painted. Painting it over nothing is several times quicker."""

    OVER = "over"
    """It dims what is there already."""
    ALONE = "alone"
    """The same, and none of its own polygons that let something through lies over another."""
    INSTEAD = "instead"
    """It takes the place of what is there."""


@dataclass(frozen=True, eq=False)
class Fill:
    """Polygons in their order, each in its colour."""

    polygons_m: tuple[Array, ...]
    colours: tuple[Rgba, ...]
    opacity: float
    under: bool
    """It lies on the ground: whoever stands there hides it."""
    holding: int = 0
    """No polygon reaches beyond this many of the first; 0: not known."""
    mixing: Mixing = Mixing.OVER


@dataclass(frozen=True, eq=False)
class Face:
    """A picture on a rectangle in the world; corners from the top left, clockwise as it is read."""

    corners_m: Array
    look: FaceLook
    opacity: float
    under: bool
    standing: bool
    """It stands up: only who is nearer hides it."""


@dataclass(frozen=True, eq=False)
class Bones:
    """A skeleton: bones, then knots."""

    ends_m: Array
    """(n, 2, 3); both ends of a knot are the same."""
    radius_m: Array
    parts: Indexes
    """(n,): which of the colours each has."""
    colours: tuple[Rgba, ...]
    opacity: float


@dataclass(frozen=True, eq=False)
class Tag:
    """A plate that points at a place."""

    key: Key
    anchor_m: Array
    rows: tuple[tuple[Cell, ...], ...]
    colour: str
    size: float
    opacity: float


Shape: TypeAlias = Fill | Face | Bones | Tag


def strip(start_m: Array, end_m: Array, width_m: float, pieces: int = 1) -> Array:
    """The outline of a straight strip on the ground, in pieces that a lens can bend; (0, 3) without length."""
    along = end_m - start_m
    length = float(np.hypot(along[0], along[1]))
    if length < 1e-6:
        return np.empty((0, 3))
    side = np.array([-along[1], along[0], 0.0]) / length * width_m / 2
    middle = start_m + along * np.linspace(0, 1, pieces + 1)[:, None]
    return np.concatenate((middle + side, (middle - side)[::-1]))


def ring(centre_m: Array, radius_m: float, width_m: float) -> Array:
    """A ring on the ground as one outline: out along the rim, back along the inner one."""
    inner = max(radius_m - width_m, 0.0)
    return np.concatenate((centre_m + _RIM * radius_m, centre_m + _RIM[::-1] * inner))


def disc(centre_m: Array, radius_m: float) -> Array:
    """A full circle on the ground."""
    return np.asarray(centre_m + _RIM[:-1] * radius_m)


def subdivided(corners_m: Array, pieces: int) -> Array:
    """An outline with each edge cut into pieces."""
    if pieces <= 1:
        return corners_m
    share = np.arange(pieces)[:, None] / pieces
    ahead = np.roll(corners_m, -1, axis=0)
    return np.concatenate([a + (b - a) * share for a, b in zip(corners_m, ahead, strict=True)])

"""Brown-Conrady lens distortion in the plane: points as seen from the axis, in focal lengths, x right and y down.

One form serves both directions, as OpenCV writes it: with u = x^2 + y^2,
`x' = x (1 + k1 u + k2 u^2 + k3 u^3) / (1 + k4 u + k5 u^2 + k6 u^3) + 2 p1 x y + p2 (u + 2 x^2)`, and y' likewise with
p1 and p2 changed over. The coefficients stand in OpenCV's order: k1 k2 p1 p2 k3 k4 k5 k6; missing ones are 0.

Such a form turns back at some radius, and would then draw what lies far outside a picture into it. Here the factors
are held from that radius on, so each point has one image, and each image one point.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]
Coefficients: TypeAlias = tuple[float, ...]

WIDEST = 5.0
"""The tangent of the widest angle from the axis (79 degrees) to which a lens model is believed."""
MOST_RADIAL, MOST_TANGENTIAL = 100.0, 0.1
"""How much any one coefficient may move the corner of the picture, as a part of its radius."""
_POWERS = (2, 4, 1, 1, 6, 2, 4, 6)
_NEWTON_STEPS, _BOUND_STEPS, _RADII = 8, 40, 4001
_CLOSE = 1e-10


def _all(coefficients: Coefficients) -> Coefficients:
    return (*coefficients, *(0.0,) * (8 - len(coefficients)))


def beyond_belief(coefficients: Coefficients, corner: float) -> float | None:
    """The first coefficient that no lens has, with the picture's corner so many focal lengths off the axis."""
    for number, power in zip(coefficients, _POWERS, strict=False):
        most = MOST_TANGENTIAL if power == 1 else MOST_RADIAL
        if not abs(number) <= most / corner**power:  # not a number is refused as well
            return number
    return None


def _radial(coefficients: Coefficients, u: Array) -> tuple[Array, Array, Array]:
    """The radial factor at squared radii, its derivative by them, and its denominator."""
    k1, k2, _, _, k3, k4, k5, k6 = _all(coefficients)
    over = 1 + u * (k1 + u * (k2 + u * k3))
    slope = k1 + u * (2 * k2 + u * 3 * k3)
    if not (k4 or k5 or k6):
        return over, slope, np.ones_like(u)
    under = 1 + u * (k4 + u * (k5 + u * k6))
    safe = np.where(under > 0, under, 1.0)
    return over / safe, (slope * safe - over * (k4 + u * (2 * k5 + u * 3 * k6))) / (safe * safe), under


@lru_cache(maxsize=256)
def reach(coefficients: Coefficients) -> float:
    """The radius, in focal lengths, to which the radial part is one-to-one; at most `WIDEST`.

    It is looked for in steps of 1/300 of itself, since with a long lens the whole picture is within a hundredth, so it
    may be that much too small.
    """
    radii = np.geomspace(1e-5, WIDEST, _RADII)
    factor, slope, under = _radial(coefficients, radii * radii)
    turned = (factor + 2 * radii * radii * slope <= 0) | (under <= 0)
    return float(radii[max(int(turned.argmax()) - 1, 0)]) if turned.any() else WIDEST


def reached(coefficients: Coefficients) -> float:
    """The image of `reach`: the radius to which images are believed."""
    limit = reach(coefficients)
    return limit * float(_held(coefficients, np.array(limit**2))[0])


def _held(coefficients: Coefficients, squared: Array) -> tuple[Array, Array]:
    """The radial factor at squared radii and its derivative by them, held beyond the reach."""
    limit = reach(coefficients) ** 2
    factor, slope, _ = _radial(coefficients, np.minimum(squared, limit))
    return factor, np.where(squared < limit, slope, 0.0)


def _tangential(points: Array, squared: Array, coefficients: Coefficients) -> Array:
    """The tangential part; held beyond the reach."""
    p1, p2 = _all(coefficients)[2:4]
    if not (p1 or p2):
        return np.zeros_like(points)
    x, y = points[..., 0], points[..., 1]
    twice_xy = 2 * x * y
    shift = (p1 * twice_xy + p2 * (squared + 2 * x * x), p1 * (squared + 2 * y * y) + p2 * twice_xy)
    held = np.minimum(1.0, reach(coefficients) ** 2 / np.maximum(squared, 1e-300))
    return np.stack(shift, axis=-1) * held[..., None]


def forward(points: Array, coefficients: Coefficients) -> Array:
    """The images (n, 2) of points (n, 2)."""
    squared = (points * points).sum(axis=-1)
    factor, _ = _held(coefficients, squared)
    return np.asarray(points * factor[..., None] + _tangential(points, squared, coefficients), np.float64)


def inverse(images: Array, coefficients: Coefficients, near: Array | None = None) -> Array:
    """The points (n, 2) of which these are the images, within 1e-9 where the form is one-to-one, and always a number.

    A few Newton steps, from `near` if it is given, serve nearly all; for the rest the radius is found between bounds.
    """
    found = images if near is None else near
    wrong = images - forward(found, coefficients)
    for _ in range(_NEWTON_STEPS):
        found = found + _solved(found, wrong, coefficients)
        wrong = images - forward(found, coefficients)
        off = np.abs(wrong).max(axis=-1, initial=0.0)
        if (off < _CLOSE).all():
            return found
    rest = ~(off < _CLOSE)  # not a number counts as well
    found[rest] = _bounded(images[rest], coefficients)
    return found


def _solved(points: Array, wrong: Array, coefficients: Coefficients) -> Array:
    """The Newton step at points whose images are off by so much."""
    p1, p2 = _all(coefficients)[2:4]
    x, y = points[..., 0], points[..., 1]
    factor, slope = _held(coefficients, x * x + y * y)
    xx = factor + 2 * x * x * slope + 2 * p1 * y + 6 * p2 * x
    yy = factor + 2 * y * y * slope + 6 * p1 * y + 2 * p2 * x
    xy = 2 * x * y * slope + 2 * p1 * x + 2 * p2 * y
    size = xx * yy - xy * xy
    size = np.where(np.abs(size) > 1e-6, size, 1e-6)
    a, b = wrong[..., 0], wrong[..., 1]
    step = np.stack(((yy * a - xy * b) / size, (xx * b - xy * a) / size), axis=-1)
    return np.asarray(np.clip(step, -1.0, 1.0), np.float64)


def _bounded(images: Array, coefficients: Coefficients) -> Array:
    """The inverse where Newton steps fail: the tangential part is taken off, the radius found between bounds."""
    points = images
    for _ in range(_BOUND_STEPS):
        target = images - _tangential(points, (points * points).sum(axis=-1), coefficients)
        distance = np.sqrt((target * target).sum(axis=-1))
        before, points = points, target * (_radius(distance, coefficients) / np.maximum(distance, 1e-300))[..., None]
        if np.abs(points - before).max(initial=0.0) < _CLOSE:
            break
    return points


def _radius(distances: Array, coefficients: Coefficients) -> Array:
    """The radii whose images are these distances."""
    limit, most = reach(coefficients), reached(coefficients)
    low, high = np.zeros_like(distances), np.full_like(distances, limit)
    for _ in range(_BOUND_STEPS):
        middle = (low + high) / 2
        short = middle * _held(coefficients, middle * middle)[0] < distances
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    return np.where(distances > most, distances * (limit / most), (low + high) / 2)


def fitted(points: Array, images: Array) -> tuple[Coefficients, float]:
    """The form (k1 k2 p1 p2 k3) that comes closest to taking points to images, and how far off it is at worst."""
    x, y = points.T
    u = x * x + y * y
    across = np.stack((x * u, x * u * u, 2 * x * y, u + 2 * x * x, x * u**3), axis=1)
    down = np.stack((y * u, y * u * u, u + 2 * y * y, 2 * x * y, y * u**3), axis=1)
    matrix = np.concatenate((across, down))
    size = np.abs(matrix).max(axis=0) + 1e-300
    answer, *_ = np.linalg.lstsq(matrix / size, (images - points).T.ravel(), rcond=None)
    coefficients = tuple(float(number) for number in answer / size)
    return coefficients, float(np.abs(forward(points, coefficients) - images).max(initial=0.0))

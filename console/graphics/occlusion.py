"""What the camera's own picture says of who stands on the ground: a mask of where the ground is seen.

Two ways: the colours of the ground, learnt from an empty stretch of it, which also serves a camera that pans; or the
difference to a picture of the empty ground, for one that stands still. Both look only inside a box, at the
resolution of chroma, or coarser where the box is large, and give soft edges. Without either, `body.flesh` says what a
body hides.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from console.graphics.convert import Box
from console.media.picture import Picture, Plane

_CLUSTERS = 3
"""Ground has a few colours: the track, its lines, their shadows."""
_LEAST_SHARE = 0.02
_SAMPLES = 20_000
_MOST_LOOKED_AT = 60_000
"""Of a larger box fewer places are looked at: a picture's mask has to be there in a few milliseconds."""
_LEAST_SPREAD = np.array([14.0, 4.0, 4.0])
"""Luma may differ by light and shadow, chroma hardly."""
_MOST_SPREAD = np.array([40.0, 10.0, 10.0])
_NEAR, _FAR = 2.0, 3.5
"""In spreads: up to the first it is ground, from the second on it is not."""
_DIFFERENCE = (np.array([1.0, 2.5, 2.5]), 16.0, 34.0)
"""Weights of luma and chroma, and the levels between which a difference is neither noise nor somebody."""


@dataclass(frozen=True, eq=False)
class Mask:
    """Where the ground is seen: `shown` (rows, columns), 255 all of it, 0 hidden; its corner is at x, y."""

    x: int
    y: int
    shown: Plane

    @property
    def box(self) -> Box:
        """The part of the picture that it speaks of."""
        return Box(self.x, self.y, self.shown.shape[1], self.shown.shape[0])


@dataclass(frozen=True)
class GroundColours:
    """The colours of a ground: middles and spreads of Y, U and V."""

    clusters: tuple[tuple[tuple[float, ...], tuple[float, ...]], ...]


def _inside(picture: Picture, box: Box) -> Box:
    """The even part of a box that lies in the picture."""
    x, y = max(box.x, 0) // 2 * 2, max(box.y, 0) // 2 * 2
    right, bottom = min(box.x + box.width, picture.width), min(box.y + box.height, picture.height)
    return Box(x, y, max((right - x) // 2 * 2, 0), max((bottom - y) // 2 * 2, 0))


def _samples(picture: Picture, box: Box, step: int = 1) -> Any:
    """Y, U and V (rows / 2 / step, columns / 2 / step, 3) as float32."""
    half = slice(box.y // 2, (box.y + box.height) // 2), slice(box.x // 2, (box.x + box.width) // 2)
    size = max(box.width // 2 // step, 1), max(box.height // 2 // step, 1)
    luma = picture.y[box.y : box.y + box.height, box.x : box.x + box.width]
    chroma: tuple[Any, ...] = (picture.u[half], picture.v[half])
    if step > 1:
        chroma = tuple(cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in chroma)
    return cv2.merge((cv2.resize(luma, size, interpolation=cv2.INTER_AREA), *chroma)).astype(np.float32)


def _step(box: Box) -> int:
    """How many samples of chroma are taken as one, each way."""
    return max(math.ceil(math.sqrt(box.width * box.height / 4 / _MOST_LOOKED_AT)), 1)


def learn_ground(picture: Picture, box: Box) -> GroundColours:
    """The colours of the ground in a box where nobody stands. Raises ValueError when the box is too small."""
    box = _inside(picture, box)
    if box.width * box.height < 256:
        raise ValueError("the box of empty ground is too small")
    values = _samples(picture, box).reshape(-1, 3)
    values = values[:: max(len(values) // _SAMPLES, 1)]
    # Beginning from equal thirds by luma, so that the same picture gives the same colours.
    labels = np.empty((len(values), 1), np.int32)
    labels[np.argsort(values[:, 0], kind="stable"), 0] = np.arange(len(values)) * _CLUSTERS // len(values)
    stop = (cv2.TERM_CRITERIA_MAX_ITER + cv2.TERM_CRITERIA_EPS, 20, 0.5)
    _, labels, _ = cv2.kmeans(values, _CLUSTERS, labels, stop, 1, cv2.KMEANS_USE_INITIAL_LABELS)  # type: ignore[assignment]
    found = []
    for cluster in range(_CLUSTERS):
        own = values[labels[:, 0] == cluster]
        if len(own) >= _LEAST_SHARE * len(values):
            spread = np.clip(own.std(axis=0) * 1.5, _LEAST_SPREAD, _MOST_SPREAD)
            found.append((tuple(own.mean(axis=0).tolist()), tuple(spread.tolist())))
    return GroundColours(tuple(found))


def colour_mask(picture: Picture, box: Box, ground: GroundColours) -> Mask:
    """Where a picture has the colours of the ground."""
    box = _inside(picture, box)
    if not (box.width and box.height):
        return Mask(box.x, box.y, np.zeros((0, 0), np.uint8))
    values = _samples(picture, box, _step(box))
    least = np.full(values.shape[:2], np.inf, np.float32)
    for middle, spread in ground.clusters:
        away = (values - np.array(middle, np.float32)) / np.array(spread, np.float32)
        np.minimum(least, np.sqrt((away * away).sum(axis=2)), out=least)
    return _softened(box, (_FAR - least) / (_FAR - _NEAR))


def difference_mask(picture: Picture, empty: Picture, box: Box) -> Mask:
    """Where a picture does not differ from one of the empty ground; light that changed as a whole does not count."""
    box = _inside(picture, box)
    if not (box.width and box.height):
        return Mask(box.x, box.y, np.zeros((0, 0), np.uint8))
    step = _step(box)
    now, before = _samples(picture, box, step), _samples(empty, box, step)
    gain = float(np.median(now[..., 0] - 16) / max(float(np.median(before[..., 0] - 16)), 1.0))
    before[..., 0] = (before[..., 0] - 16) * min(max(gain, 0.5), 2.0) + 16
    weights, near, far = _DIFFERENCE
    away = np.abs(now - before) @ weights.astype(np.float32)
    return _softened(box, (far - away) / (far - near))


def _softened(box: Box, shown: Any) -> Mask:
    """A mask of shares: single pixels of noise taken out, edges soft, at the picture's resolution."""
    small = np.clip(shown * 255, 0, 255).astype(np.uint8)
    if min(small.shape) >= 5:
        small = np.asarray(cv2.GaussianBlur(cv2.medianBlur(small, 5), (3, 3), 0))
    full = cv2.resize(small, (box.width, box.height), interpolation=cv2.INTER_LINEAR)
    return Mask(box.x, box.y, np.asarray(full, np.uint8))

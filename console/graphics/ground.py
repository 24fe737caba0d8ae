"""Who stands on the ground, told by the camera's own picture: the colours of an empty stretch of it, learnt on air.

The set-up names a stretch of ground on which nobody stands (`Camera.ground_m`). Where it is seen whole its colours are
learnt anew every two seconds, so they follow the light; a mask then hides what lies on the ground wherever a picture
has other colours.
"""

from __future__ import annotations

import numpy as np

from console.graphics.convert import Box
from console.graphics.occlusion import GroundColours, Mask, colour_mask, learn_ground
from console.media.picture import Picture
from console.show.world import Point
from console.tracking.camera import NEAR_M, CameraView

LEARN_NS = 2_000_000_000
_LEAST_PX, _MOST_PX = 16, 160
"""Of the sides of the box that is looked at; more would cost time and tell no more."""


def inner_box(view: CameraView, corners_m: tuple[Point, ...]) -> Box | None:
    """A box of the picture within a four-sided stretch of ground; None when that is not seen whole, or too small."""
    if len(corners_m) != 4:
        return None
    pixels, depths = view.project(np.array(corners_m, np.float64))
    inside = (pixels >= 0).all() and (pixels <= (view.width, view.height)).all()
    if not inside or (depths <= NEAR_M).any():
        return None
    middle = pixels.mean(axis=0)
    half = np.minimum(np.sort(np.abs(pixels - middle), axis=0)[1], _MOST_PX / 2)  # of the nearer corners
    for _ in range(8):
        box = middle + np.array(((-1, -1), (1, -1), (1, 1), (-1, 1))) * half
        if _holds(pixels, box):
            break
        half = half * 0.8
    else:
        return None
    left, top = np.ceil(middle - half).astype(int).tolist()
    width, height = (2 * half - 1).astype(int).tolist()
    return Box(left, top, width, height) if min(width, height) >= _LEAST_PX else None


def _holds(polygon: np.ndarray[tuple[int, int], np.dtype[np.float64]], points: object) -> bool:
    """Whether a convex polygon holds points."""
    edges = np.roll(polygon, -1, axis=0) - polygon
    to = np.asarray(points)[:, None, :] - polygon[None]
    turns = edges[None, :, 0] * to[..., 1] - edges[None, :, 1] * to[..., 0]
    return bool((turns >= 0).all() or (turns <= 0).all())


class Ground:
    """The ground that one camera sees."""

    def __init__(self) -> None:
        self._colours: GroundColours | None = None
        self._learnt_ns = -LEARN_NS

    def mask(
        self, corners_m: tuple[Point, ...], picture: Picture, view: CameraView, box: Box, now_ns: int
    ) -> Mask | None:
        """Where the ground is seen in a box of a picture; None as long as its colours are not known."""
        if now_ns - self._learnt_ns >= LEARN_NS:
            stretch = inner_box(view, corners_m)
            if stretch is not None:
                self._colours, self._learnt_ns = learn_ground(picture, stretch), now_ns
        return None if self._colours is None else colour_mask(picture, box, self._colours)

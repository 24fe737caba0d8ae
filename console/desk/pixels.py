"""From a ring's planar YUV to the RGB of a tile, straight to its size in device pixels and to its place.

OpenCV's I420 conversion speaks BT.601 and pictures here are BT.709. Both are linear in (Y, Cb, Cr), so the planes are
brought from one to the other first: chroma by chroma at a quarter of the cost, and one correction added to luma.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from console.media.picture import NEUTRAL, Picture, Plane

cv2.setNumThreads(1)  # the desk leaves the other cores to the engine

Pixels = NDArray[np.uint8]
"""Shape (height, width, 4), bytes B, G, R, 255; a view of something larger, as a rule."""

# BT.709 -> BT.601, both limited range, from the matrices of ITU-R BT.709 and BT.601.
_Y_CB, _Y_CR = 0.101579, 0.196076
_CB_CB, _CB_CR = 0.989854, -0.110653
_CR_CB, _CR_CR = -0.072453, 0.983398

_CHROMA_ENLARGED = cv2.INTER_NEAREST
"""The conversion repeats chroma samples anyway; enlarging them linearly would cost time and show nothing."""


class Raster:
    """One picture at the size of a tile. `take` scales and corrects it, `render` writes it as RGB to `out`."""

    def __init__(self, out: Pixels) -> None:
        """`out` has even sides, since chroma has half of them."""
        h, w = out.shape[:2]
        self._out = out
        self._i420: Plane = np.empty((h * 3 // 2, w), np.uint8)
        flat = self._i420.reshape(-1)
        self._y = flat[: w * h].reshape(h, w)
        self._u = flat[w * h : w * h * 5 // 4].reshape(h // 2, w // 2)
        self._v = flat[w * h * 5 // 4 :].reshape(h // 2, w // 2)
        self._rows = (self._y[0::2], self._y[1::2])
        self._cb, self._cr, self._shift = (np.empty((h // 2, w // 2), np.uint8) for _ in range(3))
        self._middle = np.full_like(self._shift, NEUTRAL)
        # The correction of luma, split in what is added and what is taken away, each sample twice in a row.
        self._doubled = [np.empty((h // 2, w // 2, 2), np.uint8) for _ in range(2)]
        self._added, self._taken = (pairs.reshape(h // 2, w) for pairs in self._doubled)

    def take(self, picture: Picture) -> None:
        """Scale a picture and bring it to BT.601."""
        cb, cr = self._cb, self._cr
        _scale(picture.y, self._y)
        _scale(picture.u, cb, _CHROMA_ENLARGED)
        _scale(picture.v, cr, _CHROMA_ENLARGED)
        cv2.addWeighted(cb, _CB_CB, cr, _CB_CR, NEUTRAL * (1 - _CB_CB - _CB_CR), dst=self._u)
        cv2.addWeighted(cb, _CR_CB, cr, _CR_CR, NEUTRAL * (1 - _CR_CB - _CR_CR), dst=self._v)
        shift = self._shift
        cv2.addWeighted(cb, _Y_CB, cr, _Y_CR, NEUTRAL * (1 - _Y_CB - _Y_CR), dst=shift)
        cv2.subtract(shift, self._middle, dst=cb)
        cv2.subtract(self._middle, shift, dst=cr)
        cv2.merge((cb, cb), dst=self._doubled[0])
        cv2.merge((cr, cr), dst=self._doubled[1])
        for rows in self._rows:
            cv2.add(rows, self._added, dst=rows)
            cv2.subtract(rows, self._taken, dst=rows)

    def render(self) -> None:
        """Write the picture that was taken last."""
        cv2.cvtColor(self._i420, cv2.COLOR_YUV2BGRA_I420, dst=self._out)


def _scale(plane: Plane, out: Plane, enlarged: int = cv2.INTER_LINEAR) -> None:
    """Bring a plane to the size of `out`: halved while twice as large (nothing shimmers), then linear."""
    height, width = out.shape
    while plane.shape[0] >= 2 * height and plane.shape[1] >= 2 * width and min(plane.shape) >= 2:
        half = (plane.shape[1] // 2, plane.shape[0] // 2)
        plane = cv2.resize(plane, half, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]  # cv2's stubs
    if plane.shape == out.shape:
        np.copyto(out, plane)
    else:
        how = enlarged if plane.shape[1] <= width else cv2.INTER_LINEAR
        cv2.resize(plane, (width, height), dst=out, interpolation=how)


def is_black(picture: Picture) -> bool:
    """Whether a picture shows nothing: every 8th pixel of every 8th row is black, give or take coding noise."""
    return bool(picture.y[::8, ::8].max() < 26)

"""From a ring's planar YUV to the RGB of a tile, straight to its size in device pixels.

OpenCV's I420 conversion speaks BT.601 and pictures here are BT.709. Both are linear in (Y, Cb, Cr), so the planes are
brought from one to the other first: chroma by chroma at a quarter of the cost, and one correction added to luma.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from console.media.picture import Picture, Plane

cv2.setNumThreads(1)  # the desk leaves the other cores to the engine

# BT.709 -> BT.601, both limited range, from the two matrices of ITU-R BT.709 and BT.601.
_Y_CB, _Y_CR = 0.101579, 0.196076
_CB_CB, _CB_CR = 0.989854, -0.110653
_CR_CB, _CR_CR = -0.072453, 0.983398
_MIDDLE = 128.0


class Raster:
    """The pixels of one tile: `take` a picture, then read `rgb`, shape (height, width, 4), bytes B, G, R, 255."""

    def __init__(self, width: int, height: int) -> None:
        """Sizes are in device pixels; chroma needs them even, so they are rounded up."""
        self.width, self.height = max(2, width + width % 2), max(2, height + height % 2)
        w, h = self.width, self.height
        self.rgb: NDArray[np.uint8] = np.zeros((h, w, 4), np.uint8)
        self.rgb[:, :, 3] = 255
        self._i420: Plane = np.empty((h * 3 // 2, w), np.uint8)
        flat = self._i420.reshape(-1)
        self._y = flat[: w * h].reshape(h, w)
        self._u = flat[w * h : w * h * 5 // 4].reshape(h // 2, w // 2)
        self._v = flat[w * h * 5 // 4 :].reshape(h // 2, w // 2)
        self._chroma = [np.empty((h // 2, w // 2), np.uint8) for _ in range(3)]
        self._correction = np.empty((h, w), np.uint8)

    def take(self, picture: Picture) -> None:
        """Scale and convert one picture."""
        u, v, correction = self._chroma
        _scale(picture.y, self._y)
        _scale(picture.u, u)
        _scale(picture.v, v)
        cv2.addWeighted(u, _CB_CB, v, _CB_CR, _MIDDLE * (1 - _CB_CB - _CB_CR), dst=self._u)
        cv2.addWeighted(u, _CR_CB, v, _CR_CR, _MIDDLE * (1 - _CR_CB - _CR_CR), dst=self._v)
        cv2.addWeighted(u, _Y_CB, v, _Y_CR, _MIDDLE * (1 - _Y_CB - _Y_CR), dst=correction)
        cv2.resize(correction, (self.width, self.height), dst=self._correction, interpolation=cv2.INTER_NEAREST)
        cv2.addWeighted(self._y, 1.0, self._correction, 1.0, -_MIDDLE, dst=self._y)
        cv2.cvtColor(self._i420, cv2.COLOR_YUV2BGRA_I420, dst=self.rgb)


def _scale(plane: Plane, out: Plane) -> None:
    """Bring a plane to the size of `out`: halved while twice as large (nothing shimmers), then linear."""
    height, width = out.shape
    while plane.shape[0] >= 2 * height and plane.shape[1] >= 2 * width and min(plane.shape) >= 2:
        half = (plane.shape[1] // 2, plane.shape[0] // 2)
        plane = cv2.resize(plane, half, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]  # cv2's stubs
    if plane.shape == out.shape:
        np.copyto(out, plane)
    else:
        cv2.resize(plane, (width, height), dst=out, interpolation=cv2.INTER_LINEAR)


def is_black(picture: Picture) -> bool:
    """Whether a picture shows nothing: every 8th pixel of every 8th row is black, give or take coding noise."""
    return bool(picture.y[::8, ::8].max() < 26)

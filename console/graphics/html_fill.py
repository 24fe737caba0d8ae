"""From the premultiplied pixels that Qt paints to the straight fill and key that a source's ring holds."""

from __future__ import annotations

import cv2
import numpy as np

from console.graphics.convert import Box, OverlayPicture, Pixels
from console.media.picture import BLACK_Y, NEUTRAL, Picture, Plane, new_picture

_BAND_ROWS = 32
"""What is converted at once: it fits the cache, and what is empty beside it is left out."""


def content(pixels: Pixels) -> tuple[Box, ...]:
    """Even boxes that hold everything that is not transparent: one at most for each band of rows."""
    boxes = []
    for top in range(0, len(pixels), _BAND_ROWS):
        x, y, width, height = cv2.boundingRect(cv2.extractChannel(pixels[top : top + _BAND_ROWS], 3))
        if width:
            left, first = x // 2 * 2, (top + y) // 2 * 2
            right, end = (x + width + 1) // 2 * 2, (top + y + height + 1) // 2 * 2
            boxes.append(Box(left, first, right - left, end - first))
    return tuple(boxes)


class StraightFill:
    """A canvas as planes of straight fill and key. What a picture costs grows with the box that is painted on.

    Chroma is divided by the mean key of its four pixels, so that laid over with that same mean, as the mixer does, it
    comes out as the page has it: the transparent neighbours of an edge do not colour it.
    """

    def __init__(self, width: int, height: int) -> None:
        self._planes = new_picture(width, height, key=True)
        self._multiplied = OverlayPicture(self._planes)
        self._boxes: tuple[Box, ...] = ()

    def take(self, pixels: Pixels) -> None:
        """Take a canvas of the picture's size in."""
        self._boxes = content(pixels)
        self._multiplied.lay(pixels, self._boxes)

    def write(self, into: Picture) -> None:
        """Fill a picture that has a key; it is black where it is transparent."""
        if into.key is None or self._planes.key is None:
            raise ValueError("a page needs a picture with a key")
        into.fill()
        into.key.fill(0)
        for box in self._boxes:
            self._divide(box, into, self._planes.key, into.key)

    def _divide(self, box: Box, into: Picture, from_key: Plane, into_key: Plane) -> None:
        planes = self._planes
        rows, columns = slice(box.y, box.y + box.height), slice(box.x, box.x + box.width)
        half = slice(box.y // 2, (box.y + box.height) // 2), slice(box.x // 2, (box.x + box.width) // 2)
        key = into_key[rows, columns]
        np.copyto(key, from_key[rows, columns])
        luma = into.y[rows, columns]
        cv2.divide(planes.y[rows, columns], key, luma, scale=255)
        np.maximum(luma, BLACK_Y, out=luma)  # a division by no key gives 0
        mean = cv2.resize(key, (box.width // 2, box.height // 2), interpolation=cv2.INTER_AREA)
        for multiplied, chroma in ((planes.u[half], into.u[half]), (planes.v[half], into.v[half])):
            cv2.divide(multiplied, mean, chroma, scale=255)
            np.copyto(chroma, NEUTRAL, where=np.equal(mean, 0))

"""From the premultiplied pixels that Qt paints to the straight fill and key that a source's ring holds."""

from __future__ import annotations

import cv2
import numpy as np

from console.graphics.convert import Box, OverlayPicture, Pixels
from console.media.picture import BLACK_Y, NEUTRAL, Picture, new_picture


def content(pixels: Pixels) -> Box:
    """The smallest even box that holds everything that is not transparent."""
    x, y, width, height = cv2.boundingRect(cv2.extractChannel(pixels, 3))
    left, top = x // 2 * 2, y // 2 * 2
    return Box(left, top, (x + width + 1) // 2 * 2 - left, (y + height + 1) // 2 * 2 - top)


class StraightFill:
    """A canvas as planes of straight fill and key. What a picture costs grows with the box that is painted on.

    Chroma is divided by the mean key of its four pixels, so that laid over with that same mean, as the mixer does, it
    comes out as the page has it: the transparent neighbours of an edge do not colour it.
    """

    def __init__(self, width: int, height: int) -> None:
        self._multiplied = OverlayPicture(new_picture(width, height, key=True))

    def take(self, pixels: Pixels) -> None:
        """Take a canvas of the picture's size in."""
        box = content(pixels)
        self._multiplied.lay(pixels, (box,) if box.width else ())

    def write(self, into: Picture) -> None:
        """Fill a picture that has a key; it is black where it is transparent."""
        into.fill()
        box, planes = self._multiplied.box, self._multiplied.picture
        if into.key is None or planes.key is None:
            raise ValueError("a page needs a picture with a key")
        into.key.fill(0)
        if not box.width:
            return
        rows, columns = slice(box.y, box.y + box.height), slice(box.x, box.x + box.width)
        half = slice(box.y // 2, (box.y + box.height) // 2), slice(box.x // 2, (box.x + box.width) // 2)
        key = planes.key[rows, columns]
        luma = into.y[rows, columns]
        cv2.divide(planes.y[rows, columns], key, luma, scale=255)
        np.maximum(luma, BLACK_Y, out=luma)  # a division by no key gives 0
        mean = cv2.resize(key, (box.width // 2, box.height // 2), interpolation=cv2.INTER_AREA)
        for multiplied, chroma in ((planes.u[half], into.u[half]), (planes.v[half], into.v[half])):
            cv2.divide(multiplied, mean, chroma, scale=255)
            np.copyto(chroma, NEUTRAL, where=np.equal(mean, 0))
        np.copyto(into.key[rows, columns], key)

"""Pictures that are laid over others: from a painted canvas to planes of fill and key, only where it changed.

Fill is **premultiplied**, offsets of 16 and 128 included: laying a pixel over another is
`out = out * (255 - key) / 255 + fill` in each plane, where chroma takes the mean key of its four pixels. BT.709,
limited range. A transparent picture is 0 in all planes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from console.media.picture import Picture


class Box(NamedTuple):
    """A rectangle of a picture, in pixels; even when it is one of planes."""

    x: int
    y: int
    width: int
    height: int


NO_BOX = Box(0, 0, 0, 0)


def around(boxes: Sequence[Box]) -> Box:
    """The smallest box that holds them all; `NO_BOX` for none."""
    if not boxes:
        return NO_BOX
    left, top = min(box.x for box in boxes), min(box.y for box in boxes)
    right, bottom = max(box.x + box.width for box in boxes), max(box.y + box.height for box in boxes)
    return Box(left, top, right - left, bottom - top)


class OverlayPicture:
    """A picture of fill and key, and where it holds anything. One for each slot of a ring, kept as long as the ring."""

    def __init__(self, picture: Picture) -> None:
        """Over a picture with a key; what it holds is not known, so it is wiped."""
        if picture.key is None:
            raise ValueError("an overlay needs a picture with a key")
        self.picture = picture
        self._boxes: tuple[Box, ...] = ()
        for plane in (picture.y, picture.u, picture.v, picture.key):
            plane.fill(0)

    @property
    def box(self) -> Box:
        """What holds everything that is not transparent; even. `NO_BOX`: nothing is drawn."""
        return around(self._boxes)

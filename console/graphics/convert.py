"""Pictures that are laid over others: from a painted canvas to planes of fill and key, only where it changed.

Fill is **premultiplied**, offsets of 16 and 128 included: laying a pixel over another is
`out = out * (255 - key) / 255 + fill` in each plane, where chroma takes the mean key of its four pixels. BT.709,
limited range. A transparent picture is 0 in all planes. All is linear in the premultiplied colours, so it needs no
division, and the chroma of a transparent pixel is not coloured by its neighbour.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from console.media.picture import Picture

Corners: TypeAlias = NDArray[np.float64]
Pixels: TypeAlias = NDArray[np.uint8]
"""(height, width, 4): blue, green, red, alpha, premultiplied; QImage's ARGB32_Premultiplied in memory."""

TILE_PX = 32
_GAP_TILES = 2
"""Boxes of one row that lie no further apart are taken as one: a box more costs as much as some pixels more."""

# ITU-R BT.709, limited range, for columns blue, green, red, alpha in 0..255.
_KR, _KB = 0.2126, 0.0722
_KG = 1 - _KR - _KB
_LUMA = (_KB * 219 / 255, _KG * 219 / 255, _KR * 219 / 255, 16 / 255)
_CB = (112 / 255, -_KG / (1 - _KB) * 112 / 255, -_KR / (1 - _KB) * 112 / 255, 128 / 255)
_CR = (-_KB / (1 - _KR) * 112 / 255, -_KG / (1 - _KR) * 112 / 255, 112 / 255, 128 / 255)
_CHROMA = np.array((_CB, _CR), np.float32)


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


class Touched:
    """Which tiles of a picture have been painted on."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._rows, self._columns = -(-height // TILE_PX), -(-width // TILE_PX)
        self._tiles = np.zeros((self._rows, self._columns), np.bool_)

    def mark(self, left: float, top: float, right: float, bottom: float) -> None:
        """Something lies within; what is outside the picture does not count."""
        if right <= 0 or bottom <= 0 or left >= self.width or top >= self.height:
            return
        self._tiles[
            max(int(top) // TILE_PX, 0) : int(bottom) // TILE_PX + 1,
            max(int(left) // TILE_PX, 0) : int(right) // TILE_PX + 1,
        ] = True

    def meet(self, low: Corners, high: Corners) -> NDArray[np.bool_]:
        """In which of the boxes from corners (n, 2) to corners (n, 2) anything may lie."""
        size = (self._columns, self._rows)
        first = np.clip(low // TILE_PX, 0, size).astype(np.intp)
        after = np.clip(high // TILE_PX + 1, 0, size).astype(np.intp)
        after = np.maximum(after, first)
        total = cv2.integral(self._tiles.view(np.uint8), sdepth=cv2.CV_32S)
        across, down, right, bottom = *first.T, *after.T
        return np.asarray(
            total[bottom, right] + total[down, across] > total[down, right] + total[bottom, across], np.bool_
        )

    def wipe(self) -> None:
        """Nothing lies anywhere."""
        self._tiles.fill(False)

    def boxes(self) -> tuple[Box, ...]:
        """Boxes that hold every marked tile, apart from each other, even, top to bottom."""
        done: list[list[int]] = []
        open_ones: dict[tuple[int, int], list[int]] = {}
        for row in np.flatnonzero(self._tiles.any(axis=1)).tolist():
            still: dict[tuple[int, int], list[int]] = {}
            for left, right in self._runs(row):
                former = open_ones.get((left, right))
                if former is not None and former[3] == row:
                    former[3] = row + 1
                else:
                    former = [left, row, right, row + 1]
                    done.append(former)
                still[left, right] = former
            open_ones = still
        return tuple(self._box(*one) for one in done)

    def _runs(self, row: int) -> list[tuple[int, int]]:
        marked = np.flatnonzero(self._tiles[row]).tolist()
        runs: list[tuple[int, int]] = []
        start = end = marked[0]
        for column in marked[1:]:
            if column > end + 1 + _GAP_TILES:
                runs.append((start, end + 1))
                start = column
            end = column
        return [*runs, (start, end + 1)]

    def _box(self, left: int, top: int, right: int, bottom: int) -> Box:
        x, y = left * TILE_PX, top * TILE_PX
        return Box(x, y, min(right * TILE_PX, self.width) - x, min(bottom * TILE_PX, self.height) - y)


class OverlayPicture:
    """A picture of fill and key, and where it holds anything. One for each slot of a ring, kept as long as the ring."""

    def __init__(self, picture: Picture) -> None:
        """Over a picture with a key; what it holds is not known, so it is wiped."""
        if picture.key is None:
            raise ValueError("an overlay needs a picture with a key")
        self.picture, self._key = picture, picture.key
        self.drawn: object = None
        """What was laid last, for who laid it: the same again need not be laid again."""
        self._boxes: tuple[Box, ...] = ()
        for plane in (picture.y, picture.u, picture.v, picture.key):
            plane.fill(0)

    @property
    def box(self) -> Box:
        """What holds everything that is not transparent; even. `NO_BOX`: nothing is drawn."""
        return around(self._boxes)

    @property
    def covered_px(self) -> int:
        """How many pixels were converted: the least that has to be laid over a picture."""
        return sum(box.width * box.height for box in self._boxes)

    def clear(self) -> None:
        """Make it transparent."""
        self.lay(np.empty((0, 0, 4), np.uint8), ())

    def lay(self, pixels: Pixels, boxes: Iterable[Box], strength: float = 1.0) -> None:
        """Take over these boxes of a canvas, faded to a strength of 0..1; it is transparent everywhere else.

        The boxes are even, as are the picture's sides; they may lie over each other.
        """
        new = tuple(boxes) if strength > 0 else ()
        kept = set(new)
        for box in self._boxes:
            if box not in kept:
                self._clear(box)
        for box in new:
            self._convert(pixels, box, strength)
        self._boxes, self.drawn = new, None

    def _planes(self, box: Box) -> tuple[Pixels, Pixels, Pixels, Pixels]:
        picture, x, y, width, height = self.picture, *box
        rows, columns = slice(y, y + height), slice(x, x + width)
        half = slice(y // 2, (y + height) // 2), slice(x // 2, (x + width) // 2)
        return picture.y[rows, columns], picture.u[half], picture.v[half], self._key[rows, columns]

    def _clear(self, box: Box) -> None:
        for plane in self._planes(box):
            plane.fill(0)

    def _convert(self, pixels: Pixels, box: Box, strength: float) -> None:
        luma, cb, cr, key = self._planes(box)
        area: Any = pixels[box.y : box.y + box.height, box.x : box.x + box.width]
        if strength < 1:
            area = cv2.convertScaleAbs(area, alpha=strength)
        blue, green, red, alpha = cv2.split(area)
        np.copyto(key, alpha)
        cv2.addWeighted(blue, _LUMA[0], green, _LUMA[1], 0, dst=blue)
        cv2.addWeighted(red, _LUMA[2], alpha, _LUMA[3], 0, dst=red)
        cv2.add(blue, red, dst=luma)
        half = cv2.resize(area, (box.width // 2, box.height // 2), interpolation=cv2.INTER_AREA)
        chroma = cv2.transform(half, _CHROMA)
        cv2.extractChannel(chroma, 0, dst=cb)
        cv2.extractChannel(chroma, 1, dst=cr)

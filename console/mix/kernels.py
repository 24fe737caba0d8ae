"""The only pixel arithmetic: integer OpenCV kernels on the planes of 4:2:0 pictures, in place, without allocation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np

from console.media.picture import BLACK_Y, NEUTRAL, Picture, Plane

Box: TypeAlias = tuple[int, int, int, int]
"""x, y, width, height in pixels, all even."""
_BAND_ROWS = 16
_RUN_ROWS = 128
"""More rows at once would no longer fit the cache."""


def blend(base: Picture, over: Picture, share: float, out: Picture) -> None:
    """out = base * (1 - share) + over * share. `out` may be one of them."""
    for a, b, dst in ((base.y, over.y, out.y), (base.u, over.u, out.u), (base.v, over.v, out.v)):
        cv2.addWeighted(a, 1.0 - share, b, share, 0.0, dst)


def darken(picture: Picture, share: float) -> None:
    """Bring a picture towards black in place; 1 is black."""
    for plane, black in ((picture.y, BLACK_Y), (picture.u, NEUTRAL), (picture.v, NEUTRAL)):
        cv2.addWeighted(plane, 1.0 - share, plane, 0.0, share * black, plane)


@dataclass(frozen=True)
class _Patch:
    rows: slice
    columns: slice
    fill: Plane
    """Fill times key."""
    rest: Plane
    """255 minus key."""
    scratch: Plane


class Keyer:
    """A graphic made ready to be laid over pictures: cropped to its rectangle, fill multiplied by key once."""

    def __init__(self, graphic: Picture) -> None:
        key = graphic.key
        self._patches: list[_Patch] = []
        if key is None:
            key = np.full_like(graphic.y, 255)
        x, y, width, height = cv2.boundingRect(key)
        if width == 0 or height == 0:
            return
        left, top = x // 2 * 2, y // 2 * 2
        right, bottom = min(-(-(x + width) // 2) * 2, graphic.width), min(-(-(y + height) // 2) * 2, graphic.height)
        luma = np.ascontiguousarray(key[top:bottom, left:right])
        chroma = cv2.resize(luma, ((right - left) // 2, (bottom - top) // 2), interpolation=cv2.INTER_AREA)
        for plane, part, divide in ((graphic.y, luma, 1), (graphic.u, chroma, 2), (graphic.v, chroma, 2)):
            rows, columns = slice(top // divide, bottom // divide), slice(left // divide, right // divide)
            fill = cv2.multiply(np.ascontiguousarray(plane[rows, columns]), part, scale=1 / 255)
            rest = cv2.bitwise_not(part)
            self._patches.append(_Patch(rows, columns, np.asarray(fill), np.asarray(rest), np.empty_like(part)))

    def lay_over(self, picture: Picture) -> None:
        """picture = picture * (1 - key) + fill * key, inside the graphic's rectangle."""
        for plane, patch in zip((picture.y, picture.u, picture.v), self._patches, strict=False):
            area = plane[patch.rows, patch.columns]
            cv2.multiply(area, patch.rest, patch.scratch, scale=1 / 255)
            cv2.add(patch.scratch, patch.fill, area)


class Overlayer:
    """Lays graphics over pictures whose fill is multiplied by their key already and that change with every frame.

    What they cost grows with the rows of the box that hold anything at all: bands of rows without key are passed by.
    """

    def __init__(self, width: int) -> None:
        """For pictures of at most this width, in pixels."""
        self._rest = np.empty((_RUN_ROWS, width), np.uint8)
        self._scaled = np.empty((_RUN_ROWS, width), np.uint8)

    def lay_over(self, graphic: Picture, box: Box, picture: Picture) -> None:
        """picture = picture * (1 - key) + fill, inside the box; outside the graphic counts as transparent.

        A box that reaches beyond the picture is cut off there.
        """
        key = graphic.key
        left, top, right, bottom = box[0], box[1], min(box[0] + box[2], picture.width), box[1] + box[3]
        if key is None or left >= right:
            return
        for first, end in _filled(key[top : min(bottom, picture.height), left:right]):
            part = key[top + first : top + end, left:right]
            self._lay(graphic.y, part, picture.y, left, top + first)
            part = cv2.resize(part, (part.shape[1] // 2, part.shape[0] // 2), interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
            self._lay(graphic.u, part, picture.u, left // 2, (top + first) // 2)
            self._lay(graphic.v, part, picture.v, left // 2, (top + first) // 2)

    def _lay(self, fill: Plane, key: Plane, plane: Plane, left: int, top: int) -> None:
        height, width = key.shape
        area, of = plane[top : top + height, left : left + width], fill[top : top + height, left : left + width]
        rest, scaled = self._rest[:height, :width], self._scaled[:height, :width]
        cv2.bitwise_not(key, rest)
        cv2.multiply(area, rest, scaled, scale=1 / 255)
        cv2.add(scaled, of, area)


def _filled(key: Plane) -> Iterator[tuple[int, int]]:
    """The runs of rows, first and end, in which a key has anything, in bands of `_BAND_ROWS`."""
    begun: int | None = None
    for row in range(0, len(key), _BAND_ROWS):
        filled = cv2.countNonZero(key[row : row + _BAND_ROWS]) > 0
        if begun is not None and (not filled or row - begun >= _RUN_ROWS):
            yield begun, row
            begun = None
        if filled and begun is None:
            begun = row
    if begun is not None:
        yield begun, len(key)

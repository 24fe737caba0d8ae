"""The only pixel arithmetic: integer OpenCV kernels on the planes of 4:2:0 pictures, in place, without allocation."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from console.media.picture import BLACK_Y, NEUTRAL, Picture, Plane


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

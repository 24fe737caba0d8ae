"""Decoded frames brought to the show's pictures: size, aspect, pixel format, range, colour matrix. Few copies.

8-bit 4:2:0 of the right size is copied plane by plane straight into the target, of another size it is scaled plane by
plane into it; every other format goes through swscale once. Inside everything is BT.709, limited range.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, cast

import av
import cv2
import numpy as np

from console.media.picture import BLACK_Y, NEUTRAL, Picture, Plane

cv2.setNumThreads(1)  # a host has one core's worth of work; threads would only fight over it

_PLANAR = frozenset({"yuv420p", "yuvj420p", "nv12"})
_JPEG_RANGE = 2
_UNSPECIFIED, _BT2020 = 2, frozenset({9, 10})
_BT601 = frozenset({4, 5, 6, 7})
"""FCC, BT.470BG, SMPTE 170M, SMPTE 240M: all but the last are BT.601's matrix, and 240M is near it."""
SD_HEIGHT_PX = 576
SIDE_MOST_PX = 16_384
_ROTATIONS = {90: cv2.ROTATE_90_COUNTERCLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_CLOCKWISE}


@dataclass(frozen=True)
class Box:
    """A rectangle in a picture, in luma pixels, even on all sides."""

    x: int
    y: int
    width: int
    height: int

    def of(self, plane: Plane, scale: int = 1) -> Plane:
        """The part of a plane inside the box; `scale` 2 for chroma."""
        return plane[
            self.y // scale : (self.y + self.height) // scale, self.x // scale : (self.x + self.width) // scale
        ]


def fit_box(width: int, height: int, pixel_aspect: Fraction, into_width: int, into_height: int) -> Box:
    """Where a picture goes in a frame of square pixels: as large as it can be, its aspect kept, in the middle."""
    shown = Fraction(width, height) * (pixel_aspect if pixel_aspect > 0 else 1)
    if abs(shown / Fraction(into_width, into_height) - 1) < Fraction(1, 100):
        return Box(0, 0, into_width, into_height)  # a few lines of black help nobody
    if shown > Fraction(into_width, into_height):
        box_height = max(2, min(into_height, round(into_width / shown / 2) * 2))
        return Box(0, (into_height - box_height) // 4 * 2, into_width, box_height)
    box_width = max(2, min(into_width, round(into_height * shown / 2) * 2))
    return Box((into_width - box_width) // 4 * 2, 0, box_width, into_height)


def scale_plane(source: Plane, target: Plane) -> None:
    """Scale one plane: halved while that is too large (a box filter, vectorised), then bilinear."""
    height, width = target.shape
    while source.shape[0] >= 2 * height and source.shape[1] >= 2 * width:
        half = (source.shape[1] // 2, source.shape[0] // 2)
        if half == (width, height):
            break
        source = cast(Plane, cv2.resize(source, half, interpolation=cv2.INTER_AREA))
    if source.shape == target.shape:
        np.copyto(target, source)
    else:
        cv2.resize(source, (width, height), target, interpolation=cv2.INTER_LINEAR)


def shrink(picture: Picture, tile: Picture) -> None:
    """Make the tile of a picture."""
    for source, target in ((picture.y, tile.y), (picture.u, tile.u), (picture.v, tile.v)):
        scale_plane(source, target)
    if tile.key is not None:
        if picture.key is None:
            tile.key.fill(255)
        else:
            scale_plane(picture.key, tile.key)


def _limited_range_tables() -> tuple[Plane, Plane]:
    codes = np.arange(256)
    luma = np.rint(16 + codes * 219 / 255)
    chroma = np.clip(np.rint(128 + (codes - 128) * 224 / 255), 16, 240)
    return luma.astype(np.uint8), chroma.astype(np.uint8)


_LIMIT_LUMA, _LIMIT_CHROMA = _limited_range_tables()


def _matrix_601_to_709() -> Any:
    """The 3x3 matrix from (Y, Cb, Cr) of BT.601 to that of BT.709, for code values of limited range."""

    def to_ycc(red: float, blue: float) -> Any:
        green = 1 - red - blue
        luma = np.array([red, green, blue])
        return np.array(
            [luma, (np.array([0, 0, 1]) - luma) / (2 * (1 - blue)), (np.array([1, 0, 0]) - luma) / (2 * (1 - red))]
        )

    codes = np.diag([219.0, 224.0, 224.0])
    return codes @ to_ycc(0.2126, 0.0722) @ np.linalg.inv(to_ycc(0.299, 0.114)) @ np.linalg.inv(codes)


_TO_709 = _matrix_601_to_709()


def to_bt709(picture: Picture) -> None:
    """Turn a limited-range BT.601 picture into BT.709, in place. Greys stay as they are, so black borders do too."""
    y, u, v = picture.y, picture.u, picture.v
    (_, yu, yv), (_, uu, uv), (_, vu, vv) = _TO_709.tolist()
    # What the chroma adds to the luma, around 128, at chroma resolution; then spread over the luma's pixels.
    added = cv2.addWeighted(u, yu, v, yv, NEUTRAL * (1 - yu - yv))
    new_u = cv2.addWeighted(u, uu, v, uv, NEUTRAL * (1 - uu - uv))
    cv2.addWeighted(u, vu, v, vv, NEUTRAL * (1 - vu - vv), v)
    np.copyto(u, new_u)
    spread = cv2.resize(added, (picture.width, picture.height), interpolation=cv2.INTER_LINEAR)
    cv2.addWeighted(y, 1, spread, 1, -NEUTRAL, y)


def _rows(plane: av.video.plane.VideoPlane, height: int, width: int) -> Plane:
    """A view of the rows of a plane, without FFmpeg's padding."""
    stride = abs(plane.line_size)
    rows = np.frombuffer(cast(Any, plane), np.uint8, stride * height).reshape(height, stride)[:, :width]
    return rows[::-1] if plane.line_size < 0 else rows


def planes_of(frame: av.VideoFrame) -> tuple[Plane, ...]:
    """The planes of an 8-bit planar 4:2:0 frame as (Y, U, V[, alpha]); views, except the chroma of NV12."""
    height, width = frame.height, frame.width
    half_height, half_width = (height + 1) // 2, (width + 1) // 2
    planes = frame.planes
    y = _rows(planes[0], height, width)
    if len(planes) == 2:
        both = _rows(planes[1], half_height, half_width * 2).reshape(half_height, half_width, 2)
        return y, cast(Plane, cv2.extractChannel(both, 0)), cast(Plane, cv2.extractChannel(both, 1))
    chroma = [_rows(plane, half_height, half_width) for plane in planes[1:3]]
    return (y, *chroma, *(_rows(plane, height, width) for plane in planes[3:4]))


def _colorspace(frame: av.VideoFrame) -> str:
    """The matrix of a frame's YUV, by what it says or, when it says nothing, by its height."""
    if frame.colorspace in _BT2020:
        return "BT2020"
    if frame.colorspace in _BT601 or (frame.colorspace == _UNSPECIFIED and frame.height <= SD_HEIGHT_PX):
        return "ITU601"
    return "ITU709"


class Fitter:
    """Draws frames of any kind into pictures of one size. Remembers per target where it has painted black."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._boxes: dict[int, Box] = {}

    def fit(self, frame: av.VideoFrame, pixel_aspect: Fraction | None, out: Picture, slot: int = 0) -> None:
        """Draw a frame into `out`, the picture of a ring's slot `slot`. Raises ValueError for an impossible size."""
        if not (0 < frame.width <= SIDE_MOST_PX and 0 < frame.height <= SIDE_MOST_PX):
            raise ValueError(f"{frame.width}x{frame.height} is more than {SIDE_MOST_PX} on a side")
        turn = frame.rotation % 360
        aspect = pixel_aspect or Fraction(1)
        width, height = frame.width, frame.height
        if turn in (90, 270):
            width, height, aspect = height, width, 1 / aspect
        box = fit_box(width, height, aspect, self.width, self.height)
        if self._boxes.get(slot) != box:
            out.fill(BLACK_Y, NEUTRAL, NEUTRAL)
            if out.key is not None:
                out.key.fill(0)
            self._boxes[slot] = box
        if frame.format.name in _PLANAR and out.key is None:
            self._draw(frame, turn, box, out)
            if _colorspace(frame) == "ITU601":
                to_bt709(out)
        else:
            self._draw(_reformatted(frame, box, turn, alpha=out.key is not None), turn, box, out)

    def forget(self, slot: int) -> None:
        """Somebody else has drawn into the picture of a slot."""
        self._boxes.pop(slot, None)

    def _draw(self, frame: av.VideoFrame, turn: int, box: Box, out: Picture) -> None:
        planes = planes_of(frame)
        if turn in _ROTATIONS:
            planes = tuple(cast(Plane, cv2.rotate(plane, _ROTATIONS[turn])) for plane in planes)
        targets = [box.of(out.y), box.of(out.u, 2), box.of(out.v, 2)]
        if out.key is not None and len(planes) == 4:
            targets.append(box.of(out.key))
        full_range = frame.color_range == _JPEG_RANGE or frame.format.name == "yuvj420p"
        for index, (plane, target) in enumerate(zip(planes, targets, strict=False)):
            if plane.shape == target.shape:
                np.copyto(target, plane)
            else:
                scale_plane(plane, target)
            if full_range and index < 3:
                cv2.LUT(target, _LIMIT_CHROMA if index else _LIMIT_LUMA, target)


def _reformatted(frame: av.VideoFrame, box: Box, turn: int, *, alpha: bool) -> av.VideoFrame:
    """The frame as limited-range BT.709 4:2:0 (with alpha when asked for), of the box's size unless it is turned."""
    is_rgb = frame.format.is_rgb or "pal" in frame.format.name
    colorspace = None if is_rgb else _colorspace(frame)
    return frame.reformat(
        width=None if turn in _ROTATIONS else box.width,
        height=None if turn in _ROTATIONS else box.height,
        format="yuva420p" if alpha else "yuv420p",
        src_colorspace=colorspace,
        dst_colorspace="ITU709",
        dst_color_range="MPEG",
        interpolation="BICUBIC" if alpha else "BILINEAR",
        threads=1,
    )

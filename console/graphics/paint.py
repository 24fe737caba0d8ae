"""The canvas: what QPainter draws at sub-pixel places, and where it drew. Also the look that all graphics share.

Everything is placed in pixels with the origin in the picture's corner. Sprites are drawn under a transform that is
not a plain shift, because Qt snaps images that are only shifted to whole pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, TypeAlias

import cv2
import numpy as np
import shiboken6
from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPen, QPolygonF, QTransform

from console.graphics.convert import Box, Pixels, Touched
from console.graphics.moment import Array

Rgba: TypeAlias = tuple[int, int, int, int]

# The look. Lengths are in pixels of a picture of 1080 rows.
PLATE: Rgba = (13, 17, 28, 228)
PLATE_EDGE: Rgba = (255, 255, 255, 46)
TEXT: Rgba = (255, 255, 255, 255)
TEXT_DARK: Rgba = (13, 17, 28, 255)
SHADE: Rgba = (0, 0, 0, 120)
"""What lies under bright lines, so that they stand out on any ground."""
OUTLINE: Rgba = (16, 18, 26, 255)
"""Around bones and leaders. Lines that let nothing through are painted several times quicker than others."""
ROW_PX, TEXT_PX, PAD_PX, RADIUS_PX = 40.0, 25.0, 10.0, 5.0
LEADER_PX, DOT_PX = 2.0, 4.5
SPRITE_MARGIN_PX = 2
"""The transparent rim of every sprite: its edges are anti-aliased wherever it lies."""

_HINTS = QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
_FORMAT = QImage.Format.Format_ARGB32_Premultiplied
_VOID_PTR: Any = shiboken6.VoidPtr  # its stub knows no arguments
_TURN = 1e-6
"""Too little to be seen, enough for Qt to interpolate between pixels."""
_MOST_KEPT = 256
_LONG_PX = 128, 96
"""What is smaller one way is marked by its box: to look closer takes longer than to convert what is too much."""


def image_over(pixels: Pixels) -> QImage:
    """An image whose memory is an array's; the array has to outlive it."""
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, width * 4, _FORMAT)


@lru_cache(maxsize=1024)
def _brush(colour: Rgba) -> QBrush:
    return QBrush(QColor(*colour))


def qpolygon(points: Array) -> QPolygonF:
    """Points (n, 2) as Qt has them, copied at once: a point at a time takes longer than drawing them."""
    polygon = QPolygonF()
    polygon.resize(len(points))
    if len(points):
        memory = memoryview(_VOID_PTR(polygon.data(), len(points) * 16, True))
        np.ndarray((len(points), 2), np.float64, memory)[:] = points
    return polygon


class _Stencils:
    """Polygons of Qt that are filled again and again: making one takes longer than drawing it."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[QPolygonF, Array]] = {}

    def of(self, points: Array) -> QPolygonF:
        """Points (n, 2) as Qt has them, until the next of as many are asked for: to be drawn at once, not kept."""
        count = len(points)
        if count > _MOST_KEPT:
            return qpolygon(points)
        if count not in self._known:
            polygon = QPolygonF()
            polygon.resize(count)
            memory = memoryview(_VOID_PTR(polygon.data(), count * 16, True))
            self._known[count] = polygon, np.ndarray((count, 2), np.float64, memory)
        polygon, corners = self._known[count]
        corners[:] = points
        return polygon


def mark_polygon(touched: Touched, points: Array, pad_px: float = 1.0) -> None:
    """Mark where a polygon lies: a long one not by its box but band by band, since a slanting line is thin."""
    left, top = (points.min(axis=0) - pad_px).tolist()
    right, bottom = (points.max(axis=0) + pad_px).tolist()
    if right - left < _LONG_PX[0] or bottom - top < _LONG_PX[1]:
        touched.mark(left, top, right, bottom)
        return
    tops = np.arange(max(top // 32 * 32, 0.0), min(bottom, touched.height), 32.0)
    ax, ay = points[:, 0, None], points[:, 1, None]
    bx, by = np.roll(points, -1, axis=0).T[..., None]
    rise = np.where(np.abs(by - ay) < 1e-9, 1e-9, by - ay)
    # The part of each edge within each band, as shares of its length.
    one, two = (tops - pad_px - ay) / rise, (tops + 32 + pad_px - ay) / rise
    start, end = np.clip(np.minimum(one, two), 0, 1), np.clip(np.maximum(one, two), 0, 1)
    inside = (np.minimum(one, two) <= 1) & (np.maximum(one, two) >= 0)
    x1, x2 = ax + (bx - ax) * start, ax + (bx - ax) * end
    lows = np.where(inside, np.minimum(x1, x2), np.inf).min(axis=0)
    highs = np.where(inside, np.maximum(x1, x2), -np.inf).max(axis=0)
    for band, low, high in zip(tops.tolist(), lows.tolist(), highs.tolist(), strict=True):
        if low <= high:
            touched.mark(low - pad_px, band, high + pad_px, band + 31)


def mark_polygons(touched: Touched, many: Sequence[Array]) -> None:
    """Mark where polygons (n, 2) lie."""
    if not many:
        return
    points = np.concatenate(many)
    starts = np.cumsum([0, *(len(one) for one in many[:-1])])
    low, high = np.minimum.reduceat(points, starts) - 1.0, np.maximum.reduceat(points, starts) + 1.0
    for one, (left, top), (right, bottom) in zip(many, low.tolist(), high.tolist(), strict=True):
        if right - left < _LONG_PX[0] or bottom - top < _LONG_PX[1]:
            touched.mark(left, top, right, bottom)
        else:
            mark_polygon(touched, one)


class Canvas:
    """A transparent picture that is painted anew for each frame; it knows where there is paint."""

    def __init__(self, width: int, height: int) -> None:
        self.pixels = np.zeros((height, width, 4), np.uint8)
        self.touched = Touched(width, height)
        self._image = image_over(self.pixels)
        self._held: tuple[Box, ...] = ()
        self._painter = QPainter()
        self._stencils = _Stencils()
        self._above: Canvas | None = None
        self._whole = QRect(0, 0, width, height)

    def begin(self) -> None:
        """Wipe what was painted, and start."""
        for x, y, width, height in self._held:
            self.pixels[y : y + height, x : x + width] = 0
        self.touched.wipe()
        self._painter.begin(self._image)
        self._painter.setRenderHints(_HINTS)
        self._painter.setPen(Qt.PenStyle.NoPen)

    def end(self) -> tuple[Box, ...]:
        """Finish, and tell where there is paint."""
        self._painter.end()
        self._held = self.touched.boxes()
        return self._held

    @contextmanager
    def layer(self, opacity: float) -> Iterator[Canvas]:
        """A canvas whose paint comes onto this one as a whole, at an opacity: what overlaps within does not show."""
        if opacity >= 1:
            yield self
            return
        if self._above is None:
            self._above = Canvas(self._whole.width(), self._whole.height())
        above = self._above
        above.begin()
        try:
            yield above
        finally:
            boxes = above.end()
            painter = self._painter
            painter.setOpacity(max(opacity, 0.0))
            for x, y, width, height in boxes:
                painter.drawImage(QPointF(x, y), above._image, QRectF(x, y, width, height))
                self.touched.mark(x, y, x + width - 1, y + height - 1)
            painter.setOpacity(1.0)

    def polygon(self, points: Array, colour: Rgba, *, mark: bool = True) -> None:
        """Fill a polygon (n, 2); `mark` is not needed where another that holds it was marked."""
        if len(points) < 3:
            return
        self._painter.setBrush(_brush(colour))
        self._painter.drawPolygon(self._stencils.of(points))
        if mark:
            mark_polygon(self.touched, points)

    def holds(self, many: Sequence[Array]) -> bool:
        """Whether there may be paint where polygons lie."""
        low, high = np.array([one.min(axis=0) for one in many]), np.array([one.max(axis=0) for one in many])
        return bool(self.touched.meet(low - 1.0, high + 1.0).any())

    def polygons(self, many: Sequence[Array], colours: Sequence[Rgba], marks: int, *, instead: bool = False) -> None:
        """Fill polygons (n, 2) in their order, each in its colour; the first `marks` of them hold all others.

        `instead`: they take the place of what is there; Qt is several times quicker at it where they let something
        through.
        """
        painter, of = self._painter, self._stencils.of
        if instead:
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        for points, colour in zip(many, colours, strict=True):
            painter.setBrush(_brush(colour))
            painter.drawPolygon(of(points))
        if instead:
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
        mark_polygons(self.touched, many[:marks])

    def outlines(self, many: Array, colour: Rgba) -> None:
        """Fill polygons (m, n, 2) in one colour. Does not mark."""
        self._painter.setBrush(_brush(colour))
        draw, of = self._painter.drawPolygon, self._stencils.of
        for points in many:
            draw(of(points))

    def lines(self, ends: Array, width_px: float, colour: Rgba) -> None:
        """Draw straight lines (m, 2, 2) that end square, half their width beyond their ends. Does not mark.

        Qt is several times quicker at these than at polygons.
        """
        pen = QPen(_brush(colour), width_px, Qt.PenStyle.SolidLine, Qt.PenCapStyle.SquareCap)
        self._painter.setPen(pen)
        self._painter.drawLines([QLineF(*one) for one in ends.reshape(-1, 4).tolist()])
        self._painter.setPen(Qt.PenStyle.NoPen)

    def dots(self, places: Array, radii_px: Array, colour: Rgba) -> None:
        """Draw discs (k, 2) of radii (k,). Does not mark."""
        self._painter.setBrush(_brush(colour))
        for (x, y), radius in zip(places.tolist(), radii_px.tolist(), strict=True):
            self._painter.drawEllipse(QPointF(x, y), radius, radius)

    def erase(self, outlines: Array) -> None:
        """Take away what lies in convex polygons (m, n, 2), where there is any.

        With OpenCV, which is several times quicker and less exact by some hundredths of a pixel: what a body hides is
        not known better than that.
        """
        met = self.touched.meet(outlines.min(axis=1), outlines.max(axis=1))
        for points in np.rint((outlines[met] - 0.5) * 256).astype(np.int32):
            cv2.fillConvexPoly(self.pixels, points, (0, 0, 0, 0), cv2.LINE_AA, 8)

    def picture(self, outline: Array, image: QImage, transform: QTransform) -> None:
        """Fill an outline (n, 2) with an image that the transform brings into the picture."""
        if len(outline) < 3:
            return
        brush = QBrush(image)
        brush.setTransform(transform)
        self._painter.setBrush(brush)
        self._painter.drawPolygon(self._stencils.of(outline))
        mark_polygon(self.touched, outline)

    def sprite(self, image: QImage, x: float, y: float, opacity: float = 1.0) -> None:
        """Draw an image with its corner at a place between pixels; it has a transparent rim."""
        self._painter.setTransform(QTransform(1.0, _TURN, -_TURN, 1.0, x, y))
        self._painter.setOpacity(opacity)
        self._painter.drawImage(0, 0, image)
        self._painter.setOpacity(1.0)
        self._painter.resetTransform()
        self.touched.mark(x - 1, y - 1, x + image.width() + 1, y + image.height() + 1)

    @contextmanager
    def sparing(self, box: Box) -> Iterator[None]:
        """What is drawn within leaves a box as it was."""
        area = self.pixels[box.y : box.y + box.height, box.x : box.x + box.width]
        before = area.copy()
        try:
            yield
        finally:
            area[:] = before

    def keep(self, shown: Pixels, x: int, y: int) -> None:
        """Multiply what is painted in a box by a mask (rows, columns) of 0..255."""
        rows, columns = shown.shape
        pixels = np.zeros((rows, columns, 4), np.uint8)
        pixels[..., 3] = shown
        self._painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationIn)
        self._painter.drawImage(x, y, image_over(pixels))
        self._painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)

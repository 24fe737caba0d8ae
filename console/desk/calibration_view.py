"""The picture of the calibration window: points to set, drag and nudge on it, a loupe, and the field's lines over it.

Places are in pixels of the picture from its corner, as cameras have them: (0.5, 0.5) is the middle of its first pixel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from console.desk import tokens
from console.desk.pixels import Raster
from console.desk.plates import font
from console.media.picture import Picture

_GRASP_PX = 12
_NUDGE_PX = 0.1
_LOUPE_PX, _LOUPE_ZOOM = 176, 6
_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


@dataclass(frozen=True)
class Shown:
    """A point on the picture."""

    name: str
    pixel: tuple[float, float]
    error_px: float | None = None
    """How far the solved camera puts it from there."""
    used: bool = True


def to_image(picture: Picture) -> QImage:
    """A picture as Qt draws it, in full size."""
    pixels = np.empty((picture.height, picture.width, 4), np.uint8)
    raster = Raster(pixels)
    raster.take(picture)
    raster.render()
    return QImage(pixels.data, picture.width, picture.height, picture.width * 4, QImage.Format.Format_RGB32).copy()


class CalibrationView(QWidget):
    """Shows the picture as large as it fits."""

    pointed = Signal(float, float)
    """A place was clicked where no point was."""
    chosen = Signal(int)
    moved = Signal(int, float, float)
    """A point was dragged or nudged there."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(480, 270)
        self.setAccessibleName("Picture of the camera")
        self._image = QImage()
        self._points: tuple[Shown, ...] = ()
        self._lines: list[QPolygonF] = []
        self._selected = -1
        self._dragged = False
        self._cursor: QPointF | None = None

    def sizeHint(self) -> QSize:
        """As large as there is room for."""
        return QSize(960, 540)

    def show_picture(self, image: QImage) -> None:
        """Show another picture."""
        self._image = image
        self.update()

    def show_points(self, points: Sequence[Shown], selected: int) -> None:
        """Show these points."""
        self._points, self._selected = tuple(points), selected
        self.update()

    def show_lines(self, lines: Sequence[NDArray[np.float64]]) -> None:
        """Show lines, each (n, 2) in pixels of the picture."""
        self._lines = [QPolygonF([QPointF(x, y) for x, y in line.tolist()]) for line in lines]
        self.update()

    def _frame(self) -> QRectF:
        """Where the picture lies."""
        if self._image.isNull():
            return QRectF()
        scale = min(self.width() / self._image.width(), self.height() / self._image.height())
        width, height = self._image.width() * scale, self._image.height() * scale
        return QRectF((self.width() - width) / 2, (self.height() - height) / 2, width, height)

    def place_of(self, pixel: tuple[float, float]) -> QPointF:
        """Where a pixel of the picture is in the widget."""
        frame = self._frame()
        scale = frame.width() / max(1, self._image.width())
        return QPointF(frame.x() + pixel[0] * scale, frame.y() + pixel[1] * scale)

    def _pixel_at(self, place: QPointF) -> tuple[float, float] | None:
        frame = self._frame()
        if not frame.contains(place):
            return None
        scale = frame.width() / self._image.width()
        return (place.x() - frame.x()) / scale, (place.y() - frame.y()) / scale

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of a point, or set one."""
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        pixel = self._pixel_at(event.position())
        if event.button() is not Qt.MouseButton.LeftButton or pixel is None:
            return
        distances = [(self.place_of(p.pixel) - event.position()).manhattanLength() for p in self._points]
        if distances and min(distances) <= _GRASP_PX:
            self._dragged = True
            self.chosen.emit(distances.index(min(distances)))
        else:
            self.pointed.emit(*pixel)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag, and look closer."""
        self._cursor = event.position()
        pixel = self._pixel_at(event.position())
        if self._dragged and self._selected >= 0 and pixel is not None:
            self.moved.emit(self._selected, *pixel)
        self.update()

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """Let go."""
        self._dragged = False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move the chosen point by a tenth of a pixel, with Shift by a whole one."""
        step = _ARROWS.get(Qt.Key(event.key()))
        if step is None or not 0 <= self._selected < len(self._points):
            super().keyPressEvent(event)
            return
        by = 1.0 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else _NUDGE_PX
        x, y = self._points[self._selected].pixel
        self.moved.emit(self._selected, x + step[0] * by, y + step[1] * by)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw it."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(tokens.BACKGROUND))
        frame = self._frame()
        if not self._image.isNull():
            painter.setRenderHints(QPainter.RenderHint.SmoothPixmapTransform | QPainter.RenderHint.Antialiasing)
            painter.drawImage(frame, self._image)
            self._paint_over(painter)
            if self._cursor is not None and frame.contains(self._cursor):
                self._paint_loupe(painter, self._cursor, frame)
        painter.end()

    def _paint_over(self, painter: QPainter) -> None:
        painter.save()
        painter.setClipRect(self._frame())
        origin, scale = self._frame().topLeft(), self._frame().width() / self._image.width()
        painter.translate(origin)
        painter.scale(scale, scale)
        for colour, width in ((QColor(0, 0, 0, 160), 3.0), (QColor(tokens.FOCUS), 1.4)):
            pen = QPen(colour, width)
            pen.setCosmetic(True)
            painter.setPen(pen)
            for line in self._lines:
                painter.drawPolyline(line)
        painter.restore()
        painter.setFont(font(tokens.CAPTION_PX, bold=True))
        for number, point in enumerate(self._points):
            self._paint_point(painter, point, chosen=number == self._selected)

    def _paint_point(self, painter: QPainter, point: Shown, *, chosen: bool) -> None:
        at = self.place_of(point.pixel)
        colour = QColor(tokens.ARMED if chosen else tokens.TEXT if point.used else tokens.ALARM)
        for pen in (QPen(QColor(0, 0, 0, 200), 4), QPen(colour, 2)):
            painter.setPen(pen)
            painter.drawEllipse(at, 7, 7)
            for x, y in ((-12, 0), (4, 0), (0, -12), (0, 4)):
                painter.drawLine(at + QPointF(x, y), at + QPointF(x + (8 if x else 0), y + (8 if y else 0)))
        if point.used and not chosen:
            return  # names of all would cover each other
        text = point.name if point.error_px is None else f"{point.name}  {point.error_px:.1f} px"
        text += "" if point.used else "  left out"
        box = QRectF(painter.fontMetrics().boundingRect(text)).adjusted(-4, -2, 4, 2)
        box.moveTo(at + QPointF(12, 6))
        painter.fillRect(box, QColor(0, 0, 0, 190))
        painter.setPen(colour)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_loupe(self, painter: QPainter, cursor: QPointF, frame: QRectF) -> None:
        pixel = self._pixel_at(cursor)
        if pixel is None:
            return
        half = _LOUPE_PX / _LOUPE_ZOOM / 2
        left = cursor.x() > frame.center().x()
        x = frame.left() + 8 if left else frame.right() - _LOUPE_PX - 8
        target = QRectF(x, frame.top() + 8, _LOUPE_PX, _LOUPE_PX)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.fillRect(target, QColor(tokens.BACKGROUND))
        painter.drawImage(target, self._image, QRectF(pixel[0] - half, pixel[1] - half, 2 * half, 2 * half))
        painter.setPen(QPen(QColor(tokens.ARMED), 1))
        painter.drawLine(QPointF(target.center().x(), target.top()), QPointF(target.center().x(), target.bottom()))
        painter.drawLine(QPointF(target.left(), target.center().y()), QPointF(target.right(), target.center().y()))
        painter.setPen(QPen(QColor(tokens.LINE), 2))
        painter.drawRect(target)

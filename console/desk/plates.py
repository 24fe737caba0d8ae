"""Text that stands on pictures, painted once and kept as pixmaps: no text is laid out per frame.

All sizes are device pixels: a plate is blitted, never scaled.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QGuiApplication, QPainter, QPen, QPixmap, QPolygonF

from console.desk import tokens

_KEPT = 400


class Plate(NamedTuple):
    """What a plate says and how it looks."""

    text: str
    foreground: str = tokens.TEXT
    background: str = tokens.BLACK
    opacity: float = tokens.PLATE_OPACITY
    badge: str = ""
    """A key in a frame, before the text."""
    mark: str = ""
    """`filled` or `hollow`: a triangle before the text, the shape of an alarm or a warning."""
    size_px: int = tokens.TILE_NAME_PX
    bold: bool = False


def font(size_px: float, *, bold: bool = False) -> QFont:
    """The system's sans in a size in pixels, figures of equal width."""
    made = QFont(QGuiApplication.font())
    made.setPixelSize(max(1, round(size_px)))
    made.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    made.setFeature(QFont.Tag("tnum"), 1)
    return made


class Plates:
    """The kept pixmaps, newest used last."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Plate, float, int], QPixmap] = OrderedDict()

    def get(self, plate: Plate, scale: float, width_max: int) -> QPixmap:
        """The pixmap of a plate at so many device pixels per pixel, its text elided to a width."""
        key = (plate, scale, width_max)
        pixmap = self._kept.get(key)
        if pixmap is None:
            pixmap = self._kept[key] = _painted(plate, scale, width_max)
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(key)
        return pixmap


def _painted(plate: Plate, scale: float, width_max: int) -> QPixmap:
    face = font(plate.size_px * scale, bold=plate.bold)
    metrics = QFontMetrics(face)
    pad = round(6 * scale)
    height = metrics.height() + 2 * round(2 * scale)
    badge_width = max(metrics.horizontalAdvance(plate.badge) + pad, height - pad) + pad if plate.badge else 0
    mark_width = height - pad // 2 if plate.mark else 0
    room = max(0, width_max - 2 * pad - badge_width - mark_width)
    text = metrics.elidedText(plate.text, Qt.TextElideMode.ElideRight, room)
    width = max(1, min(width_max, metrics.horizontalAdvance(text) + 2 * pad + badge_width + mark_width))
    pixmap = QPixmap(width, max(1, height))
    background = QColor(plate.background)
    background.setAlphaF(plate.opacity)
    pixmap.fill(background)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(face)
    painter.setPen(QColor(plate.foreground))
    x = pad
    if plate.badge:
        box = QRectF(x + 0.5, round(3 * scale) + 0.5, badge_width - pad - 1, height - 2 * round(3 * scale) - 1)
        painter.drawRoundedRect(box, 2 * scale, 2 * scale)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, plate.badge)
        x += badge_width
    if plate.mark:
        draw_mark(painter, QRectF(x, height * 0.22, height * 0.6, height * 0.56), plate.mark, plate.foreground, scale)
        x += mark_width
    painter.drawText(QRect(x, 0, width - x, height), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
    painter.end()
    return pixmap


def draw_mark(painter: QPainter, box: QRectF, mark: str, colour: str, scale: float) -> None:
    """A triangle, the shape that goes with the colours of alarm (`filled`) and warning (`hollow`)."""
    top = QPointF(box.center().x(), box.top())
    painter.setPen(QPen(QColor(colour), 1.5 * scale))
    painter.setBrush(QColor(colour) if mark == "filled" else Qt.BrushStyle.NoBrush)
    painter.drawPolygon(QPolygonF([top, box.bottomRight(), box.bottomLeft()]))
    painter.setBrush(Qt.BrushStyle.NoBrush)

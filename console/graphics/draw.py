"""A display list for titles: what is to be painted, as comparable data, and how it is painted."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QImage, QLinearGradient, QPainter, QPen, QTransform

from console.graphics import template as t
from console.graphics.arrange import Rect
from console.graphics.convert import NO_BOX, Box, around
from console.graphics.textbox import Setting, colour_of

_TURN = 1e-6


@dataclass(frozen=True)
class Fill:
    """A rectangle."""

    fill: str | t.Gradient
    radius_px: float
    border: t.Border | None
    border_px: float


@dataclass(frozen=True)
class Sprite:
    """Text, drawn once and kept."""

    setting: Setting


@dataclass(frozen=True)
class File:
    """A picture file."""

    path: str


@dataclass(frozen=True)
class FlagOf:
    """The flag of a country."""

    code: str


@dataclass(frozen=True)
class Layer:
    """Things that are painted together, then made transparent as one."""

    ops: tuple[Op, ...]


Paint: TypeAlias = Fill | Sprite | File | FlagOf | Layer


@dataclass(frozen=True)
class Op:
    """One thing to paint: where, cut to what, how opaque."""

    rect: Rect
    paint: Paint
    clip: Box | None = None
    opacity: float = 1.0

    @property
    def bounds(self) -> Box:
        """Whole pixels that hold it; `NO_BOX` when nothing is seen."""
        outer = covering(self.rect)
        return outer if self.clip is None else common(outer, self.clip)


def covering(rect: Rect) -> Box:
    """The pixels that a rectangle touches."""
    x, y = math.floor(rect.x), math.floor(rect.y)
    return Box(x, y, math.ceil(rect.x + rect.width) - x, math.ceil(rect.y + rect.height) - y)


def common(first: Box, second: Box) -> Box:
    """What two boxes share."""
    x, y = max(first.x, second.x), max(first.y, second.y)
    right = min(first.x + first.width, second.x + second.width)
    bottom = min(first.y + first.height, second.y + second.height)
    return Box(x, y, right - x, bottom - y) if right > x and bottom > y else NO_BOX


def changed(before: Sequence[Op], after: Sequence[Op]) -> Box:
    """What holds all that differs between two display lists."""
    if len(before) == len(after):
        pairs = zip(before, after, strict=True)
        return around_all([one for old, new in pairs if old != new for one in (old.bounds, new.bounds)])
    one, two = Counter(before), Counter(after)
    return around_all([op.bounds for op in ((one - two) + (two - one))])


def around_all(boxes: Sequence[Box]) -> Box:
    """What holds all boxes that hold anything."""
    return around([box for box in boxes if box.width > 0 and box.height > 0])


class Easel:
    """Paints display lists."""

    def __init__(
        self,
        sprite: Callable[[Setting], QImage],
        picture: Callable[[str], QImage | None],
        flag: Callable[[str, int], QImage],
    ) -> None:
        self._sprite, self._picture, self._flag = sprite, picture, flag

    def paint(self, image: QImage, ops: Sequence[Op], box: Box, corner: tuple[int, int] = (0, 0)) -> None:
        """Wipe a box of an image and paint what lies in it. `corner`: where in the picture the image begins."""
        if box == NO_BOX:
            return
        painter = QPainter(image)
        painter.translate(-corner[0], -corner[1])
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        painter.setClipRect(QRect(*box))
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        painter.fillRect(QRect(*box), Qt.GlobalColor.transparent)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
        self._all(painter, ops, box)
        painter.end()

    def _all(self, painter: QPainter, ops: Sequence[Op], box: Box) -> None:
        for op in ops:
            seen = common(op.bounds, box)
            if seen != NO_BOX and op.opacity > 0:
                painter.setClipRect(QRect(*seen))
                painter.setOpacity(op.opacity)
                self._one(painter, op, seen)

    def _one(self, painter: QPainter, op: Op, seen: Box) -> None:
        paint = op.paint
        if isinstance(paint, Layer):
            layer = QImage(seen.width, seen.height, QImage.Format.Format_ARGB32_Premultiplied)
            layer.fill(Qt.GlobalColor.transparent)
            inner = QPainter(layer)
            inner.setRenderHints(painter.renderHints())
            inner.translate(-seen.x, -seen.y)
            self._all(inner, paint.ops, seen)
            inner.end()
            painter.drawImage(seen.x, seen.y, layer)
        elif isinstance(paint, Sprite):
            self._image(painter, op.rect, self._sprite(paint.setting))
        elif isinstance(paint, File):
            image = self._picture(paint.path)
            if image is not None:
                self._image(painter, op.rect, image)
        elif isinstance(paint, FlagOf):
            self._image(painter, op.rect, self._flag(paint.code, max(1, round(op.rect.height))))
        else:
            _fill(painter, op.rect, paint)

    @staticmethod
    def _image(painter: QPainter, rect: Rect, image: QImage) -> None:
        """An image, pixel by pixel where it is not scaled and stands on whole pixels.

        Qt snaps images that are only shifted to whole pixels, which jerks; the least turn makes it interpolate.
        """
        same_size = abs(rect.width - image.width()) < 0.01 and abs(rect.height - image.height()) < 0.01
        if same_size and abs(rect.x - round(rect.x)) < 0.01 and abs(rect.y - round(rect.y)) < 0.01:
            painter.drawImage(round(rect.x), round(rect.y), image)
            return
        before = painter.transform()
        across, down = rect.width / image.width(), rect.height / image.height()
        painter.setTransform(QTransform(across, _TURN, -_TURN, down, rect.x, rect.y), True)
        painter.drawImage(0, 0, image)
        painter.setTransform(before)


def _fill(painter: QPainter, rect: Rect, paint: Fill) -> None:
    area = QRectF(*rect)
    if paint.fill:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(_brush(area, paint.fill))
        if paint.radius_px > 0:
            painter.drawRoundedRect(area, paint.radius_px, paint.radius_px)
        else:
            painter.drawRect(area)
    if paint.border is not None:
        half = paint.border_px / 2
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour_of(paint.border.colour), paint.border_px))
        radius = max(0.0, paint.radius_px - half)
        painter.drawRoundedRect(area.adjusted(half, half, -half, -half), radius, radius)


def _brush(area: QRectF, fill: str | t.Gradient) -> QBrush:
    if isinstance(fill, str):
        return QBrush(colour_of(fill))
    turn = math.radians(fill.angle_deg)
    along = QPointF(math.cos(turn), math.sin(turn))
    reach = (abs(along.x()) * area.width() + abs(along.y()) * area.height()) / 2
    gradient = QLinearGradient(area.center() - along * reach, area.center() + along * reach)
    gradient.setColorAt(0, colour_of(fill.start))
    gradient.setColorAt(1, colour_of(fill.end))
    return QBrush(gradient)

"""Plates with text, flags and figures, and what is painted on boards and lane flags: drawn once, kept while in use."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QImageReader, QPainter

from console.graphics.flags import RATIO, flag
from console.graphics.fonts import Fonts
from console.graphics.paint import (
    PAD_PX,
    PLATE,
    PLATE_EDGE,
    RADIUS_PX,
    ROW_PX,
    SPRITE_MARGIN_PX,
    TEXT_PX,
    Rgba,
)
from console.graphics.textbox import Look, Setting, Typesetter

_KEPT = 400
_LONGEST_IMAGE_PX = 4096
_BOARD_ROWS_PX = 256
_BROADEST = 0.32
"""The broadest plate, in picture widths."""
K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True)
class Words:
    """Text."""

    text: str


@dataclass(frozen=True)
class Figure:
    """A number with its unit, whose digits all have the same width."""

    text: str


@dataclass(frozen=True)
class Chip:
    """A bib: dark on the element's colour."""

    text: str


@dataclass(frozen=True)
class Ensign:
    """A team's flag."""

    code: str


Cell: TypeAlias = Words | Figure | Chip | Ensign


@dataclass(frozen=True)
class PlateLook:
    """All that a plate's picture depends on."""

    rows: tuple[tuple[Cell, ...], ...]
    colour: str
    scale: float
    """1: rows of `ROW_PX`."""
    broadest_px: int


@dataclass(frozen=True)
class FaceLook:
    """What is painted on a board or a lane flag: an image, or a flag and text on a colour."""

    image: str
    text: str
    country: str
    colour: str
    aspect: float
    """Width by height, to a tenth."""


class _Kept:
    """What was made of something, the latest used ones."""

    def __init__(self) -> None:
        self._made: OrderedDict[Hashable, QImage] = OrderedDict()

    def get(self, key: K, make: Callable[[K], QImage]) -> QImage:
        if key in self._made:
            self._made.move_to_end(key)
            return self._made[key]
        made = self._made[key] = make(key)
        if len(self._made) > _KEPT:
            self._made.popitem(last=False)
        return made


class Sprites:
    """Makes and keeps them. `troubles` holds what can't be drawn, in plain words, each once."""

    def __init__(self, width: int, height: int) -> None:
        self._fonts = Fonts()
        self._type = Typesetter(self._fonts)
        self._family = self._fonts.family(())
        self._scale = height / 1080
        self._broadest_px = round(width * _BROADEST)
        self._plates, self._faces, self._scaled = _Kept(), _Kept(), _Kept()
        self._troubles: dict[str, None] = {}

    @property
    def troubles(self) -> tuple[str, ...]:
        """Sentences for the operator."""
        return (*self._troubles, *self._fonts.troubles)

    def tell(self, sentence: str) -> None:
        """Name a trouble, once."""
        if len(self._troubles) < 50:
            self._troubles[sentence] = None

    def plate(self, rows: tuple[tuple[Cell, ...], ...], colour: str, size: float = 1.0) -> QImage:
        """A plate with rows of cells and a transparent rim of `SPRITE_MARGIN_PX`; `size` 1 is the usual one."""
        size = min(max(size, 0.4), 4.0) if math.isfinite(size) else 1.0
        return self._plates.get(PlateLook(rows, colour, self._scale * size, self._broadest_px), self._draw_plate)

    def face(self, look: FaceLook, width_px: float, height_px: float) -> QImage | None:
        """What is on a board, made smaller to about the size it is seen at; None when its image can't be had."""
        whole = self._faces.get(look, self._draw_face)
        if whole.isNull():
            return None
        width, height = (_step(seen, full) for seen, full in ((width_px, whole.width()), (height_px, whole.height())))
        if (width, height) == (whole.width(), whole.height()):
            return whole
        return self._scaled.get((look, width, height), lambda _: _shrunk(whole, width, height))

    def _look(self, px: float, colour: Rgba | str = "#ffffff", weight: int = 700) -> Look:
        text = colour if isinstance(colour, str) else QColor(*colour[:3]).name()
        return Look(self._family, weight, 90, max(round(px), 6), text)

    def _draw_plate(self, look: PlateLook) -> QImage:
        scale = look.scale
        pad, row_px = PAD_PX * scale, ROW_PX * scale
        rows = [self._measured(row, look) for row in look.rows]
        width = max((sum(w for _, w in row) + pad * (len(row) - 1) for row in rows), default=0.0) + 2.6 * pad
        size = QSize(math.ceil(width), math.ceil(row_px * max(len(rows), 1)))
        image = _blank(size.width() + 2 * SPRITE_MARGIN_PX, size.height() + 2 * SPRITE_MARGIN_PX)
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(SPRITE_MARGIN_PX, SPRITE_MARGIN_PX)
        _ground(painter, size.width(), size.height(), look.colour, scale)
        for number, row in enumerate(rows):
            x = pad * 1.5
            for cell, cell_width in row:
                self._draw_cell(painter, cell, x, row_px * number, cell_width, look)
                x += cell_width + pad
        painter.end()
        return image

    def _measured(self, row: tuple[Cell, ...], look: PlateLook) -> list[tuple[Cell, float]]:
        return [(cell, self._cell_width(cell, look)) for cell in row]

    def _setting(self, cell: Words | Figure | Chip, look: PlateLook) -> Setting:
        px = TEXT_PX * look.scale
        if isinstance(cell, Figure):
            return self._type.clock(cell.text, self._look(px))
        if isinstance(cell, Chip):
            dark = "#0d111c" if _luma(look.colour) > 0.35 else "#ffffff"
            return self._type.one_line(cell.text, self._look(px * 0.82, dark), look.broadest_px * 0.3, 0.7)
        return self._type.one_line(cell.text, self._look(px), look.broadest_px, 0.8)

    def _cell_width(self, cell: Cell, look: PlateLook) -> float:
        if isinstance(cell, Ensign):
            return float(round(round(24 * look.scale) * RATIO))
        return self._setting(cell, look).width + (12 * look.scale if isinstance(cell, Chip) else 0)

    def _draw_cell(self, painter: QPainter, cell: Cell, x: float, y: float, width: float, look: PlateLook) -> None:
        row_px = ROW_PX * look.scale
        if isinstance(cell, Ensign):
            image = flag(cell.code, round(24 * look.scale))
            top = round(y + (row_px - image.height()) / 2)
            painter.drawImage(round(x), top, image)
            painter.setPen(QColor(0, 0, 0, 90))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(round(x) - 0.5, top - 0.5, image.width() + 1, image.height() + 1))
            return
        setting = self._setting(cell, look)
        if isinstance(cell, Chip):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(look.colour))
            box = QRectF(x, y + row_px * 0.17, width, row_px * 0.66)
            painter.drawRoundedRect(box, 3 * look.scale, 3 * look.scale)
            x += 6 * look.scale
        rise = y + (row_px - setting.height) / 2
        painter.drawImage(QPointF(round(x) - setting.pad, round(rise) - setting.pad), self._type.sprite(setting))

    def _draw_face(self, look: FaceLook) -> QImage:
        if look.image:
            return self._image(look.image)
        height = _BOARD_ROWS_PX
        width = round(min(max(look.aspect, 0.1), 16.0) * height)
        image = _blank(width, height)
        image.fill(QColor(look.colour))
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        x: float = width * 0.04
        room: float = width * 0.92
        if look.country:
            ensign = flag(look.country, round(min(height * 0.62, room * 0.4 / RATIO)))
            painter.drawImage(QPointF(round(x), round((height - ensign.height()) / 2)), ensign)
            x, room = x + ensign.width() + width * 0.03, room - ensign.width() - width * 0.03
        if look.text.strip():
            dark = "#0d111c" if _luma(look.colour) > 0.35 else "#ffffff"
            setting = self._type.one_line(look.text, self._look(height * 0.56, dark), room, 0.35)
            left = x + (0.0 if look.country else (room - setting.width) / 2) - setting.pad
            painter.drawImage(QPointF(left, (height - setting.height) / 2 - setting.pad), self._type.sprite(setting))
        painter.end()
        return image

    def _image(self, path: str) -> QImage:
        reader = QImageReader(path)
        reader.setAutoTransform(True)
        size = reader.size()
        if size.isValid() and max(size.width(), size.height()) > _LONGEST_IMAGE_PX:
            reader.setScaledSize(size.scaled(_LONGEST_IMAGE_PX, _LONGEST_IMAGE_PX, Qt.AspectRatioMode.KeepAspectRatio))
        image = reader.read()
        if image.isNull():
            self.tell(f"The image {path} can't be read; what shows it is left out")
            return QImage()
        return image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)


def _blank(width: int, height: int) -> QImage:
    image = QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    return image


def _ground(painter: QPainter, width: int, height: int, colour: str, scale: float) -> None:
    """The plate itself, with a bar in the element's colour at its left."""
    radius = RADIUS_PX * scale
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(*PLATE))
    painter.drawRoundedRect(QRectF(0, 0, width, height), radius, radius)
    painter.setClipRect(QRectF(0, 0, max(5 * scale, 3.0), height))
    painter.setBrush(QColor(colour))
    painter.drawRoundedRect(QRectF(0, 0, width, height), radius, radius)
    painter.setClipping(False)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QColor(*PLATE_EDGE))
    painter.drawRoundedRect(QRectF(0.5, 0.5, width - 1, height - 1), radius, radius)


def _luma(colour: str) -> float:
    one = QColor(colour)
    return 0.2126 * one.redF() + 0.7152 * one.greenF() + 0.0722 * one.blueF()


def _step(seen_px: float, full_px: int) -> int:
    """The size to shrink to: the next below what is seen in steps of 1.19, so few are kept and no pixel is skipped."""
    if not seen_px < full_px:
        return full_px
    steps = math.ceil(4 * math.log2(full_px / max(seen_px, 1.0)))
    return max(round(full_px / 2 ** (steps / 4)), 1)


def _shrunk(image: QImage, width: int, height: int) -> QImage:
    return image.scaled(
        width, height, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
    ).convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)

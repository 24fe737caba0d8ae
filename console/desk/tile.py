"""One picture of the multiview: its feed, its pixels at device size, and what stands on it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QImage, QPainter, QPixmap

from console.desk import tokens
from console.desk.feed import Feed
from console.desk.layout import Rect
from console.desk.meter import FLOOR_DB, HOT_DB, WARM_DB, Bar, height, moved
from console.desk.pixels import Raster
from console.desk.plates import Plate, Plates
from console.desk.world import PREVIEW, PROGRAM

_BORDERS = {PROGRAM: QColor(tokens.PROGRAM), PREVIEW: QColor(tokens.PREVIEW_BORDER)}
_NO_LAMP = QColor("#23282E")
_BLACK, _TEXT = QColor(tokens.BLACK), QColor(tokens.TEXT)
_METER_PX, _METER_GAP_PX = 4, 1
_ZONES = ((FLOOR_DB, WARM_DB, tokens.GOOD), (WARM_DB, HOT_DB, tokens.ARMED), (HOT_DB, 0.0, tokens.ALARM))


@dataclass(frozen=True)
class Dressing:
    """What stands on a tile beside its picture."""

    name: str = ""
    badge: str = ""
    lamp: str = ""
    cue: str = ""
    """The words of the tally, `PGM` or `PVW`; on a bus the bus's name."""
    word: str = ""
    """What is wrong with the source."""
    word_mark: str = ""
    detail: str = ""
    """Shown while the mouse is over it."""
    clock: str = ""
    asked: bool = False
    """It has been asked for and the engine has not confirmed it yet."""


class MeterFace:
    """The meter painted once: both bars dark on their plate, and one bar lit."""

    def __init__(self, height_px: int, scale: float) -> None:
        self.width, self.height = round(_METER_PX * scale), height_px
        self.gap, self.pad = max(1, round(_METER_GAP_PX * scale)), round(2 * scale)
        self.dark = QPixmap(2 * self.width + self.gap + 2 * self.pad, height_px + 2 * self.pad)
        self.dark.fill(QColor(0, 0, 0, 190))
        self.lit = QPixmap(self.width, height_px)
        painter = QPainter(self.lit)
        for low, high, colour in _ZONES:
            painter.fillRect(QRect(0, self.y(high), self.width, self.y(low) - self.y(high)), QColor(colour))
        painter.end()
        painter.begin(self.dark)
        painter.setOpacity(0.25)
        for bar in range(2):
            painter.drawPixmap(self.pad + bar * (self.width + self.gap), self.pad, self.lit)
        painter.end()

    def y(self, db: float) -> int:
        """The row of a level, from the top."""
        return round(self.height * (1 - height(db)))


class Tile:
    """A picture with its border, plates and meter. `rect` is None while it is scrolled away."""

    def __init__(self, name: str, feed: Feed, *, bus: bool = False) -> None:
        self.id = name
        self.bus = bus
        self.feed = feed
        self.dressing = Dressing()
        self.rect: Rect | None = None
        self.inner = Rect(0, 0, 0, 0)
        self.bars = (Bar(), Bar())
        self._border = 0
        self._scale = 1.0
        self._raster: Raster | None = None
        self._image: QImage | None = None
        self._face: MeterFace | None = None
        self._has_picture = False
        self._blank = False

    def place(self, rect: Rect | None, border: int, scale: float) -> None:
        """Give the tile its place; pixels are made anew when the size changes."""
        self.rect, self._border, self._scale = rect, border, scale
        if rect is None:
            return
        self.inner = rect.inset(border)
        width, height_px = self.inner.width, self.inner.height
        if width < 2 or height_px < 2:
            self._raster = self._image = None
            return
        if self._image is None or (self._image.width(), self._image.height()) != (width, height_px):
            raster = self._raster = Raster(width, height_px)
            stride = raster.width * 4
            self._image = QImage(raster.rgb.data, width, height_px, stride, QImage.Format.Format_RGB32)
            self._face = MeterFace(max(1, height_px - 2 * round(4 * scale)), scale)
            self._has_picture = False

    def follow(self, feed: Feed) -> None:
        """Show another ring from now on."""
        self.feed.close()
        self.feed = feed
        self._has_picture = False

    def refresh(self, now_ns: int, *, blank: bool = False) -> bool:
        """Take in the newest picture and levels; whether anything inside has changed."""
        if self._raster is None or self.rect is None:
            return False
        changed = blank != self._blank
        self._blank = blank
        if self.feed.refresh(self._raster, now_ns, again=not self._has_picture):
            self._has_picture = changed = True
        left, right = self.feed.levels(now_ns)
        bars = moved(self.bars[0], left, now_ns), moved(self.bars[1], right, now_ns)
        changed = changed or any(_rows(bar) != _rows(was) for bar, was in zip(bars, self.bars, strict=True))
        self.bars = bars
        return changed

    def dress(self, dressing: Dressing) -> bool:
        """Change what stands on the tile; whether it is another."""
        changed = dressing != self.dressing
        self.dressing = dressing
        return changed

    def undress(self, name: str) -> None:
        """Give the tile another name (tests and lists without a world)."""
        self.dressing = replace(self.dressing, name=name)

    # -- painting, in device pixels ---------------------------------------------------------------------------

    def paint_border(self, painter: QPainter) -> None:
        """The frame: red or green by the tally, dashed white while asked for, else quiet."""
        rect, border = self.rect, self._border
        if rect is None:
            return
        colour = _BORDERS.get(self.dressing.lamp, _NO_LAMP)
        for side in (
            QRect(rect.x, rect.y, rect.width, border),
            QRect(rect.x, rect.y + rect.height - border, rect.width, border),
            QRect(rect.x, rect.y, border, rect.height),
            QRect(rect.x + rect.width - border, rect.y, border, rect.height),
        ):
            painter.fillRect(side, colour)
        if self.dressing.asked:
            painter.setPen(_TEXT)
            painter.drawRect(rect.x, rect.y, rect.width - 1, rect.height - 1)
            painter.drawRect(rect.x + 1, rect.y + 1, rect.width - 3, rect.height - 3)

    def paint(self, painter: QPainter, plates: Plates) -> None:
        """Everything inside the border."""
        inner = self.inner
        if self._image is None or not self._has_picture or self._blank:
            painter.fillRect(inner.x, inner.y, inner.width, inner.height, _BLACK)
        else:
            painter.drawImage(inner.x, inner.y, self._image)
        self._paint_plates(painter, plates)
        if self._face is not None and self.feed.has_sound:
            self._paint_meter(painter, self._face)

    def _paint_plates(self, painter: QPainter, plates: Plates) -> None:
        dress, inner, scale = self.dressing, self.inner, self._scale
        gap = round((8 if self.bus else 4) * scale)
        meter = round((2 * _METER_PX + _METER_GAP_PX + 8) * scale)
        room = max(1, inner.width - 2 * gap - meter)
        left, right = inner.x + gap, inner.x + inner.width - gap - meter
        top, bottom = inner.y + gap, inner.y + inner.height - gap
        small = tokens.CAPTION_PX if not self.bus and inner.width < 260 * scale else tokens.TILE_NAME_PX
        cue_width = 0
        if dress.cue:
            lamp = dress.lamp
            colours = {
                PROGRAM: (tokens.ON_PROGRAM, tokens.PROGRAM, 1.0),
                PREVIEW: (tokens.ON_PREVIEW, tokens.PREVIEW, 1.0),
            }.get(lamp, (tokens.TEXT, tokens.BLACK, tokens.PLATE_OPACITY))
            cue = plates.get(Plate(dress.cue, *colours, size_px=small, bold=True), scale, room)
            painter.drawPixmap(left, top, cue)
            cue_width = cue.width() + gap
        if dress.word:
            colour = tokens.ALARM if dress.word_mark == "filled" else tokens.WARNING
            plate = Plate(dress.word, colour, opacity=0.85, mark=dress.word_mark, size_px=small, bold=True)
            word = plates.get(plate, scale, max(1, room - cue_width))
            painter.drawPixmap(right - word.width(), top, word)
        elif dress.detail:
            plate = Plate(dress.detail, tokens.TEXT, opacity=0.8, size_px=tokens.CAPTION_PX)
            detail = plates.get(plate, scale, max(1, room - cue_width))
            painter.drawPixmap(right - detail.width(), top, detail)
        clock_width = 0
        if dress.clock:
            clock = plates.get(Plate(dress.clock, size_px=tokens.CLOCK_PX), scale, room)
            painter.drawPixmap(right - clock.width(), bottom - clock.height(), clock)
            clock_width = clock.width() + gap
        if dress.name or dress.badge:
            name_plate = Plate(dress.name, badge=dress.badge, size_px=small)
            name = plates.get(name_plate, scale, max(1, room - clock_width))
            painter.drawPixmap(left, bottom - name.height(), name)

    def _paint_meter(self, painter: QPainter, face: MeterFace) -> None:
        x = self.inner.x + self.inner.width - face.dark.width() - round(2 * self._scale)
        y = self.inner.y + (self.inner.height - face.height) // 2
        painter.drawPixmap(x, y - face.pad, face.dark)
        x += face.pad
        for bar in self.bars:
            row = face.y(bar.db)
            if row < face.height:
                painter.drawPixmap(x, y + row, face.lit, 0, row, face.width, face.height - row)
            if bar.peak_db > FLOOR_DB:
                line = max(1, round(self._scale * 1.5))
                painter.fillRect(x, y + min(face.y(bar.peak_db), face.height - line), face.width, line, _TEXT)
            x += face.width + face.gap


def _rows(bar: Bar) -> tuple[int, int]:
    """A bar's look in steps too small to see."""
    return round(bar.db * 2), round(bar.peak_db * 2)

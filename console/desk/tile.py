"""One picture of the multiview: its feed, its place on the canvas, and what stands on it. All in device pixels."""

from __future__ import annotations

from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QPainter, QPixmap

from console.desk import tokens
from console.desk.canvas import Canvas
from console.desk.dressing import Dressing
from console.desk.feed import Feed
from console.desk.layout import Rect
from console.desk.meter import FLOOR_DB, HOT_DB, WARM_DB, Bar, height, moved
from console.desk.pixels import Raster
from console.desk.plates import Plate, Plates
from console.desk.readiness import Readiness
from console.desk.world import PREVIEW, PROGRAM
from console.wire.tier import Tier

_BORDERS = {PROGRAM: QColor(tokens.PROGRAM), PREVIEW: QColor(tokens.PREVIEW_BORDER)}
_NO_LAMP = QColor("#23282E")
_BLACK, _TEXT = QColor(tokens.BLACK), QColor(tokens.TEXT)
_CUE_COLOURS = {
    PROGRAM: (tokens.ON_PROGRAM, tokens.PROGRAM, 1.0),
    PREVIEW: (tokens.ON_PREVIEW, tokens.PREVIEW, 1.0),
    "": (tokens.TEXT, tokens.BLACK, tokens.PLATE_OPACITY),
}
_METER_PX, _METER_GAP_PX = 4, 1
_ZONES = ((FLOOR_DB, WARM_DB, tokens.GOOD), (WARM_DB, HOT_DB, tokens.ARMED), (HOT_DB, 0.0, tokens.ALARM))
_SMALL_TILE_PX = 260
_UNBOUNDED_PX = 1 << 14
QUIET_OPACITY = 0.85
"""Of a plate whose text is grey: it can be read on white too."""


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
        self.readiness = Readiness()
        self.rect: Rect | None = None
        self.inner = Rect(0, 0, 0, 0)
        self.bars = (Bar(), Bar())
        self._scale = 1.0
        self._raster: Raster | None = None
        self._face: MeterFace | None = None
        self._has_picture = self._bordered = False
        self._laid_out: list[tuple[int, int, QPixmap]] | None = None

    def place(self, rect: Rect | None, border: int, scale: float, canvas: Canvas) -> None:
        """Give the tile its place on a canvas."""
        self.rect, self._scale = rect, scale
        self._raster = self._face = self._laid_out = None
        self._has_picture = self._bordered = False
        if rect is None:
            return
        inner = rect.inset(border)
        self.inner = Rect(inner.x, inner.y, inner.width // 2 * 2, inner.height // 2 * 2)
        if self.inner.width and self.inner.height:
            self._raster = Raster(canvas.view(self.inner))
            self._face = MeterFace(max(1, self.inner.height - 2 * round(4 * scale)), scale)

    def follow(self, feed: Feed) -> None:
        """Show another ring from now on."""
        self.feed.close()
        self.feed = feed
        self._has_picture = False

    def dress(self, dressing: Dressing) -> bool:
        """Change what stands on the tile; whether it looks different now."""
        if dressing == self.dressing:
            return False
        if (dressing.lamp, dressing.asked) != (self.dressing.lamp, self.dressing.asked):
            self._bordered = False
        self.dressing = dressing
        self._laid_out = None
        return True

    def ask(self, seen: bool, now_ns: int) -> None:
        """Say on the ring whether this picture is looked at; a bus that is not is not asked for at all."""
        if seen and self.rect is not None:
            self.feed.ask(Tier.ACTIVE, now_ns)
        elif not self.bus:
            self.feed.ask(Tier.KEY, now_ns)

    def refresh(self, now_ns: int) -> bool:
        """Take in the newest picture and levels; whether anything has changed."""
        if self._raster is None:
            return False
        changed = self.feed.refresh(self._raster, now_ns, again=not self._has_picture)
        self._has_picture = self._has_picture or changed
        if self.feed.has_sound:
            left, right = self.feed.levels(now_ns)
            bars = moved(self.bars[0], left, now_ns), moved(self.bars[1], right, now_ns)
            changed = changed or bars[0].look != self.bars[0].look or bars[1].look != self.bars[1].look
            self.bars = bars
        return changed

    # -- painting ---------------------------------------------------------------------------------------------

    def render(self) -> None:
        """Write the picture to the canvas; before a painter is at work on it."""
        if self._raster is not None and self._has_picture:
            self._raster.render()

    def paint(self, painter: QPainter, plates: Plates) -> Rect:
        """Paint what stands on the picture, and the border when it has changed; returns what was touched."""
        touched = self.inner
        if not self._bordered and self.rect is not None:
            self._paint_border(painter, self.rect)
            touched = self.rect
        if not self._has_picture:
            painter.fillRect(*self.inner, _BLACK)
        if self._laid_out is None:
            self._laid_out = self._lay_out(plates)
        for x, y, plate in self._laid_out:
            painter.drawPixmap(x, y, plate)
        if self._face is not None and self.feed.has_sound:
            self._paint_meter(painter, self._face)
        return touched

    def _paint_border(self, painter: QPainter, rect: Rect) -> None:
        """Red or green by the tally, with a white line while it is asked for, else quiet."""
        self._bordered = True
        inner = self.inner
        colour = _BORDERS.get(self.dressing.lamp, _NO_LAMP)
        right, bottom = inner.x + inner.width, inner.y + inner.height
        painter.fillRect(rect.x, rect.y, rect.width, inner.y - rect.y, colour)
        painter.fillRect(rect.x, bottom, rect.width, rect.y + rect.height - bottom, colour)
        painter.fillRect(rect.x, rect.y, inner.x - rect.x, rect.height, colour)
        painter.fillRect(right, rect.y, rect.x + rect.width - right, rect.height, colour)
        if self.dressing.asked:
            painter.setPen(_TEXT)
            painter.drawRect(rect.x, rect.y, rect.width - 1, rect.height - 1)
            painter.drawRect(rect.x + 1, rect.y + 1, rect.width - 3, rect.height - 3)

    def _lay_out(self, plates: Plates) -> list[tuple[int, int, QPixmap]]:
        """Where the plates go: tally top left, trouble or details top right and below them how soon a cut would be
        hot, name bottom left, clock bottom right."""
        dress, inner, scale = self.dressing, self.inner, self._scale
        gap = round((8 if self.bus else 4) * scale)
        meter = round((2 * _METER_PX + _METER_GAP_PX + 8) * scale)
        room = max(1, inner.width - 2 * gap - meter)
        left, right = inner.x + gap, inner.x + gap + room
        top, bottom = inner.y + gap, inner.y + inner.height - gap
        small = tokens.CAPTION_PX if not self.bus and inner.width < _SMALL_TILE_PX * scale else tokens.TILE_NAME_PX
        placed: list[tuple[int, int, QPixmap]] = []
        taken = 0
        if dress.cue:
            cue = plates.get(Plate(dress.cue, *_CUE_COLOURS[dress.lamp], size_px=small, bold=True), scale, room)
            placed.append((left, top, cue))
            taken = cue.width() + gap
        if dress.word:
            colour = tokens.ALARM if dress.mark == "filled" else tokens.WARNING
            plate = Plate(dress.word, colour, opacity=0.85, mark=dress.mark, size_px=small, bold=True)
            word = plates.get(plate, scale, max(1, room - taken))
            placed.append((right - word.width(), top, word))
            top += word.height() + gap // 2
            taken = 0
        elif dress.detail:
            plate = Plate(dress.detail, opacity=0.8, size_px=tokens.CAPTION_PX)
            detail = plates.get(plate, scale, max(1, room - taken))
            placed.append((right - detail.width(), top, detail))
        if hot := self._readiness_plate(plates, room - taken):
            placed.append((right - hot.width(), top, hot))
        taken = 0
        if dress.clock:
            clock = plates.get(Plate(dress.clock, size_px=tokens.CLOCK_PX), scale, room)
            placed.append((right - clock.width(), bottom - clock.height(), clock))
            taken = clock.width() + gap
        if dress.name:
            name = plates.get(Plate(dress.name, badge=dress.badge, size_px=small), scale, max(1, room - taken))
            placed.append((left, bottom - name.height(), name))
        return placed

    def _readiness_plate(self, plates: Plates, room: int) -> QPixmap | None:
        """How little is decoded and how long a cut would wait; where there is no room for both, how long."""
        tier, hot = self.dressing.tier, self.dressing.hot
        for text in (f"{tier}  {hot}".strip(), hot):
            plate = Plate(text, tokens.SECONDARY, opacity=QUIET_OPACITY, size_px=tokens.CAPTION_PX)
            pixmap = plates.get(plate, self._scale, _UNBOUNDED_PX) if text else None
            if pixmap is not None and pixmap.width() <= room:
                return pixmap
        return None

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

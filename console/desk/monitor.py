"""The multiview: preview, program and a grid of sources, painted from the rings at 25 frames per second.

A tick looks for new pictures and asks for one paint event that covers only what has changed; while the window is
hidden nothing is read. All geometry is in device pixels, so pictures are sharp at any scale.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import cast

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QEnterEvent,
    QHideEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QRegion,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from console.desk import tokens
from console.desk.director import Director
from console.desk.feed import Feed
from console.desk.layout import Layout, Rect, arrange
from console.desk.plates import Plate, Plates
from console.desk.tile import Dressing, Tile
from console.desk.world import PREVIEW, PROGRAM, World, source_word
from console.media.time import FLICKS_PER_SECOND

FRAME_MS = 40
_BACKGROUND = QColor(tokens.BACKGROUND)
_CUES = {PROGRAM: "PGM", PREVIEW: "PVW"}


class Multiview(QWidget):
    """Shows what the engine shows. A click on a tile asks for it on preview."""

    ticked = Signal()
    """After each look for new pictures, for what moves along (clock, T-bar)."""
    room_changed = Signal()
    """The space below the buses has moved."""

    def __init__(self, director: Director) -> None:
        super().__init__()
        self._director = director
        self._clock = director.clock
        self._plates = Plates()
        self._program = Tile(PROGRAM, Feed(None), bus=True)
        self._preview = Tile(PREVIEW, Feed(None), bus=True)
        self._sources: dict[str, Tile] = {}
        self._shown: list[Tile] = []
        self._filter = ""
        self._layout: Layout | None = None
        self._first_row = 0
        self._hovered: Tile | None = None
        self._second = -1
        self._gaps: list[QRect] = []
        self._stale = QRect()
        self.painted = 0
        """How many paint events there were."""
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Multiview")
        self._timer = QTimer(self, interval=FRAME_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.tick)
        director.changed.connect(self._world_changed)
        director.asking.connect(self._dress)

    def sizeHint(self) -> QSize:
        """What it would like."""
        return QSize(1280, 720)

    def minimumSizeHint(self) -> QSize:
        """The least that still shows something."""
        return QSize(480, 300)

    # -- what it shows ----------------------------------------------------------------------------------------

    def _world_changed(self, world: World, before: World) -> None:
        if world.rings is not before.rings or world.setup is not before.setup or world.linked != before.linked:
            self._follow(world, again=world.linked and not before.linked)
        if world.linked != before.linked:
            self.update()
        self._dress()

    def _follow(self, world: World, *, again: bool) -> None:
        """Attach to the rings that are named now; `again` also to those whose name is the same."""
        for tile, path in ((self._program, world.rings.program), (self._preview, world.rings.preview)):
            if again or tile.feed.path != path:
                tile.follow(Feed(path))
        fresh: dict[str, Tile] = {}
        for source in world.setup.sources:
            rings = world.rings.sources.get(source.id)
            path, sound = (rings.tile, rings.sound) if rings else (None, None)
            known = self._sources.pop(source.id) if source.id in self._sources else None
            tile = known or Tile(source.id, Feed(path, sound))
            if again or (tile.feed.path, tile.feed.sound_path) != (path, sound):
                tile.follow(Feed(path, sound))
            fresh[source.id] = tile
        for gone in self._sources.values():
            gone.feed.close()
        self._sources = fresh
        self._hovered = None
        self._arrange()

    def set_filter(self, text: str) -> None:
        """Show only the sources whose id or name has the text in it."""
        self._filter = text.strip().lower()
        self._first_row = 0
        self._arrange()

    def _arrange(self) -> None:
        setup = self._director.world.setup
        names: dict[str, str] = {source.id: f"{source.id} {source.name}".lower() for source in setup.sources}
        self._shown = [tile for tile in self._sources.values() if self._filter in names.get(tile.id, "")]
        ratio, size = self.devicePixelRatioF(), self._size()
        aspect = setup.format.width / setup.format.height
        room = max(1, len(self._shown))  # an empty grid keeps its place
        layout = arrange(size.width(), size.height(), room, scale=ratio, aspect=aspect, first_row=self._first_row)
        self._layout, self._first_row = layout, layout.first_row
        self._preview.place(layout.preview, layout.border, ratio)
        self._program.place(layout.program, layout.border, ratio)
        for tile in self._sources.values():
            tile.place(None, layout.tile_border, ratio)
        for tile, rect in zip(self._shown, layout.tiles, strict=False):
            tile.place(rect, layout.tile_border, ratio)
        taken = QRegion()
        for tile in self._tiles():
            if tile.rect is not None:
                taken += QRect(*tile.rect)
        # QRegion is iterable, which the stubs do not know.
        self._gaps = list(cast(Iterable[QRect], QRegion(self._size()) - taken))
        self._dress()
        self.update()
        self.room_changed.emit()

    def empty_room(self) -> QRect:
        """The space below the buses, in logical pixels."""
        if self._layout is None:
            return QRect()
        bus = self._layout.program
        top = math.ceil((bus.y + bus.height) / self.devicePixelRatioF())
        return QRect(0, top, self.width(), self.height() - top)

    def _dress(self) -> None:
        """Bring what stands on the tiles up to date."""
        director, now = self._director, self._clock.now()
        world = director.world
        black = world.is_black_at(now)
        lamps = world.lamps(black=black)
        asked_preview, asked_program = director.asked_preview(), director.asked_program()
        for position, source in enumerate(world.setup.sources, 1):
            tile = self._sources.get(source.id)
            if tile is None:
                continue
            lamp = lamps.get(source.id, "")
            word, mark = self._word(world, tile)
            dressing = Dressing(
                source.name,
                director.keymap.digit(position),
                lamp,
                _CUES.get(lamp, ""),
                word,
                mark,
                self._detail(world, tile) if tile is self._hovered else "",
                asked=source.id in (asked_preview, asked_program),
            )
            if tile.dress(dressing):
                self._dirty(tile, whole=True)
        air = world.air
        going = air.move.to if air.move else air.preview
        program_name = "BLACK" if air.program is None or black else self._name(world, air.program)
        seconds = world.frame_at(now) * world.setup.format.rate.frame_flicks // FLICKS_PER_SECOND
        clock = f"{seconds // 3600 % 24:02}:{seconds // 60 % 60:02}:{seconds % 60:02}" if world.linked else ""
        if self._program.dress(Dressing(program_name, lamp="" if black else PROGRAM, cue="PROGRAM  PGM", clock=clock)):
            self._dirty(self._program, whole=True)
        preview_name = "BLACK" if going is None else self._name(world, going)
        if self._preview.dress(Dressing(preview_name, lamp=PREVIEW, cue="PREVIEW  PVW")):
            self._dirty(self._preview, whole=True)
        self.setAccessibleDescription(f"Program {program_name}, preview {preview_name}")

    @staticmethod
    def _name(world: World, source_id: str) -> str:
        source = world.setup.source(source_id)
        return source.name if source else source_id

    @staticmethod
    def _word(world: World, tile: Tile) -> tuple[str, str]:
        reading = world.status.sources.get(tile.id)
        word = source_word(reading.state, reading.age_ms) if reading else ""
        if word:
            return word, "hollow" if reading and reading.state == "stale" else "filled"
        return ("BLACK", "hollow") if tile.feed.black else ("", "")

    @staticmethod
    def _detail(world: World, tile: Tile) -> str:
        reading = world.status.sources.get(tile.id)
        if reading is None:
            return ""
        video = reading.video
        parts = [f"{video.width}x{video.height}" if video.width else "", video.codec, f"{reading.fps:.0f} fps"]
        parts += [reading.tier, f"{reading.latency_ms:.0f} ms" if reading.latency_ms else ""]
        return " ".join(part for part in parts if part)

    # -- time -------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Look for new pictures and ask for a paint where there are."""
        if self._layout is None or self.window().isMinimized() or self.visibleRegion().isEmpty():
            return
        now = self._clock.now()
        world = self._director.world
        for tile in (self._preview, self._program):
            if tile.refresh(now):
                self._dirty(tile)
        for tile in self._shown:
            reading = world.status.sources.get(tile.id)
            blank = reading is not None and reading.state in ("lost", "slate") and not tile.feed.updates
            if tile.rect is not None and tile.refresh(now, blank=blank):
                self._dirty(tile)
        black = frozenset(tile.id for tile in self._sources.values() if tile.feed.black)
        second = now // 1_000_000_000
        if black != self._director.black or second != self._second:
            self._second = second
            self._director.black = black
            self._dress()
        self._flush()
        self.ticked.emit()

    def showEvent(self, event: QShowEvent) -> None:
        """Begin to look."""
        super().showEvent(event)
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop looking."""
        super().hideEvent(event)
        self._timer.stop()

    # -- painting ---------------------------------------------------------------------------------------------

    def _logical(self, rect: Rect) -> QRect:
        ratio = self.devicePixelRatioF()
        left, top = math.floor(rect.x / ratio), math.floor(rect.y / ratio)
        right, bottom = math.ceil((rect.x + rect.width) / ratio), math.ceil((rect.y + rect.height) / ratio)
        return QRect(left, top, right - left, bottom - top)

    def _dirty(self, tile: Tile, *, whole: bool = False) -> None:
        """Mark a tile for the next paint; one rectangle around all of them is cheaper than many."""
        if tile.rect is not None:
            self._stale = self._stale.united(self._logical(tile.rect if whole else tile.inner))
            if whole:
                self._flush()

    def _flush(self) -> None:
        if not self._stale.isEmpty():
            self.update(self._stale)
            self._stale = QRect()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the tiles that the event touches."""
        self.painted += 1
        ratio = self.devicePixelRatioF()
        dirty = event.rect()
        painter = QPainter(self)
        painter.scale(1 / ratio, 1 / ratio)
        for gap in self._gaps:
            painter.fillRect(gap, _BACKGROUND)
        for tile in self._tiles():
            if tile.rect is None or not dirty.intersects(self._logical(tile.rect)):
                continue
            if not self._logical(tile.inner).contains(dirty):
                tile.paint_border(painter)
            tile.paint(painter, self._plates)
        if not self._director.world.linked:
            self._paint_veil(painter)
        self._paint_scroll(painter)
        if self.hasFocus() and self.property("ring"):
            painter.setPen(QColor(tokens.FOCUS))
            painter.drawRect(self._size().adjusted(0, 0, -1, -1))
            painter.drawRect(self._size().adjusted(1, 1, -2, -2))
        painter.end()

    def _tiles(self) -> list[Tile]:
        return [self._preview, self._program, *self._shown]

    def _size(self) -> QRect:
        """The widget in device pixels."""
        ratio = self.devicePixelRatioF()
        return QRect(0, 0, math.floor(self.width() * ratio), math.floor(self.height() * ratio))

    def _paint_veil(self, painter: QPainter) -> None:
        size, ratio = self._size(), self.devicePixelRatioF()
        painter.fillRect(size, QColor(0, 0, 0, 165))
        pixmaps = [self._plates.get(plate, ratio, size.width()) for plate in _veil(self._director.world)]
        gap = round(8 * ratio)
        y = (size.height() - sum(pixmap.height() + gap for pixmap in pixmaps)) // 2
        for pixmap in pixmaps:
            painter.drawPixmap((size.width() - pixmap.width()) // 2, y, pixmap)
            y += pixmap.height() + gap

    def _paint_scroll(self, painter: QPainter) -> None:
        layout = self._layout
        if layout is None or layout.rows <= layout.rows_visible:
            return
        size, bus = self._size(), layout.program
        width, top, bottom = size.width(), bus.y + bus.height, size.height()
        thick = max(2, round(4 * self.devicePixelRatioF()))
        length = bottom - top
        painter.fillRect(width - thick, top, thick, length, QColor(tokens.RAISED))
        y = top + length * layout.first_row // layout.rows
        painter.fillRect(width - thick, y, thick, length * layout.rows_visible // layout.rows, QColor(tokens.SECONDARY))

    # -- hands ------------------------------------------------------------------------------------------------

    def _tile_at(self, position: QPoint) -> Tile | None:
        ratio = self.devicePixelRatioF()
        x, y = position.x() * ratio, position.y() * ratio
        return next((tile for tile in self._shown if tile.rect is not None and tile.rect.holds(x, y)), None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click asks for the source on preview; a double click is one click."""
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        tile = self._tile_at(event.position().toPoint())
        if event.button() is Qt.MouseButton.LeftButton and tile is not None:
            self._director.preview(tile.id)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Do nothing more than its first click did."""
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell more about the source under the mouse."""
        self._hover(self._tile_at(event.position().toPoint()))

    def enterEvent(self, event: QEnterEvent) -> None:
        """Tell more about the source under the mouse."""
        self._hover(self._tile_at(event.position().toPoint()))

    def leaveEvent(self, event: QEvent) -> None:
        """Be quiet again."""
        super().leaveEvent(event)
        self._hover(None)

    def _hover(self, tile: Tile | None) -> None:
        if tile is not self._hovered:
            self._hovered = tile
            self._dress()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll the grid by rows."""
        rows = -1 if event.angleDelta().y() > 0 else 1
        self.scroll_rows(rows)

    def scroll_rows(self, rows: int) -> None:
        """Move the grid by rows, where it is larger than its room."""
        if self._layout is not None and self._layout.rows > self._layout.rows_visible:
            self._first_row = max(0, self._layout.first_row + rows)
            self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay out anew."""
        super().resizeEvent(event)
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:
        """Lay out anew on a screen of another scale."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.DevicePixelRatioChange:
            self._arrange()

    def close_feeds(self) -> None:
        """Let go of all rings."""
        self._timer.stop()
        for tile in (self._program, self._preview, *self._sources.values()):
            tile.feed.close()


def _veil(world: World) -> list[Plate]:
    """What stands over the pictures while there is no engine."""
    if not world.ever_linked:
        reason = world.lost_reason or "One moment"
        return [
            Plate("Looking for the engine", opacity=0.9, size_px=tokens.CLOCK_PX),
            Plate(reason, tokens.SECONDARY, opacity=0.9),
        ]
    return [
        Plate("ENGINE LOST", tokens.ON_ALARM, tokens.ALARM, 1.0, mark="filled", size_px=28, bold=True),
        Plate("Program may still be on air", opacity=0.9, size_px=tokens.CLOCK_PX),
        Plate(f"{world.lost_reason}. Trying again", tokens.SECONDARY, opacity=0.9),
    ]

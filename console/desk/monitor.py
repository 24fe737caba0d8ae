"""The multiview: preview, program and a grid of sources, painted from the rings at 25 frames per second.

A tick looks for new pictures and asks for one paint event that covers only what has changed; while the window is
hidden nothing is read. All geometry is in device pixels, so pictures are sharp at any scale.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QEnterEvent,
    QHideEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from console.desk import tokens
from console.desk.canvas import Canvas
from console.desk.director import Director
from console.desk.dressing import dress_preview, dress_program, dress_source
from console.desk.feed import Feed
from console.desk.layout import Layout, Rect, arrange
from console.desk.plates import Plate, Plates
from console.desk.tile import Tile
from console.desk.world import PREVIEW, PROGRAM, World
from console.sources.address import tile_size
from console.wire.tier import Tier

FRAME_MS = 40
_ASK_MS = 800
"""How often it is said which tiles are looked at; an ask runs out after 2 s."""


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
        self.program = Tile(PROGRAM, Feed(None), bus=True)
        self.preview = Tile(PREVIEW, Feed(None), bus=True)
        self._sources: dict[str, Tile] = {}
        self._shown: list[Tile] = []
        self._filter = ""
        self._canvas = Canvas(1, 1)
        self._layout: Layout | None = None
        self._first_row = 0
        self._hovered: Tile | None = None
        self._second = -1
        self.painted = 0
        """How many paint events there were."""
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Multiview")
        self._timer = QTimer(self, interval=FRAME_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.tick)
        # It asks while the window is hidden too: then for as little as a cut needs.
        self._asking = QTimer(self, interval=_ASK_MS)
        self._asking.timeout.connect(self._ask)
        self._asking.start()
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
        for tile, path in ((self.program, world.rings.program), (self.preview, world.rings.preview)):
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

    def tile(self, source: str) -> Tile | None:
        """The tile of a source."""
        return self._sources.get(source)

    def shown(self) -> list[str]:
        """The sources that the filter leaves."""
        return [tile.id for tile in self._shown]

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
        layout = arrange(
            size.width(),
            size.height(),
            max(1, len(self._shown)),  # an empty grid keeps its place
            scale=ratio,
            aspect=setup.format.width / setup.format.height,
            tile_height=tile_size(setup.format)[1],
            first_row=self._first_row,
        )
        self._layout, self._first_row = layout, layout.first_row
        canvas = self._canvas = Canvas(size.width(), size.height())
        self.preview.place(layout.preview, layout.border, ratio, canvas)
        self.program.place(layout.program, layout.border, ratio, canvas)
        for tile in self._sources.values():
            tile.place(None, 0, ratio, canvas)
        for tile, rect in zip(self._shown, layout.tiles, strict=False):
            tile.place(rect, layout.tile_border, ratio, canvas)
        self._redress()
        now = self._clock.now()
        for tile in self._tiles():
            tile.refresh(now)
        self._compose(self._tiles())
        self._ask()
        self.update()
        self.room_changed.emit()

    def empty_room(self) -> QRect:
        """The space below the buses, in logical pixels."""
        if self._layout is None:
            return QRect()
        bus = self._layout.program
        top = math.ceil((bus.y + bus.height) / self.devicePixelRatioF())
        return QRect(0, top, self.width(), self.height() - top)

    def _redress(self) -> list[Tile]:
        """Bring what stands on the tiles up to date; returns those that look different."""
        director, now = self._director, self._clock.now()
        world = director.world
        lamps = world.lamps(black=world.is_black_at(now))
        asked = (director.asked_preview(), director.asked_program())
        changed = []
        for position, source in enumerate(world.setup.sources, 1):
            tile = self._sources.get(source.id)
            if tile is not None and tile.dress(
                dress_source(
                    world,
                    source,
                    director.keymap.digit(position),
                    lamps.get(source.id, ""),
                    wait_frames=tile.readiness.wait_frames(world.reading(source.id), now),
                    black=source.id in director.black,
                    hovered=tile is self._hovered,
                    asked=source.id in asked,
                )
            ):
                changed.append(tile)
        program, preview = dress_program(world, now), dress_preview(world)
        changed += [self.program] if self.program.dress(program) else []
        changed += [self.preview] if self.preview.dress(preview) else []
        self.setAccessibleDescription(f"Program {program.name}, preview {preview.name}")
        return changed

    def _dress(self) -> None:
        self._compose(self._redress())

    def _compose(self, tiles: Iterable[Tile]) -> None:
        """Put tiles on the canvas and ask for one paint event that covers them."""
        placed = [tile for tile in tiles if tile.rect is not None]
        if not placed:
            return
        for tile in placed:
            tile.render()
        painter = self._canvas.painter()
        touched = QRect()
        for tile in placed:
            touched = touched.united(self._logical(tile.paint(painter, self._plates)))
        painter.end()
        self.update(touched)

    # -- time -------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Look for new pictures and ask for a paint where there are."""
        if not self._is_seen():
            return
        now = self._clock.now()
        changed = [tile for tile in self._tiles() if tile.refresh(now)]
        black = frozenset(tile.id for tile in self._shown if self._looks_black(tile))
        second = now // 1_000_000_000
        if black != self._director.black or second != self._second:
            self._second = second
            self._director.black = black
            changed += (tile for tile in self._redress() if tile not in changed)
        self._compose(changed)
        self.ticked.emit()

    def _is_seen(self) -> bool:
        window = self.window()
        handle = window.windowHandle()
        # A window on another desktop is neither minimised nor hidden, but not exposed.
        exposed = handle is not None and handle.isExposed() and not window.isMinimized()
        return self._layout is not None and exposed and not self.visibleRegion().isEmpty()

    def _looks_black(self, tile: Tile) -> bool:
        """Whether a source is black, as far as its pictures are looked at and go on coming."""
        parked = self._director.world.reading(tile.id).tier is Tier.PARKED
        return tile.feed.black and tile.rect is not None and not parked

    def _ask(self) -> None:
        """Say on the rings which pictures are looked at."""
        now, seen = self._clock.now(), self._is_seen()
        for tile in (self.preview, self.program, *self._sources.values()):
            tile.ask(seen, now)

    def showEvent(self, event: QShowEvent) -> None:
        """Begin to look."""
        super().showEvent(event)
        self._timer.start()
        self._ask()

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

    def paintEvent(self, event: QPaintEvent) -> None:
        """Bring the canvas to the screen, and on it what concerns the whole window."""
        self.painted += 1
        ratio = self.devicePixelRatioF()
        dirty = event.rect()
        left, top = math.floor(dirty.left() * ratio), math.floor(dirty.top() * ratio)
        right, bottom = math.ceil((dirty.right() + 1) * ratio), math.ceil((dirty.bottom() + 1) * ratio)
        painter = QPainter(self)
        painter.scale(1 / ratio, 1 / ratio)
        painter.drawImage(left, top, self._canvas.image, left, top, right - left, bottom - top)
        if not self._director.world.linked:
            self._paint_veil(painter)
        self._paint_scroll(painter)
        if self.hasFocus() and self.property("ring"):
            painter.setPen(QColor(tokens.FOCUS))
            painter.drawRect(self._size().adjusted(0, 0, -1, -1))
            painter.drawRect(self._size().adjusted(1, 1, -2, -2))
        painter.end()

    def _tiles(self) -> list[Tile]:
        return [self.preview, self.program, *self._shown]

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
        self._asking.stop()
        for tile in (self.program, self.preview, *self._sources.values()):
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

"""The status strip: who is on air, do keys act, what time is it, is everything well. A click leads to the reason."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QFontMetricsF, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QLabel, QLineEdit, QSizePolicy, QToolButton, QWidget

from console.desk import tokens
from console.desk.director import Director
from console.desk.guards import Guard
from console.desk.plates import draw_mark, font
from console.desk.summary import (
    Lateness,
    Word,
    alarm_word,
    clock_text,
    desk_word,
    keys_word,
    log_word,
    program_word,
    uplink_word,
)
from console.desk.tokens import SEVERITY_COLOURS, Severity
from console.desk.world import World
from console.show.commands import RenameShow

_MARKS = {Severity.ALARM: "filled", Severity.WARNING: "hollow"}
_PAD_PX, _MARK_PX, _TITLE_EDGE_PX = 8, 18, 32


class WordButton(QAbstractButton):
    """A word with the colour and the shape of its severity."""

    def __init__(self, name: str, *, block: bool = False) -> None:
        """`block` paints the word on its colour."""
        super().__init__()
        self._name, self._block = name, block
        self.word = Word("")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def say(self, word: Word) -> None:
        """Show another word."""
        if word == self.word:
            return
        longer = word.text != self.word.text
        self.word = word
        self.setVisible(bool(word.text))
        self.setAccessibleDescription(f"{word.text}. {word.why}")
        self.setToolTip(word.why)
        if longer:
            self.updateGeometry()
        self.update()

    def _mark(self) -> str:
        return _MARKS.get(self.word.severity, "") if self.word.marked else ""

    def sizeHint(self) -> QSize:
        """As wide as its word."""
        metrics = QFontMetrics(font(tokens.BODY_PX, bold=True))
        return QSize(
            metrics.horizontalAdvance(self.word.text) + 2 * _PAD_PX + (_MARK_PX if self._mark() else 0) + 2, 28
        )

    def minimumSizeHint(self) -> QSize:
        """It may be elided, to no less than its mark and a few letters."""
        return QSize(min(self.sizeHint().width(), 72), 28)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = SEVERITY_COLOURS[self.word.severity]
        box = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        ink = colour
        if self._block and self.word.severity is not Severity.QUIET:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colour))
            painter.drawRoundedRect(box, tokens.CORNER_PX, tokens.CORNER_PX)
            ink = tokens.ON_ARMED
        elif self._block or self.underMouse():
            painter.setPen(QPen(QColor(tokens.LINE), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box, tokens.CORNER_PX, tokens.CORNER_PX)
        if self.hasFocus():
            painter.setPen(QPen(QColor(tokens.FOCUS), tokens.FOCUS_RING_PX))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box, tokens.CORNER_PX, tokens.CORNER_PX)
        area = self.rect().adjusted(_PAD_PX, 0, -_PAD_PX, 0)
        if mark := self._mark():
            draw_mark(painter, QRectF(area.left(), area.center().y() - 5, 12, 11), mark, ink, 1.0)
            area.setLeft(area.left() + _MARK_PX)
        painter.setPen(QColor(ink))
        painter.setFont(font(tokens.BODY_PX, bold=True))
        text = painter.fontMetrics().elidedText(self.word.text, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        painter.end()


class ClockFace(QWidget):
    """Figures of equal width that change every frame; only what is new is painted."""

    def __init__(self, name: str, widest: str, size_px: int, colour: str) -> None:
        super().__init__()
        self._text, self._colour = "", colour
        self._figures: dict[str, QPixmap] = {}
        self._font = font(size_px)
        # It paints its own ground, so the strip beneath is not painted 25 times a second.
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFixedWidth(QFontMetrics(self._font).horizontalAdvance(widest) + 8)
        self.setAccessibleName(name)
        self.setToolTip(name)

    def show_text(self, text: str) -> None:
        """Show a time."""
        if text != self._text:
            self._text = text
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the figures."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(tokens.PANEL))
        figures = [self._figure(character) for character in self._text]
        ratio = self.devicePixelRatioF()
        x = (self.width() - sum(figure.width() for figure in figures) / ratio) / 2
        for figure in figures:
            painter.drawPixmap(QPointF(round(x * ratio) / ratio, 0), figure)
            x += figure.width() / ratio
        painter.end()

    def _figure(self, character: str) -> QPixmap:
        """One character, painted once: laying out text 25 times a second would cost more than all buttons."""
        ratio = self.devicePixelRatioF()
        figure = self._figures.get(character)
        if figure is None or figure.devicePixelRatio() != ratio:
            width = math.ceil(QFontMetricsF(self._font).horizontalAdvance(character) * ratio)
            figure = QPixmap(max(1, width), math.ceil(self.height() * ratio))
            figure.setDevicePixelRatio(ratio)
            figure.fill(QColor(tokens.PANEL))
            painter = QPainter(figure)
            painter.setFont(self._font)
            painter.setPen(QColor(self._colour))
            painter.drawText(QRectF(0, 0, width / ratio, self.height()), Qt.AlignmentFlag.AlignCenter, character)
            painter.end()
            self._figures[character] = figure
        return figure


class Strip(QWidget):
    """The strip along the top of the main window."""

    panel_wanted = Signal(str)
    """The name of the panel that explains a word; `arm` and `keys` are the desk's own."""

    def __init__(self, director: Director) -> None:
        super().__init__()
        self._director = director
        self._lateness = Lateness()
        self.setObjectName("strip")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(tokens.STRIP_HEIGHT_PX)
        self.setAccessibleName("Status")
        self.menu_button = QToolButton()
        self.menu_button.setText("PODIUM")
        self.menu_button.setAccessibleName("Menu")
        self.menu_button.setToolTip("Menu")
        self.menu_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._make_title()
        self.desk = WordButton("Desk", block=True)
        self.keys = WordButton("Keys")
        self.timecode = ClockFace("Timecode of the program (UTC)", "00:00:00:00", tokens.CLOCK_PX, tokens.TEXT)
        self.on_air = ClockFace("Length of the program log", "+00:00:00", tokens.TILE_NAME_PX, tokens.SECONDARY)
        self.program, self.alarms = WordButton("Program"), WordButton("Alarms", block=True)
        self.log, self.uplinks = WordButton("Program log"), WordButton("Destinations")
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 8, 4)
        row.setSpacing(4)
        row.addWidget(self.menu_button)
        row.addWidget(self.title, 3)
        row.addWidget(self.format)
        row.addStretch(1)
        row.addWidget(self.desk)
        row.addWidget(self.keys)
        row.addStretch(2)
        row.addWidget(self.timecode)
        row.addWidget(self.on_air)
        row.addStretch(2)
        for word in (self.alarms, self.program, self.log, self.uplinks):
            row.addWidget(word)
        for word in (self.desk, self.keys, self.alarms, self.program, self.log, self.uplinks):
            word.clicked.connect(lambda _=False, word=word: self.panel_wanted.emit(word.word.panel))
        self.show_keys(False, "this window is not active")
        self._guard_changed(director.guard)
        self._world_changed(director.world, director.world)
        director.guarded.connect(self._guard_changed)
        director.changed.connect(self._world_changed)

    def _make_title(self) -> None:
        self.title = QLineEdit()
        self.title.setObjectName("title")
        self.title.setMaxLength(80)
        self.title.setMinimumWidth(60)
        self.title.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.title.setAccessibleName("Name of the show")
        self.title.setToolTip("Name of the show; click to change it")
        self.title.returnPressed.connect(self._rename)
        self.title.editingFinished.connect(self.title.clearFocus)
        self.format = QLabel()
        self.format.setProperty("role", "caption")
        self.format.setToolTip("Format of the show")

    def show_keys(self, live: bool, why: str) -> None:
        """Say whether keys act."""
        self.keys.say(keys_word(live, why))

    def _guard_changed(self, guard: Guard) -> None:
        self.desk.say(desk_word(guard))

    def _world_changed(self, world: World, _before: World) -> None:
        if not self.title.hasFocus():
            self._show_title(world)
        status = world.status
        late = self._lateness.lately(status.late_ticks, self._director.clock.now()) if status.frame else 0
        self.program.say(program_word(world, late))
        self.log.say(log_word(world))
        self.uplinks.say(uplink_word(world))
        self.alarms.say(alarm_word(world))
        self.on_air.show_text(clock_text(world.seconds_on_air()))

    def _show_title(self, world: World) -> None:
        name = world.setup.name if world.ever_linked else ""
        if self.title.text() != name:
            self.title.setText(name)
            self.title.setCursorPosition(0)
            self.title.setMaximumWidth(self.title.fontMetrics().horizontalAdvance(name) + _TITLE_EDGE_PX)
        self.title.setEnabled(world.linked)
        self.format.setText(str(world.setup.format) if world.ever_linked else "")

    def _rename(self) -> None:
        name = self.title.text().strip()
        if name and name != self._director.world.setup.name:
            self._director.request(RenameShow(name))

    def tick(self) -> None:
        """Move the clock."""
        world = self._director.world
        self.timecode.show_text(world.timecode_at(self._director.clock.now()) if world.linked else "--:--:--:--")

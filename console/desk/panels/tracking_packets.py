"""The packet inspector: the bytes of a tracking input's last packet, what they say, and who sends them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontDatabase, QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QComboBox, QLabel, QPlainTextEdit, QSplitter, QVBoxLayout, QWidget

from console.desk import tokens
from console.desk.packets import (
    NOT_UNDERSTOOD,
    age_text,
    counter_line,
    field_rows,
    hex_lines,
    sender_text,
    state_word,
    unknown_lines,
)
from console.desk.panels.parts import button, caption, row, set_severity, short_count
from console.desk.panels.table import Cell, Row, Table
from console.desk.status import StreamReading, TrackingReading
from console.desk.world import World

_WIDE, _NARROW = 16, 8
_ROOM_PX = 40


def stream_row(stream: StreamReading) -> Row:
    """One camera or server within an input."""
    text = sender_text(stream)
    colour = tokens.ALARM if len(stream.senders) > 1 else tokens.TEXT
    cells = (
        Cell(stream.id, hint=text),
        Cell(f"{stream.rate_hz:.1f} Hz", hint=text, right=True),
        Cell(f"{stream.jitter_ms:.1f} ms", hint=text, right=True),
        Cell(short_count(stream.lost), tokens.WARNING if stream.lost else tokens.SECONDARY, text, right=True),
        Cell(age_text(stream.age_ms), hint=text, right=True),
        Cell(text, colour, text),
    )
    return stream.id, cells


class PacketsPage(QWidget):
    """One input from the inside."""

    def __init__(self) -> None:
        super().__init__()
        self._world: World | None = None
        self._held: TrackingReading | None = None
        self._wanted = ""
        self.input = QComboBox()
        self.input.setAccessibleName("Input whose packets are shown")
        self.input.currentIndexChanged.connect(lambda _index: self._show())
        self.pause = button("Pause", "Hold the bytes and fields still to read them; the rest goes on")
        self.pause.setCheckable(True)
        self.pause.toggled.connect(lambda _on: self._show())
        self.state = QLabel()
        self.counters = QLabel()
        self.unknown = QLabel()
        self.error = QLabel()
        for label in (self.state, self.counters, self.unknown, self.error):
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        set_severity(self.unknown, "warning")
        set_severity(self.error, "warning")
        self.bytes = QPlainTextEdit()
        self.bytes.setReadOnly(True)
        self.bytes.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.bytes.setAccessibleName("Bytes of the last packet")
        fixed = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        self.bytes.setStyleSheet(f'font-family: "{fixed.family()}", monospace; font-size: {tokens.CAPTION_PX}px;')
        self.bytes.setTabChangesFocus(True)
        self.fields = Table(("Field", "Value"), 1, "Fields of the last packet that was understood")
        self.streams = Table(("Id", "Rate", "Jitter", "Lost", "Age", "Sender"), 0, "Who sends")
        self._lay_out()

    def _lay_out(self) -> None:
        parts = QSplitter(Qt.Orientation.Vertical)
        parts.setChildrenCollapsible(False)
        for words, part, least in (
            ("Last packet", self.bytes, 64),
            ("What the last that was understood says, as sent", self.fields, 72),
            ("Cameras and servers in this stream", self.streams, 72),
        ):
            box = QWidget()
            inner = QVBoxLayout(box)
            inner.setContentsMargins(0, 0, 0, 0)
            inner.setSpacing(4)
            inner.addWidget(caption(words))
            part.setMinimumHeight(least)
            inner.addWidget(part, 1)
            parts.addWidget(box)
        parts.setSizes([100, 160, 100])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(4)
        top = row(self.input, self.pause, stretch=False)
        top.setStretch(0, 1)
        column.addLayout(top)
        for label in (self.state, self.counters, self.unknown, self.error):
            column.addWidget(label)
        column.addWidget(parts, 1)

    def choose(self, name: str) -> None:
        """Show another input."""
        self._wanted = name
        if (index := self.input.findData(name)) >= 0:
            self.input.setCurrentIndex(index)

    def fill(self, world: World) -> None:
        """Bring everything up to date."""
        self._world = world
        names = [entry.id for entry in world.setup.world.inputs]
        if names != [self.input.itemData(index) for index in range(self.input.count())]:
            chosen = self.input.currentData() or self._wanted
            self.input.blockSignals(True)
            self.input.clear()
            for name in names:
                self.input.addItem(name, name)
            self.input.setCurrentIndex(max(0, self.input.findData(chosen)) if names else -1)
            self.input.blockSignals(False)
        self._show()

    def _show(self) -> None:
        if self._world is None:
            return
        name = self.input.currentData() or ""
        reading = self._world.status.graphics.tracking.get(name)
        now = reading or TrackingReading()
        word = state_word(reading) if name else "There is no tracking input"
        self.state.setText(f"{word}   {now.rate_hz:.1f} Hz   jitter {now.jitter_ms:.2f} ms   {age_text(now.age_ms)}")
        set_severity(self.state, "alarm" if now.state == NOT_UNDERSTOOD or now.port is None else "good")
        self.counters.setText(counter_line(now))
        self._tell(self.unknown, "\n".join(unknown_lines(now)))
        self._tell(self.error, f"Last refusal: {now.last_error}" if now.last_error else "")
        self.streams.show_rows([stream_row(stream) for stream in now.sources])
        if not self.pause.isChecked() or self._held is None:
            self._held = now
            self._show_packet(now)

    def _show_packet(self, reading: TrackingReading) -> None:
        text = hex_lines(reading.raw, reading.raw_bytes, self._per_line())
        if reading.raw:
            text = f"{reading.raw_bytes} bytes from {reading.raw_from}\n{text}"
        if text != self.bytes.toPlainText():
            at = self.bytes.verticalScrollBar().value(), self.bytes.horizontalScrollBar().value()
            self.bytes.setPlainText(text or "No packet yet")
            self.bytes.verticalScrollBar().setValue(at[0])
            self.bytes.horizontalScrollBar().setValue(at[1])
        rows = [
            (path, (Cell(label, tokens.SECONDARY), Cell(value))) for path, label, value in field_rows(reading.decoded)
        ]
        self.fields.show_rows(rows)

    def _per_line(self) -> int:
        needed = QFontMetrics(self.bytes.font()).horizontalAdvance("0" * (4 + 2 + 3 * _WIDE - 1 + 2 + _WIDE))
        return _WIDE if self.bytes.width() >= needed + _ROOM_PX else _NARROW

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As many bytes in a line as fit."""
        super().resizeEvent(event)
        if self._held is not None:
            self._show_packet(self._held)

    @staticmethod
    def _tell(label: QLabel, text: str) -> None:
        label.setText(text)
        label.setVisible(bool(text))

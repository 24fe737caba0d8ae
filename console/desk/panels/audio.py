"""The program's sound: a large meter, and listening to it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QSlider, QWidget

from console.desk import tokens
from console.desk.actions import Action, Verb
from console.desk.director import Director
from console.desk.listen import Listener
from console.desk.meter import FLOOR_DB, HOT_DB, WARM_DB, Bar, height, moved
from console.desk.panels.parts import Panel, button, caption, row, set_severity
from console.desk.plates import font
from console.desk.world import World
from console.errors import ConsoleError
from console.wire.ring import RingReader

_MARKS_DB = (0, -6, -12, -18, -23, -30, -40, -50, -60)
_ZONES = ((FLOOR_DB, WARM_DB, tokens.GOOD), (WARM_DB, HOT_DB, tokens.ARMED), (HOT_DB, 0.0, tokens.ALARM))
_SCALE_WIDTH, _TOP = 36, 8


class BigMeter(QWidget):
    """Two bars with a scale in dBFS; numbers are the held peaks."""

    def __init__(self) -> None:
        super().__init__()
        self.bars = (Bar(), Bar())
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(120)
        self.setAccessibleName("Program level")
        self.setToolTip("Peak level of the program in dBFS; -18 dBFS is the alignment level, above -6 dBFS is too loud")

    def sizeHint(self) -> QSize:
        """Tall."""
        return QSize(160, 320)

    def show_levels(self, left: float, right: float, now_ns: int) -> None:
        """Take new peaks, linear 0..1."""
        bars = moved(self.bars[0], left, now_ns), moved(self.bars[1], right, now_ns)
        changed = [round(bar.db * 4) for bar in bars] != [round(bar.db * 4) for bar in self.bars]
        self.bars = bars
        if changed:
            self.setAccessibleDescription(" ".join(f"{bar.peak_db:.0f} dBFS" for bar in bars))
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw scale and bars."""
        painter = QPainter(self)
        painter.setFont(font(tokens.CAPTION_PX))
        tall = self.height() - 2 * _TOP - 18
        wide = min(48, (self.width() - _SCALE_WIDTH - 16) // 2)

        def y(db: float) -> int:
            return _TOP + round(tall * (1 - height(db)))

        painter.setPen(QColor(tokens.SECONDARY))
        for mark in _MARKS_DB:
            painter.drawText(QRect(0, y(mark) - 8, _SCALE_WIDTH - 8, 16), _RIGHT, str(mark))
            painter.fillRect(QRect(_SCALE_WIDTH - 4, y(mark), 2 * wide + 16, 1), QColor(tokens.LINE))
        for number, bar in enumerate(self.bars):
            left = _SCALE_WIDTH + 4 + number * (wide + 4)
            painter.fillRect(QRect(left, _TOP, wide, tall), QColor(tokens.BACKGROUND))
            for low, high, colour in _ZONES:
                reach = min(bar.db, high)
                if reach > low:
                    painter.fillRect(QRect(left, y(reach), wide, y(low) - y(reach)), QColor(colour))
            if bar.peak_db > FLOOR_DB:
                painter.fillRect(QRect(left, y(bar.peak_db), wide, 2), QColor(tokens.TEXT))
            text = f"{bar.peak_db:.0f}" if bar.peak_db > FLOOR_DB else "-"
            painter.drawText(QRect(left - 2, self.height() - 20, wide + 4, 18), Qt.AlignmentFlag.AlignCenter, text)
        painter.end()


_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class AudioPanel(Panel):
    """The program's meter and the loudspeaker."""

    title = "Audio"

    def __init__(self, director: Director) -> None:
        super().__init__(director)
        self._path: Path | None = None
        self._ring: RingReader | None = None
        self._listener: Listener | None = None
        self.meter = BigMeter()
        key = director.keymap.label(Action(Verb.LISTEN))
        self.listen = button("Listen", f"Listen to the program ({key})")
        self.listen.setCheckable(True)
        self.listen.toggled.connect(self._toggle)
        self.volume = QSlider(Qt.Orientation.Horizontal)
        self.volume.setRange(0, 100)
        self.volume.setValue(70)
        self.volume.setAccessibleName("Loudness of listening")
        self.volume.setToolTip("How loud the loudspeaker is; the program does not change")
        self.volume.valueChanged.connect(self._set_volume)
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.said.hide()
        self.column.addWidget(caption("Program, peak dBFS"))
        self.column.addWidget(self.meter, 1)
        self.column.addWidget(caption("Loudspeaker of this desk"))
        self.column.addLayout(row(self.listen, self.volume, stretch=False))
        self.column.addWidget(self.said)
        director.changed.connect(self._world_changed)

    def first_focus(self) -> QWidget:
        """The listen button."""
        return self.listen

    def _world_changed(self, world: World, before: World) -> None:
        back = world.linked and not before.linked
        if world.rings.program != self._path or back:
            self._path = world.rings.program
            if self._ring is not None:
                self._ring.close()
                self._ring = None
            if self._listener is not None:
                self._start()

    def tick(self, now_ns: int) -> None:
        """Move the meter."""
        if not self.showing:
            return
        if self._ring is None and self._path is not None:
            try:
                self._ring = RingReader(self._path)
            except ConsoleError:
                return  # the engine is about to make it
        levels = self._ring.levels if self._ring is not None and self.director.world.linked else None
        self.meter.show_levels(levels.left if levels else 0.0, levels.right if levels else 0.0, now_ns)

    def _toggle(self, on: bool) -> None:
        self.stop()
        if on:
            self._start()
        else:
            self.said.hide()

    def _start(self) -> None:
        self.stop()
        try:
            if self._path is None:
                raise ConsoleError("There is no program to listen to", "Wait for the engine")
            self._listener = Listener(self._path, self._gain())
            self.said.hide()
        except ConsoleError as error:
            self.said.setText(str(error))
            set_severity(self.said, "warning")
            self.said.show()
            self.listen.blockSignals(True)
            self.listen.setChecked(False)
            self.listen.blockSignals(False)

    def _gain(self) -> float:
        return (self.volume.value() / 100) ** 2  # loudness is felt, not counted

    def _set_volume(self) -> None:
        if self._listener is not None:
            self._listener.volume = self._gain()

    def stop(self) -> None:
        """Be quiet."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None

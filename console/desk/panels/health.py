"""Figures: what each source delivers, how late the engine's ticks are, and which processes run."""

from __future__ import annotations

from collections import Counter

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from console.desk import tokens
from console.desk.director import Director
from console.desk.panels.parts import STATE_COLOURS, Panel, caption, count_text, short_count
from console.desk.panels.table import Cell, Row, Table
from console.desk.plates import font
from console.desk.world import World

_EDGES_MS = (0.5, 1, 2, 4, 8, 16, 32)
_LABELS = ("<0.5", "1", "2", "4", "8", "16", "32", ">32 ms")


class Histogram(QWidget):
    """How often ticks were how late; the last bars are whole frames."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[int] = Counter()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("How late ticks were")
        self.setToolTip("How late the engine's ticks began, sampled five times a second since the desk was opened")

    def sizeHint(self) -> QSize:
        """A small plot."""
        return QSize(240, 96)

    def add(self, late_ms: float) -> None:
        """Count one sample."""
        self.counts[sum(late_ms >= edge for edge in _EDGES_MS)] += 1
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the bars."""
        painter = QPainter(self)
        painter.setFont(font(tokens.CAPTION_PX))
        total, top = max(1, self.counts.total()), max([1, *self.counts.values()])
        step = self.width() / len(_LABELS)
        for number, label in enumerate(_LABELS):
            left, width = round(number * step), max(1, round(step) - 4)
            count = self.counts[number]
            tall = round((self.height() - 34) * count / top)
            colour = tokens.GOOD if number < 5 else tokens.WARNING if number < 6 else tokens.ALARM
            painter.fillRect(QRect(left, self.height() - 16 - max(1, tall), width, max(1, tall)), QColor(colour))
            painter.setPen(QColor(tokens.SECONDARY))
            painter.drawText(QRect(left - 2, self.height() - 15, width + 4, 15), Qt.AlignmentFlag.AlignCenter, label)
            if count:
                share = 100 * count / total
                text = f"{share:.0f} %" if share >= 1 else "<1 %"
                place = QRect(left - 4, self.height() - 32 - max(1, tall), width + 8, 15)
                painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
        painter.end()


class HealthPanel(Panel):
    """Measured facts."""

    title = "Health"

    def __init__(self, director: Director) -> None:
        super().__init__(director)
        self.table = Table(("Source", "fps", "In", "Drop", "Out", "Dup", "Tier", "Age ms"), 0, "Health of the sources")
        self.histogram = Histogram()
        self.ticks = QLabel()
        self.log = QLabel()
        self.processes = QLabel()
        for label in (self.ticks, self.log, self.processes):
            label.setWordWrap(True)
        self.column.addWidget(caption("Pictures of each source"))
        self.column.addWidget(self.table, 1)
        self.column.addWidget(caption("How late the ticks began"))
        self.column.addWidget(self.histogram)
        self.column.addWidget(self.ticks)
        self.column.addWidget(caption("Program log"))
        self.column.addWidget(self.log)
        self.column.addWidget(caption("Processes"))
        self.column.addWidget(self.processes)
        director.changed.connect(self._world_changed)

    def first_focus(self) -> QWidget:
        """The table."""
        return self.table

    def _world_changed(self, world: World, before: World) -> None:
        if world.status is before.status:
            return
        if world.linked and world.status.late_ms is not None:
            self.histogram.add(world.status.late_ms)
        if self.showing:
            self.fill(world)

    def fill(self, world: World) -> None:
        """Bring everything up to date."""
        rows: list[Row] = []
        for source in world.setup.sources:
            reading = world.status.sources.get(source.id)
            if reading is None:
                continue
            counts = (reading.in_, reading.drop, reading.out, reading.duplicate)
            exact = "in {}, dropped {}, out {}, duplicated {}".format(*map(count_text, counts))
            hint = f"{source.name}: {reading.state} {reading.reason}".strip()
            hint += f"\n{exact}\ndecoded: {reading.tier_name}"
            age = "" if reading.age_ms is None else f"{reading.age_ms:.0f}"
            if reading.age_ms is not None and reading.age_ms >= 10_000:
                age = f"{reading.age_ms / 1000:.0f} s"
            figures = (f"{reading.fps:.1f}", *map(short_count, counts))
            cells = (
                Cell(source.name, STATE_COLOURS.get(reading.state, tokens.TEXT), hint),
                *(Cell(text, hint=hint, right=True) for text in figures),
                Cell(reading.tier_name, tokens.SECONDARY, hint),
                Cell(age, hint=hint, right=True),
            )
            rows.append((source.id, cells))
        self.table.show_rows(rows)
        status, log = world.status, world.status.log
        tick = "" if status.tick_ms is None else f", a tick takes {status.tick_ms:.1f} ms"
        self.ticks.setText(f"{count_text(status.late_ticks)} frames late since the start{tick}")
        left = "" if log.hours_left is None else f", {log.hours_left:.1f} h left"
        missing = f", {count_text(log.missing)} frames missing" if log.missing else ", none missing"
        self.log.setText(f"{count_text(log.frames)} frames, {log.bytes / 1e9:.2f} GB{missing}{left}")
        self.processes.setText("   ".join(f"{name} {pid}" for name, pid in sorted(status.processes.items())) or "none")

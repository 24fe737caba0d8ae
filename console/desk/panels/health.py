"""Figures: what each source delivers and costs, how late the engine's ticks are, and which processes run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from console.desk import tokens
from console.desk.director import Director
from console.desk.panels.parts import STATE_COLOURS, Panel, caption, count_text, set_severity, short_count
from console.desk.panels.table import Cell, Table
from console.desk.plates import font
from console.desk.status import DecodingReading, SourceReading
from console.desk.world import World

_EDGES_MS = (0.5, 1, 2, 4, 8, 16, 32)
_LABELS = ("<0.5", "1", "2", "4", "8", "16", "32", ">32 ms")
COLUMNS = ("Source", "Tier", "Cost", "Hot in", "fps", "Age ms", "Drop", "Dup", "In", "Out")
"""What is looked at most comes first: a narrow dock scrolls the rest."""


_SOURCE = "source:"
_SHEDDING = "The machine is busy: tiles move less so that program does not suffer"
_DECODING_HINT = (
    "What decoding all sources takes, and the budget of those that are neither on program nor on preview.\n"
    "Room: how many more cameras like these would fit, with tiles that move or at key frames."
)


def decoding_line(decoding: DecodingReading) -> str:
    """What decoding takes of the machine and what there is room for, as far as it is known."""
    if decoding.cost is None or not decoding.cores:
        return ""
    line = f"Decoding {decoding.cost:.2f} of {decoding.cores} core{'s' * (decoding.cores != 1)}"
    if decoding.budget is not None:
        line += f", budget {decoding.budget:.2f}"
    active, key = decoding.headroom.active, decoding.headroom.key
    if active is not None:
        line += f"; room for {active or 'no'} more camera{'s' * (active != 1)}"
        line += "" if key is None else f" ({key} at key frames)"
    return line


def processes_line(processes: Mapping[str, int]) -> str:
    """The processes with their ids; those of sources, of which there may be many, by their number."""
    one_each = [f"{name} {pid}" for name, pid in sorted(processes.items()) if not name.startswith(_SOURCE)]
    sources = len(processes) - len(one_each)
    one_each += [f"{sources} source{'s' * (sources != 1)}"] if sources else []
    return "   ".join(one_each) or "none"


def source_cells(name: str, reading: SourceReading) -> tuple[Cell, ...]:
    """One source's row."""
    counts = (reading.drop, reading.duplicate, reading.in_, reading.out)
    age = "" if reading.age_ms is None else f"{reading.age_ms:.0f}"
    if reading.age_ms is not None and reading.age_ms >= 10_000:
        age = f"{reading.age_ms / 1000:.0f} s"
    cost = "" if reading.cost is None else f"{100 * reading.cost:.1f} %"
    hot = "" if reading.hot_in_frames is None else count_text(reading.hot_in_frames)
    decoded = [f"decoded: {reading.tier_name}"] if reading.tier else []
    decoded += [f"{cost} of a core"] if cost else []
    decoded += [f"hot in {hot} frames"] if hot else []
    told = (
        f"{name}: {reading.state} {reading.reason}".strip(),
        ", ".join(decoded),
        "dropped {}, duplicated {}, in {}, out {}".format(*map(count_text, counts)),
    )
    hint = "\n".join(line for line in told if line)
    figures = (cost, hot, f"{reading.fps:.1f}", age, *map(short_count, counts))
    return (
        Cell(name, STATE_COLOURS.get(reading.state, tokens.TEXT), hint),
        Cell(reading.tier_name, tokens.SECONDARY, hint),
        *(Cell(text, hint=hint, right=True) for text in figures),
    )


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
        self.table = Table(COLUMNS, 0, "Health of the sources")
        self.decoding = QLabel()
        self.decoding.setToolTip(_DECODING_HINT)
        self.shedding = QLabel(_SHEDDING)
        set_severity(self.shedding, "warning")
        self.histogram = Histogram()
        self.ticks = QLabel()
        self.log = QLabel()
        self.processes = QLabel()
        for label in (self.decoding, self.shedding, self.ticks, self.log, self.processes):
            label.setWordWrap(True)
        self.column.addWidget(caption("Pictures of each source"))
        self.column.addWidget(self.table, 1)
        self.column.addWidget(self.decoding)
        self.column.addWidget(self.shedding)
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
        status, log = world.status, world.status.log
        readings = ((source, status.sources.get(source.id)) for source in world.setup.sources)
        self.table.show_rows(
            [(source.id, source_cells(source.name, reading)) for source, reading in readings if reading]
        )
        self.decoding.setText(decoding_line(status.decoding))
        self.decoding.setVisible(bool(self.decoding.text()))
        self.shedding.setVisible(status.decoding.shedding)
        tick = "" if status.tick_ms is None else f", a tick takes {status.tick_ms:.1f} ms"
        self.ticks.setText(f"{count_text(status.late_ticks)} frames late since the start{tick}")
        left = "" if log.hours_left is None else f", {log.hours_left:.1f} h left"
        missing = f", {count_text(log.missing)} frames missing" if log.missing else ", none missing"
        self.log.setText(f"{count_text(log.frames)} frames, {log.bytes / 1e9:.2f} GB{missing}{left}")
        self.processes.setText(processes_line(status.processes))
        self.processes.setToolTip("\n".join(f"{name} {pid}" for name, pid in status.processes.items()))

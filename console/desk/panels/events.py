"""Alarms that stand, and the as-run log of this desk."""

from __future__ import annotations

from datetime import UTC, datetime

from PySide6.QtWidgets import QLabel, QWidget

from console.desk import tokens
from console.desk.director import Director
from console.desk.eventlog import Event
from console.desk.panels.parts import Panel, caption
from console.desk.panels.table import Cell, Row, Table
from console.desk.tokens import SEVERITY_COLOURS, Severity, severity_of
from console.desk.world import World

_SHOWN, _ALARMS_SHOWN = 300, 6
_MARKS = {Severity.ALARM: "▲", Severity.WARNING: "△"}


def event_row(number: int, event: Event) -> Row:
    """A line of the log."""
    at = datetime.fromtimestamp(event.unix_ns / 1e9, UTC)
    told = event.text
    if event.source_to is not None or event.source_from is not None:
        told += f"  {event.source_from or 'black'} → {event.source_to or 'black'}"
    result = "" if event.result in ("", "done") else f": {event.result}"
    when = f" at {event.timecode} (frame {event.frame})" if event.frame is not None else ""
    hint = f"{at:%Y-%m-%d %H:%M:%S} UTC, {event.who} by {event.by}\n{told}{result}{when}"
    colour = SEVERITY_COLOURS[event.severity]
    cells = (
        Cell(f"{at:%H:%M:%S}", tokens.SECONDARY, hint),
        Cell(event.by, tokens.SECONDARY, hint),
        Cell(f"{_MARKS.get(event.severity, '')} {told}{result}".strip(), colour, hint),
    )
    return str(number), cells


class EventsPanel(Panel):
    """Alarms above, events below."""

    title = "Events"

    def __init__(self, director: Director) -> None:
        super().__init__(director)
        self.alarms = Table(("Alarm",), 0, "Alarms")
        self.alarms.horizontalHeader().hide()
        self.calm = QLabel("No alarms")
        self.calm.setProperty("severity", "good")
        self.table = Table(("UTC", "By", "What"), 2, "Events of this desk")
        self.column.addWidget(caption("Alarms"))
        self.column.addWidget(self.calm)
        self.column.addWidget(self.alarms)
        self.column.addWidget(caption("Takes, refusals and changes at this desk"))
        self.column.addWidget(self.table, 1)
        director.changed.connect(self._world_changed)
        director.logged.connect(lambda _event: self._fill_events())

    def first_focus(self) -> QWidget:
        """The log."""
        return self.table

    def fill(self, world: World) -> None:
        """Bring both up to date."""
        self._fill_alarms(world)
        self._fill_events()

    def _world_changed(self, world: World, before: World) -> None:
        if self.showing and (world.status is not before.status or world.linked != before.linked):
            self._fill_alarms(world)

    def _fill_alarms(self, world: World) -> None:
        rows: list[Row] = []
        if not world.linked and world.ever_linked:
            rows.append(
                ("link", (Cell("▲ ENGINE LOST: program may still be on air", tokens.ALARM, world.lost_reason),))
            )
        order = list(Severity)
        worst_first = sorted(world.status.alarms, key=lambda alarm: -order.index(severity_of(alarm.severity)))
        for number, alarm in enumerate(worst_first):
            severity = severity_of(alarm.severity)
            text = f"{_MARKS.get(severity, '')} {alarm.text}".strip()
            hint = f"{alarm.text}\n{alarm.remedy}" if alarm.remedy else alarm.text
            rows.append((alarm.id or str(number), (Cell(text, SEVERITY_COLOURS[severity], hint),)))
        self.alarms.show_rows(rows)
        self.alarms.setVisible(bool(rows))
        self.alarms.setFixedHeight(
            min(len(rows), _ALARMS_SHOWN) * self.alarms.verticalHeader().defaultSectionSize() + 4
        )
        self.calm.setVisible(not rows)

    def _fill_events(self) -> None:
        if not self.showing:
            return
        log = self.director.log
        newest = log.events[-_SHOWN:]
        first = log.total - len(newest)
        self.table.show_rows([event_row(first + at, event) for at, event in enumerate(newest)][::-1])

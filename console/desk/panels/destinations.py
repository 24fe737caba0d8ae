"""Where the program is pushed: how each destination takes it, and how far behind it is."""

from __future__ import annotations

from collections import deque

from PySide6.QtWidgets import QLabel, QLineEdit, QWidget

from console.desk import tokens
from console.desk.director import Director
from console.desk.panels.parts import STATE_COLOURS, Panel, button, row, set_severity, short_count
from console.desk.panels.table import Cell, Row, Table
from console.desk.status import OutputReading
from console.desk.world import World
from console.media.address import masked
from console.show.commands import AddDestination, RemoveDestination

_LAGS_KEPT = 120
_LAG_WARNING_MS, _LAG_ALARM_MS = 4000.0, 10_000.0


class DestinationsPanel(Panel):
    """All destinations of the show."""

    title = "Destinations"

    def __init__(self, director: Director) -> None:
        super().__init__(director)
        self._lags: dict[str, deque[float]] = {}
        self.table = Table(("To", "State", "Lag", "", "Acked", "Lost"), 0, "Destinations")
        self.reason = QLabel()
        self.reason.setWordWrap(True)
        self.reason.hide()
        self.address = QLineEdit()
        self.address.setPlaceholderText("https://host/ingest/channel or rtmp://host/app/key")
        self.address.setAccessibleName("Address of a new destination")
        self.address.setToolTip("Address of a new destination; Enter adds it")
        self.address.returnPressed.connect(self._add)
        self.add = button("Add", "Push the program to this address too")
        self.remove = button("Remove", "Stop pushing to the selected destination")
        self.add.clicked.connect(self._add)
        self.remove.clicked.connect(self._remove)
        self.column.addWidget(self.table, 1)
        self.column.addWidget(self.reason)
        self.column.addWidget(self.address)
        self.column.addLayout(row(self.add, self.remove))
        director.changed.connect(self._world_changed)

    def first_focus(self) -> QWidget:
        """The list."""
        return self.table

    def _world_changed(self, world: World, before: World) -> None:
        if world.status is not before.status:
            self._remember(world)
        if self.showing and (world.status is not before.status or world.setup is not before.setup):
            self.fill(world)

    def _remember(self, world: World) -> None:
        for url, reading in world.status.outputs.items():
            if reading.lag_ms is not None:
                self._lags.setdefault(url, deque(maxlen=_LAGS_KEPT)).append(reading.lag_ms)
        for gone in self._lags.keys() - world.status.outputs.keys():
            del self._lags[gone]

    def fill(self, world: World) -> None:
        """Bring everything up to date."""
        rows: list[Row] = []
        reasons = []
        for destination in world.setup.destinations:
            shown = masked(destination.url)
            reading = world.status.outputs.get(shown) or world.status.outputs.get(destination.url) or OutputReading()
            lags = self._lags.get(shown) or self._lags.get(destination.url) or deque()
            lag = reading.lag_ms
            colour = tokens.TEXT
            if lag is not None and lag > _LAG_WARNING_MS:
                colour = tokens.ALARM if lag > _LAG_ALARM_MS else tokens.WARNING
            hint = f"{shown}\nqueued {reading.queued}, sent {reading.sent}, acknowledged {reading.acked}"
            state = reading.state or "starting"
            cells = (
                Cell(destination.name or shown.partition("://")[2] or shown, hint=hint),
                Cell(state.upper(), STATE_COLOURS.get(reading.state, tokens.SECONDARY), reading.reason or hint),
                Cell("" if lag is None else f"{lag / 1000:.1f} s", colour, hint, right=True),
                Cell("          ", hint=f"Lag, the last {len(lags) / 5:.0f} s", spark=tuple(lags)),
                Cell(short_count(reading.acked), hint=hint, right=True),
                Cell(short_count(reading.lost), tokens.ALARM if reading.lost else tokens.SECONDARY, hint, right=True),
            )
            rows.append((destination.url, cells))
            if reading.reason:
                reasons.append(f"{shown}: {reading.reason}")
        self.table.show_rows(rows)
        if reasons or not rows:
            self.reason.setText("\n".join(reasons) or "The program is pushed nowhere. Give an address:")
            set_severity(self.reason, "warning" if reasons else "")
        self.reason.setVisible(bool(reasons) or not rows)
        self.remove.setEnabled(bool(rows) and world.linked)
        self.add.setEnabled(world.linked)

    def _add(self) -> None:
        if url := self.address.text().strip():
            self.director.request(AddDestination(url), self._added)

    def _added(self, refusal: str) -> None:
        if refusal:
            self.reason.setText(refusal)
            set_severity(self.reason, "warning")
            self.reason.show()
        else:
            self.address.clear()

    def _remove(self) -> None:
        if chosen := self.table.chosen():
            self.director.request(RemoveDestination(chosen), self._added)

"""The tracking inputs: what each receives, and adding, editing and removing them."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from console.desk import tokens
from console.desk.actions import Action, Verb
from console.desk.director import Director
from console.desk.packets import NOT_UNDERSTOOD, RECEIVING, SILENT, age_text, counter_line, state_word
from console.desk.panels.parts import button, row, set_severity, short_count
from console.desk.panels.table import Cell, Row, Table
from console.desk.status import TrackingReading
from console.desk.tracking_draft import PROTOCOLS
from console.desk.world import World
from console.show.commands import RemoveInput
from console.show.world import TrackingInput

_COLUMNS = ("Input", "State", "Rate", "Age", "Jitter", "Lost", "Refused", "Listens on", "Protocol")
_COLOURS = {RECEIVING: tokens.GOOD, NOT_UNDERSTOOD: tokens.ALARM, SILENT: tokens.WARNING}


def input_row(entry: TrackingInput, reading: TrackingReading | None) -> Row:
    """One input. What it does comes before what it is: a narrow dock scrolls."""
    now = reading or TrackingReading()
    where = f"{entry.bind} group {entry.group}" if entry.group else entry.bind
    protocol = PROTOCOLS.get(entry.protocol, entry.protocol)
    hint = "\n".join((f"{entry.id}: {protocol} on {where}", now.state, counter_line(now), *now.troubles)).strip()
    listening = reading is None or reading.port is not None
    colour = _COLOURS.get(now.state, tokens.SECONDARY) if listening else tokens.ALARM
    bad = tokens.ALARM if now.refused else tokens.SECONDARY
    cells = (
        Cell(entry.id, hint=hint),
        Cell(state_word(reading), colour, hint),
        Cell(f"{now.rate_hz:.1f} Hz" if now.rate_hz else "", hint=hint, right=True),
        Cell(age_text(now.age_ms), hint=hint, right=True),
        Cell(f"{now.jitter_ms:.1f} ms" if now.rate_hz else "", hint=hint, right=True),
        Cell(short_count(now.lost), tokens.WARNING if now.lost else tokens.SECONDARY, hint, right=True),
        Cell(short_count(now.refused), bad, hint, right=True),
        Cell(where, tokens.SECONDARY, hint),
        Cell(protocol, tokens.SECONDARY, hint),
    )
    return entry.id, cells


def shouted(world: World) -> str:
    """What must not be overlooked: inputs whose packets come in and say nothing to anybody."""
    found = []
    for entry in world.setup.world.inputs:
        reading = world.status.graphics.tracking.get(entry.id)
        if reading is not None and reading.state == NOT_UNDERSTOOD:
            why = reading.last_error or "no packet is one of its protocol"
            words = PROTOCOLS.get(entry.protocol, entry.protocol)
            found.append(f"▲ {entry.id}: receiving, but not understood as {words}. {why}")
    return "\n".join(found)


class InputsPage(QWidget):
    """The list, and what is done with it."""

    edit_wanted = Signal(object)
    """The input to edit (`TrackingInput`), or None for a new one."""
    chosen = Signal(str)

    def __init__(self, director: Director) -> None:
        super().__init__()
        self._director = director
        self.table = Table(_COLUMNS, 0, "Tracking inputs")
        self.loud = QLabel()
        self.loud.setWordWrap(True)
        set_severity(self.loud, "alarm")
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.add = button("Add", "Listen to one more stream of tracking")
        self.edit = button("Edit", "Edit the selected input")
        self.remove = button("Remove", "Remove the selected input")
        self.add.clicked.connect(lambda: self.edit_wanted.emit(None))
        self.edit.clicked.connect(self._edit)
        self.remove.clicked.connect(self._remove)
        self.table.doubleClicked.connect(lambda _index: self._edit())
        self.table.activated.connect(lambda _index: self._edit())
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._choice_changed())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.loud)
        column.addWidget(self.table, 1)
        column.addWidget(self.said)
        column.addLayout(row(self.add, self.edit, self.remove))

    def fill(self, world: World) -> None:
        """Bring everything up to date."""
        readings = world.status.graphics.tracking
        entries = world.setup.world.inputs
        self.table.show_rows([input_row(entry, readings.get(entry.id)) for entry in entries])
        self.loud.setText(shouted(world))
        self.loud.setVisible(bool(self.loud.text()))
        if not entries and not self.said.text():
            self.said.setText("Nothing is tracked. Add a stream of FreeD, OpenTrackIO or PosiStageNet.")
        self.said.setVisible(bool(self.said.text()))
        self._choice_changed()

    def _choice_changed(self) -> None:
        linked, chosen = self._director.world.linked, self.table.chosen()
        self.add.setEnabled(linked)
        self.edit.setEnabled(linked and chosen is not None)
        self.remove.setEnabled(linked and chosen is not None)
        if chosen is not None:
            self.chosen.emit(chosen)

    def _edit(self) -> None:
        entry = next((e for e in self._director.world.setup.world.inputs if e.id == self.table.chosen()), None)
        if entry is not None:
            self.edit_wanted.emit(entry)

    def _remove(self) -> None:
        if chosen := self.table.chosen():
            self._director.request(RemoveInput(chosen), lambda refusal: self._removed(chosen, refusal))

    def _removed(self, name: str, refusal: str) -> None:
        undo = self._director.keymap.label(Action(Verb.UNDO))
        self.said.setText(refusal or f"'{name}' is removed. {undo} brings it back.")
        set_severity(self.said, "warning" if refusal else "")
        self.said.show()

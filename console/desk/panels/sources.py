"""The list of sources: key, name, state and why; adding, editing, removing, and finding among many."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Signal
from PySide6.QtWidgets import QLabel, QLineEdit, QWidget

from console.desk import tokens
from console.desk.actions import Action, Verb
from console.desk.director import Director
from console.desk.panels.parts import STATE_COLOURS, Panel, button, caption, row, set_severity
from console.desk.panels.table import Cell, Row, Table
from console.desk.world import PREVIEW, PROGRAM, World, source_word
from console.media.address import masked
from console.show.commands import RemoveSource, SetKeyer
from console.show.model import KEYERS

_LAMPS = {PROGRAM: ("PGM", tokens.ALARM), PREVIEW: ("PVW", tokens.PREVIEW_BORDER)}


class SourcesPanel(Panel):
    """All sources of the show."""

    title = "Sources"
    edit_wanted = Signal(str)
    filtered = Signal(str)

    def __init__(self, director: Director) -> None:
        super().__init__(director)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find a source")
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName("Find a source")
        self.search.setToolTip("Shows the sources with this in their name, here and in the multiview (Ctrl+F)")
        self.search.textChanged.connect(self._find)
        self.table = Table(("", "Name", "State", ""), 2, "Sources")
        self.table.activated.connect(self._activated)
        self.table.doubleClicked.connect(lambda _index: self._edit())
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.said.hide()
        add_key = director.keymap.label(Action(Verb.ADD_SOURCE))
        self.add = button("Add", f"Add a source ({add_key})")
        self.edit = button("Edit", "Edit the selected source")
        self.remove = button("Remove", "Remove the selected source")
        self.add.clicked.connect(lambda: director.want(Action(Verb.ADD_SOURCE)))
        self.edit.clicked.connect(self._edit)
        self.remove.clicked.connect(self._remove)
        self.column.addWidget(self.search)
        self.column.addWidget(self.table, 1)
        self.column.addWidget(self.said)
        self.column.addLayout(row(self.add, self.edit, self.remove))
        self.keyers = [
            button(f"DSK {number}", f"Key the selected source with DSK {number}") for number in range(1, KEYERS + 1)
        ]
        for index, keyer in enumerate(self.keyers):
            keyer.setCheckable(True)
            keyer.clicked.connect(lambda _=False, index=index: self._set_keyer(index))
        self.column.addWidget(caption("Keyed over program by"))
        self.column.addLayout(row(*self.keyers))
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._choice_changed())
        director.changed.connect(self._world_changed)
        self._choice_changed()

    def first_focus(self) -> QWidget:
        """The list."""
        return self.table

    def _find(self, text: str) -> None:
        self.fill(self.director.world)
        self.filtered.emit(text)

    def _world_changed(self, world: World, before: World) -> None:
        if not self.showing:
            return
        if world.setup is not before.setup or world.air is not before.air or world.status is not before.status:
            self.fill(world)
            self._choice_changed()

    def fill(self, world: World) -> None:
        """Bring everything up to date."""
        wanted = self.search.text().strip().lower()
        lamps = world.lamps()
        rows: list[Row] = []
        for position, source in enumerate(world.setup.sources, 1):
            if wanted not in f"{source.id} {source.name}".lower():
                continue
            reading = world.status.sources.get(source.id)
            state = reading.state if reading else ""
            word = source_word(state, reading.age_ms if reading else None) or state.upper()
            reason = reading.reason if reading else ""
            lamp, colour = _LAMPS.get(lamps.get(source.id, ""), ("", tokens.SECONDARY))
            keyed = [str(index) for index, fill in enumerate(world.setup.keyers, 1) if fill == source.id]
            lamp = " ".join((f"DSK {'+'.join(keyed)}" if keyed else "", lamp)).strip()
            hint = f"{source.name} ({source.id})\n{masked(source.url)}"
            hint += f"\ntile: {masked(source.proxy_url)}" if source.proxy_url else ""
            hint += f"\n{reason}" if reason else ""
            if reading and reading.tile_reason and not reason:
                reason = f"its tile: {reading.tile_reason}"
                hint += f"\n{reason}"
            cells = (
                Cell(self.director.keymap.digit(position), tokens.SECONDARY, hint),
                Cell(source.name, hint=hint),
                Cell(f"{word}: {reason}" if reason else word, STATE_COLOURS.get(state, tokens.SECONDARY), hint),
                Cell(lamp, colour, hint),
            )
            rows.append((source.id, cells))
        self.table.show_rows(rows)

    def _choice_changed(self) -> None:
        chosen = self.table.chosen()
        linked = self.director.world.linked
        self.add.setEnabled(linked)
        self.edit.setEnabled(linked and chosen is not None)
        self.remove.setEnabled(linked and chosen is not None)
        for keyer, source in zip(self.keyers, self.director.world.setup.keyers, strict=True):
            keyer.setEnabled(linked and chosen is not None)
            keyer.setChecked(chosen is not None and source == chosen)

    def _activated(self, index: QModelIndex) -> None:
        if chosen := self.table.rows.row_id(index.row()):
            self.director.preview(chosen)

    def _edit(self) -> None:
        if chosen := self.table.chosen():
            self.edit_wanted.emit(chosen)

    def _set_keyer(self, index: int) -> None:
        chosen = self.table.chosen()
        is_set = chosen is not None and self.director.world.setup.keyers[index] == chosen
        self.director.request(SetKeyer(index + 1, None if is_set else chosen), self._keyer_set)

    def _keyer_set(self, refusal: str) -> None:
        self._choice_changed()  # the button shows what the engine has, not what was clicked
        if refusal:
            self._say(refusal, "warning")

    def _remove(self) -> None:
        if chosen := self.table.chosen():
            self.director.request(RemoveSource(chosen), lambda refusal: self._removed(chosen, refusal))

    def _removed(self, source: str, refusal: str) -> None:
        undo = self.director.keymap.label(Action(Verb.UNDO))
        self._say(refusal or f"'{source}' is removed. {undo} brings it back.", "warning" if refusal else "")

    def _say(self, text: str, severity: str) -> None:
        self.said.setText(text)
        set_severity(self.said, severity)
        self.said.show()

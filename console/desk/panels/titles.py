"""Titles: what the downstream keyers have, writing a title and seeing it before anybody else, the data behind it.

What is typed here changes nothing by itself. It is sent by Prepare, or by Update while the title is on air; taking it
goes through the director's guards like its key.
"""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHeaderView, QLabel, QPushButton, QScrollArea, QStackedWidget, QWidget

from console.desk import tokens
from console.desk.actions import Action, Verb
from console.desk.data_feeds import DataFeeds
from console.desk.director import Director
from console.desk.onair import OnAirButton
from console.desk.panels.parts import Panel, button, row, set_severity
from console.desk.panels.table import Cell, Row, Table
from console.desk.title_draft import Draft, Standing, advice, draft_of, known_values, standing, what_it_has
from console.desk.title_form import TitleForm
from console.desk.title_preview import TitlePreview
from console.desk.world import PREVIEW, PROGRAM, World
from console.graphics.library import Library
from console.results.data import Data
from console.results.excerpt import restored
from console.show.commands import SetKeyerOnAir, SetKeyerPreview, SetTitle
from console.show.model import KEYERS

_LOOK_MS = 1000
"""How often template files are looked at while the panel shows."""
_WORDS = {Standing.ON: ("PGM", tokens.ALARM), Standing.LEAVING: ("LEAVING", tokens.WARNING)}


class TitlesPanel(Panel):
    """The four downstream keyers and their titles."""

    title = "Titles"
    keys_wanted = Signal()
    """The keyboard is to go back to the pictures."""

    def __init__(self, director: Director) -> None:
        super().__init__(director)
        self._library = Library()
        self._index = 0
        self._refusal = ""
        """Why what was asked for last was not done; stands until something else is written or asked for."""
        self._drafts = [Draft() for _ in range(KEYERS)]
        self._told: dict[str, object] = {}
        self._values: dict[str, Data] = {}
        self.keyers = Table(("DSK", "Has", ""), 1, "Downstream keyers")
        self.keyers.horizontalHeader().hide()
        self.keyers.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.keyers.setFixedHeight(KEYERS * 26 + 4)
        self.preview = TitlePreview(director.clock)
        self.lacks = QLabel()
        self.said = QLabel()
        self.form = TitleForm(self._library)
        self.feeds = DataFeeds(director)
        self._make_buttons()
        self._pages = QStackedWidget()
        self._scrolls = [self._scrolled(self.form), self._scrolled(self.feeds)]
        self._build()
        self._connect()
        self._look = QTimer(self, interval=_LOOK_MS)
        self._look.timeout.connect(self._refresh)
        self._fill_keyers(director.world)
        self.keyers.selectRow(0)

    def _make_buttons(self) -> None:
        self.take = OnAirButton("TAKE", " ", PROGRAM, "Take the title")
        self.show_preview = OnAirButton("PREVIEW", " ", PREVIEW, "Show the title on preview")
        for shown in (self.take, self.show_preview):
            shown.setFixedHeight(44)
        self.send = button("Prepare", "Put the title on the keyer (Ctrl+Enter in a field)")
        self.send.setProperty("kind", "primary")
        self.revert = button("Revert", "Forget what is edited here, and show what the keyer has")
        self.clear = button("Clear", "Take the title away from the keyer")
        self.tabs = [
            button("Title", "The title of the selected keyer"),
            button("Data", "The data feeds that titles are bound to"),
        ]
        for tab in self.tabs:
            tab.setCheckable(True)
        self.tabs[0].setChecked(True)
        self.close_up = button("Close up", "Show only the part of the picture where the title is")
        self.close_up.setCheckable(True)

    def _scrolled(self, what: QWidget) -> QScrollArea:
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(what)
        self._pages.addWidget(area)
        return area

    def _build(self) -> None:
        for label in (self.said, self.lacks):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.said.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.said.setMinimumHeight(2 * self.said.fontMetrics().lineSpacing() + 4)  # the form does not move with words
        set_severity(self.lacks, "warning")
        self.lacks.hide()
        self.column.setSpacing(6)
        self.column.addWidget(self.keyers)
        self.column.addWidget(self.preview)
        self.column.addWidget(self.lacks)
        self.column.addLayout(row(self.take, self.show_preview, stretch=False))
        self.column.addWidget(self.said)
        self.column.addLayout(row(self.send, self.revert, self.clear))
        tabs = row(*self.tabs)
        tabs.addWidget(self.close_up)
        self.column.addLayout(tabs)
        self.column.addWidget(self._pages, 1)

    def _connect(self) -> None:
        director = self.director
        self.keyers.selectionModel().currentRowChanged.connect(lambda *_: self._choose())
        self.form.template_chosen.connect(self._choose_template)
        self.form.value_changed.connect(self._change_value)
        self.form.send_wanted.connect(self._send)
        self.form.left.connect(self.keys_wanted)
        self.feeds.left.connect(self.keys_wanted)
        self.preview.seen.connect(self._show_lacks)
        self.close_up.toggled.connect(self.preview.show_close_up)
        self.preview.clicked.connect(self.close_up.toggle)
        self.take.pressed.connect(lambda: director.want(Action(Verb.KEYER, self._index + 1)))
        self.show_preview.pressed.connect(lambda: director.want(Action(Verb.KEYER_PREVIEW, self._index + 1)))
        self.send.clicked.connect(self._send)
        self.revert.clicked.connect(self._revert)
        self.clear.clicked.connect(self._clear)
        for number, tab in enumerate(self.tabs):
            tab.clicked.connect(lambda _=False, number=number: self.show_page(number))
        director.changed.connect(self._world_changed)
        director.asking.connect(self._light)
        self.form.entered.connect(lambda part: self._scrolls[0].ensureWidgetVisible(part, 0, 8))
        order = (self.keyers, self.send, self.revert, self.clear, *self.tabs, self.close_up, self.form.chooser)
        for first, second in pairwise(order):
            QWidget.setTabOrder(first, second)

    # -- what is there ------------------------------------------------------------------------------------------

    @property
    def draft(self) -> Draft:
        """What is written for the selected keyer."""
        return self._drafts[self._index]

    def first_focus(self) -> QWidget:
        """The keyers."""
        return self.keyers

    def show_page(self, number: int) -> None:
        """Show the title's form (0) or the data feeds (1)."""
        for at, tab in enumerate(self.tabs):
            tab.setChecked(at == number)
        self._pages.setCurrentIndex(number)

    def show_up(self, showing: bool) -> None:
        """Look at the templates while somebody looks here."""
        super().show_up(showing)
        if showing:
            self._look.start()
        else:
            self._look.stop()

    def stop(self) -> None:
        """Draw no more."""
        self._look.stop()
        self.preview.stop()

    def _world_changed(self, world: World, before: World) -> None:
        if world.setup is not before.setup:
            for index, sent in enumerate(world.setup.titles):
                self._drafts[index] = self._drafts[index].following(sent)
        if not self.showing:
            return
        if world.setup is not before.setup or world.air is not before.air or world.linked != before.linked:
            self.fill(world)
        elif world.status is not before.status:
            if self._hear(world):
                self._fill_title(world)
                self._fill_keyers(world)
            self.feeds.show_feeds(world, self._values)

    def _hear(self, world: World) -> bool:
        """Take in what the feeds say; whether it is something else."""
        told: dict[str, object] = {name: one.value for name, one in world.status.graphics.feeds.items()}
        ids = [feed.id for feed in world.setup.world.feeds]
        if told == self._told and ids == list(self._values):
            return False
        self._told = told
        self._values = {name: restored(told.get(name)) for name in ids}
        return True

    def fill(self, world: World) -> None:
        """Bring everything up to date."""
        self._hear(world)
        self._fill_title(world)
        self._fill_keyers(world)
        self.feeds.show_feeds(world, self._values)

    def _refresh(self) -> None:
        """A template's file may have changed."""
        if self.form.template is None or self.form.template is not self._library_now():
            self._fill_title(self.director.world)

    def _library_now(self) -> object:
        found = [one for one in self._library.templates() if one.id == self.draft.template and not one.fault]
        return self._library.get(found[0].id) if found else None

    def _fill_keyers(self, world: World) -> None:
        rows: list[Row] = []
        for index in range(KEYERS):
            key = self._key(Verb.KEYER, index)
            how = standing(world.setup, world.air, index)
            word, colour = _WORDS.get(how, ("", tokens.SECONDARY))
            if world.air.keyers_preview[index]:
                word, colour = (f"{word} PVW", colour) if word else ("PVW", tokens.PREVIEW_BORDER)
            if self._drafts[index].edited(world.setup.titles[index]):
                word = f"{word} edited".strip()
                colour = tokens.WARNING if how is not Standing.ON else colour
            has = what_it_has(world, index, self.form.chooser.names, self._values)
            cells = (
                Cell(f"{index + 1}  {key}", tokens.SECONDARY, f"Downstream keyer {index + 1} ({key})"),
                Cell(has or "empty", tokens.TEXT if has else tokens.SECONDARY, has),
                Cell(word, colour, has),
            )
            rows.append((str(index), cells))
        self.keyers.show_rows(rows)

    def _fill_title(self, world: World) -> None:
        """The form, the preview and the words about the selected keyer."""
        sent = world.setup.titles[self._index]
        draft = self.draft
        values = self.form.show_draft(draft, sent, world.setup.world.feeds, self._values)
        template = self.form.template
        if template is None:
            self.preview.show_nothing(self.form.fault or self._nothing(world))
            self._show_lacks(())
        elif any(text.strip() for text in draft.values.values()) or not any(one.example for one in template.fields):
            self.preview.show_title(template, values, world.setup.format)
        else:
            self.preview.show_title(template, template.examples(), world.setup.format, "EXAMPLE")
        self._light()

    def _nothing(self, world: World) -> str:
        source = world.setup.source(world.setup.keyers[self._index])
        return f"DSK {self._index + 1} keys {source.name}" if source else "No title"

    def _key(self, verb: Verb, index: int) -> str:
        return self.director.keymap.label(Action(verb, index + 1))

    def _show_lacks(self, lacks: tuple[str, ...]) -> None:
        self.lacks.setText("\n".join(lacks))
        self.lacks.setVisible(bool(lacks))

    def _light(self) -> None:
        """What the buttons say, as the engine has confirmed it."""
        director, world, index = self.director, self.director.world, self._index
        how, draft, sent = standing(world.setup, world.air, index), self.draft, world.setup.titles[index]
        text, severity = advice(world, index, draft, self._key(Verb.KEYER, index))
        self._say(self._refusal or text, "warning" if self._refusal else severity)
        on, number = how is Standing.ON, index + 1
        label = f"TAKE OUT {number}" if on else f"TAKE {number}"
        asked = director.asked_for(SetKeyerOnAir, number)
        self.take.show_state(lit=on, asked=asked, label=label, key=self._key(Verb.KEYER, index))
        self.take.setEnabled(world.linked and how is not Standing.EMPTY)
        previewed = world.air.keyers_preview[index]
        self.show_preview.show_state(
            lit=previewed, asked=director.asked_for(SetKeyerPreview), label=f"PREVIEW {number}",
            key=self._key(Verb.KEYER_PREVIEW, index),
        )  # fmt: skip
        self.show_preview.setEnabled(world.linked and (previewed or how is not Standing.EMPTY))
        keyed = world.air.keyers_on[index]
        self.send.setText(f"Update {number} on air" if keyed and sent else f"Prepare on {number}")
        self._mark(self.send, "air" if keyed and sent else "primary")
        may = world.linked and draft.title is not None and (sent is not None or not keyed)
        self.send.setEnabled(may and draft.edited(sent))
        self.revert.setEnabled(draft.edited(sent))
        self.clear.setEnabled(world.linked and sent is not None and not keyed)

    @staticmethod
    def _mark(what: QPushButton, kind: str) -> None:
        if what.property("kind") != kind:
            what.setProperty("kind", kind)
            what.style().unpolish(what)
            what.style().polish(what)

    def _say(self, text: str, severity: str) -> None:
        self.said.setText(text)
        set_severity(self.said, severity)

    # -- what is done -------------------------------------------------------------------------------------------

    def _choose(self) -> None:
        chosen = self.keyers.chosen()
        if chosen is not None and int(chosen) != self._index:
            self._index, self._refusal = int(chosen), ""
            self._fill_title(self.director.world)

    def choose_keyer(self, number: int) -> None:
        """Write the title of a keyer (from 1)."""
        self.keyers.selectRow(number - 1)

    def _write(self, draft: Draft) -> None:
        self._drafts[self._index], self._refusal = draft, ""
        self._fill_title(self.director.world)
        self._fill_keyers(self.director.world)

    def _choose_template(self, template: str) -> None:
        self._write(self.draft.with_template(template))

    def _change_value(self, name: str, text: str, usual: str) -> None:
        self._write(self.draft.with_value(name, text, usual))

    def _revert(self) -> None:
        self._write(draft_of(self.director.world.setup.titles[self._index]))

    def _send(self) -> None:
        """Prepare, or update on air: the same command."""
        if not self.send.isEnabled():
            self._answered(f"There is nothing to send to DSK {self._index + 1}")
            return
        draft = self.draft
        if self.form.template is not None:
            draft = known_values(draft, self.form.template)
            self._drafts[self._index] = draft
        self.director.request(SetTitle(self._index + 1, draft.title), self._answered)

    def _answered(self, refusal: str) -> None:
        self._refusal = refusal
        self._light()

    def _clear(self) -> None:
        self._drafts[self._index] = draft_of(self.director.world.setup.titles[self._index])
        self.director.request(SetTitle(self._index + 1, None), self._answered)

    # -- events -------------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the height out."""
        super().resizeEvent(event)
        self.preview.fit_into(self.height(), self.director.world.setup.format)

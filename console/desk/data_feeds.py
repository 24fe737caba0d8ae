"""The data feeds of the show: what each says and how it is, adding one by its address, removing."""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QLineEdit, QVBoxLayout, QWidget

from console.desk import tokens
from console.desk.director import Director
from console.desk.panels.parts import button, caption, row, set_severity, short_count
from console.desk.panels.table import Cell, Row, Table
from console.desk.status import FeedReading
from console.desk.world import World
from console.media.address import masked
from console.results.binding import bind
from console.results.data import Data
from console.show.commands import AddFeed, RemoveFeed
from console.show.world import DataFeed, FeedKind

_STATES = {"ok": tokens.GOOD, "stale": tokens.WARNING, "trouble": tokens.ALARM}
_ENDINGS = {".csv": FeedKind.CSV, ".tsv": FeedKind.CSV, ".json": FeedKind.JSON}
_KINDS = {
    FeedKind.ODF: "Results (ODF)",
    FeedKind.CSV: "CSV",
    FeedKind.JSON: "JSON",
}


def suggested_kind(url: str) -> FeedKind:
    """What an address most likely speaks."""
    path = url.strip().lower().partition("?")[0].partition("#")[0]
    return next((kind for ending, kind in _ENDINGS.items() if path.endswith(ending)), FeedKind.ODF)


def suggested_id(kind: FeedKind, taken: Collection[str]) -> str:
    """A short name that is free: it is what stands in every placeholder."""
    base = "results" if kind is FeedKind.ODF else "data"
    return base if base not in taken else next(f"{base}{n}" for n in range(2, 99) if f"{base}{n}" not in taken)


def age_text(age_ms: float | None) -> str:
    """An age in two or three characters and a unit."""
    if age_ms is None:
        return ""
    seconds = age_ms / 1000
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.0f} h"


def feed_row(feed: DataFeed, reading: FeedReading, value: Data) -> Row:
    """A line of the list."""
    status = ""
    if feed.kind is FeedKind.ODF and value is not None:
        bound, _ = bind("{feed.status}", {"feed": value})
        status = bound.upper() if isinstance(bound, str) else ""
        held, _ = bind("{feed.held}", {"feed": value})
        status += " (held back)" if held and status else ""
    gated = " until official" if feed.kind is FeedKind.ODF and feed.gate else ""
    address = reading.address or masked(feed.url)
    hint = "\n".join(
        part
        for part in (
            f"{feed.id}: {_KINDS[feed.kind]}{f', held back{gated}' if gated else ''}",
            address,
            f"{reading.messages} messages, {reading.refused} refused, {reading.test_messages} test messages",
            reading.reason or (f"Last refused: {reading.last_reason}" if reading.last_reason else ""),
        )
        if part
    )
    refused = tokens.WARNING if reading.refused else tokens.SECONDARY
    cells = (
        Cell(feed.id, hint=hint),
        Cell((reading.state or "starting").upper(), _STATES.get(reading.state, tokens.SECONDARY), hint),
        Cell(age_text(reading.age_ms), tokens.SECONDARY, hint, right=True),
        Cell(status, tokens.GOOD if status == "OFFICIAL" else tokens.TEXT, hint),
        Cell(short_count(reading.refused), refused, hint, right=True),
        Cell(short_count(reading.test_messages), tokens.SECONDARY, hint, right=True),
        Cell(feed.kind.upper(), tokens.SECONDARY, hint),
        Cell(address, tokens.SECONDARY, hint),
    )
    return feed.id, cells


class DataFeeds(QWidget):
    """The list, and a line to add one."""

    left = Signal()
    """Esc: the keyboard goes back to the pictures."""

    def __init__(self, director: Director) -> None:
        super().__init__()
        self._director = director
        columns = ("Feed", "State", "Age", "Results", "Ref.", "Test", "Kind", "Address")
        self.table = Table(columns, 7, "Data feeds")
        self.table.setMinimumHeight(4 * 26)
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.said.hide()
        self.add = button("Add", "Read this data feed too")
        self.remove = button("Remove", "Remove the selected data feed")
        self.add.clicked.connect(self._add)
        self.remove.clicked.connect(self._remove)
        self._make_fields()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 4, 0)
        column.setSpacing(8)
        column.addWidget(self.table, 1)
        column.addLayout(row(self.remove))
        column.addWidget(self.said)
        column.addWidget(caption("A new one"))
        column.addWidget(self.address)
        column.addLayout(row(self.kind, self.name, stretch=False))
        column.addWidget(self.gate)
        column.addLayout(row(self.add))
        order = (self.table, self.remove, self.address, self.kind, self.name, self.gate, self.add)
        for first, second in pairwise(order):
            QWidget.setTabOrder(first, second)
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._enable())
        self._enable()

    def _make_fields(self) -> None:
        """What a new feed is told by."""
        self.address = QLineEdit()
        self.address.setPlaceholderText("https://host/results, a file or a folder")
        self.address.setAccessibleName("Address of a new data feed")
        self.address.setToolTip(
            "Address of a new data feed; Enter adds it. #CODE at its end chooses one unit of several"
        )
        self.address.textEdited.connect(self._suggest)
        self.address.returnPressed.connect(self._add)
        self.kind = QComboBox()
        for kind, name in _KINDS.items():
            self.kind.addItem(name, kind)
        self.kind.setAccessibleName("What the data feed speaks")
        self.kind.setToolTip("What the data feed speaks")
        self.kind.currentIndexChanged.connect(self._kind_changed)
        self.name = QLineEdit()
        self.name.setMaxLength(32)
        self.name.setPlaceholderText("Name")
        self.name.setAccessibleName("Name of a new data feed")
        self.name.setToolTip("Name of the new data feed, as it stands in {name.path}")
        self.gate = QCheckBox("Hold back until official")
        self.gate.setChecked(True)
        self.gate.setToolTip("Times and places go on air when they are unofficial or official, not before")
        self._named_by_hand = False
        self.name.textEdited.connect(self._name_edited)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc in a field gives the keys back."""
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def show_feeds(self, world: World, values: dict[str, Data]) -> None:
        """Bring the list up to date."""
        feeds, readings = world.setup.world.feeds, world.status.graphics.feeds
        self.table.show_rows(
            [feed_row(feed, readings.get(feed.id, FeedReading()), values.get(feed.id)) for feed in feeds]
        )
        reasons = [f"{name}: {one.reason}" for name, one in readings.items() if one.reason]
        if reasons:
            self._say("\n".join(reasons), "warning")
        elif not feeds:
            self._say("Titles have no data yet. Give an address:", "")
        elif self.said.property("standing"):
            self.said.hide()
        self.said.setProperty("standing", bool(reasons) or not feeds)
        self._enable()

    def _enable(self) -> None:
        linked = self._director.world.linked
        self.add.setEnabled(linked)
        self.remove.setEnabled(linked and self.table.chosen() is not None)

    def _say(self, text: str, severity: str) -> None:
        self.said.setText(text)
        self.said.setProperty("standing", False)
        set_severity(self.said, severity)
        self.said.show()

    def _suggest(self, url: str) -> None:
        self.kind.setCurrentIndex(list(_KINDS).index(suggested_kind(url)))
        self._kind_changed()

    def _kind_changed(self) -> None:
        kind = self.kind.currentData()
        self.gate.setVisible(kind == FeedKind.ODF)
        if not self._named_by_hand and self.address.text().strip():
            taken = {feed.id for feed in self._director.world.setup.world.feeds}
            self.name.setText(suggested_id(FeedKind(kind), taken))

    def _name_edited(self, text: str) -> None:
        self._named_by_hand = bool(text)

    def _add(self) -> None:
        if url := self.address.text().strip():
            self._kind_changed()
            kind = FeedKind(self.kind.currentData())
            feed = DataFeed(self.name.text().strip(), kind, url, self.gate.isChecked())
            self._director.request(AddFeed(feed), self._added)

    def _added(self, refusal: str) -> None:
        if refusal:
            self._say(refusal, "warning")
            return
        self.address.clear()
        self.name.clear()
        self._named_by_hand = False

    def _remove(self) -> None:
        if chosen := self.table.chosen():
            self._director.request(RemoveFeed(chosen), self._removed)

    def _removed(self, refusal: str) -> None:
        if refusal:
            self._say(refusal, "warning")

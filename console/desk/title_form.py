"""The form of a title: which template, its fields, and beside each what it is bound to and what is wrong with it."""

from __future__ import annotations

import re
from itertools import pairwise

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QStandardItemModel, QWheelEvent
from PySide6.QtWidgets import QComboBox, QLabel, QVBoxLayout, QWidget

from console.desk.bindings import Entry, entries
from console.desk.panels.parts import caption
from console.desk.title_draft import Draft, as_text
from console.desk.title_field import FieldBox
from console.errors import ConsoleError
from console.graphics.filling import faults_of
from console.graphics.library import Library
from console.graphics.template import Crawl, Template, TemplateField, Text, Values, every_item
from console.results.binding import Bound, Feeds, bind
from console.show.world import DataFeed, Title

_NAMED = re.compile(r"\{([a-z0-9_]+)\}")
_TOLD_CHARACTERS = 120
_TOOLTIP = int(Qt.ItemDataRole.ToolTipRole)


class TemplateChooser(QComboBox):
    """All templates by name; those that can't be used are grey and say why."""

    chosen = Signal(str)

    def __init__(self, library: Library) -> None:
        super().__init__()
        self._library = library
        self._shown: object = None
        self.names: dict[str, str] = {}
        """Names by id."""
        self.setAccessibleName("Template")
        self.setToolTip("Template of the title (Ctrl+Space opens the list)")
        self.setMinimumContentsLength(8)
        self.setMaxVisibleItems(12)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.activated.connect(lambda number: self.chosen.emit(self.itemData(number) or ""))

    def refresh(self) -> None:
        """Read what templates there are."""
        listed = self._library.templates()
        if listed == self._shown:
            return
        self._shown = listed
        kept = self.currentData()
        self.names = {one.id: one.name for one in listed}
        self.clear()
        self.addItem("Choose a template", "")
        model = self.model()
        for number, one in enumerate(listed, 1):
            self.addItem(one.name if not one.fault else f"{one.name} (can't be used)", one.id)
            self.setItemData(number, one.fault or one.description, _TOOLTIP)
            if one.fault and isinstance(model, QStandardItemModel):
                model.item(number).setEnabled(False)
        self.show_template(kept or "")

    def show_template(self, template: str) -> None:
        """Show which is chosen; one that is not there is named all the same."""
        number = self.findData(template)
        if number < 0:
            self.addItem(f"{template} (not there)", template)
            number = self.count() - 1
        self.setCurrentIndex(number)
        for other in range(self.count() - 1, len(self.names), -1):  # those that were not there before
            if other != number:
                self.removeItem(other)

    def showPopup(self) -> None:
        """Look for new files first."""
        self.refresh()
        super().showPopup()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll the panel: a template is not changed in passing."""
        event.ignore()


class TitleForm(QWidget):
    """Shows a draft, and tells how it is changed."""

    template_chosen = Signal(str)
    value_changed = Signal(str, str, str)
    """Name and text of a field, and what the template has there."""
    send_wanted = Signal()
    left = Signal()
    entered = Signal(QWidget)
    """The part that the keyboard has come to."""

    def __init__(self, library: Library) -> None:
        super().__init__()
        self._library = library
        self._feeds: tuple[DataFeed, ...] = ()
        self._values: Feeds = {}
        self._built: object = None
        self.template: Template | None = None
        """The template of the draft, when it can be used."""
        self.fault = ""
        """Why it can't."""
        self.boxes: list[FieldBox] = []
        self.chooser = TemplateChooser(library)
        self.chooser.chosen.connect(self.template_chosen)
        self.description = caption("")
        self.description.setWordWrap(True)
        self.trouble = QLabel()
        self.trouble.setWordWrap(True)
        self.trouble.setProperty("severity", "warning")
        self.trouble.hide()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 4, 0)
        self._column.setSpacing(8)
        self._column.addWidget(self.chooser)
        self._column.addWidget(self.description)
        self._column.addWidget(self.trouble)
        self._column.addStretch(1)

    def box(self, name: str) -> FieldBox | None:
        """The field of a name."""
        return next((box for box in self.boxes if box.field.name == name), None)

    def show_draft(self, draft: Draft, sent: Title | None, feeds: tuple[DataFeed, ...], values: Feeds) -> Values:
        """Show a draft beside what the keyer has; gives its values with data in them, for the preview."""
        self._feeds, self._values = feeds, values
        self.chooser.refresh()
        self.chooser.show_template(draft.template)
        self.template, self.fault = self._template(draft.template)
        template = self.template
        self.description.setText(template.description if template else "")
        self.description.setVisible(bool(self.description.text()))
        self.trouble.setText(self.fault)
        self.trouble.setVisible(bool(self.fault))
        fields = template.fields if template else tuple(TemplateField(name, name) for name in draft.values)
        self._build(fields, _lines_of(template) if template else frozenset())
        before = {one.name: one.value for one in sent.fields} if sent and sent.template == draft.template else None
        filled: dict[str, Bound] = {}
        for box in self.boxes:
            name = box.field.name
            text = draft.values.get(name, box.usual)
            box.show_text(text)
            bound, troubles = bind(text, values)
            if name in draft.values:
                filled[name] = bound
            edited = before is not None and before.get(name, box.usual) != text
            self._judge(box, text, bound, troubles, edited)
        return filled

    def _template(self, template: str) -> tuple[Template | None, str]:
        if not template:
            return None, ""
        try:
            return self._library.get(template), ""
        except ConsoleError as error:
            return None, str(error)

    def _judge(self, box: FieldBox, text: str, bound: Bound, troubles: tuple[str, ...], edited: bool) -> None:
        """Say what is wrong with a field, else what stands in it for its data."""
        faults = faults_of(self.template, {box.field.name: bound}) if self.template else ()
        if troubles or faults:
            box.say("\n".join((*troubles, *faults)), "warning", edited=edited)
        elif bound != text:
            box.say(f"= {_told(bound, box.field)}", "", edited=edited)
        else:
            box.say("", "", edited=edited)

    def _build(self, fields: tuple[TemplateField, ...], many_lines: frozenset[str]) -> None:
        """Other fields, when they are other ones: what is being typed in stays."""
        if (fields, many_lines) == self._built:
            return
        self._built = (fields, many_lines)
        for old in self.boxes:
            self._column.removeWidget(old)
            old.hide()
            old.deleteLater()
        self.boxes = []
        for field in fields:
            box = FieldBox(field, self._offer, many_lines=field.name in many_lines)
            box.changed.connect(lambda name, text, box=box: self.value_changed.emit(name, text, box.usual))
            box.send_wanted.connect(self.send_wanted)
            box.left.connect(self.left)
            box.entered.connect(self.entered)
            self._column.insertWidget(self._column.count() - 1, box)
            self.boxes.append(box)
        for first, second in pairwise((self.chooser, *(box.edit for box in self.boxes))):
            QWidget.setTabOrder(first, second)

    def _offer(self) -> tuple[Entry, ...]:
        """What can be put into a field."""
        found = [(feed, entries(feed, self._values.get(feed.id))) for feed in self._feeds]
        if len(found) == 1:
            return found[0][1]
        return tuple(Entry(feed.id, more=offered) for feed, offered in found)


def _lines_of(template: Template) -> frozenset[str]:
    """The fields that hold more than one line of text."""
    contents = (item.content for item in every_item(template.items))
    texts = (one.text for one in contents if isinstance(one, Crawl) or (isinstance(one, Text) and one.lines > 1))
    return frozenset(name for text in texts for name in _NAMED.findall(text))


def _told(bound: Bound, field: TemplateField) -> str:
    """What data stand in a field, in short."""
    if not isinstance(bound, str):
        first = as_text(bound[:1], field.columns)
        return f"{len(bound)} rows: {first}"[:_TOLD_CHARACTERS] if bound else "no rows now"
    return bound[:_TOLD_CHARACTERS] if bound else "nothing now"

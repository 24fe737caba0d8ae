"""One field of a title: its name, where it is typed, a menu of the data that can stand in it, and what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QLineEdit, QMenu, QPlainTextEdit, QVBoxLayout, QWidget

from console.desk.bindings import Entry
from console.desk.panels.parts import button, caption, set_severity
from console.desk.title_draft import as_text, typed
from console.graphics.template import FieldType, TemplateField

_HINTS = {
    FieldType.NUMBER: "A number; up and down change it",
    FieldType.TIME: "A time such as 1:30 or 20:30:00",
    FieldType.COUNTRY: "Three letters such as NED",
    FieldType.COLOUR: "A colour such as #e01414",
    FieldType.IMAGE: "A picture file",
}
_LINES_SHOWN = {True: 5, False: 3}
_BUTTON_PX = 32


class FieldBox(QWidget):
    """Name above, the field with its buttons, a note beneath when there is something to say."""

    changed = Signal(str, str)
    """The field's name, and what it holds now."""
    send_wanted = Signal()
    left = Signal()
    """Esc: the keyboard goes back to the pictures."""
    entered = Signal(QWidget)
    """The keyboard has come here."""

    def __init__(self, field: TemplateField, offer: Callable[[], tuple[Entry, ...]], *, many_lines: bool) -> None:
        """`offer` gives what can be put in when the menu is opened."""
        super().__init__()
        self.field = field
        self._offer = offer
        self.name = caption(field.label)
        self.note = QLabel()
        self.note.setWordWrap(True)
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self.note.hide()
        self.edit = self._make_edit(many_lines or field.type is FieldType.TABLE)
        self.data = self._button("{ }", f"Put data into '{field.label}' (Alt+Down in the field)", self._open_menu)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.name)
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.edit, 1)
        if field.type is FieldType.NUMBER:
            row.addWidget(self._button("−", f"One less in '{field.label}' (Down)", lambda: self._step(-1)))
            row.addWidget(self._button("+", f"One more in '{field.label}' (Up)", lambda: self._step(1)))
        if field.type is FieldType.IMAGE:
            row.addWidget(self._button("...", f"Choose a file for '{field.label}'", self._choose_file))
        row.addWidget(self.data, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(row)
        column.addWidget(self.note)

    @property
    def usual(self) -> str:
        """What the template has there."""
        return as_text(self.field.default, self.field.columns)

    def _make_edit(self, many_lines: bool) -> QLineEdit | QPlainTextEdit:
        field = self.field
        hint = _HINTS.get(field.type, "")
        if field.type is FieldType.TABLE:
            hint = f"A line each: {' | '.join(column.label for column in field.columns)}"
        example = as_text(field.example, field.columns)
        edit: QLineEdit | QPlainTextEdit
        if many_lines:
            edit = QPlainTextEdit()
            edit.setTabChangesFocus(True)
            edit.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
            lines = _LINES_SHOWN[field.type is FieldType.TABLE]
            edit.setFixedHeight(lines * edit.fontMetrics().lineSpacing() + 20)
            edit.textChanged.connect(self._edited)
        else:
            edit = QLineEdit()
            edit.textEdited.connect(self._edited)
            example = example.partition("\n")[0]
        edit.setPlaceholderText(example or hint)
        edit.setAccessibleName(field.label)
        told = [field.label, hint, "Ctrl+Enter sends the title, Esc gives the keys back"]
        edit.setToolTip("\n".join(part for part in told if part))
        edit.installEventFilter(self)
        return edit

    def _button(self, text: str, hint: str, press: Callable[[], object]) -> QWidget:
        made = button(text, hint)
        made.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Tab goes from field to field
        made.setFixedWidth(_BUTTON_PX)
        made.setProperty("kind", "bank")
        made.setFixedHeight(30)
        made.clicked.connect(lambda _=False: press())
        return made

    # -- what it holds ------------------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """What is typed, as a show may hold it."""
        raw = self.edit.toPlainText() if isinstance(self.edit, QPlainTextEdit) else self.edit.text()
        return typed(raw, self.field.type)

    def show_text(self, text: str) -> None:
        """Hold this; a field that holds it already keeps its cursor."""
        if text == self.text:
            return
        self.edit.blockSignals(True)
        if isinstance(self.edit, QPlainTextEdit):
            self.edit.setPlainText(text)
        else:
            self.edit.setText(text)
            if not self.edit.hasFocus():
                self.edit.setCursorPosition(0)
        self.edit.blockSignals(False)

    def _put(self, text: str) -> None:
        """Hold this, as if it had been typed."""
        self.show_text(text)
        self._edited()

    def _edited(self, *_: object) -> None:
        self.changed.emit(self.field.name, self.text)

    def say(self, note: str, severity: str, *, edited: bool) -> None:
        """Show what is wrong, or what data stand there; and whether it differs from what the keyer has."""
        self.name.setText(f"{self.field.label}   ● edited" if edited else self.field.label)
        set_severity(self.name, "warning" if edited else "")
        self.note.setText(note)
        set_severity(self.note, severity)
        self.note.setVisible(bool(note))

    # -- keys and buttons ---------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The keys of a field, and the wheel on a number."""
        if watched is self.edit:
            if event.type() is QEvent.Type.FocusIn:
                self.entered.emit(self)
            if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
                return self._key(event)
            if isinstance(event, QWheelEvent) and self.field.type is FieldType.NUMBER and self.edit.hasFocus():
                return self._step(1 if event.angleDelta().y() > 0 else -1)
        return False

    def _key(self, event: QKeyEvent) -> bool:
        held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        key, plain = event.key(), held == Qt.KeyboardModifier.NoModifier
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and held == Qt.KeyboardModifier.ControlModifier:
            if not event.isAutoRepeat():
                self.send_wanted.emit()
            return True
        if key == Qt.Key.Key_Escape and plain:
            self.left.emit()
            return True
        if key == Qt.Key.Key_Down and held == Qt.KeyboardModifier.AltModifier:
            self._open_menu()
            return True
        if self.field.type is FieldType.NUMBER and plain and key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            return self._step(1 if key == Qt.Key.Key_Up else -1)
        return False

    def _step(self, by: int) -> bool:
        """Count up or down, from nothing as from 0; what is no number stays."""
        try:
            number = Decimal(self.text.strip() or "0")
        except InvalidOperation:
            return True
        if number.is_finite() and abs(number) < 10**12:
            self._put(f"{number + by:f}")
        return True

    def _choose_file(self) -> None:
        chooser = QFileDialog(self, f"A picture for '{self.field.label}'", filter="Pictures (*.png *.jpg *.jpeg *.svg)")
        chooser.setFileMode(QFileDialog.FileMode.ExistingFile)
        chooser.setModal(False)
        chooser.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        chooser.fileSelected.connect(self._put)
        chooser.show()

    def _open_menu(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        offered = self._offer()
        for entry in offered:
            self._add(menu, entry)
        if not offered:
            menu.addAction("There are no data feeds: add one under 'Data'").setEnabled(False)
        menu.popup(self.edit.mapToGlobal(self.edit.rect().bottomLeft()))

    def _add(self, menu: QMenu, entry: Entry) -> None:
        label = entry.label.replace("&", "&&")
        if entry.placeholder:
            now = entry.now.replace("&", "&&")
            action = menu.addAction(f"{label}\t{now}" if now else label)
            action.triggered.connect(lambda _=False, text=entry.placeholder: self._insert(text))
            return
        within = menu.addMenu(f"{label}: {entry.now}".replace("&", "&&") if entry.now else label)
        within.setEnabled(bool(entry.more))

        def fill() -> None:
            if within.isEmpty():
                for one in entry.more:
                    self._add(within, one)

        within.aboutToShow.connect(fill)

    def _insert(self, placeholder: str) -> None:
        """Put it where the cursor is; a table is its data alone."""
        if self.field.type is FieldType.TABLE:
            self._put(placeholder)
        elif isinstance(self.edit, QPlainTextEdit):
            self.edit.insertPlainText(placeholder)
        else:
            self.edit.insert(placeholder)
            self._edited()
        self.edit.setFocus(Qt.FocusReason.OtherFocusReason)

"""Adding or editing a tracking input. Never modal; what the engine refuses stands where it was written."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from console.desk.director import Director
from console.desk.panels.parts import caption, set_severity
from console.desk.tracking_draft import (
    ANGLES,
    AXES,
    GROUPS,
    PORTS,
    PROTOCOLS,
    QUIRKS,
    DraftError,
    read_input,
    suggested_id,
    written,
)
from console.show.commands import AddInput, EditInput
from console.show.world import TrackingInput

_FIELDS = (
    ("bind", "Listen on", "ADDRESS:PORT of this machine; 0.0.0.0 is every interface"),
    ("group", "Multicast group", "Joined on the interface of that address; empty for unicast"),
    ("axes", "Axes", "Which axis of the sender is the world's x, y and z, each with its sign"),
    ("angles", "Angles", "Which angle of the sender is the world's pan, tilt and roll, each with its sign"),
    ("scale", "Scale", "Positions are multiplied by this; 0.001 for a sender in millimetres"),
    ("delay_ms", "Delay, ms", "How much later its samples come in than those of the other inputs; moves subjects"),
    ("offset_m", "Offset x y z, m", "Added to positions, after axes and scale"),
    ("angle_offset_deg", "Offset pan tilt roll, degrees", "Added to angles"),
)


class TrackingDialog(QDialog):
    """One input: a new one, or one that is there."""

    def __init__(self, director: Director, parent: QWidget, entry: TrackingInput | None = None) -> None:
        super().__init__(parent)
        self._director, self._entry = director, entry
        self._own_id = entry is not None
        self.setWindowTitle(f"Edit tracking input {entry.id}" if entry else "Add a tracking input")
        self.setModal(False)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(600)
        self.protocol = QComboBox()
        self.protocol.setAccessibleName("Protocol")
        for name, words in PROTOCOLS.items():
            self.protocol.addItem(words, name)
        self.identity = QLineEdit(entry.id if entry else "")
        self.identity.setAccessibleName("Id of the input")
        self.identity.setToolTip("Short id: letters, digits, - and _; subjects are named ID/NUMBER")
        self.identity.setEnabled(entry is None)
        self.identity.textEdited.connect(self._named)
        self.fields = {name: self._field(words, hint) for name, words, hint in _FIELDS}
        self.quirks = {name: QCheckBox(quirk.words) for name, quirk in QUIRKS.items()}
        for name, box in self.quirks.items():
            box.setToolTip(QUIRKS[name].hint)
            box.setChecked(entry is not None and name in entry.quirks)
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.done_button = QPushButton("Save" if entry else "Add")
        self.done_button.setDefault(True)
        self.done_button.setProperty("kind", "primary")
        self.done_button.setToolTip("Enter")
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.setToolTip("Esc")
        self.cancel_button.setAutoDefault(False)
        self.done_button.clicked.connect(self._give)
        self.cancel_button.clicked.connect(self.reject)
        self._lay_out()
        if entry:
            self._show(entry)
        self.protocol.currentIndexChanged.connect(self._protocol_changed)
        self._protocol_changed()
        (self.fields["bind"] if entry else self.protocol).setFocus(Qt.FocusReason.OtherFocusReason)

    @staticmethod
    def _field(words: str, hint: str) -> QLineEdit:
        field = QLineEdit()
        field.setAccessibleName(words)
        field.setToolTip(hint)
        return field

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        parts: list[tuple[str, QWidget]] = [("Protocol", self.protocol), ("Id", self.identity)]
        parts += [(words, self.fields[name]) for name, words, _ in _FIELDS]
        for number, (words, part) in enumerate(parts):
            line, column = divmod(number, 2)
            grid.addWidget(caption(words), 2 * line, column)
            grid.addWidget(part, 2 * line + 1, column)
        buttons = QHBoxLayout()
        buttons.addWidget(self.said, 1)
        buttons.addWidget(self.cancel_button, 0, Qt.AlignmentFlag.AlignBottom)
        buttons.addWidget(self.done_button, 0, Qt.AlignmentFlag.AlignBottom)
        column_ = QVBoxLayout(self)
        column_.setContentsMargins(16, 16, 16, 16)
        column_.setSpacing(8)
        column_.addLayout(grid)
        self.quirks_caption = caption("What this sender does in its own way")
        column_.addWidget(self.quirks_caption)
        for box in self.quirks.values():
            column_.addWidget(box)
        column_.addStretch(1)
        column_.addLayout(buttons)

    def _show(self, entry: TrackingInput) -> None:
        self.protocol.setCurrentIndex(max(0, self.protocol.findData(entry.protocol)))
        texts = {
            "bind": entry.bind,
            "group": entry.group,
            "axes": entry.axes,
            "angles": entry.angles,
            "scale": f"{entry.scale:g}",
            "delay_ms": f"{entry.delay_ms:g}",
            "offset_m": written(entry.offset_m),
            "angle_offset_deg": written(entry.angle_offset_deg),
        }
        for name, text in texts.items():
            self.fields[name].setText(text)

    def _named(self) -> None:
        self._own_id = True

    def _protocol_changed(self) -> None:
        protocol = self.protocol.currentData()
        if not self._own_id:
            self.identity.setText(suggested_id(protocol, {e.id for e in self._director.world.setup.world.inputs}))
            self.fields["bind"].setText(f"0.0.0.0:{PORTS[protocol]}")
            self.fields["group"].setText(GROUPS[protocol])
        placeholders = {
            "bind": f"0.0.0.0:{PORTS[protocol]}",
            "group": "none (unicast)",
            "axes": AXES[protocol],
            "angles": ANGLES[protocol],
            "scale": "1",
            "delay_ms": "0",
            "offset_m": "0 0 0",
            "angle_offset_deg": "0 0 0",
        }
        for name, text in placeholders.items():
            self.fields[name].setPlaceholderText(text)
        for name, box in self.quirks.items():
            box.setVisible(QUIRKS[name].protocol == protocol)
        self.quirks_caption.setVisible(any(quirk.protocol == protocol for quirk in QUIRKS.values()))

    def _give(self) -> None:
        texts = {name: field.text() for name, field in self.fields.items()}
        texts |= {"id": self.identity.text(), "protocol": self.protocol.currentData()}
        try:
            entry = read_input(texts, {name for name, box in self.quirks.items() if box.isChecked()})
        except DraftError as error:
            self._say(str(error))
            return
        self.done_button.setEnabled(False)
        self._director.request(EditInput(entry) if self._entry else AddInput(entry), self._given)

    def _given(self, refusal: str) -> None:
        if refusal:
            self.done_button.setEnabled(True)
            self._say(refusal)
        else:
            self.accept()

    def _say(self, text: str) -> None:
        self.said.setText(text)
        set_severity(self.said, "warning")

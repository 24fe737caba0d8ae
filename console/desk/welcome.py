"""What an empty show offers instead of an empty window: the demo, a source, another show."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from console.desk import tokens

_INVITATION = "Paste an address or drop a file on this window. Or begin with:"


class Welcome(QWidget):
    """Large choices in the room where tiles would be."""

    chosen = Signal(str)
    """`demo`, `new`, `open` or `add`."""

    def __init__(self, parent: QWidget, add_key: str) -> None:
        super().__init__(parent)
        self.setAccessibleName("First steps")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setObjectName("panel")
        title = QLabel(f"Add a source ({add_key})")
        title.setProperty("role", "title")
        title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.told = QLabel(_INVITATION)
        self.told.setStyleSheet(f"color: {tokens.SECONDARY};")
        self.told.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.told.setWordWrap(True)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addStretch(1)
        choices = (
            ("add", "Add a source", "A camera, a stream, a clip or a still", True),
            ("demo", "Run the demo", "A stadium with 8 cameras; opens a desk of its own", False),
            ("new", "New show", "An empty show in a file of its own", False),
            ("open", "Open...", "A show file", False),
        )
        self.buttons = {}
        for name, text, hint, primary in choices:
            made = QPushButton(text)
            made.setProperty("kind", "first" if primary else "choice")
            made.setMinimumHeight(48)
            made.setMinimumWidth(140)
            made.setToolTip(hint)
            made.setAccessibleName(f"{text}: {hint}")
            made.clicked.connect(lambda _=False, name=name: self.chosen.emit(name))
            self.buttons[name] = made
            row.addWidget(made)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setSpacing(12)
        column.addStretch(1)
        column.addWidget(title)
        column.addWidget(self.told)
        column.addLayout(row)
        column.addStretch(1)

    def show_progress(self, text: str) -> None:
        """Say how far the demo is; nothing brings the invitation back."""
        self.told.setText(text or _INVITATION)
        self.buttons["demo"].setEnabled(not text)

"""What all panels of the dock have in common."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from console.desk import tokens
from console.desk.director import Director
from console.desk.world import World

STATE_COLOURS = {
    "live": tokens.GOOD,
    "up": tokens.GOOD,
    "stale": tokens.WARNING,
    "retrying": tokens.WARNING,
    "connecting": tokens.WARNING,
    "waiting": tokens.WARNING,
    "lost": tokens.ALARM,
    "down": tokens.ALARM,
    "refused": tokens.ALARM,
}


class Panel(QWidget):
    """A column of parts. `title` is the tab's name."""

    title = ""

    def __init__(self, director: Director) -> None:
        super().__init__()
        self.director = director
        self.showing = False
        """Whether it can be seen; a panel behind another tab is `isVisible` to Qt all the same."""
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(f"{self.title} panel")
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(8, 8, 8, 8)
        self.column.setSpacing(8)

    def show_up(self, showing: bool) -> None:
        """The panel's tab came to the front, or went."""
        self.showing = showing
        if showing:
            self.fill(self.director.world)

    def fill(self, world: World) -> None:
        """Bring everything up to date."""

    def first_focus(self) -> QWidget:
        """Where the keyboard goes when the panel is reached by its key."""
        return self


def caption(text: str) -> QLabel:
    """A small quiet line above a part."""
    label = QLabel(text)
    label.setProperty("role", "caption")
    return label


def button(text: str, hint: str) -> QPushButton:
    """An ordinary button: Ctrl+Space or a click presses it."""
    made = QPushButton(text)
    made.setToolTip(hint)
    made.setAccessibleName(hint)
    made.setAutoDefault(False)
    return made


def row(*widgets: QWidget, stretch: bool = True) -> QHBoxLayout:
    """Widgets side by side."""
    layout = QHBoxLayout()
    layout.setSpacing(4)
    for widget in widgets:
        layout.addWidget(widget)
    if stretch:
        layout.addStretch(1)
    return layout


def set_severity(label: QLabel, severity: str) -> None:
    """Give a label the colour of a severity."""
    if label.property("severity") != severity:
        label.setProperty("severity", severity)
        label.style().unpolish(label)
        label.style().polish(label)


def count_text(number: int) -> str:
    """A count with thin spaces between thousands."""
    return f"{number:,}".replace(",", "\u2009")


def short_count(number: int) -> str:
    """A count in a few characters: `9 999`, `88.5k`, `1.23M`."""
    if abs(number) < 10_000:
        return count_text(number)
    for divisor, unit in ((1e3, "k"), (1e6, "M")):
        if abs(number) < 999.5 * divisor:
            return f"{number / divisor:.3g}{unit}"
    return f"{number / 1e9:.3g}G"

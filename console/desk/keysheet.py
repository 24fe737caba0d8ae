"""The key sheet: every key and what it does, made from the keymap that is in use."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from console.desk import tokens
from console.desk.actions import Action, Verb
from console.desk.keymap import Keymap, printed

_GROUPS: tuple[tuple[str, tuple[tuple[Verb, str], ...]], ...] = (
    (
        "On air",
        (
            (Verb.CUT, "CUT: program and preview change places"),
            (Verb.AUTO, "AUTO: run the transition"),
            (Verb.TAKE, "TAKE (without a rundown the same as AUTO)"),
            (Verb.FADE_TO_BLACK, "Fade to black and back (hold 1 s)"),
            (Verb.GRAPHICS_OFF, "All graphics off: keyers, titles and tracked graphics"),
            (Verb.ALLOW_HOT_CUT, "Allow or forbid hot cut"),
            (Verb.ARM, "Arm the desk, or take it off air"),
            (Verb.LOCK, "Lock; hold 1 s to unlock"),
        ),
    ),
    (
        "Preview and transition",
        (
            (Verb.BACK, "Last program source to preview"),
            (Verb.NEXT_TRANSITION, "Next transition type"),
            (Verb.PREVIOUS_TRANSITION, "Previous transition type"),
            (Verb.FASTER, "Transition 5 frames shorter"),
            (Verb.SLOWER, "Transition 5 frames longer"),
        ),
    ),
    (
        "Set-up and window",
        (
            (Verb.ADD_SOURCE, "Add a source"),
            (Verb.FIND, "Find a source"),
            (Verb.UNDO, "Undo a change of the set-up (never of the air)"),
            (Verb.REDO, "Do it again"),
            (Verb.LISTEN, "Listen to the program"),
            (Verb.FULL_SCREEN, "Full-screen multiview"),
            (Verb.NEXT_PANEL, "Next panel"),
            (Verb.PREVIOUS_PANEL, "Panel before"),
            (Verb.PRESS, "Press the control that has the focus ring"),
            (Verb.KEY_SHEET, "This sheet"),
            (Verb.QUIT, "Close the desk; the program goes on"),
        ),
    ),
)


_RANGES: dict[str, tuple[tuple[Verb, str], ...]] = {
    "On air": (
        (Verb.KEYER, "DSK {} on or off: its title is taken, or taken out"),
        (Verb.TRACKED, "Tracked graphics {} on or off: tag, speed, result, line"),
        (Verb.HOT_CUT, "Hot cut to source {} (when allowed)"),
    ),
    "Preview and transition": (
        (Verb.PREVIEW, "Source {} to preview"),
        (Verb.KEYER_PREVIEW, "DSK {} on preview only, or off it"),
    ),
}


def sheet_rows(keymap: Keymap) -> list[tuple[str, list[tuple[str, str]]]]:
    """Groups of (keys, what they do)."""
    groups = []
    for title, entries in _GROUPS:
        rows = _ranges(keymap, title)
        for verb, told in entries:
            if chords := keymap.chords(Action(verb)):
                rows.append((", ".join(chords), told))
        groups.append((title, rows))
    return groups


def _ranges(keymap: Keymap, title: str) -> list[tuple[str, str]]:
    """The rows of keys that come in rows: digits and keyers."""
    rows = []
    for verb, told in _RANGES.get(title, ()):
        by_modifier: dict[str, list[tuple[str, int]]] = {}
        for chord, action in keymap.bindings.items():
            if action.verb is verb:
                head = chord.rpartition("+")[0]
                by_modifier.setdefault(head, []).append((printed(chord), action.number))
        for chords in by_modifier.values():
            first, last = chords[0], chords[-1]
            keys = first[0] if first == last else f"{first[0]} .. {last[0].rpartition('+')[2]}"
            numbers = str(first[1]) if first == last else f"{first[1]} to {last[1]}"
            rows.append((keys, told.format(numbers)))
    return rows


class KeySheet(QDialog):
    """A window with the sheet; Esc or ? closes it."""

    def __init__(self, keymap: Keymap, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Keys: {keymap.name}")
        self.setModal(False)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        columns = QHBoxLayout()
        columns.setSpacing(32)
        for title, rows in sheet_rows(keymap):
            grid = QGridLayout()
            grid.setHorizontalSpacing(16)
            grid.setVerticalSpacing(6)
            head = QLabel(title)
            head.setProperty("role", "title")
            grid.addWidget(head, 0, 0, 1, 2)
            for number, (keys, told) in enumerate(rows, 1):
                key = QLabel(keys)
                key.setStyleSheet(f"color: {tokens.ARMED}; font-weight: 600;")
                grid.addWidget(key, number, 0)
                grid.addWidget(QLabel(told), number, 1)
            grid.setRowStretch(len(rows) + 1, 1)
            columns.addLayout(grid)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(16)
        column.addLayout(columns)
        foot = QLabel("Keys act while the strip says KEYS LIVE. Held keys never repeat. Esc never changes program.")
        foot.setProperty("role", "caption")
        column.addWidget(foot)

"""Keymaps: which chord does what, read from JSON, and the names of physical keys on each platform.

Digits, brackets, space and function keys are known by where they are, so an AZERTY keyboard needs no Shift and the
Caps and Num Lock keys do not matter; letters are known by what they write, so Ctrl+Z is where the keyboard says Z.
Names are those of the W3C's UI Events `code` values.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from console.desk.actions import DIGIT_SOURCES, Action, Verb, parse_action
from console.errors import ConsoleError

MODIFIERS = ("Ctrl", "Alt", "Shift")
LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_DIGITS = [f"Digit{n % 10}" for n in range(1, 11)]
_SIGNS = {"BracketLeft": "[", "BracketRight": "]", "NumpadEnter": "Num Enter", "Question": "?", "Escape": "Esc"}

# X11 and Wayland key codes are evdev codes + 8; Windows reports set 1 scan codes, extended ones with 0x100.
_EVDEV = {name: 2 + index for index, name in enumerate(_DIGITS)} | {
    "Escape": 1, "Backspace": 14, "Tab": 15, "BracketLeft": 26, "BracketRight": 27, "Enter": 28, "Space": 57,
    "F11": 87, "F12": 88, "NumpadEnter": 96,
} | {f"F{n}": 58 + n for n in range(1, 11)}  # fmt: skip
X11_KEYS = {code + 8: name for name, code in _EVDEV.items()}
WINDOWS_KEYS = {code: name for name, code in _EVDEV.items() if code < 96} | {0x11C: "NumpadEnter"}
MAC_KEYS = dict(
    zip((0x12, 0x13, 0x14, 0x15, 0x17, 0x16, 0x1A, 0x1C, 0x19, 0x1D), _DIGITS, strict=True)
) | {
    0x31: "Space", 0x24: "Enter", 0x4C: "NumpadEnter", 0x33: "Backspace", 0x30: "Tab", 0x35: "Escape",
    0x21: "BracketLeft", 0x1E: "BracketRight", 0x7A: "F1", 0x78: "F2", 0x63: "F3", 0x76: "F4", 0x60: "F5",
    0x61: "F6", 0x62: "F7", 0x64: "F8", 0x65: "F9", 0x6D: "F10", 0x67: "F11", 0x6F: "F12",
}  # fmt: skip
"""macOS virtual key codes, which are positions."""
X11_LETTERS = {
    start + 8 + index: letter
    for start, row in ((16, "QWERTYUIOP"), (30, "ASDFGHJKL"), (44, "ZXCVBNM"))
    for index, letter in enumerate(row)
}
"""Where Latin letters are on a US keyboard, for keyboards that write others."""
WINDOWS_LETTERS = {code - 8: letter for code, letter in X11_LETTERS.items()}
MAC_LETTERS = dict(enumerate("ASDFHGZXCV")) | {
    0x0B: "B", 0x0C: "Q", 0x0D: "W", 0x0E: "E", 0x0F: "R", 0x10: "Y", 0x11: "T", 0x1F: "O", 0x20: "U", 0x22: "I",
    0x23: "P", 0x25: "L", 0x26: "J", 0x28: "K", 0x2D: "N", 0x2E: "M",
}  # fmt: skip
NAMES = frozenset(_EVDEV) | LETTERS | {"Question"}


@dataclass(frozen=True)
class Keymap:
    """A named set of bindings, chord to action."""

    name: str
    bindings: Mapping[str, Action]
    _labels: Mapping[Action, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        first = {action: printed(chord) for chord, action in reversed(list(self.bindings.items()))}
        object.__setattr__(self, "_labels", first)

    def chords(self, action: Action) -> list[str]:
        """The chords that do an action, as they are printed."""
        return [printed(chord) for chord, bound in self.bindings.items() if bound == action]

    def label(self, action: Action) -> str:
        """The first chord that does an action, as it is printed on its button; empty when none does."""
        return self._labels.get(action, "")

    def digit(self, position: int) -> str:
        """What is printed on the tile of the source at a position (from 1): `3`, `⇧3`, or nothing."""
        label = self.label(Action(Verb.PREVIEW, position)) if position <= DIGIT_SOURCES else ""
        return label.replace("Shift+", "⇧")


def printed(chord: str) -> str:
    """A chord as a person reads it."""
    *modifiers, key = chord.split("+")
    key = key.removeprefix("Digit") if key.startswith("Digit") else _SIGNS.get(key, key)
    return "+".join((*modifiers, key))


def parse_keymap(data: Any, where: str) -> Keymap:
    """Read a keymap's JSON: `{"name": ..., "keys": {"Ctrl+Digit1": "hot cut 1", ...}}`. Raises ConsoleError."""
    remedy = "Correct the file or choose another keymap"
    if not isinstance(data, dict) or not isinstance(data.get("keys"), dict) or not isinstance(data.get("name"), str):
        raise ConsoleError(f"{where} is no keymap: it needs 'name' and 'keys'", remedy)
    bindings = {}
    for chord, text in data["keys"].items():
        *modifiers, key = chord.split("+")
        if key not in NAMES or modifiers != [known for known in MODIFIERS if known in modifiers]:
            raise ConsoleError(f"{where} names the key '{chord}', which is not known", remedy)
        try:
            bindings[chord] = parse_action(str(text))
        except ValueError as error:
            raise ConsoleError(f"{where}, key '{chord}': {error}", remedy) from None
    return Keymap(data["name"], bindings)


def load_keymap(path: Path) -> Keymap:
    """Read a keymap file. Raises ConsoleError."""
    try:
        return parse_keymap(json.loads(path.read_text(encoding="utf-8")), f"The keymap {path}")
    except OSError as error:
        raise ConsoleError(f"The keymap {path} can't be read: {error.strerror}", "Choose another keymap") from error
    except ValueError as error:
        raise ConsoleError(f"The keymap {path} is no JSON: {error}", "Correct the file") from error

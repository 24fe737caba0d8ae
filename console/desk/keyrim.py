"""The rim between Qt's key events and the key machine: which window has the keyboard, and are keys live there.

Exactly one event filter sits on the window that has the keyboard, so a key is seen once, before any widget could take
it. Keys act in the console's own windows (main window, torn-off panels); dialogs and text fields keep theirs.
"""

from __future__ import annotations

import sys

import shiboken6
from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QWindow
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QComboBox, QLineEdit, QPlainTextEdit, QTextEdit, QWidget

from console.desk.director import Director
from console.desk.keymap import MAC_KEYS, MAC_LETTERS, WINDOWS_KEYS, WINDOWS_LETTERS, X11_KEYS, X11_LETTERS
from console.desk.keys import KeyEvent

# For events that come without a key's place, such as those of an on-screen keyboard.
_NAMED: dict[int, str] = {
    Qt.Key.Key_Space: "Space", Qt.Key.Key_Return: "Enter", Qt.Key.Key_Enter: "NumpadEnter",
    Qt.Key.Key_Backspace: "Backspace", Qt.Key.Key_Escape: "Escape", Qt.Key.Key_BracketLeft: "BracketLeft",
    Qt.Key.Key_BracketRight: "BracketRight", Qt.Key.Key_Tab: "Tab", Qt.Key.Key_Backtab: "Tab",
}  # fmt: skip
_TABLES = {"win32": (WINDOWS_KEYS, WINDOWS_LETTERS), "darwin": (MAC_KEYS, MAC_LETTERS)}
_POPUP_KEYS = {"Enter", "NumpadEnter", "Escape"}


def key_name(key: int, scan_code: int, virtual_key: int, platform: str = sys.platform) -> str:
    """The name of a key (see keymap.py) from what Qt says of an event; empty when it has none."""
    if key == Qt.Key.Key_Question:
        return "Question"
    if 0x41 <= key <= 0x5A:
        return chr(key)
    keys, letters = _TABLES.get(platform, (X11_KEYS, X11_LETTERS))
    code = virtual_key if platform == "darwin" else scan_code
    if code in keys:
        return keys[code]
    if 0x7F < key < Qt.Key.Key_Escape and code in letters:
        return letters[code]  # a keyboard that does not write Latin letters
    if Qt.Key.Key_0 <= key <= Qt.Key.Key_9:
        return f"Digit{key - Qt.Key.Key_0}"
    if Qt.Key.Key_F1 <= key <= Qt.Key.Key_F12:
        return f"F{key - Qt.Key.Key_F1 + 1}"
    return _NAMED.get(key, "")


def to_key_event(event: QKeyEvent) -> KeyEvent:
    """Qt's event as the key machine takes it. Caps Lock, Num Lock and the keypad do not count as modifiers."""
    name = key_name(event.key(), event.nativeScanCode(), event.nativeVirtualKey())
    held = event.modifiers()
    return KeyEvent(
        name,
        ctrl=bool(held & Qt.KeyboardModifier.ControlModifier),
        alt=bool(held & (Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier)),
        shift=bool(held & Qt.KeyboardModifier.ShiftModifier) and name != "Question",
        pressed=event.type() == QEvent.Type.KeyPress,
        repeat=event.isAutoRepeat(),
        at_ms=event.timestamp(),
    )


def is_text_field(widget: QWidget | None) -> bool:
    """Whether keys write something there."""
    if isinstance(widget, QComboBox):
        return widget.isEditable()
    if isinstance(widget, QLineEdit | QTextEdit | QPlainTextEdit):
        return not widget.isReadOnly()
    return isinstance(widget, QAbstractSpinBox)


class KeyRim(QObject):
    """Watches the keyboard's whereabouts; `live` says whether keys act, `why` why not."""

    changed = Signal(bool, str)

    def __init__(self, director: Director, parent: QObject) -> None:
        super().__init__(parent)
        self._director = director
        self._windows: list[QWidget] = []
        self._filtered: QWindow | None = None
        self.live, self.why = False, "this window is not active"
        app = QGuiApplication.instance()
        assert isinstance(app, QApplication)  # noqa: S101 - the desk has windows
        self._app = app
        app.focusWindowChanged.connect(self._focus_moved)
        app.focusChanged.connect(self._focus_moved)

    def add_console_window(self, window: QWidget) -> None:
        """Let keys act while this top-level window has the keyboard."""
        self._windows.append(window)
        self._focus_moved()

    def _focus_moved(self, *_: object) -> None:
        focus = QGuiApplication.focusWindow()
        if focus is not self._filtered:
            if self._filtered is not None and shiboken6.isValid(self._filtered):
                self._filtered.removeEventFilter(self)
            self._filtered = focus
            if focus is not None:
                focus.installEventFilter(self)
        if focus is not None and focus.type() is Qt.WindowType.Popup:
            return  # a menu leaves the keys as they are; the filter closes it when one of them comes
        live, why = self._judge(focus)
        if (live, why) != (self.live, self.why):
            if not live:
                self._director.release_keys()
            self.live, self.why = live, why
            self.changed.emit(live, why)

    def stop(self) -> None:
        """Let go of the keyboard before the windows are gone."""
        self._app.focusWindowChanged.disconnect(self._focus_moved)
        self._app.focusChanged.disconnect(self._focus_moved)

    def _judge(self, focus: QWindow | None) -> tuple[bool, str]:
        if focus is None:
            return False, "this window is not active"
        if not any(window.isWindow() and window.windowHandle() is focus for window in self._windows):
            return False, "a dialog has the keyboard"
        if is_text_field(QApplication.focusWidget()):
            return False, "a text field has the keyboard"
        return True, ""

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Give keys to the machine while they are live; all others go their way."""
        if event.type() not in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease) or not isinstance(event, QKeyEvent):
            return False
        if not self.live:
            return False
        key = to_key_event(event)
        if (popup := QApplication.activePopupWidget()) is not None:
            if key.name in _POPUP_KEYS or key.chord not in self._director.keymap.bindings:
                return False
            if key.pressed:  # and the release of the key that opened it does not close it
                popup.close()  # a menu never swallows CUT
        return self._director.key(key)

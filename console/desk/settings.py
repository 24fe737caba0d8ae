"""What the desk remembers between starts."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QSettings
from PySide6.QtWidgets import QMainWindow

from console.desk.guards import Desk, Guard

_LAYOUT_VERSION = 1
LAST_SHOWS = 5


class Memory:
    """Window and docks, the desk's state, the keymap, the last shows. One per engine address for the desk's state."""

    def __init__(self, settings: QSettings) -> None:
        self._settings = settings

    def restore_window(self, window: QMainWindow) -> bool:
        """Put window and docks where they were; False when there is nothing remembered."""
        geometry, state = self._settings.value("window/geometry"), self._settings.value("window/state")
        if not isinstance(geometry, QByteArray) or not isinstance(state, QByteArray):
            return False
        return window.restoreGeometry(geometry) and window.restoreState(state, _LAYOUT_VERSION)

    def keep_window(self, window: QMainWindow) -> None:
        """Remember where window and docks are."""
        self._settings.setValue("window/geometry", window.saveGeometry())
        self._settings.setValue("window/state", window.saveState(_LAYOUT_VERSION))

    def guard(self, engine: str) -> Guard:
        """The desk's state when it was closed; hot cut is always off at the start."""
        try:
            desk = Desk(str(self._settings.value(f"desk/{engine}", Desk.ARMED)))
        except ValueError:
            desk = Desk.ARMED
        return Guard(desk=desk)

    def keep_guard(self, engine: str, guard: Guard) -> None:
        """Remember the desk's state."""
        self._settings.setValue(f"desk/{engine}", str(guard.desk))

    @property
    def keymap(self) -> str:
        """The name or path of the keymap."""
        return str(self._settings.value("keymap", "atem-like"))

    @keymap.setter
    def keymap(self, name: str) -> None:
        self._settings.setValue("keymap", name)

    @property
    def last_shows(self) -> list[str]:
        """Show files, the newest first."""
        value = self._settings.value("shows", [])
        return [str(item) for item in value] if isinstance(value, list) else [str(value)] if value else []

    def opened(self, path: str) -> None:
        """Remember a show file as the last one."""
        self._settings.setValue("shows", [path, *(known for known in self.last_shows if known != path)][:LAST_SHOWS])

"""The desk as an application: the window first, then the engine; Qt and everything heavy is loaded from here on."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading

from PySide6.QtCore import QSettings, QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from console.desk.director import Director
from console.desk.eventlog import EventLog, default_file
from console.desk.keymaps import chosen
from console.desk.settings import Memory
from console.desk.shows import Shows
from console.desk.style import dress
from console.desk.window import DeskWindow
from console.errors import ConsoleError
from console.media.assets import asset
from console.media.clock import SystemClock
from console.wire.place import Address


def run_desk(address: Address, keymap: str | None, *, full_screen: bool) -> int:
    """Open the window at an engine and stay until it is closed. Returns the exit status."""
    QApplication.setDesktopFileName("podium")
    app = QApplication(sys.argv[:1])
    app.setApplicationName("Podium")
    dress(app)
    with contextlib.suppress(ConsoleError):  # a missing icon is no reason not to direct
        app.setWindowIcon(QIcon(str(asset("icons/podium.svg"))))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: app.exit(0))
    clock, memory = SystemClock(), Memory(QSettings("Podium", "Podium"))
    keys, trouble = chosen(keymap or memory.keymap)
    director = Director(clock, keys, EventLog(default_file()), memory.guard(str(address)))
    shows = Shows(address, director, memory, clock)
    window = DeskWindow(director, memory, shows, str(address))
    window.show()
    window.activateWindow()
    if full_screen:
        window.toggle_full_screen()
    if trouble:
        director.refused.emit(trouble)
    link = _Link(address, director)
    QTimer.singleShot(0, shows.ensure)
    QTimer.singleShot(0, link.start)
    status = app.exec()
    link.close()
    window.close()
    return status


class _Link:
    """The connection to the engine, opened beside the window: its library takes as long to load as the window."""

    def __init__(self, address: Address, director: Director) -> None:
        self._address, self._director = address, director
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="link", daemon=True)

    def start(self) -> None:
        """Begin to connect."""
        self._thread.start()

    def close(self) -> None:
        """End the connection."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def _run(self) -> None:
        from console.wire.client import Live  # noqa: PLC0415 - see above

        live = Live(self._address, self._director.on_message, self._director.on_link)
        self._director.connect_to(live)
        live.start()
        self._closed.wait()
        live.close()

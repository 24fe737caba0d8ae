"""`podium desk`: the window."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading

from console.errors import ConsoleError
from console.wire.place import Address, parse_address

_LOG = logging.getLogger("console.desk")
EXAMPLE = """examples:
  podium desk
  podium desk --engine 127.0.0.1:8610 --fullscreen"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument(
        "--engine", default=str(Address()), metavar="HOST:PORT", help=f"the engine to command (default {Address()})"
    )
    parser.add_argument("--fullscreen", action="store_true", help="open with the multiview over the whole screen")
    parser.add_argument("--keymap", metavar="NAME", help="atem-like, voctomix, or one of your own")


def run(args: argparse.Namespace) -> int:
    """Open the window and stay until it is closed."""
    address = parse_address(args.engine)
    try:
        from PySide6.QtCore import QSettings, QTimer  # noqa: PLC0415 - 'podium --help' does not wait for Qt
        from PySide6.QtWidgets import QApplication  # noqa: PLC0415
    except ImportError as error:
        raise ConsoleError(
            f"The desk's windows can't be loaded: {error}",
            "Install the libraries it names (Debian: libegl1 libgl1 libxkbcommon-x11-0 libxcb-cursor0 fontconfig)",
        ) from error
    from console.desk.style import dress  # noqa: PLC0415

    QApplication.setDesktopFileName("podium")
    app = QApplication(sys.argv[:1])
    app.setApplicationName("Podium")
    dress(app)
    signal.signal(signal.SIGINT, lambda *_: app.exit(0))
    signal.signal(signal.SIGTERM, lambda *_: app.exit(0))
    desk = _Desk(address, QSettings("Podium", "Podium"), args.keymap)
    desk.window.show()
    desk.window.activateWindow()
    if args.fullscreen:
        desk.window.toggle_full_screen()
    QTimer.singleShot(0, desk.begin)
    status = app.exec()
    desk.end()
    return status


class _Desk:
    """The window and what keeps it informed."""

    def __init__(self, address: Address, settings: object, keymap: str | None) -> None:
        from PySide6.QtCore import QSettings  # noqa: PLC0415

        from console.desk.director import Director  # noqa: PLC0415
        from console.desk.eventlog import EventLog, default_file  # noqa: PLC0415
        from console.desk.keymaps import chosen  # noqa: PLC0415
        from console.desk.settings import Memory  # noqa: PLC0415
        from console.desk.shows import Shows  # noqa: PLC0415
        from console.desk.window import DeskWindow  # noqa: PLC0415
        from console.media.clock import SystemClock  # noqa: PLC0415

        assert isinstance(settings, QSettings)  # noqa: S101 - see run
        clock, memory = SystemClock(), Memory(settings)
        self._address = address
        keys, trouble = chosen(keymap or memory.keymap)
        self.director = Director(clock, keys, EventLog(default_file()), memory.guard(str(address)))
        self.shows = Shows(address, self.director, memory, clock)
        self.window = DeskWindow(self.director, memory, self.shows, str(address))
        self._link: object = None
        if trouble:
            self.director.refused.emit(trouble)

    def begin(self) -> None:
        """Look for the engine; its client's library is loaded beside the window that already stands."""
        self.shows.ensure()
        threading.Thread(target=self._connect, name="connect", daemon=True).start()

    def _connect(self) -> None:
        from console.wire.client import Live  # noqa: PLC0415 - aiohttp takes as long to import as the window to open

        link = Live(self._address, self.director.on_message, self.director.on_link)
        self.director.connect_to(link)
        self._link = link
        link.start()

    def end(self) -> None:
        """Let go of the engine, which goes on."""
        from console.wire.client import Live  # noqa: PLC0415

        if isinstance(self._link, Live):
            self._link.close()
        self.window.close()

"""Starting and ending an engine from the desk. The engine outlives the desk: it is a process of its own session."""

from __future__ import annotations

import contextlib
import logging
import socket
import subprocess
import sys
from pathlib import Path

import platformdirs

from console.errors import ConsoleError
from console.wire.child import child_command
from console.wire.place import Address

_LOG = logging.getLogger("console.desk.launch")
_KNOCK_SECONDS = 0.3


def answers(address: Address) -> bool:
    """Whether anything listens at an address; quick."""
    try:
        with socket.create_connection((address.host, address.port), timeout=_KNOCK_SECONDS):
            return True
    except OSError:
        return False


def shows_folder() -> Path:
    """Where new shows are kept."""
    return platformdirs.user_data_path("podium", appauthor=False) / "shows"


def new_show_path(folder: Path) -> Path:
    """A path for a new show that is not taken: `Show 1.json`, `Show 2.json`, ..."""
    number = 1
    while (path := folder / f"Show {number}.json").exists():
        number += 1
    return path


class Detached:
    """A process that goes on without us, and the file that it writes what it says to."""

    def __init__(self, name: str, arguments: list[str]) -> None:
        """Raises ConsoleError when it can't be started."""
        self.log = platformdirs.user_log_path("podium", appauthor=False) / f"{name}.log"
        command = child_command(*arguments)
        try:
            self.log.parent.mkdir(parents=True, exist_ok=True)
            with self.log.open("w", encoding="utf-8") as out:
                if sys.platform == "win32":
                    flags = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
                    self._child = subprocess.Popen(
                        command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, creationflags=flags
                    )
                else:
                    self._child = subprocess.Popen(
                        command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
                    )
        except OSError as error:
            raise ConsoleError(f"The {name} can't be started: {error.strerror}", f"See {self.log}") from error
        _LOG.info("started the %s (process %d), its log is %s", name, self._child.pid, self.log)

    @property
    def has_ended(self) -> bool:
        """Whether it is over."""
        return self._child.poll() is not None

    def last_line(self) -> str:
        """What it said last."""
        try:
            lines = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        except OSError:
            return ""
        return lines[-1].strip() if lines else ""

    def said(self, text: str) -> bool:
        """Whether it has said something."""
        try:
            return text in self.log.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return False

    def let_go(self) -> None:
        """Leave it alone: nobody waits for its end."""
        if self._child.returncode is None:
            self._child.returncode = 0


def start_engine(address: Address, show: Path) -> None:
    """Start an engine with a show (made when the file is missing). Raises ConsoleError when it can't be started."""
    Detached("engine", ["engine", "--api", str(address), "--show", str(show)]).let_go()


def quit_engine(address: Address) -> None:
    """Ask an engine to end, wherever it is in its show. Raises ConsoleError when none answers."""
    from console.wire.client import ask  # noqa: PLC0415 - aiohttp takes as long to import as the window to open

    with contextlib.suppress(TimeoutError):
        status, _ = ask(address, "POST", "/quit", {}, timeout_s=5.0)
        if status not in (200, 202, 204):
            raise ConsoleError(
                f"The engine at {address} refuses to end (status {status})", "End it with 'podium ctl quit'"
            )

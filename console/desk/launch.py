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


def start_engine(address: Address, show: Path) -> int:
    """Start an engine with a show (made when the file is missing); its log goes beside the desk's. Returns its pid.

    Raises ConsoleError when it can't be started.
    """
    return _spawn("engine", ["engine", "--api", str(address), "--show", str(show)])


def start_demo() -> int:
    """Start the demo, which opens a desk of its own. Returns its pid."""
    return _spawn("demo", ["demo"])


def _spawn(name: str, arguments: list[str]) -> int:
    log = platformdirs.user_log_path("podium", appauthor=False) / f"{name}.log"
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as out:
            command = [sys.executable, "-m", "console", *arguments]
            if sys.platform == "win32":
                flags = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
                child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, creationflags=flags)
            else:
                child = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
                )
    except OSError as error:
        raise ConsoleError(f"The {name} can't be started: {error.strerror}", f"See {log}") from error
    _LOG.info("started the %s (process %d), its log is %s", name, child.pid, log)
    child.returncode = 0  # it is on its own; Popen must not complain that nobody waits for it
    return child.pid


def quit_engine(address: Address) -> None:
    """Ask an engine to end, wherever it is in its show. Raises ConsoleError when none answers."""
    from console.wire.client import ask  # noqa: PLC0415 - aiohttp takes as long to import as the window to open

    with contextlib.suppress(TimeoutError):
        status, _ = ask(address, "POST", "/quit", {}, timeout_s=5.0)
        if status not in (200, 202, 204):
            raise ConsoleError(
                f"The engine at {address} refuses to end (status {status})", "End it with 'podium ctl quit'"
            )

"""The desk's as-run log: who asked for what, by which key, when, and what came of it."""

from __future__ import annotations

import getpass
import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path

import platformdirs

from console.desk.tokens import Severity

_LOG = logging.getLogger("console.desk.asrun")
_FILE_BYTES_MAX = 4 << 20
KEPT = 2000


@dataclass(frozen=True)
class Event:
    """One line. `frame` is the frame at which it is on air, where it is."""

    unix_ns: int
    severity: Severity
    text: str
    who: str = ""
    by: str = ""
    """The chord, `mouse`, or `engine`."""
    source_from: str | None = None
    source_to: str | None = None
    frame: int | None = None
    timecode: str = ""
    result: str = ""


def operator() -> str:
    """Who sits at this desk, as the machine knows them."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "operator"


def default_file() -> Path:
    """Where the log is kept."""
    return platformdirs.user_log_path("podium", appauthor=False) / "desk.jsonl"


class EventLog:
    """Keeps the newest events for the panel, and appends each to a file; a full disk costs only the file."""

    def __init__(self, path: Path | None) -> None:
        self.events: list[Event] = []
        self.total = 0
        """How many there ever were."""
        self._path = path
        self._failed = False

    def add(self, event: Event) -> None:
        """Take an event in."""
        self.events.append(event)
        del self.events[:-KEPT]
        self.total += 1
        _LOG.info("%s: %s%s", event.by or "desk", event.text, f" ({event.result})" if event.result else "")
        if self._path is not None:
            self._write(self._path, event)

    def _write(self, path: Path, event: Event) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists() and path.stat().st_size > _FILE_BYTES_MAX:
                path.replace(path.with_suffix(".old.jsonl"))
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(event)) + "\n")
            self._failed = False
        except OSError as error:
            if not self._failed:
                _LOG.warning("the desk's log %s can't be written: %s", path, error.strerror)
            self._failed = True

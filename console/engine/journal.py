"""The journal: what was asked for and what happened, a line of JSON each, appended before it is acknowledged.

Replaying its commands through the reducer gives back the show as it was on air; it is also the as-run log. Records:

- `{"event": "Started", "frame", "utc", "session", "show": {...}}` a show goes on air with this set-up;
- `{"event": "Commanded", "frame", "utc", "client", "command": {...}, "rev"}` with `"from"` and `"to"` for a take;
- `{"event": "Refused", ...}`, `"SourceLost"`, `"SourceReturned"`, `"Resumed"`, `"Ended"`: for people and for audits.
"""

from __future__ import annotations

import json
import logging
import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from console.errors import ConsoleError
from console.show.codec import ShowFileError, show_from_file, show_to_file
from console.show.commands import CommandError, decode_command
from console.show.history import History, apply
from console.show.model import Show
from console.show.reduce import settle

_log = logging.getLogger("console.engine.journal")


class Journal:
    """Appends records. A disk that refuses them is said once and never stops the show."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
            size = os.fstat(self._fd).st_size
            self._torn = size > 0 and not path.read_bytes().endswith(b"\n")
        except OSError as error:
            raise ConsoleError(
                f"The journal {path} can't be written: {error.strerror}", "Choose another --log directory"
            ) from error
        self._failing = False

    def append(self, event: str, frame: int, utc_ns: int, **fields: Any) -> None:
        """Write one record."""
        record = {"event": event, "frame": frame, "utc": _iso(utc_ns), **fields}
        line = json.dumps(record, separators=(",", ":")).encode() + b"\n"
        if self._torn:
            line = b"\n" + line
        try:
            written = os.write(self._fd, line)
            self._torn = written != len(line)
        except OSError as error:
            if not self._failing:
                _log.error("The journal %s can't be written: %s. Make room on that disk", self.path, error.strerror)
            self._failing = True
        else:
            self._failing = False

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._fd)


def _iso(utc_ns: int) -> str:
    stamp = datetime.fromtimestamp(utc_ns // 1_000_000_000, UTC)
    return f"{stamp:%Y-%m-%dT%H:%M:%S}.{utc_ns // 1_000_000 % 1000:03}Z"


@dataclass(frozen=True)
class Replayed:
    """What a journal says of its last session."""

    history: History
    session: str
    ended: bool
    last_frame: int


def replay(path: Path) -> Replayed | None:
    """Read a journal back; None when it holds no session. Lines that are torn or unknown are skipped."""
    found: Replayed | None = None
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        return None
    for line in lines:
        try:
            record = json.loads(line)
            found = _replay_record(found, record)
        except (ValueError, KeyError, TypeError, AttributeError, ShowFileError, CommandError) as error:
            _log.warning("A line of the journal %s can't be read and was skipped: %s", path, error)
    return found


def _replay_record(found: Replayed | None, record: dict[str, Any]) -> Replayed | None:
    event, frame = record["event"], int(record["frame"])
    if event == "Started":
        return Replayed(History(show_from_file(record["show"])), str(record["session"]), False, frame)
    if found is None:
        return None
    history = found.history
    if event == "Commanded":
        history = replace(history, show=settle(history.show, frame))
        history, _ = apply(history, decode_command(record["command"]), frame)
    return replace(found, history=history, ended=event == "Ended", last_frame=frame)


def started_fields(show: Show, session: str) -> dict[str, Any]:
    """The fields of a `Started` record."""
    return {"session": session, "show": show_to_file(show)}

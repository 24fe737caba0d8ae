"""The show file: read with every fault named, and kept up to date while the show runs."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

from console.errors import ConsoleError
from console.show.codec import SCHEMA, ShowFileError, show_from_file, to_json
from console.show.model import Show
from console.show.world import Switched
from console.wire.place import write_private

_log = logging.getLogger("console.engine.show")
_SAVE_AFTER_S = 1.0
_SIZE_MAX = 1 << 24
_OF_THE_MOMENT = {"move": None, "last_take": None, "race": to_json(Switched())}
"""What a show that is opened another day does not take up."""


def read_show(path: Path) -> Show:
    """Read a show file. Raises ConsoleError that names the file and the fault."""
    try:
        if path.stat().st_size > _SIZE_MAX:
            raise ConsoleError(f"The show file {path} is larger than 16 MiB", "Name a show file")
        return show_from_file(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ConsoleError(f"The show file {path} can't be read: {error.strerror}", "Check the path") from error
    except ShowFileError as error:
        raise ConsoleError(f"The show file {path}: {error}", "Mend the file or start with --source") from error
    except (ValueError, RecursionError) as error:
        raise ConsoleError(f"The show file {path} is no JSON: {error}", "Mend the file") from error


class ShowFile:
    """Writes the show back to its file a moment after a change; without a file it does nothing."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._written: str | None = None
        self._waiting: str | None = None
        self._timer: asyncio.TimerHandle | None = None

    def keep(self, parts: dict[str, Any]) -> None:
        """Remember the newest set-up and air; several changes in a second are one write."""
        if self._path is None or "setup" not in parts or "air" not in parts:
            return
        show = {"podium": SCHEMA, "setup": parts["setup"], "air": parts["air"] | _OF_THE_MOMENT}
        self._waiting = json.dumps(show, indent=2) + "\n"
        if self._timer is None and self._waiting != self._written:
            self._timer = asyncio.get_running_loop().call_later(_SAVE_AFTER_S, self.save_now)

    def save_now(self) -> None:
        """Write what waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._path is None or self._waiting is None or self._waiting == self._written:
            return
        try:
            write_private(self._path, self._waiting)
        except OSError as error:
            _log.error("The show file %s can't be written: %s", self._path, error.strerror)
        self._written = self._waiting

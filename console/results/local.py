"""Data read from a file, or from a folder into which another program drops them."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from urllib.request import url2pathname

from console.errors import ConsoleError
from console.media.address import scheme_of
from console.results.piece import Piece
from console.results.refused import MOST_BYTES, RefusedError, check_size

MOST_FILES = 200
"""Read in one look; the rest wait for the next."""
_Stamp = tuple[int, int]


class LocalPlace:
    """A file that is written again and again, or a folder of `.xml` files.

    In a folder each file is read when it is new or changed, the oldest first, and hidden files and others' temporary
    ones (any other ending) are left alone. A file on its own is read once it kept still from one look to the next,
    with `settle`, as half a table looks like a whole one.
    """

    def __init__(self, path: Path, folders: bool = True, settle: bool = False, interval_s: float = 0.5) -> None:
        self.interval_s = interval_s
        self._path, self._folders, self._settle = path, folders, settle
        self._seen: dict[str, _Stamp] = {}
        self._still: _Stamp | None = None

    async def look(self) -> tuple[Piece, ...]:
        """What is new. Raises ConsoleError."""
        try:
            if not self._path.is_dir():
                return self._file()
        except FileNotFoundError:
            raise ConsoleError(f"There is no file or folder {self._path}", "Check the feed's address") from None
        except OSError as error:
            raise _unreadable(self._path, error) from None
        if not self._folders:
            raise ConsoleError(f"{self._path} is a folder", "Enter the file; only results feeds are read from folders")
        return self._folder()

    async def close(self) -> None:
        """Nothing is kept open."""

    def _file(self) -> tuple[Piece, ...]:
        stamp = _stamp(self._path.stat())
        moving, self._still = self._settle and stamp != self._still, stamp
        if moving or self._seen.get("") == stamp:
            return ()
        self._seen[""] = stamp
        return (_piece(self._path, stamp),)

    def _folder(self) -> tuple[Piece, ...]:
        try:
            with os.scandir(self._path) as entries:
                found = {
                    entry.name: _stamp(entry.stat())
                    for entry in entries
                    if entry.name.lower().endswith(".xml") and not entry.name.startswith(".") and entry.is_file()
                }
        except FileNotFoundError:  # one went away while we looked
            return ()
        except OSError as error:
            raise _unreadable(self._path, error) from None
        self._seen = {name: stamp for name, stamp in self._seen.items() if name in found}
        new = sorted((stamp, name) for name, stamp in found.items() if self._seen.get(name) != stamp)
        pieces = []
        for stamp, name in new[:MOST_FILES]:
            self._seen[name] = stamp
            with contextlib.suppress(FileNotFoundError):
                pieces.append(_piece(self._path / name, stamp))
        return tuple(pieces)


def local_path(url: str) -> Path:
    """The path of a plain path or a file:// address. Raises ConsoleError."""
    if not url.lower().startswith("file:"):
        return Path(url)
    host, slash, path = url[5:].removeprefix("//").partition("/") if url[5:7] == "//" else ("", "", url[5:])
    if host not in {"", "localhost"}:
        raise ConsoleError("A file:// address names another machine", "Enter the path of the file or folder")
    return Path(url2pathname(slash + path))


def is_local(url: str) -> bool:
    """Whether it is a path or a file:// address."""
    return scheme_of(url) == "file"


def _stamp(status: os.stat_result) -> _Stamp:
    return status.st_mtime_ns, status.st_size


def _piece(path: Path, stamp: _Stamp) -> Piece:
    """A file's bytes, or why they are not read; no more than are allowed even if it grows meanwhile. Raises
    FileNotFoundError."""
    try:
        check_size(stamp[1])
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        check_size(len(data))
    except FileNotFoundError:
        raise
    except OSError as error:
        why = _unreadable(path, error)
        return Piece(b"", path.name, RefusedError(why.sentence, why.remedy))
    except RefusedError as error:
        return Piece(b"", path.name, error)
    return Piece(data, path.name)


def _unreadable(path: Path, error: OSError) -> ConsoleError:
    return ConsoleError(f"{path} can't be read ({error.strerror})", "Check its permissions and the disk")

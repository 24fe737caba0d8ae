"""The cache of clips: every camera's take, drawn and encoded once per format, found at once ever after.

A set of clips is one directory, `FORMAT-SECONDSs-vVERSION/cam1.ts ...`, made beside its place and renamed when it is
whole, so that a set which was interrupted is never found.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from console.demo.cameras import STATIONS
from console.demo.race import TAKE_SECONDS
from console.demo.version import SCENE_VERSION
from console.errors import ConsoleError
from console.media.time import Format, Rate
from console.wire.child import child_command

Progress = Callable[[int, int], None]
"""Called with the frames that are drawn, and all."""
_REMEDY = "Free space or give another directory with --cache"
_SLOWEST_FIRST = (7, 2, 8, 4, 3, 1, 6, 5)


@dataclass(frozen=True)
class Clips:
    """A whole set of clips."""

    format: Format
    """Whole frames per second."""
    files: tuple[Path, ...]
    frames: int
    """How many pictures a loop has."""


def cache_dir() -> Path:
    """Where the clips are kept unless told otherwise."""
    return Path(platformdirs.user_cache_dir("podium", appauthor=False)) / "demo"


def nominal(form: Format) -> Format:
    """The format that is drawn for a show's format: whole frames per second (a venue at 59.94 is drawn at 60)."""
    return Format(form.width, form.height, Rate(round(form.rate.fps)))


def find(directory: Path, form: Format, seconds: int = TAKE_SECONDS, cameras: int = len(STATIONS)) -> Clips | None:
    """The set for a show's format, None when it was not made yet."""
    drawn = nominal(form)
    place = directory / _name(drawn, seconds)
    files = tuple(place / f"{station.id}.ts" for station in STATIONS[:cameras])
    if not all(file.is_file() for file in files):
        return None
    return Clips(drawn, files, seconds * drawn.rate.num)


def _name(drawn: Format, seconds: int) -> str:
    return f"{drawn}-{seconds}s-v{SCENE_VERSION}"


def make(
    directory: Path,
    form: Format,
    progress: Progress,
    *,
    seconds: int = TAKE_SECONDS,
    cameras: int = len(STATIONS),
    workers: int | None = None,
) -> Clips:
    """Find the set for a show's format, or draw it. Raises ConsoleError."""
    if found := find(directory, form, seconds, cameras):
        return found
    drawn = nominal(form)
    place = directory / _name(drawn, seconds)
    partial = directory / f".{place.name}.{os.getpid()}"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _sweep(directory, drawn)
        partial.mkdir()
        _draw_all(partial, drawn, seconds, cameras, workers or os.cpu_count() or 2, progress)
        if place.exists():  # made meanwhile by somebody else, or smaller than is asked for
            shutil.rmtree(place)
        partial.rename(place)
    except OSError as error:
        raise ConsoleError(
            f"The venue can't be kept in {directory}: {error.strerror or error}",
            _REMEDY,
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    found = find(directory, form, seconds, cameras)
    if found is None:
        raise ConsoleError(f"The venue's clips in {place} vanished", "Start the demo again")
    return found


def _sweep(directory: Path, drawn: Format) -> None:
    """Remove what nobody will use any more: other versions of this format, and what dead processes left."""
    for old in directory.glob(f"{drawn}-*"):
        if not old.name.endswith(f"-v{SCENE_VERSION}"):
            shutil.rmtree(old, ignore_errors=True)
    for left in directory.glob(".*.*"):
        pid = left.name.rpartition(".")[2]
        if pid.isdigit() and not _lives(int(pid)):
            shutil.rmtree(left, ignore_errors=True)


def _lives(pid: int) -> bool:
    if sys.platform == "win32":
        return True  # asking would end it
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _draw_all(partial: Path, drawn: Format, seconds: int, cameras: int, workers: int, progress: Progress) -> None:
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in _SLOWEST_FIRST:
        if number <= cameras:
            waiting.put(number)
    counts = dict.fromkeys(range(1, cameras + 1), 0)
    lock = threading.Lock()
    painters = [_Painter(drawn, seconds) for _ in range(min(workers, cameras))]

    def work(painter: _Painter) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                number = waiting.get_nowait()
                for frames in painter.draw(number, partial / f"{STATIONS[number - 1].id}.ts"):
                    with lock:
                        counts[number] = frames
                        progress(sum(counts.values()), cameras * seconds * drawn.rate.num)

    with ThreadPoolExecutor(len(painters)) as pool:
        try:
            for job in [pool.submit(work, painter) for painter in painters]:
                job.result()
        finally:  # in order when all went well; at once after Ctrl-C or when one failed
            for painter in painters:
                painter.close()


class _Painter:
    """A drawing process, which draws one camera after the other."""

    def __init__(self, drawn: Format, seconds: int) -> None:
        self._frames = seconds * drawn.rate.num
        self._process = subprocess.Popen(
            child_command("_draw"), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            start_new_session=sys.platform != "win32",
        )  # fmt: skip
        self._send({"width": drawn.width, "height": drawn.height, "fps": drawn.rate.num, "seconds": seconds})

    def _send(self, message: dict[str, object]) -> None:
        if self._process.stdin is None:
            raise RuntimeError("a child without its pipes")
        with contextlib.suppress(OSError):  # it is gone: its silence tells
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()

    def draw(self, camera: int, file: Path) -> Iterator[int]:
        """Draw a camera into a file; how many frames are done, now and then. Raises ConsoleError."""
        self._send({"camera": camera, "file": str(file)})
        for line in self._process.stdout or ():
            event = json.loads(line)
            if event.get("event") == "done":
                yield self._frames
                return
            if event.get("event") == "failed":
                raise ConsoleError(f"The clip {file} can't be written: {event['reason']}", _REMEDY)
            if event.get("event") == "drawn":
                yield int(event["frames"])
        raise ConsoleError(f"Camera {camera} of the venue could not be drawn", "See the lines above")

    def close(self) -> None:
        """End it. What it draws just now is left unfinished."""
        self._process.kill()
        self._process.communicate()

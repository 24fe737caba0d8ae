"""The program log, written: chunks appended to growing segments, segments sealed, gaps told. See `log` for the files.

A writer that is killed leaves at most a torn tail behind the last whole chunk of each track and behind the last line
of the index. Opening the log again cuts both, so a reader never sees bytes change that were whole. Every write that
the disk refuses raises OSError; the way on is a new LogWriter.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path
from typing import Any

from console.errors import ConsoleError
from console.media.time import Format
from console.outputs.log import AUDIO, INDEX, TRACKS, VIDEO, ProgramLog, TrackTime
from console.outputs.trackwriter import TrackWriter, write_all

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

LOCK = "writer.lock"
CHUNKS_PER_GOP = 10
log = logging.getLogger("console.log")


def set_aside(directory: Path) -> Path:
    """Move a log out of the way into a folder of its own beside the next one; it stays a whole log there."""
    number = 1
    while (target := directory / f"earlier-{number}").exists():
        number += 1
    target.mkdir()
    for name in (INDEX, *TRACKS):  # the index first: tracks without an index are moved at the next try
        if (directory / name).exists():
            os.replace(directory / name, target / name)
    return target


def _can_go_on(directory: Path, fmt: Format) -> bool:
    """Whether what lies in a directory can be continued: a log of this format, or nothing."""
    try:
        known = ProgramLog(directory)
    except ConsoleError as error:
        if isinstance(error.__cause__, OSError):
            raise error.__cause__ from error
        return False
    if known.format is None:
        return not any(any((directory / track).iterdir()) for track in TRACKS)
    return known.format == fmt


def _lock(directory: Path) -> int:
    """Claim a log for this process, until the descriptor that comes back is closed or the process ends."""
    fd = os.open(directory / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if sys.platform == "win32":
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(fd)
        raise ConsoleError(
            f"Another encoder writes the program log in {directory}", "End the other engine or choose another --log"
        ) from error
    return fd


class LogWriter:
    """The writing end of a program log: one at a time.

    `next_frame` and `next_audio` say where the log ends; None when it is empty. Samples handed over must be at or
    behind these; a sample that does not follow the last one leaves a hole in time, to be told with `gap`.
    """

    def __init__(self, directory: Path, fmt: Format) -> None:
        """Open or begin the log; one of another format is set aside first. Raises OSError, ConsoleError."""
        self.directory = directory
        self.format = fmt
        self._index = -1
        self._tracks = {track: TrackWriter(track, directory / track, TrackTime(track, fmt)) for track in TRACKS}
        directory.mkdir(parents=True, exist_ok=True)
        self._lock = _lock(directory)
        try:
            self._open(directory, fmt)
        except BaseException:
            self.close()
            raise

    def _open(self, directory: Path, fmt: Format) -> None:
        for track in TRACKS:
            (directory / track).mkdir(exist_ok=True)
        if not _can_go_on(directory, fmt):
            log.warning("another log in %s is set aside as %s", directory, set_aside(directory).name)
            for track in TRACKS:
                (directory / track).mkdir()
        self._known = known = ProgramLog(directory)
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        self._index = os.open(directory / INDEX, flags, 0o644)
        self._index_size = known.bytes_indexed
        os.ftruncate(self._index, self._index_size)
        if known.format is None:
            self._tell({"log": 1, "format": str(fmt)})
        for name in TRACKS:
            self._recover(name)

    def _recover(self, name: str) -> None:
        track = self._tracks[name]
        track.init = self._known.init_number(name)
        for number in self._known.numbers(name)[-2:]:  # the last may have been begun and hold nothing yet
            track.resume(number)
        if self._known.growing(name) is None:
            track.number = None  # sealed: only where it ends was wanted
            track.close()

    @property
    def next_frame(self) -> int | None:
        """The frame behind the last one on disk."""
        return self._tracks[VIDEO].next_sample

    @property
    def next_audio(self) -> int | None:
        """The AAC frame behind the last one on disk."""
        return self._tracks[AUDIO].next_sample

    @property
    def last_encoder(self) -> str:
        """The encoder that wrote last, as the log had it when it was opened."""
        return self._known.encoder

    @property
    def frames(self) -> int:
        """Frames on disk."""
        self._known.refresh()
        return self._known.frames + self._growing_beyond(VIDEO)[0]

    @property
    def size_bytes(self) -> int:
        """Bytes of segments on disk."""
        self._known.refresh()
        return self._known.bytes + sum(self._growing_beyond(track)[1] for track in TRACKS)

    def _growing_beyond(self, name: str) -> tuple[int, int]:
        """Samples and bytes of the growing segment that the index does not count yet."""
        track = self._tracks[name]
        if track.number is None:
            return 0, 0
        before = self._known.segment(name, track.number)
        return track.count - (before.count if before else 0), track.size_bytes - (before.bytes if before else 0)

    @property
    def first_frame(self) -> int | None:
        """The first frame of the log."""
        self._known.refresh()
        return self._known.first_frame or self._tracks[VIDEO].first

    @property
    def missing_frames(self) -> int:
        """How many frames all recorded gaps are."""
        self._known.refresh()
        return self._known.missing_frames

    def _tell(self, entry: dict[str, Any]) -> None:
        data = json.dumps(entry).encode() + b"\n"
        try:
            write_all(self._index, data)
        except OSError:
            os.ftruncate(self._index, self._index_size)
            raise
        self._index_size += len(data)

    def start(self, frame: int, encoder: str, unix_ns: int) -> None:
        """Note that an encoder begins with a frame."""
        self._tell({"start": frame, "encoder": encoder, "unix_ns": unix_ns})

    def header(self, name: str, data: bytes) -> None:
        """Use a header from the next segment on; one that equals the newest changes nothing."""
        track = self._tracks[name]
        folder = self.directory / name
        newest = folder / f"init-{track.init}.mp4"
        if track.init and newest.exists() and newest.read_bytes() == data:
            return
        track.init += 1
        for target in (f"init-{track.init}.mp4", "init.mp4"):
            fresh = folder / f".{target}"
            fresh.write_bytes(data)
            os.replace(fresh, folder / target)
        self._tell({"init": track.init, "track": name})

    def gap(self, first: int, last: int, reason: str) -> None:
        """Record that frames are missing, both ends included."""
        self._tell({"gap": [first, last], "reason": reason})

    def add_video(self, frame: int, data: bytes, key: bool) -> None:
        """Take over a coded picture. Every 0.2 s, at key frames and at holes a chunk of both tracks is written."""
        gop = self.format.rate.gop_frames
        track = self._tracks[VIDEO]
        if key or not track.follows(frame):
            self.flush()
        self._enter(VIDEO, frame)
        track.hold(frame, data, key)
        here, after = frame % gop * CHUNKS_PER_GOP // gop, (frame + 1) % gop * CHUNKS_PER_GOP // gop
        if here != after:
            self.flush()
        if (frame + 1) % gop == 0:
            self._seal(VIDEO)

    def add_audio(self, index: int, data: bytes) -> None:
        """Take over AAC frame `index` (since 1970)."""
        track = self._tracks[AUDIO]
        if not track.follows(index):
            self._flush(AUDIO)
        self._enter(AUDIO, index)
        track.hold(index, data, key=True)
        if track.time.segment_of(index + 1) != track.number:
            self._flush(AUDIO)
            self._seal(AUDIO)

    def _enter(self, name: str, sample: int) -> None:
        track = self._tracks[name]
        number = track.time.segment_of(sample)
        if number == track.number:
            return
        if track.number is not None:
            self._flush(name)
            self._seal(name)
        self._tell({"open": number, "track": name})
        track.resume(number)

    def _flush(self, name: str, *, last: bool = False) -> None:
        track = self._tracks[name]
        if track.pending:
            track.write(last=last)

    def flush(self, *, last: bool = False) -> None:
        """Write what waits for its chunk; `last` marks the end of the show."""
        for name in TRACKS:
            self._flush(name, last=last)

    def _seal(self, name: str) -> None:
        entry = self._tracks[name].sealed()
        if entry is not None:
            self._tell(entry)

    def finish(self, *, end_of_show: bool = False) -> None:
        """Write and seal everything: the encoder ends in order.

        `end_of_show` marks the last chunk, where one is still to be written, as the last of the show.
        """
        self.flush(last=end_of_show)
        for name in TRACKS:
            self._seal(name)
        self._tell({"stop": self.next_frame or 0})
        self.close()

    def close(self) -> None:
        """Let go of the files, whatever state they are in."""
        for track in self._tracks.values():
            track.close()
        for fd in (self._index, self._lock):
            if fd >= 0:
                os.close(fd)
        self._index = self._lock = -1


def open_log(directory: Path, fmt: Format) -> LogWriter:
    """A LogWriter; what the system refuses as a ConsoleError with the sentence for the user."""
    try:
        return LogWriter(directory, fmt)
    except OSError as error:
        raise refused(directory, error) from error


def refused(directory: Path, error: OSError) -> ConsoleError:
    """What the system said when it refused to write, as a sentence that names the log."""
    return ConsoleError(
        f"The program log in {directory} can't be written: {error.strerror or error}",
        "Free space on that disk or allow this user to write there; recording goes on by itself",
    )

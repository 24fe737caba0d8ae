"""The program log, written: chunks appended to growing segments, segments sealed, gaps told. See `log` for the files.

A writer that is killed leaves at most a torn tail behind the last whole chunk of each track and behind the last line
of the index. Opening the log again cuts both, so a reader never sees bytes change that were whole. Every write that
the disk refuses raises OSError; the way on is a new LogWriter.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from console.errors import ConsoleError
from console.media.time import Format
from console.outputs.cmaf import FIRST_CHUNK, LAST_CHUNK_BRAND, LATER_CHUNK, Chunk, chunk, read_chunks
from console.outputs.log import AUDIO, INDEX, TRACKS, VIDEO, ProgramLog, TrackTime

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


class _Track:
    """One track's growing segment and the samples that wait for their chunk."""

    def __init__(self, name: str, directory: Path, time: TrackTime) -> None:
        self.name = name
        self.time = time
        self.init = 0
        self.number: int | None = None
        self.next_sample: int | None = None
        """The sample behind the last one on disk."""
        self.pending: list[bytes] = []
        self._pending_first = 0
        self._pending_key = False
        self._directory = directory
        self._fd = -1
        self._size = 0
        self._first = 0
        self._last = 0
        self._count = 0
        self._sequence = 0

    @property
    def size_bytes(self) -> int:
        """The growing segment's size."""
        return self._size if self.number is not None else 0

    @property
    def count(self) -> int:
        """The growing segment's samples."""
        return self._count if self.number is not None else 0

    @property
    def first(self) -> int | None:
        """The growing segment's first sample."""
        return self._first if self.count else None

    def path(self, number: int) -> Path:
        return self._directory / f"{number}.m4s"

    def resume(self, number: int) -> None:
        """Go on behind the last whole chunk of segment `number`; cut what is torn behind it."""
        self.close()
        fd = os.open(self.path(number), os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644)
        chunks: list[Chunk] = []
        with open(os.dup(fd), "rb") as file:
            size = file.seek(0, os.SEEK_END)
            try:
                chunks.extend(read_chunks(file))
            except ValueError as error:
                log.warning("segment %s is cut where it is broken: %s", self.path(number), error)
        self._fd, self._size, self.number = fd, chunks[-1].end if chunks else 0, number
        if self._size < size:
            os.ftruncate(fd, self._size)
        os.lseek(fd, self._size, os.SEEK_SET)
        self._count = sum(len(chunk.sizes) for chunk in chunks)
        if chunks:
            self._sequence = chunks[-1].sequence
            self._first = self.time.sample_of(chunks[0].time)
            self._last = self.time.sample_of(chunks[-1].time) + len(chunks[-1].sizes) - 1
            self.next_sample = self._last + 1

    def hold(self, sample: int, data: bytes, key: bool) -> None:
        """Keep a sample for the next chunk; it must follow the ones that are held."""
        if not self.pending:
            self._pending_first, self._pending_key = sample, key
        self.pending.append(data)

    def follows(self, sample: int) -> bool:
        """Whether a sample is the one behind those that are held."""
        return not self.pending or sample == self._pending_first + len(self.pending)

    def write(self, *, last: bool = False) -> None:
        """Append what is held as one chunk. Raises OSError, with the file cut back to its whole chunks."""
        brands: Sequence[bytes] = LATER_CHUNK if self._count else FIRST_CHUNK
        first, samples = self._pending_first, self.pending
        data = chunk(
            samples,
            sequence=self._sequence + 1,
            time=first * self.time.timing.duration,
            timing=self.time.timing,
            key=self._pending_key,
            utc_ns=self.time.start_ns(first),
            brands=(*brands, LAST_CHUNK_BRAND) if last else brands,
        )
        self.pending = []
        try:
            _write_all(self._fd, data)
        except OSError:
            os.ftruncate(self._fd, self._size)
            raise
        self._sequence += 1
        self._size += len(data)
        if not self._count:
            self._first = first
        self._last = first + len(samples) - 1
        self._count += len(samples)
        self.next_sample = self._last + 1

    def sealed(self) -> dict[str, Any] | None:
        """Finish the growing segment: its line for the index; None when it holds nothing (it is removed)."""
        number, self.number = self.number, None
        self.close()
        if number is None:
            return None
        if not self._count:
            self.path(number).unlink(missing_ok=True)
            return None
        entry = {"segment": number, "track": self.name, "init": self.init, "first": self._first, "last": self._last}
        return entry | {"count": self._count, "bytes": self._size}

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


class LogWriter:
    """The writing end of a program log: one at a time.

    `next_frame` and `next_audio` say where the log ends; None when it is empty. Samples handed over must be at or
    behind these; a sample that does not follow the last one leaves a hole in time, to be told with `gap`.
    """

    def __init__(self, directory: Path, fmt: Format) -> None:
        """Open or begin the log; one of another format is set aside first. Raises OSError, ConsoleError."""
        self.directory = directory
        self.format = fmt
        for track in TRACKS:
            (directory / track).mkdir(parents=True, exist_ok=True)
        if not _can_go_on(directory, fmt):
            log.warning("another log in %s is set aside as %s", directory, set_aside(directory).name)
            for track in TRACKS:
                (directory / track).mkdir()
        self._known = known = ProgramLog(directory)
        self._tracks = {t: _Track(t, directory / t, TrackTime(t, fmt)) for t in TRACKS}
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
            _write_all(self._index, data)
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
        if track.init and self._known.header(name, track.init) == data:
            return
        folder = self.directory / name
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
        """Write and seal everything: the encoder ends in order."""
        self.flush(last=end_of_show)
        for name in TRACKS:
            self._seal(name)
        self._tell({"stop": self.next_frame or 0})
        self.close()

    def close(self) -> None:
        """Let go of the files, whatever state they are in."""
        for track in self._tracks.values():
            track.close()
        if self._index >= 0:
            os.close(self._index)
            self._index = -1


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

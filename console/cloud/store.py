"""The store: what came in, on disk, and what is known of it.

    STORE/CHANNEL/manifest.mpd
    STORE/CHANNEL/video/init-HASH.mp4   every header that ever came, named by its content
    STORE/CHANNEL/video/K.m4s           segment K, which starts K segment durations after 1970
    STORE/CHANNEL/video/index.jsonl     one line per segment or change of header, appended as they come
    STORE/CHANNEL/audio/...             the same

A file gets its name only when it is whole and on the disk. The index says which header was current when a segment
came, and saves reading the segments again; a segment without a line in it (the machine stopped in between) is read and
added when the channel is first used after a start.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Literal

from console.cloud.facts import BadMediaError, Header, Kind, Span, UnknownMediaError, read_header, read_segment
from console.media.clock import Clock

_log = logging.getLogger("console.cloud")

Outcome = Literal["new", "same", "grown", "replaced"]
"""What became of something that came: `grown` is a segment that came before with less at its end."""
KINDS: tuple[Kind, Kind] = ("video", "audio")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
SEGMENT_FILE = re.compile(r"(0|[1-9][0-9]{0,14})\.m4s")
INIT_FILE = re.compile(r"init-[0-9a-f]{16}\.mp4")
GRIDS_MS = (2000, 2002)
"""Lengths of segments; 2002 for programs at 1000/1001 rates."""
_PART = ".part-"
_LONGEST_S = 60
_RECENT = 15
"""Segments over which the bit rate is taken."""


@dataclass(frozen=True)
class Segment:
    """One stored segment."""

    k: int
    """Its number: it starts `k` segment durations after 1970."""
    init: str
    """The file name of the header that was current when it came."""
    start_ns: int
    """Of its first sample, since 1970."""
    duration_ns: int
    bytes: int
    at_ms: int
    """When it came, in Unix milliseconds."""

    @cached_property
    def grid_ms(self) -> int:
        """The length of the segments that it is numbered by."""
        for grid in GRIDS_MS:
            if abs(self.start_ns - self.k * grid * 1_000_000) < grid * 1_000_000:
                return grid
        return GRIDS_MS[0]

    @property
    def begins_ns(self) -> int:
        """When it begins, since 1970: as its own time stamps say where they agree with its number."""
        slot_ns = self.k * self.grid_ms * 1_000_000
        return self.start_ns if abs(self.start_ns - slot_ns) < self.grid_ms * 1_000_000 else slot_ns


@dataclass(frozen=True)
class Summary:
    """What is known of a track as a whole."""

    ordered: tuple[Segment, ...]
    """In the order of time."""
    missing: int
    """Segments between the first and the last that are not there."""
    changes: tuple[int, ...]
    """Numbers of segments whose header is another than that of the segment before."""
    bytes: int


class Track:
    """The picture or the sound of a channel. `segments` and `current` change on the event loop's thread alone."""

    def __init__(self, path: Path, kind: Kind) -> None:
        self.path = path
        self.kind = kind
        self.current: str | None = None
        self.segments: dict[int, Segment] = {}
        self.headers: dict[str, Header] = {}
        self.lock = asyncio.Lock()
        self._summary: Summary | None = None

    # -- on the event loop's thread --

    def add(self, segment: Segment) -> None:
        """Know of a segment that was kept."""
        self.segments[segment.k] = segment
        self._summary = None

    def select(self, name: str, header: Header) -> None:
        """Make a header the current one."""
        self.headers[name] = header
        self.current = name

    @property
    def summary(self) -> Summary:
        """The track as a whole; worked out again after a change only."""
        if self._summary is None:
            ordered = tuple(sorted(self.segments.values(), key=lambda each: (each.start_ns, each.k)))
            pairs = list(pairwise(ordered))
            self._summary = Summary(
                ordered,
                sum(_missing_between(before, after) for before, after in pairs),
                tuple(after.k for before, after in pairs if before.init != after.init),
                sum(each.bytes for each in ordered),
            )
        return self._summary

    @property
    def newest(self) -> Segment | None:
        """The segment at the live edge."""
        return self.summary.ordered[-1] if self.segments else None

    def rate_bits(self) -> tuple[int, int]:
        """Bits per second of the recent segments: the highest of one, and the average."""
        recent = self.summary.ordered[-_RECENT:]
        seconds = sum(each.duration_ns for each in recent) / 1e9
        if not seconds:
            return 0, 0
        peak = max(each.bytes * 8e9 / each.duration_ns for each in recent)
        return round(peak), round(sum(each.bytes for each in recent) * 8 / seconds)

    # -- blocking; on a worker thread, one at a time --

    def load(self) -> None:
        """Read the state from the disk. Files that came in part are removed."""
        if not self.path.is_dir():
            return
        names = {entry.name for entry in os.scandir(self.path)}
        for name in names:
            if name.startswith(_PART):
                (self.path / name).unlink(missing_ok=True)
        for name in names:
            if INIT_FILE.fullmatch(name):
                with contextlib.suppress(OSError, BadMediaError):
                    self.headers[name] = read_header((self.path / name).read_bytes())
        known: dict[int, Segment] = {}
        for entry in self._index():
            init = entry.init if isinstance(entry, Segment) else entry
            if init not in self.headers:
                continue
            self.current = init
            if isinstance(entry, Segment) and f"{entry.k}.m4s" in names:
                known[entry.k] = entry
        for name in names:
            match = SEGMENT_FILE.fullmatch(name)
            if match and int(match[1]) not in known and self.current is not None:
                with contextlib.suppress(OSError, BadMediaError):
                    known[int(match[1])] = self._adopt(int(match[1]), self.current)
        self.segments = known

    def _index(self) -> Iterator[Segment | str]:
        """What the index tells, in order: segments, and names of headers that became current."""
        try:
            with open(self.path / "index.jsonl", encoding="utf-8", errors="replace") as lines:
                for line in lines:
                    try:
                        entry = json.loads(line)
                        fields = {name: type(value) for name, value in entry.items()}
                    except (ValueError, AttributeError):
                        continue  # the last line before a crash may be torn
                    if fields == _INDEX_SEGMENT:
                        yield Segment(**entry)
                    elif fields == _INDEX_HEADER:
                        yield str(entry["init"])
        except FileNotFoundError:
            return

    def _adopt(self, k: int, init: str) -> Segment:
        """Read a segment that the index does not know, and note it there."""
        path = self.path / f"{k}.m4s"
        segment = self._segment(k, path.read_bytes(), init, path.stat().st_mtime_ns // 1_000_000)
        self._note(asdict(segment))
        return segment

    def _segment(self, k: int, data: bytes, init: str, at_ms: int) -> Segment:
        header = self.headers[init]
        span: Span = read_segment(data, header)
        if span.duration > _LONGEST_S * header.timescale:
            raise BadMediaError(f"the segment says that it is longer than {_LONGEST_S} s")
        start, duration = (ticks * 1_000_000_000 // header.timescale for ticks in (span.start, span.duration))
        if duration < 1_000_000:
            raise BadMediaError("the segment says that it is shorter than 1 ms")
        return Segment(k, init, start, duration, len(data), at_ms)

    def new_part(self) -> Path:
        """Where the bytes of a request are written until they are known to be whole."""
        self.path.mkdir(parents=True, exist_ok=True)
        return self.path / f"{_PART}{secrets.token_hex(8)}"

    def keep_header(self, part: Path) -> tuple[Outcome, str, Header]:
        """Check and keep a header. Raises BadMediaError (or UnknownMediaError), OSError."""
        data = part.read_bytes()
        header = read_header(data)
        if header.kind != self.kind:
            raise UnknownMediaError(f"the header is of {header.kind}, the path of {self.kind}")
        name = f"init-{hashlib.sha256(data).hexdigest()[:16]}.mp4"
        if name == self.current:
            return "same", name, header
        keep_file(part, self.path / name)
        self._note({"init": name})
        return ("replaced" if self.current else "new"), name, header

    def keep_segment(self, part: Path, k: int, init: str, at_ms: int) -> tuple[Outcome, Segment]:
        """Check and keep a segment that belongs to a header. Raises BadMediaError, OSError."""
        data = part.read_bytes()
        segment = self._segment(k, data, init, at_ms)
        target = self.path / f"{k}.m4s"
        outcome: Outcome = "new"
        before = self.segments.get(k)
        if before is not None:
            old = target.read_bytes() if target.exists() else b""
            if old == data:
                return "same", before
            outcome = "grown" if old and data.startswith(old) else "replaced"
        keep_file(part, target)
        self._note(asdict(segment))
        return outcome, segment

    def _note(self, entry: dict[str, int | str]) -> None:
        fd = os.open(self.path / "index.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            os.write(fd, json.dumps(entry, separators=(",", ":")).encode() + b"\n")
        finally:
            os.close(fd)


_INDEX_HEADER: dict[str, type] = {"init": str}
_INDEX_SEGMENT: dict[str, type] = {
    "k": int, "init": str, "start_ns": int, "duration_ns": int, "bytes": int, "at_ms": int
}  # fmt: skip


def _missing_between(before: Segment, after: Segment) -> int:
    if before.grid_ms == after.grid_ms:
        return max(0, after.k - before.k - 1)
    gap_ns = after.start_ns - before.start_ns - before.duration_ns
    return max(0, round(gap_ns / (before.grid_ms * 1_000_000)))


def keep_file(part: Path, target: Path) -> None:
    """Bring a file to the disk under its name, whole or not at all."""
    fd = os.open(part, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
    os.replace(part, target)


class Channel:
    """One program: its tracks, and when something last came."""

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self.path = path
        self.tracks: dict[Kind, Track] = {kind: Track(path / kind, kind) for kind in KINDS}
        self.last_byte_ns: int | None = None
        """Monotonic instant at which the newest byte of any upload came; None before the first of this run."""

    def load(self) -> None:
        """Read both tracks (blocking)."""
        for track in self.tracks.values():
            track.load()

    def age_ms(self, clock: Clock) -> int | None:
        """How long ago the newest segment came; None when there is none."""
        newest = [track.newest for track in self.tracks.values()]
        came = [segment.at_ms for segment in newest if segment is not None]
        return max(0, clock.unix_ns() // 1_000_000 - max(came)) if came else None


class Store:
    """All channels under one directory. Channels are read when they are first asked for."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._channels: dict[str, Channel] = {}
        self._loading = asyncio.Lock()

    async def channel(self, name: str) -> Channel | None:
        """A channel by its name (which must match `NAME`); None when there is none."""
        if name in self._channels or await asyncio.to_thread((self.root / name).is_dir):
            return await self.opened(name)
        return None

    async def opened(self, name: str) -> Channel:
        """A channel by its name (which must match `NAME`), a new one when there is none."""
        async with self._loading:
            if name not in self._channels:
                channel = Channel(self.root / name)
                await asyncio.to_thread(channel.load)
                self._channels[name] = channel
                if any(track.segments for track in channel.tracks.values()):
                    _log.info("channel %s: read from the store", name)
        return self._channels[name]

    async def names(self) -> list[str]:
        """The names of all channels that have something in them."""

        def on_disk() -> set[str]:
            return {entry.name for entry in os.scandir(self.root) if NAME.fullmatch(entry.name) and entry.is_dir()}

        return sorted(await asyncio.to_thread(on_disk))

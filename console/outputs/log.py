"""The program log, read: what was on air, as CMAF segments of 2 s on disk with an append-only index.

    DIR/index.jsonl      one JSON object per line, named by its first key:
        {"log": 1, "format": "720p50"}                                   first line
        {"start": FRAME, "encoder": NAME, "unix_ns": T}                  an encoder began
        {"init": N, "track": "video"}                                    a header; the segments below use it
        {"open": K, "track": "video"}                                    a segment began to grow
        {"segment": K, "track": "video", "init": N, "first": F, "last": L, "count": C, "bytes": B}   it is sealed
        {"gap": [FIRST, LAST], "reason": WHY}                            frames that are missing, both included
        {"stop": FRAME}                                                  the encoder finished in order
    DIR/video/init.mp4, init-N.mp4, K.m4s                                the newest header, header N, segment K
    DIR/audio/...                                                        the same

K is `frame // gop_frames`: the segment's place on the grid since 1970. Samples are numbered since 1970 too: video by
frame, sound by AAC frames of 1024 samples; an AAC frame belongs to the segment in which it starts. A segment that was
sealed may be opened again by an encoder that starts within its 2 s; the later line counts.

This module reads files and nothing else; a reader never disturbs the writer.
"""

from __future__ import annotations

import json
import os
from bisect import bisect_right, insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from console.errors import ConsoleError
from console.media.time import SAMPLE_RATE, Format, FrameNumber, parse_format
from console.outputs.cmaf import AAC_FRAME_SAMPLES, AUDIO_TIMING, Chunk, Timing, read_chunks, samples_of, video_timing

INDEX = "index.jsonl"
VIDEO, AUDIO = "video", "audio"
TRACKS = (VIDEO, AUDIO)


@dataclass(frozen=True, slots=True)
class Segment:
    """A sealed segment. `first`, `last` and `count` are samples: frames, or AAC frames, since 1970."""

    track: str
    number: int
    init: int
    first: int
    last: int
    count: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Gap:
    """Frames that are missing, first and last included, and why."""

    first: FrameNumber
    last: FrameNumber
    reason: str

    @property
    def frames(self) -> int:
        """How many."""
        return self.last - self.first + 1


class TrackTime:
    """How one track's samples lie in time and in segments; samples are numbered since 1970."""

    def __init__(self, track: str, fmt: Format) -> None:
        self.timing: Timing = video_timing(fmt) if track == VIDEO else AUDIO_TIMING
        self._rate = fmt.rate
        self._is_video = track == VIDEO

    def segment_of(self, sample: int) -> int:
        """The segment in which a sample starts."""
        if self._is_video:
            return sample // self._rate.gop_frames
        # The last frame f with first_sample(f) <= s, where first_sample(f) = floor(f * 48000 * den / num).
        start = sample * AAC_FRAME_SAMPLES
        return ((start + 1) * self._rate.num - 1) // (SAMPLE_RATE * self._rate.den) // self._rate.gop_frames

    def start_ns(self, sample: int) -> int:
        """When a sample starts, in nanoseconds since 1970."""
        return self._rate.start_ns(sample) if self._is_video else sample * AAC_FRAME_SAMPLES * 10**9 // SAMPLE_RATE

    def sample_of(self, media_time: int) -> int:
        """The number of the sample with a `tfdt` time."""
        return media_time // self.timing.duration


@dataclass
class _TrackIndex:
    sealed: dict[int, Segment] = field(default_factory=dict)
    numbers: list[int] = field(default_factory=list)
    """The keys of `sealed`, in order."""
    init: int = 0
    growing: int | None = None


class ProgramLog:
    """A program log in a directory, followed as it grows: call `refresh`, then ask.

    Everything counted (`frames`, `bytes`, `first_frame`, `last_frame`) is of sealed segments.
    """

    def __init__(self, directory: Path | str) -> None:
        self.directory = Path(directory)
        self.generation = 0
        """Counts up when the log was set aside and a new one began in its place: numbers read before are void."""
        self._inode = -1
        self._clear()
        self.refresh()

    def _clear(self) -> None:
        self._read_bytes = 0
        self._tracks = {track: _TrackIndex() for track in TRACKS}
        self.format: Format | None = None
        self.gaps: list[Gap] = []
        self.encoder = ""
        """The newest encoder's name."""
        self.stopped = False
        """Whether the encoder finished in order and none has begun since."""
        self.frames = 0
        self.bytes = 0

    @property
    def index_path(self) -> Path:
        """The index file."""
        return self.directory / INDEX

    def refresh(self) -> bool:
        """Read what the index has gained; True when it has. A log that does not exist (yet) is empty.

        Raises ConsoleError when the index can't be read or is not ours.
        """
        try:
            with open(self.index_path, "rb") as file:
                state = os.fstat(file.fileno())
                if state.st_ino != self._inode or state.st_size < self._read_bytes:
                    self.generation += self._inode != -1
                    self._inode = state.st_ino
                    self._clear()
                if state.st_size == self._read_bytes:
                    return False
                file.seek(self._read_bytes)
                gained = file.read()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise ConsoleError(
                f"The program log {self.index_path} can't be read: {error.strerror}", "Check its permissions"
            ) from error
        whole = gained[: gained.rfind(b"\n") + 1]
        for line in whole.splitlines():
            try:
                self._learn(json.loads(line))
            except (ValueError, KeyError, TypeError) as error:
                raise ConsoleError(
                    f"{self.index_path} is not the index of a program log: {line[:80].decode(errors='replace')}",
                    "Give the directory that --log was given",
                ) from error
        self._read_bytes += len(whole)
        return bool(whole)

    def _learn(self, entry: dict[str, Any]) -> None:
        kind = next(iter(entry))
        if kind == "log":
            self.format = parse_format(entry["format"])
        elif kind == "start":
            self.encoder, self.stopped = entry["encoder"], False
        elif kind == "init":
            self._tracks[entry["track"]].init = entry["init"]
        elif kind == "open":
            self._tracks[entry["track"]].growing = entry["open"]
        elif kind == "segment":
            fields = {name: entry[name] for name in ("track", "init", "first", "last", "count", "bytes")}
            self._seal(Segment(number=entry["segment"], **fields))
        elif kind == "gap":
            first, last = entry["gap"]
            while self.gaps and self.gaps[-1].first >= first:
                self.gaps.pop()  # an encoder died before its first frame; the next one tells the whole gap
            self.gaps.append(Gap(FrameNumber(first), FrameNumber(last), entry["reason"]))
        elif kind == "stop":
            self.stopped = True

    def _seal(self, segment: Segment) -> None:
        index = self._tracks[segment.track]
        before = index.sealed.get(segment.number)
        index.sealed[segment.number] = segment
        if before is None:
            insort(index.numbers, segment.number)
        if index.growing == segment.number:
            index.growing = None
        self.bytes += segment.bytes - (before.bytes if before else 0)
        if segment.track == VIDEO:
            self.frames += segment.count - (before.count if before else 0)

    @property
    def bytes_indexed(self) -> int:
        """How much of the index was understood: up to the end of its last whole line."""
        return self._read_bytes

    def time(self, track: str) -> TrackTime:
        """How a track's samples lie in time. The log must have a format."""
        if self.format is None:
            raise ConsoleError(f"The program log {self.directory} is empty", "Give the directory that --log was given")
        return TrackTime(track, self.format)

    def init_number(self, track: str) -> int:
        """The number of the newest header of a track; 0 when there is none yet."""
        return self._tracks[track].init

    def header(self, track: str, number: int | None = None) -> bytes:
        """The bytes of a track's header `number`, or of the newest. Raises ConsoleError."""
        path = self.directory / track / ("init.mp4" if number is None else f"init-{number}.mp4")
        try:
            return path.read_bytes()
        except OSError as error:
            raise ConsoleError(f"The header {path} can't be read: {error.strerror}", "It is part of the log") from error

    def segment_path(self, track: str, number: int) -> Path:
        """Where segment `number` lies."""
        return self.directory / track / f"{number}.m4s"

    def segments(self, track: str, after: int = -1, limit: int | None = None) -> list[Segment]:
        """The sealed segments with a number above `after`, in order, `limit` of them at most."""
        index = self._tracks[track]
        start = bisect_right(index.numbers, after)
        end = None if limit is None else start + limit
        return [index.sealed[number] for number in index.numbers[start:end]]

    def segment(self, track: str, number: int) -> Segment | None:
        """A sealed segment by its number."""
        return self._tracks[track].sealed.get(number)

    def growing(self, track: str) -> int | None:
        """The number of the segment that is being written; None when the last one is sealed."""
        return self._tracks[track].growing

    def numbers(self, track: str, after: int = -1) -> list[int]:
        """The numbers of all segments above `after`, sealed and growing, in order."""
        index = self._tracks[track]
        numbers = index.numbers[bisect_right(index.numbers, after) :]
        if index.growing is not None and index.growing > after and index.growing not in index.sealed:
            numbers.append(index.growing)
        return numbers

    def following(self, track: str, after: int) -> int | None:
        """The number of the first segment above `after`, sealed or growing; None when there is none."""
        index = self._tracks[track]
        at = bisect_right(index.numbers, after)
        if at < len(index.numbers):
            return index.numbers[at]
        return index.growing if index.growing is not None and index.growing > after else None

    def chunks(self, track: str, number: int, offset: int = 0) -> list[Chunk]:
        """The whole chunks that segment `number` has from a byte offset on. Raises ConsoleError when it is broken."""
        path = self.segment_path(track, number)
        try:
            with open(path, "rb") as file:
                return list(read_chunks(file, offset))
        except FileNotFoundError:
            return []
        except (OSError, ValueError) as error:
            raise ConsoleError(f"The segment {path} can't be read: {error}", "The rest of the log is usable") from error

    def samples(self, track: str, number: int, chunk: Chunk) -> list[bytes]:
        """The coded samples of a chunk of segment `number`. Raises ConsoleError when they are gone."""
        path = self.segment_path(track, number)
        try:
            with open(path, "rb") as file:
                file.seek(chunk.data)
                data = file.read(chunk.end - chunk.data)
        except OSError as error:
            raise ConsoleError(
                f"The segment {path} can't be read: {error.strerror}", "It is part of the log"
            ) from error
        return samples_of(data, chunk.sizes)

    def all_chunks(self, track: str, after: int = -1) -> Iterator[tuple[int, Chunk]]:
        """(segment number, chunk) of everything above segment `after`, sealed and growing, in order."""
        for number in self.numbers(track, after):
            for chunk in self.chunks(track, number):
                yield number, chunk

    @property
    def first_frame(self) -> FrameNumber | None:
        """The first frame of the first sealed segment."""
        index = self._tracks[VIDEO]
        return FrameNumber(index.sealed[index.numbers[0]].first) if index.numbers else None

    @property
    def last_frame(self) -> FrameNumber | None:
        """The last frame of the last sealed segment."""
        index = self._tracks[VIDEO]
        return FrameNumber(index.sealed[index.numbers[-1]].last) if index.numbers else None

    @property
    def missing_frames(self) -> int:
        """How many frames the recorded gaps are."""
        return sum(gap.frames for gap in self.gaps)

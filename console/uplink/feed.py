"""The program log as one row of coded pictures and sound in the order of time, followed chunk by chunk as it grows."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from console.errors import ConsoleError
from console.outputs.cmaf import Chunk
from console.outputs.log import AUDIO, TRACKS, VIDEO, ProgramLog

WAIT_NS = 500_000_000
"""How long one track is held back for the other, in media time."""


@dataclass(frozen=True)
class Unit:
    """One coded picture or AAC frame. `sample` counts frames, or AAC frames, since 1970."""

    track: str
    sample: int
    start_ns: int
    key: bool
    init: int
    """The number of the header that it needs."""
    data: bytes


class _TrackFeed:
    """One track, from a place in the log on."""

    def __init__(self, program: ProgramLog, track: str, number: int) -> None:
        self.units: deque[Unit] = deque()
        self.newest = -1
        """The newest sample seen in the log."""
        self.end_ns = 0
        self.lost = 0
        """Samples that the index knows and the disk has no more."""
        self._program = program
        self._track = track
        self._time = program.time(track)
        self._number = number
        self._offset = 0
        self._chunks: deque[tuple[int, Chunk]] = deque()

    def fill(self) -> None:
        """Have the next units ready, if there are any."""
        while not self.units and (self._chunks or self._find_chunks()):
            if self._chunks:
                number, chunk = self._chunks.popleft()
                self._take(number, chunk)

    def _find_chunks(self) -> bool:
        """Look for chunks here, else step to the next segment; False when there is nothing more."""
        program = self._program
        following = program.following(self._track, self._number)  # before reading: then what is read is all of it
        chunks = program.chunks(self._track, self._number, self._offset)
        if chunks:
            self._offset = chunks[-1].end
            self._chunks.extend((self._number, chunk) for chunk in chunks)
            self.newest = self._time.sample_of(chunks[-1].time) + len(chunks[-1].sizes) - 1
        elif following is not None:
            gone = program.segment(self._track, self._number)
            if gone is not None and not self._offset:
                self.lost += gone.count
            self._number, self._offset = following, 0
        return bool(chunks) or following is not None

    def _take(self, number: int, chunk: Chunk) -> None:
        sealed = self._program.segment(self._track, number)
        init = sealed.init if sealed is not None else self._program.init_number(self._track)
        first = self._time.sample_of(chunk.time)
        for index, data in enumerate(self._program.samples(self._track, number, chunk)):
            key = chunk.key and (index == 0 or self._track == AUDIO)
            start_ns = self._time.start_ns(first + index)
            self.units.append(Unit(self._track, first + index, start_ns, key, init, data))
        self.end_ns = self._time.start_ns(first + len(chunk.sizes))


class Feed:
    """Pictures and sound from a key frame on."""

    def __init__(self, program: ProgramLog, frame: int) -> None:
        """Begin with the key frame at or before `frame`, or the first one behind it. The log must have a format."""
        self._program = program
        time = program.time(VIDEO)
        wanted = time.segment_of(frame)
        number = program.following(VIDEO, wanted - 1)
        number = wanted if number is None else number
        keys = [time.sample_of(chunk.time) for chunk in program.chunks(VIDEO, number) if chunk.key]
        self._first_key = max((key for key in keys if key <= frame), default=0)
        self._start_ns: int | None = None
        self._tracks = {track: _TrackFeed(program, track, number) for track in TRACKS}

    @property
    def newest_frame(self) -> int:
        """The newest frame seen in the log, -1 before the first."""
        return self._tracks[VIDEO].newest

    def take_lost(self) -> int:
        """Frames that turned out to be gone since the last call."""
        video = self._tracks[VIDEO]
        lost, video.lost = video.lost, 0
        return lost

    def next(self) -> Unit | None:
        """The next unit in the order of time; None when the log has none that is ready. Raises ConsoleError."""
        while (unit := self._next()) is not None:
            if self._start_ns is None:
                if unit.track == AUDIO or not unit.key or unit.sample < self._first_key:
                    continue
                self._start_ns = unit.start_ns
            if unit.start_ns >= self._start_ns:
                return unit
        return None

    def _next(self) -> Unit | None:
        try:
            for track in self._tracks.values():
                track.fill()
        except ConsoleError:
            self._program.refresh()
            raise
        video, audio = self._tracks[VIDEO], self._tracks[AUDIO]
        if video.units and audio.units:
            first = video if video.units[0].start_ns <= audio.units[0].start_ns else audio
            return first.units.popleft()
        for track, other in ((video, audio), (audio, video)):
            if track.units:
                ahead_ns = track.units[0].start_ns - other.end_ns
                if ahead_ns < 0 or ahead_ns > WAIT_NS or self._program.stopped:
                    return track.units.popleft()
        return None

"""Getting hold of delivered media: HLS over HTTP, and channels of an endpoint's store, as runs of bytes.

A *part* is one initialisation segment with the segments that belong to it; FFmpeg reads a part like one file. FFmpeg's
own HLS reader is not used: it hides which segments were missing, and can't be told when to give up.
"""

from __future__ import annotations

import hashlib
import json
import re
import ssl
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from http.client import HTTPException
from itertools import groupby
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from console.errors import ConsoleError
from console.media.address import masked
from console.media.clock import Clock
from console.probe.playlist import Master, Media, Segment, parse

_CHUNK = 1 << 16
_MOST_BYTES = 1 << 29
_PATIENCE = 6
_SLOWEST_BYTES_PER_SECOND = 10_000
"""An answer that trickles in slower than this is given up after so many time-outs."""
_SEGMENT_FILE = re.compile(r"(\d{1,18})\.m4s")


class SegmentMissingError(ConsoleError):
    """Something that was listed or asked for is not there."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is not there", "Check the address and the channel's name")


@dataclass(frozen=True)
class Part:
    """An initialisation segment (empty for MPEG-TS) and the segments after it, each fetched when it is called."""

    header: Callable[[], bytes]
    segments: tuple[Callable[[], bytes], ...]


class Feed:
    """The bytes of a part, fetched as they are read. Segments that are missing are left out and counted."""

    def __init__(self, part: Part) -> None:
        self.missing = 0
        self._chunks = self._fetch(part)
        self._rest = memoryview(b"")

    def _fetch(self, part: Part) -> Iterator[bytes]:
        yield part.header()
        for segment in part.segments:
            try:
                yield segment()
            except SegmentMissingError:
                self.missing += 1

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes (all of a segment when negative); `b""` at the end."""
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return b""
            self._rest = memoryview(chunk)
        count = len(self._rest) if size < 0 else size
        taken, self._rest = self._rest[:count], self._rest[count:]
        return bytes(taken)


def get(address: str, clock: Clock, timeout_s: float) -> bytes:
    """The body at an HTTP address. Raises ConsoleError; for 404 and 410 it is a SegmentMissingError."""
    return b"".join(chunks_of(address, clock, timeout_s))


def chunks_of(address: str, clock: Clock, timeout_s: float) -> Iterator[bytes]:
    """The body at an HTTP address, piece by piece; like `get`."""
    if not address.lower().startswith(("http://", "https://")):
        raise ConsoleError(f"{masked(address)} is not an HTTP address", "Give an address that begins with http")
    give_up = clock.now() + int(_PATIENCE * timeout_s * 1e9)
    shown = masked(address)
    try:
        request = Request(address, headers={"User-Agent": "podium-probe"})  # noqa: S310 scheme checked above
        with urlopen(request, timeout=timeout_s) as answer:  # noqa: S310
            count = 0
            while chunk := answer.read1(_CHUNK):
                yield chunk
                count += len(chunk)
                if count > _MOST_BYTES:
                    raise ConsoleError(f"{shown} is longer than {_MOST_BYTES >> 20} MiB", "Probe it as a file")
                if clock.now() > give_up + count * 1_000_000_000 // _SLOWEST_BYTES_PER_SECOND:
                    raise TimeoutError
            if answer.length:
                raise HTTPException(f"the answer ended {answer.length} bytes early")
    except HTTPError as error:
        error.close()
        if error.code in (404, 410):
            raise SegmentMissingError(shown) from error
        remedy = "Add ?token=... to the address" if error.code in (401, 403) else "Look at the endpoint's log"
        raise ConsoleError(f"{shown} was refused with status {error.code}", remedy) from error
    except TimeoutError as error:
        raise ConsoleError(
            f"{shown} did not answer within {timeout_s:g} s", "Check that the endpoint runs and the address is right"
        ) from error
    except (URLError, HTTPException, ssl.SSLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        if isinstance(reason, TimeoutError):
            reason = f"no answer within {timeout_s:g} s"
        raise ConsoleError(f"{shown} can't be reached: {reason}", "Check the address and that the endpoint runs") from (
            error
        )


def _read(path: Path, name: str = "") -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SegmentMissingError(name or str(path)) from error


class Hls:
    """An HLS program: `tracks()` gives its parts, each track (picture, then sound) by itself.

    A finished playlist is read from its first segment to its last, one segment at a time. A live one is followed for
    `seconds` from its newest segment on, into files in `spool`.
    """

    def __init__(self, address: str, text: str, clock: Clock, timeout_s: float, seconds: float, spool: Path) -> None:
        self._clock, self._timeout_s, self._seconds, self._spool = clock, timeout_s, seconds, spool
        found = parse(text, address)
        if isinstance(found, Master):
            self._addresses = [found.video, *([found.audio] if found.audio else [])]
        else:
            self._addresses = [address]
        self.gaps = 0

    def tracks(self) -> list[list[Part]]:
        """The parts of every track."""
        playlists = [self._media(address) for address in self._addresses]
        if all(media.ended for media in playlists):
            return [self._parts(media.segments, self._fetched) for media in playlists]
        followed = self._follow(playlists)
        return [self._parts(segments, self._spooled) for segments in followed]

    def _media(self, address: str) -> Media:
        text = get(address, self._clock, self._timeout_s).decode("utf-8", "replace")
        media = parse(text, address)
        if isinstance(media, Master):
            raise ConsoleError(f"{masked(address)} is a master playlist in another", "Give the media playlist")
        return media

    def _follow(self, playlists: list[Media]) -> list[list[Segment]]:
        until = self._clock.now() + int(self._seconds * 1e9)
        seen: list[dict[int, Segment]] = [{} for _ in playlists]
        first = min((media.segments[-1].number for media in playlists if media.segments), default=0)
        while True:
            for known, media in zip(seen, playlists, strict=True):
                for segment in media.segments:
                    # A gap may be filled before we are done, so it is looked at again.
                    if segment.number >= first and segment.number not in known and not segment.gap:
                        known[segment.number] = segment
                        self._spool_segment(segment)
            if self._clock.now() >= until:
                return [[known[number] for number in sorted(known)] for known in seen]
            pause = min(media.target_seconds for media in playlists) / 2
            self._clock.wait_until(min(until, self._clock.now() + int(pause * 1e9)))
            playlists = [self._media(address) for address in self._addresses]

    def _file(self, address: str) -> Path:
        return self._spool / hashlib.sha256(address.encode()).hexdigest()

    def _spool_segment(self, segment: Segment) -> None:
        for address in (segment.header, segment.address):
            if address and not self._file(address).exists():
                try:
                    self._file(address).write_bytes(get(address, self._clock, self._timeout_s))
                except SegmentMissingError:
                    continue

    def _spooled(self, address: str) -> bytes:
        return _read(self._file(address), masked(address))

    def _fetched(self, address: str) -> bytes:
        return get(address, self._clock, self._timeout_s)

    def _parts(self, segments: Iterable[Segment], fetch: Callable[[str], bytes]) -> list[Part]:
        parts = []
        for header, group in groupby(segments, key=lambda segment: segment.header):
            listed = list(group)
            self.gaps += sum(segment.gap for segment in listed)
            parts.append(
                Part(
                    partial(fetch, header) if header else bytes,
                    tuple(partial(fetch, each.address) for each in listed if not each.gap),
                )
            )
        return parts


def stored_tracks(channel: Path) -> list[list[Part]]:
    """The parts of a channel's directory in an endpoint's store (`video/`, `audio/`, each with an `index.jsonl`).

    Raises ConsoleError when it is none.
    """
    tracks = [_stored_parts(channel / kind) for kind in ("video", "audio") if (channel / kind).is_dir()]
    if not any(tracks):
        inside = sorted(path.parent.name for path in channel.glob("*/video"))
        remedy = f"Give the directory of one channel: {', '.join(inside[:8])}" if inside else "Give STORE/CHANNEL"
        raise ConsoleError(f"{channel} is not a channel of a store, or has nothing in it yet", remedy)
    return [track for track in tracks if track]


def _stored_parts(track: Path) -> list[Part]:
    header_of: dict[int, str] = {}
    try:
        with open(track / "index.jsonl", encoding="utf-8", errors="replace") as lines:
            for line in lines:
                try:
                    entry = json.loads(line)
                    header_of[int(entry["k"])] = str(entry["init"])
                except (ValueError, KeyError, TypeError):
                    continue
    except FileNotFoundError:
        pass
    headers = sorted(path.name for path in track.glob("init*.mp4"))
    names = (_SEGMENT_FILE.fullmatch(path.name) for path in track.iterdir())
    numbers = sorted(int(name[1]) for name in names if name)
    if not headers:
        return []
    listed = [(header_of.get(number, headers[-1]), number) for number in numbers]
    return [
        Part(
            partial(_read, track / Path(header).name),
            tuple(partial(_read, track / f"{number}.m4s") for _, number in group),
        )
        for header, group in ((header, list(group)) for header, group in groupby(listed, key=lambda each: each[0]))
    ]

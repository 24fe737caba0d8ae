"""PosiStageNet 2.03: where athletes and things are. Data packets at the tracking's rate, info packets (names) at 1 Hz.

A packet is a tree of chunks, little-endian: `id u16, length 15 bits + 1 bit "holds chunks"`. A frame of many trackers
is several datagrams with one frame number, each with whole trackers, so each is of use by itself. The axes are the
sender's: +x right, +y up, +z away, in metres. A tracker's number is the id of its chunk. Unknown chunks are skipped.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import hypot
from typing import Any, NamedTuple

from console.errors import ConsoleError
from console.tracking.packet import ABSURD_M, PacketRefused, Vector

GROUP, PORT = "236.10.10.10", 56565
MAX_SENT_BYTES = 1500
MAX_NAME_BYTES = 512
"""Longer names are cut."""
VERSION = (2, 3)
_DATA, _INFO = 0x6755, 0x6756
_VERSION_1 = (0x6754, 0x503C)
_HOLDS_CHUNKS = 0x8000
_HEADER_CHUNK, _DATA_LIST, _INFO_SYSTEM, _INFO_LIST, _NAME = 0, 1, 1, 2, 0
_CHUNK = struct.Struct("<HH")
_HEADER = struct.Struct("<QBBBB")
_VECTOR = struct.Struct("<3f")
_FLOAT = struct.Struct("<f")
_TIME = struct.Struct("<Q")
_read_word = struct.Struct("<I").unpack_from
_TIME_CHUNK = 6
# The chunks of a tracker by their whole header: their place in `Tracker`, and their content.
_LAYOUTS = (_VECTOR, _VECTOR, _VECTOR, _FLOAT, _VECTOR, _VECTOR, _TIME)
_FIELDS = {
    layout.size << 16 | kind: (kind + 1, layout.unpack_from, layout is _TIME) for kind, layout in enumerate(_LAYOUTS)
}


class Tracker(NamedTuple):
    """One tracked thing, in the sender's axes; None is what was not sent.

    A named tuple, not a dataclass: thirty thousand of them are made in a second, and this takes a third of the time.
    """

    id: int
    position_m: Vector | None = None
    speed_mps: Vector | None = None
    orientation_rad: Vector | None = None
    """The axis of a rotation; its length is the angle."""
    validity: float | None = None
    """0 is lost, 1 is sure."""
    acceleration_mps2: Vector | None = None
    target_m: Vector | None = None
    time_us: int | None = None
    """When it was measured, on the clock of `Header.time_us`."""


@dataclass(frozen=True, slots=True)
class Header:
    """What every packet begins with."""

    time_us: int
    """Microseconds since the server started."""
    frame: int
    """0 to 255; data and info packets count separately."""
    packets: int
    """How many datagrams the frame has."""
    version: tuple[int, int] = VERSION


@dataclass(frozen=True, slots=True)
class DataPacket:
    """Trackers of one datagram; `refused` says which were left out because a number is none or absurd."""

    header: Header
    trackers: tuple[Tracker, ...]
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InfoPacket:
    """Names of one datagram."""

    header: Header
    system: str
    names: tuple[tuple[int, str], ...]


def _chunks(data: bytes, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """The id, begin and end of each chunk's content between two places."""
    while at < end:
        if at + 4 > end:
            raise PacketRefused("A PosiStageNet chunk ends within its header")
        kind, size = _CHUNK.unpack_from(data, at)
        begin = at + 4
        at = begin + (size & 0x7FFF)
        if at > end:
            raise PacketRefused(f"PosiStageNet chunk {kind} is longer than what holds it")
        yield kind, begin, at


def _read_header(data: bytes, begin: int, end: int) -> Header:
    if end - begin < _HEADER.size:
        raise PacketRefused("The PosiStageNet packet header is too short")
    time_us, high, low, frame, packets = _HEADER.unpack_from(data, begin)
    if high != VERSION[0]:
        raise PacketRefused(f"PosiStageNet version {high}.{low:02} is unknown")
    return Header(time_us, frame, packets, (high, low))


def _read_tracker(data: bytes, number: int, at: int, end: int) -> Tracker:
    """Raises ValueError with a sentence for a number that is none, or absurd.

    Does by itself what `_chunks` does, as it is where the time goes.
    """
    fields: list[Any] = [number, None, None, None, None, None, None, None]
    while at < end:
        if at + 4 > end:
            raise PacketRefused("A PosiStageNet chunk ends within its header")
        (head,) = _read_word(data, at)
        begin, at = at + 4, at + 4 + (head >> 16 & 0x7FFF)
        if at > end:
            raise PacketRefused(f"PosiStageNet chunk {head & 0xFFFF} is longer than what holds it")
        if (known := _FIELDS.get(head & 0x7FFF_FFFF)) is not None:
            place, unpack, is_time = known
            fields[place] = value = unpack(data, begin)
            if not is_time and not hypot(*value) < ABSURD_M:  # also when a number is none
                told = ", ".join(f"{part:g}" for part in value)
                raise ValueError(f"Tracker {number}: {Tracker._fields[place]} is {told}")
        elif head & 0xFFFF <= _TIME_CHUNK:
            raise PacketRefused(f"PosiStageNet tracker {number} has a chunk {head & 0xFFFF} of {at - begin} bytes")
    if fields[4] is not None:
        (fields[4],) = fields[4]
    if fields[7] is not None:
        (fields[7],) = fields[7]
    return Tracker._make(fields)


def _text(data: bytes) -> str:
    return data[:MAX_NAME_BYTES].rstrip(b"\0").decode("utf-8", "replace")


def _read_data(data: bytes) -> DataPacket:
    header, trackers, refused = None, [], []
    for kind, begin, end in _chunks(data, 4, len(data)):
        if kind == _HEADER_CHUNK:
            header = _read_header(data, begin, end)
        elif kind == _DATA_LIST:
            for number, at, stop in _chunks(data, begin, end):
                try:
                    trackers.append(_read_tracker(data, number, at, stop))
                except ValueError as reason:
                    refused.append(str(reason))
    if header is None:
        raise PacketRefused("The PosiStageNet packet has no header")
    if refused and not trackers:
        raise PacketRefused("; ".join(refused))
    return DataPacket(header, tuple(trackers), tuple(refused))


def _read_info(data: bytes) -> InfoPacket:
    header, system, names = None, "", []
    for kind, begin, end in _chunks(data, 4, len(data)):
        if kind == _HEADER_CHUNK:
            header = _read_header(data, begin, end)
        elif kind == _INFO_SYSTEM:
            system = _text(data[begin:end])
        elif kind == _INFO_LIST:
            for number, at, stop in _chunks(data, begin, end):
                for inner, start, over in _chunks(data, at, stop):
                    if inner == _NAME:
                        names.append((number, _text(data[start:over])))
    if header is None:
        raise PacketRefused("The PosiStageNet packet has no header")
    return InfoPacket(header, system, tuple(names))


def decode(data: bytes) -> DataPacket | InfoPacket:
    """Read a datagram. Raises PacketRefused."""
    if len(data) < 4:
        raise PacketRefused(f"A datagram of {len(data)} bytes is no PosiStageNet packet")
    kind, size = _CHUNK.unpack_from(data, 0)
    if kind in _VERSION_1:
        raise PacketRefused("PosiStageNet version 1 is not understood")
    if kind not in (_DATA, _INFO):
        raise PacketRefused(f"A PosiStageNet packet begins with 6755 or 6756, this one with {kind:04X}")
    if size & 0x7FFF != len(data) - 4:
        raise PacketRefused(f"The PosiStageNet packet says {size & 0x7FFF} bytes and has {len(data) - 4}")
    return _read_data(data) if kind == _DATA else _read_info(data)


def _chunk(kind: int, content: bytes, *, holds_chunks: bool = False) -> bytes:
    return _CHUNK.pack(kind, len(content) | (_HOLDS_CHUNKS if holds_chunks else 0)) + content


def _tracker_chunk(tracker: Tracker) -> bytes:
    content = b""
    try:
        for kind, (layout, value) in enumerate(zip(_LAYOUTS, tracker[1:], strict=True)):
            if value is None:
                continue
            parts = value if isinstance(value, tuple) else (value,)
            if layout is not _TIME and not hypot(*parts) < ABSURD_M:
                raise ConsoleError(f"PosiStageNet tracker {tracker.id} has {Tracker._fields[kind + 1]} = {value}")
            content += _chunk(kind, layout.pack(*parts))
        return _chunk(tracker.id, content, holds_chunks=True)
    except (struct.error, OverflowError, TypeError) as error:
        raise ConsoleError(f"PosiStageNet can't hold tracker {tracker.id}: {error}") from error


def _split(chunks: Iterable[bytes], room: int) -> list[bytes]:
    """Whole chunks joined into lists of at most `room` bytes; one empty list when there are none."""
    lists = [b""]
    for chunk in chunks:
        if len(chunk) > room:
            raise ConsoleError(f"A PosiStageNet tracker of {len(chunk)} bytes does not fit into a datagram")
        if len(lists[-1]) + len(chunk) > room:
            lists.append(b"")
        lists[-1] += chunk
    return lists


def _packets(
    root: int, before: bytes, list_kind: int, chunks: Iterable[bytes], frame: int, time_us: int
) -> list[bytes]:
    room = MAX_SENT_BYTES - 4 - (4 + _HEADER.size) - len(before) - 4
    lists = _split(chunks, room)
    try:
        header = _chunk(_HEADER_CHUNK, _HEADER.pack(time_us, *VERSION, frame, len(lists)))
    except struct.error as error:
        raise ConsoleError(f"PosiStageNet can't hold frame {frame} of {len(lists)} packets at {time_us} us") from error
    listed = (_chunk(list_kind, content, holds_chunks=True) for content in lists)
    return [_chunk(root, header + before + content, holds_chunks=True) for content in listed]


def encode_data(trackers: Sequence[Tracker], *, frame: int, time_us: int) -> list[bytes]:
    """The datagrams of one frame, none over 1500 bytes. Raises ConsoleError for what does not fit."""
    return _packets(_DATA, b"", _DATA_LIST, (_tracker_chunk(t) for t in trackers), frame, time_us)


def encode_info(system: str, names: Sequence[tuple[int, str]], *, frame: int, time_us: int) -> list[bytes]:
    """The datagrams that name a system and its trackers. Raises ConsoleError for what does not fit."""
    before = _chunk(_INFO_SYSTEM, system.encode()[:MAX_NAME_BYTES])
    named = (_chunk(number, _chunk(_NAME, name.encode()[:MAX_NAME_BYTES]), holds_chunks=True) for number, name in names)
    return _packets(_INFO, before, _INFO_LIST, named, frame, time_us)

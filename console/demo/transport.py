"""MPEG transport streams (ISO/IEC 13818-1) of one program: written once, then played round and round.

`Muxer` writes one *slot* per picture: tables every so often, the picture in decoding order, the sound that belongs to
the same time. `Loop` takes such a file apart into its slots again and stamps them anew for every time round, so that
time stamps and continuity counters run on as if the loop had no end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from console.errors import ConsoleError

PACKET = 188
CLOCK_HZ = 90_000
_WRAP = 1 << 33
_PMT_PID, _VIDEO_PID, _AUDIO_PID = 0x1000, 0x100, 0x101
_VIDEO_ID, _AUDIO_ID = 0xE0, 0xC0
_H264, _AAC = 0x1B, 0x0F
_START = CLOCK_HZ
"""Time stamp of the first picture."""
_LEAD = CLOCK_HZ // 10
"""How far the program clock is behind the decoding time: what a receiver's buffer may hold."""
_ADTS_BYTES = 7


class AccessUnit(NamedTuple):
    """One coded picture: times in frames since the loop began."""

    data: bytes
    pts: int
    dts: int
    key: bool


def _crc(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1) ^ (0x04C11DB7 if crc & 0x80000000 else 0)
        crc &= 0xFFFFFFFF
    return crc


def _section(table: int, number: int, body: bytes) -> bytes:
    """A table section as the payload of one packet."""
    length = len(body) + 9
    section = bytes((table, 0xB0 | length >> 8, length & 0xFF, number >> 8, number & 0xFF, 0xC1, 0, 0)) + body
    return (b"\0" + section + _crc(section).to_bytes(4, "big")).ljust(PACKET - 4, b"\xff")


_PAT = _section(0x00, 1, bytes((0, 1, 0xE0 | _PMT_PID >> 8, _PMT_PID & 0xFF)))
_PMT = _section(
    0x02,
    1,
    bytes((0xE0 | _VIDEO_PID >> 8, _VIDEO_PID & 0xFF, 0xF0, 0))
    + bytes((_H264, 0xE0 | _VIDEO_PID >> 8, _VIDEO_PID & 0xFF, 0xF0, 0))
    + bytes((_AAC, 0xE0 | _AUDIO_PID >> 8, _AUDIO_PID & 0xFF, 0xF0, 0)),
)


def _stamp(mark: int, ticks: int) -> bytes:
    """A time stamp of a PES header; `mark` is 2 (PTS alone), 3 (PTS of two) or 1 (DTS)."""
    ticks %= _WRAP
    return bytes((
        mark << 4 | ticks >> 29 & 0x0E | 1,
        ticks >> 22 & 0xFF,
        ticks >> 14 & 0xFE | 1,
        ticks >> 7 & 0xFF,
        ticks << 1 & 0xFE | 1,
    ))  # fmt: skip


def _unstamp(field: bytes) -> int:
    return (field[0] >> 1 & 7) << 30 | field[1] << 22 | (field[2] >> 1) << 15 | field[3] << 7 | field[4] >> 1


def _pcr(ticks: int) -> bytes:
    ticks %= _WRAP
    return (ticks << 15 | 0x7E00).to_bytes(6, "big")


def _pes(stream_id: int, data: bytes, pts: int, dts: int | None) -> bytes:
    stamps = _stamp(2, pts) if dts is None else _stamp(3, pts) + _stamp(1, dts)
    length = len(data) + 3 + len(stamps)
    # 0: until the next picture begins. Where the length can be told, a receiver need not wait for that.
    size = length if length < 1 << 16 else 0
    return (
        bytes((0, 0, 1, stream_id, size >> 8, size & 0xFF, 0x84, 0xC0 if dts is not None else 0x80, len(stamps)))
        + stamps
        + data
    )


def adts(frame: bytes) -> bytes:
    """An AAC LC frame (48 kHz, stereo) with its ADTS header."""
    size = len(frame) + _ADTS_BYTES
    return bytes((0xFF, 0xF1, 0x4C, 0x80 | size >> 11, size >> 3 & 0xFF, (size & 7) << 5 | 0x1F, 0xFC)) + frame


class Muxer:
    """Writes the slots of one loop."""

    def __init__(self, frame_ticks: int, tables_every: int) -> None:
        self._frame_ticks = frame_ticks
        self._tables_every = tables_every
        self._counters: dict[int, int] = {}
        self._slots = 0

    def slot(self, picture: AccessUnit, sound: list[tuple[int, bytes]]) -> bytes:
        """One picture and its sound: pairs of time in clock ticks since the loop began, and ADTS frame."""
        out = []
        if picture.key or self._slots % self._tables_every == 0:
            out += [self._packets(0, _PAT), self._packets(_PMT_PID, _PMT)]
        self._slots += 1
        pts, dts = (_START + n * self._frame_ticks for n in (picture.pts, picture.dts))
        pes = _pes(_VIDEO_ID, picture.data, pts, dts)
        out.append(self._packets(_VIDEO_PID, pes, pcr=dts - _LEAD, key=picture.key))
        out += [self._packets(_AUDIO_PID, _pes(_AUDIO_ID, data, _START + ticks, None)) for ticks, data in sound]
        return b"".join(out)

    def _packets(self, pid: int, payload: bytes, *, pcr: int | None = None, key: bool = False) -> bytes:
        out = bytearray()
        at = 0
        while at < len(payload):
            first = at == 0
            field = b""
            if first and pcr is not None:
                field = bytes((0x50 if key else 0x10,)) + _pcr(pcr)
            room = PACKET - 4 - (len(field) + 1 if field else 0)
            part = payload[at : at + room]
            spare = room - len(part)
            counter = self._counters.get(pid, 0)
            self._counters[pid] = (counter + 1) & 0x0F
            adapt = bool(field) or spare > 0
            out += bytes((0x47, (0x40 if first else 0) | pid >> 8, pid & 0xFF, (0x30 if adapt else 0x10) | counter))
            if field:
                out += bytes((len(field) + spare,)) + field + b"\xff" * spare
            elif spare:
                out += bytes((spare - 1,)) + (b"\0" + b"\xff" * (spare - 2) if spare > 1 else b"")
            out += part
            at += len(part)
        return bytes(out)


@dataclass(frozen=True)
class _Place:
    """A time stamp in a slot."""

    at: int
    mark: int
    """As in `_stamp`; 0 is a program clock reference."""
    ticks: int


@dataclass(frozen=True)
class _Slot:
    data: bytes
    places: tuple[_Place, ...]
    key: bool


class Loop:
    """One loop of a file that `Muxer` wrote, played for ever."""

    def __init__(self, data: bytes, frame_ticks: int, name: str) -> None:
        """Take the file apart. `name` is for the error. Raises ConsoleError when it is no such file."""
        packets = np.frombuffer(data, np.uint8)
        if not len(data) or len(data) % PACKET or (packets[::PACKET] != 0x47).any():
            raise ConsoleError(f"{name} is not a whole transport stream", "Remove it; the demo draws it again")
        packets = packets.reshape(-1, PACKET)
        pids = (packets[:, 1] & 0x1F).astype(np.int32) << 8 | packets[:, 2]
        starts = np.flatnonzero((pids == _VIDEO_PID) & (packets[:, 1] & 0x40 > 0))
        if not len(starts):
            raise ConsoleError(f"{name} has no pictures", "Remove it; the demo draws it again")
        begins = np.where((starts >= 2) & (pids[np.maximum(starts - 2, 0)] == 0), starts - 2, starts)
        ends = np.append(begins[1:], len(packets))
        self._slots = [_taken_apart(packets[a:b], pids[a:b]) for a, b in zip(begins, ends, strict=True)]
        self._ticks = len(self._slots) * frame_ticks
        used = np.array([np.count_nonzero(pids == pid) % 16 for pid in range(0x2000)], np.uint8)
        self._step = used[pids]
        self._begins = begins
        if begins[0] != 0 or not self._slots[0].key:
            raise ConsoleError(f"{name} does not begin with a picture", "Remove it; the demo draws it again")

    def __len__(self) -> int:
        return len(self._slots)

    def is_key(self, number: int) -> bool:
        """Whether a receiver can begin with this slot; slots count on through all rounds."""
        return self._slots[number % len(self._slots)].key

    def slot(self, number: int) -> bytes:
        """The bytes of a slot."""
        turn, index = divmod(number, len(self._slots))
        slot = self._slots[index]
        if not turn:
            return slot.data
        out = bytearray(slot.data)
        later = turn * self._ticks
        for place in slot.places:
            fresh = _stamp(place.mark, place.ticks + later) if place.mark else _pcr(place.ticks + later)
            out[place.at : place.at + len(fresh)] = fresh
        view = np.frombuffer(out, np.uint8).reshape(-1, PACKET)
        begin = self._begins[index]
        step = self._step[begin : begin + len(view)] * np.uint8(turn & 0x0F)
        view[:, 3] = view[:, 3] & 0xF0 | view[:, 3] + step & 0x0F
        return bytes(out)


def _taken_apart(packets: NDArray[np.uint8], pids: NDArray[np.int32]) -> _Slot:
    """Find the time stamps of a slot."""
    data = packets.tobytes()
    places = []
    key = False
    for index in np.flatnonzero((packets[:, 1] & 0x40 > 0) & ((pids == _VIDEO_PID) | (pids == _AUDIO_PID))):
        at = int(index) * PACKET + 4
        if data[at - 1] & 0x20:
            if data[at] and data[at + 1] & 0x10:
                places.append(_Place(at + 2, 0, int.from_bytes(data[at + 2 : at + 8], "big") >> 15))
                key = key or bool(data[at + 1] & 0x40)
            at += 1 + data[at]
        flags = data[at + 7]
        places.append(_Place(at + 9, 3 if flags & 0x40 else 2, _unstamp(data[at + 9 : at + 14])))
        if flags & 0x40:
            places.append(_Place(at + 14, 1, _unstamp(data[at + 14 : at + 19])))
    return _Slot(data, tuple(places), key)

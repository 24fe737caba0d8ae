"""The packets in which OpenTrackIO 1.0.1 travels over UDP: a header of 16 bytes, and a payload cut into segments.

`"OTrk" | reserved | encoding | sequence u16 | segment offset u32 | last flag + length 15 bits | checksum u16`,
big-endian. The checksum is Fletcher-16 of all but itself, **modulo 256**; senders of 1.0.0 compute it modulo 255, the
textbook's way. Both are taken and the packet says which it was, `mod256` when both fit. Each reading alone sees every
wrong byte (modulo 255 can't tell 00 from FF), but a packet that is right modulo 256 and got one wrong byte may by
chance be right modulo 255: 1 of 65,536. A stream that is known to be modulo 256 asks for that alone (see `stream`).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum, StrEnum

import numpy as np

from console.errors import ConsoleError
from console.tracking.packet import MAX_DATAGRAM_BYTES, PacketRefused

GROUPS, PORT = "239.135.1.SOURCE", 55555
"""Where it is multicast; sources are 1 to 200."""
MAX_SENT_BYTES = 1472
"""What an Ethernet frame holds after IP's and UDP's headers."""
MAX_PAYLOAD_BYTES = 256 * 1024
MAX_WAITING_SEGMENTS = 64
_HEADER = struct.Struct(">4sBBHIHH")
_LAST = 0x8000
_WEIGHTS = np.arange(MAX_DATAGRAM_BYTES, 0, -1, dtype=np.int64)


class Encoding(IntEnum):
    """What the payload is written in."""

    JSON = 1
    CBOR = 2


class Checksum(StrEnum):
    """Which reading of Fletcher-16."""

    MOD256 = "mod256"
    MOD255 = "mod255"


def fletcher16(data: bytes) -> dict[Checksum, int]:
    """Both readings of the checksum: the sums are the same, only the modulus differs."""
    values = np.frombuffer(data, np.uint8).astype(np.int64)
    sum1, sum2 = int(values.sum()), int(values @ _WEIGHTS[MAX_DATAGRAM_BYTES - len(data) :])
    return {
        Checksum.MOD256: sum2 % 256 << 8 | sum1 % 256,
        Checksum.MOD255: sum2 % 255 << 8 | sum1 % 255,
    }


@dataclass(frozen=True, slots=True)
class Segment:
    """One datagram: a piece of a payload, or all of it."""

    sequence: int
    encoding: Encoding
    offset: int
    """Where in the payload this piece begins, in bytes."""
    last: bool
    body: bytes
    checksum: Checksum

    @property
    def end(self) -> int:
        """Where in the payload the next piece begins."""
        return self.offset + len(self.body)

    @property
    def is_whole(self) -> bool:
        """Whether the payload is in this datagram alone."""
        return self.last and self.offset == 0


def decode_segment(data: bytes, *, mod255: bool = True) -> Segment:
    """Read a datagram; `mod255` says whether the old reading of the checksum is taken. Raises PacketRefused."""
    if len(data) < _HEADER.size or len(data) > MAX_DATAGRAM_BYTES:
        raise PacketRefused(f"A datagram of {len(data)} bytes is no OpenTrackIO packet")
    magic, reserved, encoding, sequence, offset, length, told = _HEADER.unpack_from(data)
    if magic != b"OTrk":
        raise PacketRefused(f"An OpenTrackIO packet begins with 'OTrk', this one with {magic.hex().upper()}")
    sums = fletcher16(data[:14] + data[16:])
    if told == sums[Checksum.MOD256]:
        checksum = Checksum.MOD256
    elif told == sums[Checksum.MOD255] and mod255:
        checksum = Checksum.MOD255
    else:
        raise PacketRefused(f"The OpenTrackIO checksum is {told:04X} and should be {sums[Checksum.MOD256]:04X}")
    if reserved != 0:
        raise PacketRefused(f"OpenTrackIO's reserved byte is {reserved}: a version of the packet that is unknown")
    if encoding not in (Encoding.JSON, Encoding.CBOR):
        raise PacketRefused(f"OpenTrackIO encoding {encoding} is neither JSON (1) nor CBOR (2)")
    if length & 0x7FFF != len(data) - _HEADER.size:
        told_bytes, has_bytes = length & 0x7FFF, len(data) - _HEADER.size
        raise PacketRefused(f"The OpenTrackIO packet says {told_bytes} bytes and has {has_bytes}")
    if offset + len(data) - _HEADER.size > MAX_PAYLOAD_BYTES:
        raise PacketRefused(f"An OpenTrackIO payload beyond {MAX_PAYLOAD_BYTES} bytes is absurd")
    return Segment(sequence, Encoding(encoding), offset, bool(length & _LAST), data[16:], checksum)


def _encode_segment(segment: Segment) -> bytes:
    length = len(segment.body) | (_LAST if segment.last else 0)
    head = _HEADER.pack(b"OTrk", 0, segment.encoding, segment.sequence & 0xFFFF, segment.offset, length, 0)[:14]
    return head + fletcher16(head + segment.body)[segment.checksum].to_bytes(2, "big") + segment.body


def encode_segments(
    payload: bytes,
    encoding: Encoding,
    sequence: int,
    *,
    checksum: Checksum = Checksum.MOD256,
    max_bytes: int = MAX_SENT_BYTES,
) -> list[bytes]:
    """The datagrams of a payload; each takes the next sequence number, so the payload after it begins with `sequence`
    + their count. Raises ConsoleError for an empty or an absurd payload.
    """
    if not 0 < len(payload) <= MAX_PAYLOAD_BYTES:
        raise ConsoleError(f"A payload of {len(payload)} bytes can't be sent", f"1 to {MAX_PAYLOAD_BYTES} bytes can")
    room = max_bytes - _HEADER.size
    found = []
    for number, at in enumerate(range(0, len(payload), room)):
        body = payload[at : at + room]
        segment = Segment(sequence + number, encoding, at, at + room >= len(payload), body, checksum)
        found.append(_encode_segment(segment))
    return found


@dataclass(frozen=True, slots=True)
class Payload:
    """A payload put together; the sequence is that of its first packet."""

    sequence: int
    encoding: Encoding
    data: bytes
    checksum: Checksum


class Assembler:
    """Puts one sender's segments together, in whatever order they come; a payload with a lost segment is dropped.

    Segments of a payload have consecutive sequence numbers, from some senders one and the same. At most 64 segments
    wait; then, and when a later payload is whole, the older ones are dropped and counted in `dropped`.
    """

    def __init__(self) -> None:
        self.dropped = 0
        """Segments of payloads that were never whole."""
        self._waiting: dict[tuple[int, int], Segment] = {}  # by sequence and offset, oldest first

    @property
    def waiting(self) -> tuple[Segment, ...]:
        """Segments whose payload is not whole."""
        return tuple(self._waiting.values())

    def add(self, segment: Segment) -> Payload | None:
        """Take a segment; the payload when it is whole now."""
        if segment.is_whole:
            self._drop_until(segment.sequence)
            return Payload(segment.sequence, segment.encoding, segment.body, segment.checksum)
        if not segment.body:
            return None
        self._waiting[segment.sequence, segment.offset] = segment
        for first in [held for held in self._waiting.values() if held.offset == 0]:
            chain = list(self._chain(first))
            if chain[-1].last:
                return self._joined(chain)
        while len(self._waiting) > MAX_WAITING_SEGMENTS:
            del self._waiting[next(iter(self._waiting))]
            self.dropped += 1
        return None

    def _chain(self, segment: Segment | None) -> Iterator[Segment]:
        while segment is not None:
            yield segment
            if segment.last:
                return
            following = ((segment.sequence + step & 0xFFFF, segment.end) for step in (1, 0))
            found = (self._waiting[key] for key in following if key in self._waiting)
            segment = next((other for other in found if other.encoding is segment.encoding), None)

    def _joined(self, chain: list[Segment]) -> Payload:
        for segment in chain:
            del self._waiting[segment.sequence, segment.offset]
        self._drop_until(chain[-1].sequence)
        old = any(segment.checksum is Checksum.MOD255 for segment in chain)
        data = b"".join(segment.body for segment in chain)
        return Payload(chain[0].sequence, chain[0].encoding, data, Checksum.MOD255 if old else Checksum.MOD256)

    def _drop_until(self, sequence: int) -> None:
        """Drop what is older than a payload that is whole."""
        for key in [key for key in self._waiting if (sequence - key[0] & 0xFFFF) < 0x8000]:
            del self._waiting[key]
            self.dropped += 1

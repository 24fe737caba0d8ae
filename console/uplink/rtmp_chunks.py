"""The RTMP chunk stream (Adobe, "Real Time Messaging Protocol", 5.3 and 5.4): messages to bytes and back.

No sockets: bytes in, messages out. What comes from the far end is not trusted: sizes are bounded, and anything that
can't be is a ProtocolError.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

SET_CHUNK_SIZE, ABORT, ACKNOWLEDGEMENT, USER_CONTROL, WINDOW_SIZE, PEER_BANDWIDTH = 1, 2, 3, 4, 5, 6
AUDIO, VIDEO, COMMAND_AMF3, DATA, COMMAND = 8, 9, 17, 18, 20
PING_REQUEST, PING_RESPONSE = 6, 7
CHUNK_BYTES = 60_000
"""The chunk size that we announce and use."""
MESSAGE_BYTES_MAX = 1 << 20
"""No server has to say more than this in one message."""
_STREAMS_MAX = 64
_EXTENDED = 0xFFFFFF


class ProtocolError(Exception):
    """The far end does not speak RTMP, or speaks it wrongly."""


class RtmpMessage(NamedTuple):
    """One message."""

    kind: int
    payload: bytes
    time_ms: int = 0
    stream: int = 0


def message_bytes(message: RtmpMessage, chunk_stream: int, chunk_bytes: int) -> bytes:
    """A message as chunks: a full header, then continuations. `chunk_stream` 2..63."""
    time = message.time_ms & 0xFFFFFFFF
    extended = struct.pack(">I", time) if time >= _EXTENDED else b""
    short = min(time, _EXTENDED)
    header = (
        bytes((chunk_stream,))
        + short.to_bytes(3, "big")
        + len(message.payload).to_bytes(3, "big")
        + bytes((message.kind,))
        + struct.pack("<I", message.stream)
        + extended
    )
    parts = [header, message.payload[:chunk_bytes]]
    for start in range(chunk_bytes, len(message.payload), chunk_bytes):
        parts += (bytes((0xC0 | chunk_stream,)), extended, message.payload[start : start + chunk_bytes])
    return b"".join(parts)


@dataclass
class _Incoming:
    """What a chunk stream remembers between chunks (5.3.1.2)."""

    time: int = 0
    delta: int = 0
    length: int = 0
    kind: int = 0
    stream: int = 0
    extended: bool = False
    payload: bytearray = field(default_factory=bytearray)


class ChunkReader:
    """Puts messages together from the bytes of the far end."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._streams: dict[int, _Incoming] = {}
        self._chunk_bytes = 128
        self.received = 0
        """Bytes taken in so far."""

    def feed(self, data: bytes) -> Iterator[RtmpMessage]:
        """Take bytes in; the messages that are complete come out. Raises ProtocolError."""
        self.received += len(data)
        self._buffer += data
        while (used := self._chunk()) is not None:
            size, message = used
            del self._buffer[:size]
            if message is not None:
                self._obey(message)
                yield message

    def _obey(self, message: RtmpMessage) -> None:
        if message.kind in (SET_CHUNK_SIZE, ABORT):
            if len(message.payload) < 4:
                raise ProtocolError("a control message is cut short")
            value = int.from_bytes(message.payload[:4], "big")
            if message.kind == ABORT:
                self._streams.pop(value, None)
            elif not 1 <= value <= 0x7FFFFFFF:
                raise ProtocolError(f"a chunk size of {value}")
            else:
                self._chunk_bytes = min(value, MESSAGE_BYTES_MAX)

    def _chunk(self) -> tuple[int, RtmpMessage | None] | None:
        """The buffer's first chunk: its bytes, and the message that it completes; None while it is not all there."""
        buffer = self._buffer
        if not buffer:
            return None
        form, number, at = buffer[0] >> 6, buffer[0] & 63, 1
        if number < 2:
            extra = number + 1
            if len(buffer) < 1 + extra:
                return None
            number = 64 + buffer[1] + (buffer[2] << 8 if extra == 2 else 0)
            at += extra
        known = self._streams.get(number)
        if known is None:
            if form == 3 or len(self._streams) >= _STREAMS_MAX:
                raise ProtocolError("a chunk continues a message that never began")
            known = _Incoming()
        header = self._header(known, form, at)
        if header is None:
            return None
        fresh, at = header
        size = min(self._chunk_bytes, fresh.length - len(fresh.payload))
        if len(buffer) < at + size:
            return None
        fresh.payload += buffer[at : at + size]
        self._streams[number] = fresh
        if len(fresh.payload) < fresh.length:
            return at + size, None
        message = RtmpMessage(fresh.kind, bytes(fresh.payload), fresh.time, fresh.stream)
        fresh.payload = bytearray()
        return at + size, message

    def _header(self, known: _Incoming, form: int, at: int) -> tuple[_Incoming, int] | None:
        """The message header behind the basic header, on top of what is known; and where the payload begins."""
        buffer = self._buffer
        size = (11, 7, 3, 0)[form]
        if len(buffer) < at + size:
            return None
        fresh = _Incoming(
            known.time, known.delta, known.length, known.kind, known.stream, known.extended, known.payload
        )
        short = 0
        if form < 3:
            short = int.from_bytes(buffer[at : at + 3], "big")
            fresh.extended = short == _EXTENDED
            fresh.payload = bytearray()
        if form < 2:
            fresh.length = int.from_bytes(buffer[at + 3 : at + 6], "big")
            fresh.kind = buffer[at + 6]
        if form == 0:
            fresh.stream = int.from_bytes(buffer[at + 7 : at + 11], "little")
        at += size
        if fresh.extended:
            if len(buffer) < at + 4:
                return None
            short = int.from_bytes(buffer[at : at + 4], "big")
            at += 4
        if fresh.length > MESSAGE_BYTES_MAX:
            raise ProtocolError(f"a message of {fresh.length} bytes")
        if form == 0:
            fresh.time, fresh.delta = short, 0
        elif form < 3:
            fresh.delta = short
        if form in (1, 2) or (form == 3 and not known.payload):
            fresh.time = (known.time + fresh.delta) & 0xFFFFFFFF
        return fresh, at

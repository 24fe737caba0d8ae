"""One RTMP connection that publishes: handshake, commands, media out, acknowledgements in.

The far end acknowledges bytes. `acked_bytes` counts those of the chunk stream (behind the handshake) that it says it
has read, by Acknowledgement messages or by answering a ping that was sent behind them; a server that does neither
leaves `confirmed` False.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import struct

from console.uplink import amf
from console.uplink import rtmp_chunks as chunks
from console.uplink.destination import Destination
from console.uplink.rtmp_chunks import ChunkReader, ProtocolError, RtmpMessage, message_bytes

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 10.0
WINDOW_BYTES = 64 * 1024
"""How often we ask to be acknowledged."""
_HANDSHAKE_BYTES = 1536
_GREETING_BYTES = 1 + 2 * _HANDSHAKE_BYTES
_CONTROL, _COMMANDS, _AUDIO, _VIDEO = 2, 3, 4, 6
"""Chunk streams."""
_UNSENT_BYTES_MAX = 256 * 1024
_STREAM = 1


class RefusedError(Exception):
    """The far end said no."""


class AckCounter:
    """Total acknowledged bytes from a server's 32-bit counter, which wraps, or starts over as nginx-rtmp's does."""

    def __init__(self) -> None:
        self.total = 0
        self._last = 0

    def acknowledge(self, value: int, sent: int) -> int:
        """Take in a counter value when `sent` bytes have been sent; returns the total, never more than that."""
        gained = (value - self._last) & 0xFFFFFFFF
        if self.total + gained > sent and value < self._last:
            gained = value  # it went back to zero by itself; what it had in between is not counted
        self._last = value
        self.total = min(sent, self.total + gained)
        return self.total


class RtmpSession:
    """A connection. Make it with `open`."""

    def __init__(self, destination: Destination, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._destination = destination
        self._reader = reader
        self._writer = writer
        self._incoming = ChunkReader()
        self._chunk_bytes = 128
        self._acks = AckCounter()
        self._window = 0
        self._reported = 0
        self._transaction = 0
        self._answers: dict[int, asyncio.Future[list[amf.Value]]] = {}
        self._published = asyncio.get_running_loop().create_future()
        self._pings: dict[int, int] = {}
        self._pings_sent = 0
        self._ponged = 0
        self._listener: asyncio.Task[None] | None = None
        self._stream = _STREAM
        self.sent_bytes = 0
        self.confirmed = False

    @classmethod
    async def open(cls, destination: Destination) -> RtmpSession:
        """Connect and publish. Raises OSError, TimeoutError, ProtocolError, RefusedError."""
        tls = ssl.create_default_context() if destination.is_encrypted else None
        if tls is not None:
            tls.minimum_version = ssl.TLSVersion.TLSv1_2
        async with asyncio.timeout(CONNECT_SECONDS):
            reader, writer = await asyncio.open_connection(destination.host, destination.port, ssl=tls)
        writer.transport.set_write_buffer_limits(high=_UNSENT_BYTES_MAX)
        session = cls(destination, reader, writer)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await session._shake_hands()
                session._listener = asyncio.create_task(session._listen(), name="rtmp-listen")
                await session._publish()
        except BaseException:
            await session.close()
            raise
        return session

    async def close(self) -> None:
        """Hang up."""
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)
        for waiting in (*self._answers.values(), self._published):
            if not waiting.cancel() and not waiting.cancelled():
                waiting.exception()  # it was told to whoever waited
        self._writer.transport.abort()

    async def _shake_hands(self) -> None:
        """The simple handshake (5.2)."""
        self._writer.write(b"\x03" + bytes(8) + os.urandom(_HANDSHAKE_BYTES - 8))
        answer = await self._reader.readexactly(1 + _HANDSHAKE_BYTES)
        if answer[0] != 3:
            raise ProtocolError(f"it answers with version {answer[0]} instead of 3")
        self._writer.write(answer[1:])
        await self._reader.readexactly(_HANDSHAKE_BYTES)

    # Commands

    async def _publish(self) -> None:
        destination = self._destination
        application, _, name = destination.path[1:].rpartition("/")
        name += f"?{destination.query}" if destination.query else ""
        self._control(chunks.SET_CHUNK_SIZE, struct.pack(">I", chunks.CHUNK_BYTES))
        self._chunk_bytes = chunks.CHUNK_BYTES
        self._control(chunks.WINDOW_SIZE, struct.pack(">I", WINDOW_BYTES))
        facts: dict[str, amf.Value] = {
            "app": application,
            "type": "nonprivate",
            "flashVer": "FMLE/3.0 (compatible; Podium)",
            "tcUrl": f"{destination.scheme}://{destination.authority}/{application}",
        }
        await self._call("connect", facts)
        self._send_command("releaseStream", None, name)
        self._send_command("FCPublish", None, name)
        answer = await self._call("createStream", None)
        stream = answer[3] if len(answer) > 3 else None
        if not isinstance(stream, float) or not 0 <= stream < 1 << 31:
            raise ProtocolError("it creates a stream without a number")
        self._stream = int(stream)
        self._send_command("publish", None, name, "live", stream=self._stream)
        try:
            await self._published
        except ConnectionResetError as error:
            raise RefusedError("The far end hung up when asked to publish: check the stream name and key") from error

    def _send_command(self, name: str, *values: amf.Value, stream: int = 0) -> int:
        self._transaction += 1
        payload = amf.encode(name, float(self._transaction), *values)
        self._send(RtmpMessage(chunks.COMMAND, payload, 0, stream), _COMMANDS)
        return self._transaction

    async def _call(self, name: str, *values: amf.Value) -> list[amf.Value]:
        """Send a command and wait for its answer."""
        answer: asyncio.Future[list[amf.Value]] = asyncio.get_running_loop().create_future()
        self._answers[self._send_command(name, *values)] = answer
        return await answer

    def _control(self, kind: int, payload: bytes) -> None:
        self._send(RtmpMessage(kind, payload), _CONTROL)

    def _send(self, message: RtmpMessage, chunk_stream: int) -> None:
        data = message_bytes(message, chunk_stream, self._chunk_bytes)
        self.sent_bytes += len(data)
        self._writer.write(data)

    # Media

    async def send(self, kind: int, payload: bytes, time_ms: int) -> None:
        """Send a video, audio or data message; waits while the far end does not read. Raises what ended it."""
        self.check()
        self._send(RtmpMessage(kind, payload, time_ms, self._stream), _VIDEO if kind == chunks.VIDEO else _AUDIO)
        await self._writer.drain()

    def ping(self) -> None:
        """Ask the far end to answer when it has read everything up to here."""
        self._pings_sent += 1
        mark = self._pings_sent & 0xFFFFFFFF
        self._pings[mark] = self.sent_bytes
        self._control(chunks.USER_CONTROL, struct.pack(">HI", chunks.PING_REQUEST, mark))

    async def unpublish(self) -> None:
        """Say that the stream ends, and hang up when that has left."""
        name = self._destination.path.rpartition("/")[2]
        self._send_command("FCUnpublish", None, name)
        self._send_command("deleteStream", None, float(self._stream))
        self._writer.close()
        async with asyncio.timeout(1):
            await self._writer.wait_closed()

    @property
    def acked_bytes(self) -> int:
        """How many of the sent bytes the far end is known to have read."""
        # Some servers count the handshake too: believe the smaller number.
        return max(self._ponged, self._acks.total - _GREETING_BYTES)

    @property
    def left_bytes(self) -> int:
        """How many of the sent bytes have at least left this process."""
        return self.sent_bytes - self._writer.transport.get_write_buffer_size()

    @property
    def holds_back(self) -> bool:
        """Whether the far end could have taken, or acknowledged, more than it has."""
        if self._writer.transport.get_write_buffer_size():
            return True
        unread = self.sent_bytes - self.acked_bytes
        # One that answers pings leaves nothing open; one that only acknowledges always leaves up to a window.
        return self.confirmed and unread > (0 if self._ponged else 4 * WINDOW_BYTES)

    def check(self) -> None:
        """Raise what ended the connection, if it has ended."""
        if self._listener is not None and self._listener.done() and not self._listener.cancelled():
            self._listener.result()
        if self._listener is None or self._listener.done():
            raise ConnectionResetError("it hung up")

    # What the far end says

    async def _listen(self) -> None:
        try:
            while data := await self._reader.read(65536):
                for message in self._incoming.feed(data):
                    self._hear(message)
                if self._window and self._incoming.received - self._reported >= self._window:
                    self._reported = self._incoming.received
                    self._control(chunks.ACKNOWLEDGEMENT, struct.pack(">I", self._reported & 0xFFFFFFFF))
            raise ConnectionResetError("it hung up")
        except (OSError, ProtocolError, RefusedError) as error:
            for waiting in (*self._answers.values(), self._published):
                if not waiting.done():
                    waiting.set_exception(error)
            raise

    def _hear(self, message: RtmpMessage) -> None:
        kind, payload = message.kind, message.payload
        if kind in (chunks.ACKNOWLEDGEMENT, chunks.WINDOW_SIZE) and len(payload) >= 4:
            value = int.from_bytes(payload[:4], "big")
            if kind == chunks.WINDOW_SIZE:
                self._window = value
            else:
                self._acks.acknowledge(value, self.sent_bytes + _GREETING_BYTES)
                self.confirmed = True
        elif kind == chunks.USER_CONTROL and len(payload) >= 6:
            event, value = struct.unpack_from(">HI", payload)
            if event == chunks.PING_REQUEST:
                self._control(chunks.USER_CONTROL, struct.pack(">HI", chunks.PING_RESPONSE, value))
            elif event == chunks.PING_RESPONSE and value in self._pings:
                self._ponged = max(self._ponged, self._pings.pop(value))
                self.confirmed = True
        elif kind in (chunks.COMMAND, chunks.COMMAND_AMF3):
            try:
                self._hear_command(amf.decode(payload[kind == chunks.COMMAND_AMF3 :]))
            except ValueError as error:
                raise ProtocolError(str(error)) from error

    def _hear_command(self, values: list[amf.Value]) -> None:
        name = amf.text_at(values, 0)
        number = values[1] if len(values) > 1 and isinstance(values[1], float) else -1.0
        facts = amf.table_at(values, 3)
        words = [facts.get("code"), facts.get("description")]
        said = ": ".join(word for word in words if isinstance(word, str) and word) or name
        if name in ("_result", "_error"):
            answer = self._answers.pop(int(number) if 0 <= number < 1 << 31 else -1, None)
            if answer is not None and not answer.done():
                if name == "_error":
                    answer.set_exception(RefusedError(said))
                else:
                    answer.set_result(values)
        elif name == "onStatus":
            if facts.get("level") == "error":
                raise RefusedError(said)
            if facts.get("code") == "NetStream.Publish.Start" and not self._published.done():
                self._published.set_result(None)

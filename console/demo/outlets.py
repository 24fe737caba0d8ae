"""How a camera's slots leave the venue: over HTTP, plain TCP or UDP, on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import Protocol, cast

from console.demo.transport import PACKET
from console.demo.web import HOST, Audience, HttpServer

_DATAGRAM = 7 * PACKET


class Outlet(Protocol):
    """Where one camera's slots go."""

    async def open(self, port: int) -> str:
        """Begin to listen; the address for receivers."""
        ...

    def offer(self, data: bytes, *, key: bool) -> None:
        """A slot, now. Never blocks."""
        ...

    def pace(self, part: int, parts: int) -> None:
        """Part 0 .. parts - 1 of the slot's time has come."""
        ...

    def close(self) -> None:
        """Let everybody go."""
        ...


class _TcpClient(asyncio.Protocol):
    """Gets the stream at once; whatever it says is ignored."""

    def __init__(self, audience: Audience) -> None:
        self._audience = audience
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)
        self._audience.join(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        if self._transport is not None:
            self._audience.leave(self._transport)


class HttpOutlet:
    """A camera as MPEG-TS over HTTP."""

    def __init__(self, source_id: str, server: HttpServer) -> None:
        self._id, self._server = source_id, server
        self._audience = Audience(source_id)

    async def open(self, port: int) -> str:
        """Begin to listen; the address for receivers."""
        self._audience, address = await self._server.add(self._id, port)
        return address

    def offer(self, data: bytes, *, key: bool) -> None:
        """A slot, now."""
        self._audience.offer(data, key=key)

    def pace(self, part: int, parts: int) -> None:
        """Nothing: the slot was sent at once."""

    def close(self) -> None:
        """Let everybody go."""
        self._audience.close()


class TcpOutlet:
    """A camera as MPEG-TS over plain TCP: a port of its own, where whoever connects gets the stream."""

    def __init__(self, source_id: str) -> None:
        self._audience = Audience(source_id)
        self._server: asyncio.Server | None = None

    async def open(self, port: int) -> str:
        """Begin to listen; the address for receivers."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _TcpClient(self._audience), HOST, port)
        return f"tcp://{HOST}:{self._server.sockets[0].getsockname()[1]}"

    def offer(self, data: bytes, *, key: bool) -> None:
        """A slot, now."""
        self._audience.offer(data, key=key)

    def pace(self, part: int, parts: int) -> None:
        """Nothing: the slot was sent at once."""

    def close(self) -> None:
        """Let everybody go."""
        self._audience.close()
        if self._server is not None:
            self._server.close()


class UdpOutlet:
    """A camera as MPEG-TS over UDP: sent to a port whether anybody listens or not."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._target = (HOST, 0)
        self._datagrams: list[bytes] = []

    async def open(self, port: int) -> str:
        """Choose the port where receivers will listen."""
        if not port:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                probe.bind((HOST, 0))
                port = probe.getsockname()[1]
        self._target = (HOST, port)
        return f"udp://{HOST}:{port}"

    def offer(self, data: bytes, *, key: bool) -> None:  # noqa: ARG002 receivers find the key frame by themselves
        """A slot, to be sent through its time."""
        self._datagrams += [data[at : at + _DATAGRAM] for at in range(0, len(data), _DATAGRAM)]

    def pace(self, part: int, parts: int) -> None:
        """Send what is due by now."""
        count = -(-len(self._datagrams) // (parts - part))
        for datagram in self._datagrams[:count]:
            with contextlib.suppress(OSError):  # a full buffer loses it, as networks do
                self._socket.sendto(datagram, self._target)
        del self._datagrams[:count]

    def close(self) -> None:
        """Stop sending."""
        self._socket.close()

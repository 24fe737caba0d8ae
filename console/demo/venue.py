"""The venue on the network: plays all cameras' clips in lock-step, for ever, over real transports on loopback.

A process of its own, `python -m console _venue`. Configuration: `{"files": [PATH ...], "transports": ["http" | "tcp" |
"udp" ...], "ports": [N ...], "fps": N}`, one entry per camera; port 0 is any free one; HTTP cameras share the first
HTTP port. It tells `ready` with `sources` (id, name, url), `loop_frames` and `fps`, then plays until its input ends.

All cameras are genlocked: slot n of every camera leaves at the same instant and carries the same time stamps. A client
of HTTP or TCP joins at the next key frame, so that it starts clean and never lies a whole group of pictures behind the
others; one that does not keep up is dropped. UDP is paced through the frame's time.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import sys
import threading
from pathlib import Path
from typing import Protocol, cast

from console.demo.cameras import STATIONS
from console.demo.transport import CLOCK_HZ, PACKET, Loop
from console.errors import ConsoleError
from console.wire.child import Parent

_log = logging.getLogger("console.demo.venue")
_HOST = "127.0.0.1"
_BACKLOG_BYTES = 4 << 20
"""A client for whom this much waits (some 6 s) does not keep up."""
_MOST_CLIENTS = 64
_REQUEST_BYTES, _REQUEST_SECONDS = 8192, 3.0
_DATAGRAM = 7 * PACKET
_PACE_S = 0.005
_BEHIND_S = 1.0


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


class _Audience:
    """The clients of one camera."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._waiting: set[asyncio.WriteTransport] = set()
        self._playing: set[asyncio.WriteTransport] = set()

    def join(self, client: asyncio.WriteTransport) -> None:
        """A client that will get everything from the next key frame on."""
        if len(self._waiting) + len(self._playing) >= _MOST_CLIENTS:
            client.abort()
        else:
            self._waiting.add(client)

    def leave(self, client: asyncio.WriteTransport) -> None:
        """A client that went away."""
        self._waiting.discard(client)
        self._playing.discard(client)

    def offer(self, data: bytes, *, key: bool) -> None:
        """Send to everybody who keeps up."""
        if key:
            self._playing |= self._waiting
            self._waiting.clear()
        for client in tuple(self._playing):
            if client.get_write_buffer_size() > _BACKLOG_BYTES:
                _log.warning("%s: a client does not keep up and was dropped", self.name)
                self.leave(client)
                client.abort()
            else:
                client.write(data)

    def close(self) -> None:
        """Let everybody go."""
        for client in (*self._waiting, *self._playing):
            client.abort()


class _TcpClient(asyncio.Protocol):
    """Gets the stream at once; whatever it says is ignored."""

    def __init__(self, audience: _Audience) -> None:
        self._audience = audience
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)
        self._audience.join(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        if self._transport is not None:
            self._audience.leave(self._transport)


class _HttpClient(asyncio.Protocol):
    """Asks for one camera with GET, and gets it until one of both ends."""

    def __init__(self, audiences: dict[str, _Audience]) -> None:
        self._audiences = audiences
        self._audience: _Audience | None = None
        self._request = b""
        self._transport: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._deadline = asyncio.get_running_loop().call_later(_REQUEST_SECONDS, self._transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        if self._deadline is not None:
            self._deadline.cancel()
        if self._audience is not None and self._transport is not None:
            self._audience.leave(self._transport)

    def data_received(self, data: bytes) -> None:
        if self._transport is None or self._audience is not None:
            return
        self._request += data[: _REQUEST_BYTES + 1]
        if b"\r\n\r\n" in self._request:
            self._answer(self._transport)
        elif len(self._request) > _REQUEST_BYTES:
            self._refuse(self._transport, "431 Request Header Fields Too Large")

    def _answer(self, transport: asyncio.Transport) -> None:
        method, _, rest = self._request.split(b"\r\n", 1)[0].decode("latin-1").partition(" ")
        path = rest.partition(" ")[0].partition("?")[0]
        audience = self._audiences.get(path)
        if method not in ("GET", "HEAD"):
            self._refuse(transport, "405 Method Not Allowed")
        elif audience is None:
            self._refuse(transport, "404 Not Found")
        else:
            transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
            )
            if self._deadline is not None:
                self._deadline.cancel()
            if method == "HEAD":
                transport.close()
                return
            self._audience = audience
            audience.join(transport)

    def _refuse(self, transport: asyncio.Transport, status: str) -> None:
        text = f"{status}\nThere are {', '.join(self._audiences)}\n".encode()
        head = (
            f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(text)}\r\nConnection: close\r\n\r\n"
        )
        transport.write(head.encode() + text)
        transport.close()


class HttpServer:
    """One server for all cameras that are fetched over HTTP."""

    def __init__(self) -> None:
        self._audiences: dict[str, _Audience] = {}
        self._server: asyncio.Server | None = None
        self._port = 0

    async def add(self, source_id: str, port: int) -> tuple[_Audience, str]:
        """Another camera; its audience and its address."""
        if self._server is None:
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(lambda: _HttpClient(self._audiences), _HOST, port)
            self._port = self._server.sockets[0].getsockname()[1]
        audience = self._audiences[f"/{source_id}.ts"] = _Audience(source_id)
        return audience, f"http://{_HOST}:{self._port}/{source_id}.ts"

    def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()


class HttpOutlet:
    """A camera as MPEG-TS over HTTP."""

    def __init__(self, source_id: str, server: HttpServer) -> None:
        self._id, self._server = source_id, server
        self._audience = _Audience(source_id)

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
        self._server.close()


class TcpOutlet:
    """A camera as MPEG-TS over plain TCP: a port of its own, where whoever connects gets the stream."""

    def __init__(self, source_id: str) -> None:
        self._audience = _Audience(source_id)
        self._server: asyncio.Server | None = None

    async def open(self, port: int) -> str:
        """Begin to listen; the address for receivers."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _TcpClient(self._audience), _HOST, port)
        return f"tcp://{_HOST}:{self._server.sockets[0].getsockname()[1]}"

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
        self._target = (_HOST, 0)
        self._datagrams: list[bytes] = []

    async def open(self, port: int) -> str:
        """Choose the port where receivers will listen."""
        if not port:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                probe.bind((_HOST, 0))
                port = probe.getsockname()[1]
        self._target = (_HOST, port)
        return f"udp://{_HOST}:{port}"

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


class Venue:
    """All cameras, in lock-step."""

    def __init__(self, loops: list[Loop], outlets: list[Outlet], fps: int) -> None:
        self._cameras = list(zip(loops, outlets, strict=True))
        self._fps = fps
        self._parts = max(1, round(1 / fps / _PACE_S))

    async def play(self, finish: threading.Event) -> None:
        """Send slot after slot at the rate until told to finish."""
        loop = asyncio.get_running_loop()
        begin, step = loop.time(), 0
        while not finish.is_set():
            due = begin + step / (self._fps * self._parts)
            late = loop.time() - due
            if late > _BEHIND_S:  # the machine slept: go on from here, with not a slot left out
                begin += late
            elif late < 0:
                await asyncio.sleep(-late)
            number, part = divmod(step, self._parts)
            if part == 0:
                for clip, outlet in self._cameras:
                    outlet.offer(clip.slot(number), key=clip.is_key(number))
            for _, outlet in self._cameras:
                outlet.pace(part, self._parts)
            step += 1
            if late >= 0:
                await asyncio.sleep(0)

    def close(self) -> None:
        """Let everybody go."""
        for _, outlet in self._cameras:
            outlet.close()


async def _serve(parent: Parent) -> None:
    config = parent.config
    fps = int(config["fps"])
    loops = [Loop(_read(Path(name)), CLOCK_HZ // fps, name) for name in config["files"]]
    server = HttpServer()
    outlets: list[Outlet] = []
    sources = []
    for station, transport, port in zip(STATIONS, config["transports"], config["ports"], strict=False):
        outlet: Outlet
        if transport == "udp":
            outlet = UdpOutlet()
        else:
            outlet = TcpOutlet(station.id) if transport == "tcp" else HttpOutlet(station.id, server)
        sources.append({"id": station.id, "name": station.name, "url": await _opened(outlet, port)})
        outlets.append(outlet)
    venue = Venue(loops, outlets, fps)
    parent.tell("ready", sources=sources, loop_frames=len(loops[0]), fps=fps)
    try:
        await venue.play(parent.finish)
    finally:
        venue.close()


async def _opened(outlet: Outlet, port: int) -> str:
    try:
        return await outlet.open(port)
    except OSError as error:
        raise ConsoleError(f"The venue can't listen on port {port}: {error.strerror}", "Choose another port") from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConsoleError(f"The clip {path} can't be read: {error.strerror}", "Start the demo again") from error


def main() -> int:
    """Play until the input ends."""
    parent = Parent()
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(levelname)s: %(message)s", stream=sys.stderr)
    try:
        asyncio.run(_serve(parent))
    except ConsoleError as error:
        parent.tell("failed", reason=str(error))
        parent.close()
        return error.exit_status
    parent.close()
    return 0

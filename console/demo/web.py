"""The venue's small web server: cameras that are played to whoever asks, and pages.

A client of a camera joins at the next key frame, so that it starts clean and never lies a whole group of pictures
behind the others; one that does not keep up is dropped.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

_log = logging.getLogger("console.demo.venue")
HOST = "127.0.0.1"
_BACKLOG_BYTES = 4 << 20
"""A client for whom this much waits (some 6 s) does not keep up."""
_MOST_CLIENTS = 64
_REQUEST_BYTES, _REQUEST_SECONDS = 8192, 3.0


class Audience:
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


@dataclass(frozen=True)
class Page:
    """Something that is made anew for everybody who asks."""

    content_type: str
    make: Callable[[], bytes]


class _HttpClient(asyncio.Protocol):
    """Asks with GET for a page, or for one camera, which it gets until one of both ends."""

    def __init__(self, audiences: dict[str, Audience], pages: dict[str, Page]) -> None:
        self._audiences, self._pages = audiences, pages
        self._audience: Audience | None = None
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
        audience, page = self._audiences.get(path), self._pages.get(path)
        if method not in ("GET", "HEAD"):
            self._refuse(transport, "405 Method Not Allowed")
        elif page is not None:
            self._tell(transport, "200 OK", page.content_type, page.make(), silent=method == "HEAD")
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
        there = ", ".join((*self._audiences, *self._pages))
        self._tell(transport, status, "text/plain", f"{status}\nThere are {there}\n".encode())

    def _tell(
        self, transport: asyncio.Transport, status: str, content_type: str, body: bytes, *, silent: bool = False
    ) -> None:
        """Answer, without the body when `silent`, and hang up."""
        head = (
            f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n"
            "Cache-Control: no-store\r\nConnection: close\r\n\r\n"
        )
        transport.write(head.encode() + (b"" if silent else body))
        transport.close()


class HttpServer:
    """One server for all cameras that are fetched over HTTP, and for pages."""

    def __init__(self) -> None:
        self._audiences: dict[str, Audience] = {}
        self._pages: dict[str, Page] = {}
        self._server: asyncio.Server | None = None
        self._url = ""

    async def add(self, source_id: str, port: int) -> tuple[Audience, str]:
        """Another camera; its audience and its address."""
        await self._open(port)
        audience = self._audiences[f"/{source_id}.ts"] = Audience(source_id)
        return audience, f"{self._url}/{source_id}.ts"

    async def add_page(self, name: str, page: Page) -> str:
        """Another page; its address."""
        await self._open(0)
        self._pages[f"/{name}"] = page
        return f"{self._url}/{name}"

    async def _open(self, port: int) -> None:
        """The first who is added opens the port."""
        if self._server is None:
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(lambda: _HttpClient(self._audiences, self._pages), HOST, port)
            self._url = f"http://{HOST}:{self._server.sockets[0].getsockname()[1]}"

    def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()

"""A real HTTP server on the loopback, in a thread of its own, that answers as a test wants."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from dataclasses import dataclass, field

from aiohttp import web


@dataclass
class FeedServer:
    """Serves `data` at every path, with an ETag. The test changes its fields as it goes."""

    data: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    declared: int = 0
    """A Content-Length that is announced and never kept."""
    endless: bool = False
    hangs: bool = False
    """Takes the request and says nothing."""
    etag: bool = True
    tls: ssl.SSLContext | None = None
    asked: list[dict[str, str]] = field(default_factory=list)
    """The headers of each request."""
    unchanged: int = 0
    port: int = 0

    def __enter__(self) -> FeedServer:
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_error: object) -> None:
        self._loop.call_soon_threadsafe(self._done.set)
        self._thread.join(10)
        self._loop.close()

    def url(self, rest: str = "feed") -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}/{rest}"

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        for _turn in range(5):  # transports of TLS end a few turns later
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())

    async def _serve(self) -> None:
        self._done = asyncio.Event()
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=self.tls)
        await site.start()
        self.port = runner.addresses[0][1]
        self._ready.set()
        await self._done.wait()
        await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(dict(request.headers))
        if self.hangs:
            await self._done.wait()
        if self.endless or self.declared:
            response = web.StreamResponse(headers=self.headers)
            response.content_length = self.declared or None
            await response.prepare(request)
            with contextlib.suppress(ConnectionError):
                while self.endless:
                    await response.write(b" " * 65536)
            return response
        tag = f'"{hash(self.data)}"'
        if self.etag and request.headers.get("If-None-Match") == tag:
            self.unchanged += 1
            return web.Response(status=304)
        headers = {**self.headers, **({"ETag": tag} if self.etag else {})}
        return web.Response(status=self.status, body=self.data, headers=headers)

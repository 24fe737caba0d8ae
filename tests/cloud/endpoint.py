"""A real endpoint for tests: the application on a free port of loopback, on a thread of its own."""

from __future__ import annotations

import asyncio
import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from console.cloud.access import Access
from console.cloud.server import make_app
from console.media.clock import Clock
from tests.burnt_program import Program


class Endpoint:
    """The address of a running endpoint, and requests to it."""

    def __init__(self, port: int, store: Path) -> None:
        self.port = port
        self.store = store
        self.url = f"http://127.0.0.1:{port}"

    def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def put(self, path: str, body: Any, **headers: str) -> int:
        """The status of a PUT below /ingest/."""
        return self.ask("PUT", f"/ingest/{path}", body, {k.replace("_", "-"): v for k, v in headers.items()})[0]

    def get(self, path: str) -> str:
        """A text that must be there."""
        status, _, body = self.ask("GET", path)
        assert status == 200, (path, status, body)
        return body.decode()

    def status(self) -> dict[str, Any]:
        """The channels of /status."""
        return json.loads(self.get("/status"))["channels"]

    def deliver(self, program: Program, channel: str = "show", numbers: list[int] | None = None) -> None:
        """Send a program, or some of its segments, as an uplink does."""
        for kind, track in (("video", program.video), ("audio", program.audio)):
            assert self.put(f"{channel}/{kind}/init.mp4", track.header) in (200, 201)
            for number in program.numbers if numbers is None else numbers:
                if number in track.segments:
                    assert self.put(f"{channel}/{kind}/{number}.m4s", track.segments[number]) in (200, 201)


@contextmanager
def running(store: Path, access: Access | None = None, clock: Clock | None = None) -> Iterator[Endpoint]:
    """Run an endpoint over a directory."""
    started: list[Endpoint] = []
    ready, stop = threading.Event(), threading.Event()

    async def main() -> None:
        runner = web.AppRunner(make_app(store, access, clock), access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        started.append(Endpoint(runner.addresses[0][1], store))
        ready.set()
        await asyncio.to_thread(stop.wait)
        await runner.cleanup()

    thread = threading.Thread(target=asyncio.run, args=(main(),), name="endpoint")
    thread.start()
    try:
        assert ready.wait(10)
        yield started[0]
    finally:
        stop.set()
        thread.join(10)

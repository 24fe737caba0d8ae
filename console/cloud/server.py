"""Running the endpoint: its address, its tokens, its end."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

from console.cloud.access import INGEST_FILE, VIEW_FILE, Access, is_loopback, kept_token
from console.cloud.ingest import MOST_BYTES, Ingest
from console.cloud.store import Store
from console.cloud.watch import Watch
from console.errors import ConsoleError, UsageError
from console.media.clock import Clock, SystemClock

_log = logging.getLogger("console.cloud")
_FINISH_SECONDS = 3.0
"""Requests under way get this long when the endpoint ends."""

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def _plain(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """Nothing is guessed about our answers, and no fault of ours shows its insides."""
    try:
        response = await handler(request)
    except web.HTTPException as answer:
        answer.headers["X-Content-Type-Options"] = "nosniff"
        raise
    except ConnectionError:
        raise
    except Exception:
        _log.exception("%s %s failed", request.method, request.path)
        response = web.Response(status=500, text="The endpoint failed; its log says why.\n")
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def make_app(store: Path, access: Access | None = None, clock: Clock | None = None) -> web.Application:
    """The endpoint as an aiohttp application over an existing directory."""
    clock, access, kept = clock or SystemClock(), access or Access(), Store(store)
    app = web.Application(middlewares=[_plain], client_max_size=MOST_BYTES)
    app.add_routes(Ingest(kept, access, clock).routes())
    app.add_routes(Watch(kept, access, clock).routes())
    return app


def parse_listen(text: str) -> tuple[str, int]:
    """`HOST:PORT`, `[IPV6]:PORT` or `:PORT` (loopback). Port 0 takes a free one. Raises UsageError."""
    host, colon, port = text.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not colon or not port.isascii() or not port.isdecimal() or int(port) > 65535 or (":" in bare and bare == host):
        raise UsageError(f"'{text}' is not an address to listen on", "Write HOST:PORT, such as 127.0.0.1:8700")
    return bare or "127.0.0.1", int(port)


def _open_store(store: Path) -> None:
    try:
        store.mkdir(parents=True, exist_ok=True)
        probe = store / f".writable-{os.getpid()}"
        probe.write_bytes(b"x")
        probe.unlink()
    except OSError as error:
        raise ConsoleError(
            f"The store {store} can't be written: {error.strerror or error}", "Choose another directory with --store"
        ) from error


def access_for(host: str, store: Path, token: str | None) -> Access:
    """The tokens of an endpoint that listens on `host`; see `access`. Raises ConsoleError."""
    if is_loopback(host):
        return Access(ingest_token=token, local_only=True)
    return Access(
        ingest_token=token or kept_token(store / INGEST_FILE),
        view_token=kept_token(store / VIEW_FILE),
        local_only=False,
    )


def serve(listen: str, store: Path, *, token: str | None = None) -> None:
    """Run the endpoint until SIGTERM or SIGINT. Prints one line with the addresses when it is ready.

    `token` is the ingest token; without one none is needed on loopback, and elsewhere one is kept in the store.
    Raises ConsoleError when the address or the store can't be used.
    """
    host, port = parse_listen(listen)
    _open_store(store)
    access = access_for(host, store, token)
    asyncio.run(_serve(host, port, store, access))


async def _serve(host: str, port: int, store: Path, access: Access) -> None:
    runner = web.AppRunner(make_app(store, access), access_log=None, shutdown_timeout=_FINISH_SECONDS)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            reason = "another program listens there" if taken else error.strerror or error
            raise ConsoleError(
                f"The endpoint can't listen on {host}:{port}: {reason}", "Choose another address with --listen"
            ) from error
        ended = _end_signals()
        sys.stdout.write(_ready_line(host, runner.addresses[0][1], store, access))
        sys.stdout.flush()
        await ended.wait()
    finally:
        await runner.cleanup()


def _ready_line(host: str, port: int, store: Path, access: Access) -> str:
    shown = f"[{host}]" if ":" in host else host
    line = f"ready: ingest http://{shown}:{port}/ingest/CHANNEL/ watch http://{shown}:{port}/"
    if access.view_token is not None:
        line += f" tokens in {store / INGEST_FILE} and {store / VIEW_FILE}"
    return line + "\n"


def _end_signals() -> asyncio.Event:
    """An event that SIGTERM and SIGINT set."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(name, ended.set)
        except NotImplementedError:  # Windows
            signal.signal(name, lambda *_: loop.call_soon_threadsafe(ended.set))
    return ended

"""Clients of the engine: `ask` and `command` for one question, `Live` for a window that follows everything.

What `/live` sends, one JSON object per WebSocket message:

- `{"snapshot": {"rev", "frame", "version", "role", "anchor": {"monotonic_ns", "unix_ns"}, "setup", "air", "undo",
  "redo", "rings", "status"}}` first, and again after a gap;
- `{"patch": {"rev", "frame", ...}}` with those of `setup`, `air`, `undo`, `redo`, `rings` that changed, whole;
- `{"status": {...}}` about five times a second (what `/status` answers; may be skipped when the client is slow);
- `{"ack": {...}}` and `{"reject": {...}}` to this client's own commands.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import threading
import uuid
from collections.abc import Callable
from typing import Any

import aiohttp

from console.errors import ConsoleError
from console.wire.place import Address, find_token

_RETRY_SECONDS = 0.5


class CommandRefusedError(ConsoleError):
    """The engine refused a command; nothing changed."""


def ask(address: Address, method: str, path: str, body: Any = None, *, timeout_s: float = 10.0) -> tuple[int, Any]:
    """One HTTP request to the engine with this user's token: its status and the JSON of its answer.

    Raises ConsoleError when no engine answers there.
    """
    headers = {"Authorization": f"Bearer {find_token(address)}", "Content-Type": "application/json"}
    connection = http.client.HTTPConnection(address.host, address.port, timeout=timeout_s)
    try:
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        content = response.read()
        return response.status, json.loads(content)
    except (OSError, http.client.HTTPException) as error:
        raise ConsoleError(
            f"No engine answers at {address}: {error or type(error).__name__}",
            "Start one with 'podium engine' or name another with --engine",
        ) from error
    except ValueError as error:
        raise ConsoleError(f"What answers at {address} is no Podium engine", "Name another with --engine") from error
    finally:
        connection.close()


def get(address: Address, path: str) -> Any:
    """The JSON of a GET. Raises ConsoleError when there is none."""
    status, answer = ask(address, "GET", path)
    if status != 200:
        raise ConsoleError(f"The engine at {address} refused {path}: {_reason(answer)}", "Check PODIUM_TOKEN")
    return answer


def command(address: Address, name: str, /, **fields: Any) -> dict[str, Any]:
    """Give one command and return its ack (`id`, `frame`, `rev`). Raises CommandRefusedError, ConsoleError."""
    body = {"id": uuid.uuid4().hex, "command": name, **fields}
    status, answer = ask(address, "POST", "/command", body)
    if status == 200:
        ack: dict[str, Any] = answer["ack"]
        return ack
    raise CommandRefusedError(f"The engine refused {name}: {_reason(answer)}")


def _reason(answer: Any) -> str:
    if isinstance(answer, dict):
        refused = answer.get("reject", answer)
        return str(refused.get("reason") or refused.get("error") or refused)
    return str(answer)


class Live:
    """Follows an engine over its WebSocket from a thread of its own, reconnecting for ever.

    `on_message` gets every message, `on_link` gets True with the first snapshot of a connection and False with a
    reason when it is lost; both are called on the client's thread. `send` may be called from any thread.
    """

    def __init__(
        self, address: Address, on_message: Callable[[dict[str, Any]], None], on_link: Callable[[bool, str], None]
    ) -> None:
        self._address = address
        self._on_message = on_message
        self._on_link = on_link
        self._loop = asyncio.new_event_loop()
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="live", daemon=True)

    def start(self) -> None:
        """Begin to connect."""
        self._thread.start()

    def close(self) -> None:
        """End the connection and the thread."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(5)

    def send(self, name: str, /, **fields: Any) -> str:
        """Give a command; its id comes back with the ack or the reject. A command given while the link is down is
        answered with a reject at once: it must never land later, when nobody expects it."""
        message = {"id": uuid.uuid4().hex, "command": name, **fields}
        self._loop.call_soon_threadsafe(self._send_soon, message)
        return str(message["id"])

    def _send_soon(self, message: dict[str, Any]) -> None:
        socket = self._socket
        if socket is None or socket.closed:
            self._on_message({"reject": {"id": message["id"], "reason": "The engine does not answer"}})
            return
        task = self._loop.create_task(socket.send_json(message))
        task.add_done_callback(lambda done: done.cancelled() or done.exception())

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._follow())
        finally:
            self._loop.close()

    async def _follow(self) -> None:
        stopped = asyncio.ensure_future(self._stop.wait())
        while not self._stop.is_set():
            talk = asyncio.ensure_future(self._talk())
            await asyncio.wait((talk, stopped), return_when=asyncio.FIRST_COMPLETED)
            if not talk.done():
                talk.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await talk
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(stopped), _RETRY_SECONDS)

    async def _talk(self) -> None:
        reason = "The engine closed the connection"
        try:
            headers = {"Authorization": f"Bearer {find_token(self._address)}"}
            async with (
                aiohttp.ClientSession(headers=headers) as session,
                session.ws_connect(f"{self._address.url}/live", heartbeat=2.0, max_msg_size=1 << 24) as socket,
            ):
                self._socket = socket
                async for message in socket:
                    if message.type is aiohttp.WSMsgType.TEXT:
                        data = message.json()
                        if "snapshot" in data:
                            self._on_link(True, "")
                        self._on_message(data)
        except (aiohttp.ClientError, OSError, ConsoleError, ValueError) as error:
            reason = str(error) or type(error).__name__
        finally:
            self._socket = None
        self._on_link(False, reason)

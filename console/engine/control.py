"""The engine's HTTP API: what the desk, `podium ctl` and anyone's script talk to. See `openapi.py` for its contract.

Every request but `/openapi.json` carries `Authorization: Bearer TOKEN`; the token says the client's role.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from console import __version__
from console.engine.metrics import metrics
from console.engine.openapi import description
from console.engine.supervisor import Supervisor
from console.media.address import masked
from console.show.commands import CommandError, Role, decode_command, role_needed

_BODY_MAX = 256 * 1024
_QUEUE_MAX, _STATUS_QUEUE_MAX = 400, 4
_ROLE = web.RequestKey("role", Role)
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def make_app(supervisor: Supervisor, tokens: dict[str, Role]) -> web.Application:
    """The API of one engine."""
    app = web.Application(client_max_size=_BODY_MAX, middlewares=[_plain_errors, _guard(tokens)])
    api = _Api(supervisor)
    app.router.add_get("/openapi.json", api.openapi)
    app.router.add_post("/command", api.command)
    app.router.add_get("/status", api.status)
    app.router.add_get("/show", api.show)
    app.router.add_get("/metrics", api.metrics)
    app.router.add_get("/live", api.live)
    app.router.add_post("/quit", api.quit)
    app.on_shutdown.append(api.hang_up)
    return app


@web.middleware
async def _plain_errors(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """Errors as JSON with a sentence, not as a page."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
        return web.json_response({"error": error.text or error.reason}, status=error.status, headers=headers)


def _guard(tokens: dict[str, Role]) -> Any:
    @web.middleware
    async def guard(request: web.Request, handler: _Handler) -> web.StreamResponse:
        if request.path != "/openapi.json":
            scheme, _, given = request.headers.get("Authorization", "").partition(" ")
            role = None
            for token, token_role in tokens.items():  # every one is compared, so timing tells nothing
                if hmac.compare_digest(token.encode(), given.strip().encode()):
                    role = token_role
            if scheme.lower() != "bearer" or role is None:
                answer = {"error": "Send 'Authorization: Bearer' with a token of the engine's run directory"}
                return web.json_response(answer, status=401, headers={"WWW-Authenticate": "Bearer"})
            request[_ROLE] = role
        return await handler(request)

    return guard


def _as_seen_by(role: Role, parts: dict[str, Any]) -> dict[str, Any]:
    """The parts of a show as a client may see them: addresses hold secrets, and only who can change them needs them."""
    setup = parts.get("setup")
    if setup is None or role is Role.ADMIN:
        return parts
    shown = {
        name: [
            item | {field: masked(item[field]) for field in ("url", "proxy_url") if field in item}
            for item in setup[name]
        ]
        for name in ("sources", "destinations")
    }
    feeds = [feed | {"url": masked(feed["url"])} for feed in setup["world"]["feeds"]]
    return parts | {"setup": setup | shown | {"world": setup["world"] | {"feeds": feeds}}}


class _Api:
    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._sockets: set[web.WebSocketResponse] = set()

    async def openapi(self, _request: web.Request) -> web.Response:
        return web.json_response(description())

    async def command(self, request: web.Request) -> web.Response:
        try:
            message = json.loads(await request.read())
        except (ValueError, RecursionError):
            return web.json_response({"reject": {"id": "", "reason": "The body is no JSON"}}, status=400)
        status, answer = await self._give(message, request[_ROLE], request.headers.get("User-Agent", "api"))
        return web.json_response(answer, status=status)

    async def _give(self, message: Any, role: Role, client: str) -> tuple[int, dict[str, Any]]:
        """Check a command's envelope and role, give it to the engine, and say how it went."""
        if not isinstance(message, dict):
            return 400, {"reject": {"id": "", "reason": "A command is a JSON object"}}
        order_id = message.setdefault("id", uuid.uuid4().hex)
        if not isinstance(order_id, str) or not 1 <= len(order_id) <= 128:
            return 400, {"reject": {"id": "", "reason": "'id' must be text of 1 to 128 characters"}}
        if message.get("at") is not None and type(message["at"]) is not int:
            return 400, {"reject": {"id": order_id, "reason": "'at' must be a frame number"}}
        message["client"] = f"{role}:{str(message.get('client') or client)[:80]}"
        try:
            command = decode_command(message)
        except CommandError as error:
            return 400, {"reject": {"id": order_id, "reason": str(error)}}
        if not role.allows(role_needed(command)):
            reason = f"The role '{role}' may not give {type(command).__name__}"
            return 403, {"reject": {"id": order_id, "reason": reason}}
        answer = await self._supervisor.command(message)
        return (200 if "ack" in answer else 409), answer

    async def status(self, _request: web.Request) -> web.Response:
        return web.json_response(self._supervisor.status())

    async def show(self, request: web.Request) -> web.Response:
        return web.json_response(_as_seen_by(request[_ROLE], self._supervisor.show()))

    async def metrics(self, _request: web.Request) -> web.Response:
        return web.Response(text=metrics(self._supervisor.status()), content_type="text/plain", charset="utf-8")

    async def quit(self, request: web.Request) -> web.Response:
        if not request[_ROLE].allows(Role.ADMIN):
            return web.json_response({"error": f"The role '{request[_ROLE]}' may not end the engine"}, status=403)
        self._supervisor.finished.set()
        return web.json_response({"quit": True})

    async def hang_up(self, _app: web.Application) -> None:
        for socket in list(self._sockets):
            await socket.close(code=WSCloseCode.GOING_AWAY, message=b"The engine ends")

    async def live(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(heartbeat=2.0, max_msg_size=_BODY_MAX)
        if not socket.can_prepare(request).ok:
            return web.json_response({"error": "This is a WebSocket; connect to it as one"}, status=426)
        await socket.prepare(request)
        queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(_QUEUE_MAX)
        role = request[_ROLE]

        def publish(message: dict[str, Any]) -> None:
            if "status" in message and queue.qsize() > _STATUS_QUEUE_MAX:
                return  # a slow client may miss these
            if "patch" in message:
                message = {"patch": _as_seen_by(role, message["patch"])}
            try:
                queue.put_nowait(message)
            except asyncio.QueueFull:  # but not patches: it starts again from a snapshot
                unsubscribe()
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(None)

        hello = self._supervisor.snapshot() | {"version": __version__, "role": str(role)}
        queue.put_nowait({"snapshot": _as_seen_by(role, hello)})
        unsubscribe = self._supervisor.subscribe(publish)
        self._sockets.add(socket)
        speaker = asyncio.ensure_future(self._speak(socket, queue))
        orders: set[asyncio.Task[None]] = set()
        try:
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    order = asyncio.ensure_future(self._order(frame.data, request, publish))
                    orders.add(order)
                    order.add_done_callback(orders.discard)
        finally:
            unsubscribe()
            self._sockets.discard(socket)
            speaker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await speaker
        return socket

    async def _order(self, text: str, request: web.Request, publish: Callable[[dict[str, Any]], None]) -> None:
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            publish({"reject": {"id": "", "reason": "The message is no JSON"}})
            return
        _, answer = await self._give(message, request[_ROLE], request.headers.get("User-Agent", "live"))
        publish(answer)

    @staticmethod
    async def _speak(socket: web.WebSocketResponse, queue: asyncio.Queue[dict[str, Any] | None]) -> None:
        try:
            while (message := await queue.get()) is not None:
                await asyncio.wait_for(socket.send_json(message), 4.0)
            await socket.close(code=WSCloseCode.TRY_AGAIN_LATER, message=b"Too slow; connect again")
        except (ConnectionError, TimeoutError, RuntimeError):
            await socket.close()

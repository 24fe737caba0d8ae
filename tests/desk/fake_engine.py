"""The desk's test double of an engine: a real server with the real reducer and real rings, and no decoder or mixer.

It speaks `/live`, `POST /command`, `GET /status`; a thread fills the rings with moving patterns. Run as a script it
serves until it is interrupted, for looking at the desk by hand:
`python tests/desk/fake_engine.py --port 8611 --sources 8`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import tempfile
import threading
from pathlib import Path
from typing import Any

import numpy as np
from aiohttp import WSMsgType, web

from console.media.clock import Anchor, SystemClock
from console.media.picture import Picture
from console.media.time import parse_format, timecode
from console.media.tone import tone
from console.show.codec import to_json
from console.show.commands import AddSource, CommandError, decode_command
from console.show.history import History, apply
from console.show.model import Setup, Show
from console.show.reduce import Change, settle
from console.wire.place import Address, announce, make_tokens, withdraw
from console.wire.ring import RingWriter, create_ring
from console.wire.sound import SoundWriter, create_sound

_CLOCK = SystemClock()
_TILE = (320, 180)
_FPS = 25


def paint(picture: Picture, number: int, frame: int) -> None:
    """A picture that moves and whose colour names the source."""
    height, width = picture.y.shape
    picture.y[:] = np.linspace(50, 170, width, dtype=np.uint8)
    for line in range(0, height, max(1, height // 8)):
        picture.y[line : line + max(1, height // 120)] = 200
    at = (frame * max(2, width // 100) + number * width // 9) % width
    picture.y[height // 4 : height * 3 // 4, at : at + max(4, width // 24)] = 235
    picture.u[:] = 128 + int(60 * np.cos(number * 0.9))
    picture.v[:] = 128 + int(60 * np.sin(number * 0.9))


class FakeEngine:
    """Serve from a thread of its own; `stop` and `start` again keep port and tokens, as a restarted engine does."""

    def __init__(self, port: int, run_dir: Path, *, sources: int = 4, show_format: str = "640x360p25") -> None:
        self.address = Address("127.0.0.1", port)
        self.run_dir = run_dir
        self.format = parse_format(show_format)
        self.history = History(Show(Setup(name="Test show", format=self.format)))
        for number in range(1, sources + 1):
            command = AddSource(f"cam{number}", f"pattern:?number={number}", f"Camera {number}")
            self.history, _ = apply(self.history, command, 0)
        self.commands: list[dict[str, Any]] = []
        self.pictures: dict[str, Path] = {}
        """Rings of full pictures, of sources that have one."""
        self.states: dict[str, dict[str, Any]] = {}
        """What tests put over the status of a source."""
        self.extra_status: dict[str, Any] = {}
        self.deaf = False
        """While true, commands are neither done nor answered."""
        self._rings: dict[str, tuple[RingWriter, SoundWriter]] = {}
        self._buses: dict[str, RingWriter] = {}
        self._anchor = Anchor.take(_CLOCK)
        self._thread: threading.Thread | None = None
        self._sockets: list[web.WebSocketResponse] = []

    @property
    def show(self) -> Show:
        return self.history.show

    def start(self) -> FakeEngine:
        self.run_dir.mkdir(parents=True, exist_ok=True)
        self._tokens = make_tokens(self.run_dir)
        announce(self.address, self.run_dir)
        self._ready = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="fake-engine", daemon=True)
        self._thread.start()
        if not self._ready.wait(10):
            raise RuntimeError("the fake engine did not start")
        return self

    def stop(self) -> None:
        if self._thread is not None:
            with contextlib.suppress(RuntimeError):  # it has been asked to quit
                self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(10)
            self._thread = None
        withdraw(self.address)

    def demand(self, source: str) -> int:
        """What desks ask of a source's tile."""
        return self._rings[source][0].demand(_CLOCK.now())

    def bus_demand(self, bus: str) -> int:
        """What desks ask of a bus."""
        return self._buses[bus].demand(_CLOCK.now())

    def change(self, command: Any) -> Any:
        """Do a command as another client would."""
        return asyncio.run_coroutine_threadsafe(self._do(command), self._loop).result(5)

    def frame(self) -> int:
        return self.format.rate.frame_at_ns(self._anchor.to_unix(_CLOCK.now()))

    # -- pictures --------------------------------------------------------------------------------------------

    def _make_rings(self) -> None:
        folder = self.run_dir / "rings"
        size = (self.format.width, self.format.height)
        for bus in ("program", "preview"):
            if bus not in self._buses:
                samples = 1920 if bus == "program" else 0
                self._buses[bus] = RingWriter(create_ring(folder / f"{bus}.picture", *size, slots=8, samples=samples))
        for source in self.show.setup.sources:
            if source.id not in self._rings:
                tile = create_ring(folder / f"{source.id}.tile", *_TILE, slots=4)
                sound = create_sound(folder / f"{source.id}.sound")
                self._rings[source.id] = (RingWriter(tile), SoundWriter(sound))
        for gone in [name for name in self._rings if self.show.setup.source(name) is None]:
            del self._rings[gone]

    def _fill(self, count: int) -> None:
        now = _CLOCK.now()
        numbers = {source.id: index + 1 for index, source in enumerate(self.show.setup.sources)}
        for name, (tile, sound) in self._rings.items():
            over = self.states.get(name, {})
            if over.get("state", "live") == "live":
                if count % _FPS == 0 or over.get("tier") not in ("key", "parked"):
                    picture, _ = tile.begin()
                    paint(picture, numbers.get(name, 0), count)
                    tile.publish(due_ns=now, now_ns=now, frame=count)
                sound.append(tone(numbers.get(name, 1), count * 1920, 1920) * 8, now)
        air = self.show.air
        for bus, source in (("program", air.program), ("preview", air.preview)):
            ring = self._buses[bus]
            if bus == "preview" and not ring.demand(now):
                continue
            picture, samples = ring.begin()
            if source is None:
                picture.fill()
            else:
                paint(picture, numbers.get(source, 0), count)
            heard = 0
            if bus == "program":
                heard = 1920
                samples[:heard] = tone(numbers.get(source or "", 1), count * heard, heard) * (source is not None)
                peak = float(np.abs(samples[:heard]).max())
                ring.set_levels(peak, peak)
            ring.publish(due_ns=now, now_ns=now, frame=self.frame(), samples=heard)

    # -- messages --------------------------------------------------------------------------------------------

    def rings(self) -> dict[str, Any]:
        folder = self.run_dir / "rings"
        sources = {name: {part: str(folder / f"{name}.{part}") for part in ("tile", "sound")} for name in self._rings}
        for name, path in self.pictures.items():
            sources[name]["picture"] = str(path)
        return {bus: str(folder / f"{bus}.picture") for bus in ("program", "preview")} | {"sources": sources}

    def status(self) -> dict[str, Any]:
        frame, air = self.frame(), self.show.air
        sources = {
            source.id: {
                "state": "live", "in": frame % 100_000, "drop": 0, "out": frame % 100_000, "duplicate": 0, "fps": 25.0,
                "age_ms": 20.0, "tier": "full" if source.id in (air.program, air.preview) else "active",
                "cost": 0.11, "hot_in_frames": 0, "latency_ms": 200,
                "video": {"codec": "h264", "width": 1280, "height": 720, "fps": 25.0},
            }
            | self.states.get(source.id, {})
            for source in self.show.setup.sources
        }  # fmt: skip
        outputs = {
            destination.url: {"state": "live", "queued": 1, "sent": 4810, "acked": 4809, "lag_ms": 640.0, "lost": 0}
            for destination in self.show.setup.destinations
        }
        return {
            "frame": frame, "format": str(self.format), "timecode": timecode(frame, self.format.rate), "on_air": True,
            "late_ticks": 0, "tick_ms": 1.4, "late_ms": 0.3, "program": air.program, "preview": air.preview,
            "sources": sources, "outputs": outputs, "processes": {"engine": 4711, "encoder": 4712},
            "log": {"frames": 63_000, "bytes": 1 << 30, "disk_free": 40 << 30, "missing": 0, "hours_left": 13.2},
            "alarms": [],
            "decoding": {
                "cost": 0.44, "budget": 0.8, "busy": 0.41, "cores": 2, "shedding": False,
                "headroom": {"active": 4, "key": 31},
            },
        } | self.extra_status  # fmt: skip

    def _show_json(self) -> dict[str, Any]:
        return {
            "rev": self.show.rev, "frame": self.frame(), "setup": to_json(self.show.setup),
            "air": to_json(self.show.air), "undo": len(self.history.past), "redo": len(self.history.future),
            "rings": self.rings(),
        }  # fmt: skip

    async def _do(self, command: Any) -> Any:
        self.history, result = apply(self.history, command, self.frame())
        if isinstance(result, Change):
            self._make_rings()
            await self._tell({"patch": self._show_json()})
        return result

    async def _tell(self, message: dict[str, Any]) -> None:
        for socket in list(self._sockets):
            with contextlib.suppress(ConnectionError):
                await socket.send_json(message)

    async def _answer(self, message: dict[str, Any]) -> dict[str, Any] | None:
        self.commands.append(message)
        if self.deaf:
            return None
        try:
            result = await self._do(decode_command(message))
        except CommandError as error:
            return {"reject": {"id": message.get("id"), "reason": str(error)}}
        if isinstance(result, Change):
            return {"ack": {"id": message.get("id"), "frame": self.frame(), "rev": self.show.rev}}
        return {"reject": {"id": message.get("id"), "reason": result.reason}}

    # -- server ----------------------------------------------------------------------------------------------

    async def _live(self, request: web.Request) -> web.WebSocketResponse:
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self._tokens:
            raise web.HTTPUnauthorized
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        anchor = {"monotonic_ns": self._anchor.monotonic_ns, "unix_ns": self._anchor.unix_ns}
        head = {"version": "0.1", "role": "admin", "anchor": anchor, "status": self.status()}
        await socket.send_json({"snapshot": self._show_json() | head})
        self._sockets.append(socket)
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT and (answer := await self._answer(message.json())):
                    await socket.send_json(answer)
        finally:
            self._sockets.remove(socket)
        return socket

    async def _command(self, request: web.Request) -> web.Response:
        answer = await self._answer(await request.json()) or {"reject": {"reason": "deaf"}}
        return web.json_response(answer, status=200 if "ack" in answer else 409)

    async def _get_status(self, _request: web.Request) -> web.Response:
        return web.json_response(self.status())

    async def _quit(self, _request: web.Request) -> web.Response:
        self._stop.set()
        return web.json_response({})

    async def _beat(self) -> None:
        """Pictures and status."""
        count = 0
        while not self._stop.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), 1 / _FPS)
            count += 1
            settled = settle(self.show, self.frame())
            if settled is not self.show:
                self.history = History(settled, self.history.past, self.history.future)
                await self._tell({"patch": self._show_json()})
            self._fill(count)
            if count % 5 == 0:
                await self._tell({"status": self.status()})

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self._rings.clear()
        self._buses.clear()
        self._make_rings()
        app = web.Application()
        app.add_routes([web.get("/live", self._live), web.get("/status", self._get_status)])
        app.add_routes([web.post("/command", self._command), web.post("/quit", self._quit)])
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, self.address.host, self.address.port).start()
        beat = asyncio.create_task(self._beat())
        self._ready.set()
        await self._stop.wait()
        beat.cancel()
        for socket in list(self._sockets):
            await socket.close()
        await runner.cleanup()


def rest(engine: FakeEngine) -> None:
    """Let all but the first four sources rest, as on a machine that can't decode more."""
    for number, source in enumerate(engine.show.setup.sources[4:]):
        parked = number % 6 == 5
        engine.states[source.id] = {
            "tier": "parked" if parked else "key", "fps": 0.0 if parked else 1.0, "cost": 0.012 if parked else 0.031,
            "age_ms": 740.0, "hot_in_frames": (0, 3, 12, 7, None, 25)[number % 6],
        }  # fmt: skip
    engine.extra_status["decoding"] = {
        "cost": 1.12, "budget": 0.8, "busy": 0.93, "cores": 2, "shedding": True, "headroom": {"active": 0, "key": 9},
    }  # fmt: skip


def trouble(engine: FakeEngine) -> None:
    """Put a little of everything into the status."""
    engine.states["cam5"] = {"state": "stale", "age_ms": 4200.0, "fps": 0.0, "reason": "No new picture since 4 s"}
    engine.states["cam6"] = {"state": "lost", "age_ms": 83_000.0, "fps": 0.0, "reason": "Connection refused"}
    for url in ("https://ingest.example/ingest/main", "rtmp://push.example/app/secret"):
        engine.change(decode_command({"command": "AddDestination", "url": url}))
    engine.extra_status |= {
        "late_ticks": 3,
        "outputs": {
            "https://ingest.example/ingest/main": {"state": "live", "sent": 9200, "acked": 9199, "lag_ms": 620},
            "rtmp://push.example/app/***": {
                "state": "retrying", "sent": 120, "acked": 80, "lag_ms": 12_400, "lost": 25,
                "reason": "Connection reset",
            },
        },
        "alarms": [
            {"id": "source:cam6", "severity": "minor", "text": "cam6 is lost: connection refused"},
            {"id": "disk", "severity": "critical", "text": "The disk of the program log is full in 20 minutes"},
        ],
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--sources", type=int, default=8)
    parser.add_argument("--format", default="720p25")
    parser.add_argument("--troubles", action="store_true", help="some sources and destinations are in trouble")
    parser.add_argument("--resting", action="store_true", help="only the first four sources move as they should")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        engine = FakeEngine(args.port, Path(folder), sources=args.sources, show_format=args.format).start()
        if args.resting:
            rest(engine)
        if args.troubles:
            trouble(engine)
        print(json.dumps({"address": str(engine.address), "run_dir": folder}), flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            engine.stop()


if __name__ == "__main__":
    main()

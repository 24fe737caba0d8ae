"""The venue on the network: plays all cameras' clips in lock-step, for ever, over real transports on loopback.

A process of its own, `python -m console _venue`. Configuration: `{"files": [PATH ...], "transports": ["http" | "tcp" |
"udp" ...], "ports": [N ...], "fps": N}`, one entry per camera; port 0 is any free one; HTTP cameras share the first
HTTP port. It tells `ready` with `sources` (id, name, url), `loop_frames`, `fps`, `tracking` (UDP port by protocol) and
`results` (the address of the feed), then plays until its input ends. At the beginning of every take it tells `take`
with `at_ns`, the monotonic instant at which the take's first slot was due.

All cameras are genlocked: slot n of every camera leaves at the same instant and carries the same time stamps, and so
does the tracking of that instant. UDP is paced through the frame's time.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from console.demo import feed
from console.demo.cameras import STATIONS
from console.demo.feed import ResultsFeed
from console.demo.outlets import HttpOutlet, Outlet, TcpOutlet, UdpOutlet
from console.demo.telemetry import Telemetry
from console.demo.transport import CLOCK_HZ, Loop
from console.demo.web import HttpServer, Page
from console.errors import ConsoleError
from console.media.clock import Clock, SystemClock
from console.wire.child import ENGINE_NICE, Parent, set_priority

_PACE_S = 0.005
_EXACT_NS = 1_500_000
"""asyncio wakes up to a millisecond late: the last of a wait for a slot is left to the clock."""
_BEHIND_NS = 1_000_000_000


class Venue:
    """All cameras and their tracking, in lock-step."""

    def __init__(
        self, loops: list[Loop], outlets: list[Outlet], telemetry: Telemetry, fps: int, on_take: Callable[[int], None]
    ) -> None:
        """`on_take` is told the monotonic instant in nanoseconds at which each take began."""
        self._cameras = list(zip(loops, outlets, strict=True))
        self._telemetry = telemetry
        self._fps = fps
        self._parts = max(1, round(1 / fps / _PACE_S))
        self._take_frames = len(loops[0])
        self._on_take = on_take
        self.number = 0
        """The slot that is played."""

    async def play(self, finish: threading.Event, clock: Clock) -> None:
        """Send slot after slot at the rate until told to finish."""
        self._telemetry.begin(clock.unix_ns())
        begin_ns, step = clock.now(), 0
        while not finish.is_set():
            due_ns = begin_ns + step * 1_000_000_000 // (self._fps * self._parts)
            self.number, part = divmod(step, self._parts)
            late_ns = clock.now() - due_ns
            if late_ns > _BEHIND_NS:  # the machine slept: go on from here, with not a slot left out
                begin_ns += late_ns
            await asyncio.sleep(max(0, -late_ns - (_EXACT_NS if part == 0 else 0)) / 1e9)
            if part == 0:
                clock.wait_until(due_ns)
                self._offer(due_ns)
            for _, outlet in self._cameras:
                outlet.pace(part, self._parts)
            step += 1

    def _offer(self, due_ns: int) -> None:
        """A new slot: the tracking first, as it has no time stamp and its arrival counts."""
        self._telemetry.send(self.number)
        if self.number % self._take_frames == 0:
            self._on_take(due_ns)
        for clip, outlet in self._cameras:
            outlet.offer(clip.slot(self.number), key=clip.is_key(self.number))

    def close(self) -> None:
        """Let everybody go."""
        self._telemetry.close()
        for _, outlet in self._cameras:
            outlet.close()


async def _serve(parent: Parent, clock: Clock) -> None:
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
    telemetry = Telemetry(fps, len(loops[0]), len(loops))
    venue = Venue(loops, outlets, telemetry, fps, lambda at_ns: parent.tell("take", at_ns=at_ns))
    results = ResultsFeed(fps, len(loops[0]), clock.unix_ns())
    url = await server.add_page(feed.NAME, Page(feed.CONTENT_TYPE, lambda: results.document(venue.number)))
    parent.tell("ready", sources=sources, loop_frames=len(loops[0]), fps=fps, tracking=telemetry.ports, results=url)
    try:
        await venue.play(parent.finish, clock)
    finally:
        venue.close()
        server.close()


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
    set_priority(ENGINE_NICE)  # it stands for machines of its own, which nothing here would hold up
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(levelname)s: %(message)s", stream=sys.stderr)
    try:
        asyncio.run(_serve(parent, SystemClock()))
    except ConsoleError as error:
        parent.tell("failed", reason=str(error))
        parent.close()
        return error.exit_status
    parent.close()
    return 0

"""Source hosts as real processes, with rings of their own, and what they said."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from console.media import barcode
from console.media.clock import SystemClock
from console.media.time import parse_format
from console.sources.address import tile_size, wants_key
from console.wire.ring import RingReader, create_ring
from console.wire.sound import SoundReader, create_sound
from console.wire.tier import Tier

CLOCK = SystemClock()
_MAIN = "import sys, logging; logging.basicConfig(level=logging.INFO); from console.sources.host import main; sys.exit(main())"


def wait_for(predicate: Callable[[], Any], seconds: float, what: str = "it") -> Any:
    """Wait until the predicate is true and return what it said; fails after the deadline."""
    pause = threading.Event()
    deadline = CLOCK.now() + int(seconds * 1e9)
    while CLOCK.now() < deadline:
        if said := predicate():
            return said
        pause.wait(0.02)
    raise AssertionError(f"{what} did not happen within {seconds} s")


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port that nobody uses now."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Host:
    """One source host under test."""

    def __init__(self, folder: Path, url: str, fmt: str = "640x360p50", **more: Any) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.format = parse_format(fmt)
        rings = {name: folder / f"{name}.ring" for name in ("picture", "tile", "sound")}
        create_ring(rings["picture"], self.format.width, self.format.height, slots=8, key=wants_key(url))
        create_ring(rings["tile"], *tile_size(self.format), slots=4)
        create_sound(rings["sound"])
        self.config = {
            "id": "cam1",
            "number": 1,
            "url": url,
            "name": "Camera 1",
            "format": fmt,
            "rings": {name: str(path) for name, path in rings.items()},
            "latency_ms": 200,
            "loop": True,
            **more,
        }
        self.picture = RingReader(rings["picture"])
        self.tile = RingReader(rings["tile"])
        self.sound = SoundReader(rings["sound"])
        self.events: list[dict[str, Any]] = []
        self.log: list[str] = []
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _MAIN],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(self.config).encode() + b"\n")
        self.process.stdin.flush()
        self._threads = [threading.Thread(target=self._hear), threading.Thread(target=self._hear_log)]
        for thread in self._threads:
            thread.start()

    def _hear(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.events.append(json.loads(line))

    def _hear_log(self) -> None:
        assert self.process is not None
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.log.append(line.decode(errors="replace"))

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.kill()
        self._gather()

    def stop(self) -> int:
        """End it as the supervisor does; its exit status."""
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(8)
        self._gather()
        return self.process.returncode

    def _gather(self) -> None:
        assert self.process is not None
        self.process.wait(5)
        for thread in self._threads:
            thread.join(5)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert pipe is not None
            pipe.close()

    def event(self, name: str) -> dict[str, Any] | None:
        """The newest event of a name."""
        return next((event for event in reversed(self.events) if event["event"] == name), None)

    def ask(self, tier: Tier) -> None:
        self.picture.ask(int(tier), CLOCK.now())

    def wait_event(self, name: str, seconds: float = 8.0) -> dict[str, Any]:
        return dict(wait_for(lambda: self.event(name), seconds, f"event {name} (log: {self.log[-3:]})"))

    def wait_pictures(self, more: int = 1, seconds: float = 8.0) -> None:
        """Wait until so many more pictures came."""
        goal = self.picture.count + more
        wait_for(lambda: self.picture.count >= goal, seconds, f"{more} more pictures ({self.events[-2:]})")

    def collect(self, count: int, seconds: float = 10.0, tier: Tier = Tier.FULL) -> list[tuple[int, int, int | None]]:
        """The next pictures as (due_ns, written at or before, burnt frame number), asking for a tier meanwhile."""
        seen: list[tuple[int, int, int | None]] = []
        last = self.picture.count - 1
        deadline = CLOCK.now() + int(seconds * 1e9)
        pause = threading.Event()
        while len(seen) < count:
            now = CLOCK.now()
            assert now < deadline, f"only {len(seen)} of {count} pictures ({self.events[-2:]})"
            self.ask(tier)
            for info in self.picture.infos(last):
                code = barcode.read(self.picture.picture(info.index).y)
                if self.picture.holds(info.index):
                    seen.append((info.due_ns, now, code.frame if code else None))
                    last = info.index
            pause.wait(0.01)
        return seen[:count]


@contextmanager
def hosting(folder: Path, url: str, fmt: str = "640x360p50", **more: Any) -> Iterator[Host]:
    """A running host, ended afterwards."""
    host = Host(folder, url, fmt, **more)
    host.start()
    try:
        yield host
    finally:
        assert host.process is not None
        if host.process.poll() is None:
            host.kill()

"""Source hosts as real processes with rings of their own, what they said, and senders to feed them."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
from waiting import wait_for

from console.media import barcode
from console.media.clock import SystemClock
from console.media.picture import Samples
from console.media.time import SAMPLE_RATE, parse_format
from console.sources.address import is_page, tile_size, wants_key
from console.wire.ring import STILL, RingReader, create_ring
from console.wire.sound import SoundReader, create_sound
from console.wire.tier import Tier

T = TypeVar("T")
CLOCK = SystemClock()
MS = 1_000_000


class Seen(NamedTuple):
    """A picture of a ring."""

    due_ns: int
    ahead_ns: int
    """How long before it was due it was there (at least)."""
    code: int | None
    """The frame number burnt in."""


class Host:
    """One source host under test."""

    def __init__(self, folder: Path, url: str, fmt: str = "640x360p50", **more: Any) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.format = parse_format(fmt)
        rings = {name: folder / f"cam1.{name}" for name in ("picture", "tile", "sound")}
        key = wants_key(url)
        create_ring(rings["picture"], self.format.width, self.format.height, slots=8, key=key)
        create_ring(rings["tile"], *tile_size(self.format), slots=4, key=key)
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
        self._heard_to: int | None = None
        self._sound: list[tuple[int, Samples]] = []
        self.start()

    def start(self) -> None:
        """Start the process (again)."""
        verb = "_html" if is_page(self.config["url"]) else "_source"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "console", verb],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.send(self.config)
        self._threads = [
            threading.Thread(target=self._hear, args=[self.process]),
            threading.Thread(target=self._hear_log, args=[self.process]),
        ]
        for thread in self._threads:
            thread.start()

    def _hear(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout
        for line in process.stdout:
            self.events.append(json.loads(line))

    def _hear_log(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stderr
        for line in process.stderr:
            self.log.append(line.decode(errors="replace"))

    def send(self, message: dict[str, Any]) -> None:
        """What the supervisor says to it."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self._gather()

    def stop(self) -> int:
        """End it as the supervisor does; its exit status."""
        assert self.process.stdin
        self.process.stdin.close()
        self._gather()
        return self.process.returncode

    def _gather(self) -> None:
        self.process.wait(8)
        for thread in self._threads:
            thread.join(5)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert pipe
            pipe.close()

    def told(self, name: str, after: int = 0) -> dict[str, Any] | None:
        """The newest event of a name, among those after the first `after`."""
        return next((event for event in reversed(self.events[after:]) if event["event"] == name), None)

    def wait_told(self, name: str, seconds: float = 8.0, after: int = 0) -> dict[str, Any]:
        return dict(self._wait(lambda: self.told(name, after), seconds, f"event {name}") or {})

    def wait_pictures(self, more: int = 1, seconds: float = 8.0) -> None:
        """Wait until so many more pictures came."""
        goal = self.picture.count + more
        self._wait(lambda: self.picture.count >= goal, seconds, f"{more} more pictures")

    def wait_end(self, seconds: float = 8.0) -> None:
        """Wait until a clip holds its last picture, asking for every one."""

        def ended() -> bool:
            self.picture.ask(int(Tier.FULL), CLOCK.now())
            return self.picture.flags == STILL

        self._wait(ended, seconds, "the end")

    def _wait(self, predicate: Callable[[], T], seconds: float, what: str) -> T:
        try:
            return wait_for(predicate, seconds, what)
        except AssertionError as error:
            raise AssertionError(f"{error}; the host says {self}") from None

    def __str__(self) -> str:
        return f"{self.events[-3:]} {''.join(self.log[-5:])}"

    def collect(
        self, count: int, seconds: float = 10.0, tier: Tier = Tier.FULL, after: int | None = None
    ) -> list[Seen]:
        """The next pictures (or those from index `after` on that are still there), asking for a tier meanwhile; what is
        heard is kept for `onsets`."""
        seen: list[Seen] = []
        last = (self.picture.count if after is None else after) - 1

        def enough() -> bool:
            nonlocal last
            now = CLOCK.now()
            self.picture.ask(int(tier), now)
            self._listen(now)
            for info in self.picture.infos(last):
                code = barcode.read(self.picture.picture(info.index).y)
                if self.picture.holds(info.index):
                    seen.append(Seen(info.due_ns, info.due_ns - now, code.frame if code else None))
                    last = info.index
            return len(seen) >= count

        self._wait(enough, seconds, f"{count} pictures")
        return seen[:count]

    def _listen(self, now: int) -> None:
        anchor = self.sound.anchor()
        if anchor is None:
            return
        upto = min(self.sound.count, int(anchor.position(now)))
        first = upto if self._heard_to is None else self._heard_to
        if upto > first:
            due = anchor.due_ns + (first - anchor.sample) * 1_000_000_000 // SAMPLE_RATE
            self._sound.append((due, self.sound.read(first, upto - first)))
        self._heard_to = max(first, upto)

    def onsets(self) -> list[int]:
        """The instants at which beeps were due to begin, in what was heard during `collect`."""
        found = []
        loud = True
        for due, samples in self._sound:
            level = np.abs(samples[:, 0])
            for start in range(0, len(level) - 48, 48):
                is_loud = bool(level[start : start + 192].max() > 0.06)
                if is_loud and not loud:
                    peak = start + int(np.argmax(level[start : start + 192] > 0.06))
                    found.append(due + peak * 1_000_000_000 // SAMPLE_RATE)
                loud = is_loud
        return found


@contextmanager
def hosting(folder: Path, url: str, fmt: str = "640x360p50", **more: Any) -> Iterator[Host]:
    """A running host, ended afterwards."""
    host = Host(folder, url, fmt, **more)
    try:
        yield host
    finally:
        if host.process.returncode is None:
            host.kill()


@contextmanager
def running(*command: str | Path) -> Iterator[subprocess.Popen[bytes]]:
    """A program that runs meanwhile; killed afterwards."""
    with subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


def send(clip: Path, *to: str, ffmpeg: str = "ffmpeg") -> Any:
    """FFmpeg sending a clip for ever, in real time, as it is."""
    return running(ffmpeg, "-v", "fatal", "-re", "-stream_loop", "-1", "-i", clip, "-c", "copy", *to)


def in_order(seen: list[Seen], loop: int) -> bool:
    """Whether the burnt numbers are all there, each once, in order, in a clip of `loop` frames."""
    return all(a.code is not None and b.code == (a.code + 1) % loop for a, b in pairwise(seen))


def wait_listening(port: int) -> None:
    """Wait until somebody listens on a TCP port, without connecting to it."""
    word = f":{port:04X} "
    wait_for(
        lambda: any(
            word in line and " 0A " in line
            for table in ("tcp", "tcp6")
            for line in Path(f"/proc/net/{table}").read_text().splitlines()
        ),
        8,
        f"listening on {port}",
    )

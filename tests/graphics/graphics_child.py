"""A real graphics process, the rings a supervisor would give it, and what a camera and its tracker would send."""

from __future__ import annotations

import json
import math
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from waiting import wait_for

from console.media.clock import Anchor, SystemClock
from console.media.time import Rate
from console.show.codec import to_json
from console.show.model import Air, Setup, SourceId
from console.show.world import Camera, Element, ElementKind, Group, LensRow, Switched, TrackingInput, World
from console.tracking import freed
from console.wire.ring import PictureInfo, RingReader, RingWriter, create_ring

WIDTH, HEIGHT, RATE = 640, 360, Rate(50)
FRAME_NS = RATE.start_ns(1)
LATENCY_NS, AHEAD_NS = 200_000_000, 90_000_000
LENS = (LensRow(focal=1.2),)
ALL_ON = (Switched(on=True),) * len(Group)
CLOCK = SystemClock()


def square(x_m: float, y_m: float, name: str = "square", side_m: float = 2.0, **fields: Any) -> Element:
    """A decal on the ground."""
    half = side_m / 2
    corners = ((-half, -half), (half, -half), (half, half), (-half, half))
    points = tuple((x_m + x, y_m + y, 0.0) for x, y in corners)
    return Element(name, ElementKind.DECAL, Group.TAG, points_m=points, colour="#ffffff", **fields)


class Sender:
    """A tracker."""

    def __init__(self, port: int) -> None:
        self.socket = socket.socket(type=socket.SOCK_DGRAM)
        self.address = ("127.0.0.1", port)

    def freed(self, camera: int = 1, pan_deg: float = 0.0, **fields: Any) -> None:
        values = {"tilt_deg": -10.0, "roll_deg": 0.0, "x_m": 0.0, "y_m": 0.0, "z_m": 5.0, "zoom": 0, "focus": 0}
        self.send(freed.encode(freed.FreedSample(camera, pan_deg, **{**values, **fields})))

    def send(self, data: bytes) -> None:
        self.socket.sendto(data, self.address)

    def close(self) -> None:
        self.socket.close()


class Tracker:
    """A FreeD tracker that measures evenly, sixty times a second, and sends at once: a camera that pans to and fro."""

    PERIOD_NS = 16_666_667

    def __init__(self, port: int) -> None:
        self.begun_ns = CLOCK.now()
        self._sender, self._closing = Sender(port), threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def pan_deg(self, at_ns: float) -> float:
        """Where it looks; 12 degrees a second at most."""
        return 6 * math.sin((at_ns - self.begun_ns) / 1e9 * 2)

    def _run(self) -> None:
        at_ns = self.begun_ns
        while not self._closing.is_set():
            CLOCK.wait_until(at_ns)
            self._sender.freed(1, self.pan_deg(at_ns))
            at_ns += self.PERIOD_NS

    def close(self) -> None:
        self._closing.set()
        self._thread.join()
        self._sender.close()


class Source:
    """What a source host does: pictures in a ring, ahead of their time."""

    def __init__(self, folder: Path, name: str) -> None:
        self.paths = {kind: str(folder / f"{name}.{kind}") for kind in ("picture", "overlay")}
        create_ring(Path(self.paths["picture"]), WIDTH, HEIGHT, slots=10)
        create_ring(Path(self.paths["overlay"]), WIDTH, HEIGHT, slots=10, key=True)
        self.pictures = RingWriter(Path(self.paths["picture"]))
        self.pictures.set_latency(LATENCY_NS)
        self.pictures_reader = RingReader(Path(self.paths["picture"]))
        self.overlay = RingReader(Path(self.paths["overlay"]))

    def show(self, due_ns: int, luma: NDArray[np.uint8] | None = None) -> int:
        """Write a picture that is due then."""
        picture, _ = self.pictures.begin()
        if luma is not None:
            np.copyto(picture.y, luma)
        return self.pictures.publish(due_ns=due_ns, now_ns=CLOCK.now())

    def ask(self) -> None:
        """What the tick does at every frame."""
        self.overlay.ask(1, CLOCK.now())

    def drawn(self, index: int) -> PictureInfo | None:
        """The newest graphics of a picture."""
        infos = [info for info in self.overlay.infos() if info.frame == index]
        return infos[-1] if infos else None

    def centre(self, info: PictureInfo) -> tuple[float, float] | None:
        """The middle of everything that is drawn, weighted by its key, in pixels from the corner; None: nothing."""
        key = self.overlay.picture(info.index).key
        assert key is not None
        weights = key.astype(np.float64)
        if not weights.any():
            return None
        rows, columns = np.indices(weights.shape)
        total = weights.sum()
        return float((weights * (columns + 0.5)).sum() / total), float((weights * (rows + 0.5)).sum() / total)

    def close(self) -> None:
        for ring in (self.pictures, self.pictures_reader, self.overlay):
            ring.close()


class GraphicsChild:
    """`python -m console _graphics`, as the supervisor runs it."""

    def __init__(self, folder: Path, setup: Setup, air: Air, sources: dict[str, Source]) -> None:
        self.titles = [folder / f"title-{number}.picture" for number in range(4)]
        for path in self.titles:
            if not path.exists():
                create_ring(path, WIDTH, HEIGHT, slots=4, key=True)
        self.anchor = Anchor.take(CLOCK)
        self.setup, self.air, self.sources = setup, air, sources
        self.events: list[dict[str, Any]] = []
        self.start()

    def start(self) -> None:
        config = {
            "format": f"{WIDTH}x{HEIGHT}p50",
            "anchor": asdict(self.anchor),
            "setup": to_json(self.setup),
            "air": to_json(self.air),
            "rings": {name: source.paths for name, source in self.sources.items()},
            "titles": [str(path) for path in self.titles],
        }
        self.begin(config)

    def begin(self, config: dict[str, Any]) -> None:
        """Run it with a configuration."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "console", "_graphics"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "QT_QPA_PLATFORM": "no-such-platform"},
        )
        self.send(config)
        self._errors: list[str] = []
        self._readers = [
            threading.Thread(target=self._read, args=(self.process.stdout, self._event), daemon=True),
            threading.Thread(target=self._read, args=(self.process.stderr, self._errors.append), daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def _read(self, stream: Any, take: Callable[[str], None]) -> None:
        for line in stream:
            take(line.decode())

    def _event(self, line: str) -> None:
        self.events.append(json.loads(line))

    def send(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def change(self, setup: Setup | None = None, air: Air | None = None) -> None:
        """Give it another set-up, or put other things on air."""
        if setup is not None:
            self.setup = setup
            self.send({"setup": to_json(setup)})
        if air is not None:
            self.air = air
            self.send({"air": to_json(air)})

    @property
    def errors(self) -> str:
        return "".join(self._errors)

    def stats(self, what: Callable[[dict[str, Any]], Any], seconds: float = 15.0) -> dict[str, Any]:
        """The next report for which `what(report)` is true."""
        seen = len(self.events)

        def look() -> dict[str, Any] | None:
            assert self.process.poll() is None, self.errors
            return next((e for e in self.events[seen:] if e["event"] == "stats" and what(e)), None)

        found = wait_for(look, seconds, what=str(self.events[-1:]) + self.errors)
        assert found is not None
        return found

    def frame(self, ahead: int = 0) -> int:
        """The number of the program's frame now."""
        return RATE.frame_at_ns(self.anchor.to_unix(CLOCK.now())) + ahead

    def cpu_s(self) -> float:
        """What it has used of a core so far (Linux)."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(5)
        self._join()

    def close(self) -> int:
        """End it as the supervisor does, by ending its input."""
        if self.process.poll() is None:
            assert self.process.stdin is not None
            self.process.stdin.close()
        status = self.process.wait(8)
        if not self.closed:
            self._join()
        return status

    @property
    def closed(self) -> bool:
        """Whether it has ended and all that it said was read."""
        return self.process.stdout is None or self.process.stdout.closed

    def _join(self) -> None:
        for reader in self._readers:
            reader.join(5)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()


def fixed_world(*elements: Element, source: str = "cam", **camera: Any) -> World:
    """One fixed camera five metres up, looking along +Y and ten degrees down."""
    place = {"position_m": (0.0, 0.0, 5.0), "tilt_deg": -10.0, "lens": LENS, **camera}
    return World(cameras=(Camera(source, **place),), elements=elements)


def tracked_world(port: int, *elements: Element, protocol: str = "freed", **camera: Any) -> World:
    """One camera of which the tracker tells everything."""
    tracking = TrackingInput("ptz", protocol, f"127.0.0.1:{port}")
    return World((tracking,), (Camera("cam", "ptz", 1, lens=LENS, **camera),), elements)


ON_CAM = Air(program=SourceId("cam"), tracked=ALL_ON)

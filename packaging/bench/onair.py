"""One show on air for the benchmark: feeds, receiver, `podium engine` and the desk, each in processes of their own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

from counting import Look
from feeding import Feeds, free_ports, logo_file
from meter import MemoryWatch, Meter, udp_drops
from sink import Sink

from console.errors import ConsoleError
from console.media.time import parse_format
from console.wire import client
from console.wire.place import parse_address, runtime_root
from console.wire.ring import RingReader
from console.wire.tier import Tier

KBPS = {"1080p50": 6000, "720p50": 4500, "1080p25": 4500, "720p25": 3000}
"""The program's bit rates, those of the peers."""
T = TypeVar("T")
_START_SECONDS, _LIVE_SECONDS = 60, 30
LOGO = "logo"


@dataclass(frozen=True)
class Workload:
    """What is on air."""

    fmt: str
    sources: int
    preset: str = "ultrafast"
    desk: bool = True
    """The real desk looks at the multiview; else `tiles` are asked for by a reader."""
    tiles: Tier | None = Tier.ACTIVE
    """What a reader asks of every tile where no desk runs: ACTIVE for seen, KEY for unseen, None for not there."""
    graphic: bool = True
    deliver: bool = True


def source_id(number: int) -> str:
    """The id of source 1, 2, ..."""
    return f"s{number}"


class OnAir:
    """Everything is started on entering and ended on leaving, or before that by `looks`."""

    def __init__(self, work: Workload, media: Path) -> None:
        self.work, self._media = work, media
        self.rate = parse_format(work.fmt).rate
        self._folders, self._stack = ExitStack(), ExitStack()
        self.folder = Path(self._folders.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        # Rings belong in memory, where Podium would put them by itself.
        shared = runtime_root().parent
        runtime = self._folders.enter_context(
            tempfile.TemporaryDirectory(prefix="bench-", dir=shared if os.access(shared, os.W_OK) else None)
        )
        self.run_dir = Path(runtime) / "run"
        self._runtime, self._before = runtime, os.environ.get("PODIUM_RUNTIME")
        self.log = self.folder / "log"
        self.address = parse_address(f"127.0.0.1:{free_ports(1, 1)[0]}")
        self.desk: subprocess.Popen[bytes] | None = None
        self._xvfb: subprocess.Popen[bytes] | None = None
        self.tiles: dict[str, RingReader] = {}

    def __enter__(self) -> Self:
        os.environ["PODIUM_RUNTIME"] = self._runtime
        self._folders.callback(self._forget_runtime)
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.finish()
        self._folders.close()

    def finish(self) -> None:
        """End every process in order; the files stay until the block is left."""
        self._stack.close()

    def looks(self) -> list[Look]:
        """What was delivered, whole: ends everything first."""
        self.finish()
        return [] if self.sink is None else self.sink.looks(self.log, self.rate)

    def _forget_runtime(self) -> None:
        os.environ.pop("PODIUM_RUNTIME", None)
        if self._before is not None:
            os.environ["PODIUM_RUNTIME"] = self._before

    def _start(self) -> None:
        work, stack = self.work, self._stack
        self.feeds = Feeds(self._media, work.fmt, work.sources)
        stack.callback(self.feeds.close)
        self.sink = Sink(self.folder) if work.deliver else None
        show = self.folder / "show.json"
        show.write_text(json.dumps(self._show()))
        command = [sys.executable, "-m", "console", "engine", "--show", str(show), "--api", str(self.address)]
        command += ["--run-dir", str(self.run_dir), "--log", str(self.log), "--software", "--preset", work.preset]
        command += ["--bitrate", str(KBPS.get(work.fmt, 3000))]
        if self.sink is not None:
            stack.callback(self.sink.close)
            command += ["--to", self.sink.url]
        errors = stack.enter_context((self.folder / "engine.log").open("wb"))
        self.started_ns, self.started_unix_ns = time.monotonic_ns(), time.time_ns()
        self.engine = subprocess.Popen(command, stderr=errors, stdin=subprocess.DEVNULL)
        stack.callback(self._end_engine)
        self.program = self._attach("program.picture")
        self.memory = MemoryWatch(self.engine.pid, self.run_dir / "rings")
        stack.callback(self.memory.close)
        for number in range(1, work.sources + 1):
            self.tiles[source_id(number)] = self._attach(f"{source_id(number)}-*.tile")
        if work.desk:
            self._open_desk()
        elif work.tiles is not None:
            looking = Looker(list(self.tiles.values()), work.tiles)
            stack.callback(looking.close)
        self.meter = Meter(self._groups)

    def _show(self) -> dict[str, Any]:
        work = self.work
        sources = [(source_id(n), self.feeds.address(n)) for n in range(1, work.sources + 1)]
        if work.graphic:
            sources.append((LOGO, str(logo_file(self._media, work.fmt).resolve())))
        setup = {
            "name": "Benchmark",
            "format": work.fmt,
            "sources": [{"id": name, "url": url, "name": name} for name, url in sources],
            "keyers": [LOGO if work.graphic else None, None, None, None],
        }
        air = {
            "program": source_id(1),
            "preview": source_id(2) if work.sources > 1 else None,
            "transition": {"type": "mix", "rate_frames": round(self.rate.fps)},
            "keyers_on": [work.graphic, False, False, False],
        }
        return {"podium": 1, "setup": setup, "air": air}

    def _attach(self, pattern: str) -> RingReader:
        rings = self.run_dir / "rings"
        return self.wait(lambda: next((RingReader(path) for path in rings.glob(pattern)), None), f"ring {pattern}")

    def _open_desk(self) -> None:
        read, write = os.pipe()
        screen = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1920x1080x24", "-nolisten", "tcp"]
        self._xvfb = subprocess.Popen(screen, pass_fds=[write], stderr=subprocess.DEVNULL)
        self._stack.callback(_end, self._xvfb)
        os.close(write)
        with os.fdopen(read) as answer:
            display = f":{answer.readline().strip()}"
        homes = dict.fromkeys(("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"), str(self.folder))
        errors = self._stack.enter_context((self.folder / "desk.log").open("wb"))
        self.desk = subprocess.Popen(
            [sys.executable, "-m", "console", "desk", "--engine", str(self.address), "--fullscreen"],
            env=os.environ | homes | {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb"},
            stderr=errors,
        )
        self._stack.callback(_end, self.desk)

    def _groups(self) -> dict[str, list[int]]:
        groups = {"podium": [self.engine.pid]}
        if self.desk is not None and self._xvfb is not None:
            groups |= {"desk": [self.desk.pid], "screen": [self._xvfb.pid]}
        sink = [self.sink.pid] if self.sink is not None else []
        return groups | {"feeds_and_sink": [*self.feeds.pids, *sink], "bench": [os.getpid()]}

    def _end_engine(self) -> None:
        if self.engine.poll() is None:
            self.engine.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            self.engine.wait(30)
        self.engine.kill()
        self.engine.wait()

    # While it is on air

    def wait(self, true: Callable[[], T | None], what: str, seconds: float = _START_SECONDS) -> T:
        """The first true answer. Raises ConsoleError when it takes too long or the engine has ended."""
        until = time.monotonic() + seconds
        while True:
            with suppress(ConsoleError):
                if answer := true():
                    return answer
            if self.engine.poll() is not None or time.monotonic() > until:
                words = (self.folder / "engine.log").read_text(errors="replace").splitlines()[-3:]
                raise ConsoleError(f"Waited for {what} in vain", " | ".join(words))
            time.sleep(0.005)

    def status(self) -> dict[str, Any]:
        """`GET /status`."""
        status: dict[str, Any] = client.get(self.address, "/status")
        return status

    def command(self, name: str, /, **fields: Any) -> dict[str, Any]:
        """Give a command and return its ack."""
        return client.command(self.address, name, **fields)

    def frame(self) -> int:
        """The program frame that is on air now."""
        return self.rate.frame_at_ns(time.time_ns())

    def wait_live(self) -> float | None:
        """Wait until the program arrives and, for a while, until every source is live; the seconds since the start.

        None when some are not live even then: too much for the machine, which is a result and no error.
        """
        self.wait(lambda: self.sink is None or len(self.sink.arrivals) > 2, "the program to arrive")
        until = time.monotonic() + _LIVE_SECONDS
        while any(told["state"] != "live" for told in self.status()["sources"].values()):
            if time.monotonic() > until:
                return None
            time.sleep(0.05)
        return (time.monotonic_ns() - self.started_ns) / 1e9

    def tile_counts(self) -> dict[str, int]:
        """How many pictures each tile has had."""
        return {name: ring.count for name, ring in self.tiles.items()}

    def udp_drops(self) -> int:
        """Datagrams that were lost before Podium could read them."""
        return udp_drops(self.feeds.ports)


class Looker:
    """Asks for tiles as a desk does that shows them (ACTIVE) or has them out of sight (KEY)."""

    def __init__(self, rings: list[RingReader], tier: Tier) -> None:
        self._rings, self._tier = rings, tier
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._ask, name="looker", daemon=True)
        self._thread.start()

    def _ask(self) -> None:
        while True:
            for ring in self._rings:
                ring.ask(self._tier, time.monotonic_ns())
            if self._ended.wait(0.5):
                return

    def close(self) -> None:
        """Ask no more."""
        self._ended.set()
        self._thread.join()


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def has_screen() -> bool:
    """Whether the real desk can be run."""
    return shutil.which("Xvfb") is not None

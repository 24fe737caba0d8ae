"""Everything the demo starts: venue, cloud, engine, desk; each a process of its own, ended in order."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from console.demo import graphics
from console.demo.clips import Clips
from console.demo.starter import Starter
from console.errors import ConsoleError
from console.media.clock import Clock
from console.media.time import Format
from console.show.codec import show_to_file
from console.show.model import Air, Destination, Setup, Show, Source, SourceId
from console.wire.child import child_command
from console.wire.client import ask, command, get
from console.wire.place import Address, make_private, runtime_root

_log = logging.getLogger("console.demo")
TRANSPORTS = ("http", "http", "http", "http", "tcp", "udp", "udp", "tcp")
"""How each camera is sent."""
CHANNEL = "demo"
_START_NS = 30_000_000_000
_POLL_NS = 50_000_000
_QUIT_S, _END_S = 30.0, 5.0
_LAST_WORDS = 6


@dataclass(frozen=True)
class VenueNews:
    """What the venue told when it was ready."""

    sources: tuple[dict[str, str], ...]
    loop_frames: int
    fps: int
    tracking: dict[str, int]
    """UDP port by protocol."""
    results: str
    """The address of the results feed."""


def free_port() -> int:
    """A TCP port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Stage:
    """The demo's processes and its temporary directory."""

    def __init__(self, form: Format, clips: Clips, clock: Clock) -> None:
        self.form, self.clips, self._clock = form, clips, clock
        self.directory = Path(tempfile.mkdtemp(prefix="podium-demo-"))
        self.run_dir = make_private(runtime_root() / f"demo-{os.getpid()}", "the rings")
        self.engine = Address("127.0.0.1", free_port())
        self.cloud = Address("127.0.0.1", free_port())
        self.venue: VenueNews | None = None
        self.starter: Starter | None = None
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def log_dir(self) -> Path:
        """The engine's program log."""
        return self.directory / "log"

    @property
    def archive(self) -> Path:
        """What the endpoint has received."""
        return self.directory / "store" / CHANNEL

    @property
    def watch_url(self) -> str:
        """The page on which the delivered program plays."""
        return f"{self.cloud.url}/watch/{CHANNEL}"

    def begin(self) -> None:
        """Start the venue, the cloud and the engine. Raises ConsoleError."""
        self._begin_venue()
        self._start("cloud", "cloud", "--listen", str(self.cloud), "--store", str(self.directory / "store"))
        show = self.directory / "show.json"
        show.write_text(json.dumps(show_to_file(self._show())), encoding="utf-8")
        self._start(
            "engine", "engine", "--show", str(show), "--api", str(self.engine), "--run-dir", str(self.run_dir),
            "--log", str(self.log_dir),
        )  # fmt: skip

    def open_desk(self) -> None:
        """Open the window."""
        self._start("desk", "desk", "--engine", str(self.engine))

    def _begin_venue(self) -> None:
        count = len(self.clips.files)
        config = {
            "files": [str(file) for file in self.clips.files], "transports": TRANSPORTS[:count], "ports": [0] * count,
            "fps": self.clips.format.rate.num,
        }  # fmt: skip
        process = self._start("venue", "_venue", talking=True)
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("a child without its pipes")
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(json.dumps(config).encode() + b"\n")
            process.stdin.flush()
        told = json.loads(process.stdout.readline() or b"{}")
        if told.get("event") != "ready":
            raise ConsoleError(str(told.get("reason") or "The venue did not start"), f"See {self._log_file('venue')}")
        self.venue = VenueNews(
            tuple(told["sources"]), int(told["loop_frames"]), int(told["fps"]), told["tracking"], told["results"]
        )
        self.starter = Starter(self.form.rate, self.venue.fps, self._clock, self._start_race)
        self.starter.listen(process.stdout)

    def _start_race(self, frame: int) -> None:
        command(self.engine, "StartRace", client="demo", frame=frame)

    def _show(self) -> Show:
        """The show: the cameras with their names, the endpoint, camera 1 on program."""
        if self.venue is None:
            raise RuntimeError("the show needs the venue's addresses")
        sources = tuple(Source(SourceId(one["id"]), one["url"], one["name"]) for one in self.venue.sources)
        ids = [source.id for source in sources]
        ingest = Destination(f"{self.cloud.url}/ingest/{CHANNEL}", "Cloud")
        setup = Setup(name="Men's 100 m final", format=self.form, sources=sources, destinations=(ingest,))
        air = Air(program=ids[0], preview=ids[1] if len(ids) > 1 else None)
        placed = graphics.world(self.form, self.venue.fps, self.venue.tracking, self.venue.results, ids)
        return Show(*graphics.dressed(setup, air, placed))

    def _start(self, name: str, verb: str, *options: str, talking: bool = False) -> subprocess.Popen[bytes]:
        # A session of their own: Ctrl-C is the demo's, which ends them in order.
        pipe = subprocess.PIPE if talking else subprocess.DEVNULL
        with open(self._log_file(name), "wb") as log:
            process = subprocess.Popen(
                [*child_command(verb, *options)], stdin=pipe, stdout=pipe if talking else log, stderr=log,
                start_new_session=sys.platform != "win32",
            )  # fmt: skip
        self.processes[name] = process
        return process

    def _log_file(self, name: str) -> Path:
        return self.directory / f"{name}.log"

    def status(self) -> dict[str, Any]:
        """What the engine measures now. Raises ConsoleError when it does not answer."""
        answer: dict[str, Any] = get(self.engine, "/status")
        return answer

    def follow(self, status: dict[str, Any]) -> None:
        """What is to be done now and then while the show runs: the race is started with each take."""
        if self.starter is not None:
            self.starter.follow(status)

    def wait_on_air(self) -> dict[str, Any]:
        """Wait for the first program frame in the log; the status then. Raises ConsoleError."""
        end = self._clock.now() + _START_NS
        while self._clock.now() < end:
            self.check()
            with contextlib.suppress(ConsoleError):
                status = self.status()
                if status["on_air"] and status["log"].get("first_frame") is not None:
                    return status
            self._clock.wait_until(self._clock.now() + _POLL_NS)
        raise ConsoleError("The engine was not on air within 30 s", f"See {self._log_file('engine')}")

    def check(self) -> None:
        """Raises ConsoleError when a process ended that should not have."""
        for name, process in self.processes.items():
            if process.poll() is not None and not (name == "desk" and process.returncode == 0):
                words = self._last_words(name)
                raise ConsoleError(
                    f"The {name} ended with status {process.returncode}{f': {words}' if words else ''}",
                    f"See {self._log_file(name)}",
                )

    def desk_closed(self) -> bool:
        """Whether there was a desk and its user has closed it."""
        desk = self.processes.get("desk")
        return desk is not None and desk.poll() is not None

    def _last_words(self, name: str) -> str:
        with contextlib.suppress(OSError):
            lines = self._log_file(name).read_text(encoding="utf-8", errors="replace").split("\n")
            said = [line.strip() for line in lines[-_LAST_WORDS:] if line.strip()]
            return said[-1] if said else ""
        return ""

    def end(self) -> None:
        """End everything: desk, engine (its last segments are delivered), cloud, venue."""
        self._terminate("desk")
        engine = self.processes.get("engine")
        if engine is not None and engine.poll() is None:
            with contextlib.suppress(ConsoleError):
                ask(self.engine, "POST", "/quit")
            self._wait("engine", _QUIT_S)
        self._terminate("engine")
        self._terminate("cloud")
        venue = self.processes.get("venue")
        if venue is not None and venue.stdin is not None:
            with contextlib.suppress(OSError):
                venue.stdin.close()
            self._wait("venue", _END_S)
        self._terminate("venue")
        if self.starter is not None:
            self.starter.close()
        if venue is not None and venue.stdout is not None:
            venue.stdout.close()
        shutil.rmtree(self.run_dir, ignore_errors=True)

    def _wait(self, name: str, seconds: float) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.processes[name].wait(seconds)

    def _terminate(self, name: str) -> None:
        process = self.processes.get(name)
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGTERM)
        self._wait(name, _END_S)
        if process.poll() is None:
            _log.warning("The %s did not end and was killed", name)
            process.kill()
            process.wait()

    def remove(self) -> None:
        """Remove the temporary directory."""
        shutil.rmtree(self.directory, ignore_errors=True)

"""A small show on air for tests: a real program ring filled in real time, real child processes."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from console.media import barcode, tone
from console.media.clock import SystemClock
from console.media.time import Format
from console.wire.ring import RingWriter, create_ring

SOURCE = 7


class Feeder:
    """Writes every frame of a show into its program ring, as the engine's tick does: burnt-in numbers and a tone.

    Frame n carries n % 2^24 as its code, and the tone of sample `first_sample(n)` of the test source.
    """

    def __init__(self, path: Path, fmt: Format, slots: int | None = None) -> None:
        self.format = fmt
        self.path = path
        create_ring(
            path, fmt.width, fmt.height, slots=slots or round(fmt.rate.fps * 1.28), samples=fmt.rate.samples_max
        )
        self._ring = RingWriter(path)
        self._clock = SystemClock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.first = fmt.rate.frame_at_ns(self._clock.unix_ns())
        self.next = int(self.first)
        self.left_out: set[int] = set()

    def write(self) -> None:
        """Write one frame."""
        picture, sound = self._ring.begin()
        number, rate = self.next, self.format.rate
        picture.y[:] = 60
        left = number * 4 % (self.format.width - 64)
        picture.y[40:104, left : left + 64] = 180
        picture.u.fill(110)
        picture.v.fill(140)
        barcode.burn(picture.y, SOURCE, number)
        count = rate.samples(number)
        sound[:count] = tone.tone(SOURCE, rate.first_sample(number), count)
        now = self._clock.now()
        self._ring.publish(due_ns=now, now_ns=now, frame=number, samples=count)
        self.next += 1

    def leave_out(self, frames: int) -> None:
        """Skip frames, as a late tick does."""
        self.left_out |= set(range(self.next, self.next + frames))
        self.next += frames

    def _run(self, speed: float) -> None:
        begun, first = self._clock.now(), self.next
        while not self._stop.is_set():
            due = begun + self.format.rate.start_ns(self.next - first) / speed
            if self._clock.now() >= due:
                self.write()
            else:
                self._stop.wait((due - self._clock.now()) / 1e9)

    def start(self, speed: float = 1.0) -> None:
        """Write frames in real time from now on."""
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, args=(speed,), name="feeder")
        self._thread.start()

    def stop(self) -> None:
        """Stop writing."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def close(self) -> None:
        self.stop()
        self._ring.close()


class Child:
    """A real child process of Podium and what it tells."""

    def __init__(self, verb: str, config: dict[str, Any]) -> None:
        self.verb, self.config = verb, config
        self.events: list[dict[str, Any]] = []
        self.start()

    def start(self) -> None:
        """Start it (again)."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "console", self.verb], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(self.config).encode() + b"\n")
        self.process.stdin.flush()
        self._reader = threading.Thread(target=self._read, args=(self.process,), name="child-events")
        self._reader.start()

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.events.append(json.loads(line))

    def last(self, event: str) -> dict[str, Any]:
        """The newest event of a kind; empty when there was none."""
        return next((told for told in reversed(self.events) if told["event"] == event), {})

    def send(self, **message: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def finish(self, seconds: float = 10.0) -> int:
        """End its input and wait for it."""
        assert self.process.stdin is not None
        if not self.process.stdin.closed:
            self.process.stdin.close()
        status = self.process.wait(seconds)
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()
        return status

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait()
        self.finish()

    def close(self) -> None:
        if self.process.poll() is None:
            self.kill()
        else:
            self.finish()

"""Measuring how much later a source's pictures come in than the tracking of their instants, while its camera is moved.

A thread looks at the pictures as they come, most of the time in OpenCV, which lets the others work; the newest counts,
so on a busy machine it sees fewer. The pictures must all be made: the source is to be on preview or program.
"""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import Any

from console.errors import ConsoleError
from console.media.clock import Clock
from console.show.world import Camera
from console.tracking.delay import Delay, find_delay
from console.tracking.distortion import Array
from console.tracking.timeline import CameraTimeline
from console.tracking.turning import PictureTurning
from console.wire.ring import RingReader

log = logging.getLogger("console.graphics.delays")

SECONDS, MOST_SECONDS = 6.0, 20.0
_AFTER_NS = 700_000_000
"""The tracking is listened to for so much longer, as it may come later than the pictures."""
_LOOK_SECONDS = 0.003
_LEAST_PICTURES = 30


class DelayMeasurement:
    """One measurement. `line` is to be fed with what the camera's tracker says, by the thread that calls `turn`."""

    def __init__(self, camera: Camera, pictures: Path, clock: Clock, seconds: float = SECONDS) -> None:
        self.camera = camera
        self.line = CameraTimeline(history_ns=round((MOST_SECONDS + 5) * 1e9))
        self._pictures, self._clock = pictures, clock
        self._seconds = min(max(seconds, 1.0), MOST_SECONDS)
        self._begun_ns = clock.now()
        self._seen = 0
        self._found: Delay | None = None
        self._reason = ""
        self._angles: tuple[Array, Array] | None = None
        self._asked, self._answered, self._closing = threading.Event(), threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"delay-{camera.source}", daemon=True)
        self._thread.start()

    @property
    def runs(self) -> bool:
        """Whether it has not come to its end."""
        return self._thread.is_alive()

    def turn(self) -> None:
        """Hand over what the tracker said, once it is wanted."""
        if self._asked.is_set() and not self._answered.is_set():
            self._angles = self.line.turning()
            self._answered.set()

    def status(self) -> dict[str, Any]:
        """How far it is, or what came of it."""
        if self._found is not None:
            found = self._found
            told = {"delay_ms": found.delay_ms, "error_ms": found.error_ms, "agreement": found.agreement}
            told["focal_factor"] = found.focal_factor
            return {"state": "found", **{name: round(value, 3) for name, value in told.items()}}
        if self._reason:
            return {"state": "failed", "reason": self._reason}
        left_s = self._seconds - (self._clock.now() - self._begun_ns) / 1e9
        return {"state": "measuring", "left_s": round(max(0.0, left_s), 1), "pictures": self._seen}

    def close(self) -> None:
        """Give up."""
        self._closing.set()
        self._answered.set()
        self._thread.join(2.0)

    def _run(self) -> None:
        try:
            self._found = self._measured()
            log.info("the delay of %s is %.2f ms", self.camera.source, self._found.delay_ms)
        except ConsoleError as error:
            self._reason = str(error)
        except Exception as error:  # whatever it is, it takes nothing else along
            self._reason = f"{type(error).__name__}: {error}"

    def _measured(self) -> Delay:
        source = self.camera.source
        if not self.camera.input:
            raise ConsoleError(f"The camera of {source} is not tracked", "Only a tracked camera has a delay to measure")
        focal = self.camera.lens[0].focal if self.camera.lens else 1.0
        turned = PictureTurning(focal)
        with RingReader(self._pictures) as ring:
            self._watch(ring, turned)
        if self._seen < _LEAST_PICTURES:
            raise ConsoleError(f"Only {self._seen} pictures of {source} came", "Put it on preview, and begin again")
        self._closing.wait(_AFTER_NS / 1e9)
        self._asked.set()
        self._answered.wait()
        if self._angles is None:
            raise ConsoleError("The measurement was broken off")
        return find_delay(*self._angles, turned.turning)

    def _watch(self, ring: RingReader, turned: PictureTurning) -> None:
        last, end_ns = ring.count - 1, self._begun_ns + round(self._seconds * 1e9)
        while not self._closing.is_set() and self._clock.now() < end_ns:
            newest = ring.newest()
            if newest is None or newest.index <= last:
                self._closing.wait(_LOOK_SECONDS)
                continue
            last = newest.index
            luma = ring.picture(newest.index).y.copy()
            if ring.holds(newest.index):
                turned.add(luma, newest.due_ns - ring.latency_ns)
                self._seen += 1

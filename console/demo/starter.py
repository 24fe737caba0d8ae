"""The starter of the demo's race: starts the clock of record lines with the gun that is seen in the picture.

The venue tells when each take began. The gun is `GUN_S` later in the take; the picture that shows it comes in
`picture_delay_ms` after its tracking and is due a source's latency later. The clock starts at the program frame that is
nearest, so the line is right to half a frame. It is set as soon as a take begins, 2 s ahead: until the gun there is no
line.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from typing import IO, Any

from console.demo.race import GUN_S
from console.demo.telemetry import picture_delay_ms
from console.demo.tracking import TRACKED
from console.errors import ConsoleError
from console.media.clock import Clock
from console.media.time import Rate

_log = logging.getLogger("console.demo")
_SOURCES = frozenset(station.id for station in TRACKED)


class Starter:
    """Listens to the venue, and starts the race of every take."""

    def __init__(self, rate: Rate, venue_fps: int, clock: Clock, start: Callable[[int], None]) -> None:
        """`start` starts the race at a frame; it may raise ConsoleError."""
        self._rate, self._clock, self._start = rate, clock, start
        self._gun_after_ns = round(GUN_S * 1e9 + picture_delay_ms(venue_fps) * 1e6)
        self._take_ns: int | None = None
        """When the present take began, on the monotonic clock."""
        self._told: tuple[int, int] | None = None
        self._thread: threading.Thread | None = None

    def listen(self, news: IO[bytes]) -> None:
        """Follow what the venue tells until it ends."""
        self._thread = threading.Thread(target=self._hear, args=(news,), name="venue-news", daemon=True)
        self._thread.start()

    def _hear(self, news: IO[bytes]) -> None:
        for line in news:
            told = json.loads(line)
            if told.get("event") == "take":
                self._take_ns = int(told["at_ns"])

    def gun_frame(self, take_ns: int, latency_ms: int) -> int:
        """The program frame that shows the gun of a take that began then."""
        due_ns = take_ns + self._gun_after_ns + latency_ms * 1_000_000
        unix_ns = self._clock.unix_ns() + due_ns - self._clock.now()
        return self._rate.frame_at_ns(unix_ns + self._rate.start_ns(1) // 2)

    def follow(self, status: dict[str, Any]) -> None:
        """Start the race of a take that began, once; again when the cameras' latency has grown."""
        take_ns = self._take_ns
        latencies = [int(one.get("latency_ms") or 0) for name, one in status["sources"].items() if name in _SOURCES]
        if take_ns is None or not latencies or self._told == (take_ns, max(latencies)):
            return
        self._told = take_ns, max(latencies)
        try:
            self._start(self.gun_frame(*self._told))
        except ConsoleError as error:  # a demo without its record line goes on
            _log.warning("The record line was not started: %s", error)

    def close(self) -> None:
        """Wait for the last of what the venue told, which has ended."""
        if self._thread is not None:
            self._thread.join()

"""The only place where time is read or waited for: the system's clock, and a virtual one for tests.

Nanoseconds as integers throughout. Monotonic time orders what happens inside the machine; `Anchor` ties it to Unix
time once, when a show goes on air, so that frames keep an even cadence even when the wall clock is stepped.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Protocol


class Clock(Protocol):
    """Where time comes from."""

    def now(self) -> int:
        """Monotonic nanoseconds; the same in every process of one machine."""
        ...

    def unix_ns(self) -> int:
        """Nanoseconds since 1970."""
        ...

    def wait_until(self, instant_ns: int) -> None:
        """Return at a monotonic instant, or at once when it has passed."""
        ...


def thread_cpu_ns() -> int:
    """Processor time that the calling thread has used, in nanoseconds."""
    return time.thread_time_ns()


def cpu_ns() -> int:
    """How long this process has kept a core busy, all its threads together."""
    return time.process_time_ns()


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        """Monotonic nanoseconds."""
        return time.monotonic_ns()

    def unix_ns(self) -> int:
        """Nanoseconds since 1970."""
        return time.time_ns()

    def wait_until(self, instant_ns: int) -> None:
        """Sleep until a monotonic instant; wakes about 0.1 ms late on an idle machine."""
        while (left := instant_ns - time.monotonic_ns()) > 0:
            time.sleep(left / 1e9)


class VirtualClock:
    """A clock that moves only when told, for tests: waiting is instant and moves it."""

    def __init__(self, now_ns: int = 1_000_000_000, unix_ns: int = 1_800_000_000_000_000_000) -> None:
        self._now = now_ns
        self._unix_offset = unix_ns - now_ns
        self._lock = threading.Lock()

    def now(self) -> int:
        """Virtual monotonic nanoseconds."""
        return self._now

    def unix_ns(self) -> int:
        """Virtual nanoseconds since 1970."""
        return self._now + self._unix_offset

    def wait_until(self, instant_ns: int) -> None:
        """Jump to the instant."""
        with self._lock:
            self._now = max(self._now, instant_ns)

    def advance(self, ns: int) -> None:
        """Let time pass."""
        with self._lock:
            self._now += ns


@dataclass(frozen=True)
class Anchor:
    """One instant on both clocks: monotonic nanoseconds and nanoseconds since 1970."""

    monotonic_ns: int
    unix_ns: int

    @classmethod
    def take(cls, clock: Clock) -> Anchor:
        """Read both clocks as near to one instant as can be."""
        before = clock.now()
        unix = clock.unix_ns()
        return cls((before + clock.now()) // 2, unix)

    def to_monotonic(self, unix_ns: int) -> int:
        """The monotonic instant of a Unix time."""
        return unix_ns - self.unix_ns + self.monotonic_ns

    def to_unix(self, monotonic_ns: int) -> int:
        """The Unix time of a monotonic instant."""
        return monotonic_ns - self.monotonic_ns + self.unix_ns

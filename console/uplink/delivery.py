"""What is known of one destination's delivery: counted in video frames, kept on disk, told to the supervisor."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from console.media.clock import Clock

REPORT_NS = 1_000_000_000
CONNECTING, LIVE, CATCHING_UP, RETRYING, REFUSED = "connecting", "live", "catching up", "retrying", "refused"
log = logging.getLogger("console.uplink")


def words_of(error: OSError) -> str:
    """What the system says about a connection that failed."""
    if error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return "This host can't be found" if error.errno is not None else str(error) or "The connection broke off"


async def pause(seconds: float, finish: asyncio.Event) -> None:
    """Wait before the next try, but not beyond the end."""
    try:
        async with asyncio.timeout(seconds):
            await finish.wait()
    except TimeoutError:
        return
    await asyncio.sleep(min(seconds, 0.2))


class Backoff:
    """How long to wait before the next try: not at all, then growing by half each time, with jitter."""

    def __init__(self, chance: Callable[[], float] = random.random, *, longest_s: float = 15.0) -> None:
        self._chance = chance
        self._longest_s = longest_s
        self._next_s = 0.0

    def succeeded(self) -> None:
        """Start over."""
        self._next_s = 0.0

    def delay_s(self, *, at_least_s: float = 0.0) -> float:
        """The wait after one more failure; `at_least_s` for a far end that has said no and will not soon say yes."""
        delay = max(self._next_s, at_least_s)
        self._next_s = min(self._longest_s, max(0.5, delay * 1.5))
        return delay * (0.8 + 0.4 * self._chance())


class Cursor:
    """Where delivery stands, in a file that is replaced whole; a damaged one counts as none."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.values: dict[str, Any] = {}
        self._saved: dict[str, Any] = {}
        self._complained = False
        try:
            values = json.loads(path.read_text())
            if isinstance(values, dict):
                self.values = values
        except FileNotFoundError:
            pass
        except (OSError, ValueError) as error:
            log.warning("the cursor %s can't be read, delivery begins at the newest segment: %s", path, error)

    def whole(self, name: str, default: int) -> int:
        """A value that is a whole number."""
        value = self.values.get(name, default)
        return value if isinstance(value, int) else default

    def save(self) -> None:
        """Write the file if something changed. A disk that refuses is told once; delivery goes on."""
        if self.values == self._saved:
            return
        fresh = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_text(json.dumps(self.values))
            os.replace(fresh, self.path)
        except OSError as error:
            if not self._complained:
                log.warning("the cursor %s can't be written: %s", self.path, error.strerror)
            self._complained = True
            return
        self._saved = dict(self.values)
        self._complained = False


@dataclass
class Delivery:
    """The counters and the state of one destination. All counts are video frames.

    `states` holds one state and its reason per connection; what is told is the worst of them.
    """

    shown: str
    cursor: Cursor
    clock: Clock
    tell: Callable[..., None]
    confirmed: bool = True
    """Whether the far end has said that it got what counts as acknowledged."""
    queued: int = 0
    newest_acked_ns: int | None = None
    """The end of the newest acknowledged frame, in nanoseconds since 1970."""
    states: dict[str, tuple[str, str]] = field(default_factory=dict)
    sent: int = 0
    acked: int = 0
    lost: int = 0
    _told: tuple[str, str] = ("", "")
    _next_report_ns: int = 0

    def __post_init__(self) -> None:
        self.sent = self.acked = self.cursor.whole("acked", 0)
        self.lost = self.cursor.whole("lost", 0)

    def set_state(self, connection: str, state: str, reason: str = "") -> None:
        """Note how a connection does, and tell at once when the whole has changed."""
        self.states[connection] = (state, reason)
        overall = self.overall()
        if overall == self._told:
            return
        if overall[0] != self._told[0] and not {overall[0], self._told[0]} <= {LIVE, CATCHING_UP}:
            level = logging.WARNING if overall[0] in (RETRYING, REFUSED) else logging.INFO
            log.log(level, "%s: %s%s", self.shown, overall[0], f" ({overall[1]})" if overall[1] else "")
        self._told = overall
        self.report()

    def overall(self) -> tuple[str, str]:
        """The worst state of the connections, and its reason."""
        order = (REFUSED, RETRYING, CONNECTING, CATCHING_UP, LIVE)
        return min(self.states.values(), key=lambda one: order.index(one[0]), default=(CONNECTING, ""))

    def keep(self) -> None:
        """Write the cursor with the counters."""
        self.cursor.values |= {"acked": self.acked, "lost": self.lost}
        self.cursor.save()

    def lose(self, frames: int, why: str) -> None:
        """Count frames that can't be delivered any more."""
        if frames > 0:
            self.lost += frames
            log.warning("%s: %d frames are lost: %s", self.shown, frames, why)

    def report(self) -> None:
        """Tell the supervisor."""
        now = self.clock.now()
        self._next_report_ns = now + REPORT_NS
        state, reason = self.overall()
        lag = None if self.newest_acked_ns is None else (self.clock.unix_ns() - self.newest_acked_ns) // 1_000_000
        counts = {"queued": self.queued, "sent": self.sent, "acked": self.acked, "lost": self.lost}
        self.tell("output", state=state, reason=reason, confirmed=self.confirmed, lag_ms=lag, **counts)

    def report_if_due(self) -> None:
        """Tell the supervisor once a second."""
        if self.clock.now() >= self._next_report_ns:
            self.keep()
            self.report()

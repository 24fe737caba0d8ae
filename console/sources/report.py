"""What a source host tells its parent: what was opened, trouble and its end, figures once a second."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from console.errors import ConsoleError
from console.media.clock import cpu_ns
from console.wire.tier import Tier

_log = logging.getLogger("console.sources")
_SECOND = 1_000_000_000


@dataclass
class Counts:
    """Running totals of one host."""

    received: int = 0
    """Video packets that came in; for a made picture, the pictures."""
    decoded: int = 0
    """Pictures that were shown in the ring."""
    drop: int = 0
    """Packets or pictures thrown away: no room, or long past their time."""
    late: int = 0
    """Pictures that were ready only after they were due."""


class Report:
    """Tells events of one source; each change once, in the log as well."""

    def __init__(self, name: str, tell: Callable[..., None]) -> None:
        self.name = name
        self.counts = Counts()
        self.in_trouble = False
        self._tell = tell
        self._reason = ""
        self._told_at = 0
        self._decoded_then = self._cpu_then = 0

    def opened(self, video: dict[str, Any] | None, audio: dict[str, Any] | None, *, live: bool) -> None:
        """The source was opened; what is in it."""
        self._tell("opened", video=video, audio=audio, live=live)
        parts = []
        if video:
            parts.append(f"{video['codec']} {video['width']}x{video['height']} at {video['fps'] or '?'} fps")
        if audio:
            parts.append(f"{audio['codec']} {audio['rate']} Hz, {audio['channels']} channels")
        _log.info("source[%s] opened: %s", self.name, "; ".join(parts) or "no streams")

    def trouble(self, error: ConsoleError) -> None:
        """Something is wrong; told when it is new."""
        self.in_trouble = True
        if error.sentence == self._reason:
            return
        self._reason = error.sentence
        self._tell("trouble", reason=error.sentence, remedy=error.remedy)
        _log.warning("source[%s] %s", self.name, error)

    def recovered(self) -> None:
        """Pictures (or sound) flow; told when they did not before."""
        if self.in_trouble:
            self.in_trouble, self._reason = False, ""
            self._tell("recovered")
            _log.info("source[%s] is back", self.name)

    def note(self, sentence: str) -> None:
        """Something worth a line in the log that is no trouble."""
        _log.info("source[%s] %s", self.name, sentence)

    def figures(self, now_ns: int, tier: Tier, *, latency_ms: int = 0, resets: int = 0, proxied: bool = False) -> None:
        """Tell the figures when a second has passed since they were last told."""
        passed = now_ns - self._told_at
        if passed < _SECOND:
            return
        counts = self.counts
        fps = (counts.decoded - self._decoded_then) * _SECOND / passed if self._told_at else 0.0
        busy_ns = cpu_ns()
        cpu = (busy_ns - self._cpu_then) / passed if self._told_at else 0.0
        self._told_at, self._decoded_then, self._cpu_then = now_ns, counts.decoded, busy_ns
        self._tell(
            "stats",
            **{"in": counts.received},
            decoded=counts.decoded,
            drop=counts.drop,
            late=counts.late,
            fps=round(fps, 2),
            tier=tier.name.lower(),
            cpu=round(cpu, 4),
            latency_ms=latency_ms,
            resets=resets,
            proxied=proxied,
        )

"""How a stream is: rate, loss, jitter, what was refused and why, who sends, whether time went back."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import pairwise

SILENT, RECEIVING, NOT_UNDERSTOOD = "silent", "receiving", "receiving, but not understood"
SILENT_NS = 1_000_000_000
"""After this a source counts as gone."""
_KEPT, _SENDERS_KEPT = 128, 8


@dataclass(frozen=True)
class SourceHealth:
    """One camera, or one PosiStageNet server."""

    id: str
    senders: tuple[str, ...]
    """Who sent with this id in the last second; more than one is a fault."""
    rate_hz: float
    """Samples in a second, over the last 128 and at most two seconds; 0 when it is silent."""
    jitter_ms: float
    """How far the gaps between arrivals are from even, or from the sender's own time stamps where it sends them."""
    lost: int
    last_ns: int


@dataclass(frozen=True)
class Health:
    """A stream at one instant. Counts are of datagrams, since the beginning."""

    understood: int = 0
    refused: int = 0
    last_refusal: str = ""
    repeated: int = 0
    """Came twice and were dropped."""
    lost: int = 0
    """Never came, or came in a payload that was never whole, as far as sequence numbers tell."""
    time_back: int = 0
    """How often a sender's time went back."""
    mod255: int = 0
    """Packets with the checksum of OpenTrackIO 1.0.0."""
    queue_dropped: int = 0
    """Understood, but dropped because nobody took them; the oldest go first."""
    overflowed: int = 0
    """Dropped by the system before they were read, where it says so (Linux)."""
    last_ns: int = 0
    """When the last datagram came, understood or not; 0 is never."""
    sources: tuple[SourceHealth, ...] = ()
    contested: tuple[str, ...] = ()
    """PosiStageNet trackers that two senders sent in the last second, a sentence each."""
    at_ns: int = 0

    @property
    def state(self) -> str:
        """In words, for the desk."""
        if not self.last_ns or self.at_ns - self.last_ns > SILENT_NS:
            return SILENT
        if any(self.at_ns - source.last_ns <= SILENT_NS for source in self.sources):
            return RECEIVING
        return NOT_UNDERSTOOD

    @property
    def notices(self) -> tuple[str, ...]:
        """What is wrong now, a sentence each."""
        found = [
            f"{source.id} comes from {len(source.senders)} senders: {', '.join(source.senders)}"
            for source in self.sources
            if len(source.senders) > 1
        ]
        found += self.contested
        if self.mod255:
            found.append(f"{self.mod255} packets with the checksum of OpenTrackIO 1.0.0")
        if self.time_back:
            found.append(f"Time went back {self.time_back} times")
        if self.last_refusal and self.state == NOT_UNDERSTOOD:
            found.append(f"Not understood: {self.last_refusal}")
        return tuple(found)


class SourceCount:
    """Counts one source; only the thread that receives writes."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lost = 0
        self.last_ns = 0
        self._senders: dict[str, int] = {}
        self._arrivals: deque[tuple[int, int | None]] = deque(maxlen=_KEPT)

    def heard(self, sender: str, received_ns: int) -> None:
        """Something came of this source."""
        self.last_ns = received_ns
        self._senders.pop(sender, None)
        self._senders[sender] = received_ns
        if len(self._senders) > _SENDERS_KEPT:
            del self._senders[next(iter(self._senders))]

    def sampled(self, received_ns: int, sent_ns: int | None) -> None:
        """A sample came, with its sender's time where there is one."""
        self._arrivals.append((received_ns, sent_ns))

    def health(self, now_ns: int) -> SourceHealth:
        """How it is now; may be asked from another thread."""
        recent = [pair for pair in tuple(self._arrivals) if now_ns - pair[0] <= 2 * SILENT_NS]
        gaps = [(b[0] - a[0], None if a[1] is None or b[1] is None else b[1] - a[1]) for a, b in pairwise(recent)]
        alive = bool(gaps) and now_ns - self.last_ns <= SILENT_NS
        total = sum(gap for gap, _ in gaps)
        even = total / len(gaps) if gaps else 0.0
        uneven = sum(abs(gap - (even if sent is None else sent)) for gap, sent in gaps)
        senders = tuple(sorted(name for name, at in self._senders.copy().items() if now_ns - at <= SILENT_NS))
        return SourceHealth(
            self.name,
            senders,
            1e9 / even if alive and even > 0 else 0.0,
            uneven / len(gaps) / 1e6 if gaps else 0.0,
            self.lost,
            self.last_ns,
        )

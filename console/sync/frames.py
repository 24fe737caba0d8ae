"""Frame sync: from a ring of pictures with due times to one picture per frame, with four counters.

The policy has a whole frame of hysteresis: the next picture is taken when it is due by half a frame after the
frame's start, and pictures are skipped only when a later one was due half a frame before. So a source of the show's
own rate, whose due times wander around a frame's edge, neither doubles nor drops; a source with a clock of its own
does so once per frame of drift.

A source that leaves pictures out on purpose (nobody needs them all) is as alive as what comes in to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from console.media.picture import Picture
from console.wire.ring import STILL, PictureInfo

STALE_NS = 500_000_000
"""A picture older than this (and than three of its source's intervals) is stale, not live."""
HOLD_NS = 3_000_000_000
"""A stale picture is held this long on program, then the slate comes."""
HEARTBEAT_NS = 2_000_000_000
_MEASURE_NS = 1_000_000_000


class SourceState(StrEnum):
    """What a director may believe of a source."""

    LIVE = "live"
    """New pictures come."""
    STALE = "stale"
    """The last picture is held."""
    SLATE = "slate"
    """Held too long; program shows a slate in its place."""
    LOST = "lost"
    """No picture ever came; program shows a slate in its place."""


class PictureRing(Protocol):
    """What frame sync needs of a ring (`wire.ring.RingReader`)."""

    @property
    def count(self) -> int: ...  # noqa: D102 - see RingReader
    @property
    def flags(self) -> int: ...  # noqa: D102
    @property
    def heartbeat_ns(self) -> int: ...  # noqa: D102
    @property
    def slots(self) -> int: ...  # noqa: D102
    @property
    def fed_ns(self) -> int: ...  # noqa: D102
    @property
    def fed_count(self) -> int: ...  # noqa: D102
    @property
    def whole_from_ns(self) -> int: ...  # noqa: D102
    def info(self, index: int, /) -> PictureInfo | None: ...  # noqa: D102
    def picture(self, index: int, /) -> Picture: ...  # noqa: D102
    def holds(self, index: int, /) -> bool: ...  # noqa: D102


@dataclass(slots=True)
class Counters:
    """Pictures in, skipped, given out, and given out again."""

    came: int = 0
    """Also those that were left out on purpose."""
    drop: int = 0
    out: int = 0
    duplicate: int = 0
    """Given out again though the source leaves no picture out."""


@dataclass(frozen=True, slots=True)
class Picked:
    """What a source gives for one frame."""

    state: SourceState
    index: int | None
    """The ring's picture, None while there is none."""
    fresh: bool
    """Not the one given before."""
    age_ns: int
    """How long ago the newest of what came in was due, a picture or what none was made of on purpose."""


def choose(ring: PictureRing, last: int | None, at_ns: int, half_frame_ns: int) -> int | None:
    """The index to show at `at_ns`, given the one shown last: see the module's policy. None when there is none."""
    count = ring.count
    oldest = max(0, count - ring.slots)
    if last is None or last < oldest or last >= count:
        best = None
        for index in range(oldest, count):
            info = ring.info(index)
            if info is not None and (best is None or info.due_ns <= at_ns):
                if info.due_ns > at_ns + half_frame_ns:
                    break
                best = index
        return best
    chosen = last
    for index in range(last + 1, count):
        info = ring.info(index)
        if info is None:
            continue
        # The first step forward may be half a frame early; further ones only over pictures that are overdue.
        if info.due_ns > (at_ns + half_frame_ns if chosen == last else at_ns - half_frame_ns):
            break
        chosen = index
    return chosen


class FrameSync:
    """One source's frame sync. `take` is called once per frame and never blocks."""

    def __init__(self, ring: PictureRing, frame_ns: int) -> None:
        self.ring = ring
        self.counters = Counters()
        self._half_frame_ns = frame_ns // 2
        self._last: int | None = None
        self._last_due_ns = 0
        self._interval_ns = frame_ns
        self._seen = ring.count + ring.fed_count
        self._measured_at: int | None = None
        self._came_then = 0

    def take(self, at_ns: int) -> Picked:
        """The picture for the frame that starts at a monotonic instant."""
        counters, count = self.counters, self.ring.count + self.ring.fed_count
        counters.came += max(0, count - self._seen)
        self._seen = count
        self._measure(at_ns)
        index = choose(self.ring, self._last, at_ns, self._half_frame_ns)
        if index is None or (info := self.ring.info(index)) is None:
            fed = at_ns - self.ring.fed_ns <= STALE_NS
            return Picked(SourceState.LIVE if fed else SourceState.LOST, None, False, 0)
        fresh = index != self._last
        if fresh:
            if self._last is not None and index > self._last:
                counters.drop += index - self._last - 1
            self._last, self._last_due_ns = index, info.due_ns
        elif self.ring.whole_from_ns <= at_ns:
            counters.duplicate += 1
        counters.out += 1
        age_ns = max(0, at_ns - max(info.due_ns, self.ring.fed_ns))
        return Picked(self._state(age_ns, at_ns), index, fresh, age_ns)

    @property
    def fps(self) -> float:
        """How many pictures come in per second, measured over the last one."""
        return 1e9 / max(1, self._interval_ns)

    @property
    def is_whole(self) -> bool:
        """Whether no picture is left out from the one that was taken last on."""
        return self.ring.whole_from_ns <= self._last_due_ns

    def _measure(self, at_ns: int) -> None:
        """Once a second, or once something has come: how far apart what comes in is."""
        came, then = self.counters.came, self._measured_at
        if then is None:
            self._measured_at, self._came_then = at_ns, came
        elif came > self._came_then and at_ns - then >= _MEASURE_NS:
            self._interval_ns = min((at_ns - then) // (came - self._came_then), HOLD_NS)
            self._measured_at, self._came_then = at_ns, came

    def _state(self, age_ns: int, at_ns: int) -> SourceState:
        if self.ring.flags & STILL:
            age_ns = max(0, at_ns - self.ring.heartbeat_ns - HEARTBEAT_NS)
        stale_ns = max(STALE_NS, 3 * self._interval_ns)
        if age_ns <= stale_ns:
            return SourceState.LIVE
        return SourceState.STALE if age_ns <= stale_ns + HOLD_NS else SourceState.SLATE

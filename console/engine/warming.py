"""Sources are made ready before they are on air: raised to full decoding ahead of the order that shows them.

What an order would bring on program is found by trying it on the show, which is pure. An order for the next frame
waits, for at most `WAIT_NS`, until no picture of these sources is left out any more; so a hot cut shows the right
picture on its first frame. One that names its frame is never late: its sources are raised a second before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from console.engine.feeds import Feeds
from console.engine.orders import Order
from console.engine.overlays import Overlays
from console.media.clock import Clock
from console.mix.plan import plan
from console.show.history import History, apply
from console.show.model import Bus, SourceId
from console.show.reduce import Rejected

WAIT_NS = 500_000_000
AHEAD_NS = 1_000_000_000
_STAY_NS = 200_000_000


@dataclass(frozen=True)
class Brought:
    """What an order would bring on program, were it carried out."""

    sources: frozenset[SourceId] = frozenset()
    """That are not on program now."""
    overlay: bool = False
    """With graphics that are locked to their pictures."""


def brings_on_air(order: Order, history: History, at: int) -> Brought:
    """What an order would bring on program at a frame. Pure."""
    changed, result = apply(history, order.command, at)
    if isinstance(result, Rejected):
        return Brought()
    after = plan(changed.show, Bus.PROGRAM, at)
    return Brought(after.sources - plan(history.show, Bus.PROGRAM, at).sources, after.overlay)


class Warming:
    """The sources that are raised ahead, and the orders that wait for them."""

    def __init__(self, feeds: Feeds, overlays: Overlays, frame_ns: int, clock: Clock) -> None:
        self._feeds, self._overlays, self._clock = feeds, overlays, clock
        self._wait_frames = WAIT_NS // frame_ns
        self._ahead_frames = AHEAD_NS // frame_ns
        self._stay_frames = _STAY_NS // frame_ns
        self._raised: dict[SourceId, int] = {}
        self._waits_until: dict[str, int] = {}

    def must_wait(self, order: Order, history: History, at: int) -> bool:
        """Whether an order that is due at a frame has to wait for its sources; raises them when it has."""
        if order.names_frame:
            return False
        cold = self._cold(brings_on_air(order, history, at))
        if cold and at < self._waits_until.setdefault(order.id, at + self._wait_frames):
            self._raise(cold, at)
            return True
        self._waits_until.pop(order.id, None)
        return False

    def _cold(self, brought: Brought) -> frozenset[SourceId]:
        cold = self._feeds.cold(brought.sources)
        if brought.sources and brought.overlay:
            cold |= self._overlays.cold(brought.sources, self._feeds.pictures, self._clock.now())
        return cold

    def foresee(self, orders: Iterable[Order], history: History, at: int) -> None:
        """Raise what the orders that are due soon will need."""
        for order in orders:
            if 0 < order.at - at <= self._ahead_frames:
                self._raise(brings_on_air(order, history, at).sources, at)

    def sources(self, at: int) -> frozenset[SourceId]:
        """What is raised at a frame."""
        if self._raised:
            self._raised = {source: until for source, until in self._raised.items() if at <= until}
        return frozenset(self._raised)

    def _raise(self, sources: frozenset[SourceId], at: int) -> None:
        for source in sources:
            self._raised[source] = at + self._stay_frames

"""Where a host's pictures go: the picture ring and the tile ring, and how far ahead of their time they are made."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import av

from console.media.clock import Clock
from console.media.picture import Picture
from console.media.time import ns_to_flicks
from console.sources.convert import Fitter, shrink
from console.wire.ring import STILL, RingWriter
from console.wire.tier import Tier

_TILE_NS = 32_000_000
"""Least time between tiles: 30 a second at 60 fps, 25 at 50."""
_BEAT_NS = 200_000_000


class Screen:
    """Both rings of one source. The tile is made from the finished picture, so it is always the same picture."""

    def __init__(self, picture: RingWriter, tile: RingWriter, clock: Clock) -> None:
        self.width, self.height = picture.width, picture.height
        self.slots = picture.slots
        self.frame = 0
        self.newest_due_ns = 0
        self._picture, self._tile, self._clock = picture, tile, clock
        self._fitter = Fitter(picture.width, picture.height)
        self._tile_due = 0
        self._beaten = 0
        self._flags = -1

    def lead_ns(self, step_ns: int, most_ns: int = 90_000_000) -> int:
        """How long before it is due a picture may be made: never more than `slots - 4` pictures are ahead."""
        return min(most_ns, (self.slots - 4) * step_ns - step_ns // 2)

    def tier(self, now_ns: int) -> Tier:
        """What the readers ask for."""
        asked = self._picture.demand(now_ns)
        return Tier(asked) if Tier.PARKED <= asked <= Tier.FULL else Tier.ACTIVE

    def show_frame(self, frame: av.VideoFrame, pixel_aspect: Fraction | None, due_ns: int, ts_ns: int) -> None:
        """Bring a decoded frame to the show's format and publish it. Raises ValueError for impossible pictures."""
        self.show(lambda out, slot: self._fitter.fit(frame, pixel_aspect, out, slot), due_ns, ts_ns)

    def show(self, draw: Callable[[Picture, int], None], due_ns: int, ts_ns: int) -> None:
        """Publish the picture that `draw(picture, slot)` draws."""
        picture, _ = self._picture.begin()
        draw(picture, self._picture.count % self.slots)
        now = self._clock.now()
        pts = ns_to_flicks(ts_ns)
        self._picture.publish(due_ns=due_ns, now_ns=now, pts=pts, frame=self.frame)
        self.newest_due_ns = due_ns
        if not 0 <= due_ns - self._tile_due < _TILE_NS:
            tile, _ = self._tile.begin()
            shrink(picture, tile)
            self._tile.publish(due_ns=due_ns, now_ns=now, pts=pts, frame=self.frame)
            self._tile_due = due_ns
        self.frame += 1

    def still(self, on: bool) -> None:
        """Say whether the picture is meant not to move."""
        flags = STILL if on else 0
        if flags != self._flags:
            self._flags = flags
            self._picture.set_flags(flags)
            self._tile.set_flags(flags)

    def tell(self, tier: Tier, whole_from_ns: int, hot_ns: int) -> None:
        """Say what is done, from when on no picture is left out, and how soon that could be."""
        self._picture.tell(tier, whole_from_ns, hot_ns)

    def feed(self, due_ns: int) -> None:
        """Say that the source lives though no picture may come of what came in."""
        self._picture.feed(due_ns)

    def beat(self, now_ns: int) -> None:
        """Say that the host works; cheap enough to be called in every turn of a loop."""
        if now_ns - self._beaten >= _BEAT_NS:
            self._beaten = now_ns
            self._picture.beat(now_ns)
            self._tile.beat(now_ns)

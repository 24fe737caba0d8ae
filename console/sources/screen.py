"""Where a host's pictures go: the picture ring and the tile ring, and how far ahead of their time they are made."""

from __future__ import annotations

import threading
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
"""Mean time between tiles at least: 30 a second at 60 fps, 25 at 50; two of three pictures at 50 are near enough."""
_BEAT_NS = 200_000_000
_PROXY_GONE_NS = 3_000_000_000
_LEAD_NS = 90_000_000
_TIERS = {int(tier): tier for tier in Tier}


class Tiles:
    """The tile ring of a source. Its proxy's pictures go there while they come, else the source's own."""

    def __init__(self, ring: RingWriter, clock: Clock) -> None:
        self._ring, self._clock = ring, clock
        self.size = (ring.width, ring.height)
        self._next_due = self._count = 0
        self._proxied_at: int | None = None
        self._lock = threading.Lock()

    @property
    def are_proxied(self) -> bool:
        """Whether a proxy makes them at present."""
        return self._proxied_at is not None and self._clock.now() - self._proxied_at < _PROXY_GONE_NS

    def show(self, draw: Callable[[Picture, int], None], due_ns: int, pts: int, *, from_proxy: bool = False) -> None:
        """Publish what `draw(tile, slot)` draws, unless the last was due just before."""
        with self._lock:
            if from_proxy:
                self._proxied_at = self._clock.now()
            elif self.are_proxied:
                return
            if 0 < self._next_due - due_ns <= _TILE_NS:
                return
            tile, _ = self._ring.begin()
            draw(tile, self._ring.count % self._ring.slots)
            self._ring.publish(due_ns=due_ns, now_ns=self._clock.now(), pts=pts, frame=self._count)
            self._next_due = max(self._next_due, due_ns - _TILE_NS) + _TILE_NS
            self._count += 1

    def demand(self, now_ns: int) -> int:
        """What those ask for who look at the tiles; 0 when nobody does."""
        return self._ring.demand(now_ns)

    def set_flags(self, flags: int) -> None:
        """Set the ring's flags."""
        self._ring.set_flags(flags)

    def beat(self, now_ns: int) -> None:
        """Say that the host works."""
        self._ring.beat(now_ns)


class Screen:
    """Both rings of one source."""

    def __init__(self, picture: RingWriter, tiles: Tiles, clock: Clock) -> None:
        self.width, self.height = picture.width, picture.height
        self.slots = picture.slots
        self.frame = 0
        self.newest_due_ns = 0
        self.tiles = tiles
        self._picture, self._clock = picture, clock
        self._fitter = Fitter(picture.width, picture.height)
        self._tile_fitter = Fitter(*tiles.size)
        self._beaten = 0
        self._flags = -1

    def lead_ns(self, step_ns: int, most_ns: int = _LEAD_NS) -> int:
        """How long before it is due a picture may be made: never more than `slots - 4` pictures are ahead."""
        return min(most_ns, (self.slots - 4) * step_ns - step_ns // 2)

    def tier(self, now_ns: int) -> Tier:
        """What the readers ask for."""
        return _TIERS.get(self._picture.demand(now_ns), Tier.ACTIVE)

    def show_frame(self, frame: av.VideoFrame, pixel_aspect: Fraction | None, due_ns: int, ts_ns: int) -> None:
        """Bring a decoded frame to the show's format and publish it. Raises ValueError for impossible pictures."""
        self.show(lambda out, slot: self._fitter.fit(frame, pixel_aspect, out, slot), due_ns, ts_ns)

    def show(self, draw: Callable[[Picture, int], None], due_ns: int, ts_ns: int) -> None:
        """Publish the picture that `draw(picture, slot)` draws."""
        picture, _ = self._picture.begin()
        draw(picture, self._picture.count % self.slots)
        pts = ns_to_flicks(ts_ns)
        self._picture.publish(due_ns=due_ns, now_ns=self._clock.now(), pts=pts, frame=self.frame)
        self.newest_due_ns = due_ns
        self.tiles.show(lambda tile, slot: self._shrink(picture, tile, slot), due_ns, pts)
        self.frame += 1

    def show_tile(self, frame: av.VideoFrame, pixel_aspect: Fraction | None, due_ns: int, ts_ns: int) -> None:
        """Make only the tile of a decoded frame. Raises ValueError for impossible pictures."""
        self.tiles.show(
            lambda tile, slot: self._tile_fitter.fit(frame, pixel_aspect, tile, slot), due_ns, ns_to_flicks(ts_ns)
        )

    def _shrink(self, picture: Picture, tile: Picture, slot: int) -> None:
        shrink(picture, tile)
        self._tile_fitter.forget(slot)

    def still(self, on: bool) -> None:
        """Say whether the picture is meant not to move."""
        flags = STILL if on else 0
        if flags != self._flags:
            self._flags = flags
            self._picture.set_flags(flags)
            self.tiles.set_flags(flags)

    def tell(self, tier: Tier, whole_from_ns: int, hot_ns: int) -> None:
        """Say what is done, from when on no picture is left out, and how soon that could be."""
        self._picture.tell(tier, whole_from_ns, hot_ns)

    def feed(self, due_ns: int) -> None:
        """Say that the source lives though no picture may come of what came in."""
        self._picture.feed(due_ns)

    def tell_latency(self, latency_ns: int) -> None:
        """Say how long after its arrival a picture is due: what is locked to pictures goes by it."""
        self._picture.set_latency(latency_ns)

    def beat(self, now_ns: int) -> None:
        """Say that the host works; cheap enough to be called in every turn of a loop."""
        if now_ns - self._beaten >= _BEAT_NS:
            self._beaten = now_ns
            self._picture.beat(now_ns)
            self.tiles.beat(now_ns)


class ProxyScreen:
    """The tile ring alone, for the stream of a source's second, smaller address. It never asks for every picture.

    What a host says of its source, the source itself says: here that is left out.
    """

    def __init__(self, tiles: Tiles, clock: Clock) -> None:
        width, height = tiles.size
        self.newest_due_ns = 0
        self.tiles = tiles
        self._clock = clock
        self._fitter = Fitter(width, height)

    def lead_ns(self, _step_ns: int) -> int:
        """How long before it is due a tile is made at most."""
        return _LEAD_NS

    def tier(self, now_ns: int) -> Tier:
        """What those ask for who look at the tile."""
        return Tier.ACTIVE if self.tiles.demand(now_ns) >= Tier.ACTIVE else Tier.KEY

    def show_frame(self, frame: av.VideoFrame, pixel_aspect: Fraction | None, due_ns: int, ts_ns: int) -> None:
        """Bring a decoded frame to the size of a tile and publish it. Raises ValueError for impossible pictures."""
        self.show(lambda out, slot: self._fitter.fit(frame, pixel_aspect, out, slot), due_ns, ts_ns)

    def show_tile(self, frame: av.VideoFrame, pixel_aspect: Fraction | None, due_ns: int, ts_ns: int) -> None:
        """The same: there is nothing but the tile."""
        self.show_frame(frame, pixel_aspect, due_ns, ts_ns)

    def show(self, draw: Callable[[Picture, int], None], due_ns: int, ts_ns: int) -> None:
        """Publish the tile that `draw(tile, slot)` draws."""
        self.newest_due_ns = due_ns
        self.tiles.show(draw, due_ns, ns_to_flicks(ts_ns), from_proxy=True)

    def still(self, on: bool) -> None:
        """See above."""

    def tell(self, tier: Tier, whole_from_ns: int, hot_ns: int) -> None:
        """See above."""

    def feed(self, due_ns: int) -> None:
        """See above."""

    def tell_latency(self, latency_ns: int) -> None:
        """See above."""

    def beat(self, now_ns: int) -> None:
        """See above."""

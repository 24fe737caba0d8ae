"""The engine's view of its sources: one feed per source, attached to the rings that its host writes."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from console.errors import ConsoleError
from console.mix.render import Drawable
from console.show.model import SourceId
from console.sync.frames import FrameSync, Picked, SourceState
from console.sync.sound import AudioSync
from console.wire.ring import RingReader
from console.wire.sound import SoundReader
from console.wire.tier import Tier

_log = logging.getLogger("console.engine.feeds")
SHOWN = (SourceState.LIVE, SourceState.STALE)


@dataclass
class Feed:
    """One source: its rings, its syncs, and what it gave for the current frame."""

    paths: Mapping[str, str]
    ring: RingReader
    frames: FrameSync
    sound: AudioSync
    picked: Picked


class Feeds:
    """All feeds, kept in step with the rings that the supervisor names."""

    def __init__(self, frame_ns: int) -> None:
        self._frame_ns = frame_ns
        self._feeds: dict[SourceId, Feed] = {}
        self.tiers: dict[SourceId, Tier] = {}
        """What the budget grants the sources that are on no bus."""
        self.pictures: dict[SourceId, int] = {}
        """Which picture of its ring each source gives for this frame, of those that need no slate."""
        self.preview_tier = Tier.FULL
        """What it grants the one on preview."""

    def get(self, source: SourceId) -> Feed | None:
        """The feed of a source, when its rings are there."""
        return self._feeds.get(source)

    def attach(self, rings: Mapping[str, Mapping[str, str]]) -> None:
        """Follow these rings (`{source: {"picture", "sound"}}`) and no others; unchanged ones are kept."""
        for source in [known for known, feed in self._feeds.items() if rings.get(known) != feed.paths]:
            self._feeds.pop(source).ring.close()
        for name, paths in rings.items():
            source = SourceId(name)
            if source in self._feeds:
                continue
            try:
                ring = RingReader(Path(paths["picture"]))
                sound = SoundReader(Path(paths["sound"]))
            except ConsoleError as error:
                _log.error("source[%s] can't be attached: %s", source, error)
                continue
            nothing = Picked(SourceState.LOST, None, False, 0)
            self._feeds[source] = Feed(paths, ring, FrameSync(ring, self._frame_ns), AudioSync(sound), nothing)

    def take(self, at_ns: int) -> dict[SourceId, SourceState]:
        """Pick every source's picture for a frame; gives the sources whose state changed between shown and not."""
        changed = {}
        self.pictures = {}
        for source, feed in self._feeds.items():
            before, feed.picked = feed.picked.state, feed.frames.take(at_ns)
            shown = feed.picked.state in SHOWN
            if (before in SHOWN) != shown:
                changed[source] = feed.picked.state
            if shown and feed.picked.index is not None:
                self.pictures[source] = feed.picked.index
        return changed

    def ask(self, full: frozenset[SourceId], preview: frozenset[SourceId], now_ns: int) -> None:
        """Tell the hosts what is needed of each source: `full` in full, the others what the budget grants them."""
        for source, feed in self._feeds.items():
            if source in full:
                tier = Tier.FULL
            elif source in preview:
                tier = self.preview_tier
            else:
                tier = self.tiers.get(source, Tier.KEY)
            feed.ring.ask(tier, now_ns)

    def cold(self, sources: frozenset[SourceId]) -> frozenset[SourceId]:
        """Those of the sources that live and leave pictures out at present: not ready to be on air."""
        feeds = {source: feed for source in sources if (feed := self._feeds.get(source))}
        return frozenset(
            source
            for source, feed in feeds.items()
            if feed.picked.state is SourceState.LIVE and not feed.frames.is_whole
        )

    def hot_in_frames(self, source: SourceId) -> int | None:
        """How many frames later than a warm one the source could be on program; None when nobody can tell."""
        feed = self._feeds.get(source)
        if feed is None or feed.picked.state is not SourceState.LIVE:
            return None
        return 0 if feed.frames.is_whole else max(1, -(-feed.ring.hot_ns // self._frame_ns))

    def drawable(self, source: SourceId) -> Drawable | None:
        """The picked picture, where it lies in the ring; None when a slate must stand in."""
        feed = self._feeds.get(source)
        if feed is None or feed.picked.index is None or feed.picked.state not in SHOWN:
            return None
        index = feed.picked.index
        return Drawable(feed.ring.picture(index), (source, feed.paths["picture"], index))

    def intact(self, sources: frozenset[SourceId]) -> bool:
        """Whether none of the picked pictures was overwritten meanwhile."""
        for source in sources:
            feed = self._feeds.get(source)
            if feed is not None and feed.picked.index is not None and not feed.ring.holds(feed.picked.index):
                return False
        return True

    def items(self) -> list[tuple[SourceId, Feed]]:
        """All feeds by source."""
        return list(self._feeds.items())

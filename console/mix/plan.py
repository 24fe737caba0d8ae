"""Plans: what each bus shows at a frame, as data. And tally, which is read off the plans and so can't lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from console.show.model import TRACKED_OUT_SECONDS, Bus, Setup, Show, SourceId, TransitionType
from console.show.world import Title

_TITLE = "title:"


def title_id(index: int) -> SourceId:
    """What stands in `MixPlan.keys` for the title of a downstream keyer (0..3); no source can have such an id."""
    return SourceId(f"{_TITLE}{index + 1}")


def title_index(key: SourceId) -> int | None:
    """The downstream keyer (0..3) whose title a key of a plan is; None for a source."""
    return int(key.removeprefix(_TITLE)) - 1 if key.startswith(_TITLE) else None


@dataclass(frozen=True)
class MixPlan:
    """One picture described before any pixel: `over` mixed onto `base`, dipped, keyed, faded."""

    base: SourceId | None = None
    over: SourceId | None = None
    mix: float = 0.0
    """How much of `over` is seen, 0..1."""
    dip: float = 0.0
    """How black base and over are, under the keys, 0..1."""
    keys: tuple[SourceId, ...] = ()
    """Fill-and-key sources and titles (`title_id`), bottom first."""
    black: float = 0.0
    """How black everything is, 0..1."""
    overlay: bool = False
    """Base and over each carry the graphics that are locked to their own pictures."""

    @property
    def sources(self) -> frozenset[SourceId]:
        """The sources of which at least something is seen (nothing is, under full black)."""
        if self.black >= 1.0:
            return frozenset()
        return self.background.union(key for key in self.keys if title_index(key) is None)

    @property
    def background(self) -> frozenset[SourceId]:
        """Those of them that lie under the keys."""
        if self.black >= 1.0 or self.dip >= 1.0:
            return frozenset()
        both = ((self.base, self.mix < 1.0), (self.over, self.mix > 0.0))
        return frozenset(source for source, seen in both if seen and source is not None)

    @property
    def overlaid(self) -> frozenset[SourceId]:
        """Those of them that carry graphics locked to their pictures."""
        return self.background if self.overlay else frozenset()

    @property
    def gains(self) -> dict[SourceId, float]:
        """How loud each source is (audio follows video), linear 0..1."""
        gains: dict[SourceId, float] = {}
        level = (1.0 - self.dip) * (1.0 - self.black)
        for source, share in ((self.base, 1.0 - self.mix), (self.over, self.mix)):
            if source is not None and share * level > 0.0:
                gains[source] = gains.get(source, 0.0) + share * level
        return gains


class Lamp(StrEnum):
    """A source's tally."""

    PROGRAM = "program"
    PREVIEW = "preview"
    BOTH = "both"


def plan(show: Show, bus: Bus, at: int) -> MixPlan:
    """What a bus shows at a frame. Pure; `show` must be settled at that frame (`show.reduce.settle`)."""
    air = show.air
    overlay = bus is not Bus.CLEAN and tracked_seen(show, at)
    if bus is Bus.PREVIEW:
        return MixPlan(base=air.preview, keys=_keys(show.setup, air.keyers_preview), overlay=overlay)
    picture = MixPlan(base=air.program)
    if air.move is not None:
        position = air.move.position(at)
        if air.move.transition.type is TransitionType.DIP:
            base = air.program if position < 0.5 else air.move.to
            picture = MixPlan(base=base, dip=1.0 - abs(1.0 - 2.0 * position))
        else:
            picture = MixPlan(base=air.program, over=air.move.to, mix=position)
    if air.fade is not None:
        picture = replace(picture, black=air.fade.level(at))
    if bus is Bus.CLEAN:
        return picture
    return replace(picture, keys=_keys(show.setup, air.keyers_on), overlay=overlay)


def tracked_seen(show: Show, at: int) -> bool:
    """Whether graphics in the world are on at a frame, or on their way out."""
    out_frames = round(TRACKED_OUT_SECONDS * show.setup.format.rate.fps)
    return any(group.on or (group.at and 0 <= at - group.at < out_frames) for group in show.air.tracked)


def _keys(setup: Setup, on: tuple[bool, ...]) -> tuple[SourceId, ...]:
    """What these keyers show: the title where there is one, else the source."""
    keys = (source if title is None else title_id(k) for k, (source, title) in enumerate(_keyers(setup)))
    return tuple(key for key, wanted in zip(keys, on, strict=True) if wanted and key is not None)


def _keyers(setup: Setup) -> Iterator[tuple[SourceId | None, Title | None]]:
    return zip(setup.keyers, setup.titles, strict=True)


def tally(program: MixPlan, preview: MixPlan) -> Mapping[SourceId, Lamp]:
    """Which lamps are lit: red for what program really shows, green for preview."""
    lamps: dict[SourceId, Lamp] = dict.fromkeys(program.sources, Lamp.PROGRAM)
    for source in preview.sources:
        lamps[source] = Lamp.BOTH if source in lamps else Lamp.PREVIEW
    return lamps

"""Plans: what each bus shows at a frame, as data. And tally, which is read off the plans and so can't lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from console.show.model import Bus, Show, SourceId, TransitionType


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
    """Fill-and-key sources, bottom first."""
    black: float = 0.0
    """How black everything is, 0..1."""

    @property
    def sources(self) -> frozenset[SourceId]:
        """The sources of which at least something is seen (nothing is, under full black)."""
        if self.black >= 1.0:
            return frozenset()
        used = set(self.keys)
        if self.dip < 1.0:
            used |= {
                source
                for source, seen in ((self.base, self.mix < 1.0), (self.over, self.mix > 0.0))
                if seen and source is not None
            }
        return frozenset(used)

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
    if bus is Bus.PREVIEW:
        return MixPlan(base=air.preview)
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
    keys = (key for key, on in zip(show.setup.keyers, air.keyers_on, strict=True) if on and key is not None)
    return replace(picture, keys=tuple(keys))


def tally(program: MixPlan, preview: MixPlan) -> Mapping[SourceId, Lamp]:
    """Which lamps are lit: red for what program really shows, green for preview."""
    lamps: dict[SourceId, Lamp] = dict.fromkeys(program.sources, Lamp.PROGRAM)
    for source in preview.sources:
        lamps[source] = Lamp.BOTH if source in lamps else Lamp.PREVIEW
    return lamps

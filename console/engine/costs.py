"""What a source's host costs at each tier, in cores: as measured where it was, guessed where it was not. Pure.

The guesses were measured with H.264 of 720p50 and 1080p50 on two cores of an x86-64 server; the sources of a show then
correct them for its machine and its codecs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import NamedTuple

from console.wire.tier import Tier

_SMOOTHING = 0.3
_CORRECTION = (0.25, 4.0)
_HOST_CORES = 0.015
"""A host that decodes sound and keeps packets."""
_KEY_CORES, _KEY_CORES_PER_MPX = 0.0045, 0.0035
_PICTURE_MS = {Tier.ACTIVE: (1.0, 1.4), Tier.FULL: (1.95, 1.15)}
"""Per picture that comes in, and per megapixel of it; where it was not skipped, at full size as well."""


class Shape(NamedTuple):
    """The pictures that come in."""

    width_px: int
    height_px: int
    fps: float


TYPICAL = Shape(1280, 720, 50.0)


class Costs(NamedTuple):
    """Cores at each tier; never less at a higher one."""

    parked: float
    key: float
    active: float
    full: float

    def at(self, tier: Tier) -> float:
        """The cost at a tier."""
        return self[tier - Tier.PARKED]


def guess(shape: Shape) -> Costs:
    """What a source of this shape costs on a machine like the one that was measured."""
    mpx = shape.width_px * shape.height_px / 1e6
    active, full = (
        _HOST_CORES + shape.fps * (each + per_mpx * mpx) / 1e3
        for each, per_mpx in (_PICTURE_MS[Tier.ACTIVE], _PICTURE_MS[Tier.FULL])
    )
    return _rising(_HOST_CORES, _HOST_CORES + _KEY_CORES + _KEY_CORES_PER_MPX * mpx, active, full)


@dataclass(frozen=True)
class Book:
    """What was measured so far, smoothed, by source and tier."""

    measured: Mapping[str, Mapping[Tier, float]] = field(default_factory=dict)

    def learned(self, source: str, asked: Tier, tier: Tier, cores: float) -> Book:
        """With one more measurement: asked for `asked`, the host worked at `tier` and took `cores`.

        A stream that can't be decoded by key frames alone costs as much as its tier says when less is asked for.
        """
        known = dict(self.measured.get(source, {}))
        for at in Tier:
            if min(asked, tier) <= at <= tier:
                known[at] = known[at] + _SMOOTHING * (cores - known[at]) if at in known else cores
        return replace(self, measured={**self.measured, source: known})

    def forgotten(self, source: str) -> Book:
        """Without a source."""
        return replace(self, measured={key: value for key, value in self.measured.items() if key != source})

    def expected(self, shapes: Mapping[str, Shape]) -> dict[str, Costs]:
        """What each source would cost at each tier."""
        guesses = {source: guess(shape) for source, shape in shapes.items()}
        usual = {
            tier: _mean_ratio((known[tier], guesses[source].at(tier)) for source, known in self._of(guesses, tier))
            for tier in Tier
        }
        return {source: self._costs(source, guessed, usual) for source, guessed in guesses.items()}

    def _of(self, sources: Iterable[str], tier: Tier) -> Iterable[tuple[str, Mapping[Tier, float]]]:
        return [(source, self.measured[source]) for source in sources if tier in self.measured.get(source, {})]

    def _costs(self, source: str, guessed: Costs, usual: Mapping[Tier, float]) -> Costs:
        known = self.measured.get(source, {})
        moving = [(known[tier], guessed.at(tier)) for tier in (Tier.ACTIVE, Tier.FULL) if tier in known]

        def cost(tier: Tier) -> float:
            if tier in known:
                return known[tier]
            # A codec that is heavy in one moving tier is heavy in the other; key frames alone tell little.
            like_itself = moving and tier >= Tier.ACTIVE
            return guessed.at(tier) * (_mean_ratio(moving) if like_itself else usual[tier])

        return _rising(*(cost(tier) for tier in Tier))


def _mean_ratio(pairs: Iterable[tuple[float, float]]) -> float:
    """How measured costs compare with guessed ones, 1 when there are none."""
    ratios = [measured / guessed for measured, guessed in pairs]
    least, most = _CORRECTION
    return min(most, max(least, sum(ratios) / len(ratios))) if ratios else 1.0


def _rising(*cores: float) -> Costs:
    return Costs(*accumulate(cores, max))

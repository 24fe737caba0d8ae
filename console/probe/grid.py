"""From time stamps to program frame numbers: the rate, the grid, and what is missing on it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from console.media.time import FLICKS_PER_SECOND, RATES, Rate
from console.probe.readings import Look
from console.probe.verdict import Gap

_RATE_TOLERANCE = 0.04


def estimate_rate(stamps: Sequence[int]) -> Rate:
    """The frame rate of time stamps in flicks; 25 when there are not two different ones.

    The median distance says which rates come near; of those the one whose grid the stamps fit best is taken, so
    24 and 23.976 are told apart even where stamps are rounded to milliseconds.
    """
    ordered = sorted(set(stamps))
    if len(ordered) < 2:
        return RATES["25"]
    since_first = np.array([float(stamp - ordered[0]) for stamp in ordered])
    typical = float(np.median(np.diff(since_first)))
    near = [
        rate
        for rate in dict.fromkeys(sorted(RATES.values(), key=lambda rate: rate.den))
        if abs(rate.frame_flicks / typical - 1) < _RATE_TOLERANCE
    ]

    def misfit(rate: Rate) -> float:
        position = since_first / rate.frame_flicks
        return float(np.abs(position - np.round(position)).mean())

    if near:
        return min(near, key=misfit)
    return Rate(max(1, round(FLICKS_PER_SECOND / max(typical, 1.0) * 1000)), 1000)


@dataclass(frozen=True)
class Placed:
    """Pictures on the program's grid, each frame number once, ascending."""

    frames: list[int]
    looks: list[Look]
    doubled: int
    """Pictures whose frame number had been delivered before (left out of the lists)."""
    out_of_order: int
    """Pictures that came after one with a higher frame number."""

    @property
    def expected(self) -> int:
        """Frames from the first to the last."""
        return self.frames[-1] - self.frames[0] + 1 if self.frames else 0

    def gaps(self) -> list[Gap]:
        """The missing frames."""
        pairs = zip(self.frames, self.frames[1:], strict=False)
        return [Gap(left + 1, right - left - 1) for left, right in pairs if right - left > 1]


def place(looks: Sequence[Look], rate: Rate) -> Placed:
    """Put pictures on the grid of a rate. The phase is the first picture's, so stamps need not start at zero."""
    seen: dict[int, Look] = {}
    doubled = out_of_order = 0
    highest: int | None = None
    period = rate.frame_flicks
    for look in looks:
        origin = looks[0].pts
        frame = _nearest(origin, period) + _nearest(look.pts - origin, period)
        if frame in seen:
            doubled += 1
            continue
        seen[frame] = look
        if highest is not None and frame < highest:
            out_of_order += 1
        else:
            highest = frame
    frames = sorted(seen)
    return Placed(frames, [seen[frame] for frame in frames], doubled, out_of_order)


def _nearest(flicks: int, period: int) -> int:
    return (flicks + period // 2) // period

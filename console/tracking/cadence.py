"""When samples were measured, from when they arrived: a sender measures evenly, a network delivers unevenly.

Arrivals are told apart from their jitter by a line: over the sender's own times where it sends them, else over sample
numbers, which are worked out from the newest sample backwards. So samples that were held up and came in a burst lie as
far apart as they were measured, and where some were lost, their numbers are left out. A line through n arrivals is off
by 2 / sqrt(n) of their jitter at its end: 0.1 ms with FreeD at 60 Hz and 0.5 ms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from console.tracking.distortion import Array

LEAST = 8
"""Fewer arrivals are left as they are."""
_MOST_SENT_SCATTER_NS = 5e6
_LEAST_KEPT_NS = 2e5
_SIGMAS = 3 * 1.4826
"""Three standard deviations, in median absolute deviations."""
_EARLY = 0.7
"""A sample may be so many periods early before it gets the number before; one that is late gives way to the next."""
_IRREGULAR = 0.25
"""Arrivals that scatter by more than this part of a period have no cadence."""
_MOST_SKEW = 0.01
_SKEW_NS = 1e9
"""In less time the skew of two clocks can't be told from jitter."""
_FIRST_SPAN = 16


@dataclass(frozen=True)
class Evened:
    """Arrivals without their jitter, ascending, and their period; 0: not known."""

    times_ns: Array
    period_ns: float
    known: NDArray[np.bool_]
    """Of which samples it is: one that was late, with the next one lost, can't be told from an early one."""
    even: bool = True
    """Else these are the arrivals themselves."""


@dataclass(frozen=True)
class _Line:
    offset: float
    slope: float
    scatter: float
    """The standard deviation of what lies near it, by the median."""

    def at(self, x: Array) -> Array:
        return self.offset + self.slope * x


def _line(x: Array, y: Array, slope: float, *, fixed: bool = False) -> _Line:
    """The line through most of the points; those far off one of about that slope are left out first."""
    line = _Line(0.0, slope, 0.0)
    kept, before = np.ones(len(x), dtype=bool), None
    for _ in range(4):
        off = y - slope * x
        middle = float(np.median(off if before is None else off[kept]))
        deviation = np.abs(off - middle)
        typical = float(np.median(deviation))
        before, kept = kept, deviation <= max(_SIGMAS * typical, _LEAST_KEPT_NS)
        middle_x, middle_y = x[kept].mean(), y[kept].mean()
        from_middle = x[kept] - middle_x
        spread = float(from_middle @ from_middle)
        if not fixed and spread:
            slope = float(from_middle @ (y[kept] - middle_y)) / spread
        line = _Line(float(middle_y - slope * middle_x), slope, 1.4826 * typical)
        if (kept == before).all():
            break
    return line


def evened(arrived_ns: Array, sent_ns: Array | None, period_ns: float = 0.0) -> Evened:
    """When samples were measured, on the clock of their arrivals, which ascend; late by what a sample typically is.

    `sent_ns` are the sender's times of all of them, `period_ns` is what was found before. Arrivals that have no
    cadence are given back.
    """
    if len(arrived_ns) < LEAST:
        return _uneven(arrived_ns, period_ns)
    start = arrived_ns[0]
    arrived = arrived_ns - start
    found = _by_sent(arrived, sent_ns - sent_ns[0]) if sent_ns is not None else None
    found = found or (_by_number(arrived, period_ns, len(arrived)) if period_ns else None)
    found = found or _by_number(arrived, float(np.median(np.diff(arrived))), _FIRST_SPAN)
    if found is None:
        return _uneven(arrived_ns, float(np.median(np.diff(arrived))))
    return Evened(found.times_ns + start, found.period_ns, found.known)


def _uneven(arrived_ns: Array, period_ns: float) -> Evened:
    return Evened(arrived_ns, period_ns, np.ones(len(arrived_ns), dtype=bool), even=False)


def _by_sent(arrived: Array, sent: Array) -> Evened | None:
    """By the sender's own times; None when they are none."""
    gaps = np.diff(sent)
    if not (np.isfinite(sent).all() and (gaps > 0).all()):
        return None
    line = _line(sent, arrived, 1.0, fixed=arrived[-1] < _SKEW_NS)
    if abs(line.slope - 1) > _MOST_SKEW or line.scatter > _MOST_SENT_SCATTER_NS:
        return None
    return Evened(line.at(sent), float(np.median(gaps)), np.ones(len(sent), dtype=bool))


def _by_number(arrived: Array, period: float, span: int) -> Evened | None:
    """By sample numbers; the newest `span` first, then twice as many each time, as the period gets known better."""
    if period <= 0:
        return None
    total = len(arrived)
    newest = arrived[-span:]
    count = np.arange(len(newest)) - len(newest)
    origin = float(np.sort(newest - period * count)[len(newest) // 2])  # one of them: between two it would be nothing
    while True:
        newest = arrived[-span:]
        numbers = _numbers(newest, period, origin)
        line = _line(numbers, newest, period)
        if not 0.8 * period < line.slope < 1.25 * period or line.scatter > _IRREGULAR * line.slope:
            return None
        period, origin = line.slope, line.offset
        if span >= total:
            times = line.at(numbers)
            return Evened(times, period, newest - times > -max(4 * line.scatter, _IRREGULAR * period))
        span *= 2


def _numbers(arrived: Array, period: float, origin: float) -> Array:
    """The numbers of samples: by when they came, but each at least one before the next."""
    count = np.arange(len(arrived))
    by_time = np.floor((arrived - origin) / period + _EARLY) - count
    return np.minimum.accumulate(by_time[::-1])[::-1] + count

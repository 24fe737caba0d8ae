"""The last seconds of a stream of numbers: when each sample was measured, where it jumped, what lies between.

Rows of numbers, one per sample, the first three a place in metres. Samples come on arrival; their times are evened out
(`cadence`) when they are asked for. A jump further than any motion is a cut: nothing is between its two sides. A single
sample that lies off by itself is a fault of the tracker and left out.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from console.tracking.cadence import evened
from console.tracking.distortion import Array

Mask: TypeAlias = NDArray[np.bool_]

HISTORY_NS = 3_000_000_000
"""Pictures are asked for about 0.3 s late; the rest is for the cadence."""
MOST_HZ = 340
"""Streams of 250 Hz are kept whole; a flood pushes the oldest out."""
EXTRAPOLATED_NS = 40_000_000
"""So far beyond the last sample its speed is followed. Braking at 500 degrees/s^2 makes that 0.4 degrees wrong."""
FADED_NS = 300_000_000
BRIDGED_NS, BRIDGED_PERIODS, MOST_BRIDGED_NS = 250_000_000, 2.5, 1_000_000_000
"""A gap of which both sides are known is interpolated like any other, up to this or, with a slow sender, so many of its
periods."""
RESTART_NS = 500_000_000
"""After such a pause, or a leap of the sender's clock, the cadence is looked for anew."""
_CADENCE_NS = 2_000_000_000
_SETTLED_NS = 100_000_000
"""Samples so much older than the newest that was looked at are not looked at again: the rest would say nothing new."""
_LEAST_STEP_NS = 1_000
_JUMP_NS = 50_000_000


class Jump(NamedTuple):
    """How far some columns may be from where their speed would take them, and how hard they may accelerate."""

    columns: slice
    least: float
    acceleration: float


class Spot(NamedTuple):
    """Where an instant lies in a history."""

    before: int
    """The sample at or before it; the one after it where that is nearer and a cut lies between."""
    part: float
    """How far on the way to the next, 0 to 1; 0 where nothing leads there, a little less than 0 just after a cut."""
    beyond_ns: float
    """How long after the sample, where nothing leads to the next."""
    strength: float


class History:
    """Samples as rows of a given width, over at most `history_ns`. One thread."""

    def __init__(self, width: int, jumps: tuple[Jump, ...], history_ns: int = HISTORY_NS) -> None:
        self._jumps = jumps
        self._history_ns = history_ns
        self._most = history_ns * MOST_HZ // 1_000_000_000
        self._arrived, self._sent, self._measured = np.zeros((3, 2 * self._most))
        self._rows = np.zeros((2 * self._most, width))
        self._first = self._end = self._cadence_from = 0
        self._settled = True
        self._evened_to = 0.0
        self._sent_base: int | None = None
        self.period_ns = 0.0
        self.times = self._measured[:0]
        """When the samples were measured, on the clock of arrivals, ascending; as of the last `settle`."""
        self.rows = self._rows[:0]
        self.kept = np.zeros(0, dtype=np.intp)
        """The numbers of these samples, as `add` counted them."""
        self._leads = np.zeros(0, dtype=bool)
        self._gaps = np.zeros(0, dtype=np.intp)
        self._removed = 0

    def __len__(self) -> int:
        return self._end - self._first

    @property
    def dropped(self) -> int:
        """How many samples were pushed out since the beginning; sample numbers start after them."""
        return self._removed

    def add(self, arrived_ns: int, sent_ns: int | None, row: tuple[float, ...]) -> None:
        """Take a sample; arrivals ascend (one that goes back is for the caller to `clear` before)."""
        newest = self._arrived[self._end - 1] if self._end > self._first else None
        sent = np.nan if sent_ns is None else float(sent_ns - self._base(sent_ns))
        if newest is not None and self._began_anew(arrived_ns - newest, sent):
            self._cadence_from = self._end
        self._forget(arrived_ns)
        at = self._end
        self._arrived[at] = self._measured[at] = arrived_ns
        self._sent[at] = sent
        self._rows[at] = row
        self._end += 1
        self._settled = False

    def clear(self) -> None:
        """Forget everything."""
        self._removed += self._end - self._first
        self._first = self._end = self._cadence_from = 0
        self._sent_base = None
        self.period_ns = 0.0
        self.times = self._measured[:0]
        self._settled = False

    def _base(self, sent_ns: int) -> int:
        """What the sender's times are counted from, since nanoseconds since 1970 are too long for a float."""
        if self._sent_base is None:
            self._sent_base = sent_ns
        return self._sent_base

    def _began_anew(self, pause_ns: float, sent: float) -> bool:
        before = self._sent[self._end - 1]
        if np.isnan(before) != np.isnan(sent):
            return True
        return bool(pause_ns > RESTART_NS or abs(sent - before - pause_ns) > RESTART_NS)

    def _forget(self, arrived_ns: int) -> None:
        """Make room for a sample: the oldest go."""
        first = self._first
        while self._end > first and (
            arrived_ns - self._arrived[first] > self._history_ns or self._end - first >= self._most
        ):
            first += 1
        self._removed += first - self._first
        self._first = first
        if self._end < len(self._arrived):
            return
        for store in (self._arrived, self._sent, self._measured, self._rows):
            store[: self._end - first] = store[first : self._end].copy()
        self._cadence_from = max(self._cadence_from - first, 0)
        self._first, self._end = 0, self._end - first

    def settle(self) -> None:
        """Work out times, cuts and gaps, if samples came since."""
        if self._settled:
            return
        self._settled = True
        live = slice(self._first, self._end)
        known = self._even()
        self.times, self.rows = self._measured[live][known], self._rows[live][known]
        self.kept = np.flatnonzero(known) + self._removed
        self._leads = self._led()
        lone = np.zeros(len(self.times), dtype=bool)
        lone[1:-1] = ~self._leads[:-1] & ~self._leads[1:]
        if lone.any():
            self.times, self.rows, self.kept = self.times[~lone], self.rows[~lone], self.kept[~lone]
            self._leads = self._led()
        steps = np.diff(self.times)
        bridged = max(BRIDGED_NS, min(BRIDGED_PERIODS * self.period_ns, MOST_BRIDGED_NS))
        self._leads &= steps <= bridged
        self._gaps = np.flatnonzero(steps > bridged)

    def _even(self) -> Mask:
        """Even out the times of the last two seconds, and of what came since it was done; of which they are known."""
        known = np.ones(self._end - self._first, dtype=bool)
        if self._end == self._first:
            return known
        newest = self._arrived[self._end - 1]
        since = min(newest - _CADENCE_NS, self._evened_to - _CADENCE_NS / 2)
        self._evened_to = newest
        start = self._first + int(np.searchsorted(self._arrived[self._first : self._end], since))
        recent = slice(max(start, self._cadence_from), self._end)
        sent = self._sent[recent]
        found = evened(self._arrived[recent], None if np.isnan(sent).any() else sent, self.period_ns)
        self._measured[recent] = found.times_ns
        self.period_ns = found.period_ns
        known[recent.start - self._first :] = found.known
        live = self._measured[self._first : self._end]
        apart = np.arange(len(live)) * _LEAST_STEP_NS
        live[:] = np.maximum.accumulate(live - apart) + apart
        return known

    def _led(self) -> Mask:
        """Of each step between samples: whether one leads to the other, or it is a cut."""
        if len(self.times) < 2:
            return np.zeros(0, dtype=bool)
        steps = np.diff(self.times) / 1e9
        moved = np.diff(self.rows, axis=0)
        speed = moved / steps[:, None]
        nothing = np.zeros_like(speed[:1])
        before = np.concatenate((nothing, speed[:-1]))
        after = np.concatenate((speed[1:], nothing))
        if len(steps) > 1:
            before[0], after[-1] = after[0], before[-1]
        led = np.ones(len(steps), dtype=bool)
        for jump in self._jumps:
            allowed = jump.least + jump.acceleration / 2 * np.minimum(steps, _JUMP_NS / 1e9) ** 2
            off = [np.abs(moved - side * steps[:, None])[:, jump.columns] for side in (before, after)]
            led &= np.minimum(*(np.linalg.norm(part, axis=1) for part in off)) <= allowed
        return led

    def find(self, instant_ns: float) -> Spot | None:
        """Where an instant lies; None before the first sample."""
        if not len(self.times) or instant_ns > self.times[-1] - _SETTLED_NS:
            self.settle()
        before = int(np.searchsorted(self.times, instant_ns, side="right")) - 1
        if before < 0:
            return None
        beyond = float(instant_ns - self.times[before])
        if before + 1 < len(self.times) and self._leads[before]:
            step = float(self.times[before + 1] - self.times[before])
            return Spot(before, beyond / step, 0.0, self._returned(instant_ns))
        if before + 1 < len(self.times) and before not in self._gaps:
            early = float(instant_ns - self.times[before + 1])
            if -early < beyond:  # just before a cut: what comes is nearer than what was
                step = float(self.times[before + 2] - self.times[before + 1]) if self.leads(before + 1) else 0.0
                return Spot(before + 1, early / step if step else 0.0, 0.0, self._returned(instant_ns))
        return Spot(before, 0.0, beyond, min(self._fading(beyond), self._returned(instant_ns)))

    @property
    def _grace_ns(self) -> float:
        """So long a sample stands at full strength by itself."""
        return max(EXTRAPOLATED_NS, 1.5 * self.period_ns)

    def _fading(self, beyond_ns: float) -> float:
        return min(max(1.0 - (beyond_ns - self._grace_ns) / FADED_NS, 0.0), 1.0)

    def _returned(self, instant_ns: float) -> float:
        """The strength after a gap: it grows from what was left of it, as it faded."""
        for gap in self._gaps[::-1]:
            since = instant_ns - self.times[gap + 1]
            if since >= FADED_NS:
                break
            if since >= 0:
                left = self._fading(float(self.times[gap + 1] - self.times[gap]))
                return float(min(left + since / FADED_NS, 1.0))
        return 1.0

    def leads(self, before: int) -> bool:
        """Whether a sample leads to the next."""
        return 0 <= before < len(self._leads) and bool(self._leads[before])

    def between(self, spot: Spot, *, smooth: slice = slice(0)) -> Array:
        """The row at a spot: linear, or by a cubic through the neighbours for the `smooth` columns.

        Beyond the last sample its speed goes on for `EXTRAPOLATED_NS`, then it stands.
        """
        at, rows = spot.before, self.rows
        if not self.leads(at):
            if not self.leads(at - 1):
                return np.array(rows[at])
            return np.array(rows[at] + self._speed(at - 1) * (self.followed_s(spot) * 1e9))
        moved = rows[at + 1] - rows[at]
        found = np.array(rows[at] + moved * spot.part)
        if smooth.stop:
            step, part = float(self.times[at + 1] - self.times[at]), spot.part
            here, there = self._tangent(at)[smooth] * step, self._tangent(at + 1)[smooth] * step
            bend = (here - moved[smooth]) * (1 - part) - (there - moved[smooth]) * part
            found[smooth] += part * (1 - part) * bend
        return found

    @staticmethod
    def followed_s(spot: Spot) -> float:
        """For how long the last speed is followed."""
        return min(spot.beyond_ns, EXTRAPOLATED_NS) / 1e9

    def _speed(self, before: int) -> Array:
        """Between a sample and the next, in units per nanosecond."""
        return np.asarray((self.rows[before + 1] - self.rows[before]) / (self.times[before + 1] - self.times[before]))

    def _tangent(self, at: int) -> Array:
        """The speed at a sample: that of the parabola through its neighbours, or of the one side that leads there."""
        if not self.leads(at - 1):
            return self._speed(at)
        if not self.leads(at):
            return self._speed(at - 1)
        left, right = self.times[at] - self.times[at - 1], self.times[at + 1] - self.times[at]
        return np.asarray((self._speed(at - 1) * right + self._speed(at) * left) / (left + right))

    def stretch(self, spot: Spot, around_ns: float) -> slice:
        """The samples within a time before and after one that lead to it, one to the next."""
        middle = self.times[spot.before]
        first = last = spot.before
        while self.leads(first - 1) and middle - self.times[first - 1] <= around_ns:
            first -= 1
        while self.leads(last) and self.times[last + 1] - middle <= around_ns:
            last += 1
        return slice(first, last + 1)

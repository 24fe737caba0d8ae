"""Where a camera or subject was at an instant: interpolated between samples, never the nearest one.

Instants are on the clock of the tracking's arrival, at the time that samples typically have; what a tracker and a
network take before is part of the delay that is measured or set (`delay`). Data that stop are followed for 40 ms, then
stand and fade in 300 ms; when they come back they grow as they faded. A jump is a cut and never flown across.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, Generic, TypeVar

import numpy as np

from console.tracking.distortion import Array
from console.tracking.history import HISTORY_NS, RESTART_NS, History, Jump, Spot
from console.tracking.mapping import CameraState, SubjectState
from console.tracking.packet import Vector

REORDERED_NS = 250_000_000
"""A sample that arrived before the last one by more is from a clock that was set back: all begins anew."""
SPEED_OVER_NS = 150_000_000
"""A subject's speed is that of the samples so long before and after, when its tracker sends none: with 18 mm of noise
at 60 Hz it is right within 0.05 m/s."""
_PLACE, _ANGLES, _ZOOM, _FOCUS = slice(0, 3), slice(3, 6), 6, 7
_CAMERA_JUMPS = (Jump(_PLACE, 0.5, 100.0), Jump(_ANGLES, 2.0, 5000.0))
"""Metres and degrees, and per second squared: a whip pan stays a pan, another preset is a cut."""
_MOST = 1e9
"""Metres, degrees and counts beyond this are no numbers."""
_SUBJECT_JUMPS = (Jump(_PLACE, 0.5, 100.0),)

S = TypeVar("S", CameraState, SubjectState)
T = TypeVar("T")


@dataclass(frozen=True)
class Sampled(Generic[S]):
    """A state at an instant; its `received_ns` is that instant."""

    state: S
    age_ns: int
    """How long before the instant the data end; 0 between samples."""
    strength: float
    """1, and down to 0 as the data grow too old to be shown."""


class _Timeline(Generic[S]):
    """The samples of one camera or subject. One thread."""

    def __init__(self, width: int, jumps: tuple[Jump, ...], history_ns: int) -> None:
        self._history = History(width, jumps, history_ns)
        self._states: deque[S] = deque()
        self.refused = 0
        """Samples with what is no number, which were left out."""

    @property
    def newest_ns(self) -> int | None:
        """When the last sample came."""
        return self._states[-1].received_ns if self._states else None

    @property
    def rate_hz(self) -> float:
        """Samples in a second; 0 while that is not known."""
        self._history.settle()
        return 1e9 / self._history.period_ns if self._history.period_ns else 0.0

    def _take(self, state: S, row: tuple[float, ...], needed: int) -> None:
        """Add a state; the first `needed` numbers of its row must be sane, of the others those count that are."""
        row = tuple(value if abs(value) <= _MOST else math.nan for value in row)
        if any(map(math.isnan, row[:needed])):
            self.refused += 1
            return
        if self._states:
            back_ns = self._states[-1].received_ns - state.received_ns
            if back_ns > REORDERED_NS:
                self._history.clear()
                self._states.clear()
            elif back_ns > 0 or self._came_before(state):
                return
        self._history.add(state.received_ns, state.sent_ns, row)
        self._states.append(state)
        while len(self._states) > len(self._history):
            self._states.popleft()

    def _came_before(self, state: S) -> bool:
        """Whether it is a sample that came already, or that others have overtaken."""
        last = self._states[-1]
        if state.sent_ns is None or last.sent_ns is None:
            return state == last
        return 0 <= last.sent_ns - state.sent_ns < RESTART_NS

    def _state(self, number: int) -> S:
        return self._states[max(number - self._history.dropped, 0)]


def _mixed(one: T, other: T, part: float) -> T:
    """Numbers with a fraction between two values of the same make; whatever else is that of the first."""
    if one is other or type(one) is not type(other):
        return one
    found: Any = one
    if isinstance(one, float):
        found = one + (other - one) * part  # type: ignore[operator]  # checked above: both are floats
    elif isinstance(one, tuple) and isinstance(other, tuple) and len(one) == len(other):
        found = tuple(_mixed(a, b, part) for a, b in zip(one, other, strict=True))
    elif is_dataclass(one) and not isinstance(one, type):
        found = replace(
            one, **{f.name: _mixed(getattr(one, f.name), getattr(other, f.name), part) for f in fields(one)}
        )
    return found  # type: ignore[no-any-return]


class CameraTimeline(_Timeline[CameraState]):
    """The samples of one tracked camera."""

    def __init__(self, history_ns: int = HISTORY_NS) -> None:
        super().__init__(8, _CAMERA_JUMPS, history_ns)
        self._angles_deg: Vector = (0.0, 0.0, 0.0)

    def add(self, state: CameraState) -> None:
        """Take a sample. What it does not tell of lens and sensor is as it was told last."""
        if self._states:
            last = self._states[-1]
            lens, sensor = state.lens or last.lens, state.sensor_mm or last.sensor_mm
            if (lens, sensor) != (state.lens, state.sensor_mm):
                state = replace(state, lens=lens, sensor_mm=sensor)
        told = (state.pan_deg, state.tilt_deg, state.roll_deg)
        if all(abs(angle) <= _MOST for angle in told):  # the way round that is shorter
            pan, tilt, roll = (a + math.remainder(b - a, 360.0) for a, b in zip(self._angles_deg, told, strict=True))
            told = self._angles_deg = (pan, tilt, roll)
        encoders = (math.nan if count is None else float(count) for count in (state.zoom, state.focus))
        self._take(state, (*state.position_m, *told, *encoders), 6)

    def at(self, instant_ns: int) -> Sampled[CameraState] | None:
        """The camera at an instant; None before the first sample."""
        spot = self._history.find(instant_ns)
        if spot is None:
            return None
        row = self._history.between(spot, smooth=slice(0, 6))
        x, y, z, pan, tilt, roll, *encoders = np.where(np.isnan(row), self._history.rows[spot.before], row).tolist()
        zoom, focus = (None if math.isnan(count) else count for count in encoders)
        before = self._state(int(self._history.kept[spot.before]))
        lens = before.lens
        if spot.part:
            lens = _mixed(lens, self._state(int(self._history.kept[spot.before + 1])).lens, spot.part)
        state = CameraState(
            (x, y, z),
            math.remainder(pan, 360.0),
            math.remainder(tilt, 360.0),
            math.remainder(roll, 360.0),
            instant_ns,
            zoom,
            focus,
            lens,
            before.sensor_mm,
        )
        return Sampled(state, round(spot.beyond_ns), spot.strength)

    def turning(self) -> tuple[Array, Array]:
        """When samples were measured, in ns (n,), and pan, tilt and roll in degrees without leaps of 360 (n, 3)."""
        self._history.settle()
        return self._history.times.copy(), self._history.rows[:, _ANGLES].copy()


class SubjectTimeline(_Timeline[SubjectState]):
    """The samples of one tracked subject."""

    def __init__(self, history_ns: int = HISTORY_NS) -> None:
        super().__init__(6, _SUBJECT_JUMPS, history_ns)
        self._tells_validity = False

    def add(self, state: SubjectState) -> None:
        """Take a sample. One that says it is lost is left out, if its tracker ever said that one was not."""
        if state.validity is not None:
            self._tells_validity |= state.validity > 0
            if self._tells_validity and not state.validity > 0:
                return
        velocity = state.velocity_mps or (math.nan,) * 3
        self._take(state, (*state.position_m, *velocity), 3)

    def at(self, instant_ns: int) -> Sampled[SubjectState] | None:
        """The subject at an instant; None before the first sample."""
        spot = self._history.find(instant_ns)
        if spot is None:
            return None
        before = self._state(int(self._history.kept[spot.before]))
        row = self._history.between(spot)
        velocity = row[3:6] if np.isfinite(row[3:6]).all() else self._velocity(spot)
        if spot.beyond_ns and velocity is not None:  # steadier than the speed between the last two samples
            row[_PLACE] = self._history.rows[spot.before, _PLACE] + velocity * self._history.followed_s(spot)
        x, y, z = row[_PLACE].tolist()
        told = None
        if velocity is not None:
            vx, vy, vz = velocity.tolist()
            told = (vx, vy, vz)
        state = SubjectState(before.id, (x, y, z), told, before.validity, instant_ns)
        return Sampled(state, round(spot.beyond_ns), spot.strength)

    def _velocity(self, spot: Spot) -> Array | None:
        """The slope of a line through the samples around; None when there is but one."""
        around = self._history.stretch(spot, SPEED_OVER_NS)
        if around.stop - around.start < 2:
            return None
        seconds = self._history.times[around] / 1e9
        seconds = seconds - seconds.mean()
        return np.asarray(seconds @ self._history.rows[around, _PLACE] / (seconds @ seconds), np.float64)

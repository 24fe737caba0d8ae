"""How much later a picture comes in than the tracking of its instant, found by how both turn.

The camera is moved to and fro for some seconds. The pictures tell how it turned (`turning`), the tracker tells it too;
the delay is where the two curves lie on each other. Only a pan whose speed changes says anything of time, so a camera
that stands, or pans evenly, is refused. Angles are compared up to a factor, so the focal length need not be known: the
factor tells it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from console.errors import ConsoleError
from console.tracking.camera import rotation
from console.tracking.distortion import Array
from console.tracking.turning import Turning, Turns

Mask: TypeAlias = NDArray[np.bool_]

SEARCHED_MS = 500.0
"""Delays are looked for to so much before and after."""
LEAST_S = 2.0
MOST_ERROR_MS = 2.0
"""What is found less surely than this is not told."""
LEAST_SPAN_DEG = 0.5
LEAST_AGREEMENT = 0.95
_STEP_MS = 5.0
_BLOCKS = 6
_ROUNDS = 8
_SIGMAS = 4.0 * 1.4826
_RIVAL, _RIVAL_LEFT, _APART = 3.0, 0.02, 0.2
"""A second dip counts when it leaves at most three times as much, or 2 %, with 20 % between."""
_PAUSE_MS, _MOST_DEG_PER_MS = 100.0, 0.5
"""Between samples farther apart, or when it turned faster, it is not known what the camera did."""
_LEAST_TOLD, _LEAST_PICTURES = 1e-9, 10
_MOVE = "Pan the camera to and fro a few times, with the zoom still"


@dataclass(frozen=True)
class Delay:
    """What was found."""

    delay_ms: float
    """How much later the picture of an instant comes in than the tracking of that instant; negative: earlier."""
    error_ms: float
    """Its standard error."""
    agreement: float
    """How much of what the pictures do the tracker explains, up to 1."""
    focal_factor: float
    """By how much the focal length that the pictures were looked at with has to be multiplied."""


@dataclass(frozen=True)
class _Curves:
    """Seen: pictures' times and angles (n, k). Told: the tracker's. Of the axes that turn: pan, tilt or both."""

    instants_ms: Array
    seen: Array
    times_ms: Array
    told: Array
    from_ms: Array | None = None
    """When what was seen is how far it turned since then."""

    @cached_property
    def _slopes(self) -> Array:
        return np.asarray(np.gradient(self.told, self.times_ms, axis=0), np.float64)

    def at(self, delay_ms: float) -> tuple[Array, Array, Mask]:
        """What the tracker told of the pictures' instants, its speed then, and which of them it tells of."""
        value, speed, known, place = self._told_at(self.instants_ms - delay_ms)
        broken = self._broken_before
        if self.from_ms is None:
            return value, speed, known & (broken[place + 1] == broken[place])
        value_before, speed_before, known_before, place_before = self._told_at(self.from_ms - delay_ms)
        whole = broken[place + 1] == broken[place_before]
        return value - value_before, speed - speed_before, known & known_before & whole

    @cached_property
    def _broken_before(self) -> NDArray[np.intp]:
        """How many steps up to each sample do not lead to the next: a pause, a cut to another place, or their
        neighbours, of which no slope can be told."""
        steps = np.diff(self.times_ms)
        broken = (steps > _PAUSE_MS) | (np.abs(np.diff(self.told, axis=0)).max(axis=1) > _MOST_DEG_PER_MS * steps)
        near = broken.copy()
        near[1:] |= broken[:-1]
        near[:-1] |= broken[1:]
        return np.concatenate(([0], np.cumsum(near)))

    def _told_at(self, x: Array) -> tuple[Array, Array, Mask, NDArray[np.intp]]:
        place = np.clip(np.searchsorted(self.times_ms, x, side="right") - 1, 0, len(self.times_ms) - 2)
        step = (self.times_ms[place + 1] - self.times_ms[place])[:, None]
        part = (x - self.times_ms[place])[:, None] / step
        slopes = self._slopes
        one, other = self.told[place], self.told[place + 1]
        here, there = slopes[place] * step, slopes[place + 1] * step
        bend = (here - (other - one)) * (1 - part) - (there - (other - one)) * part
        value = one + (other - one) * part + part * (1 - part) * bend
        speed = slopes[place] + (slopes[place + 1] - slopes[place]) * part
        return value, speed, (x >= self.times_ms[0]) & (x <= self.times_ms[-1]), place


def _angles(turning: Turning, told: Array) -> Array:
    """Pan and tilt of the pictures, in degrees, begun where the tracker looked."""
    world = turning.rotations @ rotation(*told)
    ahead = world[:, 2]
    pan = np.degrees(np.unwrap(np.arctan2(ahead[:, 0], ahead[:, 1])))
    return np.stack((pan, np.degrees(np.arcsin(np.clip(ahead[:, 2], -1.0, 1.0)))), axis=1)


def _curves(times_ns: Array, angles_deg: Array, turning: Turning | Turns) -> _Curves:
    """The curves to compare. Raises ConsoleError: too short, not together in time, a camera that stands."""
    instants_ns = turning.to_ns if isinstance(turning, Turns) else turning.instants_ns
    if len(instants_ns) < 2 or len(times_ns) < 4:
        raise ConsoleError("There are no pictures and tracking to compare", "See to it that both come in")
    start = instants_ns[0]
    instants_ms, times_ms = (instants_ns - start) / 1e6, (times_ns - start) / 1e6
    together = min(instants_ms[-1], times_ms[-1]) - max(0.0, times_ms[0])
    if together < LEAST_S * 1000:
        raise ConsoleError(
            f"Pictures and tracking are together for {max(together, 0.0) / 1000:.1f} s, {LEAST_S:g} s are needed", _MOVE
        )
    during = (times_ms >= -SEARCHED_MS) & (times_ms <= instants_ms[-1] + SEARCHED_MS)
    spans = np.ptp(angles_deg[during, :2], axis=0)
    turns = spans >= max(LEAST_SPAN_DEG, float(spans.max()) / 10)
    if not turns.any():
        raise ConsoleError(f"The camera turned by {spans.max():.2f} degrees, which is too little", _MOVE)
    told = angles_deg[:, :2][:, turns]
    if isinstance(turning, Turns):
        return _Curves(instants_ms, turning.angles_deg[:, turns], times_ms, told, (turning.from_ns - start) / 1e6)
    first = [float(np.interp(0.0, times_ms, angle)) for angle in angles_deg.T]
    return _Curves(instants_ms, _angles(turning, np.array(first))[:, turns], times_ms, told)


def _fitted(seen: Array, told: Array) -> tuple[Array, float]:
    """The factors that bring each axis (n, k) onto what was seen, and what is left of it, as a part."""
    from_seen, from_told = seen - seen.mean(axis=0), told - told.mean(axis=0)
    factors = (from_seen * from_told).sum(axis=0) / np.maximum((from_told**2).sum(axis=0), 1e-12)
    left = ((from_seen - factors * from_told) ** 2).sum() / max(float((from_seen**2).sum()), 1e-12)
    return factors, float(left)


def _coarse(curves: _Curves) -> float:
    """The delay in steps of 5 ms. Raises ConsoleError: nothing fits, the wrong way round, more than one that fits."""
    tried = []
    for delay_ms in np.arange(-SEARCHED_MS, SEARCHED_MS + _STEP_MS, _STEP_MS):
        told, _, known = curves.at(float(delay_ms))
        if known.mean() < 0.6:
            continue
        factors, left = _fitted(curves.seen[known], told[known])
        tried.append((left, float(delay_ms), float(factors[np.argmax(np.ptp(told[known], axis=0))])))
    if not tried:
        raise ConsoleError("Pictures and tracking are not together in time", _MOVE)
    left, delay_ms, factor = min(tried)
    if 1 - left < LEAST_AGREEMENT:
        raise ConsoleError(
            f"The pictures do not turn as the tracker says: {max(1 - left, 0.0):.0%} of it agrees",
            "Look whether it is this camera's tracking. " + _MOVE,
        )
    if abs(delay_ms) > SEARCHED_MS - _STEP_MS or _rivals(tried, delay_ms, max(_RIVAL * left, _RIVAL_LEFT)):
        raise ConsoleError(f"A delay of {delay_ms:.0f} ms fits, and others nearly as well", _MOVE + ", unevenly")
    if factor < 0:
        raise ConsoleError("The picture turns the other way than the tracker says", "Turn over the sign of that angle")
    return delay_ms


def _rivals(tried: list[tuple[float, float, float]], delay_ms: float, enough: float) -> bool:
    """Whether there is a second dip in what is left, beside the one around a delay."""
    best = [d for _, d, _ in tried].index(delay_ms)
    for side in (tried[best:], tried[best::-1]):
        risen = next((i for i, (left, _, _) in enumerate(side) if left > _APART), len(side))
        if any(left < enough for left, _, _ in side[risen:]):
            return True
    return False


def _own_part(told: Array, speed: Array) -> Array:
    """What a delay does to all angles that no factor and no shift of an axis could do: nothing, in an even pan."""
    rows, axes = told.shape
    others = np.zeros((axes, rows, 2 * axes))
    for axis in range(axes):
        others[axis, :, 2 * axis] = told[:, axis] - told[:, axis].mean()
        others[axis, :, 2 * axis + 1] = 1.0
    flat = others.reshape(-1, 2 * axes)
    return np.asarray(speed - flat @ np.linalg.lstsq(flat, speed, rcond=None)[0], np.float64)


def _fine(curves: _Curves, delay_ms: float, used: Mask) -> tuple[float, Array, float, Mask]:
    """By Gauss-Newton steps over some pictures: the delay, the factors, the error by what is left, what was used."""
    kept = used.copy()
    axes = curves.seen.shape[1]
    factors, error_ms = np.ones(axes), math.inf
    for _ in range(_ROUNDS):
        told, speed, known = curves.at(delay_ms)
        rows = kept & known
        if rows.sum() < _LEAST_PICTURES:
            return delay_ms, factors, math.inf, kept
        factors, _ = _fitted(curves.seen[rows], told[rows])
        off = curves.seen - factors * told
        off -= np.median(off[rows], axis=0)
        wrong = off[rows].T.ravel()
        own = _own_part(told[rows], (factors * speed[rows]).T.ravel())
        tells = float(own @ own)
        if tells < _LEAST_TOLD:
            return delay_ms, factors, math.inf, kept
        step = -float(own @ wrong) / tells
        error_ms = math.sqrt(float((wrong + own * step).var()) / tells)
        delay_ms += float(np.clip(step, -20.0, 20.0))
        size = np.linalg.norm(off, axis=1)
        kept = used & (size <= max(_SIGMAS * float(np.median(size[rows])), 1e-6))
        if abs(step) < 1e-4:
            break
    return delay_ms, factors, error_ms, kept


def find_delay(times_ns: Array, angles_deg: Array, turning: Turning | Turns) -> Delay:
    """The delay between a tracker's angles (`CameraTimeline.turning`) and the pictures' turning.

    All pictures of some seconds tell it, and so do pairs of them that were looked at now and then.

    Raises ConsoleError, with what to do, when it can't be told within `MOST_ERROR_MS`.
    """
    curves = _curves(times_ns, angles_deg, turning)
    start_ms = _coarse(curves)
    everything = np.ones(len(curves.instants_ms), dtype=bool)
    delay_ms, factors, error_ms, kept = _fine(curves, start_ms, everything)
    parts = []
    for block in np.array_split(np.arange(len(kept)), _BLOCKS):  # what is left drifts, so its scatter says too little
        without = kept.copy()
        without[block] = False
        parts.append(_fine(curves, delay_ms, without)[0])
    error_ms = max(error_ms, math.sqrt((_BLOCKS - 1) * float(np.var(parts))))
    if not math.isfinite(error_ms):
        raise ConsoleError("The camera turned evenly, which says nothing of time", _MOVE)
    if error_ms > MOST_ERROR_MS:
        raise ConsoleError(f"The delay of {delay_ms:.0f} ms is only sure within {error_ms:.0f} ms", _MOVE)
    told, _, known = curves.at(delay_ms)
    _, left = _fitted(curves.seen[kept & known], told[kept & known])
    most = int(np.argmax(np.ptp(told[known], axis=0)))
    return Delay(delay_ms, error_ms, 1 - left, float(factors[most]))

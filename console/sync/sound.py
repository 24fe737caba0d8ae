"""Audio sync: from a source's endless sound to exactly the samples of each frame, in step with its pictures.

The writer says when each sample is due. The reader keeps a position of its own and steers it there: inside half a
millisecond it copies samples unchanged; further off it plays up to 0.3 % faster or slower (5 cents, not heard) until
it is back; beyond 60 ms, after a gap or a restart, it jumps, and fades in.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from console.media.picture import Samples
from console.media.time import SAMPLE_RATE
from console.wire.sound import SoundReader

_INSIDE_SAMPLES = 24
_JUMP_SAMPLES = SAMPLE_RATE * 60 // 1000
_BEND_MAX = 0.003
_FADE_SAMPLES = 240


class Stride(NamedTuple):
    """How to read on: from a (fractional) position, that many source samples per output sample."""

    position: float
    ratio: float
    jumped: bool
    bending: bool


def steer(position: float | None, due: float, count: int, bending: bool) -> Stride:
    """Decide the next `count` output samples from where the reader is and where it should be. Pure."""
    if position is None or abs(due - position) > _JUMP_SAMPLES:
        return Stride(float(round(due)), 1.0, True, False)
    error = due - position
    # Once bending, go all the way to the middle: otherwise a steady drift would bend on and off for ever.
    if abs(error) <= (1.0 if bending else _INSIDE_SAMPLES):
        return Stride(float(round(position)), 1.0, False, False)
    bend = max(-_BEND_MAX, min(_BEND_MAX, error / (SAMPLE_RATE / 4)))
    if abs(bend) < 1e-4:
        bend = 1e-4 if error > 0 else -1e-4
    return Stride(position, 1.0 + max(-abs(error) / count, min(abs(error) / count, bend)), False, True)


def interpolate(samples: Samples, start: float, ratio: float, count: int) -> Samples:
    """Read `count` samples at `start + i * ratio` (0 <= start < 1 counted from sample 1 of `samples`).

    Catmull-Rom through four neighbours: `samples[0]` lies one before the start and two more follow the end.
    """
    at = start + np.arange(count) * ratio
    whole = at.astype(np.int64)
    t = (at - whole).astype(np.float32)[:, None]
    p0, p1, p2, p3 = (samples[whole + offset] for offset in range(4))
    curve: Samples = p1 + 0.5 * t * (p2 - p0 + t * (2 * p0 - 5 * p1 + 4 * p2 - p3 + t * (3 * (p1 - p2) + p3 - p0)))
    return curve


class AudioSync:
    """One source's audio sync."""

    def __init__(self, ring: SoundReader) -> None:
        self.ring = ring
        self.resets = -1
        """How often the position had to jump after the first time."""
        self._position: float | None = None
        self._bending = False

    def release(self) -> None:
        """Nobody listens: start afresh next time."""
        self._position = None
        self.resets -= 1

    def take(self, at_ns: int, count: int) -> Samples:
        """The samples to be heard from a monotonic instant on; shape (count, 2). Silence where there are none."""
        anchor = self.ring.anchor()
        if anchor is None:
            self._position = None
            return np.zeros((count, 2), np.float32)
        stride = steer(self._position, anchor.position(at_ns), count, self._bending)
        self._bending = stride.bending
        first = int(np.floor(stride.position))
        if stride.ratio == 1.0 and stride.position == first:
            heard = self.ring.read(first, count)
        else:
            needed = int(count * stride.ratio) + 5
            heard = interpolate(self.ring.read(first - 1, needed), stride.position - first, stride.ratio, count)
        if stride.jumped:
            self.resets += 1
            ramp = min(count, _FADE_SAMPLES)
            heard[:ramp] *= np.linspace(0.0, 1.0, ramp, dtype=np.float32)[:, None]
        self._position = stride.position + count * stride.ratio
        return heard

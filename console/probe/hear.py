"""Listening: which test tone sounds, and when its beeps begin, to about a millisecond.

Pitches are 60 Hz apart, so over a window of a whole number of 1/60 s they do not leak into one another. The envelope
of one pitch, taken over windows of 1/60 s, rises in a straight line while the window slides over the onset of a beep,
and is half way up when the onset is in the middle of the window.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from console.media.time import FLICKS_PER_SECOND, SAMPLE_RATE
from console.media.tone import LOUD, QUIET, pitch_hz
from console.probe.readings import WINDOW_SAMPLES, Beep, Heard

Mono = NDArray[np.float32]

_HIGHEST = 63
_SAMPLE_FLICKS = FLICKS_PER_SECOND // SAMPLE_RATE
_BLOCK = 2 * SAMPLE_RATE
_SILENCE = 10 ** (-60 / 20)
_GAP_SAMPLES = 96
"""Time stamps that jump by more than this (2 ms) begin a new stretch; less is rounding."""

_STEP = SAMPLE_RATE // 1000
_BOX = SAMPLE_RATE // 60
_APART, _BEFORE, _AFTER = 10, 40, 50
"""In steps of 1 ms: half the distance over which a rise is measured, and how long before and after it is even."""
_EDGE = 120
"""Steps at both ends of a block in which no onset is looked for; blocks overlap by twice that."""
_RISE = (LOUD / QUIET) ** 0.66


def _references() -> tuple[Mono, Mono]:
    phase = (
        2
        * np.pi
        / SAMPLE_RATE
        * np.outer(np.arange(WINDOW_SAMPLES), [pitch_hz(source) for source in range(1, _HIGHEST + 1)])
    )
    return np.cos(phase).astype(np.float32), np.sin(phase).astype(np.float32)


class Ear:
    """Takes sound as it is decoded and keeps what it heard in `heard` and `beeps`; memory for a few seconds."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.beeps: list[Beep] = []
        self._cos, self._sin = _references()
        self._waiting: list[Mono] = []
        self._count = 0
        self._start = 0  # time stamp of the first waiting sample
        self._windowed = 0  # samples at the front that were already listened to in windows
        self._fresh = True  # nothing overlaps from a block before

    def take(self, mono: Mono, pts: int) -> None:
        """Sound at 48 kHz whose first sample is at `pts` flicks. A jump in time begins a new stretch."""
        due = self._start + self._count * _SAMPLE_FLICKS
        if self._count and abs(pts - due) > _GAP_SAMPLES * _SAMPLE_FLICKS:
            self.finish()
        if not self._count:
            self._start = pts
        self._waiting.append(mono)
        self._count += len(mono)
        if self._count >= _BLOCK:
            self._listen(last=False)

    def finish(self) -> None:
        """No more sound follows the last."""
        if self._count:
            self._listen(last=True)
        self._waiting, self._count, self._windowed, self._fresh = [], 0, 0, True

    def _listen(self, *, last: bool) -> None:
        block = np.concatenate(self._waiting)
        sources = self._windows(block)
        for source in sources:
            first = 0 if self._fresh else _EDGE
            until = len(block) // _STEP - (0 if last else _EDGE)
            for sample in onsets(block, pitch_hz(source), first, until):
                self.beeps.append(Beep(self._start + round(sample * _SAMPLE_FLICKS), source))
        self.beeps.sort()
        keep = min(len(block), 2 * _EDGE * _STEP)
        self._windowed -= len(block) - keep
        self._start += (len(block) - keep) * _SAMPLE_FLICKS
        self._waiting, self._count, self._fresh = [block[len(block) - keep :]], keep, False

    def _windows(self, block: Mono) -> set[int]:
        """Listen to the windows that are new; returns every source that was heard in about this block."""
        fresh = max(0, self._windowed)
        count = (len(block) - fresh) // WINDOW_SAMPLES
        windows = block[fresh : fresh + count * WINDOW_SAMPLES].reshape(count, WINDOW_SAMPLES)
        levels = np.hypot(windows @ self._cos, windows @ self._sin) * (2 / WINDOW_SAMPLES)
        loud = np.sqrt(np.square(windows).mean(axis=1)) >= _SILENCE
        best = levels.argmax(axis=1) if count else np.zeros(0, np.int64)
        for index in range(count):
            tone = levels[index, best[index]] > QUIET / 4
            pts = self._start + (fresh + index * WINDOW_SAMPLES) * _SAMPLE_FLICKS
            self.heard.append(Heard(pts, int(best[index]) + 1 if tone else None, not bool(loud[index])))
        self._windowed = fresh + count * WINDOW_SAMPLES
        recent = self.heard[-count - 2 * _EDGE * _STEP // WINDOW_SAMPLES - 1 :]
        return {window.source for window in recent if window.source is not None}


def onsets(mono: Mono, hz: float, first: int, until: int) -> list[float]:
    """Where beeps of one pitch begin, in samples, among milliseconds `first` to `until` of the sound.

    A beep is a rise by about 12 dB from a level that was even, and audible, to one that stays even; a source that is
    faded up or cut to is none.
    """
    phase = np.exp(-2j * np.pi * hz / SAMPLE_RATE * np.arange(len(mono)))
    summed = np.concatenate(([0], np.cumsum(mono * phase)))
    centres = np.arange(0, len(mono), _STEP)
    left, right = np.maximum(centres - _BOX // 2, 0), np.minimum(centres + _BOX // 2, len(mono))
    level = np.abs(summed[right] - summed[left]) * 2 / _BOX
    if len(level) < 2 * _APART + 1:
        return []
    low, high = level[: -2 * _APART], level[2 * _APART :]
    rising = np.flatnonzero((high > _RISE * low) & (low > QUIET / 4)) + _APART
    found = []
    for group in np.split(rising, np.flatnonzero(np.diff(rising) > 1) + 1):
        if not len(group):
            continue
        middle = int(group[len(group) // 2])
        before, after = level[max(0, middle - _BEFORE) : middle - _APART], level[middle + _APART : middle + _AFTER]
        if not (first <= middle < until) or len(before) < 15 or len(after) < 15 or _uneven(before) or _uneven(after):
            continue
        half = (float(np.median(before)) + float(np.median(after))) / 2
        above = int(np.argmax(level[middle - _APART : middle + _APART] >= half)) + middle - _APART
        rise = level[above] - level[above - 1]
        part = (half - level[above - 1]) / rise if rise > 0 else 0.0
        found.append((above - 1 + float(part)) * _STEP)
    return found


def _uneven(level: NDArray[np.float64]) -> bool:
    return float(level.max()) > 1.5 * float(level.min())

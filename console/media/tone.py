"""The sound of test sources: a tone whose pitch names the source, with a beep on every whole second.

Source `n` sounds at 300 + 60 n Hz, -30 dBFS, and for the first 100 ms of each second of its own time (frame number
divisible by the frame rate) at -18 dBFS. The quiet part says which source is heard, the onset of the beep says when,
so the offset between sound and picture can be measured after any number of encoders.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from console.media.picture import Samples
from console.media.time import SAMPLE_RATE

BEEP_SECONDS = 0.1
QUIET, LOUD = 10 ** (-30 / 20), 10 ** (-18 / 20)


def pitch_hz(source: int) -> float:
    """The pitch that names a source number (1..63)."""
    return 300.0 + 60.0 * source


def tone(source: int, first_sample: int, count: int) -> Samples:
    """Samples `first_sample` ... of a source's sound; shape (count, 2). Sample 0 is where its frame 0 starts."""
    index = np.arange(first_sample, first_sample + count, dtype=np.int64)
    second = (index % SAMPLE_RATE) / SAMPLE_RATE
    level = np.where(second < BEEP_SECONDS, LOUD, QUIET)
    wave = (level * np.sin(2 * np.pi * pitch_hz(source) * second)).astype(np.float32)
    return np.stack((wave, wave), axis=1)


def strength(mono: NDArray[np.float32], hz: float) -> float:
    """The amplitude (0..1) of one pitch in a run of samples, by correlation (a single Fourier bin)."""
    if not len(mono):
        return 0.0
    phase = 2j * np.pi * hz / SAMPLE_RATE * np.arange(len(mono))
    return float(abs(np.dot(mono, np.exp(-phase))) * 2 / len(mono))


def heard(mono: NDArray[np.float32], highest: int = 63) -> int | None:
    """Which source number sounds in a run of at least 50 ms; None when nothing does."""
    if len(mono) < SAMPLE_RATE // 20:
        return None
    levels = [strength(mono, pitch_hz(source)) for source in range(1, highest + 1)]
    best = int(np.argmax(levels))
    return best + 1 if levels[best] > QUIET / 4 else None

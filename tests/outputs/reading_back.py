"""What a file really shows and plays, read by a decoder of its own."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from numpy.typing import NDArray

from console.media import barcode
from console.media.time import SAMPLE_RATE


class Seen(NamedTuple):
    codes: list[int]
    """The burnt-in numbers, in the order shown; -1 where none can be read."""
    times: list[float]
    """When each is shown, in seconds."""


def seen(path: Path) -> Seen:
    codes, times = [], []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            code = barcode.read(frame.to_ndarray()[: frame.height])
            codes.append(code.frame if code else -1)
            times.append(frame.time or 0.0)
    return Seen(codes, times)


def heard(path: Path) -> tuple[float, NDArray[np.float32]]:
    """When the sound starts, in seconds, and the left channel."""
    start: float | None = None
    blocks = []
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            start = frame.time if start is None else start
            blocks.append(frame.to_ndarray()[0])
    return start or 0.0, np.concatenate(blocks)


def onsets(mono: NDArray[np.float32], level: float) -> list[int]:
    """The samples at which the sound gets louder than a level after 200 ms of being quieter."""
    loud = np.flatnonzero(np.abs(mono) > level)
    if not len(loud):
        return []
    starts = loud[np.flatnonzero(np.diff(loud, prepend=-SAMPLE_RATE) > SAMPLE_RATE // 5)]
    return [int(sample) for sample in starts]

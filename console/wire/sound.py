"""The ring of one source's sound: an endless run of 48 kHz stereo samples, and when they should be heard.

The writer appends; sample `i` lives at `i % capacity`. One *anchor* ties the samples to the monotonic clock: sample
`anchor.sample` is due at `anchor.due_ns`, the others follow at 48 kHz. After a gap or a new time line the writer
moves the anchor. A reader that falls behind by more than the capacity finds silence, never old sound.

File layout: header page as words of 8 bytes, then `capacity` samples of float32 stereo.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from console.errors import ConsoleError
from console.media.picture import Samples
from console.media.time import SAMPLE_RATE
from console.wire.ring import Levels, make_file, map_file

_MAGIC = int.from_bytes(b"PODSOND1", "little")
_PAGE = 4096
CAPACITY = 1 << 17
"""2.7 s."""
_H_MAGIC, _H_COUNT, _H_ANCHOR_SEQ, _H_ANCHOR_SAMPLE, _H_ANCHOR_DUE, _H_LEVELS, _, _H_LEVEL_NS = range(8)


class SoundAnchor(NamedTuple):
    """Sample number `sample` is due at the monotonic instant `due_ns`."""

    sample: int
    due_ns: int

    def position(self, instant_ns: int) -> float:
        """The (fractional) sample that is due at an instant."""
        return self.sample + (instant_ns - self.due_ns) * SAMPLE_RATE / 1e9


def create_sound(path: Path) -> Path:
    """Make an empty sound ring (replacing one of that name). Raises ConsoleError."""
    header = np.zeros(_PAGE // 8, np.uint64)
    header[_H_MAGIC] = _MAGIC
    make_file(path, _PAGE + CAPACITY * 8, header.tobytes())
    return path


class _Sound:
    def __init__(self, path: Path) -> None:
        self.path = path
        self._map = map_file(path, _MAGIC)
        if len(self._map) < _PAGE + CAPACITY * 8:
            raise ConsoleError(f"{path} is not a sound ring, or was cut short", "Start the engine again")
        self._words = memoryview(self._map).cast("Q")
        self._signed = memoryview(self._map).cast("q")
        self._floats = memoryview(self._map).cast("d")
        self._samples: Samples = np.frombuffer(self._map, np.float32, CAPACITY * 2, _PAGE).reshape(-1, 2)

    @property
    def count(self) -> int:
        """How many samples were ever written."""
        return self._words[_H_COUNT]

    def levels(self, now_ns: int) -> Levels:
        """Peak levels, linear 0..1; silence when the newest is older than half a second."""
        if now_ns - self._signed[_H_LEVEL_NS] > 500_000_000:
            return Levels()
        return Levels(self._floats[_H_LEVELS], self._floats[_H_LEVELS + 1])


class SoundWriter(_Sound):
    """The writing end; attaching continues the count."""

    def append(self, samples: Samples, now_ns: int) -> None:
        """Write samples of shape (n, 2) behind the last, n at most half the capacity."""
        start = self.count % CAPACITY
        first = min(len(samples), CAPACITY - start)
        self._samples[start : start + first] = samples[:first]
        self._samples[: len(samples) - first] = samples[first:]
        if len(samples):
            peaks = np.abs(samples).max(axis=0)
            self._floats[_H_LEVELS] = float(peaks[0])
            self._floats[_H_LEVELS + 1] = float(peaks[1])
            self._signed[_H_LEVEL_NS] = now_ns
        self._words[_H_COUNT] += len(samples)

    def anchor(self, sample: int, due_ns: int) -> None:
        """Say when a sample is due; the samples around it follow at 48 kHz."""
        self._words[_H_ANCHOR_SEQ] |= 1
        self._signed[_H_ANCHOR_SAMPLE] = sample
        self._signed[_H_ANCHOR_DUE] = due_ns
        self._words[_H_ANCHOR_SEQ] += 1


class SoundReader(_Sound):
    """A reading end."""

    def anchor(self) -> SoundAnchor | None:
        """The newest anchor; None before the first and while it is being moved."""
        before = self._words[_H_ANCHOR_SEQ]
        anchor = SoundAnchor(self._signed[_H_ANCHOR_SAMPLE], self._signed[_H_ANCHOR_DUE])
        return anchor if before and not before & 1 and self._words[_H_ANCHOR_SEQ] == before else None

    def read(self, first: int, count: int) -> Samples:
        """A copy of samples `first` ... of shape (count, 2); zeros where there is nothing (yet, or any more)."""
        out = np.zeros((count, 2), np.float32)
        written = self.count
        left = max(first, written - CAPACITY + SAMPLE_RATE // 10, 0)
        right = min(first + count, written)
        if left >= right:
            return out
        start = left % CAPACITY
        head = min(right - left, CAPACITY - start)
        out[left - first : left - first + head] = self._samples[start : start + head]
        out[left - first + head : right - first] = self._samples[: right - left - head]
        return out

"""The sound of a stream: decoded, brought to 48 kHz stereo, laid into the sound ring without a seam."""

from __future__ import annotations

from typing import Any, cast

import av
import numpy as np
from numpy.typing import NDArray

from console.media.picture import Samples
from console.media.time import SAMPLE_RATE
from console.sources.track import SoundTrack
from console.wire.sound import CAPACITY, SoundWriter

_SECOND = 1_000_000_000
_MS = 1_000_000
_SEAM_NS = 40 * _MS
"""A step larger than this between what is due and what should be is a gap; a smaller one is the stamps' jitter."""
_CHUNK = CAPACITY // 2


class SoundFeed:
    """Appends sound with the instant at which it is due, and keeps the ring's anchor true."""

    def __init__(self, ring: SoundWriter) -> None:
        self._ring = ring
        self._next_due: int | None = None

    def append(self, samples: Samples, due_ns: int, now_ns: int) -> None:
        """Append samples of shape (n, 2), the first of which is due at `due_ns`."""
        expected = self._next_due
        if expected is None:
            start = due_ns
        elif abs(due_ns - expected) <= _SEAM_NS:
            start = expected + (due_ns - expected) // 16
        else:
            # A reader is somewhere before this sample: what it comes upon is silence until the new time line.
            silence = min(due_ns - max(expected, now_ns), _SECOND) * SAMPLE_RATE // _SECOND
            if silence > 0:
                self._ring.append(np.zeros((silence, 2), np.float32), now_ns)
            start = due_ns
        self._ring.anchor(self._ring.count, start)
        for first in range(0, len(samples), _CHUNK):
            self._ring.append(samples[first : first + _CHUNK], now_ns)
        self._next_due = start + len(samples) * _SECOND // SAMPLE_RATE


class SoundDecoder:
    """Decodes the packets of one audio stream to 48 kHz stereo."""

    def __init__(self, track: SoundTrack) -> None:
        self._context = track.context
        self._resampler: av.AudioResampler | None = None
        self._shape: tuple[str, str, int] | None = None

    def decode(self, packet: av.Packet[Any]) -> list[tuple[Samples, int | None]]:
        """Samples of shape (n, 2) with their time stamps in nanoseconds. Raises FFmpegError for damaged packets."""
        pieces = []
        for frame in self._context.decode(packet):
            samples = self._stereo(frame)
            if len(samples):
                stamp = None
                if frame.pts is not None and frame.time_base is not None:
                    stamp = frame.pts * frame.time_base.numerator * _SECOND // frame.time_base.denominator
                pieces.append((samples, stamp))
        return pieces

    def _stereo(self, frame: av.AudioFrame) -> Samples:
        channels = len(frame.layout.channels)
        if frame.sample_rate == SAMPLE_RATE and frame.format.name == "fltp" and channels <= 2:
            return _paired(tuple(np.frombuffer(cast(Any, plane), np.float32, frame.samples) for plane in frame.planes))
        shape = (frame.format.name, frame.layout.name, frame.sample_rate)
        if self._resampler is None or shape != self._shape:
            self._shape = shape
            # swresample would take 3 dB off mono; a voice on both sides is to be as loud as it was.
            layout = "mono" if channels == 1 else "stereo"
            self._resampler = av.AudioResampler("fltp", layout, SAMPLE_RATE)
        parts = [cast(Samples, part.to_ndarray()) for part in self._resampler.resample(frame)]
        return _paired(tuple(np.concatenate(parts, axis=1))) if parts else np.empty((0, 2), np.float32)


def _paired(channels: tuple[NDArray[np.float32], ...]) -> Samples:
    """One or two channels of n samples as pairs of shape (n, 2)."""
    out = np.empty((len(channels[0]), 2), np.float32)
    out[:, 0] = channels[0]
    out[:, 1] = channels[-1]
    return out

"""Listening to the program: its sound from the ring to this machine's loudspeaker.

The device asks for samples on a thread of its own. Frames are played in order; when the device runs ahead there is a
short silence, when it falls behind frames are skipped, so it stays near the picture.
"""

from __future__ import annotations

import logging
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np

from console.errors import ConsoleError
from console.media.picture import Samples
from console.media.time import CHANNELS, SAMPLE_RATE
from console.wire.ring import RingReader

_LOG = logging.getLogger("console.desk.listen")
_BUFFER_MS = 80
_BEHIND_FRAMES = 2
"""Playing starts this far behind the newest frame, and comes back to it after a gap."""
_BEHIND_FRAMES_MAX = 12


class ProgramSound:
    """The program ring's sound as one run of samples."""

    def __init__(self, path: Path) -> None:
        """Raises ConsoleError when the ring can't be read."""
        self._ring = RingReader(path)
        self._next = max(0, self._ring.count - _BEHIND_FRAMES)
        self._rest: Samples = np.zeros((0, 2), np.float32)
        self.volume = 1.0
        self.skipped = 0
        """How many frames were left out to stay near the picture."""

    def read(self, count: int) -> Samples:
        """The next `count` samples of shape (count, 2); silence where there is nothing yet."""
        parts, have = [self._rest], len(self._rest)
        newest = self._ring.count
        if newest - self._next > min(_BEHIND_FRAMES_MAX, self._ring.slots - 2):
            self.skipped += newest - _BEHIND_FRAMES - self._next
            self._next = newest - _BEHIND_FRAMES
        while have < count and self._next < newest:
            info = self._ring.info(self._next)
            if info is not None and info.samples:
                sound = self._ring.sound(info.index, info.samples).copy()
                if self._ring.holds(info.index):
                    parts.append(sound)
                    have += len(sound)
            self._next += 1
        if have < count:
            parts.append(np.zeros((count - have, 2), np.float32))
        run = np.concatenate(parts)
        self._rest = run[count:]
        return (run[:count] * self.volume).astype(np.float32)

    def close(self) -> None:
        """Let go of the ring."""
        self._ring.close()


class Listener:
    """Plays the program while it is open."""

    def __init__(self, path: Path, volume: float) -> None:
        """Raises ConsoleError when the ring can't be read or no device can be opened."""
        import miniaudio  # noqa: PLC0415 - opening the window does not wait for the sound library

        self._sound = ProgramSound(path)
        self.volume = volume
        try:
            self._device = miniaudio.PlaybackDevice(
                output_format=miniaudio.SampleFormat.FLOAT32,
                nchannels=CHANNELS,
                sample_rate=SAMPLE_RATE,
                buffersize_msec=_BUFFER_MS,
                app_name="Podium",
            )
            feeding = self._feed()
            next(feeding)
            self._device.start(feeding)
        except miniaudio.MiniaudioError as error:
            self._sound.close()
            raise ConsoleError(
                f"This machine plays no sound: {error.args[0] if error.args else error}",
                "Connect a loudspeaker or headphones and try again",
            ) from error
        _LOG.info("listening to the program")

    @property
    def volume(self) -> float:
        """How loud, 0..1."""
        return self._sound.volume

    @volume.setter
    def volume(self, volume: float) -> None:
        self._sound.volume = volume

    def _feed(self) -> Generator[Any, int, None]:
        wanted = yield b""
        while True:
            wanted = yield self._sound.read(wanted).tobytes()

    def close(self) -> None:
        """Be quiet."""
        self._device.close()
        self._sound.close()

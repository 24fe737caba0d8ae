"""What the stamps of a stream's packets tell: how far apart its key frames are, and whether packets are missing."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av

from console.media.clock import Clock

_SECOND = 1_000_000_000
_RARE_NS = 3 * _SECOND
_JUMPED_NS = 60 * _SECOND
"""Stamps that are so far apart don't measure anything: another clock began."""
_STEADY, _UNEVEN = 16, 0.2
"""So many steps of one length (but for this share) make a steady stream, in which a longer step is a loss."""
_ALL_KEYS = 25


class Steps:
    """Finds the holes in a steady stream: told of the packets that are decoded, in their order."""

    def __init__(self) -> None:
        self._last_ns: int | None = None
        self._step_ns = self._steady = 0

    def restart(self) -> None:
        """What comes next does not follow what was."""
        self._last_ns = None

    def hole_before(self, stamp_ns: int) -> bool:
        """Whether packets are missing before one with this stamp. Of a stream of variable rate nobody can tell."""
        last, self._last_ns = self._last_ns, stamp_ns
        if last is None:
            return False
        step = stamp_ns - last
        if abs(step - self._step_ns) <= _UNEVEN * self._step_ns:
            self._steady += 1
            return False
        hole = self._steady >= _STEADY and step > self._step_ns
        self._steady = 0
        if not hole:
            self._step_ns = step
        return hole


class Rhythm:
    """Told of every packet in the order of decoding, whether it is decoded or not."""

    def __init__(self, time_base: Fraction, clock: Clock) -> None:
        self._numerator, self._denominator = time_base.numerator * _SECOND, time_base.denominator
        self._clock = clock
        self._last_ns: int | None = None
        self._key_ns: int | None = None
        """The stamp of the last key frame; that of the first packet before there was one."""
        self._keys = self._keys_in_a_row = 0
        self._mean_ns = self._gop_ns = 0

    def stamp_ns(self, packet: av.Packet[Any]) -> int:
        """When a packet is to be decoded, on the stream's clock; ours for a stream without stamps."""
        stamp = packet.pts if packet.dts is None else packet.dts
        return self._clock.now() if stamp is None else stamp * self._numerator // self._denominator

    def saw(self, packet: av.Packet[Any]) -> None:
        """Take note of a packet."""
        now = self.stamp_ns(packet)
        if self._key_ns is None or self._last_ns is None or abs(now - self._last_ns) > _JUMPED_NS:
            self._key_ns = now
            self._keys = 0
        self._last_ns = now
        if packet.is_keyframe:
            self._saw_key(now, self._key_ns)
        else:
            self._keys_in_a_row = 0

    def _saw_key(self, now: int, last: int) -> None:
        self._keys_in_a_row += 1
        self._keys += 1
        self._key_ns = now
        if self._keys > 1:
            self._gop_ns = max(0, now - last)
            self._mean_ns += (self._gop_ns - self._mean_ns) // (4 if self._keys > 2 else 1)

    @property
    def since_key_ns(self) -> int:
        """From the last key frame to the last packet."""
        return 0 if self._last_ns is None or self._key_ns is None else max(0, self._last_ns - self._key_ns)

    @property
    def to_key_ns(self) -> int | None:
        """How long until a key frame is expected; None when there is no telling."""
        left = self._mean_ns - self.since_key_ns
        return left if self._keys > 1 and left > -self._mean_ns else None

    @property
    def rare_keys(self) -> bool:
        """Key frames are too far apart to show nothing else."""
        return max(self.since_key_ns, self._gop_ns) > _RARE_NS

    @property
    def all_keys(self) -> bool:
        """The last pictures, one after the other, were key frames."""
        return self._keys_in_a_row >= _ALL_KEYS

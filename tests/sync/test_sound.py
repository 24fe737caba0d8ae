"""Audio sync: exact copies in step, inaudible bending off it, a jump after a gap."""

import numpy as np
import pytest

from console.media.time import SAMPLE_RATE
from console.media.tone import heard, tone
from console.sync.sound import AudioSync, interpolate, steer
from console.wire.sound import SoundAnchor

FRAME = 960


class EndlessTone:
    """A sound ring that never runs dry: the tone of source 5, due from `due_ns` on, on a clock of its own."""

    def __init__(self, speed=1.0):
        self.due_ns = 10**9
        self.speed = speed
        self.shift = 0

    def anchor(self):
        return _Drifting(0, self.due_ns, self.speed, self.shift)

    def read(self, first, count):
        return tone(5, first, count)


class _Drifting(SoundAnchor):
    def __new__(cls, sample, due_ns, speed, shift):
        made = super().__new__(cls, sample, due_ns)
        made.speed, made.shift = speed, shift
        return made

    def position(self, instant_ns):
        return super().position(instant_ns) * self.speed + self.shift


def frames(sync, ring, first, count):
    return np.concatenate(
        [sync.take(ring.due_ns + n * FRAME * 10**9 // SAMPLE_RATE, FRAME) for n in range(first, first + count)]
    )


def test_in_step_every_sample_comes_out_unchanged():
    ring = EndlessTone()
    sync = AudioSync(ring)
    out = frames(sync, ring, 0, 200)
    assert np.array_equal(out[240:], tone(5, 0, 200 * FRAME)[240:])
    assert sync.resets == 0


@pytest.mark.parametrize("ppm", [-200, -20, 20, 200])
def test_a_drifting_clock_is_followed_without_a_jump(ppm):
    ring = EndlessTone(1 + ppm * 1e-6)
    sync = AudioSync(ring)
    out = frames(sync, ring, 0, 3000)
    target = ring.anchor().position(ring.due_ns + 3000 * FRAME * 10**9 // SAMPLE_RATE)
    assert abs(sync._position - target) < 48
    assert sync.resets == 0
    assert heard(out[-9600:, 0]) == 5
    assert np.abs(np.diff(out[:, 0])).max() < 0.02, "no click"


def test_a_shift_of_lip_sync_is_worked_off_in_a_few_seconds():
    ring = EndlessTone()
    sync = AudioSync(ring)
    frames(sync, ring, 0, 10)
    ring.shift = 960
    frames(sync, ring, 10, 500)
    assert abs(sync._position - ring.anchor().position(ring.due_ns + 510 * FRAME * 10**9 // SAMPLE_RATE)) < 24
    assert sync.resets == 0


def test_after_a_gap_it_jumps_and_says_so():
    ring = EndlessTone()
    sync = AudioSync(ring)
    frames(sync, ring, 0, 10)
    ring.shift = 40_000
    out = frames(sync, ring, 10, 2)
    assert sync.resets == 1
    assert np.array_equal(out[240:], tone(5, 10 * FRAME + 40_000, 2 * FRAME)[240:])


def test_steering_never_bends_by_more_than_5_cents():
    for due in np.linspace(-2880, 2880, 97):
        stride = steer(10_000.0, 10_000.0 + due, FRAME, False)
        assert 0.997 <= stride.ratio <= 1.003
        assert stride.jumped is False


def test_interpolation_is_clean():
    samples = tone(10, 100, 5000)
    out = interpolate(samples, 0.25, 1.001, 2000)
    at = 101 + 0.25 + np.arange(2000) * 1.001
    quiet = 10 ** (-18 / 20) * np.sin(2 * np.pi * 900 * at / SAMPLE_RATE)
    assert np.abs(out[:1000, 0] - quiet[:1000]).max() < 1e-3

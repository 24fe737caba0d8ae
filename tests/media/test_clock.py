"""Clocks."""

from console.media.clock import Anchor, SystemClock, VirtualClock


def test_the_virtual_clock_moves_only_when_told():
    clock = VirtualClock(now_ns=100, unix_ns=5_000)
    clock.wait_until(150)
    clock.wait_until(20)
    clock.advance(7)
    assert (clock.now(), clock.unix_ns()) == (157, 5_057)


def test_an_anchor_ties_both_clocks():
    clock = VirtualClock()
    anchor = Anchor.take(clock)
    clock.advance(123)
    assert anchor.to_unix(clock.now()) == clock.unix_ns()
    assert anchor.to_monotonic(clock.unix_ns()) == clock.now()


def test_the_system_clock_waits():
    clock = SystemClock()
    begun = clock.now()
    clock.wait_until(begun + 3_000_000)
    clock.wait_until(begun)
    assert clock.now() - begun >= 3_000_000

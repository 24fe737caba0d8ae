"""Waiting in tests: for something to become true, with a deadline; never for time to pass."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from console.media.clock import SystemClock

T = TypeVar("T")


def wait_for(predicate: Callable[[], T], seconds: float = 10.0, what: str = "") -> T:
    """Ask every 20 ms until the answer is true and return it; fail when that takes longer than `seconds`."""
    clock, pause = SystemClock(), threading.Event()
    until = clock.now() + round(seconds * 1e9)
    while not (answer := predicate()):
        assert clock.now() < until, f"waited {seconds} s in vain{': ' + what if what else ''}"
        pause.wait(0.02)
    return answer

"""The gun of the demo's race: at the program frame that shows it, set once per take."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from console.demo.race import GUN_S
from console.demo.starter import Starter
from console.errors import ConsoleError
from console.media.clock import VirtualClock
from console.media.time import Rate

RATE = Rate(50)
TAKE_NS = 5_000_000_000


def _status(latency_ms: int) -> dict[str, Any]:
    slow = {"latency_ms": 900}
    return {"sources": {"cam1": {"latency_ms": latency_ms}, "cam2": {"latency_ms": latency_ms}, "cam3": slow}}


def _starter(clock: VirtualClock, *takes_ns: int) -> tuple[Starter, list[int]]:
    started: list[int] = []
    one = Starter(RATE, 50, clock, started.append)
    one.listen(io.BytesIO(b"".join(json.dumps({"event": "take", "at_ns": at}).encode() + b"\n" for at in takes_ns)))
    one.close()
    return one, started


@pytest.mark.parametrize("off_ns", [0, 3_000_000, 9_900_000, 10_100_000, 19_999_999])
def test_the_gun_is_at_the_nearest_frame(off_ns: int) -> None:
    clock = VirtualClock(TAKE_NS, unix_ns=RATE.start_ns(90_000_000_000) + off_ns)
    one, started = _starter(clock, TAKE_NS)
    one.follow(_status(200))
    gun_ns = clock.unix_ns() + round(GUN_S * 1e9) + 40_000_000 + 200_000_000
    assert len(started) == 1
    assert abs(RATE.start_ns(started[0]) - gun_ns) <= 10_000_000, "half a frame"


def test_it_is_fired_once_a_take_and_again_when_the_latency_grows() -> None:
    clock = VirtualClock(TAKE_NS)
    one, started = _starter(clock, TAKE_NS)
    one.follow(_status(200))
    clock.advance(1_000_000_000)
    one.follow(_status(200))
    assert len(started) == 1
    one.follow(_status(300))
    assert started[1] - started[0] == 5
    one.listen(io.BytesIO(json.dumps({"event": "take", "at_ns": TAKE_NS + 16_000_000_000}).encode()))
    one.close()
    one.follow(_status(300))
    assert started[2] - started[1] == 16 * 50


def test_nothing_is_fired_before_a_take_or_without_its_cameras() -> None:
    one, started = _starter(VirtualClock())
    one.follow(_status(200))
    other, _ = _starter(VirtualClock(), TAKE_NS)
    other.follow({"sources": {"cam3": {"latency_ms": 200}}})
    assert started == []


@pytest.mark.expects_log
def test_a_refusal_is_told_and_not_repeated(caplog: pytest.LogCaptureFixture) -> None:
    def refuse(_frame: int) -> None:
        raise ConsoleError("The engine refused StartRace: it is late")

    one = Starter(RATE, 50, VirtualClock(TAKE_NS), refuse)
    one.listen(io.BytesIO(json.dumps({"event": "take", "at_ns": TAKE_NS}).encode()))
    one.close()
    for _ in range(3):
        one.follow(_status(200))
    assert [record.getMessage() for record in caplog.records] == [
        "The record line was not started: The engine refused StartRace: it is late."
    ]

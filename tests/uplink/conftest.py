"""What the uplinks' tests share: a log that grows, and real uplink processes that end with the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from console.media.time import parse_format
from tests.outputs.made import GrowingLog
from tests.outputs.on_air import Child

FMT = parse_format("640x360p50")


@pytest.fixture
def growing(tmp_path: Path) -> Iterator[Callable[..., GrowingLog]]:
    """Start a growing log of so many seconds."""
    made: list[GrowingLog] = []

    def start(seconds: float, speed: float = 3.0) -> GrowingLog:
        made.append(GrowingLog(tmp_path / "log", FMT, seconds, speed))
        return made[-1]

    yield start
    for log in made:
        log.finish()


@pytest.fixture
def uplink(tmp_path: Path) -> Iterator[Callable[[str], Child]]:
    """Start a real uplink process to an address."""
    started: list[Child] = []

    def start(url: str) -> Child:
        cursor = tmp_path / f"cursor-{len(started)}.json"
        config = {"url": url, "log": str(tmp_path / "log"), "cursor": str(cursor), "format": str(FMT)}
        started.append(Child("_uplink", config))
        return started[-1]

    yield start
    for child in started:
        child.close()

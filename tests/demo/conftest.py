"""A small venue, drawn once per run: 640x360 at 25, eight seconds."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.demo.clips import Clips, make
from console.media.time import parse_format

SMALL = parse_format("640x360p25")
SECONDS = 8


@pytest.fixture(scope="session")
def venue_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the small venue is kept."""
    return tmp_path_factory.mktemp("venue")


@pytest.fixture(scope="session")
def clips(venue_cache: Path) -> Clips:
    """All eight cameras, drawn by real processes."""
    told: list[tuple[int, int]] = []
    made = make(venue_cache, SMALL, lambda done, total: told.append((done, total)), seconds=SECONDS)
    assert told == sorted(told)
    assert told[-1] == (8 * SECONDS * 25, 8 * SECONDS * 25)
    return made

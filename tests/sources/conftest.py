"""Media for the tests of this room, made once per run."""

from __future__ import annotations

from pathlib import Path

import pytest
from source_media import FRAMES, make_clip


@pytest.fixture(scope="session")
def clip_ts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds, 640x360 at 50 fps, as MPEG-TS."""
    return make_clip(tmp_path_factory.mktemp("media") / "burnt.ts", FRAMES)


@pytest.fixture(scope="session")
def clip_mp4(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds, 640x360 at 50 fps, as MP4."""
    return make_clip(tmp_path_factory.mktemp("media") / "burnt.mp4", 100)

"""What other people made: the standard's samples, and npm's PosiStageNet."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
OPENTRACKIO = Path(os.environ.get("PODIUM_TEST_DATA", ROOT.parent / "shared" / "data")) / "opentrackio"


def standard_samples() -> dict[str, dict[str, Any]]:
    """The samples that came with OpenTrackIO 1.0.1, by the file's name; none where the folder is not there."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(OPENTRACKIO.glob("*_example.json"))}

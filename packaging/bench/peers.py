"""The tools that people use today, measured by their own scripts in the same session, and compared.

A folder of peers has scripts `peer_NAME.py WORK FORMAT N --preset P --seconds S --patience S`, which find the media in
MEDIA and append one JSON object per run to OUT/results.jsonl.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from feeding import logo_file, media_file
from searching import largest

NEW_SHARE = 0.98
"""A peer holds when so many of the frames due carry a new picture. Ours must not lose or double a single one."""
FIXED = "ffmpeg"
"""A graph made before the start, which can't take a source in; the others are live switchers."""
COUNTS = (1, 2, 3, 4, 6, 8, 10, 12, 14, 16)
"""Their ports leave no room for 20."""
_TIMEOUT_S = 240


@dataclass(frozen=True)
class PeerOptions:
    """How peers are run."""

    folder: Path
    media: Path
    preset: str
    seconds: float
    python: str = "/usr/bin/python3"
    patience_s: float = 20.0


def names(folder: Path) -> list[str]:
    """The peers that a folder has scripts for."""
    return sorted(path.stem.removeprefix("peer_") for path in folder.glob("peer_*.py"))


def run_peer(name: str, fmt: str, sources: int, options: PeerOptions) -> dict[str, Any]:
    """One run of the workload; `failed` says why there is no figure."""
    script = options.folder / f"peer_{name}.py"
    figures = ["--preset", options.preset, "--seconds", str(options.seconds), "--patience", str(options.patience_s)]
    with tempfile.TemporaryDirectory(prefix="peers-") as out:
        # Their ports are from the base to a hundred above it.
        base = str(random.randrange(20000, 30000))
        media = _more_media(options.media.resolve(), Path(out) / "media", fmt)
        environment = os.environ | {"MEDIA": str(media), "OUT": out, "BASE_PORT": base}
        environment.pop("PYTHONPATH", None)
        log = Path(out) / "peer.log"
        with log.open("wb") as told:
            process = subprocess.Popen(
                [options.python, str(script.resolve()), "w2", fmt, str(sources), *figures],
                env=environment, stdin=subprocess.DEVNULL, stdout=told, stderr=told, start_new_session=True,
            )  # fmt: skip
            ended = _finished(process)
        results = Path(out) / "results.jsonl"
        rows = [json.loads(line) for line in results.read_text().splitlines()] if results.exists() else []
        words = log.read_text(errors="replace").strip().splitlines()
    if rows:
        return {"peer": name, **rows[-1]}
    missing = next((line for line in words if line.startswith("missing:")), None)
    reason = missing or (words[-1] if words else "it says nothing")
    answer = {"peer": name, "failed": reason if ended else "it did not end"}
    return answer | ({"missing": missing.removeprefix("missing:").strip()} if missing else {})


def _more_media(media: Path, folder: Path, fmt: str) -> Path:
    """The media under as many names as a peer may ask for: they repeat, as they do for ours."""
    folder.mkdir()
    for source in range(1, max(COUNTS) + 1):
        (folder / f"s{source}.{fmt}.ts").symlink_to(media_file(media, fmt, source))
    logo = logo_file(media, fmt)
    (folder / logo.name).symlink_to(logo)
    return folder


def _finished(process: subprocess.Popen[bytes]) -> bool:
    """Wait for a peer to end; False when it had to be ended."""
    ended = True
    try:
        process.wait(_TIMEOUT_S)
    except BaseException as error:
        ended = False
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if not isinstance(error, subprocess.TimeoutExpired):
            raise
    return ended


def new_share(row: dict[str, Any]) -> float:
    """The share of frames due that carried a new picture; dissolves count as new unless they stood still."""
    if "failed" in row or not row.get("due"):
        return 0.0
    return float(row["delivered"] - row["repeated"] - row["unreadable"]) / float(row["due"])


def compare(
    fmt: str,
    options: PeerOptions,
    ours: Callable[[int], dict[str, Any]],
    ours_largest: int,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Find what each peer holds; after each, run ours at the same number of sources. Then the ratios."""
    peers = [compare_one(name, fmt, options, ours, say) for name in names(options.folder)]
    switchers = [peer["largest"] for peer in peers if peer["peer"] != FIXED]
    fixed = [peer["largest"] for peer in peers if peer["peer"] == FIXED]
    best = max(switchers, default=0)
    return {
        "format": fmt,
        "preset": options.preset,
        "ours_largest": ours_largest,
        "best_switcher": best,
        "fixed_graph": max(fixed, default=0),
        "to_best_switcher": round(ours_largest / best, 2) if best else None,
        "to_fixed_graph": round(ours_largest / max(fixed), 2) if any(fixed) else None,
        "peers": peers,
    }


def compare_one(
    name: str, fmt: str, options: PeerOptions, ours: Callable[[int], dict[str, Any]], say: Callable[[str], None]
) -> dict[str, Any]:
    """One peer: the largest number it holds, its cost there, and ours at the same number."""
    rows: dict[int, dict[str, Any]] = {}

    def holds(sources: int) -> bool:
        row = rows[sources] = run_peer(name, fmt, sources, options)
        share = new_share(row)
        told = row.get("failed") or f"{share:.1%} new pictures, {row['cpu_per_s']} cores"
        say(f"  {name} {sources}x{fmt}: {told}")
        return share >= NEW_SHARE

    first = COUNTS[1]
    if not holds(first) and "missing" in rows[first]:
        return {"peer": name, "largest": 0, "missing": rows[first]["missing"], "rows": []}
    found = largest(COUNTS, lambda n: new_share(rows[n]) >= NEW_SHARE if n in rows else holds(n), start=1)
    at = found or 1
    mine = ours(at)
    cost = rows[at].get("cpu_per_programme_s") if at in rows else None
    return {
        "peer": name,
        "largest": found,
        "at": at,
        "cores": cost,
        "at_most_tried": found == COUNTS[-1],
        "ours_cores": mine["cores"]["podium"],
        "ours_holds": mine["holds"],
        "cost_ratio": round(cost / mine["cores"]["podium"], 2) if cost and found else None,
        "rows": list(rows.values()),
    }

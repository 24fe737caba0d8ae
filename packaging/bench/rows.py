"""A row of the table: so many sources of one format on air for a while, and whether everything held."""

from __future__ import annotations

import re
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from counting import Look, count, latencies, spread
from cutting import Cuts, Cutter
from feeding import FORMATS
from meter import cores
from onair import LOGO, OnAir, Workload
from strips import Code

_NEARLY = 0.98
"""A tile at 25 fps shows 24 or 25 new pictures in a second, as the seconds fall."""
_KEY_FPS = 1.0
"""The common media have a key frame each second."""
_AFTER_S = 1.5


@dataclass(frozen=True)
class Rule:
    """How the tiles must move: `fast` of them at `fast_fps` or more, each of the others at `least_fps`."""

    fast: int = 0
    fast_fps: float = 0.0
    least_fps: float = _KEY_FPS

    def kept(self, fps: list[float]) -> bool:
        """Whether tiles that move like this are good enough."""
        ranked = sorted(fps, reverse=True)
        fast = ranked[: self.fast]
        return (
            len(fast) == self.fast
            and all(rate >= self.fast_fps * _NEARLY for rate in fast)
            and all(rate >= self.least_fps * _NEARLY for rate in ranked)
        )


RULES = {
    "8x720p50": Rule(8, 25),
    "20x720p50": Rule(8, 25),
    "12x1080p50": Rule(),
    "32x720p25": Rule(16, 12, 0),
}
"""The rows that are promised. Any other row keeps its tiles at key-frame rate."""


@dataclass(frozen=True)
class Options:
    """How long and how everything is measured."""

    media: Path
    preset: str = "ultrafast"
    seconds: float = 24.0
    desk: bool = True
    cuts: Cuts = Cuts.BOTH
    settle_s: float = 12.0
    """Between the last source's first picture and the window."""


def parse_row(text: str) -> tuple[int, str] | None:
    """`8x720p50` as sources and format; None when it is something else."""
    match = re.fullmatch(r"(\d{1,2})x(\d+p\d+)", text)
    if match is None or match[2] not in FORMATS or not 0 < int(match[1]) <= 64:
        return None
    return int(match[1]), match[2]


def run_row(sources: int, fmt: str, options: Options) -> dict[str, Any]:
    """Put the workload on air, direct it for a while, and judge what was delivered."""
    work = Workload(fmt, sources, options.preset, desk=options.desk)
    with OnAir(work, options.media) as air:
        live_s = air.wait_live()
        time.sleep(options.settle_s)
        measured, cutter, window = _watch(air, options)
        looks = air.looks()
        started_ns, started_unix_ns = air.started_ns, air.started_unix_ns
        first_program_ns = measured.pop("first_program_ns")
    shown = [look for look in looks if isinstance(look.reading, Code)]
    tally = count(looks, window, round(air.rate.fps), cutter.takes, source=1)
    rule = RULES.get(f"{sources}x{fmt}", Rule())
    fps = list(measured["tiles"]["fps"].values())
    return {
        "row": f"{sources}x{fmt}",
        "sources": sources,
        "format": fmt,
        "preset": options.preset,
        "desk": options.desk,
        "cuts": str(options.cuts),
        "holds": tally.faults == 0 and rule.kept(fps),
        "tiles_hold": rule.kept(fps),
        "frames": tally.as_json(),
        "latency": latencies(looks, cutter.takes),
        "latency_hot": latencies(looks, [take for take in cutter.takes if take.hot]),
        "latency_preview": latencies(looks, [take for take in cutter.takes if not take.hot]),
        "refused": cutter.refused,
        "start": {
            "first_program_frame_s": round((first_program_ns - started_ns) / 1e9, 3),
            "first_delivered_s": round((looks[0].arrived_ns - started_unix_ns) / 1e9, 3) if looks else None,
            "first_camera_on_program_s": _first_camera_s(shown, air, started_unix_ns),
            "all_live_s": live_s and round(live_s, 3),
        },
        **measured,
    }


def _first_camera_s(shown: list[Look], air: OnAir, started_unix_ns: int) -> float | None:
    """When program first showed a camera's picture and no slate."""
    return round((air.rate.start_ns(shown[0].frame) - started_unix_ns) / 1e9, 3) if shown else None


def _watch(air: OnAir, options: Options) -> tuple[dict[str, Any], Cutter, range]:
    """Direct and measure for the time of the window."""
    tiers: Counter[str] = Counter()
    states: Counter[str] = Counter()
    headroom = None
    with closing(Cutter(air, options.cuts)) as cutter:
        status, drops, tiles = air.status(), air.udp_drops(), air.tile_counts()
        first, begun = air.meter.sample(), air.frame()
        ending = first.at_s + options.seconds
        while (left := ending - time.monotonic()) > 0:
            time.sleep(min(1.0, left))
            now = air.status()
            cameras = [told for name, told in now["sources"].items() if name != LOGO]
            tiers.update(map(tier_of, cameras))
            states.update(told["state"] for told in cameras)
            headroom = now.get("decoding")
        last, ended = air.meter.sample(), air.frame()
        tiles_after, after = air.tile_counts(), air.status()
    air.memory.look()
    passed = last.at_s - first.at_s
    fps = {name: round((tiles_after[name] - before) / passed, 2) for name, before in tiles.items()}
    # Frames are still on their way when the window ends.
    time.sleep(_AFTER_S)
    seen = sum(tiers.values()) / air.work.sources
    return (
        {
            "seconds": round(passed, 2),
            **cores(first, last),
            "memory_mb": air.memory.peak,
            "tiles": {"fps": fps, **(spread(list(fps.values())) or {})},
            "tiers": {name: round(times / seen, 2) for name, times in tiers.items()},
            "states": {name: round(times / seen, 2) for name, times in states.items()},
            "decoding": headroom,
            "lateness": [b - a for a, b in zip(status["lateness"], after["lateness"], strict=True)],
            "late_ticks": after["late_ticks"] - status["late_ticks"],
            "tick_ms": after["tick_ms"],
            "missing_in_log": after["log"].get("missing_frames"),
            "udp_drops": air.udp_drops() - drops,
            "first_program_ns": _first_program_ns(air),
        },
        cutter,
        range(begun, ended),
    )


def _first_program_ns(air: OnAir) -> int:
    """When the first program frame was due, from one that is still in the ring."""
    info = air.program.newest()
    if info is None:
        return air.started_ns
    return info.due_ns - air.rate.start_ns(info.index)


def tier_of(told: dict[str, Any]) -> str:
    """The tier in a source's status, by name."""
    return str(told.get("tier", "unknown"))

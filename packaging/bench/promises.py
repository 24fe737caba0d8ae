"""What is promised of two cores without a GPU, beside what was measured. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from rows import RULES

KEY_CORES, SOURCE_MB = 0.03, 80
HOT_FRAMES = {"active": 1, "key": 15}
TIMES_SWITCHER, TIMES_FIXED = 4, 3


class Promise(NamedTuple):
    """One promise and what came of it."""

    what: str
    promised: str
    measured: str
    kept: bool | None
    """None: it was not measured, or not under the conditions that it speaks of."""


def promises(studies: Mapping[str, dict[str, Any]]) -> list[Promise]:
    """Every promise, kept or not."""
    good = {name: result for name, result in studies.items() if "failed" not in result}
    found = [_row(name, good.get(name)) for name in RULES]
    found += _source(good.get("key-1080p50"))
    found += [_hot(tier, frames, good.get(f"hot-{tier}")) for tier, frames in HOT_FRAMES.items()]
    for name, result in good.items():
        if name.startswith("peers-"):
            found += _times(result)
    return found


def _row(name: str, row: dict[str, Any] | None) -> Promise:
    rule = RULES[name]
    fast = f", {rule.fast} tiles at {rule.fast_fps:g} fps" if rule.fast else ""
    promised = f"0 faults{fast}" + (f", all at {rule.least_fps:g}" if rule.least_fps else "")
    if row is None:
        return Promise(name, promised, "not measured", None)
    ranked = sorted(row["tiles"]["fps"].values(), reverse=True)
    measured = f"{row['frames']['faults']} faults in {row['frames']['due']} frames"
    measured += f", {rule.fast} tiles at {ranked[rule.fast - 1]:.1f} fps" if rule.fast else ""
    return Promise(name, promised, f"{measured}, all at {ranked[-1]:.1f}", bool(row["holds"]))


def _source(study: dict[str, Any] | None) -> list[Promise]:
    core, memory = "one more 1080p50 source at KEY, with its sound", "memory of one more 1080p50 source"
    limits = f"{KEY_CORES} core", f"{SOURCE_MB} MB"
    if study is None or "cores_line" not in study:
        return [Promise(core, limits[0], "not measured", None), Promise(memory, limits[1], "not measured", None)]
    slope, size = study["cores_line"]["slope"], study["memory_line"]["slope"]
    tiers = study["points"][-1]["tiers"]
    at_key = set(tiers) == {"key"}
    told = f"{slope:.3f} core" + ("" if at_key else f", but the sources were {_tiers(tiers)}")
    return [
        Promise(core, limits[0], told, slope <= KEY_CORES if at_key else None),
        Promise(memory, limits[1], f"{size:.0f} MB", size <= SOURCE_MB),
    ]


def _hot(tier: str, frames: int, study: dict[str, Any] | None) -> Promise:
    what = f"hot cut from {tier.upper()}, 1080p50"
    promised = "the next frame" if frames == 1 else f"{frames} frames at most"
    if study is None or study["asked_to_shown_frames"] is None:
        return Promise(what, promised, "not measured", None)
    waits = study["asked_to_shown_frames"]
    told = f"{waits['median']:g} frames, at worst {waits['max']:g}, over {study['cuts']} cuts"
    if set(study["tier_before"]) != {tier}:
        return Promise(what, promised, f"{told}, but the sources were {_tiers(study['tier_before'])}", None)
    return Promise(what, promised, told, waits["max"] <= frames and not study["never_shown"])


def _times(result: dict[str, Any]) -> list[Promise]:
    found = []
    for key, other, least in (
        ("to_best_switcher", "the best live switcher", TIMES_SWITCHER),
        ("to_fixed_graph", "FFmpeg's fixed graph", TIMES_FIXED),
    ):
        times = result[key]
        kept = times >= least if times is not None else None
        told = f"{times:g} times" if times is not None else f"{result['ours_largest']} against none"
        found.append(Promise(f"{result['format']}: sources held, beside {other}", f"{least} times", told, kept))
    return found


def _tiers(tiers: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {tier}" for tier, count in tiers.items())

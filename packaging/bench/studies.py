"""What rows do not tell: hot cuts from every tier, a camera that dies on air, and what one more source costs."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from counting import Look, Take, count, first_shown, line, spread
from cutting import hot_cut
from feeding import medium
from meter import cores, memory_mb
from onair import OnAir, Workload, source_id
from rows import Options, tier_of
from strips import Code

from console.wire.tier import Tier

_SETTLE_S, _AFTER_S = 3.0, 1.5
_CAMERAS = 3
_NOT_ABOUT_SOURCES = ("encoder", "uplink")
ASKED = {"active": Tier.ACTIVE, "key": Tier.KEY, "parked": None}
"""What is asked of the tiles so that sources off program are kept at a tier."""


def hot_cuts(fmt: str, tier: str, cuts: int, options: Options) -> dict[str, Any]:
    """Cut past preview to sources that were kept at a tier, at random moments; what was promised and what came."""
    work = Workload(fmt, _CAMERAS, options.preset, desk=False, tiles=ASKED[tier])
    chance = random.Random(1)
    takes: list[Take] = []
    promised: list[int | None] = []
    tiers: Counter[str] = Counter()
    with OnAir(work, options.media) as air:
        air.wait_live()
        air.command("SetPreview", source=None)
        time.sleep(_SETTLE_S)
        begun = air.frame()
        for turn in range(cuts):
            # Longer than a group of pictures of the media, so that every distance to a key frame is met.
            time.sleep(chance.uniform(1.2, 2.2))
            source = (turn + 1) % _CAMERAS + 1
            told = air.status()["sources"][source_id(source)]
            tiers[tier_of(told)] += 1
            promised.append(told.get("hot_in_frames"))
            takes.append(hot_cut(air, source))
        time.sleep(1)
        window = range(begun, air.frame())
        time.sleep(_AFTER_S)
        fps = round(air.rate.fps)
        looks = air.looks()
    shown = [(take, first_shown(looks, take)) for take in takes]
    waits = [look.frame - take.asked for take, look in shown if look is not None]
    kept = [p for p in promised if p is not None]
    # What the desk shows counts from the next frame on, which is the earliest that any command can act on.
    broken = sum(take.acked - take.asked - 1 > p for take, p in zip(takes, promised, strict=True) if p is not None)
    return {
        "format": fmt,
        "asked_tier": tier,
        "tier_before": dict(tiers),
        "cuts": len(takes),
        "never_shown": sum(look is None for _, look in shown),
        "asked_to_acked_frames": spread([take.acked - take.asked for take in takes]),
        "asked_to_shown_frames": spread(waits),
        "acked_to_shown_frames": spread([look.frame - take.acked for take, look in shown if look is not None]),
        "promised_frames": spread(kept),
        "later_than_promised": broken if kept else None,
        "frames": count(looks, window, fps, takes, source=1).as_json(),
    }


def death_on_air(fmt: str, options: Options) -> dict[str, Any]:
    """Stop the feed of the source on air for six seconds, then send again; what program showed."""
    work = Workload(fmt, 2, options.preset, desk=False)
    with OnAir(work, options.media) as air:
        air.wait_live()
        time.sleep(_SETTLE_S)
        begun = air.frame()
        time.sleep(1)
        killed = air.frame()
        air.feeds.kill(medium(1))
        time.sleep(6)
        states = air.status()["sources"][source_id(1)]["state"]
        restarted = air.frame()
        air.feeds.begin(medium(1))
        time.sleep(5)
        ended = air.frame()
        after = air.status()["sources"][source_id(1)]["state"]
        time.sleep(_AFTER_S)
        rate, looks = air.rate, air.looks()
    return {
        "format": fmt,
        "frames_due": ended - begun,
        "frames_delivered": len({look.frame for look in looks if begun <= look.frame < ended}),
        "state_while_dead": states,
        "state_after": after,
        **death_told([look for look in looks if begun <= look.frame < ended], killed, restarted, rate.fps),
    }


def death_told(looks: Sequence[Look], killed: int, restarted: int, fps: float) -> dict[str, Any]:
    """How long program showed what: seconds from the kill to the held picture and to the slate, from the restart back.

    A slate has no strip. The held picture is the last of those that say the same.
    """
    dead = [look for look in looks if killed <= look.frame < restarted]
    held = [b.frame for a, b in pairwise(dead) if isinstance(a.reading, Code) and a.reading == b.reading]
    slate = [look.frame for look in dead if not isinstance(look.reading, Code)]
    back = [b.frame for a, b in pairwise(looks) if b.frame > restarted and _moves(a, b)]

    def seconds(frames: list[int], since: int) -> float | None:
        return round((frames[0] - since) / fps, 2) if frames else None

    return {
        "held_after_s": seconds(held, killed),
        "held_frames": len(held),
        "slate_after_s": seconds(slate, killed),
        "slate_frames": len(slate),
        "back_after_s": seconds(back, restarted),
    }


def _moves(a: Look, b: Look) -> bool:
    return isinstance(a.reading, Code) and isinstance(b.reading, Code) and a.reading.frame != b.reading.frame


def more_sources(fmt: str, tier: str, counts: Sequence[int], options: Options, seconds: float) -> dict[str, Any]:
    """What each additional source costs at a tier: straight lines through the cost and the memory at several counts.

    One source is on program in full; nothing is delivered and no desk looks, so that what grows is the sources' own
    share, the tick's and the supervisor's. The encoder is left out of the line: it does not grow.
    """
    points = []
    for sources in counts:
        work = Workload(fmt, sources, options.preset, desk=False, tiles=ASKED[tier], graphic=False, deliver=False)
        with OnAir(work, options.media) as air:
            air.wait_live()
            air.command("SetPreview", source=None)
            time.sleep(_SETTLE_S)
            before, first = air.status(), air.meter.sample()
            time.sleep(seconds)
            after, last = air.status(), air.meter.sample()
            used = cores(first, last)
            told = [source for name, source in after["sources"].items() if name != source_id(1)]
            points.append(
                {
                    "sources": sources,
                    "cores": round(sum(_growing(used).values()), 4),
                    "memory_mb": memory_mb(air.engine.pid, air.run_dir / "rings"),
                    "tick_ms": after["tick_ms"],
                    "late_ticks": after["late_ticks"] - before["late_ticks"],
                    "tiers": dict(Counter(map(tier_of, told))),
                    "udp_drops": air.udp_drops(),
                    **{key: used[key] for key in ("cores_by_role", "others_cores")},
                }
            )
    return {"format": fmt, "asked_tier": tier, "seconds": seconds, "points": points, **_lines(points)}


def _growing(used: dict[str, Any]) -> dict[str, float]:
    return {name: share for name, share in used["cores_by_role"].items() if name not in _NOT_ABOUT_SOURCES}


def _lines(points: list[dict[str, Any]]) -> dict[str, Any]:
    if len(points) < 2:
        return {}
    return {
        "cores_line": line([(point["sources"], point["cores"]) for point in points]),
        "memory_line": line([(point["sources"], point["memory_mb"]["total"]) for point in points]),
    }

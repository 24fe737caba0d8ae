"""What runs the decode budget (`budget.py`): looks four times a second at what desks see, what the hosts cost and how
the machine is doing, and tells the engine's tick how far each source is to be decoded.

`PODIUM_DECODE_CORES` holds cores back: the most that sources off program may take together, as in 1.5.
"""

from __future__ import annotations

import asyncio
import logging
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import psutil

from console.engine.budget import REPEATED_WEIGHS, STEPS_PER_SECOND, Decision, Load, Need, State, decide
from console.engine.cadence import HISTOGRAM_MS
from console.engine.costs import Book, Shape
from console.errors import ConsoleError
from console.media.clock import Clock
from console.media.time import Format
from console.wire.ring import RingReader
from console.wire.tier import Tier

_log = logging.getLogger("console.engine.decoding")
ENVIRONMENT = "PODIUM_DECODE_CORES"
_SETTLED_NS = 2_250_000_000
"""A host's figures are of the second before, and a change of tier takes a moment to reach it."""
_OPENING_NS = 4_000_000_000
"""For so long after a host was started, lateness says what starting costs, not what decoding does."""
_CLIMBING_NS = 6_000_000_000
"""And for so long after that the budget is still on its way up: no word of what is held back."""
_ENCODER_BEHIND_S = 0.2
_OPENING_BUSY = 0.87
"""While sources open the machine counts as no busier than this: it passes."""
_BUSY_SMOOTHING = 0.3


class Machine(Protocol):
    """Where everything runs."""

    cores: int

    def busy(self) -> float:
        """The share of the cores in use since this was last asked, by whomever: 0..1."""
        ...


class ThisMachine:
    """The cores that this process may use."""

    def __init__(self) -> None:
        own = psutil.Process()
        count = psutil.cpu_count() or 1
        # Where a process can't be kept to some of the cores (macOS), it has them all.
        self._mine = list(own.cpu_affinity() or []) if hasattr(own, "cpu_affinity") else list(range(count))
        self.cores = len(self._mine) or count
        self.busy()

    def busy(self) -> float:
        """The share of them in use since this was last asked."""
        shares = psutil.cpu_percent(interval=None, percpu=True)
        mine = [shares[core] for core in self._mine if core < len(shares)] or shares
        return min(1.0, sum(mine) / len(mine) / 100)


def most_cores(cores: int) -> float:
    """How many cores may be used off program. Raises ConsoleError when `PODIUM_DECODE_CORES` can't be used."""
    told = os.environ.get(ENVIRONMENT, "").strip()
    if not told:
        return float(cores)
    try:
        most = float(told)
    except ValueError:
        most = math.nan
    if not 0 <= most < math.inf:
        raise ConsoleError(
            f"{ENVIRONMENT} is '{told:.40}', which is no number of cores",
            f"Set it to one such as 1.5, or unset {ENVIRONMENT}",
        )
    return min(most, float(cores))


@dataclass
class _Source:
    """One source: its tile, and what is known of its host."""

    paths: Mapping[str, str]
    tile: RingReader
    shape: Shape
    asked_since_ns: int
    asked: Tier = Tier.ACTIVE
    told: Tier | None = None
    """What the host said it does."""
    cores: float | None = None
    late: int | None = None
    proxied: bool = False
    """Its tile comes from a smaller stream: nothing of its own is needed for it."""


class Decoding:
    """The sources as the budget sees them, and what it decided."""

    def __init__(self, form: Format, machine: Machine, clock: Clock) -> None:
        """Raises ConsoleError when `PODIUM_DECODE_CORES` can't be used."""
        self._clock = clock
        self._fps = form.rate.fps
        self._shape = Shape(form.width, form.height, form.rate.fps)
        self._machine = machine
        self._most_cores = most_cores(machine.cores)
        self._sources: dict[str, _Source] = {}
        self._book = Book()
        self._late_elsewhere = self._late_seen = self._late_frames = 0
        self._opening_until_ns = clock.now() + _OPENING_NS
        self._busy = 0.0
        self._state = State.first(clock.now())
        self._needs: list[Need] = []
        self._decision: Decision | None = None
        self._sheds = False
        """What was said of it: while sources open, nothing is."""

    @property
    def message(self) -> dict[str, Any] | None:
        """What the tick is to be told; None before the first step."""
        decision = self._decision
        if decision is None:
            return None
        tiers = {source: int(tier) for source, tier in decision.tiers.items()}
        return {"tiers": tiers, "preview": int(decision.preview)}

    def follow(self, order: Sequence[str], rings: Mapping[str, Mapping[str, str]]) -> None:
        """Know these sources (`{source: {"tile": path, ...}}`), in show order, and no others."""
        for source in [known for known, has in self._sources.items() if rings.get(known) != has.paths]:
            self._sources.pop(source).tile.close()
            self._book = self._book.forgotten(source)
        for source in order:
            known = self._sources.pop(source, None)
            if known is None:
                now_ns = self._clock.now()
                known = _Source(rings[source], RingReader(Path(rings[source]["tile"])), self._shape, now_ns)
                self._opening_until_ns = now_ns + _OPENING_NS
            self._sources[source] = known

    def note(self, source: str, kind: str, event: Mapping[str, Any]) -> None:
        """Take in what a source's host says of itself."""
        has = self._sources.get(source)
        if has is None:
            return
        if kind == "opened":
            has.shape = self._shape_of(event)
        elif kind == "died":
            has.told = has.cores = has.late = None
            has.asked_since_ns = self._clock.now()
            self._opening_until_ns = has.asked_since_ns + _OPENING_NS
        elif kind == "stats":
            has.told, has.cores = _tier(event.get("tier")), event.get("cpu")
            settled = self._clock.now() - has.asked_since_ns >= _SETTLED_NS
            if settled and has.told is not None and has.cores is not None:
                self._book = self._book.learned(source, has.asked, has.told, has.cores)
            late = event.get("late", 0)
            if settled and has.asked is Tier.FULL and has.late is not None:
                self._count_late(max(0, late - has.late - 1))  # one a second has a cause of its own
            has.late = late
            has.proxied = event.get("proxied") is True

    def note_encoder(self, event: Mapping[str, Any]) -> None:
        """Take in the encoder's figures."""
        if event.get("lag_frames", 0) > _ENCODER_BEHIND_S * self._fps:
            self._count_late(1)

    def _count_late(self, reports: int) -> None:
        if self._clock.now() >= self._opening_until_ns:
            self._late_elsewhere += reports

    def _shape_of(self, opened: Mapping[str, Any]) -> Shape:
        """The pictures that a source said it has; one that has none, or does not move, is decoded for nothing."""
        video = opened.get("video") or {}
        fps = video.get("fps") or (self._shape.fps if video and opened.get("live") else 0.0)
        return Shape(video.get("width", 0), video.get("height", 0), fps)

    def step(self, status: Mapping[str, Any]) -> bool:
        """Decide anew, with the tick's newest status; True when `message` changed."""
        now_ns, before = self._clock.now(), self.message
        late = _late_frames(status, self._fps)
        if now_ns >= self._opening_until_ns:
            self._late_frames += max(0, late - self._late_seen)
        self._late_seen = late
        busy = self._machine.busy()
        self._busy += _BUSY_SMOOTHING * (busy - self._busy)
        load = Load(
            cores=self._machine.cores,
            busy=busy if now_ns >= self._opening_until_ns else min(busy, _OPENING_BUSY),
            most_cores=self._most_cores,
            late_frames=self._late_frames,
            late_elsewhere=self._late_elsewhere,
        )
        lamps = status.get("tally", {})
        costs = self._book.expected({source: has.shape for source, has in self._sources.items()})
        self._needs = [
            Need(
                source,
                costs[source],
                on_program=lamps.get(source) in ("program", "both"),
                on_preview=lamps.get(source) == "preview",
                watched=0 if has.proxied else has.tile.demand(now_ns),
            )
            for source, has in self._sources.items()
        ]
        self._decision = decision = decide(self._state, load, self._needs, now_ns)
        self._state = decision.state
        for source, tier in decision.tiers.items():
            has = self._sources[source]
            if has.asked is not tier:
                has.asked, has.asked_since_ns = tier, now_ns
        if now_ns >= self._opening_until_ns + _CLIMBING_NS and decision.shedding != self._sheds:
            self._sheds = decision.shedding
            spare = f"{decision.budget_cores:.2f} cores off program, the machine {self._busy:.0%} busy"
            _log.info(
                "%s (%s)", "Decoding less than is looked at" if self._sheds else "Decoding all that is looked at", spare
            )
        return self.message != before

    async def run(self, status: Callable[[], Mapping[str, Any]], send: Callable[[dict[str, Any]], object]) -> None:
        """Decide for as long as the task lives; `send` gets each message that says something new."""
        faults = 0
        while True:
            await asyncio.sleep(1 / STEPS_PER_SECOND)
            try:
                if self.step(status()) and (message := self.message):
                    send(message)
            except Exception:  # the tick goes on with what it was told last
                faults += 1
                if faults == 1 or faults % 1000 == 0:
                    _log.exception("The decode budget can't be decided")

    def close(self) -> None:
        """Let go of the tiles."""
        self.follow([], {})

    def fields(self) -> dict[str, Any]:
        """The status of decoding as a whole; see README."""
        decision, machine = self._decision, self._machine
        headroom = decision.headroom._asdict() if decision else {"active": 0, "key": 0}
        return {
            "cost": round(sum(has.cores or 0.0 for has in self._sources.values()), 3),
            "budget": round(self._state.budget_cores, 3),
            "busy": round(self._busy, 3),
            "cores": machine.cores,
            "shedding": decision is not None and decision.shedding,
            "headroom": headroom,
        }

    def source_fields(self, source: str) -> dict[str, Any]:
        """What one source's status says of its decoding."""
        has = self._sources.get(source)
        if has is None:
            return {"tier": "parked", "cost": None}
        return {"tier": (has.told or has.asked).name.lower(), "cost": has.cores}

    def alarms(self) -> list[dict[str, str]]:
        """What a director should know of what is held back."""
        decision = self._decision
        if decision is None or not (decision.shedding and self._sheds):
            return []
        why = f"{ENVIRONMENT} holds cores back" if decision.capped else "the machine is busy"
        alarms = []
        if decision.preview is not Tier.FULL:
            text = f"Preview leaves pictures out: {why}"
            alarms.append({"id": "decoding:preview", "severity": "major", "text": text})
        tiles = [need.id for need in self._needs if need.visible and not (need.on_program or need.on_preview)]
        slow, still = (sum(decision.tiers[tile] is tier for tile in tiles) for tier in (Tier.KEY, Tier.PARKED))
        parts = [f"{slow} tile{'s move' if slow > 1 else ' moves'} at key frames only"] if slow else []
        parts += [f"{still} tile{'s stand' if still > 1 else ' stands'} still"] if still else []
        if parts:
            text = f"{', '.join(parts)}: {why}"
            alarms.append({"id": "decoding:tiles", "severity": "minor", "text": text})
        return alarms


def _tier(told: Any) -> Tier | None:
    """A tier as hosts write it: its name in lower case, or its number."""
    try:
        return Tier[told.upper()] if isinstance(told, str) else Tier(told)
    except (KeyError, ValueError):
        return None


def _late_frames(status: Mapping[str, Any], fps: float) -> int:
    """How many frames the tick began more than half a frame late since it started; see `Load.late_frames`."""
    half_ms = 500 / fps
    begun: Sequence[int] = status.get("lateness", ())
    tail = sum(count for above_ms, count in zip((0, *HISTOGRAM_MS), begun, strict=False) if above_ms >= half_ms)
    return REPEATED_WEIGHS * int(status.get("late_ticks", 0)) + tail

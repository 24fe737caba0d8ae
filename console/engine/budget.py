"""The decode budget: which source is decoded how far, so that what is on air is never short of a core. Pure.

What is on program (keys, transitions) is always decoded in full and is not decided here. For the rest there is a
*ladder*: increments of tier in order of worth, granted from the bottom for as long as the *budget* lasts.

    every source parked, preview without the pictures that no other is predicted from      (always)
    preview in full
    key frames of every tile that can be seen, in show order
    all pictures of those tiles, in show order
    key frames of tiles that exist but can't be seen

So the multiview degrades first, from its last tile backwards, and preview last. Granting stops at the first increment
that does not fit: a smaller budget never gives anybody more.

The budget (cores for everything that is off program) falls at once by a share when the machine shows that it is
overloaded, and rises slowly, and only into room that was measured, when it has been calm for a while (additive
increase, multiplicative decrease). It rises no further than leaves one more source in full its room: that is what the
next cut to a source that rests will take, at once. Between calm and overload it stays, but for one small step now and
then, which is not tried again for a minute when it was too much. Overload is, in this order: frames of the program
begun late; the encoder or a source in full behind its time on a busy machine; no idle time left for a second. The last
alone never takes a tile its key frames or preview its pictures: another program that takes every idle cycle, at a low
priority, does no harm.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import NamedTuple

from console.engine.costs import TYPICAL, Costs, guess
from console.wire.tier import Tier

STEPS_PER_SECOND = 4
_SECOND = 1_000_000_000
OVERLOADED = 0.98
"""Share of the machine in use, over a second, above which the budget falls."""
_RAISE_TO, _RAISE_TO_LEAST, _CALM_BELOW, _HEADROOM_TO = 0.94, 0.8, 0.02, 0.85
"""What the budget may rise to at most, by what is measured, and at least, however dear the sources are; calm is less
than that; what the headroom is counted up to."""
REPEATED_WEIGHS = _LATE_MANY = 3
"""So many frames begun late within a second are overload, and one that had to be repeated counts as that many: a frame
that begins late now and then costs nothing."""
_FALL = 0.7
_LATE_INDEED = 3
"""So many late frames in a second, with tiles down to key frames, take those as well."""
_LATE_PAUSE_NS, _BUSY_PAUSE_NS = _SECOND // 2, _SECOND
_PATIENCE_NS, _PATIENCE_MOST_NS = 3 * _SECOND, 24 * _SECOND
_RAISE_PAUSE_NS = 3 * _SECOND // 2
"""A raise shows in half a second; then a second of load is looked at."""
_CREEP_NS = 10 * _SECOND
_TOO_SOON_NS, _FORGIVEN_NS = 10 * _SECOND, 60 * _SECOND
_CAP_MARGIN = 0.95
_LEAST_CORES = 0.001
_EPSILON = 1e-9


@dataclass(frozen=True, slots=True)
class Need:
    """One source, as it stands in the show."""

    id: str
    costs: Costs
    on_program: bool = False
    """On air, or in a key or transition that is: in full, whatever it costs."""
    on_preview: bool = False
    watched: int = 0
    """What desks ask of its tile: `Tier.ACTIVE` when it can be seen, `Tier.KEY` when it exists, 0 when none does."""

    @property
    def visible(self) -> bool:
        """Whether somebody sees its tile."""
        return self.watched >= Tier.ACTIVE


@dataclass(frozen=True, slots=True)
class Load:
    """How the machine is doing. The counts are running totals; one that falls (a new process) says nothing."""

    cores: int
    busy: float
    """Share of the machine in use since the last step, 0..1, by whomever."""
    most_cores: float
    """The budget never exceeds this."""
    late_frames: int = 0
    """Frames of the program that were begun more than half a frame late; a repeated one is `REPEATED_WEIGHS`."""
    late_elsewhere: int = 0
    """Reports of the encoder far behind, and late pictures of sources in full."""


class Headroom(NamedTuple):
    """How many more sources like those that are there would fit, at a tier."""

    active: int
    key: int


class Strain(IntEnum):
    """What the machine shows."""

    NONE = 0
    BUSY = 1
    LATE = 2
    VERY_LATE = 3


@dataclass(frozen=True, slots=True)
class State:
    """What is remembered between two steps."""

    budget_cores: float
    calm_since_ns: int
    fair_since_ns: int
    """Since when neither overloaded nor above what the budget may rise to."""
    tiers: Mapping[str, Tier] = field(default_factory=dict)
    """What was decided for the sources off program."""
    costs: Mapping[str, float] = field(default_factory=dict)
    """What that was expected to cost."""
    deep: bool = False
    """Lateness took visible tiles their key frames, or preview its pictures; calm has to give them back."""
    busy: tuple[float, ...] = ()
    """Up to three seconds, since the budget last fell."""
    late: tuple[int, ...] = ()
    """Late frames in each step of the last second."""
    late_frames: int | None = None
    late_elsewhere: int | None = None
    fell_ns: int | None = None
    rose_ns: int | None = None
    patience_ns: int = _PATIENCE_NS
    """So long it must have been calm; doubled each time the budget falls soon after it rose."""

    @classmethod
    def first(cls, now_ns: int) -> State:
        """Where to begin on a machine about which nothing is known: with what everybody has in any case."""
        return cls(0.0, now_ns, now_ns)


@dataclass(frozen=True, slots=True)
class Allotment:
    """What a number of cores gives."""

    tiers: Mapping[str, Tier]
    """Of the sources off program."""
    preview: Tier
    cost_cores: float
    missing_cores: tuple[float, ...]
    """Increments that did not fit, the next one first."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done now."""

    state: State
    tiers: Mapping[str, Tier]
    """Of every source."""
    preview: Tier
    budget_cores: float
    shedding: bool
    """Somebody is given less than he would like."""
    capped: bool
    """And not because of the load, but of `most_cores`."""
    headroom: Headroom


class _Rung(NamedTuple):
    source: str | None
    """None is preview."""
    tier: Tier
    cores: float


def decide(state: State, load: Load, needs: Sequence[Need], now_ns: int) -> Decision:
    """One step, `STEPS_PER_SECOND` times a second; `needs` in show order."""
    raise_to = raised_to(needs, load)
    state, strain = _looked(state, load, raise_to, now_ns)
    state = replace(state, budget_cores=min(state.budget_cores + _drift_cores(state, needs), load.most_cores))
    off_air = [need for need in needs if not need.on_program]
    comfort = _comfort_cores(off_air)
    given = _allot(state, off_air, comfort, load)
    if strain is Strain.NONE:
        state = _risen(state, load, raise_to, given, now_ns)
    else:
        state = _fallen(state, load, raise_to, strain, off_air, given, now_ns)
    given = _allot(state, off_air, comfort, load)
    state = replace(
        state,
        tiers=given.tiers,
        costs={need.id: need.costs.at(given.tiers[need.id]) for need in off_air},
        deep=state.deep and given.cost_cores < comfort - _EPSILON,
        budget_cores=max(state.budget_cores, given.cost_cores),
    )
    over = given.cost_cores + sum(given.missing_cores[:1]) > load.most_cores * _CAP_MARGIN
    return Decision(
        state=state,
        tiers={need.id: Tier.FULL if need.on_program else given.tiers[need.id] for need in needs},
        preview=given.preview,
        budget_cores=state.budget_cores,
        shedding=bool(given.missing_cores),
        capped=bool(given.missing_cores) and over and load.most_cores < load.cores,
        headroom=_headroom(state, load, needs, given),
    )


def _allot(state: State, off_air: Sequence[Need], comfort: float, load: Load) -> Allotment:
    """What the budget gives. What is visible has its key frames, unless lateness took them."""
    return allot(off_air, min(max(state.budget_cores, 0.0 if state.deep else comfort), load.most_cores))


def allot(off_air: Sequence[Need], limit_cores: float) -> Allotment:
    """Climb the ladder as far as `limit_cores` reach; its foot is given in any case."""
    tiers = {need.id: Tier.ACTIVE if need.on_preview else Tier.PARKED for need in off_air}
    cost = sum(need.costs.at(tiers[need.id]) for need in off_air)
    rungs = _ladder(off_air)
    preview = Tier.ACTIVE if rungs and rungs[0].source is None else Tier.FULL
    reached = 0
    for source, tier, cores in rungs:
        if cost + cores > limit_cores + _EPSILON:
            break
        cost += cores
        reached += 1
        if source is None:
            preview = tier
            tiers |= {need.id: tier for need in off_air if need.on_preview}
        else:
            tiers[source] = tier
    return Allotment(tiers, preview, cost, tuple(rung.cores for rung in rungs[reached:]))


def _ladder(off_air: Sequence[Need]) -> list[_Rung]:
    shown = [need.costs for need in off_air if need.on_preview]
    tiles = [need for need in off_air if not need.on_preview]
    visible = [need for need in tiles if need.visible]
    hidden = [need for need in tiles if not need.visible and need.watched >= Tier.KEY]
    return [
        *([_Rung(None, Tier.FULL, sum(costs.full - costs.active for costs in shown))] if shown else ()),
        *(_Rung(need.id, Tier.KEY, need.costs.key - need.costs.parked) for need in visible),
        *(_Rung(need.id, Tier.ACTIVE, need.costs.active - need.costs.key) for need in visible),
        *(_Rung(need.id, Tier.KEY, need.costs.key - need.costs.parked) for need in hidden),
    ]


def _drift_cores(state: State, needs: Sequence[Need]) -> float:
    """By how much what runs turned out dearer (or cheaper) than it was taken for. The budget moves with it: whether it
    is too much, the load says."""
    return sum(need.costs.at(state.tiers[need.id]) - state.costs[need.id] for need in needs if need.id in state.tiers)


def _comfort_cores(off_air: Sequence[Need]) -> float:
    """What preview in full and the key frames of all visible tiles cost."""
    return sum(
        need.costs.full if need.on_preview else need.costs.key if need.visible else need.costs.parked
        for need in off_air
    )


def raised_to(needs: Sequence[Need], load: Load) -> float:
    """Up to which share of the machine the budget may rise: the dearest raise to full must still fit."""
    dearest = max((need.costs.full - need.costs.key for need in needs), default=0.0)
    return min(_RAISE_TO, max(_RAISE_TO_LEAST, 1.0 - dearest / load.cores))


def _looked(state: State, load: Load, raise_to: float, now_ns: int) -> tuple[State, Strain]:
    """Take in what the machine shows."""
    frames, elsewhere = _since(state.late_frames, load.late_frames), _since(state.late_elsewhere, load.late_elsewhere)
    busy = (*state.busy, load.busy)[-3 * STEPS_PER_SECOND :]
    late = (*state.late, frames)[-STEPS_PER_SECOND:]
    mean = _mean(busy[-STEPS_PER_SECOND:])
    strain = Strain.NONE
    if (frames and sum(late) >= _LATE_MANY) or (elsewhere and mean >= raise_to - _CALM_BELOW):
        strain = Strain.VERY_LATE if elsewhere or sum(late) >= _LATE_INDEED else Strain.LATE
    elif len(busy) >= STEPS_PER_SECOND and mean > OVERLOADED:
        strain = Strain.BUSY
    forgiven = _rested(state.fell_ns, _FORGIVEN_NS, now_ns)
    state = replace(
        state,
        busy=busy,
        late=late,
        late_frames=load.late_frames,
        late_elsewhere=load.late_elsewhere,
        fair_since_ns=state.fair_since_ns if strain is Strain.NONE and mean < raise_to else now_ns,
        calm_since_ns=state.calm_since_ns if strain is Strain.NONE and mean < raise_to - _CALM_BELOW else now_ns,
        patience_ns=_PATIENCE_NS if forgiven else state.patience_ns,
    )
    return state, strain


def _fallen(
    state: State,
    load: Load,
    raise_to: float,
    strain: Strain,
    off_air: Sequence[Need],
    given: Allotment,
    now_ns: int,
) -> State:
    """With a smaller budget, unless the last fall has not had time to show."""
    pause_ns = _BUSY_PAUSE_NS if strain is Strain.BUSY else _LATE_PAUSE_NS
    used = given.cost_cores
    if not _rested(state.fell_ns, pause_ns, now_ns):
        return replace(state, budget_cores=used)
    foot, comfort = allot(off_air, 0.0).cost_cores, _comfort_cores(off_air)
    over = (_mean(state.busy[-STEPS_PER_SECOND:]) - raise_to) * load.cores
    wanted = min(foot + (used - foot) * _FALL, used - over, used)
    late = strain is Strain.VERY_LATE or (strain is Strain.LATE and state.deep)
    deep = late and used <= comfort + _EPSILON  # though only key frames are left
    least = foot if deep else comfort
    budget = min(used, max(least, wanted))
    if budget > used - _EPSILON:
        return replace(state, budget_cores=used)
    too_soon = state.rose_ns is not None and now_ns - state.rose_ns < _TOO_SOON_NS
    return replace(
        state,
        budget_cores=budget,
        busy=(),
        late=(),
        fell_ns=now_ns,
        deep=state.deep or deep,
        rose_ns=None,
        patience_ns=min(_PATIENCE_MOST_NS, 2 * state.patience_ns) if too_soon else state.patience_ns,
    )


def _risen(state: State, load: Load, raise_to: float, given: Allotment, now_ns: int) -> State:
    """With a budget that follows the room there is: down at once (nobody loses by it), up after calm and by halves."""
    used = given.cost_cores
    room = max(0.0, (raise_to - _mean(state.busy[-STEPS_PER_SECOND:])) * load.cores)
    room = min(room, max(0.0, load.most_cores * _CAP_MARGIN - used))
    budget = max(used, min(state.budget_cores, used + room))
    following = given.missing_cores[0] if given.missing_cores and given.missing_cores[0] <= room else 0.0
    if _rested(state.rose_ns, _RAISE_PAUSE_NS, now_ns) and now_ns - state.calm_since_ns >= state.patience_ns:
        budget = max(budget, used + max(room / 2, following))
    elif _may_creep(state, now_ns):
        budget = max(budget, used + following)
    rose = bool(following) and used + following <= budget + _EPSILON
    return replace(state, budget_cores=budget, rose_ns=now_ns if rose else state.rose_ns)


def _may_creep(state: State, now_ns: int) -> bool:
    """Whether one small step may be tried on a machine that is neither calm nor overloaded."""
    if not (state.deep or _rested(state.fell_ns, _FORGIVEN_NS, now_ns)):
        return False
    return _rested(state.rose_ns, _CREEP_NS, now_ns) and now_ns - state.fair_since_ns >= _CREEP_NS


def _rested(since_ns: int | None, pause_ns: int, now_ns: int) -> bool:
    return since_ns is None or now_ns - since_ns >= pause_ns


def _headroom(state: State, load: Load, needs: Sequence[Need], given: Allotment) -> Headroom:
    """What the machine has left, once everybody who is there has what he would like."""
    left = (_HEADROOM_TO - (_mean(state.busy) if state.busy else load.busy)) * load.cores
    left = min(left, load.most_cores - given.cost_cores) - sum(given.missing_cores)
    costs = [need.costs for need in needs] or [guess(TYPICAL)]
    active, key = (max(_LEAST_CORES, _mean([cost.at(tier) for cost in costs])) for tier in (Tier.ACTIVE, Tier.KEY))
    return Headroom(max(0, int(left / active)), max(0, int(left / key)))


def _since(before: int | None, now: int) -> int:
    return 0 if before is None else max(0, now - before)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)

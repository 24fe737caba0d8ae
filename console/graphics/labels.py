"""Where labels stand: above what they name, never over each other, in a steady order, without jumps. Pure.

Each label asks for a place above its anchor, on one of several levels, best one that covers nobody's head. Levels
change only when they must, or when a better one has been free for a while. Plates ride with their anchors; what is left
to go they go at a limited speed, and no plate takes a step onto another: since they start apart they stay apart. A
plate that can't get to its place for too long fades out and in again there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

Key: TypeAlias = tuple[str, str]
"""Element and subject."""

LEVELS = 24
"""Half a plate's height apart."""
GAP_PX = 6.0
RISE_PX = 26.0
"""From the anchor to the plate on the lowest level."""
SPEED_PX = 700.0
"""How fast plates move beside riding with their anchors, in pixels per second of a picture of 1080 rows."""
_FREE_S = 0.6
"""How long a lower level has to be free before a plate comes down."""
_HEAD_PX = 44.0
_STUCK_S = 0.7
_STUCK_PX = 30.0
_FADE_S = 0.16
_STALE_S = 0.5


@dataclass(frozen=True)
class Wish:
    """A label that wants a place. Pixels."""

    key: Key
    x: float
    """The anchor: what it points to."""
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Placed:
    """A label in its place. Pixels; x, y is the plate's top left corner."""

    key: Key
    x: float
    y: float
    width: float
    height: float
    level: int
    opacity: float
    anchor: tuple[float, float]
    free_s: float = 0.0
    """How long a lower level has been free."""
    stuck_s: float = 0.0
    """How long it has been far from its place."""
    leaving: bool = False

    def meets(self, other: Placed, gap: float = 0.0) -> bool:
        """Whether the two plates lie over each other, or closer than the gap."""
        return (
            self.x < other.x + other.width + gap
            and other.x < self.x + self.width + gap
            and self.y < other.y + other.height + gap
            and other.y < self.y + self.height + gap
        )


@dataclass(frozen=True)
class Layout:
    """All labels of one picture, in the order in which they choose."""

    labels: tuple[Placed, ...] = ()
    instant_s: float = -1e18
    by_key: Mapping[Key, Placed] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class _Frame:
    """What holds for a whole step."""

    width: float
    height: float
    scale: float
    dt_s: float

    def place(self, wish: Wish, level: int) -> tuple[float, float]:
        """Where a plate stands on a level: kept inside the picture sideways and at the top."""
        margin = 12 * self.scale
        x = min(max(wish.x - wish.width / 2, margin), max(self.width - margin - wish.width, margin))
        y = wish.y - RISE_PX * self.scale - wish.height - level * (wish.height + GAP_PX * self.scale) / 2
        return x, max(y, margin)


def arrange(wishes: Sequence[Wish], former: Layout, instant_s: float, width: float, height: float) -> Layout:
    """The layout that follows a former one, with these wishes. The same input gives the same layout."""
    dt = instant_s - former.instant_s
    if not 0 <= dt <= _STALE_S:
        former, dt = Layout(), 0.0
    frame = _Frame(width, height, height / 1080, dt)
    by_key = {wish.key: wish for wish in wishes}
    order = [by_key[one.key] for one in former.labels if one.key in by_key]
    old = {one.key: one for one in former.labels}
    # Newcomers: from the front, so that those behind go up.
    order += sorted((wish for wish in wishes if wish.key not in old), key=lambda wish: (-wish.y, wish.key))
    goals = _choose(order, old, frame)
    labels = tuple(_settle(order, goals, old, frame))
    return Layout(labels, instant_s, {one.key: one for one in labels})


def _choose(order: Sequence[Wish], old: Mapping[Key, Placed], frame: _Frame) -> list[Placed]:
    """A level for each, in turn: its former one if that is free of those before, or the lowest that is."""
    chosen: list[Placed] = []
    heads = [_head(wish, frame) for wish in order]
    gap = GAP_PX * frame.scale * 0.5
    for wish in order:
        former = old.get(wish.key)
        kept = None if former is None else _at(wish, former.level, frame)
        if former is None or kept is None or any(kept.meets(other, gap) for other in chosen):
            # From its level outwards, or from the lowest up.
            from_level = 0 if former is None else former.level
            chosen.append(_best(wish, sorted(range(LEVELS), key=lambda o: abs(o - from_level)), chosen, heads, frame))
            continue
        covers = any(kept.meets(head) for head in heads)
        better = range(LEVELS) if covers else range(former.level - 1)
        best = _best(wish, better, chosen, heads, frame) if better else kept
        if best.level in better and (covers or best.level < former.level) and _roomy(best, chosen, heads, frame):
            kept = replace(kept, free_s=former.free_s + frame.dt_s)
            if kept.free_s > _FREE_S:
                kept = best
        chosen.append(kept)
    return chosen


def _best(
    wish: Wish, levels: Sequence[int], chosen: Sequence[Placed], heads: Sequence[Placed], frame: _Frame
) -> Placed:
    """The first level that is free and covers nobody's head; or that is free at least; or the first."""
    free = None
    for level in levels:
        one = _at(wish, level, frame)
        if any(one.meets(other, GAP_PX * frame.scale * 0.5) for other in chosen):
            continue
        if not any(one.meets(head) for head in heads):
            return one
        free = free or one
    return free or _at(wish, levels[0], frame)


def _head(wish: Wish, frame: _Frame) -> Placed:
    """What lies under an anchor, and is better not covered."""
    side = _HEAD_PX * frame.scale
    return Placed(wish.key, wish.x - side / 2, wish.y, side, side, 0, 0.0, (wish.x, wish.y))


def _roomy(option: Placed, chosen: Sequence[Placed], heads: Sequence[Placed], frame: _Frame) -> bool:
    """Whether a place is good with room to spare: what is barely free will not be for long."""
    wide = replace(option, x=option.x - 24 * frame.scale, width=option.width + 48 * frame.scale)
    return not any(wide.meets(other, GAP_PX * frame.scale) for other in (*chosen, *heads))


def _at(wish: Wish, level: int, frame: _Frame) -> Placed:
    x, y = frame.place(wish, level)
    return Placed(wish.key, x, y, wish.width, wish.height, level, 0.0, (wish.x, wish.y))


def _settle(order: Sequence[Wish], goals: Sequence[Placed], old: Mapping[Key, Placed], frame: _Frame) -> list[Placed]:
    """Move each towards its goal as far as it may go and as the others leave room."""
    shift = _common(order, old)
    # Everyone is first carried by what moves the picture as a whole: apart they were, so apart they are.
    carried = {key: replace(one, x=one.x + shift[0], y=one.y + shift[1]) for key, one in old.items()}
    done: dict[Key, Placed] = dict(carried)
    result: list[Placed] = []
    for wish, goal in zip(order, goals, strict=True):
        here = carried.get(wish.key)
        others = [one for key, one in done.items() if key != wish.key]
        placed = _new(goal, others, frame) if here is None else _step(here, goal, others, old, frame)
        if placed is not None:
            done[wish.key] = placed
            result.append(placed)
        else:
            done.pop(wish.key, None)
    wanted = {wish.key for wish in order}
    fade = frame.dt_s / _FADE_S
    for key, one in carried.items():
        if key not in wanted and one.opacity > fade:
            anchor = one.anchor[0] + shift[0], one.anchor[1] + shift[1]
            result.append(replace(one, opacity=one.opacity - fade, anchor=anchor, leaving=True))
    return result


def _common(order: Sequence[Wish], old: Mapping[Key, Placed]) -> tuple[float, float]:
    """How the picture moved: the middle one of how the anchors moved."""
    moves = [(w.x - old[w.key].anchor[0], w.y - old[w.key].anchor[1]) for w in order if w.key in old]
    if not moves:
        return 0.0, 0.0
    middle = len(moves) // 2
    return sorted(x for x, _ in moves)[middle], sorted(y for _, y in moves)[middle]


def _new(goal: Placed, others: Sequence[Placed], frame: _Frame) -> Placed | None:
    """A label that comes in, or comes back: at its goal, once there is room."""
    if any(goal.meets(other) for other in others):
        return None
    return replace(goal, opacity=1.0 if not frame.dt_s else min(1.0, frame.dt_s / _FADE_S))


def _step(
    here: Placed, goal: Placed, others: Sequence[Placed], old: Mapping[Key, Placed], frame: _Frame
) -> Placed | None:
    """A label that is there, one step on."""
    former = old[here.key]
    own = goal.anchor[0] - former.anchor[0], goal.anchor[1] - former.anchor[1]
    # It may move as its anchor does and some more.
    ridden = former.x + own[0] - here.x, former.y + own[1] - here.y
    most = SPEED_PX * frame.scale * frame.dt_s
    grown = replace(here, width=goal.width, height=goal.height)
    if any(grown.meets(other) for other in others):
        grown = replace(here, x=here.x + here.width / 2 - goal.width / 2, width=goal.width, height=goal.height)
        if any(grown.meets(other) for other in others):
            return None
    moved = grown
    for axis, room in (("x", most + abs(ridden[0])), ("y", most + abs(ridden[1]))):
        moved = _slide(moved, axis, getattr(goal, axis) - getattr(moved, axis), room, others)
    left = max(abs(goal.x - moved.x), abs(goal.y - moved.y))
    stuck = former.stuck_s + frame.dt_s if left > _STUCK_PX * frame.scale else 0.0
    leaving = stuck > _STUCK_S or (former.leaving and stuck > 0)
    fade = frame.dt_s / _FADE_S
    opacity = former.opacity - fade if leaving else min(former.opacity + fade, 1.0)
    if opacity <= 0:
        return None
    return replace(
        moved, level=goal.level, anchor=goal.anchor, free_s=goal.free_s, stuck_s=stuck, leaving=leaving, opacity=opacity
    )


def _slide(one: Placed, axis: str, wanted: float, most: float, others: Sequence[Placed]) -> Placed:
    """Move along an axis, no further than `most` and up to the first plate in the way."""
    step = min(max(wanted, -most), most)
    if not step:
        return one
    size, across = ("width", "y") if axis == "x" else ("height", "x")
    thick = "height" if axis == "x" else "width"
    start = getattr(one, axis)
    low, high = getattr(one, across), getattr(one, across) + getattr(one, thick)
    for other in others:
        other_low = getattr(other, across)
        if other_low >= high or low >= other_low + getattr(other, thick):
            continue
        if step > 0 and getattr(other, axis) >= start:
            step = min(step, max(getattr(other, axis) - (start + getattr(one, size)), 0.0))
        elif step < 0 and getattr(other, axis) < start:
            step = max(step, min(getattr(other, axis) + getattr(other, size) - start, 0.0))
    return replace(one, **{axis: start + step})

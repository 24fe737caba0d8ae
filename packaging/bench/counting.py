"""From what the delivered pictures show to what became of every program frame. Pure; frames count since 1970."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
from strips import FRAMES, FRAMES_PER_SECOND, Code, Reading

_SAME_LEVELS = 1.5
"""Two pictures of a dissolve whose cells differ by less, of 255, are one picture shown twice."""
_TOLD_MOST = 50


@dataclass(frozen=True)
class Look:
    """One delivered picture."""

    frame: int
    """The program frame that it is."""
    reading: Reading
    levels: np.ndarray = field(default_factory=lambda: np.zeros(1))
    arrived_ns: int = 0
    """When its last byte came, nanoseconds since 1970."""


@dataclass(frozen=True)
class Take:
    """A cut or a dissolve that the engine acknowledged."""

    source: int
    """The number in the strip of the source that comes."""
    asked: int
    """The frame that was on air when it was asked for."""
    acked: int
    """The frame at which the engine says it began."""
    frames: int = 1
    """How long it takes; the last of them shows only the new source."""
    hot: bool = False
    asked_ns: int = 0

    @property
    def mixed(self) -> range:
        """The frames that show both sources."""
        return range(self.acked, self.acked + self.frames - 1)


@dataclass
class Tally:
    """What became of the frames of a window."""

    due: int = 0
    delivered: int = 0
    in_sequence: int = 0
    lost: int = 0
    """Frames that never came."""
    doubled: int = 0
    """Frames that show a picture of the source once more."""
    skipped: int = 0
    """Pictures of the source that were left out."""
    backwards: int = 0
    wrong: int = 0
    """Frames that show another source than the one that was taken."""
    unreadable: int = 0
    dissolve: int = 0
    """Frames that show two sources; their strips can't be read."""
    dissolve_held: int = 0
    """Of these, the ones that look like the one before."""
    where: list[tuple[int, str]] = field(default_factory=list)
    """The first faults: so many frames after the last take began, and what."""

    def note(self, kind: str, after: int, times: int = 1) -> None:
        """Count a fault."""
        setattr(self, kind, getattr(self, kind) + times)
        if len(self.where) < _TOLD_MOST:
            self.where.append((after, kind))

    @property
    def faults(self) -> int:
        """Everything that a viewer could see."""
        wrong = self.backwards + self.wrong + self.unreadable
        return self.lost + self.doubled + self.skipped + wrong + self.dissolve_held

    def as_json(self) -> dict[str, object]:
        """All counts; the shares of frames with a new picture, and, among those that are no dissolve, in sequence."""
        readable = self.due - self.dissolve
        new = self.delivered - self.doubled - self.wrong - self.unreadable - self.dissolve_held
        return asdict(self) | {
            "faults": self.faults,
            "new_share": round(new / self.due, 4) if self.due else 0.0,
            "in_sequence_share": round(self.in_sequence / readable, 4) if readable else 0.0,
        }


def count(looks: Iterable[Look], window: range, fps: int, takes: Sequence[Take], source: int | None) -> Tally:
    """Judge the frames of a window. `source` is on air at its beginning; None: nobody knows, any will do.

    Each readable frame is compared with the one before: the source's own count must have gone on by as many pictures
    as program frames have passed. Across a cut, and in dissolves, there is nothing to compare with.
    """
    tally = Tally(due=len(window))
    takes = sorted(takes, key=lambda take: take.acked)
    mixed = {frame for take in takes for frame in take.mixed}
    shown = {look.frame: look for look in looks if look.frame in window}
    tally.delivered = len(shown)
    before: Look | None = None
    coming, began = list(takes), window.start
    for frame in window:
        while coming and coming[0].acked <= frame:
            began, source = coming[0].acked, coming.pop(0).source
        look = shown.get(frame)
        if look is None:
            tally.note("lost", frame - began)
            continue
        if frame in mixed:
            tally.dissolve += 1
            if before is not None and before.frame in mixed and _same(before, look):
                tally.note("dissolve_held", frame - began)
        elif not isinstance(look.reading, Code):
            tally.note("unreadable", frame - began)
        elif source is not None and look.reading.source != source:
            tally.note("wrong", frame - began)
        elif fault := _fault(before if before is None or before.frame not in mixed else None, look, fps):
            tally.note(fault[0], frame - began, fault[1])
        else:
            tally.in_sequence += 1
        before = look
    return tally


def _same(before: Look, look: Look) -> bool:
    return bool(np.abs(before.levels - look.levels).max() < _SAME_LEVELS)


def _fault(before: Look | None, look: Look, fps: int) -> tuple[str, int] | None:
    """What is wrong with a readable frame, and how many times, given the one before; None when nothing is."""
    old, new = before.reading if before else None, look.reading
    if before is None or not isinstance(old, Code) or not isinstance(new, Code) or old.source != new.source:
        return None
    step = FRAMES_PER_SECOND // fps
    moved = (new.frame - old.frame) % FRAMES / step
    passed = look.frame - before.frame
    if moved == passed:
        return None
    if moved < passed:
        return "doubled", math.ceil(passed - moved)
    if moved < FRAMES / step / 2:
        return "skipped", math.ceil(moved - passed)
    return "backwards", 1


def first_shown(looks: Iterable[Look], take: Take) -> Look | None:
    """The first delivered picture, since a take was asked for, that shows its source."""
    for look in looks:
        if look.frame > take.asked and isinstance(look.reading, Code) and look.reading.source == take.source:
            return look
    return None


def latencies(looks: Sequence[Look], takes: Sequence[Take], window_frames: int = 250) -> dict[str, object]:
    """How long cuts took, in frames and in milliseconds up to the receiver; dissolves are left out."""
    acked, shown, arrived, off, missing = [], [], [], [], 0
    for take in takes:
        if take.frames > 1:
            continue
        look = first_shown((look for look in looks if look.frame < take.asked + window_frames), take)
        acked.append(take.acked - take.asked)
        if look is None:
            missing += 1
            continue
        shown.append(look.frame - take.asked)
        off.append(look.frame - take.acked)
        arrived.append((look.arrived_ns - take.asked_ns) / 1e6)
    return {
        "cuts": len(acked),
        "never_shown": missing,
        "asked_to_acked_frames": spread(acked),
        "asked_to_shown_frames": spread(shown),
        "acked_to_shown_frames": spread(off),
        "asked_to_received_ms": spread(arrived),
    }


def spread(values: Sequence[float]) -> dict[str, float] | None:
    """Median, least and most; None of nothing."""
    if not values:
        return None
    return {key: round(f(values), 3) for key, f in (("median", statistics.median), ("min", min), ("max", max))}


def line(points: Sequence[tuple[float, float]]) -> dict[str, float]:
    """The straight line of least squares through (x, y), and the most that a point is off it."""
    x, y = np.array(points, float).T
    slope, base = np.polyfit(x, y, 1)
    off = float(np.abs(y - (base + slope * x)).max())
    return {"slope": round(float(slope), 5), "base": round(float(base), 4), "residual_max": round(off, 4)}

"""Runs of one source, and what was doubled, skipped or out of order in them. Pure.

A source of `r` source frames per program frame (its cadence) shows number `floor(r n + c)` at program frame `n`,
with one constant `c` as long as nothing is doubled or skipped. Every picture narrows down what `c` can be; a picture
that contradicts all before it is a slip, and says by how many pictures. So a 25 fps source in a 50 fps program is
clean, and one repeat in it is found.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from console.media.barcode import FRAME_NUMBERS
from console.media.time import Rate
from console.probe.grid import Placed
from console.probe.verdict import Cut, Run

_SOURCE_FPS = (24, 25, 30, 48, 50, 60, 100, 120)
_CADENCE_EVIDENCE = 4
"""Slips that a cadence other than 1 must explain before it is believed."""


@dataclass
class Stretch:
    """The readable pictures of one run while it is being put together."""

    source: int
    out_of_order: int = 0
    frames: list[int] = field(default_factory=list)
    stamps: list[int] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    """As burnt."""
    unwrapped: list[int] = field(default_factory=list)
    """Going on past the end of the source's loop."""

    def add(self, frame: int, stamp: int, number: int, unwrapped: int) -> None:
        """Append one picture."""
        self.frames.append(frame)
        self.stamps.append(stamp)
        self.numbers.append(number)
        self.unwrapped.append(unwrapped)

    def points(self) -> list[tuple[int, int]]:
        """Program frames with numbers put in order: disorder is counted by itself and must not count as slips."""
        return list(zip(self.frames, sorted(self.unwrapped), strict=True))


def slips(points: Iterable[tuple[int, int]], cadence: Fraction) -> tuple[int, int]:
    """How many program pictures were doubled and how many source pictures skipped.

    `points` are (program frame, source frame), both ascending. Exact at cadence 1; at others a slip of less than one
    picture (two clocks drifting past each other) counts as one.
    """
    p, q = cadence.numerator, cadence.denominator
    doubled = skipped = 0
    low: int | None = None
    high = 0  # c is in [low, high), in units of 1/q
    for frame, number in points:
        here = number * q - p * frame
        if low is None:
            low, high = here, here + q
        elif here >= high:
            count = (here - high) // q + 1
            skipped += count
            low, high = low + 1, high + count * q
        elif here + q <= low:
            count = (low - here - q) // p + 1
            doubled += count
            low, high = low - count * p, high - 1
        low, high = max(low, here), min(high, here + q)
    return doubled, skipped


def loop_length(numbers: Sequence[int], second: int) -> int:
    """The length of the loop in which burnt numbers run, `FRAME_NUMBERS` when they do not wrap.

    A wrap is a fall from about the highest number to one in the loop's first second; `second` is frames per second.
    """
    top = max(numbers, default=0)
    for before, after in itertools.pairwise(numbers):
        if before - after > second and after < second and before >= top - second:
            return top + 1
    return FRAME_NUMBERS


def stretches(placed: Placed, second: int, loop_frames: int | None) -> list[Stretch]:
    """Divide pictures into runs of one source. `second` is the program's frames per second, rounded.

    A run ends where another source is seen, where nothing is readable for over a second, and where the source jumps
    back by more than a second, which counts as one picture out of order.
    """
    by_source: dict[int, list[int]] = defaultdict(list)
    for look in placed.looks:
        if look.code:
            by_source[look.code.source].append(look.code.frame)
    loops = {source: loop_frames or loop_length(numbers, second) for source, numbers in by_source.items()}
    runs: list[Stretch] = []
    unreadable = 0
    for frame, look in zip(placed.frames, placed.looks, strict=True):
        if look.code is None:
            unreadable += 1
            continue
        source, number = look.code
        run = runs[-1] if runs and runs[-1].source == source and unreadable <= second else None
        unreadable = 0
        if run is None:
            runs.append(Stretch(source))
            runs[-1].add(frame, look.pts, number, number)
            continue
        loop = loops[source]
        due = frame - run.frames[-1]
        advance = due + (number - run.numbers[-1] - due + loop // 2) % loop - loop // 2
        if advance < -second:
            run = Stretch(source, out_of_order=1)
            runs.append(run)
            run.add(frame, look.pts, number, number)
            continue
        run.out_of_order += advance < 0
        run.add(frame, look.pts, number, run.unwrapped[-1] + advance)
    return runs


def cadence_of(runs: Sequence[Stretch], second: int) -> Fraction:
    """The regular ratio of source frames to program frames in the runs of one source; 1 when none stands out."""
    points = [run.points() for run in runs]
    plain = sum(sum(slips(each, Fraction(1))) for each in points)
    if plain < _CADENCE_EVIDENCE:
        return Fraction(1)
    span = sum(each[-1][0] - each[0][0] for each in points)
    slope = sum(each[-1][1] - each[0][1] for each in points) / max(1, span)
    best, fewest = Fraction(1), plain // 10 + 1
    for fps in _SOURCE_FPS:
        cadence = Fraction(fps, second)
        if cadence == 1 or abs(slope / float(cadence) - 1) > 0.02 + 4 / max(1, span):
            continue
        faults = sum(sum(slips(each, cadence)) for each in points)
        if faults < fewest and span * abs(1 - cadence) >= _CADENCE_EVIDENCE:
            best, fewest = cadence, faults
    return best


def cadences(runs: Sequence[Stretch], rate: Rate, source_rate: Rate | None) -> dict[int, Fraction]:
    """The cadence of every source: found out, or that of `source_rate` for all."""
    by_source: dict[int, list[Stretch]] = defaultdict(list)
    for run in runs:
        by_source[run.source].append(run)
    if source_rate is not None:
        given = Fraction(source_rate.num * rate.den, source_rate.den * rate.num)
        return dict.fromkeys(by_source, given)
    return {source: cadence_of(each, max(1, round(rate.fps))) for source, each in by_source.items()}


def count_run(run: Stretch, cadence: Fraction) -> Run:
    """The finished run."""
    doubled, skipped = slips(run.points(), cadence)
    return Run(
        source=run.source,
        frame=run.frames[0],
        first=run.numbers[0],
        last=run.numbers[-1],
        count=len(run.frames),
        doubled=doubled,
        skipped=skipped,
        out_of_order=run.out_of_order,
        cadence=str(cadence),
    )


def cuts_between(runs: Sequence[Stretch], placed: Placed) -> list[Cut]:
    """Every change from one source to another."""
    position = {frame: index for index, frame in enumerate(placed.frames)}
    return [
        Cut(
            frame=after.frames[0],
            before=before.source,
            after=after.source,
            unreadable=position[after.frames[0]] - position[before.frames[-1]] - 1,
        )
        for before, after in itertools.pairwise(runs)
        if before.source != after.source
    ]

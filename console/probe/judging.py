"""The judging core: lists of readings in, a verdict out. Pure: no file, no codec, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from statistics import median

from console.media.time import FLICKS_PER_SECOND, Rate
from console.probe.agree import offsets_ms, sound_matches
from console.probe.count import cadences, count_run, cuts_between, stretches
from console.probe.grid import estimate_rate, place
from console.probe.readings import WINDOW_SAMPLES, Beep, Heard, Look
from console.probe.verdict import Verdict

_FREEZE_SECONDS = 0.5
_GAPS_MOST = 1000


def judge_readings(
    looks: Sequence[Look],
    heard: Sequence[Heard] = (),
    beeps: Sequence[Beep] = (),
    *,
    rate: Rate | None = None,
    source_rate: Rate | None = None,
    loop_frames: int | None = None,
    target: str = "",
) -> Verdict:
    """Judge what was read.

    `rate` is the program's (estimated from the time stamps without it), `source_rate` that of all sources (found out
    per source without it), `loop_frames` the length of the sources' loop (a wrap is recognised without it).
    """
    if rate is None:
        rate = estimate_rate([look.pts for look in looks])
    second = max(1, round(rate.fps))
    placed = place(looks, rate)
    runs = stretches(placed, second, loop_frames)
    cadence = cadences(runs, rate, source_rate)
    counted = tuple(count_run(run, cadence[run.source]) for run in runs)
    gaps = placed.gaps()
    checked, mismatched = sound_matches(runs, heard)
    offsets = offsets_ms(runs, beeps, rate, cadence)
    return Verdict(
        target=target,
        rate=str(rate),
        first_frame=placed.frames[0] if placed.frames else None,
        last_frame=placed.frames[-1] if placed.frames else None,
        pictures=len(looks),
        expected=placed.expected,
        lost=sum(gap.count for gap in gaps),
        doubled=placed.doubled + sum(run.doubled for run in counted),
        skipped=sum(run.skipped for run in counted),
        out_of_order=placed.out_of_order + sum(run.out_of_order for run in counted),
        unreadable=sum(look.code is None and not look.black for look in looks),
        black=sum(look.black for look in looks),
        gaps=tuple(gaps[:_GAPS_MOST]),
        runs=counted,
        cuts=tuple(cuts_between(runs, placed)),
        av_offset_ms=round(median(offsets), 2) if offsets else None,
        av_spread_ms=round(max(offsets) - min(offsets), 2) if offsets else None,
        beeps=len(offsets),
        sound_checked=checked,
        sound_mismatched=mismatched,
        freeze_ms=_frozen_ms(placed.looks, rate),
        silence_ms=sum(window.silent for window in heard) * WINDOW_SAMPLES // 48,
    )


def _frozen_ms(looks: Sequence[Look], rate: Rate) -> int:
    frames = 0
    for same, group in groupby(look.same for look in looks):
        length = sum(1 for _ in group) + 1  # the picture that is repeated belongs to the stretch
        if same and length >= rate.fps * _FREEZE_SECONDS:
            frames += length
    return frames * rate.frame_flicks * 1000 // FLICKS_PER_SECOND

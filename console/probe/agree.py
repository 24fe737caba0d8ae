"""Whether sound and picture agree: which source is heard, and how far its beeps are from its pictures. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from fractions import Fraction

from console.media.time import FLICKS_PER_SECOND, SAMPLE_RATE, Rate
from console.probe.count import Stretch
from console.probe.readings import WINDOW_SAMPLES, Beep, Heard

_WINDOW = FLICKS_PER_SECOND // SAMPLE_RATE * WINDOW_SAMPLES
_MARGIN = FLICKS_PER_SECOND // 10
"""Around a cut the sound is cross-faded, and may be up to this early or late: not judged."""


def _run_at(runs: Sequence[Stretch], starts: Sequence[int], stamp: int) -> Stretch | None:
    index = bisect_right(starts, stamp) - 1
    return runs[index] if index >= 0 else None


def sound_matches(runs: Sequence[Stretch], heard: Sequence[Heard]) -> tuple[int, int]:
    """Windows judged, and those in which not the source in the picture is heard.

    Where no test tone is heard anywhere the sound is somebody's own, and only silence is judged.
    """
    starts = [run.stamps[0] for run in runs]
    any_tone = any(window.source is not None for window in heard)
    checked = mismatched = 0
    for window in heard:
        run = _run_at(runs, starts, window.pts)
        if run is None or not (any_tone or window.silent):
            continue
        if run.stamps[0] + _MARGIN <= window.pts and window.pts + _WINDOW + _MARGIN <= run.stamps[-1]:
            checked += 1
            mismatched += window.source != run.source
    return checked, mismatched


def offsets_ms(
    runs: Sequence[Stretch], beeps: Sequence[Beep], rate: Rate, cadence: Mapping[int, Fraction]
) -> list[float]:
    """For every beep, how much later than the picture it belongs to it sounds, in ms.

    A source's beep starts at a whole second of its own time, and its picture `k` at `k / fps` of that time. The
    picture that is showing when the beep starts therefore says where the beep should be; half a second either way
    can be told.
    """
    starts = [run.stamps[0] for run in runs]
    offsets = []
    for beep in beeps:
        run = _run_at(runs, starts, beep.pts)
        if run is None or run.source != beep.source or beep.pts > run.stamps[-1] + _MARGIN:
            continue
        index = bisect_right(run.stamps, beep.pts) - 1
        while index > 0 and run.unwrapped[index - 1] == run.unwrapped[index]:
            index -= 1
        source_period = rate.frame_flicks / cadence[run.source]
        late = beep.pts - run.stamps[index] + run.numbers[index] * source_period
        wrapped = (late + FLICKS_PER_SECOND // 2) % FLICKS_PER_SECOND - FLICKS_PER_SECOND // 2
        offsets.append(float(wrapped) * 1000 / FLICKS_PER_SECOND)
    return offsets

"""The cadence: one tick per frame, at its time, whatever happens; and how late each one was.

The loop sleeps until a frame starts and makes it. When it wakes more than a whole frame late, the frames whose time
has passed are published as repeats of the last picture, with their own sound, and counted as late: program stays
whole in time and never runs fast to catch up. A pause too long to repeat (a suspended machine) becomes a gap.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable

from console.engine.cadence import Cadence
from console.engine.tick import Engine
from console.media.clock import Anchor, Clock

_log = logging.getLogger("console.engine.loop")
REPEATS_MAX = 25


def run(
    engine: Engine,
    clock: Clock,
    anchor: Anchor,
    finished: Callable[[], bool],
    after: Callable[[int, Cadence], None] = lambda _frame, _cadence: None,
) -> Cadence:
    """Tick until `finished()`. `after(frame, cadence)` is called behind every tick, in what is left of the frame."""
    rate = engine.rate
    frame_ns = rate.start_ns(1)
    cadence = Cadence()
    # Nothing made so far dies before the end, and a collection in mid-frame would be late for the next.
    gc.collect()
    gc.freeze()
    gc.disable()
    at = rate.frame_at_ns(anchor.to_unix(clock.now())) + 1
    try:
        while not finished():
            clock.wait_until(engine.due_ns(at))
            late_ns = clock.now() - engine.due_ns(at)
            at += _catch_up(engine, cadence, at, late_ns // frame_ns)
            late_ns = clock.now() - engine.due_ns(at)
            cadence.begun(late_ns)
            try:
                cadence.torn += engine.tick(at).torn
            except Exception:  # the show goes on whatever a plug does; said once per change of health
                cadence.faults += 1
                if cadence.faults == 1 or cadence.faults % 1000 == 0:
                    _log.exception("Frame %d could not be made; the picture before it is repeated", at)
                engine.repeat(at)
            cadence.took(clock.now() - engine.due_ns(at) - late_ns)
            after(at, cadence)
            if at % rate.gop_frames == 0:
                gc.collect(0)
            at += 1
    finally:
        gc.enable()
        gc.unfreeze()
    return cadence


def _catch_up(engine: Engine, cadence: Cadence, at: int, missed: int) -> int:
    if missed <= 0:
        return 0
    cadence.late_ticks += missed
    repeats = min(missed, REPEATS_MAX)
    for frame in range(at + missed - repeats, at + missed):
        engine.repeat(frame)
    cadence.gap_frames += missed - repeats
    _log.warning("The engine woke %d frames late at frame %d; %d were repeated", missed, at, repeats)
    return missed

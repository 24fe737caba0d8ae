"""The tick's own process, started by the supervisor as `_engine` (see wire/child.py).

Configuration: `{"journal", "session", "show", "resume", "buses": {bus: path}, "rings": {source: {...}},
"overlays": {source: path}, "titles": [a path or null for each keyer], "anchor": {...}}`.
Messages in: `{"rings": {...}}`, `{"overlays": {...}, "titles": [...]}`, `{"tiers": {source: tier}, "preview": tier}`
and commands. Events out: `result`, `patch`, `status`, `frame_one`.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any

from console.engine.cadence import Cadence
from console.engine.journal import Journal, replay, started_fields
from console.engine.loop import run
from console.engine.tick import Engine
from console.media.clock import Anchor, SystemClock
from console.media.time import timecode
from console.show.codec import show_from_file
from console.show.history import History
from console.show.model import Bus
from console.wire.child import ENGINE_NICE, Parent, set_priority

_STATUS_PER_SECOND = 5
_BACKLOG_MAX = 20
_log = logging.getLogger("console.engine")


def main() -> int:
    """Run the show until the supervisor ends the input."""
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(levelname)s: %(message)s")
    parent = Parent()
    config = parent.config
    sys.setswitchinterval(0.0005)  # a thread that listens must not hold the tick back for the default 5 ms
    set_priority(ENGINE_NICE, realtime=True)
    clock = SystemClock()
    anchor = Anchor(**config["anchor"])
    journal_path = Path(config["journal"])
    history, resumed = _history(config, journal_path)
    journal = Journal(journal_path)
    rate = history.show.setup.format.rate
    buses = {Bus(bus): Path(path) for bus, path in config["buses"].items()}
    engine = Engine(history, buses, journal, parent.tell, clock, anchor)
    engine.inbox = parent.inbox
    engine.feeds.attach(config["rings"])
    engine.overlays.attach(config["overlays"], config["titles"])
    engine.rehearse()
    frame = rate.frame_at_ns(anchor.to_unix(clock.now()))
    if resumed:
        journal.append("Resumed", frame, rate.start_ns(frame), session=config["session"])
    else:
        show_fields = started_fields(history.show, config["session"])
        journal.append("Started", frame, rate.start_ns(frame), **show_fields)
    every = max(1, round(rate.fps / _STATUS_PER_SECOND))

    def after(at: int, cadence: Cadence) -> None:
        if cadence.frames == 1:
            parent.tell("frame_one", frame=at)
        if at % every == 0 and parent.backlog < _BACKLOG_MAX:
            parent.tell("status", status=_status(engine, at, cadence))

    cadence = run(engine, clock, anchor, parent.finish.is_set, after)
    if parent.orderly:  # else the journal stays open-ended, and the next start resumes the show
        frame = rate.frame_at_ns(anchor.to_unix(clock.now()))
        journal.append("Ended", frame, rate.start_ns(frame), frames=cadence.frames, late_ticks=cadence.late_ticks)
    journal.close()
    parent.close()
    return 0


def _history(config: dict[str, Any], journal: Path) -> tuple[History, bool]:
    """The show to go on air with: the journalled one of this session, else the one that was given."""
    if config["resume"]:
        found = replay(journal)
        if found is not None and found.session == config["session"]:
            return found.history, True
    return History(show_from_file(config["show"])), False


def _status(engine: Engine, at: int, cadence: Cadence) -> dict[str, Any]:
    air = engine.show.air
    sources = {}
    for source, feed in engine.feeds.items():
        counters = feed.frames.counters
        sources[source] = {
            "state": str(feed.picked.state),
            "in": counters.came,
            "drop": counters.drop,
            "out": counters.out,
            "duplicate": counters.duplicate,
            "fps": round(feed.frames.fps, 2),
            "age_ms": feed.picked.age_ns // 1_000_000,
            "hot_in_frames": engine.feeds.hot_in_frames(source),
            "sound_resets": max(0, feed.sound.resets),
            **engine.overlays.counts(source),
        }
    return {
        "frame": at,
        "format": str(engine.format),
        "timecode": timecode(at, engine.rate),
        "on_air": True,
        "frames": cadence.frames,
        "late_ticks": cadence.late_ticks,
        "gap_frames": cadence.gap_frames,
        "torn": cadence.torn,
        "faults": cadence.faults,
        "tick_ms": round(cadence.tick_ns / 1e6, 3),
        "late_ms": round(cadence.late_ns / 1e6, 3),
        "late_max_ms": round(cadence.late_max_ns / 1e6, 3),
        "lateness": cadence.lateness,
        "program": air.program,
        "preview": air.preview,
        "position": None if air.move is None else round(air.move.position(at), 4),
        "fade": 0.0 if air.fade is None else round(air.fade.level(at), 4),
        "tally": engine.tally(),
        "sources": sources,
    }

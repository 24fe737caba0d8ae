#!/usr/bin/env python3
"""What one tick costs: a mix of two sources with one key over it, and a plain cut, in any format.

    .venv/bin/python packaging/bench/tick.py [--format 1080p50] [--ticks 500] [--json]

The engine runs on a virtual clock over real rings in the runtime directory, so nothing is waited for; only the tick
itself is timed. The key is a lower third: full width, a quarter of the height, soft edges.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import checkout  # noqa: F401
import numpy as np

from console.engine.journal import Journal
from console.engine.tick import Engine
from console.media.clock import Anchor, VirtualClock
from console.media.time import parse_format
from console.media.tone import tone
from console.show.history import History
from console.show.model import Air, Bus, Move, Setup, Show, Source, Transition
from console.wire.place import runtime_root
from console.wire.ring import RingReader, RingWriter, create_ring
from console.wire.sound import SoundWriter, create_sound


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--format", default="1080p50")
    parser.add_argument("--ticks", type=int, default=500)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    form = parse_format(args.format)
    runtime_root().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=runtime_root()) as directory:
        results = {name: measure(Path(directory), form, args.ticks, name) for name in ("cut", "mix", "mix and key")}
    if args.json:
        print(json.dumps({"format": str(form), "ticks": args.ticks, "results": results}))
        return
    for name, row in results.items():
        figures = ", ".join(f"{name.removesuffix('_ms')} {value:.2f} ms" for name, value in row.items())
        print(f"{form} {name:12} {figures}")


def measure(root: Path, form, ticks: int, what: str) -> dict[str, float]:
    directory = Path(tempfile.mkdtemp(dir=root))
    clock = VirtualClock()
    anchor = Anchor.take(clock)
    rings, cameras = {}, []
    for number, source in enumerate(("cam1", "cam2", "logo")):
        paths = {kind: str(directory / f"{source}.{kind}") for kind in ("picture", "sound")}
        create_ring(Path(paths["picture"]), form.width, form.height, slots=8, key=source == "logo")
        create_sound(Path(paths["sound"]))
        rings[source] = paths
        cameras.append((number, RingWriter(Path(paths["picture"])), SoundWriter(Path(paths["sound"]))))
    buses = {
        bus: create_ring(directory / f"{bus}.picture", form.width, form.height, slots=8, samples=form.rate.samples_max)
        for bus in Bus
    }
    sources = tuple(Source(name, "pattern:", name) for name in rings)
    setup = Setup(format=form, sources=sources, keyers=("logo", None, None, None))
    air = Air("cam1", "cam2")
    first = form.rate.frame_at_ns(clock.unix_ns()) + 1
    if what != "cut":
        air = replace(air, move=Move("cam2", first, Transition(rate_frames=10 * ticks)))
    if what == "mix and key":
        air = replace(air, keyers_on=(True, False, False, False))
    journal = Journal(directory / "journal.jsonl")
    engine = Engine(History(Show(setup, air)), buses, journal, lambda *_, **__: None, clock, anchor)
    engine.inbox.append({"rings": rings})
    preview = RingReader(buses[Bus.PREVIEW])
    noise = np.random.default_rng(1).integers(16, 235, (form.height, form.width), np.uint8)
    took = []
    for at in range(first, first + ticks + 20):
        due_ns = engine.due_ns(at)
        clock.wait_until(due_ns)
        for number, ring, sound in cameras:
            still = ring.has_key and ring.count
            if not still:
                picture, _ = ring.begin()
                picture.y[:] = noise
                if picture.key is not None:
                    picture.key.fill(0)
                    picture.key[form.height * 3 // 4 :] = np.linspace(0, 255, form.width, dtype=np.uint8)
                ring.publish(due_ns=due_ns, now_ns=due_ns)
                ring.set_flags(int(ring.has_key))
            ring.beat(due_ns)
            if sound.count == 0:
                sound.anchor(0, due_ns)
            sound.append(tone(number + 1, sound.count, form.rate.samples(at)), due_ns)
        preview.ask(1, due_ns)
        begun = time.perf_counter()
        engine.tick(at)
        took.append((time.perf_counter() - begun) * 1000)
    took = sorted(took[20:])
    journal.close()
    return {"median_ms": statistics.median(took), "p95_ms": took[len(took) * 95 // 100], "max_ms": took[-1]}


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""What one tick costs in any format: a plain cut, a mix, a key over it, graphics locked to the pictures, a title.

    .venv/bin/python packaging/bench/tick.py [--format 1080p50] [--ticks 500] [--json]

The engine runs on a virtual clock over real rings in the runtime directory, so nothing is waited for; only the tick
itself is timed. The key is a lower third: full width, a quarter of the height, soft edges. Graphics are new with every
picture: a full frame of them (nothing spared by empty rows), or a box of a quarter of the width and height.
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
from console.show.world import Switched, Title
from console.wire.place import runtime_root
from console.wire.ring import PREMULTIPLIED, RingReader, RingWriter, create_ring, pack_box
from console.wire.sound import SoundWriter, create_sound

CASES = (
    "cut",
    "mix",
    "mix and key",
    "cut, small graphics",
    "cut, full graphics",
    "mix, full graphics",
    "cut and title",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--format", default="1080p50")
    parser.add_argument("--ticks", type=int, default=500)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    form = parse_format(args.format)
    runtime_root().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=runtime_root()) as directory:
        results = {name: measure(Path(directory), form, args.ticks, name) for name in CASES}
    if args.json:
        print(json.dumps({"format": str(form), "ticks": args.ticks, "results": results}))
        return
    for name, row in results.items():
        figures = ", ".join(f"{name.removesuffix('_ms')} {value:.2f} ms" for name, value in row.items())
        print(f"{form} {name:20} {figures}")


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
    first = form.rate.frame_at_ns(clock.unix_ns()) + 1
    show = show_of(what, form, list(rings), first, ticks)
    graphics = Graphics(directory, form, small=what == "cut, small graphics")
    journal = Journal(directory / "journal.jsonl")
    engine = Engine(History(show), buses, journal, lambda *_, **__: None, clock, anchor)
    engine.inbox.append({"rings": rings})
    engine.inbox.append({"overlays": graphics.paths, "titles": [graphics.title_path, None, None, None]})
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
        graphics.draw(cameras[0][1].count - 1, due_ns)
        preview.ask(1, due_ns)
        begun = time.perf_counter()
        engine.tick(at)
        took.append((time.perf_counter() - begun) * 1000)
    took = sorted(took[20:])
    journal.close()
    return {"median_ms": statistics.median(took), "p95_ms": took[len(took) * 95 // 100], "max_ms": took[-1]}


def show_of(what: str, form, sources: list[str], first: int, ticks: int) -> Show:
    setup = Setup(format=form, sources=tuple(Source(name, "pattern:", name) for name in sources))
    setup = replace(setup, keyers=("logo", None, None, None))
    air = Air("cam1", "cam2")
    if what.startswith("mix"):
        air = replace(air, move=Move("cam2", first, Transition(rate_frames=10 * ticks)))
    if what == "mix and key":
        air = replace(air, keyers_on=(True, False, False, False))
    if what.endswith("graphics"):
        air = replace(air, tracked=(Switched(True), *air.tracked[1:]))
    if what == "cut and title":
        setup = replace(setup, titles=(Title("strap"), None, None, None))
        air = replace(air, keyers_on=(True, False, False, False), titles=(Switched(True), *air.titles[1:]))
    return Show(setup, air)


class Graphics:
    """Rings as the graphics process writes them: the pixels stay, only the index goes on."""

    def __init__(self, directory: Path, form, *, small: bool) -> None:
        width, height = (form.width // 8 * 2, form.height // 8 * 2) if small else (form.width, form.height)
        third = (0, form.height // 8 * 6, form.width, form.height // 8 * 2)
        self.paths = {name: str(directory / f"{name}.overlay") for name in ("cam1", "cam2")}
        self.title_path = str(directory / "title-1")
        self._rings = []
        for path, box in ((self.paths["cam1"], (0, 0, width, height)), (self.paths["cam2"], (0, 0, width, height)),
                          (self.title_path, third)):  # fmt: skip
            create_ring(Path(path), form.width, form.height, slots=4, key=True, flags=PREMULTIPLIED)
            ring = RingWriter(Path(path))
            for _ in range(ring.slots):
                picture, _ = ring.begin()
                picture.fill(60, 60, 60)
                picture.key.fill(128)
                ring.publish(due_ns=0, now_ns=0)
            self._rings.append((ring, pack_box(*box)))

    def draw(self, index: int, due_ns: int) -> None:
        for ring, box in self._rings:
            ring.begin()
            ring.publish(due_ns=due_ns, now_ns=due_ns, frame=index, flags=box)


if __name__ == "__main__":
    main()

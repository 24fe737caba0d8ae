#!/usr/bin/env python3
"""What titles cost: each of Podium's templates made ready, coming in, standing, updated, going out.

    .venv/bin/python packaging/bench/title_cost.py [--rows 1080] [--rounds 5]

What is timed is the renderer and the conversion to premultiplied planes of a ring's slot, in ms of processor time of
this process. "ready" is paid once, before the take; "standing" is a frame between two changes of a clock too.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import checkout  # noqa: F401
from PySide6.QtGui import QGuiApplication

from console.graphics.convert import NO_BOX, OverlayPicture
from console.graphics.display import Time
from console.graphics.library import Library
from console.graphics.template import Template
from console.graphics.titles import Phase, TitleRenderer
from console.media.assets import asset
from console.media.picture import new_picture
from console.media.time import Rate

FPS, SHOWN = 50, 150


def phases(template: Template) -> list[tuple[str, Phase, bool]]:
    """A title's life, frame by frame: what it is doing, its phase, and whether its values have changed."""
    life = [("ready", Phase(-1), False)]
    for n in range(SHOWN):
        part = "in" if n * 1000 <= template.in_ms * FPS else "standing"
        life.append((part, Phase(n, time=Time(n * 1000 // FPS)), False))
    life += [("update", Phase(SHOWN + n, updated=n, before=template.examples()), True) for n in range(12)]
    return life + [("out", Phase(SHOWN * 2 + n, n), True) for n in range(template.out_ms * FPS // 1000)]


def measure(template: Template, rows: int, rounds: int) -> dict[str, list[float]]:
    before = template.examples()
    text = next(one.name for one in template.fields if one.type in ("text", "image", "time"))
    after = {**before, text: "Changed"}
    costs: dict[str, list[float]] = {part: [] for part in ("ready", "in", "standing", "update", "out")}
    for _ in range(rounds):
        renderer = TitleRenderer(rows * 16 // 9, rows, Rate(FPS))
        slot = OverlayPicture(new_picture(rows * 16 // 9, rows, key=True))
        for part, phase, changed in phases(template):
            began = time.process_time()
            drawn = renderer.render(template, after if changed else before, phase)
            if drawn.changed != NO_BOX:
                slot.lay(renderer.pixels, () if drawn.box == NO_BOX else (drawn.box,))
            costs[part].append((time.process_time() - began) * 1000)
    return costs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1080)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    app = QGuiApplication([])
    library = Library([asset("templates")])
    print(f"{platform.machine()}, {os.cpu_count()} cores, {args.rows} rows, {FPS} frames/s; ms of processor time")
    print(
        f"{'':14s} {'ready':>7s} {'in: median':>11s} {'worst':>6s} {'standing':>9s} {'update':>7s} {'out: worst':>11s}"
    )
    for entry in library.templates():
        costs = measure(library.get(entry.id), args.rows, args.rounds)
        middle = {part: statistics.median(values) for part, values in costs.items()}
        print(
            f"{entry.id:14s} {middle['ready']:7.1f} {middle['in']:11.2f} {max(costs['in']):6.1f} "
            f"{middle['standing']:9.2f} {middle['update']:7.2f} {max(costs['out']):11.1f}"
        )
    app.quit()


if __name__ == "__main__":
    main()

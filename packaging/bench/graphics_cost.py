#!/usr/bin/env python3
"""What a picture's graphics cost: 8 labels, 8 trails, a record line, 8 ground decals, 8 skeletons over the demo's race.

    .venv/bin/python packaging/bench/graphics_cost.py [--frames 200] [--rows 1080 720] [--camera 1] [--profile]

The scenes are made beforehand; what is timed is the renderer alone: shapes, projection, labels, painting, conversion to
premultiplied planes in a ring's slot (10 slots in turn). "cpu" is processor time of this process, which a busy machine
falsifies less than "wall" time; "parts" are its steps, timed in a pass of their own. "still" is the same picture again
and again, into slots that have it already. Scene "demo" is what the demo has on from the start.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import platform
import pstats
import statistics
import time
from dataclasses import replace

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import checkout  # noqa: F401
import cv2
import numpy as np
from PySide6.QtGui import QGuiApplication

from console.demo import graphics as demo_graphics
from console.demo.body import INDEX, skeleton
from console.demo.cameras import STATIONS
from console.demo.graphics import ON_FROM_THE_START
from console.demo.race import GUN_S, TRACK_M, runners_at, track_of
from console.graphics.convert import OverlayPicture
from console.graphics.scene import Scene, SceneRenderer, Subject
from console.media.picture import new_picture
from console.show.world import Element, ElementKind, Group
from console.tracking.camera import CameraView

FPS, SLOTS, BEGIN_S = 50, 10, 5.0
LIMIT_MS = {("full", 1080): 10.0, ("full", 720): 10.0, ("demo", 720): 4.0}
_BLAZEPOSE = {
    0: "jaw", 7: "head", 8: "head", 11: "shoulder_l", 12: "shoulder_r", 13: "elbow_l", 14: "elbow_r", 15: "wrist_l",
    16: "wrist_r", 19: "hand_l", 20: "hand_r", 23: "hip_l", 24: "hip_r", 25: "knee_l", 26: "knee_r", 27: "ankle_l",
    28: "ankle_r", 29: "heel_l", 30: "heel_r", 31: "toe_l", 32: "toe_r",
}  # fmt: skip


def subjects(instant_s: float) -> tuple[Subject, ...]:
    found = []
    for runner in runners_at(instant_s):
        athlete, body = runner.athlete, skeleton(runner, instant_s)
        joints = np.full((33, 3), np.nan)
        for joint, name in _BLAZEPOSE.items():
            joints[joint] = body[INDEX[name]]
        past = [track_of(athlete.lane).at(instant_s - (180 - n) / 60) for n in range(181)]
        trail = np.array([(x, athlete.lane_y, 0.0, speed) for x, speed, _ in past])
        found.append(
            Subject(f"psn/{athlete.lane}", runner.position_m, runner.velocity_mps, athlete.name, str(athlete.bib),
                    athlete.team, joints, trail)
        )  # fmt: skip
    return tuple(found)


def elements() -> tuple[tuple[Element, float], ...]:
    pace = tuple((t / 10, 100 * (t / 95.8) ** 1.15) for t in range(96))
    kinds = ElementKind
    return tuple(
        (element, 1.0)
        for element in (
            Element("ring", kinds.DECAL, Group.TAG, subject="*", size_m=0.55, colour="#39c2ff"),
            Element("trail", kinds.TRAIL, Group.SPEED, subject="*"),
            Element("record", kinds.RECORD_LINE, Group.LINE, text="WR 9.58", points_m=((0, 0, 0), (0, TRACK_M, 0)),
                    pace=pace, colour="#3dff7c"),
            Element("skeleton", kinds.SKELETON, Group.TAG, subject="*", colour="#39c2ff"),
            Element("label", kinds.LABEL, Group.TAG, subject="*", text="{country} {bib} {name} {speed}"),
        )
    )  # fmt: skip


def demo() -> tuple[tuple[Element, float], ...]:
    """What is on from the start of the demo."""
    return tuple((element, 1.0) for element in demo_graphics.elements() if element.group in ON_FROM_THE_START)


def moment(number: int, camera: int, width: int, height: int, what: str = "full") -> tuple[Scene, CameraView]:
    instant = BEGIN_S + number / FPS
    pose = STATIONS[camera - 1].pose_at(instant)
    view = CameraView(
        width, height, np.array(pose.position_m), pose.rotation, pose.focal_px(height), (width / 2, height / 2)
    )
    people = subjects(instant)
    if what == "demo":
        people = tuple(replace(one, joints_m=None) for one in people)  # its trackers tell places only
    return Scene(demo() if what == "demo" else elements(), people, instant - GUN_S, instant), view


def parts(moments: list[tuple[Scene, CameraView]], width: int, rows: int) -> dict[str, float]:
    """Medians of processor time of the renderer's three steps, each run by itself."""
    renderer, spent = SceneRenderer(width, rows), {"plan": [], "paint": [], "convert": []}
    slots = [OverlayPicture(new_picture(width, rows, key=True)) for _ in range(SLOTS)]
    for number, (scene, view) in enumerate(moments):
        marks = [time.process_time()]
        plan = renderer._plan(scene, view)
        marks.append(time.process_time())
        renderer._paint(plan, None)
        marks.append(time.process_time())
        slots[number % SLOTS].lay(renderer._canvas.pixels, renderer._boxes)
        marks.append(time.process_time())
        for name, start, end in zip(spent, marks, marks[1:], strict=False):
            spent[name].append((end - start) * 1e3)
    return {name: round(statistics.median(values[SLOTS:]), 2) for name, values in spent.items()}


def cost(rows: int, frames: int, camera: int, what: str, *, profile: bool) -> dict[str, object]:
    width = rows * 16 // 9
    moments = [moment(number, camera, width, rows, what) for number in range(frames)]
    renderer = SceneRenderer(width, rows)
    slots = [OverlayPicture(new_picture(width, rows, key=True)) for _ in range(SLOTS)]
    wall, cpu, covered, meter = [], [], [], cProfile.Profile()
    for number, (scene, view) in enumerate(moments):
        if profile and number >= SLOTS:
            meter.enable()
        began, used = time.perf_counter(), time.process_time()
        renderer.render(scene, view, 1.0, slots[number % SLOTS])
        cpu.append((time.process_time() - used) * 1e3)
        wall.append((time.perf_counter() - began) * 1e3)
        meter.disable()
        covered.append(slots[number % SLOTS].covered_px / (width * rows))
    still = []
    scene, view = moments[-1]
    for number in range(SLOTS * 4):
        used = time.process_time()
        renderer.render(scene, view, 1.0, slots[number % SLOTS])
        still.append((time.process_time() - used) * 1e3)
    if profile:
        pstats.Stats(meter).sort_stats("tottime").print_stats(28)
    wall, cpu = wall[SLOTS:], cpu[SLOTS:]
    return {
        "scene": what,
        "rows": rows,
        "camera": camera,
        "frames": len(wall),
        "wall_ms": {"median": round(statistics.median(wall), 2), "least": round(min(wall), 2), "p95": _p95(wall)},
        "cpu_ms": {"median": round(statistics.median(cpu), 2), "least": round(min(cpu), 2), "p95": _p95(cpu)},
        "parts_cpu_ms": parts(moments, width, rows),
        "still_cpu_ms": round(statistics.median(still[SLOTS * 2 :]), 2),
        "covered": round(statistics.median(covered), 3),
        "limit_ms": LIMIT_MS.get((what, rows)),
        "troubles": renderer.troubles,
    }


def _p95(values: list[float]) -> float:
    return round(sorted(values)[int(len(values) * 0.95)], 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--rows", type=int, nargs="+", default=[1080, 720])
    parser.add_argument("--camera", type=int, default=1)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    application = QGuiApplication([])
    machine = {
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "load": [round(value, 1) for value in os.getloadavg()],
        "python": platform.python_version(),
    }
    results = [
        cost(rows, options.frames, options.camera, what, profile=options.profile)
        for what in ("full", "demo")
        for rows in options.rows
    ]
    print(json.dumps({"machine": machine, "graphics": results}, indent=1))
    del application


if __name__ == "__main__":
    main()

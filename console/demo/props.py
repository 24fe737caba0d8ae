"""Things on the ground: starting blocks, officials, the finish posts and clock."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from console.demo.crowd import Texture, lettered
from console.demo.figures import People, everyday, official
from console.demo.optics import CameraPose
from console.demo.paint import Canvas, Rgb, converted, face, hang, mips, paint
from console.demo.race import ATHLETES, FINISH_M, TRACK_M, Array

_OFFICIALS: tuple[tuple[float, float, float, float], ...] = (
    (-2.6, TRACK_M + 2.0, -40, 0), (-5.5, -2.6, 40, 0), (-4.9, -3.3, 40, 0), (-6.2, TRACK_M + 1.4, -30, 0),
    (96.5, TRACK_M + 2.1, -95, 1), (97.6, TRACK_M + 2.1, -85, 1), (98.7, TRACK_M + 2.1, -90, 1),
    (103.4, TRACK_M + 1.6, -120, 0), (104.6, TRACK_M + 2.4, -150, 0), (107.8, TRACK_M + 2.2, -140, 0),
    (60.0, TRACK_M + 12.0, -90, 0), (34.0, TRACK_M + 9.0, -60, 0), (80.0, TRACK_M + 10.0, -120, 0),
    (36.5, TRACK_M + 26.0, -60, 0), (72.0, TRACK_M + 31.0, -120, 0), (90.0, TRACK_M + 24.0, 160, 0),
)  # fmt: skip
"""Where people stand: x, y, facing, seated."""
CLOCK_X, CLOCK_Y = FINISH_M + 1.9, TRACK_M + 1.5


def box(
    canvas: Canvas, pose: CameraPose, low: tuple[float, float, float], high: tuple[float, float, float], rgb: Rgb
) -> None:
    """A block with its sides lit by the sun: only those that face the camera."""
    (x0, y0, z0), (x1, y1, z1) = low, high
    eye = pose.position_m
    sides: list[tuple[bool, Array, float]] = [
        (eye[0] < x0, np.array([[x0, y0, z0], [x0, y1, z0], [x0, y1, z1], [x0, y0, z1]]), 0.92),
        (eye[0] > x1, np.array([[x1, y0, z0], [x1, y1, z0], [x1, y1, z1], [x1, y0, z1]]), 0.62),
        (eye[1] < y0, np.array([[x0, y0, z0], [x1, y0, z0], [x1, y0, z1], [x0, y0, z1]]), 1.0),
        (eye[1] > y1, np.array([[x0, y1, z0], [x1, y1, z0], [x1, y1, z1], [x0, y1, z1]]), 0.55),
        (eye[2] > z1, np.array([[x0, y0, z1], [x1, y0, z1], [x1, y1, z1], [x0, y1, z1]]), 1.08),
    ]
    for seen, corners, light in sides:
        if seen:
            face(canvas, pose, corners, paint(rgb, light))


def paint_props(canvas: Canvas, pose: CameraPose) -> None:
    """Everything that stands about, far to near."""
    eye = pose.eye
    joints = np.stack([official((x, y), facing, seated) for x, y, facing, seated in _OFFICIALS])
    clothes = [everyday(index) for index in range(len(_OFFICIALS))]
    people = People(joints, clothes, pose, canvas.shape[1], canvas.shape[0])
    people.cast(canvas)
    paint_blocks(canvas, pose)
    things = [(float(people.depths[index]), int(index)) for index in np.flatnonzero(people.visible)]
    things.append((float(np.linalg.norm(eye[:2] - (CLOCK_X, CLOCK_Y))), -1))
    for _, index in sorted(things, reverse=True):
        if index < 0:
            _clock_case(canvas, pose)
        else:
            people.draw(canvas, index)
    for y in (-0.75, TRACK_M + 0.65):
        box(canvas, pose, (FINISH_M - 0.04, y, 0), (FINISH_M + 0.04, y + 0.1, 1.35), (236, 238, 240))


def paint_blocks(canvas: Canvas, pose: CameraPose) -> None:
    """Starting blocks: a rail and two pedals in each lane."""
    lanes = sorted(ATHLETES, key=lambda athlete: -abs(athlete.lane_y - pose.position_m[1]))
    for athlete in lanes:
        y = athlete.lane_y
        box(canvas, pose, (-1.02, y - 0.025, 0.0), (-0.36, y + 0.025, 0.05), (60, 62, 70))
        for x, side in ((-0.62, 0.09), (-0.92, -0.09)):
            box(canvas, pose, (x - 0.06, y + side - 0.06, 0.02), (x + 0.02, y + side + 0.06, 0.16), (226, 180, 30))


def _clock_case(canvas: Canvas, pose: CameraPose) -> None:
    box(canvas, pose, (CLOCK_X - 0.95, CLOCK_Y, 0.1), (CLOCK_X + 0.95, CLOCK_Y + 0.45, 1.0), (30, 32, 38))


def paint_finish_clock(canvas: Canvas, pose: CameraPose, text: str) -> None:
    """The digits of the clock beside the finish line."""
    x0, x1, y = CLOCK_X - 0.85, CLOCK_X + 0.85, CLOCK_Y - 0.01
    corners = np.array([[x0, y, 0.92], [x1, y, 0.92], [x1, y, 0.24], [x0, y, 0.24]])
    hang(canvas, pose, corners, _clock_face(text))


@lru_cache(maxsize=2)
def _clock_face(text: str) -> Texture:
    return mips(converted(lettered(text, (160, 64), (14, 16, 20), (255, 190, 40), fill_part=0.7)))

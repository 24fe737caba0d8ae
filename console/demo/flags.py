"""Flags waved in the stands."""

from __future__ import annotations

import math

import numpy as np

from console.demo.optics import CameraPose
from console.demo.paint import Canvas, Rgb, face, paint
from console.demo.race import Array
from console.demo.stadium import ring

_STRIPS = 9
_LENGTH_M, _HEIGHT_M, _POLE_M = 1.7, 1.05, 1.3
_FLAGS: tuple[tuple[float, float, tuple[Rgb, Rgb, Rgb]], ...] = (
    (0.313, 3.5, ((250, 206, 30), (16, 110, 60), (20, 24, 28))),
    (0.330, 7.5, ((196, 30, 44), (240, 240, 242), (196, 30, 44))),
    (0.342, 2.4, ((22, 120, 78), (240, 214, 60), (22, 120, 78))),
    (0.352, 10.0, ((34, 70, 170), (240, 240, 242), (232, 60, 60))),
    (0.365, 5.0, ((238, 188, 40), (30, 62, 130), (238, 188, 40))),
    (0.378, 8.5, ((96, 44, 140), (230, 230, 240), (96, 44, 140))),
)
"""Where: turn on the oval and distance behind the front of the stand; three stripes."""


def paint_flags(canvas: Canvas, pose: CameraPose, instant_s: float) -> None:
    """All flags at an instant, far to near."""
    for index, (turn, back, stripes) in enumerate(sorted(_FLAGS, key=lambda flag: -flag[1])):
        x, y = ring(14.0 + back, turn)
        x_to, y_to = ring(14.0 + back, turn + 0.002)
        along = np.array([x_to - x, y_to - y, 0.0])
        along /= np.linalg.norm(along)
        beat = instant_s * (1.1 + 0.13 * index) * 2 * math.pi + index * 1.7
        base = np.array([x, y, 1.6 + back * 0.5636 + 0.9])
        lean = 0.75 * math.sin(beat * 0.5)
        pole = along * math.sin(lean) + np.array([0, 0, math.cos(lean)])
        _pole(canvas, pose, base, pole)
        _cloth(canvas, pose, base + pole * (_POLE_M + _HEIGHT_M), pole, along * -math.cos(beat * 0.5), stripes, beat)


def _pole(canvas: Canvas, pose: CameraPose, base: Array, pole: Array) -> None:
    side = pose.rotation[0] * 0.03
    top = base + pole * (_POLE_M + _HEIGHT_M + 0.08)
    face(canvas, pose, np.array([base - side, base + side, top + side, top - side]), paint((210, 210, 206)))


def _cloth(
    canvas: Canvas,
    pose: CameraPose,
    top: Array,
    pole: Array,
    out: Array,
    stripes: tuple[Rgb, Rgb, Rgb],
    beat: float,
) -> None:
    """A cloth that streams away from its pole in waves, in strips that catch the light differently."""
    toward = np.array([out[1], -out[0], 0.0])
    at = np.linspace(0, 1, _STRIPS + 1)
    swing = np.sin(at * 7.5 - beat * 1.6) * at**0.7
    droop = -0.30 * at**1.6
    edge = (
        top
        + out * (at * _LENGTH_M)[:, None]
        + toward * (swing * 0.24)[:, None]
        + np.array([0, 0, 1.0]) * (droop + 0.05 * swing)[:, None]
    )
    slope = np.gradient(swing)
    down = -pole * (_HEIGHT_M / 3)
    for strip in range(_STRIPS):
        light = 0.94 + 0.34 * float(slope[strip])
        for stripe, rgb in enumerate(stripes):
            a, b = edge[strip] + down * stripe, edge[strip + 1] + down * stripe
            face(canvas, pose, np.array([a, b, b + down, a + down]), paint(rgb, light))

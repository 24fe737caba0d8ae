"""Flags waved in the stands."""

from __future__ import annotations

import math
from functools import lru_cache

import cv2
import numpy as np

from console.demo.optics import CameraPose
from console.demo.paint import SHIFT, Canvas, Rgb, fixed, paint
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
    height, width = canvas.shape[:2]
    for index, (turn, back, stripes) in enumerate(sorted(_FLAGS, key=lambda flag: -flag[1])):
        beat = instant_s * (1.1 + 0.13 * index) * 2 * math.pi + index * 1.7
        pole, cloth, light = _flag(turn, back, beat)
        pixels, depth = pose.project(cloth, width, height)
        if depth.min() < 1 or pixels[..., 0].max() < 0 or pixels[..., 0].min() > width or pixels[..., 1].max() < 0:
            continue
        staff, _ = pose.project(pole, width, height)
        thick = max(1, round(0.05 * pose.focal_px(height) / float(depth.mean())))
        ends = fixed(staff)
        cv2.polylines(canvas, [ends], False, paint((214, 214, 208)), thick, cv2.LINE_AA, SHIFT)
        quads = np.stack((pixels[:-1, :-1], pixels[:-1, 1:], pixels[1:, 1:], pixels[1:, :-1]), axis=2)
        for row, rgb in zip(fixed(quads), stripes, strict=True):
            for quad, lit in zip(row, light, strict=True):
                cv2.fillConvexPoly(canvas, quad, paint(rgb, lit), cv2.LINE_AA, SHIFT)


@lru_cache(maxsize=64)
def _foot(turn: float, back: float) -> tuple[Array, Array]:
    """Where a flag's pole is held, and the direction along the stand."""
    x, y = ring(14.0 + back, turn)
    x_to, y_to = ring(14.0 + back, turn + 0.002)
    along = np.array([x_to - x, y_to - y, 0.0])
    return np.array([x, y, 1.6 + back * 0.5636 + 0.9]), along / np.linalg.norm(along)


def _flag(turn: float, back: float, beat: float) -> tuple[Array, Array, list[float]]:
    """The ends of the pole (2, 3), the cloth as a net (4, strips + 1, 3), and how much light each strip gets."""
    base, along = _foot(turn, back)
    lean = 0.75 * math.sin(beat * 0.5)
    pole = along * math.sin(lean) + np.array([0, 0, math.cos(lean)])
    out = along * -math.cos(beat * 0.5)
    toward = np.array([along[1], -along[0], 0.0])
    at = np.linspace(0, 1, _STRIPS + 1)
    swing = np.sin(at * 7.5 - beat * 1.6) * at**0.7
    rise = 0.05 * swing - 0.30 * at**1.6
    edge = np.outer(at * _LENGTH_M, out) + np.outer(swing * 0.24, toward) + np.outer(rise, np.array([0, 0, 1.0]))
    top = base + pole * (_POLE_M + _HEIGHT_M)
    cloth = top + edge[None] - np.linspace(0, _HEIGHT_M, 4)[:, None, None] * pole
    light = [round(0.94 + 0.34 * float(slope), 2) for slope in np.gradient(swing)[:_STRIPS]]
    return np.stack((base, top + pole * 0.08)), cloth, light

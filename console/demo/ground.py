"""Everything level: the land, the track with its lines and numbers, the infield, painted for any camera."""

from __future__ import annotations

import math

import cv2
import numpy as np

from console.demo import crowd
from console.demo.optics import CameraPose
from console.demo.paint import Canvas, Paint, face, flat, mixed, paint
from console.demo.race import FINISH_M, LANE_M, LANES, TRACK_M, Array
from console.demo.stadium import (
    APRON_RGB,
    BEND_Y,
    BENDS_X,
    CHUTE_X,
    GRASS_RGB,
    HAZE,
    LAP_M,
    OUTER_R,
    RUNOFF_X,
    STAND_GAP_M,
    TRACK_RGB,
    WHITE,
    ring,
)


def paint_land(canvas: Canvas, pose: CameraPose) -> None:
    """The land around the stadium."""
    face(canvas, pose, flat(-2500, -2500, 2500, 2500, -0.05), paint(mixed((120, 138, 118), HAZE, 0.35)))
    _disc(canvas, pose, 60.0, paint((128, 130, 132)))


def paint_ground(canvas: Canvas, pose: CameraPose) -> None:
    """Everything level inside the stands: the apron, the track with its lines, the infield."""
    _disc(canvas, pose, STAND_GAP_M + 0.5, paint(APRON_RGB))
    _disc(canvas, pose, 0.0, paint(TRACK_RGB))
    face(canvas, pose, flat(CHUTE_X, 0, RUNOFF_X, TRACK_M), paint(TRACK_RGB))
    for lane in range(0, LANES, 2):
        face(canvas, pose, flat(CHUTE_X, lane * LANE_M, RUNOFF_X, (lane + 1) * LANE_M), paint(TRACK_RGB, 1.03))
    _infield(canvas, pose)
    _grain(canvas, pose)
    _bend_lines(canvas, pose)
    _straight_lines(canvas, pose)


def _disc(canvas: Canvas, pose: CameraPose, offset_m: float, colour: Paint) -> None:
    """The inside of an oval, as a fan of slices, so that what lies behind the camera is cut off."""
    points = np.array([(*ring(offset_m, float(turn)), 0.0) for turn in np.linspace(0, 1, 180, endpoint=False)])
    spine = [np.array([min(max(p[0], BENDS_X[0]), BENDS_X[1]), BEND_Y, 0.0]) for p in points]
    for here, there, a, b in zip(points, np.roll(points, -1, axis=0), spine, [*spine[1:], spine[0]], strict=True):
        face(canvas, pose, np.array([here, there, b, a]), colour)


def _infield(canvas: Canvas, pose: CameraPose) -> None:
    _disc(canvas, pose, -TRACK_M - 0.3, paint(GRASS_RGB, 0.93))
    bands = np.arange(-24.0, 140.0, 5.5)
    for index, x in enumerate(bands):
        if index % 2:
            continue
        # A band of the mower ends where the oval does.
        ends = []
        for edge in (x, x + 5.5):
            beyond = max(BENDS_X[0] - edge, edge - BENDS_X[1], 0.0)
            radius = OUTER_R - TRACK_M - 0.3
            ends.append(math.sqrt(max(radius**2 - beyond**2, 0.0)))
        corners = [
            (x, BEND_Y - ends[0]),
            (x + 5.5, BEND_Y - ends[1]),
            (x + 5.5, BEND_Y + ends[1]),
            (x, BEND_Y + ends[0]),
        ]
        face(canvas, pose, np.array([(a, b, 0.0) for a, b in corners]), paint(GRASS_RGB, 1.06))
    face(canvas, pose, flat(18, TRACK_M + 6.2, 74, TRACK_M + 7.6), paint(TRACK_RGB, 0.96))
    face(canvas, pose, flat(76, TRACK_M + 5.4, 85, TRACK_M + 8.4), paint((226, 206, 160)))
    angles = np.linspace(0, 2 * math.pi, 40, endpoint=False)
    for x in (BENDS_X[0] - 8, BENDS_X[1] + 12):
        disc = np.stack((x + 9.5 * np.cos(angles), BEND_Y + 9.5 * np.sin(angles), np.zeros(40)), axis=1)
        face(canvas, pose, disc, paint(TRACK_RGB, 0.92))


def _grain(canvas: Canvas, pose: CameraPose) -> None:
    """The rubber's grain and the wear of the ground, in true perspective; the camera is level."""
    height, width = canvas.shape[:2]
    horizon = height / 2 + math.tan(math.radians(pose.tilt_deg)) * pose.focal_px(height)
    top = min(max(math.ceil(horizon) + 1, 0), height)
    if height - top < 8:
        return
    down = np.array([[1.0, 0, 0], [0, 1, -top], [0, 0, 1]])
    ground = down @ pose.ground(width, height)
    noise = np.full((height - top, width), 128, np.uint8)
    for seed, metres, coarse, weight in ((11, 2.6, 1.0, 0.06), (12, 19.0, 5.0, 0.06), (13, 90.0, 14.0, 0.07)):
        to = ground @ np.diag([metres / 512, metres / 512, 1.0])
        layer = cv2.warpPerspective(
            crowd.grain(seed, 512, coarse),
            to,
            (width, height - top),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_WRAP,
        )
        cv2.addWeighted(noise, 1.0, layer, weight, -128 * weight, dst=noise)
    luma = cv2.extractChannel(canvas[top:], 0)
    grained = np.clip(cv2.multiply(luma, noise, scale=1 / 128), 16, 235)
    cv2.insertChannel(grained, canvas[top:], 0)


def _stroke(canvas: Canvas, pose: CameraPose, points: Array, width_m: float, colour: Paint) -> None:
    """A painted line along ground points (n, 2)."""
    along = np.gradient(points, axis=0)
    normal = np.stack((-along[:, 1], along[:, 0]), axis=1)
    normal *= width_m / 2 / np.maximum(np.hypot(normal[:, 0], normal[:, 1]), 1e-9)[:, None]
    left, right = points - normal, points + normal
    for i in range(len(points) - 1):
        corners = np.array([left[i], left[i + 1], right[i + 1], right[i]])
        face(canvas, pose, np.concatenate((corners, np.zeros((4, 1))), axis=1), colour)


def _bend_lines(canvas: Canvas, pose: CameraPose) -> None:
    white = paint(WHITE, 0.97)
    for line in range(LANES + 1):
        offset = -line * LANE_M
        start = (BENDS_X[1] - BENDS_X[0]) / LAP_M  # the home straight is drawn on its own
        turns = np.linspace(start, 1.0, 150)
        points = np.array([ring(offset, float(turn)) for turn in turns])
        _stroke(canvas, pose, points, 0.06, white)


def _straight_lines(canvas: Canvas, pose: CameraPose) -> None:
    white = paint(WHITE)
    for line in range(LANES + 1):
        y = line * LANE_M
        for x in np.arange(CHUTE_X, RUNOFF_X, 7.0):
            face(canvas, pose, flat(float(x), y - 0.025, float(x) + 7.0, y + 0.025), white)
    face(canvas, pose, flat(-0.05, -0.05, 0.0, TRACK_M + 0.05), white)
    face(canvas, pose, flat(FINISH_M, -0.05, FINISH_M + 0.07, TRACK_M + 0.05), white)
    for lane in range(1, LANES + 1):
        y = (LANES - lane + 0.5) * LANE_M
        for x in (-3.1, FINISH_M + 1.6, FINISH_M - 10.8):
            _lane_number(canvas, pose, lane, x, y, white)
        for x in (10, 20, 30, 40, 50, 60, 70, 80, 90):
            face(canvas, pose, flat(x, y - 0.62, x + 0.04, y - 0.50), white)
        _checks(canvas, pose, y)


def _checks(canvas: Canvas, pose: CameraPose, y: float) -> None:
    """The black marks at the crossing of lane line and finish line, for the photo finish."""
    face(canvas, pose, flat(FINISH_M, y + 0.58, FINISH_M + 0.07, y + 0.64), paint((20, 20, 22)))


_NUMBER_STROKES = {
    1: ((0.2, 0.8, 0.5, 1), (0.5, 1, 0.5, 0)),
    2: ((0, 1, 1, 1), (1, 1, 1, 0.5), (1, 0.5, 0, 0.5), (0, 0.5, 0, 0), (0, 0, 1, 0)),
    3: ((0, 1, 1, 1), (1, 1, 1, 0), (0.2, 0.5, 1, 0.5), (0, 0, 1, 0)),
    4: ((0, 1, 0, 0.45), (0, 0.45, 1, 0.45), (0.75, 1, 0.75, 0)),
    5: ((1, 1, 0, 1), (0, 1, 0, 0.5), (0, 0.5, 1, 0.5), (1, 0.5, 1, 0), (1, 0, 0, 0)),
    6: ((1, 1, 0, 1), (0, 1, 0, 0), (0, 0, 1, 0), (1, 0, 1, 0.5), (1, 0.5, 0, 0.5)),
    7: ((0, 1, 1, 1), (1, 1, 0.35, 0)),
    8: ((0, 0, 0, 1), (1, 0, 1, 1), (0, 0, 1, 0), (0, 0.5, 1, 0.5), (0, 1, 1, 1)),
}
"""Painted numbers in a box of 1 by 1, from the bottom left."""


def _lane_number(canvas: Canvas, pose: CameraPose, number: int, x: float, y: float, colour: Paint) -> None:
    """A painted number, read by somebody who runs towards it: its top is ahead (+x), its left towards +y."""
    for x0, y0, x1, y1 in _NUMBER_STROKES[number]:
        a = np.array([x + y0 * 0.85, y + 0.24 - x0 * 0.48])
        b = np.array([x + y1 * 0.85, y + 0.24 - x1 * 0.48])
        line = (b - a) / np.linalg.norm(b - a)
        side = np.array([-line[1], line[0]]) * 0.05
        a, b = a - line * 0.05, b + line * 0.05
        corners = np.array([a - side, b - side, b + side, a + side])
        face(canvas, pose, np.concatenate((corners, np.zeros((4, 1))), axis=1), colour)

"""The plan of the stadium: where everything is, in metres, and its colours.

An oval of 400 m around bends of 36.5 m, the 100 m straight with its start chute and run-off, stands all round with a
roof, a score board in the gap of the second bend. World coordinates as in `race`.
"""

from __future__ import annotations

import math

import numpy as np

from console.demo.paint import Rgb
from console.demo.race import FINISH_M, TRACK_M, Array

BENDS_X = (FINISH_M - 84.39, FINISH_M)
BEND_Y = TRACK_M + 36.5
OUTER_R = 36.5 + TRACK_M
LAP_M = 2 * (BENDS_X[1] - BENDS_X[0] + math.pi * OUTER_R)
"""Around the outer edge."""
CHUTE_X, RUNOFF_X = -14.0, 131.0
BACK_Y = BEND_Y + OUTER_R
BOARD_Y, INNER_BOARD_Y = -9.8, TRACK_M + 3.2
BOARD_M = 6.0

TRACK_RGB: Rgb = (172, 78, 56)
APRON_RGB: Rgb = (58, 92, 128)
GRASS_RGB: Rgb = (70, 138, 58)
WHITE: Rgb = (240, 238, 232)
HAZE: Rgb = (198, 214, 230)

STAND_GAP_M = 14.0
SCORE_CENTRE = (FINISH_M + OUTER_R + STAND_GAP_M + 24.0, BEND_Y - 6.0, 24.5)
SCORE_M = (32.0, 16.0)


def ring(offset_m: float, turn: float) -> tuple[float, float]:
    """A point on the oval that runs `offset_m` outside the track; turn 0..1, anti-clockwise from the home straight."""
    radius = OUTER_R + offset_m
    straight, bend = BENDS_X[1] - BENDS_X[0], math.pi * OUTER_R
    s = turn % 1.0 * LAP_M
    if s < straight:
        return BENDS_X[0] + s, BEND_Y - radius
    if s < straight + bend:
        angle = (s - straight) / OUTER_R - math.pi / 2
        return BENDS_X[1] + radius * math.cos(angle), BEND_Y + radius * math.sin(angle)
    if s < 2 * straight + bend:
        return BENDS_X[1] - (s - straight - bend), BEND_Y + radius
    angle = (s - 2 * straight - bend) / OUTER_R + math.pi / 2
    return BENDS_X[0] + radius * math.cos(angle), BEND_Y + radius * math.sin(angle)


def score_corners(frame_m: float = 0.0) -> Array:
    """The score board as seen from the infield: top left, top right, bottom right, bottom left."""
    x, y, z = SCORE_CENTRE
    w, h = SCORE_M[0] / 2 + frame_m, SCORE_M[1] / 2 + frame_m
    return np.array([[x, y + w, z + h], [x, y - w, z + h], [x, y - w, z - h], [x, y + w, z - h]])

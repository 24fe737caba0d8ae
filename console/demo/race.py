"""The race: eight athletes on a 100 m straight, where they are and how fast at any instant.

World coordinates are metres, right-handed, Z up: the start line is x = 0, the finish x = 100, lane 8's outer edge is
y = 0 and lane 1's inner edge y = 9.76, so the infield lies towards +y and the main stand towards -y.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from console.demo import record

Array: TypeAlias = NDArray[np.float64]

TAKE_SECONDS = 16
LANES = 8
LANE_M = 1.22
TRACK_M = LANES * LANE_M
FINISH_M = 100.0
RECORD_LANE = 4
"""Whose athlete runs the world record, and wins."""
SET_S, GUN_S = 0.7, 2.2
"""When the athletes rise to "set", and when the gun is fired, in seconds of the take."""
_STEP_S = 1 / 500
_AFTER_S = 4.0


@dataclass(frozen=True)
class Athlete:
    """Who runs in a lane, and how. Colours are RGB 0..255."""

    lane: int
    name: str
    team: str
    bib: int
    height_m: float
    reaction_s: float
    top_mps: float
    rise_s: float
    """Time constant of the acceleration."""
    steps: float
    """Steps over 100 m."""
    vest: tuple[int, int, int]
    shorts: tuple[int, int, int]
    trim: tuple[int, int, int]
    shoes: tuple[int, int, int]
    skin: tuple[int, int, int]
    hair: tuple[int, int, int]

    @property
    def lane_y(self) -> float:
        """The middle of the lane."""
        return (LANES - self.lane + 0.5) * LANE_M


_DARK, _BROWN, _TAN, _FAIR = (92, 60, 44), (124, 84, 60), (178, 128, 98), (222, 176, 148)
_BLACK, _CHESTNUT, _BLOND = (24, 20, 20), (66, 44, 30), (176, 140, 84)
ATHLETES = (
    Athlete(1, "M. OKORO", "VEL", 1107, 1.80, 0.158, 11.72, 1.32, 46.1, (238, 188, 40), (30, 62, 130), (30, 62, 130),
            (240, 90, 40), _DARK, _BLACK),
    Athlete(2, "T. LINDQVIST", "NOR", 2214, 1.86, 0.149, 11.62, 1.29, 44.6, (226, 228, 232), (190, 34, 46),
            (190, 34, 46), (235, 235, 235), _FAIR, _BLOND),
    Athlete(3, "D. CASTELL", "SAV", 1342, 1.83, 0.143, 11.93, 1.30, 44.9, (22, 120, 78), (20, 24, 30), (240, 214, 60),
            (250, 230, 60), _BROWN, _BLACK),
    Athlete(4, "J. MBEKI-ROSS", "KAL", 1001, 1.93, record.REACTION_S, record.TOP_MPS, 1.31, record.STEPS,
            (250, 206, 30), (16, 110, 60), (20, 24, 28), (255, 150, 30), _DARK, _BLACK),
    Athlete(5, "A. FERREIRA", "ILH", 1588, 1.85, 0.139, 12.06, 1.29, 43.9, (196, 30, 44), (236, 236, 238),
            (236, 236, 238), (60, 220, 240), _BROWN, _BLACK),
    Athlete(6, "K. TANABE", "HAR", 1919, 1.76, 0.136, 11.78, 1.25, 47.4, (34, 70, 170), (34, 70, 170), (232, 60, 60),
            (120, 240, 90), _TAN, _BLACK),
    Athlete(7, "R. DUVAL", "MAR", 2075, 1.88, 0.162, 11.66, 1.33, 45.2, (96, 44, 140), (24, 24, 34), (230, 230, 240),
            (255, 90, 160), _TAN, _CHESTNUT),
    Athlete(8, "S. NYQVIST", "OST", 1660, 1.82, 0.155, 11.55, 1.30, 46.6, (40, 168, 200), (14, 40, 74),
            (250, 250, 250), (245, 245, 90), _FAIR, _CHESTNUT),
)  # fmt: skip


@dataclass(frozen=True)
class Track:
    """An athlete's run, one entry per 2 ms of the take and four seconds more."""

    x_m: Array
    """Where the chest is."""
    speed_mps: Array
    steps: Array
    """How many steps were taken."""
    finish_s: float
    """Seconds from the gun to the finish line."""

    def at(self, instant_s: float) -> tuple[float, float, float]:
        """Position, speed and steps at an instant of the take."""
        index = min(max(instant_s / _STEP_S, 0.0), len(self.x_m) - 1.001)
        whole = int(index)
        part = index - whole
        x, v, s = (float(a[whole] + (a[whole + 1] - a[whole]) * part) for a in (self.x_m, self.speed_mps, self.steps))
        return x, v, s


def _speed(athlete: Athlete, running_s: Array) -> Array:
    """Speed before the line: exponential rise to the top speed, and a slight loss over the last 40 m; or the record."""
    if athlete.lane == RECORD_LANE:
        return record.speed_mps(running_s)
    rise = athlete.top_mps * (1 - np.exp(-np.maximum(running_s, 0) / athlete.rise_s))
    return rise * (1 - 0.008 * np.maximum(running_s - 6.2, 0))


@cache
def track_of(lane: int) -> Track:
    """The run of the athlete in a lane (1..8), integrated once."""
    athlete = ATHLETES[lane - 1]
    instants: Array = np.asarray(np.arange(round((TAKE_SECONDS + _AFTER_S) / _STEP_S)) * _STEP_S, np.float64)
    running: Array = instants - GUN_S - athlete.reaction_s
    speed = _speed(athlete, running)
    x = np.concatenate(([0.0], np.cumsum((speed[1:] + speed[:-1]) / 2 * _STEP_S)))
    line = int(np.searchsorted(x, FINISH_M))
    finish_s = float(np.interp(FINISH_M, x[line - 1 : line + 1], instants[line - 1 : line + 1])) - GUN_S
    # After the line everyone slows down to a jog.
    jog = 2.6 + 0.25 * math.sin(lane * 2.1)
    coast = instants[line:] - instants[line]
    speed[line:] = jog + (speed[line] - jog) * np.exp(-((coast / 1.55) ** 1.5))
    x[line:] = x[line] + np.concatenate(([0.0], np.cumsum((speed[line + 1 :] + speed[line:-1]) / 2 * _STEP_S)))
    full = FINISH_M / athlete.steps * 1.045
    length = full * (0.36 + 0.64 * np.minimum(speed / (0.97 * athlete.top_mps), 1) ** 0.85)
    steps = np.concatenate(([0.0], np.cumsum(speed[1:] / length[1:] * _STEP_S)))
    return Track(x, speed, steps, finish_s)


@dataclass(frozen=True)
class Runner:
    """One athlete at one instant."""

    athlete: Athlete
    position_m: tuple[float, float, float]
    """The chest's place on the ground."""
    velocity_mps: tuple[float, float, float]
    steps: float


def runners_at(instant_s: float) -> tuple[Runner, ...]:
    """All athletes at an instant of the take, lane 1 first."""
    found = []
    for athlete in ATHLETES:
        x, speed, steps = track_of(athlete.lane).at(instant_s)
        found.append(Runner(athlete, (x, athlete.lane_y, 0.0), (speed, 0.0, 0.0), steps))
    return tuple(found)


@cache
def placings() -> tuple[Athlete, ...]:
    """The athletes in the order in which they finish."""
    return tuple(sorted(ATHLETES, key=lambda athlete: track_of(athlete.lane).finish_s))


def race_clock_s(instant_s: float) -> float:
    """What the race clock shows: zero before the gun, stopped by the winner."""
    return min(max(instant_s - GUN_S, 0.0), track_of(placings()[0].lane).finish_s)


def leader_x_m(instant_s: float) -> float:
    """How far the leading chest is."""
    return max(track_of(athlete.lane).at(instant_s)[0] for athlete in ATHLETES)


def pack_x_m(instant_s: float) -> float:
    """Where a camera operator's eye is: between the middle of the field and its leader."""
    places = [track_of(athlete.lane).at(instant_s)[0] for athlete in ATHLETES]
    return 0.55 * max(places) + 0.45 * sum(places) / len(places)

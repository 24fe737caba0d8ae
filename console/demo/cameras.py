"""The eight cameras: where each stands and how it moves through the take, as pure functions of time."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from console.demo.optics import CameraPose, aim, turned
from console.demo.race import FINISH_M, GUN_S, leader_x_m, pack_x_m, placings, track_of

MIDDLE_Y = 4.9


@dataclass(frozen=True)
class Station:
    """A camera position."""

    number: int
    id: str
    name: str
    pose_at: Callable[[float], CameraPose]
    """The camera at an instant of the take, in seconds."""
    softness: float = 0.0
    """How far the stands are out of focus: radius in pixels at 720 lines."""


def _ease(value: float, start: float, end: float) -> float:
    part = min(max((value - start) / (end - start), 0.0), 1.0)
    return part * part * (3 - 2 * part)


def _between(a: float, b: float, part: float) -> float:
    return a + (b - a) * part


def _breath(pose: CameraPose, t: float, seed: float, metres: float = 0.02) -> CameraPose:
    """The small unrest of a camera in hands; `metres` at the target of a one-metre shot."""
    angle = math.degrees(metres / pose.focal_heights)
    pan = math.sin(t * 1.31 + seed) + 0.5 * math.sin(t * 2.77 + seed * 3)
    tilt = math.sin(t * 1.07 + seed * 2) + 0.5 * math.sin(t * 3.11 + seed)
    return turned(pose, pan * angle, tilt * angle * 0.6)


def _winner_x(t: float) -> float:
    return track_of(placings()[0].lane).at(t)[0]


def _main(t: float) -> CameraPose:
    x = 0.94 * min(pack_x_m(t), 114)
    return _breath(aim((54.0, -43.0, 20.0), (x, 18.0, 1.2), 22.5), t, 1.0, 0.0015)


def _tracking(t: float) -> CameraPose:
    done = _ease(t, 13.2, 15.2)
    x = _between(pack_x_m(t) + 0.6, _winner_x(t), done)
    y = _between(MIDDLE_Y, placings()[0].lane_y, done)
    shot = _between(6.6 + 1.1 * _ease(t, 3.0, 8.0), 5.2, done)
    return _breath(aim((54.0, -40.0, 6.6), (x, y, 1.45), shot), t, 2.0, 0.004)


def _head_on(t: float) -> CameraPose:
    x = pack_x_m(t) if t > GUN_S else 0.0
    shot = 5.6 + 1.0 * _ease(t, 10.5, 14.0)
    return _breath(aim((143.0, 4.6, 3.4), (x, MIDDLE_Y, 1.15), shot), t, 3.0, 0.004)


def _start(t: float) -> CameraPose:
    leaving = _ease(t, GUN_S + 0.55, GUN_S + 2.1)
    x = _between(-0.25, min(pack_x_m(t), FINISH_M + 12), leaving)
    away = _ease(t, GUN_S + 1.7, 11.0)
    shot = _between(4.9 - 0.5 * _ease(t, 0.0, GUN_S), 5.6, leaving) + 3.6 * away
    return _breath(
        aim((8.2, -4.2, 1.05), (x, _between(4.3, MIDDLE_Y, leaving), _between(0.72, 1.3, leaving)), shot), t, 4.0, 0.004
    )


def _finish(t: float) -> CameraPose:
    ahead, follow = _ease(t, 7.2, 10.6), _ease(t, 12.0, 15.5)
    x = _between(pack_x_m(t) + 1.0, 99.7 + 5.0 * follow, ahead)
    shot = _between(6.4, 7.8, _ease(t, 2.0, 9.0))
    return _breath(aim((95.0, -13.0, 4.6), (x, MIDDLE_Y + 0.6 * ahead, 1.1), shot), t, 5.0, 0.003)


def _beauty(t: float) -> CameraPose:
    return aim((-30.0, -2.0, 41.0), (47 + 0.7 * t, 27 - 0.6 * t, 5.0 + 0.45 * t), 84 - 1.4 * t)


def _rail(t: float) -> CameraPose:
    x = leader_x_m(t) + 3.3
    bob = 0.006 * math.sin(t * 9)
    shot = 6.6 - 0.5 * _ease(t, 2.0, 5.0)
    return aim((x, -4.6, 1.5 + bob), (x - 3.9, MIDDLE_Y - 0.6, 1.2), shot)


def _crowd(t: float) -> CameraPose:
    up, near = _ease(t, 2.6, 7.0), _ease(t, 9.0, 14.0)
    target = (_between(167.0, 183.0, up), _between(49.5 - 0.5 * t, 42.3, up), _between(5.6, 17.6 + 2.4 * near, up))
    shot = _between(7.4, 26.5 - 4.5 * near, up)
    return _breath(aim((126.0, 51.0, 3.4), target, shot), t, 8.0, 0.003)


STATIONS = (
    Station(1, "cam1", "Main stand", _main, softness=1.0),
    Station(2, "cam2", "Tracking", _tracking, softness=2.8),
    Station(3, "cam3", "Head-on", _head_on, softness=2.8),
    Station(4, "cam4", "Start", _start, softness=1.6),
    Station(5, "cam5", "Finish line", _finish, softness=1.4),
    Station(6, "cam6", "Beauty", _beauty, softness=1.0),
    Station(7, "cam7", "Rail", _rail, softness=1.4),
    Station(8, "cam8", "Scoreboard", _crowd),
)

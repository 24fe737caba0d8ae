"""Where things truly are in the venue's pictures, to measure graphics by.

All is a pure function of the camera's station and the picture's number in the take. Pixels have their origin in the
corner of the picture, as graphics have them: half a pixel more than the venue's own, which begin in a pixel's centre.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from console.demo.body import INDEX, skeleton
from console.demo.cameras import Station
from console.demo.optics import CameraPose
from console.demo.race import Array, runners_at
from console.media.time import Format


class Seen(NamedTuple):
    """An athlete in a picture, in pixels."""

    chest: tuple[float, float]
    feet: tuple[float, float]
    """On the ground under the chest: the place that tracking tells."""
    depth_m: float
    """Of the chest; below zero it is behind the camera."""


def pose_in(station: Station, picture: int, form: Format) -> CameraPose:
    """The camera as it took picture `picture` of the take."""
    return station.pose_at(picture / form.rate.fps)


def pixels(station: Station, picture: int, form: Format, points_m: Array) -> tuple[Array, Array]:
    """Pixels (n, 2) and depths in metres (n,) of points of the world (n, 3)."""
    found, depths = pose_in(station, picture, form).project(np.asarray(points_m, float), form.width, form.height)
    return found + 0.5, depths


def ground_of(picture: int, form: Format, lane: int) -> Array:
    """Where on the ground (3,) the athlete of a lane (1..8) is, in metres."""
    return np.array(runners_at(picture / form.rate.fps)[lane - 1].position_m)


def athlete(station: Station, picture: int, form: Format, lane: int) -> Seen:
    """Where the athlete of a lane (1..8) is."""
    instant_s = picture / form.rate.fps
    runner = runners_at(instant_s)[lane - 1]
    points = np.stack((skeleton(runner, instant_s)[INDEX["chest"]], ground_of(picture, form, lane)))
    (chest, feet), depths = pixels(station, picture, form, points)
    return Seen((float(chest[0]), float(chest[1])), (float(feet[0]), float(feet[1])), float(depths[0]))

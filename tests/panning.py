"""A camera that pans, and a FreeD tracker at 60 Hz that is late and jitters, for the tests of the lock."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

from console.show.world import Camera, LensRow
from console.tracking.camera import CameraView, view
from console.tracking.freed import FreedSample, decode, encode
from console.tracking.mapping import CameraState, camera_from_freed, default_mapping
from console.tracking.packet import TrackingProtocol
from console.tracking.timeline import CameraTimeline

WIDTH, HEIGHT, FOCAL_PX = 1920, 1080, 2600.0
LATE_MS, JITTER_MS = 37.3, 0.5
START = 10**15
LATENCY_S = 0.2
"""How long after its exposure a picture is drawn over."""
LENS = (LensRow(focal=FOCAL_PX / WIDTH, k1=-0.08, k2=0.02),)
CAMERA = Camera("CAM 1", "freed", 1, lens=LENS)
PLACE = (4.0, -25.0, 6.0)


def pan(t: float) -> float:
    """12 degrees either way, at up to 25 degrees a second."""
    return 12 * math.sin(2 * math.pi * t / 3)


def tilt(t: float) -> float:
    return -6 + 1.5 * math.sin(2 * math.pi * t / 4.1)


def ns(seconds: float) -> int:
    return START + round(seconds * 1e9)


def arrivals(seconds: float, chance: random.Random, lost: float = 0.0) -> list[CameraState]:
    """What comes in, in the order in which it does."""
    phase, states = chance.uniform(0, 1 / 60), []
    for index in range(int(seconds * 60)):
        t = phase + index / 60
        data = encode(FreedSample(1, pan(t), tilt(t), 0.0, *PLACE, zoom=1000, focus=2000))
        arrived = ns(t + (LATE_MS + chance.gauss(0, JITTER_MS)) / 1000)
        if chance.random() >= lost:
            states.append(camera_from_freed(decode(data), default_mapping(TrackingProtocol.FREED), arrived))
    return sorted(states, key=lambda state: state.received_ns)


def truth(t: float) -> CameraView:
    exact = CameraState(PLACE, pan(t), tilt(t), 0.0, 0)
    return view(CAMERA, exact, WIDTH, HEIGHT)


def pictures_of(chance: random.Random, first_s: float = 5.0, seconds: float = 4.0) -> list[float]:
    phase = chance.uniform(0, 0.02)
    return [first_s + phase + index / 50 for index in range(int(seconds * 50))]


def sampled(states: list[CameraState], pictures: list[float], delay_ms: float) -> Iterator[CameraView]:
    """The camera of each picture, by what has come when the picture is drawn over."""
    timeline, coming = CameraTimeline(), iter(states)
    waiting = next(coming, None)
    for t in pictures:
        while waiting is not None and waiting.received_ns <= ns(t + LATENCY_S):
            timeline.add(waiting)
            waiting = next(coming, None)
        found = timeline.at(ns(t) - round(delay_ms * 1e6))
        assert found is not None
        assert found.strength == 1.0
        yield view(CAMERA, found.state, WIDTH, HEIGHT)

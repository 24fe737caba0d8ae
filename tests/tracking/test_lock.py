"""A graphic locked to the world: FreeD at 60 Hz, late and jittering, under 1080p50 pictures of a camera that pans.

The mathematical part: where a point of the world is drawn against where the camera saw it, over the whole frame. The
samples go through the FreeD codec, and only those that have come by the time of drawing are known.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import numpy as np
import pytest
from panorama import Panorama

from console.show.world import Camera, LensRow
from console.tracking.camera import Array, CameraView, rotation, view
from console.tracking.delay import find_delay
from console.tracking.freed import FreedSample, decode, encode
from console.tracking.mapping import CameraState, camera_from_freed, default_mapping
from console.tracking.packet import TrackingProtocol
from console.tracking.timeline import CameraTimeline
from console.tracking.turning import PictureTurning, Turning

WIDTH, HEIGHT, FOCAL_PX = 1920, 1080, 2600.0
LATE_MS, JITTER_MS = 37.3, 0.5
START = 10**15
LATENCY_S = 0.2
"""How long after its exposure a picture is drawn over."""
LENS = (LensRow(focal=FOCAL_PX / WIDTH, k1=-0.08, k2=0.02),)
CAMERA = Camera("CAM 1", "freed", 1, lens=LENS)
PLACE = (4.0, -25.0, 6.0)


def _pan(t: float) -> float:
    """12 degrees either way, at up to 25 degrees a second."""
    return 12 * math.sin(2 * math.pi * t / 3)


def _tilt(t: float) -> float:
    return -6 + 1.5 * math.sin(2 * math.pi * t / 4.1)


def _ns(seconds: float) -> int:
    return START + round(seconds * 1e9)


def _arrivals(seconds: float, chance: random.Random, lost: float = 0.0) -> list[CameraState]:
    """What comes in, in the order in which it does."""
    phase, states = chance.uniform(0, 1 / 60), []
    for index in range(int(seconds * 60)):
        t = phase + index / 60
        data = encode(FreedSample(1, _pan(t), _tilt(t), 0.0, *PLACE, zoom=1000, focus=2000))
        arrived = _ns(t + (LATE_MS + chance.gauss(0, JITTER_MS)) / 1000)
        if chance.random() >= lost:
            states.append(camera_from_freed(decode(data), default_mapping(TrackingProtocol.FREED), arrived))
    return sorted(states, key=lambda state: state.received_ns)


def _truth(t: float) -> CameraView:
    exact = CameraState(PLACE, _pan(t), _tilt(t), 0.0, 0)
    return view(CAMERA, exact, WIDTH, HEIGHT)


def _grid() -> Array:
    grid = np.meshgrid(np.linspace(0, WIDTH, 7), np.linspace(0, HEIGHT, 5))
    return np.stack(grid, axis=-1).reshape(-1, 2)


Drawn = Callable[[float], CameraState | None]


def _off_px(states: list[CameraState], pictures: list[float], delay_ms: float) -> Array:
    """How far from its place each point of each picture is drawn, in pixels (pictures, points)."""
    timeline, coming, off = CameraTimeline(), iter(states), []
    waiting = next(coming)
    for t in pictures:
        while waiting is not None and waiting.received_ns <= _ns(t + LATENCY_S):
            timeline.add(waiting)
            waiting = next(coming, None)  # type: ignore[arg-type]
        found = timeline.at(_ns(t) - round(delay_ms * 1e6))
        assert found
        assert found.strength == 1.0
        off.append(_wrong(view(CAMERA, found.state, WIDTH, HEIGHT), t))
    return np.array(off)


def _wrong(drawn: CameraView, t: float) -> Array:
    truth = _truth(t)
    points = truth.position_m + 40 * truth.ray(_grid())
    return np.asarray(np.linalg.norm(drawn.project(points)[0] - _grid(), axis=1), np.float64)


def _found_delay_ms(states: list[CameraState], seconds: float, seed: int) -> float:
    """By pictures that tell their angles within 0.1 px of 1920; test_delay has the pictures themselves."""
    chance = np.random.default_rng(seed)
    instants = np.arange(0.5, seconds, 0.02)
    noise = np.degrees(chance.normal(0, 0.1 / FOCAL_PX, (len(instants), 2)))
    first = rotation(_pan(0.5), _tilt(0.5), 0.0)
    turned = [
        rotation(_pan(t) + a, _tilt(t) + b, 0.0) @ first.T for t, (a, b) in zip(instants.tolist(), noise, strict=True)
    ]
    timeline = CameraTimeline(history_ns=8_000_000_000)
    for state in states:
        if state.received_ns < _ns(seconds + 0.5):
            timeline.add(state)
    return find_delay(*timeline.turning(), Turning(START + instants * 1e9, np.array(turned))).delay_ms


def _pictures(chance: random.Random, first_s: float = 5.0, seconds: float = 4.0) -> list[float]:
    phase = chance.uniform(0, 0.02)
    return [first_s + phase + index / 50 for index in range(int(seconds * 50))]


@pytest.mark.parametrize("seed", range(6))
def test_it_is_locked(seed: int) -> None:
    chance = random.Random(seed)
    states = _arrivals(10.0, chance)
    delay_ms = _found_delay_ms(states, 4.5, seed)
    assert delay_ms == pytest.approx(-LATE_MS, abs=0.5)
    off = _off_px(states, _pictures(chance), delay_ms)
    assert np.sqrt((off**2).mean()) <= 0.4
    assert off.max() <= 1.5


def test_it_stays_locked_when_a_twentieth_is_lost() -> None:
    chance = random.Random(99)
    states = _arrivals(10.0, chance, lost=0.05)
    off = _off_px(states, _pictures(chance), _found_delay_ms(states, 4.5, 1))
    assert np.sqrt((off**2).mean()) <= 0.4
    assert off.max() <= 1.5


def test_pictures_themselves_tell_the_delay_well_enough() -> None:
    """All of it, from grey pictures a fifth as wide to the error in full pixels."""
    chance, panorama = random.Random(4), Panorama()
    states = _arrivals(9.0, chance)
    seen, timeline = PictureTurning(FOCAL_PX / WIDTH), CameraTimeline(history_ns=8_000_000_000)
    for t in _pictures(chance, 0.5, 2.5):
        seen.add(panorama.seen(_pan(t), _tilt(t), focal=FOCAL_PX / WIDTH, width=WIDTH // 5), _ns(t))
    for state in states:
        if state.received_ns < _ns(4.0):
            timeline.add(state)
    found = find_delay(*timeline.turning(), seen.turning)
    assert found.delay_ms == pytest.approx(-LATE_MS, abs=0.5)
    off = _off_px(states, _pictures(chance, seconds=3.0), found.delay_ms)
    assert np.sqrt((off**2).mean()) <= 0.4
    assert off.max() <= 1.5


def test_what_would_not_do() -> None:
    """The same without each of its parts, so that the numbers above mean something."""
    chance = random.Random(5)
    states, pictures = _arrivals(10.0, chance), _pictures(chance)

    def rms(off: Array) -> float:
        return float(np.sqrt((off**2).mean()))

    right = rms(_off_px(states, pictures, -LATE_MS))
    assert rms(_off_px(states, pictures, 0.0)) > 20
    assert rms(_off_px(states, pictures, -LATE_MS + 1.0)) > 2 * right
    nearest = []
    for t in pictures:
        instant_ns = _ns(t + LATE_MS / 1000)
        state = min(states, key=lambda one: abs(one.received_ns - instant_ns))
        nearest.append(_wrong(view(CAMERA, state, WIDTH, HEIGHT), t))
    assert rms(np.array(nearest)) > 2.0

"""A graphic locked to the world: FreeD at 60 Hz, late and jittering, under 1080p50 pictures of a camera that pans.

The mathematical part: where a point of the world is drawn against where the camera saw it, over the whole frame. The
samples go through the FreeD codec, and only those that have come by the time of drawing are known.
"""

from __future__ import annotations

import random

import numpy as np
import pytest
from panning import (
    CAMERA,
    FOCAL_PX,
    HEIGHT,
    LATE_MS,
    START,
    WIDTH,
    arrivals,
    ns,
    pan,
    pictures_of,
    sampled,
    tilt,
    truth,
)
from panorama import Panorama

from console.tracking.camera import Array, CameraView, rotation, view
from console.tracking.delay import find_delay
from console.tracking.mapping import CameraState
from console.tracking.timeline import CameraTimeline
from console.tracking.turning import PictureTurning, Turning


def _grid() -> Array:
    grid = np.meshgrid(np.linspace(0, WIDTH, 7), np.linspace(0, HEIGHT, 5))
    return np.stack(grid, axis=-1).reshape(-1, 2)


def _off_px(states: list[CameraState], pictures: list[float], delay_ms: float) -> Array:
    """How far from its place each point of each picture is drawn, in pixels (pictures, points)."""
    views = sampled(states, pictures, delay_ms)
    return np.array([_wrong(drawn, t) for drawn, t in zip(views, pictures, strict=True)])


def _wrong(drawn: CameraView, t: float) -> Array:
    exact = truth(t)
    points = exact.position_m + 40 * exact.ray(_grid())
    return np.asarray(np.linalg.norm(drawn.project(points)[0] - _grid(), axis=1), np.float64)


def _found_delay_ms(states: list[CameraState], seconds: float, seed: int) -> float:
    """By pictures that tell their angles within 0.1 px of 1920; test_delay has the pictures themselves."""
    chance = np.random.default_rng(seed)
    instants = np.arange(0.5, seconds, 0.02)
    noise = np.degrees(chance.normal(0, 0.1 / FOCAL_PX, (len(instants), 2)))
    first = rotation(pan(0.5), tilt(0.5), 0.0)
    turned = [
        rotation(pan(t) + a, tilt(t) + b, 0.0) @ first.T for t, (a, b) in zip(instants.tolist(), noise, strict=True)
    ]
    timeline = CameraTimeline(history_ns=8_000_000_000)
    for state in states:
        if state.received_ns < ns(seconds + 0.5):
            timeline.add(state)
    return find_delay(*timeline.turning(), Turning(START + instants * 1e9, np.array(turned))).delay_ms


@pytest.mark.parametrize("seed", range(6))
def test_it_is_locked(seed: int) -> None:
    chance = random.Random(seed)
    states = arrivals(10.0, chance)
    delay_ms = _found_delay_ms(states, 4.5, seed)
    assert delay_ms == pytest.approx(-LATE_MS, abs=0.5)
    off = _off_px(states, pictures_of(chance), delay_ms)
    assert np.sqrt((off**2).mean()) <= 0.4
    assert off.max() <= 1.5


def test_it_stays_locked_when_a_twentieth_is_lost() -> None:
    chance = random.Random(99)
    states = arrivals(10.0, chance, lost=0.05)
    off = _off_px(states, pictures_of(chance), _found_delay_ms(states, 4.5, 1))
    assert np.sqrt((off**2).mean()) <= 0.4
    assert off.max() <= 1.5


def test_pictures_themselves_tell_the_delay_well_enough() -> None:
    """All of it, from grey pictures a fifth as wide to the error in full pixels."""
    chance, panorama = random.Random(4), Panorama()
    states = arrivals(9.0, chance)
    seen, timeline = PictureTurning(FOCAL_PX / WIDTH), CameraTimeline(history_ns=8_000_000_000)
    for t in pictures_of(chance, 0.5, 2.5):
        seen.add(panorama.seen(pan(t), tilt(t), focal=FOCAL_PX / WIDTH, width=WIDTH // 5), ns(t))
    for state in states:
        if state.received_ns < ns(4.0):
            timeline.add(state)
    found = find_delay(*timeline.turning(), seen.turning)
    assert found.delay_ms == pytest.approx(-LATE_MS, abs=0.5)
    off = _off_px(states, pictures_of(chance, seconds=3.0), found.delay_ms)
    assert np.sqrt((off**2).mean()) <= 0.4
    assert off.max() <= 1.5


def test_what_would_not_do() -> None:
    """The same without each of its parts, so that the numbers above mean something."""
    chance = random.Random(5)
    states, pictures = arrivals(10.0, chance), pictures_of(chance)

    def rms(off: Array) -> float:
        return float(np.sqrt((off**2).mean()))

    right = rms(_off_px(states, pictures, -LATE_MS))
    assert rms(_off_px(states, pictures, 0.0)) > 20
    assert rms(_off_px(states, pictures, -LATE_MS + 1.0)) > 2 * right
    nearest = []
    for t in pictures:
        instant_ns = ns(t + LATE_MS / 1000)
        state = min(states, key=lambda one: abs(one.received_ns - instant_ns))
        nearest.append(_wrong(view(CAMERA, state, WIDTH, HEIGHT), t))
    assert rms(np.array(nearest)) > 2.0

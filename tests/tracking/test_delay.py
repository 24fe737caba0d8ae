"""The delay between tracking and picture: how pictures turn, and where the tracker's curve lies on theirs."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import numpy as np
import pytest
from panorama import Panorama

from console.errors import ConsoleError
from console.show.world import Camera, LensRow
from console.tracking.camera import Array, CameraView, rotation, view
from console.tracking.delay import Delay, find_delay
from console.tracking.mapping import CameraState
from console.tracking.timeline import CameraTimeline
from console.tracking.turning import PictureTurning, Turning, Turns, turned_between

START = 10**15
FOCAL = 1.354
Angle = Callable[[float], float]


def _pan(t: float) -> float:
    return 10 * math.sin(2 * math.pi * t / 2.9 + 0.4)


def _tilt(t: float) -> float:
    return -4 + 2 * math.sin(2 * math.pi * t / 2.3)


def _ns(seconds: float) -> int:
    return START + round(seconds * 1e9)


def _tracked(
    late_ms: float, pan: Angle = _pan, tilt: Angle = _tilt, *, first_s: float = -0.4, last_s: float = 4.4
) -> tuple[Array, Array]:
    """What a tracker at 60 Hz tells, that comes late and with 0.5 ms of jitter."""
    chance = random.Random(7)
    timeline = CameraTimeline(history_ns=8_000_000_000)
    for index in range(int((last_s - first_s) * 60)):
        t = first_s + index / 60 + 0.004
        arrived = _ns(t + late_ms / 1000 + chance.gauss(0, 0.0005))
        timeline.add(CameraState((0.0, 0.0, 5.0), pan(t), tilt(t), 0.0, arrived))
    return timeline.turning()


def _turned(pan: Angle, tilt: Angle, seconds: float = 4.0, noise_px: float = 0.05) -> Turning:
    """What pictures at 50 Hz would tell, without pictures."""
    chance = np.random.default_rng(5)
    instants = np.arange(round(seconds * 50)) / 50
    first = rotation(pan(0.0), tilt(0.0), 0.0)
    off_deg = np.degrees(chance.normal(0, noise_px / (FOCAL * 1920), (len(instants), 2)))
    rotations = [
        rotation(pan(t) + a, tilt(t) + b, 0.0) @ first.T for t, (a, b) in zip(instants.tolist(), off_deg, strict=True)
    ]
    return Turning(START + instants * 1e9, np.array(rotations))


@pytest.fixture(scope="module")
def turning() -> Turning:
    """How three seconds of pictures turn, with somebody running through them."""
    panorama, seen = Panorama(), PictureTurning(FOCAL)
    for index in range(150):
        t = index / 50
        luma = panorama.seen(_pan(t), _tilt(t), focal=FOCAL, width=320)
        left = 20 + index
        luma[60:150, left : left + 50] = luma[60:150, left : left + 50] // 3 + 10 * (index % 7)
        assert seen.add(luma, _ns(t)) == (index > 0)
    return seen.turning


def test_pictures_tell_how_the_camera_turned(turning: Turning) -> None:
    first = rotation(_pan(0.0), _tilt(0.0), 0.0)
    off_px = []
    for instant_ns, found in zip(turning.instants_ns.tolist(), turning.rotations, strict=True):
        t = (instant_ns - START) / 1e9
        ahead = (found @ first)[2]
        truth = rotation(_pan(t), _tilt(t), 0.0)
        off_px.append((truth @ ahead)[:2] * FOCAL * 320)
    assert len(off_px) == 150
    assert np.sqrt(np.mean(np.square(off_px))) < 0.15, "px of a picture 320 wide"


@pytest.mark.parametrize("late_ms", [37.3, -20.0, 0.0, 180.0])
def test_the_delay_is_found_from_pictures(turning: Turning, late_ms: float) -> None:
    found = find_delay(*_tracked(late_ms), turning)
    assert found.delay_ms == pytest.approx(-late_ms, abs=0.5)
    assert found.error_ms < 0.3
    assert found.agreement > 0.999
    assert found.focal_factor == pytest.approx(1.0, abs=0.01)


def test_the_error_is_about_what_it_says() -> None:
    """Ten times the noise, so what is left of the jitter of arrivals counts for nothing."""
    found = [_with_noise(seed) for seed in range(12)]
    wrong = np.array([delay.delay_ms + 37.3 for delay in found])
    told = np.array([delay.error_ms for delay in found])
    assert 0.4 < np.sqrt(np.mean(wrong**2)) / np.median(told) < 2.5


def _with_noise(seed: int) -> Delay:
    chance = np.random.default_rng(seed)
    instants = np.arange(200) / 50
    first = rotation(_pan(0.0), _tilt(0.0), 0.0)
    off_deg = chance.normal(0, 0.1, (200, 2))
    turns = [rotation(_pan(t) + a, _tilt(t) + b, 0.0) @ first.T for t, (a, b) in zip(instants, off_deg, strict=True)]
    return find_delay(*_tracked(37.3), Turning(START + instants * 1e9, np.array(turns)))


def test_a_wrong_focal_length_is_told_and_does_no_harm() -> None:
    panorama, seen = Panorama(seed=9), PictureTurning(focal=1.2)
    for index in range(120):
        seen.add(panorama.seen(_pan(index / 50), -2.0, focal=FOCAL, width=256), _ns(index / 50))
    found = find_delay(*_tracked(37.3, tilt=lambda t: -2.0), seen.turning)
    assert found.delay_ms == pytest.approx(-37.3, abs=0.6)
    assert found.focal_factor == pytest.approx(FOCAL / 1.2, rel=0.02)


def test_a_camera_that_only_tilts_will_do() -> None:
    def tilt(t: float) -> float:
        return 5 * math.sin(2 * t)

    found = find_delay(*_tracked(25.0, lambda t: 30.0, tilt), _turned(lambda t: 30.0, tilt))
    assert found.delay_ms == pytest.approx(-25.0, abs=0.5)


def test_a_pan_through_180_degrees_is_no_leap() -> None:
    def pan(t: float) -> float:
        return math.remainder(178 + _pan(t), 360.0)

    found = find_delay(*_tracked(37.3, pan), _turned(pan, _tilt))
    assert found.delay_ms == pytest.approx(-37.3, abs=0.3)


@pytest.mark.parametrize(
    ("pan", "told", "says"),
    [
        (lambda t: 3.0, lambda t: 3.0, "turned by 0.00 degrees"),
        (lambda t: 8 * t, lambda t: 8 * t, "only sure within|turned evenly"),
        (_pan, lambda t: -_pan(t), "other way|others nearly"),
        (_pan, lambda t: 9 * math.sin(5 * t * t), "do not turn as the tracker says"),
        (lambda t: 10 * math.sin(20 * t), lambda t: 10 * math.sin(20 * t), "others nearly as well"),
        (_pan, lambda t: _pan(t + 0.7), "do not turn|others nearly"),
    ],
    ids=["stands", "pans evenly", "wrong sign", "another camera", "rocks", "too far off"],
)
def test_what_cannot_be_told_is_refused(pan: Angle, told: Angle, says: str) -> None:
    with pytest.raises(ConsoleError, match=says) as refusal:
        find_delay(*_tracked(37.3, told, lambda t: -4.0), _turned(pan, lambda t: -4.0))
    assert refusal.value.remedy


def test_too_little_of_either_is_refused() -> None:
    with pytest.raises(ConsoleError, match="together for 1"):
        find_delay(*_tracked(37.3), _turned(_pan, _tilt, seconds=1.2))
    with pytest.raises(ConsoleError, match=r"together for 0\.0 s"):
        find_delay(*_tracked(37.3, first_s=100.0, last_s=104.0), _turned(_pan, _tilt))
    with pytest.raises(ConsoleError, match="no pictures and tracking"):
        find_delay(*_tracked(37.3), PictureTurning().turning)
    with pytest.raises(ConsoleError, match="no pictures and tracking"):
        find_delay(*CameraTimeline().turning(), _turned(_pan, _tilt))


def test_a_cut_or_a_picture_of_nothing_begins_anew() -> None:
    seen, one, other = PictureTurning(FOCAL), Panorama(seed=1), Panorama(seed=2)
    for index in range(5):
        assert seen.add(one.seen(index * 0.3, 0.0, width=256), _ns(index / 50)) == (index > 0)
    assert not seen.add(other.seen(1.5, 0.0, width=256), _ns(0.1))
    assert len(seen.turning.instants_ns) == 1
    assert seen.add(other.seen(1.8, 0.0, width=256), _ns(0.12))
    flat = np.full((144, 256), 90, np.uint8)
    assert not seen.add(flat, _ns(0.14))
    assert not seen.add(flat, _ns(0.16))
    assert not seen.add(other.seen(1.8, 0.0, width=320), _ns(0.18)), "another size"
    assert not seen.add(other.seen(1.8, 0.0, width=320), _ns(0.18)), "the same instant"


def _pairs(late_ms: float, zoomed: bool, seed: int = 11) -> Turns:
    """Pairs of pictures 160 ms apart, looked at now and then while the camera pans and zooms; the views that are
    guessed are those of another delay."""
    panorama, chance = Panorama(seed=seed), np.random.default_rng(seed)
    model = Camera("cam", "in", 1, lens=(LensRow(zoom=1.0, focal=1.0), LensRow(zoom=2.0, focal=2.0)))

    def focal(t: float) -> float:
        return FOCAL * (1 + 0.1 * math.sin(t)) if zoomed else FOCAL

    def guessed(t: float) -> CameraView:
        there = CameraState((0.0, 0.0, 5.0), _pan(t), _tilt(t), 0.0, 0, zoom=focal(t))
        return view(model, there, 480, 270)

    found = []
    for _ in range(40):
        one = float(chance.uniform(0.0, 3.8))
        other = one + 0.16
        pictures = [panorama.seen(_pan(t), _tilt(t), focal=focal(t)) for t in (one, other)]
        turn = turned_between(*pictures, guessed(one - late_ms / 1000), guessed(other - late_ms / 1000))
        assert turn is not None
        found.append((_ns(one), _ns(other), *turn))
    rows = np.array(sorted(found), np.float64)
    return Turns(rows[:, 0], rows[:, 1], rows[:, 2:])


@pytest.mark.parametrize(("guessed_late_ms", "zoomed"), [(0.0, False), (60.0, False), (40.0, True)])
def test_pairs_of_pictures_now_and_then_will_do(guessed_late_ms: float, zoomed: bool) -> None:
    turns = _pairs(guessed_late_ms, zoomed)
    found = find_delay(*_tracked(37.3), turns)
    assert found.delay_ms == pytest.approx(-37.3, abs=0.5)
    assert found.error_ms < 0.4
    assert found.focal_factor == pytest.approx(1.0, abs=0.01)


def test_pairs_of_a_camera_that_pans_evenly_say_nothing() -> None:
    begun = np.sort(np.random.default_rng(2).uniform(0.0, 3.8, 60))
    noise = np.random.default_rng(3).normal(0.0, 0.001, (60, 2))
    even = Turns(START + begun * 1e9, START + (begun + 0.16) * 1e9, np.array([8 * 0.16, 0.0]) + noise)
    with pytest.raises(ConsoleError):
        find_delay(*_tracked(37.3, lambda t: 8 * t, lambda t: -2.0), even)


def test_pictures_that_have_nothing_in_common_tell_no_turn() -> None:
    here, there = Panorama(seed=4).seen(0.0, 0.0), Panorama(seed=5).seen(0.0, 0.0)
    seen = view(Camera("cam", lens=(LensRow(focal=FOCAL),)), None, 480, 270)
    assert turned_between(here, there, seen, seen) is None
    assert turned_between(np.full_like(here, 90), there, seen, seen) is None, "nothing to hold on to"
    assert turned_between(here, there[:200], seen, seen) is None, "another size"
    turn = turned_between(here, Panorama(seed=4).seen(1.0, 0.5), seen, seen)
    assert turn == pytest.approx((1.0, 0.5), abs=0.003)


def test_a_camera_that_is_cut_back_to_its_beginning_is_not_misread() -> None:
    """A slow pan that is repeated every 12 seconds. Where another delay would have one pair of pictures lie across the
    joint, the tracker's leap must not make that delay look like a wall with another valley behind it."""
    times = np.arange(0.0, 24.0, 1 / 60)

    def pan(t: Array) -> Array:
        t = t % 12
        return np.asarray(8 * t - 36 / np.pi * np.cos(np.pi * t / 6))

    begun = np.sort([*np.random.default_rng(8).uniform(0.6, 11.2, 40), 11.75])
    turned = np.stack((pan(begun + 0.16) - pan(begun), np.zeros(41)), axis=1)
    turned += np.random.default_rng(9).normal(0, 0.0005, turned.shape)
    turns = Turns(START + begun * 1e9, START + (begun + 0.16) * 1e9, turned)
    angles = np.stack((pan(times), np.full_like(times, -2.0), np.zeros_like(times)), axis=1)
    found = find_delay(START + (times + 0.0373) * 1e9, angles, turns)
    assert found.delay_ms == pytest.approx(-37.3, abs=1.0)

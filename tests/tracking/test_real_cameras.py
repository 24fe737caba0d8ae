"""Four real cameras around a treadmill, whose published calibration is some ten pixels off.

Reads `pose2sim_demo/` (Pose2Sim's demonstration, BSD-3-Clause) in the folder that PODIUM_TEST_DATA names, in place.
Parts of the machine were pointed at by hand in the first picture of each; four stickers on it are found in the
pictures by their brightness and used for nothing but to look how far off the cameras are.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from console.show.world import Camera, LensRow
from console.tracking.adjustment import angles_of
from console.tracking.calibration import Calibration, calibrate
from console.tracking.camera import CameraView, view
from console.tracking.sightings import PointSeen
from console.tracking.verdict import Word, judge

WIDTHS, HEIGHT = {"cam01": 1080, "cam02": 1080, "cam03": 1088, "cam04": 1088}, 1920
STICKERS = {
    "cam01": {"left_far": (108, 1061), "left_near": (318, 1336), "right_far": (519, 1064), "right_near": (767, 1290)},
    "cam02": {"left_far": (440, 1042), "left_near": (326, 1208), "right_far": (789, 1084), "right_near": (758, 1270)},
    "cam03": {"left_far": (874, 1234), "right_near": (165, 1241), "right_far": (485, 1431)},
    "cam04": {"left_near": (889, 1070), "left_far": (836, 1411), "right_far": (385, 1397)},
}
"""Left and right, near and far as the first camera sees them; one is hidden behind the athlete in two views."""
CLICKS = {
    "cam01": {
        "bolt_left_far": (67, 1058), "bolt_left_near": (279, 1360), "bolt_right_far": (510, 1033),
        "bolt_right_near": (787, 1277), "plank_left_near": (572, 1525), "plank_right_near": (825, 1440),
        "tube_left": (667, 1520), "tube_right": (947, 1427),
    },
    "cam02": {
        "bolt_left_far": (415, 1033), "bolt_left_near": (283, 1212), "bolt_right_far": (823, 1062),
        "bolt_right_near": (802, 1263), "plank_left_near": (318, 1348), "tube_left": (275, 1317),
        "tube_right": (632, 1345),
    },
    "cam03": {
        "bolt_left_far": (911, 1227), "bolt_right_near": (141, 1265), "bolt_right_far": (520, 1498),
        "plank_right_near": (135, 1142), "plank_left_far": (990, 1332), "plank_right_far": (828, 1495),
        "tube_left": (262, 972), "tube_right": (64, 1061),
    },
    "cam04": {
        "bolt_left_near": (932, 1055), "bolt_left_far": (884, 1428), "bolt_right_far": (325, 1462),
        "plank_left_far": (715, 1590), "plank_right_far": (388, 1620), "plank_left_near": (843, 950),
        "tube_right": (615, 927),
    },
}  # fmt: skip
_ROUNDS = 6

Pixels = dict[str, dict[str, tuple[float, float]]]


@pytest.fixture(scope="module")
def demo() -> Path:
    folder = Path(os.environ.get("PODIUM_TEST_DATA", "")) / "pose2sim_demo"
    if not os.environ.get("PODIUM_TEST_DATA") or not (folder / "Calib_qualisys.toml").exists():
        pytest.skip("PODIUM_TEST_DATA names no folder with pose2sim_demo/")
    return folder


@pytest.fixture(scope="module")
def published(demo: Path) -> dict[str, Camera]:
    """The cameras as the file has them; OpenCV's pixels are half of one less than ours."""
    told = tomllib.loads((demo / "Calib_qualisys.toml").read_text())
    cameras = {}
    for name in CLICKS:
        turn = cv2.Rodrigues(np.array(told[name]["rotation"]))[0]
        x, y, z = -turn.T @ np.array(told[name]["translation"])
        pan, tilt, roll = angles_of(turn)
        (focal, _, centre_x), (_, _, centre_y), _ = told[name]["matrix"]
        k1, k2, p1, p2 = told[name]["distortions"]
        width = WIDTHS[name]
        centre = ((centre_x + 0.5 - width / 2) / width, (centre_y + 0.5 - HEIGHT / 2) / width)
        lens = LensRow(0, 0, focal / width, k1, k2, 0.0, p1, p2, *centre)
        cameras[name] = Camera(name, "", 0, 0.0, (x, y, z), pan, tilt, roll, (lens,))
    return cameras


def _bright_spot(luma: np.ndarray, near: tuple[int, int]) -> tuple[float, float]:
    """The middle of the bright spot near a pixel, from the picture's corner."""
    x, y = near
    patch = luma[y - 7 : y + 8, x - 7 : x + 8].astype(float)
    over = np.clip(patch - (np.median(patch) + np.ptp(patch) / 2), 0, None)
    _, labels = cv2.connectedComponents((over > 0).astype(np.uint8))
    rows, columns = np.nonzero(over)
    nearest = int(np.hypot(rows - 7, columns - 7).argmin())
    over *= labels == labels[rows[nearest], columns[nearest]]
    down, across = np.mgrid[: over.shape[0], : over.shape[1]]
    return float((over * across).sum() / over.sum() + x - 6.5), float((over * down).sum() / over.sum() + y - 6.5)


@pytest.fixture(scope="module")
def stickers(demo: Path) -> Pixels:
    found: Pixels = {}
    for name, near in STICKERS.items():
        with av.open(str(demo / "SinglePerson" / f"{name}.mp4")) as clip:
            luma = next(clip.decode(video=0)).to_ndarray(format="gray")
        assert luma.shape == (HEIGHT, WIDTHS[name])
        found[name] = {sticker: _bright_spot(luma, at) for sticker, at in near.items()}
        for sticker, at in found[name].items():
            assert np.hypot(at[0] - near[sticker][0] - 0.5, at[1] - near[sticker][1] - 0.5) < 4, (name, sticker)
    return found


def _views(cameras: dict[str, Camera]) -> dict[str, CameraView]:
    return {name: view(camera, None, WIDTHS[name], HEIGHT) for name, camera in cameras.items()}


def _met(views: dict[str, CameraView], pixels: Pixels) -> dict[str, np.ndarray]:
    """Where the rays of each point come nearest to each other, of those that two cameras see."""
    points = {}
    for name in {name for seen in pixels.values() for name in seen}:
        seers = [camera for camera in pixels if name in pixels[camera]]
        if len(seers) < 2:
            continue
        across = [np.eye(3) - np.outer(ray, ray) for c in seers for ray in views[c].ray(np.array([pixels[c][name]]))]
        places = [views[c].position_m for c in seers]
        points[name] = np.linalg.solve(sum(across), sum(a @ at for a, at in zip(across, places, strict=True)))
    return points


def _off_px(cameras: dict[str, Camera], pixels: Pixels) -> float:
    """Root mean square of how far the points, put where the cameras' rays meet, are drawn from where they were seen."""
    views = _views(cameras)
    points = _met(views, pixels)
    off = [
        views[camera].project(points[name][None])[0][0] - at
        for camera, seen in pixels.items()
        for name, at in seen.items()
        if name in points
    ]
    return float(np.sqrt((np.array(off) ** 2).sum(axis=1).mean()))


def _seen(camera: str, points: dict[str, np.ndarray]) -> list[PointSeen]:
    named = {name: (float(x), float(y), float(z)) for name, (x, y, z) in points.items()}
    return [PointSeen(name, named[name], (x + 0.5, y + 0.5)) for name, (x, y) in CLICKS[camera].items()]


def _clicked(cameras: dict[str, Camera]) -> dict[str, np.ndarray]:
    return _met(
        _views(cameras), {c: {n: (x + 0.5, y + 0.5) for n, (x, y) in seen.items()} for c, seen in CLICKS.items()}
    )


@pytest.fixture(scope="module")
def resected(published: dict[str, Camera]) -> dict[str, Calibration]:
    """Each camera from the clicked points in turn, and the points from the cameras again, until they agree."""
    cameras, found = published, dict[str, Calibration]()
    for _ in range(_ROUNDS):
        points = _clicked(cameras)
        found = {c: calibrate(cameras[c], _seen(c, points), WIDTHS[c], HEIGHT) for c in CLICKS}
        cameras = {name: calibration.camera for name, calibration in found.items()}
    return found


def test_resection_on_real_pictures(
    published: dict[str, Camera], resected: dict[str, Calibration], stickers: Pixels
) -> None:
    cameras = {name: calibration.camera for name, calibration in resected.items()}
    before, after = _off_px(published, stickers), _off_px(cameras, stickers)
    print(f"stickers are drawn {before:.2f} px off as published, {after:.2f} px resected")
    assert 7 < before < 14
    assert after < 2.5
    for name, camera in cameras.items():
        assert np.linalg.norm(np.array(camera.position_m) - published[name].position_m) < 0.1
    heights = [at[2] for at in _met(_views(cameras), stickers).values()]
    assert np.ptp(heights) < 0.02  # they lie on one level


def test_the_verdict_on_real_cameras(published: dict[str, Camera], resected: dict[str, Calibration]) -> None:
    points = _clicked(published)
    for name, calibration in resected.items():
        settled = judge(calibration)
        assert settled.word is not Word.POOR, settled
        assert not calibration.left_out
        # Points that were put where cameras meet that are off themselves: the one camera can't make up for it.
        once = judge(calibrate(published[name], _seen(name, points), WIDTHS[name], HEIGHT))
        print(f"{name}: {once.rms_px:.2f} px at once, {settled.rms_px:.2f} px settled, {settled.sentence}")
        assert settled.rms_px < min(once.rms_px, 2.0)

"""A ring and a line on the floor of a real room, in four real, calibrated cameras of one person.

The pictures are the demonstration of the Pose2Sim project. They are read where they are: PODIUM_TEST_DATA names the
folder that has `pose2sim_demo` in it. The world's floor is the top of a treadmill; bright rails run along both of its
sides, and the person stands on one foot near x = -1.
"""

from __future__ import annotations

import math
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from console.graphics.convert import OverlayPicture
from console.graphics.scene import Scene, SceneRenderer
from console.media.picture import new_picture
from console.show.world import Camera, Element, ElementKind, Group, LensRow
from console.tracking.camera import Array, CameraView, view

DATA = Path(os.environ.get("PODIUM_TEST_DATA", "")) / "pose2sim_demo"
CAMERAS = ("cam01", "cam02", "cam03", "cam04")
RING_M, RADIUS_M = (-1.05, 0.0, 0.0), 0.4
LINE_M = ((-1.5, -0.5, 0.0), (-0.1, -0.5, 0.0)), ((-1.5, 0.54, 0.0), (-0.1, 0.54, 0.0))
"""Along the middle of each rail, as all four cameras see it."""
OFF_M = 0.04
"""The calibration is known to be off by up to 10 px, which is 3 cm here, and a rail is 2 cm wide."""

pytestmark = pytest.mark.skipif(
    not (os.environ.get("PODIUM_TEST_DATA") and DATA.is_dir()),
    reason="PODIUM_TEST_DATA does not name a folder with pose2sim_demo",
)


@dataclass(frozen=True)
class Shot:
    """One camera: as its file has it, as a view of ours, and its picture without what moves (blue, green, red)."""

    matrix: Array
    distortion: Array
    turn: Array
    shift_m: Array
    view: CameraView
    picture: np.ndarray

    def file_pixels(self, points_m: Array) -> Array:
        """OpenCV's own projection, with our origin of pixels."""
        found, _ = cv2.projectPoints(points_m, self.turn, self.shift_m, self.matrix, self.distortion)
        return np.asarray(found.reshape(-1, 2) + 0.5, np.float64)


def _camera(matrix: Array, distortion: Array, turn: Array, shift_m: Array, width: int, height: int) -> Camera:
    """A fixed camera of the set-up: a place, three angles, a lens in picture widths."""
    rotation = cv2.Rodrigues(turn)[0]
    right, forward = rotation[0], rotation[2]
    pan, tilt = math.atan2(forward[0], forward[1]), math.asin(forward[2])
    level = np.array([math.cos(pan), -math.sin(pan), 0.0])
    down = np.array([math.sin(pan) * math.sin(tilt), math.cos(pan) * math.sin(tilt), -math.cos(tilt)])
    roll = math.atan2(right @ down, right @ level)
    k1, k2, p1, p2 = (float(value) for value in distortion)
    row = LensRow(
        focal=float(matrix[0, 0]) / width, k1=k1, k2=k2, p1=p1, p2=p2,
        centre_x=(float(matrix[0, 2]) + 0.5 - width / 2) / width,
        centre_y=(float(matrix[1, 2]) + 0.5 - height / 2) / width,
    )  # fmt: skip
    place = tuple(float(part) for part in -rotation.T @ shift_m)
    return Camera("cam", "", 0, 0.0, place, math.degrees(pan), math.degrees(tilt), math.degrees(roll), (row,))


@pytest.fixture(scope="module")
def shots() -> dict[str, Shot]:
    calibration = tomllib.loads((DATA / "Calib_qualisys.toml").read_text(encoding="utf-8"))
    found = {}
    for name in CAMERAS:
        told = calibration[name]
        parts = [np.array(told[key], float) for key in ("matrix", "distortions", "rotation", "translation")]
        frames = []
        with av.open(str(DATA / "SinglePerson" / f"{name}.mp4")) as media:
            for number, frame in enumerate(media.decode(video=0)):
                if number % 16 == 0:
                    frames.append(frame.to_ndarray(format="bgr24"))
        picture = np.median(np.stack(frames), axis=0).astype(np.uint8)
        height, width = picture.shape[:2]
        found[name] = Shot(*parts, view(_camera(*parts, width, height), None, width, height), picture)
    return found


def _elements() -> tuple[Element, ...]:
    ring = Element("ring", ElementKind.DECAL, Group.LINE, points_m=(RING_M,), size_m=RADIUS_M)
    lines = (
        Element(f"line{number}", ElementKind.OFFSIDE_LINE, Group.LINE, points_m=ends, size_m=0.3, colour="#20d0ff")
        for number, ends in enumerate(LINE_M)
    )
    return (ring, *lines)


def _drawn(shot: Shot, *elements: Element) -> OverlayPicture:
    width, height = shot.view.width, shot.view.height
    overlay = OverlayPicture(new_picture(width, height, key=True))
    SceneRenderer(width, height).render(Scene(tuple((one, 1.0) for one in elements)), shot.view, 1.0, overlay)
    return overlay


def _circle(radius_m: float, count: int = 90) -> Array:
    turns = np.linspace(0, 2 * math.pi, count, endpoint=False)
    return np.stack((np.cos(turns) * radius_m, np.sin(turns) * radius_m, 0 * turns), axis=1) + RING_M


def _along(ends: tuple[tuple[float, ...], ...], count: int = 60) -> Array:
    return np.linspace(ends[0], ends[1], count)


def _key(overlay: OverlayPicture, pixels: Array) -> Array:
    key = overlay.picture.key
    assert key is not None
    inside = (pixels > 1).all(axis=1) & (pixels < (key.shape[1] - 1, key.shape[0] - 1)).all(axis=1)
    u, v = pixels[inside].astype(int).T
    return key[v, u].astype(float)


@pytest.mark.parametrize("name", CAMERAS)
def test_graphics_are_where_opencv_puts_them(shots: dict[str, Shot], name: str) -> None:
    """Drawn pixels against the calibration file itself: nothing of ours lies between."""
    shot = shots[name]
    ring, *lines = (_drawn(shot, one) for one in _elements())
    inner, edge, outer = (_key(ring, shot.file_pixels(_circle(RADIUS_M * part))) for part in (0.5, 0.97, 1.25))
    assert len(edge) > 60, "the ring is in the picture"
    assert edge.min() > 200
    assert 30 < np.median(inner) < 100
    assert outer.max() == 0
    for line, ends in zip(lines, LINE_M, strict=True):
        between = _along(ends)[3:-3]
        on = _key(line, shot.file_pixels(between))
        beside = [_key(line, shot.file_pixels(between + np.array([0, side, 0]))) for side in (-0.08, 0.08)]
        assert on.min() > 200
        assert max(part.max() for part in beside) == 0


@pytest.mark.parametrize("name", CAMERAS)
def test_lines_lie_on_the_rails_of_the_real_floor(shots: dict[str, Shot], name: str) -> None:
    """The rails are the brightest thin lines there: look for them on both sides of the line that is drawn."""
    shot = shots[name]
    grey = cv2.cvtColor(shot.picture, cv2.COLOR_BGR2GRAY)
    sides_m = np.arange(-0.1, 0.1001, 0.004)
    for ends in LINE_M:
        brightness = []
        for side_m in sides_m:
            spots, _ = shot.view.project(_along(ends, 200) + np.array([0, side_m, 0]))
            inside = ((spots > 2) & (spots < (shot.view.width - 2, shot.view.height - 2))).all(axis=1)
            columns, rows = (np.float32(spots[inside][None, :, axis] - 0.5) for axis in (0, 1))
            brightness.append(np.median(cv2.remap(grey, columns, rows, cv2.INTER_LINEAR)))
        peak = int(np.argmax(brightness))
        assert brightness[peak] > np.median(brightness) + 20, "there is a bright line"
        assert abs(sides_m[peak]) <= OFF_M


@pytest.mark.parametrize("name", CAMERAS)
def test_the_foot_stands_in_the_ring(shots: dict[str, Shot], name: str) -> None:
    """Skin on the floor: the lowest of it, where the foot stands, is inside of the ring in every view."""
    shot = shots[name]
    circle, _ = shot.view.project(_circle(RADIUS_M))
    (left, top), (right, bottom) = circle.min(axis=0).astype(int), circle.max(axis=0).astype(int)
    blue, _, red = (shot.picture[..., channel].astype(int) for channel in range(3))
    skin = ((red - blue > 35) & (red > 90)).astype(np.uint8)
    skin[: top - 60], skin[bottom:], skin[:, :left], skin[:, right:] = 0, 0, 0, 0
    count, labels, stats, _ = cv2.connectedComponentsWithStats(skin)
    assert count > 1
    foot = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    assert stats[foot, cv2.CC_STAT_AREA] > 400
    rows, columns = np.nonzero(labels == foot)
    sole = float(columns[rows.argmax()]) + 0.5, float(rows.max()) + 0.5
    assert cv2.pointPolygonTest(circle.astype(np.float32), sole, measureDist=False) > 0
    found = shot.view.ground(np.array([sole]))[0]
    assert math.dist(found, RING_M) < 0.3

"""The ground as a picture shows it: what lies on it is hidden by whatever has other colours."""

from __future__ import annotations

import numpy as np
import pytest

from console.graphics.convert import Box
from console.graphics.ground import LEARN_NS, Ground, inner_box
from console.media.picture import Picture, new_picture
from console.show.world import Camera, LensRow
from console.tracking.camera import view

WIDTH, HEIGHT = 640, 360
CAMERA = view(Camera("cam", position_m=(0, 0, 5), tilt_deg=-10, lens=(LensRow(focal=1.2),)), None, WIDTH, HEIGHT)
STRETCH = ((-4.0, 26.0, 0.0), (-1.0, 26.0, 0.0), (-1.0, 32.0, 0.0), (-4.0, 32.0, 0.0))
WHOLE = Box(300, 180, 200, 100)


def _meadow(seed: int = 1, luma: int = 90) -> Picture:
    picture = new_picture(WIDTH, HEIGHT)
    picture.fill(luma, 100, 110)
    noise = np.random.default_rng(seed).integers(-8, 9, picture.y.shape)
    np.copyto(picture.y, (picture.y + noise).astype(np.uint8))
    return picture


def _athlete(picture: Picture, box: Box) -> None:
    rows, columns = slice(box.y, box.y + box.height), slice(box.x, box.x + box.width)
    half = slice(box.y // 2, (box.y + box.height) // 2), slice(box.x // 2, (box.x + box.width) // 2)
    picture.y[rows, columns], picture.u[half], picture.v[half] = 150, 90, 190


def test_the_box_lies_within_the_stretch() -> None:
    box = inner_box(CAMERA, STRETCH)
    assert box is not None
    corners = np.array([(x, y) for x in (box.x, box.x + box.width) for y in (box.y, box.y + box.height)], float)
    places = CAMERA.ground(corners)
    assert (places[:, 0] >= -4).all() and (places[:, 0] <= -1).all()  # noqa: PT018
    assert (places[:, 1] >= 26).all() and (places[:, 1] <= 32).all()  # noqa: PT018


@pytest.mark.parametrize(
    "corners",
    [
        (),
        STRETCH[:3],
        tuple((x, -y, z) for x, y, z in STRETCH),
        tuple((x + 20, y, z) for x, y, z in STRETCH),
        tuple((x / 100, 28 + y / 1000, z) for x, y, z in STRETCH),
    ],
)
def test_a_stretch_that_is_not_seen_gives_none(corners: tuple[tuple[float, ...], ...]) -> None:
    assert inner_box(CAMERA, corners) is None


def test_who_stands_there_is_told_from_the_ground() -> None:
    picture = _meadow()
    body = Box(380, 200, 24, 60)
    _athlete(picture, body)
    mask = Ground().mask(STRETCH, picture, CAMERA, WHOLE, 0)
    assert mask is not None
    shown = np.full((HEIGHT, WIDTH), 0, np.uint8)
    shown[mask.y : mask.y + mask.box.height, mask.x : mask.x + mask.box.width] = mask.shown
    assert shown[204:256, 384:400].max() < 40
    shown[196:264, 376:408] = 255
    assert shown[182:278, 302:498].min() > 200


def test_colours_follow_the_light_and_wait_for_the_stretch_to_be_seen() -> None:
    ground = Ground()
    away = tuple((x, -y, z) for x, y, z in STRETCH)
    assert ground.mask(away, _meadow(), CAMERA, WHOLE, 0) is None
    assert ground.mask(STRETCH, _meadow(), CAMERA, WHOLE, 1) is not None
    darker = _meadow(luma=40)
    before = ground.mask(STRETCH, darker, CAMERA, WHOLE, 2)
    after = ground.mask(STRETCH, darker, CAMERA, WHOLE, LEARN_NS + 1)
    assert before is not None
    assert after is not None
    assert before.shown.mean() < 50
    assert after.shown.mean() > 240

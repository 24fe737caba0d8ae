"""Who stands on the ground hides what lies there: by the picture's own colours, and by bodies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from graphics.scenes import HEIGHT, WIDTH, camera, drawn, key_of, overlay, scene, subject
from numpy.typing import NDArray

from console.graphics.body import bones, flesh, head_top_m
from console.graphics.convert import NO_BOX, Box
from console.graphics.occlusion import Mask, colour_mask, difference_mask, learn_ground
from console.graphics.scene import SceneRenderer
from console.media.picture import Picture, new_picture

TRACK, LINE, SHIRT = (105, 110, 165), (220, 128, 128), (150, 90, 100)
BOX = Box(100, 80, 240, 120)


def ground(light: float = 1.0, seed: int = 1) -> Picture:
    """A red track with a white line and the camera's noise."""
    picture = new_picture(480, 270)
    for plane, track in zip((picture.y, picture.u, picture.v), TRACK, strict=True):
        plane[:] = track
    picture.y[130:136] = LINE[0]
    picture.u[65:68], picture.v[65:68] = LINE[1], LINE[2]
    noise = np.random.default_rng(seed).normal(0, 2.0, picture.y.shape)
    picture.y[:] = np.clip((picture.y - 16.0) * light + 16 + noise, 16, 235)
    return picture


def with_somebody(picture: Picture) -> NDArray[np.bool_]:
    """Put a figure into a picture; where it is."""
    there = np.zeros(picture.y.shape, bool)
    there[90:180, 200:240] = True
    picture.y[there] = SHIRT[0]
    picture.u[there[::2, ::2]], picture.v[there[::2, ::2]] = SHIRT[1], SHIRT[2]
    return there[BOX.y : BOX.y + BOX.height, BOX.x : BOX.x + BOX.width]


def shares(mask: Mask, there: NDArray[np.bool_]) -> tuple[float, float]:
    """How much of the ground is taken for ground, and how much of somebody."""
    assert mask.box == BOX
    return float(mask.shown[~there].mean() / 255), float(mask.shown[there].mean() / 255)


@pytest.mark.parametrize("light", [1.0, 0.85, 1.1])
def test_colours_of_the_ground_tell_it_from_who_stands_there_lines_included(light: float) -> None:
    known = learn_ground(ground(), BOX)
    picture = ground(light, seed=2)
    there = with_somebody(picture)
    seen, hidden = shares(colour_mask(picture, BOX, known), there)
    assert seen > 0.97
    assert hidden < 0.06


def test_in_a_large_picture_fewer_places_are_looked_at_and_somebody_is_found_all_the_same() -> None:
    known, picture = learn_ground(ground(), BOX), new_picture(1920, 1080)
    for plane, track, shirt in zip((picture.y, picture.u, picture.v), TRACK, SHIRT, strict=True):
        scale = 1080 // plane.shape[0]
        plane[:] = track
        plane[400 // scale : 800 // scale, 900 // scale : 1000 // scale] = shirt
    mask = colour_mask(picture, Box(0, 0, 1920, 1080), known)
    assert mask.shown.shape == (1080, 1920)
    somebody = np.zeros((1080, 1920), bool)
    somebody[400:800, 900:1000] = True
    assert mask.shown[~somebody].mean() > 0.99 * 255
    assert mask.shown[somebody].mean() < 0.06 * 255


@pytest.mark.parametrize("light", [1.0, 0.8, 1.2])
def test_difference_to_the_empty_ground_tells_it_too_and_light_does_not_matter(light: float) -> None:
    picture = ground(light, seed=3)
    there = with_somebody(picture)
    seen, hidden = shares(difference_mask(picture, ground(), BOX), there)
    assert seen > 0.97
    assert hidden < 0.06


def test_the_same_ground_is_learnt_alike() -> None:
    assert learn_ground(ground(), BOX) == learn_ground(ground(), BOX)


def test_boxes_outside_and_too_small() -> None:
    picture = ground()
    known = learn_ground(picture, BOX)
    for box in (Box(2000, 50, 40, 40), Box(-60, -60, 40, 40), NO_BOX):
        assert colour_mask(picture, box, known).shown.size == 0
        assert difference_mask(picture, picture, box).shown.size == 0
    assert colour_mask(picture, Box(-11, -7, 51, 37), known).box == Box(0, 0, 40, 30)
    assert colour_mask(picture, Box(0, 0, 2, 2), known).shown.shape == (2, 2)
    with pytest.raises(ValueError, match="too small"):
        learn_ground(picture, Box(0, 0, 4, 4))


@pytest.mark.usefixtures("qapp")
def test_a_body_hides_what_lies_under_it_and_nothing_else() -> None:
    view = camera()
    for who, under in ((subject(), (0.18, 0.0, 0.07)), (subject(joints_m=None), (0.0, 0.0, 0.3))):
        hidden = key_of(drawn(scene("ring", subjects=(who,)), view))
        bare = key_of(drawn(scene("ring", subjects=(who,), under_subjects=False), view))
        pixels, _ = view.project(np.array([under, (0.7, 0.0, 0.0)]))
        feet, rim = np.rint(pixels).astype(int)
        assert bare[feet[1], feet[0]] > 0
        assert hidden[feet[1], feet[0]] == 0
        assert hidden[rim[1] - 2 : rim[1] + 2, rim[0] - 4 : rim[0] + 1].max() == 255


@pytest.mark.usefixtures("qapp")
def test_a_board_is_hidden_by_who_is_nearer_only() -> None:
    view = camera()
    near, far = subject(1, 0.0, 0.0), subject(2, 0.0, 6.0)
    board = scene("board", subjects=(near,), size_m=2.5)
    chest, _ = view.project(np.array([(0.0, 0.0, 1.3)]))
    x, y = np.rint(chest[0]).astype(int)
    assert key_of(drawn(board, view))[y, x] == 0
    assert key_of(drawn(replace(board, subjects=(far,)), view))[y, x] == 255


@pytest.mark.usefixtures("qapp")
def test_a_mask_of_the_picture_rules_inside_its_box() -> None:
    view, renderer, into = camera(), SceneRenderer(WIDTH, HEIGHT), overlay()
    what = scene("decal")
    box = renderer.ground_box(what, view)
    plain = key_of(drawn(what, view))
    rows, columns = np.flatnonzero(plain.any(axis=1)), np.flatnonzero(plain.any(axis=0))
    assert box.x <= columns[0]
    assert box.x + box.width > columns[-1]
    assert box.y <= rows[0]
    assert box.y + box.height > rows[-1]
    shown = np.full((box.height, box.width), 255, np.uint8)
    shown[:, : box.width // 2] = 0
    renderer.render(what, view, 1.0, into, Mask(box.x, box.y, shown))
    middle = box.x + box.width // 2
    assert not key_of(into)[:, :middle].any()
    feet, _ = view.project(np.array([(0.18, 0.0, 0.05)]))
    x, y = np.rint(feet[0]).astype(int)
    assert plain[y, x] == 0  # a body would have hidden it; the picture says there is none
    assert key_of(into)[y, x] == 255
    assert renderer.ground_box(scene("label"), view) == NO_BOX


def test_bodies_of_whose_joints_little_or_nothing_is_known() -> None:
    joints = np.full((33, 3), np.nan)
    for known in (joints, np.full((33, 3), np.inf), np.zeros((5, 3)), None):
        who = subject(joints_m=known)
        ends, radius = flesh(who)
        assert np.isfinite(ends).all()
        assert len(ends) == len(radius) > 0
        assert head_top_m(who) == pytest.approx([0, 0, 1.92])
        assert bones(who) is None
    half = subject().joints_m
    assert half is not None
    half[13:17] = np.nan
    found = bones(subject(joints_m=half))
    assert found is not None
    assert np.isfinite(found[0]).all()

"""Premultiplied planes from a canvas, against the formula in floating point."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from console.graphics.convert import NO_BOX, TILE_PX, Box, OverlayPicture, Touched, around
from console.media.picture import Picture, new_picture

WIDTH, HEIGHT = 128, 96
WHOLE = Box(0, 0, WIDTH, HEIGHT)


def canvas(seed: int = 1) -> NDArray[np.uint8]:
    """Random premultiplied pixels, as many of them transparent, opaque and half."""
    rng = np.random.default_rng(seed)
    alpha = rng.choice([0, 255, 255, 128, 7, 201], (HEIGHT, WIDTH, 1))
    colour = rng.integers(0, 256, (HEIGHT, WIDTH, 3))
    return np.concatenate([colour * alpha // 255, alpha], axis=2).astype(np.uint8)


def wanted(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.float64], ...]:
    """Planes by BT.709's own definition: un-premultiply, convert, multiply by the key."""
    alpha = pixels[..., 3] / 255.0
    with np.errstate(divide="ignore", invalid="ignore"):
        blue, green, red = (np.where(alpha > 0, pixels[..., c] / 255 / alpha, 0.0) for c in range(3))
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    planes = (16 + 219 * luma, 128 + 224 * (blue - luma) / 1.8556, 128 + 224 * (red - luma) / 1.5748)
    y, u, v = (plane * alpha for plane in planes)
    u, v = (p.reshape(HEIGHT // 2, 2, WIDTH // 2, 2).mean(axis=(1, 3)) for p in (u, v))
    return y, u, v, pixels[..., 3].astype(np.float64)


def planes(picture: Picture) -> tuple[NDArray[np.uint8], ...]:
    assert picture.key is not None
    return picture.y, picture.u, picture.v, picture.key


def overlay() -> OverlayPicture:
    return OverlayPicture(new_picture(WIDTH, HEIGHT, key=True))


@pytest.mark.parametrize("seed", range(4))
def test_planes_are_those_of_the_formula_within_one_and_a_half_levels(seed: int) -> None:
    into = overlay()
    into.lay(canvas(seed), [WHOLE])
    for got, right in zip(planes(into.picture), wanted(canvas(seed)), strict=True):
        assert np.abs(got - right).max() <= 1.5
        assert abs(float((got - right).mean())) < 0.12


def test_laid_over_a_picture_it_is_what_compositing_in_colours_gives() -> None:
    into = overlay()
    pixels = canvas(9)
    into.lay(pixels, [WHOLE])
    y, u, v, key = planes(into.picture)
    base = 90.0
    right = base * (1 - key / 255.0) + wanted(pixels)[0]
    assert np.abs(np.round(base * (255 - key.astype(float)) / 255) + y - right).max() <= 2.0
    rest = 255 - key.reshape(HEIGHT // 2, 2, WIDTH // 2, 2).mean(axis=(1, 3))
    for plane, ideal in ((u, wanted(pixels)[1]), (v, wanted(pixels)[2])):
        assert np.abs(base * rest / 255 + plane - (base * rest / 255 + ideal)).max() <= 1.5


def test_white_and_black_and_nothing_are_exact() -> None:
    into = overlay()
    pixels = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    pixels[:32] = 255
    pixels[32:64, :, 3] = 255
    into.lay(pixels, [WHOLE])
    y, u, v, key = planes(into.picture)
    assert (y[:32] == 235).all()
    assert (y[32:64] == 16).all()
    assert (y[64:] == 0).all()
    assert (u[:32] == 128).all()
    assert (v[:32] == 128).all()
    assert (u[32:] == 0).all()
    assert (v[32:] == 0).all()
    assert (key[:64] == 255).all()
    assert (key[64:] == 0).all()


def test_only_the_boxes_are_taken_over_and_what_the_slot_held_outside_them_goes() -> None:
    into, pixels = overlay(), canvas(2)
    into.lay(pixels, [Box(0, 0, 32, 32), Box(64, 32, 64, 32)])
    assert into.box == Box(0, 0, 128, 64)
    assert not into.picture.y[32:, :64].any()
    assert not into.picture.y[64:].any()
    into.lay(pixels, [Box(64, 64, 32, 32)])
    assert into.box == Box(64, 64, 32, 32)
    inside = np.zeros((HEIGHT, WIDTH), bool)
    inside[64:96, 64:96] = True
    for got, right in zip(planes(into.picture), wanted(pixels), strict=True):
        where = inside[:: HEIGHT // got.shape[0], :: WIDTH // got.shape[1]]
        assert not got[~where].any()
        assert np.abs(got - right)[where].max() <= 1.5


def test_boxes_over_each_other_and_a_box_that_shrinks() -> None:
    into, pixels = overlay(), canvas(3)
    into.lay(pixels, [WHOLE])
    into.lay(pixels, [Box(0, 0, 64, 64), Box(32, 32, 64, 64)])
    assert not into.picture.y[:32, 64:].any()
    assert np.abs(into.picture.y - wanted(pixels)[0])[32:64, 32:64].max() <= 1.5


def test_a_weaker_one_is_fill_and_key_alike() -> None:
    into, pixels = overlay(), canvas(4)
    into.lay(pixels, [WHOLE], 0.25)
    for got, right in zip(planes(into.picture), wanted(pixels), strict=True):
        assert np.abs(got - right * 0.25).max() <= 2.0
    into.lay(pixels, [WHOLE], 0.0)
    assert into.box == NO_BOX
    assert not any(plane.any() for plane in planes(into.picture))


def test_what_a_slot_held_before_is_wiped_at_first_and_cleared_on_demand() -> None:
    dirty = new_picture(WIDTH, HEIGHT, key=True)
    into = OverlayPicture(dirty)
    assert not any(plane.any() for plane in planes(dirty))
    into.lay(canvas(), [WHOLE])
    into.clear()
    assert into.box == NO_BOX
    assert not any(plane.any() for plane in planes(dirty))
    with pytest.raises(ValueError, match="key"):
        OverlayPicture(new_picture(WIDTH, HEIGHT))


def test_touched_tiles_make_boxes_that_hold_them_and_do_not_meet() -> None:
    rng = np.random.default_rng(5)
    for _ in range(60):
        touched = Touched(1280, 722)
        held = np.zeros((722, 1280), bool)
        for _ in range(int(rng.integers(0, 9))):
            x, y = rng.uniform(-200, 1400), rng.uniform(-200, 900)
            width, height = rng.uniform(0, 300, 2)
            touched.mark(x, y, x + width, y + height)
            held[max(int(y), 0) : max(int(y + height) + 1, 0), max(int(x), 0) : max(int(x + width) + 1, 0)] = True
        count = np.zeros((722, 1280), int)
        for box in touched.boxes():
            assert all(side % 2 == 0 for side in box)
            assert box.width > 0
            assert box.height > 0
            assert box.x + box.width <= 1280
            assert box.y + box.height <= 722
            count[box.y : box.y + box.height, box.x : box.x + box.width] += 1
        assert count.max(initial=0) <= 1
        assert (count[held] == 1).all()
        assert around(touched.boxes()).width <= 1280


def test_touched_is_forgotten_and_asked() -> None:
    touched = Touched(640, 360)
    assert touched.boxes() == ()
    touched.mark(100, 100, 101, 101)
    low = np.array([(0.0, 0.0), (100.0, 100.0), (100.0 + 2 * TILE_PX, 100.0), (-50.0, -50.0), (700.0, 0.0)])
    high = np.array([(640.0, 360.0), (101.0, 101.0), (300.0, 120.0), (-10.0, -10.0), (800.0, 400.0)])
    assert touched.meet(low, high).tolist() == [True, True, False, False, False]
    touched.wipe()
    assert touched.boxes() == ()
    assert around(()) == NO_BOX

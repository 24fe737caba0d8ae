"""Pixels: what plans look like, to one level of grey."""

import numpy as np
import pytest

from console.media.picture import new_picture
from console.mix.plan import MixPlan
from console.mix.render import Drawable, Renderer, Slates
from console.mix.sound import mix_sound

WIDTH, HEIGHT = 64, 36


def flat(y, u=128, v=128, key=None):
    picture = new_picture(WIDTH, HEIGHT, key=key is not None)
    picture.fill(y, u, v)
    if key is not None:
        picture.key[:] = key
    return picture


def graphic():
    key = np.zeros((HEIGHT, WIDTH), np.uint8)
    key[10:20, 20:41] = 255
    key[10:20, 41] = 128
    return flat(235, 90, 240, key)


PICTURES = {"a": flat(100, 60, 200), "b": flat(200, 160, 100), "k": graphic()}


def draw(plan):
    out = flat(1, 2, 3)
    Renderer().render(plan, lambda source: Drawable(PICTURES[source], source), out)
    return out


def colour(picture, row=0, column=0):
    return int(picture.y[row, column]), int(picture.u[row // 2, column // 2]), int(picture.v[row // 2, column // 2])


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        (MixPlan(), (16, 128, 128)),
        (MixPlan(base="a"), (100, 60, 200)),
        (MixPlan(base="a", over="b", mix=0.25), (125, 85, 175)),
        (MixPlan(base="a", over="b", mix=1.0), (200, 160, 100)),
        (MixPlan(base="a", over="a", mix=0.5), (100, 60, 200)),
        (MixPlan(base=None, over="b", mix=0.5), (108, 144, 114)),
        (MixPlan(base="a", over=None, mix=0.5), (58, 94, 164)),
        (MixPlan(base="a", dip=0.5), (58, 94, 164)),
        (MixPlan(base="a", dip=1.0), (16, 128, 128)),
        (MixPlan(base="a", black=0.5), (58, 94, 164)),
        (MixPlan(base="a", black=1.0), (16, 128, 128)),
    ],
)
def test_colours(plan, expected):
    out = draw(plan)
    assert np.abs(np.subtract(colour(out), expected)).max() <= 1
    assert (out.y == out.y[0, 0]).all()


def test_a_key_covers_its_rectangle_and_nothing_else():
    out = draw(MixPlan(base="a", keys=("k",)))
    assert colour(out, 14, 30) == (235, 90, 240)
    assert colour(out, 9, 30)[0] == 100
    assert colour(out, 14, 42) == (100, 60, 200)
    assert abs(int(out.y[14, 41]) - (100 * 127 + 235 * 128) // 255) <= 1


def test_keys_lie_over_a_dip_and_under_a_fade():
    assert colour(draw(MixPlan(base="a", dip=1.0, keys=("k",))), 14, 30)[0] == 235
    assert colour(draw(MixPlan(base="a", black=1.0, keys=("k",))), 14, 30)[0] == 16


def test_a_graphic_that_changes_is_read_again():
    renderer, out = Renderer(), flat(0)
    for level in (50, 60):
        renderer.render(MixPlan(keys=("k",)), lambda _, y=level: Drawable(flat(y, key=255), y), out)
        assert abs(colour(out)[0] - level) <= 1


def test_an_empty_key_shows_nothing():
    out = flat(0)
    Renderer().render(
        MixPlan(base="a", keys=("k",)), lambda s: Drawable(PICTURES["a"] if s == "a" else flat(9, key=0), s), out
    )
    assert colour(out) == (100, 60, 200)


def test_slates_say_who_and_how_long():
    slates = Slates(640, 360)
    first = slates.find("a", "Finish line", 3_400_000_000)
    assert first.picture.y.max() > 200
    assert slates.find("a", "Finish line", 3_900_000_000) is first
    pixels = first.picture.y.copy()
    assert (slates.find("a", "Finish line", 4_000_000_000).picture.y != pixels).any()
    slates.find("a", "Zieleinlauf " * 9 + "ä", None)


def test_a_cut_does_not_click():
    heard = {"a": np.ones((960, 2), np.float32), "b": -np.ones((960, 2), np.float32)}
    out = np.empty((960, 2), np.float32)
    mix_sound({"a": 1.0}, {"b": 1.0}, heard.__getitem__, out)
    assert out[0, 0] == 1.0
    assert out[-1, 0] == pytest.approx(-1.0, abs=0.01)
    assert np.abs(np.diff(out[:, 0])).max() < 0.01


def test_sums_are_clipped():
    out = np.empty((10, 2), np.float32)
    mix_sound({"a": 1.0, "b": 1.0}, {"a": 1.0, "b": 1.0}, lambda _: np.full((10, 2), 0.8, np.float32), out)
    assert (out == 1.0).all()

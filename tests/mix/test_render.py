"""Pixels: what plans look like, to one level of grey."""

import numpy as np
import pytest

from console.media.picture import new_picture
from console.mix.kernels import Overlayer
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


BOX = (8, 4, 32, 24)


def premultiplied(y, u=128, v=128, key=255, box=BOX):
    """A graphic as its process makes it: one colour in a box, weighted by its key, offsets included."""
    picture = new_picture(WIDTH, HEIGHT, key=True)
    left, top, width, height = box
    for plane, value, d in ((picture.y, y, 1), (picture.u, u, 2), (picture.v, v, 2), (picture.key, 255, 1)):
        plane.fill(0)
        plane[top // d : (top + height) // d, left // d : (left + width) // d] = round(value * key / 255)
    return picture


def overlaid(plan, boxes=None, **overlays):
    found = {source: Drawable(picture, source, (boxes or {}).get(source, BOX)) for source, picture in overlays.items()}
    out = flat(1, 2, 3)
    Renderer().render(plan, lambda source: Drawable(PICTURES[source], source), out, found.get)
    return out


@pytest.mark.parametrize("key", [255, 200, 128, 1])
def test_an_overlay_is_laid_over_its_picture_in_its_box_and_nowhere_else(key):
    out = overlaid(MixPlan(base="a", overlay=True), a=premultiplied(235, 90, 240, key))
    expected = np.add(np.multiply((235, 90, 240), key / 255), np.multiply((100, 60, 200), 1 - key / 255))
    assert np.abs(np.subtract(colour(out, 10, 20), expected)).max() <= 1
    inside = np.zeros((HEIGHT, WIDTH), bool)
    inside[BOX[1] : BOX[1] + BOX[3], BOX[0] : BOX[0] + BOX[2]] = True
    assert (out.y[~inside] == 100).all()
    assert (out.y[inside] == out.y[10, 20]).all()
    assert (out.u[~inside[::2, ::2]] == 60).all()
    assert (out.v[~inside[::2, ::2]] == 200).all()
    assert colour(PICTURES["a"]) == (100, 60, 200), "the source's own picture is left as it was"


def test_only_the_box_is_touched_whatever_lies_outside():
    graphic = premultiplied(235, box=(0, 0, WIDTH, HEIGHT))
    out = overlaid(MixPlan(base="a", overlay=True), {"a": (16, 8, 4, 2)}, a=graphic)
    assert (out.y != 100).sum() == 8


@pytest.mark.parametrize("box", [(0, 0, 0, 0), (60, 32, 40, 40), (64, 36, 8, 8), (0, 0, 64, 36)])
def test_any_box_is_laid_or_cut_off(box):
    graphic = premultiplied(235, box=(0, 0, WIDTH, HEIGHT))
    out = overlaid(MixPlan(base="a", overlay=True), {"a": box}, a=graphic)
    width, height = max(0, min(box[2], WIDTH - box[0])), max(0, min(box[3], HEIGHT - box[1]))
    assert (out.y != 100).sum() == width * height


def test_a_mix_fades_pictures_together_with_their_graphics():
    graphics = {"a": premultiplied(20), "b": premultiplied(220)}
    mixing = MixPlan(base="a", over="b", mix=0.25, overlay=True)
    assert abs(colour(overlaid(mixing, **graphics), 10, 20)[0] - (20 * 0.75 + 220 * 0.25)) <= 1
    assert abs(colour(overlaid(mixing, b=graphics["b"]), 10, 20)[0] - (100 * 0.75 + 220 * 0.25)) <= 1
    assert colour(overlaid(mixing, **graphics), 0, 0)[0] == 125
    assert colour(overlaid(mixing), 10, 20)[0] == 125
    assert colour(PICTURES["b"], 10, 20)[0] == 200


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        (MixPlan(base="a"), 100),
        (MixPlan(base="a", overlay=True), 20),
        (MixPlan(base="a", overlay=True, over="b", mix=1.0), 220),
        (MixPlan(base="a", over="a", mix=0.5, overlay=True), 20),
        (MixPlan(base="a", over=None, mix=0.5, overlay=True), 18),
        (MixPlan(base="a", dip=0.5, overlay=True), 18),
        (MixPlan(base="a", black=0.5, overlay=True), 18),
        (MixPlan(base="a", keys=("k",), overlay=True), 235),
        (MixPlan(base="a", dip=1.0, overlay=True), 16),
    ],
)
def test_graphics_lie_under_transitions_keys_and_fades(plan, expected):
    out = overlaid(plan, a=premultiplied(20), b=premultiplied(220))
    assert abs(colour(out, 14, 30)[0] - expected) <= 1


def test_bands_without_key_are_passed_by_and_the_others_laid():
    tall, lines = 360, (0, 15, 16, 100, 359)
    graphic, out = new_picture(64, tall, key=True), new_picture(64, tall)
    for plane in (graphic.y, graphic.key):
        plane.fill(0)
    for line in lines:
        graphic.y[line], graphic.key[line] = 235, 255
    graphic.u.fill(0)
    graphic.v.fill(0)
    Overlayer(64).lay_over(graphic, (0, 0, 64, tall), out)
    assert [row for row in range(tall) if out.y[row, 0] != 16] == list(lines)
    assert (out.y[list(lines)] == 235).all()


def test_a_title_is_a_key_with_a_box():
    title = Drawable(premultiplied(235), "t", BOX)
    out = flat(0)
    find = {"a": Drawable(PICTURES["a"], "a"), "title:1": title}.__getitem__
    Renderer().render(MixPlan(base="a", keys=("title:1",)), find, out)
    assert (colour(out, 10, 20)[0], colour(out)[0]) == (235, 100)

"""Straight fill and key: laid over by the mixer it gives what the page's premultiplied pixels would have given."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from console.graphics.convert import Box
from console.graphics.html_fill import StraightFill, content
from console.media.picture import new_picture
from console.mix.kernels import Keyer

WIDTH, HEIGHT = 64, 48


def canvas(colour: tuple[int, int, int], alpha: float) -> np.ndarray:
    """A box of one colour (RGB) at odd places, with soft edges, premultiplied."""
    cover = np.zeros((HEIGHT, WIDTH), np.float64)
    cover[11:33, 7:41] = 1
    cover = cv2.GaussianBlur(cover, (5, 5), 1) * alpha
    bgra = np.dstack([np.full_like(cover, c) for c in (*colour[::-1], 255)]) * cover[..., None]
    return np.rint(bgra).astype(np.uint8)


def to_yuv(rgb: np.ndarray) -> list[np.ndarray]:
    """BT.709, limited range, by the formulas; chroma is the mean of four."""
    red, green, blue = (rgb[..., i] for i in range(3))
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    cb, cr = (blue - luma) / 1.8556, (red - luma) / 1.5748
    halves = [c.reshape(HEIGHT // 2, 2, WIDTH // 2, 2).mean((1, 3)) * 224 / 255 + 128 for c in (cb, cr)]
    return [luma * 219 / 255 + 16, *halves]


@pytest.mark.parametrize("colour", [(200, 30, 30), (10, 240, 90), (255, 255, 255), (0, 0, 0)])
@pytest.mark.parametrize("alpha", [1.0, 0.5, 0.1])
def test_keyed_over_a_picture_it_is_the_page_over_that_picture(colour: tuple[int, int, int], alpha: float) -> None:
    pixels = canvas(colour, alpha)
    fill, graphic = StraightFill(WIDTH, HEIGHT), new_picture(WIDTH, HEIGHT, key=True)
    fill.take(pixels)
    fill.write(graphic)
    below = new_picture(WIDTH, HEIGHT)
    below.fill(120, 90, 160)
    Keyer(graphic).lay_over(below)
    share = pixels[..., 3:] / 255
    expected = to_yuv(pixels[..., 2::-1].astype(float))
    mean = share[..., 0].reshape(HEIGHT // 2, 2, WIDTH // 2, 2).mean((1, 3))
    base = (120 * (1 - share[..., 0]) + expected[0] - 16 * (1 - share[..., 0]),)
    base += tuple(c * (1 - mean) + plane - 128 * (1 - mean) for c, plane in zip((90, 160), expected[1:], strict=True))
    for plane, wanted in zip((below.y, below.u, below.v), base, strict=True):
        assert np.abs(plane.astype(float) - wanted).max() <= 2.5


def test_what_was_there_before_is_gone() -> None:
    fill, graphic = StraightFill(WIDTH, HEIGHT), new_picture(WIDTH, HEIGHT, key=True)
    fill.take(canvas((255, 255, 255), 1.0))
    fill.write(graphic)
    assert graphic.key is not None
    assert graphic.key.max() == 255
    fill.take(np.zeros((HEIGHT, WIDTH, 4), np.uint8))
    fill.write(graphic)
    assert not graphic.key.any()
    assert (graphic.y == 16).all()
    assert (graphic.u == 128).all()


def test_the_boxes_are_even_and_hold_everything() -> None:
    pixels = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    assert content(pixels) == ()
    pixels[13, 63, 3] = 1
    assert content(pixels) == (Box(62, 12, 2, 2),)
    pixels[20:48, 1, 3] = 255
    assert content(pixels) == (Box(0, 12, 64, 20), Box(0, 32, 2, 16))


def test_a_picture_without_a_key_is_refused() -> None:
    with pytest.raises(ValueError, match="key"):
        StraightFill(WIDTH, HEIGHT).write(new_picture(WIDTH, HEIGHT))

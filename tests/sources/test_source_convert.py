"""Frames of every kind brought to the show's pictures: colour, range, aspect, size, alpha."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.media.picture import new_picture
from console.sources.convert import Fitter, fit_box, shrink

RED_709 = (63, 102, 240)
GREY = 126


def coloured(width: int, height: int, fmt: str, space: str, rgb: tuple[int, int, int] = (255, 0, 0)) -> av.VideoFrame:
    """A frame of one colour in some format; `space` is the matrix it is coded in."""
    frame = av.VideoFrame.from_ndarray(np.full((height, width, 3), rgb, np.uint8), "rgb24")
    full = "JPEG" if fmt.startswith("yuvj") else "MPEG"
    frame = frame.reformat(format=fmt, dst_colorspace=space, dst_color_range=full)
    frame.colorspace = {"ITU709": 1, "ITU601": 5}[space]
    frame.color_range = 2 if full == "JPEG" else 1
    return frame


@pytest.mark.parametrize("size", [(640, 360), (1280, 720), (720, 576), (320, 180), (1922, 1082)])
@pytest.mark.parametrize("fmt", ["yuv420p", "yuvj420p", "nv12", "yuv422p10le", "yuv444p", "yuvj422p", "rgb24", "gbrp"])
@pytest.mark.parametrize("space", ["ITU709", "ITU601"])
def test_red_stays_red(size: tuple[int, int], fmt: str, space: str) -> None:
    out = new_picture(640, 360)
    Fitter(640, 360).fit(coloured(*size, fmt, space), None, out)
    found = (out.y[180, 320], out.u[90, 160], out.v[90, 160])
    assert np.abs(np.array(found, int) - RED_709).max() <= 2, found


def test_unmarked_sd_is_taken_for_bt601_and_hd_for_bt709() -> None:
    for height, space in ((576, "ITU601"), (720, "ITU709")):
        frame = coloured(height * 4 // 3, height, "yuv420p", space)
        frame.colorspace = 2
        out = new_picture(640, 360)
        Fitter(640, 360).fit(frame, None, out)
        assert abs(int(out.y[180, 320]) - RED_709[0]) <= 2


def test_grey_of_full_range_becomes_limited_and_borders_are_black() -> None:
    frame = coloured(480, 360, "yuvj420p", "ITU601", (128, 128, 128))
    out = new_picture(640, 360)
    out.fill(90, 90, 90)
    Fitter(640, 360).fit(frame, None, out)
    assert abs(int(out.y[180, 320]) - GREY) <= 1
    assert (out.y[0, 0], out.u[0, 0], out.v[0, 0]) == (16, 128, 128)
    assert out.y[180, 79] == 16
    assert out.y[180, 82] > 100


def test_pixels_that_are_not_square() -> None:
    assert fit_box(720, 576, Fraction(64, 45), 1280, 720).width == 1280
    box = fit_box(720, 576, Fraction(16, 15), 1280, 720)
    assert (box.width, box.x) == (960, 160)
    tall = fit_box(720, 1280, Fraction(1), 1280, 720)
    assert (tall.width, tall.height) == (404, 720)


@given(st.integers(1, 9000), st.integers(1, 9000), st.fractions(Fraction(1, 4), Fraction(4)))
def test_a_box_is_even_and_inside(width: int, height: int, pixel: Fraction) -> None:
    box = fit_box(width, height, pixel, 1280, 720)
    assert box.width > 0
    assert box.height > 0
    assert box.x + box.width <= 1280
    assert box.y + box.height <= 720
    assert not (box.x | box.y | box.width | box.height) & 1


@pytest.mark.parametrize("size", [(16, 16), (17, 33), (2, 2), (8192, 4320), (64, 4096)])
@pytest.mark.parametrize("fmt", ["yuv420p", "nv12", "yuv444p"])
def test_odd_and_absurd_sizes(size: tuple[int, int], fmt: str) -> None:
    frame = av.VideoFrame(*size, fmt)
    for plane in frame.planes:
        np.frombuffer(plane, np.uint8)[:] = GREY
    out = new_picture(640, 360)
    Fitter(640, 360).fit(frame, None, out)
    assert abs(int(out.y[180, 320]) - GREY) <= 2


def test_a_size_that_can_not_be() -> None:
    with pytest.raises(ValueError, match="20000x16"):
        Fitter(640, 360).fit(av.VideoFrame(20000, 16, "yuv420p"), None, new_picture(640, 360))


def test_alpha_goes_to_the_key_and_colours_are_not_multiplied() -> None:
    pixels = np.zeros((360, 640, 4), np.uint8)
    pixels[:, :] = (255, 0, 0, 77)
    pixels[:, 320:, 3] = 255
    out = new_picture(640, 360, key=True)
    Fitter(640, 360).fit(av.VideoFrame.from_ndarray(pixels, "rgba"), None, out)
    assert out.key is not None
    assert (out.key[10, 10], out.key[10, 600]) == (77, 255)
    assert np.abs(np.array((out.y[10, 10], out.u[5, 5], out.v[5, 5]), int) - RED_709).max() <= 2
    wide = new_picture(1280, 360, key=True)
    Fitter(1280, 360).fit(av.VideoFrame.from_ndarray(pixels, "rgba"), None, wide)
    assert wide.key is not None
    assert wide.key[10, 10] == 0  # beside the picture it is transparent
    tile = new_picture(320, 180, key=True)
    shrink(out, tile)
    assert tile.key is not None
    assert (tile.key[5, 5], tile.key[5, 300]) == (77, 255)


def test_borders_are_painted_again_when_the_shape_changes() -> None:
    fitter, out = Fitter(640, 360), new_picture(640, 360)
    fitter.fit(coloured(640, 360, "yuv420p", "ITU709", (255, 255, 255)), None, out)
    fitter.fit(coloured(320, 320, "yuv420p", "ITU709", (255, 255, 255)), None, out)
    assert out.y[180, 10] == 16

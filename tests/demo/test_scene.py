"""Drawing: the same every time, nothing blank, nothing that pops."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from console.demo.scene import CameraView, score_lines
from console.media import barcode
from console.media.picture import new_picture
from console.media.time import parse_format

SMALL = parse_format("640x360p25")


def _digest(view: CameraView, frame: int) -> str:
    picture = new_picture(SMALL.width, SMALL.height)
    view.draw(frame, picture)
    return hashlib.sha256(picture.y.tobytes() + picture.u.tobytes() + picture.v.tobytes()).hexdigest()


@pytest.mark.parametrize("number", [3, 7, 8])
def test_a_frame_is_the_same_whoever_draws_it_and_when(number: int) -> None:
    one, other = CameraView(number, SMALL, 8), CameraView(number, SMALL, 8)
    first = [_digest(one, frame) for frame in (20, 60, 120)]
    assert len(set(first)) == 3
    assert [_digest(other, frame) for frame in (120, 60, 20)] == first[::-1]


@pytest.mark.parametrize("number", range(1, 9))
def test_pictures_are_pictures(number: int) -> None:
    view = CameraView(number, SMALL, 8)
    picture = new_picture(SMALL.width, SMALL.height)
    rows = barcode.strip_rows(SMALL.height)
    before: np.ndarray | None = None
    steps = []
    for frame in range(90, 130):
        view.draw(frame, picture)
        assert barcode.read(picture.y) == (number, frame)
        seen = picture.y[:-rows].astype(np.int16)
        assert seen.min() >= 16
        assert seen.max() <= 235
        assert seen.std() > 20, "blank"
        assert picture.v.max() > 150, "colourless"
        if before is not None:
            steps.append(float(np.abs(seen - before).mean()))
        before = seen
    assert max(steps) < 3 * np.median(steps) + 4, "a jump between two frames"


def test_the_score_board_lists_the_race() -> None:
    assert score_lines(5.0) == ()
    lines = score_lines(15.9)
    assert len(lines) == 8
    times = [float(line[2]) for line in lines]
    assert times == sorted(times)

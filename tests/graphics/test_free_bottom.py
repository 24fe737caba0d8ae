"""The bottom of the picture can be left free of graphics: what is there is not in the box that is laid over."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from console.graphics.convert import Box
from console.graphics.rings import Drawing
from console.wire.ring import RingReader, create_ring, unpack_box

WIDTH, HEIGHT = 320, 180


@pytest.mark.parametrize(
    ("rows", "free_bottom", "shown"),
    [
        ((0, 180), 0.0, (0, 180)),
        ((0, 180), 8 / 180, (0, 172)),
        ((0, 180), 7.2 / 180, (0, 172)),
        ((100, 60), 8 / 180, (100, 60)),
        ((140, 40), 8 / 180, (140, 32)),
        ((174, 6), 8 / 180, None),
        ((0, 180), 0.5, (0, 90)),
    ],
)
def test_nothing_is_laid_over_what_is_left_free(
    tmp_path: Path, rows: tuple[int, int], free_bottom: float, shown: tuple[int, int] | None
) -> None:
    path = create_ring(tmp_path / "overlay", WIDTH, HEIGHT, slots=2, key=True)
    drawing = Drawing(path)
    picture = drawing.begin()
    picture.lay(np.full((HEIGHT, WIDTH, 4), 255, np.uint8), (Box(0, rows[0], WIDTH, rows[1]),))
    drawing.publish(picture, frame=1, due_ns=1, now_ns=1, free_bottom=free_bottom)
    with RingReader(path) as ring:
        newest = ring.newest()
        assert newest is not None
        x, y, width, height = unpack_box(newest.flags)
    drawing.ring.close()
    assert ((y, height) if height else None) == shown
    assert (x, width) in ((0, WIDTH), (0, 0))

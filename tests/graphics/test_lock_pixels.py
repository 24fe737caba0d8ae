"""The lock, measured on rendered pixels: a ring on the ground, drawn by the tracker and by the truth, per picture."""

from __future__ import annotations

import random

import numpy as np
from panning import HEIGHT, LATE_MS, WIDTH, arrivals, pictures_of, sampled, truth

from console.graphics.convert import OverlayPicture
from console.graphics.scene import Scene, SceneRenderer
from console.media.picture import new_picture
from console.show.world import Element, ElementKind, Group
from console.tracking.camera import Array, CameraView

RING = Element("ring", ElementKind.DECAL, Group.TAG, points_m=((4.0, 25.0, 0.0),), size_m=2.0)


class Drawn:
    """One renderer with a slot of its own, as a source has."""

    def __init__(self) -> None:
        self._renderer = SceneRenderer(WIDTH, HEIGHT)
        self._slot = OverlayPicture(new_picture(WIDTH, HEIGHT, key=True))

    def centre_px(self, view: CameraView) -> Array:
        """Where the middle of what is drawn lies."""
        self._renderer.render(Scene(((RING, 1.0),), (), None), view, 1.0, self._slot)
        box, key = self._slot.box, self._slot.picture.key
        assert key is not None
        part = key[box.y : box.y + box.height, box.x : box.x + box.width].astype(float)
        assert part.sum() > 50_000, "the ring is there"
        across = (part.sum(axis=0) * np.arange(box.width)).sum() / part.sum() + box.x
        down = (part.sum(axis=1) * np.arange(box.height)).sum() / part.sum() + box.y
        return np.array([across, down])


def _off_px(delay_ms: float) -> Array:
    chance = random.Random(8)
    states, pictures = arrivals(8.0, chance), pictures_of(chance, seconds=2.4)
    ours, exact = Drawn(), Drawn()
    views = sampled(states, pictures, delay_ms)
    off = [ours.centre_px(seen) - exact.centre_px(truth(t)) for seen, t in zip(views, pictures, strict=True)]
    return np.linalg.norm(np.array(off), axis=1)


def test_what_is_drawn_is_locked_to_the_picture() -> None:
    off = _off_px(-LATE_MS)
    print(f"lock on pixels: {np.sqrt((off**2).mean()):.3f} px rms, {off.max():.3f} px at most")
    assert np.sqrt((off**2).mean()) <= 0.4
    assert off.max() <= 1.5
    wrong = _off_px(-LATE_MS + 2.0)
    assert np.sqrt((wrong**2).mean()) > 1.0, "two milliseconds are seen"

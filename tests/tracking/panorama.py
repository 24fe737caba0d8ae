"""Pictures of a made-up venue all around, as a camera sees it that pans and tilts; grey, for the tests of turning."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from console.tracking.camera import Array, rotation

_PER_DEGREE = 20
_HALF_DEG, _HALF_TILT_DEG = 60, 30


class Panorama:
    """A texture of fine and coarse spots, 120 x 60 degrees around pan 0, tilt 0."""

    def __init__(self, seed: int = 3, noise: float = 1.5) -> None:
        self._chance = np.random.default_rng(seed)
        self._noise = noise
        width, height = 2 * _HALF_DEG * _PER_DEGREE, 2 * _HALF_TILT_DEG * _PER_DEGREE
        texture = np.zeros((height, width), np.float32)
        for size, weight in ((8, 1.0), (24, 1.0), (100, 0.7)):
            spots = self._chance.standard_normal((height // size, width // size)).astype(np.float32)
            texture += weight * cv2.resize(spots, (width, height), interpolation=cv2.INTER_CUBIC)
        self._texture = np.clip(texture * 30 + 120, 0, 255).astype(np.float32)

    def seen(
        self, pan_deg: float, tilt_deg: float, *, roll_deg: float = 0.0, focal: float = 1.354, width: int = 480
    ) -> NDArray[np.uint8]:
        """What a camera sees, 16:9, with noise; `focal` in picture widths."""
        height = width * 9 // 16
        x, y = np.meshgrid(np.arange(width) + 0.5 - width / 2, np.arange(height) + 0.5 - height / 2)
        rays: Array = np.stack((x, y, np.full_like(x, focal * width)), axis=-1) @ rotation(pan_deg, tilt_deg, roll_deg)
        pan = np.degrees(np.arctan2(rays[..., 0], rays[..., 1]))
        tilt = np.degrees(np.arctan2(rays[..., 2], np.hypot(rays[..., 0], rays[..., 1])))
        across = ((pan + _HALF_DEG) * _PER_DEGREE - 0.5).astype(np.float32)
        down = ((_HALF_TILT_DEG - tilt) * _PER_DEGREE - 0.5).astype(np.float32)
        grey = cv2.remap(self._texture, across, down, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
        noisy = grey + self._noise * self._chance.standard_normal(grey.shape, np.float32)
        return np.clip(noisy, 0, 255).astype(np.uint8)

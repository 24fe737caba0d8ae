"""Colours of elements, and the colour of a speed."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PySide6.QtGui import QColor

from console.graphics.moment import Array
from console.graphics.paint import Rgba

STEPS = 32
"""Colours of a trail: so many that the steps are not seen, so few that a trail is a few dozen pieces."""
TOPS_MPS = (13.0, 26.0, 52.0, 104.0)
"""The speeds of the brightest colour: running, cycling and horses, cars on a street, cars on a track."""
# Oklab lightness rises evenly from dark violet-blue to pale yellow: faster is always lighter, whatever one's eyes.
_LIGHT = (0.42, 0.51, 0.60, 0.69, 0.78, 0.87, 0.96)
_HUE_DEG = (285, 268, 235, 190, 150, 118, 105)
_CHROMA = (0.20, 0.19, 0.13, 0.12, 0.17, 0.18, 0.11)


def rgba(text: str, alpha: int = 255) -> Rgba:
    """An element's colour; amber when it is none."""
    colour = QColor.fromString(text)
    if not colour.isValid():
        colour = QColor("#ffd23c")
    return colour.red(), colour.green(), colour.blue(), alpha


def lighter(colour: Rgba, share: float) -> Rgba:
    """A colour moved towards white."""
    red, green, blue = (round(c + (255 - c) * share) for c in colour[:3])
    return red, green, blue, colour[3]


@lru_cache(maxsize=1)
def speed_map() -> tuple[Rgba, ...]:
    """`STEPS` colours, slow to fast."""
    at, knots = np.linspace(0, 1, STEPS), np.linspace(0, 1, len(_LIGHT))
    light, chroma = np.interp(at, knots, _LIGHT), np.interp(at, knots, _CHROMA)
    hue = np.radians(np.interp(at, knots, _HUE_DEG))
    rgb = oklab_to_srgb(np.stack((light, chroma * np.cos(hue), chroma * np.sin(hue)), axis=1))
    return tuple((int(r), int(g), int(b), 255) for r, g, b in np.rint(rgb * 255))


def speed_steps(speed_mps: Array, top_mps: float) -> Array:
    """Which colour each speed has, 0 to `STEPS` - 1; slow when it is not known."""
    share = np.nan_to_num(speed_mps / top_mps, nan=0.0, posinf=1.0, neginf=0.0)
    return np.asarray(np.clip(share * STEPS, 0, STEPS - 1), np.int64).astype(np.float64)


def oklab_to_srgb(lab: Array) -> Array:
    """Oklab (n, 3) to sRGB 0..1, cut to what can be shown (B. Ottosson, 2020)."""
    to_cone = np.array(
        [[1, 0.3963377774, 0.2158037573], [1, -0.1055613458, -0.0638541728], [1, -0.0894841775, -1.2914855480]]
    )
    to_rgb = np.array([
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ])  # fmt: skip
    linear = np.clip((lab @ to_cone.T) ** 3 @ to_rgb.T, 0, 1)
    return np.asarray(np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055))

"""Reading the strip that the common media carry at the top of every picture: which source, which of its frames.

24 cells over the full width, 2/45 of the height, from the left: 1 0 1 | source (4 bits) | frame (12) | check (4) | 0,
most significant bit first, 1 is light. Frames count 50ths of a second and wrap at 500. The check is the exclusive or
of the four groups of 4 bits before it, and of 1001.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

CELLS = 24
FRAMES = 500
"""Frame numbers wrap here."""
FRAMES_PER_SECOND = 50
_LIGHT, _DARK = (0, 2), (1, 23)
_CONTRAST_LEAST = 60


@dataclass(frozen=True, slots=True)
class Code:
    """What a strip says."""

    source: int
    frame: int


class Blend:
    """Two strips lie over each other: the picture is in a dissolve."""


BLEND = Blend()
Reading: TypeAlias = Code | Blend | None
"""None: no strip, or one that does not check."""


def cells(source: int, frame: int) -> np.ndarray:
    """The strip as 24 zeros and ones. `source` 0..15, `frame` 0..4095."""
    value = source << 12 | frame
    word = 0b101 << 21 | value << 5 | _check(value) << 1
    return np.array([word >> CELLS - 1 - cell & 1 for cell in range(CELLS)], np.uint8)


def levels_of(luma: np.ndarray) -> np.ndarray:
    """The mean level of each cell, from the middle of the cells of a picture of shape (height, width)."""
    height, width = luma.shape
    strip = height * 2 / 45
    band = luma[max(0, round(strip / 4)) : max(1, round(strip * 3 / 4))].mean(axis=0)
    edges = [(cell * width / CELLS, (cell + 1) * width / CELLS) for cell in range(CELLS)]
    return np.array([band[round(a + (b - a) / 4) : round(b - (b - a) / 4)].mean() for a, b in edges])


def read(levels: np.ndarray) -> Reading:
    """What 24 levels say. The fixed cells tell light from dark; a level between the two is a blend's."""
    light, dark = levels[list(_LIGHT)].mean(), levels[list(_DARK)].mean()
    if light - dark < _CONTRAST_LEAST:
        return None
    shares = (levels - dark) / (light - dark)
    if np.abs(shares[[*_LIGHT, *_DARK]] - (1, 1, 0, 0)).max() > 1 / 4:
        return None
    if ((shares > 1 / 3) & (shares < 2 / 3)).any():
        return BLEND
    word = int("".join("1" if share > 1 / 2 else "0" for share in shares), 2)
    value = word >> 5 & 0xFFFF
    return Code(value >> 12, value & 0xFFF) if word >> 1 & 0xF == _check(value) else None


def _check(value: int) -> int:
    return (value ^ value >> 4 ^ value >> 8 ^ value >> 12 ^ 0b1001) & 0xF

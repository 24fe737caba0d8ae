"""The code burnt into test pictures: which source, and which of its frames.

A strip of 48 black and white cells along the bottom edge, as wide as the picture and 1/45 of its height (16 rows at
720), so it survives scaling down to 640x360 and hard compression. From the left: white, black; 8 bits source number;
24 bits frame number; 12 bits check (CRC-12, polynomial 0x80F, over the 32 bits); black, white. Most significant bit
first, white is 1.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from console.media.picture import Plane

CELLS = 48
FRAME_NUMBERS = 1 << 24
"""Frame numbers wrap here."""
_WHITE, _BLACK = 235, 16


class Code(NamedTuple):
    """What a strip says."""

    source: int
    frame: int


def strip_rows(height: int) -> int:
    """How many rows at the bottom of a picture the strip takes."""
    return max(4, height // 45 // 2 * 2)


def _check(value: int) -> int:
    crc = 0
    for shift in range(31, -1, -1):
        crc = (crc << 1) ^ (0x180F if ((crc >> 11) ^ (value >> shift)) & 1 else 0)
    return crc & 0xFFF


def _edges(width: int) -> list[int]:
    return [cell * width // CELLS for cell in range(CELLS + 1)]


def burn(y: Plane, source: int, frame: int) -> None:
    """Write the strip into a luma plane of shape (height, width). `source` 0..255; `frame` wraps at 2^24."""
    value = (source & 0xFF) << 24 | frame % FRAME_NUMBERS
    bits = 0b10 << 46 | value << 14 | _check(value) << 2 | 0b01
    rows = strip_rows(y.shape[0])
    edges = _edges(y.shape[1])
    line = np.empty(y.shape[1], np.uint8)
    for cell in range(CELLS):
        line[edges[cell] : edges[cell + 1]] = _WHITE if bits >> (CELLS - 1 - cell) & 1 else _BLACK
    y[-rows:] = line


def read(y: Plane) -> Code | None:
    """Read the strip of a luma plane of shape (height, width); None when there is none that checks."""
    height, width = y.shape
    if width < CELLS * 2 or height < 16:
        return None
    rows = strip_rows(height)
    band = y[height - rows + rows // 4 : height - max(1, rows // 4)].mean(axis=0)
    edges = _edges(width)
    bits = 0
    for cell in range(CELLS):
        left, right = edges[cell], edges[cell + 1]
        margin = (right - left) // 4
        level = float(band[left + margin : right - margin].mean())
        bits = bits << 1 | (level > 126)
    value = bits >> 14 & 0xFFFFFFFF
    if bits >> 46 != 0b10 or bits & 0b11 != 0b01 or bits >> 2 & 0xFFF != _check(value):
        return None
    return Code(value >> 24, value & 0xFFFFFF)

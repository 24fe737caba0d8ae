"""A picture: planar YUV 4:2:0, 8 bit, BT.709 limited range, in one buffer; optionally with a key (alpha) plane."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Plane: TypeAlias = NDArray[np.uint8]
Samples: TypeAlias = NDArray[np.float32]
"""Sound: shape (samples, 2), 48 kHz, full scale +-1.0."""

BLACK_Y, NEUTRAL = 16, 128


@dataclass(frozen=True)
class Picture:
    """Views of one picture's planes; who owns the memory decides how long they hold.

    `y` has shape (height, width), `u` and `v` (height / 2, width / 2). `key`, when there is one, has the shape of
    `y`: 0 is transparent, 255 opaque, and the planes are *not* premultiplied.
    """

    y: Plane
    u: Plane
    v: Plane
    key: Plane | None = None

    @property
    def width(self) -> int:
        """Pixels per row."""
        return int(self.y.shape[1])

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.y.shape[0])

    def copy_from(self, other: Picture) -> None:
        """Take over another picture's pixels (same size)."""
        np.copyto(self.y, other.y)
        np.copyto(self.u, other.u)
        np.copyto(self.v, other.v)
        if self.key is not None:
            if other.key is None:
                self.key.fill(255)
            else:
                np.copyto(self.key, other.key)

    def fill(self, y: int = BLACK_Y, u: int = NEUTRAL, v: int = NEUTRAL) -> None:
        """Paint the whole picture in one colour (black, unless told) and make it opaque."""
        self.y.fill(y)
        self.u.fill(u)
        self.v.fill(v)
        if self.key is not None:
            self.key.fill(255)


def picture_bytes(width: int, height: int, *, key: bool = False) -> int:
    """How many bytes a picture takes."""
    return width * height * 3 // 2 + (width * height if key else 0)


def picture_over(buffer: Any, width: int, height: int, *, key: bool = False, offset: int = 0) -> Picture:
    """A picture whose planes are views of a buffer, in the order Y, U, V, key (I420 when contiguous)."""
    flat = np.frombuffer(buffer, np.uint8, picture_bytes(width, height, key=key), offset)
    luma, chroma = width * height, width * height // 4
    return Picture(
        flat[:luma].reshape(height, width),
        flat[luma : luma + chroma].reshape(height // 2, width // 2),
        flat[luma + chroma : luma + 2 * chroma].reshape(height // 2, width // 2),
        flat[luma + 2 * chroma :].reshape(height, width) if key else None,
    )


def new_picture(width: int, height: int, *, key: bool = False) -> Picture:
    """A black picture in memory of its own."""
    picture = picture_over(bytearray(picture_bytes(width, height, key=key)), width, height, key=key)
    picture.fill()
    return picture

"""The multiview's own picture in memory: an image that QPainter draws on and numpy writes into."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QColor, QImage, QPainter

from console.desk import tokens
from console.desk.layout import Rect
from console.desk.pixels import Pixels


class Canvas:
    """Device pixels. `image` is what goes to the screen."""

    def __init__(self, width: int, height: int) -> None:
        self.image = QImage(max(1, width), max(1, height), QImage.Format.Format_RGB32)
        self.image.fill(QColor(tokens.BACKGROUND))
        # The view stays good as long as the image is never copied: a copy would detach it.
        pixels = np.frombuffer(self.image.bits(), np.uint8)
        self._pixels = pixels.reshape(self.image.height(), self.image.bytesPerLine() // 4, 4)

    def view(self, rect: Rect) -> Pixels:
        """The pixels of a rectangle, to be written."""
        return self._pixels[rect.y : rect.y + rect.height, rect.x : rect.x + rect.width]

    def painter(self) -> QPainter:
        """A painter; end it before anything is written into a view."""
        return QPainter(self.image)

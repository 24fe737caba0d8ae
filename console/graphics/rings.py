"""The rings that graphics are written to."""

from __future__ import annotations

import math
from pathlib import Path

from console.graphics.convert import OverlayPicture
from console.wire.ring import PREMULTIPLIED, RingWriter, pack_box

FAR_NS = 1 << 62
"""An instant to look again at when there is nothing to do."""


class Drawing:
    """One overlay ring being written."""

    def __init__(self, path: Path) -> None:
        """Take the ring over. Raises ConsoleError."""
        self.ring = RingWriter(path)
        self.ring.set_flags(PREMULTIPLIED)
        self._slots: dict[int, OverlayPicture] = {}

    def begin(self) -> OverlayPicture:
        """The next slot. What a writer before left in it is wiped the first time."""
        slot = self.ring.count % self.ring.slots
        picture, _ = self.ring.begin()
        if slot not in self._slots:
            self._slots[slot] = OverlayPicture(picture)
        return self._slots[slot]

    def publish(
        self, drawn: OverlayPicture, *, frame: int, due_ns: int, now_ns: int, pts: int = 0, free_bottom: float = 0.0
    ) -> None:
        """Complete it. `free_bottom` is the part of the height, from the lower edge up, that nothing is laid over."""
        x, y, width, height = drawn.box
        free_rows = 2 * math.ceil(free_bottom * self.ring.height / 2)
        box = (x, y, width, max(0, min(height, self.ring.height - free_rows - y)))
        self.ring.publish(due_ns=due_ns, now_ns=now_ns, pts=pts, frame=frame, flags=pack_box(*box))

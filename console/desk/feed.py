"""Following one ring: which picture is due now, brought to the tile's size; levels; whether it has been black."""

from __future__ import annotations

from pathlib import Path

from console.desk.pixels import Raster, is_black
from console.errors import ConsoleError
from console.wire.ring import PictureInfo, RingReader
from console.wire.sound import SoundReader

_OTHERS_NS = 1_100_000_000
"""How long what another desk asks for counts; a little longer than desks wait before they ask again."""
_RETRY_NS = 500_000_000
_BLACK_LOOK_NS = 250_000_000
_BLACK_AFTER_NS = 1_000_000_000


class Feed:
    """A ring that may be missing, replaced or torn; none of it is an error here, there is just nothing new."""

    def __init__(self, path: Path | None, sound: Path | None = None) -> None:
        self.path, self.sound_path = path, sound
        self.black = False
        self.updates = 0
        """How many pictures were ever taken."""
        self._ring: RingReader | None = None
        self._sound: SoundReader | None = None
        self._index = -1
        self._tried_ns = self._looked_ns = -(1 << 62)
        self._black_since_ns: int | None = None

    def refresh(self, raster: Raster, now_ns: int, *, again: bool = False) -> bool:
        """Bring the due picture into the raster; whether it is another one than before (`again`: take it anyway)."""
        ring = self._attached(now_ns)
        if ring is None:
            return False
        info = _due(ring, now_ns)
        if info is None or (info.index == self._index and not again):
            return False
        picture = ring.picture(info.index)
        raster.take(picture)
        if not ring.holds(info.index):  # overwritten meanwhile: the next look gets a whole one
            return False
        self._index = info.index
        self.updates += 1
        if now_ns - self._looked_ns >= _BLACK_LOOK_NS:
            self._looked_ns = now_ns
            self._judge_black(is_black(picture), now_ns)
        return True

    def ask(self, demand: int, now_ns: int) -> None:
        """Say how the pictures are looked at (`Tier`), to be said again within 2 s; another desk may look closer."""
        ring = self._attached(now_ns)
        if ring is not None and demand >= ring.demand(now_ns, _OTHERS_NS):
            ring.ask(demand, now_ns)

    @property
    def has_sound(self) -> bool:
        """Whether there is sound to measure."""
        return self._sound is not None or (self._ring is not None and self._ring.samples_max > 0)

    def levels(self, now_ns: int) -> tuple[float, float]:
        """Peak levels of the newest sound, linear 0..1."""
        levels = None
        if self._sound is not None:
            levels = self._sound.levels(now_ns)
        elif self.sound_path is None and self._ring is not None and self._ring.samples_max:
            levels = self._ring.levels
        return (levels.left, levels.right) if levels else (0.0, 0.0)

    def close(self) -> None:
        """Let go of the maps."""
        if self._ring is not None:
            self._ring.close()
        self._ring = self._sound = None

    def _attached(self, now_ns: int) -> RingReader | None:
        if self._ring is None and self.path is not None and now_ns - self._tried_ns >= _RETRY_NS:
            self._tried_ns = now_ns
            try:
                self._ring = RingReader(self.path)
                self._sound = SoundReader(self.sound_path) if self.sound_path else None
            except ConsoleError:
                pass  # the engine is about to make it, or the source is just gone: tried again
        return self._ring

    def _judge_black(self, black: bool, now_ns: int) -> None:
        if not black:
            self._black_since_ns = None
        elif self._black_since_ns is None:
            self._black_since_ns = now_ns
        self.black = self._black_since_ns is not None and now_ns - self._black_since_ns >= _BLACK_AFTER_NS


def _due(ring: RingReader, now_ns: int) -> PictureInfo | None:
    """The newest picture that should be seen by now, else the oldest there is."""
    count = ring.count
    oldest = None
    for index in range(count - 1, max(-1, count - 1 - ring.slots), -1):
        info = ring.info(index)
        if info is None:
            break
        if info.due_ns <= now_ns:
            return info
        oldest = info
    return oldest

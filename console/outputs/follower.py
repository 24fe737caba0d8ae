"""Which picture of the program ring comes next: bookkeeping only, no clock and no codec."""

from __future__ import annotations

from collections.abc import Iterator

from console.media.time import FrameNumber, Rate
from console.outputs.log import Gap
from console.wire.ring import PictureInfo, RingReader

CLOCK_STEP_SECONDS = 10
"""Frame numbers this far below the last one mean that the machine's clock was set back."""


class ClockSetBackError(Exception):
    """The ring's frame numbers lie before what the log already has."""


class Follower:
    """Walks a program ring by frame number, from `wanted` on; None begins with the oldest picture there is."""

    def __init__(self, ring: RingReader, rate: Rate, wanted: int | None, *, absence: str = "") -> None:
        """`absence` is why frames between `wanted` and the first one found are missing."""
        self._ring = ring
        self._step_back_frames = round(CLOCK_STEP_SECONDS * rate.fps)
        self._index = max(ring.count - ring.slots, 0)
        self._absence = absence
        self._overrun = False
        self._found_any = False
        self.wanted = wanted

    def next(self) -> tuple[PictureInfo, Gap | None] | None:
        """The next picture and the gap in front of it; None when the ring has no new one. Raises ClockSetBackError.

        The picture counts as taken: call `lost` when it was overwritten before it could be copied.
        """
        ring = self._ring
        count = ring.count
        if self._index < count - ring.slots:
            self._index = count - ring.slots // 2  # so far behind that each one would be lost: gain room
            self._overrun = True
        while self._index < count:
            info = ring.info(self._index)
            self._index += 1
            if info is None:
                self._overrun = True
                continue
            wanted = info.frame if self.wanted is None else self.wanted
            if info.frame < wanted:
                if info.frame < wanted - self._step_back_frames:
                    raise ClockSetBackError
                continue
            gap = None
            if info.frame > wanted:
                gap = Gap(FrameNumber(wanted), FrameNumber(info.frame - 1), self._reason(info))
            self.wanted = info.frame + 1
            self._overrun, self._found_any = False, True
            return info, gap
        return None

    def lost(self, info: PictureInfo) -> None:
        """The picture that `next` gave was overwritten while it was read: want it still, so that it is missed."""
        self.wanted = info.frame
        self._overrun = True

    def _reason(self, info: PictureInfo) -> str:
        if not self._found_any and self._absence:
            return self._absence
        if not self._found_any:
            return "the engine was not running" if info.index == 0 else "the encoder was not running"
        return "the encoder was too slow" if self._overrun else "the engine left them out"

    def before(self, frame: int) -> Iterator[PictureInfo]:
        """The pictures in the ring before a frame, oldest first."""
        for info in self._ring.infos():
            if info.frame >= frame:
                return
            yield info

    @property
    def lag_frames(self) -> int:
        """How many pictures wait."""
        return self._ring.count - self._index

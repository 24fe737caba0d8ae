"""Which pictures of a source need graphics, when, and of which instant. The policy of time; nothing is drawn here.

A host writes pictures up to 90 ms before they are due. Each is given its graphics once, and again when something
changed that it should show (a group that was switched, a new set-up) while it may still be seen. A picture that stands,
as a still does, is drawn again as long as what stands in it moves.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterator
from dataclasses import dataclass

from console.graphics.world import Stage
from console.show.world import Camera
from console.wire.ring import STILL, PictureInfo, RingReader

SETTLE_NS = 20_000_000
"""So long after an instant its tracking is there, the sample behind it included."""
_MARGIN_NS = 1_000_000
_KEPT = 64


@dataclass(frozen=True, slots=True)
class Job:
    """A picture to give graphics to."""

    source: str
    index: int
    due_ns: int
    """When program shows it; of one that stands, the next frame's time."""
    seen_ns: int
    """What fades and clocks go by: the frame that will show it, or show it again."""
    instant_ns: int
    """When it was taken, on the arrival clock of the tracking."""
    start_ns: int
    """Not before then."""
    look: Hashable
    """What it is drawn by; the same picture with the same look need not be drawn again."""
    first: bool
    """It has no graphics yet."""


def shown_from(infos: list[PictureInfo], frame_ns: int, next_ns: int) -> tuple[PictureInfo | None, list[PictureInfo]]:
    """The picture that program may still hold at its next frame, and those that may come after it.

    As `sync.frames.choose` has it: a picture is taken up to half a frame before it is due, and one that is overdue by
    less than half a frame is not passed over.
    """
    half_ns = frame_ns // 2
    held = None
    for info in infos:
        if info.due_ns <= next_ns + half_ns:
            held = info
    return held, [info for info in infos if info is not held and info.due_ns > next_ns - half_ns]


def next_of(jobs: list[Job], now_ns: int, cost_ns: int) -> Job:
    """Which of one source's pictures to draw: the first that can be ready when it is seen, or the last when none can.

    Who draws more slowly than pictures come must not run after those that have just been passed over: each would come
    too late. This way every second or third has its graphics, and those between show the ones before.
    """
    return next((job for job in jobs if job.seen_ns >= now_ns + cost_ns), jobs[-1])


class Needs:
    """What one source's pictures need, remembered from look to look."""

    def __init__(self, source: str, picture: RingReader, room: int) -> None:
        """`room`: how many pictures' graphics are kept, the one that program holds and those after it."""
        self.source = source
        self.late = 0
        """Pictures whose graphics came after they were due, or never."""
        self._ring, self._room = picture, room
        self._looks: OrderedDict[int, Hashable] = OrderedDict()
        self._counted: int | None = None
        """Up to here pictures are counted, as given in time or as late."""

    @property
    def rests(self) -> bool:
        """Whether nobody asks."""
        return self._counted is None

    def rest(self) -> None:
        """Nobody asks at present."""
        self._counted = None
        self._looks.clear()

    def jobs(
        self, stage: Stage, camera: Camera, revision: int, now_ns: int, reserve_ns: int, *, moves: bool
    ) -> Iterator[Job]:
        """What there is to do, oldest first. `reserve_ns` before it is due a picture is begun at the latest; `moves`:
        what stands in the world does not stand still."""
        ring, frame_ns = self._ring, stage.rate.start_ns(1)
        next_ns = stage.start_ns(stage.frame(now_ns + _MARGIN_NS + frame_ns // 2))
        held, coming = shown_from(list(ring.infos()), frame_ns, next_ns)
        self._count_missed(held, coming)
        shift_ns = ring.latency_ns + round(camera.delay_ms * 1e6)
        still = bool(ring.flags & STILL)
        seen = coming if held is None else sorted((held, *coming), key=lambda info: info.index)
        for info in seen[: self._room]:  # one too early would be written over one that is yet to be seen
            stands = info is held
            due_ns = next_ns if stands and still else info.due_ns
            seen_ns = max(info.due_ns, next_ns) if stands else info.due_ns
            look = (revision, stage.opacities(stage.frame(seen_ns)), seen_ns if stands and still and moves else 0)
            if self._looks.get(info.index) == look:
                continue
            instant_ns = due_ns - shift_ns
            start_ns = min(instant_ns + SETTLE_NS + stage.latest_ns(camera.input), due_ns - reserve_ns)
            yield Job(
                self.source, info.index, due_ns, seen_ns, instant_ns, start_ns, look, info.index not in self._looks
            )

    def _count_missed(self, held: PictureInfo | None, coming: list[PictureInfo]) -> None:
        first = min((info.index for info in (held, *coming) if info is not None), default=self._ring.count)
        if self._counted is None:
            self._counted = first  # the one that is held now nobody could have known of
        for index in range(max(self._counted + 1, first - self._ring.slots), first):
            self.late += index not in self._looks
        self._counted = max(self._counted, first - 1)

    def done(self, job: Job, now_ns: int) -> None:
        """The graphics of a picture are there."""
        if job.first and now_ns > job.due_ns and self._counted is not None and job.index > self._counted:
            self.late += 1
        self._looks.pop(job.index, None)
        self._looks[job.index] = job.look
        if len(self._looks) > _KEPT:
            self._looks.popitem(last=False)

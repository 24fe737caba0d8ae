"""How much later pictures come in than the tracking of their instants, found by itself while cameras are on the air.

Now and then a thread compares two pictures, a tenth of a second or two apart, of a tracked camera that turns: how far
it turned there against what its tracker says tells the delay, once enough pairs were looked at (`tracking.delay`). All
of it together may take 2 % of a core. Most of that is in OpenCV, where others may go on; the thread has no lower
priority than they have, since on a busy machine it would then hold the interpreter while it waits for its turn. Nothing
is applied: the desk shows what was found.

Only pictures that are all made can be compared: those of a source on program and, while the machine has room, on
preview. Once the delay is sure the camera is left alone for some minutes; when its stream begins anew, or its tracker
while it is looked at, so does this.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from console.errors import ConsoleError
from console.graphics.status import age_ms, fault
from console.media.clock import Clock, thread_cpu_ns
from console.show.world import Camera
from console.tracking.camera import view
from console.tracking.delay import Delay, find_delay
from console.tracking.mapping import CameraState
from console.tracking.timeline import CameraTimeline
from console.tracking.turning import Luma, Turns, reduced, turned_between
from console.wire.ring import STILL, PictureInfo, RingReader

log = logging.getLogger("console.graphics.delays")

SHARE = 0.015
"""How much of a core the thread may take; with what OpenCV does on threads of its own that makes 2 %."""
SURE_MS, SURE_PAIRS = 0.3, 40
AGAIN_NS = 180_000_000_000
"""A delay that is sure is looked for again after this."""
WINDOW_NS = 180_000_000_000
_LEAST_PAIRS, _FIND_EVERY, _PAIRS_MOST = 12, 6, 400
_LEAST_APART_NS, _MOST_APART_NS = 90_000_000, 240_000_000
_FRESH_NS, _SILENT_NS = 200_000_000, 1_000_000_000
_TURNING_NS, _TURNING_DEG = 600_000_000, 0.15
"""A camera that turned by less in this time is not looked at."""
_LOOK_NS = 250_000_000
_SPARE_SLOTS = 2
"""The oldest pictures of a ring may be overwritten while they are looked at."""
_NOT_SEEN = "Its pictures are not all decoded: put it on program"
Key = tuple[str, int]
"""A tracker: the input and the number of the camera there."""


class Told:
    """What one tracker says, taken in by the thread that draws, in `inbox`, and used by the one that looks."""

    def __init__(self) -> None:
        self.inbox: deque[CameraState] = deque(maxlen=4096)
        self.line = CameraTimeline(history_ns=WINDOW_NS)
        self.began_ns = 0
        """When the unbroken stretch began that it has told of."""

    def take(self) -> None:
        """Put what was said since the last time onto the time line."""
        while self.inbox:
            state = self.inbox.popleft()
            newest = self.line.newest_ns
            if newest is None or not 0 <= state.received_ns - newest < _SILENT_NS:
                self.line, self.began_ns = CameraTimeline(history_ns=WINDOW_NS), state.received_ns
            self.line.add(state)

    def forget(self) -> None:
        """Nobody looks at present."""
        self.inbox.clear()
        self.line, self.began_ns = CameraTimeline(history_ns=WINDOW_NS), 0


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two pictures that were compared: their instants, and how far the camera turned."""

    from_ns: int
    to_ns: int
    pan_deg: float
    tilt_deg: float


class Watch:
    """One source. All but the properties belongs to the thread that looks."""

    def __init__(self, camera: Camera, pictures: Path, told: Told) -> None:
        self.camera, self.pictures, self.told = camera, pictures, told
        self.found: Delay | None = None
        self.found_ns = 0
        self.reason = _NOT_SEEN
        self.again_ns = 0
        self._pairs: deque[_Pair] = deque(maxlen=_PAIRS_MOST)
        self._since = 0
        self._stream: tuple[int, int] | None = None
        self._told_from_ns = 0
        self._ring: RingReader | None = None

    def status(self, now_ns: int) -> dict[str, Any]:
        """What the desk is told: what was found, how long ago, and what is in the way of more."""
        found = self.found
        return {
            "found_ms": round(found.delay_ms, 3) if found else None,
            "error_ms": round(found.error_ms, 3) if found else None,
            "agreement": round(found.agreement, 4) if found else None,
            "at_ms": age_ms(self.found_ns, now_ns),
            "pairs": len(self._pairs),
            "reason": self.reason,
        }

    def close(self) -> None:
        """Let go of the pictures."""
        if self._ring is not None:
            self._ring.close()
            self._ring = None

    def look(self, now_ns: int) -> bool:
        """Compare two pictures, if there is something to see; whether that was work."""
        ring = self._ring = self._ring or RingReader(self.pictures)
        stream = (ring.writer_pid, ring.latency_ns)
        if stream != self._stream:  # another run of the host, or another latency: nothing of before counts
            self._stream, self.again_ns = stream, 0
            self._pairs.clear()
            return False
        if now_ns < self.again_ns:
            return False
        if self.told.began_ns != self._told_from_ns:
            self._told_from_ns = self.told.began_ns
            self._pairs.clear()
            return False
        pair = self._newest_pair(ring, now_ns)
        if pair is None or not self._turns(now_ns):
            return False
        turned = self._compared(ring, *pair)
        if turned is not None:
            self._pairs.append(turned)
            self._since += 1
        return True

    def find(self, now_ns: int) -> bool:
        """Tell the delay, if enough was seen since it was told last; whether that was work."""
        while self._pairs and now_ns - self._pairs[0].from_ns > WINDOW_NS - 2 * _SILENT_NS:
            self._pairs.popleft()
        if len(self._pairs) < _LEAST_PAIRS or self._since < _FIND_EVERY:
            return False
        self._since = 0
        rows = np.array([(p.from_ns, p.to_ns, p.pan_deg, p.tilt_deg) for p in self._pairs], np.float64)
        try:
            found = find_delay(*self.told.line.turning(), Turns(rows[:, 0], rows[:, 1], rows[:, 2:]))
        except ConsoleError as error:
            self.reason = error.sentence
            return True
        self.found, self.found_ns, self.reason = found, now_ns, ""
        if found.error_ms <= SURE_MS and len(self._pairs) >= SURE_PAIRS:
            log.info("the delay of %s is %.2f +- %.2f ms", self.camera.source, found.delay_ms, found.error_ms)
            self.again_ns = now_ns + AGAIN_NS
            self._pairs.clear()
        return True

    def _newest_pair(self, ring: RingReader, now_ns: int) -> tuple[PictureInfo, PictureInfo] | None:
        """The newest picture and the oldest that is not too far from it and stays for a while."""
        infos = list(ring.infos(ring.count - ring.slots + _SPARE_SLOTS - 1))
        if not infos or ring.flags & STILL or now_ns - infos[-1].due_ns > _FRESH_NS:
            self._say(_NOT_SEEN)
            return None
        last = infos[-1]
        apart = [info for info in infos if _LEAST_APART_NS <= last.due_ns - info.due_ns <= _MOST_APART_NS]
        if not apart:
            self._say(_NOT_SEEN)
            return None
        return apart[0], last

    def _turns(self, now_ns: int) -> bool:
        newest = self.told.line.newest_ns
        if newest is None or now_ns - newest > _SILENT_NS:
            self._say("Its tracking is silent")
            return False
        places = [self.told.line.at(newest - back_ns) for back_ns in (0, _TURNING_NS // 2, _TURNING_NS)]
        pans, tilts = (
            [getattr(one.state, name) for one in places if one is not None] for name in ("pan_deg", "tilt_deg")
        )
        if max(np.ptp(np.unwrap(pans, period=360.0)), np.ptp(tilts)) < _TURNING_DEG:
            self._say("It is found while the camera turns")
            return False
        return True

    def _say(self, reason: str) -> None:
        """Why nothing more is found now; what was found says more."""
        if self.found is None:
            self.reason = reason

    def _compared(self, ring: RingReader, first: PictureInfo, last: PictureInfo) -> _Pair | None:
        instants = [info.due_ns - ring.latency_ns for info in (first, last)]
        lumas: list[Luma] = [np.array(reduced(ring.picture(info.index).y)) for info in (first, last)]
        if not (ring.holds(first.index) and ring.holds(last.index)):
            return None
        guess_ns = round((self.found.delay_ms if self.found else self.camera.delay_ms) * 1e6)
        views = []
        for instant_ns, luma in zip(instants, lumas, strict=True):
            told = self.told.line.at(instant_ns - guess_ns)
            if told is None:
                return None
            views.append(view(self.camera, told.state, luma.shape[1], luma.shape[0]))
        turned = turned_between(lumas[0], lumas[1], views[0], views[1])
        return None if turned is None else _Pair(instants[0], instants[1], *turned)


class Delays:
    """All sources with a tracked camera, and the thread that looks at them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._watches: dict[str, Watch] = {}
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def follow(
        self, cameras: Iterable[Camera], rings: Mapping[str, Mapping[str, str]]
    ) -> dict[Key, deque[CameraState]]:
        """Look at these; where to put what each tracker says. What stays as it was goes on."""
        before, watches = self._watches, {}
        tolds = {(watch.camera.input, watch.camera.number): watch.told for watch in before.values()}
        for camera in cameras:
            path = rings.get(camera.source, {}).get("picture")
            if not camera.input or path is None:
                continue
            known = before.get(camera.source)
            same = known is not None and known.pictures == Path(path) and _alike(known.camera, camera)
            told = tolds.setdefault((camera.input, camera.number), Told())
            watches[camera.source] = known if known and same else Watch(camera, Path(path), told)
            watches[camera.source].camera = camera
        self._watches = watches
        if watches and self._thread is None:
            self._thread = threading.Thread(target=self._run, name="delays", daemon=True)
            self._thread.start()
        return {(watch.camera.input, watch.camera.number): watch.told.inbox for watch in watches.values()}

    def status(self) -> dict[str, dict[str, Any]]:
        """By source, what the desk is told."""
        now_ns = self._clock.now()
        return {source: watch.status(now_ns) for source, watch in self._watches.items()}

    def close(self) -> None:
        """Look no more."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join(2.0)

    def _run(self) -> None:
        held: dict[str, Watch] = {}
        while not self._closing.is_set():
            watches = self._watches
            for source in [source for source, watch in held.items() if watches.get(source) is not watch]:
                held.pop(source).close()
            held = dict(watches)
            began_ns = self._clock.now()
            wanted = {id(watch.told) for watch in watches.values() if began_ns >= watch.again_ns}
            for watch in watches.values():
                if id(watch.told) in wanted:
                    watch.told.take()
                else:
                    watch.told.forget()
                self._work(watch, watch.look)
                self._work(watch, watch.find)
            self._closing.wait(max(_LOOK_NS, self._clock.now() - began_ns) / 1e9)
        for watch in held.values():
            watch.close()

    def _work(self, watch: Watch, step: Callable[[int], bool]) -> None:
        """Do a step, and rest for as long as it asks; whatever it fails with takes nothing else along."""
        began_ns = thread_cpu_ns()
        try:
            worked = step(self._clock.now())
        except ConsoleError as error:
            watch.reason, worked = str(error), True
        except Exception as error:
            watch.reason, worked = fault(error), True
        if worked:
            self._closing.wait((thread_cpu_ns() - began_ns) * (1 / SHARE - 1) / 1e9)


def _alike(one: Camera, other: Camera) -> bool:
    """Whether they differ in nothing but the delay that is used."""
    return replace(one, delay_ms=0.0) == replace(other, delay_ms=0.0)

"""The director of the benchmark: a cut every 2 s, a dissolve of 1 s every 10 s, and what the engine answered."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from enum import StrEnum

from counting import Take
from feeding import medium
from onair import OnAir, source_id

from console.errors import ConsoleError

_EVERY_S, _LOOK_S, _DISSOLVE_EVERY = 2.0, 0.5, 5


class Cuts(StrEnum):
    """How a cut is made."""

    HOT = "hot"
    """Past preview."""
    PREVIEW = "preview"
    """The source goes to preview, half a second later it is taken."""
    BOTH = "both"
    """In turn, as a director does."""


def rotation(sources: int) -> Iterator[int]:
    """Source 2, 3, ... and round again for ever, without a step that nobody could see: the same medium twice."""
    on = 1
    while True:
        after = on % sources + 1
        while medium(after) == medium(on) and after != on:
            after = after % sources + 1
        on = after
        yield on


class Cutter(threading.Thread):
    """Cuts until it is closed. `takes` and `refused` tell what came of it."""

    def __init__(self, air: OnAir, cuts: Cuts, seed: int = 1) -> None:
        super().__init__(name="cutter", daemon=True)
        self.takes: list[Take] = []
        self.refused: list[str] = []
        self._air, self._cuts, self._chance = air, cuts, random.Random(seed)
        self._ended = threading.Event()
        self.start()

    def run(self) -> None:
        """Take one source after the other."""
        frame_s = 1 / self._air.rate.fps
        begun = time.monotonic()
        if self._air.work.sources < 2:
            return
        for turn, source in enumerate(rotation(self._air.work.sources), 1):
            # The grid of frames and that of the takes must not be locked to each other.
            at = begun + (turn - 1) * _EVERY_S + self._chance.uniform(0, frame_s)
            if self._ended.wait(max(0.0, at - time.monotonic())):
                return
            try:
                self._take(source, turn)
            except ConsoleError as error:
                self.refused.append(str(error))

    def _take(self, source: int, turn: int) -> None:
        air = self._air
        dissolve = turn % _DISSOLVE_EVERY == 0
        hot = self._cuts is Cuts.HOT or (self._cuts is Cuts.BOTH and turn % 2 == 0)
        if dissolve or not hot:
            air.command("SetPreview", source=source_id(source))
            if self._ended.wait(_LOOK_S):
                return
        asked_ns, asked = time.time_ns(), air.frame()
        if dissolve:
            ack = air.command("Auto")
        elif hot:
            ack = air.command("SetProgram", source=source_id(source))
        else:
            ack = air.command("Cut")
        frames = round(air.rate.fps) if dissolve else 1
        self.takes.append(Take(medium(source), asked, ack["frame"], frames, hot and not dissolve, asked_ns))

    def close(self) -> None:
        """Cut no more."""
        self._ended.set()
        self.join()


def hot_cut(air: OnAir, source: int) -> Take:
    """Put a source on program now, whatever is on preview."""
    asked_ns, asked = time.time_ns(), air.frame()
    ack = air.command("SetProgram", source=source_id(source))
    return Take(medium(source), asked, ack["frame"], 1, True, asked_ns)

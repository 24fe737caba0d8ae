"""A director who cuts by himself: chooses a camera, puts it on preview, takes it, and remembers what was promised."""

from __future__ import annotations

import random
from dataclasses import dataclass

from console.wire.client import command
from console.wire.place import Address

MIX_FRAMES = 25
_EVERY_MIX = 5
_LOOK_S = (0.6, 2.0)
"""How long a camera is on preview before it is taken."""
_AFTER_NS = 1_200_000_000
"""From a take to the next preview: longer than a mix."""


@dataclass(frozen=True)
class Take:
    """What the engine promised: the new source from this frame on."""

    frame: int
    """The frame that the ack named: the first picture that is changed."""
    before: str
    after: str
    mix_frames: int = 0
    """0 for a cut."""


class Director:
    """Puts a camera on preview, looks at it, takes it, and so on, by a fixed sequence of chances."""

    def __init__(self, engine: Address, sources: list[str], seed: int = 100) -> None:
        self._engine, self._sources = engine, sources
        self._chance = random.Random(seed)  # noqa: S311 a show, not a secret
        self.takes: list[Take] = []
        self._program = sources[0]
        self._next: str | None = None

    def act(self) -> int:
        """Do what comes next; how long to wait until then, in nanoseconds. Raises ConsoleError."""
        if self._next is None:
            self._next = self._chance.choice([source for source in self._sources if source != self._program])
            command(self._engine, "SetPreview", client="demo", source=self._next)
            return round(self._chance.uniform(*_LOOK_S) * 1e9)
        self._take(self._next)
        self._next = None
        return _AFTER_NS

    def _take(self, source: str) -> None:
        """Mostly a cut, now and then a mix."""
        mixes = len(self.takes) % _EVERY_MIX == _EVERY_MIX - 1
        if mixes:
            command(self._engine, "SetTransition", client="demo", type="mix", rate_frames=MIX_FRAMES)
        ack = command(self._engine, "Auto" if mixes else "Cut", client="demo")
        self.takes.append(Take(int(ack["frame"]), self._program, source, MIX_FRAMES if mixes else 0))
        self._program = source

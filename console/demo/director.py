"""A director who cuts by himself: chooses a camera, puts it on preview, takes it, and remembers what was promised."""

from __future__ import annotations

import random
from dataclasses import dataclass

from console.errors import ConsoleError
from console.media.time import Rate
from console.wire.client import command
from console.wire.place import Address

MIX_FRAMES = 25
_EVERY_MIX = 5
_SHORTEST_S, _LONGEST_S = 1.6, 3.2


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
    """Takes a camera now and then, by a fixed sequence of chances."""

    def __init__(self, engine: Address, sources: list[str], rate: Rate, seed: int = 100) -> None:
        self._engine, self._sources, self._rate = engine, sources, rate
        self._chance = random.Random(seed)  # noqa: S311 a show, not a secret
        self.takes: list[Take] = []
        self._program = sources[0]

    def pause_ns(self) -> int:
        """How long to wait before the next take."""
        return round(self._chance.uniform(_SHORTEST_S, _LONGEST_S) * 1e9)

    def take(self) -> Take:
        """Change to another camera: mostly a cut, now and then a mix. Raises ConsoleError."""
        choice = self._chance.choice([source for source in self._sources if source != self._program])
        command(self._engine, "SetPreview", client="demo", source=choice)
        mixes = len(self.takes) % _EVERY_MIX == _EVERY_MIX - 1
        if mixes:
            command(self._engine, "SetTransition", client="demo", type="mix", rate_frames=MIX_FRAMES)
        ack = command(self._engine, "Auto" if mixes else "Cut", client="demo")
        take = Take(int(ack["frame"]), self._program, choice, MIX_FRAMES if mixes else 0)
        if self.takes and take.frame <= self.takes[-1].frame:
            raise ConsoleError("The engine named a frame twice for two takes", "This is a fault of Podium: report it")
        self._program = choice
        self.takes.append(take)
        return take

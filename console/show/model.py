"""The show as frozen data: `Setup` (what can be undone), `Air` (what is on air, never undone), and both as `Show`."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType

from console.media.time import Format, Rate
from console.show.world import Group, Switched, Title, World

SourceId = NewType("SourceId", str)
KEYERS = 4
TITLE_OUT_SECONDS = 2.0
"""A title that was taken out is keyed for so long yet; its picture is transparent well before."""
TRACKED_OUT_SECONDS = 1.0
"""Graphics in the world that were switched off are laid over for so long yet, to fade."""
DEFAULT_FORMAT = Format(1280, 720, Rate(50))


class Bus(StrEnum):
    """Where pictures are mixed to."""

    PROGRAM = "program"
    PREVIEW = "preview"
    CLEAN = "clean"


class TransitionType(StrEnum):
    """How AUTO goes from one source to the next."""

    MIX = "mix"
    DIP = "dip"


@dataclass(frozen=True)
class Source:
    """Something that makes pictures and sound."""

    id: SourceId
    url: str
    name: str
    latency_ms: int = 200
    proxy_url: str = ""
    """A smaller picture of the same for its tile (a camera's sub-stream, a lower rendition); empty: none."""


@dataclass(frozen=True)
class Destination:
    """Somewhere the program is pushed to."""

    url: str
    name: str = ""


@dataclass(frozen=True)
class Transition:
    """The transition that AUTO runs: its type and its length in frames."""

    type: TransitionType = TransitionType.MIX
    rate_frames: int = 25


@dataclass(frozen=True)
class Setup:
    """Everything that is prepared rather than performed."""

    name: str = "Untitled"
    format: Format = DEFAULT_FORMAT
    sources: tuple[Source, ...] = ()
    destinations: tuple[Destination, ...] = ()
    keyers: tuple[SourceId | None, ...] = (None,) * KEYERS
    """The fill-and-key source of each downstream keyer."""
    take_interval_ms: int = 250
    """Two takes closer than this are a bouncing key: the second is refused."""
    world: World = field(default_factory=World)
    titles: tuple[Title | None, ...] = (None,) * KEYERS
    """The title of each downstream keyer; one with a title has no source."""

    def source(self, source_id: str | None) -> Source | None:
        """The source of that id, if there is one."""
        return next((source for source in self.sources if source.id == source_id), None)

    @property
    def title_out_frames(self) -> int:
        """`TITLE_OUT_SECONDS` in frames."""
        return round(TITLE_OUT_SECONDS * self.format.rate.fps)


@dataclass(frozen=True)
class Move:
    """A transition that is running: from the program source to `to`, first mixed picture at frame `start`."""

    to: SourceId | None
    start: int
    transition: Transition

    def position(self, at: int) -> float:
        """How far the move is at a frame, 0..1; the last frame of `rate_frames` shows only the new source."""
        return min(1.0, max(0.0, (at - self.start + 1) / self.transition.rate_frames))


@dataclass(frozen=True)
class Fade:
    """A fade to black or back, first changed picture at frame `start`."""

    to_black: bool
    start: int
    rate_frames: int

    def level(self, at: int) -> float:
        """How black program is at a frame, 0..1."""
        done = min(1.0, max(0.0, (at - self.start + 1) / self.rate_frames))
        return done if self.to_black else 1.0 - done


@dataclass(frozen=True)
class Air:
    """What is on air. `None` as a source is black and silence."""

    program: SourceId | None = None
    preview: SourceId | None = None
    transition: Transition = field(default_factory=Transition)
    move: Move | None = None
    keyers_on: tuple[bool, ...] = (False,) * KEYERS
    """The downstream keyers that program shows; one whose title was taken out, until it is out."""
    fade: Fade | None = None
    last_take: int | None = None
    """The frame of the last cut, auto or hot cut."""
    tracked: tuple[Switched, ...] = (Switched(),) * len(Group)
    """Which groups of graphics in the world are on, in the order of `Group`."""
    titles: tuple[Switched, ...] = (Switched(),) * KEYERS
    """When the title of each downstream keyer was taken or, where it is off, taken out."""
    keyers_preview: tuple[bool, ...] = (False,) * KEYERS
    """The downstream keyers that preview shows."""
    race: Switched = field(default_factory=Switched)
    """The clock of record lines: it runs from the frame at which it was switched on."""


@dataclass(frozen=True)
class Show:
    """One revision of the whole show. `rev` counts changes."""

    setup: Setup = field(default_factory=Setup)
    air: Air = field(default_factory=Air)
    rev: int = 0

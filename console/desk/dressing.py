"""What stands on a picture of the multiview: name, key, tally, trouble. Pure: from what is known to words."""

from __future__ import annotations

from dataclasses import dataclass

from console.desk.status import SourceReading
from console.desk.world import LIVE, PREVIEW, PROGRAM, World, source_word
from console.media.time import FLICKS_PER_SECOND
from console.show.model import Source

_SOON_FRAMES = 3
"""A source that is decoded for the eye is on air within so many frames; a longer wait is worth a word there too."""
CUES = {PROGRAM: "PGM", PREVIEW: "PVW"}
"""The words of the tally, for eyes that do not tell red from green."""


@dataclass(frozen=True)
class Dressing:
    """What stands on a tile beside its picture."""

    name: str = ""
    badge: str = ""
    """The key that puts it on preview."""
    lamp: str = ""
    cue: str = ""
    word: str = ""
    """What is wrong with the source."""
    mark: str = ""
    """The triangle before the word: `filled` for an alarm, `hollow` for a warning."""
    tier: str = ""
    """How little of it is decoded, where that can be seen."""
    hot: str = ""
    """How long a cut to it would wait for its picture, where it would."""
    detail: str = ""
    """Shown while the mouse is over it."""
    clock: str = ""
    asked: bool = False
    """It has been asked for and the engine has not confirmed it yet."""


def dress_source(
    world: World,
    source: Source,
    badge: str,
    lamp: str,
    *,
    wait_frames: int | None,
    black: bool,
    hovered: bool,
    asked: bool,
) -> Dressing:
    """A source's tile. `wait_frames` is how long a cut to it would wait for its picture, None when unknown."""
    reading = world.reading(source.id)
    word = source_word(reading.state, reading.age_ms)
    mark = "hollow" if reading.state == "stale" else "filled"
    if not word and black:
        word, mark = "BLACK", "hollow"
    alive, soon = reading.state == LIVE, 1 if reading.is_resting else _SOON_FRAMES
    tier = reading.tier_name.upper() if alive and reading.is_resting else ""
    hot = f"hot in {wait_frames}" if alive and wait_frames is not None and wait_frames > soon else ""
    detail = _detail(reading, hot) if hovered and source.id in world.status.sources else ""
    if detail and not word:
        tier = hot = ""  # the detail begins with them
    mark = mark if word else ""
    return Dressing(source.name, badge, lamp, CUES.get(lamp, ""), word, mark, tier, hot, detail, asked=asked)


def dress_program(world: World, now_ns: int) -> Dressing:
    """The program's picture; not red while it is faded to black."""
    black = world.is_black_at(now_ns)
    name = "BLACK" if black else _name(world, world.air.program)
    lamp = "" if black else PROGRAM
    return Dressing(name, lamp=lamp, cue="PROGRAM  PGM", clock=_clock(world, now_ns) if world.linked else "")


def dress_preview(world: World) -> Dressing:
    """The preview's picture."""
    return Dressing(_name(world, world.air.preview), lamp=PREVIEW, cue="PREVIEW  PVW")


def _name(world: World, source_id: str | None) -> str:
    source = world.setup.source(source_id)
    return source.name if source else "BLACK"


def _clock(world: World, now_ns: int) -> str:
    second = world.frame_at(now_ns) * world.setup.format.rate.frame_flicks // FLICKS_PER_SECOND
    return f"{second // 3600 % 24:02}:{second // 60 % 60:02}:{second % 60:02}"


def _detail(reading: SourceReading, hot: str) -> str:
    video = reading.video
    parts = [reading.tier_name, hot, f"{video.width}x{video.height}" if video.width else "", video.codec]
    parts += [f"{reading.fps:.0f} fps", f"{reading.latency_ms:.0f} ms" if reading.latency_ms else ""]
    return " ".join(part for part in parts if part)

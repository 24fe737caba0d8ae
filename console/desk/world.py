"""The desk's picture of the engine: what it last confirmed and measured. Pure; messages in, a new picture out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from console.desk.status import SourceReading, Status, read_status
from console.media.clock import Anchor
from console.media.time import timecode
from console.show.codec import from_json
from console.show.commands import Role
from console.show.model import Air, Setup, Show
from console.show.reduce import on_air

LIVE = "live"
TRACKING_STALE_MS = 500
"""Graphics that hang on a camera's tracking have faded out by then."""
PROGRAM, PREVIEW = "program", "preview"


@dataclass(frozen=True)
class SourceRings:
    """Where one source's pictures and sound are."""

    picture: Path | None = None
    tile: Path | None = None
    sound: Path | None = None


@dataclass(frozen=True)
class Rings:
    """Where pictures and sound are, by bus and by source."""

    program: Path | None = None
    preview: Path | None = None
    sources: Mapping[str, SourceRings] = field(default_factory=dict)


@dataclass(frozen=True)
class World:
    """Everything the desk knows. `linked` says whether it still holds."""

    linked: bool = False
    ever_linked: bool = False
    lost_reason: str = ""
    rev: int = 0
    frame: int = 0
    version: str = ""
    role: Role = Role.VIEW
    anchor: Anchor | None = None
    setup: Setup = field(default_factory=Setup)
    air: Air = field(default_factory=Air)
    before: str | None = None
    """The source that was on program before the present one."""
    rings: Rings = field(default_factory=Rings)
    status: Status = field(default_factory=Status)

    @property
    def show(self) -> Show:
        """Set-up and air as the show's functions take them."""
        return Show(self.setup, self.air, self.rev)

    def reading(self, source_id: str) -> SourceReading:
        """What is measured of a source; of one that nothing is known of, nothing."""
        return self.status.sources.get(source_id, SourceReading())

    def frame_at(self, now_ns: int) -> int:
        """The number of the frame that is showing at a monotonic instant (of the engine's machine)."""
        if self.anchor is None:
            return self.frame
        return self.setup.format.rate.frame_at_ns(self.anchor.to_unix(now_ns))

    def timecode_at(self, now_ns: int) -> str:
        """The time of day of the frame that is showing, `HH:MM:SS:FF`."""
        return timecode(self.frame_at(now_ns), self.setup.format.rate)

    def seconds_on_air(self) -> int | None:
        """How long the program log is, in seconds; None without one."""
        frames = self.status.log.frames
        return int(frames / self.setup.format.rate.fps) if frames else None

    def is_black_at(self, now_ns: int) -> bool:
        """Whether a fade to black is complete."""
        fade = self.air.fade
        return fade is not None and fade.to_black and fade.level(self.frame_at(now_ns)) >= 1.0

    def position_at(self, now_ns: int) -> float | None:
        """How far the running transition is, 0..1; None when none runs."""
        return None if self.air.move is None else self.air.move.position(self.frame_at(now_ns))

    def lamps(self, *, black: bool = False) -> dict[str, str]:
        """The tally of each source that has one: `program` wins over `preview`; nothing is red under black."""
        lamps: dict[str, str] = {}
        if self.air.preview is not None:
            lamps[self.air.preview] = PREVIEW
        if not black:
            lamps |= dict.fromkeys(on_air(self.show), PROGRAM)
        return lamps


def received(world: World, message: Mapping[str, Any]) -> World:
    """Take in one message of `/live`. Raises ShowFileError, a ValueError, when it makes no sense."""
    if (snapshot := message.get("snapshot")) is not None:
        fresh = World(linked=True, ever_linked=True, before=world.before, role=Role(snapshot.get("role", Role.VIEW)))
        fresh = replace(fresh, version=str(snapshot.get("version", "")), anchor=_anchor(snapshot.get("anchor")))
        fresh = _patched(fresh, snapshot)
        return replace(fresh, status=read_status(snapshot.get("status")))
    if (patch := message.get("patch")) is not None:
        return _patched(world, patch)
    if (status := message.get("status")) is not None:
        return replace(world, status=read_status(status))
    return world


def lost(world: World, reason: str) -> World:
    """The link is gone; the last picture stays for orientation."""
    unreachable = re.search(r"Cannot connect to host (\S+)", reason)  # aiohttp's words are for programmers
    return replace(world, linked=False, lost_reason=f"Nothing answers at {unreachable[1]}" if unreachable else reason)


def _patched(world: World, patch: Mapping[str, Any]) -> World:
    changes: dict[str, Any] = {name: patch[name] for name in ("rev", "frame") if type(patch.get(name)) is int}
    if "setup" in patch:
        changes["setup"] = from_json(Setup, patch["setup"], "setup")
    if "air" in patch:
        air = changes["air"] = from_json(Air, patch["air"], "air")
        if air.program != world.air.program and world.air.program is not None:
            changes["before"] = world.air.program
    if "rings" in patch:
        changes["rings"] = _rings(patch["rings"])
    return replace(world, **changes)


def _anchor(data: Any) -> Anchor | None:
    try:
        return Anchor(int(data["monotonic_ns"]), int(data["unix_ns"]))
    except (TypeError, KeyError, ValueError):
        return None


def _path(data: Any, name: str) -> Path | None:
    value = data.get(name) if isinstance(data, dict) else None
    return Path(value) if isinstance(value, str) and value else None


def _rings(data: Any) -> Rings:
    sources = data.get("sources") if isinstance(data, dict) else None
    return Rings(
        _path(data, PROGRAM),
        _path(data, PREVIEW),
        {
            str(name): SourceRings(_path(rings, "picture"), _path(rings, "tile"), _path(rings, "sound"))
            for name, rings in (sources or {}).items()
        },
    )


def source_word(state: str, age_ms: float | None) -> str:
    """What stands on a tile about a source's state; nothing when it is live."""
    seconds = "" if age_ms is None else f" {age_ms / 1000:.0f} s"
    words = {LIVE: "", "": "", "stale": f"STALE{seconds}", "lost": f"NO SIGNAL{seconds}", "slate": "NO SIGNAL"}
    return words.get(state, state.upper())


def tracking_troubles(world: World) -> dict[str, str]:
    """Sources on which tracked graphics can't be trusted now, and why; one without a camera model has none to show."""
    found = {}
    for name, reading in world.status.graphics.cameras.items():
        if reading.age_ms is not None and reading.age_ms > TRACKING_STALE_MS:
            found[name] = f"its tracking is {reading.age_ms / 1000:.1f} s old"
    return found


def troubles(world: World, black: frozenset[str] = frozenset()) -> dict[str, str]:
    """Sources that look bad enough to ask twice before a take, with the word for it."""
    found = dict.fromkeys(black, "black")
    for name, reading in world.status.sources.items():
        if word := source_word(reading.state, reading.age_ms):
            found[name] = word
    return found

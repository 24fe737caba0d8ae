"""From set-up, tracking and data feeds at one instant to the scene that is drawn. Pure: no clock, no socket.

Two times belong to a picture: the *instant* it was taken at, on the arrival clock of the tracking, which says where
everything stands; and the time it is *due* on program, which says how far a fade is and how long a race runs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from console.graphics.moment import NO_TRAIL, Array, Scene, Subject
from console.media.clock import Anchor
from console.media.time import Rate
from console.show.model import Air
from console.show.world import Camera, Element, ElementKind, Group, Person, Switched, World
from console.tracking.mapping import SubjectState
from console.tracking.timeline import Sampled, SubjectTimeline

FADE_FRAMES = 8
"""How long a group takes to come and to go."""
TRAIL_POINTS, TRAIL_SECONDS = 1024, 15.0
_APART_NS = 15_000_000
"""Points of a trail are at least this far apart."""
_GAP_NS = 500_000_000
_FASTEST_MPS, _LEAP_M = 60.0, 1.0
"""Who goes further than the one and faster than the other has not moved but was put elsewhere."""
_SPEED_NS = 200_000_000


def opacity(switched: Switched, frame: int) -> float:
    """How much of a group is seen at a frame of the program."""
    done = 1.0 if not switched.at else min(1.0, max(0.0, (frame - switched.at + 1) / FADE_FRAMES))
    return done if switched.on else 1.0 - done


class Track:
    """Where one subject is, and where it was. Bounded: the oldest of the way goes first."""

    def __init__(self) -> None:
        self.line: SubjectTimeline = SubjectTimeline()
        self.last_ns = 0
        """When it was heard last."""
        # Rows of time in ns, x, y, z, speed; the newest half at most is kept when the end is reached.
        self._rows: NDArray[np.float64] = np.empty((2 * TRAIL_POINTS, 5))
        self._begin = self._end = 0

    def add(self, state: SubjectState) -> None:
        """A new place, unless the sender says that it is lost."""
        self.line.add(state)
        if self.line.newest_ns != state.received_ns:
            return
        self.last_ns = state.received_ns
        if self._end > self._begin:
            before = self._rows[self._end - 1]
            since_ns = state.received_ns - before[0]
            if 0 <= since_ns < _APART_NS:
                return
            way_m = math.dist(before[1:4], state.position_m)
            if not 0 <= since_ns <= _GAP_NS or (way_m > _LEAP_M and way_m > _FASTEST_MPS * since_ns / 1e9):
                self._begin = self._end
        if self._end == len(self._rows):
            self._begin = max(self._begin, self._end - TRAIL_POINTS)
            kept = self._end - self._begin
            self._rows[:kept] = self._rows[self._begin : self._end].copy()
            self._begin, self._end = 0, kept
        speed = math.hypot(*state.velocity_mps) if state.velocity_mps is not None else self._speed(state)
        self._rows[self._end] = (state.received_ns, *state.position_m, speed)
        self._end += 1

    def _speed(self, state: SubjectState) -> float:
        """From the way it went in the last fifth of a second."""
        rows = self._rows[self._begin : self._end]
        if not len(rows):
            return 0.0
        then = rows[min(int(np.searchsorted(rows[:, 0], state.received_ns - _SPEED_NS)), len(rows) - 1)]
        return math.dist(then[1:4], state.position_m) * 1e9 / (state.received_ns - float(then[0]))

    def trail(self, instant_ns: int, seconds: float, head: tuple[float, float, float]) -> Array:
        """The way to `head`, where it is at an instant: rows of x, y, z, speed, oldest first. It begins between two
        points, so its end glides."""
        rows = self._rows[self._begin : self._end]
        from_ns = instant_ns - round(min(seconds, TRAIL_SECONDS) * 1e9)
        first, last = np.searchsorted(rows[:, 0], (from_ns, instant_ns))
        found = rows[first:last, 1:]
        if first > 0 and first < len(rows):
            before, after = rows[first - 1], rows[first]
            part = (from_ns - before[0]) / (after[0] - before[0])
            found = np.vstack((before[1:] + (after[1:] - before[1:]) * part, found))
        if not len(found):
            return NO_TRAIL
        return np.vstack((found, (*head, found[-1, 3])))


@dataclass(frozen=True)
class Told:
    """What data feeds and trackers tell of subjects beside where they are."""

    names: Mapping[str, str] = field(default_factory=dict)
    """By `INPUT/NUMBER`, from PosiStageNet."""
    rows: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """By bib, from data feeds: `name` and `country`."""


@dataclass(frozen=True)
class Stage:
    """A set-up and what is on air, as the scene needs them."""

    world: World
    air: Air
    rate: Rate
    anchor: Anchor

    def frame(self, due_ns: int) -> int:
        """The program frame that shows a picture which is due then."""
        half_ns = self.rate.start_ns(1) // 2
        return self.rate.frame_at_ns(self.anchor.to_unix(due_ns + half_ns))

    def start_ns(self, frame: int) -> int:
        """The monotonic instant at which a program frame starts."""
        return self.anchor.to_monotonic(self.rate.start_ns(frame))

    def camera(self, source: str) -> Camera | None:
        """The model of the camera behind a source."""
        return next((camera for camera in self.world.cameras if camera.source == source), None)

    def late_ns(self, name: str) -> int:
        """How much later the samples of an input come in than those of one whose delay is 0."""
        return next((round(entry.delay_ms * 1e6) for entry in self.world.inputs if entry.id == name), 0)

    def latest_ns(self, name: str) -> int:
        """How much later than those of this input the samples of any other come in; at least 0."""
        latest = max((entry.delay_ms for entry in self.world.inputs), default=0.0)
        return max(0, round(latest * 1e6) - self.late_ns(name))

    def opacities(self, frame: int) -> tuple[float, ...]:
        """Of each group, in their order."""
        return tuple(opacity(switched, frame) for switched in self.air.tracked)

    def elements(self, opacities: tuple[float, ...]) -> tuple[tuple[Element, float], ...]:
        """Those that are seen."""
        shown = dict(zip(Group, opacities, strict=True))
        return tuple((one, shown[one.group]) for one in self.world.elements if shown[one.group] > 0)

    def race_s(self, due_ns: int) -> float | None:
        """Seconds since the start, as program sees it; None before it."""
        race = self.air.race
        return (due_ns - self.start_ns(race.at)) / 1e9 if race.on else None


def subject_at(
    name: str, track: Track, instant_ns: int, seconds: float, person: Person | None, told: Told
) -> Subject | None:
    """A subject at an instant; None when nothing is known of it then, or no more."""
    sampled: Sampled[SubjectState] | None = track.line.at(instant_ns)
    if sampled is None or sampled.strength <= 0:
        return None
    state = sampled.state
    bib = person.bib if person else ""
    fed = told.rows.get(bib, {}) if bib else {}
    return Subject(
        name,
        state.position_m,
        state.velocity_mps if state.velocity_mps is not None else (math.nan, math.nan, math.nan),
        _first(person and person.name, fed.get("name"), told.names.get(name)),
        bib,
        _first(person and person.country, fed.get("country")),
        trail=track.trail(instant_ns, seconds, state.position_m) if seconds > 0 else NO_TRAIL,
        strength=sampled.strength,
    )


def _first(*texts: object) -> str:
    return next((text for text in texts if text and isinstance(text, str)), "")


def scene_at(stage: Stage, subjects: Iterable[tuple[str, Track]], told: Told, instant_ns: int, due_ns: int) -> Scene:
    """What is drawn over a picture that was taken at an instant and is due on program then.

    `instant_ns` is when an input whose delay is 0 told of it.
    """
    elements = stage.elements(stage.opacities(stage.frame(due_ns)))
    people = {person.subject: person for person in stage.world.people}
    wanted = {element.subject for element, _ in elements if element.subject}
    trails = [element for element, _ in elements if element.kind is ElementKind.TRAIL]
    found = []
    for name, track in subjects:
        if not wanted & {name, "*"}:
            continue
        seconds = max((trail.seconds for trail in trails if trail.subject in (name, "*")), default=0.0)
        late_ns = stage.late_ns(name.rpartition("/")[0])
        subject = subject_at(name, track, instant_ns + late_ns, seconds, people.get(name), told)
        if subject is not None:
            found.append(subject)
    return Scene(elements, tuple(found), stage.race_s(due_ns), instant_ns / 1e9)

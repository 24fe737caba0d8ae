"""Draws graphics over the pictures that somebody asks for, the most urgent first, and publishes them ahead of time.

One picture in each turn, so that orders are heard in between. What is due first comes first, but program's pictures
count as if they were due sooner: when there is not time for all, preview goes without. An error in drawing costs the
element that it is in, not the graphics.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

from console.errors import ConsoleError
from console.graphics.convert import NO_BOX, OverlayPicture
from console.graphics.ground import Ground
from console.graphics.inputs import Inputs
from console.graphics.occlusion import Mask
from console.graphics.overlays import Job, Needs, next_of
from console.graphics.rings import FAR_NS, Drawing
from console.graphics.scene import Scene, SceneRenderer
from console.graphics.status import Troubles, age_ms, fault
from console.graphics.world import Stage, Told, scene_at
from console.media.clock import Clock
from console.show.world import Camera
from console.tracking.camera import CameraView, view
from console.tracking.health import SILENT_NS
from console.wire.ring import RingReader

ASKED_NS = 250_000_000
"""Who asks does so at every frame; after this the asking has ended."""
POLL_NS = 2_000_000
"""How often rings are looked at while something is on."""
_PROGRAM_FIRST_NS = 60_000_000
_COSTS_KEPT, _FIRST_COST_NS = 64, 10_000_000


@dataclass
class Overlay:
    """One source: its pictures, its overlay ring, and how it went."""

    paths: Mapping[str, str]
    pictures: RingReader
    needs: Needs
    drawing: Drawing
    renderer: SceneRenderer
    ground: Ground = field(default_factory=Ground)
    broken: frozenset[str] = frozenset()
    """Elements that can't be drawn."""

    def close(self) -> None:
        """Let go of both rings."""
        self.pictures.close()
        self.drawing.ring.close()


class Painter:
    """The overlay rings of all sources."""

    def __init__(self, inputs: Inputs, troubles: Troubles, clock: Clock) -> None:
        self._inputs, self._troubles, self._clock = inputs, troubles, clock
        self._overlays: dict[str, Overlay] = {}
        self._stage: Stage | None = None
        self._told = Told()
        self._revision = 0
        self._costs: deque[int] = deque(maxlen=_COSTS_KEPT)

    # What it goes by

    def attach(self, rings: Mapping[str, Mapping[str, str]]) -> None:
        """Follow these rings (`{source: {"picture", "overlay"}}`) and no others; unchanged ones are kept."""
        for source in [name for name, known in self._overlays.items() if rings.get(name) != known.paths]:
            self._overlays.pop(source).close()
            self._troubles.forget(f"{source}:")
        for source, paths in rings.items():
            if source in self._overlays or "overlay" not in paths:
                continue
            try:
                pictures, drawing = RingReader(Path(paths["picture"])), Drawing(Path(paths["overlay"]))
            except (ConsoleError, KeyError) as error:
                self._troubles.tell(f"{source}:ring", f"The graphics of {source} have no ring: {fault(error)}")
                continue
            self._troubles.mend(f"{source}:ring")
            renderer = SceneRenderer(drawing.ring.width, drawing.ring.height)
            needs = Needs(source, pictures, max(1, drawing.ring.slots - 1))
            self._overlays[source] = Overlay(paths, pictures, needs, drawing, renderer)

    def follow(self, stage: Stage) -> None:
        """Draw by another set-up, or with other things on air."""
        before, self._stage = self._stage, stage
        if before is None or before.world != stage.world or before.air.race != stage.air.race:
            self._revision += 1
            for source, overlay in self._overlays.items():
                overlay.broken = frozenset()
                self._troubles.forget(f"{source}:draw")

    def tell(self, told: Told) -> None:
        """Draw with other names."""
        if told != self._told:
            self._told = told
            self._revision += 1

    def overlay(self, source: str) -> Overlay | None:
        """What is known of a source."""
        return self._overlays.get(source)

    # What it does

    @property
    def is_on(self) -> bool:
        """Whether anything may be seen now or at the next frames."""
        stage = self._stage
        if stage is None or not stage.world.elements or not stage.world.cameras:
            return False
        on = any(switched.on for switched in stage.air.tracked)
        return on or any(stage.opacities(stage.frame(self._clock.now())))

    def turn(self) -> int:
        """Draw the most urgent picture, if there is one; when to look again (monotonic ns)."""
        if not self.is_on or self._stage is None:
            self._rest()
            return FAR_NS
        now = self._clock.now()
        jobs = self._jobs(self._stage, now)
        if not jobs:
            return now + POLL_NS
        program = {self._stage.air.program, self._stage.air.move.to if self._stage.air.move else None}
        job, camera = min(jobs, key=lambda pair: pair[0].due_ns - (_PROGRAM_FIRST_NS * (pair[0].source in program)))
        about = f"{job.source}:picture"
        try:
            self._draw(self._stage, job, camera)
        except Exception as error:  # this picture goes without
            self._troubles.tell(about, f"The graphics of {job.source} can't be drawn: {fault(error)}")
        else:
            self._troubles.mend(about)
        now = self._clock.now()
        self._overlays[job.source].needs.done(job, now)
        return now

    def beat(self) -> None:
        """Say on every ring that graphics work."""
        now = self._clock.now()
        for overlay in self._overlays.values():
            overlay.drawing.ring.beat(now)

    def close(self) -> None:
        """Let go of all rings."""
        self.attach({})

    @property
    def cost_ns(self) -> int:
        """What a picture takes, a median."""
        return round(median(self._costs)) if self._costs else _FIRST_COST_NS

    @property
    def lacks(self) -> list[str]:
        """What could not be drawn as it was meant: pictures that are missing, labels without room."""
        return list(dict.fromkeys(text for overlay in self._overlays.values() for text in overlay.renderer.troubles))

    def status(self) -> dict[str, Any]:
        """Of every source with a camera: how old its tracking is, what is done with it, and how much came late."""
        now = self._clock.now()
        found = {}
        for camera in self._stage.world.cameras if self._stage else ():
            one, overlay = self._inputs.inputs.get(camera.input), self._overlays.get(camera.source)
            heard_ns = one.heard.get(camera.number, 0) if one else 0
            found[camera.source] = {
                "age_ms": age_ms(heard_ns, now),
                "state": _state(camera, heard_ns, overlay, now),
                "late": overlay.needs.late if overlay else 0,
                "pose": self._pose(camera),
            }
        return found

    def _pose(self, camera: Camera) -> dict[str, Any] | None:
        """What the tracker said last, for whoever calibrates the camera."""
        line = self._inputs.cameras.get((camera.input, camera.number))
        sampled = line.at(line.newest_ns) if line is not None and line.newest_ns else None
        if sampled is None:
            return None
        state = sampled.state
        names = ("position_m", "pan_deg", "tilt_deg", "roll_deg", "zoom", "focus")
        return {name: getattr(state, name) for name in names}

    # Drawing

    def _rest(self) -> None:
        for overlay in self._overlays.values():
            overlay.needs.rest()

    def _jobs(self, stage: Stage, now_ns: int) -> list[tuple[Job, Camera]]:
        """The next picture of each source that can be drawn now."""
        found: list[tuple[Job, Camera]] = []
        reserve_ns = stage.rate.start_ns(1) + 2 * self.cost_ns
        moves = bool(self._inputs.subjects) or stage.air.race.on
        for source, overlay in self._overlays.items():
            camera = stage.camera(source)
            if camera is None or not overlay.drawing.ring.demand(now_ns, ASKED_NS):
                overlay.needs.rest()
                continue
            jobs = overlay.needs.jobs(
                stage, camera, self._revision, now_ns, reserve_ns, moves=moves or bool(camera.input)
            )
            if begun := [job for job in jobs if job.start_ns <= now_ns]:
                found.append((next_of(begun, now_ns, self.cost_ns), camera))
        return found

    def _draw(self, stage: Stage, job: Job, camera: Camera) -> None:
        overlay, began = self._overlays[job.source], self._clock.now()
        seen, strength = self._view(camera, job, overlay)
        into = overlay.drawing.begin()
        if seen is None or strength <= 0:
            into.clear()
        else:
            scene = scene_at(
                stage,
                self._inputs.subjects.items(),
                self._told,
                job.instant_ns - stage.late_ns(camera.input),
                job.seen_ns,
            )
            ground = self._ground(overlay, camera, scene, seen, job)
            self._render(overlay, scene, lambda part: overlay.renderer.render(part, seen, strength, into, ground), into)
        overlay.drawing.publish(
            into, frame=job.index, due_ns=job.due_ns, now_ns=self._clock.now(), free_bottom=stage.world.free_bottom
        )
        self._costs.append(self._clock.now() - began)

    def _view(self, camera: Camera, job: Job, overlay: Overlay) -> tuple[CameraView | None, float]:
        """The camera at the picture's instant and how far it can be believed; None when it is not known."""
        state, strength = None, 1.0
        if camera.input:
            line = self._inputs.cameras.get((camera.input, camera.number))
            sampled = line.at(job.instant_ns) if line is not None else None
            if sampled is None:
                return None, 0.0
            state, strength = sampled.state, sampled.strength
        ring = overlay.drawing.ring
        try:
            found = view(camera, state, ring.width, ring.height)
        except ConsoleError as error:
            self._troubles.tell(f"{job.source}:camera", str(error))
            return None, 0.0
        self._troubles.mend(f"{job.source}:camera")
        return found, strength

    def _ground(self, overlay: Overlay, camera: Camera, scene: Scene, seen: CameraView, job: Job) -> Mask | None:
        """Where the picture shows the ground, if its camera's set-up says how to tell."""
        if not camera.ground_m:
            return None
        about = f"{job.source}:ground"
        try:
            box = overlay.renderer.ground_box(scene, seen)
            if box == NO_BOX:
                return None
            picture = overlay.pictures.picture(job.index)
            mask = overlay.ground.mask(camera.ground_m, picture, seen, box, self._clock.now())
        except Exception as error:  # bodies are taken to hide the ground then
            self._troubles.tell(about, f"The ground that {job.source} sees can't be told: {fault(error)}")
            return None
        self._troubles.mend(about)
        return mask if overlay.pictures.holds(job.index) else None

    def _render(self, overlay: Overlay, scene: Scene, render: Callable[[Scene], None], into: OverlayPicture) -> None:
        """Draw all elements that can be drawn; those that can't are named and left out until the set-up changes."""

        def tried(part: Scene) -> Exception | None:
            try:
                render(part)
            except Exception as error:  # whatever it is, it takes nothing else along
                return error
            return None

        source = overlay.needs.source
        if tried(_without(scene, overlay.broken)) is None:
            return
        for element, _ in scene.elements:
            if error := tried(replace(scene, elements=((element, 1.0),))):
                overlay.broken |= {element.id}
                about = f"{source}:draw:{element.id}"
                self._troubles.tell(about, f"The graphic {element.id} can't be drawn: {fault(error)}")
        if error := tried(_without(scene, overlay.broken)):
            into.clear()
            self._troubles.tell(f"{source}:draw", f"The graphics of {source} can't be drawn: {fault(error)}")


def _state(camera: Camera, heard_ns: int, overlay: Overlay | None, now_ns: int) -> str:
    """In words, for the desk."""
    if overlay is None:
        return "no source"
    if camera.input and not heard_ns:
        return "never heard"
    if camera.input and now_ns - heard_ns > SILENT_NS:
        return "silent"
    if overlay.needs.rests:
        return "tracked" if camera.input else "fixed"
    return "drawn"


def _without(scene: Scene, broken: frozenset[str]) -> Scene:
    if not broken:
        return scene
    return replace(scene, elements=tuple(pair for pair in scene.elements if pair[0].id not in broken))

"""An engine on a virtual clock with sources that are written frame by frame: hours of show in seconds."""

import itertools
import json
import random
from pathlib import Path

import numpy as np

from console.engine.cadence import Cadence
from console.engine.journal import Journal, started_fields
from console.engine.loop import run
from console.engine.tick import Engine
from console.media.clock import Anchor, VirtualClock
from console.media.time import Format, Rate
from console.media.tone import tone
from console.show.history import History
from console.show.model import Air, Bus, Setup, Show, Source
from console.wire.ring import NEVER, RingReader, RingWriter, create_ring
from console.wire.sound import SoundWriter, create_sound
from console.wire.tier import Tier

SMALL = Format(640, 360, Rate(50))
LEVELS = {"cam1": 60, "cam2": 120, "cam3": 180}


class Camera:
    """A source written inline: one flat picture and its sound per frame, due exactly at the frame's start."""

    def __init__(self, directory: Path, source: str, number: int, form: Format) -> None:
        self.paths = {kind: str(directory / f"{source}.{kind}") for kind in ("picture", "sound")}
        self.level, self.number, self.rate = LEVELS[source], number, form.rate
        self.alive = True
        self.asleep_frames = 0
        """How many frames it needs to be whole again; 0: it never leaves a picture out."""
        self._asked_for = 0
        create_ring(Path(self.paths["picture"]), form.width, form.height, slots=8)
        create_sound(Path(self.paths["sound"]))
        self.ring = RingWriter(Path(self.paths["picture"]))
        self.sound = SoundWriter(Path(self.paths["sound"]))
        self.frame = 0

    def make(self, due_ns: int) -> None:
        if not self.alive:
            return
        if self.asleep_frames and not self._awake(due_ns):
            self.ring.feed(due_ns)
            self.frame += 1
            return
        picture, _ = self.ring.begin()
        picture.fill(self.level)
        picture.u[:] = self.frame % 200
        self.ring.publish(due_ns=due_ns, now_ns=due_ns, frame=self.frame)
        if self.sound.count == 0:
            self.sound.anchor(0, due_ns)
        first = self.sound.count
        self.sound.append(tone(self.number, first, self.rate.samples(self.frame)), due_ns)
        self.frame += 1

    def _awake(self, due_ns: int) -> bool:
        full = self.ring.demand(due_ns, 10**15) == Tier.FULL
        self._asked_for = self._asked_for + 1 if full else 0
        awake = self._asked_for >= self.asleep_frames
        if not awake or self.ring.whole_from_ns in (0, NEVER):
            self.ring.tell(Tier.FULL if full else Tier.KEY, due_ns if awake else NEVER, self.asleep_frames * 20_000_000)
        return awake


class Stage:
    """The engine, its cameras, and what came out."""

    def __init__(self, directory: Path, form: Format = SMALL, history: History | None = None) -> None:
        self.directory = directory
        self.clock = VirtualClock()
        self.anchor = Anchor.take(self.clock)
        self.told: list[dict] = []
        self._orders = itertools.count()
        directory.mkdir(exist_ok=True)
        self.cameras = {name: Camera(directory, name, n, form) for n, name in enumerate(LEVELS, 1)}
        buses = {}
        for bus in Bus:
            path = directory / f"{bus}.picture"
            buses[bus] = create_ring(path, form.width, form.height, slots=64, samples=form.rate.samples_max)
        if history is None:
            sources = tuple(Source(name, "pattern:", name) for name in LEVELS)
            history = History(Show(Setup(format=form, sources=sources), Air("cam1", "cam2")))
        self.journal = Journal(directory / "journal.jsonl")
        self.engine = Engine(history, buses, self.journal, self.tell, self.clock, self.anchor)
        self.first = self.rate.frame_at_ns(self.clock.unix_ns()) + 1
        self.journal.append("Started", self.first, 0, **started_fields(history.show, "test"))
        self.engine.inbox.append({"rings": {name: camera.paths for name, camera in self.cameras.items()}})
        self.program = RingReader(buses[Bus.PROGRAM])
        self.preview = RingReader(buses[Bus.PREVIEW])
        self.shown: list[tuple[int, int, int]] = []
        """(frame, level of grey, camera's own frame modulo 200) of each program picture."""
        self.heard: list[np.ndarray] = []

    @property
    def rate(self) -> Rate:
        return self.engine.rate

    def tell(self, event: str, **fields) -> None:
        self.told.append(json.loads(json.dumps({"event": event, **fields})))

    def ask(self, command: str, **fields) -> None:
        self.engine.inbox.append({"id": f"order{next(self._orders)}", "command": command, **fields})

    def answers(self) -> list[dict]:
        return [event for event in self.told if event["event"] == "result"]

    def play(self, frames: int, script=lambda _nth: None, before_wake=lambda _nth: None) -> Cadence:
        """Run for a number of frames. `script(n)` is called after the n-th tick, `before_wake(n)` before it."""
        count = 0

        def finished() -> bool:
            if count >= frames:
                return True
            at = self.rate.frame_at_ns(self.anchor.to_unix(self.clock.now())) + 1
            for camera in self.cameras.values():
                camera.make(self.engine.due_ns(at))
            before_wake(count)
            return False

        def after(_at: int, _cadence: Cadence) -> None:
            nonlocal count
            count += 1
            self.collect()
            script(count)

        return run(self.engine, self.clock, self.anchor, finished, after)

    def collect(self) -> None:
        last = self.shown[-1][0] if self.shown else -1
        for info in self.program.infos():
            if info.frame > last:
                picture = self.program.picture(info.index)
                self.shown.append((info.frame, int(picture.y[0, 0]), int(picture.u[0, 0])))
                self.heard.append(self.program.sound(info.index, info.samples).copy())

    def level_at(self, frame: int) -> int:
        return next(level for number, level, _ in self.shown if number == frame)

    def sound(self) -> np.ndarray:
        return np.concatenate(self.heard)


def random_script(stage: Stage, seed: int):
    """A director who never sleeps: about two commands a second, deterministic."""
    dice = random.Random(seed)

    def script(_nth: int) -> None:
        if dice.random() < 0.04:
            name = dice.choice(["Cut", "Cut", "Auto", "SetPreview", "SetProgram", "FadeToBlack", "AddSource", "Undo"])
            fields = (
                {"source": dice.choice([*LEVELS, "vt"])} if name in ("SetPreview", "SetProgram", "AddSource") else {}
            )
            stage.ask(name, **fields, **({"url": "black:"} if name == "AddSource" else {}))

    return script

"""Graphics locked to pictures, and titles, on a virtual clock: the rings are written here as the process does."""

import itertools
import random
from pathlib import Path

import pytest

from console.engine.journal import replay
from console.engine.overlays import DEAD_NS
from console.show.history import History
from console.show.model import Air, Setup, Show, Source
from console.show.reduce import settle
from console.wire.ring import PREMULTIPLIED, PREVIEW_ONLY, RingReader, RingWriter, create_ring, pack_box
from tests.engine.stage import LEVELS, SMALL, Stage

BOX = (40, 20, 64, 32)
ROW, COLUMN = 30, 60
"""A pixel in the box."""
SPARE = 200
"""What no overlay has: the code of titles."""


def code(source, frame):
    """The grey of the graphics of one picture of one source, told by the source's own count."""
    return 20 + 55 * list(LEVELS).index(source) + frame % 50


def paint(picture, grey, box=BOX):
    x, y, width, height = box
    picture.key.fill(0)
    picture.key[y : y + height, x : x + width] = 255
    picture.y[y : y + height, x : x + width] = grey
    for plane in (picture.u, picture.v):
        plane[y // 2 : (y + height) // 2, x // 2 : (x + width) // 2] = 128


class Graphics:
    """Writes the graphics of every picture that is asked for, `behind` pictures late."""

    def __init__(self, stage, form=SMALL):
        self.stage = stage
        self.alive, self.behind = True, 0
        self.writers, self.pictures, self.done = {}, {}, {}
        paths = {}
        for source, camera in stage.cameras.items():
            path = stage.directory / f"{source}.overlay"
            if not path.exists():  # rings outlive their writers
                create_ring(path, form.width, form.height, slots=6, key=True, flags=PREMULTIPLIED)
            paths[source] = str(path)
            self.writers[source] = RingWriter(path)
            self.pictures[source] = RingReader(Path(camera.paths["picture"]))
            self.done[source] = -1
        title = stage.directory / "title-1"
        create_ring(title, form.width, form.height, slots=4, key=True, flags=PREMULTIPLIED)
        self.title = RingWriter(title)
        stage.engine.inbox.append({"overlays": paths, "titles": [str(title), None, None, None]})

    def draw(self, _nth=0):
        if not self.alive:
            return
        now = self.stage.clock.now()
        for source, writer in self.writers.items():
            newest = self.pictures[source].count - 1 - self.behind
            if writer.demand(now, 10**15) and newest > self.done[source]:
                self.done[source] = newest
                picture, _ = writer.begin()
                paint(picture, code(source, self.pictures[source].info(newest).frame))
                writer.publish(due_ns=0, now_ns=now, frame=newest, flags=pack_box(*BOX))
            writer.beat(now)
        self.title.beat(now)

    def show_title(self, grey, **fields):
        now = self.stage.clock.now()
        picture, _ = self.title.begin()
        paint(picture, grey)
        self.title.publish(due_ns=now, now_ns=now, flags=pack_box(*BOX), **fields)


class Watched(Stage):
    """Also keeps the pixel in the box of every bus."""

    def __init__(self, directory, setup=None, air=None):
        sources = tuple(Source(name, "pattern:", name) for name in LEVELS)
        setup = setup or Setup(format=SMALL, sources=sources, take_interval_ms=0)
        super().__init__(directory, history=History(Show(setup, air or Air("cam1", "cam2"))))
        self.clean = RingReader(directory / "clean.picture")
        self.graphics = Graphics(self)
        self.laid: list[dict[str, int]] = []

    def play(self, frames, script=lambda _nth: None, before_wake=None):
        return super().play(frames, script, before_wake or self.graphics.draw)

    def collect(self):
        super().collect()
        now = self.clock.now()
        self.preview.ask(1, now)
        self.clean.ask(1, now)
        readers = {"program": self.program, "preview": self.preview, "clean": self.clean}
        self.laid.append(
            {name: int(ring.picture(ring.count - 1).y[ROW, COLUMN]) for name, ring in readers.items() if ring.count}
        )

    def wrong(self):
        """The frames on program that carry graphics other than those of their own picture."""
        names = {level: name for name, level in LEVELS.items()}
        return [
            (frame, names[level], count, laid["program"])
            for (frame, level, count), laid in zip(self.shown, self.laid, strict=True)
            if laid["program"] != code(names[level], count)
        ]


@pytest.fixture
def stage(tmp_path):
    return Watched(tmp_path / "stage")


def test_graphics_come_with_their_group_and_go_with_it(stage):
    def script(n):
        if n in (20, 80):
            stage.ask("SetTracked", group="tag")

    stage.play(180, script)
    assert {laid["program"] for laid in stage.laid[:20]} == {LEVELS["cam1"]}
    assert [laid["program"] for laid in stage.laid[22:80]] == [code("cam1", n) for n in range(22, 80)]
    assert stage.laid[100]["program"] == code("cam1", 100), "they have a second to fade"
    assert {laid["program"] for laid in stage.laid[131:]} == {LEVELS["cam1"]}
    assert {laid["clean"] for laid in stage.laid[2:]} == {LEVELS["cam1"]}
    assert stage.laid[60]["preview"] == code("cam2", 60)
    assert stage.engine.overlays.counts("cam1") == {"overlay_late": 0, "overlay_missing": 1}, "the first is asked for"


@pytest.mark.parametrize("seed", [1, 2])
def test_a_hundred_random_cuts_carry_their_own_graphics_from_the_first_frame_on(stage, seed):
    dice = random.Random(seed)
    stage.play(5, lambda n: stage.ask("SetTracked", group="line") if n == 1 else None)
    begun = len(stage.shown)

    def script(_n):
        if dice.random() < 0.3:
            name = dice.choice(["Cut", "SetProgram", "SetProgram", "SetPreview"])
            stage.ask(name, **({} if name == "Cut" else {"source": dice.choice(list(LEVELS))}))

    stage.play(850, script)
    cuts = [b for (_, a, _), (b, level, _) in itertools.pairwise(stage.shown) if level != a]
    assert len(cuts) >= 100
    assert [wrong for wrong in stage.wrong() if wrong[0] >= stage.shown[begun][0]] == []


def test_a_hot_cut_waits_for_graphics_only_while_they_are_on_and_being_made(stage):
    stage.play(20, lambda n: stage.ask("SetProgram", source="cam3") if n == 10 else None)
    assert stage.answers()[0]["ack"]["frame"] == stage.first + 10, "nothing is on"
    stage.ask("SetProgram", source="cam1")
    stage.play(20, lambda n: stage.ask("SetTracked", group="tag") if n == 1 else None)
    stage.graphics.alive = False
    stage.play(round(DEAD_NS / 20_000_000) + 5)
    asked = len(stage.shown)
    stage.play(10, lambda n: stage.ask("SetProgram", source="cam3") if n == 1 else None)
    assert stage.answers()[-1]["ack"]["frame"] == stage.first + asked + 1, "nobody makes any"


def test_a_source_that_slept_is_on_air_whole_and_with_its_graphics(stage):
    stage.cameras["cam3"].asleep_frames = 7
    stage.engine.inbox.append({"tiers": {"cam3": 2}, "preview": 4})
    stage.ask("SetTracked", group="tag")
    stage.play(80, lambda n: stage.ask("SetProgram", source="cam3") if n == 50 else None)
    assert 57 <= stage.answers()[-1]["ack"]["frame"] - stage.first <= 59
    assert [wrong for wrong in stage.wrong() if wrong[0] > stage.first + 2] == []


def test_a_mix_fades_from_picture_and_graphic_to_picture_and_graphic(stage):
    stage.ask("SetTransition", rate_frames=10)
    stage.ask("SetTracked", group="tag")
    stage.play(60, lambda n: stage.ask("Auto") if n == 20 else None)
    start = stage.answers()[-1]["ack"]["frame"] - stage.first
    for step in range(1, 10):
        index, share = start + step - 1, step / 10
        expected = code("cam1", index) * (1 - share) + code("cam2", index) * share
        assert abs(stage.laid[index]["program"] - expected) <= 1
    assert stage.laid[start + 9]["program"] == code("cam2", start + 9)


def test_graphics_that_come_late_are_those_of_the_picture_before_and_counted(stage):
    stage.ask("SetTracked", group="tag")
    stage.graphics.behind = 2
    stage.play(50)
    assert [laid["program"] for laid in stage.laid[10:]] == [code("cam1", n - 2) for n in range(10, 50)]
    assert stage.engine.overlays.counts("cam1")["overlay_late"] >= 40
    stage.graphics.behind = 3
    stage.play(20)
    assert {laid["program"] for laid in stage.laid[-10:]} == {LEVELS["cam1"]}, "too old to be right"


def test_a_writer_that_is_killed_leaves_a_clean_program_and_its_successor_goes_on(stage):
    stage.ask("SetTracked", group="tag")
    stage.play(30)
    stage.graphics.alive = False
    stage.graphics.writers["cam1"].begin()  # killed in mid-picture
    stage.play(30)
    assert {laid["program"] for laid in stage.laid[33:]} == {LEVELS["cam1"]}
    assert [frame for frame, _, _ in stage.shown] == list(range(stage.first, stage.first + 60))
    stage.graphics = Graphics(stage)
    stage.play(30)
    assert stage.laid[-1]["program"] == code("cam1", 89)


def test_graphics_that_are_overwritten_while_they_are_drawn_are_drawn_again(stage):
    stage.ask("SetTracked", group="tag")
    stage.play(10)
    find, writer = stage.engine.overlays.drawable, stage.graphics.writers["cam1"]

    def overwritten(source):
        drawable = find(source)
        if len(stage.shown) == 20 and not torn:
            torn.append(True)
            for _ in range(writer.slots):
                newest = stage.graphics.pictures["cam1"].count - 1
                paint(writer.begin()[0], code("cam1", newest))
                writer.publish(due_ns=0, now_ns=stage.clock.now(), frame=newest, flags=pack_box(*BOX))
        return drawable

    torn = []
    stage.engine.overlays.drawable = overwritten
    cadence = stage.play(20)
    assert cadence.torn == 1
    assert stage.wrong() == [wrong for wrong in stage.wrong() if wrong[0] < stage.first + 3]


def titled(stage):
    stage.ask("SetTitle", keyer=1, title={"template": "strap"})


def test_a_title_is_on_program_while_it_is_taken_and_until_it_is_out(stage):
    titled(stage)

    def script(n):
        if n in (10, 40):
            stage.ask("SetKeyerOnAir", keyer=1)
        if n == 12:
            stage.graphics.show_title(SPARE)

    stage.play(200, script)
    grey = [laid["program"] for laid in stage.laid]
    assert set(grey[:12]) == {LEVELS["cam1"]}
    assert set(grey[13:140]) == {SPARE}, "keyed for two seconds after it was taken out"
    assert set(grey[141:]) == {LEVELS["cam1"]}
    assert stage.engine.show.air.keyers_on == (False,) * 4
    assert stage.engine.tally() == {"cam1": "program", "cam2": "preview"}


def test_a_title_that_is_not_on_air_is_on_preview_alone(stage):
    titled(stage)

    def script(n):
        if n == 5:
            stage.ask("SetKeyerPreview", keyer=1)
            stage.graphics.show_title(SPARE, pts=PREVIEW_ONLY)
        if n == 20:
            stage.ask("SetKeyerOnAir", keyer=1)
        if n == 30:
            stage.graphics.show_title(SPARE + 5)

    stage.play(40, script)
    assert [laid["preview"] for laid in stage.laid[10:30]] == [SPARE] * 20
    assert {laid["program"] for laid in stage.laid[:30]} == {LEVELS["cam1"]}
    assert {(laid["program"], laid["preview"]) for laid in stage.laid[31:]} == {(SPARE + 5, SPARE + 5)}


def test_the_journal_gives_graphics_back(stage):
    def script(n):
        if n == 3:
            titled(stage)
            stage.ask("SetElement", element={"id": "line", "kind": "record_line", "group": "line"})
            stage.ask("SetCamera", camera={"source": "cam1", "position_m": [0, -20.5, 3]})
        if n in (5, 20, 22):
            stage.ask("SetKeyerOnAir", keyer=1)
            stage.ask("SetTracked", group="line")
        if n == 30:
            stage.ask("StartRace", frame=stage.first)
            stage.ask("AllGraphicsOff")

    stage.play(200, script)
    replayed = replay(stage.directory / "journal.jsonl").history.show
    again = settle(replayed, stage.shown[-1][0])
    assert (again.setup, again.air) == (stage.engine.show.setup, stage.engine.show.air)
    assert again.air.titles[0].at == stage.first + 30
    assert again.air.keyers_on == (False,) * 4


def test_a_title_whose_writer_died_is_gone(stage):
    titled(stage)
    stage.ask("SetKeyerOnAir", keyer=1)
    stage.graphics.show_title(SPARE)
    stage.play(20)
    assert stage.laid[-1]["program"] == SPARE
    stage.graphics.alive = False
    stage.play(60)
    assert stage.laid[-1]["program"] == LEVELS["cam1"]


@pytest.mark.expects_log
def test_rings_that_are_not_there_are_done_without(tmp_path):
    stage = Watched(tmp_path / "stage")
    stage.engine.inbox.append(
        {"overlays": {"cam1": str(tmp_path / "none")}, "titles": [None, str(tmp_path / "no"), None, None]}
    )
    stage.ask("SetTracked", group="tag")
    stage.play(10)
    assert {laid["program"] for laid in stage.laid} == {LEVELS["cam1"]}


def test_a_camera_that_gets_its_model_on_air_keeps_its_sync_and_sound(stage):
    stage.play(50)
    stage.engine.inbox.append({"overlays": {}, "titles": [None] * 4})
    stage.play(50)
    after = stage.engine.feeds.get("cam1")
    assert (after.frames.counters.out, after.frames.counters.drop, after.sound.resets) == (100, 0, 0)

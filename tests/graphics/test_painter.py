"""Which picture is drawn when, of which instant; and that what can't be drawn takes nothing else along."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from graphics_child import ALL_ON, FRAME_NS, HEIGHT, LATENCY_NS, RATE, WIDTH, Source, fixed_world, square

from console.graphics.inputs import Inputs
from console.graphics.overlays import SETTLE_NS, Job, Needs, next_of, shown_from
from console.graphics.painter import Painter
from console.graphics.rings import FAR_NS
from console.graphics.scene import Scene, SceneRenderer
from console.graphics.status import Troubles
from console.graphics.world import Stage, Told, Track
from console.media.clock import Anchor, VirtualClock
from console.show.model import Air, SourceId
from console.show.world import Camera, Element, ElementKind, Group, Person, Switched, TrackingInput, World
from console.tracking.mapping import SubjectState
from console.wire.ring import STILL, PictureInfo, unpack_box

MS = 1_000_000
START_NS = 1_000_000_000
CAM = Camera("cam")
RESERVE_NS = 30 * MS
ROOM = 5


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(START_NS)


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Source]:
    found = Source(tmp_path, "cam")
    yield found
    found.close()


def _stage(world: World | None = None, **air: object) -> Stage:
    fields = {"program": SourceId("cam"), "tracked": ALL_ON, **air}
    # The clock's first instant is the start of a frame.
    return Stage(world or World(), Air(**fields), RATE, Anchor(START_NS, RATE.start_ns(90_000_000_000)))  # type: ignore[arg-type]


def _jobs(needs: Needs, now_ns: int, stage: Stage | None = None, revision: int = 1, *, moves: bool = True) -> list[Job]:
    return list(needs.jobs(stage or _stage(), CAM, revision, now_ns, RESERVE_NS, moves=moves))


def _do(needs: Needs, now_ns: int, stage: Stage | None = None, revision: int = 1, *, moves: bool = True) -> list[int]:
    found = _jobs(needs, now_ns, stage, revision, moves=moves)
    for job in found:
        needs.done(job, now_ns)
    return [job.index for job in found]


@pytest.mark.parametrize(
    ("dues_ms", "held", "coming"),
    [
        ([], None, []),
        ([-50, -30], 1, []),
        ([-45, -25, -5, 15, 35], 2, [3, 4]),
        ([-25, -5, 9, 29], 2, [1, 3]),  # two are due within half a frame: either may be shown
        ([11, 31], None, [0, 1]),
    ],
)
def test_what_may_still_be_seen_at_the_next_frame(dues_ms: list[int], held: int | None, coming: list[int]) -> None:
    infos = [PictureInfo(i, START_NS + due * MS, 0, 0, 0, 0) for i, due in enumerate(dues_ms)]
    now, later = shown_from(infos, 20 * MS, START_NS)
    assert (now.index if now else None) == held
    assert [info.index for info in later] == coming


def test_every_picture_is_drawn_once_at_its_own_instant(source: Source) -> None:
    needs = Needs("cam", source.pictures_reader, ROOM)
    for number in range(1, 5):
        source.show(START_NS + number * FRAME_NS)
    jobs = _jobs(needs, START_NS)
    assert [job.index for job in jobs] == [0, 1, 2, 3]
    assert [job.due_ns - job.instant_ns for job in jobs] == [LATENCY_NS] * 4
    assert _do(needs, START_NS) == [0, 1, 2, 3]
    assert _do(needs, START_NS + 5 * MS) == []
    source.show(START_NS + 5 * FRAME_NS)
    assert _do(needs, START_NS + 10 * MS) == [4]


def test_the_delay_between_tracking_and_picture_moves_the_instant(source: Source) -> None:
    source.show(START_NS + FRAME_NS)
    camera = Camera("cam", delay_ms=37.3)
    (job,) = Needs("cam", source.pictures_reader, ROOM).jobs(_stage(), camera, 1, START_NS, RESERVE_NS, moves=True)
    assert job.due_ns - job.instant_ns == LATENCY_NS + 37_300_000


def test_tracking_that_comes_later_than_the_picture_is_waited_for_but_not_too_long(source: Source) -> None:
    due = START_NS + 4 * FRAME_NS
    source.show(due)
    for delay_ms, start in ((-150.0, due - 50 * MS + SETTLE_NS), (-300.0, due - RESERVE_NS)):
        (job,) = Needs("cam", source.pictures_reader, ROOM).jobs(
            _stage(), Camera("cam", delay_ms=delay_ms), 1, START_NS, RESERVE_NS, moves=True
        )
        assert job.start_ns == start


def test_subjects_that_come_later_than_their_camera_are_waited_for(source: Source) -> None:
    source.show(START_NS + 6 * FRAME_NS)
    late = TrackingInput("psn", "psn", "0.0.0.0:1", delay_ms=25.0)
    (job,) = _jobs(Needs("cam", source.pictures_reader, ROOM), START_NS, _stage(World(inputs=(late,))))
    assert job.start_ns == job.instant_ns + SETTLE_NS + 25 * MS


def test_what_is_switched_is_drawn_again_on_all_that_may_still_be_seen(source: Source) -> None:
    needs = Needs("cam", source.pictures_reader, ROOM)
    for number in range(-2, 5):
        source.show(START_NS + number * FRAME_NS)
    assert _do(needs, START_NS) == [3, 4, 5, 6]  # of the next frame and of those after it
    stage = _stage()
    off = (Switched(on=False, at=stage.frame(START_NS + 2 * FRAME_NS)), *ALL_ON[1:])
    assert _do(needs, START_NS, _stage(tracked=off)) == [4, 5, 6]  # the fade begins with the picture of that frame
    assert _do(needs, START_NS, _stage(tracked=off), revision=2) == [3, 4, 5, 6]


def test_a_fade_goes_on_over_a_picture_that_stands(source: Source) -> None:
    needs = Needs("cam", source.pictures_reader, ROOM)
    source.show(START_NS - 5 * FRAME_NS)
    stage = _stage()
    off = (Switched(on=False, at=stage.frame(START_NS + FRAME_NS)), *ALL_ON[1:])
    drawn = [_do(needs, START_NS + number * FRAME_NS, _stage(tracked=off)) for number in range(12)]
    assert drawn == [[0]] * 8 + [[]] * 4


def test_who_draws_slowly_does_not_run_after_pictures_that_have_passed(source: Source) -> None:
    needs = Needs("cam", source.pictures_reader, ROOM)
    for number in range(1, 5):
        source.show(START_NS + number * FRAME_NS)
    jobs = _jobs(needs, START_NS)
    assert next_of(jobs, START_NS, 5 * MS).index == 0
    assert next_of(jobs, START_NS, 45 * MS).index == 2, "the first that can be ready when it is seen"
    assert next_of(jobs, START_NS, 500 * MS).index == 3, "or the last, which program shows a little late"


def test_graphics_are_not_made_so_early_that_they_push_out_what_is_yet_to_be_seen(source: Source) -> None:
    needs = Needs("cam", source.pictures_reader, 3)
    for number in range(6):
        source.show(START_NS + number * FRAME_NS)
    assert _do(needs, START_NS - FRAME_NS) == [0, 1, 2]
    assert _do(needs, START_NS) == [3]


@pytest.mark.parametrize(("moves", "times"), [(True, 5), (False, 1)])
def test_a_still_is_drawn_at_every_frame_only_while_something_moves(source: Source, moves: bool, times: int) -> None:
    needs = Needs("cam", source.pictures_reader, ROOM)
    source.show(START_NS - 100 * FRAME_NS)
    source.pictures.set_flags(STILL)
    found = []
    for number in range(5):
        for job in _jobs(needs, START_NS + number * FRAME_NS, moves=moves):
            found.append(job.due_ns)
            assert job.instant_ns == job.due_ns - LATENCY_NS
            needs.done(job, START_NS + number * FRAME_NS)
    assert found == [START_NS + (number + 1) * FRAME_NS for number in range(times)]


def test_pictures_without_graphics_in_time_are_counted(source: Source) -> None:
    needs = Needs("cam", source.pictures_reader, ROOM)
    for number in range(1, 9):
        source.show(START_NS + number * FRAME_NS)
    first, *_ = _jobs(needs, START_NS)
    needs.done(first, START_NS)
    assert needs.late == 0
    now = START_NS + 4 * FRAME_NS  # three were passed over meanwhile
    jobs = _jobs(needs, now)
    assert (needs.late, [job.index for job in jobs]) == (3, [4, 5, 6, 7])
    needs.done(jobs[0], jobs[0].due_ns + 1)
    assert needs.late == 4
    needs.rest()
    _jobs(needs, now + 3 * FRAME_NS)
    assert needs.late == 4  # nobody asked for those


class _Fragile(SceneRenderer):
    """Fails where an element asks for it."""

    def render(self, scene: Scene, *args: object) -> None:  # type: ignore[override]
        if any(element.text == "fail" for element, _ in scene.elements):
            raise ZeroDivisionError("a line without a length")
        super().render(scene, *args)  # type: ignore[arg-type]


class Desk:
    """A painter with two sources, in virtual time."""

    def __init__(self, folder: Path, clock: VirtualClock) -> None:
        self.clock, self.troubles = clock, Troubles()
        self.inputs = Inputs(clock)
        self.painter = Painter(self.inputs, self.troubles, clock)
        self.sources = {name: Source(folder, name) for name in ("cam", "wide")}
        self.painter.attach({name: source.paths for name, source in self.sources.items()})
        cameras = tuple(fixed_world(source=name).cameras[0] for name in self.sources)
        self.world = World(cameras=cameras, elements=(square(0, 30),))

    def ask(self, *names: str) -> None:
        for name in names:
            self.sources[name].overlay.ask(1, self.clock.now())

    def drawn(self, name: str) -> list[int]:
        return [info.frame for info in self.sources[name].overlay.infos()]

    def close(self) -> None:
        self.painter.close()
        self.inputs.close()
        for source in self.sources.values():
            source.close()


@pytest.fixture
def desk(tmp_path: Path, clock: VirtualClock) -> Iterator[Desk]:
    found = Desk(tmp_path, clock)
    yield found
    found.close()


def test_programs_pictures_come_first_unless_previews_are_due_much_sooner(desk: Desk) -> None:
    desk.painter.follow(_stage(desk.world, preview=SourceId("wide")))
    desk.ask("cam", "wide")
    desk.sources["cam"].show(START_NS + 3 * FRAME_NS)
    for number in range(1, 4):
        desk.sources["wide"].show(START_NS + number * FRAME_NS)
    order = []
    while desk.painter.turn() <= desk.clock.now():
        order.append((desk.drawn("cam"), desk.drawn("wide")))
    assert order == [([0], []), ([0], [0]), ([0], [0, 1]), ([0], [0, 1, 2])]


@pytest.mark.parametrize(
    ("air", "asked", "cameras"),
    [(Switched(), True, True), (Switched(on=True), False, True), (Switched(on=True), True, False)],
)
def test_nothing_is_drawn_that_nobody_would_see(desk: Desk, air: Switched, asked: bool, cameras: bool) -> None:
    world = desk.world if cameras else World(elements=desk.world.elements)
    desk.painter.follow(_stage(world, tracked=(air,) * len(Group)))
    if asked:
        desk.ask("cam", "wide")
    desk.sources["cam"].show(START_NS + FRAME_NS)
    next_ns = desk.painter.turn()
    assert desk.drawn("cam") == []
    assert next_ns > desk.clock.now()
    assert (next_ns == FAR_NS) == (not air.on or not cameras)


def test_who_stops_asking_gets_no_more(desk: Desk) -> None:
    desk.painter.follow(_stage(desk.world))
    desk.ask("cam")
    desk.sources["cam"].show(START_NS + FRAME_NS)
    desk.painter.turn()
    assert desk.drawn("cam") == [0]
    desk.clock.advance(300 * MS)
    desk.sources["cam"].show(desk.clock.now() + FRAME_NS)
    desk.painter.turn()
    assert desk.drawn("cam") == [0]


def test_a_camera_that_was_never_heard_gets_an_empty_picture(desk: Desk) -> None:
    world = World(cameras=(Camera("cam", "ptz", 1),), elements=desk.world.elements)
    desk.painter.follow(_stage(world))
    desk.ask("cam")
    desk.sources["cam"].show(START_NS + FRAME_NS)
    desk.painter.turn()
    info = desk.sources["cam"].drawn(0)
    assert info is not None
    assert unpack_box(info.flags)[2:] == (0, 0)
    assert desk.painter.status()["cam"] == {"age_ms": None, "state": "never heard", "late": 0, "pose": None}


@pytest.mark.expects_log
def test_an_element_that_fails_is_named_and_the_others_are_drawn(desk: Desk) -> None:
    bad = square(5, 30, "bad", text="fail")
    overlay = desk.painter.overlay("cam")
    assert overlay is not None
    overlay.renderer = _Fragile(WIDTH, HEIGHT)
    cameras = desk.world.cameras
    desk.painter.follow(_stage(World(cameras=cameras, elements=(bad, square(0, 30)))))
    desk.ask("cam")
    desk.sources["cam"].show(START_NS + FRAME_NS)
    desk.painter.turn()
    info = desk.sources["cam"].drawn(0)
    assert info is not None
    centre = desk.sources["cam"].centre(info)
    assert centre is not None
    assert centre[0] == pytest.approx(WIDTH / 2, abs=0.05)
    assert desk.troubles.sentences == ["The graphic bad can't be drawn: ZeroDivisionError: a line without a length"]
    desk.painter.follow(_stage(desk.world))
    assert desk.troubles.sentences == []


@pytest.mark.expects_log
def test_a_picture_that_fails_goes_without_and_the_next_is_drawn(desk: Desk) -> None:
    label = Element("tag", ElementKind.LABEL, Group.TAG, subject="*")
    world = World(cameras=desk.world.cameras, elements=(label,), people=(Person("psn/1", bib="7"),))
    desk.painter.follow(_stage(world))
    desk.inputs.subjects["psn/1"] = Track()
    for at in range(0, 200, 20):
        state = SubjectState(1, (0.0, 30.0, 0.0), (1.0, 0.0, 0.0), None, START_NS - LATENCY_NS + (at - 100) * MS)
        desk.inputs.subjects["psn/1"].add(state)
    desk.painter.tell(Told(rows={"7": None}))  # type: ignore[dict-item]  # what no feed should ever give
    desk.ask("cam")
    desk.sources["cam"].show(START_NS + FRAME_NS)
    while desk.painter.turn() <= desk.clock.now():
        pass
    assert desk.drawn("cam") == []
    (sentence,) = desk.troubles.sentences
    assert sentence.startswith("The graphics of cam can't be drawn: AttributeError")
    desk.painter.tell(Told(rows={"7": {"name": "ADA"}}))
    while desk.painter.turn() <= desk.clock.now():
        pass
    assert desk.drawn("cam") == [0]
    assert desk.troubles.sentences == []

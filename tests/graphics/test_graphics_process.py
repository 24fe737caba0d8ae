"""The graphics process from the outside: real datagrams in, a picture ring written here, overlays read back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from graphics_child import (
    AHEAD_NS,
    ALL_ON,
    CLOCK,
    FRAME_NS,
    HEIGHT,
    LATENCY_NS,
    LENS,
    ON_CAM,
    WIDTH,
    GraphicsChild,
    Sender,
    Source,
    Tracker,
    fixed_world,
    square,
    tracked_world,
)
from tracking.panorama import Panorama
from waiting import wait_for

from console.show.model import Air, Setup
from console.show.world import Camera, DataFeed, Element, FeedKind, Field, Group, Switched, Title, World
from console.tracking import freed
from console.tracking.camera import view
from console.tracking.mapping import CameraState
from console.wire.ring import RingReader, unpack_box

SECOND = 1_000_000_000


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Source, GraphicsChild]]:
    """One process for all tests: each gives it a set-up of its own."""
    folder = tmp_path_factory.mktemp("graphics")
    with ExitStack() as stack:
        source = stack.enter_context(closing(Source(folder, "cam")))
        child = stack.enter_context(closing(GraphicsChild(folder, Setup(), ON_CAM, {"cam": source})))
        child.stats(lambda s: True)
        yield source, child
        assert child.close() == 0


@pytest.fixture
def source(running: tuple[Source, GraphicsChild]) -> Source:
    return running[0]


@pytest.fixture
def start(running: tuple[Source, GraphicsChild]) -> Callable[..., GraphicsChild]:
    """Gives it another set-up, and waits until it goes by it."""

    def begin(world: World, air: Air = ON_CAM) -> GraphicsChild:
        child = running[1]
        child.change(Setup(world=world), air)
        for _ in range(2):  # the first may have been on its way
            child.stats(lambda s: True)
        return child

    return begin


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as found:
        yield found


@pytest.fixture
def sender(stack: ExitStack, free_port: Callable[[], int]) -> Sender:
    return stack.enter_context(closing(Sender(free_port())))


def _next(source: Source) -> int:
    """Ask, as the tick does, and write a picture, as a host does."""
    source.ask()
    return source.show(CLOCK.now() + AHEAD_NS)


def _drawn(source: Source) -> tuple[float, float]:
    """Write pictures until one comes back with something on it; where that is, in pixels."""

    count = source.overlay.count

    def look() -> tuple[float, float] | None:
        _next(source)
        info = source.overlay.newest()
        return source.centre(info) if info and info.index >= count else None

    found = wait_for(look)
    assert found is not None
    return found


def _expected(element: Element, camera: Camera, pan_deg: float | None = None) -> tuple[float, float]:
    """Where the middle of a decal is seen: of its area on the picture, as its pixels weigh alike."""
    state = None if pan_deg is None else CameraState((0.0, 0.0, 5.0), pan_deg, -10.0, 0.0, 0)
    pixels, _ = view(camera, state, WIDTH, HEIGHT).project(np.array(element.points_m))
    x, y = pixels[:, 0], pixels[:, 1]
    cross = x * np.roll(y, -1) - np.roll(x, -1) * y
    area = cross.sum() / 2
    at = (((x + np.roll(x, -1)) * cross).sum() / (6 * area), ((y + np.roll(y, -1)) * cross).sum() / (6 * area))
    return float(at[0]), float(at[1])


def test_a_square_on_the_ground_is_where_the_camera_sees_it(
    source: Source, start: Callable[..., GraphicsChild]
) -> None:
    element = square(3, 30)
    world = fixed_world(element)
    start(world)
    assert _drawn(source) == pytest.approx(_expected(element, world.cameras[0]), abs=0.15)
    info = source.overlay.newest()
    assert info is not None
    x, y, width, height = unpack_box(info.flags)
    key = source.overlay.picture(info.index).key
    assert key is not None
    assert key.sum() == key[y : y + height, x : x + width].sum() > 0


def test_graphics_are_locked_to_each_picture_of_a_pan(
    source: Source, start: Callable[..., GraphicsChild], stack: ExitStack, free_port: Callable[[], int]
) -> None:
    element, port = square(0, 30), free_port()
    world = tracked_world(port, element)
    child = start(world)
    late = child.stats(lambda s: s["tracking"]["ptz"]["port"])["cameras"]["cam"]["late"]
    tracker = stack.enter_context(closing(Tracker(port)))
    seen: dict[int, tuple[float, float]] = {}
    count = source.overlay.count

    def step() -> bool:
        _next(source)
        info = source.overlay.newest()
        centre = source.centre(info) if info and info.index >= count else None
        if info is not None and centre is not None:
            truth = tracker.pan_deg(info.due_ns - LATENCY_NS)
            seen[info.frame] = (centre[0] - _expected(element, world.cameras[0], truth)[0], truth)
        return len(seen) >= 70 and np.ptp([pan for _, pan in seen.values()]) > 8

    wait_for(step, 20)
    errors = np.array([error for error, _ in seen.values()][10:])
    # In a frame it moves by up to 3 pixels, so the nearest sample instead of what lies between would be seen.
    assert np.median(np.abs(errors)) < 0.2
    assert np.sqrt(np.mean(errors**2)) < 0.5
    assert any(e["cameras"]["cam"]["state"] == "drawn" for e in child.events[-4:])
    status = child.stats(lambda s: True)
    assert status["cameras"]["cam"]["late"] <= late + 10
    assert status["tracking"]["ptz"]["rate_hz"] == pytest.approx(60, abs=5)
    assert status["troubles"] == []


def test_killed_it_is_taken_over_where_it_was(source: Source, start: Callable[..., GraphicsChild]) -> None:
    element = square(3, 30)
    child = start(fixed_world(element))
    _drawn(source)
    child.kill()
    count, beat, generation = source.overlay.count, source.overlay.heartbeat_ns, source.overlay.generation
    child.start()

    def goes_on() -> bool:
        _next(source)
        return source.overlay.generation > generation and source.overlay.count > count

    wait_for(goes_on)
    assert source.overlay.heartbeat_ns > beat
    assert _drawn(source) == pytest.approx(_expected(element, fixed_world().cameras[0]), abs=0.15)


def test_while_nothing_is_on_rings_are_told_that_it_works_and_it_takes_next_to_nothing(
    source: Source, start: Callable[..., GraphicsChild]
) -> None:
    child = start(fixed_world(square(0, 30)), replace(ON_CAM, tracked=(Switched(),) * len(Group)))
    beats: set[int] = set()
    count, used, begun = source.overlay.count, child.cpu_s(), CLOCK.now()

    def beaten() -> bool:
        _next(source)
        beats.add(source.overlay.heartbeat_ns)
        return len(beats) > 8

    wait_for(beaten)
    share = (child.cpu_s() - used) / ((CLOCK.now() - begun) / SECOND)
    assert share < 0.03
    assert np.median(np.diff(sorted(beats))) / 1e6 < 260
    assert source.overlay.count == count
    with RingReader(child.titles[0]) as title:
        assert CLOCK.now() - title.heartbeat_ns < SECOND


def test_a_group_that_is_switched_fades_within_frames(source: Source, start: Callable[..., GraphicsChild]) -> None:
    child = start(fixed_world(square(0, 30)))
    _drawn(source)
    at = child.frame(2)
    child.change(air=replace(ON_CAM, tracked=(Switched(on=False, at=at), *ALL_ON[1:])))
    keys: dict[int, int] = {}

    def step() -> bool:
        _next(source)
        for info in source.overlay.infos():
            key = source.overlay.picture(info.index).key
            frame = child.frame() + round((info.due_ns - CLOCK.now()) / FRAME_NS)
            if key is not None:
                keys[frame] = int(key.max())
        return child.frame() > at + 20

    wait_for(step)
    assert keys[max(keys)] == 0
    between = [key for frame, key in keys.items() if at <= frame < at + 7]
    assert any(0 < key < max(keys.values()) for key in between)


def test_a_new_setup_shows_at_once(source: Source, start: Callable[..., GraphicsChild]) -> None:
    child = start(fixed_world(square(3, 30)))
    _drawn(source)
    moved = square(-3, 30)
    world = fixed_world(moved)
    child.change(setup=Setup(world=world))
    expected = _expected(moved, world.cameras[0])
    began = CLOCK.now()

    def there() -> bool:
        _next(source)
        info = source.overlay.newest()
        centre = source.centre(info) if info else None
        return centre is not None and abs(centre[0] - expected[0]) < 1

    wait_for(there)
    assert CLOCK.now() - began < SECOND


def test_an_input_is_opened_changed_and_closed_while_it_runs(
    source: Source, sender: Sender, start: Callable[..., GraphicsChild], free_port: Callable[[], int]
) -> None:
    child = start(fixed_world(square(0, 30)))
    assert child.stats(lambda s: True)["tracking"] == {}
    world = tracked_world(sender.address[1], square(0, 30))
    child.change(setup=Setup(world=world))
    child.stats(lambda s: s["tracking"].get("ptz", {}).get("port") == sender.address[1])
    sender.freed(1)
    child.stats(lambda s: s["tracking"]["ptz"]["understood"] == 1)
    port = free_port()
    moved = replace(world, inputs=(replace(world.inputs[0], bind=f"127.0.0.1:{port}"),))
    child.change(setup=Setup(world=moved))
    child.stats(lambda s: s["tracking"]["ptz"]["port"] == port and s["tracking"]["ptz"]["understood"] == 0)
    child.change(setup=Setup(world=fixed_world()))
    child.stats(lambda s: s["tracking"] == {})


def test_what_is_wrong_with_the_tracking_is_named_and_graphics_go_on(
    source: Source, sender: Sender, start: Callable[..., GraphicsChild], stack: ExitStack
) -> None:
    other = stack.enter_context(closing(Sender(sender.address[1])))
    child = start(tracked_world(sender.address[1], square(0, 30)))
    child.stats(lambda s: s["tracking"]["ptz"]["port"])
    broken = bytearray(freed.encode(freed.FreedSample(1, 1, 2, 3, 4, 5, 6, 7, 8)))
    broken[3] ^= 0x10
    sender.send(bytes(broken))
    seen = child.stats(lambda s: s["tracking"]["ptz"]["state"] == "receiving, but not understood")
    assert seen["tracking"]["ptz"]["raw"] == bytes(broken).hex()
    assert any("checksum" in sentence for sentence in seen["troubles"])

    def steadily() -> object:
        for tracker in (sender, other):
            tracker.freed(1)
            tracker.freed(9)
        _next(source)
        last = child.events[-1]
        return last["event"] == "stats" and len(last["troubles"]) >= 3 and last

    found = wait_for(steadily)
    sentences = " ".join(found["troubles"])  # type: ignore[index]
    assert "camera 1 comes from 2 senders" in sentences
    assert "Camera 9 of input ptz is not configured" in sentences
    assert _drawn_with(sender, source)


def test_a_flood_is_survived(source: Source, sender: Sender, start: Callable[..., GraphicsChild]) -> None:
    element = square(0, 30)
    child = start(tracked_world(sender.address[1], element))
    child.stats(lambda s: s["tracking"]["ptz"]["port"])
    data = freed.encode(freed.FreedSample(77, 1, 2, 3, 4, 5, 6, 7, 8))
    drawn: set[int] = set()
    count = source.overlay.count

    def flooding() -> bool:
        for _ in range(2000):
            sender.socket.sendto(data, sender.address)
        sender.freed(1)
        _next(source)
        drawn.update(info.frame for info in source.overlay.infos(count - 1))
        return len(drawn) >= 15

    wait_for(flooding, 20)
    status = child.stats(lambda s: s["tracking"]["ptz"]["understood"] > 1000)
    assert "Camera 77 of input ptz is not configured" in status["troubles"]
    assert _drawn_with(sender, source)


def _drawn_with(sender: Sender, source: Source) -> tuple[float, float]:
    """As `_drawn`, with a camera that stands."""

    def look() -> tuple[float, float] | None:
        sender.freed(1)
        _next(source)
        info = source.overlay.newest()
        return source.centre(info) if info else None

    found = wait_for(look)
    assert found is not None
    return found


def test_data_that_stop_take_the_graphic_away(
    source: Source, sender: Sender, start: Callable[..., GraphicsChild]
) -> None:
    child = start(tracked_world(sender.address[1], square(0, 30)))
    child.stats(lambda s: s["tracking"]["ptz"]["port"])
    _drawn_with(sender, source)

    def gone() -> bool:
        _next(source)
        info = source.overlay.newest()
        return info is not None and unpack_box(info.flags)[2:] == (0, 0)

    began = CLOCK.now()
    wait_for(gone)
    assert CLOCK.now() - began < 3 * SECOND
    child.stats(lambda s: s["cameras"]["cam"]["state"] == "silent" and s["cameras"]["cam"]["age_ms"] > 1000)


def test_the_delay_of_a_camera_is_found_while_it_pans(
    source: Source, start: Callable[..., GraphicsChild], stack: ExitStack, free_port: Callable[[], int]
) -> None:
    port, late_ms = free_port(), 37.3
    child = start(tracked_world(port))
    tracker, panorama = stack.enter_context(closing(Tracker(port))), Panorama()
    child.stats(lambda s: s["cameras"]["cam"]["age_ms"] is not None)
    assert child.events[-1]["cameras"]["cam"]["delay"]["found_ms"] is None

    def found() -> dict[str, Any] | None:
        due_ns = CLOCK.now() + AHEAD_NS
        pan_deg = tracker.pan_deg(due_ns - LATENCY_NS - late_ms * 1e6)
        source.show(due_ns, panorama.seen(pan_deg, -10, focal=LENS[0].focal, width=WIDTH))
        told: dict[str, Any] = child.events[-1]["cameras"]["cam"]["delay"]
        return told if told["found_ms"] is not None else None

    told = wait_for(found, 25)
    assert told is not None
    assert told["found_ms"] == pytest.approx(late_ms, abs=2.5)  # the sender of this test is late by a little itself
    assert told["error_ms"] < 2
    assert told["agreement"] > 0.99


def test_titles_follow_orders_and_feeds(start: Callable[..., GraphicsChild], tmp_path: Path, stack: ExitStack) -> None:
    (tmp_path / "race.csv").write_text("place,name\n1,ADA LOVELACE\n")
    world = World(feeds=(DataFeed("race", FeedKind.CSV, str(tmp_path / "race.csv")),))
    child = start(world)
    child.stats(lambda s: s["feeds"]["race"]["state"] == "ok")
    ring = stack.enter_context(RingReader(child.titles[0]))

    def written(name: str) -> tuple[int, int]:
        """Order a title; in which frame, and for which frame its picture came."""
        count, ordered = ring.count, child.frame()
        titles = (Title("lower-third", (Field("name", name),)), None, None, None)
        switched = (Switched(on=True, at=ordered - 200), *(Switched(),) * 3)
        child.change(Setup(world=world, titles=titles), replace(ON_CAM, titles=switched))
        info = wait_for(lambda: ring.info(count))
        assert info is not None
        assert unpack_box(info.flags)[2] > 0
        return ordered, info.frame

    written("GRACE HOPPER")
    child.stats(lambda s: True)
    orders = [written(name) for name in ("{race.0.name}", "KATHERINE JOHNSON", "{race.0.name} 2")]
    assert all(0 < frame - ordered <= 3 for ordered, frame in orders)  # two, and one for a test that is held up
    count = ring.count
    (tmp_path / "race.csv").write_text("place,name\n1,EMMY NOETHER\n")
    wait_for(lambda: ring.count > count)
    child.change(Setup(), ON_CAM)
    wait_for(lambda: (info := ring.newest()) and unpack_box(info.flags)[2] == 0)


def test_a_configuration_that_can_not_be_used_ends_with_a_reason() -> None:
    child = GraphicsChild.__new__(GraphicsChild)
    child.events, child.sources = [], {}
    child.begin({"format": "720p50", "anchor": {}})
    assert child.process.wait(15) == 1
    wait_for(lambda: child.events)
    assert child.events[0]["event"] == "trouble"
    child.close()


def test_orders_that_can_not_be_read_are_named(source: Source, start: Callable[..., GraphicsChild]) -> None:
    child = start(fixed_world(square(3, 30)))
    child.send({"setup": {"world": {"cameras": [{"source": 5}]}}})
    child.stats(lambda s: any("can't be read" in sentence for sentence in s["troubles"]))
    _drawn(source)
    child.change(setup=Setup(world=fixed_world(square(3, 30))))
    child.stats(lambda s: s["troubles"] == [])

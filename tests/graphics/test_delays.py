"""The delay of a camera is found from pictures that are looked at now and then, and begun anew when it must be."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from graphics_child import LATENCY_NS, LENS, WIDTH, Source
from tracking.panorama import Panorama

from console.graphics.delays import AGAIN_NS, SURE_MS, SURE_PAIRS, Delays, Told, Watch
from console.media.clock import VirtualClock
from console.show.world import Camera
from console.tracking.mapping import CameraState
from console.wire.ring import STILL

MS, SECOND = 1_000_000, 1_000_000_000
CAM = Camera("cam", "ptz", 1, lens=LENS)
LATE_MS = 37.3
AHEAD_NS, APART_NS, STEP_NS = 90 * MS, 160 * MS, 500 * MS
START_NS = 1_000 * SECOND


def _pan_deg(at_ns: float) -> float:
    return 8 * math.sin((at_ns - START_NS) / 1e9 * 1.7)


class Scene:
    """A camera, its tracker and who looks at them, without a clock that runs."""

    def __init__(self, source: Source, camera: Camera = CAM) -> None:
        self.source, self.now_ns = source, START_NS
        self.watch = Watch(camera, Path(source.paths["picture"]), Told())
        self.pan_deg: Callable[[float], float] = _pan_deg
        self.told_deg: Callable[[float], float] | None = None
        """What the tracker says, if it is not the truth."""
        self._panorama, self._told_ns = Panorama(), START_NS

    def step(self, *, shown: bool = True, tracked: bool = True) -> bool:
        """Half a second goes by; whether two pictures were compared."""
        self.now_ns += STEP_NS
        while tracked and self._told_ns < self.now_ns:
            pan_deg = (self.told_deg or self.pan_deg)(self._told_ns)
            self.watch.told.inbox.append(CameraState((0.0, 0.0, 5.0), pan_deg, -9.0, 0.0, self._told_ns))
            self._told_ns += 16_666_667
        for due_ns in (self.now_ns + AHEAD_NS - APART_NS, self.now_ns + AHEAD_NS) if shown else ():
            pan_deg = self.pan_deg(due_ns - LATENCY_NS - LATE_MS * 1e6)
            self.source.show(due_ns, self._panorama.seen(pan_deg, -9, focal=LENS[0].focal, width=WIDTH))
        self.watch.told.take()
        looked = self.watch.look(self.now_ns)
        self.watch.find(self.now_ns)
        return looked


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Source]:
    found = Source(tmp_path, "cam")
    yield found
    found.close()


@pytest.fixture
def scene(source: Source) -> Iterator[Scene]:
    found = Scene(source)
    yield found
    found.watch.close()


def test_it_is_found_told_with_its_error_and_left_alone_when_it_is_sure(scene: Scene) -> None:
    assert scene.watch.status(scene.now_ns)["found_ms"] is None
    while scene.watch.found is None:
        scene.step()
    assert scene.watch.found.delay_ms == pytest.approx(LATE_MS, abs=1.0)
    while scene.watch.again_ns == 0:
        scene.step()
    told = scene.watch.status(scene.now_ns + 5 * MS)
    assert told["found_ms"] == pytest.approx(LATE_MS, abs=0.5)
    assert told["error_ms"] <= SURE_MS
    assert told["agreement"] > 0.999
    assert (told["at_ms"], told["reason"]) == (5.0, "")
    assert (scene.now_ns - START_NS) / STEP_NS < 2 * SURE_PAIRS
    assert not any(scene.step() for _ in range(3))
    scene.now_ns += AGAIN_NS
    scene._told_ns = scene.now_ns
    assert not scene.step(), "all begins anew"
    assert scene.step()
    assert scene.watch.status(scene.now_ns)["found_ms"] == told["found_ms"], "until something better is known"


@pytest.mark.parametrize("what", ["latency", "silence"])
def test_when_stream_or_tracker_begin_anew_nothing_of_before_counts(scene: Scene, what: str) -> None:
    for _ in range(6):
        scene.step()
    assert scene.watch.status(scene.now_ns)["pairs"] > 3
    if what == "latency":
        scene.source.pictures.set_latency(LATENCY_NS + 100 * MS)
    else:
        for _ in range(3):
            scene.step(tracked=False)
        scene._told_ns = scene.now_ns
    assert not scene.step()
    assert scene.watch.status(scene.now_ns)["pairs"] == 0


def test_another_latency_ends_the_rest(scene: Scene) -> None:
    while scene.watch.again_ns == 0:
        scene.step()
    scene.source.pictures.set_latency(LATENCY_NS + 20 * MS)
    assert not scene.step()
    assert scene.step()


def test_why_nothing_is_found_is_told(scene: Scene) -> None:
    scene.pan_deg = lambda _at: 3.0
    assert not scene.step(shown=False)
    assert not scene.step(shown=False)
    assert "put it on program" in scene.watch.reason
    for _ in range(4):
        assert not scene.step()
    assert scene.watch.reason == "It is found while the camera turns"
    for _ in range(3):
        assert not scene.step(tracked=False)
    assert scene.watch.reason == "Its tracking is silent"
    scene.source.pictures.set_flags(STILL)
    scene._told_ns = scene.now_ns
    scene.pan_deg = _pan_deg
    assert not any(scene.step() for _ in range(4))
    assert "put it on program" in scene.watch.reason


def test_tracking_of_another_camera_is_not_believed(scene: Scene) -> None:
    scene.told_deg = lambda at_ns: 3 * math.sin(at_ns / 1e9 * 2.9)
    for _ in range(50):
        scene.step()
    assert scene.watch.found is None
    assert "do not turn as the tracker says" in scene.watch.reason


def test_who_is_looked_at_follows_the_set_up(source: Source) -> None:
    delays = Delays(VirtualClock(START_NS))
    rings = {"cam": source.paths, "twin": source.paths, "fixed": source.paths}
    try:
        inboxes = delays.follow((CAM, Camera("fixed"), Camera("twin", "ptz", 1), Camera("gone", "ptz", 2)), rings)
        assert set(inboxes) == {("ptz", 1)}
        assert set(delays.status()) == {"cam", "twin"}
        assert delays.follow((replace(CAM, delay_ms=12.0),), rings)["ptz", 1] is inboxes["ptz", 1]
        assert delays.follow((), rings) == {}
        assert delays.status() == {}
    finally:
        delays.close()


def test_a_ring_that_is_not_there_is_told(tmp_path: Path) -> None:
    delays = Delays(VirtualClock(START_NS))
    watch = Watch(CAM, tmp_path / "no-such.picture", Told())
    delays._work(watch, watch.look)
    assert "no-such" in watch.reason

"""From the venue's datagrams, late by chance, to pixels: against the truth, in the run and over the take's joint."""

from __future__ import annotations

import numpy as np
import pytest

from console.demo import graphics, truth
from console.demo.cameras import STATIONS
from console.demo.race import TAKE_SECONDS
from console.demo.telemetry import stations_of
from console.demo.tracking import Transmitter
from console.media.time import parse_format
from console.tracking.camera import view
from console.tracking.freed import FreedSample
from console.tracking.mapping import (
    CameraState,
    camera_from_freed,
    camera_from_opentrackio,
    default_mapping,
    subject_from_psn,
)
from console.tracking.opentrackio import OpenTrackIOPacket
from console.tracking.packet import TrackingProtocol
from console.tracking.psn import DataPacket
from console.tracking.stream import Received, Stream
from console.tracking.timeline import CameraTimeline, SubjectTimeline

HD = parse_format("1080p50")
FRAME_NS = 20_000_000
TAKE_FRAMES = TAKE_SECONDS * 50
START_NS = 10_000_000_000
POINTS = np.array([[x, y, z] for x in range(-5, 106, 5) for y in (0, 4.88, 9.76) for z in (0, 1.8)], float)


def _heard(protocol: TrackingProtocol, numbers: range) -> list[tuple[int, Received]]:
    """Frame numbers and what a receiver hears of them, up to half a millisecond late."""
    chance = np.random.default_rng(7)
    transmitter, stream = Transmitter(protocol, 50, 0, stations=stations_of(protocol)), Stream(protocol)
    found = []
    for number in numbers:
        arrival_ns = START_NS + number * FRAME_NS + int(chance.uniform(0, 500_000))
        for data in transmitter.frame(number):
            entry = stream.feed(data, "venue:1", arrival_ns)
            assert isinstance(entry, Received)
            found.append((number, entry))
    return found


def _camera_state(entry: Received, protocol: TrackingProtocol, camera: int) -> CameraState | None:
    if isinstance(entry.sample, FreedSample) and entry.sample.camera == camera:
        return camera_from_freed(entry.sample, default_mapping(protocol), entry.received_ns)
    if isinstance(entry.sample, OpenTrackIOPacket) and entry.sample.sample.source_number == camera:
        return camera_from_opentrackio(entry.sample.sample, default_mapping(protocol), entry.received_ns)
    return None


def _off_px(camera: int, first: int, last: int) -> np.ndarray:
    """How far off the points are that are in the picture, the worst of each picture, in pixels."""
    protocol = next(one for one in TrackingProtocol if STATIONS[camera - 1] in stations_of(one))
    model = next(
        one
        for one in graphics.world(HD, 50, {protocol.value: 1}, "", [s.id for s in STATIONS]).cameras
        if (one.input, one.number) == (protocol.value, camera)
    )
    line, found = CameraTimeline(), []
    waiting = list(range(first, last))
    for number, entry in _heard(protocol, range(first - 60, last + 3)):
        state = _camera_state(entry, protocol, camera)
        if state is None:
            continue
        line.add(state)
        while waiting and number >= waiting[0] + 2:  # a picture comes in two frames later
            at = waiting.pop(0)
            sampled = line.at(START_NS + at * FRAME_NS)
            assert sampled is not None
            assert sampled.strength == 1
            pixels, _ = view(model, sampled.state, HD.width, HD.height).project(POINTS)
            wanted, depths = truth.pixels(STATIONS[camera - 1], at % TAKE_FRAMES, HD, POINTS)
            inside = (depths > 1) & (wanted > 0).all(axis=1) & (wanted < (HD.width, HD.height)).all(axis=1)
            found.append(float(np.hypot(*(pixels - wanted)[inside].T).max(initial=0)))
    return np.array(found)


@pytest.mark.parametrize("camera", [1, 2, 5])
def test_graphics_stay_where_they_are_through_the_race(camera: int) -> None:
    off = _off_px(camera, 160, 760)
    assert len(off) == 600
    assert np.sqrt((off**2).mean()) < 0.4, "rms"
    assert off.max() < 1.5


@pytest.mark.parametrize("camera", [1, 2, 5])
def test_the_first_picture_of_a_take_has_its_own_projection(camera: int) -> None:
    """Cameras and athletes are put back at the joint: a cut, not a flight."""
    off = _off_px(camera, TAKE_FRAMES - 10, TAKE_FRAMES + 30)
    assert off.max() < 1.5


def test_athletes_are_where_they_run_and_jump_back() -> None:
    lines = {lane: SubjectTimeline() for lane in range(1, 9)}
    waiting, off_m = list(range(300, TAKE_FRAMES + 30)), []
    for number, entry in _heard(TrackingProtocol.PSN, range(240, TAKE_FRAMES + 33)):
        if not isinstance(entry.sample, DataPacket):
            continue
        for tracker in entry.sample.trackers:
            state = subject_from_psn(tracker, default_mapping(TrackingProtocol.PSN), entry.received_ns)
            assert state is not None
            lines[tracker.id].add(state)
        while waiting and number >= waiting[0] + 2:
            at = waiting.pop(0)
            for lane, line in lines.items():
                sampled = line.at(START_NS + at * FRAME_NS)
                assert sampled is not None
                feet = truth.ground_of(at % TAKE_FRAMES, HD, lane)
                off_m.append(float(np.hypot(*(np.array(sampled.state.position_m) - feet)[:2])))
    assert len(off_m) == 8 * (TAKE_FRAMES + 30 - 300)
    assert np.sqrt((np.array(off_m) ** 2).mean()) < 0.01
    assert max(off_m) < 0.03

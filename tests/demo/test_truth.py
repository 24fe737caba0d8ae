"""The ground truth holds: it is what is drawn, and what comes of the tracking that is sent."""

from __future__ import annotations

import numpy as np
import pytest

from console.demo import graphics, truth
from console.demo.cameras import STATIONS, Station
from console.demo.race import ATHLETES, LANE_M, LANES, RECORD_LANE
from console.demo.scene import CameraView
from console.demo.telemetry import stations_of
from console.demo.tracking import TRACKED, Transmitter
from console.media.picture import new_picture
from console.media.time import parse_format
from console.show.world import Camera
from console.tracking.camera import view
from console.tracking.freed import FreedSample
from console.tracking.mapping import (
    CameraState,
    camera_from_freed,
    camera_from_opentrackio,
    default_mapping,
)
from console.tracking.opentrackio import OpenTrackIOPacket
from console.tracking.packet import TrackingProtocol
from console.tracking.stream import Received, Stream

HD = parse_format("1080p50")
PICTURES = (3, 140, 333, 517, 700)


def _states(protocol: TrackingProtocol, number: int) -> dict[int, CameraState]:
    """What a receiver makes of a frame of the venue's tracking, by camera."""
    stream, found = Stream(protocol), {}
    for data in Transmitter(protocol, 50, 0, stations=stations_of(protocol)).frame(number):
        entry = stream.feed(data, "venue:1", 1)
        assert isinstance(entry, Received)
        if isinstance(entry.sample, FreedSample):
            found[entry.sample.camera] = camera_from_freed(entry.sample, default_mapping(protocol), 1)
        elif isinstance(entry.sample, OpenTrackIOPacket):
            state = camera_from_opentrackio(entry.sample.sample, default_mapping(protocol), 1)
            assert state is not None
            found[entry.sample.sample.source_number or 0] = state
    return found


@pytest.mark.parametrize("protocol", [TrackingProtocol.FREED, TrackingProtocol.OPENTRACKIO])
def test_tracking_and_lens_give_the_true_pixels(protocol: TrackingProtocol) -> None:
    placed = graphics.world(HD, 50, {protocol.value: 1}, "", [station.id for station in STATIONS])
    points = np.array([[x, y, z] for x in (0, 40, 80, 100) for y in (0, 4.88, 9.76) for z in (0, 1.8)], float)
    checked = 0
    for number in PICTURES:
        for camera, state in _states(protocol, number).items():
            model = next(one for one in placed.cameras if (one.input, one.number) == (protocol.value, camera))
            seen = view(model, state, HD.width, HD.height)
            found, depths = seen.project(points)
            wanted, true_depths = truth.pixels(STATIONS[camera - 1], number, HD, points)
            inside = (true_depths > 1) & (wanted > 0).all(axis=1) & (wanted < (HD.width, HD.height)).all(axis=1)
            assert depths == pytest.approx(true_depths, abs=0.01)
            assert np.abs(found - wanted)[inside].max(initial=0) < 0.05, "pixels"
            checked += int(inside.sum())
    assert checked > 20


def test_every_tracked_camera_has_a_model() -> None:
    ports = {protocol.value: 1 for protocol in TrackingProtocol}
    cameras: tuple[Camera, ...] = graphics.world(HD, 50, ports, "", [s.id for s in STATIONS]).cameras
    assert sorted(camera.source for camera in cameras) == sorted(station.id for station in TRACKED)
    assert graphics.world(HD, 50, ports, "", ["cam1", "cam3"]).cameras[0].source == "cam1"


@pytest.mark.parametrize("station", TRACKED, ids=lambda station: station.id)
def test_lines_of_the_track_are_drawn_where_they_truly_are(station: Station) -> None:
    form = parse_format("720p25")
    drawn = CameraView(station.number, form, 8)
    picture = new_picture(form.width, form.height)
    brighter = []
    for number in (20, 90, 150):
        drawn.draw(number, picture)
        lines = np.array([[x, lane * LANE_M, 0.0] for x in np.arange(5, 99, 1.3) for lane in range(1, LANES)])
        between = lines + np.array([0, LANE_M / 2, 0])
        (on, _), (off, _) = (truth.pixels(station, number, form, points) for points in (lines, between))
        both = np.concatenate((on, off), axis=1)
        inside = ((both > 4) & (both < (form.width - 4, form.height - 30) * 2)).all(axis=1)
        (u, v), (s, t) = on[inside].astype(int).T, off[inside].astype(int).T
        brighter += (picture.y[v, u].astype(int) - picture.y[t, s]).tolist()
    assert len(brighter) > 60
    assert np.median(brighter) > 25, "a white line on a red track"


def test_the_leader_is_drawn_in_his_vest() -> None:
    form = parse_format("720p25")
    station, number = STATIONS[1], 150
    drawn = CameraView(station.number, form, 8)
    picture = new_picture(form.width, form.height)
    drawn.draw(number, picture)
    for lane, blue in ((RECORD_LANE, False), (6, True)):  # a yellow vest and a blue one
        seen = truth.athlete(station, number, form, lane)
        u, v = (int(part) // 2 for part in seen.chest)
        area = picture.u[v - 2 : v + 3, u - 2 : u + 3].astype(int)
        assert bool(np.median(area) > 128) is blue, ATHLETES[lane - 1].name
        assert seen.feet[1] > seen.chest[1]
        assert 30 < seen.depth_m < 60

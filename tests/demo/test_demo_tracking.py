"""What the demo's venue sends is where its cameras and athletes are."""

from __future__ import annotations

import pytest

from console.demo.cameras import STATIONS
from console.demo.race import ATHLETES, TAKE_SECONDS, runners_at
from console.demo.tracking import SENSOR_HEIGHT_MM, TRACKED, Transmitter
from console.tracking.freed import FreedSample
from console.tracking.mapping import (
    camera_from_freed,
    camera_from_opentrackio,
    default_mapping,
    subject_from_psn,
)
from console.tracking.opentrackio import OpenTrackIOPacket
from console.tracking.packet import TrackingProtocol
from console.tracking.psn import DataPacket, InfoPacket
from console.tracking.stream import Decoded, Received, Stream

RATE_HZ = 50


def _frames(protocol: TrackingProtocol, numbers: list[int]) -> list[list[Decoded]]:
    transmitter, stream, found = Transmitter(protocol, RATE_HZ, 1_790_000_000_000_000_000), Stream(protocol), []
    for number in numbers:
        entries = [stream.feed(data, "demo:1", number + 1) for data in transmitter.frame(number)]
        found.append([entry.sample for entry in entries if isinstance(entry, Received)])
        assert stream.health(number).refused == 0
    return found


@pytest.mark.parametrize("protocol", [TrackingProtocol.FREED, TrackingProtocol.OPENTRACKIO])
def test_cameras_are_where_the_pictures_are_drawn_from(protocol: TrackingProtocol) -> None:
    numbers = list(range(0, TAKE_SECONDS * RATE_HZ + 100, 37))
    for number, samples in zip(numbers, _frames(protocol, numbers), strict=True):
        assert len(samples) == len(TRACKED) == 3
        for station, sample in zip(TRACKED, samples, strict=True):
            pose = STATIONS[station.number - 1].pose_at(number / RATE_HZ % TAKE_SECONDS)
            if isinstance(sample, FreedSample):
                state, step_m, step_deg = camera_from_freed(sample, default_mapping(protocol), 0), 1 / 128e3, 1 / 65536
                assert sample.camera == station.number
                focal_mm = sample.zoom / 1000
            else:
                assert isinstance(sample, OpenTrackIOPacket)
                found = camera_from_opentrackio(sample.sample, default_mapping(protocol), 0)
                assert found and found.lens and found.lens.focal_length_mm  # noqa: PT018
                state, step_m, step_deg, focal_mm = found, 1e-9, 1e-9, found.lens.focal_length_mm
                assert sample.sample.source_number == station.number
            assert state.position_m == pytest.approx(pose.position_m, abs=step_m)
            assert state.pan_deg == pytest.approx(pose.pan_deg, abs=step_deg)
            assert state.tilt_deg == pytest.approx(pose.tilt_deg, abs=step_deg)
            assert state.roll_deg == pytest.approx(pose.roll_deg, abs=step_deg)
            assert focal_mm / SENSOR_HEIGHT_MM == pytest.approx(pose.focal_heights, abs=1e-4)


def test_athletes_are_where_they_run() -> None:
    numbers = [0, 130, 333, 650]
    for number, samples in zip(numbers, _frames(TrackingProtocol.PSN, numbers), strict=True):
        data = samples[-1]
        assert isinstance(data, DataPacket)
        for tracker, runner in zip(data.trackers, runners_at(number / RATE_HZ), strict=True):
            state = subject_from_psn(tracker, default_mapping(TrackingProtocol.PSN), 0)
            assert state
            assert state.id == runner.athlete.lane
            assert state.position_m == pytest.approx(runner.position_m, abs=1e-5)
            assert state.velocity_mps == pytest.approx(runner.velocity_mps, abs=1e-5)


def test_names_and_lenses_come_now_and_then() -> None:
    transmitter = Transmitter(TrackingProtocol.PSN, RATE_HZ, 0)
    assert [len(transmitter.frame(number)) for number in (0, 1, 49, 50)] == [2, 1, 1, 2]
    (info, _), *_ = _frames(TrackingProtocol.PSN, [0])
    assert isinstance(info, InfoPacket)
    assert dict(info.names) == {athlete.lane: athlete.name for athlete in ATHLETES}
    static = _frames(TrackingProtocol.OPENTRACKIO, [0, 1, 99, 100])
    told = [packet.sample.static is not None for frame in static for packet in frame[:1]]  # type: ignore[union-attr]
    assert told == [True, False, False, True]

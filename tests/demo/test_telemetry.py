"""Tracking leaves the venue in step with its pictures: real venue, real source host, real receivers."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from demo_venue import playing
from waiting import wait_for

from console.demo.cameras import STATIONS
from console.demo.clips import Clips
from console.demo.telemetry import OPENTRACKIO_STATION, picture_delay_ms, stations_of
from console.media import barcode
from console.media.clock import SystemClock
from console.media.time import parse_format
from console.sources.address import tile_size
from console.tracking.freed import FreedSample
from console.tracking.mapping import camera_from_freed, default_mapping
from console.tracking.opentrackio import OpenTrackIOPacket
from console.tracking.packet import TrackingProtocol
from console.tracking.psn import DataPacket
from console.tracking.receiver import Endpoint, Receiver
from console.tracking.stream import Received
from console.wire.child import child_command
from console.wire.ring import RingReader, create_ring
from console.wire.sound import create_sound
from console.wire.tier import Tier

FPS, TAKE_FRAMES = 25, 200
LATENCY_MS = 200
CLOCK = SystemClock()


@pytest.fixture(scope="module")
def venue(clips: Clips) -> Iterator[dict[str, Any]]:
    with playing(clips, ("http",) * 4 + ("tcp",)) as told:
        yield told


def _heard(told: dict[str, Any], protocol: TrackingProtocol, count: int) -> list[Received]:
    receiver = Receiver(protocol, Endpoint("127.0.0.1", told["tracking"][protocol]))
    try:
        found: list[Received] = []
        wait_for(lambda: found.extend(receiver.take(0.01)) or len(found) >= count, 15, f"{protocol}")
        assert receiver.health().refused == receiver.health().lost == 0
        return found
    finally:
        receiver.close()


def test_every_camera_has_one_protocol() -> None:
    carried = [station.number for protocol in TrackingProtocol for station in stations_of(protocol)]
    assert sorted(carried) == [1, 2, OPENTRACKIO_STATION]


def test_two_cameras_share_a_freed_port(venue: dict[str, Any]) -> None:
    samples = [entry.sample for entry in _heard(venue, TrackingProtocol.FREED, 40)]
    assert {sample.camera for sample in samples if isinstance(sample, FreedSample)} == {1, 2}
    assert [one.camera for one in samples[:2]] != [one.camera for one in samples[1:3]]  # type: ignore[union-attr]


def test_opentrackio_has_real_time_stamps(venue: dict[str, Any]) -> None:
    entries = _heard(venue, TrackingProtocol.OPENTRACKIO, 60)
    samples = [entry.sample.sample for entry in entries if isinstance(entry.sample, OpenTrackIOPacket)]
    assert {sample.source_number for sample in samples} == {OPENTRACKIO_STATION}
    stamps_ns = []
    for sample in samples:
        assert sample.timing is not None
        assert sample.timing.sampled is not None
        stamps_ns.append(sample.timing.sampled.seconds * 10**9 + sample.timing.sampled.nanoseconds)
    assert set(np.diff(stamps_ns)) == {10**9 // FPS}
    tai_ahead_ns = 37 * 10**9
    assert abs(stamps_ns[-1] - tai_ahead_ns - CLOCK.unix_ns()) < 10**9
    static = [number for number, sample in enumerate(samples) if sample.static is not None]
    assert static
    assert set(np.diff(static)) <= {2 * FPS}


def test_the_take_begins_again_with_the_pictures(clips: Clips) -> None:
    """Athletes jump back to the blocks after 200 frames here (four seconds, as it is played at 50), not after 16 s."""
    with playing(clips, ("tcp",), fps=50) as told:
        packets = [entry.sample for entry in _heard(told, TrackingProtocol.PSN, TAKE_FRAMES + 10)]
    data = [packet for packet in packets if isinstance(packet, DataPacket)]
    frames = [round(packet.header.time_us * 50 / 1e6) for packet in data]
    assert set(np.diff(frames)) == {1}
    along = [packet.trackers[3].position_m[0] for packet in data if packet.trackers[3].position_m]
    jumps = [frame for frame, step in zip(frames[1:], np.diff(along), strict=True) if step < -1]
    assert jumps
    assert {frame % TAKE_FRAMES for frame in jumps} == {0}


def test_a_picture_and_its_tracking_are_of_one_instant(venue: dict[str, Any], tmp_path: Path) -> None:
    """What the engine goes by: due time less latency less the camera's delay is when its tracking arrived."""
    form = parse_format("640x360p25")
    rings = {name: tmp_path / name for name in ("picture", "tile", "sound")}
    create_ring(rings["picture"], form.width, form.height, slots=10)
    create_ring(rings["tile"], *tile_size(form), slots=4)
    create_sound(rings["sound"])
    config = {
        "id": "cam2", "number": 2, "url": venue["sources"][1]["url"], "name": "Tracking", "format": str(form),
        "rings": {name: str(path) for name, path in rings.items()}, "latency_ms": LATENCY_MS, "loop": True,
    }  # fmt: skip
    arrived: dict[int, int] = {}
    due: dict[int, tuple[int, int]] = {}
    receiver = Receiver(TrackingProtocol.FREED, Endpoint("127.0.0.1", venue["tracking"]["freed"]))
    poses = [STATIONS[1].pose_at(n / FPS) for n in range(TAKE_FRAMES)]
    pans = np.array([pose.pan_deg for pose in poses]), np.array([pose.tilt_deg for pose in poses])

    def look(ring: RingReader) -> bool:
        ring.ask(Tier.FULL, CLOCK.now())
        for entry in receiver.take(0.01):
            if isinstance(entry.sample, FreedSample) and entry.sample.camera == 2:
                state = camera_from_freed(entry.sample, default_mapping(TrackingProtocol.FREED), entry.received_ns)
                off = np.hypot(pans[0] - state.pan_deg, pans[1] - state.tilt_deg)
                arrived[int(off.argmin())] = entry.received_ns
                assert off.min() < 1e-4
        for info in ring.infos():
            code = barcode.read(ring.picture(info.index).y)
            if code is not None and ring.holds(info.index):
                due[info.index] = (info.due_ns, code.frame)
        return len(due) > 100

    with subprocess.Popen(child_command("_source"), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as host:  # fmt: skip
        assert host.stdin is not None
        host.stdin.write(json.dumps(config).encode() + b"\n")
        host.stdin.flush()
        with RingReader(rings["picture"]) as ring:
            wait_for(lambda: look(ring), 20, "a hundred pictures")
        host.stdin.close()
        receiver.close()
    off_ms = np.array(
        [
            (due_ns - arrived[frame]) / 1e6 - LATENCY_MS - picture_delay_ms(FPS)
            for due_ns, frame in list(due.values())[50:]
            if frame in arrived and abs(due_ns - arrived[frame]) < 10**9
        ]
    )
    assert len(off_ms) > 30
    assert abs(np.median(off_ms)) < 1.0, "milliseconds"

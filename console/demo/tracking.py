"""What the demo's venue tells of itself: three cameras on tracked heads, and the eight athletes.

The numbers are those that the pictures are drawn from, so they are the ground truth. FreeD and OpenTrackIO carry the
cameras (FreeD's camera and OpenTrackIO's source is the number of the camera), PosiStageNet the athletes (the tracker's
number is the lane). FreeD's zoom is the focal length in micrometres; focus is not modelled and stays 0.
"""

from __future__ import annotations

from fractions import Fraction

from console.demo.cameras import STATIONS, Station
from console.demo.optics import CameraPose
from console.demo.race import TAKE_SECONDS, runners_at
from console.tracking import freed, opentrackio, otrk, psn
from console.tracking.opentrackio_sample import (
    Camera,
    Lens,
    ProtocolName,
    Rotation,
    Sample,
    Size,
    Static,
    Timestamp,
    Timing,
    Transform,
    Triple,
)
from console.tracking.packet import TrackingProtocol

SYSTEM = "Podium demo"
TRACKED = tuple(station for station in STATIONS if station.number in (1, 2, 5))
SENSOR_HEIGHT_MM = 5.39
SENSOR_WIDTH_MM = SENSOR_HEIGHT_MM * 16 / 9
_TAI_AHEAD_NS = 37_000_000_000
_STATIC_EVERY_S = 2


def focal_length_mm(pose: CameraPose) -> float:
    """What the lens would say on a 2/3 inch camera."""
    return pose.focal_heights * SENSOR_HEIGHT_MM


class Transmitter:
    """Makes the datagrams of one protocol, one frame after the other; the take repeats."""

    def __init__(self, protocol: TrackingProtocol, rate_hz: int, began_unix_ns: int) -> None:
        self._rate_hz = rate_hz
        self._began_unix_ns = began_unix_ns
        self._sequence = 0
        self._make = {
            TrackingProtocol.FREED: self._freed,
            TrackingProtocol.OPENTRACKIO: self._opentrackio,
            TrackingProtocol.PSN: self._psn,
        }[protocol]

    def frame(self, number: int) -> list[bytes]:
        """The datagrams of frame 0, 1, 2.. since the beginning."""
        return self._make(number, number / self._rate_hz % TAKE_SECONDS)

    def _freed(self, _number: int, instant_s: float) -> list[bytes]:
        found = []
        for station in TRACKED:
            pose = station.pose_at(instant_s)
            zoom = round(focal_length_mm(pose) * 1000)
            angles = (pose.pan_deg, pose.tilt_deg, pose.roll_deg)
            found.append(freed.encode(freed.FreedSample(station.number, *angles, *pose.position_m, zoom, 0)))
        return found

    def _opentrackio(self, number: int, instant_s: float) -> list[bytes]:
        found = []
        for station in TRACKED:
            sample = opentrackio.write_sample(self._sample(station, number, instant_s))
            payload = opentrackio.encode_payload(sample, otrk.Encoding.JSON)
            datagrams = otrk.encode_segments(payload, otrk.Encoding.JSON, self._sequence)
            self._sequence = (self._sequence + len(datagrams)) & 0xFFFF
            found += datagrams
        return found

    def _sample(self, station: Station, number: int, instant_s: float) -> Sample:
        pose = station.pose_at(instant_s)
        x, y, z = pose.position_m
        seconds, nanoseconds = divmod(
            self._began_unix_ns + _TAI_AHEAD_NS + number * 1_000_000_000 // self._rate_hz, 1_000_000_000
        )
        static = None
        if number % (_STATIC_EVERY_S * self._rate_hz) == 0:
            sensor = Size(width=SENSOR_WIDTH_MM, height=SENSOR_HEIGHT_MM)
            static = Static(camera=Camera(label=station.name, sensor_mm=sensor))
        return Sample(
            static=static,
            timing=Timing(
                mode="internal",
                sample_rate=Fraction(self._rate_hz),
                sampled=Timestamp(seconds=seconds, nanoseconds=nanoseconds),
                sequence=number & 0xFFFF_FFFF,
            ),
            lens=Lens(focal_length_mm=focal_length_mm(pose)),
            protocol=ProtocolName(name=opentrackio.NAME, version=opentrackio.VERSION),
            source_number=station.number,
            transforms=(
                Transform(
                    translation_m=Triple(x=x, y=y, z=z),
                    rotation=Rotation(pan_deg=-pose.pan_deg, tilt_deg=pose.tilt_deg, roll_deg=pose.roll_deg),
                    id="Camera",
                ),
            ),
        )

    def _psn(self, number: int, instant_s: float) -> list[bytes]:
        trackers, names = [], []
        for runner in runners_at(instant_s):
            (x, y, z), (u, v, w) = runner.position_m, runner.velocity_mps
            # PosiStageNet's y is up and its z goes away.
            trackers.append(psn.Tracker(runner.athlete.lane, (x, z, y), (u, w, v), validity=1.0))
            names.append((runner.athlete.lane, runner.athlete.name))
        time_us = number * 1_000_000 // self._rate_hz
        found = psn.encode_data(trackers, frame=number % 256, time_us=time_us)
        seconds, part = divmod(number, self._rate_hz)
        if part == 0:
            found = psn.encode_info(SYSTEM, names, frame=seconds % 256, time_us=time_us) + found
        return found

"""What the demo's venue tells of itself: three cameras on tracked heads, and the eight athletes.

The numbers are those that the pictures are drawn from, so they are the ground truth. FreeD and OpenTrackIO carry the
cameras (FreeD's camera and OpenTrackIO's source is the number of the camera), PosiStageNet the athletes (the tracker's
number is the lane). The zoom, as FreeD has it and as OpenTrackIO's raw encoder, is the focal length in micrometres;
focus is not modelled and stays 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cache

from console.demo.cameras import STATIONS, Station
from console.demo.optics import CameraPose
from console.demo.race import ATHLETES, TAKE_SECONDS, runners_at
from console.tracking import freed, opentrackio, otrk, psn
from console.tracking.opentrackio_sample import (
    Camera,
    Lens,
    ProtocolName,
    RawEncoders,
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
_SECOND = 1_000_000_000


def focal_length_mm(pose: CameraPose) -> float:
    """What the lens would say on a 2/3 inch camera."""
    return pose.focal_heights * SENSOR_HEIGHT_MM


def zoom_count(pose: CameraPose) -> int:
    """What the lens tells as its zoom."""
    return round(focal_length_mm(pose) * 1000)


def _freed(stations: Sequence[Station], instant_s: float) -> list[bytes]:
    found = []
    for station in stations:
        pose = station.pose_at(instant_s)
        angles = (pose.pan_deg, pose.tilt_deg, pose.roll_deg)
        found.append(freed.encode(freed.FreedSample(station.number, *angles, *pose.position_m, zoom_count(pose), 0)))
    return found


def _trackers(instant_s: float) -> list[psn.Tracker]:
    found = []
    for runner in runners_at(instant_s):
        (x, y, z), (u, v, w) = runner.position_m, runner.velocity_mps
        # PosiStageNet's y is up and its z goes away.
        found.append(psn.Tracker(runner.athlete.lane, (x, z, y), (u, w, v), validity=1.0))
    return found


def _untimed(station: Station, instant_s: float) -> Sample:
    """An OpenTrackIO sample without its time."""
    pose = station.pose_at(instant_s)
    x, y, z = pose.position_m
    return Sample(
        lens=Lens(focal_length_mm=focal_length_mm(pose), raw_encoders=RawEncoders(zoom=zoom_count(pose))),
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


def _json(sample: Sample) -> bytes:
    return opentrackio.encode_payload(opentrackio.write_sample(sample), otrk.Encoding.JSON)


class Transmitter:
    """Makes the datagrams of one protocol, one frame after the other; the take repeats.

    What is the same in every take is made once, when it is first sent or before, by `prepare`.
    """

    def __init__(
        self,
        protocol: TrackingProtocol,
        rate_hz: int,
        began_unix_ns: int,
        *,
        stations: Sequence[Station] = TRACKED,
        take_frames: int | None = None,
    ) -> None:
        """`take_frames` is how long the take is that repeats: the whole of it, unless told otherwise."""
        self._rate_hz = rate_hz
        self.began_unix_ns = began_unix_ns
        """The instant of frame 0."""
        self._stations = stations
        self._take_frames = take_frames or TAKE_SECONDS * rate_hz
        self._sequence = 0
        self._freed_at = cache(lambda index: _freed(stations, index / rate_hz))
        self._json_at = cache(lambda index: [_json(_untimed(station, index / rate_hz)) for station in stations])
        self._trackers_at = cache(lambda index: _trackers(index / rate_hz))
        self._make, self._same = {
            TrackingProtocol.FREED: (self._freed, self._freed_at),
            TrackingProtocol.OPENTRACKIO: (self._opentrackio, self._json_at),
            TrackingProtocol.PSN: (self._psn, self._trackers_at),
        }[protocol]

    def prepare(self) -> None:
        """Make all that is the same in every take now."""
        for index in range(self._take_frames):
            self._same(index)

    def frame(self, number: int) -> list[bytes]:
        """The datagrams of frame 0, 1, 2.. since the beginning."""
        return self._make(number, number % self._take_frames)

    def _freed(self, _number: int, index: int) -> list[bytes]:
        return self._freed_at(index)

    def _opentrackio(self, number: int, index: int) -> list[bytes]:
        found = []
        for station, untimed in zip(self._stations, self._json_at(index), strict=True):
            payload = _json(self._timed(station, number))[:-1] + b"," + untimed[1:]  # two objects made one
            datagrams = otrk.encode_segments(payload, otrk.Encoding.JSON, self._sequence)
            self._sequence = (self._sequence + len(datagrams)) & 0xFFFF
            found += datagrams
        return found

    def _timed(self, station: Station, number: int) -> Sample:
        """What changes from one frame to the next; and the static block when it is its turn."""
        now_ns = self.began_unix_ns + _TAI_AHEAD_NS + number * _SECOND // self._rate_hz
        timing = Timing(
            mode="internal",
            sample_rate=Fraction(self._rate_hz),
            sampled=Timestamp(seconds=now_ns // _SECOND, nanoseconds=now_ns % _SECOND),
            sequence=number & 0xFFFF_FFFF,
        )
        if number % (_STATIC_EVERY_S * self._rate_hz):
            return Sample(timing=timing)
        sensor = Size(width=SENSOR_WIDTH_MM, height=SENSOR_HEIGHT_MM)
        return Sample(static=Static(camera=Camera(label=station.name, sensor_mm=sensor)), timing=timing)

    def _psn(self, number: int, index: int) -> list[bytes]:
        time_us = number * 1_000_000 // self._rate_hz
        found = psn.encode_data(self._trackers_at(index), frame=number % 256, time_us=time_us)
        seconds, part = divmod(number, self._rate_hz)
        if part == 0:
            names = [(athlete.lane, athlete.name) for athlete in ATHLETES]
            found = psn.encode_info(SYSTEM, names, frame=seconds % 256, time_us=time_us) + found
        return found

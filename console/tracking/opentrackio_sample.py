"""The values of an OpenTrackIO 1.0.1 sample, typed, as in the standard's schema (opentrackio.org/schema.json).

World: metres, right-handed, Z up, Y forward; rotations in degrees, right-handed (so a positive pan turns left), applied
pan (Z), tilt (X), roll (Y). None is what was not sent. A sender's own keys are not here but in the object.
"""

# ruff: noqa: RUF009 - `key` and `needed` declare fields, they are called once

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from console.tracking.shape import Json, key, needed

DISTORTED_TO_UNDISTORTED = "Brown-Conrady D-U"
"""The model that is meant when none is named; the other direction is "Brown-Conrady U-D"."""


@dataclass(frozen=True, kw_only=True)
class Triple:
    """Three numbers; a missing one is 0."""

    x: float = key("x", default=0.0)
    y: float = key("y", default=0.0)
    z: float = key("z", default=0.0)


@dataclass(frozen=True, kw_only=True)
class Scale:
    """Three factors; a missing one is 1."""

    x: float = key("x", default=1.0)
    y: float = key("y", default=1.0)
    z: float = key("z", default=1.0)


@dataclass(frozen=True, kw_only=True)
class Rotation:
    """Degrees, right-handed about Z, then X, then Y; a missing one is 0."""

    pan_deg: float = key("pan", default=0.0)
    tilt_deg: float = key("tilt", default=0.0)
    roll_deg: float = key("roll", default=0.0)


@dataclass(frozen=True, kw_only=True)
class Transform:
    """One joint between the stage's origin and the sensor."""

    translation_m: Triple = needed("translation")
    rotation: Rotation = needed("rotation")
    scale: Scale | None = key("scale")
    id: str | None = key("id")


@dataclass(frozen=True, kw_only=True)
class Offset:
    """An offset in the picture, in millimetres on the sensor."""

    x_mm: float = needed("x")
    y_mm: float = needed("y")


@dataclass(frozen=True, kw_only=True)
class Distortion:
    """The coefficients of one direction of a lens model: l1.. (radial), q1, q2 (tangential), in powers of 1/mm."""

    radial: tuple[float, ...] = needed("radial")
    tangential: tuple[float, ...] | None = key("tangential")
    model: str | None = key("model")
    overscan: float | None = key("overscan", least=1.0)

    @property
    def undistorts(self) -> bool:
        """Whether it maps the distorted picture to the ideal one, as the standard's default does."""
        return (self.model or DISTORTED_TO_UNDISTORTED) == DISTORTED_TO_UNDISTORTED


@dataclass(frozen=True, kw_only=True)
class Encoders:
    """0 to 1: focus infinite to close, iris open to closed, zoom wide to tele."""

    focus: float | None = key("focus", least=0.0)
    iris: float | None = key("iris", least=0.0)
    zoom: float | None = key("zoom", least=0.0)


@dataclass(frozen=True, kw_only=True)
class RawEncoders:
    """The encoders' own counts."""

    focus: int | None = key("focus", least=0)
    iris: int | None = key("iris", least=0)
    zoom: int | None = key("zoom", least=0)


@dataclass(frozen=True, kw_only=True)
class Falloff:
    """Coefficients of vignetting."""

    a1: float = needed("a1")
    a2: float | None = key("a2")
    a3: float | None = key("a3")


@dataclass(frozen=True, kw_only=True)
class Lens:
    """The lens at this instant."""

    custom: tuple[float, ...] | None = key("custom")
    distortions: tuple[Distortion, ...] | None = key("distortion")
    distortion_offset: Offset | None = key("distortionOffset")
    encoders: Encoders | None = key("encoders")
    entrance_pupil_offset_m: float | None = key("entrancePupilOffset")
    exposure_falloff: Falloff | None = key("exposureFalloff")
    f_stop: float | None = key("fStop", above=0.0)
    focal_length_mm: float | None = key("pinholeFocalLength", above=0.0)
    focus_distance_m: float | None = key("focusDistance", above=0.0)
    projection_offset: Offset | None = key("projectionOffset")
    raw_encoders: RawEncoders | None = key("rawEncoders")
    t_stop: float | None = key("tStop", above=0.0)

    def distortion(self, *, undistorts: bool) -> Distortion | None:
        """The model of one direction, if it was sent."""
        return next((model for model in self.distortions or () if model.undistorts is undistorts), None)


@dataclass(frozen=True, kw_only=True)
class Timestamp:
    """PTP time: since 1970, TAI."""

    seconds: int = needed("seconds")
    nanoseconds: int = needed("nanoseconds")

    @property
    def ns(self) -> int:
        """All of it in nanoseconds."""
        return self.seconds * 1_000_000_000 + self.nanoseconds


@dataclass(frozen=True, kw_only=True)
class Timecode:
    """SMPTE time code."""

    hours: int = needed("hours")
    minutes: int = needed("minutes")
    seconds: int = needed("seconds")
    frames: int = needed("frames")
    frame_rate: Fraction = needed("frameRate")
    sub_frame: int | None = key("subFrame")
    drop_frame: bool | None = key("dropFrame")


@dataclass(frozen=True, kw_only=True)
class SyncOffsets:
    """Seconds between the sync and what was measured."""

    translation_s: float | None = key("translation")
    rotation_s: float | None = key("rotation")
    lens_encoders_s: float | None = key("lensEncoders")


@dataclass(frozen=True, kw_only=True)
class Synchronization:
    """What the tracking is locked to; `ptp` is kept as it came."""

    locked: bool = needed("locked")
    source: str = needed("source")
    frequency: Fraction | None = key("frequency")
    offsets: SyncOffsets | None = key("offsets")
    present: bool | None = key("present")
    ptp: Json | None = key("ptp")


@dataclass(frozen=True, kw_only=True)
class Timing:
    """When it was measured."""

    mode: str | None = key("mode")
    recorded: Timestamp | None = key("recordedTimestamp")
    sample_rate: Fraction | None = key("sampleRate")
    sampled: Timestamp | None = key("sampleTimestamp")
    sequence: int | None = key("sequenceNumber", least=0)
    synchronization: Synchronization | None = key("synchronization")
    timecode: Timecode | None = key("timecode")


@dataclass(frozen=True, kw_only=True)
class Size:
    """Width and height, in what the field says."""

    width: float = needed("width")
    height: float = needed("height")


@dataclass(frozen=True, kw_only=True)
class Resolution:
    """Width and height in pixels."""

    width: int = needed("width")
    height: int = needed("height")


@dataclass(frozen=True, kw_only=True)
class Camera:
    """What does not change about the camera."""

    capture_frame_rate: Fraction | None = key("captureFrameRate")
    sensor_mm: Size | None = key("activeSensorPhysicalDimensions")
    sensor_px: Resolution | None = key("activeSensorResolution")
    make: str | None = key("make")
    model: str | None = key("model")
    serial_number: str | None = key("serialNumber")
    firmware: str | None = key("firmwareVersion")
    label: str | None = key("label")
    anamorphic_squeeze: Fraction | None = key("anamorphicSqueeze")
    iso_speed: int | None = key("isoSpeed", above=0)
    fdl_link: str | None = key("fdlLink")
    shutter_angle_deg: float | None = key("shutterAngle", least=0.0)


@dataclass(frozen=True, kw_only=True)
class StaticLens:
    """What does not change about the lens."""

    distortion_overscan_max: float | None = key("distortionOverscanMax", least=1.0)
    undistortion_overscan_max: float | None = key("undistortionOverscanMax", least=1.0)
    make: str | None = key("make")
    model: str | None = key("model")
    serial_number: str | None = key("serialNumber")
    firmware: str | None = key("firmwareVersion")
    nominal_focal_length_mm: float | None = key("nominalFocalLength", above=0.0)
    calibration_history: tuple[str, ...] | None = key("calibrationHistory")


@dataclass(frozen=True, kw_only=True)
class StaticTracker:
    """Who measures."""

    make: str | None = key("make")
    model: str | None = key("model")
    serial_number: str | None = key("serialNumber")
    firmware: str | None = key("firmwareVersion")


@dataclass(frozen=True, kw_only=True)
class Static:
    """The block that is sent about every two seconds."""

    duration_s: Fraction | None = key("duration")
    camera: Camera | None = key("camera")
    lens: StaticLens | None = key("lens")
    tracker: StaticTracker | None = key("tracker")


@dataclass(frozen=True, kw_only=True)
class TrackerState:
    """How the tracking is."""

    notes: str | None = key("notes")
    recording: bool | None = key("recording")
    slate: str | None = key("slate")
    status: str | None = key("status")


@dataclass(frozen=True, kw_only=True)
class ProtocolName:
    """What the sample says it is."""

    name: str = needed("name")
    version: tuple[int, ...] = needed("version")


@dataclass(frozen=True, kw_only=True)
class GlobalStage:
    """Where on Earth the stage's origin is."""

    east_m: float = needed("E")
    north_m: float = needed("N")
    up_m: float = needed("U")
    latitude_deg: float = needed("lat0")
    longitude_deg: float = needed("lon0")
    height_m: float = needed("h0")


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One sample; dynamic, and static too when `static` is there."""

    static: Static | None = key("static")
    tracker: TrackerState | None = key("tracker")
    timing: Timing | None = key("timing")
    lens: Lens | None = key("lens")
    protocol: ProtocolName | None = key("protocol")
    sample_id: str | None = key("sampleId")
    source_id: str | None = key("sourceId")
    source_number: int | None = key("sourceNumber")
    related_sample_ids: tuple[str, ...] | None = key("relatedSampleIds")
    global_stage: GlobalStage | None = key("globalStage")
    transforms: tuple[Transform, ...] | None = key("transforms")
    custom: Json | None = key("custom")

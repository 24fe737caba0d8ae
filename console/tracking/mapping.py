"""From what a sender says to where it is in the world: axes, signs, scales, offsets and quirks, set for each source.

Every function is pure. The world is that of the room: metres, right-handed, Z up; pan positive to the right.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from console.errors import ConsoleError
from console.tracking.freed import FreedSample
from console.tracking.opentrackio_sample import Distortion, Lens, Sample, Transform
from console.tracking.packet import TrackingProtocol, Vector
from console.tracking.psn import Tracker


@dataclass(frozen=True)
class Quirks:
    """What some senders do in their own way."""

    freed_zero_checksum: bool = False
    """A FreeD checksum of 0 means "not used"."""
    freed_spare_is_iris_and_sequence: bool = False
    """The spare bits hold the iris and the frame's number modulo 16, so losses can be counted."""
    opentrackio_mod255: bool = True
    """The checksum of version 1.0.0 is taken too."""
    opentrackio_sequence_is_unused: bool = False
    """The sequence number does not count; nothing is dropped as a repeat."""
    opentrackio_tangential_per_f2: bool = False
    """The tangential coefficients were made as q = p/F^2, as a published note has it; right is q = p/F."""


@dataclass(frozen=True)
class SourceMapping:
    """How one source's numbers become the world's."""

    axes: tuple[str, str, str] = ("+x", "+y", "+z")
    """Which axis of the sender, and with which sign, is the world's x, y and z."""
    scale: float = 1.0
    offset_m: Vector = (0.0, 0.0, 0.0)
    """Added after axes and scale."""
    angles: tuple[str, str, str] = ("+pan", "+tilt", "+roll")
    """Which angle of the sender, and with which sign, is the world's pan, tilt and roll."""
    angle_scale: float = 1.0
    angle_offset_deg: Vector = (0.0, 0.0, 0.0)
    quirks: Quirks = Quirks()

    def __post_init__(self) -> None:
        for chosen, known in ((self.axes, "x y z"), (self.angles, "pan tilt roll")):
            if sorted(name[1:] for name in chosen) != sorted(known.split()) or any(n[0] not in "+-" for n in chosen):
                raise ConsoleError(f"{' '.join(chosen)} is no axis map", f"Name each of {known} once, with + or -")


def default_mapping(protocol: TrackingProtocol) -> SourceMapping:
    """What is right for a sender that keeps to the letter of its protocol."""
    if protocol is TrackingProtocol.PSN:  # +y is up, +z goes away
        return SourceMapping(axes=("+x", "+z", "+y"))
    if protocol is TrackingProtocol.OPENTRACKIO:  # right-handed about Z, so positive pan turns left
        return SourceMapping(angles=("-pan", "+tilt", "+roll"))
    return SourceMapping()


@dataclass(frozen=True, slots=True)
class CameraState:
    """A camera in the world at one instant. Zoom and focus are the sender's counts, else 0 to 1."""

    position_m: Vector
    pan_deg: float
    tilt_deg: float
    roll_deg: float
    received_ns: int
    zoom: float | None = None
    focus: float | None = None
    lens: Lens | None = None
    sensor_mm: tuple[float, float] | None = None
    """Width and height, in samples that tell what does not change."""
    sent_ns: int | None = None
    """When it was measured, on the sender's clock; it orders and spaces samples, and compares with no other clock."""


@dataclass(frozen=True, slots=True)
class SubjectState:
    """A tracked thing in the world at one instant."""

    id: int
    position_m: Vector
    velocity_mps: Vector | None
    validity: float | None
    received_ns: int
    sent_ns: int | None = None
    """When it was measured, on the sender's clock."""


def _chosen(names: tuple[str, str, str], values: dict[str, float], scale: float, offset: Vector) -> Vector:
    x, y, z = (
        (-values[n[1:]] if n[0] == "-" else values[n[1:]]) * scale + o for n, o in zip(names, offset, strict=True)
    )
    return x, y, z


def _placed(mapping: SourceMapping, vector: Vector, offset_m: Vector) -> Vector:
    return _chosen(mapping.axes, dict(zip("xyz", vector, strict=True)), mapping.scale, offset_m)


def _turned(mapping: SourceMapping, angles_deg: Vector) -> Vector:
    named = dict(zip(("pan", "tilt", "roll"), angles_deg, strict=True))
    return _chosen(mapping.angles, named, mapping.angle_scale, mapping.angle_offset_deg)


def camera_from_freed(sample: FreedSample, mapping: SourceMapping, received_ns: int) -> CameraState:
    """A FreeD camera in the world."""
    place = _placed(mapping, (sample.x_m, sample.y_m, sample.z_m), mapping.offset_m)
    angles = _turned(mapping, (sample.pan_deg, sample.tilt_deg, sample.roll_deg))
    return CameraState(place, *angles, received_ns, sample.zoom, sample.focus)


def _rotation(transform: Transform) -> NDArray[np.float64]:
    """Right-handed rotations about Z, X and Y, each about the axes that the one before has turned."""
    turn = transform.rotation
    (sp, st, sr), (cp, ct, cr) = (
        [f(math.radians(a)) for a in (turn.pan_deg, turn.tilt_deg, turn.roll_deg)] for f in (math.sin, math.cos)
    )
    about_z = np.array([[cp, -sp, 0], [sp, cp, 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, ct, -st], [0, st, ct]])
    about_y = np.array([[cr, 0, sr], [0, 1, 0], [-sr, 0, cr]])
    return np.asarray(about_z @ about_x @ about_y, np.float64)


def composed(transforms: tuple[Transform, ...]) -> tuple[Vector, Vector]:
    """A chain of joints as one place in metres and one pan, tilt and roll in degrees, in the sender's axes.

    The angles of a single joint are given as they are (they may go beyond a turn), those of a chain within one.
    """
    place, linear, rotation = np.zeros(3), np.eye(3), np.eye(3)
    for joint in transforms:
        step = joint.translation_m
        place = place + linear @ np.array([step.x, step.y, step.z])
        turn = _rotation(joint)
        stretch = np.diag([joint.scale.x, joint.scale.y, joint.scale.z]) if joint.scale else np.eye(3)
        linear, rotation = linear @ turn @ stretch, rotation @ turn
    x, y, z = (float(part) for part in place)
    if len(transforms) == 1:
        only = transforms[0].rotation
        return (x, y, z), (only.pan_deg, only.tilt_deg, only.roll_deg)
    tilt = math.asin(min(max(rotation[2, 1], -1.0), 1.0))
    pan = math.atan2(-rotation[0, 1], rotation[1, 1])
    roll = math.atan2(-rotation[2, 0], rotation[2, 2])
    return (x, y, z), (math.degrees(pan), math.degrees(tilt), math.degrees(roll))


def mended_lens(lens: Lens, quirks: Quirks) -> Lens:
    """The lens as it would be from a sender without quirks."""
    focal_mm = lens.focal_length_mm
    if not quirks.opentrackio_tangential_per_f2 or not focal_mm or not lens.distortions:
        return lens

    def mended(model: Distortion) -> Distortion:
        return replace(model, tangential=tuple(q * focal_mm for q in model.tangential or ()) or None)

    return replace(lens, distortions=tuple(mended(model) for model in lens.distortions))


def camera_from_opentrackio(sample: Sample, mapping: SourceMapping, received_ns: int) -> CameraState | None:
    """An OpenTrackIO camera in the world; None when the sample says nothing of its place."""
    if not sample.transforms:
        return None
    place, angles = composed(sample.transforms)
    encoders = (sample.lens.raw_encoders or sample.lens.encoders) if sample.lens else None
    lens = mended_lens(sample.lens, mapping.quirks) if sample.lens else None
    placed = _placed(mapping, place, mapping.offset_m)
    zoom, focus = (encoders.zoom, encoders.focus) if encoders else (None, None)
    sensor = sample.static.camera.sensor_mm if sample.static and sample.static.camera else None
    sampled = sample.timing.sampled if sample.timing else None
    return CameraState(
        placed,
        *_turned(mapping, angles),
        received_ns,
        zoom,
        focus,
        lens,
        (sensor.width, sensor.height) if sensor else None,
        sampled.ns if sampled else None,
    )


def subject_from_psn(
    tracker: Tracker, mapping: SourceMapping, received_ns: int, frame_us: int | None = None
) -> SubjectState | None:
    """A PosiStageNet tracker in the world; None when its position was not sent.

    `frame_us` is the time of its packet (`Header.time_us`), which counts when the tracker has no time of its own.
    """
    if tracker.position_m is None:
        return None
    velocity = _placed(mapping, tracker.speed_mps, (0.0, 0.0, 0.0)) if tracker.speed_mps is not None else None
    place = _placed(mapping, tracker.position_m, mapping.offset_m)
    time_us = tracker.time_us or frame_us
    sent_ns = None if time_us is None else time_us * 1000
    return SubjectState(tracker.id, place, velocity, tracker.validity, received_ns, sent_ns)

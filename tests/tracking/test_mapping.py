"""Where a sender's numbers are in the world; chains of joints; quirks."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from numpy.testing import assert_allclose

from console.demo.optics import CameraPose
from console.errors import ConsoleError
from console.tracking.freed import FreedSample
from console.tracking.mapping import (
    Quirks,
    SourceMapping,
    camera_from_freed,
    camera_from_opentrackio,
    composed,
    default_mapping,
    mended_lens,
    subject_from_psn,
)
from console.tracking.opentrackio_sample import (
    Camera,
    Distortion,
    Encoders,
    Lens,
    RawEncoders,
    Rotation,
    Sample,
    Scale,
    Size,
    Static,
    Timestamp,
    Timing,
    Transform,
    Triple,
)
from console.tracking.packet import TrackingProtocol
from console.tracking.psn import Tracker


def _joint(
    x: float, y: float, z: float, pan: float = 0, tilt: float = 0, roll: float = 0, scale: float = 1
) -> Transform:
    turn = Rotation(pan_deg=pan, tilt_deg=tilt, roll_deg=roll)
    stretch = Scale(x=scale, y=scale, z=scale) if scale != 1 else None
    return Transform(translation_m=Triple(x=x, y=y, z=z), rotation=turn, scale=stretch)


def test_freed_is_the_world_unless_told_otherwise() -> None:
    sample = FreedSample(1, 10.0, 20.0, 30.0, 1.0, 2.0, 3.0, 400, 500)
    state = camera_from_freed(sample, default_mapping(TrackingProtocol.FREED), 77)
    assert (state.position_m, state.pan_deg, state.tilt_deg, state.roll_deg) == ((1.0, 2.0, 3.0), 10.0, 20.0, 30.0)
    assert (state.zoom, state.focus, state.received_ns) == (400, 500, 77)


def test_axes_signs_scales_and_offsets_are_applied_in_that_order() -> None:
    mapping = SourceMapping(
        axes=("-y", "+z", "+x"),
        scale=2.0,
        offset_m=(100.0, 0.0, -1.0),
        angles=("-pan", "+roll", "+tilt"),
        angle_scale=0.5,
        angle_offset_deg=(90.0, 0.0, 1.0),
    )
    state = camera_from_freed(FreedSample(1, 10.0, 20.0, 30.0, 1.0, 2.0, 3.0, 0, 0), mapping, 0)
    assert state.position_m == (96.0, 6.0, 1.0)
    assert (state.pan_deg, state.tilt_deg, state.roll_deg) == (85.0, 15.0, 11.0)


@pytest.mark.parametrize("axes", [("+x", "+x", "+z"), ("x", "y", "z"), ("+x", "+y", "*z"), ("+a", "+y", "+z")])
def test_an_axis_map_names_every_axis_once(axes: tuple[str, str, str]) -> None:
    with pytest.raises(ConsoleError, match="no axis map"):
        SourceMapping(axes=axes)


def test_posistagenet_is_turned_upright() -> None:
    tracker = Tracker(4, (1.0, 2.0, 3.0), (0.1, 0.2, 0.3), validity=0.5)
    mapping = default_mapping(TrackingProtocol.PSN)
    state = subject_from_psn(tracker, mapping, 9)
    assert state
    assert state.position_m == (1.0, 3.0, 2.0), "up is z, and away is y"
    assert (state.velocity_mps, state.validity, state.received_ns) == ((0.1, 0.3, 0.2), 0.5, 9)
    shifted = subject_from_psn(tracker, SourceMapping(offset_m=(10, 0, 0), scale=2), 0)
    assert shifted
    assert shifted.velocity_mps == (0.2, 0.4, 0.6), "an offset moves places, not speeds"
    assert subject_from_psn(Tracker(4), mapping, 0) is None
    assert state.sent_ns is None
    timed = [subject_from_psn(tracker._replace(time_us=own), mapping, 9, 7) for own in (None, 5)]
    assert [found.sent_ns for found in timed if found] == [7000, 5000], "the tracker's own time before its packet's"


def test_an_opentrackio_camera_looks_where_the_worlds_camera_looks() -> None:
    """The standard's rotation, right-handed about Z, X, Y, against the demo's camera, made on its own."""
    chance = random.Random(9)
    for _ in range(200):
        pan, tilt, roll = chance.uniform(-180, 180), chance.uniform(-89, 89), chance.uniform(-180, 180)
        joints = (_joint(1, 2, 3), _joint(0, 0, 0, pan, tilt, roll))
        state = camera_from_opentrackio(Sample(transforms=joints), default_mapping(TrackingProtocol.OPENTRACKIO), 0)
        assert state
        assert_allclose(state.position_m, (1, 2, 3))
        seen = CameraPose(state.position_m, state.pan_deg, state.tilt_deg, state.roll_deg, 1.0).rotation
        (sp, st, sr), (cp, ct, cr) = ([f(math.radians(a)) for a in (pan, tilt, roll)] for f in (math.sin, math.cos))
        forward = (-sp * ct, cp * ct, st)
        right = (cp * cr - sp * st * sr, sp * cr + cp * st * sr, -ct * sr)
        assert_allclose(seen[2], forward, atol=1e-9)
        assert_allclose(seen[0], right, atol=1e-9)


def test_a_crane_carries_what_stands_on_it() -> None:
    # A dolly 10 m along x, turned left by 90 degrees; an arm 2 m forward of it and scaled; the camera 1 m above.
    place, angles = composed((_joint(10, 0, 0, pan=90), _joint(0, 2, 0, tilt=30, scale=2), _joint(0, 0, 1, tilt=-30)))
    # Forward is -x now; the arm's up is leant back by 30 degrees, and twice as long.
    assert_allclose(place, (10 - 2 + 2 * math.sin(math.radians(30)), 0, 2 * math.cos(math.radians(30))), atol=1e-12)
    assert_allclose(angles, (90, 0, 0), atol=1e-9)
    assert composed((_joint(0, 0, 0, pan=725.0),))[1][0] == 725.0, "turns of a single joint are kept"


def test_the_lens_of_a_sender_that_divides_twice_is_mended() -> None:
    model = Distortion(radial=(0.1,), tangential=(0.002, -0.004))
    lens = Lens(focal_length_mm=20.0, distortions=(model,), raw_encoders=RawEncoders(zoom=7, focus=8))
    assert mended_lens(lens, Quirks()) is lens
    mended = mended_lens(lens, Quirks(opentrackio_tangential_per_f2=True))
    assert mended.distortions
    assert_allclose(mended.distortions[0].tangential, (0.04, -0.08))
    mapping = SourceMapping(quirks=Quirks(opentrackio_tangential_per_f2=True))
    state = camera_from_opentrackio(Sample(transforms=(_joint(0, 0, 0),), lens=lens), mapping, 5)
    assert state
    assert (state.lens, state.zoom, state.focus) == (mended, 7, 8)
    assert camera_from_opentrackio(Sample(lens=lens), mapping, 5) is None


def test_the_sensors_size_and_the_time_of_measuring_go_along() -> None:
    static = Static(camera=Camera(sensor_mm=Size(width=9.6, height=5.4)))
    timing = Timing(sampled=Timestamp(seconds=3, nanoseconds=20))
    lens = Lens(encoders=Encoders(zoom=0.25))
    sample = Sample(transforms=(_joint(0, 0, 0),), static=static, timing=timing, lens=lens)
    state = camera_from_opentrackio(sample, SourceMapping(), 5)
    assert state
    assert (state.sensor_mm, state.sent_ns, state.zoom) == ((9.6, 5.4), 3_000_000_020, 0.25)


def test_states_are_numbers_of_python() -> None:
    state = camera_from_opentrackio(Sample(transforms=(_joint(1, 2, 3), _joint(1, 2, 3))), SourceMapping(), 0)
    assert state
    assert {type(part) for part in (*state.position_m, state.pan_deg)} == {float}
    assert not isinstance(state.position_m[0], np.floating)

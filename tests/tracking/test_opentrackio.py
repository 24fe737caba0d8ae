"""OpenTrackIO samples: the standard's own, both encodings, what is no sample."""

from __future__ import annotations

import json
import math
import random
from dataclasses import replace
from fractions import Fraction
from typing import Any

import cbor2
import jsonschema_rs
import pytest
from tracking_peers import OPENTRACKIO, standard_samples

from console.errors import ConsoleError
from console.tracking import otrk
from console.tracking.opentrackio import decode_payload, encode_payload, read_payload, read_sample, write_sample
from console.tracking.opentrackio_sample import (
    Camera,
    Distortion,
    Encoders,
    Lens,
    Offset,
    ProtocolName,
    RawEncoders,
    Rotation,
    Sample,
    Scale,
    Size,
    Static,
    Timecode,
    Timestamp,
    Timing,
    Transform,
    Triple,
)
from console.tracking.otrk import Checksum, Encoding
from console.tracking.packet import PacketRefused

STANDARD = standard_samples()
needs_standard = pytest.mark.skipif(not STANDARD, reason=f"the standard's samples are not at {OPENTRACKIO}")


def _through(value: dict[str, Any], encoding: Encoding, checksum: Checksum) -> Any:
    assembler = otrk.Assembler()
    packets = otrk.encode_segments(encode_payload(value, encoding), encoding, 77, checksum=checksum)
    (payload,) = [found for packet in packets if (found := assembler.add(otrk.decode_segment(packet)))]
    return read_payload(payload)


@needs_standard
@pytest.mark.parametrize("encoding", Encoding)
@pytest.mark.parametrize("checksum", Checksum)
def test_the_standards_samples_go_through_unchanged(encoding: Encoding, checksum: Checksum) -> None:
    for name, value in STANDARD.items():
        packet = _through(value, encoding, checksum)
        assert packet.object == value, name
        assert (packet.sequence, packet.encoding, packet.checksum) == (77, encoding, checksum)


@needs_standard
def test_every_value_of_the_standards_samples_is_typed() -> None:
    for name, value in STANDARD.items():
        assert write_sample(read_sample(value)) == value, name
    sample = read_sample(STANDARD["generate_complete_static_example"])
    assert sample.static
    assert sample.static.camera
    assert sample.static.camera.sensor_mm == Size(width=36.0, height=24.0)
    assert sample.static.camera.capture_frame_rate == Fraction(24000, 1001)
    assert sample.lens
    assert sample.lens.focal_length_mm == 24.305
    assert sample.transforms
    assert sample.transforms[2].rotation == Rotation(pan_deg=180.0, tilt_deg=90.0, roll_deg=45.0)
    assert sample.timing
    assert sample.timing.sampled
    assert sample.timing.sampled.ns == 1718806554_500000000
    # A sample may hold the lens both ways; the one without a name undistorts.
    to_distorted, to_ideal = sample.lens.distortion(undistorts=False), sample.lens.distortion(undistorts=True)
    assert to_distorted
    assert to_distorted.overscan == 3.0
    assert to_ideal
    assert to_ideal.overscan == 2.0


def _random_sample(chance: random.Random) -> Sample:
    def number(reach: float = 1000.0) -> float:
        return chance.uniform(-reach, reach)

    def maybe(value: Any) -> Any:
        return value if chance.random() < 0.7 else None

    def model(name: str | None) -> Distortion:
        radial, tangential = tuple(number(1) for _ in range(6)), (number(1), number(1))
        return Distortion(radial=radial, tangential=maybe(tangential), model=name, overscan=maybe(1 + chance.random()))

    lens = Lens(
        focal_length_mm=chance.uniform(1, 2000),
        f_stop=maybe(chance.uniform(0.5, 32)),
        focus_distance_m=maybe(chance.uniform(0.1, 1000)),
        entrance_pupil_offset_m=maybe(number(1)),
        projection_offset=maybe(Offset(x_mm=number(1), y_mm=number(1))),
        distortions=maybe((model(None), model("Brown-Conrady U-D"))),
        encoders=maybe(Encoders(focus=chance.random(), zoom=chance.random())),
        raw_encoders=maybe(RawEncoders(iris=chance.randrange(1 << 32))),
    )
    timecode = Timecode(hours=23, minutes=59, seconds=chance.randrange(60), frames=3, frame_rate=Fraction(30000, 1001))
    camera = Camera(label="A\u00e9\u4e2d", sensor_mm=Size(width=9.59, height=5.39), shutter_angle_deg=maybe(180.0))
    timing = Timing(
        mode="internal",
        sample_rate=Fraction(chance.choice((25, 50, 60)), 1),
        sampled=maybe(Timestamp(seconds=chance.randrange(1 << 48), nanoseconds=chance.randrange(10**9))),
        sequence=chance.randrange(1 << 32),
        timecode=maybe(timecode),
    )
    joint = Transform(
        translation_m=Triple(x=number(), y=number(), z=number()),
        rotation=Rotation(pan_deg=number(), tilt_deg=number(90), roll_deg=number(180)),
        scale=maybe(Scale(x=2.0, y=2.0, z=2.0)),
        id=maybe("Camera"),
    )
    return Sample(
        static=maybe(Static(camera=camera)),
        timing=timing,
        lens=lens,
        protocol=ProtocolName(name="OpenTrackIO", version=(1, 0, 1)),
        source_number=chance.randrange(1, 201),
        transforms=(joint,) * chance.randrange(1, 4),
    )


def test_ten_thousand_samples_come_back_exactly() -> None:
    chance = random.Random(4)
    sample = _random_sample(chance)
    for number in range(10_000):
        if number % 10 == 0:  # another shape; between, other numbers
            sample = _random_sample(chance)
        lens = Lens(focal_length_mm=chance.uniform(1, 2000), entrance_pupil_offset_m=chance.gauss(0, 1e-3))
        place = Triple(x=chance.gauss(0, 1e3), y=chance.gauss(0, 1.0), z=chance.gauss(0, 1e-6))
        turn = Rotation(pan_deg=chance.uniform(-720, 720), tilt_deg=chance.uniform(-90, 90), roll_deg=chance.random())
        joint = Transform(translation_m=place, rotation=turn)
        sample = replace(sample, lens=lens, transforms=(joint,)) if number % 10 else sample
        encoding = chance.choice(list(Encoding))
        assert read_sample(decode_payload(encode_payload(write_sample(sample), encoding), encoding)) == sample, number


@needs_standard
def test_what_we_send_keeps_to_the_standards_schema() -> None:
    schema = json.loads((OPENTRACKIO / "generate_opentrackio_schema.json").read_text())
    validator = jsonschema_rs.validator_for(schema)
    chance = random.Random(5)
    for _ in range(300):
        validator.validate(write_sample(_random_sample(chance)))
    assert not validator.is_valid({"sourceNumber": "one"}), "the schema would have let anything through"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"protocol": {"name": "OpenTrackIO", "version": [2, 0, 0]}}, "version 2.0.0 is unknown"),
        ({"protocol": {"name": "OpenTrackIO", "version": "0.9.1"}}, "version is no list"),
        ({"protocol": {"name": "FreeD", "version": [1, 0, 1]}}, "says it is 'FreeD'"),
        ({"sourceNumber": 0}, "source 0 is none"),
        ({"sourceNumber": 201}, "source 201 is none"),
        ({"sourceNumber": True}, "sourceNumber is no whole number"),
        ({"lens": {"pinholeFocalLength": 0}}, "pinholeFocalLength is 0, which can't be"),
        ({"lens": {"distortion": [{"tangential": [1]}]}}, r"lens.distortion\[0\] has no radial"),
        ({"lens": {"distortion": {"radial": [1]}}}, "distortion is no list"),
        ({"timing": {"sampleRate": {"num": 1, "denom": 0}}}, "denom is 0"),
        ({"transforms": [{"translation": {"x": 1e9}, "rotation": {}}]}, "The place of a transform"),
        ({"transforms": [{"translation": [1, 2, 3], "rotation": {}}]}, "translation is no object"),
        ({"static": []}, "static is no object"),
    ],
)
def test_what_can_not_be_a_sample_is_named(value: dict[str, Any], reason: str) -> None:
    with pytest.raises(PacketRefused, match=reason):
        read_sample(value)


def test_the_keys_of_others_are_kept_and_not_minded() -> None:
    value = {"sourceNumber": 300, "vendor": {"serial": [1, None, "x"]}, "lens": {"colour": "blue"}}
    assert decode_payload(encode_payload(value, Encoding.CBOR), Encoding.CBOR) == value
    assert read_sample(value).source_number == 300


_DEEP_JSON, _DEEP_CBOR = b'{"a":' * 50_000, b"\xa1\x61a" * 400
_LAUGHS = cbor2.dumps({"a": cbor2.CBORTag(28, [1]), "b": [cbor2.CBORTag(29, 0)] * 5})


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (b"", Encoding.JSON),
        (b"[]", Encoding.JSON),
        (b'{"a": NaN}', Encoding.JSON),
        (b'{"a": 1e999}', Encoding.JSON),
        (b'{"a": -Infinity}', Encoding.JSON),
        (b'{"a": "\\ud800"}', Encoding.JSON),
        (b'{"a": ' + b"9" * 5000 + b"}", Encoding.JSON),
        (b'{"a": ' + b"9" * 30 + b"}", Encoding.JSON),
        (b'{"a": 1} x', Encoding.JSON),
        (b"\xff\xfe{", Encoding.JSON),
        (_DEEP_JSON, Encoding.JSON),
        (b'{"a":' * 40 + b"1" + b"}" * 40, Encoding.JSON),
        (json.dumps({"a": [0] * 30_000}).encode(), Encoding.JSON),
        (b"", Encoding.CBOR),
        (cbor2.dumps([1]), Encoding.CBOR),
        (cbor2.dumps({"a": math.nan}), Encoding.CBOR),
        (cbor2.dumps({"a": b"bytes"}), Encoding.CBOR),
        (cbor2.dumps({1: 2}), Encoding.CBOR),
        (cbor2.dumps({"a": 1 << 70}), Encoding.CBOR),
        (cbor2.dumps({"a": cbor2.undefined}), Encoding.CBOR),
        (cbor2.dumps({"a": cbor2.CBORTag(35, "(a+)+$")}), Encoding.CBOR),
        (cbor2.dumps({"a": cbor2.CBORTag(999, 1)}), Encoding.CBOR),
        (_LAUGHS, Encoding.CBOR),
        (cbor2.dumps({"a": 1}) + b"\0", Encoding.CBOR),
        (b"\xa1\x61a\x9b" + b"\xff" * 8, Encoding.CBOR),
        (_DEEP_CBOR, Encoding.CBOR),
    ],
)
def test_hostile_payloads_are_refused(data: bytes, encoding: Encoding) -> None:
    with pytest.raises(PacketRefused, match="OpenTrackIO"):
        decode_payload(data, encoding)


def test_cbor_may_say_that_it_is_cbor() -> None:
    assert decode_payload(b"\xd9\xd9\xf7" + cbor2.dumps({"sourceNumber": 1}), Encoding.CBOR) == {"sourceNumber": 1}


@pytest.mark.parametrize("value", [{"a": math.inf}, {"a": {1, 2}}, {1: "a"}, {"a": "\ud800"}])
def test_what_no_peer_could_read_is_not_sent(value: dict[Any, Any]) -> None:
    for encoding in Encoding:
        with pytest.raises(ConsoleError):
            encode_payload(value, encoding)

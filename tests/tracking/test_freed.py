"""FreeD D1 against the manual's figures, there and back, and every wrong byte."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from console.errors import ConsoleError
from console.tracking.freed import STEPS_PER_DEGREE, STEPS_PER_METRE, FreedSample, checksum, decode, encode
from console.tracking.packet import PacketRefused

SAMPLE = FreedSample(7, 12.5, -3.25, 0.5, 1.5, -2.0, 3.0, 100_000, 2_000, 0x1234)


def test_fields_stand_where_the_manual_has_them() -> None:
    # Camera 3, +180 and -180 degrees, 1/32768 degree; 1 mm, -1/64 mm, the furthest place; zoom, focus, spare.
    body = bytes.fromhex("D1 03 5A0000 A60000 000001 000040 FFFFFF 7FFFFF 0186A0 0007D0 1F5A")
    sample = decode(body + bytes([checksum(body)]))
    assert sample == FreedSample(
        3, 180.0, -180.0, 1 / 32768, 0.001, -1 / 64000, 131.071984375, 100_000, 2_000, spare=0x1F5A
    )
    assert (sample.sequence, sample.iris_hundredths) == (1, 0xF5A)
    assert encode(sample) == body + bytes([checksum(body)])


def test_the_checksum_is_0x40_minus_every_byte() -> None:
    assert checksum(b"") == 0x40
    assert checksum(b"\x41") == 0xFF
    assert checksum(bytes([0xD1, 1]) + bytes(26)) == 0x6E


def test_ten_thousand_samples_come_back_within_half_a_step() -> None:
    chance = random.Random(1)
    for _ in range(10_000):
        angles = [chance.uniform(-256, 255.99) for _ in range(3)]
        places = [chance.uniform(-131.07, 131.07) for _ in range(3)]
        whole = (chance.randrange(1 << 24), chance.randrange(1 << 24), chance.randrange(1 << 16))
        back = decode(encode(FreedSample(chance.randrange(256), *angles, *places, *whole)))
        for sent, came in zip(angles, (back.pan_deg, back.tilt_deg, back.roll_deg), strict=True):
            assert abs(sent - came) <= 0.5 / STEPS_PER_DEGREE
        for sent, came in zip(places, (back.x_m, back.y_m, back.z_m), strict=True):
            assert abs(sent - came) <= 0.5 / STEPS_PER_METRE + 1e-15
        assert (back.zoom, back.focus, back.spare) == whole
        assert decode(encode(back)) == back


def test_every_wrong_byte_is_refused() -> None:
    right = encode(SAMPLE)
    for at in range(len(right)):
        for value in range(256):
            if value != right[at]:
                with pytest.raises(PacketRefused):
                    decode(right[:at] + bytes([value]) + right[at + 1 :])


def test_a_checksum_of_zero_is_taken_only_when_asked_for() -> None:
    unused = encode(SAMPLE)[:-1] + b"\0"
    with pytest.raises(PacketRefused, match="should be"):
        decode(unused)
    assert decode(unused, zero_checksum=True) == SAMPLE
    with pytest.raises(PacketRefused):
        decode(unused[:-1] + b"\1", zero_checksum=True)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"\xd0" + bytes(28), "D0 is a request"),
        (b"OTrk" + bytes(25), "begins with D1, this one with 4F"),
        (encode(SAMPLE)[:-1], "has 29 bytes, this one 28"),
        (encode(SAMPLE) * 2, "has 29 bytes, this one 58"),
    ],
)
def test_what_is_no_d1_message_is_named(data: bytes, reason: str) -> None:
    with pytest.raises(PacketRefused, match=reason):
        decode(data)


@pytest.mark.parametrize(
    "wrong",
    [{"camera": 256}, {"x_m": 131.1}, {"pan_deg": -257.0}, {"zoom": -1}, {"focus": 1 << 24}, {"y_m": float("nan")}],
)
def test_what_does_not_fit_is_not_sent(wrong: dict[str, float]) -> None:
    with pytest.raises(ConsoleError, match="FreeD can't hold"):
        encode(replace(SAMPLE, **wrong))

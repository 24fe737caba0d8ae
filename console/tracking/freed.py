"""FreeD D1, the camera's position and lens in 29 bytes, as the Free-d manual of Radamec describes it.

`D1, camera, pan, tilt, roll, X, Y, Z, zoom, focus (24 bits each), spare (16), checksum`, big-endian. Angles are signed,
in 1/32768 degree, positions signed, in 1/64 mm, so they reach 131 m; what zoom and focus mean is the sender's affair.
There is no time stamp. The checksum is 0x40 minus every other byte, modulo 256, so one wrong byte is always seen.
"""

from __future__ import annotations

from dataclasses import dataclass

from console.errors import ConsoleError
from console.tracking.packet import PacketRefused

LENGTH = 29
STEPS_PER_DEGREE = 32_768
STEPS_PER_METRE = 64_000
_D0, _D1 = 0xD0, 0xD1
_HALF = 1 << 23


@dataclass(frozen=True, slots=True)
class FreedSample:
    """One D1 message, in the sender's axes. Zoom and focus are unsigned 24-bit numbers of the sender's own meaning."""

    camera: int
    pan_deg: float
    tilt_deg: float
    roll_deg: float
    x_m: float
    y_m: float
    z_m: float
    zoom: int
    focus: int
    spare: int = 0

    @property
    def iris_hundredths(self) -> int:
        """The f-number x 100, from senders that pack it into the spare bits."""
        return self.spare & 0x0FFF

    @property
    def sequence(self) -> int:
        """The frame's number modulo 16, from senders that pack it into the spare bits."""
        return self.spare >> 12


def checksum(data: bytes) -> int:
    """The checksum of a message without its last byte."""
    return (0x40 - sum(data)) & 0xFF


def decode(data: bytes, *, zero_checksum: bool = False) -> FreedSample:
    """Read a D1 message; with `zero_checksum` a checksum of 0 means "not used". Raises PacketRefused."""
    if not data:
        raise PacketRefused("An empty datagram is no FreeD message")
    if data[0] == _D0:
        raise PacketRefused("FreeD D0 is a request to a camera, not a position")
    if data[0] != _D1:
        raise PacketRefused(f"A FreeD message begins with D1, this one with {data[0]:02X}")
    if len(data) != LENGTH:
        raise PacketRefused(f"A FreeD D1 message has {LENGTH} bytes, this one {len(data)}")
    if data[28] != checksum(data[:28]) and not (zero_checksum and data[28] == 0):
        raise PacketRefused(f"The FreeD checksum is {data[28]:02X} and should be {checksum(data[:28]):02X}")
    pan, tilt, roll, x, y, z = (int.from_bytes(data[at : at + 3], "big", signed=True) for at in range(2, 20, 3))
    return FreedSample(
        data[1],
        pan / STEPS_PER_DEGREE,
        tilt / STEPS_PER_DEGREE,
        roll / STEPS_PER_DEGREE,
        x / STEPS_PER_METRE,
        y / STEPS_PER_METRE,
        z / STEPS_PER_METRE,
        int.from_bytes(data[20:23], "big"),
        int.from_bytes(data[23:26], "big"),
        int.from_bytes(data[26:28], "big"),
    )


def _steps(value: float, per_unit: int, name: str) -> bytes:
    try:
        steps = round(value * per_unit)
    except (ValueError, OverflowError):
        raise ConsoleError(f"FreeD can't hold {name} = {value}") from None
    if not -_HALF <= steps < _HALF:
        raise ConsoleError(f"FreeD can't hold {name} = {value:g}: it reaches +-{_HALF / per_unit:g}")
    return steps.to_bytes(3, "big", signed=True)


def _whole(value: int, size: int, name: str) -> bytes:
    if not 0 <= value < 1 << 8 * size:
        raise ConsoleError(f"FreeD can't hold {name} = {value}: it reaches {(1 << 8 * size) - 1}")
    return value.to_bytes(size, "big")


def encode(sample: FreedSample) -> bytes:
    """The message, each number rounded to the nearest step. Raises ConsoleError when one does not fit."""
    angles = [(sample.pan_deg, "pan_deg"), (sample.tilt_deg, "tilt_deg"), (sample.roll_deg, "roll_deg")]
    places = [(sample.x_m, "x_m"), (sample.y_m, "y_m"), (sample.z_m, "z_m")]
    data = b"".join(
        [
            bytes([_D1]),
            _whole(sample.camera, 1, "camera"),
            *(_steps(value, STEPS_PER_DEGREE, name) for value, name in angles),
            *(_steps(value, STEPS_PER_METRE, name) for value, name in places),
            _whole(sample.zoom, 3, "zoom"),
            _whole(sample.focus, 3, "focus"),
            _whole(sample.spare, 2, "spare"),
        ]
    )
    return data + bytes([checksum(data)])

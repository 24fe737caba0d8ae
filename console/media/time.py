"""Time as integers: flicks, frame rates, formats, frame numbers and the audio cadence.

A *flick* is 1/705,600,000 s: 23.976 to 60 fps, 48 kHz and 44.1 kHz all have periods of whole flicks. Frame number
`n` of a rate starts `n` periods after 1970-01-01T00:00:00Z (leap seconds not counted, as in Unix time), so a
number names one instant, on any machine and across restarts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NewType

FrameNumber = NewType("FrameNumber", int)

FLICKS_PER_SECOND = 705_600_000
SAMPLE_RATE = 48_000
"""Audio samples per second, everywhere inside."""
CHANNELS = 2
GOP_SECONDS = 2


def flicks_to_ns(flicks: int) -> int:
    """Nanoseconds for a time in flicks, rounded down."""
    return flicks * 625 // 441


def ns_to_flicks(ns: int) -> int:
    """Flicks for a time in nanoseconds, rounded down."""
    return ns * 441 // 625


@dataclass(frozen=True)
class Rate:
    """A frame rate as an exact fraction of frames per second."""

    num: int
    den: int = 1

    @property
    def fps(self) -> float:
        """Frames per second, for display."""
        return self.num / self.den

    @property
    def frame_flicks(self) -> int:
        """The length of one frame in flicks (exact for every rate in `RATES`)."""
        return FLICKS_PER_SECOND * self.den // self.num

    @property
    def gop_frames(self) -> int:
        """Frames between key frames of the program: 2 s, at 1000/1001 rates 2.002 s, on a grid since 1970."""
        return round(GOP_SECONDS * self.num / self.den)

    def start_flicks(self, frame: int) -> int:
        """The instant at which a frame starts, in flicks since 1970."""
        return frame * self.frame_flicks

    def start_ns(self, frame: int) -> int:
        """The instant at which a frame starts, in nanoseconds since 1970."""
        return flicks_to_ns(frame * self.frame_flicks)

    def frame_at_ns(self, unix_ns: int) -> FrameNumber:
        """The number of the frame that is showing at an instant since 1970."""
        return FrameNumber((unix_ns * 441 + 440) // (625 * self.frame_flicks))

    def first_sample(self, frame: int) -> int:
        """The index since 1970 of the first audio sample that belongs to a frame."""
        return frame * SAMPLE_RATE * self.den // self.num

    def samples(self, frame: int) -> int:
        """How many audio samples belong to a frame: exact cadence, e.g. 1601 and 1602 at 29.97."""
        return self.first_sample(frame + 1) - self.first_sample(frame)

    @property
    def samples_max(self) -> int:
        """The most audio samples any frame has."""
        return -(-SAMPLE_RATE * self.den // self.num)

    def __str__(self) -> str:
        return f"{self.num // self.den}" if self.num % self.den == 0 else f"{self.fps:.2f}".rstrip("0")


RATES = {
    "23.976": Rate(24000, 1001),
    "23.98": Rate(24000, 1001),
    "24": Rate(24),
    "25": Rate(25),
    "29.97": Rate(30000, 1001),
    "30": Rate(30),
    "50": Rate(50),
    "59.94": Rate(60000, 1001),
    "60": Rate(60),
}
_WIDTHS = {360: 640, 480: 854, 540: 960, 576: 1024, 720: 1280, 900: 1600, 1080: 1920}
_FORMAT = re.compile(r"(?:(\d{2,5})x)?(\d{2,5})p(\d\d(?:\.\d{1,3})?)", re.ASCII)


@dataclass(frozen=True)
class Format:
    """A show's picture format: progressive, square pixels, 4:2:0, 8 bit, even sides."""

    width: int
    height: int
    rate: Rate

    def __str__(self) -> str:
        size = f"{self.height}" if _WIDTHS.get(self.height) == self.width else f"{self.width}x{self.height}"
        return f"{size}p{self.rate}"


def parse_format(text: str) -> Format:
    """Read a format such as `720p50`, `1080p59.94` or `1280x720p25`.

    Raises ValueError with a sentence that says what is accepted.
    """
    match = _FORMAT.fullmatch(text.strip())
    rate = RATES.get(match[3]) if match else None
    height = int(match[2]) if match else 0
    width = int(match[1]) if match and match[1] else _WIDTHS.get(height, 0)
    if rate is None or not (640 <= width <= 1920 and 360 <= height <= 1080 and width % 2 == height % 2 == 0):
        rates = ", ".join(name for name in RATES if name != "23.98")
        raise ValueError(
            f"The format '{text}' is not known: write HEIGHTpRATE such as 720p50, 640x360 to 1920x1080 at {rates}"
        )
    return Format(width, height, rate)


def timecode(frame: int, rate: Rate) -> str:
    """Time of day (UTC) of a frame as `HH:MM:SS:FF`, counted without dropping numbers.

    Hours, minutes and seconds are real time; FF counts frames since the second began.
    """
    start = rate.start_flicks(frame)
    second = start // FLICKS_PER_SECOND
    number = (start - second * FLICKS_PER_SECOND) // rate.frame_flicks
    day = second % 86_400
    return f"{day // 3600:02}:{day // 60 % 60:02}:{day % 60:02}:{number:02}"

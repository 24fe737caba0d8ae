"""What was seen and heard: the lists that the judging core takes. All times are flicks on the stream's own time line.

The program's time line counts from 1970 when it comes from the program log; in other files it starts anywhere.
"""

from __future__ import annotations

from typing import NamedTuple

from console.media.barcode import Code

WINDOW_SAMPLES = 2400
"""Length of one listening window: 50 ms at 48 kHz, so that pitches 60 Hz apart do not leak into one another."""


class Look(NamedTuple):
    """One decoded picture, in the order in which it would be shown."""

    pts: int
    code: Code | None
    black: bool = False
    same: bool = False
    """The pixels are those of the picture before."""


class Heard(NamedTuple):
    """One window of 50 ms of sound, from `pts` on."""

    pts: int
    source: int | None
    silent: bool = False


class Beep(NamedTuple):
    """The onset of a source's beep, which marks a whole second of that source's own time."""

    pts: int
    source: int


class Stream(NamedTuple):
    """Facts of one stream, for people."""

    codec: str
    detail: str
    """Size and rate, or sample rate and channels."""
    seconds: float
    bits_per_second: int

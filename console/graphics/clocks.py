"""Clocks and count-downs: times as people write them, and as they are shown."""

from __future__ import annotations

import re

from console.graphics.template import ClockMode

FORMATS = ("h:mm:ss", "hh:mm:ss", "hh:mm", "mm:ss", "m:ss", "m:ss.t", "m:ss.hh", "s", "s.t", "s.hh")
"""h, m, s: hours, minutes, seconds (two letters: always two digits), t: tenths, hh after a point: hundredths."""
DAY_MS = 86_400_000
_TIME = re.compile(r"(?:(?:(\d{1,3}):)?(\d{1,5}):)?(\d{1,6})(?:[.,](\d{1,3}))?", re.ASCII)


def read_time_ms(text: str) -> int | None:
    """Milliseconds of `90`, `1:30` or `1:02:03.5`; None when it is no time."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in match.groups()[:3])
    if match[2] is not None and (seconds > 59 or (match[1] is not None and minutes > 59)):
        return None
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + int((match[4] or "0").ljust(3, "0"))


def read_day_ms(text: str) -> int | None:
    """Milliseconds since midnight of `20:30` or `20:30:00`; None: no time of day."""
    match = re.fullmatch(r"(\d{1,2}):(\d\d)(?::(\d\d))?", text.strip(), re.ASCII)
    if match is None or int(match[1]) > 23 or int(match[2]) > 59 or int(match[3] or 0) > 59:
        return None
    return ((int(match[1]) * 60 + int(match[2])) * 60 + int(match[3] or 0)) * 1000


def clock_ms(mode: ClockMode, start: str, run_ms: int | None, day_ms: int) -> int:
    """What a clock shows, in milliseconds.

    `run_ms` is the time since the instant that it counts from (None: it does not run yet), `day_ms` the time of day.
    A start that is no time counts as 0; a count-down ends at 0.
    """
    if mode is ClockMode.DAY:
        return day_ms % DAY_MS
    if mode is ClockMode.UNTIL:
        until = read_day_ms(start)
        left = (until - day_ms) % DAY_MS if until is not None else 0
        return left if left < DAY_MS // 2 else 0  # it has passed, as it can't be half a day ahead
    from_ms, run = read_time_ms(start) or 0, max(0, run_ms or 0)
    return from_ms + run if mode is ClockMode.UP else max(0, from_ms - run)


def clock_text(ms: int, shape: str, *, down: bool = False) -> str:
    """A time in one of `FORMATS`. A count-down shows a unit until it is used up, so that 0 is shown when it is over."""
    step = 10 if shape.endswith(".hh") else 100 if shape.endswith(".t") else 60_000 if shape == "hh:mm" else 1000
    ticks = -(-ms // step) if down else ms // step
    ms = ticks * step
    seconds, rest = divmod(ms, 1000)
    minutes, hours = seconds // 60, seconds // 3600
    tail = f".{rest // 10:02d}" if shape.endswith(".hh") else f".{rest // 100}" if shape.endswith(".t") else ""
    head = shape.partition(".")[0]
    if head == "s":
        return f"{seconds}{tail}"
    if head in ("m:ss", "mm:ss"):
        return f"{minutes:0{head.index(':')}d}:{seconds % 60:02d}{tail}"
    if head == "hh:mm":
        return f"{hours:02d}:{minutes % 60:02d}"
    return f"{hours:0{head.index(':')}d}:{minutes % 60:02d}:{seconds % 60:02d}"

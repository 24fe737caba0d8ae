"""Times and winds as they are written on a graphic."""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

_TIME = re.compile(r"(?:(?:(\d{1,3}):)?(\d{1,3}):)?(\d{1,7})(?:\.(\d{1,6}))?", re.ASCII)
_WIND = re.compile(r"[+-]?\d{1,3}(\.\d{1,3})?", re.ASCII)
_MOST_S = Decimal(1000 * 3600)


def time_text(value: str | float) -> str:
    """`9.58`, `1:42.33`, `2:08:01`: no leading zeros, as many decimals as were sent, at most three; a number of
    seconds gets two. Text that is no time comes back as it is."""
    if isinstance(value, str):
        found = _TIME.fullmatch(value.strip())
        if not found:
            return value
        hours, minutes, whole, part = found.groups()
        seconds = Decimal(f"{whole}.{part or 0}") + 60 * int(minutes or 0) + 3600 * int(hours or 0)
        decimals = min(len(part or ""), 3)
    else:
        if not 0 <= value < _MOST_S:  # NaN too
            return str(value)
        seconds, decimals = Decimal(str(value)), 2
    return _clock(seconds.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP), decimals)


def official_time(seconds: float) -> str:
    """A photo-finish reading in seconds as it is made official: to the thousandth, then up to the next hundredth
    (World Athletics, Technical Rule 19.24)."""
    read = Decimal(str(seconds)).quantize(Decimal("0.001"), ROUND_HALF_UP)
    return _clock(read.quantize(Decimal("0.01"), ROUND_CEILING), 2)


def wind_text(value: str | float) -> str:
    """`+0.9`, `-1.2`, in m/s; text that is no wind comes back as it is."""
    text = str(value).strip()
    if not _WIND.fullmatch(text):
        return str(value)
    tenths = Decimal(text).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return f"{tenths if tenths else Decimal('0.0'):+}"


def is_wind(text: str) -> bool:
    """Whether text is a wind in m/s."""
    return bool(_WIND.fullmatch(text))


def _clock(seconds: Decimal, decimals: int) -> str:
    minutes, rest = divmod(seconds, 60)
    if not minutes:
        return f"{rest:.{decimals}f}"
    tail = f"{rest:0{3 + decimals if decimals else 2}.{decimals}f}"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{tail}" if hours else f"{minutes}:{tail}"

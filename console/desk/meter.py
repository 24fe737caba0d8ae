"""Peak meters: a scale in dB, bars that fall slowly, and peaks that are held."""

from __future__ import annotations

import math
from typing import NamedTuple

FLOOR_DB = -60.0
WARM_DB, HOT_DB = -18.0, -6.0
"""Above these the bar is amber, and red."""
_FALL_DB_PER_S = 20.0 / 1.7  # IEC 60268-10 type I: 20 dB in 1.7 s
_HOLD_NS = 1_500_000_000


def to_db(linear: float) -> float:
    """Decibels below full scale of a linear level, at least `FLOOR_DB`."""
    return max(FLOOR_DB, 20 * math.log10(linear)) if linear > 0 else FLOOR_DB


def height(db: float) -> float:
    """How much of a bar is lit at a level, 0..1."""
    return min(1.0, max(0.0, 1 - db / FLOOR_DB))


class Bar(NamedTuple):
    """One channel's bar and its held peak, in dB."""

    db: float = FLOOR_DB
    peak_db: float = FLOOR_DB
    peak_ns: int = 0
    seen_ns: int = 0

    @property
    def look(self) -> tuple[int, int]:
        """How it looks, in steps too small to see."""
        return round(self.db * 2), round(self.peak_db * 2)


def moved(bar: Bar, linear: float, now_ns: int) -> Bar:
    """The bar after a new level: up at once, down at the standard's pace; the peak stays for 1.5 s."""
    fallen = bar.db - _FALL_DB_PER_S * max(0, now_ns - bar.seen_ns) / 1e9
    db = max(to_db(linear), fallen, FLOOR_DB)
    if db >= bar.peak_db or now_ns - bar.peak_ns > _HOLD_NS:
        return Bar(db, db, now_ns, now_ns)
    return Bar(db, bar.peak_db, bar.peak_ns, now_ns)

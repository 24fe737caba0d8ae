"""What labels say: text templates filled with what is known, and figures that can be read while they change.

A figure is shown with one decimal at most. It changes four times a second at most, at instants that are the same for
every camera, and only when the value has left what is shown by more than rounding: so it does not flicker.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from console.graphics.moment import Subject
from console.graphics.sprites import Cell, Chip, Ensign, Figure, Words
from console.show.world import Element, ElementKind

REFRESH_S = 0.25
_LOOSE = 0.65
"""By how many steps a value leaves what is shown before that changes; rounding alone would be 0.5."""
_FORGET_S = 2.0
_FIGURE_SPACE = "\u2007"
_AHEAD_M = 0.15
"""By how much one has to lead another before their places change."""
_LONGEST = 200

SPEEDS = {"km/h": (3.6, 1), "mph": (2.236936, 1), "m/s": (1.0, 1)}
LENGTHS = {"m": (1.0, 1), "cm": (100.0, 0), "km": (0.001, 1), "ft": (3.28084, 1)}
DEFAULT_TEXT = {
    ElementKind.LABEL: "{country} {bib} {name}",
    ElementKind.READOUT: "{speed}",
    ElementKind.LANE_FLAG: "{name}",
}
_PARTS = re.compile(r"(\{(?:name|bib|country|speed|distance|place)\})")
_CELLS: dict[str, Callable[[str], Cell]] = {
    "{country}": Ensign, "{bib}": Chip, "{speed}": Figure, "{distance}": Figure,
}  # fmt: skip
_SEPARATORS = " \t·|/,;:–—-()"


@dataclass(frozen=True)
class Facts:
    """What is known of a subject, as it is shown; empty: not known."""

    name: str = ""
    bib: str = ""
    country: str = ""
    speed: str = ""
    distance: str = ""
    place: str = ""


def number(value: float, decimals: int, whole_digits: int = 1) -> str:
    """A number with spaces as wide as digits before it, so that it does not change its width."""
    text = f"{value:.{decimals}f}"
    return text.rjust(whole_digits + (decimals + 1 if decimals else 0), _FIGURE_SPACE)


class Readings:
    """Figures as they were shown last."""

    def __init__(self) -> None:
        self._shown: dict[tuple[str, str], tuple[float, float, int]] = {}
        """By subject and what: value shown, since when, digits before the point so far."""
        self._order: list[str] = []

    def steady(self, key: tuple[str, str], value: float, decimals: int, instant_s: float) -> str:
        """A value as it is to be shown now; nothing when it is not known."""
        if not math.isfinite(value) or abs(value) >= 1e6:
            self._shown.pop(key, None)
            return ""
        step = 10.0**-decimals
        rounded = round(value / step) * step
        shown, since, digits = self._shown.get(key, (rounded, instant_s - _FORGET_S, 1))
        fresh = not 0 <= instant_s - since < _FORGET_S
        turned = math.floor(instant_s / REFRESH_S) != math.floor(since / REFRESH_S)
        if fresh or (turned and abs(value - shown) > _LOOSE * step):
            shown = rounded
        digits = max(1 if fresh else digits, len(f"{abs(shown):.0f}"))
        if fresh or turned:
            since = instant_s
        self._shown[key] = (shown, since, digits)
        return number(shown + 0.0, decimals, digits)

    def speed(self, subject: Subject, unit: str, instant_s: float) -> str:
        """A subject's speed with its unit; km/h when the unit is none of a speed."""
        name = unit if unit in SPEEDS else "km/h"
        factor, decimals = SPEEDS[name]
        mps = math.hypot(*(v if abs(v) < 1e4 else math.nan for v in subject.velocity_mps))
        text = self.steady((subject.id, name), mps * factor, decimals, instant_s)
        return f"{text} {name}" if text else ""

    def length(self, key: str, metres: float, unit: str, instant_s: float, *, exact: bool = False) -> str:
        """A length with its unit; metres when the unit is none of a length. `exact`: to the centimetre, at once."""
        name = unit if unit in LENGTHS else "m"
        factor, decimals = LENGTHS[name]
        if exact and math.isfinite(metres) and abs(metres) < 1e6:
            return f"{metres * factor:.{2 if name in ('m', 'ft') else decimals}f} {name}"
        text = self.steady((key, "length " + name), metres * factor, decimals, instant_s)
        return f"{text} {name}" if text else ""

    def places(self, subjects: Sequence[Subject], along: Mapping[str, float]) -> dict[str, int]:
        """Who is first, second and so on; two change places only when one leads clearly."""
        known = [one.id for one in subjects if math.isfinite(along.get(one.id, math.nan))]
        order = [one for one in dict.fromkeys(self._order) if one in known]
        order += sorted((one for one in known if one not in order), key=lambda one: (-along[one], one))
        for _ in range(len(order)):  # bubble: neighbours change only when it is clear
            moved = False
            for at in range(len(order) - 1):
                if along[order[at + 1]] > along[order[at]] + _AHEAD_M:
                    order[at], order[at + 1] = order[at + 1], order[at]
                    moved = True
            if not moved:
                break
        self._order = order
        return {one: place + 1 for place, one in enumerate(order)}


def along_m(element: Element, subject: Subject) -> float:
    """How far a subject is along the element's direction from its first point; nan: not known."""
    direction = np.zeros(3)
    direction[: len(element.along_m[:3])] = element.along_m[:3]
    length = float(np.linalg.norm(direction))
    start = np.zeros(3)
    if element.points_m:
        start[: len(element.points_m[0][:3])] = element.points_m[0][:3]
    if not (math.isfinite(length) and length > 1e-6):
        return math.nan
    return float((np.asarray(subject.position_m, np.float64) - start) @ direction / length)


def filled(text: str, facts: Facts) -> str:
    """A template as plain text on one line, without the separators of what is not known."""
    known = vars(facts)
    parts = (known[p[1:-1]].strip() if _PARTS.fullmatch(p) else p for p in _PARTS.split(text[:_LONGEST]))
    return " ".join("".join(parts).split()).strip(_SEPARATORS)


def cells(text: str, facts: Facts) -> tuple[tuple[Cell, ...], ...]:
    """A template as rows of cells of a plate; a row of which nothing is known is left out, and may leave none."""
    rows = (_row(line, facts) for line in text[:_LONGEST].split("\n")[:4])
    return tuple(row for row in rows if row)


def _row(line: str, facts: Facts) -> tuple[Cell, ...]:
    known = vars(facts)
    found: list[Cell] = []
    missed, asked = False, False
    for part in _PARTS.split(line):
        if not _PARTS.fullmatch(part):
            # Between two things of which one is not known a separator has nothing to part.
            words = part.strip(_SEPARATORS if missed or not found else " \t")
            if words:
                found.append(Words(words))
            continue
        asked = True
        value = known[part[1:-1]]
        missed = not value
        if value:
            found.append(_CELLS.get(part, Words)(value))
    if found and isinstance(found[-1], Words) and not found[-1].text.strip(_SEPARATORS):
        found.pop()
    only_words = all(isinstance(one, Words) and one.text not in known.values() for one in found)
    return () if asked and only_words else tuple(found)

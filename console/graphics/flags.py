"""Flags by the three letters of a team, drawn from plain shapes, without files.

They are for plates a few dozen pixels wide: colours and main shapes are right, coats of arms are left out. A team that
is not known gets a plain plate with its letters.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QImage, QPainter, QPen, QPolygonF

Mark: TypeAlias = tuple[str, str, tuple[float, ...]]
"""A shape, its colour, and its numbers: places in shares of the flag's width and height, sizes in shares of height."""

RATIO = 1.5
"""Width by height; all flags are drawn so, that plates line up."""

_COLOURS = {
    "w": "#ffffff",
    "k": "#15171c",
    "r": "#d2232e",
    "b": "#1b4aa0",
    "n": "#0b2161",
    "g": "#0b7d43",
    "y": "#fbc916",
    "o": "#f28a1c",
    "s": "#6cb2e4",
    "m": "#8a1538",
    "t": "#1fa7a0",
    "v": "#5b2d91",
}


def _rows(colours: str, *marks: Mark) -> tuple[Mark, ...]:
    """Horizontal stripes, top to bottom; a letter twice is a stripe twice as high."""
    step = 1 / len(colours)
    return *(("bar", c, (0, i * step, 1, (i + 1) * step)) for i, c in enumerate(colours)), *marks


def _columns(colours: str, *marks: Mark) -> tuple[Mark, ...]:
    step = 1 / len(colours)
    return *(("bar", c, (i * step, 0, (i + 1) * step, 1)) for i, c in enumerate(colours)), *marks


def _nordic(ground: str, cross: str, inner: str = "") -> tuple[Mark, ...]:
    marks: list[Mark] = [("bar", ground, (0, 0, 1, 1)), ("cross", cross, (0.36, 0.5, 0.25 if inner else 0.22))]
    return (*marks, ("cross", inner, (0.36, 0.5, 0.12))) if inner else tuple(marks)


_CHINA: tuple[Mark, ...] = tuple(
    ("star", "y", (x, y, r))
    for x, y, r in ((0.17, 0.25, 0.15), (0.33, 0.1, 0.05), (0.4, 0.2, 0.05), (0.4, 0.35, 0.05), (0.33, 0.45, 0.05))
)
_UNION: tuple[Mark, ...] = (
    ("saltire", "w", (0.2,)), ("saltire", "r", (0.08,)),
    ("cross", "w", (0.5, 0.5, 0.33)), ("cross", "r", (0.5, 0.5, 0.2)),
)  # fmt: skip
_CANTON: tuple[Mark, ...] = (
    ("diagonal", "w", (0, 0, 0.5, 0.5, 0.1)), ("diagonal", "w", (0, 0.5, 0.5, 0, 0.1)),
    ("bar", "w", (0.19, 0, 0.31, 0.5)), ("bar", "w", (0, 0.17, 0.5, 0.33)),
    ("bar", "r", (0.22, 0, 0.28, 0.5)), ("bar", "r", (0, 0.21, 0.5, 0.29)),
)  # fmt: skip
_SOUTHERN: tuple[Mark, ...] = tuple(
    ("star", "w", place) for place in ((0.75, 0.18, 0.07), (0.87, 0.42, 0.07), (0.64, 0.45, 0.07), (0.75, 0.8, 0.09))
)

FLAGS: dict[str, tuple[Mark, ...]] = {
    "ARG": _rows("sws", ("disc", "y", (0.5, 0.5, 0.12))),
    "AUS": (*_rows("n"), *_CANTON, ("star", "w", (0.25, 0.76, 0.15)), *_SOUTHERN),
    "AUT": _rows("rwr"),
    "BAH": _rows("tyt", ("hoist", "k", (0.38,))),
    "BAR": _columns("nyn", ("bar", "k", (0.485, 0.3, 0.515, 0.75)), ("bar", "k", (0.42, 0.3, 0.58, 0.36))),
    "BEL": _columns("kyr"),
    "BOT": _rows("sssswkkwssss"),
    "BRA": (*_rows("g"), ("diamond", "y", (0.5, 0.5, 0.42)), ("disc", "n", (0.5, 0.5, 0.21))),
    "BUL": _rows("wgr"),
    "CAN": _columns("rwwr", ("maple", "r", (0.5, 0.5, 0.34))),
    "CHI": _rows("wr", ("bar", "n", (0, 0, 0.34, 0.5)), ("star", "w", (0.17, 0.25, 0.15))),
    "CHN": (*_rows("r"), *_CHINA),
    "CIV": _columns("owg"),
    "CMR": _columns("gry", ("star", "y", (0.5, 0.5, 0.16))),
    "COL": _rows("yybr"),
    "CRO": _rows("rwb", ("bar", "r", (0.42, 0.28, 0.58, 0.68))),
    "CUB": _rows("bwbwb", ("hoist", "r", (0.5,)), ("star", "w", (0.17, 0.5, 0.15))),
    "CZE": _rows("wr", ("hoist", "n", (0.5,))),
    "DEN": _nordic("r", "w"),
    "ESP": _rows("ryyr", ("disc", "r", (0.3, 0.5, 0.1))),
    "EST": _rows("bkw"),
    "ETH": _rows("gyr", ("disc", "b", (0.5, 0.5, 0.24)), ("star", "y", (0.5, 0.5, 0.18))),
    "FIN": _nordic("w", "b"),
    "FRA": _columns("nwr"),
    "GBR": (*_rows("n"), *_UNION),
    "GER": _rows("kry"),
    "GHA": _rows("ryg", ("star", "k", (0.5, 0.5, 0.16))),
    "GRE": (*_rows("bwbwbwbwb"), ("bar", "b", (0, 0, 0.37, 5 / 9)), ("bar", "w", (0, 2 / 9, 0.37, 3 / 9)),
            ("bar", "w", (0.148, 0, 0.222, 5 / 9))),
    "HUN": _rows("rwg"),
    "INA": _rows("rw"),
    "IND": _rows("owg", ("ring", "n", (0.5, 0.5, 0.13))),
    "IRL": _columns("gwo"),
    "ISL": _nordic("b", "w", "r"),
    "ISR": (*_rows("w"), ("bar", "b", (0, 0.1, 1, 0.24)), ("bar", "b", (0, 0.76, 1, 0.9)),
            ("hexagram", "b", (0.5, 0.5, 0.2))),
    "ITA": _columns("gwr"),
    "JAM": (*_rows("g"), ("hoist", "k", (0.5,)), ("fly", "k", (0.5,)), ("saltire", "y", (0.18,))),
    "JPN": (*_rows("w"), ("disc", "r", (0.5, 0.5, 0.3))),
    "KEN": _rows("kkkwrrrwggg", ("ellipse", "m", (0.5, 0.5, 0.17, 0.34))),
    "KOR": (*_rows("w"), ("disc", "b", (0.5, 0.5, 0.25)), ("halfdisc", "r", (0.5, 0.5, 0.25)),
            *(("bar", "k", (x - 0.06, y - 0.06, x + 0.06, y + 0.06)) for x in (0.18, 0.82) for y in (0.2, 0.8))),
    "LAT": _rows("mmwmm"),
    "LTU": _rows("ygr"),
    "LUX": _rows("rws"),
    "MAR": (*_rows("r"), ("pentagram", "g", (0.5, 0.5, 0.24))),
    "MEX": _columns("gwr", ("disc", "o", (0.5, 0.5, 0.12))),
    "NED": _rows("rwb"),
    "NGR": _columns("gwg"),
    "NOR": _nordic("r", "w", "n"),
    "NZL": (*_rows("n"), *_CANTON, *(("star", "r", place) for _, _, place in _SOUTHERN)),
    "PAN": (*_rows("w"), ("bar", "r", (0.5, 0, 1, 0.5)), ("bar", "b", (0, 0.5, 0.5, 1)),
            ("star", "b", (0.25, 0.25, 0.15)), ("star", "r", (0.75, 0.75, 0.15))),
    "PER": _columns("rwr"),
    "POL": _rows("wr"),
    "POR": _columns("ggrrr", ("disc", "y", (0.4, 0.5, 0.2)), ("disc", "r", (0.4, 0.5, 0.12))),
    "QAT": _columns("wwmmmm"),
    "ROU": _columns("byr"),
    "RSA": (*_rows("rrrwggwbbb"), ("diagonal", "w", (0, 0, 0.42, 0.5, 0.4)), ("diagonal", "w", (0, 1, 0.42, 0.5, 0.4)),
            ("diagonal", "g", (0, 0, 0.42, 0.5, 0.24)), ("diagonal", "g", (0, 1, 0.42, 0.5, 0.24)),
            ("bar", "g", (0.36, 0.4, 1, 0.6)), ("hoist", "y", (0.34,)), ("hoist", "k", (0.27,))),
    "SLO": _rows("wbr", ("disc", "n", (0.25, 0.33, 0.13))),
    "SRB": _rows("rbw"),
    "SUI": (*_rows("r"), ("bar", "w", (0.4333, 0.2, 0.5667, 0.8)), ("bar", "w", (0.3, 0.4, 0.7, 0.6))),
    "SVK": _rows("wbr", ("disc", "r", (0.3, 0.5, 0.2))),
    "SWE": _nordic("b", "y"),
    "TTO": (*_rows("r"), ("diagonal", "w", (0, -0.1, 1, 1.1, 0.42)),
            ("diagonal", "k", (0, -0.1, 1, 1.1, 0.28))),
    "TUR": (*_rows("r"), ("disc", "w", (0.36, 0.5, 0.26)), ("disc", "r", (0.4, 0.5, 0.21)),
            ("star", "w", (0.57, 0.5, 0.13))),
    "UGA": _rows("kyrkyr", ("disc", "w", (0.5, 0.5, 0.18))),
    "UKR": _rows("by"),
    "USA": (*_rows("rwrwrwrwrwrwr"), ("bar", "n", (0, 0, 0.42, 7 / 13)),
            *(("disc", "w", (0.07 + 0.094 * x, 0.08 + 0.13 * y, 0.025)) for x in range(4) for y in range(4))),
    # The teams of the demo, which are no country's.
    "HAR": (*_rows("b"), ("diagonal", "w", (0, 1, 1, 0, 0.34)), ("diagonal", "r", (0, 1, 1, 0, 0.2))),
    "ILH": _columns("rwwr", ("disc", "r", (0.5, 0.5, 0.2))),
    "KAL": _rows("ygk", ("hoist", "k", (0.42,)), ("star", "y", (0.13, 0.5, 0.13))),
    "OST": _nordic("s", "w", "n"),
    "SAV": _rows("gyg", ("disc", "k", (0.5, 0.5, 0.13))),
    "VEL": _columns("yny", ("star", "w", (0.5, 0.5, 0.2))),
}  # fmt: skip
"""By the codes of the International Olympic Committee."""


@lru_cache(maxsize=256)
def flag(code: str, height_px: int) -> QImage:
    """A flag of that height, `RATIO` times as wide; not to be painted on."""
    width, height = round(height_px * RATIO), height_px
    image = QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(QColor("#39425a"))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    marks = FLAGS.get(code.strip().upper())
    if marks is None:
        _letters(painter, "".join(c for c in code.strip().upper() if "A" <= c <= "Z" or c.isdigit())[:3], width, height)
    for shape, colour, numbers in marks or ():
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(_COLOURS[colour]))
        _SHAPES[shape](painter, float(width), float(height), *numbers)
    painter.end()
    return image


def _letters(painter: QPainter, text: str, width: int, height: int) -> None:
    """The letters of a team that has no flag here: plain ones, which every font has."""
    font = QFont(QGuiApplication.font())
    font.setPixelSize(max(round(height * 0.5), 1))
    font.setWeight(QFont.Weight.Bold)
    painter.setFont(font)
    painter.setPen(QColor("#ffffff"))
    painter.drawText(QRectF(0, 0, width, height), Qt.AlignmentFlag.AlignCenter, text)


def _bar(p: QPainter, w: float, h: float, left: float, top: float, right: float, bottom: float) -> None:
    p.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    p.drawRect(QRectF(QPointF(round(left * w), round(top * h)), QPointF(round(right * w), round(bottom * h))))
    p.setRenderHint(QPainter.RenderHint.Antialiasing)


def _cross(p: QPainter, w: float, h: float, x: float, y: float, thick: float) -> None:
    p.drawRect(QRectF(x * w - thick * h / 2, 0, thick * h, h))
    p.drawRect(QRectF(0, y * h - thick * h / 2, w, thick * h))


def _diagonal(p: QPainter, w: float, h: float, x1: float, y1: float, x2: float, y2: float, thick: float) -> None:
    p.save()
    p.setClipRect(QRectF(min(x1, x2) * w, min(y1, y2) * h, abs(x2 - x1) * w, abs(y2 - y1) * h))
    pen = QPen(p.brush(), thick * h)
    pen.setCapStyle(Qt.PenCapStyle.SquareCap)
    p.setPen(pen)
    p.drawLine(QPointF(x1 * w, y1 * h), QPointF(x2 * w, y2 * h))
    p.restore()


def _saltire(p: QPainter, w: float, h: float, thick: float) -> None:
    _diagonal(p, w, h, 0, 0, 1, 1, thick)
    _diagonal(p, w, h, 0, 1, 1, 0, thick)


def _disc(p: QPainter, w: float, h: float, x: float, y: float, radius: float) -> None:
    p.drawEllipse(QPointF(x * w, y * h), radius * h, radius * h)


def _half_disc(p: QPainter, w: float, h: float, x: float, y: float, radius: float) -> None:
    p.drawPie(QRectF(x * w - radius * h, y * h - radius * h, 2 * radius * h, 2 * radius * h), 0, 180 * 16)


def _ring(p: QPainter, w: float, h: float, x: float, y: float, radius: float) -> None:
    p.setPen(QPen(p.brush(), h * 0.04))
    p.setBrush(Qt.BrushStyle.NoBrush)
    _disc(p, w, h, x, y, radius)


def _ellipse(p: QPainter, w: float, h: float, x: float, y: float, across: float, down: float) -> None:
    p.drawEllipse(QPointF(x * w, y * h), across * h, down * h)


def _turned(w: float, h: float, x: float, y: float, radius: float, turns: list[float]) -> list[QPointF]:
    angles = [turn * math.tau for turn in turns]
    return [QPointF(x * w + radius * h * math.sin(a), y * h - radius * h * math.cos(a)) for a in angles]


def _star(p: QPainter, w: float, h: float, x: float, y: float, radius: float) -> None:
    p.drawPolygon(QPolygonF(_turned(w, h, x, y, radius, [k * 0.4 for k in range(5)])), Qt.FillRule.WindingFill)


def _pentagram(p: QPainter, w: float, h: float, x: float, y: float, radius: float) -> None:
    p.setPen(QPen(p.brush(), h * 0.05))
    p.setBrush(Qt.BrushStyle.NoBrush)
    p.drawPolygon(QPolygonF(_turned(w, h, x, y, radius, [k * 0.4 for k in range(5)])))


def _hexagram(p: QPainter, w: float, h: float, x: float, y: float, radius: float) -> None:
    p.setPen(QPen(p.brush(), h * 0.05))
    p.setBrush(Qt.BrushStyle.NoBrush)
    for first in (0.0, 0.5):
        p.drawPolygon(QPolygonF(_turned(w, h, x, y, radius, [first + k / 3 for k in range(3)])))


def _maple(p: QPainter, w: float, h: float, x: float, y: float, radius: float) -> None:
    """Half a leaf, mirrored."""
    half = ((0, -1), (0.2, -0.62), (0.42, -0.74), (0.34, -0.2), (0.62, -0.5), (0.7, -0.3), (0.98, -0.36), (0.86, -0.02),
            (1, 0.08), (0.46, 0.46), (0.52, 0.64), (0.04, 0.56), (0.05, 1))  # fmt: skip
    outline = [*half, *((-a, b) for a, b in reversed(half))]
    p.drawPolygon(QPolygonF([QPointF(x * w + a * radius * h, y * h + b * radius * h) for a, b in outline]))


def _diamond(p: QPainter, w: float, h: float, x: float, y: float, radius: float) -> None:
    across = w * radius
    p.drawPolygon(
        QPolygonF(
            [QPointF(x * w + a, y * h + b) for a, b in ((-across, 0), (0, -radius * h), (across, 0), (0, radius * h))]
        )
    )


def _hoist(p: QPainter, w: float, h: float, reach: float) -> None:
    p.drawPolygon(QPolygonF([QPointF(0, 0), QPointF(reach * w, h / 2), QPointF(0, h)]))


def _fly(p: QPainter, w: float, h: float, reach: float) -> None:
    p.drawPolygon(QPolygonF([QPointF(w, 0), QPointF(w - reach * w, h / 2), QPointF(w, h)]))


_SHAPES: dict[str, Callable[..., None]] = {
    "bar": _bar, "cross": _cross, "diagonal": _diagonal, "saltire": _saltire, "disc": _disc, "halfdisc": _half_disc,
    "ring": _ring, "ellipse": _ellipse, "star": _star, "pentagram": _pentagram, "hexagram": _hexagram,
    "maple": _maple, "diamond": _diamond, "hoist": _hoist, "fly": _fly,
}  # fmt: skip

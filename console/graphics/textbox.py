"""Text set into a width: shrunk, wrapped, cut with an ellipsis; and its picture, drawn once and kept."""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass, replace
from functools import lru_cache

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QTextCharFormat, QTextLayout, QTextOption

from console.graphics.fonts import LONGEST, Fonts, Run, clusters, font_of, runs_right_to_left, tidy

ELLIPSIS = "…"
_KEPT_PIXELS = 24_000_000
_KEPT_SETTINGS = 2048
_BROADEST_PX = 8192
_NARROWEST_EM = 0.15
"""A row of the narrowest letters has that much for each, in ems."""


@dataclass(frozen=True)
class Look:
    """How text looks, in pixels."""

    family: str
    weight: int
    stretch: int
    px: int
    colour: str


@dataclass(frozen=True)
class Setting:
    """Lines of text as they will be drawn: all that a sprite depends on."""

    lines: tuple[str, ...]
    look: Look
    width: int
    """Of the longest line, rounded up."""
    align: str = "left"
    even_digits: bool = False
    """Every digit is as wide as the widest, so that a running clock does not tremble."""

    @property
    def line_px(self) -> float:
        """From one line to the next."""
        return line_px(self.look)

    @property
    def height(self) -> int:
        """Of all lines."""
        return math.ceil(self.line_px * max(1, len(self.lines)))

    @property
    def pad(self) -> int:
        """What a sprite has around this on each side, for what hangs out of letters."""
        return math.ceil(self.look.px * 0.35)


@lru_cache(maxsize=256)
def _metrics(look: Look) -> tuple[float, float]:
    metrics = QFontMetricsF(font_of(look.family, look.weight, look.px, look.stretch))
    return metrics.ascent(), metrics.descent()


def line_px(look: Look) -> float:
    """From one line to the next, in pixels."""
    ascent, descent = _metrics(look)
    return ascent + descent


class Typesetter:
    """Sets text in this system's fonts and draws it."""

    def __init__(self, fonts: Fonts) -> None:
        self.fonts = fonts
        self._widths: OrderedDict[tuple[str, Look], float] = OrderedDict()
        self._settings: OrderedDict[tuple[str, Look, float, float, str], Setting] = OrderedDict()
        self._sprites: OrderedDict[Setting, QImage] = OrderedDict()
        self._pixels = 0

    def width(self, text: str, look: Look) -> float:
        """How long a line of text is, in pixels."""
        key = (text, look)
        if key not in self._widths:
            layout = self._layout(text, look)
            layout.beginLayout()
            line = layout.createLine()
            if line.isValid():
                line.setNumColumns(1 << 20)
            layout.endLayout()
            self._widths[key] = line.naturalTextWidth() if line.isValid() else 0.0
            if len(self._widths) > 4096:
                self._widths.popitem(last=False)
        self._widths.move_to_end(key)
        return self._widths[key]

    def one_line(self, text: str, look: Look, room: float, shrink: float = 1.0, align: str = "left") -> Setting:
        """A line that is no longer than `room`: drawn smaller, down to `shrink`, then cut."""
        key = (text, look, room, shrink, align)
        found = self._settings.get(key)
        if found is None:
            found = self._settings[key] = self._one_line(text, look, room, shrink, align)
            if len(self._settings) > _KEPT_SETTINGS:
                self._settings.popitem(last=False)
        self._settings.move_to_end(key)
        return found

    def _one_line(self, text: str, look: Look, room: float, shrink: float, align: str) -> Setting:
        least = max(1, math.ceil(look.px * shrink))
        text, whole = self._prefix(" ".join(tidy(text).split("\n")), look, room / least)
        natural = self.width(text, look)
        if whole and natural <= room:
            return Setting((text,), look, math.ceil(natural), align)
        px = max(least, min(look.px, math.floor(look.px * room / natural))) if whole and natural > 0 else least
        look = replace(look, px=px)
        while (natural := self.width(text, look)) > room and look.px > least:
            look = replace(look, px=look.px - 1)  # sizes are whole pixels, so lengths are not quite in proportion
        if not whole or natural > room:
            text = self.cut(text, look, room)
            natural = self.width(text, look)
        return Setting((text,), look, math.ceil(natural), align)

    def _prefix(self, text: str, look: Look, room_em: float) -> tuple[str, bool]:
        """What of a text can be drawn, no more than can ever be seen; whether that is all of it."""
        most = int(min(LONGEST, room_em / _NARROWEST_EM)) + 8
        kept = text if len(text) <= most else "".join(clusters(text[: most * 8])[:most])
        runs = self.fonts.runs(kept, look.family, look.weight)
        return "".join(run.text for run in runs).strip(), len(kept) == len(text)

    def cut(self, text: str, look: Look, room: float) -> str:
        """As much of a text as fits with an ellipsis after it; nothing where not even that fits."""
        parts = clusters(text)
        low, high = 0, len(parts)
        while low < high:
            middle = (low + high + 1) // 2
            if self.width("".join(parts[:middle]).rstrip() + ELLIPSIS, look) <= room:
                low = middle
            else:
                high = middle - 1
        kept = "".join(parts[:low]).rstrip() + ELLIPSIS
        return kept if self.width(kept, look) <= room else ""

    def paragraph(
        self, text: str, look: Look, room: tuple[float, float], lines: int, shrink: float, align: str
    ) -> Setting:
        """Text wrapped into a room of a width and a height, and at most so many lines.

        It is drawn smaller, down to `shrink`, then cut.
        """
        width, height = room
        least = max(1, math.ceil(look.px * shrink))
        text, whole = self._prefix(tidy(text), look, lines * width / least)
        # Its area tells about how large it may be; from a little above that it is tried.
        area = self.width(text.replace("\n", " "), look) * line_px(look)
        px = max(least, min(look.px, math.ceil(1.1 * look.px * math.sqrt(width * height / max(1.0, area)))))
        while True:
            look = replace(look, px=px)
            found, most = self._wrap(text, look, width), max(1, min(lines, int(height / line_px(look))))
            if len(found) <= most or px <= least:
                break
            px = max(least, math.floor(px * 0.94))
        if len(found) > most or not whole:
            found = [*found[: most - 1], self.cut(" ".join(found[most - 1 :]), look, width)]
        found = [line if self.width(line, look) <= width else self.cut(line, look, width) for line in found]
        longest = max((self.width(line, look) for line in found), default=0.0)
        return Setting(tuple(found), look, math.ceil(longest), align)

    def _wrap(self, text: str, look: Look, room: float) -> list[str]:
        """Lines that break at spaces, or anywhere in a word that is longer than a line."""
        found: list[str] = []
        for part in text.split("\n"):
            layout = self._layout(part, look)
            shown = layout.text().encode("utf-16-le")
            layout.beginLayout()
            while (line := layout.createLine()).isValid():
                line.setLineWidth(max(1.0, room))
                begin, end = line.textStart(), line.textStart() + line.textLength()
                found.append(shown[2 * begin : 2 * end].decode("utf-16-le", "ignore").strip())
            layout.endLayout()
        return found or [""]

    def clock(self, text: str, look: Look, align: str = "center") -> Setting:
        """Digits that stand still while they count."""
        return Setting((text,), look, math.ceil(sum(self._cells(text, look))), align, even_digits=True)

    def _cells(self, text: str, look: Look) -> list[float]:
        widest = max(self.width(digit, look) for digit in "0123456789")
        return [widest if one.isdigit() else self.width(one, look) for one in text]

    def sprite(self, setting: Setting) -> QImage:
        """The picture of a setting, with `setting.pad` around; drawn once, kept while there is room."""
        image = self._sprites.get(setting)
        if image is None:
            image = self._draw(setting)
            self._sprites[setting] = image
            self._pixels += image.width() * image.height()
            while self._pixels > _KEPT_PIXELS and len(self._sprites) > 1:
                _, old = self._sprites.popitem(last=False)
                self._pixels -= old.width() * old.height()
        else:
            self._sprites.move_to_end(setting)
        return image

    def _draw(self, setting: Setting) -> QImage:
        pad = setting.pad
        width = min(max(1, setting.width), _BROADEST_PX) + 2 * pad
        image = QImage(width, setting.height + 2 * pad, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        painter.setPen(colour_of(setting.look.colour))
        for index, line in enumerate(setting.lines):
            y = pad + index * setting.line_px
            if setting.even_digits:
                self._draw_digits(painter, line, setting.look, pad, y)
                continue
            spare = setting.width - self.width(line, setting.look)
            x = pad + spare * {"left": 0.0, "center": 0.5, "right": 1.0}[setting.align]
            self._draw_line(painter, line, setting.look, x, y)
        painter.end()
        return image

    def _draw_digits(self, painter: QPainter, text: str, look: Look, x: float, y: float) -> None:
        for one, cell in zip(text, self._cells(text, look), strict=True):
            self._draw_line(painter, one, look, x + (cell - self.width(one, look)) / 2, y)
            x += cell

    def _draw_line(self, painter: QPainter, text: str, look: Look, x: float, y: float) -> None:
        """One line whose box begins at x, y. A fallback font may be higher than ours; baselines agree."""
        layout = self._layout(text, look)
        layout.beginLayout()
        line = layout.createLine()
        if line.isValid():
            line.setNumColumns(1 << 20)
            line.setPosition(QPointF(0, 0))
        layout.endLayout()
        if line.isValid():
            # A right-to-left line is set against the far end of its endless width: bring it back.
            left = line.naturalTextRect().left()
            layout.draw(painter, QPointF(x - left, y + _metrics(look)[0] - line.ascent()))

    def _layout(self, text: str, look: Look) -> QTextLayout:
        """Text with the fonts that its characters need."""
        runs = self.fonts.runs(text, look.family, look.weight)
        shown = "".join(run.text for run in runs)
        layout = QTextLayout(shown, font_of(look.family, look.weight, look.px, look.stretch))
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        rtl = runs_right_to_left(shown)
        option.setTextDirection(Qt.LayoutDirection.RightToLeft if rtl else Qt.LayoutDirection.LeftToRight)
        option.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignAbsolute)
        layout.setTextOption(option)
        if any(run.family != look.family for run in runs):
            layout.setFormats(_formats(runs, look))
        return layout


def _formats(runs: tuple[Run, ...], look: Look) -> list[QTextLayout.FormatRange]:
    found, at = [], 0
    for run in runs:
        length = len(run.text.encode("utf-16-le")) // 2  # Qt counts in UTF-16
        part = QTextLayout.FormatRange()
        part.start, part.length = at, length
        style = QTextCharFormat()
        style.setFont(font_of(run.family, look.weight, look.px, look.stretch))
        part.format = style
        found.append(part)
        at += length
    return found


@lru_cache(maxsize=512)
def colour_of(text: str) -> QColor:
    """A colour of `#rrggbb` or `#rrggbbaa`; white for anything else."""
    digits = text[1:] if text.startswith("#") else ""
    try:
        parts = bytes.fromhex(digits)
    except ValueError:
        parts = b""
    return QColor(*parts) if len(parts) in (3, 4) else QColor(255, 255, 255)

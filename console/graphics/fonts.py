"""Which font draws which character: what one lacks is taken from another, what none has is left out and told."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QTextBoundaryFinder
from PySide6.QtGui import QFont, QFontDatabase, QRawFont

LONGEST = 4000
"""Characters of one text; nobody reads more."""
_MARKS = 4
"""Marks on one letter; what is beyond is a prank."""
_PREFERRED = (
    "DejaVu Sans",
    "Noto Sans",
    "Noto Sans Arabic",
    "Noto Sans Hebrew",
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "Noto Sans CJK KR",
    "Droid Sans Fallback",
    "Segoe UI",
    "Microsoft YaHei",
    "Yu Gothic",
    "Malgun Gothic",
    "Helvetica Neue",
    "PingFang SC",
    "Hiragino Sans",
    "Apple SD Gothic Neo",
    "Arial Unicode MS",
)
"""Asked first, as they are legible on a screen; then every font of the system."""
_MOST_ASKED, _MOST_KNOWN = 40, 20_000
_ASCII = "".join(map(chr, range(32, 127)))
_System = QFontDatabase.WritingSystem
_SYSTEMS = {
    **{system.name.upper(): (system,) for system in _System if system.name not in ("Any", "Symbol")},
    "CJK": (_System.SimplifiedChinese, _System.TraditionalChinese, _System.Japanese, _System.Korean),
    "HIRAGANA": (_System.Japanese,),
    "KATAKANA": (_System.Japanese,),
    "HANGUL": (_System.Korean,),
    "NKO": (_System.Nko,),
}
"""What Qt calls the scripts that begin Unicode's names of letters."""
_NEVER = ("Last Resort", ".LastResort", "Adobe Blank")
"""Fonts that claim every character and draw a box for it."""

_IGNORABLE = (
    (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F),
    (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
)  # fmt: skip


@dataclass(frozen=True)
class Run:
    """Text that one font draws."""

    text: str
    family: str


class Fonts:
    """The fonts of this system. `troubles` holds what they can't do, in plain words, each once."""

    def __init__(self) -> None:
        self._installed = {name for name in QFontDatabase.families() if name not in _NEVER}
        self._default = self._some_family()
        self._raw: dict[tuple[str, int], QRawFont] = {}
        self._known: dict[tuple[str, int, str], bool] = {}
        self._fallback: dict[tuple[str, int], str | None] = {}
        self._troubles: dict[str, None] = {}

    @property
    def troubles(self) -> tuple[str, ...]:
        """Sentences for the operator, oldest first."""
        return tuple(self._troubles)

    def family(self, wanted: tuple[str, ...]) -> str:
        """The first of some fonts that is installed, or one that is."""
        for name in wanted:
            if name in self._installed:
                return name
        if wanted:
            self._tell(f"The font {wanted[0]} is not installed; {self._default or 'no font'} stands in for it")
        return self._default

    def runs(self, text: str, family: str, weight: int = 400) -> tuple[Run, ...]:
        """Text cut where the font has to change, in Unicode's composed form, without what no font can draw."""
        text = tidy(text)
        if text.isascii() and self._has(family, weight, _ASCII):
            return (Run(text, family),) if text else ()
        found: list[Run] = []
        for cluster in clusters(text):
            kept, font = self._drawable(cluster, family, weight)
            if not kept:
                continue
            if found and (found[-1].family == font or not kept.strip()):
                found[-1] = Run(found[-1].text + kept, found[-1].family)
            else:
                found.append(Run(kept, font))
        return tuple(found)

    def _drawable(self, cluster: str, family: str, weight: int) -> tuple[str, str]:
        """What of a cluster can be drawn, and the font for it."""
        cluster = cluster[: 1 + _MARKS] if all(unicodedata.combining(mark) for mark in cluster[1:]) else cluster
        if self._has(family, weight, cluster):
            return cluster, family
        other = self._other(cluster, weight)
        if other is not None:
            return cluster, other
        if len(cluster) > 1:  # its parts may be there: the letter without its mark
            for base in cluster:
                if not unicodedata.combining(base) and not _invisible(base):
                    return self._drawable(base, family, weight)
        self._tell_missing(cluster)
        return "", family

    def _other(self, cluster: str, weight: int) -> str | None:
        """A font that has all of a cluster."""
        key = (cluster, weight)
        if key not in self._fallback:
            names = self._asked(cluster)
            self._fallback[key] = next((name for name in names if self._has(name, weight, cluster)), None)
        return self._fallback[key]

    def _asked(self, cluster: str) -> list[str]:
        """The fonts that may have a cluster, likely ones first: opening each of a thousand would take seconds."""
        names = [name for name in _PREFERRED if name in self._installed]
        script = unicodedata.name(cluster[0], "").split(" ")[0].split("-")[0]
        systems = _SYSTEMS.get(script)
        if systems is not None:
            names += sorted({name for system in systems for name in QFontDatabase.families(system)} & self._installed)
            return names
        words = (script.lower() or "?", "symbol", "emoji", "math")
        rest = self._installed.difference(names)
        names += sorted(rest, key=lambda name: (not any(word in name.lower() for word in words), name))[:_MOST_ASKED]
        return names

    def _has(self, family: str, weight: int, cluster: str) -> bool:
        key = (family, weight, cluster)
        if key not in self._known:
            raw = self._raw.get((family, weight))
            if raw is None:
                raw = self._raw[family, weight] = QRawFont.fromFont(font_of(family, weight, 32))
            has = raw.isValid() and all(_invisible(one) or raw.supportsCharacter(ord(one)) for one in cluster)
            if len(self._known) > _MOST_KNOWN:
                self._known.clear()
            self._known[key] = has
        return self._known[key]

    def _some_family(self) -> str:
        for name in _PREFERRED:
            if name in self._installed:
                return name
        scalable = sorted(name for name in self._installed if QFontDatabase.isSmoothlyScalable(name))
        return scalable[0] if scalable else ""

    def _tell_missing(self, cluster: str) -> None:
        letter = cluster[0]
        name = unicodedata.name(letter, f"U+{ord(letter):04X}")
        script = name.split()[0].capitalize().split("-")[0]
        if unicodedata.category(letter) in ("Lo", "Ll", "Lu", "Mn", "Mc"):
            script = "Chinese, Japanese and Korean" if script in ("Cjk", "Hangul", "Hiragana", "Katakana") else script
            self._tell(f"No font of this machine has {script} letters; they are left out. Noto Sans has them")
        else:
            self._tell(f"No font of this machine has the character {name}; it is left out")

    def _tell(self, sentence: str) -> None:
        if len(self._troubles) < 50:
            self._troubles[sentence] = None


def font_of(family: str, weight: int, px: int, stretch: int = 100) -> QFont:
    """A font that draws what it has and nothing else."""
    font = QFont(family)
    font.setPixelSize(px)
    font.setWeight(QFont.Weight(weight))
    font.setStretch(stretch)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    font.setStyleStrategy(QFont.StyleStrategy.NoFontMerging | QFont.StyleStrategy.PreferAntialias)
    return font


@lru_cache(maxsize=1024)
def tidy(text: str) -> str:
    """Text in composed form, without control characters and halves of surrogates, white space as plain spaces."""
    kept = (
        "\n" if one in "\n\u2028\u2029" else " " if one == "\t" else one
        for one in text[:LONGEST]
        if one in "\n\t" or unicodedata.category(one) not in ("Cc", "Cs")
    )
    return unicodedata.normalize("NFC", "".join(kept))


def clusters(text: str) -> list[str]:
    """What a reader takes for single characters: letters with their marks, joined emoji."""
    if text.isascii():
        return list(text)
    data = text.encode("utf-16-le")
    finder = QTextBoundaryFinder(QTextBoundaryFinder.BoundaryType.Grapheme, text)
    found, start = [], 0
    while (end := finder.toNextBoundary()) != -1:
        if 2 * end < len(data) and 0xDC <= data[2 * end + 1] <= 0xDF:
            continue  # Qt may stop between the halves of a surrogate pair
        found.append(data[2 * start : 2 * end].decode("utf-16-le"))
        start = end
    return found


def runs_right_to_left(text: str) -> bool:
    """Whether the first letter with a direction is one of Hebrew, Arabic or the like (Unicode bidi rule P2)."""
    for one in text:
        direction = unicodedata.bidirectional(one)
        if direction in ("L", "R", "AL"):
            return direction != "L"
    return False


def _invisible(character: str) -> bool:
    """Whether a character only steers others, so that no font needs it (Unicode: Default_Ignorable_Code_Point)."""
    code = ord(character)
    return character == "\n" or any(first <= code <= last for first, last in _IGNORABLE)

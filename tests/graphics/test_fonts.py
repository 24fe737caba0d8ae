"""Which font draws what; text that fits; no boxes for missing letters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from PySide6.QtGui import QFontDatabase, QImage, QRawFont

from console.graphics.fonts import Fonts, clusters, font_of, runs_right_to_left, tidy
from console.graphics.textbox import ELLIPSIS, Look, Setting, Typesetter

FAMILY = "DejaVu Sans"


@pytest.fixture
def setter() -> Typesetter:
    return Typesetter(Fonts())


def look(px: int = 40) -> Look:
    return Look(FAMILY, 700, 90, px, "#ffffff")


def ink(image: QImage) -> np.ndarray:
    """Columns and rows with anything in them, as alpha."""
    flat = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
    return flat[:, : image.width(), 3]


def test_a_font_that_is_not_there_is_told_once_and_replaced() -> None:
    fonts = Fonts()
    found = fonts.family(("No Such Font",))
    fonts.family(("No Such Font",))
    assert found in QFontDatabase.families()
    assert fonts.troubles == (f"The font No Such Font is not installed; {found} stands in for it",)


def test_one_of_several_wanted_fonts_is_enough() -> None:
    fonts = Fonts()
    assert fonts.family(("No Such Font", FAMILY)) == FAMILY
    assert not fonts.troubles


def test_what_no_font_has_is_left_out_and_told_once_in_plain_words() -> None:
    fonts = Fonts()
    for _ in range(2):
        assert "".join(run.text for run in fonts.runs("A\U0010fffdB", FAMILY)) == "AB"
    assert len(fonts.troubles) == 1
    assert "left out" in fonts.troubles[0]


def test_a_letter_stays_when_its_mark_has_no_glyph() -> None:
    fonts = Fonts()
    mark = "\U0001e8d0"  # a combining number of Mende Kikakui
    kept = "".join(run.text for run in fonts.runs(f"A{mark}B", FAMILY))
    assert kept in ("AB", f"A{mark}B")


def test_another_font_draws_what_the_wanted_one_lacks() -> None:
    fonts = Fonts()
    lacking = "DejaVu Sans Mono"
    if not {lacking, FAMILY} <= set(QFontDatabase.families()):
        pytest.skip("both fonts are needed")
    hebrew = "\u05d0\u05d1"
    assert not QRawFont.fromFont(font_of(lacking, 400, 32)).supportsCharacter(ord(hebrew[0]))
    runs = fonts.runs(f"ab {hebrew} cd", lacking)
    assert [(run.text.strip(), run.family == lacking) for run in runs] == [("ab", True), (hebrew, False), ("cd", True)]
    assert not fonts.troubles


@settings(max_examples=300, deadline=None)
@given(some.text(max_size=30))
def test_no_glyph_is_ever_the_missing_one(text: str) -> None:
    setter = Typesetter(Fonts())
    layout = setter._layout(text.replace("\n", " "), look(20))
    layout.beginLayout()
    line = layout.createLine()
    layout.endLayout()
    if line.isValid():
        for run in line.glyphRuns():
            assert 0 not in run.glyphIndexes(), repr(layout.text())


def test_tidy_composes_and_drops_what_only_harms() -> None:
    assert tidy("e\u0301\x00\x1b\ud800\tx") == "\u00e9 x"
    assert len(tidy("a" * 100_000)) == 4000


def test_clusters_keep_marks_with_their_letters() -> None:
    assert clusters("q\u0307\U0001f44d\U0001f3fdx") == ["q\u0307", "\U0001f44d\U0001f3fd", "x"]


@pytest.mark.parametrize(
    ("text", "rtl"), [("abc", False), ("12 שלום", True), ("مرحبا abc", True), ("", False), ("漢字", False)]
)
def test_direction_is_the_first_letters(text: str, rtl: bool) -> None:
    assert runs_right_to_left(text) is rtl


def test_text_is_drawn_whole_within_its_box(setter: Typesetter) -> None:
    for text in ("Hamburg", "Ångström Ậ gjpqy", "שלום עולם", "مرحبا بالعالم"):
        setting = setter.one_line(text, look(), 2000)
        image, pad = setter.sprite(setting), setting.pad
        columns, rows = np.flatnonzero(ink(image).any(axis=0)), np.flatnonzero(ink(image).any(axis=1))
        assert setting.lines == (text,)
        assert pad - 4 <= columns[0] < columns[-1] <= pad + setting.width + 4, text
        assert columns[-1] - columns[0] > setting.width * 0.85, text
        assert 0 < rows[0] < rows[-1] < image.height() - 1, text


def test_right_to_left_text_is_in_visual_order(setter: Typesetter) -> None:
    """The first letter of a Hebrew line is its rightmost: the line and its first letter end alike."""
    line = ink(setter.sprite(setter.one_line("\u05dc\u05d5\u05d5\u05d5", look(), 2000)))
    first = ink(setter.sprite(setter.one_line("\u05dc", look(), 2000)))
    width = np.flatnonzero(first.any(axis=0))
    end = np.flatnonzero(line.any(axis=0))[-1]
    span = width[-1] - width[0] + 1
    assert np.abs(line[:, end - span + 1 : end + 1].astype(int) - first[:, width[0] : width[-1] + 1]).mean() < 12


def test_long_text_is_shrunk_then_cut(setter: Typesetter) -> None:
    text = "Maximiliana Theodora Hohenzollern"
    natural = setter.width(text, look())
    shrunk = setter.one_line(text, look(), natural * 0.8, 0.7)
    assert shrunk.lines == (text,)
    assert 28 <= shrunk.look.px < 40
    assert shrunk.width <= natural * 0.8 + 1
    cut = setter.one_line(text, look(), natural * 0.4, 0.7)
    assert cut.look.px == 28
    assert cut.lines[0].endswith(ELLIPSIS)
    assert text.startswith(cut.lines[0][:-1])
    assert cut.width <= natural * 0.4 + 1
    assert setter.one_line(text, look(), 3, 0.7).lines == ("",)


def test_text_without_end_is_cut_like_any_other(setter: Typesetter) -> None:
    for text in ("lorem ipsum " * 100_000, "i" * 4000, "q\u0307" * 3000, "a\n" * 5000):
        line = setter.one_line(text, look(), 400, 0.7)
        assert line.width <= 401
        assert line.lines[0].endswith(ELLIPSIS)
        assert line.width > 360, "no more was left out than had to be"
        page = setter.paragraph(text, look(), (400, 300), 6, 0.7, "left")
        assert len(page.lines) <= 6
        assert page.lines[-1].endswith(ELLIPSIS)


def test_a_cut_never_parts_a_letter_from_its_marks(setter: Typesetter) -> None:
    text = "q\u0307" * 30
    for room in range(60, 400, 17):
        kept = setter.cut(text, look(), room).removesuffix(ELLIPSIS)
        assert len(kept) % 2 == 0


def test_paragraphs_wrap_shrink_and_are_cut(setter: Typesetter) -> None:
    text = "The quick brown fox jumps over the lazy dog " * 4
    wide = setter.paragraph(text, look(), (900, 2000), 20, 0.5, "left")
    assert wide.look.px == 40
    assert " ".join(wide.lines).split() == text.split()
    tight = setter.paragraph(text, look(), (500, 2000), 3, 0.9, "left")
    assert len(tight.lines) == 3
    assert tight.lines[-1].endswith(ELLIPSIS)
    low = setter.paragraph(text, look(), (900, 100), 20, 0.8, "left")
    assert low.height <= 101
    assert low.lines[-1].endswith(ELLIPSIS)
    for setting in (wide, tight, low):
        assert all(setter.width(line, setting.look) <= 901 for line in setting.lines)
    assert setter.paragraph("one\ntwo", look(), (900, 2000), 5, 1, "left").lines == ("one", "two")


def test_a_word_longer_than_a_line_is_broken(setter: Typesetter) -> None:
    setting = setter.paragraph("W" * 60, look(), (300, 2000), 20, 1.0, "left")
    assert "".join(setting.lines) == "W" * 60
    assert setting.width <= 300


def test_clocks_do_not_tremble(setter: Typesetter) -> None:
    widths = {setter.clock(f"{minute}:{second:02d}", look()).width for minute in (1, 7) for second in (11, 40, 58)}
    assert len(widths) == 1


def test_sprites_are_drawn_once(setter: Typesetter) -> None:
    setting = setter.one_line("Once", look(), 500)
    assert setter.sprite(setting) is setter.sprite(Setting(**vars(setting)))

"""Titles filled in from feeds."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.results.binding import bind, fill
from console.results.data import Data, Ranked
from console.results.timing import official_time, time_text, wind_text
from console.show.world import Field, Title

RESULT = Ranked(({"place": "1", "name": "A. FERREIRA"}, {"place": "2", "name": "J. MBEKI-ROSS"}))
FEEDS: dict[str, Data] = {
    "race": {"event": "Men's 100m", "wind": "+0.9", "result": RESULT, "best": 102.33},
    "scores": ({"home": "Oslo", "goals": 2, "won": True, "note": None}, {"home": "Bergen", "goals": 0}),
    "quiet": None,
}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("{race.event}", "Men's 100m"),
        ("{race.result.1.name} wins", "A. FERREIRA wins"),
        ("{race.result.2.place}. {race.result.2.name}", "2. J. MBEKI-ROSS"),
        ("{scores.0.home} {scores.0.goals} - {scores.1.goals} {scores.1.home}", "Oslo 2 - 0 Bergen"),
        ("{ scores.0.home }", "Oslo"),
        ("{scores.0.won}{scores.0.note}", "yes"),
        ("{{race.event}} {{}}", "{race.event} {}"),
        ("{{{race.wind}}}", "{+0.9}"),
        ("{race.best:time}", "1:42.33"),
        ("{race.wind:wind} m/s", "+0.9 m/s"),
        ("{race.result.9.name}|{race.result.0.name}|{quiet.any.thing}", "||"),
        ("no binding", "no binding"),
        ("", ""),
    ],
)
def test_bindings_become_text(text: str, filled: str) -> None:
    assert bind(text, FEEDS) == (filled, ())


@pytest.mark.parametrize(
    ("text", "filled", "trouble"),
    [
        ("Wind {race.wnd}!", "Wind !", 'race has no "wnd".'),
        ("{race.result.1.nmae}", "", 'race.result.1 has no "nmae".'),
        ("{race.result.first.name}", "", 'race.result has no "first".'),
        ("{race.event.name}", "", 'race.event has no "name".'),
        ("{races.event}", "", 'There is no data feed "races".'),
        ("{}", "", 'There is no data feed "".'),
        ("x {race.result}", "x ", "race.result is a table, and can only stand alone in a field."),
        ("{race.wind:date}", "", 'There is no format "date"; there are time and wind.'),
        ("a { b", "a { b", "A single { is neither a binding nor {{."),
        ("50 % } {race.wind}", "50 % } +0.9", "A single } is neither a binding nor }}."),
    ],
)
def test_what_can_not_be_followed_is_empty_and_told(text: str, filled: str, trouble: str) -> None:
    assert bind(text, FEEDS) == (filled, (trouble,))


def test_a_table_alone_in_a_field_gives_its_rows() -> None:
    title = Title("table", (Field("rows", " {race.result} "), Field("head", "{race.event}"), Field("bad", "{x.y}")))
    filled = fill(title, FEEDS)
    assert filled.fields == {
        "rows": ({"place": "1", "name": "A. FERREIRA"}, {"place": "2", "name": "J. MBEKI-ROSS"}),
        "head": "Men's 100m",
        "bad": "",
    }
    assert filled.troubles == ('Field "bad": There is no data feed "x".',)
    rows, _ = bind("{scores}", FEEDS)
    assert rows == (
        {"home": "Oslo", "goals": "2", "won": "yes", "note": ""},
        {"home": "Bergen", "goals": "0"},
    )


def test_control_characters_and_endless_texts_do_not_reach_a_graphic() -> None:
    assert bind("{x.a}", {"x": {"a": "a\0b\x1bc\nd"}}) == ("a b c\nd", ())
    text, _ = bind("{x.a}" * 10, {"x": {"a": "y" * 4000}})
    assert len(text) == 4000


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("9.58", "9.58"),
        ("00:09.58", "9.58"),
        ("0:01:42.330", "1:42.330"),
        (102.33, "1:42.33"),
        (7681, "2:08:01.00"),
        ("7681", "2:08:01"),
        (59.996, "1:00.00"),
        ("DNF", "DNF"),
        (float("nan"), "nan"),
        ("-1", "-1"),
    ],
)
def test_times_are_written_as_on_a_board(value: str | float, text: str) -> None:
    assert time_text(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.9, "+0.9"), ("-1.20", "-1.2"), ("-0.0", "+0.0"), (-0.04, "+0.0"), ("calm", "calm")]
)
def test_winds_have_a_sign_and_one_decimal(value: str | float, text: str) -> None:
    assert wind_text(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(9.584, "9.59"), (9.58, "9.58"), (10.101, "10.11"), (9.5800000001, "9.58"), (9.991, "10.00"), (62.001, "1:02.01")],
)
def test_a_photo_finish_is_rounded_up(seconds: float, text: str) -> None:
    assert official_time(seconds) == text


@settings(max_examples=300)
@given(st.text("{}.:race sult10eventim", max_size=40) | st.text(max_size=40))
def test_no_field_text_is_too_strange(text: str) -> None:
    bind(text, FEEDS)


@given(st.text(max_size=40))
def test_doubled_braces_give_any_text_back(text: str) -> None:
    escaped = text.replace("{", "{{").replace("}", "}}")
    assert bind(escaped, {}) == (text, ())


@given(st.integers(0, 10**8))
def test_times_go_back_and_forth(hundredths: int) -> None:
    text = time_text(hundredths / 100)
    assert time_text(text) == text
    *larger, seconds = text.split(":")
    total = float(seconds) + sum(int(part) * 60**power for power, part in enumerate(reversed(larger), 1))
    assert round(total * 100) == hundredths

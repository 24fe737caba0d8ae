"""Values that do not suit their fields are told, and drawn all the same."""

from __future__ import annotations

import pytest

from console.graphics.filling import faults_of
from console.graphics.library import Library
from console.graphics.template import Template
from console.media.assets import asset


def own(name: str) -> Template:
    return Library([asset("templates")]).get(name)


@pytest.mark.parametrize("entry", Library([asset("templates")]).templates(), ids=lambda entry: entry.id)
def test_examples_and_defaults_suit(entry: object) -> None:
    template = own(entry.id)  # type: ignore[attr-defined]
    assert faults_of(template, template.examples()) == faults_of(template, template.defaults()) == ()


@pytest.mark.parametrize(
    ("template", "name", "value", "told"),
    [
        ("score-bug", "home_score", "two", "'two' is not a number"),
        ("score-bug", "home_colour", "red", "'red' is not a colour"),
        ("clock", "start", "soon", "'soon' is not a time"),
        ("lower-third", "country", "Norway", "three letters"),
        ("lower-third", "nmae", "Ana", "no field 'nmae' (its fields: name, line, country)"),
        ("lower-third", "name", ({"name": "Ana"},), "takes text"),
        ("result-table", "rows", "1 | Ana | Brazil", "Rows, row 1, Country: 'Brazil'"),
        ("result-table", "rows", "1 | Ana\n" * 50, "has 50 rows"),
    ],
)
def test_what_does_not_suit_is_told(template: str, name: str, value: object, told: str) -> None:
    faults = faults_of(own(template), {name: value})  # type: ignore[dict-item]
    assert len(faults) == 1
    assert told in faults[0]


def test_a_feeds_rows_may_hold_more_than_the_table_shows() -> None:
    row = {"place": "1", "name": "Ana", "country": "BRA", "time": "10.81", "lane": "4", "reaction": "0.131"}
    assert faults_of(own("result-table"), {"rows": (row,)}) == ()

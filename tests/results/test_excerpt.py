"""What a feed says, cut to a size that a status can carry."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from console.media.clock import VirtualClock
from console.results import odf
from console.results.binding import bind, fill
from console.results.data import Keyed, Ranked
from console.results.excerpt import CHARACTERS, excerpt, restored
from console.results.store import FeedState, taken
from console.results.view import value_of
from console.show.world import Field, Title

FINAL = Path(__file__).resolve().parents[2] / "resources" / "results" / "final"


def final(until: str = "7"):
    state = FeedState()
    for file in sorted(FINAL.glob("*.xml")):
        if file.name[0] <= until:
            for message in odf.read(file.read_bytes()):
                state = taken(state, message, VirtualClock().now())
    return value_of(state, gate=True)


def test_titles_are_filled_the_same_with_what_comes_back():
    value = final()
    back = restored(json.loads(json.dumps(excerpt(value))))
    title = Title(
        "result-table",
        (
            Field("title", "{r.event}, {r.unit}: {r.status}"),
            Field("note", "Wind {r.wind:wind}"),
            Field("name", "{r.result.1.name} {r.start.1.name} {r.bib.1001.name}{r.result.9.name}"),
            Field("rows", "{r.result}"),
        ),
    )
    assert fill(title, {"r": back}) == fill(title, {"r": value})
    assert len(fill(title, {"r": back}).fields["rows"]) == 8


def test_a_large_value_is_cut_and_what_is_missing_is_empty():
    rows = tuple({"name": f"Athlete {n}", "note": "x" * 3000} for n in range(5000))
    value = {"first": "1", "rows": rows, "last": "2"}
    told = json.dumps(excerpt(value))
    assert len(told) < 2 * CHARACTERS
    back = restored(json.loads(told))
    assert bind("{f.first}", {"f": back}) == ("1", ())
    assert bind("{f.rows.0.name}", {"f": back}) == ("Athlete 0", ())
    assert len(bind("{f.rows}", {"f": back})[0]) == 40
    wide = {f"column {n}": "y" * 100 for n in range(2000)}
    assert len(json.dumps(excerpt(wide))) < 2 * CHARACTERS
    assert bind("{f.column 1999}", {"f": restored(excerpt(wide))}) == ("", ())


def test_a_path_that_leads_nowhere_is_a_mistake_here_too():
    value = {"first": "1"}
    assert bind("{f.frist}", {"f": restored(excerpt(value))}) == bind("{f.frist}", {"f": value})
    assert bind("{f.frist}", {"f": value})[1]


def test_numbers_truth_and_nothing_stay():
    value = Keyed(best=9.58, laps=4, over=True, next=None, list=Ranked(("a", "b")), plain=("c",))
    back = restored(json.loads(json.dumps(excerpt(value))))
    assert back == value
    assert isinstance(back["list"], Ranked)
    assert not isinstance(back["plain"], Ranked)
    assert bind("{f.best:time}", {"f": back}) == ("9.58", ())


@pytest.mark.parametrize("odd", [None, {"other": 1}, {"keyed": []}, {"ranked": "x"}, {}, object()])
def test_what_is_no_excerpt_is_nothing(odd):
    assert restored(odd) is None


def test_depth_ends():
    deep: object = "x"
    for _ in range(500):
        deep = {"keyed": {"a": deep}}
    assert restored(deep) is not None
    nested: object = "x"
    for _ in range(50):
        nested = (nested,)
    assert len(json.dumps(excerpt(nested))) < 100  # type: ignore[arg-type]

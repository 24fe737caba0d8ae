"""CSV and JSON as nested values, and what of them is refused."""

from __future__ import annotations

import contextlib
import csv
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.results.data import Data
from console.results.refused import RefusedError, TruncatedError
from console.results.table import DELIMITERS, read_csv, read_json

cells = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), max_size=8)


@settings(max_examples=100)
@given(st.lists(st.tuples(cells, cells, cells).filter(any), min_size=2, max_size=5), st.sampled_from(DELIMITERS))
def test_quoted_cells_are_read_whatever_divides_them(rows: list[tuple[str, str, str]], delimiter: str) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerows([("one", "two", "three"), *rows])
    assert read_csv(text.getvalue().encode()) == tuple(
        dict(zip(("one", "two", "three"), row, strict=True)) for row in rows
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_spreadsheets_encodings_and_line_ends_are_understood(encoding: str, end: str) -> None:
    text = end.join(["team;points", "Zürich;3,5", "Malmö;1", ""])
    assert read_csv(text.encode(encoding)) == (
        {"team": "Zürich", "points": "3,5"},
        {"team": "Malmö", "points": "1"},
    )


def test_columns_without_names_or_with_the_same_are_told_apart() -> None:
    assert read_csv(b"team,,team,a.b\nA,B,C,D\nE\n\n") == (
        {"team": "A", "1": "B", "team 2": "C", "a_b": "D"},
        {"team": "E", "1": "", "team 2": "", "a_b": ""},
    )


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b"a,b\n1,2,3\n", "Row 2 of the table has 3 cells"),
        (b"a,b\n\0,2\n", "zero bytes"),
        (b"\xff\xfea", "encoding"),
        (b"a,b\x81\n1,2\n", "encoding"),
        (b"a\n" + b"1\n" * 5001, "5000 rows"),
        (b",".join(b"%d" % n for n in range(201)), "200 columns"),
        (b"a,b\n" + b"x" * 4001 + b",1", "4000 characters"),
        (b'a,b\n"' + b"x" * 200_000, "can't be read"),
        (b"x" * (4 << 20) + b"xx", "4 MB"),
    ],
)  # fmt: skip
def test_tables_that_are_wrong_are_refused_by_name(data: bytes, why: str) -> None:
    with pytest.raises(RefusedError, match=why):
        read_csv(data)


def test_json_is_what_it_is_with_lists_as_tuples() -> None:
    said = {"home": {"name": "Åse", "goals": 2}, "clock": [1.5, None, True]}
    assert read_json(json.dumps(said).encode("utf-16")) == {
        "home": {"name": "Åse", "goals": 2},
        "clock": (1.5, None, True),
    }


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"[NaN]", "not a number"),
        (b"[1e999]", "too large"),
        (b"[1" + b"0" * 5000 + b"]", "too long"),
        (b"[1" + b"0" * 400 + b"]", "too large"),
        (b"[" * 100_000, "nested"),
        (b"[" * 40 + b"]" * 40, "nested"),
        (b"[" + b"0," * 100_001 + b"0]", "100000 values"),
        (b'["\\ud800"]', "surrogate"),
        (b'["' + b"x" * 4001 + b'"]', "4000 characters"),
        (b"3", "single value"),
        (b"<html>", "not JSON"),
        (b"\xff\xff\xff", "not Unicode"),
        (b" " * (4 << 20) + b"[]", "4 MB"),
    ],
)  # fmt: skip
def test_json_that_is_wrong_is_refused_by_name(data: bytes, why: str) -> None:
    with pytest.raises(RefusedError, match=why):
        read_json(data)


def test_json_that_ends_too_early_says_so() -> None:
    whole = b'{"home": {"name": "A", "goals": [1, 2]}}'
    for length in range(len(whole)):
        with pytest.raises((TruncatedError, RefusedError)):
            read_json(whole[:length])
    with pytest.raises(TruncatedError):
        read_json(whole[:-1])


@given(st.recursive(st.none() | st.booleans() | st.integers(-(10**9), 10**9) | cells, st.lists, max_leaves=10))
def test_any_json_goes_in_and_comes_out(value: Data) -> None:
    assert json.loads(json.dumps(read_json(json.dumps([value]).encode()))) == json.loads(json.dumps([value]))


@settings(max_examples=300)
@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_noise_is_read_or_refused(data: bytes) -> None:
    for read in (read_csv, read_json):
        with contextlib.suppress(RefusedError):
            read(data)

"""CSV and JSON from scoreboards, spreadsheets and scripts, as nested values for binding.

A CSV is a tuple of rows, counted from 0, each a mapping by the names in its first line. JSON is what it is. Both are
bounded in size; numbers that JSON can't have and nesting beyond 32 are refused.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections import Counter

from console.results.data import Data
from console.results.refused import RefusedError, TruncatedError, check_size

MOST_ROWS, MOST_COLUMNS = 5000, 200
MOST_CHARACTERS = 4000
"""Of one text."""
MOST_DEPTH, MOST_VALUES = 32, 100_000
DELIMITERS = ",;\t|"
_SNIFFED_ROWS = 20
_LARGEST = 1e18


def read_csv(data: bytes) -> tuple[Data, ...]:
    """The rows of a table. The delimiter is found out; UTF-8, UTF-16 with a mark and Windows-1252 are understood.

    A column without a name is named by its number, the second `team` is `team 2`, a dot in a name becomes `_`.
    Raises RefusedError.
    """
    text = _text(data)
    rows = _rows(text, _delimiter(text))
    if not rows:
        raise TruncatedError("The table is empty", "Its first line has to name the columns")
    names = _names(rows[0])
    for number, row in enumerate(rows[1:], 2):
        if any(row[len(names) :]):
            raise RefusedError(
                f"Row {number} of the table has {len(row)} cells, and the first line names {len(names)} columns",
                "Name every column in the first line, and put quotation marks around texts that hold a delimiter",
            )
    return tuple(dict(zip(names, [*row, *[""] * len(names)], strict=False)) for row in rows[1:])


def read_json(data: bytes) -> Data:
    """The value of a JSON document: an object or a list. Raises RefusedError, of which TruncatedError when it ends too
    early."""
    check_size(len(data))
    try:
        value = json.loads(data, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        kind = TruncatedError if error.pos >= len(error.doc.rstrip()) or "Unterminated" in error.msg else RefusedError
        where = f"line {error.lineno}, column {error.colno}"
        raise kind(f"The data are not JSON: {error.msg} in {where}", "Check the feed's address and kind") from None
    except UnicodeError:
        raise RefusedError("The data are not JSON: their encoding is not Unicode", "Send them as UTF-8") from None
    except RecursionError:
        raise RefusedError(f"The data are nested more than {MOST_DEPTH} deep", "Send less deep data") from None
    except ValueError:  # thousands of digits
        raise RefusedError("The data hold a number that is too long", "Send it as a text") from None
    if not isinstance(value, dict | list):
        raise RefusedError("The data are a single value, neither an object nor a list", "Check the feed's address")
    return _checked(value, 0, Counter())


def _no_number(name: str) -> float:
    raise RefusedError(f"The data hold {name}, which is not a number", "Send null, or leave it out")


def _checked(value: object, depth: int, seen: Counter[str]) -> Data:
    """The value within its bounds, with lists as tuples."""
    seen["values"] += 1
    if depth > MOST_DEPTH:
        raise RefusedError(f"The data are nested more than {MOST_DEPTH} deep", "Send less deep data")
    if seen["values"] > MOST_VALUES:
        raise RefusedError(f"The data hold more than {MOST_VALUES} values", "Send less")
    if isinstance(value, dict):
        return {_checked_text(key): _checked(item, depth + 1, seen) for key, item in value.items()}
    if isinstance(value, list):
        return tuple(_checked(item, depth + 1, seen) for item in value)
    if isinstance(value, str):
        return _checked_text(value)
    if isinstance(value, int | float) and not -_LARGEST < value < _LARGEST:  # NaN and infinity too
        raise RefusedError("The data hold a number that is too large", "Send it as a text")
    return value if isinstance(value, int | float | bool) else None


def _checked_text(text: str) -> str:
    if len(text) > MOST_CHARACTERS:
        raise RefusedError(f"A text has more than {MOST_CHARACTERS} characters", "Send shorter texts")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise RefusedError("A text holds half a character (a lone surrogate)", "Send whole Unicode characters")
    return text


def _text(data: bytes) -> str:
    check_size(len(data))
    try:
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            text = data.decode("utf-16")
        else:
            try:
                text = data.decode("utf-8-sig")
            except UnicodeDecodeError:  # as spreadsheets still save it
                text = data.decode("cp1252")
    except UnicodeDecodeError:
        raise RefusedError("The table's encoding is not known", "Save it as UTF-8") from None
    if "\0" in text:
        raise RefusedError("The data are not a table: they hold zero bytes", "Check the feed's address and kind")
    return text


def _delimiter(text: str) -> str:
    """The one that splits the first lines into the most columns, evenly; a comma when none does."""

    def evenness(delimiter: str) -> tuple[int, int]:
        lengths = [len(row) for row in _read(text, delimiter, _SNIFFED_ROWS) if row]
        common, count = Counter(lengths).most_common(1)[0] if lengths else (1, 0)
        return (count, common) if common > 1 else (0, 0)

    return max(DELIMITERS, key=evenness)


def _rows(text: str, delimiter: str) -> list[list[str]]:
    rows = [row for row in _read(text, delimiter, MOST_ROWS + 2) if any(row)]
    if len(rows) > MOST_ROWS + 1:
        raise RefusedError(f"The table has more than {MOST_ROWS} rows", "Send a shorter table")
    if any(len(row) > MOST_COLUMNS for row in rows):
        raise RefusedError(f"The table has more than {MOST_COLUMNS} columns", "Send a narrower table")
    if any(len(cell) > MOST_CHARACTERS for row in rows for cell in row):
        raise RefusedError(f"A cell has more than {MOST_CHARACTERS} characters", "Send shorter texts")
    return rows


def _read(text: str, delimiter: str, most: int) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        return [[cell.strip() for cell in row] for _, row in zip(range(most), reader, strict=False)]
    except csv.Error:
        raise RefusedError(
            f"The table can't be read past line {reader.line_num}", "Check its quotation marks"
        ) from None


def _names(header: list[str]) -> list[str]:
    names: list[str] = []
    for number, cell in enumerate(header):
        name = wanted = cell.replace(".", "_") or str(number)
        copies = 1
        while name in names:
            copies += 1
            name = f"{wanted} {copies}"
        names.append(name)
    return names

"""Which `{FEED.path}` there are for a field: from what a feed says now, else from what its kind is known for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from console.results.data import Data, Ranked
from console.show.world import DataFeed, FeedKind

ROWS_OFFERED, _ENTRIES = 12, 60
_TEXTS = ("event", "unit", "discipline", "venue", "status", "mark", "held", "wind", "day")
_TABLES = ("result", "start", "current")
_ROW = ("place", "time", "name", "short_name", "given", "family", "bib", "country", "lane", "diff", "reaction",
        "records", "qualified", "irm", "note", "arrived")  # fmt: skip
"""What a results feed has (`results.view`), offered before it has said anything."""
_ROWS_EXPECTED = 8


@dataclass(frozen=True)
class Entry:
    """One thing to choose: a placeholder with what stands there now, or more of them behind it."""

    label: str
    placeholder: str = ""
    now: str = ""
    more: tuple[Entry, ...] = ()


def entries(feed: DataFeed, value: Data) -> tuple[Entry, ...]:
    """What a feed offers. `value` is what it says (an excerpt), None while nothing is known."""
    if feed.kind is FeedKind.ODF:
        return tuple(_of_results(feed.id, value if isinstance(value, Mapping) else {}))
    return _of(feed.id, value, 0)


def _of_results(path: str, value: Mapping[str, Data]) -> Iterator[Entry]:
    for name in _TEXTS:
        form = ":wind" if name == "wind" else ""
        yield Entry(name, f"{{{path}.{name}{form}}}", _now(value.get(name, "")))
    for name in _TABLES:
        rows = value.get(name)
        known = rows if isinstance(rows, tuple) else ()
        table = f"{path}.{name}"
        more = [_all_rows(table, known)]
        for number in range(1, 1 + max(_ROWS_EXPECTED, min(len(known), ROWS_OFFERED))):
            row = known[number - 1] if number <= len(known) else {}
            cells: Mapping[str, Data] = row if isinstance(row, Mapping) else {}
            within = tuple(Entry(key, f"{{{table}.{number}.{key}}}", _now(cells.get(key, ""))) for key in _ROW)
            more.append(Entry(f"{name} {number}", now=_now(cells.get("name", "")), more=within))
        yield Entry(name, more=tuple(more))


def _of(path: str, value: Data, depth: int) -> tuple[Entry, ...]:
    """What is inside a value of any shape."""
    found: list[Entry] = []
    if isinstance(value, Mapping):
        found = [_entry(str(name), f"{path}.{name}", item, depth) for name, item in list(value.items())[:_ENTRIES]]
    elif isinstance(value, tuple):
        first = 1 if isinstance(value, Ranked) else 0
        rows = list(enumerate(value[:ROWS_OFFERED], first))
        found = [_all_rows(path, value), *(_entry(f"row {n}", f"{path}.{n}", item, depth) for n, item in rows)]
    return tuple(found)


def _entry(label: str, path: str, value: Data, depth: int) -> Entry:
    if isinstance(value, Mapping | tuple):
        return Entry(label, now=_first_text(value), more=_of(path, value, depth + 1) if depth < 3 else ())
    return Entry(label, f"{{{path}}}", _now(value))


def _all_rows(path: str, rows: tuple[Data, ...]) -> Entry:
    return Entry("all rows, for a table", f"{{{path}}}", f"{len(rows)} rows" if rows else "")


def _first_text(value: Data) -> str:
    """What tells one row from another in a list."""
    if isinstance(value, Mapping):
        return next((_now(item) for item in value.values() if isinstance(item, str) and item), "")
    return ""


def _now(value: Data) -> str:
    return "" if value is None or isinstance(value, Mapping | tuple) else str(value)[:40]

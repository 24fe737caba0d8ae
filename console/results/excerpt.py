"""The value of a data feed as JSON of a bounded size, and back, so that whoever fills in titles sees what will stand
in them.

Rows that are counted from 1 and rows by bib stay such: a `Ranked` is `{"ranked": [...]}`, a `Keyed` is
`{"keyed": {...}}`, any other mapping `{"named": {...}}`. What does not fit is left out from the end; a mapping that was
cut becomes a `Keyed`, so a path to what is missing is empty and no mistake.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from console.results.data import Data, Keyed, Ranked

CHARACTERS = 12_000
"""Of all names and texts together: a final with its start list is 6,000."""
ROWS, TEXT = 40, 200
"""Rows of a table that a title can draw, and characters of a text that are worth reading in a list."""
_DEPTH = 8


def excerpt(value: Data, characters: int = CHARACTERS) -> Any:
    """The beginning of a value as JSON."""
    return _cut(value, [characters], 0)


def _cut(value: Data, left: list[int], depth: int) -> Any:
    """`left` holds the characters that are left for all that follows."""
    if isinstance(value, str):
        left[0] -= min(len(value), TEXT) + 3
        return value[:TEXT]
    if isinstance(value, tuple):
        rows = []
        for item in value[:ROWS]:
            if left[0] <= 0 or depth >= _DEPTH:
                break
            rows.append(_cut(item, left, depth + 1))
        return {"ranked": rows} if isinstance(value, Ranked) else rows
    if isinstance(value, Mapping):
        found: dict[str, Any] = {}
        for name, item in value.items():
            left[0] -= len(name) + 4
            if left[0] <= 0 or depth >= _DEPTH:
                return {"keyed": found}
            found[name] = _cut(item, left, depth + 1)
        return {"keyed" if isinstance(value, Keyed) else "named": found}
    left[0] -= 8
    return value


def restored(data: Any) -> Data:
    """What `excerpt` gave, as a value that titles are bound to. Total: what is nothing of the kind is None."""
    return _restored(data, 0)


def _restored(data: Any, depth: int) -> Data:
    if depth > 2 * _DEPTH:
        return None
    if isinstance(data, list):
        return tuple(_restored(item, depth + 1) for item in data)
    if isinstance(data, dict):
        if isinstance(rows := data.get("ranked"), list):
            return Ranked(_restored(item, depth + 1) for item in rows)
        for word, kind in (("named", dict), ("keyed", Keyed)):
            if isinstance(items := data.get(word), dict):
                return kind((str(name), _restored(item, depth + 1)) for name, item in items.items())
        return None
    return data if isinstance(data, str | int | float | bool) else None

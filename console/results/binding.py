"""Titles filled in from data feeds: `{FEED.path}` in a field becomes text, or a table's rows.

    {race.event}                 a text of the results feed `race`
    {race.result.1.name}         a row of a result; results are counted from 1
    {scores.0.home}              a row of a table or JSON list; they are counted from 0
    {timing.best:time}           a number of seconds as 9.58 or 1:42.33; `:wind` as +0.9
    {race.result}                alone in its field: all rows, for a table of the template
    {{ and }}                    braces

What is not there is empty, never a guess; a name that no feed has is told as a trouble; a row beyond the last, or a bib
that nobody wears, is not (a template has eight rows whether or not eight ran).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from console.results.data import Data, Keyed, Ranked, Row
from console.results.timing import time_text, wind_text
from console.show.world import Title

MOST_CHARACTERS = 4000
"""Of a field that is filled in."""
_PARTS = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
_INDEX = re.compile(r"\d{1,6}", re.ASCII)
FORMATS: dict[str, Callable[[str | float], str]] = {"time": time_text, "wind": wind_text}

Feeds: TypeAlias = Mapping[str, "Data"]
"""The value of each feed by its id; None while it has none yet."""
Bound: TypeAlias = str | tuple[Row, ...]
"""What a field is filled with."""


@dataclass(frozen=True)
class Filled:
    """A title's fields with their data in them."""

    fields: dict[str, Bound]
    troubles: tuple[str, ...] = ()
    """A sentence for each binding that can't be followed."""


class _MissingError(Exception):
    """A path that leads nowhere; its text says why."""


def fill(title: Title, feeds: Feeds) -> Filled:
    """All fields of a title."""
    fields: dict[str, Bound] = {}
    troubles: list[str] = []
    for field in title.fields:
        fields[field.name], wrong = bind(field.value, feeds)
        troubles += [f'Field "{field.name}": {sentence}' for sentence in wrong]
    return Filled(fields, tuple(troubles))


def bind(text: str, feeds: Feeds) -> tuple[Bound, tuple[str, ...]]:
    """One field's text with its data in it, and the troubles with that."""
    alone = _PARTS.fullmatch(text.strip())
    if alone and alone[1] is not None:
        try:
            rows = _rows(_found(alone[1].partition(":")[0], feeds))
        except _MissingError as missing:
            return "", (str(missing),)
        if rows is not None:
            return rows, ()
    troubles: list[str] = []

    def replaced(part: re.Match[str]) -> str:
        if part[0] in {"{{", "}}"}:
            return part[0][0]
        if part[1] is None:
            troubles.append(f"A single {part[0]} is neither a binding nor {part[0] * 2}.")
            return part[0]
        path, _, form = part[1].partition(":")
        try:
            return _text(path, _found(path, feeds), form)
        except _MissingError as missing:
            troubles.append(str(missing))
            return ""

    return _PARTS.sub(replaced, text)[:MOST_CHARACTERS], tuple(dict.fromkeys(troubles))


def _found(path: str, feeds: Feeds) -> Data:
    """What a path leads to; None for a row or bib that is not there, or a feed without data. Raises _MissingError."""
    feed, *names = (part.strip() for part in path.split("."))
    if feed not in feeds:
        raise _MissingError(f'There is no data feed "{feed}".')
    value = feeds[feed]
    for depth, name in enumerate(names, 1):
        if value is None:
            return None
        if isinstance(value, Mapping) and name in value:
            value = value[name]
        elif isinstance(value, tuple) and _INDEX.fullmatch(name):
            index = int(name) - isinstance(value, Ranked)
            value = value[index] if 0 <= index < len(value) else None
        elif isinstance(value, Keyed):
            return None
        else:
            raise _MissingError(f'{".".join([feed, *names[: depth - 1]])} has no "{name}".')
    return value


def _rows(value: Data) -> tuple[Row, ...] | None:
    """A table's rows with all their cells as text; None for what is no table."""
    if not isinstance(value, tuple):
        return None
    return tuple(
        {key: _plain(cell) for key, cell in row.items() if not isinstance(cell, tuple | Mapping)}
        if isinstance(row, Mapping)
        else {"0": _plain(row)}
        for row in value
        if not isinstance(row, tuple)
    )


def _text(path: str, value: Data, form: str) -> str:
    if isinstance(value, tuple | Mapping):
        raise _MissingError(f"{path} is a table, and can only stand alone in a field.")
    if not form:
        return _plain(value)
    if form not in FORMATS:
        raise _MissingError(f'There is no format "{form}"; there are {" and ".join(FORMATS)}.')
    if isinstance(value, bool) or value is None:
        return ""
    return _plain(FORMATS[form](_number(value)))


def _number(value: str | float) -> str | float:
    """Seconds sent as a text with a decimal point are formatted with the decimals they have."""
    return value if isinstance(value, str) else float(value)


def _plain(value: Data) -> str:
    if value is None or isinstance(value, tuple | Mapping):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _CONTROLS.sub(" ", str(value))

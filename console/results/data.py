"""What a feed gives to graphics: nested values, the same for a results feed, a table and JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

Data: TypeAlias = "str | int | float | bool | tuple[Data, ...] | Mapping[str, Data] | None"
"""Lists are tuples, counted from 0; a `Ranked` from 1."""
Row: TypeAlias = Mapping[str, str]


class Keyed(dict[str, Data]):
    """What is looked up by something of the data, such as a bib: a key that is not there is empty, not a mistake."""

    __slots__ = ()


class Ranked(tuple[Data, ...]):
    """Rows in the order of a result: the first is number 1."""

    __slots__ = ()

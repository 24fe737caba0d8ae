"""Shows as JSON: the show file, what `/show` and `/live` send, and what the journal keeps.

A show file is `{"podium": 1, "setup": {...}, "air": {...}}`. A field this version does not know, or a number above
`SCHEMA`, is refused by name: silently dropping part of a show would be found out on air.
"""

from __future__ import annotations

import dataclasses
import math
import types
from enum import StrEnum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from console.media.time import Format, parse_format
from console.show.checks import ID, Fault, check_all
from console.show.model import KEYERS, Air, Setup, Show
from console.show.world import Group

SCHEMA = 1
_PARTS_KEPT = 20_000


class ShowFileError(ValueError):
    """A show can't be read; the text names the field and what is wrong with it."""


def to_json(value: Any) -> Any:
    """Plain JSON data of a show or a part of it."""
    if isinstance(value, Format):
        return str(value)
    if dataclasses.is_dataclass(value):
        return {field.name: to_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, tuple | list):
        return [to_json(item) for item in value]
    return value


class Encoder:
    """`to_json` for a show that changes piece by piece: frozen parts that it has seen are not gone through again.

    What it gives shares these pieces, so it is not to be changed.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[Any, Any]] = {}

    def encode(self, value: Any) -> Any:
        """Plain JSON data of a show or a part of it."""
        if isinstance(value, tuple):
            return [self.encode(item) for item in value]
        if isinstance(value, Format) or not dataclasses.is_dataclass(value):
            return to_json(value)
        known = self._known.get(id(value))
        if known is not None:  # the id is still its own: it is kept with what it stands for
            return known[1]
        if len(self._known) >= _PARTS_KEPT:
            self._known.clear()
        data = {field.name: self.encode(getattr(value, field.name)) for field in dataclasses.fields(value)}
        self._known[id(value)] = (value, data)
        return data


@cache
def _hints(kind: type) -> dict[str, Any]:
    """The fields of a dataclass, with their types."""
    return get_type_hints(kind)


def from_json(kind: Any, data: Any, where: str = "show") -> Any:
    """The reverse of `to_json` for dataclass `kind`. Raises ShowFileError that names the field."""
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        if data is None:
            return None
        kind = next(option for option in get_args(kind) if option is not type(None))
        origin = get_origin(kind)
    if kind is Format:
        return _format(data, where)
    if dataclasses.is_dataclass(kind):
        return _object(kind, data, where)
    if origin is tuple:
        if not isinstance(data, list):
            raise ShowFileError(f"'{where}' must be a list")
        return tuple(from_json(get_args(kind)[0], item, f"{where}[{index}]") for index, item in enumerate(data))
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        try:
            return kind(data)
        except ValueError:
            raise ShowFileError(f"'{where}' must be one of {', '.join(kind)}") from None
    plain = getattr(kind, "__supertype__", kind)  # NewType
    if plain is float:
        return _number(data, where)
    if type(data) is not plain:
        raise ShowFileError(f"'{where}' must be a {plain.__name__}, not {data!r:.40}")
    return data


def _number(data: Any, where: str) -> float:
    """A finite number; JSON writes a whole one without a point."""
    if type(data) not in (int, float):
        raise ShowFileError(f"'{where}' must be a number, not {data!r:.40}")
    try:
        number = float(data)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ShowFileError(f"'{where}' must be a finite number")
    return number


def _format(data: Any, where: str) -> Format:
    try:
        return parse_format(data if isinstance(data, str) else repr(data))
    except ValueError as error:
        raise ShowFileError(f"'{where}': {error}") from None


def _object(kind: Any, data: Any, where: str) -> Any:
    if not isinstance(data, dict):
        raise ShowFileError(f"'{where}' must be an object")
    hints = _hints(kind)
    if unknown := data.keys() - hints.keys():
        raise ShowFileError(f"'{where}' has the unknown field '{min(map(str, unknown)):.40}'")
    values = {key: from_json(hints[key], item, f"{where}.{key}") for key, item in data.items()}
    try:
        return kind(**values)
    except TypeError:
        missing = [
            field.name
            for field in dataclasses.fields(kind)
            if field.name not in values
            and field.default is dataclasses.MISSING
            and field.default_factory is dataclasses.MISSING
        ]
        raise ShowFileError(f"'{where}' lacks '{missing[0]}'") from None


def show_to_file(show: Show) -> dict[str, Any]:
    """What a show file holds."""
    return {"podium": SCHEMA, "setup": to_json(show.setup), "air": to_json(show.air)}


def show_from_file(data: Any) -> Show:
    """Read a show file's JSON. Raises ShowFileError."""
    if not isinstance(data, dict) or type(data.get("podium")) is not int:
        raise ShowFileError("This is not a Podium show: the field 'podium' with the schema's number is missing")
    if data["podium"] > SCHEMA:
        raise ShowFileError(
            f"The show was written by a newer Podium (schema {data['podium']}, this one reads {SCHEMA})"
        )
    if unknown := data.keys() - {"podium", "setup", "air"}:
        raise ShowFileError(f"The show has the unknown field '{min(map(str, unknown)):.40}'")
    setup = from_json(Setup, data.get("setup", {}), "setup")
    air = from_json(Air, data.get("air", {}), "air")
    _check(setup, air)
    return Show(setup, air)


def _check(setup: Setup, air: Air) -> None:
    ids = [source.id for source in setup.sources]
    if len(set(ids)) != len(ids):
        raise ShowFileError("'setup.sources' has one id twice")
    if odd := [source for source in ids if not ID.fullmatch(source)]:
        raise ShowFileError(f"'setup.sources' has '{odd[0]:.40}', which is no source id")
    if any(len(each) != KEYERS for each in (setup.keyers, setup.titles, air.keyers_on, air.keyers_preview, air.titles)):
        raise ShowFileError(f"A show has {KEYERS} keyers")
    if len(air.tracked) != len(Group):
        raise ShowFileError(f"'air.tracked' has one for each of {', '.join(Group)}")
    try:
        check_all(setup)
    except Fault as fault:
        raise ShowFileError(f"'setup': {fault}") from None
    used = {"air.program": air.program, "air.preview": air.preview, "air.move.to": air.move.to if air.move else None}
    used |= {f"setup.keyers[{index}]": source for index, source in enumerate(setup.keyers)}
    for where, source in used.items():
        if source is not None and source not in ids:
            raise ShowFileError(f"'{where}' names the source '{source}', which is not in 'setup.sources'")
    for move in (air.move.transition if air.move else None, air.transition, air.fade):
        if move is not None and move.rate_frames < 1:
            raise ShowFileError("'rate_frames' must be at least 1")

"""JSON objects as frozen dataclasses and back, by what the fields' types and `key` say.

A field is `name: float | None = key("nameInJson")`; types are `float`, `int`, `bool`, `str`, `Fraction` (an object of
num and denom), another such dataclass, tuples of these, and `Json` (anything, kept as it is). A key that is missing
gives None, or is refused when the type does not allow None; an unknown key is left alone.
"""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from fractions import Fraction
from typing import Any, TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints

from console.tracking.packet import PacketRefused

Json: TypeAlias = Any
T = TypeVar("T")
_Reader: TypeAlias = Callable[[Any, str], Any]


@dataclass(frozen=True)
class _Rule:
    name: str
    above: float
    least: float


def key(name: str, *, above: float = -math.inf, least: float = -math.inf, default: Any = None) -> Any:
    """A field of the JSON key `name`, whose number is greater than `above` and not less than `least`."""
    return field(default=default, metadata={"rule": _Rule(name, above, least)})


def needed(name: str) -> Any:
    """A field of the JSON key `name` that must be there."""
    return field(metadata={"rule": _Rule(name, -math.inf, -math.inf)})


@dataclass(frozen=True)
class _Ratio:
    num: int = field(metadata={"rule": _Rule("num", 0, -math.inf)})
    denom: int = field(metadata={"rule": _Rule("denom", 0, -math.inf)})


def _number(rule: _Rule, whole: bool) -> _Reader:
    def read_number(value: Any, path: str) -> float | int:
        if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
            raise PacketRefused(f"{path} is no {'whole ' if whole else ''}number")
        if not rule.above < value or not rule.least <= value:
            raise PacketRefused(f"{path} is {value}, which can't be")
        return value if whole else float(value)

    return read_number


def _instance(kind: type, called: str) -> _Reader:
    def read_instance(value: Any, path: str) -> Any:
        if not isinstance(value, kind):
            raise PacketRefused(f"{path} is no {called}")
        return value

    return read_instance


def _rational(value: Any, path: str) -> Fraction:
    ratio = read(_Ratio, value, path)
    return Fraction(ratio.num, ratio.denom)


def _sequence(item: _Reader) -> _Reader:
    def read_sequence(value: Any, path: str) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise PacketRefused(f"{path} is no list")
        return tuple(item(part, f"{path}[{index}]") for index, part in enumerate(value))

    return read_sequence


def _reader(hint: Any, rule: _Rule) -> _Reader:
    if get_origin(hint) is tuple:
        return _sequence(_reader(get_args(hint)[0], rule))
    if hint in (float, int):
        return _number(rule, hint is int)
    if hint is Fraction:
        return _rational
    if is_dataclass(hint):
        shape = hint if isinstance(hint, type) else type(hint)
        return lambda value, path: read(shape, value, path)
    if hint in (bool, str):
        return _instance(hint, "yes or no" if hint is bool else "text")
    return lambda value, path: value  # noqa: ARG005 - Json: whatever it is


_Plan: TypeAlias = tuple[tuple[str, str, _Reader, bool], ...]
_plans: dict[Any, _Plan] = {}


def _plan(shape: Any) -> _Plan:
    """Of each field: its name, its key, its reader, whether it may be missing. Made once for each class."""
    if shape in _plans:
        return _plans[shape]
    hints = get_type_hints(shape)
    found = []
    for item in fields(shape):
        hint = hints[item.name]
        if get_origin(hint) in (Union, types.UnionType):
            (hint,) = (part for part in get_args(hint) if part is not type(None))
        rule: _Rule = item.metadata["rule"]
        optional = item.default is not MISSING
        found.append((item.name, rule.name, _reader(hint, rule), optional))
    return _plans.setdefault(shape, tuple(found))


def read(shape: type[T], value: Any, path: str) -> T:
    """The dataclass of a JSON object; `path` is what to call it. Raises PacketRefused."""
    if not isinstance(value, Mapping):
        raise PacketRefused(f"{path} is no object")
    found = {}
    for name, json_key, reader, optional in _plan(shape):
        if (part := value.get(json_key)) is not None:
            found[name] = reader(part, f"{path}.{json_key}")
        elif not optional:
            raise PacketRefused(f"{path} has no {json_key}")
    return shape(**found)


def written(value: Any) -> Json:
    """The JSON value of such a dataclass, or of a part of it; what is None is left out."""
    if is_dataclass(value):
        parts = ((json_key, getattr(value, name)) for name, json_key, _, _ in _plan(type(value)))
        return {json_key: written(part) for json_key, part in parts if part is not None}
    if isinstance(value, Fraction):
        return {"num": value.numerator, "denom": value.denominator}
    if isinstance(value, tuple):
        return [written(part) for part in value]
    return value

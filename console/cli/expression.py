"""The expressions of `podium ctl wait`: comparisons over the status, joined by `and` and `or`.

`sources.cam1.state == live and late_ticks == 0`: a path of keys, an operator (== != < <= > >=) and a JSON value or a
bare word; a path alone asks whether it is there and neither false, zero nor empty. `and` binds tighter than `or`.
A path that is not there makes its comparison false. Keys with dots in them (addresses) stand in brackets:
`outputs[rtmp://host/app/***].state == live`; `outputs[*].state == live` asks it of every one.
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable
from typing import Any

from console.errors import UsageError

Expression = Callable[[dict[str, Any]], bool]
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
_TERM = re.compile(
    r"""\s*(?P<path>[\w\-]+(?:\.[\w\-*]+|\[[^\]]+\])*)\s*(?:(?P<op>[=!<>]=|<|>)\s*(?P<value>\S+|"[^"]*"|'[^']*'))?\s*"""
)
_STEP = re.compile(r"\.?([\w\-*]+)|\[([^\]]+)\]")
_MISSING = object()


def parse_expression(text: str) -> Expression:
    """Read an expression. Raises UsageError that names the part that can't be read."""
    options = [
        [_term(part) for part in re.split(r"\s+and\s+", option)] for option in re.split(r"\s+or\s+", text.strip())
    ]
    return lambda status: any(all(term(status) for term in terms) for terms in options)


def _term(text: str) -> Expression:
    match = _TERM.fullmatch(text)
    if match is None:
        raise UsageError(f"'{text}' is no comparison", "Write PATH OPERATOR VALUE, such as sources.cam1.state == live")
    steps = [name or bracketed for name, bracketed in _STEP.findall(match["path"])]
    if match["op"] is None:
        return lambda status: all(bool(value) and value is not _MISSING for value in _values(status, steps))
    compare, value = _OPERATORS[match["op"]], _value(match["value"])

    def holds(found: Any) -> bool:
        try:
            return found is not _MISSING and compare(found, value)
        except TypeError:
            return False

    return lambda status: all(holds(found) for found in _values(status, steps))


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        word = text.strip("'\"")
        return {"None": None, "True": True, "False": False}.get(word, word)


def _values(value: Any, steps: list[str]) -> list[Any]:
    for index, step in enumerate(steps):
        if step == "*" and isinstance(value, dict):
            return [found for item in value.values() for found in _values(item, steps[index + 1 :])] or [_MISSING]
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return [_MISSING]
    return [value]

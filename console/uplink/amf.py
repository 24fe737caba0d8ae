"""AMF0, the values of RTMP commands (Adobe, "Action Message Format -- AMF 0"), written and read with suspicion."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import TypeAlias

Value: TypeAlias = "float | bool | str | dict[str, Value] | list[Value] | None"

_NUMBER, _BOOLEAN, _STRING, _OBJECT, _NULL, _UNDEFINED, _ECMA, _END, _STRICT, _DATE, _LONG = (
    *(0, 1, 2, 3, 5, 6, 8, 9, 10, 11, 12),
)
_DEPTH_MAX = 16
_ITEMS_MAX = 1024


class Named(dict[str, Value]):
    """A dictionary that is written as an ECMA array, as `onMetaData` wants it."""


def encode(*values: Value) -> bytes:
    """The values one after the other."""
    return b"".join(map(_encode, values))


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack(">H", len(data)) + data


def _encode(value: Value) -> bytes:
    if value is None:
        return bytes((_NULL,))
    if isinstance(value, bool):
        return bytes((_BOOLEAN, value))
    if isinstance(value, int | float):
        return struct.pack(">Bd", _NUMBER, value)
    if isinstance(value, str):
        data = value.encode()
        return struct.pack(">BI", _LONG, len(data)) + data if len(data) > 0xFFFF else bytes((_STRING,)) + _text(value)
    if isinstance(value, list):
        return struct.pack(">BI", _STRICT, len(value)) + encode(*value)
    kind = struct.pack(">BI", _ECMA, len(value)) if isinstance(value, Named) else bytes((_OBJECT,))
    return kind + b"".join(_text(name) + _encode(item) for name, item in value.items()) + bytes((0, 0, _END))


def decode(data: bytes) -> list[Value]:
    """All values of a message. Raises ValueError for what is not AMF0, or is nested or long beyond reason."""
    reader = _Reader(data)
    values: list[Value] = []
    while reader.left:
        values.append(reader.value(0))
        if len(values) > _ITEMS_MAX:
            raise ValueError("too many AMF values")
    return values


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._items = 0

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def _take(self, count: int) -> bytes:
        if count > self.left:
            raise ValueError("an AMF value is cut short")
        self._at += count
        return self._data[self._at - count : self._at]

    def _text(self, form: str = ">H") -> str:
        (length,) = struct.unpack(form, self._take(struct.calcsize(form)))
        return self._take(length).decode(errors="replace")

    def _pairs(self, depth: int) -> dict[str, Value]:
        pairs: dict[str, Value] = {}
        while True:
            name = self._text()
            if not name and self.left and self._data[self._at] == _END:
                self._at += 1
                return pairs
            pairs[name] = self.value(depth + 1)

    def value(self, depth: int) -> Value:
        """The next value."""
        self._items += 1
        if depth > _DEPTH_MAX or self._items > _ITEMS_MAX:
            raise ValueError("an AMF value is nested too deep or too long")
        kind = self._take(1)[0]
        if kind == _NUMBER:
            return float(struct.unpack(">d", self._take(8))[0])
        if kind == _BOOLEAN:
            return self._take(1) != b"\0"
        if kind in (_STRING, _LONG):
            return self._text(">H" if kind == _STRING else ">I")
        if kind in (_NULL, _UNDEFINED):
            return None
        if kind == _DATE:
            return float(struct.unpack(">dh", self._take(10))[0])
        return self._compound(kind, depth)

    def _compound(self, kind: int, depth: int) -> Value:
        if kind == _OBJECT:
            return self._pairs(depth)
        if kind == _ECMA:
            self._take(4)
            return Named(self._pairs(depth))
        if kind == _STRICT:
            (count,) = struct.unpack(">I", self._take(4))
            if count > min(_ITEMS_MAX, self.left):
                raise ValueError("an AMF array is longer than its message")
            return [self.value(depth + 1) for _ in range(count)]
        raise ValueError(f"AMF type {kind} is not known")


def text_at(values: Sequence[Value], index: int) -> str:
    """A value that should be text; empty when it is not there or is something else."""
    value = values[index] if index < len(values) else None
    return value if isinstance(value, str) else ""


def table_at(values: Sequence[Value], index: int) -> dict[str, Value]:
    """A value that should be an object; empty when it is not there or is something else."""
    value = values[index] if index < len(values) else None
    return value if isinstance(value, dict) else {}

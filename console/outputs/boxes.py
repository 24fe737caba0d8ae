"""Boxes of the ISO base media file format (ISO/IEC 14496-12): made, walked and found."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple


def box(kind: bytes, *parts: bytes) -> bytes:
    """A box: 32-bit size, four letters, payload (4.2)."""
    return struct.pack(">I4s", 8 + sum(map(len, parts)), kind) + b"".join(parts)


def full_box(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    """A box that begins with a version and 24 bits of flags."""
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


class Box(NamedTuple):
    """A box in a buffer: its letters, where its payload starts and where it ends."""

    kind: bytes
    payload: int
    end: int


def walk(data: bytes | memoryview, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """The boxes that lie one after the other in `data[start:end]`. Raises ValueError where that is not so."""
    end = len(data) if end is None else end
    while start < end:
        if end - start < 8:
            raise ValueError("a box header is cut short")
        size, kind = struct.unpack_from(">I4s", data, start)
        payload = start + 8
        if size == 1:
            if end - start < 16:
                raise ValueError("a box header is cut short")
            (size,) = struct.unpack_from(">Q", data, start + 8)
            payload += 8
        if size < payload - start or start + size > end:
            raise ValueError(f"box {kind!r} says {size} bytes where {end - start} are left")
        yield Box(kind, payload, start + size)
        start += size


def find(data: bytes | memoryview, *path: bytes, start: int = 0, end: int | None = None) -> Box | None:
    """The first box at a path of nested containers, such as `find(data, b"moov", b"trak")`; None when not there."""
    for found in walk(data, start, end):
        if found.kind == path[0]:
            if len(path) == 1:
                return found
            return find(data, *path[1:], start=found.payload, end=found.end)
    return None

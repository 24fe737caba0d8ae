"""Recordings of tracking: every datagram with its time, to be looked at, decoded and sent again.

The file is lines of JSON. The first says what it is:

    {"podium_tracking": 1, "protocol": "freed", "began_unix_ns": 1790000000000000000}

each further one is a datagram: nanoseconds since the first line, who sent it, and its bytes in base64.

    {"at_ns": 16666667, "from": "10.0.0.5:40000", "data": "0QEAAAD..."}

A line that is cut off or can't be is named with its number and skipped.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from console.errors import ConsoleError
from console.media.clock import Clock
from console.tracking.packet import MAX_DATAGRAM_BYTES, TrackingProtocol

BEGINS_WITH = b'{"podium_tracking":'
VERSION = 1
_MAX_LINE_BYTES = 2 * MAX_DATAGRAM_BYTES
_MAX_AT_NS = 30 * 24 * 3600 * 1_000_000_000


@dataclass(frozen=True, slots=True)
class Recorded:
    """One datagram."""

    at_ns: int
    sender: str
    data: bytes


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is no datagram."""

    reason: str


class Recorder:
    """Writes a recording. Raises ConsoleError when the file can't be written."""

    def __init__(self, path: Path, protocol: TrackingProtocol, clock: Clock) -> None:
        self._path = path
        self._began_ns = clock.now()
        try:
            self._file = path.open("wb")
        except OSError as error:
            raise ConsoleError(f"Can't record to {path}: {error.strerror}") from error
        self._write({"podium_tracking": VERSION, "protocol": protocol.value, "began_unix_ns": clock.unix_ns()})

    def write(self, data: bytes, sender: str, received_ns: int) -> None:
        """Add a datagram that came at a monotonic time."""
        at_ns = max(received_ns - self._began_ns, 0)
        self._write({"at_ns": at_ns, "from": sender, "data": base64.b64encode(data).decode()})

    def _write(self, line: dict[str, Any]) -> None:
        try:
            self._file.write(json.dumps(line).encode() + b"\n")
        except OSError as error:
            raise ConsoleError(f"Can't record to {self._path}: {error.strerror}") from error

    def close(self) -> None:
        """Write what waits and close."""
        try:
            self._file.close()
        except OSError as error:
            raise ConsoleError(f"Can't record to {self._path}: {error.strerror}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read_recording(file: BinaryIO) -> Iterator[Recorded | BadLine]:
    """The datagrams of a recording, in order, of any length of file. Raises ConsoleError when it is none."""
    header = _object(file.readline(_MAX_LINE_BYTES))
    if header is None or header.get("podium_tracking") != VERSION:
        raise ConsoleError("The file is no recording of tracking, or one of a later version")
    number, last_ns = 1, 0
    while line := file.readline(_MAX_LINE_BYTES):
        number += 1
        while not line.endswith(b"\n") and len(line) >= _MAX_LINE_BYTES:  # its rest belongs to no line
            line = file.readline(_MAX_LINE_BYTES)
        found = _recorded(line)
        if found is None:
            yield BadLine(f"Line {number} is no datagram")
        elif found.at_ns < last_ns:
            yield BadLine(f"Line {number} goes back in time")
        else:
            last_ns = found.at_ns
            yield found


def recorded_protocol(file: BinaryIO) -> TrackingProtocol:
    """What the recording that begins here is of. Raises ConsoleError; the file stands after the first line."""
    header = _object(file.readline(_MAX_LINE_BYTES)) or {}
    try:
        return TrackingProtocol(str(header.get("protocol")))
    except ValueError as error:
        raise ConsoleError("The recording does not say of which protocol it is") from error


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _recorded(line: bytes) -> Recorded | None:
    value = _object(line) or {}
    at_ns, sender, data = (value.get(name) for name in ("at_ns", "from", "data"))
    if type(at_ns) is not int or not 0 <= at_ns <= _MAX_AT_NS or not isinstance(data, str):
        return None
    try:
        content = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(content) > MAX_DATAGRAM_BYTES:
        return None
    return Recorded(at_ns, str(sender or ""), content)


def replay(datagrams: Iterable[Recorded], send: Callable[[bytes], None], clock: Clock, speed: float = 1.0) -> int:
    """Send datagrams again with their distances in time, divided by `speed`; how many there were."""
    count, began_ns, first_ns = 0, clock.now(), None
    for datagram in datagrams:
        if first_ns is None:
            first_ns = datagram.at_ns
        clock.wait_until(began_ns + round((datagram.at_ns - first_ns) / speed))
        send(datagram.data)
        count += 1
    return count

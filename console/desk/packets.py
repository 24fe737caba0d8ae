"""What the packet inspector shows of a tracking input, as text and rows. Pure: from what was measured to words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from console.desk.status import StreamReading, TrackingReading

NOT_UNDERSTOOD, RECEIVING, SILENT = "receiving, but not understood", "receiving", "silent"
_CELLS_MOST, _TEXT_MOST = 400, 200


def hex_lines(raw: str, total: int, per_line: int) -> str:
    """Bytes given in hexadecimal as lines of offset, bytes and ASCII; what is cut off of `total` is told at the end."""
    try:
        data = bytes.fromhex(raw)
    except ValueError:
        return "These are no bytes"
    lines = []
    for at in range(0, len(data), per_line):
        part = data[at : at + per_line]
        shown = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
        lines.append(f"{at:04x}  {part.hex(' '):<{3 * per_line - 1}}  {shown}")
    if total > len(data):
        lines.append(f"... and {total - len(data)} bytes more")
    return "\n".join(lines)


def field_rows(decoded: Any) -> list[tuple[str, str, str]]:
    """The fields of a packet as (path, indented name, value), at most 400; a short list of numbers is one value."""
    found: list[tuple[str, str, str]] = []
    for row in _rows(decoded, "", 0):
        found.append(row)
        if len(found) == _CELLS_MOST:
            break
    return found


def _rows(value: Any, path: str, depth: int) -> Iterator[tuple[str, str, str]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in items:
        inner = f"{path}.{name}" if path else str(name)
        label = "    " * depth + (str(name) if isinstance(value, dict) else f"[{name}]")
        if isinstance(part, dict | list) and part and not _is_flat(part):
            yield inner, label, ""
            yield from _rows(part, inner, depth + 1)
        else:
            yield inner, label, _text(part)


def _is_flat(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= 4 and not any(isinstance(part, dict | list) for part in value)


def _text(value: Any) -> str:
    if value is None:
        return "not sent"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.5f}".rstrip("0").rstrip(".")
    if isinstance(value, list):
        return "   ".join(_text(part) for part in value) or "none"
    if isinstance(value, dict):
        return "none"
    return str(value)[:_TEXT_MOST]


def age_text(age_ms: float | None) -> str:
    """How long ago something was: `12 ms`, `3.4 s`, `never`."""
    if age_ms is None:
        return "never"
    if age_ms < 1000:
        return f"{age_ms:.0f} ms"
    return f"{age_ms / 1000:.1f} s" if age_ms < 100_000 else f"{age_ms / 60_000:.0f} min"


def state_word(reading: TrackingReading | None) -> str:
    """The state of an input in capitals, as a word that can't be overlooked where it must not be."""
    if reading is None:
        return "STARTING"
    if reading.port is None:
        return "▲ NOT LISTENING"
    if reading.state == NOT_UNDERSTOOD:
        return "▲ NOT UNDERSTOOD"
    return reading.state.upper() or "STARTING"


def unknown_lines(reading: TrackingReading) -> list[str]:
    """A sentence for each camera that was heard and is not configured."""
    return [f"Camera {name} is not configured: {count} packets" for name, count in reading.unknown_cameras.items()]


def counter_line(reading: TrackingReading) -> str:
    """What was counted; what never happened is left out but for the first two."""
    parts = [f"{reading.understood} understood", f"{reading.refused} refused"]
    others = (
        (reading.lost, "lost"),
        (reading.repeated, "came twice"),
        (reading.dropped, "dropped"),
        (reading.intruded, "of a second sender"),
        (reading.time_back, "times back in time"),
        (reading.mod255, "with the checksum of OpenTrackIO 1.0.0"),
    )
    return ", ".join(parts + [f"{count} {word}" for count, word in others if count])


def sender_text(stream: StreamReading) -> str:
    """Who sends one stream; two are a fault and named as one."""
    if len(stream.senders) > 1:
        return f"{len(stream.senders)} SENDERS: {', '.join(stream.senders)}"
    return stream.senders[0] if stream.senders else "nobody now"

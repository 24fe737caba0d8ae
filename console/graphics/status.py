"""What the graphics process tells of itself, as plain data: its inputs for the packet inspector, and its troubles."""

from __future__ import annotations

import json
import logging
from typing import Any

from console.errors import ConsoleError
from console.graphics.inputs import Input
from console.tracking.described import described
from console.tracking.health import Health

log = logging.getLogger("console.graphics")

_DECODED_BYTES, _SOURCES_MOST, _TROUBLES_MOST = 8192, 64, 50


class Troubles:
    """What is wrong, by what it is wrong with: logged when it comes and when it has gone, not in between."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def tell(self, about: str, sentence: str) -> None:
        """Something is wrong with `about`."""
        if self._known.get(about) != sentence and len(self._known) < _TROUBLES_MOST:
            self._known[about] = sentence
            log.warning("%s", sentence)

    def mend(self, about: str) -> None:
        """Nothing is wrong with `about` any more."""
        if (sentence := self._known.pop(about, None)) is not None:
            log.info("no more: %s", sentence)

    def forget(self, beginning: str) -> None:
        """What was wrong with all of which the name begins so was with what is there no more."""
        for about in [about for about in self._known if about.startswith(beginning)]:
            del self._known[about]

    def __contains__(self, about: str) -> bool:
        return about in self._known

    @property
    def sentences(self) -> list[str]:
        """All that is wrong."""
        return list(dict.fromkeys(self._known.values()))


def fault(error: Exception) -> str:
    """What to say of an error that came up while something was drawn."""
    return str(error) if isinstance(error, ConsoleError) else f"{type(error).__name__}: {error}"


def age_ms(then_ns: int, now_ns: int) -> float | None:
    """How long ago that was, not less than 0 if it came while this was asked; None: never."""
    return max(0.0, round((now_ns - then_ns) / 1e6, 1)) if then_ns else None


def _decoded(one: Input) -> dict[str, Any] | None:
    """The fields of the last packet that was understood, cut down when there are very many."""
    if one.last is None:
        return None
    fields = described(one.last.sample, one.names)
    trackers = fields.get("trackers")
    if trackers and len(trackers) > 8:
        fields = {**fields, "trackers": trackers[:8], "more": len(trackers) - 8}
    if len(json.dumps(fields)) > _DECODED_BYTES:
        fields = {name: value for name, value in fields.items() if not isinstance(value, dict | list)} | {"cut": True}
    return fields


def input_status(one: Input, health: Health, now_ns: int) -> dict[str, Any]:
    """One input as the desk shows it. `raw` is the last datagram, `decoded` the last understood."""
    raw = one.raw
    return {
        "protocol": one.entry.protocol,
        "state": health.state,
        "port": one.port,
        "rate_hz": round(sum(source.rate_hz for source in health.sources), 1),
        "jitter_ms": round(max((source.jitter_ms for source in health.sources), default=0.0), 3),
        "understood": health.understood,
        "refused": health.refused,
        "last_error": health.last_refusal,
        "lost": health.lost,
        "repeated": health.repeated,
        "time_back": health.time_back,
        "mod255": health.mod255,
        "dropped": one.dropped(health),
        "intruded": one.intruded,
        "unknown_cameras": {str(number): count for number, (count, _) in one.unknown.items()},
        "sources": [
            {
                "id": source.id,
                "senders": source.senders,
                "rate_hz": round(source.rate_hz, 1),
                "jitter_ms": round(source.jitter_ms, 3),
                "lost": source.lost,
                "age_ms": age_ms(source.last_ns, now_ns),
            }
            for source in health.sources[-_SOURCES_MOST:]
        ],
        "age_ms": age_ms(health.last_ns, now_ns),
        "ages_ms": {str(number): age_ms(at_ns, now_ns) for number, at_ns in list(one.heard.items())[-_SOURCES_MOST:]},
        "raw": raw.data.hex() if raw else None,
        "raw_bytes": raw.length if raw else None,
        "raw_from": raw.sender if raw else None,
        "decoded": _decoded(one),
        "troubles": one.troubles(health, now_ns),
    }

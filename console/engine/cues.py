"""When HTML pages are told to play and to stop: as their sources come on program and leave it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from console.mix.plan import Lamp
from console.sources.address import is_page


def on_air(status: Mapping[str, Any], source: str) -> bool:
    """Whether the program shows a source, by the lamps of a status."""
    return status.get("tally", {}).get(source) in (Lamp.PROGRAM, Lamp.BOTH)


def cues(
    sources: Iterable[Mapping[str, Any]], before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[tuple[str, bool]]:
    """The pages among the sources that came on program (True) or left it (False) between two statuses."""
    for source in sources:
        now = on_air(after, source["id"])
        if now != on_air(before, source["id"]) and is_page(source["url"]):
            yield source["id"], now

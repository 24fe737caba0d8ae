"""What data feeds tell: a reader for each feed of the set-up, and their newest values for titles and subjects."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from console.graphics.inputs import Inputs
from console.graphics.world import Told
from console.media.clock import Clock
from console.results.data import Data
from console.results.excerpt import excerpt
from console.results.fetch import FeedReader
from console.show.world import DataFeed, World

_OF_PEOPLE = ("name", "country")


class Knowledge:
    """All feeds of the set-up."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._readers: dict[DataFeed, FeedReader] = {}
        self._rows: dict[str, Mapping[str, Any]] = {}
        self._excerpts: dict[DataFeed, tuple[Data, Any]] = {}

    def follow(self, world: World) -> None:
        """Read these feeds and no others; those that stay as they were go on."""
        wanted = {feed.id: feed for feed in world.feeds}.values()
        for feed in [feed for feed in self._readers if feed not in wanted]:
            reader = self._readers.pop(feed)
            self._excerpts.pop(feed, None)
            threading.Thread(target=reader.close, name=f"feed-close-{feed.id}", daemon=True).start()
        for feed in wanted:
            if feed not in self._readers:
                self._readers[feed] = FeedReader(feed, self._clock)
        self._rows = self._by_bib()

    def values(self) -> dict[str, Data]:
        """The newest value of each feed by its id."""
        return {feed.id: reader.value() for feed, reader in self._readers.items()}

    def told(self, inputs: Inputs) -> Told:
        """What is known of subjects beside where they are."""
        names = {f"{name}/{number}": text for name, one in inputs.inputs.items() for number, text in one.names.items()}
        fresh = [reader.poll() is not None for reader in self._readers.values()]
        if any(fresh):
            self._rows = self._by_bib()
        return Told(names, self._rows)

    def status(self) -> dict[str, Any]:
        """How each feed is; `value` is the beginning of what it says (`results.excerpt`)."""
        return {
            feed.id: reader.status() | {"value": self._excerpt(feed, reader)} for feed, reader in self._readers.items()
        }

    def _excerpt(self, feed: DataFeed, reader: FeedReader) -> Any:
        """Made anew when the value is another."""
        value = reader.value()
        known = self._excerpts.get(feed)
        if known is None or known[0] is not value:
            known = self._excerpts[feed] = (value, excerpt(value))
        return known[1]

    def close(self) -> None:
        """Stop reading."""
        for reader in self._readers.values():
            reader.close()
        self._readers = {}

    def _by_bib(self) -> dict[str, Mapping[str, Any]]:
        """Names and countries by bib; of two feeds the one that stands first in the set-up counts."""
        found: dict[str, Mapping[str, Any]] = {}
        for value in self.values().values():
            rows = value.get("bib") if isinstance(value, Mapping) else None
            if isinstance(rows, Mapping):
                told = {bib: row for bib, row in rows.items() if isinstance(row, Mapping)}
                found = {bib: {key: row.get(key) for key in _OF_PEOPLE} for bib, row in told.items()} | found
        return found

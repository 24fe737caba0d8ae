"""What an ODF-style message says, as frozen data.

A message is a header and, for results, the competitors of one *unit* (a heat, a final). Texts are as the feed sends
them, times without leading zeros; empty text means that it was not said.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

DAY_ENDS_MS = 3 * 3_600_000
"""A competition day goes on until three in the morning."""
HeaderKey: TypeAlias = tuple[str, str, str, str, str]
"""Competition, document, its subcode, type, subtype: what versions are counted for."""


class DocumentType(StrEnum):
    """What is understood of a feed; other types are read no further than their header."""

    RESULT = "DT_RESULT"
    START_LIST = "DT_START_LIST"
    CURRENT = "DT_CURRENT"
    PARTICIPANTS = "DT_PARTIC"
    PARTICIPANTS_UPDATE = "DT_PARTIC_UPDATE"
    KEEP_ALIVE = "DT_KA"
    OTHER = ""

    @classmethod
    def _missing_(cls, _value: object) -> DocumentType:
        return cls.OTHER


class ResultStatus(StrEnum):
    """How final a unit's result is."""

    START_LIST = "START_LIST"
    LIVE = "LIVE"
    INTERMEDIATE = "INTERMEDIATE"
    UNCONFIRMED = "UNCONFIRMED"
    PROVISIONAL = "PROVISIONAL"
    UNOFFICIAL = "UNOFFICIAL"
    PROTESTED = "PROTESTED"
    OFFICIAL = "OFFICIAL"


class Photo(StrEnum):
    """The photo finish of one competitor."""

    NONE = ""
    PENDING = "P"
    EVALUATED = "Y"


@dataclass(frozen=True)
class Header:
    """The attributes of `OdfBody`."""

    competition: str
    document: str
    """The RSC of what the message is about: 34 characters for a unit, filled up with `-`."""
    type_name: str
    version: int = 1
    status: ResultStatus | None = None
    test: bool = False
    """Feed flag `T`: never goes on air."""
    date: datetime.date = datetime.date(1970, 1, 1)
    """Of the venue, as is the time."""
    time_ms: int = 0
    """Since midnight."""
    logical_date: datetime.date | None = None
    """The competition day, as sent."""
    source: str = ""
    subcode: str = ""
    subtype: str = ""

    @property
    def key(self) -> HeaderKey:
        """What versions are counted for."""
        return self.competition, self.document, self.subcode, self.type_name, self.subtype

    @property
    def kind(self) -> DocumentType:
        """The type, if it is understood."""
        return DocumentType(self.type_name)

    @property
    def day(self) -> datetime.date:
        """The competition day: as sent, or the day that ends at 03:00."""
        if self.logical_date or self.time_ms >= DAY_ENDS_MS or self.date == datetime.date.min:
            return self.logical_date or self.date
        return self.date - datetime.timedelta(days=1)


@dataclass(frozen=True)
class Person:
    """An athlete or a team."""

    code: str
    given: str = ""
    family: str = ""
    country: str = ""
    """Three letters."""
    bib: str = ""
    tv_name: str = ""
    """As the feed wants it on screen; only participants have it."""
    tv_initial: str = ""
    """The same with the given name's initial."""

    @property
    def name(self) -> str:
        """For a graphic."""
        return self.tv_name or f"{self.given} {self.family.upper()}".strip()

    @property
    def short_name(self) -> str:
        """For a narrow graphic."""
        initial = f"{self.given[0].upper()}." if self.given else ""
        return self.tv_initial or f"{initial} {self.family.upper()}".strip()


@dataclass(frozen=True)
class Record:
    """A record that a result broke or equalled, such as `WR`, `OR`, `NR`."""

    kind: str
    equalled: bool = False

    def __str__(self) -> str:
        return f"={self.kind}" if self.equalled else self.kind


@dataclass(frozen=True)
class Entry:
    """One competitor in a unit."""

    person: Person
    order: int
    """Where it stands in the list, from 1."""
    start_order: int = 0
    """The same in the start list."""
    lane: str = ""
    rank: str = ""
    tied: bool = False
    result: str = ""
    """A time such as `9.69`, a distance or points."""
    result_type: str = ""
    irm: str = ""
    """Why there is no result: `DNS`, `DNF`, `DSQ` (or `DQ`), as sent."""
    diff: str = ""
    reaction: str = ""
    """Seconds, such as `0.151`."""
    photo: Photo = Photo.NONE
    unchecked: bool = False
    """A transponder's time, not yet read from the photo."""
    qualified: str = ""
    records: tuple[Record, ...] = ()
    arrived: str = ""
    """In DT_CURRENT: metres of the last point passed."""


@dataclass(frozen=True)
class Message:
    """One message of a feed."""

    header: Header
    body: bool = True
    """There is a `Competition` in it; a message of results without one invalidates what had the same header."""
    discipline: str = ""
    event: str = ""
    unit: str = ""
    """The event and phase, such as `Men's 100m Final`."""
    venue: str = ""
    wind: str = ""
    """m/s, such as `+0.9`."""
    entries: tuple[Entry, ...] = ()
    """In the order of the list."""
    participants: tuple[Person, ...] = ()

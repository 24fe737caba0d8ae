"""The venue's results feed: ODF-style messages of the final, in step with the take.

Every take is run, timed and made official anew; what changes is a new version, so versions rise for ever. All is a
pure function of the slot that the venue plays. One document holds what is true now: the participants, the start list,
the result and a keep-alive with the time.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from datetime import UTC, datetime

from console.demo.race import ATHLETES, GUN_S, Athlete, placings, track_of
from console.results.message import DocumentType, Entry, Header, Message, Person, Record, ResultStatus
from console.results.odf import write

NAME = "results.xml"
CONTENT_TYPE = "application/xml"
COMPETITION = "PODIUM-DEMO"
UNIT = "ATHM100M--------------FNL-000100--"
_EVENT = "ATHM100M--------------------------"
_GIVEN = ("Moses", "Tor", "Daniel", "Jaden", "André", "Kenji", "Rémy", "Sven")
"""Lane 1 first; pictures show their initials."""
_WIND = "+0.9"
_UNCONFIRMED_S, _OFFICIAL_S = 0.4, 1.6
"""After the last athlete's finish."""
_SECOND = 1_000_000_000


def _finish_s(athlete: Athlete) -> float:
    return GUN_S + track_of(athlete.lane).finish_s


def _changes() -> tuple[tuple[float, ResultStatus], ...]:
    """Instants of the take at which the result changes, and what it is from then on."""
    last = _finish_s(placings()[-1])
    return (
        (0.0, ResultStatus.START_LIST),
        (GUN_S + max(athlete.reaction_s for athlete in ATHLETES), ResultStatus.LIVE),
        *((_finish_s(athlete), ResultStatus.LIVE) for athlete in placings()),
        (last + _UNCONFIRMED_S, ResultStatus.UNCONFIRMED),
        (last + _OFFICIAL_S, ResultStatus.OFFICIAL),
    )


def person(athlete: Athlete) -> Person:
    """An athlete as the feed knows him."""
    given, family = _GIVEN[athlete.lane - 1], athlete.name.partition(" ")[2]
    return Person(
        str(athlete.bib), given, family, athlete.team, str(athlete.bib), f"{given} {family}", f"{given[0]}. {family}"
    )


def _entry(athlete: Athlete, order: int, instant_s: float) -> Entry:
    """An athlete's line: as it is known at an instant of the take."""
    started = instant_s >= GUN_S + athlete.reaction_s
    entry = Entry(
        replace(person(athlete), tv_name="", tv_initial=""),  # told with the participants alone
        order,
        start_order=athlete.lane,
        lane=str(athlete.lane),
        reaction=f"{athlete.reaction_s:.3f}" if started else "",
    )
    if instant_s < _finish_s(athlete):
        return entry
    behind_s = round(track_of(athlete.lane).finish_s, 2) - round(track_of(placings()[0].lane).finish_s, 2)
    won = athlete is placings()[0]
    return replace(
        entry,
        rank=str(placings().index(athlete) + 1),
        result=f"{track_of(athlete.lane).finish_s:.2f}",
        result_type="TIME",
        diff="" if won else f"+{behind_s:.2f}",
        records=(Record("WR", equalled=True),) if won else (),
    )


def _entries(instant_s: float) -> tuple[Entry, ...]:
    """Those who have finished in their order, then the others by lane."""
    there = [athlete for athlete in placings() if instant_s >= _finish_s(athlete)]
    running = [athlete for athlete in ATHLETES if athlete not in there]
    return tuple(_entry(athlete, order, instant_s) for order, athlete in enumerate((*there, *running), 1))


def _of_final(header: Header, instant_s: float, wind: str = "") -> Message:
    """The final as it stands at an instant of the take."""
    return Message(
        header,
        discipline="Athletics",
        event="Men's 100m",
        unit="Men's 100m Final",
        venue="Podium Stadium",
        wind=wind,
        entries=_entries(instant_s),
    )


class ResultsFeed:
    """The feed of a venue that began its first take at an instant (nanoseconds since 1970)."""

    def __init__(self, fps: int, take_frames: int, began_unix_ns: int) -> None:
        self._fps, self._take_frames, self._began_unix_ns = fps, take_frames, began_unix_ns
        self._changes = tuple(change for change in _changes() if change[0] * fps < take_frames)

    def messages(self, slot: int) -> tuple[Message, ...]:
        """What is true while a slot is played."""
        turn, frame = divmod(slot, self._take_frames)
        index = bisect_right([at_s for at_s, _ in self._changes], frame / self._fps) - 1
        at_s, status = self._changes[index]
        version = turn * len(self._changes) + index + 1
        since_s = (turn * self._take_frames) / self._fps + at_s
        people = tuple(person(athlete) for athlete in ATHLETES)
        start_list = self._header(DocumentType.START_LIST, UNIT, 0.0, 1, ResultStatus.START_LIST)
        result = self._header(DocumentType.RESULT, UNIT, since_s, version, status)
        return (
            Message(self._header(DocumentType.PARTICIPANTS, _EVENT, 0.0), participants=people),
            _of_final(start_list, 0.0),
            _of_final(result, at_s, wind=_WIND if _finish_s(placings()[-1]) <= at_s else ""),
            Message(self._header(DocumentType.KEEP_ALIVE, "", slot / self._fps)),
        )

    def document(self, slot: int) -> bytes:
        """The same as XML."""
        return write(*self.messages(slot))

    def _header(
        self, kind: DocumentType, code: str, at_s: float, version: int = 1, status: ResultStatus | None = None
    ) -> Header:
        unix_ns = self._began_unix_ns + round(at_s * _SECOND)
        told = datetime.fromtimestamp(unix_ns // _SECOND, UTC)
        ms = (told.hour * 3600 + told.minute * 60 + told.second) * 1000 + unix_ns % _SECOND // 1_000_000
        return Header(
            COMPETITION, code, kind.value, version, status, date=told.date(), time_ms=ms, logical_date=told.date(),
            source="DEMO",
        )  # fmt: skip

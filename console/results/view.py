"""A results feed as the nested value that titles are bound to, with what may not be shown yet left out.

What a director may count on, by the status of the unit's result:

| status | word | names, lanes | places, times, reactions, records, wind: `gate` on | `gate` off |
|---|---|---|---|---|
| START_LIST | Start list | shown | there are none; a DNS is shown | the same |
| LIVE, and DT_CURRENT | Live | shown | held back | shown, marked |
| INTERMEDIATE | Intermediate | shown | held back | shown, marked |
| UNCONFIRMED | Unconfirmed | shown | held back | shown, marked |
| PROVISIONAL | Provisional | shown | held back | shown, marked |
| PROTESTED | Under protest | shown | held back, though it was shown before | shown, marked |
| UNOFFICIAL | Unofficial | shown | shown, marked | shown, marked |
| OFFICIAL | Official | shown | shown | shown |

Held back means that `result` and `current` have no rows and `held` is `Result held back`; the word in `status` is
there all the same. `mark` is the word while a result is not official, else empty: for a corner of a graphic. A
competitor whose photo finish is pending, or whose time is a transponder's, is held back alone with the gate on (a row
with a name and a `note`), and has the note with it off. What is invalidated is gone at once.

Keys of the value: `event`, `unit`, `discipline`, `venue`, `code`, `status`, `status_code`, `mark`, `held`, `wind`,
`day`, `version`; `result`, `start`, `current`: rows counted from 1; `bib`: number to row; `units`: the same for every
unit by its code. Keys of a row: `place`, `time` (or DNS, DNF, DSQ), `name`, `short_name`, `given`, `family`, `bib`,
`country`, `lane`, `diff`, `reaction`, `records`, `qualified`, `irm`, `note`, `arrived`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from console.results.data import Data, Keyed, Ranked
from console.results.message import DocumentType, Entry, Message, Person, Photo, ResultStatus
from console.results.store import FeedState

WORDS = {
    ResultStatus.START_LIST: "Start list",
    ResultStatus.LIVE: "Live",
    ResultStatus.INTERMEDIATE: "Intermediate",
    ResultStatus.UNCONFIRMED: "Unconfirmed",
    ResultStatus.PROVISIONAL: "Provisional",
    ResultStatus.PROTESTED: "Under protest",
    ResultStatus.UNOFFICIAL: "Unofficial",
    ResultStatus.OFFICIAL: "Official",
}
HELD = "Result held back"
_FREE = {ResultStatus.UNOFFICIAL, ResultStatus.OFFICIAL}
_UNMARKED = {ResultStatus.START_LIST, ResultStatus.OFFICIAL}
_OF_UNITS = {DocumentType.RESULT, DocumentType.START_LIST, DocumentType.CURRENT}

_Parts = dict[DocumentType, Message]


def value_of(state: FeedState, gate: bool, unit: str = "") -> Mapping[str, Data]:
    """The nested value. `unit`: how the code of the unit begins that is meant; empty: the one that was heard of last.

    Every key is there from the beginning, with empty texts, so a binding never breaks for want of data.
    """
    people = {code: person for part in state.people.values() for code, person in part.items()}
    units: dict[tuple[str, str], _Parts] = {}
    for message in state.newest.values():
        header = message.header
        if header.kind in _OF_UNITS and message.body:
            parts = units.pop((header.competition, header.document), {})
            units[header.competition, header.document] = parts | {header.kind: message}
    values = {code.rstrip("-"): _unit(code, parts, people, gate) for (_, code), parts in units.items()}
    meant = [code for _, code in units if code.startswith(unit)]
    value = values[meant[-1].rstrip("-")] if meant else _unit("", {}, people, gate)
    return {**value, "units": Keyed(values)}


def places(value: Mapping[str, Data]) -> dict[str, str]:
    """Bib to place, of those who have one that may be shown."""
    rows = value.get("bib")
    if not isinstance(rows, Mapping):
        return {}
    found = {bib: row.get("place") for bib, row in rows.items() if isinstance(row, Mapping)}
    return {bib: place for bib, place in found.items() if isinstance(place, str) and place}


def _unit(code: str, parts: _Parts, people: Mapping[str, Person], gate: bool) -> dict[str, Data]:
    result, current = parts.get(DocumentType.RESULT), parts.get(DocumentType.CURRENT)
    listed = parts.get(DocumentType.START_LIST) or result
    told = result or listed or current
    status = _status(result, listed, current)
    free = status in _FREE or not gate
    ran = result.entries if result and result.header.status is not ResultStatus.START_LIST else ()
    live = current.entries if current and status not in _FREE else ()
    known = _known((listed, result), people)
    lists = status is ResultStatus.START_LIST
    start = {entry.person.code: _started(entry, known, lists) for entry in _in_start_order(listed)}
    shown = {entry.person.code: _row(entry, known, gate) for entry in ran} if free else {}
    running = {entry.person.code: _row(entry, known, gate) for entry in live} if free else {}
    by_code = {**start, **running, **shown}
    return {
        "event": told.event if told else "",
        "unit": told.unit if told else "",
        "discipline": told.discipline if told else "",
        "venue": told.venue if told else "",
        "code": code.rstrip("-"),
        "status": WORDS[status] if status else "",
        "status_code": status.value if status else "",
        "mark": WORDS[status] if status and status not in _UNMARKED else "",
        "held": HELD if (ran or live) and not free else "",
        "wind": result.wind if result and ran and free else "",
        "day": told.header.day.isoformat() if told else "",
        "version": str(told.header.version) if told else "",
        "result": Ranked(shown.values()),
        "start": Ranked(start.values()),
        "current": Ranked(running.values()),
        "bib": Keyed({row["bib"]: row for row in by_code.values() if row["bib"]}),
    }


def _status(result: Message | None, listed: Message | None, current: Message | None) -> ResultStatus | None:
    """How final the unit is: as its result says; what runs is live, whatever its start list says."""
    status = result.header.status if result else ResultStatus.START_LIST if listed else None
    if current and current.entries and status in {None, ResultStatus.START_LIST}:
        return ResultStatus.LIVE
    return status


def _in_start_order(listed: Message | None) -> list[Entry]:
    return sorted(listed.entries, key=lambda entry: entry.start_order) if listed else []


def _known(told: Iterable[Message | None], people: Mapping[str, Person]) -> dict[str, Person]:
    """Everybody by code: as the unit says, with the name on screen as the participants say."""
    known = dict(people)
    for message in told:
        for entry in message.entries if message else ():
            person, before = entry.person, known.get(entry.person.code)
            if before and not person.family:
                known[person.code] = replace(before, bib=person.bib or before.bib)
            elif before:
                names = {"tv_name": before.tv_name, "tv_initial": before.tv_initial}
                known[person.code] = replace(person, bib=person.bib or before.bib, **names)
            else:
                known[person.code] = person
    return known


def _started(entry: Entry, known: Mapping[str, Person], lists: bool) -> dict[str, str]:
    """A row of the start list. Who does not start is told while there is nothing but a start list."""
    row = _row(entry, known, gate=False)
    return {**_bare(row), "time": row["irm"], "irm": row["irm"]} if lists else _bare(row)


def _row(entry: Entry, known: Mapping[str, Person], gate: bool) -> dict[str, str]:
    person = known.get(entry.person.code, entry.person)
    note = "Photo finish" if entry.photo is Photo.PENDING else "Unchecked" if entry.unchecked else ""
    row = {
        "place": entry.rank,
        "time": entry.irm or entry.result,
        "name": person.name,
        "short_name": person.short_name,
        "given": person.given,
        "family": person.family,
        "bib": person.bib,
        "country": person.country or entry.person.country,
        "lane": entry.lane,
        "diff": entry.diff,
        "reaction": entry.reaction,
        "records": " ".join(str(record) for record in entry.records),
        "qualified": entry.qualified,
        "irm": entry.irm,
        "note": note,
        "arrived": entry.arrived,
    }
    return {**_bare(row), "note": note} if note and gate else row


def _bare(row: Mapping[str, str]) -> dict[str, str]:
    """A row with who competes and where, and nothing of how."""
    kept = {"name", "short_name", "given", "family", "bib", "country", "lane"}
    return {key: text if key in kept else "" for key, text in row.items()}

"""Messages as ODF-style XML, for tests, samples and the demo's own feed."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import quoteattr

from console.results.message import DocumentType, Entry, Header, Message, Person, Photo

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


def write(*messages: Message) -> bytes:
    """One message as a document of its own; several as one document, `<OdfMessages>`.

    `odf.read` gives them back, as long as texts hold no control characters (XML has none) or blanks at their ends.
    """
    if len(messages) == 1:
        return (_DECLARATION + "\n".join(_body(messages[0])) + "\n").encode()
    lines = ["<OdfMessages>", *_inside(line for message in messages for line in _body(message)), "</OdfMessages>"]
    return (_DECLARATION + "\n".join(lines) + "\n").encode()


def _body(message: Message) -> list[str]:
    header = message.header
    attributes = {
        "CompetitionCode": header.competition,
        "DocumentCode": header.document,
        "DocumentSubcode": header.subcode,
        "DocumentType": header.type_name,
        "DocumentSubtype": header.subtype,
        "Version": str(header.version),
        "ResultStatus": header.status or "",
        "FeedFlag": "T" if header.test else "P",
        "Date": header.date.isoformat(),
        "Time": _time(header),
        "LogicalDate": header.logical_date.isoformat() if header.logical_date else "",
        "Source": header.source,
    }
    if not message.body:
        return _element("OdfBody", attributes)
    people = [line for person in message.participants for line in _participant(person)]
    entries = [line for entry in message.entries for line in _entry(entry, header.kind)]
    infos = _element("ExtendedInfos", {}, _infos(message)) if _infos(message) else []
    competition = _element("Competition", {"Code": header.competition}, [*infos, *people, *entries])
    return _element("OdfBody", attributes, competition)


def _infos(message: Message) -> list[str]:
    wind = {"Type": "UI", "Code": "WIND_SPEED", "Value": message.wind}
    sport = {"DisciplineName": message.discipline, "EventName": message.event, "SubEventName": message.unit}
    return [
        *(_element("ExtendedInfo", wind) if message.wind else []),
        *(_element("SportDescription", sport) if any(sport.values()) else []),
        *(_element("VenueDescription", {"VenueName": message.venue}) if message.venue else []),
    ]


def _participant(person: Person) -> list[str]:
    return _element(
        "Participant",
        {
            "Code": person.code,
            "GivenName": person.given,
            "FamilyName": person.family,
            "TVName": person.tv_name,
            "TVInitialName": person.tv_initial,
            "Organisation": person.country,
            "Bib": person.bib,
        },
    )


def _entry(entry: Entry, kind: DocumentType) -> list[str]:
    place = {"Rank": entry.rank, "RankEqual": "Y" if entry.tied else "", "Diff": entry.diff}
    attributes = {
        "SortOrder": str(entry.order),
        "StartOrder": entry.lane,
        "StartSortOrder": str(entry.start_order),
        "ResultType": entry.result_type,
        "IRM": entry.irm,
        "Unchecked": "Y" if entry.unchecked else "",
        "QualificationMark": entry.qualified,
    }
    extended = [("REACT_TIME", {"Value": entry.reaction})] if entry.reaction else []
    if entry.photo is not Photo.NONE:
        extended.append(("PHOTO", {"Value": entry.photo.value}))
    if kind is DocumentType.CURRENT:
        extended.append(("LIVE", {"Value": entry.result, **place, "Arrive": entry.arrived}))
    else:
        attributes |= {**place, "Result": entry.result}
    results = [
        line for code, said in extended for line in _element("ExtendedResult", {"Type": "ER", "Code": code, **said})
    ]
    records = [
        line
        for number, record in enumerate(entry.records, 1)
        for line in _element(
            "RecordIndicator",
            {"Order": str(number), "RecordType": record.kind, "Equalled": "Y" if record.equalled else ""},
        )
    ]
    return _element(
        "Start" if kind is DocumentType.START_LIST else "Result",
        attributes,
        [
            *(_element("ExtendedResults", {}, results) if results else []),
            *(_element("RecordIndicators", {}, records) if records else []),
            *_competitor(entry.person),
        ],
    )


def _competitor(person: Person) -> list[str]:
    said = _element("Description", {"GivenName": person.given, "FamilyName": person.family})
    athlete = _element("Athlete", {"Code": person.code, "Order": "1", "Bib": person.bib}, said)
    attributes = {"Code": person.code, "Type": "A", "Organisation": person.country}
    return _element("Competitor", attributes, _element("Composition", {}, athlete))


def _element(name: str, attributes: dict[str, str], children: Iterable[str] = ()) -> list[str]:
    """The lines of an element; attributes without a value are left out."""
    said = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items() if value)
    inside = _inside(children)
    return [f"<{name}{said}>", *inside, f"</{name}>"] if inside else [f"<{name}{said}/>"]


def _inside(lines: Iterable[str]) -> list[str]:
    return ["  " + line for line in lines]


def _time(header: Header) -> str:
    seconds, ms = divmod(header.time_ms, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{ms:03}"

"""ODF-style results messages: XML in, frozen messages out (`read`), and back (`write`).

After the public ODF documents of the IOC (general messages, athletics data dictionary). `OdfBody` is one message;
several may come in one document, `<OdfMessages>`. Of older games the dates `20120805` and times `215500000` are
understood too. A message with anything wrong in what is used of it is refused whole: half a result is worse than none.
"""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum
from typing import TypeVar

from console.results.message import DocumentType, Entry, Header, Message, Person, Photo, Record, ResultStatus
from console.results.odf_write import write
from console.results.refused import RefusedError
from console.results.timing import is_wind, time_text, wind_text
from console.results.tree import Node
from console.results.tree import read as read_tree

__all__ = ["MOST_MESSAGES", "read", "write"]

MOST_MESSAGES = 1000
_REMEDY = "Tell the sender of the feed"
_CODE = re.compile(r"[A-Za-z0-9.@_-]{1,34}", re.ASCII)
_DATE = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)", re.ASCII)
_TIME = re.compile(r"(\d\d):?(\d\d):?(\d\d)(?:\.?(\d{1,3}))?", re.ASCII)
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)
_OF_RESULTS = {DocumentType.RESULT, DocumentType.START_LIST}
_OF_PEOPLE = {DocumentType.PARTICIPANTS, DocumentType.PARTICIPANTS_UPDATE}

Choice = TypeVar("Choice", bound=StrEnum)


def read(data: bytes) -> tuple[Message, ...]:
    """The messages of a document, in its order. Raises RefusedError, of which TruncatedError when it ends too early."""
    root = read_tree(data)
    if root.name == "OdfBody":
        return (_message(root),)
    if root.name != "OdfMessages":
        raise RefusedError(f"The document is <{root.name}>, not a results message", "Check the feed's address")
    bodies = list(root.all("OdfBody"))
    if len(bodies) > MOST_MESSAGES:
        raise RefusedError(f"The document has more than {MOST_MESSAGES} messages", _REMEDY)
    return tuple(_message(body) for body in bodies)


def _message(body: Node) -> Message:
    header = _header(body)
    competition = body.first("Competition")
    if competition is None or header.kind in {DocumentType.KEEP_ALIVE, DocumentType.OTHER}:
        return Message(header, body=competition is not None)
    if header.kind in _OF_PEOPLE:
        return Message(header, participants=tuple(_participant(node) for node in competition.all("Participant")))
    infos = competition.first("ExtendedInfos") or Node("ExtendedInfos", {})
    sport = infos.first("SportDescription") or Node("SportDescription", {})
    venue = infos.first("VenueDescription") or Node("VenueDescription", {})
    wind = _extended(infos, "ExtendedInfo", "WIND_SPEED").get("Value")
    if wind and not is_wind(wind):
        raise RefusedError(f"{_where(header)}: the wind {_shown(wind)} is not a number", _REMEDY)
    nodes = [*competition.all("Result"), *competition.all("Start")]
    return Message(
        header,
        discipline=sport.get("DisciplineName"),
        event=sport.get("EventName"),
        unit=sport.get("SubEventName") or sport.get("EventName"),
        venue=venue.get("VenueName"),
        wind=wind_text(wind) if wind else "",
        entries=tuple(sorted((_entry(node, header) for node in nodes), key=lambda entry: entry.order)),
    )


def _header(body: Node) -> Header:
    type_name = body.get("DocumentType")
    if not re.fullmatch(r"DT_[A-Z0-9_]{1,40}", type_name, re.ASCII):
        raise RefusedError(f"A message's DocumentType is {_shown(type_name)}", _REMEDY)
    kind = DocumentType(type_name)
    document = body.get("DocumentCode")
    if not _CODE.fullmatch(document) and not (kind is DocumentType.KEEP_ALIVE and not document):
        raise RefusedError(f"{type_name}: the DocumentCode {_shown(document)} is not an RSC", _REMEDY)
    where = f"{type_name} of {document.rstrip('-') or 'the feed'}"
    flag = body.get("FeedFlag")
    if flag not in {"P", "T"}:
        raise RefusedError(f"{where}: FeedFlag is {_shown(flag)}, neither P nor T", _REMEDY)
    version = body.get("Version") or ("0" if kind is DocumentType.KEEP_ALIVE else "")
    status = body.get("ResultStatus")
    if kind in _OF_RESULTS and not status:
        raise RefusedError(f"{where}: ResultStatus is missing", _REMEDY)
    logical = body.get("LogicalDate")
    return Header(
        competition=body.get("CompetitionCode"),
        document=document,
        type_name=type_name,
        version=_whole(version, f"{where}: Version"),
        status=_one_of(ResultStatus, status, f"{where}: ResultStatus") if status and kind in _OF_RESULTS else None,
        test=flag == "T",
        date=_date(body.get("Date"), f"{where}: Date"),
        time_ms=_time_ms(body.get("Time"), f"{where}: Time"),
        logical_date=_date(logical, f"{where}: LogicalDate") if logical else None,
        source=body.get("Source"),
        subcode=body.get("DocumentSubcode"),
        subtype=body.get("DocumentSubtype"),
    )


def _participant(node: Node) -> Person:
    return Person(
        code=_code(node, "a Participant"),
        given=node.get("GivenName"),
        family=node.get("FamilyName"),
        country=node.get("Organisation"),
        bib=node.get("Bib"),
        tv_name=node.get("TVName"),
        tv_initial=node.get("TVInitialName"),
    )


def _entry(node: Node, header: Header) -> Entry:
    where = _where(header)
    competitor = node.first("Competitor")
    if competitor is None:
        raise RefusedError(f"{where}: a {node.name} has no Competitor", _REMEDY)
    extended = node.first("ExtendedResults") or Node("ExtendedResults", {})
    live = _extended(extended, "ExtendedResult", "LIVE") if header.kind is DocumentType.CURRENT else node
    records = node.first("RecordIndicators") or Node("RecordIndicators", {})
    photo = _extended(extended, "ExtendedResult", "PHOTO").get("Value")
    start = node.get("StartSortOrder") or node.get("StartOrder") or node.get("SortOrder")
    start_order = _whole(start, f"{where}: StartSortOrder")
    result_type = node.get("ResultType")
    result = live.get("Value") if live is not node else node.get("Result")
    is_time = result_type in {"", "TIME"}
    return Entry(
        person=_person(competitor, where),
        order=_whole(node.get("SortOrder") or start, f"{where}: SortOrder"),
        start_order=start_order,
        lane=node.get("StartOrder"),
        rank=_rank(live, where),
        tied=live.get("RankEqual") == "Y",
        result=time_text(result) if is_time else result,
        result_type=result_type,
        irm=node.get("IRM"),
        diff=live.get("Diff"),
        reaction=_extended(extended, "ExtendedResult", "REACT_TIME").get("Value"),
        photo=_one_of(Photo, photo, f"{where}: PHOTO"),
        unchecked=node.get("Unchecked") == "Y",
        qualified=node.get("QualificationMark"),
        records=tuple(
            Record(record.get("RecordType"), record.get("Equalled") == "Y")
            for record in records.all("RecordIndicator")
            if record.get("RecordType")
        ),
        arrived=live.get("Arrive"),
    )


def _person(competitor: Node, where: str) -> Person:
    """Who competes: an athlete has its name and bib in its Composition, a team only a name."""
    code = _code(competitor, where)
    composition = competitor.first("Composition") or Node("Composition", {})
    athlete = composition.first("Athlete") if competitor.get("Type") != "T" else None
    team = competitor.first("Description") or Node("Description", {})
    if athlete is None:
        return Person(code, "", team.get("TeamName"), competitor.get("Organisation"), competitor.get("Bib"))
    said = athlete.first("Description") or Node("Description", {})
    return Person(
        code=code,
        given=said.get("GivenName"),
        family=said.get("FamilyName"),
        country=competitor.get("Organisation") or said.get("Organisation"),
        bib=athlete.get("Bib") or competitor.get("Bib"),
    )


def _extended(parent: Node, name: str, code: str) -> Node:
    """The extension with a code; an empty one when there is none."""
    return next((node for node in parent.all(name) if node.get("Code") == code), Node(name, {}))


def _rank(node: Node, where: str) -> str:
    rank = node.get("Rank")
    return str(_whole(rank, f"{where}: Rank")) if rank else ""


def _code(node: Node, where: str) -> str:
    code = node.get("Code")
    if not code:
        raise RefusedError(f"{where}: a {node.name} has no Code", _REMEDY)
    return code.lstrip("0") or "0"


def _where(header: Header) -> str:
    return f"{header.type_name} of {header.document.rstrip('-')}"


def _shown(text: str) -> str:
    return f'"{text[:40]}"' if text else "missing"


def _whole(text: str, what: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise RefusedError(f"{what} is {_shown(text)}, not a whole number", _REMEDY)
    return int(text)


def _one_of(kind: type[Choice], text: str, what: str) -> Choice:
    try:
        return kind(text)
    except ValueError:
        raise RefusedError(f"{what} is {_shown(text)}, which is not known", _REMEDY) from None


def _date(text: str, what: str) -> date:
    found = _DATE.fullmatch(text)
    try:
        if found:
            return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        pass
    raise RefusedError(f"{what} is {_shown(text)}, not a day", _REMEDY)


def _time_ms(text: str, what: str) -> int:
    found = _TIME.fullmatch(text)
    if found and (int(found[1]), int(found[2]), int(found[3])) < (24, 60, 61) and int(found[2]) < 60:
        seconds = int(found[1]) * 3600 + int(found[2]) * 60 + min(int(found[3]), 59)
        return seconds * 1000 + int((found[4] or "0").ljust(3, "0"))
    raise RefusedError(f"{what} is {_shown(text)}, not a time of day", _REMEDY)

"""ODF-style messages: the samples, round trips, and what must be refused."""

from __future__ import annotations

import contextlib
import re
from dataclasses import replace
from datetime import date

import pytest
from hundred_metres import (
    FILES,
    FOLDER,
    UNIT,
    correction,
    header,
    invalidation,
    keep_alive,
    official,
    start_list,
    tried,
    unit,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from console.demo.race import ATHLETES
from console.results.message import Entry, Header, Message, Person, Photo, Record, ResultStatus
from console.results.odf import read, write
from console.results.refused import MOST_BYTES, RefusedError, TruncatedError

OFFICIAL = write(official())

# XML has no control characters, and an attribute's blanks at its ends do not count.
texts = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), max_size=12)
names = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=9)
codes = names.map(lambda text: text.lstrip("0") or "1")
numbers = st.integers(0, 999_999_999)
hundredths = st.integers(0, 359_999).map(
    lambda n: f"{n // 6000}:{n // 100 % 60:02}.{n % 100:02}" if n >= 6000 else f"{n // 100}.{n % 100:02}"
)
people = st.builds(Person, codes, texts, texts, texts, texts)
entries = st.builds(
    Entry,
    people,
    numbers,
    numbers,
    texts,
    st.integers(1, 99).map(str),
    st.booleans(),
    hundredths,
    st.just("TIME"),
    st.sampled_from(["", "DNS", "DNF", "DSQ"]),
    texts,
    texts,
    st.sampled_from(Photo),
    st.booleans(),
    texts,
    st.lists(st.builds(Record, names, st.booleans()), max_size=2).map(tuple),
)
headers = st.builds(
    Header,
    texts,
    names,
    st.just("DT_RESULT"),
    numbers,
    st.sampled_from(ResultStatus),
    st.booleans(),
    st.dates(date(1, 1, 1)),
    st.integers(0, 86_399_999),
    st.none() | st.dates(date(1, 1, 1)),
    texts,
    texts,
    texts,
)
messages = st.builds(
    Message,
    headers,
    st.just(True),
    texts,
    texts,
    texts.filter(bool),
    texts,
    st.sampled_from(["", "+0.9", "-1.2", "+0.0"]),
    st.lists(entries, max_size=4).map(lambda found: tuple(sorted(found, key=lambda entry: entry.order))),
)


@settings(max_examples=60)
@given(st.lists(messages, min_size=1, max_size=3))
def test_what_is_written_is_read_again(said: list[Message]) -> None:
    assert read(write(*said)) == tuple(said)


@pytest.mark.parametrize("name", FILES)
def test_the_samples_are_as_they_were_written(name: str) -> None:
    data = (FOLDER / name).read_bytes()
    assert data == write(FILES[name]())
    assert read(data) == (FILES[name](),)


def test_the_samples_are_of_the_demos_athletes() -> None:
    people = [(entry.person.name, entry.person.country, int(entry.person.bib)) for entry in start_list().entries]
    assert people == [(athlete.name, athlete.team, athlete.bib) for athlete in ATHLETES]


def test_a_result_is_read_with_all_that_a_graphic_shows() -> None:
    (message,) = read(write(correction()))
    first = message.entries[0]
    assert (first.rank, first.person.name, first.person.bib, first.lane) == ("1", "J. MBEKI-ROSS", "1001", "4")
    assert (first.result, first.reaction, first.records) == ("9.59", "0.146", (Record("CR"),))
    assert (message.unit, message.wind, message.header.status) == ("Men's 100m Final", "+0.9", ResultStatus.OFFICIAL)
    assert [entry.result for entry in message.entries] == [
        "9.59", "9.77", "9.88", "9.93", "10.07", "10.10", "10.13", "10.18",
    ]  # fmt: skip


def test_dates_and_times_of_older_games_are_understood() -> None:
    old = OFFICIAL.replace(b'Date="2026-07-18"', b'Date="20260718"').replace(b"21:53:00.000", b"215300000")
    assert read(old) == (replace(official()),)


@pytest.mark.parametrize(
    ("time_ms", "day"),
    [(0, 17), (2 * 3_600_000 + 59 * 60_000, 17), (3 * 3_600_000, 18), (23 * 3_600_000, 18)],
)
def test_a_competition_day_ends_at_three_in_the_morning(time_ms: int, day: int) -> None:
    night = replace(header(1, ResultStatus.LIVE, 0), time_ms=time_ms, logical_date=None)
    assert night.day == date(2026, 7, day)
    assert replace(night, logical_date=date(2026, 7, 18)).day == date(2026, 7, 18)


def test_messages_without_a_body_say_so() -> None:
    assert [read(write(said))[0].body for said in (invalidation(), keep_alive(), official())] == [False, False, True]
    assert read(write(tried()))[0].header.test


def test_dns_dnf_and_dsq_have_no_rank() -> None:
    out = [replace(official().entries[0], rank="", result="", irm=irm, result_type="IRM") for irm in ("DNS", "DSQ")]
    (message,) = read(write(unit(header(8, ResultStatus.OFFICIAL, 0), out)))
    assert [(entry.irm, entry.rank, entry.result) for entry in message.entries] == [("DNS", "", ""), ("DSQ", "", "")]


def test_a_start_list_of_its_own_and_a_team_are_read() -> None:
    data = f"""<OdfBody CompetitionCode="X" DocumentCode="{UNIT}" DocumentType="DT_START_LIST" Version="2"
      ResultStatus="START_LIST" FeedFlag="P" Date="2026-07-18" Time="21:00:00" LogicalDate="2026-07-18" Source="S">
      <Competition><Start StartOrder="3" SortOrder="1"><Competitor Code="0012" Type="T" Organisation="NOR">
      <Description TeamName="Norway"/><Composition><Athlete Code="7" Order="1"/></Composition></Competitor></Start>
      </Competition></OdfBody>""".encode()
    (entry,) = read(data)[0].entries
    assert (entry.person, entry.lane) == (Person("12", "", "Norway", "NOR"), "3")


BOMB = b"""<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;">]>
<OdfBody CompetitionCode="&c;"/>"""
EXTERNAL = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><OdfBody>&x;</OdfBody>'
REMOTE = b'<!DOCTYPE OdfBody SYSTEM "http://127.0.0.1:1/odf.dtd"><OdfBody/>'


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (BOMB, "DOCTYPE"),
        (EXTERNAL, "DOCTYPE"),
        (REMOTE, "DOCTYPE"),
        (b"<a>" * 40, "nested"),
        (b"<a>" + b"<b/>" * 100_001 + b"</a>", "elements"),
        (b'<a b="' + b"x" * 1001 + b'"/>', "characters"),
        (b"<a " + b" ".join(b"a%d=''" % n for n in range(65)) + b"/>", "attributes"),
        (b"", "too early"),
        (b"\0\0\0", "not XML"),
        (b"results follow", "not XML"),
        (b"<a></b>", "not XML: mismatched tag in line 1"),
        (b"<html/>", "<html>"),
        (b'<?xml version="1.0" encoding="klingon"?><a/>', "encoding"),
        (b'<?xml version="1.0" encoding="utf-32"?><a/>', "encoding"),
        (b"<OdfBody CompetitionCode='\xff\xfe'/>", "not XML"),
        (b"<a>&nbsp;</a>", "not XML: undefined entity"),
        (OFFICIAL.replace(b"DT_RESULT", b"RESULT"), "DocumentType"),
        (OFFICIAL.replace(b'FeedFlag="P"', b'FeedFlag="X"'), "FeedFlag"),
        (OFFICIAL.replace(b'FeedFlag="P"', b""), "FeedFlag is missing"),
        (OFFICIAL.replace(b'Version="5"', b'Version="5.1"'), "Version"),
        (OFFICIAL.replace(b'Version="5"', b'Version="-5"'), "Version"),
        (OFFICIAL.replace(b'Version="5"', 'Version="٥"'.encode()), "Version"),
        (OFFICIAL.replace(b"OFFICIAL", b"FINAL"), "ResultStatus"),
        (OFFICIAL.replace(b'ResultStatus="OFFICIAL"', b""), "ResultStatus is missing"),
        (OFFICIAL.replace(b"2026-07-18", b"2026-02-30"), "not a day"),
        (OFFICIAL.replace(b"21:53:00.000", b"25:00:00"), "not a time"),
        (OFFICIAL.replace(UNIT.encode(), UNIT.encode() + b"-"), "not an RSC"),
        (OFFICIAL.replace(b'SortOrder="3"', b'SortOrder="NaN"', 1), "SortOrder"),
        (OFFICIAL.replace(b' Rank="1"', b' Rank="first"'), "Rank"),
        (OFFICIAL.replace(b'Value="+0.9"', b'Value="strong"'), "wind"),
        (OFFICIAL.replace(b'Code="71001" Type', b'Code="" Type'), "no Code"),
        (re.sub(rb"<Competitor .*?</Competitor>", b"", OFFICIAL, flags=re.DOTALL), "no Competitor"),
        (OFFICIAL.replace(b'Code="PHOTO" Value="Y"', b'Code="PHOTO" Value="?"'), "PHOTO"),
        (b"<OdfMessages>" + b"<OdfBody/>" * 1001 + b"</OdfMessages>", "messages"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(data: bytes, why: str) -> None:
    with pytest.raises(RefusedError, match=re.escape(why)):
        read(data)


def test_fifty_megabytes_are_refused_unread() -> None:
    with pytest.raises(RefusedError, match="more than 4 MB"):
        read(b" " * (MOST_BYTES + 1))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "windows-1252"])
def test_encodings_that_a_document_names_are_understood(encoding: str) -> None:
    said = replace(official(), venue="Zürich Stadion")
    name = encoding.removesuffix("-sig")
    text = write(said).decode().replace('encoding="UTF-8"', f'encoding="{name}"')
    assert read(text.encode(encoding)) == (said,)


def test_every_cut_is_seen() -> None:
    whole = OFFICIAL.rstrip()
    for length in range(len(whole)):
        with pytest.raises(TruncatedError):
            read(whole[:length])


@settings(max_examples=400)
@given(
    st.sampled_from([write(made()) for made in FILES.values()]),
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 3), st.binary(max_size=6)), min_size=1, max_size=6),
)
def test_damaged_messages_are_read_or_refused(data: bytes, damages: list[tuple[int, int, bytes]]) -> None:
    for where, removed, added in damages:
        at = where % len(data)
        data = data[:at] + added + data[at + removed :]
    with contextlib.suppress(RefusedError):
        read(data)


@given(st.binary(max_size=300))
def test_noise_is_refused(data: bytes) -> None:
    with pytest.raises(RefusedError):
        read(data)

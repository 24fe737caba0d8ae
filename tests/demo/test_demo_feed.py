"""The venue's results feed: step by step through the take, and as its readers understand it."""

from __future__ import annotations

import json
import urllib.request
from datetime import date

import pytest
from demo_venue import playing

from console.demo.clips import Clips
from console.demo.feed import UNIT, ResultsFeed
from console.demo.race import ATHLETES, GUN_S, TAKE_SECONDS, placings, track_of
from console.results import odf
from console.results.message import DocumentType, Message, ResultStatus

FPS, TAKE_FRAMES = 50, TAKE_SECONDS * 50
BEGAN_UNIX_NS = 1_790_000_000_000_000_000
FEED = ResultsFeed(FPS, TAKE_FRAMES, BEGAN_UNIX_NS)


def _result(slot: int) -> Message:
    (found,) = (one for one in FEED.messages(slot) if one.header.kind is DocumentType.RESULT)
    return found


def test_what_is_written_is_read_back() -> None:
    for slot in range(0, 2 * TAKE_FRAMES, 37):
        assert odf.read(FEED.document(slot)) == FEED.messages(slot)


def test_a_result_goes_its_way_in_step_with_the_take() -> None:
    last_s = GUN_S + track_of(placings()[-1].lane).finish_s
    moments = {
        0.0: "START_LIST", GUN_S - 0.02: "START_LIST", GUN_S + 0.2: "LIVE", 11.9: "LIVE", last_s + 0.1: "LIVE",
        last_s + 0.5: "UNCONFIRMED", last_s + 1.7: "OFFICIAL", 15.98: "OFFICIAL", 16.0: "START_LIST",
    }  # fmt: skip
    assert {at: str(_result(round(at * FPS)).header.status) for at in moments} == moments
    assert [len([e for e in _result(round(at * FPS)).entries if e.result]) for at in (2.0, 11.82, 13.0)] == [0, 1, 8]


def test_every_change_is_a_new_version() -> None:
    told: dict[int, Message] = {}
    versions = []
    for slot in range(3 * TAKE_FRAMES):
        message = _result(slot)
        versions.append(message.header.version)
        assert told.setdefault(message.header.version, message) == message, "changed without a new version"
    assert versions == sorted(versions)
    assert sorted(told) == list(range(1, versions[-1] + 1))


def test_the_official_result_is_what_was_run() -> None:
    message = _result(15 * FPS)
    assert message.header.status is ResultStatus.OFFICIAL
    assert message.header.document == UNIT
    assert len(UNIT) == 34
    assert [entry.rank for entry in message.entries] == list("12345678")
    assert [entry.person.bib for entry in message.entries] == [str(athlete.bib) for athlete in placings()]
    assert (message.entries[0].result, message.entries[0].reaction, message.wind) == ("9.58", "0.146", "+0.9")
    assert [str(record) for record in message.entries[0].records] == ["=WR"]
    for entry, athlete in zip(message.entries, placings(), strict=True):
        assert entry.result == f"{track_of(athlete.lane).finish_s:.2f}"
        assert float(entry.result) - 9.58 == pytest.approx(float(entry.diff or 0), abs=0.001)


def test_a_keep_alive_tells_the_time() -> None:
    alive = FEED.messages(10 * FPS)[-1].header
    assert alive.kind is DocumentType.KEEP_ALIVE
    assert (alive.date, alive.time_ms) == (date(2026, 9, 21), (13 * 60 + 13) * 60_000 + 20_000 + 10_000 + 3_600_000)


def test_the_start_list_names_everybody() -> None:
    people, start, *_ = FEED.messages(0)
    assert {person.bib: person.tv_name for person in people.participants}["1001"] == "Jaden MBEKI-ROSS"
    assert [entry.lane for entry in start.entries] == [str(athlete.lane) for athlete in ATHLETES]
    for athlete, person in zip(ATHLETES, people.participants, strict=True):
        assert (person.short_name, person.country) == (athlete.name, athlete.team), "as pictures have it"


def test_the_venue_serves_it(clips: Clips) -> None:
    with playing(clips, ("http",)) as told:
        with urllib.request.urlopen(told["results"], timeout=10) as answer:
            assert answer.headers["Content-Type"] == "application/xml"
            messages = odf.read(answer.read())
        first = told["process"].stdout.readline()
    assert [str(message.header.kind) for message in messages] == ["DT_PARTIC", "DT_START_LIST", "DT_RESULT", "DT_KA"]
    assert json.loads(first)["event"] == "take"


def test_a_venue_without_http_cameras_serves_it_too(clips: Clips) -> None:
    with playing(clips, ("tcp",)) as told, urllib.request.urlopen(told["results"], timeout=10) as answer:
        assert odf.read(answer.read())

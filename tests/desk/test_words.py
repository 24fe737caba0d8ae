"""The strip's words, the event log, contrast, settings, what the inspection says, suggestions, the key sheet."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QSettings

from console.desk import tokens
from console.desk.eventlog import KEPT, Event, EventLog
from console.desk.guards import Desk, Guard
from console.desk.inspecting import Finding, read_finding
from console.desk.keymaps import chosen
from console.desk.keysheet import sheet_rows
from console.desk.panels.events import event_row
from console.desk.panels.parts import count_text, short_count
from console.desk.settings import LAST_SHOWS, Memory
from console.desk.source_dialog import suggest
from console.desk.status import Alarm, LogReading, OutputReading, Status
from console.desk.summary import (
    Lateness,
    alarm_word,
    clock_text,
    desk_word,
    keys_word,
    log_word,
    program_word,
    uplink_word,
)
from console.desk.tile import QUIET_OPACITY
from console.desk.tokens import COLOUR_PAIRS, Severity, contrast, severity_of
from console.desk.world import World
from console.show.model import Destination, Setup

SECOND = 1_000_000_000
WELL = World(linked=True, status=Status(frame=1, on_air=True))


@pytest.mark.parametrize("pair", COLOUR_PAIRS, ids="-".join)
def test_text_can_be_read(pair):
    assert contrast(*pair) >= 4.5


def test_quiet_plates_can_be_read_on_white():
    grey = round(255 * (1 - QUIET_OPACITY))
    assert contrast(tokens.SECONDARY, f"#{grey:02x}{grey:02x}{grey:02x}") >= 4.5


def test_program_word():
    assert program_word(WELL, 0).text == "PROGRAM OK"
    assert program_word(WELL, 3).text == "LATE 3"
    assert program_word(replace(WELL, status=Status()), 0).text == "NOT ON AIR"
    lost = program_word(replace(WELL, linked=False), 0)
    assert (lost.text, lost.severity, lost.panel) == ("ENGINE LOST", Severity.ALARM, "Events")


def test_late_ticks_are_forgotten_after_ten_seconds():
    lateness = Lateness()
    assert lateness.lately(5, 0) == 0, "those before the desk came are no news"
    assert lateness.lately(7, SECOND) == 2
    assert lateness.lately(7, 9 * SECOND) == 2
    assert lateness.lately(7, 12 * SECOND) == 0
    assert lateness.lately(1, 13 * SECOND) == 0, "another engine counts from the beginning"


@pytest.mark.parametrize(
    ("hours", "text", "severity"),
    [(13.2, "LOG 13 h left", Severity.GOOD), (1.6, "LOG 2 h left", Severity.WARNING),
     (0.75, "LOG 45 min left", Severity.WARNING), (0.2, "LOG 12 min left", Severity.ALARM),
     (None, "LOG", Severity.QUIET)],
)  # fmt: skip
def test_log_word(hours, text, severity):
    word = log_word(replace(WELL, status=Status(log=LogReading(hours_left=hours))))
    assert (word.text, word.severity) == (text, severity)
    missing = log_word(replace(WELL, status=Status(log=LogReading(hours_left=hours, missing=7))))
    assert missing.text == "LOG 7 MISSING"


def test_uplink_word():
    assert uplink_word(WELL).text == "NO PUSH"
    setup = Setup(destinations=(Destination("a://x"), Destination("b://x")))
    outputs = {"a://x": OutputReading("live"), "b://x": OutputReading("retrying")}
    half = uplink_word(replace(WELL, setup=setup, status=Status(outputs=outputs)))
    assert (half.text, half.severity) == ("1/2 UP", Severity.WARNING)
    none = uplink_word(replace(WELL, setup=setup, status=Status(outputs={"b://x": OutputReading("down")})))
    assert (none.text, none.severity) == ("0/2 UP", Severity.ALARM)


def test_other_words():
    assert alarm_word(WELL).text == ""
    alarms = (Alarm("a", "minor", "x"), Alarm("b", "critical", "y"))
    word = alarm_word(replace(WELL, status=Status(alarms=alarms)))
    assert (word.text, word.severity) == ("2 ALARMS", Severity.ALARM)
    assert [desk_word(Guard(desk=desk)).text for desk in Desk] == ["OFF AIR", "ARMED", "LOCKED"]
    assert keys_word(True, "").text == "KEYS LIVE"
    assert "a text field" in keys_word(False, "a text field has the keyboard").why
    assert clock_text(2530) == "+00:42:10"
    assert severity_of("nonsense") is Severity.WARNING
    assert severity_of("info" + "rmation") is Severity.INFORMATION


def event(number: int, **fields: object) -> Event:
    return replace(Event(number, Severity.GOOD, f"Cut {number}", "ann", "Space"), **fields)


def test_events_are_kept_and_written(tmp_path):
    log = EventLog(tmp_path / "folder" / "desk.jsonl")
    for number in range(KEPT + 5):
        log.add(event(number))
    assert (len(log.events), log.total, log.events[-1].text) == (KEPT, KEPT + 5, f"Cut {KEPT + 4}")
    lines = (tmp_path / "folder" / "desk.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[0])["who"] == "ann"
    assert len(lines) == KEPT + 5


def test_a_log_that_cant_be_written_says_so_once(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    log = EventLog(tmp_path / "file" / "desk.jsonl")
    log.add(event(1))
    log.add(event(2))
    assert len(log.events) == 2
    assert sum("can't be written" in record.message for record in caplog.records) == 1


def test_a_full_log_file_is_put_aside(tmp_path, monkeypatch):
    monkeypatch.setattr("console.desk.eventlog._FILE_BYTES_MAX", 100)
    log = EventLog(tmp_path / "desk.jsonl")
    log.add(event(1))
    log.add(event(2))
    assert "Cut 1" in (tmp_path / "desk.old.jsonl").read_text(encoding="utf-8")
    assert "Cut 2" in (tmp_path / "desk.jsonl").read_text(encoding="utf-8")


def test_a_take_in_the_log_says_from_where_to_where():
    row = event_row(3, event(1, text="Cut", source_from="cam1", source_to=None, frame=50, timecode="00:00:01:00"))
    assert row[1][2].text == "Cut  cam1 → black"
    assert "frame 50" in row[1][2].hint
    refused = event_row(4, event(1, severity=Severity.WARNING, result="refused: too soon"))
    assert refused[1][2].text == "△ Cut 1: refused: too soon"


@given(st.integers(0, 10**12))
def test_counts_stay_short(number):
    assert len(short_count(number)) <= 6
    assert count_text(number).replace("\u2009", "") == str(number)


def test_short_counts():
    assert [short_count(n) for n in (0, 9999, 88_517, 999_999, 1_234_567, 3 * 10**9)] == [
        "0", "9\u2009999", "88.5k", "1M", "1.23M", "3G",
    ]  # fmt: skip


def test_the_desk_remembers(tmp_path):
    def memory() -> Memory:
        return Memory(QSettings(str(tmp_path / "desk.ini"), QSettings.Format.IniFormat))

    first = memory()
    assert first.guard("a:1") == Guard()
    first.keep_guard("a:1", Guard(desk=Desk.OFF_AIR, hot_cut=True))
    first.keymap = "voctomix"
    for number in range(LAST_SHOWS + 2):
        first.opened(f"/shows/{number}.json")
    first.opened("/shows/4.json")
    again = memory()
    assert again.guard("a:1") == Guard(desk=Desk.OFF_AIR), "hot cut is off after every start"
    assert again.guard("b:2").desk is Desk.ARMED
    assert again.keymap == "voctomix"
    assert again.last_shows[:2] == ["/shows/4.json", "/shows/6.json"]
    assert len(again.last_shows) == LAST_SHOWS


def test_a_damaged_memory_is_as_none(tmp_path):
    (tmp_path / "desk.ini").write_text("[desk]\na=KING\n", encoding="utf-8")
    assert Memory(QSettings(str(tmp_path / "desk.ini"), QSettings.Format.IniFormat)).guard("a") == Guard()


def test_what_was_found_in_words():
    picture = base64.b64encode(b"jpeg").decode()
    found = read_finding({
        "ok": True, "live": False, "duration_s": 83.2, "picture": picture,
        "video": {"codec": "h264", "width": 1920, "height": 1080, "fps": 59.94},
        "audio": {"codec": "aac", "rate": 48000, "channels": 2},
    })  # fmt: skip
    assert found.lines == ("Video: h264, 1920x1080 at 59.94 fps", "Sound: aac, 48000 Hz, 2 channels", "Length: 1:23")
    assert found.picture == b"jpeg"
    assert read_finding({"ok": True, "live": True}).lines[1:] == ("No sound", "Live")
    refused = read_finding({"ok": False, "reason": "It is empty", "remedy": "Check it"})
    assert (refused.ok, refused.reason, refused.remedy) == (False, "It is empty", "Check it")


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda x: st.lists(x, max_size=2)))
def test_whatever_the_inspection_says_is_readable(value):
    names = ("video", "audio", "duration_s", "picture", "live", "reason")
    for data in (value, {"ok": True} | dict.fromkeys(names, value), {"ok": value, "reason": value}):
        assert isinstance(read_finding(data), Finding)


@pytest.mark.parametrize(
    ("url", "taken", "suggestion"),
    [
        ("rtmp://host/app/1", (), ("cam1", "Camera 1")),
        ("rtmp://host/app/1", ("cam1", "cam2", "x"), ("cam3", "Camera 3")),
        ("/media/Opening_Title 1.mp4", (), ("opening_title-1", "Opening Title 1")),
        ("/media/a.mp4?loop=0", ("a",), ("a-2", "a")),
        ("file:///media/b.mov", (), ("b", "b")),
        ("/media/....", (), ("cam1", "Camera 1")),
    ],
)
def test_ids_and_names_are_suggested(url, taken, suggestion):
    assert suggest(url, taken) == suggestion


@pytest.mark.parametrize("name", ["atem-like", "voctomix"])
def test_the_key_sheet_tells_every_key(name):
    keymap = chosen(name)[0]
    rows = [row for _, rows in sheet_rows(keymap) for row in rows]
    told = " ".join(keys for keys, _ in rows)
    assert "Ctrl+1 .. 0" in told
    assert "Shift+1 .. 0" in told
    assert "F1 .. F4" in told
    single = [chord for action in set(keymap.bindings.values()) if not action.number for chord in keymap.chords(action)]
    assert all(chord in told for chord in single)

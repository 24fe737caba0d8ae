"""Waiting, cursors and counters of a delivery."""

from __future__ import annotations

import json

import pytest

from console.media.clock import VirtualClock
from console.uplink.delivery import CATCHING_UP, CONNECTING, LIVE, REFUSED, RETRYING, Backoff, Cursor, Delivery


def test_the_first_try_is_at_once_and_the_pauses_grow_to_fifteen_seconds():
    backoff = Backoff(lambda: 0.5)
    delays = [backoff.delay_s() for _ in range(14)]
    assert delays[:4] == [0.0, 0.5, 0.75, 1.125]
    assert delays == sorted(delays)
    assert delays[-1] == 15.0
    backoff.succeeded()
    assert backoff.delay_s() == 0.0


def test_jitter_stays_within_a_fifth_and_a_refusal_waits_from_the_start():
    assert Backoff(lambda: 0.0).delay_s(at_least_s=2.0) == pytest.approx(1.6)
    assert Backoff(lambda: 1.0).delay_s(at_least_s=2.0) == pytest.approx(2.4)


def test_a_cursor_survives_and_a_damaged_one_counts_as_none(tmp_path, caplog):
    cursor = Cursor(tmp_path / "deep" / "cursor.json")
    cursor.values |= {"video": 7}
    cursor.save()
    assert Cursor(cursor.path).whole("video", 0) == 7
    assert [path.name for path in cursor.path.parent.iterdir()] == ["cursor.json"]
    for damage in ("{", "[1]", '{"video": "seven"}', "\xff"):
        cursor.path.write_text(damage, encoding="latin-1")
        assert Cursor(cursor.path).whole("video", -1) == -1


def test_a_cursor_that_cannot_be_written_is_told_once(tmp_path, caplog):
    cursor = Cursor(tmp_path / "place" / "cursor.json")
    (tmp_path / "place").write_text("")
    for number in range(3):
        cursor.values["video"] = number
        cursor.save()
    assert [record.message.partition(" can't ")[2].partition(":")[0] for record in caplog.records] == ["be written"]


@pytest.fixture
def told(tmp_path):
    events = []
    clock = VirtualClock()
    cursor = Cursor(tmp_path / "cursor.json")
    delivery = Delivery("https://host", cursor, clock, lambda event, **fields: events.append(fields))
    return delivery, events, clock


def test_the_worst_connection_speaks_for_all_and_changes_are_told_at_once(told, caplog):
    delivery, events, _ = told
    delivery.set_state("video", CONNECTING)
    delivery.set_state("audio", CONNECTING)
    delivery.set_state("video", LIVE)
    delivery.set_state("audio", LIVE)
    delivery.set_state("audio", RETRYING, "it does not answer")
    delivery.set_state("video", REFUSED, "403")
    delivery.set_state("audio", LIVE)
    delivery.set_state("video", CATCHING_UP)
    assert [(event["state"], event["reason"]) for event in events] == [
        (CONNECTING, ""),
        (LIVE, ""),
        (RETRYING, "it does not answer"),
        (REFUSED, "403"),
        (CATCHING_UP, ""),
    ]


def test_lag_is_the_age_of_the_newest_acknowledged_frame(told):
    delivery, events, clock = told
    delivery.report()
    assert events[-1]["lag_ms"] is None
    delivery.newest_acked_ns = clock.unix_ns() - 2_500_000_000
    delivery.report()
    assert events[-1]["lag_ms"] == 2500


def test_reports_come_once_a_second_and_counters_survive_a_restart(told, tmp_path, caplog):
    delivery, events, clock = told
    for _ in range(100):
        delivery.report_if_due()
        clock.advance(50_000_000)
    assert len(events) == 5
    delivery.acked, delivery.sent = 500, 600
    delivery.lose(20, "gone")
    delivery.keep()
    again = Delivery("https://host", Cursor(tmp_path / "cursor.json"), clock, print)
    assert (again.acked, again.sent, again.lost) == (500, 500, 20)
    assert json.loads((tmp_path / "cursor.json").read_text()) == {"acked": 500, "lost": 20}

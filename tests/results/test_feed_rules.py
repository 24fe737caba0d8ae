"""What is true of a results feed after its messages, and what of it may be shown."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

import pytest
from hundred_metres import (
    correction,
    current,
    header,
    intermediate,
    invalidation,
    keep_alive,
    live,
    official,
    participants,
    start_list,
    tried,
    unconfirmed,
    unit,
    whole,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from console.results.binding import bind
from console.results.data import Data
from console.results.message import Message, Photo, ResultStatus
from console.results.store import REFUSALS_KEPT, FeedState, refused, taken
from console.results.view import HELD, WORDS, places, value_of

RACE = (participants, start_list, live, current, intermediate, unconfirmed, official, correction)


def after(*messages: Message) -> FeedState:
    return reduce(lambda state, message: taken(state, message, 1000), messages, FeedState())


def shown(path: str, *messages: Message, gate: bool = True) -> str:
    value: Data = value_of(after(*messages), gate)
    text, troubles = bind(f"<{{race.{path}}}>", {"race": value})
    assert not troubles
    assert isinstance(text, str)
    return text[1:-1]


def test_a_full_message_replaces_and_only_a_higher_version_counts() -> None:
    state = after(start_list(), official(), correction())
    assert shown("result.7.time", official(), correction()) == "10.13"
    late = taken(state, official(), 2000)
    assert late.newest == state.newest
    assert late.refused == 1
    assert "version 5, came after version 6" in late.refusals[-1].reason


def test_the_same_message_again_is_no_fault_and_changes_nothing() -> None:
    state = after(official())
    assert taken(state, official(), 2000) is state


def test_the_same_version_with_other_contents_is_refused() -> None:
    other = replace(correction(), header=replace(correction().header, version=5))
    state = taken(after(official()), other, 2000)
    assert "came a second time" in state.refusals[-1].reason
    assert shown("result.7.time", official(), other) == "10.12"


def test_a_full_message_forgets_what_the_one_before_had() -> None:
    fewer = unit(header(9, ResultStatus.OFFICIAL, 500), whole()[:2])
    assert shown("result.3.name", correction(), fewer) == ""
    assert shown("wind", correction(), fewer) == ""


def test_versions_are_counted_for_each_header() -> None:
    other = replace(official(), header=replace(official().header, document="ATHM200M".ljust(34, "-")))
    state = after(correction(), other)
    assert (state.refused, len(state.newest)) == (0, 2)


def test_a_message_without_a_body_invalidates() -> None:
    value = value_of(after(correction(), invalidation()), gate=True)
    assert (value["result"], value["status"], value["bib"], value["units"]) == ((), "", {}, {})
    again = replace(official(), header=replace(official().header, version=8))
    assert shown("result.1.time", correction(), invalidation(), again) == "9.59"
    assert after(correction(), invalidation(), official()).refused == 1


def test_a_test_never_shows_and_is_counted_once() -> None:
    state = after(correction(), tried(), tried())
    assert value_of(state, gate=False) == value_of(after(correction()), gate=False)
    assert (state.test_messages, state.messages, state.refused) == (1, 1, 0)
    assert value_of(after(tried()), gate=False) == value_of(FeedState(), gate=False)


def test_a_test_does_not_use_up_a_version() -> None:
    assert shown("result.7.time", tried(), official()) == "10.12"


def test_a_keep_alive_says_when_the_feed_was_heard() -> None:
    state = taken(after(correction()), keep_alive(), 5000)
    assert (state.keep_alive_ns, state.heard_ns) == (5000, 5000)
    assert taken(state, keep_alive(), 9000) is state
    assert taken(state, keep_alive(120), 9000).keep_alive_ns == 9000
    assert value_of(state, gate=True) == value_of(after(correction()), gate=True)


@pytest.mark.parametrize("status", ResultStatus)
@pytest.mark.parametrize("gate", [True, False])
def test_what_is_shown_follows_the_table(status: ResultStatus, gate: bool) -> None:
    result = unit(header(3, status, 20), whole(), "+0.9")
    value = value_of(after(start_list(), result), gate)
    runs = status is not ResultStatus.START_LIST
    free = runs and (not gate or status in {ResultStatus.UNOFFICIAL, ResultStatus.OFFICIAL})
    texts = [shown(path, start_list(), result, gate=gate) for path in ("result.1.time", "wind", "bib.1001.place")]
    assert texts == (["9.59", "+0.9", "1"] if free else ["", "", ""])
    assert value["status"] == WORDS[status]
    assert value["held"] == (HELD if runs and not free else "")
    assert value["mark"] == ("" if status in {ResultStatus.START_LIST, ResultStatus.OFFICIAL} else WORDS[status])
    assert shown("bib.1001.name", start_list(), result, gate=gate) == "J. MBEKI-ROSS"
    assert bool(places(value)) == free


def test_a_result_that_is_protested_is_held_back_again() -> None:
    protested = unit(header(9, ResultStatus.PROTESTED, 500), whole())
    assert shown("result.1.time", correction(), protested) == ""
    assert shown("status", correction(), protested) == "Under protest"
    assert shown("result.1.time", correction(), protested, gate=False) == "9.59"


def test_the_race_as_the_director_sees_it() -> None:
    seen = []
    for count in range(1, len(RACE) + 1):
        told = [made() for made in RACE[:count]]
        paths = ("status", "start.4.name", "current.1.name", "result.1.time", "bib.2075.time", "mark")
        seen.append(tuple(shown(path, *told, gate=False) for path in paths))
    name = "J. MBEKI-ROSS"
    assert seen == [
        ("", "", "", "", "", ""),
        ("Start list", name, "", "", "", ""),
        ("Live", name, "", "", "", "Live"),
        ("Live", name, name, "", "", "Live"),
        ("Intermediate", name, name, "9.59", "", "Intermediate"),
        ("Unconfirmed", name, name, "9.59", "10.13", "Unconfirmed"),
        ("Official", name, "", "9.59", "10.12", ""),
        ("Official", name, "", "9.59", "10.13", ""),
    ]


def test_what_is_current_takes_its_names_from_who_started() -> None:
    value = value_of(after(start_list(), current()), gate=False)
    row = value["current"][1]  # type: ignore[index,call-overload]
    assert (row["name"], row["bib"], row["diff"], row["place"]) == ("A. FERREIRA", "1588", "+0.13", "2")
    assert (value["status"], value["result"]) == ("Live", ())
    assert shown("current.1.name", start_list(), current(), gate=True) == ""


def test_a_photo_finish_that_is_pending_is_held_back_alone() -> None:
    entries = [replace(entry, photo=Photo.PENDING) if entry.rank == "2" else entry for entry in whole()]
    result = unit(header(4, ResultStatus.UNOFFICIAL, 30), entries)
    assert [shown(f"result.{n}.time", result) for n in (1, 2, 3)] == ["9.59", "", "9.88"]
    assert shown("result.2.note", result) == "Photo finish"
    assert shown("result.2.time", result, gate=False) == "9.77"
    unchecked = unit(header(4, ResultStatus.UNOFFICIAL, 30), [replace(whole()[0], unchecked=True)])
    assert shown("result.1.note", unchecked) == "Unchecked"


def test_who_did_not_finish_is_told_instead_of_a_time() -> None:
    entries = [*whole()[:2], replace(whole()[2], rank="", result="", irm="DSQ", result_type="IRM")]
    result = unit(header(9, ResultStatus.OFFICIAL, 500), entries)
    assert [shown(f"result.3.{key}", result) for key in ("time", "place", "irm")] == ["DSQ", "", "DSQ"]
    assert "1342" not in places(value_of(after(result), gate=True))


def test_the_unit_can_be_chosen_and_is_else_the_last_heard_of() -> None:
    other = replace(start_list(), header=replace(start_list().header, document="ATHM-LJ".ljust(34, "-")), unit="Jump")
    state = after(correction(), other)
    assert value_of(state, True)["unit"] == "Jump"
    assert value_of(state, True, "ATHM100M")["unit"] == "Men's 100m Final"
    assert value_of(state, True, "SWM")["unit"] == ""
    assert shown("units.ATHM-LJ.unit", correction(), other) == "Jump"


def test_who_does_not_start_is_told_in_the_start_list() -> None:
    entries = [replace(start_list().entries[0], irm="DNS"), *start_list().entries[1:]]
    listed = unit(header(2, ResultStatus.START_LIST, -60), entries)
    assert [shown(f"start.{n}.time", listed) for n in (1, 2)] == ["DNS", ""]
    assert shown("start.1.time", listed, intermediate()) == ""


def test_a_bib_that_nobody_wears_is_empty() -> None:
    assert shown("bib.9999.name", start_list()) == ""


def test_updates_of_participants_add_to_them() -> None:
    update = replace(
        participants(),
        header=replace(participants().header, type_name="DT_PARTIC_UPDATE"),
        participants=(replace(participants().participants[3], tv_name="Jo MBEKI-ROSS"),),
    )
    told = (participants(), update, start_list())
    assert [shown(f"start.{n}.name", *told) for n in (4, 5)] == ["Jo MBEKI-ROSS", "A. FERREIRA"]


def test_refusals_are_counted_and_the_last_are_kept() -> None:
    state = FeedState()
    for number in range(100):
        state = refused(state, f"reason {number}", number)
    state = refused(state, "reason 99", 500)
    assert (state.refused, len(state.refusals), state.refusals[-1].at_ns) == (101, REFUSALS_KEPT, 500)


@settings(max_examples=60)
@given(st.permutations([made() for made in RACE]), st.booleans())
def test_in_whatever_order_messages_come_the_highest_version_stands(messages: list[Message], gate: bool) -> None:
    value = value_of(after(*messages), gate)
    assert (value["status"], len(value["result"])) == ("Official", 8)  # type: ignore[arg-type]
    assert shown("result.7.time", *messages) == "10.13"

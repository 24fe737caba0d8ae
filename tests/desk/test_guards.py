"""The guards: who may take what and when, and that nothing is refused without a word."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.desk.actions import AIR, NUMBERED, TAKES, VIEW, Action, Verb
from console.desk.guards import DOUBT_NS, ENGINE_LOST, Desk, Guard, Sight, decide, set_up_refusal
from console.show.commands import (
    AllGraphicsOff,
    Auto,
    Cut,
    FadeToBlack,
    Redo,
    Role,
    SetKeyerOnAir,
    SetKeyerPreview,
    SetPreview,
    SetProgram,
    SetTitle,
    SetTracked,
    SetTransition,
    Undo,
)
from console.show.model import Air, Fade, Move, Setup, Source, SourceId, Transition, TransitionType
from console.show.world import Element, ElementKind, Group, Switched, Title, World

MS = 1_000_000
SETUP = Setup(sources=tuple(Source(SourceId(f"cam{n}"), "pattern:", f"Camera {n}") for n in range(1, 13)))
AIR_NOW = Air(program=SourceId("cam1"), preview=SourceId("cam2"))
SIGHT = Sight(setup=SETUP, air=AIR_NOW, before="cam4")
HOT = Guard(hot_cut=True)
CUT, AUTO = Action(Verb.CUT), Action(Verb.AUTO)


def every_action() -> list[Action]:
    plain = [Action(verb) for verb in Verb if verb not in NUMBERED]
    return plain + [Action(verb, number) for verb in NUMBERED for number in (1, 2, 4)]


def commands(action: Action, guard: Guard = HOT, sight: Sight = SIGHT) -> tuple:
    verdict = decide(guard, action, sight, 0)[1]
    assert not verdict.refusal, verdict.refusal
    return verdict.commands


def refusal(action: Action, guard: Guard = HOT, sight: Sight = SIGHT, now: int = 0) -> str:
    verdict = decide(guard, action, sight, now)[1]
    assert verdict.commands == ()
    return verdict.refusal


def test_what_each_action_asks_the_engine():
    assert commands(CUT) == (Cut(),)
    assert commands(AUTO) == (Auto(),)
    assert commands(Action(Verb.TAKE)) == (Auto(),)
    assert commands(Action(Verb.PREVIEW, 3)) == (SetPreview(SourceId("cam3")),)
    assert commands(Action(Verb.PREVIEW, 12)) == (SetPreview(SourceId("cam12")),)
    assert commands(Action(Verb.HOT_CUT, 3)) == (SetProgram(SourceId("cam3")),)
    assert commands(Action(Verb.BACK)) == (SetPreview("cam4"),)
    assert commands(Action(Verb.FADE_TO_BLACK)) == (FadeToBlack(True),)
    assert commands(Action(Verb.UNDO)) == (Undo(),)
    assert commands(Action(Verb.REDO)) == (Redo(),)
    assert commands(Action(Verb.NEXT_TRANSITION)) == (SetTransition(type=TransitionType.DIP),)
    assert commands(Action(Verb.PREVIOUS_TRANSITION)) == (SetTransition(type=TransitionType.DIP),)


@pytest.mark.parametrize(
    ("now", "slower", "faster"), [(25, 30, 20), (23, 25, 20), (3, 5, 1), (1, 5, 1), (1000, 1000, 995)]
)
def test_rates_go_in_steps_of_five(now, slower, faster):
    sight = replace(SIGHT, air=replace(AIR_NOW, transition=Transition(rate_frames=now)))
    assert commands(Action(Verb.SLOWER), sight=sight) == (SetTransition(rate_frames=slower),)
    assert commands(Action(Verb.FASTER), sight=sight) == (SetTransition(rate_frames=faster),)


def test_fade_comes_back():
    black = replace(SIGHT, air=replace(AIR_NOW, fade=Fade(True, 0, 25)))
    assert commands(Action(Verb.FADE_TO_BLACK), sight=black) == (FadeToBlack(False),)


def test_keyers():
    assert refusal(Action(Verb.KEYER, 2)) == "Keyer 2 has neither a source nor a title"
    keyed = replace(SIGHT, setup=replace(SETUP, keyers=(None, SourceId("cam3"), None, None)))
    assert commands(Action(Verb.KEYER, 2), sight=keyed) == (SetKeyerOnAir(2, True),)
    on = replace(keyed, air=replace(AIR_NOW, keyers_on=(False, True, False, True)))
    assert commands(Action(Verb.KEYER, 2), sight=on) == (SetKeyerOnAir(2, False),)
    assert commands(Action(Verb.GRAPHICS_OFF), sight=on) == (AllGraphicsOff(),)
    assert refusal(Action(Verb.GRAPHICS_OFF)) == "No graphics are on air"


def test_a_title_on_its_way_out_can_be_taken_again():
    titled = replace(SIGHT, setup=replace(SETUP, titles=(Title("lower_third"), None, None, None)))
    assert commands(Action(Verb.KEYER, 1), sight=titled) == (SetKeyerOnAir(1, True),)
    leaving = replace(AIR_NOW, keyers_on=(True, False, False, False), titles=(Switched(False, 100), *[Switched()] * 3))
    assert commands(Action(Verb.KEYER, 1), sight=replace(titled, air=leaving)) == (SetKeyerOnAir(1, True),)
    assert commands(Action(Verb.KEYER_PREVIEW, 1), sight=titled) == (SetKeyerPreview(1, True),)
    assert "neither" in refusal(Action(Verb.KEYER_PREVIEW, 2), sight=titled)


def test_tracked_graphics_are_refused_while_the_tracking_is_stale():
    tag = Element("tags", ElementKind.LABEL, Group.TAG, "*")
    world = replace(SIGHT, setup=replace(SETUP, world=World(elements=(tag,))))
    assert commands(Action(Verb.TRACKED, 1), sight=world) == (SetTracked(Group.TAG, True),)
    assert "Nothing in the world" in refusal(Action(Verb.TRACKED, 2), sight=world)
    stale = replace(world, tracking={AIR_NOW.program: "its tracking is 3.0 s old"})
    assert "its tracking is 3.0 s old" in refusal(Action(Verb.TRACKED, 1), sight=stale)
    on = replace(stale, air=replace(AIR_NOW, tracked=(Switched(True), *[Switched()] * 3)))
    assert commands(Action(Verb.TRACKED, 1), sight=on) == (SetTracked(Group.TAG, False),), "off is always possible"
    assert commands(Action(Verb.GRAPHICS_OFF), sight=on) == (AllGraphicsOff(),)
    assert "OFF AIR" in refusal(Action(Verb.TRACKED, 1), Guard(desk=Desk.OFF_AIR), on)


def test_hot_cut_is_off_until_it_is_allowed():
    assert Guard().hot_cut is False
    assert "Hot cut is off" in refusal(Action(Verb.HOT_CUT, 1), Guard())
    guard, _ = decide(Guard(), Action(Verb.ALLOW_HOT_CUT), SIGHT, 0)
    assert commands(Action(Verb.HOT_CUT, 1), guard) == (SetProgram(SourceId("cam1")),)


def test_a_digit_without_a_source_says_so():
    assert refusal(Action(Verb.PREVIEW, 13)) == "There is no source 13"
    assert refusal(Action(Verb.BACK), sight=replace(SIGHT, before=None)) == "Nothing was on program before"
    assert refusal(Action(Verb.BACK), sight=replace(SIGHT, before="gone")) == "Nothing was on program before"


@pytest.mark.parametrize("action", every_action(), ids=str)
def test_locked_refuses_all_but_looking(action):
    guard, verdict = decide(Guard(desk=Desk.LOCKED), action, SIGHT, 0)
    if action.verb in VIEW:
        assert verdict.local
    elif action.verb is Verb.LOCK:
        assert guard.desk is Desk.ARMED
    else:
        assert "LOCKED" in verdict.refusal
        assert not verdict.commands
        assert guard.desk is Desk.LOCKED


@pytest.mark.parametrize("action", every_action(), ids=str)
def test_off_air_refuses_what_touches_program_and_nothing_else(action):
    verdict = decide(Guard(desk=Desk.OFF_AIR, hot_cut=True), action, SIGHT, 0)[1]
    assert ("OFF AIR" in verdict.refusal) == (action.verb in AIR)


@pytest.mark.parametrize("action", every_action(), ids=str)
def test_without_an_engine_nothing_is_sent(action):
    verdict = decide(HOT, action, replace(SIGHT, linked=False), 0)[1]
    assert not verdict.commands
    assert verdict.refusal == ENGINE_LOST or verdict.local


@pytest.mark.parametrize("role", [Role.VIEW, Role.GRAPHICS])
def test_a_desk_that_may_only_look_takes_nothing(role):
    assert f"may only {role}" in refusal(CUT, sight=replace(SIGHT, role=role))
    assert f"may only {role}" in refusal(Action(Verb.UNDO), sight=replace(SIGHT, role=role))


def test_lock_comes_back_to_what_was():
    guard = Guard(desk=Desk.OFF_AIR)
    guard, _ = decide(guard, Action(Verb.LOCK), SIGHT, 0)
    assert guard.desk is Desk.LOCKED
    guard, _ = decide(guard, Action(Verb.LOCK), SIGHT, 0)
    assert guard.desk is Desk.OFF_AIR
    guard, _ = decide(guard, Action(Verb.ARM), SIGHT, 0)
    assert guard.desk is Desk.ARMED
    guard, _ = decide(guard, Action(Verb.ARM), SIGHT, 0)
    assert guard.desk is Desk.OFF_AIR


@pytest.mark.parametrize("verb", sorted(TAKES))
def test_takes_keep_their_distance(verb):
    action = Action(verb, 3 if verb is Verb.HOT_CUT else 0)
    guard, first = decide(HOT, action, SIGHT, 1000)
    assert first.commands
    assert "TOO SOON" in refusal(action, guard, now=1000 + 250 * MS - 1)
    assert decide(guard, action, SIGHT, 1000 + 250 * MS)[1].commands


def test_the_interval_is_the_shows():
    slow = replace(SIGHT, setup=replace(SETUP, take_interval_ms=1000))
    guard, _ = decide(HOT, CUT, slow, 0)
    assert "1000 ms" in refusal(CUT, guard, slow, 999 * MS)


@pytest.mark.parametrize("trouble", ["STALE 4 s", "NO SIGNAL", "black"])
@pytest.mark.parametrize("action", [CUT, AUTO, Action(Verb.HOT_CUT, 2)], ids=str)
def test_a_bad_source_needs_a_second_press_within_a_second(action, trouble):
    sight = replace(SIGHT, troubles={"cam2": trouble})
    guard, first = decide(HOT, action, sight, 0)
    assert first.refusal == f"Camera 2 is {trouble}: press again within 1 s to take it anyway"
    assert decide(guard, action, sight, DOUBT_NS)[1].commands
    late_guard, late = decide(guard, action, sight, DOUBT_NS + 1)
    assert late.refusal
    assert decide(late_guard, action, sight, DOUBT_NS + 300 * MS)[1].commands


def test_a_bouncing_key_does_not_answer_its_own_question():
    sight = replace(SIGHT, troubles={"cam2": "STALE 4 s"})
    guard, _ = decide(HOT, CUT, sight, 0)
    for at in (20, 60, 249):
        guard, verdict = decide(guard, CUT, sight, at * MS)
        assert verdict.refusal
    assert decide(guard, CUT, sight, 300 * MS)[1].commands


def test_the_second_press_must_mean_the_same_take():
    sight = replace(SIGHT, troubles={"cam2": "STALE 4 s", "cam3": "STALE 9 s"})
    guard, _ = decide(HOT, CUT, sight, 0)
    assert refusal(AUTO, guard, sight, 400 * MS)
    moved = replace(sight, air=replace(AIR_NOW, preview=SourceId("cam3")))
    assert "Camera 3 is STALE 9 s" in refusal(CUT, guard, moved, 400 * MS)


def test_black_on_preview_is_asked_about_too():
    assert "Preview is black" in refusal(CUT, sight=replace(SIGHT, air=replace(AIR_NOW, preview=None)))


def test_cut_ends_a_running_transition_without_a_question():
    move = Move(SourceId("cam2"), 0, Transition())
    sight = replace(SIGHT, air=replace(AIR_NOW, move=move), troubles={"cam2": "STALE 4 s"})
    assert commands(CUT, sight=sight) == (Cut(),)
    assert refusal(AUTO, sight=sight) == "A transition is running"


GUARDS = st.builds(
    Guard,
    st.sampled_from(Desk),
    st.sampled_from([Desk.ARMED, Desk.OFF_AIR]),
    st.booleans(),
    st.none() | st.integers(0, 10**9),
)
SIGHTS = st.builds(
    Sight,
    st.booleans(),
    st.sampled_from(Role),
    st.sampled_from([SETUP, Setup()]),
    st.sampled_from([AIR_NOW, Air(), replace(AIR_NOW, move=Move(None, 3, Transition()))]),
    st.sampled_from([None, "cam1"]),
    st.sampled_from([{}, {"cam2": "black"}]),
)


@given(GUARDS, st.lists(st.tuples(st.sampled_from(every_action()), SIGHTS, st.integers(0, 10**9)), max_size=12))
def test_every_wish_is_answered_one_way(guard, wishes):
    now = 0
    for action, sight, step in wishes:
        now += step
        before = guard
        guard, verdict = decide(guard, action, sight, now)
        assert (bool(verdict.commands), verdict.local, bool(verdict.refusal)).count(True) == 1
        if action.verb in AIR and verdict.commands:
            assert before.desk is Desk.ARMED
            assert sight.linked
        if action.verb in TAKES and verdict.commands:
            assert guard.last_take_ns == now


def test_a_title_on_air_is_updated_by_an_armed_desk_only():
    setup = replace(SETUP, titles=(Title("name-strap"), None, None, None))
    on_air = Sight(setup=setup, air=replace(AIR_NOW, keyers_on=(True, False, False, False)))
    update, prepare = SetTitle(1, Title("clock")), SetTitle(2, Title("clock"))
    assert set_up_refusal(Guard(), update, on_air) == ""
    rehearsing = Guard(desk=Desk.OFF_AIR)
    assert "arm it" in set_up_refusal(rehearsing, update, on_air)
    assert set_up_refusal(rehearsing, prepare, on_air) == ""
    assert set_up_refusal(rehearsing, SetTitle(9, None), on_air) == "", "the engine says what is wrong with it"
    assert "LOCKED" in set_up_refusal(Guard(desk=Desk.LOCKED), prepare, on_air)
    assert set_up_refusal(Guard(), prepare, replace(on_air, linked=False)) == ENGINE_LOST

"""The key machine: auto-repeat, holds, keys that never came up; and that it takes any run of events."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.desk.actions import HOLD_NS, UNLOCK_HOLD_NS, Action, Verb, parse_action
from console.desk.keymaps import chosen
from console.desk.keys import REBOUND_MS, Keyboard, KeyEvent, Pressed, elapsed, let_go, press

BINDINGS = chosen("atem-like")[0].bindings
CUT = KeyEvent("Space")
FADE = KeyEvent("B", ctrl=True)
LOCK = KeyEvent("L", ctrl=True)


def up(event: KeyEvent, at_ms: int = 0) -> KeyEvent:
    return replace(event, pressed=False, at_ms=at_ms)


def repeated(event: KeyEvent) -> KeyEvent:
    return replace(event, repeat=True)


def test_every_binding_acts_once_per_press():
    for chord, action in BINDINGS.items():
        *modifiers, name = chord.split("+")
        event = KeyEvent(name, "Ctrl" in modifiers, "Shift" in modifiers, "Alt" in modifiers)
        assert event.chord == chord
        keyboard, pressed = press(Keyboard(), event, BINDINGS, 0, locked=False)
        assert pressed.bound
        assert pressed.action == (None if action.verb in HOLD_NS else action), chord
        keyboard, again = press(keyboard, repeated(event), BINDINGS, 1, locked=False)
        assert again == Pressed(True), f"{chord} repeated"


@pytest.mark.parametrize("modifiers", list(product((False, True), repeat=3)))
def test_a_chord_is_its_key_with_exactly_its_modifiers(modifiers):
    ctrl, shift, alt = modifiers
    _, pressed = press(Keyboard(), KeyEvent("Digit1", ctrl, shift, alt), BINDINGS, 0, locked=False)
    expected = {
        (False, False, False): "preview 1",
        (False, True, False): "preview 11",
        (True, False, False): "hot cut 1",
    }
    assert str(pressed.action) == expected.get(modifiers, "None")


def test_held_space_cuts_once_even_when_the_system_does_not_mark_repeats():
    keyboard, first = press(Keyboard(), CUT, BINDINGS, 0, locked=False)
    assert first.action == Action(Verb.CUT)
    for number in range(50):
        keyboard, pressed = press(keyboard, CUT, BINDINGS, number, locked=False)
        assert pressed == Pressed(True)
    keyboard, _ = press(keyboard, repeated(up(CUT)), BINDINGS, 60, locked=False)
    assert "Space" in keyboard.down, "a repeat's release is none"
    keyboard, _ = press(keyboard, up(CUT, 1000), BINDINGS, 61, locked=False)
    assert press(keyboard, replace(CUT, at_ms=1100), BINDINGS, 62, locked=False)[1].action == Action(Verb.CUT)


def test_repeats_that_come_as_releases_and_presses_do_not_act():
    keyboard, first = press(Keyboard(), CUT, BINDINGS, 0, locked=False)
    assert first.action is not None
    for at_ms in range(660, 2000, 40):  # as X11 repeats: both at one instant
        keyboard, _ = press(keyboard, up(CUT, at_ms), BINDINGS, 0, locked=False)
        keyboard, pressed = press(keyboard, replace(CUT, at_ms=at_ms), BINDINGS, 0, locked=False)
        assert pressed == Pressed(True)


@pytest.mark.parametrize(("gap_ms", "acts"), [(0, False), (REBOUND_MS, False), (REBOUND_MS + 1, True), (200, True)])
def test_a_bouncing_contact_is_one_press(gap_ms, acts):
    keyboard, _ = press(Keyboard(), CUT, BINDINGS, 0, locked=False)
    keyboard, _ = press(keyboard, up(CUT, 100), BINDINGS, 0, locked=False)
    assert (press(keyboard, replace(CUT, at_ms=100 + gap_ms), BINDINGS, 0, locked=False)[1].action is not None) == acts


def test_a_repeat_does_not_end_a_hold():
    keyboard, _ = press(Keyboard(), FADE, BINDINGS, 0, locked=False)
    keyboard, _ = press(keyboard, up(FADE, 700), BINDINGS, 700_000_000, locked=False)
    keyboard, _ = press(keyboard, replace(FADE, at_ms=700), BINDINGS, 700_000_001, locked=False)
    assert elapsed(keyboard, 1_000_000_000)[1] == Action(Verb.FADE_TO_BLACK)


def test_fade_to_black_needs_its_key_held():
    keyboard, pressed = press(Keyboard(), FADE, BINDINGS, 100, locked=False)
    assert pressed == Pressed(True)
    hold = keyboard.hold
    assert hold is not None
    assert hold.progress(100 + HOLD_NS[Verb.FADE_TO_BLACK] // 2) == 0.5
    assert elapsed(keyboard, hold.due_ns - 1) == (keyboard, None)
    keyboard, action = elapsed(keyboard, hold.due_ns)
    assert action == Action(Verb.FADE_TO_BLACK)
    assert elapsed(keyboard, hold.due_ns + 1) == (keyboard, None)


def test_letting_go_early_is_answered_with_a_hint():
    keyboard, _ = press(Keyboard(), FADE, BINDINGS, 0, locked=False)
    keyboard, pressed = press(keyboard, up(FADE), BINDINGS, 500_000_000, locked=False)
    assert pressed == Pressed(True, None, "Hold Ctrl+B for 1 s")
    assert elapsed(keyboard, 2_000_000_000) == (keyboard, None)


def test_lock_is_at_once_and_unlock_is_held():
    assert press(Keyboard(), LOCK, BINDINGS, 0, locked=False)[1].action == Action(Verb.LOCK)
    keyboard, pressed = press(Keyboard(), LOCK, BINDINGS, 0, locked=True)
    assert pressed.action is None
    assert elapsed(keyboard, UNLOCK_HOLD_NS)[1] == Action(Verb.LOCK)


def test_a_window_that_loses_the_keyboard_holds_nothing():
    assert let_go() == Keyboard()


def test_escape_is_bound_to_nothing():
    assert press(Keyboard(), KeyEvent("Escape"), BINDINGS, 0, locked=False)[1] == Pressed()


EVENTS = st.builds(
    KeyEvent,
    st.sampled_from(["Space", "Enter", "B", "L", "Digit1", "F1", "Escape", "", "Q"]),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)


@given(st.lists(st.tuples(EVENTS, st.integers(0, 2_000_000_000)), max_size=60), st.booleans())
def test_any_run_of_events_acts_at_most_once_per_real_press(run, locked):
    keyboard, now, real_presses, actions = Keyboard(), 0, 0, 0
    for event, step in run:
        now += step
        keyboard, action = elapsed(keyboard, now)
        actions += action is not None
        real_presses += event.pressed and not event.repeat and event.name not in keyboard.down
        keyboard, pressed = press(keyboard, event, BINDINGS, now, locked=locked)
        actions += pressed.action is not None
        assert not (pressed.action is not None and pressed.hint)
        assert keyboard.hold is None or keyboard.hold.key in keyboard.down
    assert actions <= real_presses


@pytest.mark.parametrize("text", ["preview 0", "preview 21", "keyer 5", "preview", "cut 1", "jump", "", "hot cut x"])
def test_what_is_no_action_is_refused_by_name(text):
    with pytest.raises(ValueError, match="is no action"):
        parse_action(text)


def test_actions_read_back():
    for action in BINDINGS.values():
        assert parse_action(str(action)) == action

"""Keys as a pure state machine: key events in, intended actions out.

Auto-repeat never acts, neither does a key that is already down. X11 repeats a held key as releases and presses, and Qt
does not always see that they are no real ones: a key that comes down within `REBOUND_MS` of going up has never been up.
That also calms contacts that bounce. Some actions need their key held: they come out of `elapsed` when the time is up,
and letting go early is answered with a hint.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from console.desk.actions import HOLD_NS, UNLOCK_HOLD_NS, Action, Verb

REBOUND_MS = 30
"""No finger leaves a key and strikes it again within this time."""


@dataclass(frozen=True)
class KeyEvent:
    """One key going down or up. `name` says where the key is (`Digit1`, `Space`) or, for letters, what it writes."""

    name: str
    ctrl: bool = False
    shift: bool = False
    alt: bool = False
    pressed: bool = True
    repeat: bool = False
    at_ms: int = 0
    """When it happened, by the clock of the window system."""

    @property
    def chord(self) -> str:
        """The key with its modifiers as keymaps write it, such as `Ctrl+Shift+Z`."""
        return "Ctrl+" * self.ctrl + "Alt+" * self.alt + "Shift+" * self.shift + self.name


@dataclass(frozen=True)
class Hold:
    """A key that is being held until `due_ns`."""

    key: str
    chord: str
    action: Action
    since_ns: int
    due_ns: int

    def progress(self, now_ns: int) -> float:
        """How much of the time is up, 0..1."""
        return min(1.0, max(0.0, (now_ns - self.since_ns) / (self.due_ns - self.since_ns)))


@dataclass(frozen=True)
class Released:
    """The key that went up last, and what it was held for."""

    key: str
    at_ms: int
    hold: Hold | None


@dataclass(frozen=True)
class Keyboard:
    """Which keys are down, which of them is being held for something, and which went up last."""

    down: frozenset[str] = field(default=frozenset())
    hold: Hold | None = None
    released: Released | None = None


@dataclass(frozen=True)
class Pressed:
    """What an event came to: an action, or a hint for the director; `bound` says whether the key is one of ours."""

    bound: bool = False
    action: Action | None = None
    hint: str = ""


def press(
    keyboard: Keyboard, event: KeyEvent, bindings: Mapping[str, Action], now_ns: int, *, locked: bool
) -> tuple[Keyboard, Pressed]:
    """Take one key event. Total: every event is answered."""
    if not event.pressed:
        return _released(keyboard, event)
    action = bindings.get(event.chord)
    bound = action is not None
    if event.repeat or event.name in keyboard.down:
        return keyboard, Pressed(bound)
    released = keyboard.released
    keyboard = replace(keyboard, down=keyboard.down | {event.name}, released=None)
    if released is not None and released.key == event.name and event.at_ms - released.at_ms <= REBOUND_MS:
        return replace(keyboard, hold=keyboard.hold or released.hold), Pressed(bound)
    if action is None:
        return keyboard, Pressed()
    hold_ns = UNLOCK_HOLD_NS if locked and action.verb is Verb.LOCK else HOLD_NS.get(action.verb)
    if hold_ns is None:
        return keyboard, Pressed(True, action)
    hold = Hold(event.name, event.chord, action, now_ns, now_ns + hold_ns)
    return replace(keyboard, hold=hold), Pressed(True)


def _released(keyboard: Keyboard, event: KeyEvent) -> tuple[Keyboard, Pressed]:
    if event.repeat:
        return keyboard, Pressed()
    hold = keyboard.hold if keyboard.hold is not None and keyboard.hold.key == event.name else None
    released = Released(event.name, event.at_ms, hold)
    keyboard = replace(keyboard, down=keyboard.down - {event.name}, released=released)
    if hold is None:
        return keyboard, Pressed()
    seconds = (hold.due_ns - hold.since_ns) / 1e9
    return replace(keyboard, hold=None), Pressed(True, None, f"Hold {hold.chord} for {seconds:g} s")


def elapsed(keyboard: Keyboard, now_ns: int) -> tuple[Keyboard, Action | None]:
    """The action whose key has been held long enough, once."""
    hold = keyboard.hold
    if hold is None or now_ns < hold.due_ns:
        return keyboard, None
    return replace(keyboard, hold=None), hold.action


def let_go() -> Keyboard:
    """The keyboard after the window lost it: releases would not be seen, so nothing counts as held."""
    return Keyboard()

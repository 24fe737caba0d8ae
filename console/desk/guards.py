"""The guards between what a director asks for and what the engine is told: pure, the same for keys and mouse.

Nothing is refused silently: each refusal is a sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from console.desk.actions import AIR, RATE_STEP_FRAMES, TAKES, VIEW, Action, Verb
from console.show.commands import (
    AllGraphicsOff,
    Auto,
    Command,
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
    role_needed,
)
from console.show.model import Air, Setup, TransitionType
from console.show.reduce import RATE_FRAMES_MAX
from console.show.world import Group

DOUBT_NS = 1_000_000_000
"""A doubtful take is done when it is asked for again within this time."""
ENGINE_LOST = "ENGINE LOST: program may still be on air"


class Desk(StrEnum):
    """The desk's own state."""

    OFF_AIR = "OFF AIR"
    ARMED = "ARMED"
    LOCKED = "LOCKED"


@dataclass(frozen=True)
class Doubt:
    """A take that was refused once because its source looked bad."""

    action: Action
    source: str | None
    at_ns: int


@dataclass(frozen=True)
class Guard:
    """What the guards remember."""

    desk: Desk = Desk.ARMED
    before_lock: Desk = Desk.ARMED
    hot_cut: bool = False
    last_take_ns: int | None = None
    doubt: Doubt | None = None


@dataclass(frozen=True)
class Sight:
    """What the guards look at, as the engine last confirmed it."""

    linked: bool = True
    role: Role = Role.ADMIN
    setup: Setup = field(default_factory=Setup)
    air: Air = field(default_factory=Air)
    before: str | None = None
    """The program source before the present one."""
    troubles: Mapping[str, str] = field(default_factory=dict)
    """Sources that look bad, and the word for it: `cam2` is `STALE 4 s`."""
    tracking: Mapping[str, str] = field(default_factory=dict)
    """Sources whose tracking can't be trusted, and why."""


@dataclass(frozen=True)
class Verdict:
    """What becomes of an action: commands for the engine, something for the window (`local`), or a refusal."""

    commands: tuple[Command, ...] = ()
    local: bool = False
    refusal: str = ""
    take_to: str | None = None
    """The source that a take brings to program."""


def decide(guard: Guard, action: Action, sight: Sight, now_ns: int) -> tuple[Guard, Verdict]:
    """Judge an action. Total, without side effects."""
    verb = action.verb
    if verb in VIEW:
        return guard, Verdict(local=True)
    if verb in (Verb.LOCK, Verb.ARM, Verb.ALLOW_HOT_CUT):
        return _desk(guard, verb)
    if guard.desk is Desk.LOCKED:
        return guard, Verdict(refusal="The desk is LOCKED: hold Ctrl+L to unlock it")
    if verb is Verb.QUIT:
        return guard, Verdict(local=True)
    if not sight.linked:
        return guard, Verdict(refusal=ENGINE_LOST)
    if verb is Verb.ADD_SOURCE:
        return guard, Verdict(local=True)
    if verb in AIR and guard.desk is Desk.OFF_AIR:
        return guard, Verdict(refusal=f"The desk is OFF AIR: arm it (Ctrl+Shift+A) before {_gerund(verb)}")
    verdict = _commands(guard, action, sight)
    if needed := next((c for c in verdict.commands if not sight.role.allows(role_needed(c))), None):
        return guard, Verdict(refusal=f"This desk may only {sight.role}: {type(needed).__name__} is not allowed")
    if verb in TAKES and not verdict.refusal:
        return _take(guard, action, verdict, sight, now_ns)
    return guard, verdict


def _desk(guard: Guard, verb: Verb) -> tuple[Guard, Verdict]:
    if verb is Verb.LOCK:
        if guard.desk is Desk.LOCKED:
            return replace(guard, desk=guard.before_lock), Verdict(local=True)
        return replace(guard, desk=Desk.LOCKED, before_lock=guard.desk, doubt=None), Verdict(local=True)
    if guard.desk is Desk.LOCKED:
        return guard, Verdict(refusal="The desk is LOCKED: hold Ctrl+L to unlock it")
    if verb is Verb.ARM:
        desk = Desk.OFF_AIR if guard.desk is Desk.ARMED else Desk.ARMED
        return replace(guard, desk=desk, doubt=None), Verdict(local=True)
    return replace(guard, hot_cut=not guard.hot_cut), Verdict(local=True)


def _gerund(verb: Verb) -> str:
    words = {Verb.FADE_TO_BLACK: "fading", Verb.KEYER: "keying", Verb.TRACKED: "keying", Verb.GRAPHICS_OFF: "keying"}
    return words.get(verb, "taking")


def _take(guard: Guard, action: Action, verdict: Verdict, sight: Sight, now_ns: int) -> tuple[Guard, Verdict]:
    interval_ns = sight.setup.take_interval_ms * 1_000_000
    if guard.last_take_ns is not None and now_ns - guard.last_take_ns < interval_ns:
        return guard, Verdict(refusal=f"TOO SOON: takes are at least {sight.setup.take_interval_ms} ms apart")
    target = verdict.take_to
    trouble = "black" if target is None else sight.troubles.get(target, "")
    if trouble and sight.air.move is None:
        doubt = guard.doubt
        same = doubt is not None and doubt.action == action and doubt.source == target
        # A bouncing key must not answer the question it has just raised.
        if not (same and doubt is not None and interval_ns <= now_ns - doubt.at_ns <= DOUBT_NS):
            if not (same and doubt is not None and now_ns - doubt.at_ns < interval_ns):
                guard = replace(guard, doubt=Doubt(action, target, now_ns))
            name = _name(sight, target)
            return guard, Verdict(refusal=f"{name} is {trouble}: press again within 1 s to take it anyway")
    return replace(guard, last_take_ns=now_ns, doubt=None), verdict


def _name(sight: Sight, source: str | None) -> str:
    if source is None:
        return "Preview"
    found = sight.setup.source(source)
    return found.name if found else source


def _commands(guard: Guard, action: Action, sight: Sight) -> Verdict:
    air, verb = sight.air, action.verb
    if verb in (Verb.PREVIEW, Verb.HOT_CUT):
        return _pick(guard, action, sight)
    if verb is Verb.CUT:
        return Verdict((Cut(),), take_to=air.move.to if air.move else air.preview)
    if verb in (Verb.AUTO, Verb.TAKE):
        return Verdict(refusal="A transition is running") if air.move else Verdict((Auto(),), take_to=air.preview)
    if verb is Verb.BACK:
        if sight.before is None or sight.setup.source(sight.before) is None:
            return Verdict(refusal="Nothing was on program before")
        return Verdict((SetPreview(sight.before),))
    if verb is Verb.FADE_TO_BLACK:
        return Verdict((FadeToBlack(not (air.fade is not None and air.fade.to_black)),))
    if verb in (Verb.KEYER, Verb.KEYER_PREVIEW):
        return _key(action, sight)
    if verb is Verb.TRACKED:
        return _track(action, sight)
    if verb is Verb.GRAPHICS_OFF:
        return Verdict((AllGraphicsOff(),)) if _graphics_on(sight) else Verdict(refusal="No graphics are on air")
    if verb in (Verb.UNDO, Verb.REDO):
        return Verdict((Undo() if verb is Verb.UNDO else Redo(),))
    return _transition(verb, air)


def _pick(guard: Guard, action: Action, sight: Sight) -> Verdict:
    sources = sight.setup.sources
    if action.number > len(sources):
        return Verdict(refusal=f"There is no source {action.number}")
    source = sources[action.number - 1].id
    if action.verb is Verb.PREVIEW:
        return Verdict((SetPreview(source),))
    if not guard.hot_cut:
        return Verdict(refusal="Hot cut is off: allow it in the menu (Ctrl+Shift+H) first")
    return Verdict((SetProgram(source),), take_to=source)


def set_up_refusal(guard: Guard, command: Command, sight: Sight) -> str:
    """Why a panel may not give a command now; empty when it may."""
    if guard.desk is Desk.LOCKED:
        return "The desk is LOCKED: hold Ctrl+L to unlock it"
    if not sight.linked:
        return ENGINE_LOST
    if isinstance(command, SetTitle) and guard.desk is Desk.OFF_AIR and _is_on_air(command, sight):
        return f"The desk is OFF AIR: arm it (Ctrl+Shift+A) before updating DSK {command.keyer}, which is on air"
    return ""


def _is_on_air(command: SetTitle, sight: Sight) -> bool:
    return 1 <= command.keyer <= len(sight.air.keyers_on) and sight.air.keyers_on[command.keyer - 1]


def keyer_is_on(setup: Setup, air: Air, index: int) -> bool:
    """Whether a downstream keyer (from 0) is on: a title that is on its way out is not."""
    return air.keyers_on[index] if setup.titles[index] is None else air.titles[index].on


def _key(action: Action, sight: Sight) -> Verdict:
    air, setup, number = sight.air, sight.setup, action.number
    preview = action.verb is Verb.KEYER_PREVIEW
    on = air.keyers_preview[number - 1] if preview else keyer_is_on(setup, air, number - 1)
    if not on and setup.keyers[number - 1] is None and setup.titles[number - 1] is None:
        return Verdict(refusal=f"Keyer {number} has neither a source nor a title")
    return Verdict((SetKeyerPreview(number, not on) if preview else SetKeyerOnAir(number, not on),))


def _track(action: Action, sight: Sight) -> Verdict:
    """Switch a group of tracked graphics; on only when program's camera is known to be where it is said to be."""
    group, air = list(Group)[action.number - 1], sight.air
    if air.tracked[action.number - 1].on:
        return Verdict((SetTracked(group, False),))
    if not any(element.group is group for element in sight.setup.world.elements):
        return Verdict(refusal=f"Nothing in the world belongs to '{group}'")
    if why := sight.tracking.get(air.program or "", ""):
        return Verdict(refusal=f"{_name(sight, air.program)}: {why}")
    return Verdict((SetTracked(group, True),))


def _graphics_on(sight: Sight) -> bool:
    air = sight.air
    return any(air.keyers_on) or any(group.on for group in air.tracked)


def _transition(verb: Verb, air: Air) -> Verdict:
    now = air.transition
    if verb in (Verb.SLOWER, Verb.FASTER):
        step = RATE_STEP_FRAMES if verb is Verb.SLOWER else -RATE_STEP_FRAMES
        # Steps land on multiples of the step, whatever was typed before.
        rate = now.rate_frames // RATE_STEP_FRAMES * RATE_STEP_FRAMES
        rate = rate + step if step > 0 or rate == now.rate_frames else rate
        return Verdict((SetTransition(rate_frames=min(RATE_FRAMES_MAX, max(1, rate))),))
    kinds = list(TransitionType)
    move = 1 if verb is Verb.NEXT_TRANSITION else -1
    return Verdict((SetTransition(type=kinds[(kinds.index(now.type) + move) % len(kinds)]),))

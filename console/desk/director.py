"""What stands between the director's hands and the engine: keys and clicks in, commands out, answers back.

Every wish goes through the same guards, whether it comes from a key or the mouse, and each take and each refusal is
logged. Widgets only listen to the signals here; none of them talks to the engine by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from console.desk.actions import TAKES, Action, Verb
from console.desk.eventlog import Event, EventLog, operator
from console.desk.guards import ENGINE_LOST, Desk, Guard, Sight, Verdict, decide, set_up_refusal
from console.desk.keymap import Keymap
from console.desk.keys import Keyboard, KeyEvent, elapsed, let_go, press
from console.desk.tokens import Severity
from console.desk.world import World, lost, received, tracking_troubles, troubles
from console.media.clock import Clock
from console.media.time import timecode
from console.show.commands import (
    Command,
    SetKeyerOnAir,
    SetPreview,
    SetProgram,
    SetTracked,
    encode_command,
)

_ANSWER_NS = 2_000_000_000
MOUSE = "mouse"


class Connection(Protocol):
    """What the director needs of `console.wire.client.Live`."""

    def send(self, name: str, /, **fields: Any) -> str:
        """Give a command and return its id."""
        ...


@dataclass(frozen=True)
class Asked:
    """A command that has no answer yet."""

    command: Command
    by: str
    at_ns: int
    source_from: str | None
    source_to: str | None
    is_take: bool
    done: Callable[[str], None] | None = None
    """Called with the reason of a refusal, or nothing."""


class Director(QObject):
    """The desk's one state: the world as confirmed, the guards, the keyboard, and what has been asked for."""

    changed = Signal(object, object)
    """The world, and the world before."""
    guarded = Signal(object)
    """The guards' memory has changed."""
    asking = Signal()
    """What is asked for and not yet answered has changed."""
    refused = Signal(str)
    logged = Signal(object)
    local = Signal(object)
    """An action for the window."""
    holding = Signal(object)
    """The key that is being held (`Hold`), or None."""
    _arrived = Signal(object)
    _linked = Signal(bool, str)

    def __init__(self, clock: Clock, keymap: Keymap, log: EventLog, guard: Guard | None = None) -> None:
        super().__init__()
        self.clock = clock
        self.keymap = keymap
        self.log = log
        self.world = World()
        self.guard = guard or Guard()
        self.keyboard = Keyboard()
        self.asked: dict[str, Asked] = {}
        self.black: frozenset[str] = frozenset()
        """Sources whose pictures are black, as the multiview sees them."""
        self._connection: Connection | None = None
        self._who = operator()
        self._hold_timer = QTimer(self, singleShot=True, timerType=Qt.TimerType.PreciseTimer)
        self._hold_timer.timeout.connect(self._hold_elapsed)
        self._answer_timer = QTimer(self, interval=500)
        self._answer_timer.timeout.connect(self._forget_unanswered)
        # The link calls from its own thread; queued signals bring it here.
        self._arrived.connect(self._take_message, Qt.ConnectionType.QueuedConnection)
        self._linked.connect(self._take_link, Qt.ConnectionType.QueuedConnection)

    # -- the link ---------------------------------------------------------------------------------------------

    def connect_to(self, connection: Connection) -> None:
        """Send commands there from now on."""
        self._connection = connection

    def on_message(self, message: dict[str, Any]) -> None:
        """For `Live`, from any thread."""
        self._arrived.emit(message)

    def on_link(self, up: bool, reason: str) -> None:
        """For `Live`, from any thread."""
        self._linked.emit(up, reason)

    def _take_link(self, up: bool, reason: str) -> None:
        if up:
            return  # the snapshot says the rest
        was_linked, world = self.world.linked, lost(self.world, reason)
        if world != self.world:
            self._set_world(world)
        if was_linked:
            self._note(Severity.ALARM, ENGINE_LOST, by="engine", result=reason)
        for asked_id in list(self.asked):
            self._answered(asked_id, ENGINE_LOST)

    def _take_message(self, message: dict[str, Any]) -> None:
        if (ack := message.get("ack")) is not None:
            self._answered(str(ack.get("id")), "", ack.get("frame"))
        elif (reject := message.get("reject")) is not None:
            self._answered(str(reject.get("id")), str(reject.get("reason") or "refused"))
        else:
            was_linked, ever = self.world.linked, self.world.ever_linked
            try:
                world = received(self.world, message)
            except ValueError as error:
                self._note(Severity.ALARM, "The engine speaks another version", by="engine", result=str(error))
                return
            self._set_world(world)
            if world.linked and not was_linked and ever:
                self._note(Severity.GOOD, "The engine is back", by="engine")

    def _set_world(self, world: World) -> None:
        before, self.world = self.world, world
        self.changed.emit(world, before)

    # -- wishes -----------------------------------------------------------------------------------------------

    def key(self, event: KeyEvent) -> bool:
        """Take a key while keys are live; whether it is one of ours."""
        return self._pressed(event, self.keymap.bindings)

    def hold_mouse(self, button: str, action: Action, down: bool) -> None:
        """A button on the screen that is held like a key."""
        self._pressed(KeyEvent(button, pressed=down), {button: action})

    def _pressed(self, event: KeyEvent, bindings: Mapping[str, Action]) -> bool:
        now = self.clock.now()
        locked = self.guard.desk is Desk.LOCKED
        hold = self.keyboard.hold
        self.keyboard, pressed = press(self.keyboard, event, bindings, now, locked=locked)
        if self.keyboard.hold is not hold:
            self._watch_hold(now)
        if pressed.hint:
            self.refused.emit(pressed.hint)
        if pressed.action is not None:
            self.want(pressed.action, event.chord)
        return pressed.bound

    def release_keys(self) -> None:
        """The window has lost the keyboard."""
        self.keyboard = let_go()
        self._watch_hold(self.clock.now())

    def _watch_hold(self, now_ns: int) -> None:
        hold = self.keyboard.hold
        if hold is None:
            self._hold_timer.stop()
        else:
            self._hold_timer.start(max(0, (hold.due_ns - now_ns) // 1_000_000 + 1))
        self.holding.emit(hold)

    def _hold_elapsed(self) -> None:
        hold = self.keyboard.hold
        self.keyboard, action = elapsed(self.keyboard, self.clock.now())
        self._watch_hold(self.clock.now())
        if action is not None and hold is not None:
            self.want(action, hold.chord)

    def want(self, action: Action, by: str = MOUSE) -> None:
        """Judge an action and do it, or say why not."""
        now, before = self.clock.now(), self.guard
        self.guard, verdict = decide(before, action, self.sight(), now)
        if verdict.refusal:
            self._refuse(action, by, verdict.refusal)
        for command in verdict.commands:
            self._send(command, by, now, verdict, is_take=action.verb in TAKES)
        if self.guard != before:
            if self.guard.desk is not before.desk or self.guard.hot_cut != before.hot_cut:
                hot = ", hot cut allowed" if self.guard.hot_cut else ""
                self._note(Severity.INFORMATION, f"The desk is {self.guard.desk}{hot}", by=by)
            self.guarded.emit(self.guard)
        if verdict.local:
            self.local.emit(action)

    def preview(self, source: str, by: str = MOUSE) -> None:
        """Put a source on preview, wherever it is in the list."""
        position = next((i for i, known in enumerate(self.world.setup.sources, 1) if known.id == source), 0)
        if position:
            self.want(Action(Verb.PREVIEW, position), by)

    def request(self, command: Command, done: Callable[[str], None] | None = None) -> None:
        """Give a command of the set-up from a panel; `done` is called with a refusal's reason, or nothing."""
        if reason := set_up_refusal(self.guard, command, self.sight()):
            self.refused.emit(reason)
            if done:
                done(reason)
            return
        self._send(command, MOUSE, self.clock.now(), Verdict(), is_take=False, done=done)

    def sight(self) -> Sight:
        """What the guards look at now."""
        world = self.world
        bad = troubles(world, self.black)
        stale = tracking_troubles(world)
        return Sight(world.linked, world.role, world.setup, world.air, world.before, bad, stale)

    # -- answers ----------------------------------------------------------------------------------------------

    def _send(
        self,
        command: Command,
        by: str,
        now: int,
        verdict: Verdict,
        *,
        is_take: bool,
        done: Callable[[str], None] | None = None,
    ) -> None:
        assert self._connection is not None  # noqa: S101 - nothing is sent before the first snapshot
        fields = encode_command(command)
        name = fields.pop("command")
        asked_id = self._connection.send(name, client=f"{self._who} by {by}", **fields)
        program = self.world.air.program
        self.asked[asked_id] = Asked(command, by, now, program, verdict.take_to, is_take, done)
        if not self._answer_timer.isActive():
            self._answer_timer.start()
        self.asking.emit()

    def _answered(self, asked_id: str, refusal: str, frame: int | None = None) -> None:
        asked = self.asked.pop(asked_id, None)
        if asked is None:
            return
        if not self.asked:
            self._answer_timer.stop()
        name = type(asked.command).__name__
        if refusal:
            self.refused.emit(refusal)
            if asked.is_take:  # what never happened must not hold up the next try
                self.guard = replace(self.guard, last_take_ns=None)
        if not isinstance(asked.command, SetPreview) or refusal:
            severity = Severity.WARNING if refusal else Severity.GOOD if asked.is_take else Severity.INFORMATION
            event = self._event(severity, _told(asked.command, name), asked.by, frame, refusal or "done")
            if asked.is_take:
                event = replace(event, source_from=asked.source_from, source_to=asked.source_to)
            self._add(event)
        if asked.done:
            asked.done(refusal)
        self.asking.emit()

    def _forget_unanswered(self) -> None:
        now = self.clock.now()
        for asked_id, asked in list(self.asked.items()):
            if now - asked.at_ns > _ANSWER_NS:
                self._answered(asked_id, "The engine has not answered: look at the program before you try again")

    def _refuse(self, action: Action, by: str, reason: str) -> None:
        self.refused.emit(reason)
        self._note(Severity.WARNING, str(action).capitalize(), by=by, result=f"refused: {reason}")

    def _note(self, severity: Severity, text: str, *, by: str, result: str = "") -> None:
        self._add(self._event(severity, text, by, None, result))

    def _event(self, severity: Severity, text: str, by: str, frame: int | None, result: str) -> Event:
        code = timecode(frame, self.world.setup.format.rate) if frame is not None else ""
        return Event(self.clock.unix_ns(), severity, text, self._who, by, None, None, frame, code, result)

    def _add(self, event: Event) -> None:
        self.log.add(event)
        self.logged.emit(event)

    # -- what is asked for --------------------------------------------------------------------------------------

    def asked_preview(self) -> str | None:
        """The source that is asked for on preview and not yet there."""
        wanted = [asked.command.source for asked in self.asked.values() if isinstance(asked.command, SetPreview)]
        return wanted[-1] if wanted else None

    def asked_program(self) -> str | None:
        """The source that is asked for on program and not yet there."""
        wanted = [asked.source_to for asked in self.asked.values() if asked.is_take]
        return wanted[-1] if wanted else None

    def asked_for(self, kind: type, keyer: int = 0, group: str = "") -> bool:
        """Whether a command of a kind (for that keyer or group) waits for its answer."""
        return any(
            isinstance(asked.command, kind)
            and (not isinstance(asked.command, SetKeyerOnAir) or asked.command.keyer == keyer)
            and (not isinstance(asked.command, SetTracked) or asked.command.group == group)
            for asked in self.asked.values()
        )


def _told(command: Command, name: str) -> str:
    """A command as the log tells it."""
    if isinstance(command, SetProgram):
        return f"HotCut {command.source}"
    fields = encode_command(command)
    if (source := fields.get("source")) is not None and "keyer" not in fields:
        return f"{name} {source}"
    unsaid = ("command", "url", "proxy_url")
    shown = [_short(value) for key, value in fields.items() if key not in unsaid and value is not None]
    return " ".join((name, *(text for text in shown if text)))


def _short(value: Any) -> str:
    """A part of a command as the log tells it: of an object what it is called, as it may hold an address."""
    if isinstance(value, dict):
        return str(next((value[key] for key in ("id", "template", "source") if key in value), ""))
    return "" if isinstance(value, list) else str(value)

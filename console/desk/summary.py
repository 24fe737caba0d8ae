"""What the status strip says: the state of desk, program, log and pushes in a few words, each with its severity."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from console.desk.guards import Desk, Guard
from console.desk.tokens import Severity, severity_of
from console.desk.world import World

_LATE_WINDOW_NS = 10_000_000_000
_LOG_WARNING_HOURS, _LOG_ALARM_HOURS = 2.0, 0.5
UP_STATES = frozenset({"live", "up", "ok", "sending", "connected"})


@dataclass(frozen=True)
class Word:
    """One part of the strip; `panel` is the one that explains it."""

    text: str
    severity: Severity = Severity.QUIET
    panel: str = ""
    why: str = ""
    marked: bool = True
    """Whether it has the triangle of its severity; being armed is no warning."""


@dataclass
class Lateness:
    """Remembers the count of late ticks, to say how many came lately."""

    _seen: deque[tuple[int, int]] = field(default_factory=deque)

    def lately(self, late_ticks: int, now_ns: int) -> int:
        """How many ticks were late within the last 10 s."""
        if self._seen and late_ticks < self._seen[-1][1]:  # the engine was started again
            self._seen.clear()
        self._seen.append((now_ns, late_ticks))
        while len(self._seen) > 1 and self._seen[0][0] < now_ns - _LATE_WINDOW_NS:
            self._seen.popleft()
        return late_ticks - self._seen[0][1]


def desk_word(guard: Guard) -> Word:
    """The desk's own state."""
    words = {
        Desk.ARMED: Word("ARMED", Severity.WARNING, "arm", "Takes act. Click or Ctrl+Shift+A to go off air", False),
        Desk.OFF_AIR: Word("OFF AIR", Severity.QUIET, "arm", "Takes are refused. Click or Ctrl+Shift+A to arm"),
        Desk.LOCKED: Word("LOCKED", Severity.INFORMATION, "", "Hold Ctrl+L for 1 s to unlock"),
    }
    return words[guard.desk]


def keys_word(live: bool, why: str) -> Word:
    """Whether keys act."""
    if live:
        return Word("KEYS LIVE", Severity.GOOD, "keys", "Keys act in this window. Press ? for the list")
    return Word("KEYS OFF", Severity.WARNING, "keys", f"Keys do not act: {why}")


def program_word(world: World, late: int) -> Word:
    """Whether the program is well."""
    if not world.linked:
        return Word("ENGINE LOST", Severity.ALARM, "Events", "Program may still be on air")
    if late:
        return Word(f"LATE {late}", Severity.WARNING, "Health", f"{late} frames were late within 10 s")
    if not world.status.on_air:
        return Word("NOT ON AIR", Severity.WARNING, "Health", "The engine does not say that it is on air")
    return Word("PROGRAM OK", Severity.GOOD, "Health", "Every frame on time")


def log_word(world: World) -> Word:
    """How long the program log's disk lasts."""
    log = world.status.log
    if log.missing:
        return Word(f"LOG {log.missing} MISSING", Severity.ALARM, "Health", "The program log lacks frames")
    if log.hours_left is None:
        return Word("LOG", Severity.QUIET, "Health", "The program log")
    hours = log.hours_left
    text = f"LOG {hours:.0f} h left" if hours >= 1 else f"LOG {hours * 60:.0f} min left"
    severity = Severity.ALARM if hours < _LOG_ALARM_HOURS else Severity.GOOD
    if _LOG_ALARM_HOURS <= hours < _LOG_WARNING_HOURS:
        severity = Severity.WARNING
    return Word(text, severity, "Health", f"{log.disk_free / 1e9:.0f} GB are free for the program log")


def uplink_word(world: World) -> Word:
    """How many destinations take the program."""
    outputs = world.status.outputs
    wanted = max(len(outputs), len(world.setup.destinations))
    if not wanted:
        return Word("NO PUSH", Severity.QUIET, "Destinations", "No destination is set up")
    up = sum(reading.state in UP_STATES for reading in outputs.values())
    severity = Severity.GOOD if up == wanted else Severity.ALARM if up == 0 else Severity.WARNING
    return Word(f"{up}/{wanted} UP", severity, "Destinations", f"{up} of {wanted} destinations take the program")


def alarm_word(world: World) -> Word:
    """The engine's alarms, worst first; nothing when there are none."""
    alarms = world.status.alarms
    if not alarms:
        return Word("", panel="Events")
    order = list(Severity)
    worst = max((severity_of(alarm.severity) for alarm in alarms), key=order.index)
    return Word(f"{len(alarms)} ALARM{'S' * (len(alarms) > 1)}", worst, "Events", alarms[0].text)


def clock_text(seconds: int | None) -> str:
    """A time span as `+00:42:10`."""
    return "" if seconds is None else f"+{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"

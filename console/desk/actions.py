"""What a director can ask for, by key or by mouse, and how it is called in keymaps, logs and on the key sheet."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

DIGIT_SOURCES = 20
"""How many sources have a key: ten digits, and ten more with Shift."""
KEYERS = 4
GROUPS = ("tag", "speed", "result", "line")
"""The groups of tracked graphics, in the order of their keys (`show.world.Group`)."""


class Verb(StrEnum):
    """The kinds of action; the value is the word used in keymap files."""

    PREVIEW = "preview"
    HOT_CUT = "hot cut"
    CUT = "cut"
    AUTO = "auto"
    TAKE = "take"
    BACK = "last program to preview"
    FADE_TO_BLACK = "fade to black"
    KEYER = "keyer"
    KEYER_PREVIEW = "preview keyer"
    TRACKED = "tracked graphics"
    GRAPHICS_OFF = "all graphics off"
    NEXT_TRANSITION = "next transition type"
    PREVIOUS_TRANSITION = "previous transition type"
    SLOWER = "slower"
    FASTER = "faster"
    UNDO = "undo"
    REDO = "redo"
    LOCK = "lock"
    ARM = "arm"
    ALLOW_HOT_CUT = "allow hot cut"
    FULL_SCREEN = "full screen"
    KEY_SHEET = "key sheet"
    ADD_SOURCE = "add source"
    FIND = "find source"
    NEXT_PANEL = "next panel"
    PREVIOUS_PANEL = "previous panel"
    PRESS = "press focused control"
    LISTEN = "listen"
    QUIT = "quit"


TAKES = frozenset({Verb.CUT, Verb.AUTO, Verb.TAKE, Verb.HOT_CUT})
"""What changes the program's source."""
AIR = TAKES | {Verb.FADE_TO_BLACK, Verb.KEYER, Verb.TRACKED, Verb.GRAPHICS_OFF}
"""What changes program in any way; refused unless the desk is armed."""
VIEW = frozenset(
    {
        Verb.FULL_SCREEN,
        Verb.KEY_SHEET,
        Verb.FIND,
        Verb.NEXT_PANEL,
        Verb.PREVIOUS_PANEL,
        Verb.PRESS,
        Verb.LISTEN,
    }
)
"""What changes nothing but this window; allowed always."""
NUMBERED = {
    Verb.PREVIEW: DIGIT_SOURCES,
    Verb.HOT_CUT: DIGIT_SOURCES,
    Verb.KEYER: KEYERS,
    Verb.KEYER_PREVIEW: KEYERS,
    Verb.TRACKED: len(GROUPS),
}
"""What needs a number, and the largest."""
HOLD_NS = {Verb.FADE_TO_BLACK: 1_000_000_000}
"""What happens only after its key was held so long."""
UNLOCK_HOLD_NS = 1_000_000_000
RATE_STEP_FRAMES = 5


_FORMER = {"all keyers off": Verb.GRAPHICS_OFF}
"""Words that keymaps of older versions use."""


@dataclass(frozen=True)
class Action:
    """A verb, and which source position, keyer or group (from 1) where it needs one."""

    verb: Verb
    number: int = 0

    def __str__(self) -> str:
        return f"{self.verb} {self.number}" if self.verb in NUMBERED else str(self.verb)


def parse_action(text: str) -> Action:
    """Read `preview 3` or `cut`. Raises ValueError with a sentence."""
    words, _, last = text.strip().rpartition(" ")
    verbs: dict[str, Verb] = {verb: verb for verb in Verb} | _FORMER
    if last.isdecimal() and (verb := verbs.get(words)) in NUMBERED:
        if verb is not None and 1 <= int(last) <= NUMBERED[verb]:
            return Action(verb, int(last))
    elif (verb := verbs.get(text.strip())) is not None and verb not in NUMBERED:
        return Action(verb)
    raise ValueError(f"'{text}' is no action")

"""What a director can ask for, by key or by mouse, and how it is called in keymaps, logs and on the key sheet."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

DIGIT_SOURCES = 20
"""How many sources have a key: ten digits, and ten more with Shift."""


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
    KEYERS_OFF = "all keyers off"
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
AIR = TAKES | {Verb.FADE_TO_BLACK, Verb.KEYER, Verb.KEYERS_OFF}
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
NUMBERED = frozenset({Verb.PREVIEW, Verb.HOT_CUT, Verb.KEYER})
HOLD_NS = {Verb.FADE_TO_BLACK: 1_000_000_000}
"""What happens only after its key was held so long."""
UNLOCK_HOLD_NS = 1_000_000_000
RATE_STEP_FRAMES = 5


@dataclass(frozen=True)
class Action:
    """A verb, and which source position or keyer (from 1) where it needs one."""

    verb: Verb
    number: int = 0

    def __str__(self) -> str:
        return f"{self.verb} {self.number}" if self.verb in NUMBERED else str(self.verb)


def parse_action(text: str) -> Action:
    """Read `preview 3` or `cut`. Raises ValueError with a sentence."""
    words, _, last = text.strip().rpartition(" ")
    if last.isdigit() and words in NUMBERED:
        number = int(last)
        if 1 <= number <= (4 if words == Verb.KEYER else DIGIT_SOURCES):
            return Action(Verb(words), number)
    elif text.strip() not in NUMBERED:
        try:
            return Action(Verb(text.strip()))
        except ValueError:
            pass
    raise ValueError(f"'{text}' is no action")

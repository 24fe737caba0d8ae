"""Commands as data: what clients may ask for, read from JSON objects with every fault named."""

from __future__ import annotations

import dataclasses
import types
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias, Union, get_args, get_origin, get_type_hints

from console.show.codec import ShowFileError, from_json, to_json
from console.show.model import TransitionType
from console.show.world import Camera, DataFeed, Element, Group, Person, Point, Title, TrackingInput


class Role(StrEnum):
    """What a client may do; each role includes those before it."""

    VIEW = "view"
    GRAPHICS = "graphics"
    SWITCH = "switch"
    ADMIN = "admin"

    def allows(self, needed: Role) -> bool:
        """Whether a client of this role may do what needs `needed`."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True)
class Cut:
    """Program and preview change places on the next frame."""


@dataclass(frozen=True)
class Auto:
    """Run the current transition from program to preview."""


@dataclass(frozen=True)
class SetPreview:
    """Put a source (null: black) on preview."""

    source: str | None


@dataclass(frozen=True)
class SetProgram:
    """Hot cut: put a source (null: black) on program on the next frame, past preview."""

    source: str | None


@dataclass(frozen=True)
class SetTransition:
    """Choose the type and the length, in frames, of the next AUTO."""

    type: TransitionType | None = None
    rate_frames: int | None = None


@dataclass(frozen=True)
class FadeToBlack:
    """Fade program to black (true), back (false), or to the other of the two (null)."""

    black: bool | None = None
    rate_frames: int = 25


@dataclass(frozen=True)
class SetKeyerOnAir:
    """Key a downstream keyer (1..4) on or off, or take its title in or out; null toggles."""

    keyer: int
    on_air: bool | None = None


@dataclass(frozen=True)
class SetKeyer:
    """Choose the fill-and-key source of a downstream keyer (1..4), in place of its title if it has one."""

    keyer: int
    source: str | None


@dataclass(frozen=True)
class SetKeyerPreview:
    """Show what a downstream keyer (1..4) has on preview, or no more; null toggles."""

    keyer: int
    on: bool | None = None


@dataclass(frozen=True)
class SetTitle:
    """Give a downstream keyer (1..4) a title in place of a source, change the one it has, on air too, or take it
    away (null)."""

    keyer: int
    title: Title | None


@dataclass(frozen=True)
class SetTracked:
    """Switch a group of graphics in the world on or off; null toggles."""

    group: Group
    on: bool | None = None


@dataclass(frozen=True)
class AllGraphicsOff:
    """Take every title out, every key off, and every group of graphics in the world."""


@dataclass(frozen=True)
class StartRace:
    """Start the clock of record lines, as of a frame (null: the one at which this acts)."""

    frame: int | None = None


@dataclass(frozen=True)
class StopRace:
    """Stop the clock of record lines and put it back to zero."""


@dataclass(frozen=True)
class AddInput:
    """Listen to a stream of tracking under a new id."""

    input: TrackingInput


@dataclass(frozen=True)
class EditInput:
    """Change a tracking input: everything but its id is replaced."""

    input: TrackingInput


@dataclass(frozen=True)
class RemoveInput:
    """Remove a tracking input, by its id, that no camera or element uses."""

    input: str


@dataclass(frozen=True)
class SetCamera:
    """Say what camera stands behind a source, in place of what was said before."""

    camera: Camera


@dataclass(frozen=True)
class RemoveCamera:
    """Forget the camera behind a source: it carries no graphics any more."""

    source: str


@dataclass(frozen=True)
class SetElement:
    """Add a graphic to the world, or replace the one of that id."""

    element: Element


@dataclass(frozen=True)
class RemoveElement:
    """Remove a graphic from the world, by its id."""

    element: str


@dataclass(frozen=True)
class SetPeople:
    """Say who the subjects are, in place of what was said before."""

    people: tuple[Person, ...]


@dataclass(frozen=True)
class SetFreeBottom:
    """Keep graphics in the world off the bottom of the picture: a share of its height, 0 to 0.5."""

    share: float


@dataclass(frozen=True)
class SetField:
    """Say what field of play cameras are calibrated on (empty: none), and where in the world it lies."""

    field: str
    offset_m: Point = (0.0, 0.0, 0.0)
    turn_deg: float = 0.0


@dataclass(frozen=True)
class AddFeed:
    """Read results or other data under a new id."""

    feed: DataFeed


@dataclass(frozen=True)
class RemoveFeed:
    """Remove a data feed, by its id."""

    feed: str


@dataclass(frozen=True)
class AddSource:
    """Add a source under a new id."""

    source: str
    url: str
    name: str | None = None
    latency_ms: int | None = None
    proxy_url: str | None = None


@dataclass(frozen=True)
class EditSource:
    """Change what is given of a source."""

    source: str
    url: str | None = None
    name: str | None = None
    latency_ms: int | None = None
    proxy_url: str | None = None


@dataclass(frozen=True)
class RemoveSource:
    """Remove a source that is not on air."""

    source: str


@dataclass(frozen=True)
class AddDestination:
    """Push the program to one more address."""

    url: str
    name: str | None = None


@dataclass(frozen=True)
class RemoveDestination:
    """Stop pushing to an address."""

    url: str


@dataclass(frozen=True)
class RenameShow:
    """Give the show a name."""

    name: str


@dataclass(frozen=True)
class Undo:
    """Take back the last change of the set-up; never touches what is on air."""


@dataclass(frozen=True)
class Redo:
    """Do again what was undone."""


Command: TypeAlias = (
    Cut
    | Auto
    | SetPreview
    | SetProgram
    | SetTransition
    | FadeToBlack
    | SetKeyerOnAir
    | SetKeyer
    | SetKeyerPreview
    | SetTitle
    | SetTracked
    | AllGraphicsOff
    | StartRace
    | StopRace
    | AddInput
    | EditInput
    | RemoveInput
    | SetCamera
    | RemoveCamera
    | SetElement
    | RemoveElement
    | SetPeople
    | SetFreeBottom
    | SetField
    | AddFeed
    | RemoveFeed
    | AddSource
    | EditSource
    | RemoveSource
    | AddDestination
    | RemoveDestination
    | RenameShow
    | Undo
    | Redo
)
COMMANDS: dict[str, type[Command]] = {kind.__name__: kind for kind in get_args(Command)}
_GRAPHICS = (
    SetKeyer,
    SetKeyerOnAir,
    SetKeyerPreview,
    SetTitle,
    SetTracked,
    AllGraphicsOff,
    StartRace,
    StopRace,
)
_SWITCH = (Cut, Auto, SetPreview, SetProgram, SetTransition, FadeToBlack)


class CommandError(ValueError):
    """A message is not a command; the text says why."""


def role_needed(command: Command) -> Role:
    """The least role that may give a command."""
    if isinstance(command, _GRAPHICS):
        return Role.GRAPHICS
    return Role.SWITCH if isinstance(command, _SWITCH) else Role.ADMIN


def _read(value: Any, hint: Any, where: str) -> Any:
    if get_origin(hint) in (Union, types.UnionType):
        if value is None:
            return None
        hint = next(kind for kind in get_args(hint) if kind is not type(None))
    if hint is float or dataclasses.is_dataclass(hint) or get_origin(hint) is tuple:
        try:
            return from_json(hint, value, where)
        except ShowFileError as error:
            raise CommandError(str(error)) from None
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        try:
            return hint(value)
        except ValueError:
            raise CommandError(f"'{where}' must be one of {', '.join(hint)}") from None
    if type(value) is not hint:  # a bool is no int here
        raise CommandError(f"'{where}' must be a {hint.__name__}, not {value!r:.40}")
    if hint is str and (len(value) > 4096 or not value.isprintable()):
        raise CommandError(f"'{where}' must be printable text of at most 4096 characters")
    if hint is int and abs(value) > 1 << 53:
        raise CommandError(f"'{where}' is too large")
    return value


def decode_command(message: dict[str, Any]) -> Command:
    """Read `{"command": "SetPreview", "source": "cam2"}`. `id`, `client` and `at` belong to the envelope.

    Raises CommandError that names the unknown command, or the missing, unknown or wrong field.
    """
    name = message.get("command")
    kind = COMMANDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise CommandError(f"There is no command {name!r:.40}: known are {', '.join(COMMANDS)}")
    given = {key: value for key, value in message.items() if key not in ("command", "id", "client", "at")}
    hints = get_type_hints(kind)
    if unknown := given.keys() - hints.keys():
        raise CommandError(f"{name} has no field '{min(unknown):.40}'")
    fields = {key: _read(value, hints[key], key) for key, value in given.items()}
    for spec in dataclasses.fields(kind):
        if spec.name not in fields and spec.default is dataclasses.MISSING:
            raise CommandError(f"{name} needs '{spec.name}'")
    return kind(**fields)


def encode_command(command: Command) -> dict[str, Any]:
    """The JSON object that `decode_command` reads back."""
    return {"command": type(command).__name__, **to_json(command)}

"""What a title is made from: a tree of items with animations and named fields, as frozen data. Nothing here draws.

Lengths are in units: the picture is always 1080 units high, so a template looks alike in every format.
`resources/templates/README.md` describes the file format for designers; `reading.py` reads it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TypeAlias

UNITS_HIGH = 1080.0
OUT_LONGEST_MS = 1500
"""A title that is switched off must be gone before its key drops, 2 s later."""

Row: TypeAlias = Mapping[str, str]
Value: TypeAlias = str | Sequence[Row]
Values: TypeAlias = Mapping[str, Value]
"""What the fields of a title hold, by name: text, or rows of a table whose cells are named by column."""


class FieldType(StrEnum):
    """What a field holds; everything but a table is text."""

    TEXT = "text"
    NUMBER = "number"
    IMAGE = "image"
    COUNTRY = "country"
    COLOUR = "colour"
    TIME = "time"
    TABLE = "table"


@dataclass(frozen=True)
class TemplateField:
    """A field that an operator or a data feed fills."""

    name: str
    label: str
    type: FieldType = FieldType.TEXT
    default: Value = ""
    """What is on air when nobody fills it."""
    example: Value = ""
    """What a preview shows, never the air."""
    columns: tuple[TemplateField, ...] = ()
    """What each row of a table has."""


class Area(StrEnum):
    """What the outermost items are placed in: safe areas of EBU R95, or the whole picture."""

    GRAPHICS = "graphics"
    ACTION = "action"
    PICTURE = "picture"


MARGINS = {Area.GRAPHICS: 0.05, Area.ACTION: 0.035, Area.PICTURE: 0.0}
"""How much of each side of the picture lies outside an area."""


class Ease(StrEnum):
    """How a value comes to a key frame from the one before."""

    LINEAR = "linear"
    IN = "in"
    OUT = "out"
    IN_OUT = "in-out"
    BACK = "back"
    HOLD = "hold"


class Property(StrEnum):
    """What can be animated."""

    X = "x"
    Y = "y"
    OPACITY = "opacity"
    SCALE = "scale"
    REVEAL = "reveal"


AT_REST = {Property.X: 0.0, Property.Y: 0.0, Property.OPACITY: 1.0, Property.SCALE: 1.0, Property.REVEAL: 1.0}
"""Values of an item that nothing moves: x and y are offsets in units, the others factors."""


@dataclass(frozen=True)
class KeyFrame:
    """A value that a property has at a time."""

    ms: int
    value: float
    ease: Ease = Ease.OUT


@dataclass(frozen=True)
class Animation:
    """Key frames by property, ascending in time."""

    tracks: Mapping[Property, tuple[KeyFrame, ...]] = field(default_factory=dict)

    @property
    def length_ms(self) -> int:
        """The time of the last key frame."""
        return max((track[-1].ms for track in self.tracks.values()), default=0)


STILL = Animation()


class Fit(StrEnum):
    """A length that is found rather than given."""

    FIT = "fit"
    """As long as what is in it."""
    FILL = "fill"
    """As long as there is room."""


Length: TypeAlias = float | Fit


@dataclass(frozen=True)
class Gradient:
    """A linear change of colour; angle 0 runs to the right, 90 down."""

    start: str
    end: str
    angle_deg: float = 0.0


@dataclass(frozen=True)
class Border:
    """A line around a box, inside its edge."""

    colour: str
    width: float = 2.0


class Flow(StrEnum):
    """How a box places what is in it."""

    FREE = "free"
    ROW = "row"
    COLUMN = "column"


@dataclass(frozen=True)
class Box:
    """A rectangle or a group: paint, and items in it."""

    items: tuple[Item, ...] = ()
    flow: Flow = Flow.FREE
    gap: float = 0.0
    padding: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    """Left, top, right, bottom."""
    fill: str | Gradient = ""
    border: Border | None = None
    radius: float = 0.0


@dataclass(frozen=True)
class Style:
    """How text looks."""

    fonts: tuple[str, ...]
    """The first of these that is installed."""
    size: float
    """Height of the font's em in units."""
    colour: str = "#ffffff"
    weight: int = 400
    stretch: int = 100
    upper: bool = False


@dataclass(frozen=True)
class Text:
    """Text with `{field}` in it."""

    text: str
    style: Style
    align: str = "left"
    lines: int = 1
    shrink: float = 0.7
    """How small it may become, as a factor, before it is cut with an ellipsis."""


@dataclass(frozen=True)
class Image:
    """A picture file, drawn whole and in its own proportions."""

    source: str


@dataclass(frozen=True)
class Flag:
    """The flag of a country of three letters."""

    code: str


@dataclass(frozen=True)
class Rows:
    """An item repeated for every row of a table."""

    field: str
    item: Item
    limit: int
    gap: float = 0.0
    stagger_ms: int = 0
    """How much later each row's in-animation begins than that of the row before."""


class ClockMode(StrEnum):
    """What a clock shows."""

    UP = "up"
    DOWN = "down"
    DAY = "day"
    UNTIL = "until"


@dataclass(frozen=True)
class Clock:
    """Time that runs. `start` is where it counts from (up, down) or the time of day it counts to (until)."""

    mode: ClockMode
    format: str
    start: str
    style: Style
    align: str = "center"


@dataclass(frozen=True)
class Crawl:
    """Messages, one a line, that run through their box for ever."""

    text: str
    style: Style
    units_per_s: float = 220.0
    gap: float = 120.0
    between: str = ""
    """Text between two messages, such as a dot."""


Content: TypeAlias = Box | Text | Image | Flag | Rows | Clock | Crawl


@dataclass(frozen=True)
class Item:
    """Anything in a template: where it is, how it moves, what it is."""

    content: Content
    x: float = 0.0
    y: float = 0.0
    width: Length = Fit.FIT
    height: Length = Fit.FIT
    least_width: float = 0.0
    most_width: float = 100_000.0
    anchor: tuple[float, float] = (0.0, 0.0)
    """Where in the room that it is given: (0, 0) top left, (1, 1) bottom right."""
    when: str = ""
    """A field; the item is there while that is not empty."""
    opacity: float = 1.0
    clip: bool = False
    reveal_from: str = "left"
    moves_in: Animation = STILL
    loops: Animation = STILL
    moves_out: Animation = STILL


@dataclass(frozen=True)
class Template:
    """One template file."""

    name: str
    description: str
    file: str
    fields: tuple[TemplateField, ...]
    items: tuple[Item, ...]
    area: Area = Area.GRAPHICS
    update_ms: int = 240
    """How long changed values take to cross-fade."""
    mirrored: bool = False
    """Whether left and right change places when its text runs from right to left."""

    def defaults(self) -> dict[str, Value]:
        """A value for every field."""
        return {one.name: one.default for one in self.fields}

    def examples(self) -> dict[str, Value]:
        """A value for every field that shows what the template is for."""
        return {one.name: one.example or one.default for one in self.fields}

    @cached_property
    def in_ms(self) -> int:
        """How long it takes until everything is in its place, rows counted at their limit."""
        return max((_longest(item, "moves_in") for item in self.items), default=0)

    @cached_property
    def lively(self) -> bool:
        """Whether something moves while it stands: a loop, a clock, a crawl."""
        return any(one.loops.tracks or isinstance(one.content, Clock | Crawl) for one in every_item(self.items))

    @cached_property
    def out_ms(self) -> int:
        """How long it takes to be gone."""
        return max((_longest(item, "moves_out") for item in self.items), default=0)


def table_rows(value: Value, columns: Sequence[TemplateField]) -> tuple[Row, ...]:
    """Rows of a table. Typed by hand they are lines, with cells in the order of the columns between `|` or tabs."""
    if not isinstance(value, str):
        return tuple(row for row in value if isinstance(row, Mapping))
    lines = [re.split(r"[|\t]", line) for line in value.splitlines() if line.strip()]
    names = [column.name for column in columns]
    return tuple(dict(zip(names, (cell.strip() for cell in cells), strict=False)) for cells in lines)


def inside(item: Item) -> tuple[Item, ...]:
    """The items right in an item."""
    content = item.content
    if isinstance(content, Box):
        return content.items
    return (content.item,) if isinstance(content, Rows) else ()


def every_item(items: Sequence[Item]) -> Iterator[Item]:
    """All items of a tree."""
    for item in items:
        yield item
        yield from every_item(inside(item))


def _longest(item: Item, which: str) -> int:
    animation: Animation = getattr(item, which)
    deeper = max((_longest(one, which) for one in inside(item)), default=0)
    if which == "moves_in" and deeper and isinstance(item.content, Rows):
        deeper += item.content.stagger_ms * (item.content.limit - 1)
    return max(animation.length_ms, deeper)

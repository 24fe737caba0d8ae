"""What graphics are made of, as frozen data: tracking, camera models, elements of the 3D scene, titles, data feeds.

The world of a venue is right-handed, in metres, Z up. Nothing here draws or measures.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

Point: TypeAlias = tuple[float, ...]
"""x, y, z in metres."""


class Group(StrEnum):
    """What is switched on and off together: one key each, F5 to F8, in this order."""

    TAG = "tag"
    SPEED = "speed"
    RESULT = "result"
    LINE = "line"


@dataclass(frozen=True)
class TrackingInput:
    """A stream of positions that comes in by UDP."""

    id: str
    protocol: str
    """`freed`, `opentrackio` or `psn` (`tracking.packet.TrackingProtocol`)."""
    bind: str
    """HOST:PORT of this machine."""
    group: str = ""
    """A multicast group to join on the interface of that address."""
    axes: str = ""
    """Such as `+x +z -y`: which axis of the sender is the world's x, y, z; empty: as the protocol has it."""
    angles: str = ""
    """Such as `-pan +tilt +roll`."""
    scale: float = 1.0
    offset_m: Point = (0.0, 0.0, 0.0)
    angle_offset_deg: Point = (0.0, 0.0, 0.0)
    quirks: tuple[str, ...] = ()
    """Names of `tracking.mapping.Quirks` that are switched over from what they are by default."""
    delay_ms: float = 0.0
    """How much later its samples of an instant come in than those of an input with 0. It moves subjects against
    pictures: a picture's subjects are taken so much later. A camera's own tracking goes by the camera's delay alone."""


@dataclass(frozen=True)
class LensRow:
    """A lens at one setting. Lengths are in picture widths, so they hold for every size of the same picture.

    Distortion is OpenCV's (Brown-Conrady, undistorted to distorted). The centre is where the axis meets the picture,
    from its middle.
    """

    zoom: float = 0.0
    """What the tracker says at this setting."""
    focus: float = 0.0
    focal: float = 1.0
    k1: float = 0.0
    k2: float = 0.0
    k3: float = 0.0
    p1: float = 0.0
    p2: float = 0.0
    centre_x: float = 0.0
    centre_y: float = 0.0
    pupil_m: float = 0.0
    """How far the entrance pupil lies before the tracked point, along the axis."""


@dataclass(frozen=True)
class Camera:
    """The model of the camera behind a source: tracked, or fixed when `input` is empty.

    For a tracked camera the place and angles are added to what the tracker says. Pan 0 looks along +Y and is positive
    to the right, tilt positive upwards, roll positive clockwise as seen from behind.
    """

    source: str
    input: str = ""
    """The id of the `TrackingInput`."""
    number: int = 0
    """Which camera of that input: FreeD camera id, OpenTrackIO source number."""
    delay_ms: float = 0.0
    """How much later the picture of an instant comes in than the tracking of that instant (of a fixed camera: than
    that of an input whose delay is 0)."""
    position_m: Point = (0.0, 0.0, 0.0)
    pan_deg: float = 0.0
    tilt_deg: float = 0.0
    roll_deg: float = 0.0
    lens: tuple[LensRow, ...] = (LensRow(),)
    """Ascending in zoom, then focus; what lies between is interpolated. One row is a fixed lens."""
    ground_m: tuple[Point, ...] = ()
    """Four corners of a stretch of ground on which nobody stands: its colours tell who hides what lies on the ground.
    Empty: bodies are taken to hide it."""


class ElementKind(StrEnum):
    """What stands in the world."""

    LABEL = "label"
    TRAIL = "trail"
    READOUT = "readout"
    RECORD_LINE = "record_line"
    DECAL = "decal"
    LANE_FLAG = "lane_flag"
    BOARD = "board"
    SKELETON = "skeleton"
    OFFSIDE_LINE = "offside_line"
    MEASURE = "measure"


@dataclass(frozen=True)
class Element:
    """One graphic in the world."""

    id: str
    kind: ElementKind
    group: Group
    subject: str = ""
    """`INPUT/NUMBER` of a subject, `*` for all, empty when it stands by itself."""
    text: str = ""
    """With `{name} {bib} {country} {speed} {distance} {place}`."""
    points_m: tuple[Point, ...] = ()
    """Where it stands: corners of a decal or board, ends of a line; a record line begins here, runs along `along_m`."""
    along_m: Point = (1.0, 0.0, 0.0)
    """The direction in which a record line, trail or distance runs."""
    colour: str = "#ffd23c"
    size_m: float = 1.0
    seconds: float = 3.0
    """How long a trail is."""
    pace: tuple[Point, ...] = ()
    """A record line's run: (seconds since the start, metres along) pairs, ascending."""
    unit: str = "km/h"
    image: str = ""
    """A file for a board or decal."""
    under_subjects: bool = True
    """What lies on the ground is hidden by those who stand on it."""


@dataclass(frozen=True)
class Person:
    """What is known of a subject beside where it is."""

    subject: str
    """`INPUT/NUMBER`."""
    name: str = ""
    bib: str = ""
    country: str = ""
    """Three letters."""


class FeedKind(StrEnum):
    """What a data feed speaks."""

    ODF = "odf"
    CSV = "csv"
    JSON = "json"


@dataclass(frozen=True)
class DataFeed:
    """Results and other data that titles show."""

    id: str
    kind: FeedKind
    url: str
    """http(s)://, a file, or a folder; `#CODE` at the end chooses the unit of a results feed that has several."""
    gate: bool = True
    """Results that are not official yet are held back rather than marked."""


@dataclass(frozen=True)
class Field:
    """One field of a title."""

    name: str
    value: str
    """Text; `{FEED.path}` in it is taken from a data feed."""


@dataclass(frozen=True)
class Title:
    """A template filled in, on one of the downstream keyers."""

    template: str
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True)
class World:
    """Everything that graphics need to know of the venue."""

    inputs: tuple[TrackingInput, ...] = ()
    cameras: tuple[Camera, ...] = ()
    elements: tuple[Element, ...] = ()
    people: tuple[Person, ...] = ()
    feeds: tuple[DataFeed, ...] = ()
    free_bottom: float = 0.0
    """How much of the picture's height, from its lower edge up, these graphics leave free: for a crawl, or a strip that
    machines read."""
    field: str = ""
    """The field of play that cameras are calibrated on (`tracking.fields`); empty: none was chosen."""
    field_offset_m: Point = (0.0, 0.0, 0.0)
    """Where its origin lies in the world."""
    field_turn_deg: float = 0.0
    """How far it is turned about its origin, anticlockwise from above."""


@dataclass(frozen=True)
class Switched:
    """Something that is on or off since a frame; frame 0: for ever."""

    on: bool = False
    at: int = 0

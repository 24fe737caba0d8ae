"""What the engine measures, read from its status with tolerance: a field that is missing or odd keeps its default."""

from __future__ import annotations

import dataclasses
import functools
import types
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, NewType, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from console.wire.tier import Tier

T = TypeVar("T")
Amount = NewType("Amount", float)
Count = NewType("Count", int)
"""Figures that are never below zero; one that is says nothing."""
_LARGEST = 1 << 63
"""No figure of ours is larger; what is can't be divided or shown."""


@dataclass(frozen=True)
class VideoFacts:
    """What a source's pictures are."""

    codec: str = ""
    width: int = 0
    height: int = 0
    fps: float = 0.0


@dataclass(frozen=True)
class SourceReading:
    """One source, measured. `in_`, `drop`, `out` and `duplicate` count pictures."""

    state: str = ""
    in_: int = 0
    drop: int = 0
    out: int = 0
    duplicate: int = 0
    fps: float = 0.0
    age_ms: float | None = None
    tier: Tier | None = None
    """How much of it is decoded."""
    cost: Amount | None = None
    """What its process takes, as a share of a core."""
    hot_in_frames: Count | None = None
    """How long a cut to it would wait for its picture: 0 is on air with the very next frame."""
    latency_ms: float | None = None
    reason: str = ""
    tile_reason: str = ""
    """What is wrong with the smaller address of its tile."""
    video: VideoFacts = field(default_factory=VideoFacts)

    @property
    def tier_name(self) -> str:
        """The tier as a word."""
        return self.tier.name.lower() if self.tier else ""

    @property
    def is_resting(self) -> bool:
        """Whether its pictures come once a second or more slowly, or not at all, because nothing more is decoded."""
        return self.tier is not None and self.tier <= Tier.KEY


@dataclass(frozen=True)
class OutputReading:
    """One destination, measured. `queued`, `sent`, `acked`, `lost` are in the engine's units (fragments or frames)."""

    state: str = ""
    queued: int = 0
    sent: int = 0
    acked: int = 0
    lag_ms: float | None = None
    lost: int = 0
    reason: str = ""


@dataclass(frozen=True)
class LogReading:
    """The program log on disk. `disk_free` is in bytes."""

    frames: int = 0
    bytes: int = 0
    disk_free: int = 0
    missing: int = 0
    hours_left: float | None = None


@dataclass(frozen=True)
class Headroom:
    """How many more cameras like those that are there the machine would hold at a tier."""

    active: Count | None = None
    key: Count | None = None


@dataclass(frozen=True)
class DecodingReading:
    """What decoding takes of the machine."""

    cost: Amount | None = None
    """Cores that all sources together take."""
    budget: Amount | None = None
    """Cores that those off program may take."""
    busy: Amount | None = None
    """How much of the machine is taken, by all that runs on it, 0..1."""
    cores: Count | None = None
    shedding: bool = False
    """Whether sources are decoded less than is wanted, for program's sake."""
    headroom: Headroom = field(default_factory=Headroom)


@dataclass(frozen=True)
class DelayReading:
    """What was found of how much later a camera's picture comes in than its tracking."""

    found_ms: float | None = None
    error_ms: Amount | None = None
    agreement: float | None = None
    at_ms: Amount | None = None
    """How long ago that was."""
    pairs: Count = Count(0)
    """Of pictures, that were compared since."""
    reason: str = ""
    """Why nothing more is known."""


@dataclass(frozen=True)
class PoseReading:
    """Where a tracker says that its camera is and how it looks, in the world's axes."""

    position_m: tuple[float, ...] = ()
    pan_deg: float | None = None
    tilt_deg: float | None = None
    roll_deg: float | None = None
    zoom: float | None = None
    focus: float | None = None


@dataclass(frozen=True)
class CameraReading:
    """The tracking of one source's camera."""

    state: str = ""
    """`drawn`, `tracked`, `fixed`, or what is wrong."""
    age_ms: float | None = None
    late: Count = Count(0)
    """Pictures whose graphics came too late."""
    delay: DelayReading = field(default_factory=DelayReading)
    pose: PoseReading = field(default_factory=PoseReading)


@dataclass(frozen=True)
class StreamReading:
    """One camera or server within a tracking input."""

    id: str = ""
    senders: tuple[str, ...] = ()
    rate_hz: Amount = Amount(0.0)
    jitter_ms: Amount = Amount(0.0)
    lost: Count = Count(0)
    age_ms: Amount | None = None


@dataclass(frozen=True)
class TrackingReading:
    """One tracking input, measured. What is counted is datagrams, since it was opened."""

    state: str = ""
    """`receiving`, `receiving, but not understood` or `silent`."""
    port: Count | None = None
    """None: it does not listen."""
    rate_hz: Amount = Amount(0.0)
    jitter_ms: Amount = Amount(0.0)
    understood: Count = Count(0)
    refused: Count = Count(0)
    last_error: str = ""
    lost: Count = Count(0)
    repeated: Count = Count(0)
    time_back: Count = Count(0)
    mod255: Count = Count(0)
    dropped: Count = Count(0)
    intruded: Count = Count(0)
    """Samples of a second sender, which are left out."""
    unknown_cameras: Mapping[str, Count] = field(default_factory=dict)
    """Cameras that nobody configured, and how often each was heard."""
    sources: tuple[StreamReading, ...] = ()
    age_ms: Amount | None = None
    ages_ms: Mapping[str, Amount] = field(default_factory=dict)
    """Of each camera or subject."""
    raw: str = ""
    """The beginning of the last datagram, in hexadecimal."""
    raw_bytes: Count = Count(0)
    raw_from: str = ""
    decoded: Any = None
    """The fields of the last that was understood."""
    troubles: tuple[str, ...] = ()


@dataclass(frozen=True)
class FeedReading:
    """A data feed of titles. `messages`, `refused` and `test_messages` are counts."""

    state: str = ""
    """`ok`, `stale` or `trouble`."""
    reason: str = ""
    age_ms: Amount | None = None
    """Since something new came."""
    messages: Count = Count(0)
    refused: Count = Count(0)
    test_messages: Count = Count(0)
    last_reason: str = ""
    """Of the trouble, or of the last message that was refused."""
    address: str = ""
    """Without its secrets."""
    value: Any = None
    """The beginning of what it says, as `results.excerpt` tells it."""


@dataclass(frozen=True)
class GraphicsReading:
    """The process that draws titles and tracked graphics."""

    tracking: Mapping[str, TrackingReading] = field(default_factory=dict)
    """By input."""
    cameras: Mapping[str, CameraReading] = field(default_factory=dict)
    subjects: Count = Count(0)
    """Athletes and objects that were heard of in the last second."""
    feeds: Mapping[str, FeedReading] = field(default_factory=dict)
    render_ms: float | None = None
    troubles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Alarm:
    """Something the engine wants seen."""

    id: str = ""
    severity: str = "warning"
    text: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class Status:
    """Everything measured, at one frame."""

    frame: int = 0
    on_air: bool = False
    late_ticks: int = 0
    tick_ms: float | None = None
    late_ms: float | None = None
    fade: float | None = None
    sources: Mapping[str, SourceReading] = field(default_factory=dict)
    outputs: Mapping[str, OutputReading] = field(default_factory=dict)
    log: LogReading = field(default_factory=LogReading)
    decoding: DecodingReading = field(default_factory=DecodingReading)
    graphics: GraphicsReading = field(default_factory=GraphicsReading)
    processes: Mapping[str, int] = field(default_factory=dict)
    alarms: tuple[Alarm, ...] = ()


def read_status(data: Any) -> Status:
    """Read the JSON of `/status`. Total: whatever comes, a status comes out."""
    return _read(Status, data) if isinstance(data, dict) else Status()


def _read(kind: type[T], data: Mapping[str, Any]) -> T:
    hints = _hints(cast(Hashable, kind))
    values: dict[str, Any] = {}
    for spec in dataclasses.fields(kind):  # type: ignore[arg-type]  # T is a dataclass, which typing can't say
        given = data.get(spec.name.rstrip("_"))
        value = _value(hints[spec.name], given)
        if value is not None:
            values[spec.name] = value
    return kind(**values)


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    """The types of a dataclass's fields; finding them out takes longer than reading a status."""
    return get_type_hints(kind)


def _value(hint: Any, given: Any) -> Any:
    """The given value as the hint wants it; None when it is nothing of that kind."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _value(next(part for part in parts if part is not type(None)), given)
    if origin is Mapping:
        items = given.items() if isinstance(given, dict) else ()
        read = {str(key): _value(parts[1], item) for key, item in items}
        return {key: item for key, item in read.items() if item is not None}
    if origin is tuple:
        read_items = (_value(parts[0], item) for item in given) if isinstance(given, list) else ()
        return tuple(item for item in read_items if item is not None)
    if dataclasses.is_dataclass(hint):
        return _read(hint, given) if isinstance(given, dict) else None  # type: ignore[arg-type]  # a type, not a value
    return _plain(hint, given)


def _plain(hint: Any, given: Any) -> Any:
    """A value that has no parts."""
    if hint is Any:
        return given
    if hint is Tier:
        return Tier.__members__.get(given.upper()) if isinstance(given, str) else None
    if hint is float:
        return float(given) if type(given) in (int, float) and abs(given) < _LARGEST else None  # NaN is not less
    if hint in (Amount, Count):
        value = _plain(hint.__supertype__, given)
        return value if value is not None and value >= 0 else None
    return given if type(given) is hint and (hint is not int or abs(given) < _LARGEST) else None

"""OpenTrackIO 1.0.1 samples: a camera's place, lens and timing as a JSON object, written in JSON or CBOR.

A sample is read twice: as the JSON object, unchanged, and as the typed values of `opentrackio_sample`. A block
of static values comes with it about every two seconds.
"""

from __future__ import annotations

import io
import json
import math
from dataclasses import dataclass
from typing import Any, NoReturn

import cbor2

from console.errors import ConsoleError
from console.tracking.opentrackio_sample import Sample
from console.tracking.otrk import Checksum, Encoding, Payload
from console.tracking.packet import ABSURD_M, PacketRefused
from console.tracking.shape import Json, read, written

NAME, VERSION = "OpenTrackIO", (1, 0, 1)
_MAX_DEPTH, _MAX_VALUES, _MAX_WHOLE = 32, 20_000, 1 << 64
_SELF_DESCRIBED_CBOR = b"\xd9\xd9\xf7"


@dataclass(frozen=True)
class OpenTrackIOPacket:
    """A sample as it came: how it was packed, the object unchanged, and its typed values."""

    sequence: int
    encoding: Encoding
    checksum: Checksum
    object: dict[str, Json]
    sample: Sample


def _check(value: Json) -> None:
    """Refuse what no sample holds: numbers that are none, values JSON has no word for, depth and size without end."""
    left, level = _MAX_VALUES, [value]
    for _ in range(_MAX_DEPTH):
        deeper: list[Json] = []
        for part in level:
            if isinstance(part, dict):
                deeper += part
                deeper += part.values()
                if not all(isinstance(name, str) for name in part):
                    raise PacketRefused("The OpenTrackIO sample has a key that is no text")
            elif isinstance(part, list):
                deeper += part
            else:
                _check_single(part)
        left -= len(deeper)
        if left < 0 or not deeper:
            break
        level = deeper
    if left < 0 or deeper:
        raise PacketRefused("The OpenTrackIO sample is nested too deep or has too many values")


def _check_single(value: Json) -> None:
    if isinstance(value, str):
        if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
            raise PacketRefused("The OpenTrackIO sample has text that is no Unicode")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise PacketRefused(f"The OpenTrackIO sample has a number that is {value}")
    elif isinstance(value, int):
        if not -_MAX_WHOLE < value < _MAX_WHOLE:
            raise PacketRefused("The OpenTrackIO sample has a number of more than 64 bits")
    elif value is not None:
        raise PacketRefused(f"The OpenTrackIO sample has a value that JSON can't hold ({type(value).__name__})")


def _no_tags(*_: Any) -> NoReturn:
    raise ValueError("tags have no place in a sample")


# Tags that cbor2 turns into numbers of any size, patterns, shared and endless structures; others come to the tag hook.
_TAGS = dict.fromkeys((*range(6), *range(21, 38), 52, 54, 100, 256, 258, 260, 261, 1004, 43000, 55799), _no_tags)


def _read_cbor(data: bytes) -> Json:
    file = io.BytesIO(data.removeprefix(_SELF_DESCRIBED_CBOR))
    decoder = cbor2.CBORDecoder(
        file, tag_hook=_no_tags, semantic_decoders=_TAGS, max_depth=_MAX_DEPTH, strict_hashable_types=True
    )
    value = decoder.decode()
    if file.read(1):
        raise ValueError("there is more after the sample")
    return value


def decode_payload(data: bytes, encoding: Encoding) -> dict[str, Json]:
    """The JSON object of a payload, checked to be plain. Raises PacketRefused."""
    try:
        value = _read_cbor(data) if encoding is Encoding.CBOR else json.loads(data.decode())
    except (ValueError, RecursionError, OverflowError, MemoryError, cbor2.CBORDecodeError) as error:
        reason = str(error.__cause__ or error)
        raise PacketRefused(f"The OpenTrackIO payload is no {encoding.name}: {reason}") from error
    if not isinstance(value, dict):
        raise PacketRefused("The OpenTrackIO payload is no object")
    _check(value)
    return value


def encode_payload(value: dict[str, Json], encoding: Encoding) -> bytes:
    """The payload of a JSON object. Raises ConsoleError for what is not plain."""
    try:
        _check(value)
    except PacketRefused as error:
        raise ConsoleError(error.sentence) from error
    return cbor2.dumps(value) if encoding is Encoding.CBOR else json.dumps(value, separators=(",", ":")).encode()


def read_sample(value: dict[str, Json]) -> Sample:
    """The typed values of a sample. Raises PacketRefused for another protocol or version, absurd or mistyped values."""
    sample = read(Sample, value, "sample")
    if sample.protocol is not None:
        version = ".".join(map(str, sample.protocol.version))
        if sample.protocol.name != NAME:
            raise PacketRefused(f"The sample says it is {sample.protocol.name[:40]!r}, not {NAME}")
        if sample.protocol.version[:1] != VERSION[:1]:
            raise PacketRefused(f"{NAME} version {version} is unknown")
    number = sample.source_number
    if number is not None and (number < 1 or 200 < number < 256):
        raise PacketRefused(f"{NAME} source {number} is none: sources are 1 to 200")
    for transform in sample.transforms or ():
        place = transform.translation_m
        if not math.hypot(place.x, place.y, place.z) < ABSURD_M:
            raise PacketRefused(f"The place of {transform.id or 'a transform'} is ({place.x}, {place.y}, {place.z})")
    return sample


def write_sample(sample: Sample) -> dict[str, Json]:
    """The JSON object of typed values."""
    found: dict[str, Json] = written(sample)
    return found


def read_payload(payload: Payload) -> OpenTrackIOPacket:
    """All of a packet. Raises PacketRefused."""
    value = decode_payload(payload.data, payload.encoding)
    return OpenTrackIOPacket(payload.sequence, payload.encoding, payload.checksum, value, read_sample(value))

"""What an ingested CMAF header or segment says about itself, read with care: the bytes come from anywhere.

Only the boxes on known paths are entered, every size is checked against its container, and all that goes wrong is a
`BadMediaError` with a sentence.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from console.outputs.boxes import Box, find, walk

Kind = Literal["video", "audio"]
_HANDLERS: dict[bytes, Kind] = {b"vide": "video", b"soun": "audio"}
_SEGMENT_BOXES = {b"styp", b"prft", b"sidx", b"emsg", b"free", b"skip", b"moof", b"mdat"}
_MOST_BOXES = 20_000
"""A chunked segment has a few boxes per picture; more than this in one place is an attack."""
_AVC_LETTERS = {b"avc1", b"avc3"}
_HEVC_LETTERS = {b"hvc1", b"hev1"}


class BadMediaError(ValueError):
    """The bytes are not what they should be."""


class UnknownMediaError(BadMediaError):
    """The bytes are well formed, but of a kind that is not taken here."""


@dataclass(frozen=True)
class Header:
    """What an initialisation segment says."""

    kind: Kind
    codec: str
    """As in RFC 6381, such as `avc1.640020`."""
    timescale: int
    default_duration: int
    """Of a sample, where a segment does not say; in units of the time scale."""
    width: int = 0
    height: int = 0
    channels: int = 0


@dataclass(frozen=True)
class Span:
    """Where a media segment lies in time, in units of its track's time scale."""

    start: int
    duration: int


def _boxes(data: memoryview, start: int, end: int) -> Iterator[Box]:
    for count, found in enumerate(walk(data, start, end)):
        if count >= _MOST_BOXES:
            raise BadMediaError("there are too many boxes")
        yield found


def _need(data: memoryview, inside: Box, *path: bytes) -> Box:
    found = find(data, *path, start=inside.payload, end=inside.end)
    if found is None:
        raise BadMediaError(f"there is no {path[-1].decode()} in {inside.kind.decode('latin-1')}")
    return found


def _number(layout: str, data: memoryview, box: Box, offset: int) -> int:
    if offset < 0 or box.payload + offset + struct.calcsize(layout) > box.end:
        raise BadMediaError(f"the box {box.kind.decode('latin-1')} is too short")
    return int(struct.unpack_from(layout, data, box.payload + offset)[0])


def read_header(data: bytes) -> Header:
    """Read an initialisation segment of one track. Raises BadMediaError or UnknownMediaError."""
    view = memoryview(data)
    try:
        return _header(view)
    except BadMediaError:
        raise
    except (ValueError, struct.error, IndexError) as error:
        raise BadMediaError(str(error)) from error


def _header(view: memoryview) -> Header:
    top = {found.kind: found for found in _boxes(view, 0, len(view))}
    if b"ftyp" not in top or b"moov" not in top:
        raise BadMediaError("a header is made of ftyp and moov")
    moov = top[b"moov"]
    tracks = [found for found in _boxes(view, moov.payload, moov.end) if found.kind == b"trak"]
    if len(tracks) != 1:
        raise BadMediaError(f"a header has one track, this has {len(tracks)}")
    media = _need(view, tracks[0], b"mdia")
    handler = _need(view, media, b"hdlr")
    kind = _HANDLERS.get(bytes(view[handler.payload + 8 : handler.payload + 12]))
    if kind is None:
        raise UnknownMediaError("the track is neither picture nor sound")
    mdhd = _need(view, media, b"mdhd")
    timescale = _number(">I", view, mdhd, 20 if view[mdhd.payload] == 1 else 12)
    if not timescale:
        raise BadMediaError("the time scale is 0")
    trex = find(view, b"mvex", b"trex", start=moov.payload, end=moov.end)
    default = _number(">I", view, trex, 12) if trex else 0
    description = _need(view, media, b"minf", b"stbl", b"stsd")
    entry = next(iter(_boxes(view, description.payload + 8, description.end)), None)
    if entry is None:
        raise BadMediaError("the header has no sample description")
    codec = _codec(view, entry)
    if kind == "video":
        width, height = (_number(">H", view, entry, at) for at in (24, 26))
        return Header(kind, codec, timescale, default, width, height)
    return Header(kind, codec, timescale, default, channels=_number(">H", view, entry, 16))


def _codec(view: memoryview, entry: Box) -> str:
    """The codec's name as browsers and HLS want it (RFC 6381; ISO/IEC 14496-15 annex E for HEVC)."""
    letters = entry.kind
    if letters in _AVC_LETTERS | _HEVC_LETTERS:
        name = b"avcC" if letters in _AVC_LETTERS else b"hvcC"
        config = find(view, name, start=entry.payload + 78, end=entry.end)
        if config is None or config.end - config.payload < 13 - 6 * (name == b"avcC"):
            raise BadMediaError(f"the {name.decode()} box is missing or too short")
        body = bytes(view[config.payload : config.end])
        return f"{letters.decode()}.{body[1:4].hex()}" if name == b"avcC" else f"{letters.decode()}.{_hevc(body)}"
    if letters == b"mp4a":
        esds = find(view, b"esds", start=entry.payload + 28, end=entry.end)
        if esds is None:
            raise BadMediaError("the esds box is missing")
        return f"mp4a.40.{_audio_object(bytes(view[esds.payload + 4 : esds.end]))}"
    raise UnknownMediaError(f"the codec {letters.decode('latin-1')!r} is not taken; H.264, HEVC and AAC are")


def _hevc(config: bytes) -> str:
    space = ("", "A", "B", "C")[config[1] >> 6]
    compatible = int(f"{int.from_bytes(config[2:6], 'big'):032b}"[::-1], 2)
    constraints = config[6:12].rstrip(b"\0")
    tier = "H" if config[1] >> 5 & 1 else "L"
    parts = [f"{space}{config[1] & 31}", f"{compatible:X}", f"{tier}{config[12]}", *(f"{b:X}" for b in constraints)]
    return ".".join(parts)


def _audio_object(descriptors: bytes) -> int:
    """The AAC object type, from the descriptors of `esds` (ISO/IEC 14496-1 7.2.6): 2 is LC."""
    at, end = 0, len(descriptors)
    for tag, skip in ((3, 3), (4, 13), (5, 0)):
        if at >= end or descriptors[at] != tag:
            raise BadMediaError("the descriptors of the sound can't be read")
        at += 1
        while at < end and descriptors[at] & 0x80:  # the length, 7 bits a byte
            at += 1
        at += 1
        if tag == 4 and at < end and descriptors[at] != 0x40:
            raise UnknownMediaError("the sound is not AAC")
        at += skip
    if at >= end:
        raise BadMediaError("the descriptors of the sound are cut short")
    object_type = descriptors[at] >> 3
    if object_type == 31 and at + 1 < end:
        object_type = 32 + ((descriptors[at] & 7) << 3 | descriptors[at + 1] >> 5)
    return object_type


def read_segment(data: bytes, header: Header) -> Span:
    """Read a media segment: whole `moof mdat` pairs of one track. Raises BadMediaError."""
    view = memoryview(data)
    try:
        return _segment(view, header)
    except BadMediaError:
        raise
    except (ValueError, struct.error, IndexError) as error:
        raise BadMediaError(str(error)) from error


def _segment(view: memoryview, header: Header) -> Span:
    start: int | None = None
    end = 0
    fragment: Box | None = None
    for found in _boxes(view, 0, len(view)):
        if found.kind not in _SEGMENT_BOXES:
            raise BadMediaError(f"the box {found.kind.decode('latin-1')!r} has no place in a segment")
        if found.kind == b"moof":
            if fragment is not None:
                raise BadMediaError("a moof has no mdat")
            fragment = found
            first, duration = _fragment(view, found, header)
            start, end = (first if start is None else start), first + duration
        elif found.kind == b"mdat":
            if fragment is None:
                raise BadMediaError("an mdat has no moof")
            fragment = None
    if start is None or fragment is not None:
        raise BadMediaError("a segment is made of moof and mdat")
    if end <= start:
        raise BadMediaError("the segment has no length")
    return Span(start, end - start)


def _fragment(view: memoryview, moof: Box, header: Header) -> tuple[int, int]:
    """Time of the first sample, and the length of all, of one moof."""
    tracks = [found for found in _boxes(view, moof.payload, moof.end) if found.kind == b"traf"]
    if len(tracks) != 1:
        raise BadMediaError(f"a fragment is of one track, this of {len(tracks)}")
    tfhd, tfdt = _need(view, tracks[0], b"tfhd"), _need(view, tracks[0], b"tfdt")
    flags = _number(">I", view, tfhd, 0) & 0xFFFFFF
    default = header.default_duration
    if flags & 0x08:
        default = _number(">I", view, tfhd, 8 + 8 * (flags & 1) + 4 * (flags >> 1 & 1))
    first = _number(">Q" if view[tfdt.payload] == 1 else ">I", view, tfdt, 4)
    runs = [found for found in _boxes(view, tracks[0].payload, tracks[0].end) if found.kind == b"trun"]
    return first, sum(_run_length(view, run, default) for run in runs)


def _run_length(view: memoryview, run: Box, default: int) -> int:
    flags, count = _number(">I", view, run, 0) & 0xFFFFFF, _number(">I", view, run, 4)
    if not flags & 0x100:
        return count * default
    at = run.payload + 8 + 4 * (flags & 1) + 4 * (flags >> 2 & 1)
    stride = 4 * sum(flags >> bit & 1 for bit in (8, 9, 10, 11))
    if at + count * stride > run.end:
        raise BadMediaError("a trun is shorter than it says")
    return sum(struct.unpack_from(">I", view, at + index * stride)[0] for index in range(count))

"""CMAF tracks (ISO/IEC 23000-19), one per file: headers and chunks, written and read.

A header is `ftyp moov`, a chunk `styp prft moof mdat`. Every chunk holds samples of one length in a row, and only its
first picture can be a key frame. Times are absolute: `tfdt` counts from 1970 in the track's time scale, `prft` gives
the UTC instant of the chunk's first sample. The sample entry is `avc3`: parameter sets travel with each key frame, so
another encoder can go on in the same track.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from console.media.time import CHANNELS, SAMPLE_RATE, Format
from console.outputs.boxes import box, find, full_box, walk

AAC_FRAME_SAMPLES = 1024
TRACK_ID = 1
"""A file with a single track calls it 1 (foreign parsers insist)."""
_MATRIX = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_UNIX_TO_NTP_SECONDS = 2_208_988_800
_HIGH_PROFILES = {100, 110, 122, 144}
_NOT_SYNC = 0x0101_0000  # sample depends on others, is not a sync sample (8.8.3.1)
_SYNC = 0x0200_0000
_PRFT_CAPTURED = 24  # the UTC instant is when the picture was captured (8.16.5)

FIRST_CHUNK = (b"msdh", b"cmfs", b"cmff", b"cmfl")
LATER_CHUNK = (b"cmfl",)
LAST_CHUNK_BRAND = b"lmsg"
_CHUNK_BOXES = {b"styp", b"prft", b"moof", b"mdat", b"free", b"emsg"}


@dataclass(frozen=True)
class Timing:
    """A track's time scale (units per second) and the length of every sample in those units."""

    timescale: int
    duration: int


def video_timing(fmt: Format) -> Timing:
    """Whole units per frame: 50000 and 1000 at 50 fps, 30000 and 1001 at 29.97."""
    factor = 1000 if fmt.rate.den == 1 else 1
    return Timing(fmt.rate.num * factor, fmt.rate.den * factor)


AUDIO_TIMING = Timing(SAMPLE_RATE, AAC_FRAME_SAMPLES)


def avc_config(sps: bytes, pps: bytes) -> bytes:
    """The payload of `avcC` (ISO/IEC 14496-15, 5.3.3.1.2) for 4:2:0 video of 8 bit."""
    config = struct.pack(">BBBBBBH", 1, sps[1], sps[2], sps[3], 0xFC | 3, 0xE0 | 1, len(sps)) + sps
    config += struct.pack(">BH", 1, len(pps)) + pps
    if sps[1] in _HIGH_PROFILES:
        config += bytes((0xFC | 1, 0xF8, 0xF8, 0))  # chroma 4:2:0, luma and chroma 8 bit, no SPS extension
    return config


def _descriptor(tag: int, payload: bytes) -> bytes:
    return bytes((tag, 0x80, 0x80, 0x80, len(payload))) + payload


def _aac_config_box(asc: bytes, bits_per_second: int) -> bytes:
    """`esds` (ISO/IEC 14496-14 5.6, descriptors of 14496-1 7.2.6)."""
    decoder = struct.pack(">BBBHII", 0x40, 0x15, 0, 6144, bits_per_second, bits_per_second)
    stream = struct.pack(">HB", TRACK_ID, 0) + _descriptor(4, decoder + _descriptor(5, asc)) + _descriptor(6, b"\x02")
    return full_box(b"esds", 0, 0, _descriptor(3, stream))


def _bit_rate_box(bits_per_second: int, buffer_bytes: int) -> bytes:
    return box(b"btrt", struct.pack(">III", buffer_bytes, bits_per_second, bits_per_second))


def _header(timing: Timing, handler: bytes, media_header: bytes, entry: bytes, size: tuple[int, int]) -> bytes:
    """`ftyp moov` of a track without samples (14496-12 8.2 to 8.8)."""
    volume = 0x0100 if handler == b"soun" else 0
    mvhd = struct.pack(">IIIIIH10x", 0, 0, timing.timescale, 0, 0x10000, 0x0100) + _MATRIX + bytes(24)
    tkhd = struct.pack(">IIIII8xHHHH", 0, 0, TRACK_ID, 0, 0, 0, 0, volume, 0) + _MATRIX
    tkhd += struct.pack(">II", size[0] << 16, size[1] << 16)
    mdhd = struct.pack(">IIIIHH", 0, 0, timing.timescale, 0, 0x55C4, 0)  # language: und
    hdlr = struct.pack(">I4s12x", 0, handler) + b"Podium\0"
    empty = [full_box(kind, 0, 0, bytes(4)) for kind in (b"stts", b"stsc")]
    empty += [full_box(b"stsz", 0, 0, bytes(8)), full_box(b"stco", 0, 0, bytes(4))]
    stbl = box(b"stbl", full_box(b"stsd", 0, 0, struct.pack(">I", 1), entry), *empty)
    dinf = box(b"dinf", full_box(b"dref", 0, 0, struct.pack(">I", 1), full_box(b"url ", 0, 1)))
    mdia = box(
        b"mdia",
        full_box(b"mdhd", 0, 0, mdhd),
        full_box(b"hdlr", 0, 0, hdlr),
        box(b"minf", media_header, dinf, stbl),
    )
    role = full_box(b"kind", 0, 0, b"urn:mpeg:dash:role:2011\0main\0")
    trak = box(b"trak", full_box(b"tkhd", 0, 3, tkhd), mdia, box(b"udta", role))
    trex = full_box(b"trex", 0, 0, struct.pack(">IIIII", TRACK_ID, 1, timing.duration, 0, 0))
    moov = box(
        b"moov",
        full_box(b"mvhd", 0, 0, mvhd, struct.pack(">I", TRACK_ID + 1)),
        trak,
        box(b"mvex", trex),
    )
    return box(b"ftyp", b"iso6", struct.pack(">I", 0), b"iso6", b"cmfc", b"dash") + moov


def video_header(fmt: Format, sps: bytes, pps: bytes, bits_per_second: int) -> bytes:
    """The header of the video track: `avc3`, BT.709 limited range, square pixels."""
    entry = box(
        b"avc3",
        struct.pack(">6xH16xHHIIIH32xHh", 1, fmt.width, fmt.height, 0x480000, 0x480000, 0, 1, 24, -1),
        box(b"avcC", avc_config(sps, pps)),
        box(b"colr", b"nclx", struct.pack(">HHHB", 1, 1, 1, 0)),
        box(b"pasp", struct.pack(">II", 1, 1)),
        _bit_rate_box(bits_per_second, bits_per_second // 8),
    )
    vmhd = full_box(b"vmhd", 0, 1, bytes(8))
    return _header(video_timing(fmt), b"vide", vmhd, entry, (fmt.width, fmt.height))


def audio_header(asc: bytes, bits_per_second: int) -> bytes:
    """The header of the sound track: `mp4a`, AAC-LC stereo; `asc` is the AudioSpecificConfig (14496-3 1.6.2.1)."""
    entry = box(
        b"mp4a",
        struct.pack(">6xH8xHHIHH", 1, CHANNELS, 16, 0, SAMPLE_RATE, 0),
        _aac_config_box(asc, bits_per_second),
        _bit_rate_box(bits_per_second, 6144 // 8 * CHANNELS),
    )
    return _header(AUDIO_TIMING, b"soun", full_box(b"smhd", 0, 0, bytes(4)), entry, (0, 0))


def codec_configs(header: bytes) -> tuple[bytes, bytes]:
    """What a decoder needs from a header: (sample entry letters, `avcC` payload or AudioSpecificConfig)."""
    found = find(header, b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")
    if found is None:
        raise ValueError("the header has no sample description")
    entry = next(walk(header, found.payload + 8, found.end))
    if entry.kind in (b"avc1", b"avc3"):
        config = find(header, b"avcC", start=entry.payload + 78, end=entry.end)
        if config is not None:
            return entry.kind, header[config.payload : config.end]
    elif entry.kind == b"mp4a":
        config = find(header, b"esds", start=entry.payload + 28, end=entry.end)
        at = -1 if config is None else header.find(b"\x05\x80\x80\x80", config.payload, config.end)
        if at >= 0:
            return entry.kind, header[at + 5 : at + 5 + header[at + 4]]
    raise ValueError(f"the header has a sample entry {entry.kind!r} that is not ours")


def bit_rate(header: bytes) -> int:
    """The bits per second that a header's `btrt` announces; 0 when it has none."""
    at = header.find(b"btrt")
    return int(struct.unpack_from(">I", header, at + 12)[0]) if 0 < at <= len(header) - 16 else 0


def ntp_time(unix_ns: int) -> int:
    """An instant as the 64 bits of NTP (RFC 5905): 32 bits of seconds since 1900, 32 bits of fraction."""
    seconds, ns = divmod(unix_ns, 1_000_000_000)
    return (seconds + _UNIX_TO_NTP_SECONDS & 0xFFFFFFFF) << 32 | (ns << 32) // 1_000_000_000


def chunk(
    samples: Sequence[bytes],
    *,
    sequence: int,
    time: int,
    timing: Timing,
    key: bool,
    utc_ns: int,
    brands: Sequence[bytes],
) -> bytes:
    """`styp prft moof mdat` for samples that follow each other.

    `time` is the media time of the first, `utc_ns` its instant since 1970; `key` says whether the first is a sync
    sample and the others are not (sound passes no key and every sample is one).
    """
    is_sound = timing is AUDIO_TIMING
    flags = _SYNC if is_sound else _NOT_SYNC
    # tfhd: default-base-is-moof, default duration, default flags (8.8.7)
    tfhd = full_box(b"tfhd", 0, 0x020028, struct.pack(">III", TRACK_ID, timing.duration, flags))
    tfdt = full_box(b"tfdt", 1, 0, struct.pack(">Q", time))
    sizes = b"".join(struct.pack(">I", len(sample)) for sample in samples)
    mfhd = full_box(b"mfhd", 0, 0, struct.pack(">I", sequence))
    # trun: data offset, flags of the first sample, sizes (8.8.8)
    moof_bytes = 8 + len(mfhd) + 8 + len(tfhd) + len(tfdt) + 24 + len(sizes)
    first_flags = _SYNC if key or is_sound else _NOT_SYNC
    trun = full_box(b"trun", 0, 0x000205, struct.pack(">IiI", len(samples), moof_bytes + 8, first_flags), sizes)
    return b"".join(
        (
            box(b"styp", brands[0], bytes(4), *brands),
            full_box(b"prft", 1, _PRFT_CAPTURED, struct.pack(">IQQ", TRACK_ID, ntp_time(utc_ns), time)),
            box(b"moof", mfhd, box(b"traf", tfhd, tfdt, trun)),
            box(b"mdat", *samples),
        )
    )


@dataclass(frozen=True)
class Chunk:
    """One chunk of a segment file: where it lies and what it holds."""

    offset: int
    end: int
    sequence: int
    time: int
    """Media time of the first sample."""
    key: bool
    """Whether the first sample is a sync sample."""
    sizes: tuple[int, ...]
    data: int
    """Where the first sample's bytes start."""


def _read_moof(moof: bytes) -> tuple[int, int, bool, tuple[int, ...]]:
    mfhd = find(moof, b"mfhd")
    traf = find(moof, b"traf")
    tfdt = trun = None
    if traf is not None:
        tfdt = find(moof, b"tfdt", start=traf.payload, end=traf.end)
        trun = find(moof, b"trun", start=traf.payload, end=traf.end)
    if mfhd is None or tfdt is None or trun is None:
        raise ValueError("a chunk has no mfhd, tfdt or trun")
    try:
        (sequence,) = struct.unpack_from(">I", moof, mfhd.payload + 4)
        (time,) = struct.unpack_from(">Q", moof, tfdt.payload + 4)
        flags, count, _, first_flags = struct.unpack_from(">IIiI", moof, trun.payload)
        if flags & 0xFFFFFF != 0x205 or trun.end - trun.payload != 16 + 4 * count:
            raise ValueError("a chunk's trun is not one of ours")
        sizes = struct.unpack_from(f">{count}I", moof, trun.payload + 16)
    except struct.error as error:
        raise ValueError(f"a chunk's boxes are cut short: {error}") from error
    return sequence, time, first_flags == _SYNC, sizes


def read_chunks(file: BinaryIO, offset: int = 0, size: int | None = None) -> Iterator[Chunk]:
    """The complete chunks of a segment file of `size` bytes, from `offset`; stops where the last whole one ends.

    Raises ValueError where there is something else than a chunk.
    """
    if size is None:
        size = file.seek(0, 2)
    start = offset
    parsed: tuple[int, int, bool, tuple[int, ...]] | None = None
    while size - offset >= 8:
        file.seek(offset)
        length, kind = struct.unpack(">I4s", file.read(8))
        if kind not in _CHUNK_BOXES or length < 8:
            raise ValueError(f"box {kind!r} of {length} bytes at {offset} is not part of a chunk")
        if offset + length > size:
            return
        if kind == b"moof":
            parsed = _read_moof(file.read(length - 8))
        offset += length
        if kind == b"mdat":
            if parsed is None or sum(parsed[3]) != length - 8:
                raise ValueError(f"the chunk at {start} holds other bytes than it says")
            sequence, time, key, sizes = parsed
            yield Chunk(start, offset, sequence, time, key, sizes, offset - length + 8)
            start, parsed = offset, None


def samples_of(data: bytes | memoryview, sizes: Sequence[int]) -> list[bytes]:
    """Cut the bytes of a chunk's `mdat` into its samples."""
    samples, at = [], 0
    for size in sizes:
        samples.append(bytes(data[at : at + size]))
        at += size
    return samples

"""A plain MP4 file (ISO/IEC 14496-12) from coded samples: the index in front, then the media, interleaved."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from console.outputs.boxes import Box, box, find, full_box

MOVIE_TIMESCALE = 48_000
_MAC_EPOCH_TO_UNIX_SECONDS = 2_082_844_800


@dataclass
class Mp4Track:
    """One track's index. Times are in the track's own time scale."""

    header: bytes
    """The track's CMAF header: codec, time scale and handler are taken from it."""
    track_id: int
    skipped: int = 0
    """How much media at the beginning is decoded and not shown (the edit list)."""
    sizes: list[int] = field(default_factory=list)
    durations: list[int] = field(default_factory=list)
    sync: list[int] = field(default_factory=list)
    """Sync samples, counted from 1; empty when every sample is one."""
    chunks: list[tuple[int, int]] = field(default_factory=list)
    """(offset in the media, samples) per chunk."""

    @property
    def timescale(self) -> int:
        """Units per second."""
        mdhd = _need(self.header, b"moov", b"trak", b"mdia", b"mdhd")
        return int(struct.unpack_from(">I", self.header, mdhd.payload + 12)[0])

    @property
    def duration(self) -> int:
        """The length of the media."""
        return sum(self.durations)


def _need(data: bytes, *path: bytes) -> Box:
    found = find(data, *path)
    if found is None:
        raise ValueError(f"the header has no {path[-1].decode()}")
    return found


def _copy(data: bytes, *path: bytes) -> bytes:
    found = _need(data, *path)
    return box(found.kind, data[found.payload : found.end])


def _runs(values: Iterable[int]) -> list[tuple[int, int]]:
    """(how many in a row, value)."""
    return [(sum(1 for _ in same), value) for value, same in groupby(values)]


def _table(kind: bytes, rows: Sequence[tuple[int, ...]], form: str) -> bytes:
    return full_box(kind, 0, 0, struct.pack(">I", len(rows)), b"".join(struct.pack(form, *row) for row in rows))


def _sample_table(track: Mp4Track, media_offset: int) -> bytes:
    minf = (b"moov", b"trak", b"mdia", b"minf")
    stsc, chunk = [], 1
    for count, samples in _runs(samples for _, samples in track.chunks):
        stsc.append((chunk, samples, 1))
        chunk += count
    sizes = struct.pack(f">II{len(track.sizes)}I", 0, len(track.sizes), *track.sizes)
    return box(
        b"stbl",
        _copy(track.header, *minf, b"stbl", b"stsd"),
        _table(b"stts", _runs(track.durations), ">II"),
        _table(b"stss", [(number,) for number in track.sync], ">I") if track.sync else b"",
        _table(b"stsc", stsc, ">III"),
        full_box(b"stsz", 0, 0, sizes),
        _table(b"co64", [(media_offset + offset,) for offset, _ in track.chunks], ">Q"),
    )


def _track_box(track: Mp4Track, created: int, media_offset: int) -> bytes:
    header, minf = track.header, (b"moov", b"trak", b"mdia", b"minf")
    kind = b"vmhd" if find(header, *minf, b"vmhd") else b"smhd"
    shown = (track.duration - track.skipped) * MOVIE_TIMESCALE // track.timescale
    tkhd = _need(header, b"moov", b"trak", b"tkhd")
    tail = header[tkhd.payload + 24 : tkhd.end]  # layer, volume, matrix, size
    times = struct.pack(">QQI4xQ", created, created, track.track_id, shown)
    mdhd = struct.pack(">QQIQHH", created, created, track.timescale, track.duration, 0x55C4, 0)
    edit = struct.pack(">IQqI", 1, shown, track.skipped, 0x10000)
    return box(
        b"trak",
        full_box(b"tkhd", 1, 3, times, tail),
        box(b"edts", full_box(b"elst", 1, 0, edit)),
        box(
            b"mdia",
            full_box(b"mdhd", 1, 0, mdhd),
            _copy(header, b"moov", b"trak", b"mdia", b"hdlr"),
            box(
                b"minf",
                _copy(header, *minf, kind),
                _copy(header, *minf, b"dinf"),
                _sample_table(track, media_offset),
            ),
        ),
    )


def _movie_box(tracks: Sequence[Mp4Track], created: int, media_offset: int) -> bytes:
    longest = max((track.duration - track.skipped) * MOVIE_TIMESCALE // track.timescale for track in tracks)
    matrix = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    mvhd = struct.pack(">QQIQIH10x", created, created, MOVIE_TIMESCALE, longest, 0x10000, 0x0100) + matrix + bytes(24)
    traks = [_track_box(track, created, media_offset) for track in tracks]
    return box(b"moov", full_box(b"mvhd", 1, 0, mvhd, struct.pack(">I", len(tracks) + 1)), *traks)


def head(tracks: Sequence[Mp4Track], unix_seconds: int) -> bytes:
    """Everything in front of the media: `ftyp moov` and the beginning of `mdat`.

    The chunk offsets of the tracks count from the first byte behind it; `unix_seconds` is when the media was made.
    """
    created = unix_seconds + _MAC_EPOCH_TO_UNIX_SECONDS
    ftyp = box(b"ftyp", b"isom", struct.pack(">I", 0x200), b"isom", b"iso2", b"avc1", b"mp41")
    media_bytes = sum(sum(track.sizes) for track in tracks)
    mdat = struct.pack(">I4sQ", 1, b"mdat", 16 + media_bytes)
    offset = len(ftyp) + len(_movie_box(tracks, created, 0)) + len(mdat)  # its length does not depend on the offset
    return ftyp + _movie_box(tracks, created, offset) + mdat

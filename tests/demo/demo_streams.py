"""Reading transport streams back, with a decoder and bit by bit."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np

from console.media import barcode


@dataclass(frozen=True)
class Seen:
    """What was in a stream: codes with their time stamps, sound with the time stamps of its frames."""

    codes: list[tuple[tuple[int, int] | None, int]]
    samples: np.ndarray
    sound_pts: list[int]


def read_back(stream: Path | bytes) -> Seen:
    """Decode everything."""
    codes: list[tuple[tuple[int, int] | None, int]] = []
    samples, sound_pts = [], []
    with av.open(io.BytesIO(stream) if isinstance(stream, bytes) else str(stream), format="mpegts") as media:
        for frame in media.decode(media.streams.video[0], media.streams.audio[0]):
            assert frame.pts is not None
            if isinstance(frame, av.VideoFrame):
                codes.append((barcode.read(frame.to_ndarray()[: frame.height]), frame.pts))
            else:
                samples.append(frame.to_ndarray()[0])
                sound_pts.append(frame.pts)
    return Seen(codes, np.concatenate(samples) if samples else np.zeros(0), sound_pts)


class Unit(NamedTuple):
    """A coded picture."""

    key: bool
    ref_idc: int


def nal_types(file: Path) -> list[Unit]:
    """The pictures of a file in decoding order, by their own headers."""
    units = []
    with av.open(str(file)) as media:
        for packet in media.demux(media.streams.video[0]):
            data = bytes(packet)
            heads = [data[at + 3] for at in range(len(data) - 3) if data[at : at + 3] == b"\0\0\1"]
            slices = [head for head in heads if head & 0x1F in (1, 5)]
            if slices:
                units.append(Unit(slices[0] & 0x1F == 5, slices[0] >> 5 & 3))
    return units

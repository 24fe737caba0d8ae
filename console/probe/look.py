"""Decoding: packets in, readings out. The only place of this room that touches FFmpeg."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

import av
import numpy as np
from av.container import InputContainer
from av.error import EOFError as EndOfFile
from av.error import FFmpegError
from numpy.typing import NDArray

from console.errors import ConsoleError
from console.media.address import masked
from console.media.barcode import read
from console.media.clock import Clock
from console.media.picture import Plane
from console.media.time import FLICKS_PER_SECOND, SAMPLE_RATE
from console.probe.hear import Ear
from console.probe.readings import Look, Stream

_LUMA_FIRST = {"yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "nv12", "nv21", "gray"}
_THUMB_STEP = 16
_BLACK_BELOW, _STILL_WITHIN = 40, 20
"""Levels of luma: nothing brighter is black; no change larger than this is the noise of an encoder."""


class Readable(Protocol):
    """What FFmpeg reads from: bytes in order, `b""` at the end."""

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes."""
        ...


class Eye:
    """Turns decoded pictures into readings."""

    def __init__(self) -> None:
        self.looks: list[Look] = []
        self._thumb: NDArray[np.int16] | None = None

    def take(self, luma: Plane, pts: int) -> None:
        """One picture's luma, shape (height, width), shown at `pts` flicks."""
        # Counted from the bottom row, so that the strip with the burnt number is among the rows looked at.
        thumb = luma[::-_THUMB_STEP, ::_THUMB_STEP].astype(np.int16)
        before = self._thumb
        same = before is not None and before.shape == thumb.shape and int(np.abs(thumb - before).max()) <= _STILL_WITHIN
        self._thumb = thumb
        self.looks.append(Look(pts, read(luma), int(thumb.max()) < _BLACK_BELOW, same))


@dataclass
class Senses:
    """Everything that is gathered while one target is read."""

    eye: Eye = field(default_factory=Eye)
    ear: Ear = field(default_factory=Ear)
    video: Stream | None = None
    audio: Stream | None = None
    decode_errors: int = 0
    notes: list[str] = field(default_factory=list)


def luma_of(frame: av.VideoFrame) -> Plane:
    """The luma of a picture as a view, shape (height, width); converted where it does not come as 8 bit planes."""
    if frame.format.name not in _LUMA_FIRST:
        frame = frame.reformat(format="gray")
    plane = frame.planes[0]
    rows = np.frombuffer(memoryview(plane), np.uint8)
    return rows[: frame.height * plane.line_size].reshape(frame.height, plane.line_size)[:, : frame.width]


class _Track:
    """One stream being read: the facts that the container does not know before its end."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.packet_bytes = 0
        self.first: int | None = None
        self.last = 0
        rate = getattr(stream, "average_rate", None)
        self._step = int(FLICKS_PER_SECOND / rate) if rate else FLICKS_PER_SECOND // 25

    def stamp(self, frame: Any) -> int:
        """The time of a decoded frame in flicks; where it has none it follows the one before."""
        if frame.pts is None or not frame.time_base:
            pts = 0 if self.first is None else self.last + self._step
        else:
            pts = frame.pts * FLICKS_PER_SECOND * frame.time_base.numerator // frame.time_base.denominator
        self.first = pts if self.first is None else min(self.first, pts)
        self.last = pts
        return pts

    def facts(self, detail: str, earlier: Stream | None) -> Stream:
        """What is known now, added to what was read before from the same target."""
        seconds = max(0, self.last - (self.first or 0)) / FLICKS_PER_SECOND
        bits = self.packet_bytes * 8
        if earlier:
            bits += round(earlier.bits_per_second * earlier.seconds)
            seconds += earlier.seconds
        codec = self.stream.codec_context
        name = f"{codec.name} {codec.profile}" if codec.profile else str(codec.name)
        return Stream(name, detail, round(seconds, 3), round(bits / seconds) if seconds else 0)


def _open(source: Readable | str, name: str, timeout_s: float) -> InputContainer:
    try:
        return av.open(source, "r", timeout=(timeout_s, timeout_s), metadata_errors="ignore")
    except (FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise ConsoleError(
            f"{masked(name)} can't be read as media: {reason}", "Give a media file, or the address of a stream"
        ) from error


def read_media(
    source: Readable | str,
    senses: Senses,
    *,
    name: str,
    clock: Clock,
    timeout_s: float = 10.0,
    seconds: float | None = None,
) -> None:
    """Decode everything in a file, an address FFmpeg knows, or a run of bytes, and add what it shows to `senses`.

    `name` is what errors call it; a silent far end is given up after `timeout_s`; reading stops after `seconds`.
    Raises ConsoleError when it can't be opened or has neither picture nor sound.
    """
    with _open(source, name, timeout_s) as container:
        video = next(iter(container.streams.video), None)
        audio = next(iter(container.streams.audio), None)
        chosen = [stream for stream in (video, audio) if stream is not None]
        if not chosen:
            raise ConsoleError(f"{masked(name)} has neither pictures nor sound", "Give a file or stream with video")
        if video:
            video.thread_type = "AUTO"
        tracks = {stream.index: _Track(stream) for stream in chosen}
        resampler = av.AudioResampler(format="fltp", layout="mono", rate=SAMPLE_RATE)
        until = None if seconds is None else clock.now() + int(seconds * 1e9)
        try:
            for packet in container.demux(chosen):
                track = tracks[packet.stream.index]
                track.packet_bytes += packet.size
                try:
                    _decode(packet, track, resampler, senses)
                except EndOfFile:
                    pass
                except FFmpegError:
                    senses.decode_errors += 1
                if until is not None and clock.now() >= until:
                    break
        except FFmpegError as error:
            senses.notes.append(f"{masked(name)} ended early: {error.strerror or error}")
        senses.ear.finish()
        if video:
            rate = f", {float(video.average_rate):.5g} fps" if video.average_rate else ""
            senses.video = tracks[video.index].facts(f"{video.width}x{video.height}{rate}", senses.video)
        if audio:
            detail = f"{audio.sample_rate} Hz, {audio.channels} channels"
            senses.audio = tracks[audio.index].facts(detail, senses.audio)


def _decode(packet: Any, track: _Track, resampler: av.AudioResampler, senses: Senses) -> None:
    for frame in packet.decode():
        if isinstance(frame, av.VideoFrame):
            senses.eye.take(luma_of(frame), track.stamp(frame))
        elif isinstance(frame, av.AudioFrame):
            pts = track.stamp(frame)
            for sound in resampler.resample(frame):
                senses.ear.take(sound.to_ndarray()[0], pts)
                pts += sound.samples * (FLICKS_PER_SECOND // SAMPLE_RATE)

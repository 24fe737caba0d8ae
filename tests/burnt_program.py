"""A small program as an engine would deliver it: burnt-in numbers, source ids, tones; as a file or as CMAF segments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from console.media.barcode import Code, burn
from console.media.picture import new_picture
from console.media.time import GOP_SECONDS, SAMPLE_RATE, Format, Rate
from console.media.tone import tone
from console.outputs import cmaf

P50 = Format(640, 360, Rate(50))
P25 = Format(640, 360, Rate(25))
FIRST_SEGMENT = 894_000_000
"""A segment number of this decade: 2 s each since 1970."""

Shown = Callable[[int], Code | None]
"""What program frame n (counted from the start of the test) shows; None for black."""


def one_source(n: int) -> Code:
    """Source 3, its number 1000 at the first frame."""
    return Code(3, 1000 + n)


def picture(fmt: Format, code: Code | None) -> av.VideoFrame:
    """A picture in which something moves, with the code burnt in; black for None."""
    image = new_picture(fmt.width, fmt.height)
    if code is not None:
        image.y[:] = np.linspace(40, 120, fmt.width, dtype=np.uint8)
        left = code.frame * 8 % (fmt.width - 64)
        image.y[100:164, left : left + 64] = 200
        image.u[:] = 90 + code.source * 5
        burn(image.y, code.source, code.frame)
    frame = av.VideoFrame(fmt.width, fmt.height, "yuv420p")
    for plane, values in zip(frame.planes, (image.y, image.u, image.v), strict=True):
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        rows[: values.shape[0], : values.shape[1]] = values
    return frame


def sound_of(fmt: Format, frames: int, shown: Shown, late_samples: int = 0) -> np.ndarray:
    """The sound that follows the picture, float32 mono; `late_samples` later than it."""
    pieces = []
    for n in range(frames):
        code, count = shown(n), fmt.rate.samples(n)
        # The first sample of the source's frame: the source runs at the program's rate here.
        first = 0 if code is None else fmt.rate.first_sample(code.frame)
        pieces.append(np.zeros(count, np.float32) if code is None else tone(code.source, first, count)[:, 0])
    mono = np.concatenate(pieces)
    return np.concatenate((np.zeros(late_samples, np.float32), mono))[: len(mono)] if late_samples else mono


def audio_frames(mono: np.ndarray, pts: int) -> Iterator[av.AudioFrame]:
    """Frames of 1024 samples, stereo, time base 1/48000."""
    for at in range(0, len(mono) - 1023, 1024):
        piece = np.ascontiguousarray(np.stack((mono[at : at + 1024],) * 2))
        frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, pts + at, Fraction(1, SAMPLE_RATE)
        yield frame


def write_file(
    path: Path,
    frames: int,
    *,
    fmt: Format = P50,
    shown: Shown = one_source,
    leave_out: Sequence[int] = (),
    late_samples: int = 0,
    sound: bool = True,
) -> Path:
    """A file of `frames` program frames; those in `leave_out` are missing, as a gap in the time stamps."""
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=Fraction(fmt.rate.num, fmt.rate.den), options=_X264)
        video.width, video.height, video.pix_fmt = fmt.width, fmt.height, "yuv420p"
        video.codec_context.time_base = Fraction(fmt.rate.den, fmt.rate.num)
        audio = out.add_stream("aac", rate=SAMPLE_RATE, layout="stereo") if sound else None
        for n in range(frames):
            if n not in leave_out:
                frame = picture(fmt, shown(n))
                frame.pts, frame.time_base = n, Fraction(fmt.rate.den, fmt.rate.num)
                out.mux(video.encode(frame))
        out.mux(video.encode(None))
        if audio is not None:
            for each in audio_frames(sound_of(fmt, frames, shown, late_samples), 0):
                out.mux(audio.encode(each))
            out.mux(audio.encode(None))
    return path


_X264 = {"preset": "ultrafast", "tune": "zerolatency", "crf": "30", "x264-params": "scenecut=0"}


@dataclass
class Track:
    """One CMAF track: its header, and its segments by number."""

    header: bytes = b""
    segments: dict[int, bytes] = field(default_factory=dict)


@dataclass
class Program:
    """A program as an uplink delivers it."""

    format: Format
    video: Track
    audio: Track

    @property
    def numbers(self) -> list[int]:
        """Segment numbers, ascending."""
        return sorted(self.video.segments)


def _nals(data: bytes) -> list[bytes]:
    """The NAL units of an Annex B packet."""
    units = data.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")
    return [unit for unit in units if unit]


def _video(fmt: Format, first: int, segments: int, shown: Shown) -> Track:
    gop = fmt.rate.gop_frames
    timing = cmaf.video_timing(fmt)
    coder = av.CodecContext.create("libx264", "w")
    coder.width, coder.height, coder.pix_fmt = fmt.width, fmt.height, "yuv420p"
    coder.time_base, coder.framerate = Fraction(fmt.rate.den, fmt.rate.num), Fraction(fmt.rate.num, fmt.rate.den)
    coder.gop_size = gop
    coder.options = {**_X264, "x264-params": f"scenecut=0:keyint={gop}:min-keyint={gop}"}
    packets = []
    for n in range(segments * gop):
        frame = picture(fmt, shown(n))
        frame.pts = n
        packets += coder.encode(frame)
    packets += coder.encode(None)
    samples = []
    track = Track()
    for packet in packets:
        nals = _nals(bytes(packet))
        if not track.header:
            sps, pps = (next(nal for nal in nals if nal[0] & 31 == kind) for kind in (7, 8))
            track.header = cmaf.video_header(fmt, sps, pps, 400_000)
        samples.append(b"".join(len(nal).to_bytes(4, "big") + nal for nal in nals))
    for segment in range(segments):
        frame = (first + segment) * gop
        track.segments[first + segment] = cmaf.chunk(
            samples[segment * gop : (segment + 1) * gop],
            sequence=segment + 1,
            time=frame * timing.duration,
            timing=timing,
            key=True,
            utc_ns=fmt.rate.start_ns(frame),
            brands=cmaf.FIRST_CHUNK,
        )
    return track


def _audio(fmt: Format, first: int, segments: int, shown: Shown, late_samples: int) -> Track:
    """AAC frames on the grid of 1024 samples since 1970, each in the segment in which it starts."""
    gop = fmt.rate.gop_frames
    start = fmt.rate.first_sample(first * gop)
    grid = -(-start // 1024) * 1024
    mono = sound_of(fmt, segments * gop, shown, late_samples)[grid - start :]
    coder = av.CodecContext.create("aac", "w")
    coder.sample_rate, coder.layout, coder.format, coder.bit_rate = SAMPLE_RATE, "stereo", "fltp", 64_000
    coder.time_base = Fraction(1, SAMPLE_RATE)
    # The coder delays by one frame: packet i holds the sound of frame i - 1, so the first packet is left out.
    packets = [packet for frame in audio_frames(mono, 0) for packet in coder.encode(frame)] + coder.encode(None)
    frames = [bytes(packet) for packet in packets[1:]]
    track = Track(header=cmaf.audio_header(bytes(coder.extradata), 64_000))
    for segment in range(segments):
        edges = [fmt.rate.first_sample((first + segment + i) * gop) for i in (0, 1)]
        left, right = (-(-(edge - grid) // 1024) for edge in edges)
        left = max(0, left)
        time = grid + left * 1024
        if frames[left:right]:
            track.segments[first + segment] = cmaf.chunk(
                frames[left:right],
                sequence=segment + 1,
                time=time,
                timing=cmaf.AUDIO_TIMING,
                key=False,
                utc_ns=time * 1_000_000_000 // SAMPLE_RATE,
                brands=cmaf.FIRST_CHUNK,
            )
    return track


def make_program(
    segments: int,
    *,
    fmt: Format = P25,
    first: int = FIRST_SEGMENT,
    shown: Shown = one_source,
    late_samples: int = 0,
) -> Program:
    """A program of whole segments of 2 s on the grid since 1970."""
    assert GOP_SECONDS == 2
    return Program(fmt, _video(fmt, first, segments, shown), _audio(fmt, first, segments, shown, late_samples))

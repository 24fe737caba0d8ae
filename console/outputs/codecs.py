"""The program's encoders: H.264 by the hardware where it really works, else by x264; AAC. Codec contexts only.

Pictures go in with their frame number and come out as length-prefixed NAL units (ISO/IEC 14496-15), key frames with
their parameter sets in front. No pictures are reordered; key frames come exactly where they are asked for.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple, cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame

from console.errors import ConsoleError
from console.media.picture import Picture, Samples, new_picture
from console.media.time import CHANNELS, SAMPLE_RATE, Format
from console.outputs.cmaf import AAC_FRAME_SAMPLES

SOFTWARE = "libx264"
_HARDWARE = {
    "linux": ("h264_nvenc", "h264_qsv", "h264_vaapi"),
    "win32": ("h264_nvenc", "h264_qsv", "h264_amf"),
    "darwin": ("h264_videotoolbox",),
}
_NO_KEY_FRAMES_OF_ITS_OWN = 1 << 20  # frames; the grid asks for each one
_ONE_THREAD_PIXELS_PER_SECOND = 1280 * 720 * 60
_FRAMES_IN_FLIGHT = 8  # some hardware encoders read a picture after encode() has returned
_NAL_IDR, _NAL_SEI, _NAL_SPS, _NAL_PPS, _NAL_AUD, _NAL_FILLER = 5, 6, 7, 8, 9, 12
log = logging.getLogger("console.encoder")


class CodedPicture(NamedTuple):
    """One access unit, ready for the log."""

    frame: int
    key: bool
    data: bytes


def nal_units(annex_b: bytes) -> Iterator[bytes]:
    """The NAL units of a byte stream with start codes (H.264 annex B)."""
    start = annex_b.find(b"\0\0\1")
    while start >= 0:
        start += 3
        following = annex_b.find(b"\0\0\1", start)
        unit = annex_b[start : following if following >= 0 else len(annex_b)].rstrip(b"\0")
        if unit:
            yield unit
        start = following


def hardware_names() -> Sequence[str]:
    """The hardware encoders worth trying on this system, best first."""
    return _HARDWARE.get(sys.platform, ())


def _options(name: str, preset: str, bitrate_bps: int) -> dict[str, str]:
    """What makes each encoder quick and steady: no B-frames, key frames only where asked, one second of VBV."""
    options = {"maxrate": str(bitrate_bps), "bufsize": str(bitrate_bps), "g": str(_NO_KEY_FRAMES_OF_ITS_OWN), "bf": "0"}
    if name == SOFTWARE:
        options |= {"preset": preset, "tune": "zerolatency", "sc_threshold": "0", "forced-idr": "1", "profile": "high"}
    elif name == "h264_nvenc":
        options |= {"preset": "p4", "tune": "ll", "rc": "cbr", "forced-idr": "1", "no-scenecut": "1", "delay": "0"}
    elif name == "h264_qsv":
        options |= {"preset": "veryfast", "forced_idr": "1", "async_depth": "1", "look_ahead": "0"}
    elif name == "h264_amf":
        options |= {"usage": "lowlatency", "rc": "cbr", "forced_idr": "1"}
    elif name == "h264_videotoolbox":
        options |= {"realtime": "1", "profile": "high"}
    return options


class VideoEncoder:
    """One H.264 encoder in one format. Raises av.FFmpegError when it does not open or fails."""

    def __init__(self, name: str, fmt: Format, *, preset: str, bitrate_bps: int) -> None:
        self.name = name
        context = cast(VideoCodecContext, av.CodecContext.create(name, "w"))
        context.width, context.height = fmt.width, fmt.height
        context.pix_fmt = "nv12" if name in ("h264_qsv", "h264_vaapi") else "yuv420p"
        context.time_base = Fraction(fmt.rate.den, fmt.rate.num)
        context.framerate = Fraction(fmt.rate.num, fmt.rate.den)
        context.sample_aspect_ratio = Fraction(1)
        context.bit_rate = bitrate_bps
        context.color_primaries = context.color_trc = context.colorspace = 1  # BT.709
        context.color_range = 1  # limited
        busy = fmt.width * fmt.height * fmt.rate.fps > _ONE_THREAD_PIXELS_PER_SECOND
        context.thread_count = 2 if busy else 1
        context.options = _options(name, preset, bitrate_bps)
        context.open()
        self._context = context
        self._semi_planar = context.pix_fmt == "nv12"
        self._frames = [VideoFrame(fmt.width, fmt.height, context.pix_fmt) for _ in range(_FRAMES_IN_FLIGHT)]
        self._turn = 0
        self._base: int | None = None
        self.sps = b""
        self.pps = b""
        """The newest parameter sets; empty before the first key frame came out."""

    def load(self, picture: Picture) -> None:
        """Copy a picture; `encode` then encodes it."""
        planes = self._frames[self._turn].planes
        if self._semi_planar:
            chroma = np.stack((picture.u, picture.v), axis=-1).reshape(picture.height // 2, picture.width)
            sources = [picture.y, chroma]
        else:
            sources = [picture.y, picture.u, picture.v]
        for plane, source in zip(planes, sources, strict=True):
            rows, columns = source.shape
            target = np.frombuffer(memoryview(plane), np.uint8)[: rows * plane.line_size].reshape(rows, plane.line_size)
            target[:, :columns] = source

    def encode(self, frame: int, *, key: bool) -> list[CodedPicture]:
        """Encode the loaded picture as a frame; what is ready comes back (often this very frame)."""
        coded = self._frames[self._turn]
        self._turn = (self._turn + 1) % len(self._frames)
        if self._base is None:
            self._base = frame
        coded.pts = frame - self._base
        coded.pict_type = PictureType.I if key else PictureType.NONE
        return [self._coded(packet) for packet in self._context.encode(coded)]

    def flush(self) -> list[CodedPicture]:
        """What is still inside; the encoder is used up."""
        return [self._coded(packet) for packet in self._context.encode(None)]

    def _coded(self, packet: Packet[Any]) -> CodedPicture:
        units = list(nal_units(bytes(packet)))
        key = any(unit[0] & 31 == _NAL_IDR for unit in units)
        if key:
            for unit in (*nal_units(self._context.extradata or b""), *units):
                if unit[0] & 31 == _NAL_SPS:
                    self.sps = unit
                elif unit[0] & 31 == _NAL_PPS:
                    self.pps = unit
        dropped = (_NAL_SPS, _NAL_PPS, _NAL_AUD, _NAL_SEI, _NAL_FILLER)
        kept = [unit for unit in units if unit[0] & 31 not in dropped]
        if key:
            kept[:0] = (self.sps, self.pps)
        data = b"".join(len(unit).to_bytes(4, "big") + unit for unit in kept)
        return CodedPicture((self._base or 0) + int(packet.pts or 0), key, data)


def proven(name: str, fmt: Format, preset: str, bitrate_bps: int) -> VideoEncoder:
    """An encoder of whose kind one has just encoded test pictures: opening alone proves nothing."""
    trial = VideoEncoder(name, fmt, preset=preset, bitrate_bps=bitrate_bps)
    picture = new_picture(fmt.width, fmt.height)
    coded = []
    for number in range(3):
        trial.load(picture)
        coded += trial.encode(number, key=number != 1)
    coded += trial.flush()
    if [one.frame for one in coded] != [0, 1, 2] or [one.key for one in coded] != [True, False, True]:
        raise ConsoleError(f"{name} does not put key frames where they are asked for")
    if not trial.sps or not trial.pps:
        raise ConsoleError(f"{name} gives no parameter sets")
    return VideoEncoder(name, fmt, preset=preset, bitrate_bps=bitrate_bps)


def open_video(
    fmt: Format, *, preset: str, bitrate_bps: int, hardware: bool, first: str = "", never: Sequence[str] = ()
) -> VideoEncoder:
    """The best encoder that works. `first` is tried before all others (the one that worked last); `never` are out.

    Raises ConsoleError when none works.
    """
    names = [name for name in (first, *(hardware_names() if hardware else ())) if name and name not in never]
    reasons = []
    for name in dict.fromkeys((*names, SOFTWARE)):
        try:
            if name == SOFTWARE:
                return VideoEncoder(name, fmt, preset=preset, bitrate_bps=bitrate_bps)
            return proven(name, fmt, preset, bitrate_bps)
        except (av.FFmpegError, ConsoleError, ValueError) as error:
            reasons.append(f"{name}: {error}")
    raise ConsoleError(f"No H.264 encoder works ({'; '.join(reasons)})", "Use a preset that x264 knows, e.g. superfast")


class AudioEncoder:
    """AAC on the grid of 1024 samples since 1970.

    Sound goes in with the index since 1970 of its first sample, packets come out with theirs (in units of 1024).
    A short hole in the sound is filled with silence; a long one is left out.
    """

    FILLED_SAMPLES = SAMPLE_RATE

    def __init__(self, bitrate_bps: int, wanted: int = 0) -> None:
        """Packets below index `wanted` are kept back: sound fed ahead of it only primes the encoder."""
        self._bitrate_bps = bitrate_bps
        self._wanted = wanted
        self._fresh()

    def _fresh(self) -> None:
        context = av.CodecContext.create("aac", "w")
        context.sample_rate = SAMPLE_RATE
        context.layout = "stereo"
        context.format = "fltp"
        context.bit_rate = self._bitrate_bps
        context.time_base = Fraction(1, SAMPLE_RATE)
        context.open()
        self._context = context
        self._base: int | None = None  # the packet index that the encoder's time 0 is
        self._encoded = 0  # blocks handed to the encoder
        self._held = np.zeros((0, CHANNELS), np.float32)

    @property
    def config(self) -> bytes:
        """The AudioSpecificConfig."""
        return bytes(self._context.extradata or b"")

    def feed(self, first_sample: int, samples: Samples) -> list[tuple[int, bytes]]:
        """Sound of shape (n, 2); what is ready comes back as (index, packet)."""
        ready: list[tuple[int, bytes]] = []
        missing = first_sample - self._position
        if self._base is not None and missing > self.FILLED_SAMPLES:
            ready = self.finish()
        if self._base is None:
            self._base = first_sample // AAC_FRAME_SAMPLES
            self._wanted = max(self._wanted, self._base)
            missing = first_sample % AAC_FRAME_SAMPLES
        lead = np.zeros((max(0, missing), CHANNELS), np.float32)
        self._held = np.concatenate((self._held, lead, samples[max(0, -missing) :]))
        whole = len(self._held) // AAC_FRAME_SAMPLES * AAC_FRAME_SAMPLES
        for start in range(0, whole, AAC_FRAME_SAMPLES):
            ready += self._encode(self._held[start : start + AAC_FRAME_SAMPLES])
        self._held = self._held[whole:]
        return ready

    @property
    def _position(self) -> int:
        """The index of the sample that is expected next."""
        return ((self._base or 0) + self._encoded) * AAC_FRAME_SAMPLES + len(self._held)

    def _encode(self, block: Samples) -> list[tuple[int, bytes]]:
        planar = np.ascontiguousarray(np.clip(block, -1.0, 1.0).T)
        frame = AudioFrame.from_ndarray(planar, format="fltp", layout="stereo")
        frame.sample_rate = SAMPLE_RATE
        frame.time_base = Fraction(1, SAMPLE_RATE)
        frame.pts = self._encoded * AAC_FRAME_SAMPLES
        self._encoded += 1
        return self._wanted_of(self._context.encode(frame))

    def _wanted_of(self, packets: Sequence[Packet[Any]]) -> list[tuple[int, bytes]]:
        indexed = [((self._base or 0) + int(packet.pts or 0) // AAC_FRAME_SAMPLES, bytes(packet)) for packet in packets]
        return [(index, data) for index, data in indexed if index >= self._wanted]

    def finish(self) -> list[tuple[int, bytes]]:
        """Fill the last block with silence and give everything out. Feeding again begins anew."""
        ready: list[tuple[int, bytes]] = []
        if len(self._held):
            padding = AAC_FRAME_SAMPLES - len(self._held)
            ready = self._encode(np.concatenate((self._held, np.zeros((padding, CHANNELS), np.float32))))
        if self._encoded:
            ready += self._wanted_of(self._context.encode(None))
            self._wanted = (self._base or 0) + self._encoded
        self._fresh()
        return ready

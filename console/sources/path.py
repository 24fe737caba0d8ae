"""What becomes of the packets of one connection: its decoders, its time bases, and the packets that wait."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import av

from console.media.clock import Clock
from console.media.time import Rate
from console.sources.decode import VideoDecoder
from console.sources.intake import Arrived, Opened
from console.sources.interlace import Deinterlacer
from console.sources.sound import SoundDecoder
from console.sources.timeline import SECOND, Timeline

VIDEO, AUDIO = 0, 1
_LAG_PICTURES, _LAG_MOST_NS = 12, SECOND // 2


@dataclass(frozen=True)
class Waiting:
    """A packet in the buffer; None marks the end of a path, where its decoder is drained."""

    packet: av.Packet[Any] | None
    ts_ns: int
    """Its decoding time in source time."""
    path: Path
    is_video: bool = True


class Path:
    """One connection, or one run through a file."""

    def __init__(self, opened: Opened, rate: Rate, clock: Clock, lag_ns: int) -> None:
        self.opened = opened
        self.video = VideoDecoder(opened.video, clock) if opened.video is not None else None
        self.audio = SoundDecoder(opened.audio) if opened.audio is not None else None
        self.whole = Deinterlacer(rate)
        self.fps = float((opened.video.average_rate if opened.video is not None else None) or 0)
        self.video_index = opened.video.index if opened.video is not None else -1
        streams = [s for s in (opened.video, opened.audio) if s is not None]
        self.bases = {s.index: (s.time_base.numerator, s.time_base.denominator) for s in streams if s.time_base}
        self.packets = 0
        self.lag_ns = lag_ns
        """How far pictures come out of the decoder behind the packets that go in: reordering that the stream's decoding
        times don't tell, threads, deinterlacing."""
        self._least_ns, self._looked = SECOND, 0

    def stamped(self, item: Arrived, timeline: Timeline) -> Waiting:
        """A packet that arrived, its stamps changed to source time, so that those of its pictures are too."""
        packet = item.packet
        self.packets += 1
        is_video = packet.stream_index == self.video_index
        stream = VIDEO if is_video else AUDIO
        num, den = self.bases[packet.stream_index]
        raw = packet.dts if packet.dts is not None else packet.pts
        raw_ns = None if raw is None else raw * num * SECOND // den
        duration_ns = (packet.duration or 0) * num * SECOND // den
        ts = timeline.stamp(stream, raw_ns, duration_ns, item.arrival_ns, unordered=packet.dts is None)
        if raw is None:
            packet.pts = packet.dts = ts * den // (num * SECOND)
        elif shift := timeline.shift(stream) * den // (num * SECOND):
            packet.dts = None if packet.dts is None else packet.dts + shift
            packet.pts = None if packet.pts is None else packet.pts + shift
        return Waiting(packet, ts, self, is_video)

    def came_out(self, behind_ns: int) -> None:
        """A picture came out so far behind the packet that went in: the least of a dozen is the lag."""
        self._least_ns = min(self._least_ns, behind_ns)
        self._looked += 1
        if self._looked == _LAG_PICTURES:
            self.lag_ns = max(0, min(self._least_ns, _LAG_MOST_NS))
            self._least_ns, self._looked = SECOND, 0


def described(opened: Opened) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """What is told of the streams of a container."""
    video = audio = None
    if opened.video is not None:
        context = opened.video.codec_context
        video = {
            "codec": context.name,
            "width": context.width,
            "height": context.height,
            "fps": round(float(opened.video.average_rate or 0), 3),
            "pixel_format": context.pix_fmt,
            "interlaced": context.field_order > 1,
            "hardware": opened.hardware,
        }
    if opened.audio is not None:
        sound = opened.audio.codec_context
        audio = {"codec": sound.name, "rate": sound.sample_rate, "channels": len(sound.layout.channels)}
    return video, audio

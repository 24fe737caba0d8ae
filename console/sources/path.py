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

    def __init__(self, opened: Opened, rate: Rate, clock: Clock, lag_ns: int, *, lossy: bool = False) -> None:
        """`lossy`: packets may be lost on the way, which is to be noticed by their time stamps."""
        self.opened = opened
        self.video = VideoDecoder(opened.video, clock, lossy=lossy) if opened.video is not None else None
        self.sound = SoundDecoder(opened.sound) if opened.sound is not None else None
        self.whole = Deinterlacer(rate)
        tracks = [track for track in (opened.video, opened.sound) if track is not None]
        self._bases = {t.index: (t.time_base.numerator, t.time_base.denominator) for t in tracks}
        self._video_index = opened.video.index if opened.video is not None else -1
        self.packets = 0
        self.lag_ns = lag_ns
        """How far pictures come out of the decoder behind the packets that go in: reordering that the stream's decoding
        times don't tell, threads, deinterlacing."""
        self._least_ns, self._looked = SECOND, 0

    def stamped(self, item: Arrived, timeline: Timeline) -> Waiting:
        """A packet that arrived, its stamps changed to source time, so that those of its pictures are too."""
        packet = item.packet
        self.packets += 1
        is_video = packet.stream_index == self._video_index
        stream = VIDEO if is_video else AUDIO
        num, den = self._bases[packet.stream_index]
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

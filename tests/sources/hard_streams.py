"""Streams as the world sends them, made small: pictures that are all different, and what each must look like."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np

from console.media.clock import VirtualClock
from console.sources.decode import VideoDecoder
from console.sources.track import VideoTrack
from console.wire.tier import Tier

TICKS = 90_000
_TICK = Fraction(1, TICKS)


class BusyClock(VirtualClock):
    """A virtual clock on which looking at it takes a millisecond, so that work takes time."""

    def now(self) -> int:
        self.advance(1_000_000)
        return super().now()


def digest(frame: av.VideoFrame) -> str:
    """What a picture looks like."""
    found = hashlib.blake2b(f"{frame.width}x{frame.height}".encode(), digest_size=8)
    for plane, height in zip(frame.planes, (frame.height, frame.height // 2, frame.height // 2), strict=True):
        rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
        found.update(np.ascontiguousarray(rows[:height, : plane.width]))
    return found.hexdigest()


@dataclass
class Reel:
    """A stream in a file."""

    path: Path

    def open(self) -> tuple[VideoTrack, list[av.Packet[Any]]]:
        """A decoder's track, and all packets, fresh."""
        with av.open(str(self.path)) as container:
            stream = container.streams.video[0]
            packets = [packet for packet in container.demux(stream) if packet.size]
            return VideoTrack.of(stream, None), packets

    @cached_property
    def truth(self) -> dict[int, str]:
        """Every picture, by its time stamp, as a plain decoder gives it out."""
        with av.open(str(self.path)) as container:
            stream = container.streams.video[0]
            stream.codec_context.thread_count = 1
            return {frame.pts: digest(frame) for frame in container.decode(stream) if frame.pts is not None}


def make(
    path: Path,
    frames: int,
    options: str = "",
    *,
    fps: int = 50,
    width: int = 320,
    height: int = 180,
    codec: str = "libx264",
    stamps: list[int] | None = None,
) -> Reel:
    """Encode moving noise; `options` are those of x264 or x265, or `name=value:...` of another encoder; `stamps` (of
    1/90000 s) make the rate variable."""
    private = {"libx264": "x264-params", "libx265": "x265-params"}.get(codec)
    given = {private: options} if private else dict(pair.split("=") for pair in options.split(":"))
    dice = np.random.default_rng(3)
    noise = dice.integers(40, 200, (height * 2, width * 2), np.uint8)
    noise = np.repeat(np.repeat(noise[::8, ::8], 8, 0), 8, 1)[: height * 2, : width * 2]
    with av.open(str(path), "w", format="mpegts") as container:
        stream = container.add_stream(codec, rate=fps)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = _TICK if stamps else Fraction(1, fps)
        preset = {"preset": "superfast" if codec == "libx264" else "ultrafast", "crf": "30"} if private else {}
        stream.codec_context.options = {**preset, **given}
        for index in range(frames):
            frame = av.VideoFrame(width, height, "yuv420p")
            y = np.frombuffer(frame.planes[0], np.uint8).reshape(height, -1)[:, :width]
            dx, dy = (index * 3) % width, index % height
            y[:] = noise[dy : dy + height, dx : dx + width]
            y[:24, :24] = index * 37 % 200 + 20  # no two neighbours look the same
            for plane in frame.planes[1:]:
                np.frombuffer(plane, np.uint8)[:] = 100 + index % 50
            frame.pts = index * TICKS // fps if stamps is None else stamps[index]
            frame.time_base = _TICK
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return Reel(path)


def with_data(packet: av.Packet[Any], data: bytearray) -> av.Packet[Any]:
    """The same packet with other bytes."""
    other: av.Packet[Any] = av.Packet(bytes(data))
    other.pts, other.dts, other.time_base = packet.pts, packet.dts, packet.time_base
    other.is_keyframe = packet.is_keyframe
    return other


def scratched(packet: av.Packet[Any], dice: random.Random) -> av.Packet[Any]:
    """The same packet with four wrong bytes."""
    data = bytearray(bytes(packet))
    for _ in range(4):
        data[dice.randrange(len(data))] = dice.randrange(256)
    return with_data(packet, data)


@dataclass
class Shown:
    """What came out of a decoder that was asked for this and that."""

    pictures: list[tuple[int, str]]
    claims: list[tuple[int, int]]
    """`whole_from`, and the last time stamp that came out before the claim was taken back."""
    fed: set[int]
    """The time stamps of the packets that went in."""

    @property
    def stamps(self) -> list[int]:
        return [pts for pts, _ in self.pictures]

    def check(self, truth: dict[int, str]) -> None:
        """No picture is wrong or comes twice or out of order, and none is missing that was promised."""
        wrong = [pts for pts, looks in self.pictures if truth[pts] != looks]
        assert not wrong, f"{len(wrong)} wrong pictures, the first at {wrong[0]}"
        stamps = self.stamps
        assert all(a < b for a, b in pairwise(stamps)), "out of order"
        out = set(stamps)
        for whole, last in self.claims:
            missing = [pts for pts in self.fed & truth.keys() - out if whole <= pts <= last]
            assert not missing, f"promised from {whole} to {last}, missing {sorted(missing)[:5]}"


class Viewer:
    """Feeds a decoder as the host does, and writes down what it says."""

    def __init__(
        self, track: VideoTrack, clock: VirtualClock | None = None, *, honest: bool = True, lossy: bool = False
    ) -> None:
        self.clock = clock or VirtualClock()
        self.decoder = VideoDecoder(track, self.clock, lossy=lossy)
        self.pictures: list[tuple[int, str]] = []
        self.claims: list[tuple[int, int]] = []
        self.fed: set[int] = set()
        self._claim: int | None = None
        self._honest = honest

    def feed(self, packets: list[av.Packet[Any]], tier: Tier, *, slices: int = 1) -> None:
        """Each packet at its time; while the decoder lags it gets so many slices more for each."""
        for packet in packets:
            if packet.pts is not None:
                self.fed.add(packet.pts)
            self.clock.wait_until(1_000_000_000 + (packet.dts or 0) * 1_000_000_000 // TICKS)
            self._take(self.decoder.decode(packet, self.decoder.tier_for(tier) if self._honest else tier))
            for _ in range(slices):
                self._take(self.decoder.advance(self.clock.now() + 10_000_000))

    def _take(self, frames: list[av.VideoFrame]) -> None:
        for frame in frames:
            pts = self.pictures[-1][0] + 1 if frame.pts is None else frame.pts
            self.pictures.append((pts, digest(frame)))
        whole = self.decoder.whole_from
        if self._claim is not None and (whole is None or whole > self._claim) and self.pictures:
            self._end_claim(len(self.pictures) - len(frames))
        self._claim = whole

    def _end_claim(self, count: int) -> None:
        if self._claim is not None and count:
            self.claims.append((self._claim, self.pictures[count - 1][0]))
        self._claim = None

    def end(self) -> Shown:
        """Empty the decoder; all that was seen."""
        whole = self.decoder.whole_from
        self._take(self.decoder.drain())
        self._claim = whole
        self._end_claim(len(self.pictures))
        return Shown(self.pictures, self.claims, self.fed)

"""Decoding the pictures of one stream, as many of them as are asked for.

What comes out is right or does not come out: pictures that were predicted from something that is not there (before a
stream's first key frame, in front of the key frame of an open GOP, after a loss) are held back.
"""

from __future__ import annotations

import os
from collections import deque
from fractions import Fraction
from typing import Any

import av

from console.media.clock import Clock
from console.sources.rhythm import Rhythm, Steps
from console.sources.track import VideoTrack
from console.wire.tier import Tier

_ALL, _REFERENCES = "DEFAULT", "NONREF"
_SKIP = {Tier.FULL: _ALL, Tier.ACTIVE: _REFERENCES}
_KEPT_PACKETS = 2000
_KEPT_BYTES = 24 << 20
_SLICE_NS = 10_000_000
"""Decoding kept packets stops for other work after this time."""
_JUMP_NS = 20_000_000
"""A new key frame is worth more than kept packets that would take longer than this to decode."""
_KEY_EVERY_NS = 400_000_000
"""At tier KEY of a stream whose every picture is a key frame, one in this time is decoded."""
_TILE_NS = 32_000_000
"""The least distance of pictures at tier ACTIVE where each can be decoded by itself: what tiles need."""
_WAIT_PACKETS = 500
"""A stream that has not said in so many packets which are key frames is decoded as it comes."""
_HOLD_NS, _AGAIN_NS = 1_200_000_000, 4_000_000_000
"""After a loss nothing is shown until the next key frame, but no longer than this; and not again for a while."""
_MISSES = 2
_KEY_COST = 3
"""A key frame takes about so many times as long to decode as the average of a GOP's packets (a first guess)."""
_COST_SMOOTH = 16
_BUSY = 0.75
"""The share of time spent decoding above which one thread can't keep up."""
_BUSY_PICTURES = 100
_THREADS = min(4, os.cpu_count() or 1)
_SECOND = 1_000_000_000


class VideoDecoder:
    """A decoder that can rest: packets that were not decoded are kept from the last key frame on, so that raising the
    tier shows whole pictures soon instead of at the next key frame."""

    def __init__(self, track: VideoTrack, clock: Clock, *, lossy: bool = False) -> None:
        """`lossy` when packets may be missing unnoticed (datagrams): then a hole in a steady row of stamps is a loss,
        else it is a picture that was never sent."""
        self._track, self._clock, self._lossy = track, clock, lossy
        self._context = track.context
        self._context.thread_count = 1
        self._context.thread_type = av.codec.context.ThreadType.NONE
        self._rhythm, self._steps = Rhythm(track.time_base, clock), Steps()
        self._skip = ""
        self.waits_for_key = True
        """No picture can be decoded before a key frame comes."""
        self._waited = 0
        self._ready = False
        """The decoder holds what the first of the kept packets (or, when none are, the next one) is predicted from."""
        self._kept: deque[tuple[av.Packet[Any], str]] = deque()
        """Packets that wait, and what is to be skipped when they are decoded."""
        self._kept_bytes = 0
        self.lagging = False
        """Kept packets are still to be decoded before pictures are those of the present (`advance`)."""
        self._key_at = self._fed_ns = 0
        self._key_shown: int | None = None
        """The time stamp of the key frame that was last decoded by itself."""
        self._key_pts: int | None = None
        self._began_pts: int | None = None
        """The time stamp of the key frame that decoding began at, until the first picture came out."""
        self._misses = 0
        """How many times in a row a "key frame" alone gave no picture."""
        self.shown = False
        """Of this stream there was a picture, so at tier PARKED there need be none."""
        self._floor: int | None = None
        """Pictures before this time stamp were not given out."""
        self._whole_pts: int | None = None
        self._held_until: int | None = None
        """Set by a loss, cleared by a key frame: until this instant nothing is given out."""
        self._after_loss = False
        self._lossy_pts: int | None = None
        """A key frame that was there before the last loss, or suffered by it: it mends nothing."""
        self._cost_ns: int | None = None
        self._busy_ns = self._busy_since = self._busy_count = 0
        self.threads = 1
        self.errors = 0

    @property
    def name(self) -> str:
        """The codec."""
        return self._context.name

    @property
    def pixel_aspect(self) -> Fraction | None:
        """Width over height of a pixel; None when the stream does not say."""
        return self._context.sample_aspect_ratio or self._track.pixel_aspect

    @property
    def _refreshes(self) -> bool:
        """The stream has no key frames that are pictures: it renews itself piece by piece (intra refresh)."""
        return self._misses >= _MISSES

    @property
    def _holds(self) -> bool:
        return self._held_until is not None and self._clock.now() < self._held_until

    @property
    def whole_from(self) -> int | None:
        """The time stamp (of the packets, in the stream's time base) from which on every picture comes out; None while
        some are left out.

        It is the least of the packets that went in since none were skipped. A skipped picture is not earlier than that:
        what is skipped has no others predicted from it, and encoders send such pictures in the order of their time.
        """
        unsure = self.lagging or self.waits_for_key or self._holds or self._began_pts is not None
        if self._whole_pts is None or unsure:
            return None
        return self._whole_pts if self._floor is None else max(self._whole_pts, self._floor)

    @property
    def hot_ns(self) -> int:
        """How long it would take, raised to FULL now, until `whole_from` is known: an estimate."""
        if self.waits_for_key:
            return max(0, self._rhythm.to_key_ns or 0) or _SECOND
        if self.whole_from is not None:
            return 0
        held = 0 if self._held_until is None else max(0, self._held_until - self._clock.now())
        return held + (len(self._kept) + 1) * (self._cost_ns or 0)

    def tier_for(self, asked: Tier) -> Tier:
        """What is really done when a tier is asked for: a stream can't be shown by its key frames alone when it has
        none for seconds, or none that are pictures."""
        return Tier.ACTIVE if asked is Tier.KEY and (self._refreshes or self._rhythm.rare_keys) else asked

    def decode(self, packet: av.Packet[Any], tier: Tier) -> list[av.VideoFrame]:
        """The pictures that come out when a packet goes in; damaged packets are counted in `errors`."""
        self._rhythm.saw(packet)
        if not self._starts(packet):
            return []
        if tier is Tier.PARKED and not self.shown:
            tier = self.tier_for(Tier.KEY)
        if tier <= Tier.KEY:
            return self._rest(packet, tier)
        if packet.is_keyframe and self._kept and self._may_jump():
            self._forget()
        if self._kept:
            self._keep(packet, _SKIP[tier])
            self.lagging = True
            return self.advance(self._clock.now() + _SLICE_NS)
        self.lagging = False
        frames: list[av.VideoFrame] = []
        if tier is Tier.ACTIVE and self._is_spare(packet):
            if self._ready:
                frames = self._passed(self._run(None))
            self._ready = False
            self._whole_pts = None
            self._keep(packet, _REFERENCES)
            return frames
        if packet.is_keyframe and self._wants_threads():
            frames = self._passed(self._run(None))
            self._use_threads()
        return frames + self._feed(packet, _SKIP[tier])

    def advance(self, until_ns: int) -> list[av.VideoFrame]:
        """Decode kept packets until an instant, at least one of them; nothing when not `lagging`."""
        frames: list[av.VideoFrame] = []
        while self.lagging:
            packet, skip = self._kept.popleft()
            self._kept_bytes -= packet.size
            self.lagging = bool(self._kept)
            frames += self._feed(packet, skip)
            if self._clock.now() >= until_ns:
                break
        return frames

    def skip_to_key(self) -> None:
        """Decode nothing before the next key frame."""
        self._forget()
        self._waited = 0
        self.waits_for_key = True

    def drain(self) -> list[av.VideoFrame]:
        """The pictures that are still inside, at the end of the stream."""
        frames: list[av.VideoFrame] = []
        while self.lagging:
            frames += self.advance(self._clock.now() + _SECOND)
        return frames + self._passed(self._run(None)) if self._ready and not self._kept else frames

    # -- what waits --

    def _starts(self, packet: av.Packet[Any]) -> bool:
        """Whether decoding can begin, or has begun."""
        if self.waits_for_key:
            self._waited += 1
            self.waits_for_key = not packet.is_keyframe and self._waited < _WAIT_PACKETS
        return not self.waits_for_key

    def _rest(self, packet: av.Packet[Any], tier: Tier) -> list[av.VideoFrame]:
        """Keep a packet for later; decode it by itself when it is a key frame to be shown."""
        frames: list[av.VideoFrame] = []
        self.lagging = False
        self._whole_pts = None
        if packet.is_keyframe and self._refreshes:
            self._forget_to_last_key()
        elif packet.is_keyframe:
            self._forget()
            now = self._clock.now()
            if tier is Tier.KEY and now - self._key_at >= _KEY_EVERY_NS:
                self._key_at = now
                frames = self._alone(packet)
        self._keep(packet, _REFERENCES)
        if len(self._kept) > _KEPT_PACKETS or self._kept_bytes > _KEPT_BYTES:
            self._overflow()
        return frames

    def _keep(self, packet: av.Packet[Any], skip: str) -> None:
        self._kept.append((packet, skip))
        self._kept_bytes += packet.size

    def _forget(self) -> None:
        """Drop what is kept: the next packet is a key frame, or waited for."""
        self._kept.clear()
        self._kept_bytes = 0
        self.lagging = self._ready = False
        self._whole_pts = None

    def _forget_to_last_key(self) -> None:
        """Of a stream that renews itself between two "key frames" the last such span is needed."""
        last = max((i for i, (kept, _) in enumerate(self._kept) if kept.is_keyframe), default=0)
        for _ in range(last):
            self._kept_bytes -= self._kept.popleft()[0].size
            self._ready = False

    def _overflow(self) -> None:
        """Too much is kept. When no key frame is to be expected, giving up would be for ever: the oldest goes on."""
        if self._rhythm.to_key_ns is not None:
            self.skip_to_key()
            return
        packet, skip = self._kept.popleft()
        self._kept_bytes -= packet.size
        self._feed(packet, skip)
        self._whole_pts = None

    def _may_jump(self) -> bool:
        """Whether what is kept may be dropped, now that a key frame comes."""
        if self._refreshes:
            return False
        return self._kept[-1][0].is_keyframe or len(self._kept) * (self._cost_ns or 0) > _JUMP_NS

    def _is_spare(self, packet: av.Packet[Any]) -> bool:
        """Whether a picture of a stream of key frames can be left out."""
        since = self._rhythm.stamp_ns(packet) - self._fed_ns
        return self._rhythm.all_keys and not self._refreshes and 0 <= since < _TILE_NS

    # -- what is decoded --

    def _alone(self, packet: av.Packet[Any]) -> list[av.VideoFrame]:
        """The picture of a key frame, decoded by itself."""
        errors = self.errors
        frames = self._feed(packet, _ALL) + self._passed(self._run(None))
        self._ready = False
        self._whole_pts = None
        if self._began_pts is not None:
            self._began_pts = None
            self._misses += errors == self.errors
        self._key_shown = packet.pts if frames else None
        return frames

    def _feed(self, packet: av.Packet[Any], skip: str) -> list[av.VideoFrame]:
        if not self._ready:
            self._restart(packet)
        self._fed_ns = self._rhythm.stamp_ns(packet)
        hole = self._lossy and self._steps.hole_before(self._fed_ns)
        if hole:
            self._lossy_pts = self._key_pts
        if packet.is_keyframe:
            self._key_pts = packet.pts
        if packet.is_corrupt or self._after_loss:  # a demuxer may mark the packet before the one that suffered
            self._lossy_pts = self._key_pts
        if packet.is_corrupt or hole:
            self._lost()
        self._after_loss = packet.is_corrupt
        if skip != self._skip:
            self._skip = skip
            self._context.skip_frame = skip  # type: ignore[assignment]  # one of two, which the stub spells out
        stamp = packet.dts if packet.pts is None else packet.pts
        if skip == _REFERENCES:
            self._whole_pts = None
        elif stamp is not None:
            self._whole_pts = stamp if self._whole_pts is None else min(self._whole_pts, stamp)
        return self._passed(self._run(packet))

    def _restart(self, packet: av.Packet[Any]) -> None:
        """Begin at a key frame. Pictures before it that come after it (an open GOP) lack what they are predicted from,
        and it may have been shown already."""
        if self._context.is_open:
            self._context.flush_buffers()
        self._ready = True
        self._steps.restart()
        self._whole_pts = self._held_until = self._lossy_pts = None
        self._floor = None
        self._began_pts = packet.pts if packet.is_keyframe else None

    def _passed(self, frames: list[av.VideoFrame]) -> list[av.VideoFrame]:
        """Those pictures that may be seen."""
        good = []
        for frame in frames:
            if frame.pts is None:
                frame.pts = frame.dts  # that of the packet that went in last, so it rises too
            pts, began = frame.pts, self._began_pts
            if began is not None and pts is not None and pts < began:
                continue
            self._learn(frame)
            if began is not None and pts == self._key_shown:
                continue
            if self._holds:
                self._floor = None if pts is None else pts + 1
            else:
                good.append(frame)
        self.shown = self.shown or bool(good)
        return good

    def _learn(self, frame: av.VideoFrame) -> None:
        """See by a picture whether the stream is damaged or mended, and whether its key frames are pictures."""
        pts = frame.pts
        if frame.is_corrupt:
            self._lost()
        elif frame.key_frame and self._held_until is not None and (pts is None or pts != self._lossy_pts):
            self._held_until = None
            self._floor = pts
        if frame.key_frame and pts is not None and pts == self._key_pts:
            self._misses = 0
        if self._began_pts is not None and pts is not None:
            self._misses = 0 if pts == self._began_pts else self._misses + (not frame.is_corrupt)
            self._floor = pts
            self._began_pts = None

    def _lost(self) -> None:
        """Something is missing: what comes now is torn."""
        now = self._clock.now()
        if self._held_until is None or now > self._held_until + _AGAIN_NS:
            self._held_until = now + _HOLD_NS

    def _run(self, packet: av.Packet[Any] | None) -> list[av.VideoFrame]:
        began = self._clock.now()
        try:
            return self._context.decode(packet)
        except av.error.EOFError:
            return []
        except av.error.FFmpegError:
            self.errors += 1
            if self._began_pts is None or packet is None or packet.pts is None or packet.pts >= self._began_pts:
                self._lossy_pts = self._key_pts
                self._lost()
            return []
        finally:
            took = self._clock.now() - began
            self._busy_ns += took
            self._busy_count += 1
            if packet is not None and self._cost_ns is None:
                self._cost_ns = took // _KEY_COST
            elif packet is not None and self._skip == _REFERENCES:
                self._cost_ns = (self._cost_ns or 0) + (took - (self._cost_ns or 0)) // _COST_SMOOTH

    def _wants_threads(self) -> bool:
        """Whether one thread was not enough since this was last asked."""
        now = self._clock.now()
        if self._busy_count < _BUSY_PICTURES:
            return False
        busy = self._busy_ns > _BUSY * (now - self._busy_since)
        self._busy_ns, self._busy_count, self._busy_since = 0, 0, now
        return busy and self.threads == 1 and _THREADS > 1 and not self._context.is_hwaccel

    def _use_threads(self) -> None:
        old = self._context
        context = av.CodecContext.create(old.codec, "r")
        if not isinstance(context, av.VideoCodecContext):
            return
        context.extradata = old.extradata
        context.thread_count = self.threads = _THREADS
        context.thread_type = av.codec.context.ThreadType.AUTO
        self._context = context
        self._skip = ""
        self._ready = False

"""Decoding the pictures of one stream, as many of them as are asked for."""

from __future__ import annotations

import os
from fractions import Fraction
from typing import Any

import av

from console.media.clock import Clock
from console.sources.track import VideoTrack
from console.wire.tier import Tier

_SKIP = {Tier.FULL: "DEFAULT", Tier.ACTIVE: "NONREF"}
_KEPT_PACKETS = 250
_KEPT_BYTES = 16 << 20
_KEY_EVERY_NS = 400_000_000
"""At tier KEY of a stream whose every picture is a key frame, one in this time is decoded."""
_WAIT_PACKETS = 500
"""A stream that has not said in so many packets which are key frames is decoded as it comes."""
_BUSY = 0.75
"""The share of time spent decoding above which one thread can't keep up."""
_BUSY_PICTURES = 100
_THREADS = min(4, os.cpu_count() or 1)


class VideoDecoder:
    """A decoder that can rest: packets that were not decoded are kept from the last key frame on, so that raising the
    tier shows whole pictures at once instead of at the next key frame."""

    def __init__(self, track: VideoTrack, clock: Clock) -> None:
        self._track, self._clock = track, clock
        self._context = track.context
        self._context.thread_count = 1
        self._context.thread_type = av.codec.context.ThreadType.NONE
        self._skip = ""
        self._synced = False
        self.waits_for_key = True
        """No picture can be decoded before a key frame comes."""
        self._waited = 0
        self._pending: list[av.Packet[Any]] = []
        self._pending_bytes = 0
        self._key_at = 0
        self._busy_ns = 0
        self._busy_since = 0
        self._busy_count = 0
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

    def decode(self, packet: av.Packet[Any], tier: Tier) -> list[av.VideoFrame]:
        """The pictures that come out when a packet goes in; damaged packets are counted in `errors`."""
        key = packet.is_keyframe
        if key:
            self.waits_for_key = False
        elif self.waits_for_key:
            self._waited += 1
            if self._waited < _WAIT_PACKETS:
                return []
            self.waits_for_key = False
        if tier <= Tier.KEY:
            return self._rest(packet, show=key and tier is Tier.KEY)
        frames: list[av.VideoFrame] = []
        if key and not self._synced:
            self._restart()
        elif not self._synced:
            pending, self._pending = self._pending, []
            if pending and pending[0].is_keyframe:
                self._restart()
            self._set_skip("NONREF")
            for kept in pending:
                frames += self._run(kept)
        if key and self._wants_threads():
            frames += self._run(None)
            self._use_threads()
        self._synced = True
        self._forget()
        self._set_skip(_SKIP[tier])
        return frames + self._run(packet)

    def skip_to_key(self) -> None:
        """Decode nothing before the next key frame."""
        self._forget()
        self._synced = False
        self._waited = 0
        self.waits_for_key = True

    def drain(self) -> list[av.VideoFrame]:
        """The pictures that are still inside, at the end of the stream."""
        return self._run(None) if self._synced else []

    def _rest(self, packet: av.Packet[Any], *, show: bool) -> list[av.VideoFrame]:
        """Keep a packet for later; decode it by itself when it is a key frame to be shown."""
        frames: list[av.VideoFrame] = []
        if packet.is_keyframe:
            self._forget()
            now = self._clock.now()
            if show and now - self._key_at >= _KEY_EVERY_NS:
                self._key_at = now
                self._restart()
                frames = self._run(packet) + self._run(None)
                self._restart()
        self._synced = False
        self._pending.append(packet)
        self._pending_bytes += packet.size
        if len(self._pending) > _KEPT_PACKETS or self._pending_bytes > _KEPT_BYTES:
            self.skip_to_key()
        return frames

    def _forget(self) -> None:
        if self._pending:
            self._pending = []
        self._pending_bytes = 0

    def _restart(self) -> None:
        if self._context.is_open:
            self._context.flush_buffers()
        self._set_skip("DEFAULT")

    def _set_skip(self, skip: str) -> None:
        if skip != self._skip:
            self._skip = skip
            self._context.skip_frame = skip  # type: ignore[assignment]  # one of _SKIP's, which the stub spells out

    def _run(self, packet: av.Packet[Any] | None) -> list[av.VideoFrame]:
        began = self._clock.now()
        try:
            return self._context.decode(packet)
        except av.error.EOFError:
            return []
        except av.error.FFmpegError:
            self.errors += 1
            return []
        finally:
            self._busy_ns += self._clock.now() - began
            self._busy_count += 1

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

"""What is known of a stream once its container is open, apart from the container: that may be closed while the last
packets are still decoded, and PyAV's stream objects point into it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av

_PROGRESSIVE = 1
_TIME_BASE = Fraction(1, 90_000)


@dataclass(frozen=True)
class VideoTrack:
    """The pictures of a container."""

    index: int
    time_base: Fraction
    context: av.VideoCodecContext
    fps: float
    """As the container says it, 0.0 when it does not."""
    pixel_aspect: Fraction | None
    described: dict[str, Any]
    """What people are told."""

    @classmethod
    def of(cls, stream: av.VideoStream, hardware: str | None) -> VideoTrack:
        """Read what a stream says of itself."""
        context = stream.codec_context
        fps = float(stream.average_rate or 0)
        described = {
            "codec": context.name,
            "width": context.width,
            "height": context.height,
            "fps": round(fps, 3),
            "pixel_format": context.pix_fmt,
            "interlaced": context.field_order > _PROGRESSIVE,
            "hardware": hardware,
        }
        aspect = stream.sample_aspect_ratio or None
        return cls(stream.index, stream.time_base or _TIME_BASE, context, fps, aspect, described)


@dataclass(frozen=True)
class SoundTrack:
    """The sound of a container."""

    index: int
    time_base: Fraction
    context: av.AudioCodecContext
    described: dict[str, Any]

    @classmethod
    def of(cls, stream: av.AudioStream) -> SoundTrack:
        """Read what a stream says of itself."""
        context = stream.codec_context
        described = {"codec": context.name, "rate": context.sample_rate, "channels": len(context.layout.channels)}
        return cls(stream.index, stream.time_base or _TIME_BASE, context, described)

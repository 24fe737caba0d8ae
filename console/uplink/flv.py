"""What travels in RTMP's audio and video messages (Adobe, "Video File Format 10.1", annex E.4): FLV tag bodies."""

from __future__ import annotations

from console import __version__
from console.media.time import CHANNELS, SAMPLE_RATE, Format
from console.uplink.amf import Named, encode

_AVC, _AAC = 7, 10
_KEY, _INTER = 1, 2
_AAC_STEREO = 0xAF  # AAC, 44 kHz (always said so for AAC), 16 bit, stereo


def metadata(fmt: Format, video_bps: int, audio_bps: int) -> bytes:
    """The payload of the data message that announces the stream."""
    facts = Named(
        width=float(fmt.width),
        height=float(fmt.height),
        framerate=fmt.rate.fps,
        videocodecid=float(_AVC),
        videodatarate=video_bps / 1000,
        audiocodecid=float(_AAC),
        audiodatarate=audio_bps / 1000,
        audiosamplerate=float(SAMPLE_RATE),
        audiosamplesize=16.0,
        stereo=CHANNELS == 2,
        encoder=f"Podium/{__version__}",
    )
    return encode("@setDataFrame", "onMetaData", facts)


def video_header(avc_config: bytes) -> bytes:
    """The AVC sequence header."""
    return bytes((_KEY << 4 | _AVC, 0, 0, 0, 0)) + avc_config


def video_frame(data: bytes, *, key: bool) -> bytes:
    """One picture; it is shown when it is decoded (no composition offset)."""
    return bytes(((_KEY if key else _INTER) << 4 | _AVC, 1, 0, 0, 0)) + data


def audio_header(asc: bytes) -> bytes:
    """The AAC sequence header."""
    return bytes((_AAC_STEREO, 0)) + asc


def audio_frame(data: bytes) -> bytes:
    """One AAC frame."""
    return bytes((_AAC_STEREO, 1)) + data

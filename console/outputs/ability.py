"""What the codecs of this machine can do, for `podium --self-test`."""

from __future__ import annotations

from typing import Any

import av
from av.codec.codec import UnknownCodecError
from av.codec.hwaccel import hwdevices_available

from console.errors import ConsoleError
from console.media.time import Format, Rate
from console.outputs.codecs import SOFTWARE, hardware_names, proven

_TRIAL = Format(1280, 720, Rate(50))
_TRIAL_BPS = 4_000_000


def codec_ability() -> dict[str, Any]:
    """FFmpeg's versions and the hardware decoders it knows. Raises when a codec that every show needs is missing."""
    for decoder in ("h264", "aac"):
        av.Codec(decoder, "r")
    for encoder in ("libx264", "aac"):
        av.Codec(encoder, "w")
    versions = {name: ".".join(map(str, version)) for name, version in av.library_versions.items()}
    return {"ffmpeg": versions, "hardware_decoders": hwdevices_available()}


def encoders() -> dict[str, str]:
    """Each encoder that this system could have, by trial: `works`, or why not. Raises when x264 fails as well."""
    tried = {}
    for name in (*hardware_names(), SOFTWARE):
        try:
            proven(name, _TRIAL, "ultrafast", _TRIAL_BPS)
        except (av.FFmpegError, ConsoleError, ValueError) as error:
            if name == SOFTWARE:
                raise
            tried[name] = _reason(error)
        else:
            tried[name] = "works"
    return tried


def _reason(error: Exception) -> str:
    if isinstance(error, UnknownCodecError):
        return "this FFmpeg is built without it"
    return f"it does not open here ({error.strerror})" if isinstance(error, av.FFmpegError) else str(error)

"""What the codecs of this machine can do, for `podium --self-test`."""

from __future__ import annotations

from typing import Any

import av
from av.codec.hwaccel import hwdevices_available


def codec_ability() -> dict[str, Any]:
    """FFmpeg's versions and the hardware decoders it knows. Raises when a codec that every show needs is missing."""
    for decoder in ("h264", "aac"):
        av.Codec(decoder, "r")
    for encoder in ("libx264", "aac"):
        av.Codec(encoder, "w")
    versions = {name: ".".join(map(str, version)) for name, version in av.library_versions.items()}
    return {"ffmpeg": versions, "hardware_decoders": hwdevices_available()}

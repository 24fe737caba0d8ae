"""Which hardware decoders really decode, for `podium --self-test`: each is given a few pictures."""

from __future__ import annotations

import io

import av
from av.codec.hwaccel import HWAccel

from console.sources.hardware import candidates

_WIDTH_PX, _HEIGHT_PX, _PICTURES = 640, 360, 8


def decoders() -> dict[str, str]:
    """Each kind of decoder worth trying here: `works`, or why not. Raises when software fails as well."""
    media = _some_pictures()
    found = _decoded(media, None)
    if found != "works":
        raise RuntimeError(f"decoding in software: {found}")
    return {name: _tried(media, name) for name in candidates()} | {"software": found}


def _tried(media: bytes, name: str) -> str:
    try:
        return _decoded(media, HWAccel(name, allow_software_fallback=False))
    except av.error.FFmpegError as error:
        return f"it does not open here ({error.strerror})"
    except (NotImplementedError, RuntimeError, ValueError) as error:
        return str(error) or type(error).__name__


def _decoded(media: bytes, accel: HWAccel | None) -> str:
    with av.open(io.BytesIO(media), "r", hwaccel=accel) as container:
        stream = container.streams.video[0]
        if accel is not None and not stream.codec_context.is_hwaccel:
            return "it decodes no H.264"
        count = sum(frame.width == _WIDTH_PX for frame in container.decode(stream))
    return "works" if count == _PICTURES else f"{count} of {_PICTURES} pictures came out"


def _some_pictures() -> bytes:
    """H.264 in MPEG-TS."""
    out = io.BytesIO()
    with av.open(out, "w", format="mpegts") as container:
        stream = container.add_stream("libx264", 25, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = _WIDTH_PX, _HEIGHT_PX, "yuv420p"
        for _ in range(_PICTURES):
            frame = av.VideoFrame(_WIDTH_PX, _HEIGHT_PX, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes([128]) * plane.buffer_size)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return out.getvalue()

"""Looks into an address: what streams it has, and its first picture. For the dialog that adds a source.

Run as `python -m console _inspect`, a process of its own, so that foreign bytes are decoded where a crash or a hang
harms nobody: one JSON object `{"url": ..., "timeout_s": ...}` on standard input, one on standard output (`inspect`).
"""

from __future__ import annotations

import base64
import json
import os
import sys
from fractions import Fraction
from typing import Any

import av
import cv2
import numpy as np

from console.errors import ConsoleError
from console.media.clock import SystemClock
from console.media.picture import new_picture
from console.media.time import parse_format
from console.sources.address import Address, Kind, parse
from console.sources.decode import VideoDecoder
from console.sources.intake import Ended, Intake, Opened
from console.sources.page import refusal
from console.sources.pattern import Painter
from console.sources.reasons import no_streams, unanswered
from console.sources.still import read_still
from console.wire.tier import Tier

_WIDTH_PX, _HEIGHT_PX = 320, 180
_TURN_NS = 10_000_000
_JPEG_QUALITY = 80
_MADE_FORMAT = "640x360p50"


def inspect(url: str, timeout_s: float = 8.0) -> dict[str, Any]:
    """What is at an address: `{"ok": true, "kind", "live", "video", "audio", "duration_s", "picture"}`, where `picture`
    is a JPEG of at most 320x180 in base64 or None; or `{"ok": false, "reason", "remedy"}`. Raises nothing."""
    try:
        address = parse(url)
        match address.kind:
            case Kind.PATTERN | Kind.BLACK:
                found = _look_at_made(address)
            case Kind.STILL:
                frame = read_still(address)
                video = {"codec": frame.format.name, "width": frame.width, "height": frame.height, "fps": 0}
                found = {"live": False, "video": video, "picture": _jpeg(frame, None)}
            case Kind.CLIP | Kind.LIVE:
                found = _look_at_stream(address, timeout_s)
            case Kind.HTML:
                if (reason := refusal()) is not None:
                    raise reason
                found = {"live": True, "picture": None}
    except ConsoleError as error:
        return {"ok": False, "reason": error.sentence, "remedy": error.remedy}
    return {"ok": True, "kind": address.kind.value, "video": None, "audio": None, "duration_s": None, **found}


def _look_at_made(address: Address) -> dict[str, Any]:
    fmt = parse_format(_MADE_FORMAT)
    picture = new_picture(fmt.width, fmt.height)
    if address.kind is Kind.PATTERN:
        Painter(fmt, int(address.options.get("number", 1)), "", motion=True).draw(picture, 0, 0)
    planes = [plane.reshape(-1, fmt.width) for plane in (picture.y, picture.u, picture.v)]
    colours = cv2.cvtColor(np.concatenate(planes), cv2.COLOR_YUV2BGR_I420)
    return {"live": True, "picture": _encoded(cv2.resize(colours, (_WIDTH_PX, _HEIGHT_PX)))}


def _look_at_stream(address: Address, timeout_s: float) -> dict[str, Any]:
    clock = SystemClock()
    deadline = clock.now() + int(timeout_s * 1e9)
    intake = Intake(address, clock, decode_in_hardware=False)
    intake.start()
    opened: Opened | None = None
    decoder: VideoDecoder | None = None
    picture: str | None = None
    try:
        while clock.now() < deadline and picture is None:
            item = intake.take()
            if item is None:
                clock.wait_until(clock.now() + _TURN_NS)
            elif isinstance(item, Opened):
                opened = item
                if opened.video is None:
                    break
                decoder = VideoDecoder(opened.video, clock)
            elif isinstance(item, Ended):
                if opened is None:
                    raise item.error or no_streams(address)
                picture = _first(decoder, None) if decoder is not None else None
                break
            elif decoder is not None and opened and opened.video and item.packet.stream_index == opened.video.index:
                picture = _first(decoder, item.packet)
    finally:
        intake.close()
    if opened is None:
        raise unanswered(address)
    return {
        "live": not opened.finite,
        "video": opened.video and opened.video.described,
        "audio": opened.sound and opened.sound.described,
        "duration_s": opened.seconds,
        "picture": picture,
    }


def _first(decoder: VideoDecoder, packet: av.Packet[Any] | None) -> str | None:
    """The picture that comes out when a packet goes in (or, without one, that was still inside), as JPEG."""
    frames = decoder.drain() if packet is None else decoder.decode(packet, Tier.FULL)
    return _jpeg(frames[0], decoder.pixel_aspect) if frames else None


def _jpeg(frame: av.VideoFrame, pixel_aspect: Fraction | None) -> str:
    shown = Fraction(frame.width, frame.height) * (pixel_aspect or 1)
    width = min(_WIDTH_PX, max(1, round(_HEIGHT_PX * shown)))
    height = min(_HEIGHT_PX, max(1, round(width / shown)))
    small = frame.reformat(width=width, height=height, format="bgr24", interpolation="AREA")
    return _encoded(small.to_ndarray())


def _encoded(colours: Any) -> str:
    _, data = cv2.imencode(".jpg", colours, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return base64.b64encode(data.tobytes()).decode()


def main() -> int:
    """Answer one question; the exit status."""
    try:
        asked = json.loads(sys.stdin.buffer.readline())
        answer = inspect(str(asked["url"]), float(asked.get("timeout_s", 8.0)))
    except (ValueError, KeyError, TypeError) as error:
        answer = {"ok": False, "reason": f"The question can't be read ({error!r})", "remedy": "Start it with podium"}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
    os._exit(0)  # a stream that hangs, hangs on a thread: the interpreter can't be taken down around it

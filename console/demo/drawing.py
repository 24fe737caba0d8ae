"""Draws and encodes cameras of the venue into files: a process of its own, `python -m console _draw`.

Its configuration is `{"width", "height", "fps", "seconds"}`; each message `{"camera": N, "file": PATH}` is a camera to
draw. It tells `drawn` with the number of `frames` about twice a second of film, and `done`, or `failed` with a
`reason` when the file can't be written.
"""

from __future__ import annotations

import contextlib
import queue
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av.video.frame import PictureType

from console.demo.scene import CameraView
from console.demo.transport import CLOCK_HZ, AccessUnit, Muxer, adts
from console.media.picture import Picture, Plane
from console.media.time import SAMPLE_RATE, Format, Rate
from console.media.tone import tone
from console.wire.child import Parent

AAC_FRAME = 1024
PERIOD_SECONDS = 8
"""A take is a multiple of this: 8 s of 48 kHz are exactly 375 AAC frames, so the sound closes on itself."""
_AUDIO_BITS = 96_000
_SLOW = (1, 6, 8)
_KEYS_APART = 3
"""Key frames of neighbouring cameras are this many frames apart: genlocked cameras must not all peak at once."""


def video_bits(form: Format) -> int:
    """The most bits per second: 4.2 Mbit/s at 720p50, in proportion to the pixels but flatter."""
    return int(4.2e6 * (form.width * form.height * form.rate.fps / (1280 * 720 * 50)) ** 0.8)


def _video_encoder(form: Format, *, fine: bool) -> av.VideoCodecContext:
    """H.264 that is cheap to decode: two pictures of three are needed by no other.

    `fine` follows motion of parts of a pixel, which pays for slow cameras alone.
    """
    encoder = av.VideoCodecContext.create("libx264", "w")
    rate = form.rate.num
    encoder.width, encoder.height, encoder.pix_fmt = form.width, form.height, "yuv420p"
    encoder.framerate, encoder.time_base = Fraction(rate), Fraction(1, rate)
    encoder.thread_count = 1  # as many cameras are drawn at once as there are cores
    encoder.color_primaries = encoder.color_trc = encoder.colorspace = encoder.color_range = 1  # BT.709, limited
    encoder.options = {
        "preset": "ultrafast", "profile": "high", "crf": "22", "maxrate": str(video_bits(form)),
        "bufsize": str(video_bits(form)), "bf": "2", "g": str(rate), "forced-idr": "1",
        "x264-params": "cabac=1:deblock=1,0,0:8x8dct=1:chroma-me=0:direct=spatial:b-adapt=0:b-pyramid=none:"
            f"scenecut=0:open-gop=0:min-keyint=1:aud=1:keyint={rate}:subme={int(fine)}",
    }  # fmt: skip
    return encoder


def pictures(camera: int, form: Format, seconds: int) -> Iterator[AccessUnit]:
    """The coded pictures of a camera in decoding order."""
    view = CameraView(camera, form, seconds)
    encoder = _video_encoder(form, fine=camera in _SLOW)
    # One frame for all pictures: x264 copies what it is given.
    frame = av.VideoFrame(form.width, form.height, "yuv420p")
    picture = Picture(*(_plane(frame, index) for index in range(3)))
    forced = {0, (camera - 1) * _KEYS_APART % form.rate.num}
    for number in range(view.frames):
        view.draw(number, picture)
        frame.pts = number
        frame.pict_type = PictureType.I if number in forced else PictureType.NONE
        yield from map(_unit, encoder.encode(frame))
    yield from map(_unit, encoder.encode(None))


def _plane(frame: av.VideoFrame, index: int) -> Plane:
    plane = frame.planes[index]
    rows = np.frombuffer(memoryview(plane), np.uint8)[: plane.line_size * plane.height].reshape(
        plane.height, plane.line_size
    )
    return np.asarray(rows[:, : plane.width])


def _unit(packet: av.Packet[Any]) -> AccessUnit:
    if packet.pts is None or packet.dts is None:
        raise RuntimeError("x264 made a picture without a time")
    return AccessUnit(bytes(packet), packet.pts, packet.dts, bool(packet.is_keyframe))


def sound(camera: int, seconds: int) -> list[bytes]:
    """The coded sound of a camera: ADTS frames that cover the take and go on at its beginning without a seam.

    The encoder is fed from before the take, so that its first frames, which lack what went before, are left out.
    """
    encoder = av.AudioCodecContext.create("aac", "w")
    encoder.sample_rate, encoder.layout, encoder.format = SAMPLE_RATE, "stereo", "fltp"
    encoder.bit_rate, encoder.time_base = _AUDIO_BITS, Fraction(1, SAMPLE_RATE)
    total = seconds * SAMPLE_RATE
    found: dict[int, bytes] = {}
    for first in range(-4 * AAC_FRAME, total + 4 * AAC_FRAME, AAC_FRAME):
        samples = np.ascontiguousarray(tone(camera, first, AAC_FRAME).T)
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="stereo")
        frame.sample_rate, frame.time_base, frame.pts = SAMPLE_RATE, Fraction(1, SAMPLE_RATE), first
        for packet in encoder.encode(frame):
            if packet.pts is not None:
                found[packet.pts] = adts(bytes(packet))
    return [found[pts] for pts in range(0, total, AAC_FRAME)]


def stream(camera: int, form: Format, seconds: int) -> Iterator[bytes]:
    """The take as a transport stream, slot by slot."""
    if seconds % PERIOD_SECONDS:
        raise ValueError(f"a take of {seconds} s is not a multiple of {PERIOD_SECONDS} s")
    muxer = Muxer(CLOCK_HZ // form.rate.num, max(1, form.rate.num // 10))
    frames = sound(camera, seconds)
    spoken = 0
    for number, picture in enumerate(pictures(camera, form, seconds), 1):
        until = number * CLOCK_HZ // form.rate.num
        heard = []
        while spoken < len(frames) and spoken * AAC_FRAME * CLOCK_HZ // SAMPLE_RATE < until:
            heard.append((spoken * AAC_FRAME * CLOCK_HZ // SAMPLE_RATE, frames[spoken]))
            spoken += 1
        yield muxer.slot(picture, heard)


def main() -> int:
    """Draw the cameras that the messages name, until the input ends."""
    orders: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    parent = Parent(orders.put)
    cv2.setNumThreads(1)
    form = Format(parent.config["width"], parent.config["height"], Rate(parent.config["fps"]))
    while not parent.finish.is_set():
        with contextlib.suppress(queue.Empty):
            order = orders.get(timeout=0.1)
            try:
                _draw(parent, order["camera"], form, parent.config["seconds"], Path(order["file"]))
            except OSError as error:
                parent.tell("failed", reason=error.strerror or str(error))
    parent.close()
    return 0


def _draw(parent: Parent, camera: int, form: Format, seconds: int, path: Path) -> None:
    with open(path, "wb") as file:
        for done, slot in enumerate(stream(camera, form, seconds), 1):
            file.write(slot)
            if done % (form.rate.num // 2) == 0:
                parent.tell("drawn", frames=done)
            if parent.finish.is_set():
                return
    parent.tell("done")

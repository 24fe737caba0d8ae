"""Clips that say of each picture which it is, and beep."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from console.media import barcode, tone
from console.media.time import SAMPLE_RATE

NUMBER = 7
FRAMES = 300
FPS = 50


def make_clip(
    path: Path, frames: int, width: int = 640, height: int = 360, options: dict[str, str] | None = None
) -> Path:
    """H.264 with B-frames and AAC; each picture has its number, each second its beep."""
    with av.open(str(path), "w", options={"movflags": "faststart"} if path.suffix == ".mp4" else {}) as container:
        video = container.add_stream("libx264", rate=FPS)
        assert isinstance(video, av.VideoStream)
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        video.codec_context.options = {"preset": "ultrafast", "bf": "2", "g": "25", "crf": "28", **(options or {})}
        sound = container.add_stream("aac", rate=SAMPLE_RATE)
        assert isinstance(sound, av.AudioStream)
        sound.layout = "stereo"  # type: ignore[assignment]
        samples = tone.tone(NUMBER, 0, frames * SAMPLE_RATE // FPS)
        ramp = np.add.outer(np.arange(height), np.arange(width)).astype(np.uint8)
        for index in range(frames):
            frame = av.VideoFrame(width, height, "yuv420p")
            y = np.frombuffer(frame.planes[0], np.uint8).reshape(height, -1)[:, :width]
            y[:] = (ramp + index % 256) // 4 + 60
            barcode.burn(y, NUMBER, index)
            for plane in frame.planes[1:]:
                np.frombuffer(plane, np.uint8)[:] = 128
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            container.mux(video.encode(frame))
            piece = samples[index * 960 : (index + 1) * 960]
            heard = av.AudioFrame.from_ndarray(np.ascontiguousarray(piece.T), "fltp", "stereo")
            heard.sample_rate, heard.pts, heard.time_base = SAMPLE_RATE, index * 960, Fraction(1, SAMPLE_RATE)
            container.mux(sound.encode(heard))
        container.mux(video.encode(None))
        container.mux(sound.encode(None))
    return path

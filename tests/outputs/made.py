"""Program logs made at once for tests: real encoders, no ring, no waiting."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from console.media import barcode, tone
from console.media.picture import new_picture
from console.media.time import Format
from console.outputs.cmaf import audio_header, video_header
from console.outputs.codecs import AudioEncoder, VideoEncoder
from console.outputs.log import AUDIO, VIDEO
from console.outputs.logwriter import LogWriter

SOURCE = 7
BITRATE_BPS = 1_500_000


def make_log(directory: Path, fmt: Format, frames: Iterable[int], *, finish: bool = True) -> LogWriter:
    """Encode frames (their numbers burnt in, their tone) into a log; jumps in the numbers are gaps."""
    writer = LogWriter(directory, fmt)
    video = VideoEncoder("libx264", fmt, preset="ultrafast", bitrate_bps=BITRATE_BPS)
    audio = AudioEncoder(160_000, writer.next_audio or 0)
    writer.header(AUDIO, audio_header(audio.config, 160_000))
    writer.start(0, "libx264", 0)
    picture = new_picture(fmt.width, fmt.height)
    expected: int | None = None
    for frame in frames:
        if expected is not None and frame > expected:
            writer.gap(expected, frame - 1, "left out by the test")
        picture.y[:] = 40 + frame % 64
        barcode.burn(picture.y, SOURCE, frame)
        video.load(picture)
        for coded in video.encode(frame, key=frame != expected or frame % fmt.rate.gop_frames == 0):
            if expected is None:
                writer.header(VIDEO, video_header(fmt, video.sps, video.pps, BITRATE_BPS))
            writer.add_video(coded.frame, coded.data, coded.key)
        first = fmt.rate.first_sample(frame)
        for index, data in audio.feed(first, tone.tone(SOURCE, first, fmt.rate.samples(frame))):
            writer.add_audio(index, data)
        expected = frame + 1
    if finish:
        for index, data in audio.finish():
            writer.add_audio(index, data)
        writer.finish()
    return writer

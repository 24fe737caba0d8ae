"""Program logs made at once for tests: real encoders, no ring, no waiting."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

from console.media import barcode, tone
from console.media.clock import SystemClock
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


class GrowingLog:
    """A log that grows while a test looks, from now on and at several times real time."""

    def __init__(self, directory: Path, fmt: Format, seconds: float, speed: float = 3.0) -> None:
        self.directory = directory
        self.format = fmt
        clock = SystemClock()
        self.first = int(fmt.rate.frame_at_ns(clock.unix_ns()))
        self.frames = range(self.first, self.first + round(seconds * fmt.rate.fps))
        self.next = self.first
        self._stop = threading.Event()
        self._begun, self._speed, self._clock = clock.now(), speed, clock
        self._thread = threading.Thread(target=make_log, args=(directory, fmt, self._paced()), name="growing-log")
        self._thread.start()

    def _paced(self) -> Iterator[int]:
        for frame in self.frames:
            due_ns = self._begun + self.format.rate.start_ns(frame - self.first) / self._speed
            self._stop.wait(max(0.0, (due_ns - self._clock.now()) / 1e9))
            self.next = frame + 1
            yield frame

    @property
    def seconds(self) -> float:
        """How much there is so far."""
        return (self.next - self.first) / self.format.rate.fps

    def finish(self) -> None:
        """Write what is left as quickly as it goes, and seal."""
        self._stop.set()
        self._thread.join()

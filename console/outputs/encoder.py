"""The encoder process: follows the program ring, encodes, writes the program log.

It goes on behind the last frame of the log when the ring still holds that place, so being killed costs nothing as long
as it is back within the depth of the ring. What the disk, the ring or a hardware encoder refuses ends a *session*; the
next one starts by the same road as after a crash. Nothing here can hold the engine up: the ring's writer never waits.
"""

from __future__ import annotations

import errno
import logging
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np

from console.errors import ConsoleError
from console.media.clock import Clock, SystemClock
from console.media.time import CHANNELS, Format, parse_format
from console.outputs.cmaf import AAC_FRAME_SAMPLES, audio_header, video_header
from console.outputs.codecs import SOFTWARE, AudioEncoder, CodedPicture, VideoEncoder, open_video
from console.outputs.follower import ClockSetBackError, Follower
from console.outputs.log import AUDIO, VIDEO
from console.outputs.logwriter import LogWriter, open_log, refused, set_aside
from console.wire.child import ENCODER_NICE, Message, Parent, set_priority
from console.wire.ring import PictureInfo, RingReader

AUDIO_BPS = 160_000
RETRY_NS = 500_000_000
REPORT_NS = 1_000_000_000
SPACE_TO_GO_ON_BYTES = 32 << 20
log = logging.getLogger("console.encoder")
Tell = Callable[..., None]


@dataclass(frozen=True)
class EncoderConfig:
    """What the supervisor asks for."""

    ring: Path
    format: Format
    directory: Path
    preset: str = "superfast"
    bitrate_kbps: int = 6000
    hardware: bool = True

    @classmethod
    def parse(cls, message: Message) -> EncoderConfig:
        """Read the configuration line. Raises ConsoleError."""
        try:
            return cls(
                Path(message["ring"]),
                parse_format(message["format"]),
                Path(message["log"]),
                str(message.get("preset", cls.preset)),
                int(message.get("bitrate_kbps", cls.bitrate_kbps)),
                bool(message.get("hardware", cls.hardware)),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ConsoleError(f"The encoder's configuration is not complete: {error}", "Start the engine") from error


class Session:
    """One run of one encoder into one open log."""

    def __init__(
        self, config: EncoderConfig, ring: RingReader, writer: LogWriter, video: VideoEncoder, absence: str
    ) -> None:
        self._rate = config.format.rate
        self._config = config
        self._ring = ring
        self._log = writer
        self._video = video
        self._audio = AudioEncoder(AUDIO_BPS, writer.next_audio or 0)
        self._follower = Follower(ring, self._rate, writer.next_frame, absence=absence)
        self._fresh = True
        self._parameter_sets = (b"", b"")
        self.encoded = 0
        """Pictures encoded in this session."""
        writer.header(AUDIO, audio_header(self._audio.config, AUDIO_BPS))
        if writer.next_audio is not None and writer.next_frame is not None:
            self._prime(writer.next_audio, writer.next_frame)

    def _prime(self, next_audio: int, next_frame: int) -> None:
        """Feed sound from before the log's end, so that the first new packet joins the last one without a seam."""
        needed = (next_audio - 1) * AAC_FRAME_SAMPLES
        for info in self._follower.before(next_frame):
            if self._rate.first_sample(info.frame + 1) > needed:
                self._hear(info)

    @property
    def lag_frames(self) -> int:
        """How many pictures of the ring wait to be encoded."""
        return self._follower.lag_frames

    def step(self) -> bool:
        """Encode the next picture; False when the ring has none."""
        found = self._follower.next()
        if found is None:
            return False
        info, gap = found
        self._video.load(self._ring.picture(info.index))
        if not self._ring.holds(info.index):
            self._follower.lost(info)
            return True
        if gap is not None:
            log.warning("frames %d to %d are missing in the log: %s", gap.first, gap.last, gap.reason)
            self._log.gap(gap.first, gap.last, gap.reason)
        key = self._fresh or gap is not None or info.frame % self._rate.gop_frames == 0
        self._fresh = False
        self._write(self._video.encode(info.frame, key=key))
        self._hear(info)
        self.encoded += 1
        return True

    def _hear(self, info: PictureInfo) -> None:
        sound = np.zeros((self._rate.samples(info.frame), CHANNELS), np.float32)
        have = min(len(sound), info.samples)
        sound[:have] = self._ring.sound(info.index, have)
        if not self._ring.holds(info.index):
            sound.fill(0)
        for index, data in self._audio.feed(self._rate.first_sample(info.frame), sound):
            self._log.add_audio(index, data)

    def _write(self, coded: list[CodedPicture]) -> None:
        for picture in coded:
            sets = (self._video.sps, self._video.pps)
            if picture.key and sets != self._parameter_sets:
                header = video_header(self._config.format, *sets, self._config.bitrate_kbps * 1000)
                self._log.header(VIDEO, header)
                self._parameter_sets = sets
            self._log.add_video(picture.frame, picture.data, picture.key)

    def finish(self, *, end_of_show: bool) -> None:
        """Encode what the ring still has, and seal the log."""
        while self.step():
            pass
        self._write(self._video.flush())
        for index, data in self._audio.finish():
            self._log.add_audio(index, data)
        self._log.finish(end_of_show=end_of_show)


class Recorder:
    """Runs session after session until told to finish, and tells the supervisor how it goes."""

    def __init__(self, config: EncoderConfig, tell: Tell, clock: Clock, ends_show: Callable[[], bool]) -> None:
        """`ends_show` says, when told to finish, whether the last chunk is marked as the last one of the show."""
        self._config = config
        self._ends_show = ends_show
        self._tell = tell
        self._clock = clock
        self._trouble = ""
        self._absence = ""
        self._broken: set[str] = set()
        self._next_report_ns = clock.now()
        self._reported: tuple[int, int] = (clock.now(), 0)
        self._status: dict[str, Any] = {}

    def run(self, finish: threading.Event) -> None:
        """Record until `finish`."""
        while not finish.is_set():
            try:
                self._session(finish)
            except ClockSetBackError:
                self._set_aside()
            except ConsoleError as error:
                self._complain(error)
                self._wait(finish)
            except OSError as error:
                self._complain(refused(self._config.directory, error))
                self._absence = "the log could not be written"
                self._wait(finish, space=error.errno == errno.ENOSPC)

    def _session(self, finish: threading.Event) -> None:
        config = self._config
        with RingReader(config.ring) as ring:
            if (ring.width, ring.height) != (config.format.width, config.format.height):
                raise ConsoleError(
                    f"The program ring is {ring.width}x{ring.height}, the show {config.format}",
                    "Start the engine again",
                )
            writer = open_log(config.directory, config.format)
            try:
                self._record(ring, writer, finish)
            finally:
                writer.close()

    def _record(self, ring: RingReader, writer: LogWriter, finish: threading.Event) -> None:
        video = self._open_video(writer.last_encoder)
        session = Session(self._config, ring, writer, video, self._absence)
        writer.start(writer.next_frame or 0, video.name, self._clock.unix_ns())
        log.info("encoding %s with %s into %s", self._config.format, video.name, self._config.directory)
        self._tell("opened", encoder=video.name)
        quarter_frame_ns = round(2.5e8 / self._config.format.rate.fps)
        try:
            while not finish.is_set():
                if not session.step():
                    self._clock.wait_until(self._clock.now() + quarter_frame_ns)
                if self._clock.now() >= self._next_report_ns:
                    self._report(writer, session, video.name)
            session.finish(end_of_show=self._ends_show())
            self._report(writer, session, video.name)
        except av.FFmpegError as error:
            if video.name != SOFTWARE:
                self._broken.add(video.name)
            raise ConsoleError(f"The encoder {video.name} failed: {error}", "It is started again") from error

    def _open_video(self, last: str) -> VideoEncoder:
        config = self._config
        return open_video(
            config.format,
            preset=config.preset,
            bitrate_bps=config.bitrate_kbps * 1000,
            hardware=config.hardware,
            first=last if config.hardware else "",
            never=tuple(self._broken),
        )

    def _report(self, writer: LogWriter, session: Session, encoder: str) -> None:
        now = self._clock.now()
        since, encoded = self._reported
        if session.encoded < encoded:
            encoded = 0
        fps = (session.encoded - encoded) * 1e9 / max(1, now - since)
        self._reported = (now, session.encoded)
        next_frame = writer.next_frame
        self._status = {
            "frames": writer.frames,
            "bytes": writer.size_bytes,
            "first_frame": writer.first_frame,
            "last_frame": None if next_frame is None else next_frame - 1,
            "missing_frames": writer.missing_frames,
            "lag_frames": session.lag_frames,
            "encoder": encoder,
            "fps": round(fps, 2),
        }
        self._send_status(now)
        if self._trouble and session.encoded > self._config.format.rate.gop_frames:
            log.warning("the program log is being written again")
            self._tell("recovered")
            self._trouble = self._absence = ""

    def _send_status(self, now: int) -> None:
        self._next_report_ns = now + REPORT_NS
        self._tell("log", disk_free=disk_free(self._config.directory), **self._status)

    def _complain(self, error: ConsoleError) -> None:
        if str(error) != self._trouble:
            self._trouble = str(error)
            log.error("%s", error)
            self._tell("trouble", reason=error.sentence, remedy=error.remedy)

    def _wait(self, finish: threading.Event, *, space: bool = False) -> None:
        """Wait before the next try; when the disk was full, until there is space again."""
        while True:
            until = self._clock.now() + RETRY_NS
            while self._clock.now() < until and not finish.is_set():
                self._clock.wait_until(min(until, self._clock.now() + RETRY_NS // 10))
            if self._status and self._clock.now() >= self._next_report_ns:
                self._status["fps"] = 0.0
                self._send_status(self._clock.now())
            if finish.is_set() or not space or disk_free(self._config.directory) >= SPACE_TO_GO_ON_BYTES:
                return

    def _set_aside(self) -> None:
        target = set_aside(self._config.directory)
        log.warning("the machine's clock was set back; the log so far is in %s", target)


def disk_free(directory: Path) -> int:
    """Bytes that this user can still write where a directory is or would be; 0 when nothing can be said."""
    for folder in (directory, *directory.absolute().parents):
        try:
            return shutil.disk_usage(folder).free
        except OSError:
            continue
    return 0


def main() -> int:
    """The child process `_encoder`."""
    parent = Parent()
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(levelname)s: %(message)s")
    set_priority(ENCODER_NICE)
    try:
        config = EncoderConfig.parse(parent.config)
    except ConsoleError as error:
        parent.tell("trouble", reason=error.sentence, remedy=error.remedy)
        parent.close()
        return error.exit_status

    Recorder(config, parent.tell, SystemClock(), lambda: parent.orderly).run(parent.finish)
    parent.close()
    return 0

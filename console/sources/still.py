"""Sources whose picture does not move: a still from a file, and black."""

from __future__ import annotations

import io
import threading
from pathlib import Path

import av

from console.errors import ConsoleError
from console.media.clock import Clock
from console.sources.address import Address
from console.sources.reasons import not_media, reason
from console.sources.report import Report
from console.sources.screen import Screen

_RETRY_NS = 2_000_000_000
_TURN_NS = 50_000_000
_BYTES_MOST = 512 << 20
_PIXELS_MOST = 1 << 27


def read_still(address: Address) -> av.VideoFrame:
    """The first picture of an image file. Raises ConsoleError."""
    path = Path(address.target)
    try:
        if path.stat().st_size > _BYTES_MOST:
            raise ConsoleError(f"{address.shown} is larger than {_BYTES_MOST >> 20} MiB", "Choose a smaller picture")
        # From memory, so that the format is told by the bytes; by name a % would be taken for a numbered sequence.
        with av.open(io.BytesIO(path.read_bytes()), "r", metadata_errors="replace") as container:
            stream = next(iter(container.streams.video), None)
            if stream is None or stream.codec_context is None:
                raise not_media(address)
            stream.codec_context.options = {"max_pixels": str(_PIXELS_MOST)}
            for frame in container.decode(stream):
                return frame
    except (av.error.FFmpegError, OSError, ValueError) as error:
        # What OSErrors the file system raises, FFmpeg's errors are subclasses of.
        raise _file_reason(error, address) from error
    raise not_media(address)


def _file_reason(error: Exception, address: Address) -> ConsoleError:
    for kind, says in ((FileNotFoundError, "does not exist"), (PermissionError, "can't be read: no permission")):
        if isinstance(error, kind):
            return ConsoleError(f"{address.shown} {says}", "Check the path")
    return not_media(address) if isinstance(error, av.error.FFmpegError | ValueError) else reason(error, address)


class StillSource:
    """Shows one picture for ever; a file that can't be read is tried again."""

    def __init__(self, address: Address, screen: Screen, report: Report, clock: Clock) -> None:
        self._address, self._screen, self._report, self._clock = address, screen, report, clock

    def run(self, finish: threading.Event) -> None:
        """Work until told to finish."""
        self._screen.still(on=True)
        retry_at: int | None = self._clock.now()
        while not finish.is_set():
            now = self._clock.now()
            if retry_at is not None and now >= retry_at:
                retry_at = None if self._show(now) else now + _RETRY_NS
            self._screen.beat(now)
            self._report.figures(now, self._screen.tier(now))
            self._clock.wait_until(now + _TURN_NS)

    def _show(self, now: int) -> bool:
        try:
            frame = read_still(self._address)
            self._screen.show_frame(frame, None, now, 0)
        except ConsoleError as error:
            self._report.trouble(error)
            return False
        except (ValueError, av.error.FFmpegError) as error:
            self._report.trouble(
                ConsoleError(f"{self._address.shown} can't be shown ({error})", "Choose a smaller picture")
            )
            return False
        self._report.counts.received += 1
        self._report.counts.decoded += 1
        video = {"codec": frame.format.name, "width": frame.width, "height": frame.height, "fps": 0}
        self._report.opened(
            {**video, "pixel_format": frame.format.name, "interlaced": False, "hardware": None}, None, live=False
        )
        self._report.recovered()
        return True


class BlackSource:
    """Shows black for ever."""

    def __init__(self, screen: Screen, report: Report, clock: Clock) -> None:
        self._screen, self._report, self._clock = screen, report, clock

    def run(self, finish: threading.Event) -> None:
        """Work until told to finish."""
        self._screen.still(on=True)
        self._screen.show(lambda picture, _slot: picture.fill(), self._clock.now(), 0)
        self._report.opened(None, None, live=False)
        while not finish.is_set():
            now = self._clock.now()
            self._screen.beat(now)
            self._report.figures(now, self._screen.tier(now))
            self._clock.wait_until(now + _TURN_NS)

"""Reading packets from one connection or file, on a thread of its own.

The thread does nothing but wait for FFmpeg and note when each packet came, so arrival times are true whatever the
decoder does. Everything else is decided by the loop that empties `inbox`.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import av

from console.errors import ConsoleError
from console.media.clock import Clock
from console.sources import hardware
from console.sources.address import Address, Kind
from console.sources.bridge import Bridge
from console.sources.reasons import no_streams, reason, unanswered
from console.sources.track import SoundTrack, VideoTrack

OPEN_SECONDS = 5.0
READ_SECONDS = 4.0
_ALL_THE_TIME_NS = int(OPEN_SECONDS * 0.95e9)
_LIVE_OPTIONS = {"analyzeduration": "3000000", "fpsprobesize": "0"}
_INBOX_BYTES = 64 << 20


@dataclass(frozen=True)
class Opened:
    """The container is open; what will be read from it."""

    video: VideoTrack | None
    sound: SoundTrack | None
    seconds: float | None
    """How long it is, where that is known."""
    finite: bool
    """A file, here or on a server: it is read at our pace."""
    segmented: bool
    """It comes in segments (HLS, DASH), each faster than real time; it is read at our pace too."""


@dataclass(frozen=True)
class Arrived:
    """A packet, and when it came."""

    packet: av.Packet[Any]
    arrival_ns: int


@dataclass(frozen=True)
class Ended:
    """Nothing more comes: the end of the file or stream (no error), or what went wrong."""

    error: ConsoleError | None


@dataclass
class Intake:
    """One connection, from opening to its end."""

    address: Address
    clock: Clock
    decode_in_hardware: bool = True
    pictures_only: bool = False
    inbox: deque[Opened | Arrived | Ended] = field(default_factory=deque)
    room: threading.Event = field(default_factory=threading.Event)
    """Cleared while the reader is to wait: no more packets are wanted for now."""
    _closed: threading.Event = field(default_factory=threading.Event)
    _bridge: Bridge | None = None
    _inbox_bytes: int = 0
    _began_ns: int = 0
    _opened: bool = False

    def start(self) -> None:
        """Begin; everything is told through `inbox`."""
        self._began_ns = self.clock.now()
        self.room.set()
        threading.Thread(target=self._run, name="intake", daemon=True).start()

    def close(self) -> None:
        """Want no more. A thread that is stuck in FFmpeg ends when FFmpeg lets go, and says nothing any more."""
        self._closed.set()
        self.room.set()
        if self._bridge is not None:
            self._bridge.kill()

    def take(self) -> Opened | Arrived | Ended | None:
        """The next thing that came in, None when there is nothing."""
        if not self.inbox:
            return None
        item = self.inbox.popleft()
        if isinstance(item, Arrived):
            self._inbox_bytes -= item.packet.size
        return item

    def _run(self) -> None:
        try:
            self._read()
            self.inbox.append(Ended(None))
        except Exception as error:
            self.inbox.append(Ended(self._why(error)))

    def _why(self, error: Exception) -> ConsoleError:
        if self._bridge is not None and (why := self._bridge.reason()) is not None:
            return why
        if not self._opened and self.clock.now() - self._began_ns > _ALL_THE_TIME_NS:
            return unanswered(self.address)  # whatever FFmpeg makes of a read that was broken off
        return reason(error, self.address)

    def _read(self) -> None:
        with self._open() as container:
            opened, wanted = self._choose(container)
            self._opened = True
            self.inbox.append(opened)
            for packet in container.demux(wanted):
                if self._closed.is_set():
                    return
                if packet.size == 0:
                    continue  # PyAV's mark of the end
                self._inbox_bytes += packet.size
                self.inbox.append(Arrived(packet, self.clock.now()))
                while not self.room.is_set() or self._inbox_bytes > _INBOX_BYTES:
                    self.room.wait(0.5)
                    if self._closed.is_set():
                        return

    def _open(self) -> av.container.InputContainer:
        address = self.address
        target = address.target
        options = dict(address.options)
        form = None
        if address.bridge:
            self._bridge = Bridge(address)
            target, form = self._bridge.start(), "mpegts"
        live = address.kind is Kind.LIVE
        if live:
            options |= _LIVE_OPTIONS
        timeout = (None if address.listens else OPEN_SECONDS, READ_SECONDS if live else None)
        accel = hardware.accelerator() if self.decode_in_hardware else None
        return av.open(
            target, "r", format=form, options=options, timeout=timeout, hwaccel=accel, metadata_errors="replace"
        )

    def _choose(self, container: av.container.InputContainer) -> tuple[Opened, list[av.stream.Stream]]:
        """What the container has, and the streams that are read."""
        video = container.streams.best("video")
        if video is not None and video.disposition & av.stream.Disposition.attached_pic:
            video = None  # the cover of a piece of music
        sound = None if self.pictures_only else container.streams.best("audio")
        # A stream whose codec nobody knows has no context.
        wanted = [stream for stream in (video, sound) if stream is not None and stream.codec_context is not None]
        if not wanted:
            raise no_streams(self.address)
        for stream in container.streams:
            if stream not in wanted and hasattr(stream, "discard"):
                stream.discard = av.stream.Discard.all  # the other qualities of an HLS stream are not fetched
        opened = Opened(
            next((VideoTrack.of(s, hardware.name_of(s)) for s in wanted if isinstance(s, av.VideoStream)), None),
            next((SoundTrack.of(s) for s in wanted if isinstance(s, av.AudioStream)), None),
            None if container.duration is None else container.duration / av.time_base,
            self.address.kind is Kind.CLIP or container.duration is not None,
            container.format.name in ("hls", "dash"),
        )
        return opened, wanted

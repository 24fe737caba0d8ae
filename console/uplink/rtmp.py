"""RTMP and RTMPS: publishes the program log as it grows, a chunk of 0.2 s behind it.

A connection begins with a key frame and at zero. What counts as acknowledged is what the far end says it has read;
after a break the next connection begins with the key frame at or before the first frame that was not, so nothing is
missing there, and some of it comes twice. Catching up is held to four times real time.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections import deque

from console.errors import ConsoleError
from console.media.time import Format
from console.outputs.cmaf import bit_rate, codec_configs
from console.outputs.log import AUDIO, VIDEO, ProgramLog
from console.uplink import flv, rtmp_chunks
from console.uplink.delivery import CATCHING_UP, CONNECTING, LIVE, REFUSED, RETRYING, Backoff, Delivery, pause, words_of
from console.uplink.destination import Destination
from console.uplink.feed import Feed, Unit
from console.uplink.rtmp_chunks import ProtocolError
from console.uplink.rtmp_session import RefusedError, RtmpSession

POLL_SECONDS = 0.04
PING_NS = 1_000_000_000
PINGS_UNANSWERED_MAX = 5
STALL_NS = 10_000_000_000
HANGS_NS = 4_000_000_000
FASTEST = 4
RECENT_SECONDS = 4
"""A destination without a cursor begins with the key frame before what is this old."""
BEHIND_NS = 3_000_000_000
REFUSED_PAUSE_SECONDS = 2.0
log = logging.getLogger("console.uplink")


class RtmpUplink:
    """Delivers a log by RTMP."""

    def __init__(self, destination: Destination, program: ProgramLog, delivery: Delivery) -> None:
        self._destination = destination
        self._program = program
        self._delivery = delivery
        self._acked_frame = -1
        """The newest acknowledged frame."""
        self._sent_frame = -1
        self._feed: Feed | None = None
        self._session: RtmpSession | None = None
        self._waiting: deque[tuple[int, int]] = deque()
        """(sent bytes at its end, frame) of each picture that is not acknowledged."""
        self._behind_ns = 0
        """How old the newest sent picture is."""
        self._moved = 0
        self._progress_ns = 0
        self._next_ping_ns = 0
        self._pings_unanswered = 0
        self._generation = program.generation

    async def run(self, finish: asyncio.Event) -> None:
        """Deliver until told to finish and everything has arrived."""
        self._delivery.confirmed = False
        self._set_state(CONNECTING)
        watch = asyncio.create_task(self._watch(), name="uplink-watch")
        backoff = Backoff()
        try:
            while await self._has_something(finish):
                try:
                    if await self._connection(finish, backoff):
                        return
                    continue
                except RefusedError as error:
                    state, reason = REFUSED, str(error)
                except ssl.SSLCertVerificationError as error:
                    state, reason = REFUSED, f"The certificate is not trusted: {error.verify_message}"
                except ConsoleError as error:
                    state, reason = RETRYING, error.sentence
                except TimeoutError:
                    state, reason = RETRYING, f"{self._destination.authority} does not answer"
                except (OSError, EOFError) as error:
                    words = words_of(error) if isinstance(error, OSError) else "it hung up"
                    state, reason = RETRYING, f"{self._destination.authority}: {words}"
                except ProtocolError as error:
                    state, reason = RETRYING, f"{self._destination.authority} does not speak RTMP: {error}"
                self._set_state(state, reason)
                delay = backoff.delay_s(at_least_s=REFUSED_PAUSE_SECONDS if state == REFUSED else 0.0)
                await pause(delay, finish)
        finally:
            watch.cancel()
            self._delivery.keep()

    def _set_state(self, state: str, reason: str = "") -> None:
        self._delivery.set_state("rtmp", state, reason)

    async def _watch(self) -> None:
        """Keep the counters and the state fresh, and break a connection on which nothing moves."""
        clock = self._delivery.clock
        while True:
            self._count()
            session = self._session
            if session is not None:
                idle_ns = clock.now() - self._progress_ns
                if not session.holds_back or idle_ns < HANGS_NS:
                    self._set_state(CATCHING_UP if self._behind_ns > BEHIND_NS else LIVE)
                else:
                    self._set_state(RETRYING, f"{self._destination.authority} takes nothing any more")
                    if idle_ns > STALL_NS:
                        await session.close()
            self._delivery.report_if_due()
            await asyncio.sleep(POLL_SECONDS * 2)

    def _count(self) -> None:
        """Bring the counters up to what the far end has acknowledged."""
        session, delivery = self._session, self._delivery
        if session is not None:
            delivery.confirmed = session.confirmed
            asks_in_vain = not session.confirmed and self._pings_unanswered >= PINGS_UNANSWERED_MAX
            reached = session.left_bytes if asks_in_vain else session.acked_bytes
            while self._waiting and self._waiting[0][0] <= reached:
                self._acknowledge(self._waiting.popleft()[1])
            moved = session.acked_bytes if session.confirmed else session.left_bytes
            if moved != self._moved:
                self._moved, self._progress_ns = moved, delivery.clock.now()
        newest = max(self._program.last_frame or -1, self._feed.newest_frame if self._feed else -1)
        if self._acked_frame >= 0:
            missing = sum(gap.frames for gap in self._program.gaps[-100:] if gap.first > self._acked_frame)
            delivery.queued = max(0, newest - self._acked_frame - missing)

    def _acknowledge(self, frame: int) -> None:
        if frame > self._acked_frame:
            self._acked_frame = frame
            self._delivery.acked += 1
            self._delivery.newest_acked_ns = self._program.time(VIDEO).start_ns(frame + 1)
            self._delivery.cursor.values["frame"] = frame

    async def _has_something(self, finish: asyncio.Event) -> bool:
        """Wait until the log has a picture to begin with; False when told to finish first."""
        while True:
            self._program.refresh()
            has_headers = all(self._program.init_number(track) for track in (VIDEO, AUDIO))
            if has_headers and self._program.following(VIDEO, -1) is not None:
                return True
            if finish.is_set():
                return False
            await asyncio.sleep(POLL_SECONDS)

    def _place(self) -> int:
        """The frame to go on with: behind the cursor, or the recent past when there is no cursor for this log."""
        program, cursor = self._program, self._delivery.cursor
        rate = self._format.rate
        if cursor.values.get("format") != str(self._format) or self._generation != program.generation:
            cursor.values = {"format": str(self._format)}
            self._generation = program.generation
            self._acked_frame = self._sent_frame = -1
        acked = cursor.whole("frame", -1)
        if acked < 0 or program.following(VIDEO, acked // rate.gop_frames - 1) is None:
            return rate.frame_at_ns(self._delivery.clock.unix_ns() - RECENT_SECONDS * 10**9)
        self._acked_frame = max(self._acked_frame, acked)
        self._sent_frame = max(self._sent_frame, acked)
        # Where nobody confirms, what has left this process may have died in a buffer.
        return acked + 1 if self._delivery.confirmed else acked + 1 - rate.gop_frames

    @property
    def _format(self) -> Format:
        if self._program.format is None:
            raise ConsoleError(f"The program log {self._program.directory} is gone", "Start the engine")
        return self._program.format

    async def _connection(self, finish: asyncio.Event, backoff: Backoff) -> bool:
        """One connection, from its first to its last byte; True when everything was delivered before the end."""
        session = await RtmpSession.open(self._destination)
        self._feed = Feed(self._program, self._place())
        self._waiting.clear()
        self._progress_ns = self._next_ping_ns = self._delivery.clock.now()
        self._pings_unanswered = 0
        self._session = session
        backoff.succeeded()
        try:
            return await self._pour(session, self._feed, finish)
        finally:
            self._count()
            self._session = None
            await session.close()

    async def _pour(self, session: RtmpSession, feed: Feed, finish: asyncio.Event) -> bool:
        clock = self._delivery.clock
        begun_ns = clock.now()
        start_ns: int | None = None
        headers = {VIDEO: 0, AUDIO: 0}
        while True:
            self._program.refresh()
            if self._program.generation != self._generation:
                return False
            self._ping(session)
            unit = feed.next()
            self._delivery.lose(feed.take_lost(), "the log has them no more")
            if unit is None:
                session.check()
                self._behind_ns = 0
                if finish.is_set() and await self._goodbye(session):
                    return True
                await asyncio.sleep(POLL_SECONDS)
                continue
            if start_ns is None:
                start_ns = unit.start_ns
                await self._announce(session)
            ahead_ns = (unit.start_ns - start_ns) // FASTEST - (clock.now() - begun_ns)
            if ahead_ns > 50_000_000:
                await asyncio.sleep(ahead_ns / 1e9)
            if headers[unit.track] != unit.init:
                headers[unit.track] = unit.init
                await self._send_header(session, unit, (unit.start_ns - start_ns) // 1_000_000)
            await self._send_unit(session, unit, (unit.start_ns - start_ns) // 1_000_000)

    async def _announce(self, session: RtmpSession) -> None:
        program = self._program
        rates = [bit_rate(program.header(track)) for track in (VIDEO, AUDIO)]
        await session.send(rtmp_chunks.DATA, flv.metadata(self._format, *rates), 0)

    async def _send_header(self, session: RtmpSession, unit: Unit, time_ms: int) -> None:
        _, config = codec_configs(self._program.header(unit.track, unit.init))
        if unit.track == VIDEO:
            await session.send(rtmp_chunks.VIDEO, flv.video_header(config), time_ms)
        else:
            await session.send(rtmp_chunks.AUDIO, flv.audio_header(config), time_ms)

    async def _send_unit(self, session: RtmpSession, unit: Unit, time_ms: int) -> None:
        if unit.track == AUDIO:
            await session.send(rtmp_chunks.AUDIO, flv.audio_frame(unit.data), time_ms)
            return
        await session.send(rtmp_chunks.VIDEO, flv.video_frame(unit.data, key=unit.key), time_ms)
        self._waiting.append((session.sent_bytes, unit.sample))
        self._behind_ns = self._delivery.clock.unix_ns() - unit.start_ns
        if self._acked_frame < 0:
            self._acked_frame = unit.sample - 1
        if unit.sample > self._sent_frame:
            self._sent_frame = unit.sample
            self._delivery.sent += 1

    def _ping(self, session: RtmpSession) -> None:
        """Once a second, while something is not acknowledged; not for ever where nobody answers."""
        now = self._delivery.clock.now()
        if now >= self._next_ping_ns and self._waiting and self._pings_unanswered < PINGS_UNANSWERED_MAX:
            self._next_ping_ns = now + PING_NS
            self._pings_unanswered += not session.confirmed
            session.ping()

    async def _goodbye(self, session: RtmpSession) -> bool:
        """At the end, wait for the last acknowledgement; True when there is nothing more to wait for."""
        self._count()
        if not self._waiting:
            await session.unpublish()
            return True
        self._next_ping_ns = min(self._next_ping_ns, self._delivery.clock.now() + PING_NS // 5)
        return False

"""CMAF over HTTP: DASH-IF Live Media Ingest, interface 1. One PUT per sealed segment and track.

Each track has a connection of its own and its own place in the log. A PUT is idempotent, so after any doubt the same
segment is sent again; a segment counts only when the far end has answered for it. The header goes first, and again
whenever the far end asks for it (412) or the encoder has changed; the manifest goes with the video header.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

import aiohttp

from console import __version__
from console.errors import ConsoleError
from console.media.time import CHANNELS, SAMPLE_RATE, Format
from console.outputs.cmaf import bit_rate, codec_configs
from console.outputs.log import AUDIO, TRACKS, VIDEO, ProgramLog, Segment
from console.uplink.delivery import CATCHING_UP, CONNECTING, LIVE, REFUSED, RETRYING, Backoff, Delivery, pause, words_of
from console.uplink.destination import Destination

POLL_SECONDS = 0.05
WATCH_SECONDS = 0.2
ANSWER_SECONDS = 10.0
HANGS_NS = 4_000_000_000
SLOWEST_BYTES_PER_SECOND = 50_000
REFUSED_PAUSE_SECONDS = 2.0
RECENT_SECONDS = 10
"""A destination without a cursor begins with what is at most this old."""
_LIVE_SEGMENTS = 2
"""With no more than this waiting, delivery is live."""
_HEADERS = {"DASH-IF-Ingest": "1.1", "User-Agent": f"Podium/{__version__}"}
_CONTENT = {VIDEO: "video/mp4", AUDIO: "audio/mp4"}
log = logging.getLogger("console.uplink")


class NotTakenError(Exception):
    """A request that did not succeed. `refused`: the far end said no, so asking again soon will not help."""

    def __init__(self, reason: str, *, status: int = 0, refused: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status
        self.refused = refused


def manifest(fmt: Format, video_header: bytes, audio_header: bytes) -> str:
    """The MPD that announces the two tracks (ISO/IEC 23009-1): segment K covers [K, K + 1) x 2 s since 1970."""
    _, avc = codec_configs(video_header)
    video_codec = f"avc3.{avc[1]:02x}{avc[2]:02x}{avc[3]:02x}"
    object_type = codec_configs(audio_header)[1][0] >> 3
    scale, duration = fmt.rate.num, fmt.rate.gop_frames * fmt.rate.den
    template = (
        f'<SegmentTemplate timescale="{scale}" duration="{duration}" startNumber="0"'
        ' initialization="$RepresentationID$/init.mp4" media="$RepresentationID$/$Number$.m4s"/>'
    )
    role = '<Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/>'
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="dynamic" profiles="urn:mpeg:dash:profile:isoff-live:2011"'
        ' availabilityStartTime="1970-01-01T00:00:00Z" publishTime="1970-01-01T00:00:00Z"'
        ' minimumUpdatePeriod="PT10S" minBufferTime="PT2S">\n'
        '<Period id="1" start="PT0S">\n'
        f'<AdaptationSet id="1" contentType="video" mimeType="video/mp4" segmentAlignment="true">{role}{template}'
        f'<Representation id="{VIDEO}" codecs={quoteattr(video_codec)} bandwidth="{bit_rate(video_header)}"'
        f' width="{fmt.width}" height="{fmt.height}" frameRate="{fmt.rate.num}/{fmt.rate.den}"/></AdaptationSet>\n'
        f'<AdaptationSet id="2" contentType="audio" mimeType="audio/mp4" segmentAlignment="true">{role}{template}'
        f'<Representation id="{AUDIO}" codecs="mp4a.40.{object_type}" bandwidth="{bit_rate(audio_header)}"'
        f' audioSamplingRate="{SAMPLE_RATE}"><AudioChannelConfiguration'
        f' schemeIdUri="urn:mpeg:dash:23003:3:audio_channel_configuration:2011" value="{CHANNELS}"/>'
        "</Representation></AdaptationSet>\n</Period></MPD>\n"
    )


class HttpTrack:
    """One persistent connection that takes PUT requests."""

    def __init__(self, destination: Destination) -> None:
        self._destination = destination
        headers = dict(_HEADERS)
        if destination.authorization:
            headers["Authorization"] = destination.authorization
        tls = ssl.create_default_context() if destination.is_encrypted else False
        if isinstance(tls, ssl.SSLContext):
            tls.minimum_version = ssl.TLSVersion.TLSv1_2
        connector = aiohttp.TCPConnector(limit=1, ssl=tls, keepalive_timeout=60)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=5)
        self._http = aiohttp.ClientSession(connector=connector, headers=headers, timeout=timeout)

    async def close(self) -> None:
        """Hang up."""
        await self._http.close()

    async def put(self, name: str, data: bytes, content_type: str) -> None:
        """Send one object; returns when the far end has taken it. Raises NotTakenError."""
        url = self._destination.url(name)
        limit = ANSWER_SECONDS + len(data) / SLOWEST_BYTES_PER_SECOND
        try:
            async with (
                asyncio.timeout(limit),
                self._http.put(url, data=data, headers={"Content-Type": content_type}, allow_redirects=False) as answer,
            ):
                status, words = answer.status, answer.reason or ""
                await answer.read()
        except TimeoutError as error:
            raise NotTakenError(f"{self._destination.authority} does not answer") from error
        except aiohttp.ClientConnectorCertificateError as error:
            raise NotTakenError(f"The certificate is not trusted: {error.certificate_error}", refused=True) from error
        except (aiohttp.ClientConnectorError, aiohttp.ClientConnectorDNSError) as error:
            raise NotTakenError(f"{self._destination.authority}: {words_of(error.os_error)}") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise NotTakenError(f"{self._destination.authority} broke off: {error or type(error).__name__}") from error
        if not 200 <= status < 300:
            said_no = status < 500 and status not in (408, 409, 412, 425, 429)
            raise NotTakenError(_reason(status, words, name), status=status, refused=said_no)


def _reason(status: int, words: str, name: str) -> str:
    sentences = {
        401: "The far end wants a user and password or a token (401)",
        403: "The far end forbids it: check the token or password (403)",
        404: "The far end has no such channel (404)",
        400: f"The far end finds {name} wrong (400)",
        415: f"The far end does not take this kind of media: {name} (415)",
        412: "The far end has lost the header; it is sent again (412)",
    }
    if 300 <= status < 400:
        return f"The far end wants another address ({status}): redirects are not followed"
    return sentences.get(status, f"The far end answers {status} {words}".rstrip())


@dataclass
class _Place:
    """How far one track is delivered: a segment's number and how many of its samples."""

    number: int
    count: int = 0


class CmafUplink:
    """Delivers both tracks of a log."""

    def __init__(self, destination: Destination, program: ProgramLog, delivery: Delivery) -> None:
        self._destination = destination
        self._program = program
        self._delivery = delivery
        self._places: dict[str, _Place] = {}
        self._generation = program.generation
        self._asked: dict[str, int] = {}
        """Since when each track waits for an answer (monotonic nanoseconds)."""
        self._attempted = 0
        """The highest frame that was ever handed to the network, so that a repeated PUT counts once."""

    async def run(self, finish: asyncio.Event) -> None:
        """Deliver until told to finish and everything that is sealed has arrived."""
        if not await self._log_begins(finish):
            return
        self._find_places()
        watch = asyncio.create_task(self._watch(), name="uplink-watch")
        try:
            async with asyncio.TaskGroup() as senders:
                for track in TRACKS:
                    senders.create_task(self._send_track(track, finish), name=f"uplink-{track}")
        finally:
            watch.cancel()
            self._delivery.keep()

    async def _watch(self) -> None:
        """Keep the counters fresh and say so when a request hangs, whatever the senders wait for."""
        clock = self._delivery.clock
        while True:
            self._refresh()
            self._count_queue()
            for track, since_ns in self._asked.items():
                if clock.now() - since_ns > HANGS_NS:
                    reason = f"{self._destination.authority} does not answer"
                    self._delivery.set_state(track, RETRYING, reason)
            self._delivery.report_if_due()
            await asyncio.sleep(WATCH_SECONDS)

    async def _log_begins(self, finish: asyncio.Event) -> bool:
        """Wait until the log has a format and both headers; False when told to finish first."""
        for track in TRACKS:
            self._delivery.set_state(track, CONNECTING, "")
        while not all(self._program.init_number(track) for track in TRACKS):
            self._refresh()
            self._delivery.report_if_due()
            if finish.is_set():
                return False
            await asyncio.sleep(POLL_SECONDS)
        return True

    def _find_places(self) -> None:
        """Begin at the cursor, or with what is recent when there is none that fits this log."""
        fmt, cursor = self._program.format, self._delivery.cursor
        if fmt is None:
            return
        if cursor.values.get("format") != str(fmt):
            cursor.values = {"format": str(fmt)}
        recent_ns = self._delivery.clock.unix_ns() - RECENT_SECONDS * 10**9
        recent = fmt.rate.frame_at_ns(recent_ns) // fmt.rate.gop_frames - 1
        for track in TRACKS:
            numbers = self._program.numbers(track)
            place = _Place(cursor.whole(track, recent), cursor.whole(f"{track}_samples", 0))
            if numbers and place.number > numbers[-1]:
                place = _Place(numbers[0] - 1)  # the log begins anew below the cursor
            self._places[track] = place

    def _refresh(self) -> None:
        try:
            self._program.refresh()
        except ConsoleError as error:
            self._delivery.set_state(VIDEO, RETRYING, error.sentence)
            return
        if self._program.generation != self._generation:
            self._generation = self._program.generation
            self._delivery.lose(self._delivery.queued, "the log was set aside")
            self._delivery.cursor.values.clear()
            if self._program.format is not None:
                self._find_places()

    def _waiting(self, track: str, limit: int | None = None) -> list[Segment]:
        """The sealed segments that the far end has not, or not wholly, confirmed; `limit` of them at most."""
        place = self._places[track]
        found = self._program.segments(track, place.number - 1, limit)
        if found and found[0].number == place.number and found[0].count <= place.count:
            found = found[1:]
        return found

    def _count_queue(self) -> None:
        place = self._places[VIDEO]
        waiting = self._waiting(VIDEO)
        done = place.count if waiting and waiting[0].number == place.number else 0
        self._delivery.queued = sum(segment.count for segment in waiting) - done

    async def _send_track(self, track: str, finish: asyncio.Event) -> None:
        backoff = Backoff()
        header_sent = 0
        async with _connection(self._destination) as http:
            while True:
                self._refresh()
                waiting = self._waiting(track, _LIVE_SEGMENTS + 2)
                if not waiting:
                    if finish.is_set():
                        return
                    self._asked.pop(track, None)
                    await asyncio.sleep(POLL_SECONDS)
                    continue
                segment = waiting[0]
                self._asked[track] = self._delivery.clock.now()
                try:
                    if header_sent != segment.init:
                        await self._put_header(http, track, segment)
                        header_sent = segment.init
                    await self._put_segment(http, track, segment)
                    backoff.succeeded()
                    self._delivery.set_state(track, CATCHING_UP if len(waiting) > _LIVE_SEGMENTS else LIVE)
                except NotTakenError as error:
                    if error.status == 412:
                        header_sent = 0
                    self._delivery.set_state(track, REFUSED if error.refused else RETRYING, error.reason)
                    self._asked.pop(track, None)
                    await pause(backoff.delay_s(at_least_s=REFUSED_PAUSE_SECONDS if error.refused else 0.0), finish)

    async def _put_header(self, http: HttpTrack, track: str, segment: Segment) -> None:
        try:
            header = self._program.header(track, segment.init)
            if track == VIDEO:
                await self._put_manifest(http, header)
        except ConsoleError as error:
            raise NotTakenError(error.sentence) from error
        await http.put(f"{track}/init.mp4", header, _CONTENT[track])

    async def _put_manifest(self, http: HttpTrack, video_header: bytes) -> None:
        fmt = self._program.format
        if fmt is None:
            return
        text = manifest(fmt, video_header, self._program.header(AUDIO))
        try:
            await http.put("manifest.mpd", text.encode(), "application/dash+xml")
        except NotTakenError as error:
            if error.status in (401, 403) or not 400 <= error.status < 500:
                raise
            log.info("%s takes no manifest and gets the tracks alone (%d)", self._destination.shown, error.status)

    async def _put_segment(self, http: HttpTrack, track: str, segment: Segment) -> None:
        path = self._program.segment_path(track, segment.number)
        place, delivery = self._places[track], self._delivery
        before = place.count if place.number == segment.number else 0
        try:
            # What is sealed now: a segment that was opened again has grown, and its new seal sends it again.
            with open(path, "rb") as file:
                data = file.read(segment.bytes)
        except FileNotFoundError:
            self._places[track] = _Place(segment.number, segment.count)
            delivery.lose(segment.count - before if track == VIDEO else 0, f"segment {segment.number} is gone")
            return
        except OSError as error:
            raise NotTakenError(f"{path} can't be read: {error.strerror}") from error
        if track == VIDEO and segment.last > self._attempted:
            self._attempted = segment.last
            delivery.sent += segment.count - before
        await http.put(f"{track}/{segment.number}.m4s", data, _CONTENT[track])
        if self._places.get(track) is not place:
            return  # the log was set aside meanwhile
        self._places[track] = _Place(segment.number, segment.count)
        delivery.cursor.values |= {track: segment.number, f"{track}_samples": segment.count}
        if track == VIDEO:
            delivery.acked += segment.count - before
            delivery.newest_acked_ns = self._program.time(VIDEO).start_ns(segment.last + 1)
            self._count_queue()
        delivery.keep()


@asynccontextmanager
async def _connection(destination: Destination) -> AsyncIterator[HttpTrack]:
    http = HttpTrack(destination)
    try:
        yield http
    finally:
        await http.close()

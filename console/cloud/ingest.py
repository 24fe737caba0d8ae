"""Taking the program in: DASH-IF Live Media Ingest v1.2, interface 1 (CMAF), as the receiver.

One request is one header, one segment or the manifest. Its answer comes when the bytes are checked and on the disk,
so what was answered with success is not lost. The same bytes again are a success that changes nothing.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import re
from pathlib import Path

import aiohttp
from aiohttp import web

from console.cloud.access import Access, Decision
from console.cloud.facts import BadMediaError, UnknownMediaError
from console.cloud.store import NAME, SEGMENT_FILE, Channel, Store, Track, keep_file
from console.media.clock import Clock

_log = logging.getLogger("console.cloud")

MOST_BYTES = 64 << 20
"""Of one segment: 2 s at 250 Mbit/s."""
_MOST_SMALL_BYTES = 1 << 20
"""Of a header or manifest."""
_SILENT_SECONDS = 30
_INIT_NAME = re.compile(r"init(-[1-9][0-9]{0,8})?\.mp4")
_MEDIA_TYPES = {
    "video/mp4", "audio/mp4", "application/mp4", "video/iso.segment", "audio/iso.segment", "application/octet-stream",
}  # fmt: skip
_MANIFEST_TYPES = {"application/dash+xml", "application/xml", "text/xml", "application/octet-stream"}
_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
_WORDS = {
    "new": (201, "kept"),
    "same": (200, "known already"),
    "grown": (201, "replaced"),
    "replaced": (201, "replaced"),
}


class _Refusal(Exception):  # noqa: N818 an answer, not a fault of ours
    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


class Ingest:
    """The handlers of `/ingest/...`."""

    def __init__(self, store: Store, access: Access, clock: Clock) -> None:
        self._store, self._access, self._clock = store, access, clock
        self._refused: set[tuple[str, int]] = set()

    def routes(self) -> list[web.RouteDef]:
        """PUT and POST, which are the same."""
        path = "/ingest/{channel}/{rest:.*}"
        return [web.put(path, self.take), web.post(path, self.take)]

    async def take(self, request: web.Request) -> web.Response:
        """One object."""
        name = request.match_info["channel"]
        try:
            status, words = await self._take(request, name)
        except _Refusal as refusal:
            self._note_refusal(name, refusal)
            headers = {"WWW-Authenticate": 'Basic realm="ingest"'} if refusal.status == 401 else None
            return web.Response(status=refusal.status, text=refusal.sentence + "\n", headers=headers)
        return web.Response(status=status, text=words + "\n")

    def _note_refusal(self, channel: str, refusal: _Refusal) -> None:
        """One line per channel and kind of refusal, until something was taken again."""
        key = (channel[:64], refusal.status)
        if key not in self._refused and len(self._refused) < 1000:
            self._refused.add(key)
            _log.warning("ingest %r refused with %d: %s", channel[:64], refusal.status, refusal.sentence)

    async def _take(self, request: web.Request, name: str) -> tuple[int, str]:
        decision = self._access.may_send(request)
        if decision is not Decision.ALLOWED:
            raise _Refusal(decision.value, "A valid ingest token is needed.")
        if not NAME.fullmatch(name):
            raise _Refusal(400, "A channel's name is made of 1 to 64 letters, digits, '-', '_' and '.'.")
        folder, _, file = request.match_info["rest"].rpartition("/")
        segment = SEGMENT_FILE.fullmatch(file)
        if folder in ("video", "audio"):
            if not segment and not _INIT_NAME.fullmatch(file):
                raise _Refusal(404, "Files are called init.mp4, init-2.mp4, ... and NUMBER.m4s.")
        elif (folder, file) != ("", "manifest.mpd"):
            raise _Refusal(404, "Send to video/, audio/ or manifest.mpd.")
        self._check_type(request, _MEDIA_TYPES if folder else _MANIFEST_TYPES)
        if request.method == "POST" and request.content_length == 0:
            return 200, "ready"  # how a sender tries address and credentials (DASH-IF ingest, section 5)
        try:
            channel = await self._store.opened(name)
            if not folder:
                return await self._take_manifest(request, channel)
            track = channel.tracks["video" if folder == "video" else "audio"]
            outcome = await self._take_media(request, channel, track, int(segment[1]) if segment else None)
        except UnknownMediaError as error:
            raise _Refusal(415, f"{folder}/{file} is not taken: {error}.") from error
        except BadMediaError as error:
            raise _Refusal(400, f"{folder}/{file} can't be read: {error}.") from error
        except OSError as error:
            if error.errno in _FULL:
                raise _Refusal(507, f"The disk of the store is full: free space under {self._store.root}.") from error
            raise _Refusal(500, f"The store can't be written: {error.strerror or error}.") from error
        self._refused = {key for key in self._refused if key[0] != name}
        return _WORDS[outcome]

    def _check_type(self, request: web.Request, accepted: set[str]) -> None:
        if "Content-Type" in request.headers and request.content_type not in accepted:
            raise _Refusal(415, f"Content of type {request.content_type[:80]} is not taken here.")

    async def _take_media(self, request: web.Request, channel: Channel, track: Track, k: int | None) -> str:
        too_early = _Refusal(412, f"Send {track.kind}/init.mp4 first.")
        if k is not None and track.current is None:
            raise too_early
        part = await asyncio.to_thread(track.new_part)
        try:
            await self._receive(request, part, channel, MOST_BYTES if k is not None else _MOST_SMALL_BYTES)
            async with track.lock:
                if k is None:
                    outcome, header_name, header = await asyncio.to_thread(track.keep_header, part)
                    track.select(header_name, header)
                    if outcome != "same":
                        _log.info("channel %s: %s is %s", channel.name, track.kind, header.codec)
                    return outcome
                if track.current is None:
                    raise too_early
                at_ms = self._clock.unix_ns() // 1_000_000
                outcome, segment = await asyncio.to_thread(track.keep_segment, part, k, track.current, at_ms)
                track.add(segment)
                if outcome == "replaced":
                    _log.warning("channel %s: %s/%d came again with other bytes", channel.name, track.kind, k)
                return outcome
        finally:
            part.unlink(missing_ok=True)

    async def _take_manifest(self, request: web.Request, channel: Channel) -> tuple[int, str]:
        track = channel.tracks["video"]
        part = await asyncio.to_thread(track.new_part)
        try:
            await self._receive(request, part, channel, _MOST_SMALL_BYTES)
            if b"<MPD" not in await asyncio.to_thread(part.read_bytes):
                raise _Refusal(400, "manifest.mpd is not a DASH manifest.")
            await asyncio.to_thread(keep_file, part, channel.path / "manifest.mpd")
        finally:
            part.unlink(missing_ok=True)
        return _WORDS["new"]

    async def _receive(self, request: web.Request, part: Path, channel: Channel, most: int) -> None:
        """Write a body to a file as it comes."""
        too_long = _Refusal(413, f"The body is longer than {most >> 20} MiB.")
        if (request.content_length or 0) > most:
            raise too_long
        count = 0
        with open(part, "xb") as file:
            try:
                while chunk := await asyncio.wait_for(request.content.readany(), _SILENT_SECONDS):
                    count += len(chunk)
                    if count > most:
                        raise too_long
                    channel.last_byte_ns = self._clock.now()
                    file.write(chunk)
            except TimeoutError as error:
                raise _Refusal(408, f"No byte came for {_SILENT_SECONDS} s.") from error
            except (ConnectionError, aiohttp.ClientError, web.RequestPayloadError) as error:
                raise _Refusal(400, "The body ended early.") from error
        if request.content_length is not None and count != request.content_length:
            raise _Refusal(400, "The body ended early.")

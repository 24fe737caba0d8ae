"""Giving the program out: HLS, the page that plays it, and the endpoint's state."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aiohttp import web

from console.cloud import playlists
from console.cloud.access import Access, Decision
from console.cloud.store import INIT_FILE, NAME, SEGMENT_FILE, Channel, Store
from console.media.clock import Clock

PAGE = Path(__file__).parent / "page"
_PLAYLIST = "application/vnd.apple.mpegurl"
_LIVE_MS = 6000
"""A channel whose newest segment is older than three segments has no signal."""
_MEDIA_TYPES = {"video": "video/mp4", "audio": "audio/mp4"}
_PAGE_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'self'; media-src 'self' blob:; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}


class Watch:
    """The handlers of everything that is not ingest."""

    def __init__(self, store: Store, access: Access, clock: Clock) -> None:
        self._store, self._access, self._clock = store, access, clock

    def routes(self) -> list[web.RouteDef]:
        """All GET (and HEAD)."""
        return [
            web.get("/", self.list_page),
            web.get("/watch/{channel}", self.watch_page),
            web.get("/page/{file}", self.page_file),
            web.get("/status", self.status),
            web.get("/healthz", self.health),
            web.get("/live/{channel}/{playlist}.m3u8", self.playlist),
            web.get("/live/{channel}/{kind:video|audio}/{file}", self.media),
        ]

    def _allow(self, request: web.Request, channel: str | None) -> None:
        decision = self._access.may_watch(request, channel)
        if decision is Decision.NO_CREDENTIALS:
            raise web.HTTPUnauthorized(
                text="Watching takes the view token: add ?token=... to the address.\n",
                headers={"WWW-Authenticate": "Bearer"},
            )
        if decision is Decision.REFUSED:
            raise web.HTTPForbidden(text="The token is not valid here.\n")

    async def _channel(self, request: web.Request) -> Channel:
        name = request.match_info["channel"]
        self._allow(request, name)
        channel = await self._store.channel(name) if NAME.fullmatch(name) else None
        if channel is None:
            raise web.HTTPNotFound(text="There is no such channel.\n", headers={"Cache-Control": "no-store"})
        return channel

    async def playlist(self, request: web.Request) -> web.Response:
        """Master and media playlists: live, or finished when `from` or `to` is given or `archive` is asked for."""
        channel = await self._channel(request)
        name = request.match_info["playlist"]
        first, last = (_number(request, key) for key in ("from", "to"))
        token = request.query.get("token")
        query = {"token": token} if token else {}
        video, audio = channel.tracks["video"], channel.tracks["audio"]
        text: str | None = None
        finished = first is not None or last is not None
        if name in ("master", "archive"):
            if name == "archive" or finished:
                query |= _span(channel, first, last)
            text = playlists.master(video, audio, query)
        elif name in ("video", "audio"):
            track = video if name == "video" else audio
            text = playlists.archive(track, first, last, query) if finished else playlists.live(track, query)
        if text is None:
            raise web.HTTPNotFound(text="There is no such playlist (yet).\n", headers={"Cache-Control": "no-store"})
        return web.Response(body=text.encode(), content_type=_PLAYLIST, headers={"Cache-Control": "no-cache"})

    async def media(self, request: web.Request) -> web.StreamResponse:
        """Headers and segments."""
        channel = await self._channel(request)
        kind, file = request.match_info["kind"], request.match_info["file"]
        track = channel.tracks["video" if kind == "video" else "audio"]
        segment = SEGMENT_FILE.fullmatch(file)
        if not (segment and int(segment[1]) in track.segments) and not (
            INIT_FILE.fullmatch(file) and file in track.headers
        ):
            raise web.HTTPNotFound(text="There is no such segment (yet).\n", headers={"Cache-Control": "no-store"})
        scope = "private" if self._access.view_token else "public"
        # A segment can be replaced by its sender; a header is named by its content and can't.
        age = f"{scope}, max-age=3600" if segment else f"{scope}, max-age=31536000, immutable"
        headers = {"Cache-Control": age, "Content-Type": _MEDIA_TYPES[kind]}
        return web.FileResponse(track.path / file, headers=headers)

    async def list_page(self, request: web.Request) -> web.StreamResponse:
        """The list of channels."""
        self._allow(request, None)
        return web.FileResponse(PAGE / "channels.html", headers=_PAGE_HEADERS)

    async def watch_page(self, request: web.Request) -> web.StreamResponse:
        """The player. It is served for a channel that has nothing yet too, and waits."""
        name = request.match_info["channel"]
        self._allow(request, name)
        if not NAME.fullmatch(name):
            raise web.HTTPNotFound(text="There is no such channel.\n")
        return web.FileResponse(PAGE / "watch.html", headers=_PAGE_HEADERS)

    async def page_file(self, request: web.Request) -> web.StreamResponse:
        """Style and scripts of the pages; nothing in them is secret."""
        file = request.match_info["file"]
        if not file.endswith((".css", ".js")) or not NAME.fullmatch(file) or not (PAGE / file).is_file():
            raise web.HTTPNotFound
        return web.FileResponse(PAGE / file, headers=_PAGE_HEADERS)

    async def health(self, request: web.Request) -> web.Response:
        """For watchdogs."""
        del request
        return web.Response(text="ok\n", headers={"Cache-Control": "no-store"})

    async def status(self, request: web.Request) -> web.Response:
        """The state of all channels that have something in them."""
        self._allow(request, None)
        opened = [await self._store.opened(name) for name in await self._store.names()]
        report = {
            "now_ms": self._clock.unix_ns() // 1_000_000,
            "channels": {
                channel.name: self._report(channel)
                for channel in opened
                if any(track.current for track in channel.tracks.values())
            },
        }
        return web.json_response(report, headers={"Cache-Control": "no-store"})

    def _report(self, channel: Channel) -> dict[str, Any]:
        tracks = {}
        for kind, track in channel.tracks.items():
            if track.current is None:
                continue
            ordered = track.summary.ordered
            peak, average = track.rate_bits()
            tracks[kind] = {
                "segments": len(ordered),
                "first": ordered[0].k if ordered else None,
                "last": ordered[-1].k if ordered else None,
                "missing": track.summary.missing,
                "bytes": track.summary.bytes,
                "codec": track.headers[track.current].codec,
                "bits_per_second": average,
                "peak_bits_per_second": peak,
            }
        main = tracks.get("video") or tracks["audio"]
        age_ms = channel.age_ms(self._clock)
        byte_ns = channel.last_byte_ns
        return {
            **{name: main[name] for name in ("segments", "first", "last", "missing")},
            "bytes": sum(track["bytes"] for track in tracks.values()),
            "bits_per_second": sum(track["bits_per_second"] for track in tracks.values()),
            "age_ms": age_ms,
            "byte_age_ms": age_ms if byte_ns is None else max(0, self._clock.now() - byte_ns) // 1_000_000,
            "state": "live" if age_ms is not None and age_ms < _LIVE_MS else "no signal",
            "tracks": tracks,
        }


def _number(request: web.Request, name: str) -> int | None:
    text = request.query.get(name)
    if text is None:
        return None
    if not text.isascii() or not text.isdecimal() or len(text) > 15:
        raise web.HTTPBadRequest(text=f"'{name}' is the number of a segment.\n")
    return int(text)


def _span(channel: Channel, first: int | None, last: int | None) -> dict[str, str]:
    """From which segment to which a finished playlist goes; both tracks the same."""
    numbers = [k for track in channel.tracks.values() for k in track.segments]
    if not numbers:
        return {}
    return {
        "from": str(min(numbers) if first is None else first),
        "to": str(max(numbers) if last is None else last),
    }

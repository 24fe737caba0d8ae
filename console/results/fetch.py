"""A data feed, read by a thread of its own: the graphics process only takes what is newest.

Whatever goes wrong, the last good value stays: a title on air never empties because a server went away. What is wrong
is in `status()`, and one line of the log says when it begins and ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import ssl
import threading
from collections.abc import Iterable, Iterator
from typing import Any

from console.errors import ConsoleError
from console.media.address import masked, scheme_of
from console.media.clock import Clock
from console.results import odf, table
from console.results.data import Data
from console.results.local import LocalPlace, is_local, local_path
from console.results.message import HeaderKey, Message
from console.results.piece import Piece, Place
from console.results.refused import RefusedError, TruncatedError
from console.results.store import FeedState, refused, taken
from console.results.view import value_of
from console.results.web import WebPlace
from console.show.world import DataFeed, FeedKind

log = logging.getLogger("console.results")

OK, STALE, TROUBLE = "ok", "stale", "trouble"
KEEP_ALIVE_STALE_NS = 90_000_000_000
"""A results feed that sent keep-alives and then nothing for so long is stale."""
LOOK_STALE_NS = 30_000_000_000
"""No look came to an end for so long: the thread hangs in a network drive, say."""
UNFINISHED_NS = 10_000_000_000
"""A file that ends too early is waited for so long, then refused."""
_LONGEST_PAUSE_S, _BACK_OFF = 15.0, 1.5


class FeedReader:
    """One `DataFeed`. An address may end in `#CODE`: how the code of the unit begins that is meant, when a results
    feed tells of several (`https://results.example/feed#ATHM100M`)."""

    def __init__(
        self, feed: DataFeed, clock: Clock, interval_s: float | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        """Begin to read at once. `interval_s`: how often, if not as is usual. Never raises: an address that can't be
        used is a trouble like others."""
        self._feed, self._clock = feed, clock
        url, self._unit = _split(feed.url)
        self._lock = threading.Lock()
        self._state = FeedState()
        self._value: Data = value_of(self._state, feed.gate, self._unit) if feed.kind is FeedKind.ODF else None
        self._fresh = False
        self._looked_ns = 0
        self._place_fault = self._data_fault = ""
        self._unfinished: dict[str, tuple[int, RefusedError]] = {}
        self._place: Place | None = None
        try:
            self._place = _place(feed, url, interval_s, tls)
        except ConsoleError as error:
            self._fault(str(error))
        self._loop = asyncio.new_event_loop()
        self._task = self._loop.create_task(self._main())
        self._thread = threading.Thread(target=self._run, name=f"feed-{feed.id}", daemon=True)
        self._thread.start()

    def poll(self) -> Data:
        """The value if it changed since the last call, else None. Never waits."""
        with self._lock:
            fresh, self._fresh = self._fresh, False
            return self._value if fresh else None

    def value(self) -> Data:
        """What fields are bound to; None for a table that never came."""
        with self._lock:
            return self._value

    def status(self) -> dict[str, Any]:
        """How the feed is, for the desk.

        `state`: `trouble` (the place can't be read, or the last document was refused; `reason` says which), `stale`
        (nothing was read yet or for 30 s, or the keep-alives stopped 90 s ago), else `ok`. `age_ms` since something new
        came, `keep_alive_age_ms` (None: never). `messages`, `refused`, `test_messages`: counts. `last_reason`: of the
        trouble, or of the last message that was refused. `address`: without its secrets.
        """
        now = self._clock.now()
        with self._lock:
            state, looked = self._state, self._looked_ns
            reason = self._place_fault or self._data_fault
        last = state.refusals[-1].reason if state.refusals else ""
        return {
            "state": TROUBLE if reason else STALE if _is_stale(state, looked, now) else OK,
            "reason": reason,
            "age_ms": _age_ms(state.heard_ns, now),
            "keep_alive_age_ms": _age_ms(state.keep_alive_ns, now),
            "messages": state.messages,
            "refused": state.refused,
            "last_reason": reason or last,
            "test_messages": state.test_messages,
            "address": masked(self._feed.url),
        }

    def close(self) -> None:
        """Stop reading; the value stays."""
        with contextlib.suppress(RuntimeError):  # the loop has ended by itself
            self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(5)

    def _run(self) -> None:
        try:
            with contextlib.suppress(asyncio.CancelledError):
                self._loop.run_until_complete(self._task)
        finally:
            self._loop.close()

    async def _main(self) -> None:
        place = self._place
        if place is None:
            return
        try:
            failures = 0
            while True:
                failures = 0 if await self._look(place) else failures + 1
                pause = place.interval_s * _BACK_OFF**failures if failures else place.interval_s
                await asyncio.sleep(min(pause, max(_LONGEST_PAUSE_S, place.interval_s)))
        finally:
            await place.close()

    async def _look(self, place: Place) -> bool:
        """One look; whether all that is there could be read, else the next one waits longer."""
        try:
            pieces = await place.look()
        except ConsoleError as error:
            self._fault(str(error))
            return False
        self._fault("")
        for piece in pieces:
            if piece.refusal:
                self._refuse(piece.refusal, piece.name)
        read = tuple(piece for piece in pieces if not piece.refusal)
        if self._feed.kind is FeedKind.ODF:
            self._take_messages(read)
        else:
            self._take_table(read)
        self._give_up_unfinished()
        with self._lock:
            self._looked_ns = self._clock.now()
        return len(read) == len(pieces)

    def _take_messages(self, pieces: tuple[Piece, ...]) -> None:
        messages: list[Message] = []
        for piece in pieces:
            try:
                messages += odf.read(piece.data)
                self._well(piece)
            except TruncatedError as error:
                self._wait_for(piece, error)
            except RefusedError as error:
                self._refuse(error, piece.name)
        state = self._state
        for message in _in_order(messages):
            state = taken(state, message, self._clock.now())
        changed = state.newest is not self._state.newest
        with self._lock:
            self._state = state
            if changed:
                self._value = value_of(state, self._feed.gate, self._unit)
                self._fresh = True

    def _take_table(self, pieces: tuple[Piece, ...]) -> None:
        for piece in pieces:
            try:
                value = table.read_csv(piece.data) if self._feed.kind is FeedKind.CSV else table.read_json(piece.data)
            except TruncatedError as error:
                self._wait_for(piece, error)
                continue
            except RefusedError as error:
                self._refuse(error, piece.name)
                continue
            self._well(piece)
            with self._lock:
                self._state = _counted(self._state, self._clock.now())
                self._fresh = self._fresh or value != self._value
                self._value = value

    def _wait_for(self, piece: Piece, error: RefusedError) -> None:
        """A file may still be being written; an answer over HTTP is as long as it will be."""
        if piece.name:
            self._unfinished[piece.name] = (self._clock.now(), error)
        else:
            self._refuse(error)

    def _give_up_unfinished(self) -> None:
        now = self._clock.now()
        for name, (since, error) in list(self._unfinished.items()):
            if now - since >= UNFINISHED_NS:
                del self._unfinished[name]
                self._refuse(error, name)

    def _well(self, piece: Piece) -> None:
        self._unfinished.pop(piece.name, None)
        with self._lock:
            before, self._data_fault = self._data_fault, ""
        if before:
            log.info("feed %s is understood again", self._feed.id)

    def _refuse(self, error: RefusedError, name: str = "") -> None:
        reason = f"{name}: {error}" if name else str(error)
        if not self._data_fault:
            log.warning("feed %s: %s", self._feed.id, reason)
        with self._lock:
            self._state = refused(self._state, reason, self._clock.now())
            self._data_fault = reason

    def _fault(self, reason: str) -> None:
        """The place can't be read, or can again when empty."""
        with self._lock:
            before, self._place_fault = self._place_fault, reason
        if reason and not before:
            log.warning("feed %s: %s", self._feed.id, reason)
        elif before and not reason:
            log.info("feed %s is read again", self._feed.id)


def _split(url: str) -> tuple[str, str]:
    """The address, and the unit after `#`. A file may have a `#` in its name."""
    address, _, unit = url.rpartition("#")
    if not address or (is_local(url) and os.path.exists(url)):
        return url, ""
    return address, unit


def _place(feed: DataFeed, url: str, interval_s: float | None, tls: ssl.SSLContext | None) -> Place:
    scheme = scheme_of(url)
    if scheme in {"http", "https"}:
        return WebPlace(url, interval_s or 1.0, tls)
    if scheme == "file" and url and "\0" not in url:
        is_odf = feed.kind is FeedKind.ODF
        return LocalPlace(local_path(url), folders=is_odf, settle=not is_odf, interval_s=interval_s or 0.5)
    raise ConsoleError(f'The feed "{feed.id}" has no address that can be read', "Enter http(s)://, a file or a folder")


def _in_order(messages: Iterable[Message]) -> Iterator[Message]:
    """Messages as they were made, and those of one header by version, whatever their clocks say."""
    said = sorted(messages, key=lambda message: (message.header.date, message.header.time_ms))
    waiting: dict[HeaderKey, list[Message]] = {}
    for message in sorted(said, key=lambda message: -message.header.version):
        waiting.setdefault(message.header.key, []).append(message)
    return (waiting[message.header.key].pop() for message in said)


def _counted(state: FeedState, now_ns: int) -> FeedState:
    return FeedState(heard_ns=now_ns, messages=state.messages + 1, refused=state.refused, refusals=state.refusals)


def _is_stale(state: FeedState, looked_ns: int, now_ns: int) -> bool:
    silent = state.keep_alive_ns and now_ns - state.heard_ns > KEEP_ALIVE_STALE_NS
    return not looked_ns or now_ns - looked_ns > LOOK_STALE_NS or bool(silent)


def _age_ms(instant_ns: int, now_ns: int) -> int | None:
    return (now_ns - instant_ns) // 1_000_000 if instant_ns else None

"""The process of one source: reads its configuration, attaches to the rings, runs the source until told to end.

Run by the supervisor as `python -m console _source`; the agreement is in `console.wire.child`. Configuration: `id`,
`number`, `url`, `name`, `format`, `rings` {`picture`, `tile`, `sound`}, `latency_ms`, `loop`; optionally `proxy_url`,
a smaller picture for the tile, which runs in a thread of its own, and `anchor` {`monotonic_ns`, `unix_ns`}, the show's
own, so that patterns are locked to the show to the nanosecond.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from console.errors import ConsoleError, UsageError
from console.media.clock import Anchor, Clock, SystemClock
from console.media.time import parse_format
from console.sources.address import Kind, parse
from console.sources.pattern import PatternSource
from console.sources.report import Report
from console.sources.screen import ProxyScreen, Screen, Tiles
from console.sources.sound import SoundFeed
from console.sources.still import BlackSource, StillSource
from console.sources.stream import StreamSource
from console.wire.child import SOURCE_NICE, Message, Parent, set_priority
from console.wire.ring import RingWriter
from console.wire.sound import SoundWriter

_TURN_NS = 50_000_000


class Source(Protocol):
    """Anything that fills the rings."""

    def run(self, finish: threading.Event) -> None:
        """Work until told to finish."""
        ...


class NoSource:
    """What runs when there is nothing to run: says that the process is well."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def run(self, finish: threading.Event) -> None:
        """Wait until told to finish."""
        clock = SystemClock()
        while not finish.is_set():
            self._screen.beat(clock.now())
            clock.wait_until(clock.now() + _TURN_NS)


def make_source(config: Message, screen: Screen, sound: SoundFeed, report: Report) -> Source:
    """The source that a configuration describes. Raises ConsoleError for an address that means nothing."""
    address, fmt, clock = parse(config["url"]), parse_format(config["format"]), SystemClock()
    anchor = anchor_of(config, clock)
    match address.kind:
        case Kind.PATTERN:
            options = {name: int(value) for name, value in address.options.items()}
            return PatternSource(
                fmt,
                options.get("number", int(config.get("number", 1))),
                str(config.get("name") or config.get("id", "")),
                screen,
                sound,
                report,
                clock,
                anchor,
                motion=options.get("motion", 1) == 1,
                with_tone=options.get("tone", 1) == 1,
            )
        case Kind.BLACK:
            return BlackSource(screen, report, clock)
        case Kind.STILL:
            return StillSource(address, screen, report, clock)
        case Kind.HTML:
            raise UsageError(f"{address.shown} is a page, which has a host of its own", "Start it with podium")
        case Kind.CLIP | Kind.LIVE:
            loop = address.loop if address.loop is not None else bool(config.get("loop", True))
            latency_ms = int(config.get("latency_ms", 200))
            return StreamSource(
                address,
                screen,
                sound,
                report,
                clock,
                rate=fmt.rate,
                anchor=anchor,
                latency_ms=latency_ms,
                loop=loop,
            )


def anchor_of(config: Message, clock: Clock) -> Anchor:
    """The show's anchor, or one of our own where the configuration has none."""
    return Anchor(**config["anchor"]) if config.get("anchor") else Anchor.take(clock)


def start_proxy(config: Message, tiles: Tiles, finish: threading.Event, tell: Callable[..., None]) -> None:
    """Begin with the stream of the second address, when there is one. Raises ConsoleError when it is no stream.

    Tells `tile` with a `tile_reason` when it has come to be in trouble, and with an empty one when it is out of it.
    """
    if not config.get("proxy_url"):
        return
    address, clock = parse(config["proxy_url"]), SystemClock()
    if address.kind not in (Kind.CLIP, Kind.LIVE):
        raise UsageError(f"The tile's address {address.shown} is no stream", "Give the address of a smaller stream")

    def tell_tile(event: str, **fields: Any) -> None:
        if event in ("trouble", "recovered"):
            tell("tile", tile_reason=fields.get("reason", ""))

    report = Report(f"{config.get('id', '?')}: tile", tell_tile)
    proxy = StreamSource(
        address,
        ProxyScreen(tiles, clock),
        None,
        report,
        clock,
        rate=parse_format(config["format"]).rate,
        anchor=anchor_of(config, clock),
        latency_ms=int(config.get("latency_ms", 200)),
        loop=True,
    )
    threading.Thread(target=proxy.run, args=(finish,), name="proxy", daemon=True).start()


def main() -> int:
    """Run one source; the exit status."""
    status = _run()
    # The reading thread may be deep inside FFmpeg: taking the interpreter down around it would be a crash.
    logging.shutdown()
    os._exit(status)


def _run() -> int:
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(levelname)s: %(message)s")
    parent = Parent()
    set_priority(SOURCE_NICE)
    config = parent.config
    report = Report(str(config.get("id", "?")), parent.tell)
    try:
        screen, sound = attach(config)
    except ConsoleError as error:
        report.trouble(error)
        parent.close()
        return error.exit_status
    try:
        source = make_source(config, screen, sound, report)
    except ConsoleError as error:
        # An address that means nothing: it stands until it is changed, and the process with it.
        report.trouble(error)
        source = NoSource(screen)
    try:
        start_proxy(config, screen.tiles, parent.finish, parent.tell)
    except ConsoleError as error:
        report.note(f"has no tile of its own: {error}")
        parent.tell("tile", tile_reason=error.sentence)
    source.run(parent.finish)
    parent.close()
    return 0


def attach(config: Message) -> tuple[Screen, SoundFeed]:
    """The rings of a source's configuration. Raises ConsoleError."""
    try:
        rings = {name: Path(config["rings"][name]) for name in ("picture", "tile", "sound")}
        parse_format(config["format"])
        str(config["url"])
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(
            f"The configuration of the source can't be used ({error!r})", "Start it with podium"
        ) from error
    clock = SystemClock()
    screen = Screen(RingWriter(rings["picture"]), Tiles(RingWriter(rings["tile"]), clock), clock)
    return screen, SoundFeed(SoundWriter(rings["sound"]))

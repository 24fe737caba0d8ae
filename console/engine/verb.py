"""`podium engine`: on air with a show, until it is told to end."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import errno
import logging
import os
import signal
from dataclasses import replace
from pathlib import Path

import platformdirs
from aiohttp import web

from console.engine.control import make_app
from console.engine.saving import read_show
from console.engine.supervisor import EngineConfig, Supervisor
from console.errors import ConsoleError, UsageError
from console.media.clock import SystemClock
from console.media.time import parse_format
from console.show.commands import AddDestination, AddSource
from console.show.model import Air, Setup, Show, SourceId
from console.show.reduce import Rejected, reduce
from console.sources.address import parse as parse_source
from console.wire.place import (
    Address,
    announce,
    default_run_dir,
    make_private,
    make_tokens,
    parse_address,
    withdraw,
)

_log = logging.getLogger("console.engine")
EXAMPLE = """examples:
  podium engine --source cam1=pattern: --source cam2=rtmp://camera.example/live/2 --format 720p50
  podium engine --show friday.json --to https://ingest.example/ingest/main --log /media/logs/friday"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    what = parser.add_argument_group("the show (a file, or sources)")
    what.add_argument("--show", type=Path, metavar="FILE", help="show file; it is kept up to date while the show runs")
    what.add_argument("--source", action="append", default=[], metavar="ID=URL", help="a source; may be repeated")
    parser.add_argument("--format", metavar="F", help="picture format, such as 720p50 or 1080p59.94 (default 720p50)")
    parser.add_argument("--api", default="127.0.0.1:8610", metavar="HOST:PORT", help="where the API listens")
    parser.add_argument(
        "--run-dir", type=Path, metavar="DIR", help="rings and tokens (default: the user's runtime directory)"
    )
    parser.add_argument(
        "--log", type=Path, metavar="DIR", help="program log and journal (default: the user's data directory)"
    )
    parser.add_argument("--to", action="append", default=[], metavar="URL", help="a destination; may be repeated")
    parser.add_argument("--preset", default=_preset(), help=f"x264 preset (default on this machine: {_preset()})")
    parser.add_argument("--bitrate", type=int, default=6000, metavar="KBPS", help="video bit rate (default 6000)")
    parser.add_argument("--software", action="store_true", help="do not look for a hardware encoder")


def _preset() -> str:
    """The best x264 preset that leaves a small machine room for its sources."""
    cores = os.cpu_count() or 1
    return "ultrafast" if cores <= 2 else "superfast" if cores <= 4 else "veryfast"


def show_from_arguments(args: argparse.Namespace) -> Show:
    """The show that the options describe. Raises UsageError, ConsoleError."""
    if args.show is None and not args.source:
        raise UsageError("The engine needs a show", "Give --show FILE or --source ID=URL")
    show = read_show(args.show) if args.show is not None and args.show.exists() else Show(setup=Setup(name="Untitled"))
    if args.show is not None and not args.show.exists():
        make_private(args.show.resolve().parent, "the show file")
        show = replace(show, setup=replace(show.setup, name=args.show.stem))
    if args.format is not None:
        try:
            show = replace(show, setup=replace(show.setup, format=parse_format(args.format)))
        except ValueError as error:
            raise UsageError(str(error)) from error
    for text in args.source:
        source_id, equals, url = text.partition("=")
        if not equals or not url:
            raise UsageError(f"'--source {text}' names no address", "Write --source ID=URL, such as cam1=pattern:")
        try:
            parse_source(url)
        except ConsoleError as error:
            raise UsageError(error.sentence, error.remedy) from error
        show = _apply(show, AddSource(source_id, url), "--source")
    for url in args.to:
        if all(known.url != url for known in show.setup.destinations):
            show = _apply(show, AddDestination(url), "--to")
    if args.source and show.air.program is None:
        first = show.setup.sources[0].id
        others = [source.id for source in show.setup.sources[1:]]
        air = Air(program=SourceId(first), preview=others[0] if others else None, transition=show.air.transition)
        show = replace(show, air=air)
    return replace(show, rev=0)


def _apply(show: Show, command: AddSource | AddDestination, option: str) -> Show:
    result = reduce(show, command, 0)
    if isinstance(result, Rejected):
        raise UsageError(f"{option}: {result.reason}")
    return result.show


def run(args: argparse.Namespace) -> int:
    """Run the engine until Ctrl-C, SIGTERM or `podium ctl quit`."""
    address = parse_address(args.api)
    show = show_from_arguments(args)
    run_dir = make_private(args.run_dir or default_run_dir(address), "the rings")
    log_dir = args.log or Path(platformdirs.user_data_dir("podium", appauthor=False)) / "log"
    try:
        log_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConsoleError(
            f"The log directory {log_dir} can't be made: {error.strerror}", "Choose another with --log"
        ) from error
    config = EngineConfig(
        run_dir=run_dir.resolve(),
        log_dir=log_dir.resolve(),
        show_file=args.show,
        preset=args.preset,
        bitrate_kbps=args.bitrate,
        hardware=not args.software,
    )
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(address, config, show))
    return 0


async def _serve(address: Address, config: EngineConfig, show: Show) -> None:
    tokens = make_tokens(config.run_dir)
    supervisor = Supervisor(config, show, SystemClock())
    runner = web.AppRunner(make_app(supervisor, tokens), handle_signals=False, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, address.host, address.port).start()
    except OSError as error:
        await runner.cleanup()
        if error.errno == errno.EADDRINUSE:
            raise ConsoleError(
                f"The port {address} is in use", "Stop what listens there, or choose another with --api"
            ) from error
        raise ConsoleError(
            f"The API can't listen on {address}: {error.strerror}", "Choose another address with --api"
        ) from error
    if not address.is_loopback:
        _log.warning("The API at %s can be reached from other machines, without encryption", address)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C arrives as KeyboardInterrupt
            loop.add_signal_handler(number, supervisor.finished.set)
    announce(address, config.run_dir)
    try:
        supervisor.start()
        _log.info("The API is at %s, its tokens in %s", address.url, config.run_dir)
        await supervisor.finished.wait()
    finally:
        withdraw(address)
        await supervisor.finish()
        await runner.cleanup()
        with contextlib.suppress(OSError):
            os.rmdir(config.run_dir)

"""`podium desk`: the window."""

from __future__ import annotations

import argparse

from console.errors import ConsoleError
from console.wire.place import Address, parse_address

EXAMPLE = """examples:
  podium desk
  podium desk --engine 127.0.0.1:8610 --fullscreen"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument(
        "--engine", default=str(Address()), metavar="HOST:PORT", help=f"the engine to command (default {Address()})"
    )
    parser.add_argument("--fullscreen", action="store_true", help="open with the multiview over the whole screen")
    parser.add_argument("--keymap", metavar="NAME", help="atem-like, voctomix, or one of your own")


def run(args: argparse.Namespace) -> int:
    """Open the window and stay until it is closed. Raises UsageError, ConsoleError."""
    address = parse_address(args.engine)
    try:
        from console.desk.app import run_desk  # noqa: PLC0415 - 'podium desk --help' does not wait for Qt
    except ImportError as error:
        raise ConsoleError(
            f"The desk's windows can't be loaded: {error}",
            "Install the libraries it names (Debian: libegl1 libgl1 libxkbcommon-x11-0 libxcb-cursor0 fontconfig)",
        ) from error
    return run_desk(address, args.keymap, full_screen=args.fullscreen)

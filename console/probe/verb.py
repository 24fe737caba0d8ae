"""`podium probe FILE|URL`: the command line of this room."""

from __future__ import annotations

import argparse
import json
import sys

from console.errors import UsageError
from console.media.time import RATES, Rate

EXAMPLE = """examples:
  podium probe show.mp4
  podium probe http://127.0.0.1:8700/live/show/master.m3u8 --seconds 20 --json"""


def _rate(text: str) -> Rate:
    if text not in RATES:
        raise argparse.ArgumentTypeError(f"the rate '{text}' is not known: {', '.join(RATES)}")
    return RATES[text]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `podium probe` takes."""
    parser.description = (
        "Read burnt-in frame numbers, source ids and tones back from a file, a stream, or\n"
        "STORE/CHANNEL of an endpoint, and say what was lost, doubled, out of order, out of sync."
    )
    parser.add_argument("target", metavar="FILE|URL", help="a media file, an address, or a channel's directory")
    parser.add_argument("--json", action="store_true", help="print the verdict as JSON")
    parser.add_argument("--seconds", type=float, metavar="N", help="read a live stream for N seconds (10)")
    parser.add_argument("--rate", type=_rate, metavar="R", help="frame rate of the program (from its time stamps)")
    parser.add_argument("--source-rate", type=_rate, metavar="R", help="frame rate of the sources (found out)")
    parser.add_argument("--loop-frames", type=int, metavar="N", help="the sources loop after N frames (found out)")
    parser.add_argument("--timeout", type=float, default=10.0, metavar="S", help="give up a silent far end (10)")
    parser.add_argument("--strict", action="store_true", help="exit with 1 when anything is wrong")


def run(args: argparse.Namespace) -> int:
    """Judge and print. Exit status 0, or 1 with --strict when a fault was found; raises ConsoleError."""
    for option in ("seconds", "timeout", "loop_frames"):
        value = getattr(args, option)
        if value is not None and not 0 < value < 1e9:
            raise UsageError(f"--{option.replace('_', '-')} {value:g} makes no sense", "Give a number above 0")
    from console.probe.judge import judge  # noqa: PLC0415 decoders load only when they are used

    verdict = judge(
        args.target,
        rate=args.rate,
        source_rate=args.source_rate,
        loop_frames=args.loop_frames,
        seconds=args.seconds,
        timeout_s=args.timeout,
    )
    sys.stdout.write((json.dumps(verdict.to_json(), indent=1) if args.json else verdict.table()) + "\n")
    return 1 if args.strict and verdict.faults() else 0

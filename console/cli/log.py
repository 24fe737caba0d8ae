"""`podium log export`: the program log as a file."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

EXAMPLE = """example:
  podium log export ~/.local/share/podium/log -o friday.mp4 --from 88190000006 --to 88190030006"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="export")
    export = verbs.add_parser("export", help="write an MP4, streams copied", epilog=EXAMPLE,
                              formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    export.add_argument("directory", type=Path, metavar="DIR", help="the program log (the engine's --log)")
    export.add_argument("-o", "--output", type=Path, required=True, metavar="FILE.mp4", help="the file to write")
    export.add_argument("--from", dest="first", type=int, metavar="FRAME", help="first frame (default: all)")
    export.add_argument("--to", dest="last", type=int, metavar="FRAME", help="last frame, included (default: all)")


def run(args: argparse.Namespace) -> int:
    """Write the file and say in JSON what is in it."""
    from console.outputs.export import export  # noqa: PLC0415 - codecs are loaded when they are needed

    print(json.dumps(export(args.directory, args.output, args.first, args.last)))
    return 0

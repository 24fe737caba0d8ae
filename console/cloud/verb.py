"""`podium cloud --listen HOST:PORT --store DIR`: the command line of this room."""

from __future__ import annotations

import argparse
from pathlib import Path

EXAMPLE = """example:
  podium cloud --listen 127.0.0.1:8700 --store ~/podium-store"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `podium cloud` takes."""
    parser.description = (
        "The reference ingest endpoint: takes the program (CMAF, DASH-IF Live Media Ingest),\n"
        "keeps it, and serves it as HLS and on a page. On an address other than loopback,\n"
        "tokens are needed to send and to watch."
    )
    parser.add_argument("--listen", default="127.0.0.1:8700", metavar="HOST:PORT", help="where (127.0.0.1:8700)")
    parser.add_argument("--store", required=True, type=Path, metavar="DIR", help="directory in which all is kept")
    parser.add_argument("--token-file", type=Path, metavar="FILE", help="the ingest token (else one is made if needed)")


def run(args: argparse.Namespace) -> int:
    """Serve until told to end. Raises ConsoleError."""
    from console.cloud.access import read_token  # noqa: PLC0415 the web server loads only when it is used
    from console.cloud.server import serve  # noqa: PLC0415

    token = read_token(args.token_file) if args.token_file is not None else None
    serve(args.listen, args.store.expanduser(), token=token)
    return 0

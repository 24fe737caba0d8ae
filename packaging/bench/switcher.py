#!/usr/bin/env python3
"""How many cameras Podium holds on this machine, judged by the bar codes in what it delivers, and what it costs. Linux.

    .venv/bin/python packaging/bench/switcher.py --media DIR [--peers DIR] [--json FILE] [--only NAME ...] [--quick]

The media are made once by the `media.sh` of the peers' folder (MEDIA=DIR PEERS/media.sh; 1.3 GB). The program is
delivered by RTMP to a receiver on this machine; `podium desk` looks at it on a screen of 1920x1080 that nobody sees.
A name is one of those that --list prints, any row such as 4x720p50, or the beginning of names (`hot` for all of them).
"""

from __future__ import annotations

import argparse
import datetime
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import av
from checkout import ROOT
from cutting import Cuts
from feeding import FORMATS, missing_media
from meter import machine
from onair import has_screen
from peers import PeerOptions, compare
from report import markdown, sentence
from rows import RULES, Options, parse_row, run_row
from searching import largest
from studies import death_on_air, hot_cuts, more_sources

from console.errors import ConsoleError

_CANDIDATES = (1, 2, 3, 4, 6, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 64)
_PROMISED = {"720p50": 20, "1080p50": 12, "720p25": 32, "1080p25": 20}
"""Where the search begins."""
_UDP_BUFFER_BYTES = 4 << 20
"""What a source asks the system for."""
_HERE = Path(__file__).resolve().parent
RESULTS = _HERE / "RESULTS.md"

Study = Callable[[], dict[str, Any]]


@dataclass(frozen=True)
class Plan:
    """What is to be measured, and how long."""

    options: Options
    peers: PeerOptions | None
    quick: bool

    def studies(self) -> dict[str, Study]:
        """Every study by its name, in the order in which they run."""
        options, quick = self.options, self.quick
        studies: dict[str, Study] = {row: self.row(row) for row in RULES}
        cuts = 4 if quick else 24
        for tier in ("active", "key", "parked"):
            studies[f"hot-{tier}"] = partial(hot_cuts, "1080p50", tier, cuts, options)
        seconds = 4.0 if quick else 10.0
        counts = (2, 4) if quick else (2, 4, 8, 12)
        studies["key-1080p50"] = partial(more_sources, "1080p50", "key", counts, options, seconds)
        many = (1, 2, 4) if quick else (1, 2, 4, 8, 16, 32, 64)
        for tier in ("key", "parked"):
            studies[f"line-{tier}"] = partial(more_sources, "720p25", tier, many, options, seconds)
        studies["death-720p50"] = partial(death_on_air, "720p50", options)
        studies["parts"] = partial(parts, quick)
        for fmt in FORMATS:
            studies[f"search-{fmt}"] = partial(self.search, fmt)
        for fmt in FORMATS if self.peers is not None else ():
            studies[f"peers-{fmt}"] = partial(self.compare, fmt)
        return studies

    def row(self, name: str) -> Study:
        """The study of a row such as `8x720p50`. Raises ValueError."""
        row = parse_row(name)
        if row is None:
            raise ValueError(name)
        return partial(run_row, *row, self.options)

    def search(self, fmt: str) -> dict[str, Any]:
        """The largest number of sources that holds."""
        return _search(fmt, self.options, (1, 2, 3) if self.quick else _CANDIDATES)

    def compare(self, fmt: str) -> dict[str, Any]:
        """Ours and the peers' in turn."""
        if self.peers is None:
            raise ValueError("no peers")
        ours = cache(lambda sources: run_row(sources, fmt, self.options))
        return compare(fmt, self.peers, ours, self.search(fmt)["largest"], say)


@cache
def _search(fmt: str, options: Options, candidates: tuple[int, ...]) -> dict[str, Any]:
    rows: list[dict[str, Any]] = []

    def holds(sources: int) -> bool:
        rows.append(run_row(sources, fmt, options))
        say("  " + sentence(f"{sources}x{fmt}", rows[-1]))
        return bool(rows[-1]["holds"])

    start = next((i for i, n in enumerate(candidates) if n >= _PROMISED[fmt]), len(candidates) - 1)
    return {"format": fmt, "largest": largest(candidates, holds, start), "rows": rows}


def parts(quick: bool) -> dict[str, Any]:
    """The tick and the desk alone, by their own scripts."""
    ticks = {fmt: _script("tick.py", "--format", fmt, "--ticks", "100" if quick else "500", "--json")["results"]
             for fmt in ("720p50", "1080p50")}  # fmt: skip
    desk = _script("desk_cost.py", "--runs", "1" if quick else "5") if has_screen() else None
    return {"tick": ticks, "desk": desk}


def _script(name: str, *arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(_HERE / name), *arguments], stdout=subprocess.PIPE, text=True, check=False
    )
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        raise ConsoleError(f"{name} failed with status {done.returncode}", "Run it by itself")
    answer: dict[str, Any] = json.loads(lines[-1])
    return answer


def say(text: str) -> None:
    """Print at once."""
    print(text, flush=True)


def chosen(plan: Plan, only: list[str] | None) -> dict[str, Study]:
    """The studies that were named. Raises SystemExit for an unknown name."""
    known = plan.studies()
    if not only:
        return known
    found: dict[str, Study] = {}
    for name in only:
        if parse_row(name) is not None:
            found[name] = plan.row(name)
        elif matching := {k: v for k, v in known.items() if k == name or k.startswith(f"{name}-")}:
            found |= matching
        else:
            raise SystemExit(f"There is nothing called '{name}': {', '.join(known)}, or a row such as 4x720p50")
    return found


def lacking(args: argparse.Namespace, names: list[str]) -> list[str]:
    """What is missing before anything can be measured, and how to get it."""
    told = []
    if shutil.which("ffmpeg") is None:
        told.append("ffmpeg is missing: apt-get install ffmpeg")
    if args.media is None:
        told.append("--media is missing: the folder that the peers' media.sh fills (MEDIA=DIR PEERS/media.sh)")
        return told
    formats = {fmt for name in names for fmt in FORMATS if name.endswith(fmt)}
    formats |= {"1080p50" for name in names if name.startswith("hot")}
    formats |= {"720p25" for name in names if name.startswith("line")}
    if missing := missing_media(args.media, formats):
        some = ", ".join(missing[:4]) + (f" and {len(missing) - 4} more" if len(missing) > 4 else "")
        told.append(f"{args.media} lacks {some}: MEDIA={args.media} PEERS/media.sh makes them")
    if args.peers is not None and not list(args.peers.glob("peer_*.py")):
        told.append(f"{args.peers} has no peer_*.py")
    return told


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--media", type=Path, metavar="DIR", help="the common media")
    parser.add_argument("--peers", type=Path, metavar="DIR", help="scripts that measure other tools; they run in turn")
    parser.add_argument("--peer-python", default="/usr/bin/python3", metavar="FILE", help="what runs these scripts")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything there, after each study")
    parser.add_argument("--add", action="store_true", help="keep what the JSON file holds of other studies")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="measure only these")
    parser.add_argument("--list", action="store_true", help="print the names and end")
    parser.add_argument("--quick", action="store_true", help="short windows and few points: to see that it works")
    parser.add_argument("--preset", default="ultrafast", help="of x264 (default ultrafast)")
    parser.add_argument("--seconds", type=float, help="length of a window (default 24, quick 8)")
    parser.add_argument("--cuts", type=Cuts, choices=list(Cuts), default=Cuts.BOTH, help="how cuts are made")
    parser.add_argument("--no-desk", action="store_true", help="a reader asks for the tiles instead of the desk")
    parser.add_argument("--write-results", action="store_true",
                        help="write RESULTS.md; without --media from what the JSON file holds")  # fmt: skip
    return parser.parse_args()


def measure(study: Study) -> dict[str, Any]:
    """Run a study; what goes wrong is a result too."""
    begun = datetime.datetime.now(datetime.UTC)
    try:
        result = study()
    except ConsoleError as error:
        result = {"failed": f"{error.sentence} ({error.remedy})"}
    except (OSError, av.error.FFmpegError) as error:
        result = {"failed": str(error)}
    return {"when": begun.isoformat(timespec="seconds"), **result}


def main() -> int:
    """Measure what was asked for."""
    args = arguments()
    # What was started is ended on the way out, whoever asks for it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    document: dict[str, Any] = {"studies": {}}
    if args.json and args.json.exists() and (args.add or (args.write_results and args.media is None)):
        document = json.loads(args.json.read_text())
    desk = has_screen() and not args.no_desk
    options = Options(args.media or Path(), args.preset, args.seconds or (8.0 if args.quick else 24.0), desk, args.cuts)
    peers = None
    if args.peers is not None:
        peers = PeerOptions(args.peers, options.media, args.preset, options.seconds, args.peer_python)
        peers = replace(peers, patience_s=0.0) if args.quick else peers
    plan = Plan(options, peers, args.quick)
    if args.list:
        say("\n".join(plan.studies()))
        return 0
    if args.media is not None or not (args.write_results and document["studies"]):
        studies = chosen(plan, args.only)
        if told := lacking(args, list(studies)):
            print("\n".join(told), file=sys.stderr)
            return 2
        if (machine_now := machine())["udp_buffer_max_bytes"] < _UDP_BUFFER_BYTES:
            say(f"Bursts may be lost before Podium reads them: sysctl -w net.core.rmem_max={_UDP_BUFFER_BYTES}")
        if not has_screen():
            say("Xvfb is missing (apt-get install xvfb): no desk looks, a reader asks for the tiles instead")
        document |= {"machine": machine_now, "when": f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M UTC}"}
        for name, study in studies.items():
            document["studies"][name] = measure(study)
            say(sentence(name, document["studies"][name]))
            if args.json:
                args.json.write_text(json.dumps(document, indent=1))
    if args.write_results:
        RESULTS.write_text(markdown(document))
        say(f"Written: {RESULTS.relative_to(ROOT)}")
    return 0 if all(result.get("holds", "failed" not in result) for result in document["studies"].values()) else 1


if __name__ == "__main__":
    sys.exit(main())

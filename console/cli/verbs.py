"""`podium VERB ...`: finds the verb's module, parses its options, and turns errors into one line and a status."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import logging
import os
import sys
from dataclasses import dataclass
from types import ModuleType

from console import __version__
from console.errors import ConsoleError, UsageError


@dataclass(frozen=True)
class _Verb:
    module: str
    help: str


_VERBS = {
    "desk": _Verb("console.desk.verb", "the window; starts an engine when none answers"),
    "engine": _Verb("console.engine.verb", "on air with a show, until it is told to end"),
    "cloud": _Verb("console.cloud.verb", "the reference ingest endpoint"),
    "demo": _Verb("console.demo.verb", "a venue with 8 cameras, an engine, an endpoint and the desk"),
    "ctl": _Verb("console.cli.ctl", "ask and command a running engine; JSON on standard output"),
    "log": _Verb("console.cli.log", "the program log as a file, streams copied"),
    "tracking": _Verb("console.cli.tracking", "camera and athlete tracking: decode, listen, send, as JSON"),
    "probe": _Verb("console.probe.verb", "read burnt-in frame numbers back and say what is missing"),
}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]
        raise UsageError(f"{self.prog}: {message}", f"See '{self.prog} --help'")


def _top_parser() -> _Parser:
    verbs = "\n".join(f"  {name:<9} {verb.help}" for name, verb in _VERBS.items())
    parser = _Parser(
        prog="podium",
        description="Podium, a broadcast control-room console. Without a verb: the desk.",
        epilog=f"verbs:\n{verbs}\n\nexample:\n  podium demo\n  podium VERB --help",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"podium {__version__}")
    parser.add_argument("--self-test", action="store_true", help="check what this machine can do; JSON")
    parser.add_argument("--print-config", action="store_true", help="where Podium keeps things, and defaults; JSON")
    return parser


def _verb_parser(name: str, module: ModuleType) -> _Parser:
    parser = _Parser(
        prog=f"podium {name}",
        description=f"{_VERBS[name].help[0].upper()}{_VERBS[name].help[1:]}.",
        epilog=getattr(module, "EXAMPLE", None),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--verbose", action="store_true", help="log more")
    return parser


def _dispatch(argv: list[str]) -> int:
    if not argv or (
        argv[0].startswith("-") and argv[0] not in ("--version", "--self-test", "--print-config", "-h", "--help")
    ):
        argv = ["desk", *argv]
    if argv[0].startswith("-"):
        args = _top_parser().parse_args(argv)
        report = importlib.import_module("console.cli.report")
        answer = report.self_test() if args.self_test else report.configuration()
        print(json.dumps(answer, indent=2))
        return 0 if answer.get("ok", True) else 1
    name = argv[0]
    if name not in _VERBS:
        raise UsageError(f"There is no verb '{name}'", f"Verbs are {', '.join(_VERBS)}; see 'podium --help'")
    module = importlib.import_module(_VERBS[name].module)
    parser = _verb_parser(name, module)
    module.add_arguments(parser)
    args = parser.parse_args(argv[1:])
    level = logging.DEBUG if args.verbose else logging.INFO
    logging.basicConfig(level=level, format="%(asctime)s %(name)s: %(levelname)s: %(message)s", stream=sys.stderr)
    status: int = module.run(args)
    return status


def main() -> int:
    """Run a verb: 0 done, 1 failed, 2 usage; an error is one line on standard error."""
    try:
        return _dispatch(sys.argv[1:])
    except ConsoleError as error:
        print(f"podium: {error}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output went away
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1

"""`podium ctl`: one question or command to a running engine, its answer as JSON."""

from __future__ import annotations

import argparse
import json
from typing import Any

from console.cli.expression import parse_expression
from console.errors import ConsoleError
from console.media.clock import SystemClock
from console.wire.client import ask, command, get
from console.wire.place import Address, parse_address

EXAMPLE = """examples:
  podium ctl preview cam2
  podium ctl cut                                       {"ack": {"id": ..., "frame": 88190000006, "rev": 7}}
  podium ctl wait "sources.cam2.state == live and late_ticks == 0" --timeout 10
  podium ctl status | jq .sources"""
_POLL_NS = 50_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument(
        "--engine", default="127.0.0.1:8610", metavar="HOST:PORT", help="which engine (default 127.0.0.1:8610)"
    )
    verbs = parser.add_subparsers(dest="ask", required=True, metavar="preview|program|cut|auto|status|wait|quit")
    for name, text in (("preview", "put a source on preview"), ("program", "hot cut: put a source on program")):
        verb = verbs.add_parser(name, help=text)
        verb.add_argument("id", help="the source's id; 'black' for none")
    verbs.add_parser("cut", help="preview goes on air with the frame that the answer names")
    verbs.add_parser("auto", help="the current transition from program to preview")
    verbs.add_parser("status", help="everything that is measured")
    wait = verbs.add_parser("wait", help="until an expression over the status is true")
    wait.add_argument("expression", metavar="EXPR", help="such as 'sources.cam1.state == live and frames > 50'")
    wait.add_argument("--timeout", type=float, default=30.0, metavar="S", help="give up after S seconds (default 30)")
    verbs.add_parser("quit", help="end the engine")


def run(args: argparse.Namespace) -> int:
    """Ask, and print the answer."""
    address = parse_address(args.engine)
    print(json.dumps(_answer(args, address), indent=2 if args.ask in ("status", "wait") else None))
    return 0


def _answer(args: argparse.Namespace, address: Address) -> Any:
    if args.ask in ("preview", "program"):
        source = None if args.id == "black" else args.id
        name = "SetPreview" if args.ask == "preview" else "SetProgram"
        return {"ack": command(address, name, client="ctl", source=source)}
    if args.ask in ("cut", "auto"):
        return {"ack": command(address, args.ask.capitalize(), client="ctl")}
    if args.ask == "status":
        return get(address, "/status")
    if args.ask == "quit":
        return _quit(address)
    return _wait(address, args.expression, args.timeout)


def _quit(address: Address) -> Any:
    status, answer = ask(address, "POST", "/quit")
    if status != 200:
        raise ConsoleError(f"The engine at {address} refused to end: {answer.get('error')}", "Use the admin's token")
    return answer


def _wait(address: Address, text: str, timeout_s: float) -> Any:
    expression = parse_expression(text)
    clock = SystemClock()
    end_ns = clock.now() + round(timeout_s * 1e9)
    error: ConsoleError | None = None
    while True:
        try:
            status = get(address, "/status")
            error = None
            if expression(status):
                return status
        except ConsoleError as failed:  # it may be starting
            error = failed
        if clock.now() >= end_ns:
            raise error or ConsoleError(
                f"'{text}' did not become true within {timeout_s:g} s", "See 'podium ctl status'"
            )
        clock.wait_until(clock.now() + _POLL_NS)

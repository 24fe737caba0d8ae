"""`podium tracking decode | listen | send`: tracking as an engineer or a script sees it, a JSON object per packet."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import logging
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import Any, BinaryIO, NoReturn

from console.errors import ConsoleError, UsageError
from console.media.clock import Clock, SystemClock
from console.tracking import freed, otrk, psn
from console.tracking.described import described
from console.tracking.opentrackio import read_payload
from console.tracking.packet import MAX_DATAGRAM_BYTES, PacketRefused, TrackingProtocol
from console.tracking.receiver import Endpoint, Receiver, multicast_group
from console.tracking.recording import (
    BEGINS_WITH,
    BadLine,
    Recorded,
    Recorder,
    read_recording,
    recorded_protocol,
    replay,
)
from console.tracking.stream import Decoded, Received, Refused, Stream
from console.wire.place import Address, parse_address

log = logging.getLogger("console.tracking")

EXAMPLE = """example:
  podium tracking decode --protocol freed packet.bin
  podium tracking listen --protocol psn --bind 0.0.0.0:56565 --group 236.10.10.10 --record race.jsonl
  podium tracking send race.jsonl --to 236.10.10.10:56565
  podium tracking send --demo freed --to 127.0.0.1:40000"""


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < 1e9:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def _rate(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 1000:
        raise argparse.ArgumentTypeError(f"{text} is not 1 to 1000")
    return value


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="decode | listen | send")
    raw = argparse.RawDescriptionHelpFormatter
    protocols = [protocol.value for protocol in TrackingProtocol]

    decode = verbs.add_parser("decode", help="print what files hold", epilog=EXAMPLE, formatter_class=raw)
    decode.add_argument("--protocol", required=True, choices=protocols)
    decode.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a datagram, or a recording")

    groups = (
        f"a multicast group, joined on the interface of that address (psn: {psn.GROUP}, opentrackio: {otrk.GROUPS})"
    )
    listen = verbs.add_parser("listen", help="print what comes, until interrupted", epilog=EXAMPLE, formatter_class=raw)
    listen.add_argument("--protocol", required=True, choices=protocols)
    listen.add_argument("--bind", required=True, metavar="HOST:PORT", help="an address of this machine")
    listen.add_argument("--group", default="", help=groups)
    listen.add_argument("--record", type=Path, metavar="FILE", help="write every datagram, understood or not")
    listen.add_argument("--seconds", type=_positive, metavar="N", help="end by itself")

    send = verbs.add_parser("send", help="send a recording, or the demo's venue", epilog=EXAMPLE, formatter_class=raw)
    send.add_argument("file", nargs="?", type=Path, metavar="FILE", help="a recording")
    send.add_argument("--demo", choices=protocols, help="the demo's cameras (freed, opentrackio) or athletes (psn)")
    send.add_argument("--to", required=True, metavar="HOST:PORT", help="an address or a multicast group")
    send.add_argument("--interface", default="", metavar="ADDRESS", help="from which a multicast goes out")
    send.add_argument("--speed", type=_positive, default=1.0, help="of a recording (1)")
    send.add_argument("--rate", type=_rate, default=60, metavar="HZ", help="of the demo (60)")
    send.add_argument("--seconds", type=_positive, metavar="N", help="end by itself")


def run(args: argparse.Namespace) -> int:
    """Run the verb: 1 when a packet was refused. Raises ConsoleError."""
    status: int = {"decode": _decode, "listen": _listen, "send": _send}[args.verb](args)
    return status


class _Printer:
    """Prints objects, one a line, and remembers whether one was an error."""

    def __init__(self) -> None:
        self.status = 0

    def tell(self, value: dict[str, Any]) -> None:
        if "error" in value:
            self.status = 1
        print(json.dumps(value))


class _SingleDatagrams:
    """Datagrams of which each stands alone: what came before matters only for names and for segments."""

    def __init__(self, protocol: TrackingProtocol) -> None:
        self._protocol = protocol
        self._assembler = otrk.Assembler()
        self._names: dict[int, str] = {}

    def decode(self, data: bytes) -> dict[str, Any] | None:
        """The object of a datagram; None while its payload is not whole. Raises PacketRefused."""
        sample: Decoded
        if self._protocol is TrackingProtocol.FREED:
            sample = freed.decode(data)
        elif self._protocol is TrackingProtocol.PSN:
            sample = psn.decode(data)
            if isinstance(sample, psn.InfoPacket):
                self._names.update(sample.names)
        else:
            payload = self._assembler.add(otrk.decode_segment(data))
            if payload is None:
                return None
            sample = read_payload(payload)
        return described(sample, self._names)

    def unfinished(self) -> str:
        """What to say of payloads that are not whole."""
        left = len(self._assembler.waiting) + self._assembler.dropped
        return f"Segments are missing: {left} of those that are there make no whole payload" if left else ""


def _recorded_packets(protocol: TrackingProtocol, file: BinaryIO) -> Iterator[dict[str, Any]]:
    recorded = recorded_protocol(file)
    if recorded is not protocol:
        raise ConsoleError(f"The recording is of {recorded}, not of {protocol}")
    file.seek(0)
    stream = Stream(protocol)
    for found in read_recording(file):
        if isinstance(found, BadLine):
            yield {"error": found.reason}
            continue
        entry = stream.feed(found.data, found.sender, found.at_ns)
        if entry is not None:
            yield _entry(entry, stream.names)
    yield from ({"error": reason} for reason in stream.unfinished())


def _entry(entry: Received | Refused, names: dict[int, str]) -> dict[str, Any]:
    return {"error": entry.reason} if isinstance(entry, Refused) else described(entry.sample, names)


def _decode(args: argparse.Namespace) -> int:
    protocol = TrackingProtocol(args.protocol)
    singles, printer = _SingleDatagrams(protocol), _Printer()
    for path in args.files:
        try:
            with path.open("rb") as file:
                if file.read(len(BEGINS_WITH)) == BEGINS_WITH:
                    file.seek(0)
                    for packet in _recorded_packets(protocol, file):
                        printer.tell(packet)
                    continue
                file.seek(0)
                data = file.read(MAX_DATAGRAM_BYTES + 1)
            if len(data) > MAX_DATAGRAM_BYTES:
                raise PacketRefused(f"{path} is longer than a datagram and no recording")
            alone = singles.decode(data)
            if alone is not None:
                printer.tell(alone)
        except ConsoleError as error:
            printer.tell({"error": error.sentence})
        except OSError as error:
            printer.tell({"error": f"{path} can't be read: {error.strerror}"})
    if reason := singles.unfinished():
        printer.tell({"error": reason})
    return printer.status


def _interrupted(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _listen(args: argparse.Namespace) -> int:
    protocol, clock, printer = TrackingProtocol(args.protocol), SystemClock(), _Printer()
    address = parse_address(args.bind)
    endpoint = Endpoint(address.host, address.port, multicast_group(args.group) if args.group else "")
    until_ns = None if args.seconds is None else clock.now() + round(args.seconds * 1e9)
    with ExitStack() as stack:
        recorder = stack.enter_context(Recorder(args.record, protocol, clock)) if args.record else None
        receiver = Receiver(protocol, endpoint, tap=recorder.write if recorder else None, keep_refused=True)
        stack.callback(receiver.close)
        signal.signal(signal.SIGTERM, _interrupted)
        log.info("listening on %s for %s", endpoint, protocol)
        try:
            while until_ns is None or clock.now() < until_ns:
                for entry in receiver.take(0.2):
                    printer.tell(_entry(entry, receiver.names))
                sys.stdout.flush()
        except KeyboardInterrupt:  # the way to end it
            pass
        health = receiver.health()
    counts = f"{health.understood} understood, {health.refused} refused, {health.lost} lost, {health.repeated} repeated"
    log.info("ended: %s, %d dropped", counts, health.queue_dropped + health.overflowed)
    for notice in health.notices:
        log.info("%s", notice)
    return printer.status


def _outgoing(stack: ExitStack, to: Address, interface: str) -> Callable[[bytes], None]:
    """A function that sends a datagram there, as long as the stack is open. Raises ConsoleError."""
    try:
        family, kind, number, _, target = socket.getaddrinfo(to.host, to.port, type=socket.SOCK_DGRAM)[0]
        out = stack.enter_context(socket.socket(family, kind, number))
        if interface:
            out.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(interface))
    except OSError as error:
        raise ConsoleError(f"Can't send to {to}: {error.strerror or error}") from error

    def send(data: bytes) -> None:
        try:
            out.sendto(data, target)
        except ConnectionRefusedError:  # nobody listens there at the moment
            pass
        except OSError as error:
            raise ConsoleError(f"Can't send to {to}: {error.strerror}") from error

    return send


def _demo_datagrams(protocol: TrackingProtocol, rate_hz: int, clock: Clock) -> Iterator[Recorded]:
    # The demo is a stranger to this room; as verbs are, it is found by its name when it is asked for.
    demo = importlib.import_module("console.demo.tracking")
    transmitter = demo.Transmitter(protocol, rate_hz, clock.unix_ns())
    number = 0
    while True:
        for data in transmitter.frame(number):
            yield Recorded(number * 1_000_000_000 // rate_hz, "", data)
        number += 1


def _file_datagrams(path: Path, printer: _Printer) -> Iterator[Recorded]:
    try:
        with path.open("rb") as file:
            for found in read_recording(file):
                if isinstance(found, BadLine):
                    printer.tell({"error": found.reason})
                else:
                    yield found
    except OSError as error:
        raise ConsoleError(f"{path} can't be read: {error.strerror}") from error


def _send(args: argparse.Namespace) -> int:
    if (args.file is None) == (args.demo is None):
        raise UsageError("Name a recording or --demo, one of them", "See 'podium tracking send --help'")
    clock, printer = SystemClock(), _Printer()
    if args.demo:
        datagrams = _demo_datagrams(TrackingProtocol(args.demo), args.rate, clock)
    else:
        datagrams = _file_datagrams(args.file, printer)
    limit = None if args.seconds is None else round(args.seconds * 1e9 * args.speed)

    def limited() -> Iterator[Recorded]:
        for datagram in datagrams:
            if limit is not None and datagram.at_ns >= limit:
                return
            yield datagram

    with ExitStack() as stack:
        send = _outgoing(stack, parse_address(args.to), args.interface)
        with contextlib.suppress(KeyboardInterrupt):  # the way to end the demo
            log.info("sent %d datagrams", replay(limited(), send, clock, args.speed))
    return printer.status

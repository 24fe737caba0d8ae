#!/usr/bin/env python3
"""Hostile packets for the tracking parsers: valid ones, damaged at random, their checksums often made right again.

    .venv/bin/python packaging/bench/tracking_fuzz.py [--packets 1000000] [--seed 1]

Each packet goes into a stream with its memory. A packet is either understood or refused with one sentence; anything
else ends with status 1 and the packet in hex. What is understood must be told as JSON. The slowest packet is named in
milliseconds of processor time.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
import traceback
from collections.abc import Callable
from fractions import Fraction

from console.tracking import freed, opentrackio, otrk, psn
from console.tracking.described import described
from console.tracking.mapping import Quirks
from console.tracking.opentrackio_sample import (
    Camera,
    Distortion,
    Lens,
    Rotation,
    Sample,
    Static,
    Timestamp,
    Timing,
    Transform,
    Triple,
)
from console.tracking.packet import TrackingProtocol
from console.tracking.stream import Received, Refused, Stream

ODD = [
    b"\x00",
    b"\xff",
    b"\x7f\xff",
    b"\x80\x00",
    b"\xff\xff\xff\xff",
    b"\x00\x00\xc0\x7f",
    b"NaN",
    b"1e999",
    b"[" * 40,
]
ODD += [
    b"\xfb\x7f\xf8" + bytes(6),
    b"\x9b" + b"\xff" * 8,
    b"\xd8\x1c\x81\xd8\x1d\x00",
    b"\xc2\x58\x40",
    b'{"a":',
    b"-0",
]


def seeds() -> dict[TrackingProtocol, list[bytes]]:
    camera = freed.FreedSample(3, 12.5, -3.25, 0.5, 1.5, -2.0, 3.0, 100_000, 2000, 0x1234)
    sample = Sample(
        static=Static(camera=Camera(label="A", capture_frame_rate=Fraction(24000, 1001))),
        timing=Timing(sampled=Timestamp(seconds=1_790_000_000, nanoseconds=5), sequence=9),
        lens=Lens(focal_length_mm=24.3, distortions=(Distortion(radial=(0.1, 0.2), tangential=(0.0, 0.1)),)),
        source_number=1,
        transforms=(Transform(translation_m=Triple(x=1.0), rotation=Rotation(pan_deg=10.0), id="Camera"),) * 3,
    )
    packed = []
    for encoding in otrk.Encoding:
        payload = opentrackio.encode_payload(opentrackio.write_sample(sample), encoding)
        packed += otrk.encode_segments(payload, encoding, 7) * 6
        packed += otrk.encode_segments(payload, encoding, 20, checksum=otrk.Checksum.MOD255, max_bytes=200)
    trackers = [psn.Tracker(n, (1.0, 2.0, n / 3), (0.1, 0, 0), None, 1.0, None, (1, 1, 1), 77) for n in range(5)]
    info = psn.encode_info("system", [(1, "Ann"), (2, "B\u00e9a")], frame=1, time_us=5)
    return {
        TrackingProtocol.FREED: [freed.encode(camera)],
        TrackingProtocol.OPENTRACKIO: packed,
        TrackingProtocol.PSN: [*psn.encode_data(trackers, frame=1, time_us=5), *info],
    }


def damaged(chance: random.Random, packet: bytes) -> bytes:
    data = bytearray(packet)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(7):
            case 0 | 1 if data:
                data[at % len(data)] = chance.randrange(256)
            case 2:
                del data[at : at + chance.randrange(1, 40)]
            case 3:
                data[at:at] = chance.choice(ODD)
            case 4:
                odd = chance.choice(ODD)
                data[at : at + len(odd)] = odd
            case 5:
                data[at:at] = data[at : at + chance.randrange(1, 60)]
            case _ if data:
                data[at % len(data)] ^= 1 << chance.randrange(8)
    return bytes(data)


def mended(protocol: TrackingProtocol, data: bytes) -> bytes:
    """Lengths and checksum made right, so that the damage gets further in."""
    if protocol is TrackingProtocol.FREED and len(data) >= freed.LENGTH:
        data = data[:28]
        return data + bytes([freed.checksum(data)])
    if protocol is TrackingProtocol.OPENTRACKIO and len(data) >= 16:
        length = len(data) - 16 | data[12] >> 7 << 15
        head = data[:12] + (length & 0xFFFF).to_bytes(2, "big")
        return head + otrk.fletcher16(head + data[16:])[otrk.Checksum.MOD256].to_bytes(2, "big") + data[16:]
    if protocol is TrackingProtocol.PSN and len(data) >= 4:
        return data[:2] + (len(data) - 4 & 0x7FFF | 0x8000).to_bytes(2, "little") + data[4:]
    return data


def look(stream: Stream, data: bytes, sender: str, now_ns: int) -> str:
    entry = stream.feed(data, sender, now_ns)
    if isinstance(entry, Refused):
        if not entry.reason or "\n" in entry.reason:
            raise AssertionError(f"a refusal is one sentence, not {entry.reason!r}")
        return "refused"
    if isinstance(entry, Received):
        json.dumps(described(entry.sample, stream.names), allow_nan=False)
        return "understood"
    return "waiting or repeated"


def run(packets: int, seed: int, report: Callable[[str], None] = print) -> int:
    chance = random.Random(seed)
    valid = seeds()
    streams = {protocol: Stream(protocol, Quirks(opentrackio_sequence_is_unused=True)) for protocol in valid}
    counts: dict[str, int] = {}
    began, slowest_ms = time.perf_counter(), 0.0
    for number in range(packets):
        protocol = chance.choice(list(valid))
        data = damaged(chance, chance.choice(valid[protocol]))
        if chance.random() < 0.7:
            data = mended(protocol, data)
        sender = f"10.0.{chance.randrange(2)}.{chance.randrange(100)}:{chance.randrange(3)}"
        before = time.thread_time()
        try:
            outcome = f"{protocol}: {look(streams[protocol], data, sender, number * 10_000)}"
        except Exception:
            traceback.print_exc()
            report(f"{protocol} seed {seed} packet {number}: {data.hex()}")
            return 1
        slowest_ms = max(slowest_ms, (time.thread_time() - before) * 1000)
        counts[outcome] = counts.get(outcome, 0) + 1
    for stream in streams.values():
        stream.health(packets * 10_000)
    took = time.perf_counter() - began
    told = dict(sorted(counts.items()))
    report(json.dumps({"packets": packets, "seconds": round(took, 1), "slowest_ms": round(slowest_ms, 2), **told}))
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packets", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    return run(arguments.packets, arguments.seed)


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""What 8 PosiStageNet streams of 60 trackers at 60 Hz cost, as a share of a core; and what a flood costs.

    .venv/bin/python packaging/bench/tracking_cost.py [--seconds 5] [--repeats 5]

"stream" is understanding alone, a second's worth of datagrams at once. "received" is all of it: sockets, threads,
queues, a consumer that takes 100 times a second; the datagrams come over the loopback from another process, in real
time, and the processor time of this process counts. "flood" is one receiver of FreeD under what a sender can send.
"""

from __future__ import annotations

import argparse
import json
import socket
import statistics
import subprocess
import sys
import time

from console.media.clock import SystemClock
from console.tracking import freed, psn
from console.tracking.packet import TrackingProtocol
from console.tracking.receiver import Endpoint, Receiver
from console.tracking.stream import Stream

STREAMS, TRACKERS, RATE_HZ = 8, 60, 60


def frame(number: int, stream: int) -> list[bytes]:
    trackers = [
        psn.Tracker(stream * 100 + t, (t / 7, 0.1, number / 50), (0.1, 0.0, 9.5), None, 1.0) for t in range(TRACKERS)
    ]
    return psn.encode_data(trackers, frame=number % 256, time_us=number * 1_000_000 // RATE_HZ)


def stream_cost() -> float:
    """Processor seconds for a second of all streams."""
    streams = [(f"10.0.0.{n}:1", Stream(TrackingProtocol.PSN)) for n in range(STREAMS)]
    frames = [[frame(number, n) for n in range(STREAMS)] for number in range(RATE_HZ)]
    began = time.process_time()
    for number, datagrams in enumerate(frames):
        for (sender, stream), parts in zip(streams, datagrams, strict=True):
            for data in parts:
                stream.feed(data, sender, number * 1_000_000_000 // RATE_HZ)
    return time.process_time() - began


def send_frames(ports: list[int], seconds: float) -> None:
    clock = SystemClock()
    frames = [[frame(number, n) for n in range(STREAMS)] for number in range(round(seconds * RATE_HZ))]
    with socket.socket(type=socket.SOCK_DGRAM) as out:
        began = clock.now()
        for number, datagrams in enumerate(frames):
            clock.wait_until(began + number * 1_000_000_000 // RATE_HZ)
            for port, parts in zip(ports, datagrams, strict=True):
                for data in parts:
                    out.sendto(data, ("127.0.0.1", port))


def send_flood(port: int, seconds: float) -> None:
    data = freed.encode(freed.FreedSample(1, 0, 0, 0, 0, 0, 0, 0, 0))
    count, until = 0, time.monotonic() + seconds
    with socket.socket(type=socket.SOCK_DGRAM) as out:
        while time.monotonic() < until:
            for _ in range(100):
                out.sendto(data, ("127.0.0.1", port))
            count += 100
    print(count)


def measured(receivers: list[Receiver], role: str, seconds: float) -> dict[str, float]:
    """The share of a core while another process sends; its last line is a count, or nothing."""
    ports = ",".join(str(receiver.endpoint.port) for receiver in receivers)
    command = [sys.executable, __file__, "--role", role, "--ports", ports, "--seconds", str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as sender:
        while not any(receiver.take() for receiver in receivers):
            time.sleep(0.001)
        began, cpu, taken = time.monotonic(), time.process_time(), 0
        while sender.poll() is None:
            time.sleep(0.01)
            taken += sum(len(receiver.take()) for receiver in receivers)
        passed, used = time.monotonic() - began, time.process_time() - cpu
        assert sender.stdout
        sent = sender.stdout.read().strip()
    health = [receiver.health() for receiver in receivers]
    found = {
        "core": round(used / passed, 3),
        "understood": sum(h.understood for h in health),
        "lost": sum(h.lost for h in health),
        "dropped": sum(h.queue_dropped + h.overflowed for h in health),
    }
    if sent:
        found["sent_per_second"] = round(int(sent) / passed)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--role", choices=("frames", "flood"), help=argparse.SUPPRESS)
    parser.add_argument("--ports", default="", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    ports = [int(port) for port in arguments.ports.split(",") if port]
    if arguments.role == "frames":
        send_frames(ports, arguments.seconds)
        return 0
    if arguments.role == "flood":
        send_flood(ports[0], arguments.seconds)
        return 0
    costs = [stream_cost() for _ in range(arguments.repeats)]
    print(json.dumps({"stream_core": round(statistics.median(costs), 3), "least": round(min(costs), 3)}))
    cores = []
    for _ in range(arguments.repeats):
        receivers = [Receiver(TrackingProtocol.PSN, Endpoint("127.0.0.1", 0)) for _ in range(STREAMS)]
        found = measured(receivers, "frames", arguments.seconds)
        for receiver in receivers:
            receiver.close()
        cores.append(found["core"])
        print(json.dumps({"received": found}), flush=True)
    print(json.dumps({"received_core": statistics.median(cores)}))
    flooded = Receiver(TrackingProtocol.FREED, Endpoint("127.0.0.1", 0))
    print(json.dumps({"flood": measured([flooded], "flood", arguments.seconds)}))
    flooded.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())

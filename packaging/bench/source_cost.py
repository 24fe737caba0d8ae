#!/usr/bin/env python3
"""What a source host costs: its share of a core, and how its pictures come, for each tier of decoding. Linux.

    .venv/bin/python packaging/bench/source_cost.py [--format 720p50] [--seconds 10] [--url URL] [--preset veryfast]

Without --url a busy moving picture is encoded (H.264, B-frames, key frames every 2 s) and sent by ffmpeg as MPEG-TS
over TCP in real time; --url measures any other address. Needs ffmpeg.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import checkout  # noqa: F401

from console.media.time import parse_format
from console.sources.address import tile_size
from console.wire.ring import RingReader, create_ring
from console.wire.sound import create_sound
from console.wire.tier import Tier

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(stat[11]) + int(stat[12])) / TICKS


def start_sender(folder: Path, fmt: str, preset: str) -> tuple[subprocess.Popen[bytes], str]:
    """Encode a clip once, then send it for ever."""
    parsed = parse_format(fmt)
    clip = folder / "clip.ts"
    picture = f"testsrc2=s={parsed.width}x{parsed.height}:r={parsed.rate.num}/{parsed.rate.den},noise=alls=10:allf=t"
    encode = f"-c:v libx264 -preset {preset} -b:v 6M -g {parsed.rate.gop_frames} -pix_fmt yuv420p -c:a aac -b:a 128k"
    inputs = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", "sine=440:r=48000", "-t", "6"]
    subprocess.run(["ffmpeg", "-v", "error", *inputs, *encode.split(), str(clip)], check=True)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    url = f"tcp://127.0.0.1:{port}"
    send = ["ffmpeg", "-v", "fatal", "-re", "-stream_loop", "-1", "-i", str(clip), "-c", "copy", "-f", "mpegts"]
    return subprocess.Popen([*send, f"{url}?listen=1"], stdin=subprocess.DEVNULL), url


def start_host(folder: Path, url: str, fmt: str) -> tuple[subprocess.Popen[bytes], RingReader]:
    parsed = parse_format(fmt)
    rings = {name: folder / name for name in ("picture", "tile", "sound")}
    create_ring(rings["picture"], parsed.width, parsed.height, slots=8)
    create_ring(rings["tile"], *tile_size(parsed), slots=4)
    create_sound(rings["sound"])
    paths = {name: str(path) for name, path in rings.items()}
    config = {"id": "bench", "number": 1, "url": url, "name": "", "format": fmt, "rings": paths}
    command = [sys.executable, "-m", "console", "_source"]
    host = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    host.stdin.write(json.dumps(config).encode() + b"\n")
    host.stdin.flush()
    return host, RingReader(rings["picture"])


def measure(host: subprocess.Popen[bytes], reader: RingReader, tier: Tier, seconds: float) -> dict[str, float]:
    """Ask for a tier, let it settle, then look for a while."""
    aheads: list[float] = []
    late = 0
    last = reader.count - 1
    settled = time.monotonic() + 2
    begun_cpu = begun = first = 0.0
    while time.monotonic() < settled + seconds:
        now = time.monotonic_ns()
        reader.ask(int(tier), now)
        if not begun and time.monotonic() >= settled:
            begun, begun_cpu, first = time.monotonic(), cpu_seconds(host.pid), reader.count
        for info in reader.infos(last):
            last = info.index
            if begun:
                aheads.append((info.due_ns - now) / 1e6)
                late += info.due_ns < now
        time.sleep(0.005)
    passed = time.monotonic() - begun
    return {
        "core": round((cpu_seconds(host.pid) - begun_cpu) / passed, 3),
        "fps": round((reader.count - first) / passed, 1),
        "ahead_ms": round(statistics.median(aheads), 1) if aheads else 0.0,
        "late": late,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--format", default="720p50")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--url", help="measure this address instead")
    parser.add_argument("--preset", default="veryfast", help="of x264, for the clip that is sent")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/dev/shm")))
        url = arguments.url
        if url is None:
            sender, url = start_sender(folder, arguments.format, arguments.preset)
            stack.callback(sender.wait)
            stack.callback(sender.kill)
            time.sleep(0.5)
        began = time.monotonic()
        host, reader = start_host(folder, url, arguments.format)
        stack.callback(host.wait)
        stack.callback(host.kill)
        while not reader.count and time.monotonic() < began + 15:
            time.sleep(0.005)
        print(json.dumps({"first_picture_s": round(time.monotonic() - began, 2)}))
        for tier in (Tier.FULL, Tier.ACTIVE, Tier.KEY, Tier.PARKED):
            print(json.dumps({"tier": tier.name, **measure(host, reader, tier, arguments.seconds)}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

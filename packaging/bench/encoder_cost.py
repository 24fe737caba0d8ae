#!/usr/bin/env python3
"""What the encoder process and a CMAF uplink cost: their share of a core on a live ring. Linux.

    .venv/bin/python packaging/bench/encoder_cost.py [--format 720p50 ...] [--preset superfast ...] [--seconds 10]

A moving picture with texture, noise and a tone is written into a program ring in real time; the encoder follows it
into a log in a temporary directory, an uplink sends that to a server here that takes every PUT.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import checkout  # noqa: F401
import cv2
import numpy as np
from aiohttp import web

from console.media import tone
from console.media.time import Format, parse_format
from console.wire.ring import RingWriter, create_ring

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(stat[11]) + int(stat[12])) / TICKS


def pictures(fmt: Format, count: int = 25) -> list[np.ndarray]:
    """Luma planes of a camera that pans over a textured scene, with a little sensor noise."""
    rng = np.random.default_rng(1)
    small = (rng.random((fmt.height // 8 + 60, fmt.width // 8 + 60)) * 200 + 20).astype(np.uint8)
    scene = cv2.resize(small, None, fx=8, fy=8, interpolation=cv2.INTER_CUBIC)
    noise = [rng.integers(0, 5, (fmt.height, fmt.width), np.uint8) for _ in range(4)]
    return [scene[i : i + fmt.height, i * 6 : i * 6 + fmt.width] + noise[i % 4] for i in range(count)]


class Server(threading.Thread):
    """Takes every PUT."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.port = 0
        self.ready = threading.Event()
        self.start()
        self.ready.wait()

    def run(self) -> None:
        async def take(request: web.Request) -> web.Response:
            await request.read()
            return web.Response(status=201)

        async def serve() -> None:
            app = web.Application(client_max_size=1 << 30)
            app.router.add_put("/{name:.*}", take)
            runner = web.AppRunner(app)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self.port = site._server.sockets[0].getsockname()[1]
            self.ready.set()
            await asyncio.Event().wait()

        asyncio.run(serve())


def child(verb: str, config: dict[str, object], events: list[dict[str, object]]) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-m", "console", verb],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    process.stdin.write(json.dumps(config).encode() + b"\n")
    process.stdin.flush()
    threading.Thread(target=lambda: events.extend(map(json.loads, process.stdout)), daemon=True).start()
    return process


def measure(fmt: Format, preset: str, seconds: float, bitrate_kbps: int) -> dict[str, object]:
    rate = fmt.rate
    planes = pictures(fmt)
    server = Server()
    with tempfile.TemporaryDirectory() as folder:
        ring_path = create_ring(
            Path(folder) / "ring", fmt.width, fmt.height, slots=round(rate.fps * 1.25), samples=rate.samples_max
        )
        ring = RingWriter(ring_path)
        log = f"{folder}/log"
        said: list[dict[str, object]] = []
        sent: list[dict[str, object]] = []
        config = {"ring": str(ring_path), "format": str(fmt), "log": log, "preset": preset, "hardware": False}
        encoder = child("_encoder", config | {"bitrate_kbps": bitrate_kbps}, said)
        url = f"http://127.0.0.1:{server.port}/ingest/bench"
        uplink = child("_uplink", {"url": url, "log": log, "cursor": f"{folder}/cursor", "format": str(fmt)}, sent)
        first = frame = rate.frame_at_ns(time.time_ns())
        begun = time.monotonic_ns()
        marks: dict[str, float] = {}
        warm_up = 2.0
        while (elapsed := (frame - first) / rate.fps) < warm_up + seconds:
            if elapsed >= warm_up and not marks:
                marks = {
                    "wall": time.monotonic(),
                    "encoder": cpu_seconds(encoder.pid),
                    "uplink": cpu_seconds(uplink.pid),
                }
            picture, sound = ring.begin()
            np.copyto(picture.y, planes[frame % len(planes)])
            picture.u.fill(110)
            picture.v.fill(140)
            count = rate.samples(frame)
            sound[:count] = tone.tone(5, rate.first_sample(frame), count)
            now = time.monotonic_ns()
            ring.publish(due_ns=now, now_ns=now, frame=frame, samples=count)
            frame += 1
            time.sleep(max(0.0, (begun + rate.start_ns(frame - first) - time.monotonic_ns()) / 1e9))
        wall = time.monotonic() - marks["wall"]
        shares = {
            "encoder": (cpu_seconds(encoder.pid) - marks["encoder"]) / wall,
            "uplink": (cpu_seconds(uplink.pid) - marks["uplink"]) / wall,
        }
        for process in (encoder, uplink):
            process.stdin.close()
            process.wait(15)
        ring.close()
        last = [event for event in said if event["event"] == "log"][-1]
        return {
            "format": str(fmt),
            "preset": preset,
            "encoder_cores": round(shares["encoder"], 3),
            "uplink_cores": round(shares["uplink"], 3),
            "frames": last["frames"],
            "missing_frames": last["missing_frames"],
            "mbit_per_s": round(last["bytes"] * 8 * rate.fps / last["frames"] / 1e6, 2),
            "acked": sent[-1]["acked"],
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--format", nargs="+", default=["720p50", "1080p50"])
    parser.add_argument("--preset", nargs="+", default=["ultrafast", "superfast"])
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--bitrate", type=int, default=6000, help="kbit/s")
    args = parser.parse_args()
    for name in args.format:
        for preset in args.preset:
            print(json.dumps(measure(parse_format(name), preset, args.seconds, args.bitrate)), flush=True)


if __name__ == "__main__":
    main()

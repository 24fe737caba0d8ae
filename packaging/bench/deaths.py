#!/usr/bin/env python3
"""What it costs when a process is killed on air: the demo's eight cameras, kill -9, and what the log says. POSIX.

    .venv/bin/python packaging/bench/deaths.py [--format 720p50]

Kills, in turn, a source host off air, the encoder, and the engine of a running headless demo, and a desk that looks at
it (when there is a screen). Prints when each was seen back (a host and the encoder report
once a second, so theirs is up to a second late) and how many program frames are missing because of it.
That the engine comes back with the same program, preview and sources is in tests/engine/test_deaths.py.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import checkout  # noqa: F401

from console.wire.client import get
from console.wire.place import Address, parse_address


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--format", default="720p50")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        os.environ["PODIUM_RUNTIME"] = directory
        command = [sys.executable, "-m", "console", "demo", "--headless", "--format", args.format]
        demo = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            address = engine_of(demo)
            wait(
                address, lambda s: all(x["state"] == "live" for x in s["sources"].values()) and s["log"]["frames"] > 200
            )
            if os.environ.get("DISPLAY"):
                kill_desk(address)
            spare = next(name for name in get(address, "/status")["sources"] if name not in on_air(address))
            kill(address, f"source:{spare}", lambda before, now: fresh_host(spare, before, now))
            kill(address, "encoder", lambda before, now: now["log"]["last_frame"] > before["frame"] + 1)
            kill(address, "engine", lambda before, now: now["on_air"] and 0 < now["frames"] < before["frames"])
        finally:
            demo.send_signal(signal.SIGINT)
            demo.communicate(timeout=60)


def engine_of(demo: subprocess.Popen[str]) -> Address:
    assert demo.stdout is not None
    for line in demo.stdout:
        if match := re.search(r"engine (\S+:\d+)", line):
            return parse_address(match[1])
    raise SystemExit("The demo did not start")


def wait(address: Address, true: Callable[[dict[str, Any]], bool], seconds: float = 30.0) -> dict[str, Any]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        status = get(address, "/status")
        if true(status):
            return status
        time.sleep(0.01)
    raise SystemExit("waited in vain")


def on_air(address: Address) -> set[str]:
    status = get(address, "/status")
    return {status["program"], status["preview"]}


def settled_missing(address: Address) -> int:
    """Missing frames, once the encoder has reported twice more."""
    frames = get(address, "/status")["log"]["frames"]
    return int(wait(address, lambda s: s["log"]["frames"] > frames + 100)["log"]["missing_frames"])


def fresh_host(source: str, before: dict[str, Any], now: dict[str, Any]) -> bool:
    """Whether a new host of the source has reported pictures of its own."""
    old, new = before["sources"][source], now["sources"][source]
    return new["state"] == "live" and 0 < new["decoded"] < old["decoded"] and new["age_ms"] < 100


def kill(address: Address, name: str, back: Callable[[dict[str, Any], dict[str, Any]], bool]) -> None:
    missing = settled_missing(address)
    before = get(address, "/status")
    pid = before["processes"][name]
    os.kill(pid, signal.SIGKILL)
    begun = time.monotonic()
    wait(address, lambda s: s["processes"].get(name) not in (None, pid) and back(before, s))
    away = time.monotonic() - begun
    lost = settled_missing(address) - missing
    print(f"{name:14} killed: seen back after {away:.2f} s, {lost} program frames missing in the log", flush=True)


def kill_desk(address: Address) -> None:
    missing = settled_missing(address)
    desk = subprocess.Popen([sys.executable, "-m", "console", "desk", "--engine", str(address)])
    settled_missing(address)
    desk.kill()
    desk.wait()
    print(f"{'desk':14} killed: {settled_missing(address) - missing} program frames missing in the log", flush=True)


if __name__ == "__main__":
    main()

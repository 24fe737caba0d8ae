"""What the desk costs: processor time of its process while it shows 8 moving tiles at 25 frames per second.

    .venv/bin/python packaging/bench/desk_cost.py [--sources 8] [--size 1920x1080] [--seconds 5] [--runs 5]

Starts an Xvfb, the tests' stand-in for an engine (720p rings, filled 25 times a second by another process), and the
real desk; reads the desk's user and system time from /proc. Prints each run and the median, in percent of one core,
and how long the window took to come up. Linux only.
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
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def start_display(size: str) -> tuple[subprocess.Popen[bytes], str]:
    read, write = os.pipe()
    xvfb = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{size}x24", "-nolisten", "tcp"],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as number:
        return xvfb, f":{number.readline().strip()}"


def window_is_up(environment: dict[str, str]) -> bool:
    found = subprocess.run(
        ["xdotool", "search", "--onlyvisible", "--name", "Podium"], env=environment, capture_output=True, check=False
    )
    return found.returncode == 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", type=int, default=8)
    parser.add_argument("--size", default="1920x1080")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    children: list[subprocess.Popen[bytes]] = []
    with tempfile.TemporaryDirectory() as home:
        try:
            xvfb, display = start_display(args.size)
            children.append(xvfb)
            environment = os.environ | {
                "DISPLAY": display, "PYTHONPATH": str(ROOT), "PODIUM_RUNTIME": f"{home}/run", "XDG_CONFIG_HOME": home,
                "XDG_STATE_HOME": home, "XDG_DATA_HOME": home, "QT_QPA_PLATFORM": "xcb",
            }  # fmt: skip
            port = free_port()
            fake = [sys.executable, str(ROOT / "tests/desk/fake_engine.py"), "--port", str(port)]
            engine = subprocess.Popen([*fake, "--sources", str(args.sources)], env=environment, stdout=subprocess.PIPE)
            children.append(engine)
            assert engine.stdout is not None
            engine.stdout.readline()
            started = time.monotonic()
            desk = subprocess.Popen(
                [sys.executable, "-m", "console", "desk", "--engine", f"127.0.0.1:{port}"], env=environment
            )
            children.append(desk)
            while not window_is_up(environment) and time.monotonic() - started < 20:
                time.sleep(0.02)
            up_s = time.monotonic() - started
            time.sleep(4)
            costs = []
            for _ in range(args.runs):
                before, at = cpu_seconds(desk.pid), time.monotonic()
                time.sleep(args.seconds)
                costs.append(100 * (cpu_seconds(desk.pid) - before) / (time.monotonic() - at))
            print(json.dumps({
                "window_up_s": round(up_s, 2), "sources": args.sources, "size": args.size,
                "percent_of_a_core": [round(cost, 1) for cost in costs], "median": round(statistics.median(costs), 1),
                "load": os.getloadavg()[0],
            }))  # fmt: skip
        finally:
            for child in reversed(children):
                child.terminate()
                child.wait(10)
    return 0


if __name__ == "__main__":
    sys.exit(main())

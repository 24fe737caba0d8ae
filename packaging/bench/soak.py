#!/usr/bin/env python3
"""A long show: is memory flat, does every frame arrive, is anything left behind? Linux (reads /proc).

    .venv/bin/python packaging/bench/soak.py [--minutes 30] [--format 720p50] [--json FILE]

Runs `podium demo --headless` for that long and samples every process of it twice a minute: resident memory that is its
own (rings are shared and not counted), threads, open files, CPU seconds. Memory is flat when no process grew by more
than 2 % and 4 MB between the first fifth (start-up left out) and the last. At the end: the demo's own verdict on what
was delivered, and every process, ring and runtime file that is still there (there should be none).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import checkout  # noqa: F401

TICKS = os.sysconf("SC_CLK_TCK")
EVERY_SECONDS = 30


def family(root: int) -> dict[int, str]:
    """Every process descended from `root`, with the verb it runs."""
    parents, names = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                stat = (entry / "stat").read_text().rpartition(")")[2].split()
                arguments = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            pid = int(entry.name)
            parents[pid] = int(stat[1])
            verbs = [part.decode() for part in arguments[1:] if part and not part.startswith(b"-")]
            names[pid] = verbs[1] if verbs[:1] == ["console"] and len(verbs) > 1 else Path(arguments[0].decode()).name
    known = {root}
    while more := {pid for pid, parent in parents.items() if parent in known} - known:
        known |= more
    return {pid: names.get(pid, "?") for pid in known if pid in names}


def sample(pid: int) -> dict[str, float] | None:
    """One process now."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        files = len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return None
    own_kb = sum(
        int(line.split()[1]) for line in rollup.splitlines() if line.startswith(("Private_Dirty", "Private_Clean"))
    )
    cpu = (int(stat[11]) + int(stat[12])) / TICKS
    return {"memory_mb": own_kb / 1024, "threads": int(stat[17]), "files": files, "cpu_s": cpu}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--format", default="720p50")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    seconds = round(args.minutes * 60)
    with tempfile.TemporaryDirectory() as directory:
        report = Path(directory) / "report.json"
        environment = os.environ | {"PODIUM_RUNTIME": f"{directory}/runtime"}
        demo = subprocess.Popen(
            [sys.executable, "-m", "console", "demo", "--headless", "--format", args.format,
             "--seconds", str(seconds), "--report", str(report)],
            env=environment,
        )  # fmt: skip
        rows: dict[tuple[int, str], list[dict[str, float]]] = defaultdict(list)
        while demo.poll() is None:
            for pid, name in family(demo.pid).items():
                if (row := sample(pid)) is not None:
                    rows[pid, name].append(row)
            try:
                demo.wait(EVERY_SECONDS)
            except subprocess.TimeoutExpired:
                continue
        time.sleep(2)
        left = [f"{name} ({pid})" for pid, name in rows if Path(f"/proc/{pid}").exists()]
        left += [str(path) for path in Path(directory, "runtime").rglob("*") if path.is_file()]
        verdict = json.loads(report.read_text()) if report.exists() else {}
    result = {
        "minutes": args.minutes,
        "exit": demo.returncode,
        "left_behind": left,
        "verdict": verdict,
        "processes": [],
    }
    for (pid, name), samples in sorted(rows.items(), key=lambda item: item[0][1]):
        if len(samples) >= 10:
            result["processes"].append(judge(name, pid, samples[1:]))
    grown = [row["name"] for row in result["processes"] if not row["flat"]]
    for row in result["processes"]:
        print(
            f"{row['name']:10} {row['first_mb']:7.1f} -> {row['last_mb']:7.1f} MB  "
            f"threads {row['threads']}  files {row['files']}  {'flat' if row['flat'] else 'GREW'}"
        )
    keys = ("frames_due", "frames_delivered", "lost", "doubled", "out_of_order", "late_ticks", "av_offset_ms")
    print(", ".join(f"{key} {verdict.get(key)}" for key in keys))
    print(f"left behind: {', '.join(left) or 'nothing'}; grew: {', '.join(grown) or 'nothing'}")
    if args.json:
        args.json.write_text(json.dumps(result, indent=2))
    return 1 if grown or left or demo.returncode else 0


def judge(name: str, pid: int, samples: list[dict[str, float]]) -> dict[str, object]:
    """Compare a process's first fifth with its last."""
    fifth = max(1, len(samples) // 5)
    first = statistics.median(row["memory_mb"] for row in samples[:fifth])
    last = statistics.median(row["memory_mb"] for row in samples[-fifth:])
    ranges = {
        key: f"{min(r[key] for r in samples):.0f}..{max(r[key] for r in samples):.0f}" for key in ("threads", "files")
    }
    return {"name": name, "pid": pid, "first_mb": first, "last_mb": last, "samples": len(samples),
            "cpu_s": samples[-1]["cpu_s"], "flat": last - first <= max(4.0, first * 0.02), **ranges}  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())

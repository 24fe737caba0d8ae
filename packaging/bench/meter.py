"""What processes cost: processor time of whole trees, their memory, and what the rest of the machine does. Linux."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from checkout import ROOT

from console import __version__

_TICKS = os.sysconf("SC_CLK_TCK")
_MEMORY_EVERY_S = 4.0


class _Process(NamedTuple):
    parent: int
    cpu_s: float
    """Its own and that of the children it has waited for."""


def processes() -> dict[int, _Process]:
    """Every process now."""
    table = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
            except OSError:
                continue
            table[int(entry.name)] = _Process(int(fields[1]), sum(map(int, fields[11:15])) / _TICKS)
    return table


def tree(root: int, table: Mapping[int, _Process]) -> set[int]:
    """A process and all that descend from it, as far as they live."""
    known = {root}
    while more := {pid for pid, process in table.items() if process.parent in known} - known:
        known |= more
    return known & table.keys()


def role(pid: int) -> str:
    """What a process of ours is: `source`, `engine`, `encoder`, `uplink`; `supervisor` for `podium engine` itself."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return "?"
    verb = next((word for before, word in pairwise(words) if before == "console"), "?")
    return "supervisor" if verb == "engine" else verb.removeprefix("_")


@dataclass(frozen=True)
class Sample:
    """Processor seconds used so far."""

    at_s: float
    groups: dict[str, float]
    """By the names that the meter was given."""
    roles: dict[str, float]
    """The first group's, by role."""
    busy_s: float
    """The whole machine's."""
    stolen_s: float
    """What the machine below took away."""


class Meter:
    """Reads named groups of process trees; `groups()` gives the roots of each, the measured one first.

    A process that belongs to two groups counts for the first.
    """

    def __init__(self, groups: Callable[[], dict[str, list[int]]]) -> None:
        self._groups = groups

    def sample(self) -> Sample:
        """All counts now."""
        with open("/proc/stat", encoding="ascii") as file:
            user, nice, system, _idle, _iowait, irq, softirq, stolen = map(int, file.readline().split()[1:9])
        table = processes()
        members: dict[str, set[int]] = {}
        taken: set[int] = set()
        for name, roots in self._groups().items():
            members[name] = {pid for root in roots for pid in tree(root, table)} - taken
            taken |= members[name]
        roles: dict[str, float] = defaultdict(float)
        for pid in next(iter(members.values())):
            roles[role(pid)] += table[pid].cpu_s
        groups = {name: sum(table[pid].cpu_s for pid in pids) for name, pids in members.items()}
        busy = (user + nice + system + irq + softirq) / _TICKS
        return Sample(time.monotonic(), groups, dict(roles), busy, stolen / _TICKS)


def cores(first: Sample, last: Sample) -> dict[str, object]:
    """Cores used between two samples: by group, by role, by others than the groups, and stolen."""
    passed = last.at_s - first.at_s
    groups = {name: (last.groups[name] - first.groups.get(name, 0.0)) / passed for name in last.groups}
    roles = {name: round((s - first.roles.get(name, 0.0)) / passed, 4) for name, s in sorted(last.roles.items())}
    others = (last.busy_s - first.busy_s) / passed - sum(groups.values())
    return {
        "cores": {name: round(value, 3) for name, value in groups.items()},
        "cores_by_role": roles,
        "others_cores": round(max(0.0, others), 3),
        "stolen_cores": round((last.stolen_s - first.stolen_s) / passed, 3),
    }


def memory_mb(root: int, rings: Path) -> dict[str, float]:
    """Memory of a tree: each process's share of what is mapped (PSS) by role, and the rings in memory, whole.

    Rings are counted as files: a slot that nobody has read yet is in memory all the same. All in MB (10^6 bytes).
    """
    own: Counter[str] = Counter()
    for pid in tree(root, processes()):
        try:
            rows = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
        except OSError:
            continue
        kb = {name: int(rest.split()[0]) for name, _, rest in (row.partition(":") for row in rows)}
        own[role(pid)] += kb.get("Pss_Anon", 0) + kb.get("Pss_File", 0)
    files = sum(path.stat().st_blocks * 512 for path in rings.glob("*") if path.is_file()) / 1e6
    by_role = {name: round(kb * 1024 / 1e6, 1) for name, kb in sorted(own.items())}
    return {"total": round(sum(by_role.values()) + files, 1), "rings": round(files, 1), **by_role}


class MemoryWatch:
    """Keeps the largest `memory_mb` that was seen, looking every few seconds."""

    def __init__(self, root: int, rings: Path) -> None:
        self._root, self._rings = root, rings
        self.peak: dict[str, float] = {"total": 0.0}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="memory", daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._ended.wait(_MEMORY_EVERY_S):
            self.look()

    def look(self) -> None:
        """Look once more."""
        now = memory_mb(self._root, self._rings)
        if now["total"] > self.peak["total"]:
            self.peak = now

    def close(self) -> None:
        """Look no more."""
        self._ended.set()
        self._thread.join()


def udp_drops(ports: list[int]) -> int:
    """Datagrams for these ports that the system has thrown away because a socket's buffer was full."""
    dropped = 0
    for row in Path("/proc/net/udp").read_text().splitlines()[1:]:
        fields = row.split()
        if int(fields[1].rpartition(":")[2], 16) in ports:
            dropped += int(fields[-1])
    return dropped


def machine() -> dict[str, Any]:
    """What this was measured on."""
    cpu = next(
        (r.partition(":")[2].strip() for r in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in r),
        platform.machine(),
    )
    total_kb = int(Path("/proc/meminfo").read_text().split()[1])
    return {
        "cpu": cpu,
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(total_kb * 1024 / 1e9, 1),
        "system": f"{_os_name()}, Linux {platform.release()}",
        "python": sys.version.split()[0],
        "podium": __version__,
        "commit": _first_line(["git", "-C", str(ROOT), "describe", "--always", "--dirty"]),
        "av": version("av"),
        "numpy": version("numpy"),
        "ffmpeg": _first_line(["ffmpeg", "-version"]).removeprefix("ffmpeg version ").split(" Copyright")[0],
        "udp_buffer_max_bytes": int(Path("/proc/sys/net/core/rmem_max").read_text()),
        "load": [round(value, 2) for value in os.getloadavg()],
    }


def _os_name() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    except OSError:
        return "Linux"


def _first_line(command: list[str]) -> str:
    if shutil.which(command[0]) is None:
        return "none"
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout.splitlines() or [""])[0]

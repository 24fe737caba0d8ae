"""The demo's report: what was due, what was delivered, and what helps an engineer to see why."""

from __future__ import annotations

import contextlib
import os
import platform
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from console import __version__
from console.demo.clips import Clips
from console.demo.director import Take
from console.media.time import Format
from console.outputs.log import ProgramLog
from console.probe.judge import judge
from console.probe.verdict import Verdict

_MIX_NEAR_FRAMES = 2
"""How many pictures in the middle of a mix may be too even to be read."""
_PACKAGES = ("av", "numpy", "opencv-python-headless", "aiohttp", "PySide6-Essentials")


def cpu_and_memory(pid: int) -> dict[str, float] | None:
    """Processor seconds and the peak memory of a process (Linux); None elsewhere."""
    with contextlib.suppress(OSError, IndexError, ValueError):
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        ticks = int(fields[11]) + int(fields[12])
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
        peak = next((line.split()[1] for line in lines if line.startswith("VmHWM")), "0")
        return {"cpu_s": round(ticks / os.sysconf("SC_CLK_TCK"), 2), "peak_mb": round(int(peak) / 1024, 1)}
    return None


def machine() -> dict[str, Any]:
    """What it ran on."""
    found: dict[str, Any] = {
        "system": platform.platform(), "processor": _processor(), "cores": os.cpu_count(),
        "python": platform.python_version(), "podium": __version__,
    }  # fmt: skip
    for package in _PACKAGES:
        with contextlib.suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


def _processor() -> str:
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError):
            for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def make_report(
    form: Format,
    clips: Clips,
    log_dir: Path,
    archive: Path,
    takes: Sequence[Take],
    status: dict[str, Any],
    processes: dict[str, Any],
) -> dict[str, Any]:
    """Read the delivered stream back and judge it. Raises ConsoleError when it can't be read."""
    program = ProgramLog(log_dir)
    first, last = program.first_frame, program.last_frame
    due = last - first + 1 if first is not None and last is not None else 0
    verdict = judge(archive, rate=form.rate, source_rate=clips.format.rate, loop_frames=clips.frames)
    late = _missing_at_the_ends(verdict, first, last)
    cuts = [take for take in takes if not take.mix_frames]
    mixes = [take for take in takes if take.mix_frames]
    report: dict[str, Any] = {
        "format": str(form),
        "seconds": round(due / form.rate.fps, 3),
        "frames_due": due,
        "frames_delivered": verdict.pictures,
        "lost": verdict.lost + late,
        "doubled": verdict.doubled,
        "skipped": verdict.skipped,
        "out_of_order": verdict.out_of_order,
        "late_ticks": status.get("late_ticks"),
        "av_offset_ms": verdict.av_offset_ms,
        "cuts": len(cuts),
        "cuts_exact": sum(is_exact(take, verdict) for take in cuts),
        "mixes": len(mixes),
        "mixes_exact": sum(is_exact(take, verdict) for take in mixes),
        "missing_in_log": program.missing_frames,
    }
    report["faults"] = faults(report, verdict)
    report["takes"] = [{"frame": t.frame, "from": t.before, "to": t.after, "mix_frames": t.mix_frames} for t in takes]
    report |= {"machine": machine(), "status": status, "processes": processes, "verdict": verdict.to_json()}
    return report


def _missing_at_the_ends(verdict: Verdict, first: int | None, last: int | None) -> int:
    """Program frames before the first and after the last that was delivered."""
    if first is None or last is None:
        return 0
    if verdict.first_frame is None or verdict.last_frame is None:
        return last - first + 1
    return max(0, verdict.first_frame - first) + max(0, last - verdict.last_frame)


def is_exact(take: Take, verdict: Verdict) -> bool:
    """Whether a take is to be seen at the very frame that was promised, with no unreadable picture for a cut.

    In a mix the code strips are mixed too, and the one that outweighs is read: the source changes in its middle.
    """
    change = (_number(take.before), _number(take.after))
    middle = take.frame + take.mix_frames // 2
    near = _MIX_NEAR_FRAMES if take.mix_frames else 0
    return any(
        (cut.before, cut.after) == change and abs(cut.frame - middle) <= near and cut.unreadable <= near
        for cut in verdict.cuts
    )


def _number(source: str) -> int:
    return int(source.removeprefix("cam"))


def faults(report: dict[str, Any], verdict: Verdict) -> list[str]:
    """What is wrong, one phrase each; empty when nothing is."""
    found = list(verdict.faults())
    if report["lost"] > verdict.lost:
        found.append(f"{report['lost'] - verdict.lost} program frames never arrived")
    if report["missing_in_log"]:
        found.append(f"{report['missing_in_log']} frames are missing in the program log")
    if report["late_ticks"]:
        found.append(f"{report['late_ticks']} ticks were late")
    if report["av_offset_ms"] is None:
        found.append("no sound could be measured against the picture")
    for kind in ("cuts", "mixes"):
        if report[kind] != report[f"{kind}_exact"]:
            found.append(f"{report[kind] - report[f'{kind}_exact']} of {report[kind]} {kind} not at the frame promised")
    return found

"""`podium demo`: a venue with eight cameras, an engine, an endpoint and the desk, in one command."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from console.demo.clips import Clips, cache_dir, find, make
from console.demo.director import Director
from console.demo.report import cpu_and_memory, make_report
from console.demo.stage import Stage
from console.errors import ConsoleError, UsageError
from console.media.clock import Clock, SystemClock
from console.media.time import Format, flicks_to_ns, parse_format

EXAMPLE = """examples:
  podium demo
  podium demo --headless --format 720p50 --seconds 60 --report verdict.json"""
_TURN_NS = 100_000_000
_SAY_NS = 5_000_000_000
_SETTLE_NS = 500_000_000
_LONGEST_SECONDS = 7 * 86_400


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument("--headless", action="store_true", help="no window: the demo cuts by itself")
    parser.add_argument("--seconds", type=float, metavar="N", help="end by itself after N seconds on air")
    parser.add_argument("--format", default="720p50", metavar="F", help="picture format (default 720p50)")
    parser.add_argument(
        "--report",
        type=Path,
        metavar="FILE",
        help="cut by itself, judge the delivered stream, write the verdict (JSON)",
    )
    parser.add_argument("--cache", type=Path, metavar="DIR", help="where the venue's clips are kept")


def run(args: argparse.Namespace) -> int:
    """Run the demo: 0 when all went well, 1 when the delivered stream is not clean. Raises ConsoleError."""
    try:
        form = parse_format(args.format)
    except ValueError as error:
        raise UsageError(str(error)) from error
    if args.seconds is not None and not 1 <= args.seconds <= _LONGEST_SECONDS:
        raise UsageError(f"--seconds {args.seconds:g} makes no sense", "Give 1 or more")
    if args.report is not None:
        _check_writable(args.report)
    for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        signal.signal(number, _interrupt)
    clock = SystemClock()
    headless = args.headless or not _has_screen()
    if headless and not args.headless:
        _say("There is no screen: the demo runs without the desk, as with --headless.")
    clips = _clips(args.cache or cache_dir(), form, clock)
    return perform(Plan(form, clips, headless, args.seconds, args.report), clock)


@dataclass(frozen=True)
class Plan:
    """What is to be done."""

    form: Format
    clips: Clips
    headless: bool
    seconds: float | None = None
    """How long to be on air; None until the user ends it."""
    report: Path | None = None

    @property
    def cuts_by_itself(self) -> bool:
        """Whether nobody else is there to cut, or the cuts are judged."""
        return self.headless or self.report is not None

    @property
    def judges(self) -> bool:
        """Whether the delivered stream is read back in the end."""
        return self.report is not None or (self.headless and self.seconds is not None)


def _interrupt(number: int, frame: object) -> None:  # noqa: ARG001
    raise KeyboardInterrupt


def _say(text: str) -> None:
    print(text, flush=True)


def _has_screen() -> bool:
    if not sys.platform.startswith("linux"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


def _check_writable(path: Path) -> None:
    try:
        with open(path, "a", encoding="utf-8"):
            pass
    except OSError as error:
        raise ConsoleError(
            f"The report {path} can't be written: {error.strerror}", "Choose another with --report"
        ) from error


def _clips(directory: Path, form: Format, clock: Clock) -> Clips:
    """The clips from the cache, or made now, with progress on the terminal."""
    if found := find(directory, form):
        return found
    _say(f"Drawing the venue for {form}, once; it is kept in {directory}")
    begun = said = clock.now()
    live = sys.stdout.isatty()

    def progress(done: int, total: int) -> None:
        nonlocal said
        now = clock.now()
        if now - said < (_TURN_NS if live else _SAY_NS) and done < total:
            return
        said = now
        rate = done / max((now - begun) / 1e9, 1e-3)
        left = (total - done) / max(rate, 1e-3)
        line = f"  {done * 100 // total:3d} %  {done} of {total} pictures, {rate:.0f} per second, {left:.0f} s left"
        print(f"\r{line}  " if live else line, end="" if live else "\n", flush=True)

    clips = make(directory, form, progress)
    if live:
        print()
    _say(f"Drawn in {(clock.now() - begun) / 1e9:.0f} s")
    return clips


def perform(plan: Plan, clock: Clock) -> int:
    """Do it; the exit status. Raises ConsoleError."""
    stage = Stage(plan.form, plan.clips, clock)
    clean = False
    try:
        director, status, processes = _on_air(plan, stage, clock)
        clean = not plan.judges or _judge(plan, stage, director, status, processes)
    except KeyboardInterrupt:
        clean = True
    finally:
        stage.end()
        if clean:
            stage.remove()
        else:
            _say(f"What the demo recorded is kept in {stage.directory}")
    return 0 if clean else 1


def _on_air(plan: Plan, stage: Stage, clock: Clock) -> tuple[Director, dict[str, Any], dict[str, Any]]:
    """From the first process to the last program frame. Ctrl-C ends it early, in order."""
    stage.begin()
    status = stage.wait_on_air()
    first = int(status["log"]["first_frame"])
    _say(f"On air: {plan.form}, engine {stage.engine}")
    _say(f"  the delivered program: {stage.watch_url}")
    if not plan.headless:
        stage.open_desk()
        _say(f"  the desk: opening; another one: podium desk --engine {stage.engine}")
    if plan.seconds is None:
        _say("  Ctrl-C ends the demo")
    director = Director(stage.engine, list(status["sources"]))
    try:
        _follow(plan, stage, director, first, clock)
    except KeyboardInterrupt:
        if not plan.judges:
            raise
    status = stage.status()
    processes = {name: cpu_and_memory(process.pid) for name, process in stage.processes.items()}
    processes |= {name: pid and cpu_and_memory(pid) for name, pid in status["processes"].items()}
    stage.end()
    return director, status, processes


def _follow(plan: Plan, stage: Stage, director: Director, first: int, clock: Clock) -> None:
    """Watch over the show, and cut, until its time is over."""
    rate = plan.form.rate
    seconds_ns = flicks_to_ns(rate.frame_flicks)
    said = clock.now()
    act_at = 0
    while True:
        stage.check()
        if stage.desk_closed():
            return
        status = stage.status()
        stage.follow(status)
        now = clock.now()
        on_air_ns = (int(status["frame"]) - first + 1) * seconds_ns
        if plan.seconds is not None and on_air_ns >= plan.seconds * 1e9:
            return
        if not act_at and all(source["state"] == "live" for source in status["sources"].values()):
            act_at = now + _SETTLE_NS
        if plan.cuts_by_itself and act_at and now >= act_at:
            act_at = now + director.act()
        if plan.cuts_by_itself and now - said >= _SAY_NS:
            said = now
            _say(_state_line(on_air_ns, status, len(director.takes)))
        clock.wait_until(now + _TURN_NS)


def _state_line(on_air_ns: int, status: dict[str, Any], takes: int) -> str:
    live = sum(source["state"] == "live" for source in status["sources"].values())
    acked = sum(int(output.get("acked") or 0) for output in status["outputs"].values())
    return (
        f"  {on_air_ns / 1e9:5.0f} s on air, program {status.get('program')}, {takes} takes, "
        f"{live} of {len(status['sources'])} cameras live, {status.get('late_ticks')} ticks late, {acked} frames there"
    )


def _judge(plan: Plan, stage: Stage, director: Director, status: dict[str, Any], processes: dict[str, Any]) -> bool:
    """Judge, write the report, say the verdict."""
    _say("Reading the delivered stream back ...")
    report = make_report(plan.form, plan.clips, stage.log_dir, stage.archive, director.takes, status, processes)
    if plan.report is not None:
        try:
            plan.report.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        except OSError as error:
            raise ConsoleError(f"The report {plan.report} can't be written: {error.strerror}") from error
    _say(
        f"{report['frames_delivered']} of {report['frames_due']} frames delivered, {report['lost']} lost, "
        f"{report['doubled']} doubled, {report['out_of_order']} out of order, {report['late_ticks']} ticks late, "
        f"sound {report['av_offset_ms']} ms, {report['cuts_exact']} of {report['cuts']} cuts and "
        f"{report['mixes_exact']} of {report['mixes']} mixes exact"
    )
    if report["faults"]:
        print(f"podium: The delivered program is not clean: {'; '.join(report['faults'])}.", file=sys.stderr)
    return not report["faults"]

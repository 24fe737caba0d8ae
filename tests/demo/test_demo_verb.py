"""The whole demo, headless: every process real, the delivered stream judged, everything ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from console.demo.clips import Clips
from console.demo.director import Take
from console.demo.report import faults, is_exact
from console.demo.verb import Plan, perform
from console.media.clock import SystemClock
from console.media.time import parse_format
from console.probe.judging import judge_readings
from console.probe.verdict import Cut, Verdict

SMALL = parse_format("640x360p25")


def _podium(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "console", "demo", *arguments], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the demo makes its directories in this test."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setenv("PODIUM_RUNTIME", str(tmp_path / "runtime"))
    monkeypatch.setenv("TMPDIR", str(place))
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


@pytest.mark.expects_log
def test_what_is_delivered_is_what_was_on_air(
    clips: Clips,
    temporary: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    file = tmp_path / "verdict.json"
    status = perform(Plan(SMALL, clips, headless=True, seconds=7, report=file), SystemClock())
    report = json.loads(file.read_text())
    said = capsys.readouterr()
    assert "On air: 360p25" in said.out
    assert report["format"] == "360p25"
    assert report["frames_due"] >= 7 * 25
    assert report["frames_delivered"] == report["frames_due"]
    assert (report["lost"], report["out_of_order"], report["missing_in_log"]) == (0, 0, 0)
    assert report["cuts"] >= 1
    assert report["cuts_exact"] == report["cuts"] == len(report["takes"])
    assert report["machine"]["cores"] == os.cpu_count()
    assert {"venue", "cloud", "engine", "encoder", "source:cam1"} <= set(report["processes"])
    assert report["status"]["sources"]["cam8"]["in"] > 0
    told = report["status"]["graphics"]
    assert {name: one["state"] for name, one in told["tracking"].items()} == dict.fromkeys(
        ("freed", "opentrackio", "psn"), "receiving"
    )
    assert told["subjects"] == 8
    assert set(told["cameras"]) == {"cam1", "cam2", "cam5"}
    assert (told["troubles"], report["processes"]["graphics"]["cpu_s"] > 0) == ([], True)
    assert "record line was not started" not in caplog.text
    # On a busy machine a source may skip a picture or a tick be late: then it says so and keeps everything.
    assert status == (1 if report["faults"] else 0)
    assert ("not clean" in said.err) == bool(report["faults"])
    assert bool(list(temporary.glob("podium-demo-*"))) == bool(report["faults"])
    assert not list((tmp_path / "runtime").glob("demo-*"))


def test_ctrl_c_ends_everything(clips: Clips, temporary: Path, tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from console.demo.clips import find; from console.demo.verb import *;"
        "f = parse_format('640x360p25');"
        "sys.exit(perform(Plan(f, find(Path(sys.argv[1]), f, 8), True), SystemClock()))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(clips.files[0].parent.parent)], stdout=subprocess.PIPE, text=True
    ) as demo:
        assert demo.stdout is not None
        lines = []
        while not (lines and "Ctrl-C ends the demo" in lines[-1]):
            lines.append(demo.stdout.readline())
            assert lines[-1], "".join(lines)
        demo.send_signal(signal.SIGINT)
        assert demo.wait(40) == 0
    assert list(temporary.iterdir()) == []
    assert not list((tmp_path / "runtime").glob("demo-*"))


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("--format", "720p51"), 2, "The format '720p51' is not known"),
        (("--seconds", "0"), 2, "--seconds 0 makes no sense"),
        (("--seconds", "nan"), 2, "--seconds nan makes no sense"),
        (("--seconds", "soon"), 2, "invalid float value"),
        (("--headless", "--report", "/nowhere/r.json"), 1, "The report /nowhere/r.json can't be written"),
        (("--headless", "--cache", "/proc/nowhere"), 1, "can't be kept in /proc/nowhere"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(arguments: tuple[str, ...], status: int, words: str) -> None:
    answer = _podium(*arguments)
    assert answer.returncode == status
    assert words in answer.stderr
    assert answer.stderr.count("\n") == 1


def _verdict(*cuts: Cut) -> Verdict:
    verdict = judge_readings([])
    return Verdict(**{**verdict.__dict__, "cuts": cuts})


def test_a_cut_is_exact_at_the_promised_frame_alone() -> None:
    take = Take(1000, "cam1", "cam2")
    assert is_exact(take, _verdict(Cut(1000, 1, 2, 0)))
    assert not is_exact(take, _verdict(Cut(1001, 1, 2, 0)))
    assert not is_exact(take, _verdict(Cut(1000, 1, 3, 0)))
    assert not is_exact(take, _verdict(Cut(1000, 1, 2, 1)))
    assert not is_exact(take, _verdict())


def test_a_mix_changes_in_its_middle() -> None:
    take = Take(1000, "cam1", "cam2", 25)
    assert is_exact(take, _verdict(Cut(1012, 1, 2, 0)))
    assert is_exact(take, _verdict(Cut(1013, 1, 2, 1)))
    assert not is_exact(take, _verdict(Cut(1000, 1, 2, 0)))


def test_every_fault_is_named() -> None:
    report = {
        "lost": 3, "missing_in_log": 2, "late_ticks": 1, "av_offset_ms": None, "cuts": 4, "cuts_exact": 3,
        "mixes": 0, "mixes_exact": 0,
    }  # fmt: skip
    assert faults(report, _verdict()) == [
        "3 program frames never arrived",
        "2 frames are missing in the program log",
        "1 ticks were late",
        "no sound could be measured against the picture",
        "1 of 4 cuts not at the frame promised",
    ]

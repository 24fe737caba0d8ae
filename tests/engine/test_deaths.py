"""Processes that are killed while on air, and what it costs: measured on the program log, frame by frame."""

import itertools
import os
import signal
import subprocess
import sys

import pytest

from console.outputs.export import export
from console.outputs.log import ProgramLog
from console.probe.judge import judge
from tests.waiting import wait_for

SOURCES = ("--source", "cam1=pattern:", "--source", "cam2=pattern:")


@pytest.fixture
def engine(start_engine):
    running = start_engine(*SOURCES, form="360p50")
    running.live()
    return running


def frames_after(engine, count):
    """Wait until the log has that many more frames."""
    start = engine.status()["log"]["frames"]
    return engine.wait(lambda s: s["log"]["frames"] >= start + count)


def verdict_of(engine, tmp_path):
    engine.close()
    out = tmp_path / "program.mp4"
    export(engine.log_dir, out, None, None)
    return judge(out)


def missing(engine):
    log = ProgramLog(engine.log_dir)
    return sum(gap.frames for gap in log.gaps)


def test_a_source_host_that_is_killed_costs_no_frame_and_comes_back(engine, tmp_path):
    frames_after(engine, 25)
    pid = engine.kill("source:cam2")
    killed = engine.status()["frame"]
    status = engine.wait(
        lambda s: (
            s["processes"]["source:cam2"] not in (None, pid)
            and s["sources"]["cam2"]["state"] == "live"
            and s["sources"]["cam2"]["age_ms"] < 100
        )
    )
    assert (status["frame"] - killed) / 50 < 3.0
    engine.command("SetPreview", source="cam2")
    engine.command("Cut")
    frames_after(engine, 75)
    verdict = verdict_of(engine, tmp_path)
    assert (verdict.lost, missing(engine)) == (0, 0)
    assert [cut.after for cut in verdict.cuts] == [2]


def test_the_source_on_air_is_held_while_its_host_is_away(engine):
    frames_after(engine, 25)
    engine.kill("source:cam1")
    status = engine.wait(lambda s: s["sources"]["cam1"].get("restarts") == 1)
    assert status["program"] == "cam1"
    engine.wait(lambda s: s["sources"]["cam1"]["state"] == "live" and s["sources"]["cam1"]["age_ms"] < 100)
    engine.close()
    assert missing(engine) == 0


def test_an_encoder_that_is_killed_goes_on_where_the_log_ended(engine, tmp_path):
    frames_after(engine, 75)
    pid = engine.kill("encoder")
    status = engine.wait(lambda s: s["processes"]["encoder"] not in (None, pid))
    frames_after(engine, 100)
    assert status["late_ticks"] == engine.status()["late_ticks"]
    verdict = verdict_of(engine, tmp_path)
    gaps = missing(engine)
    assert gaps < 100, "back within two seconds"
    assert verdict.lost == gaps, "the log says exactly which frames are missing"
    assert verdict.doubled == 0


def test_the_engine_comes_back_with_what_was_on_air_and_the_log_knows_the_gap(engine, tmp_path):
    engine.command("SetPreview", source="cam2")
    engine.command("Cut")
    engine.command("AddSource", source="vt", url="pattern:?number=7", name="Clip")
    frames_after(engine, 75)
    before = engine.status()
    pid = engine.kill("engine")
    after = engine.wait(lambda s: s["on_air"] and s["processes"]["engine"] not in (None, pid) and s["frames"] > 10)
    assert (after["program"], after["preview"]) == (before["program"], before["preview"]) == ("cam2", "cam1")
    assert set(after["sources"]) == {"cam1", "cam2", "vt"}
    assert after["processes"]["source:cam1"] == before["processes"]["source:cam1"], "the hosts live on"
    frames_after(engine, 75)
    engine.close()
    gaps = ProgramLog(engine.log_dir).gaps
    assert len(gaps) == 1
    assert gaps[0].frames / 50 < 2.0
    out = tmp_path / "program.mp4"
    export(engine.log_dir, out, None, None)
    verdict = judge(out)
    assert verdict.lost == gaps[0].frames
    assert "Resumed" in [record["event"] for record in engine.journal()]


def test_when_the_supervisor_is_killed_nothing_is_left_running(engine):
    pids = [pid for pid in engine.status()["processes"].values() if pid]
    os.kill(engine.process.pid, signal.SIGKILL)
    engine.process.wait(5)

    def running(pid):
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
                return stat.read().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            return False

    wait_for(lambda: not any(map(running, pids)), 12)


def test_a_show_that_broke_off_is_resumed_by_the_next_start(engine, start_engine, tmp_path):
    engine.command("SetPreview", source="cam2")
    engine.command("Cut")
    os.kill(engine.process.pid, signal.SIGKILL)
    engine.process.wait(5)
    again = start_engine(*SOURCES, form="360p50", directory=tmp_path)
    status = again.wait(lambda s: s["on_air"] and s["program"])
    assert (status["program"], status["preview"]) == ("cam2", "cam1")
    again.close()
    third = start_engine(*SOURCES, form="360p50", directory=tmp_path)
    status = third.wait(lambda s: s["on_air"] and s["program"])
    assert (status["program"], status["preview"]) == ("cam1", "cam2"), "a show that ended in order begins anew"


def test_quit_leaves_nothing_behind(engine):
    pids = [engine.process.pid, *engine.status()["processes"].values()]
    command = [sys.executable, "-m", "console", "ctl", "--engine", str(engine.address), "quit"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    assert (done.returncode, done.stdout) == (0, '{"quit": true}\n')
    assert engine.process.wait(20) == 0
    assert not any(os.path.exists(f"/proc/{pid}") for pid in pids if pid)
    assert not (engine.run_dir / "rings").exists()
    assert engine.journal()[-1]["event"] == "Ended"


def test_takes_are_journalled_with_who_from_and_to(engine):
    engine.command("Cut", client="a test")
    takes = [record for record in engine.journal() if record.get("to")]
    assert [(take["from"], take["to"], take["client"]) for take in takes] == [("cam1", "cam2", "admin:a test")]


def test_ten_cuts_land_on_the_frames_that_were_named(engine, tmp_path):
    asked = []
    for _ in range(10):
        asked.append(engine.command("Cut")["frame"])
        engine.wait(lambda s, last=asked[-1]: s["frame"] > last + 13)
    frames_after(engine, 30)
    engine.close()
    out = tmp_path / "program.mp4"
    first = export(engine.log_dir, out, None, None)["first"]
    verdict = judge(out)
    assert [cut.frame + first for cut in verdict.cuts] == asked
    assert verdict.doubled == 0
    assert all(a.after == b.before for a, b in itertools.pairwise(verdict.cuts))

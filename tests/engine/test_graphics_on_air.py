"""A real engine with its graphics process: what stands in the world is on program with its camera, and when it dies."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest

from console.media.clock import SystemClock
from console.wire.client import Live
from console.wire.ring import RingReader
from tests.waiting import wait_for

TILTS_DEG = {"cam1": -4.0, "cam2": -12.0}
LINE = {
    "id": "line",
    "kind": "offside_line",
    "group": "line",
    "points_m": [[-20, 0, 0], [20, 0, 0]],
    "colour": "#ffffff",
}


class OnAir:
    """Two black sources, each with a fixed camera; so every pixel that is not black is graphics."""

    def __init__(self, engine):
        self.engine = engine
        messages = []
        self.live = Live(engine.address, messages.append, lambda *_: None)
        self.live.start()
        rings = wait_for(lambda: [m["snapshot"]["rings"] for m in messages if "snapshot" in m])[0]
        self.buses = {bus: RingReader(Path(rings[bus])) for bus in ("program", "preview", "clean")}

    def rows(self, bus="program", frame=None):
        """The rows that hold graphics, middle of all, in the newest picture or that of a frame; None without any."""
        ring = self.buses[bus]
        ring.ask(1, SystemClock().now())
        for info in reversed(list(ring.infos())):
            if frame is None or info.frame == frame:
                lit = np.flatnonzero((ring.picture(info.index).y > 40).any(axis=1))
                return float(lit.mean()) if len(lit) else None
        assert frame is None, f"frame {frame} is not in the ring"
        return None


@pytest.fixture(scope="module")
def on_air(_runtime, tmp_path_factory, free_port):
    from tests.engine.running import RunningEngine

    engine = RunningEngine(
        tmp_path_factory.mktemp("graphics"), free_port(), "--source", "cam1=black:", "--source", "cam2=black:"
    )
    assert engine.live()["graphics"] is None
    for source, tilt_deg in TILTS_DEG.items():
        engine.command("SetCamera", camera={"source": source, "position_m": [0, -20, 3], "tilt_deg": tilt_deg})
    engine.command("SetElement", element=LINE)
    engine.wait(lambda s: s["graphics"]["state"] == "running")
    made = OnAir(engine)
    yield made
    made.live.close()
    engine.close()


def test_a_line_in_the_world_is_on_program_and_preview_as_each_camera_sees_it(on_air):
    assert on_air.rows() is None
    on_air.engine.command("SetTracked", group="line", on=True)
    wait_for(lambda: on_air.rows() and on_air.rows("preview"))
    # The line lies on the ground 20 m before the cameras and 3 m below them: 8.5 degrees down.
    for bus, tilt_deg in (("program", TILTS_DEG["cam1"]), ("preview", TILTS_DEG["cam2"])):
        row = 180 + 640 * np.tan(np.radians(np.degrees(np.arctan2(3, 20)) + tilt_deg))
        wait_for(lambda bus=bus, row=row: abs(on_air.rows(bus) - row) < 2)
    assert on_air.rows("clean") is None


def test_every_cut_brings_picture_and_graphics_on_one_frame(on_air):
    on_air.engine.command("SetTracked", group="line", on=True)
    status = on_air.engine.wait(lambda s: s["program"] == "cam1")
    rows = {
        "cam1": wait_for(on_air.rows),
        "cam2": wait_for(lambda: on_air.rows("preview")),
    }
    assert abs(rows["cam1"] - rows["cam2"]) > 50
    for number in range(12):
        cut = on_air.engine.command("Cut")["frame"]
        wait_for(lambda cut=cut: on_air.buses["program"].newest().frame >= cut + 8)  # and no cut bounces
        before, after = ("cam1", "cam2") if number % 2 == 0 else ("cam2", "cam1")
        shown = [on_air.rows(frame=cut + step) for step in range(-2, 6)]
        assert shown == pytest.approx([rows[before]] * 2 + [rows[after]] * 6, abs=1)
    after = on_air.engine.status()
    assert after["late_ticks"] == status["late_ticks"]


def test_killed_it_leaves_program_clean_and_comes_back(on_air):
    on_air.engine.command("SetTracked", group="line", on=True)
    row = wait_for(on_air.rows)
    before = on_air.engine.status()
    os.kill(before["processes"]["graphics"], signal.SIGSTOP)  # its successor is there sooner than it is missed
    wait_for(lambda: on_air.rows() is None)
    on_air.engine.kill("graphics")
    status = on_air.engine.wait(lambda s: s["graphics"].get("restarts") and s["graphics"]["state"] == "running")
    wait_for(lambda: on_air.rows() == pytest.approx(row, abs=1))
    assert status["gap_frames"] == before["gap_frames"]
    on_air.engine.command("AllGraphicsOff")
    wait_for(lambda: on_air.rows() is None)

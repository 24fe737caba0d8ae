"""Keys, fades and the clean feed on a real engine, read from the rings as the desk does."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from console.media.clock import SystemClock
from console.wire.client import Live
from console.wire.ring import RingReader
from tests.waiting import wait_for


@pytest.fixture
def on_air(start_engine, tmp_path):
    logo = np.zeros((360, 640, 4), np.uint8)
    logo[40:80, 100:200] = (255, 255, 255, 255)
    cv2.imwrite(str(tmp_path / "logo.png"), logo)
    engine = start_engine("--source", "cam1=black:", "--source", f"logo={tmp_path / 'logo.png'}")
    engine.live()
    messages = []
    live = Live(engine.address, messages.append, lambda *_: None)
    live.start()
    rings = wait_for(lambda: [m["snapshot"]["rings"] for m in messages if "snapshot" in m])[0]
    yield engine, {bus: RingReader(Path(rings[bus])) for bus in ("program", "preview", "clean")}
    live.close()


def luma(reader, row, column):
    """The newest picture's luma at a place; asks for the bus, as a viewer does."""
    reader.ask(1, SystemClock().now())
    info = reader.newest()
    return None if info is None else int(reader.picture(info.index).y[row, column])


def test_a_key_is_on_program_and_not_on_clean(on_air):
    engine, buses = on_air
    engine.command("SetKeyer", keyer=1, source="logo")
    ack = engine.command("SetKeyerOnAir", keyer=1, on_air=True)
    wait_for(lambda: buses["program"].newest().frame >= ack["frame"])
    assert luma(buses["program"], 60, 150) == 235
    assert luma(buses["program"], 100, 150) == 16
    wait_for(lambda: luma(buses["clean"], 60, 150) is not None)
    assert luma(buses["clean"], 60, 150) == 16
    engine.wait(lambda s: s["tally"].get("logo") == "both")  # it is on preview, too
    engine.command("FadeToBlack", rate_frames=5)
    wait_for(lambda: luma(buses["program"], 60, 150) == 16)
    engine.wait(lambda s: s["fade"] == 1.0 and s["tally"].get("logo") == "preview")
    engine.command("FadeToBlack", black=False, rate_frames=5)
    wait_for(lambda: luma(buses["program"], 60, 150) == 235)


def test_a_still_lives_on_though_it_never_moves(on_air):
    engine, _ = on_air
    start = engine.status()["frame"]
    status = engine.wait(lambda s: s["frame"] > start + 25 * 4)
    assert status["sources"]["logo"]["state"] == "live"
    assert status["sources"]["cam1"]["state"] == "live"

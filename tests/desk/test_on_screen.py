"""The desk as its users start it: a process on an X screen, keys pressed by xdotool."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from console.desk.launch import answers
from console.errors import ConsoleError
from console.media.clock import SystemClock
from console.show.commands import SetPreview
from console.wire.client import ask
from console.wire.place import Address
from console.wire.tier import Tier
from tests.desk.fake_engine import FakeEngine
from tests.waiting import wait_for

XDOTOOL = shutil.which("xdotool")
needs_xdotool = pytest.mark.skipif(
    XDOTOOL is None and not sys.platform.startswith("linux"), reason="there is no xdotool on this system"
)
pytestmark = needs_xdotool


class Seat:
    """A desk's process on a screen."""

    def __init__(self, display: str, engine: Address, folder: Path) -> None:
        self.environment = os.environ | {
            "DISPLAY": display, "QT_QPA_PLATFORM": "xcb", "XDG_STATE_HOME": str(folder / "state"),
            "XDG_CONFIG_HOME": str(folder / "config"), "XDG_DATA_HOME": str(folder / "data"),
        }  # fmt: skip
        self.clock = SystemClock()
        self.started_ns = self.clock.now()
        self.errors = (folder / "errors.txt").open("w+")
        self.events = folder / "state" / "podium" / "log" / "desk.jsonl"
        command = [sys.executable, "-m", "console", "desk", "--engine", str(engine)]
        self.process = subprocess.Popen(command, env=self.environment, stderr=self.errors)

    def xdotool(self, *words: str) -> bool:
        done = subprocess.run([XDOTOOL or "xdotool", *words], env=self.environment, capture_output=True, check=False)
        return done.returncode == 0

    def wait_for_title(self, title: str) -> None:
        wait_for(lambda: self.xdotool("search", "--onlyvisible", "--name", title), 20, f"a window called {title}")

    def asked(self, *words: str) -> str:
        """What xdotool answers."""
        command = [XDOTOOL or "xdotool", *words]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    def focused(self) -> str:
        """The title of the window that has the keyboard."""
        return self.asked("getwindowfocus", "getwindowname")

    def window(self, title: str) -> str:
        """The number of the window of that title."""
        return self.asked("search", "--onlyvisible", "--name", title)

    def key(self, *chords: str) -> None:
        assert self.xdotool("key", *chords)

    def log(self) -> list[dict[str, object]]:
        if not self.events.exists():
            return []
        return [json.loads(line) for line in self.events.read_text(encoding="utf-8").splitlines()]

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)
        self.errors.close()


@pytest.fixture
def sit(xvfb: str, tmp_path: Path) -> Iterator[Callable[[Address], Seat]]:
    seats: list[Seat] = []

    def down(engine: Address) -> Seat:
        folder = tmp_path / f"desk{len(seats)}"
        folder.mkdir()
        seats.append(Seat(xvfb, engine, folder))
        return seats[-1]

    yield down
    for seat in seats:
        seat.close()


def preview_by_key(seat: Seat, engine: FakeEngine) -> None:
    """Keys are live once a digit arrives."""
    wait_for(lambda: seat.xdotool("key", "2") and engine.show.air.preview == "cam2", 10, "cam2 on preview by key")


def test_a_director_cuts_by_keyboard(engine, sit):
    seat = sit(engine.address)
    seat.wait_for_title("Test show - Podium")
    preview_by_key(seat, engine)
    seat.key("space")
    wait_for(lambda: engine.show.air.program == "cam2")
    engine.change(SetPreview("cam3"))
    wait_for(lambda: seat.xdotool("key", "Return") and engine.show.air.program == "cam3", 10, "AUTO")
    wait_for(lambda: any(event["text"] == "Auto" and event["by"] == "Enter" for event in seat.log()))


def test_a_held_space_bar_cuts_once(engine, sit):
    seat = sit(engine.address)
    seat.wait_for_title("Test show - Podium")
    preview_by_key(seat, engine)
    assert seat.xdotool("keydown", "space")
    wait_for(lambda: engine.show.air.program == "cam2")
    # The server repeats after 660 ms, 25 times a second; hold for twice as long.
    until = seat.clock.now() + 1_300_000_000
    wait_for(lambda: seat.clock.now() > until)
    assert seat.xdotool("keyup", "space")
    assert [message["command"] for message in engine.commands].count("Cut") == 1


def test_an_azerty_keyboard_and_caps_lock_change_nothing(engine, sit):
    setxkbmap = shutil.which("setxkbmap")
    if setxkbmap is None:
        pytest.skip("there is no setxkbmap on this system")
    seat = sit(engine.address)
    seat.wait_for_title("Test show - Podium")
    preview_by_key(seat, engine)
    try:
        subprocess.run([setxkbmap, "fr"], env=seat.environment, check=True, capture_output=True)
        seat.key("Caps_Lock")
        wait_for(lambda: seat.xdotool("key", "quotedbl") and engine.show.air.preview == "cam3", 10, "the key of the 3")
        seat.key("Caps_Lock")
    finally:
        subprocess.run([setxkbmap, "us"], env=seat.environment, check=True, capture_output=True)


def test_typing_an_address_cuts_nothing(engine, sit):
    seat = sit(engine.address)
    seat.wait_for_title("Test show - Podium")
    preview_by_key(seat, engine)
    before = engine.show.air
    seat.key("ctrl+n")
    wait_for(lambda: seat.focused() == "Add a source", 20, "the dialog with the keyboard in it")
    assert seat.xdotool("type", "pattern:?number=3 ")
    seat.key("Return")
    wait_for(lambda: engine.show.setup.source("cam5") is not None, 10, "the source that was typed")
    assert engine.show.air == before


def test_a_window_on_another_desktop_is_not_looked_at(engine, sit):
    seat = sit(engine.address)
    seat.wait_for_title("Test show - Podium")
    wait_for(lambda: engine.demand("cam1") == Tier.ACTIVE, 10, "a tile that is looked at")
    window = seat.window("Test show - Podium")
    assert seat.xdotool("windowunmap", window)
    wait_for(lambda: engine.demand("cam1") == Tier.KEY, 10, "a tile that is kept ready")
    wait_for(lambda: not engine.bus_demand("preview"), 10, "a preview that is not made")
    assert seat.xdotool("windowmap", window)
    wait_for(lambda: engine.demand("cam1") == Tier.ACTIVE and engine.bus_demand("preview"), 10, "both again")


def test_killing_the_desk_is_nothing_to_the_engine_and_the_next_desk_goes_on(engine, sit):
    seat = sit(engine.address)
    seat.wait_for_title("Test show - Podium")
    preview_by_key(seat, engine)
    seat.key("space")
    wait_for(lambda: engine.show.air.program == "cam2")
    seat.process.send_signal(signal.SIGKILL)
    seat.process.wait(10)
    air = engine.show.air
    again = sit(engine.address)
    again.wait_for_title("Test show - Podium")
    assert engine.show.air == air
    wait_for(lambda: again.xdotool("key", "3") and engine.show.air.preview == "cam3", 10, "a live keyboard")


def test_without_an_engine_the_desk_starts_one_that_outlives_it(runtime, free_port, sit):
    address = Address("127.0.0.1", free_port())
    seat = sit(address)
    seat.wait_for_title("Podium")
    try:
        wait_for(lambda: answers(address), 20, "an engine")
        seat.wait_for_title("Show 1 - Podium")
        seat.close()
        assert seat.process.returncode == 0
        assert ask(address, "GET", "/status")[1]["on_air"]
    finally:
        if answers(address):
            ask(address, "POST", "/quit", {})
        wait_for(lambda: not answers(address), 20, "the end of the engine")
    with pytest.raises(ConsoleError, match="No engine"):
        ask(address, "GET", "/status")

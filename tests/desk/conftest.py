"""A fake engine, and a desk at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import shiboken6
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from console.desk.director import Director
from console.desk.eventlog import EventLog
from console.desk.guards import Guard
from console.desk.keymaps import chosen
from console.desk.keys import REBOUND_MS
from console.desk.settings import Memory
from console.desk.shows import Shows
from console.desk.source_dialog import SourceDialog
from console.desk.window import DeskWindow
from console.media.clock import SystemClock
from console.wire.client import Live
from tests.desk.fake_engine import FakeEngine


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A runtime directory of the test's own."""
    monkeypatch.setenv("PODIUM_RUNTIME", str(tmp_path / "run"))
    return tmp_path / "run"


@pytest.fixture
def make_engine(runtime: Path, free_port: Callable[[], int]) -> Iterator[Callable[..., FakeEngine]]:
    """Starts fake engines and stops them afterwards."""
    started: list[FakeEngine] = []

    def make(**options: object) -> FakeEngine:
        port = free_port()
        started.append(FakeEngine(port, runtime / f"engine-{port}", **options).start())  # type: ignore[arg-type]
        return started[-1]

    yield make
    for engine in started:
        engine.stop()


@pytest.fixture
def engine(make_engine: Callable[..., FakeEngine]) -> FakeEngine:
    """A fake engine with four cameras."""
    return make_engine()


class SeatedDesk:
    """A desk's window, linked to a fake engine, with hands on its keys."""

    def __init__(self, qtbot: QtBot, engine: FakeEngine, folder: Path) -> None:
        self.qtbot, self.engine = qtbot, engine
        clock = self.clock = SystemClock()
        self._last_key_ns = 0
        self.memory = Memory(QSettings(str(folder / "desk.ini"), QSettings.Format.IniFormat))
        self.director = Director(clock, chosen("atem-like")[0], EventLog(folder / "desk.jsonl"))
        self.shows = Shows(engine.address, self.director, self.memory, clock)
        self.window = DeskWindow(self.director, self.memory, self.shows, str(engine.address))
        self.window.resize(1280, 720)
        self.window.show()
        self.live = Live(engine.address, self.director.on_message, self.director.on_link)
        self.director.connect_to(self.live)
        self.live.start()
        self.until(lambda: self.director.world.linked)
        self.window.activateWindow()
        self.until(lambda: self.window.rim.live)

    def until(self, predicate: Callable[[], object], seconds: float = 10) -> None:
        self.qtbot.waitUntil(lambda: bool(predicate()), timeout=round(seconds * 1000))

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """A key through the window system, as the machine sends it, and no faster than a hand."""
        self.until(lambda: self.clock.now() - self._last_key_ns > 2_000_000 * REBOUND_MS)
        QTest.keyClick(self.window.windowHandle(), key, modifiers)
        self._last_key_ns = self.clock.now()  # what the key did may have taken longer than a bounce

    def hold(self, key: Qt.Key, modifiers: Qt.KeyboardModifier, down: bool) -> None:
        act = QTest.keyPress if down else QTest.keyRelease
        act(self.window.windowHandle(), key, modifiers)

    def click(self, widget: object) -> None:
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton)  # type: ignore[arg-type]

    def commands(self) -> list[str]:
        return [message["command"] for message in self.engine.commands]

    def close(self) -> None:
        self.live.close()
        self.director.guard = Guard()  # a locked desk would stay
        if shiboken6.isValid(self.window):
            self.window.close()
            self.window.deleteLater()


def dialog_of(desk: SeatedDesk) -> SourceDialog:
    """The dialog for a source, once it is there."""
    desk.until(lambda: desk.window.findChild(SourceDialog) is not None)
    dialog = desk.window.findChild(SourceDialog)
    desk.until(dialog.isVisible)
    return dialog


@pytest.fixture
def desk(qtbot: QtBot, engine: FakeEngine, tmp_path: Path) -> Iterator[SeatedDesk]:
    """A desk with four cameras, keys live."""
    seated = SeatedDesk(qtbot, engine, tmp_path)
    yield seated
    seated.close()

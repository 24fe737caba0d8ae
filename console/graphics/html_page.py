"""One HTML page, drawn by Chromium (QtWebEngine) into memory, with its alpha: no screen, no graphics card.

Import this only where the extra `html` is installed. What the page may do is in html_page.qml.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
from PySide6.QtCore import QObject, Qt, QTimer, QUrl, Signal, Slot
from PySide6.QtGui import QColor, QGuiApplication, QImage
from PySide6.QtQml import QQmlComponent, QQmlEngine
from PySide6.QtQuick import QQuickItem, QQuickRenderControl, QQuickRenderTarget, QQuickWindow, QSGRendererInterface
from PySide6.QtWebEngineQuick import QtWebEngineQuick

from console.graphics.convert import Pixels

_log = logging.getLogger("console.graphics.html")
_QML = Path(__file__).with_name("html_page.qml")
_FLAGS = "--disable-gpu --log-level=3"
_UNANSWERED_MAX = 4
"""Frames a page may owe: to one that does nothing more is not piled up."""
_CUE = """(data => {
    try {
        if (data !== null && typeof window.update === "function") window.update(data)
        if (typeof window.%(verb)s === "function") window.%(verb)s()
    } catch (error) { reportError(error) }
})(%(data)s)"""

Tell = Callable[[str, str], None]


def start_chromium() -> QGuiApplication:
    """Make this process one that can draw pages. Once, before any Page."""
    os.environ |= {"QT_QPA_PLATFORM": "offscreen", "QT_QUICK_BACKEND": "software", "QML_DISABLE_DISK_CACHE": "1"}
    flags = _FLAGS
    if sys.platform == "linux" and os.geteuid() == 0:
        flags += " --no-sandbox"
        _log.warning("Running as root: Chromium draws pages without its sandbox")
    os.environ["QTWEBENGINE_CHROMIUM_FLAGS"] = flags
    os.environ.pop("QTWEBENGINE_REMOTE_DEBUGGING", None)
    QQuickWindow.setGraphicsApi(QSGRendererInterface.GraphicsApi.Software)
    QtWebEngineQuick.initialize()
    return QGuiApplication(["podium"])


def pump(application: QGuiApplication, turn: Callable[[], int | None]) -> None:
    """Run Chromium's event loop, with a `turn` now and then: it says how long until the next, in nanoseconds, and None
    to end."""
    timer = QTimer()
    timer.setSingleShot(True)
    timer.setTimerType(Qt.TimerType.PreciseTimer)

    def take_turn() -> None:
        pause_ns = turn()
        if pause_ns is None:
            application.quit()
        else:
            timer.start(max(0, -(-pause_ns // 1_000_000)))

    timer.timeout.connect(take_turn)
    timer.start(0)
    application.exec()


class _Desk(QObject):
    """What the QML side hears orders from and tells."""

    open = Signal(str)
    run = Signal(str)
    ask = Signal(str)

    def __init__(self, tell: Tell) -> None:
        super().__init__()
        self._tell = tell

    @Slot(str, str)
    def told(self, what: str, more: str) -> None:
        """Something happened: loaded, failed, gone, answered, refused, strayed, untrusted or complained."""
        self._tell(what, more)


class Page:
    """A page of a fixed size. All is asynchronous, and what happens is told (see html_page.qml)."""

    def __init__(self, width: int, height: int, tell: Tell) -> None:
        self.changed = False
        """Something is new since it was last drawn."""
        self._tell = tell
        self._owed = 0
        self.pixels: Pixels = np.zeros((height, width, 4), np.uint8)
        memory = memoryview(cast(Any, self.pixels)).cast("B")
        self._image = QImage(memory, width, height, width * 4, QImage.Format.Format_ARGB32_Premultiplied)
        self._control = QQuickRenderControl()
        self._window = QQuickWindow(self._control)
        self._window.setColor(QColor(0, 0, 0, 0))
        self._window.setGeometry(0, 0, width, height)
        self._engine = QQmlEngine()
        component = QQmlComponent(self._engine, QUrl.fromLocalFile(str(_QML)))
        self._desk = _Desk(self._hear)
        view = component.createWithInitialProperties({"desk": self._desk})
        if not isinstance(view, QQuickItem):
            raise RuntimeError(component.errorString())
        self._view: Any = view
        view.setSize(self._window.size().toSizeF())
        view.setParent(self._window)
        view.setParentItem(self._window.contentItem())
        self._window.setRenderTarget(QQuickRenderTarget.fromPaintDevice(self._image))
        for signal_ in (self._control.sceneChanged, self._control.renderRequested):
            signal_.connect(self._note_change)

    def open(self, url: str) -> None:
        """Load an address, anew when it is the one that is there."""
        self._owed = 0
        self._desk.open.emit(url)

    def frame(self, at_ms: float) -> None:
        """Let the page's animations make the step to an instant of any even count of milliseconds."""
        if self._owed < _UNANSWERED_MAX:
            self._owed += 1
            self._desk.ask.emit(f"window.podiumFrame?.({at_ms:.3f}) ?? 'loading'")

    def cue(self, verb: str, data: Mapping[str, str]) -> None:
        """Call the page's `play()` or `stop()`, when it has one; before that its `update()` with what data there are,
        as JSON text: the convention of CasparCG's and SPX's templates."""
        text = json.dumps(json.dumps(data)) if data else "null"
        self._desk.run.emit(_CUE % {"verb": verb, "data": text})

    def draw(self) -> Pixels:
        """What the page shows now."""
        self.changed = False
        self._control.polishItems()
        self._control.sync()
        self._control.render()
        return self.pixels

    def kill(self) -> None:
        """End the process that runs the page's scripts: it hangs. Told as gone."""
        pid = int(self._view.property("renderProcessPid") or 0)
        if pid > 0:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)

    def _note_change(self) -> None:
        self.changed = True

    def _hear(self, what: str, more: str) -> None:
        if what == "answered":
            self._owed = max(0, self._owed - 1)
        self._tell(what, more)

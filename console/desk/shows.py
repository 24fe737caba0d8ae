"""Which show the engine of this machine plays: starting one, and changing to another show."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from console.desk.director import Director
from console.desk.guards import Desk
from console.desk.launch import Detached, answers, new_show_path, quit_engine, shows_folder, start_engine
from console.desk.settings import Memory
from console.errors import ConsoleError
from console.media.clock import Clock
from console.wire.place import Address

_GONE_WITHIN_NS = 15_000_000_000
_LOOK_MS, _DEMO_LOOK_MS = 200, 500
_DEMO_IS_UP = "the desk:"
"""What the demo says when its desk opens."""


class Shows(QObject):
    """Starts and changes the engine. An engine on another machine is never started or ended from here."""

    refused = Signal(str)
    demo_started = Signal()
    """The demo's own desk opens."""
    progress = Signal(str)
    """How far the demo is; nothing when it is over."""
    _asked_to_end = Signal(str)

    def __init__(self, address: Address, director: Director, memory: Memory, clock: Clock) -> None:
        super().__init__()
        self._address, self._director, self._memory, self._clock = address, director, memory, clock
        self._then: Callable[[], None] | None = None
        self._until_ns = 0
        self._demo: Detached | None = None
        self._demo_look = QTimer(self, interval=_DEMO_LOOK_MS)
        self._demo_look.timeout.connect(self._watch_demo)
        self._look = QTimer(self, interval=_LOOK_MS)
        self._look.timeout.connect(self._is_gone)
        self._asked_to_end.connect(self._ending)

    def ensure(self) -> None:
        """Start an engine with the last show, or a new one, when none answers on this machine."""
        if not self._address.is_loopback or answers(self._address):
            return
        last = next((Path(known) for known in self._memory.last_shows if Path(known).exists()), None)
        self._start(last or new_show_path(shows_folder()))

    def new(self) -> None:
        """Change to an empty show in a file of its own."""
        self.open(new_show_path(shows_folder()))

    def open(self, path: Path) -> None:
        """Change to a show file: ends the engine and starts it again with that show."""
        if not self._address.is_loopback:
            self.refused.emit(f"The engine at {self._address} is on another machine: open the show there")
        elif self._free():
            self._end_then(lambda: self._start(path))

    def demo(self) -> None:
        """Start the demo, which brings an engine and a desk of its own; its first start draws for about a minute."""
        if self._director.guard.desk is Desk.LOCKED:
            self.refused.emit("The desk is LOCKED: hold Ctrl+L to unlock it")
        elif self._demo is None:
            try:
                self._demo = Detached("demo", ["demo"])
            except ConsoleError as error:
                self.refused.emit(str(error))
                return
            self.progress.emit("The demo starts")
            self._demo_look.start()

    def _watch_demo(self) -> None:
        demo = self._demo
        if demo is None:
            return
        if demo.has_ended:
            self._stop_watching()
            self.refused.emit(f"The demo has ended: {demo.last_line()}")
            self.progress.emit("")
        elif demo.said(_DEMO_IS_UP):
            self._stop_watching()
            if self._address.is_loopback and not self._director.world.setup.sources:
                self._end_then(self.demo_started.emit)  # our own engine has nothing to do any more
            else:
                self.demo_started.emit()
        else:
            self.progress.emit(demo.last_line() or "The demo starts")

    def _stop_watching(self) -> None:
        self._demo_look.stop()
        if self._demo is not None:
            self._demo.let_go()
        self._demo = None

    def _free(self) -> bool:
        """Whether nothing would be taken off air."""
        world, guard = self._director.world, self._director.guard
        if guard.desk is Desk.LOCKED:
            self.refused.emit("The desk is LOCKED: hold Ctrl+L to unlock it")
            return False
        if world.linked and world.setup.sources and guard.desk is not Desk.OFF_AIR:
            self.refused.emit("That would end the running show: take the desk OFF AIR first (Ctrl+Shift+A)")
            return False
        return True

    def _start(self, path: Path) -> None:
        try:
            start_engine(self._address, path)
        except ConsoleError as error:
            self.refused.emit(str(error))
            return
        self._memory.opened(str(path))

    def _end_then(self, then: Callable[[], None]) -> None:
        if self._then is not None:
            return
        if not answers(self._address):
            then()
            return
        self._then = then
        threading.Thread(target=self._ask_to_end, name="quit-engine", daemon=True).start()

    def _ask_to_end(self) -> None:
        try:
            quit_engine(self._address)
            self._asked_to_end.emit("")
        except ConsoleError as error:
            self._asked_to_end.emit(str(error))

    def _ending(self, refusal: str) -> None:
        if refusal:
            self._then = None
            self.refused.emit(refusal)
            return
        self._until_ns = self._clock.now() + _GONE_WITHIN_NS
        self._look.start()

    def _is_gone(self) -> None:
        if not answers(self._address):
            self._look.stop()
            then, self._then = self._then, None
            if then:
                then()
        elif self._clock.now() > self._until_ns:
            self._look.stop()
            self._then = None
            self.refused.emit(f"The engine at {self._address} has not ended: end it with 'podium ctl quit'")

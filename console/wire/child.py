"""The agreement between the supervisor and the processes it starts.

A child is `python -m console _NAME`. Its first line on standard input is its configuration, one JSON object (secrets
never stand on a command line); further lines are messages to it; when the input ends, the supervisor is gone or wants
it to finish, and it finishes; `{"finish": true}` before the end says that it is wanted. On standard output it writes
one JSON object per line: `{"event": NAME, ...}`. Its log goes to standard error.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

ENGINE_NICE, ENCODER_NICE, ON_AIR_NICE, GRAPHICS_NICE, RAISED_NICE, UPLINK_NICE, SOURCE_NICE = -10, -5, -4, -3, -1, 3, 5
"""Who comes first when the machine is busy: the tick, then the program's way to the disk, then the rest."""
GRACE_SECONDS = 5.0
"""A child that has not finished this long after its input ended ends itself."""

Message = dict[str, Any]


def child_command(*arguments: str) -> list[str]:
    """The command line that starts Podium again as another process, from a clone and from a frozen build alike."""
    return [sys.executable, *(() if getattr(sys, "frozen", False) else ("-m", "console")), *arguments]


def set_priority(nice: int, *, realtime: bool = False) -> None:
    """Set this process's priority, -20 first to 19 last. A level above normal takes rights that most users lack: then,
    and on Windows, it stays as it is. `realtime`: ahead of all that, for who must be on time and needs little."""
    if sys.platform == "linux":  # where every thread has its own
        for thread in os.listdir("/proc/self/task"):
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, int(thread), nice)
    elif sys.platform != "win32":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, 0, nice)
    if realtime and sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(1))


class Parent:
    """A child's end of the agreement: made first thing in the child's main."""

    def __init__(self, on_message: Callable[[Message], None] | None = None) -> None:
        """Read the configuration, then listen on a thread. `on_message` is called on that thread; without it,
        messages wait in `inbox`."""
        # A reader of our own: the interpreter locks sys.stdin when it ends, and aborts when a thread is reading it.
        self._input = open(sys.stdin.fileno(), "rb", closefd=False)  # noqa: SIM115 - read until the process ends
        self._output = sys.stdout.buffer
        self.config: Message = json.loads(self._input.readline() or b"{}")
        self.finish = threading.Event()
        self.orderly = False
        """The supervisor asked for the end; otherwise it has died."""
        self.inbox: deque[Message] = deque()
        self._on_message = on_message or self.inbox.append
        self._outbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._waiting = 0
        threading.Thread(target=self._listen, name="parent-in", daemon=True).start()
        self._speaker = threading.Thread(target=self._speak, name="parent-out", daemon=True)
        self._speaker.start()

    def _listen(self) -> None:
        for line in self._input:
            try:
                message = json.loads(line)
            except ValueError:
                continue
            if message == {"finish": True}:
                self.orderly = True
            elif isinstance(message, dict):
                self._on_message(message)
        self.finish.set()
        timer = threading.Timer(GRACE_SECONDS, os._exit, (1,))
        timer.daemon = True
        timer.start()

    def _speak(self) -> None:
        while (line := self._outbox.get()) is not None:
            try:
                self._output.write(line)
                self._output.flush()
            except OSError:
                self.finish.set()
                return

    def tell(self, event: str, **fields: Any) -> None:
        """Send one event. Never blocks: a thread of its own writes."""
        self._outbox.put(json.dumps({"event": event, **fields}).encode() + b"\n")

    @property
    def backlog(self) -> int:
        """How many events wait to be written; drop what can be dropped when it grows."""
        return self._outbox.qsize()

    def close(self) -> None:
        """Write what waits, then stop writing."""
        self._outbox.put(None)
        self._speaker.join(GRACE_SECONDS)

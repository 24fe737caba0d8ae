"""Keeping a process alive: start it, read its events, start it again when it dies."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import sys
from collections.abc import Callable
from typing import Any

from console.wire.child import GRACE_SECONDS, child_command

_log = logging.getLogger("console.engine.supervisor")
_LINE_MAX = 1 << 23
_BACK_OFF_FIRST_S, _BACK_OFF_MAX_S = 0.25, 8.0
_HEALTHY_S = 10.0
_AT_ONCE, _DOUBLINGS_MAX = 3, 16
"""So many quick deaths in a row, less one, are followed by a start without a pause."""
_ERRORS_KEPT = 5

OnEvent = Callable[["Child", dict[str, Any]], None]


class Child:
    """One supervised process: `python -m console VERB`, its configuration, its events.

    It is started again at once when it dies, and with a growing pause when it keeps dying.
    `config` is asked anew for every start.
    """

    def __init__(self, name: str, verb: str, config: Callable[[], dict[str, Any]], on_event: OnEvent) -> None:
        self.name = name
        self.starts = 0
        self.last_words: list[str] = []
        self._verb = verb
        self._config = config
        self._on_event = on_event
        self._process: asyncio.subprocess.Process | None = None
        self._finishing = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._keep(), name=f"child {name}")

    @property
    def pid(self) -> int | None:
        """The running process, None between two."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    def send(self, message: dict[str, Any]) -> bool:
        """Send one message; False when no process is there to read it."""
        process = self._process
        if process is None or process.returncode is not None or process.stdin is None or process.stdin.is_closing():
            return False
        process.stdin.write(json.dumps(message).encode() + b"\n")
        return True

    async def finish(self, grace_s: float = GRACE_SECONDS) -> None:
        """End the input, wait for the process to finish by itself, kill it when it does not."""
        self._finishing.set()
        process = self._process
        if process is not None and process.returncode is None:
            self.send({"finish": True})
            if process.stdin is not None:
                process.stdin.close()
            try:
                await asyncio.wait_for(process.wait(), grace_s)
            except TimeoutError:
                _log.warning("%s did not finish within %.0f s and was killed", self.name, grace_s)
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def _keep(self) -> None:
        quick_deaths = 0
        loop = asyncio.get_running_loop()
        while not self._finishing.is_set():
            begun = loop.time()
            status = await self._live()
            if self._finishing.is_set():
                return
            quick_deaths = 0 if loop.time() - begun > _HEALTHY_S else quick_deaths + 1
            doublings = min(quick_deaths, _DOUBLINGS_MAX) - _AT_ONCE
            pause_s = 0.0 if doublings < 0 else min(_BACK_OFF_MAX_S, _BACK_OFF_FIRST_S * 2**doublings)
            reason = f": {self.last_words[-1]}" if self.last_words and status > 0 else ""
            _log.warning("%s ended with status %d%s; started again in %.2f s", self.name, status, reason, pause_s)
            self._on_event(self, {"event": "died", "status": status})
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._finishing.wait(), pause_s)

    async def _live(self) -> int:
        self.starts += 1
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *child_command(self._verb),
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            limit=_LINE_MAX,
            start_new_session=sys.platform != "win32",
        )
        self._process = process
        stdin, stdout, stderr = process.stdin, process.stdout, process.stderr
        if stdin is None or stdout is None or stderr is None:
            raise RuntimeError("a child without its pipes")
        stdin.write(json.dumps(self._config()).encode() + b"\n")
        self._on_event(self, {"event": "started", "pid": process.pid})
        talk = asyncio.gather(self._read_events(stdout), self._read_errors(stderr))
        try:
            status = await process.wait()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(talk, 1.0)
            return status
        finally:
            talk.cancel()
            stdin.close()

    async def _read_events(self, stream: asyncio.StreamReader) -> None:
        async for line in stream:
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if isinstance(event, dict):
                self._on_event(self, event)

    async def _read_errors(self, stream: asyncio.StreamReader) -> None:
        async for line in stream:
            text = line.decode(errors="replace").rstrip()
            if text:
                self.last_words = [*self.last_words[-_ERRORS_KEPT:], text]
                sys.stderr.write(f"{self.name}: {text}\n")

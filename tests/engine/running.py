"""A real engine with all its processes, as `podium engine` starts it, and what a user can ask of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from console.wire.client import ask, command, get
from console.wire.place import Address
from tests.waiting import wait_for


class RunningEngine:
    """`podium engine ...` on a port of its own; `close` ends it as Ctrl-C does."""

    def __init__(self, directory: Path, port: int, *options: str, form: str = "360p25") -> None:
        self.address = Address(port=port)
        self.log_dir, self.run_dir = directory / "log", directory / "run"
        self._errors = (directory / "engine.err").open("ab")
        arguments = ["--api", str(self.address), "--run-dir", str(self.run_dir), "--log", str(self.log_dir)]
        if "--show" not in options:
            arguments += ["--format", form]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "console", "engine", *arguments, "--preset", "ultrafast", *options],
            stderr=self._errors,
        )

    def status(self) -> dict[str, Any]:
        return get(self.address, "/status")

    def wait(self, what, seconds: float = 15.0) -> dict[str, Any]:
        """The first status for which `what(status)` is true."""

        def look():
            assert self.process.poll() is None, self.errors()
            try:
                status = self.status()
                return status if what(status) else None
            except Exception:  # it is starting
                return None

        return wait_for(look, seconds, what=self.errors())

    def live(self, seconds: float = 15.0) -> dict[str, Any]:
        """Wait until every source is live and the log grows."""
        return self.wait(
            lambda s: s["on_air"] and s["log"]["frames"] and all(t["state"] == "live" for t in s["sources"].values()),
            seconds,
        )

    def command(self, name: str, /, **fields: Any) -> dict[str, Any]:
        return command(self.address, name, **fields)

    def post(self, body: Any) -> tuple[int, Any]:
        return ask(self.address, "POST", "/command", body)

    def kill(self, name: str) -> int:
        """Kill one of the engine's processes as the system would, and wait for its successor."""
        pid = self.status()["processes"][name]
        os.kill(pid, signal.SIGKILL)
        return pid

    def journal(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.log_dir / "journal.jsonl").read_text().splitlines()]

    def errors(self) -> str:
        return Path(self._errors.name).read_text()

    def close(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(20)
        finally:
            self.process.kill()
            self._errors.close()

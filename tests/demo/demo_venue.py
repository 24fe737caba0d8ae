"""The venue as a process, for tests that listen to it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from console.demo.clips import Clips


@contextmanager
def playing(clips: Clips, transports: tuple[str, ...], **changed: Any) -> Iterator[dict[str, Any]]:
    """A venue of as many cameras; what it told when it was ready, its process under `process`."""
    files = [str(file) for file in clips.files[: len(transports)]]
    config = {"files": files, "transports": transports, "ports": [0] * len(files), "fps": 25} | changed
    with subprocess.Popen(
        [sys.executable, "-m", "console", "_venue"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(config).encode() + b"\n")
        process.stdin.flush()
        told = json.loads(process.stdout.readline())
        yield {**told, "process": process}
        process.stdin.close()
        status = process.wait(10)
        assert status == (0 if told["event"] == "ready" else 1)

"""SRT through FFmpeg's executable: our libraries have no SRT, its process has, and its crashes stay there.

The executable comes with the `imageio-ffmpeg` package (with libsrt on Linux and Windows) or is the `ffmpeg` on the
PATH. It copies the stream to a pipe as MPEG-TS. Between us and it stands a guard, a few lines of Python that end the
executable when our end of its standard input closes, so a host that is killed leaves no listener behind.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
from collections import deque
from functools import cache

from console.errors import ConsoleError
from console.sources.address import Address
from console.wire.child import child_command

_LINES = 20
_LAST_WORDS_SECONDS = 0.5
_REASONS: tuple[tuple[str, str, str], ...] = (
    ("passphrase|bad secret|1010|unsecure", "refuses the passphrase", "Correct the passphrase in the address"),
    ("already in use|address in use", "can't be listened to: the port is in use", "Choose another port"),
    ("refused", "refuses the connection", "Start the sender, or check host and port"),
    ("timer expired|timed out|timeout|unreachable", "does not answer", "Check the address and the sender"),
    ("resolve|name or service", "names a host that is not known", "Check the host's name"),
    ("protocol not found", "needs an ffmpeg with SRT", "Install an ffmpeg with libsrt and put it on the PATH"),
)


@cache
def executable() -> str:
    """The path of an FFmpeg that speaks SRT. Raises ConsoleError when there is none."""
    found: list[str] = []
    try:
        import imageio_ffmpeg  # noqa: PLC0415  # only SRT needs it

        found.append(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError):
        pass
    found += [path for path in [shutil.which("ffmpeg")] if path]
    for path in found:
        try:
            known = subprocess.run(
                [path, "-hide_banner", "-protocols"], capture_output=True, text=True, timeout=10, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if re.search(r"^\s*srt$", known.stdout, re.MULTILINE):
            return path
    raise ConsoleError("No ffmpeg with SRT was found", "Install an ffmpeg with libsrt and put it on the PATH")


class Bridge:
    """One run of the executable for one SRT address."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._process: subprocess.Popen[bytes] | None = None
        self._said: deque[str] = deque(maxlen=_LINES)
        self._listener = threading.Thread(target=self._listen, name="bridge-err", daemon=True)

    def start(self) -> str:
        """Start it; returns what FFmpeg's libraries are to open. Raises ConsoleError."""
        # The address, with its passphrase, goes through the guard's standard input: others can read command lines.
        command = child_command("_guard", executable())
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
        )
        assert self._process.stdin is not None  # noqa: S101  # asked for above
        assert self._process.stdout is not None  # noqa: S101
        self._process.stdin.write(self._address.target.encode() + b"\n")
        self._listener.start()
        return f"pipe:{self._process.stdout.fileno()}"

    def kill(self) -> None:
        """End it: the guard sees its input end, and ends the executable."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()

    def reason(self) -> ConsoleError | None:
        """Why it ended, as far as its last words tell; None when they tell nothing."""
        if self._listener.ident is not None:
            self._listener.join(_LAST_WORDS_SECONDS)
        text = "\n".join(self._said).lower()
        for pattern, says, remedy in _REASONS:
            if re.search(pattern, text):
                return ConsoleError(f"{self._address.shown} {says}", remedy)
        return None

    def _listen(self) -> None:
        process = self._process
        if process is None or process.stderr is None:
            return
        for line in process.stderr:
            self._said.append(line.decode(errors="replace").strip())
        process.wait()

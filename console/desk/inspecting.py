"""Looking into an address before it becomes a source, in a child process: foreign bytes never reach the desk."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QProcess, QTimer, Signal

from console.wire.child import child_command

_LIMIT_MS = 15_000


@dataclass(frozen=True)
class Finding:
    """What is at an address, in words; or why nothing is."""

    ok: bool
    lines: tuple[str, ...] = ()
    picture: bytes = b""
    """A JPEG, or nothing."""
    reason: str = ""
    remedy: str = ""


def read_finding(data: Any) -> Finding:
    """Read what the child said. Total."""
    if not isinstance(data, dict):
        return Finding(False, reason="Nothing came back from looking into it", remedy="Try again")
    if not data.get("ok"):
        return Finding(
            False, reason=str(data.get("reason") or "It can't be read"), remedy=str(data.get("remedy") or "")
        )
    try:
        picture = base64.b64decode(data.get("picture") or "", validate=True)
    except (binascii.Error, TypeError, ValueError):
        picture = b""
    return Finding(True, (_video(data.get("video")), _audio(data.get("audio")), _length(data)), picture)


def _video(video: Any) -> str:
    if not isinstance(video, dict):
        return "Picture made by Podium"
    size = f"{video.get('width', '?')}x{video.get('height', '?')}"
    fps = video.get("fps")
    rate = f" at {float(fps):.5g} fps" if isinstance(fps, int | float) and fps else ""
    return f"Video: {video.get('codec') or 'unknown'}, {size}{rate}"


def _audio(audio: Any) -> str:
    if not isinstance(audio, dict):
        return "No sound"
    rate = audio.get("rate") or audio.get("sample_rate")
    parts = [str(audio.get("codec") or "unknown"), f"{rate} Hz" if rate else ""]
    parts.append(f"{audio['channels']} channels" if audio.get("channels") else "")
    return "Sound: " + ", ".join(part for part in parts if part)


def _length(data: dict[str, Any]) -> str:
    seconds = data.get("duration_s")
    if isinstance(seconds, int | float) and seconds > 0:
        return f"Length: {int(seconds) // 60}:{int(seconds) % 60:02}"
    return "Live" if data.get("live") else "Still"


class Inspection(QObject):
    """One look into one address; `found` comes once, unless it is cancelled."""

    found = Signal(object)

    def __init__(self, url: str, parent: QObject) -> None:
        super().__init__(parent)
        self._process = QProcess(self)
        program, *arguments = child_command("_inspect")
        self._process.setProgram(program)
        self._process.setArguments(arguments)
        self._process.finished.connect(self._finished)
        self._process.errorOccurred.connect(self._failed)
        self._limit = QTimer(self, singleShot=True, interval=_LIMIT_MS)
        self._limit.timeout.connect(self._too_long)
        self._done = False
        self._process.start()
        self._process.write(json.dumps({"url": url}).encode() + b"\n")
        self._process.closeWriteChannel()
        self._limit.start()

    def cancel(self) -> None:
        """Stop looking; nothing will be said."""
        self._done = True
        self._limit.stop()
        if self._process.state() is not QProcess.ProcessState.NotRunning:
            self._process.kill()
            self._process.waitForFinished(1000)

    def _say(self, finding: Finding) -> None:
        if not self._done:
            self._done = True
            self._limit.stop()
            self.found.emit(finding)

    def _finished(self) -> None:
        answer = bytes(self._process.readAllStandardOutput().data())
        try:
            data = json.loads(answer)
        except ValueError:
            data = None
        self._say(read_finding(data))

    def _failed(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self._say(
                Finding(False, reason=f"Looking into it failed: {self._process.errorString()}", remedy="Try again")
            )

    def _too_long(self) -> None:
        self._say(Finding(False, reason="It does not answer", remedy="Check the address and that its sender runs"))
        self._process.kill()

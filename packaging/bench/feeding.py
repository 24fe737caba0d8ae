"""The cameras of the benchmark: the common media, sent as live MPEG-TS over UDP on this machine."""

from __future__ import annotations

import socket
import subprocess
from collections import defaultdict
from pathlib import Path

FORMATS = ("720p25", "720p50", "1080p25", "1080p50")
MEDIA = 8
"""So many different media there are; more sources show them again."""


def medium(source: int) -> int:
    """The number in the strip of source 1, 2, ..."""
    return (source - 1) % MEDIA + 1


def media_file(folder: Path, fmt: str, source: int) -> Path:
    """What source 1, 2, ... sends."""
    return folder / f"s{medium(source)}.{fmt}.ts"


def logo_file(folder: Path, fmt: str) -> Path:
    """The full-frame graphic of a format."""
    return folder / ("logo.1920x1080.png" if fmt.startswith("1080") else "logo.1280x720.png")


def missing_media(folder: Path, formats: set[str]) -> list[str]:
    """The names of the files that are not there."""
    wanted = [media_file(folder, fmt, source) for fmt in sorted(formats) for source in range(1, MEDIA + 1)]
    wanted += sorted({logo_file(folder, fmt) for fmt in formats})
    return [path.name for path in wanted if not path.is_file()]


def free_ports(count: int, kind: int = socket.SOCK_DGRAM) -> list[int]:
    """Different ports of the loopback that nobody uses now."""
    probes = [socket.socket(type=kind) for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


class Feeds:
    """One `ffmpeg -re -c copy` per medium, which sends to every source that shows it.

    Feeding is no part of what is measured, so sources that show the same share a sender.
    """

    def __init__(self, folder: Path, fmt: str, sources: int) -> None:
        self._folder, self._fmt = folder, fmt
        self.ports = free_ports(sources)
        self._senders: dict[int, subprocess.Popen[bytes]] = {}
        self._to: dict[int, list[int]] = defaultdict(list)
        for source, port in enumerate(self.ports, 1):
            self._to[medium(source)].append(port)
        for number in self._to:
            self.begin(number)

    @property
    def pids(self) -> list[int]:
        """The senders."""
        return [sender.pid for sender in self._senders.values()]

    def address(self, source: int) -> str:
        """Where source 1, 2, ... is received."""
        return f"udp://127.0.0.1:{self.ports[source - 1]}"

    def begin(self, number: int) -> None:
        """Start (again) to send a medium."""
        clip = media_file(self._folder, self._fmt, number)
        outputs = [
            part
            for port in self._to[number]
            for part in ("-map", "0", "-c", "copy", "-f", "mpegts", f"udp://127.0.0.1:{port}?pkt_size=1316")
        ]
        command = ["ffmpeg", "-v", "quiet", "-re", "-stream_loop", "-1", "-i", str(clip), *outputs]
        null = subprocess.DEVNULL
        self._senders[number] = subprocess.Popen(command, stdin=null, stdout=null, stderr=null)

    def kill(self, number: int) -> None:
        """Stop sending a medium, as a cable that is pulled."""
        sender = self._senders.pop(number)
        sender.kill()
        sender.wait()

    def close(self) -> None:
        """Stop sending."""
        for number in list(self._senders):
            self.kill(number)

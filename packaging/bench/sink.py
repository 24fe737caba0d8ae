"""The receiver: takes the program by RTMP, keeps every picture with its time of arrival, and reads their strips."""

from __future__ import annotations

import hashlib
import subprocess
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import av
from counting import Look
from feeding import free_ports
from strips import levels_of, read

from console.errors import ConsoleError
from console.media.time import Rate
from console.outputs.log import VIDEO, ProgramLog

_VIDEO_TAG, _KEY_AVC, _AVC, _PICTURE = 9, 0x17, 7, 1


@dataclass(frozen=True, slots=True)
class Arrival:
    """One coded picture as it came."""

    at_ns: int
    """When its last byte came, nanoseconds since 1970."""
    time_ms: int
    key: bool
    digest: bytes


class Sink:
    """`ffmpeg -listen` behind an RTMP address of its own; what it hands on is FLV, kept in a file."""

    def __init__(self, folder: Path) -> None:
        self.port = free_ports(1, 1)[0]
        self.url = f"rtmp://127.0.0.1:{self.port}/live/key"
        self.path = folder / "received.flv"
        self.arrivals: list[Arrival] = []
        command = ["ffmpeg", "-v", "error", "-fflags", "nobuffer", "-listen", "1", "-i", self.url]
        command += ["-c", "copy", "-flush_packets", "1", "-f", "flv", "pipe:1"]
        self._errors = (folder / "sink.log").open("wb")
        self._ffmpeg = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._errors, bufsize=0
        )
        self._thread = threading.Thread(target=self._receive, name="sink", daemon=True)
        self._thread.start()
        self._wait_until_it_listens()

    @property
    def pid(self) -> int:
        """The receiving process."""
        return self._ffmpeg.pid

    def _wait_until_it_listens(self) -> None:
        # A connection to try it would be the one that it waits for.
        until = time.monotonic() + 5
        sought = f":{self.port:04X} 00000000:0000 0A"
        while sought not in Path("/proc/net/tcp").read_text():
            if time.monotonic() > until or self._ffmpeg.poll() is not None:
                self._ffmpeg.kill()
                self._ffmpeg.wait()
                raise ConsoleError("The receiver did not start", "See whether ffmpeg has RTMP: ffmpeg -protocols")
            time.sleep(0.02)

    def _receive(self) -> None:
        stream = self._ffmpeg.stdout
        if stream is None:
            raise RuntimeError("a receiver without its pipe")
        with self.path.open("wb") as file, stream:
            file.write(_exactly(stream, 13))
            while head := _exactly(stream, 11):
                body = _exactly(stream, int.from_bytes(head[1:4], "big") + 4)
                file.write(head + body)
                if head[0] == _VIDEO_TAG and body[0] & 0xF == _AVC and body[1] == _PICTURE:
                    time_ms = head[7] << 24 | int.from_bytes(head[4:7], "big")
                    digest = hashlib.sha256(body[5:-4]).digest()
                    self.arrivals.append(Arrival(time.time_ns(), time_ms, body[0] == _KEY_AVC, digest))

    def close(self) -> None:
        """End the receiver, once the sender has gone; take what came."""
        try:
            self._ffmpeg.wait(5)
        except subprocess.TimeoutExpired:
            self._ffmpeg.kill()
            self._ffmpeg.wait()
        self._thread.join()
        self._errors.close()

    def looks(self, log: Path, rate: Rate) -> list[Look]:
        """Every delivered picture with the number of its program frame, in order; after `close`.

        The first key frame that the program log knows by its bytes tells its number; from there on the time stamps
        count. Raises ConsoleError when another key frame contradicts that.
        """
        if not self.arrivals:
            return []
        known = _log_keys(log)
        keys = [arrival for arrival in self.arrivals if arrival.key and arrival.digest in known]
        if not keys:
            raise ConsoleError("No delivered picture is in the program log once", "Was there more than a slate?")
        first, first_ms = known[keys[0].digest], keys[0].time_ms

        def number(time_ms: float) -> int:
            return first + round((time_ms - first_ms) * rate.fps / 1000)

        if any(number(key.time_ms) != known[key.digest] for key in keys):
            raise ConsoleError("The delivered time stamps jump", "Look whether the uplink had to connect again")
        arrived = {number(arrival.time_ms): arrival.at_ns for arrival in self.arrivals}
        looks = []
        with av.open(str(self.path)) as container:
            container.streams.video[0].thread_type = "AUTO"
            for picture in container.decode(video=0):
                if picture.time is None:
                    raise ConsoleError("A delivered picture has no time", f"Look into {self.path}")
                frame = number(picture.time * 1000)
                levels = levels_of(picture.to_ndarray()[: picture.height])
                looks.append(Look(frame, read(levels), levels, arrived.get(frame, 0)))
        return looks


def _exactly(stream: IO[bytes], size: int) -> bytes:
    """So many bytes; none at the end of the stream, where a piece is left behind."""
    data = bytearray()
    while len(data) < size:
        piece = stream.read(size - len(data))
        if not piece:
            return b""
        data += piece
    return bytes(data)


def _log_keys(directory: Path) -> dict[bytes, int]:
    """The frame number of each key frame of a program log, by the digest of its bytes.

    Those that are there more than once are left out: a slate may stand still for longer than a group of pictures.
    """
    log = ProgramLog(directory)
    timing, keys = log.time(VIDEO), defaultdict[bytes, list[int]](list)
    for number, chunk in log.all_chunks(VIDEO):
        if chunk.key:
            with log.segment_path(VIDEO, number).open("rb") as file:
                file.seek(chunk.data)
                keys[hashlib.sha256(file.read(chunk.sizes[0])).digest()].append(timing.sample_of(chunk.time))
    return {digest: numbers[0] for digest, numbers in keys.items() if len(numbers) == 1}

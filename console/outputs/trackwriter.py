"""One track of the program log, written: chunks appended to the growing segment, torn tails cut."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from console.outputs.cmaf import FIRST_CHUNK, LAST_CHUNK_BRAND, LATER_CHUNK, Chunk, chunk, read_chunks
from console.outputs.log import TrackTime

log = logging.getLogger("console.log")


class TrackWriter:
    """One track's growing segment and the samples that wait for their chunk."""

    def __init__(self, name: str, directory: Path, time: TrackTime) -> None:
        self.name = name
        self.time = time
        self.init = 0
        self.number: int | None = None
        self.next_sample: int | None = None
        """The sample behind the last one on disk."""
        self.pending: list[bytes] = []
        self._pending_first = 0
        self._pending_key = False
        self._directory = directory
        self._fd = -1
        self._size = 0
        self._first = 0
        self._last = 0
        self._count = 0
        self._sequence = 0

    @property
    def size_bytes(self) -> int:
        """The growing segment's size."""
        return self._size if self.number is not None else 0

    @property
    def count(self) -> int:
        """The growing segment's samples."""
        return self._count if self.number is not None else 0

    @property
    def first(self) -> int | None:
        """The growing segment's first sample."""
        return self._first if self.count else None

    def path(self, number: int) -> Path:
        """Where segment `number` lies."""
        return self._directory / f"{number}.m4s"

    def resume(self, number: int) -> None:
        """Go on behind the last whole chunk of segment `number`; cut what is torn behind it."""
        self.close()
        fd = os.open(self.path(number), os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644)
        chunks: list[Chunk] = []
        with open(os.dup(fd), "rb") as file:
            size = file.seek(0, os.SEEK_END)
            try:
                chunks.extend(read_chunks(file))
            except ValueError as error:
                log.warning("segment %s is cut where it is broken: %s", self.path(number), error)
        self._fd, self._size, self.number = fd, chunks[-1].end if chunks else 0, number
        if self._size < size:
            os.ftruncate(fd, self._size)
        os.lseek(fd, self._size, os.SEEK_SET)
        self._count = sum(len(chunk.sizes) for chunk in chunks)
        if chunks:
            self._sequence = chunks[-1].sequence
            self._first = self.time.sample_of(chunks[0].time)
            self._last = self.time.sample_of(chunks[-1].time) + len(chunks[-1].sizes) - 1
            self.next_sample = self._last + 1

    def hold(self, sample: int, data: bytes, key: bool) -> None:
        """Keep a sample for the next chunk; it must follow the ones that are held."""
        if not self.pending:
            self._pending_first, self._pending_key = sample, key
        self.pending.append(data)

    def follows(self, sample: int) -> bool:
        """Whether a sample is the one behind those that are held."""
        return not self.pending or sample == self._pending_first + len(self.pending)

    def write(self, *, last: bool = False) -> None:
        """Append what is held as one chunk. Raises OSError, with the file cut back to its whole chunks."""
        brands: Sequence[bytes] = LATER_CHUNK if self._count else FIRST_CHUNK
        first, samples = self._pending_first, self.pending
        data = chunk(
            samples,
            sequence=self._sequence + 1,
            time=first * self.time.timing.duration,
            timing=self.time.timing,
            key=self._pending_key,
            utc_ns=self.time.start_ns(first),
            brands=(*brands, LAST_CHUNK_BRAND) if last else brands,
        )
        self.pending = []
        try:
            write_all(self._fd, data)
        except OSError:
            os.ftruncate(self._fd, self._size)
            raise
        self._sequence += 1
        self._size += len(data)
        if not self._count:
            self._first = first
        self._last = first + len(samples) - 1
        self._count += len(samples)
        self.next_sample = self._last + 1

    def sealed(self) -> dict[str, Any] | None:
        """Finish the growing segment: its line for the index; None when it holds nothing (it is removed)."""
        number, self.number = self.number, None
        self.close()
        if number is None:
            return None
        if not self._count:
            self.path(number).unlink(missing_ok=True)
            return None
        entry = {"segment": number, "track": self.name, "init": self.init, "first": self._first, "last": self._last}
        return entry | {"count": self._count, "bytes": self._size}

    def close(self) -> None:
        """Let go of the file."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def write_all(fd: int, data: bytes) -> None:
    """Write all of it, or raise OSError."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]

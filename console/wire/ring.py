"""Rings: how pictures and sound pass between processes, as files mapped into memory.

A ring is one file in the runtime directory (tmpfs where there is one). One process writes, any number read. The
writer never waits: it overwrites the oldest slot. Each slot has a sequence word that is odd while the slot is being
written and `2 * index + 2` once picture `index` is complete; a reader looks at it before *and after* using the
pixels, so a torn picture is known to be torn. A writer that is killed leaves at most one odd slot; the ring outlives
it, readers go on holding the last picture, and the next writer attaches and continues the count.

Words are 8 bytes and aligned, so each store is seen whole; x86-64 keeps stores in order, and on ARM the interpreter
executes far more instructions between two stores than the store buffer holds.

File layout, little-endian: a header page of 4096 bytes, then `slots` slots of `stride` bytes (page-aligned): a slot
header of 64 bytes, sound (float32 stereo, `samples` per slot at most), pixels (see `picture_over`).
"""

from __future__ import annotations

import contextlib
import mmap
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from console.errors import ConsoleError
from console.media.picture import Picture, Samples, picture_bytes, picture_over

_MAGIC = int.from_bytes(b"PODRING1", "little")
_PAGE = 4096
_SLOT_HEADER = 64

# Header words (8 bytes each).
_H_MAGIC, _H_WIDTH, _H_HEIGHT, _H_KEY, _H_SAMPLES, _H_SLOTS, _H_STRIDE = range(7)
_H_COUNT, _H_HEARTBEAT, _H_PID, _H_GENERATION, _H_FLAGS, _H_DEMAND, _H_DEMAND_NS, _H_LEVELS = range(8, 16)
_H_WHOLE, _H_HOT, _H_FED, _H_FED_COUNT, _H_TIER, _H_LATENCY = range(17, 23)
# Slot words.
_S_SEQ, _S_DUE, _S_PTS, _S_FRAME, _S_SAMPLES, _S_FLAGS = range(6)

STILL = 1
"""Ring flag: the picture does not move and that is no fault (a still, a held clip); only the heartbeat counts."""
NEVER = (1 << 63) - 1
"""An instant that does not come: the writer leaves pictures out for now."""
PREMULTIPLIED = 2
"""Ring flag: fill is multiplied by key already, offsets of 16 and 128 included, and each slot's flags are its box."""
PREVIEW_ONLY = 1
"""The `pts` of a slot of a title that is not on air: preview may show it, program not."""
_BOX_BITS = 16


def pack_box(x: int, y: int, width: int, height: int) -> int:
    """The flags of a slot whose picture is transparent outside this box: pixels, even, below 65536; 0: all of it."""
    box = (x, y, width, height)
    if any(side % 2 or not 0 <= side < 1 << _BOX_BITS for side in box):
        raise ValueError(f"a box has even sides of 0 to 65534 pixels, not {box}")
    if not (width and height):
        return 0
    return sum(side << _BOX_BITS * place for place, side in enumerate(box))


def unpack_box(flags: int) -> tuple[int, int, int, int]:
    """x, y, width and height that `pack_box` packed, in pixels; without width and height the picture is empty."""
    x, y, width, height = (flags >> _BOX_BITS * place & 0xFFFF for place in range(4))
    return x, y, width, height


@dataclass(frozen=True, slots=True)
class PictureInfo:
    """What a slot says about its picture."""

    index: int
    due_ns: int
    """Monotonic instant at which it should be seen."""
    pts: int
    """The time stamp it came with, in flicks of its own source."""
    frame: int
    """On a bus ring the program's frame number; on a source ring the decoder's running count."""
    samples: int
    flags: int


@dataclass(frozen=True)
class Levels:
    """Peak levels of the last sound, linear 0..1, left and right."""

    left: float = 0.0
    right: float = 0.0


class _Ring:
    """Both ends: the map, the header words and the slots' addresses."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._map = map_file(path, _MAGIC)
        self._words = words = memoryview(self._map).cast("Q")
        if len(words) * 8 < _PAGE + words[_H_SLOTS] * words[_H_STRIDE]:
            raise ConsoleError(f"{path} is not a ring, or was cut short", "Start the engine again")
        self.width, self.height = words[_H_WIDTH], words[_H_HEIGHT]
        self.has_key = bool(words[_H_KEY])
        self.samples_max = words[_H_SAMPLES]
        self.slots = words[_H_SLOTS]
        self._stride = words[_H_STRIDE]
        self._signed = memoryview(self._map).cast("q")
        self._floats = memoryview(self._map).cast("d")
        # Views of the pixels and the sound are made once: making them costs more than using them.
        self._pictures: list[Picture] = []
        self._sounds: list[Samples] = []
        for slot in range(self.slots):
            at = _PAGE + slot * self._stride + _SLOT_HEADER
            self._sounds.append(np.frombuffer(self._map, np.float32, self.samples_max * 2, at).reshape(-1, 2))
            at += self.samples_max * 8
            self._pictures.append(picture_over(self._map, self.width, self.height, key=self.has_key, offset=at))

    def _slot_word(self, index: int) -> int:
        return (_PAGE + index % self.slots * self._stride) // 8

    @property
    def count(self) -> int:
        """How many pictures were ever completed; the newest has index `count - 1`."""
        return self._words[_H_COUNT]

    @property
    def writer_pid(self) -> int:
        """The process that writes, 0 before the first."""
        return self._words[_H_PID]

    @property
    def generation(self) -> int:
        """How many writers the ring has had."""
        return self._words[_H_GENERATION]

    @property
    def heartbeat_ns(self) -> int:
        """Monotonic instant at which the writer was last known to work, 0 before the first."""
        return self._words[_H_HEARTBEAT]

    @property
    def flags(self) -> int:
        """`STILL` and `PREMULTIPLIED`, or 0."""
        return self._words[_H_FLAGS]

    @property
    def levels(self) -> Levels:
        """Peak levels of the newest sound."""
        return Levels(self._floats[_H_LEVELS], self._floats[_H_LEVELS + 1])

    @property
    def whole_from_ns(self) -> int:
        """Monotonic instant from which on no picture is left out; 0 when none ever is, `NEVER` while some are."""
        return self._signed[_H_WHOLE]

    @property
    def hot_ns(self) -> int:
        """How long the writer would need, asked now, until every picture is there; 0 when they are."""
        return self._signed[_H_HOT]

    @property
    def fed_ns(self) -> int:
        """Monotonic instant at which the newest of what came in is due, where no picture was made of it on purpose."""
        return self._signed[_H_FED]

    @property
    def fed_count(self) -> int:
        """How often something came in of which no picture was made on purpose."""
        return self._words[_H_FED_COUNT]

    @property
    def tier(self) -> int:
        """What the writer does at present (`wire.tier.Tier`); 0 when it does not say."""
        return self._words[_H_TIER]

    @property
    def latency_ns(self) -> int:
        """How long after its arrival a picture is due; 0 when the writer does not say."""
        return self._signed[_H_LATENCY]

    def demand(self, now_ns: int, valid_ns: int = 2_000_000_000) -> int:
        """What the readers last asked for (0 when nobody has asked within `valid_ns`)."""
        return self._words[_H_DEMAND] if now_ns - self._words[_H_DEMAND_NS] < valid_ns else 0

    def close(self) -> None:
        """Let go of the map; it is unmapped when the last view of it is gone."""
        self._pictures = []
        self._sounds = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def create_ring(
    path: Path, width: int, height: int, *, slots: int, key: bool = False, samples: int = 0, flags: int = 0
) -> Path:
    """Make an empty ring file (replacing one of that name), readable by this user alone.

    `samples` is the most sound one slot carries, `flags` are the ring's (`PREMULTIPLIED`). Raises ConsoleError when
    the file can't be made, with the bytes that it needs.
    """
    stride = -(-(_SLOT_HEADER + samples * 8 + picture_bytes(width, height, key=key)) // _PAGE) * _PAGE
    size = _PAGE + slots * stride
    header = np.zeros(_PAGE // 8, np.uint64)
    header[:7] = (_MAGIC, width, height, key, samples, slots, stride)
    header[_H_FLAGS] = flags
    make_file(path, size, header.tobytes())
    return path


def make_file(path: Path, size: int, header: bytes) -> None:
    """Replace `path` by a file of `size` bytes, zero behind its header, readable by this user alone.

    Raises ConsoleError with the bytes that it needs.
    """
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fd = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
        try:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(fd, 0, size)  # a full tmpfs must fail here, not as SIGBUS on air
            else:
                os.ftruncate(fd, size)
            os.write(fd, header)
        finally:
            os.close(fd)
        os.replace(fresh, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise ConsoleError(
            f"The ring {path} of {size / (1 << 20):.1f} MiB can't be made: {error.strerror or error}",
            "Free memory or choose another --run-dir",
        ) from error


def map_file(path: Path, magic: int) -> mmap.mmap:
    """Map a ring's file whole. Raises ConsoleError when it can't be opened or does not begin as it must."""
    try:
        with open(path, "r+b") as file:
            size = os.fstat(file.fileno()).st_size
            mapped = mmap.mmap(file.fileno(), 0)
    except (OSError, ValueError) as error:
        raise ConsoleError(f"The ring {path} can't be opened: {error}", "Start the engine again") from error
    if size < _PAGE or size % 8 or int.from_bytes(mapped[:8], "little") != magic:
        raise ConsoleError(f"{path} is not a ring, or was cut short", "Start the engine again")
    return mapped


class RingWriter(_Ring):
    """The writing end. One at a time; attaching takes the ring over from a writer that died."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._words[_H_PID] = os.getpid()
        self._words[_H_GENERATION] += 1

    def begin(self) -> tuple[Picture, Samples]:
        """The next slot, marked as being written: fill both views, then `publish`."""
        index = self._words[_H_COUNT]
        self._words[self._slot_word(index) + _S_SEQ] = 2 * index + 1
        return self._pictures[index % self.slots], self._sounds[index % self.slots]

    def publish(
        self, *, due_ns: int, now_ns: int, pts: int = 0, frame: int = 0, samples: int = 0, flags: int = 0
    ) -> int:
        """Complete the slot of the last `begin` and return its index."""
        index = self._words[_H_COUNT]
        word = self._slot_word(index)
        self._signed[word + _S_DUE] = due_ns
        self._signed[word + _S_PTS] = pts
        self._signed[word + _S_FRAME] = frame
        self._words[word + _S_SAMPLES] = samples
        self._words[word + _S_FLAGS] = flags
        self._words[word + _S_SEQ] = 2 * index + 2
        self._words[_H_COUNT] = index + 1
        self._words[_H_HEARTBEAT] = now_ns
        return index

    def picture_at(self, index: int) -> Picture:
        """Views of a picture written before; only the writer knows that it is not being overwritten."""
        return self._pictures[index % self.slots]

    def beat(self, now_ns: int) -> None:
        """Say that the writer works though there is no new picture."""
        self._words[_H_HEARTBEAT] = now_ns

    def set_flags(self, flags: int) -> None:
        """Set the ring's flags (`STILL`, `PREMULTIPLIED`)."""
        self._words[_H_FLAGS] = flags

    def set_latency(self, latency_ns: int) -> None:
        """Say how long after its arrival a picture is due."""
        self._signed[_H_LATENCY] = latency_ns

    def set_levels(self, left: float, right: float) -> None:
        """Say how loud the newest sound is (peaks, linear 0..1)."""
        self._floats[_H_LEVELS] = left
        self._floats[_H_LEVELS + 1] = right

    def tell(self, tier: int, whole_from_ns: int, hot_ns: int) -> None:
        """Say what is done now: the tier, from when on no picture is left out, how soon that could be (see above)."""
        self._words[_H_TIER] = tier
        self._signed[_H_WHOLE] = whole_from_ns
        self._signed[_H_HOT] = hot_ns

    def feed(self, due_ns: int) -> None:
        """Say that the source lives though no picture is made of what came, which is due then."""
        self._signed[_H_FED] = due_ns
        self._words[_H_FED_COUNT] += 1


class RingReader(_Ring):
    """A reading end."""

    def info(self, index: int) -> PictureInfo | None:
        """What is known of picture `index`; None when it is not there (yet, or any more)."""
        if index < 0:
            return None
        word = self._slot_word(index)
        done = 2 * index + 2
        if self._words[word + _S_SEQ] != done:
            return None
        signed = self._signed
        info = PictureInfo(
            index,
            signed[word + _S_DUE],
            signed[word + _S_PTS],
            signed[word + _S_FRAME],
            self._words[word + _S_SAMPLES],
            self._words[word + _S_FLAGS],
        )
        return info if self._words[word + _S_SEQ] == done else None

    def infos(self, after: int = -1) -> Iterator[PictureInfo]:
        """The pictures that are there, oldest first, from index `after + 1`."""
        count = self.count
        for index in range(max(after + 1, count - self.slots, 0), count):
            info = self.info(index)
            if info is not None:
                yield info

    def picture(self, index: int) -> Picture:
        """Views of the slot where picture `index` lives. Check `holds(index)` after using them."""
        return self._pictures[index % self.slots]

    def sound(self, index: int, samples: int) -> Samples:
        """A view of the slot's sound. Check `holds(index)` after using it."""
        return self._sounds[index % self.slots][:samples]

    def holds(self, index: int) -> bool:
        """Whether the slot still has picture `index`, whole."""
        return index >= 0 and self._words[self._slot_word(index) + _S_SEQ] == 2 * index + 2

    def newest(self) -> PictureInfo | None:
        """The newest complete picture."""
        return self.info(self.count - 1)

    def ask(self, demand: int, now_ns: int) -> None:
        """Ask the writer for something (the meaning is the writer's); ask again within 2 s to keep it."""
        self._words[_H_DEMAND] = demand
        self._words[_H_DEMAND_NS] = now_ns

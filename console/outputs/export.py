"""`podium log export`: a part of the program log as an MP4 file, with the coded pictures and sound as they are.

The file plays from exactly the first frame that was asked for: it holds the pictures from the key frame before it,
and an edit list tells players to show none of those (they all do; a cutting room that ignores edit lists sees up to
2 s more). Sound starts on the exact sample in the same way. Frames that the log misses stay missing in time: the last
picture before a gap is held, the sound is silent.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from console.errors import ConsoleError, UsageError
from console.media.time import CHANNELS, Format
from console.outputs.cmaf import AAC_FRAME_SAMPLES, Chunk, codec_configs
from console.outputs.codecs import AudioEncoder
from console.outputs.log import AUDIO, VIDEO, ProgramLog, TrackTime
from console.outputs.mp4 import Mp4Track, head


@dataclass(frozen=True)
class _Run:
    """Samples that follow each other, in a file of the log; `data` is set for sound that is made up."""

    path: Path
    offset: int
    first: int
    key: bool
    sizes: tuple[int, ...]
    data: bytes = b""

    @property
    def last(self) -> int:
        return self.first + len(self.sizes) - 1


def export(directory: Path, out: Path, first: int | None = None, last: int | None = None) -> dict[str, Any]:
    """Write the frames `first` to `last` (both included; None for all there is) of a log into an MP4 file.

    Returns what is in it: `file, first, last, frames, missing, seconds, bytes`. Raises ConsoleError.
    """
    program = ProgramLog(directory)
    fmt = program.format
    video = list(_runs(program, VIDEO)) if fmt is not None else []
    if fmt is None or not video:
        raise ConsoleError(f"There is no program log in {directory}", "Give the directory that --log was given")
    first, last = _range(video, first, last)
    if out.exists():
        raise ConsoleError(f"{out} exists already", "Remove it or choose another name")
    shown = [run for run in video if run.last >= first and run.first <= last]
    if not shown:
        raise ConsoleError(f"The log has no frame between {first} and {last}: they lie in a gap", "Ask for more")
    begin = max((index for index, run in enumerate(video) if run.key and run.first <= shown[0].first), default=0)
    pictures = _cut([run for run in video[begin:] if run.first <= last], last)
    first = max(first, shown[0].first)
    tracks, plan = _plan(program, fmt, pictures, first)
    _write(out, head(tracks, fmt.rate.start_ns(first) // 10**9), plan)
    frames = sum(len(run.sizes) for run in pictures) - sum(min(len(r.sizes), max(0, first - r.first)) for r in pictures)
    return {
        "file": str(out),
        "first": first,
        "last": pictures[-1].last,
        "frames": frames,
        "missing": pictures[-1].last - first + 1 - frames,
        "seconds": round((pictures[-1].last - first + 1) / fmt.rate.fps, 3),
        "bytes": out.stat().st_size,
    }


def _range(video: list[_Run], first: int | None, last: int | None) -> tuple[int, int]:
    have = (video[0].first, video[-1].last)
    first, last = have[0] if first is None else first, have[1] if last is None else last
    if first > last:
        raise UsageError(f"Frame {first} comes after frame {last}", "Give the earlier one to --from")
    if not have[0] <= first <= have[1] or not have[0] <= last <= have[1]:
        outside = last if have[0] <= first <= have[1] else first
        raise UsageError(f"Frame {outside} is not in the log", f"It has frames {have[0]} to {have[1]}")
    return first, last


def _runs(program: ProgramLog, track: str) -> Iterator[_Run]:
    time = program.time(track)
    for number, chunk in program.all_chunks(track):
        yield _run(program.segment_path(track, number), chunk, time)


def _run(path: Path, chunk: Chunk, time: TrackTime) -> _Run:
    return _Run(path, chunk.data, time.sample_of(chunk.time), chunk.key, chunk.sizes)


def _cut(runs: list[_Run], last: int) -> list[_Run]:
    """End the last run with sample `last`."""
    run = runs[-1]
    keep = run.sizes[: last - run.first + 1]
    return [*runs[:-1], _Run(run.path, run.offset, run.first, run.key, keep)]


def _plan(program: ProgramLog, fmt: Format, pictures: list[_Run], first: int) -> tuple[list[Mp4Track], list[_Run]]:
    """The tracks, and their runs in the order in which they lie in the file."""
    rate = fmt.rate
    start, end = rate.first_sample(first), rate.first_sample(pictures[-1].last + 1)
    pictures, header = _as_avc1(program.header(VIDEO), pictures)
    timing = program.time(VIDEO).timing
    video = Mp4Track(header, 1, (first - pictures[0].first) * timing.duration)
    tracks, plan = [video], pictures
    sound = _sound(program, start, end)
    if sound:
        audio = Mp4Track(program.header(AUDIO), 2, start - sound[0].first * AAC_FRAME_SAMPLES)
        tracks.append(audio)
        times = [(rate.first_sample(run.first), run) for run in pictures]
        times += [(run.first * AAC_FRAME_SAMPLES, run) for run in sound]
        plan = [run for _, run in sorted(times, key=lambda one: one[0])]
    sounds = {id(run) for run in sound}
    offset = 0
    for run, following in zip(plan, _followers(plan, sounds), strict=True):
        is_sound = id(run) in sounds
        track, unit = (tracks[1], AAC_FRAME_SAMPLES) if is_sound else (video, timing.duration)
        if run.key and not is_sound:
            track.sync.append(len(track.sizes) + 1)
        track.chunks.append((offset, len(run.sizes)))
        track.sizes += run.sizes
        held = 1 if following is None else following.first - run.last
        track.durations += [unit] * (len(run.sizes) - 1) + [unit * held]
        offset += sum(run.sizes)
    return tracks, plan


def _followers(plan: list[_Run], sounds: set[int]) -> list[_Run | None]:
    """For each run the next one of its own track."""
    nexts: list[_Run | None] = []
    following: dict[bool, _Run] = {}
    for run in reversed(plan):
        nexts.append(following.get(id(run) in sounds))
        following[id(run) in sounds] = run
    return nexts[::-1]


def _as_avc1(header: bytes, pictures: list[_Run]) -> tuple[list[_Run], bytes]:
    """The parameter sets in the header alone, as most players want them, when all key frames have the same."""
    _, config = codec_configs(header)
    sps = config[8 : 8 + int.from_bytes(config[6:8], "big")]
    at = 8 + len(sps) + 1
    pps = config[at + 2 : at + 2 + int.from_bytes(config[at : at + 2], "big")]
    prefix = b"".join(len(unit).to_bytes(4, "big") + unit for unit in (sps, pps))
    for run in pictures:
        if run.key and _read(run.path, run.offset, len(prefix)) != prefix:
            return pictures, header
    cut = []
    for run in pictures:
        if run.key:
            sizes = (run.sizes[0] - len(prefix), *run.sizes[1:])
            cut.append(_Run(run.path, run.offset + len(prefix), run.first, True, sizes))
        else:
            cut.append(run)
    return cut, header.replace(b"avc3", b"avc1", 1)


def _sound(program: ProgramLog, start: int, end: int) -> list[_Run]:
    """The AAC frames for samples `start` to `end`, one more in front for the decoder to warm up, holes filled."""
    first, last = start // AAC_FRAME_SAMPLES - 1, (end - 1) // AAC_FRAME_SAMPLES
    found = [run for run in _runs(program, AUDIO) if run.last >= first and run.first <= last]
    if not found:
        return []
    sound: list[_Run] = []
    following = first
    silence = _silent_frame()
    for run in found:
        head_cut = max(0, first - run.first)
        sizes = run.sizes[head_cut : last - run.first + 1]
        if run.first > following:
            count = run.first - following
            sound.append(_Run(run.path, 0, following, True, (len(silence),) * count, silence * count))
        offset = run.offset + sum(run.sizes[:head_cut])
        sound.append(_Run(run.path, offset, run.first + head_cut, True, sizes))
        following = sound[-1].last + 1
    return sound


def _silent_frame() -> bytes:
    encoder = AudioEncoder(96_000)
    encoder.feed(0, np.zeros((4 * AAC_FRAME_SAMPLES, CHANNELS), np.float32))
    return encoder.finish()[-1][1]


def _read(path: Path, offset: int, size: int) -> bytes:
    try:
        with open(path, "rb") as file:
            file.seek(offset)
            return file.read(size)
    except OSError as error:
        raise ConsoleError(f"The segment {path} can't be read: {error.strerror}", "It is part of the log") from error


def _write(out: Path, front: bytes, plan: list[_Run]) -> None:
    part = out.with_name(f".{out.name}.part")
    try:
        with open(part, "xb") as file:
            file.write(front)
            _copy_media(file, plan)
        os.rename(part, out)
    except FileExistsError as error:
        raise ConsoleError(f"{part} exists: another export is writing {out}, or one broke off", "Remove it") from error
    except ConsoleError:
        part.unlink(missing_ok=True)
        raise
    except OSError as error:
        part.unlink(missing_ok=True)
        raise ConsoleError(
            f"{out} can't be written: {error.strerror}", "Choose a folder with enough space that you may write to"
        ) from error


def _copy_media(file: BinaryIO, plan: list[_Run]) -> None:
    for run in plan:
        size = sum(run.sizes)
        data = run.data or _read(run.path, run.offset, size)
        if len(data) != size:
            raise ConsoleError(f"The segment {run.path} was cut short", "Export a range without it")
        file.write(data)

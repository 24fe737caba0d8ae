"""Judging a target: find out what it is, read it, and hand the readings to the core."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from console.errors import ConsoleError
from console.media.address import masked, scheme_of
from console.media.clock import Clock, SystemClock
from console.media.time import Rate
from console.probe.fetch import Feed, Hls, Part, chunks_of, stored_tracks
from console.probe.judging import judge_readings
from console.probe.look import Senses, read_media
from console.probe.verdict import Verdict

LIVE_SECONDS = 10.0


def judge(
    target: str | Path,
    *,
    rate: Rate | None = None,
    source_rate: Rate | None = None,
    loop_frames: int | None = None,
    seconds: float | None = None,
    timeout_s: float = 10.0,
    clock: Clock | None = None,
) -> Verdict:
    """Read a file, an address, or a channel's directory in an endpoint's store, and judge it.

    `rate`, `source_rate` and `loop_frames` as in `judge_readings`. A live stream is read for `seconds` (10 unless
    told), and so is a body over HTTP that does not end where `seconds` is given; everything else is read whole. A far
    end that is silent for `timeout_s` is given up. Raises ConsoleError when the target can't be read.
    """
    clock = clock or SystemClock()
    name = str(target)
    senses = Senses()
    with tempfile.TemporaryDirectory(prefix="podium-probe-") as spool:
        scheme = scheme_of(name)
        if scheme in ("http", "https"):
            _read_http(name, senses, clock, timeout_s, seconds, Path(spool))
        elif scheme != "file":
            read_media(name, senses, name=name, clock=clock, timeout_s=timeout_s, seconds=seconds or LIVE_SECONDS)
        elif Path(name).is_dir():
            _read_tracks(stored_tracks(Path(name)), senses, name, clock)
        else:
            _read_file(Path(name), senses, name, clock)
    verdict = judge_readings(
        senses.eye.looks,
        senses.ear.heard,
        senses.ear.beeps,
        rate=rate,
        source_rate=source_rate,
        loop_frames=loop_frames,
        target=masked(name),
    )
    notes = list(senses.notes)
    if not verdict.runs:
        notes.append("no burnt-in numbers were found: only time stamps were judged")
    if senses.audio is None:
        notes.append("there is no sound")
    return replace(
        verdict,
        video=senses.video,
        audio=senses.audio,
        decode_errors=senses.decode_errors,
        notes=tuple(notes),
    )


def _read_file(path: Path, senses: Senses, name: str, clock: Clock) -> None:
    try:
        with open(path, "rb") as file:
            empty = not file.read(1)
    except OSError as error:
        raise ConsoleError(f"{path} can't be read: {error.strerror or error}", "Check the path") from error
    if empty:
        raise ConsoleError(f"{path} is empty", "Give a media file")
    # With its protocol, so that a strange name is never taken for another protocol.
    read_media(f"file:{path}", senses, name=name, clock=clock)


def _read_http(
    address: str, senses: Senses, clock: Clock, timeout_s: float, seconds: float | None, spool: Path
) -> None:
    until = None if seconds is None else clock.now() + int(seconds * 1e9)
    whole = spool / "whole"
    with open(whole, "wb") as file:
        for chunk in chunks_of(address, clock, timeout_s):
            file.write(chunk)
            if until is not None and clock.now() >= until:
                break
    with open(whole, "rb") as file:
        is_playlist = file.read(7) == b"#EXTM3U"
    if not is_playlist:
        _read_file(whole, senses, address, clock)
        return
    hls = Hls(address, whole.read_text("utf-8", "replace"), clock, timeout_s, seconds or LIVE_SECONDS, spool)
    tracks = hls.tracks()
    if not any(part.segments for parts in tracks for part in parts):
        raise ConsoleError(f"{masked(address)} lists no segment yet", "Wait until the uplink delivers")
    _read_tracks(tracks, senses, address, clock)
    if hls.gaps:
        senses.notes.append(f"the playlists mark {hls.gaps} segments as missing")


def _read_tracks(tracks: list[list[Part]], senses: Senses, name: str, clock: Clock) -> None:
    missing = 0
    for parts in tracks:
        for part in parts:
            if part.segments:
                feed = Feed(part)
                read_media(feed, senses, name=name, clock=clock)
                missing += feed.missing
    if missing:
        senses.notes.append(f"{missing} listed segments were not there")

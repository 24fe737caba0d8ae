"""What the probe says: a frozen verdict, as JSON for scripts and as a table for people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from console.probe.readings import Stream

AV_LIMIT_MS = 20.0
"""Sound and picture further apart than this are a fault."""


@dataclass(frozen=True)
class Run:
    """An unbroken stretch of pictures of one source."""

    source: int
    frame: int
    """Absolute program frame number of its first picture."""
    first: int
    last: int
    """Burnt numbers of its first and last picture."""
    count: int
    """How many pictures of it could be read."""
    doubled: int
    """Pictures shown when the source's next one was due."""
    skipped: int
    """Pictures of the source that should have been shown and were not (frames lost from the program not counted)."""
    out_of_order: int
    """Steps backwards in the burnt numbers."""
    cadence: str
    """Source frames per program frame, as a fraction."""


@dataclass(frozen=True)
class Cut:
    """A change of source."""

    frame: int
    """Absolute program frame number of the first picture of the new source."""
    before: int
    after: int
    unreadable: int
    """Pictures between the two that could not be read (a mix); 0 for a clean cut."""


@dataclass(frozen=True)
class Gap:
    """Program frames that are not there."""

    frame: int
    """The first missing one."""
    count: int


@dataclass(frozen=True)
class Verdict:
    """Everything the probe found out about one target."""

    target: str
    rate: str
    first_frame: int | None
    last_frame: int | None
    pictures: int
    expected: int
    lost: int
    """Program frames between the first and the last time stamp that are not there."""
    doubled: int
    skipped: int
    out_of_order: int
    unreadable: int
    black: int
    gaps: tuple[Gap, ...]
    runs: tuple[Run, ...]
    cuts: tuple[Cut, ...]
    av_offset_ms: float | None
    """Median over all beeps; positive when the sound is late; None when there was no beep to measure."""
    av_spread_ms: float | None
    """Between the earliest and the latest of the measured offsets."""
    beeps: int
    sound_checked: int
    sound_mismatched: int
    """Windows of 50 ms in which another source, or none, was heard than was seen."""
    freeze_ms: int
    """Time in stretches of at least half a second in which no pixel moved."""
    silence_ms: int
    decode_errors: int = 0
    video: Stream | None = None
    audio: Stream | None = None
    notes: tuple[str, ...] = ()

    def faults(self) -> list[str]:
        """What is wrong, one phrase each; empty when nothing is."""
        counts = {
            "program frames lost": self.lost,
            "pictures doubled": self.doubled,
            "pictures skipped": self.skipped,
            "pictures out of order": self.out_of_order,
            "windows with the wrong sound": self.sound_mismatched,
            "packets that could not be decoded": self.decode_errors,
        }
        found = [f"{count} {what}" for what, count in counts.items() if count]
        if self.av_offset_ms is not None and abs(self.av_offset_ms) > AV_LIMIT_MS:
            found.append(f"sound {abs(self.av_offset_ms):.1f} ms {'late' if self.av_offset_ms > 0 else 'early'}")
        return found

    def to_json(self) -> dict[str, Any]:
        """The verdict as plain data."""
        data = asdict(self)
        data["video"] = self.video._asdict() if self.video else None
        data["audio"] = self.audio._asdict() if self.audio else None
        data["cuts"] = [
            {"frame": cut.frame, "from": cut.before, "to": cut.after, "unreadable": cut.unreadable} for cut in self.cuts
        ]
        data["faults"] = self.faults()
        return data

    def table(self) -> str:
        """The verdict for people, some 20 lines and one per run and cut (40 at most of each)."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield self.target
        for name, stream in (("video", self.video), ("audio", self.audio)):
            if stream:
                bits = f"{stream.bits_per_second / 1e6:.2f} Mbit/s"
                yield f"  {name:14}{stream.codec}, {stream.detail}, {stream.seconds:.2f} s, {bits}"
            else:
                yield f"  {name:14}none"
        if self.pictures:
            yield f"  {'pictures':14}{self.pictures} of {self.expected}, frames {self.first_frame} to {self.last_frame}"
            yield (
                f"  {'':14}lost {self.lost}, doubled {self.doubled}, skipped {self.skipped}, "
                f"out of order {self.out_of_order}, unreadable {self.unreadable}, black {self.black}"
            )
        if self.av_offset_ms is not None:
            yield f"  {'sound':14}{self.av_offset_ms:+.1f} ms (spread {self.av_spread_ms:.1f}, {self.beeps} beeps)"
        if self.sound_checked:
            yield f"  {'':14}wrong source in {self.sound_mismatched} of {self.sound_checked} windows"
        if self.freeze_ms or self.silence_ms:
            yield f"  {'still':14}frozen {self.freeze_ms / 1000:.1f} s, silent {self.silence_ms / 1000:.1f} s"
        yield from _shortened([f"  {'gap':14}{gap.count} from frame {gap.frame}" for gap in self.gaps], "more gaps")
        yield from _shortened(
            [
                f"  {'run':14}source {run.source}: {run.count} pictures from frame {run.frame}, burnt {run.first} to "
                f"{run.last}" + (f", cadence {run.cadence}" if run.cadence != "1" else "")
                for run in self.runs
            ],
            "more runs",
        )
        yield from _shortened(
            [
                f"  {'cut':14}{cut.before} to {cut.after} at frame {cut.frame}"
                + (f" after {cut.unreadable} mixed pictures" if cut.unreadable else "")
                for cut in self.cuts
            ],
            "more cuts",
        )
        for note in self.notes:
            yield f"  {'note':14}{note}"
        yield f"  {'verdict':14}{', '.join(self.faults()) or 'clean'}"


def _shortened(lines: list[str], rest: str, most: int = 40) -> Iterator[str]:
    yield from lines[:most]
    if len(lines) > most:
        yield f"  {'':14}{len(lines) - most} {rest}"

"""How well the loop keeps time, in counts."""

from __future__ import annotations

from dataclasses import dataclass, field

HISTOGRAM_MS = (0.25, 0.5, 1, 2, 4, 8, 16, 32, 64)


@dataclass
class Cadence:
    """Counts of how well the loop keeps time."""

    frames: int = 0
    late_ticks: int = 0
    """Frames that had to be repeated or left out because the loop woke after their time."""
    gap_frames: int = 0
    torn: int = 0
    faults: int = 0
    late_ns: int = 0
    """How late the last frame was begun."""
    late_max_ns: int = 0
    tick_ns: int = 0
    """How long a tick takes, smoothed."""
    lateness: list[int] = field(default_factory=lambda: [0] * (len(HISTOGRAM_MS) + 1))
    """How many frames were begun that late: below each of `HISTOGRAM_MS`, and above the last."""

    def begun(self, late_ns: int) -> None:
        """Count one frame that was begun `late_ns` after its time."""
        self.frames += 1
        self.late_ns = late_ns
        self.late_max_ns = max(self.late_max_ns, late_ns)
        late_ms = late_ns / 1e6
        self.lateness[next((i for i, bound in enumerate(HISTOGRAM_MS) if late_ms < bound), len(HISTOGRAM_MS))] += 1

    def took(self, tick_ns: int) -> None:
        """Count how long a tick took."""
        self.tick_ns += (tick_ns - self.tick_ns) // 16 if self.tick_ns else tick_ns

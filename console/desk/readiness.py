"""How long a cut to a source would wait for its picture, as a figure that an eye can read."""

from __future__ import annotations

from collections import deque

from console.desk.status import SourceReading

_KEPT_NS = 2_000_000_000


class Readiness:
    """The longest wait of one source within the last 2 s.

    At key frames the measured wait grows with every picture that is left out and is gone with the next key frame. A
    director counts on the worst of it, and a figure that jumps five times a second would be watched instead of the
    pictures.
    """

    def __init__(self) -> None:
        self._seen: deque[tuple[int, int]] = deque()

    def wait_frames(self, reading: SourceReading, now_ns: int) -> int | None:
        """The frames that a cut would wait at most, after one more measurement; None when it is not known."""
        measured = reading.hot_in_frames
        if measured is None or not reading.is_resting:
            self._seen.clear()
            return measured
        self._seen.append((now_ns, measured))
        while self._seen[0][0] < now_ns - _KEPT_NS:
            self._seen.popleft()
        return max(frames for _, frames in self._seen)

"""From a source's time stamps to the instants at which its pictures and samples are due. Pure: time comes as numbers.

*Raw* time stamps are what packets carry; they may be missing, wrap, jump or start again. *Source time* is made of
them by adding a shift that is changed where they break, so that it goes on for ever: every stream of a source has the
same shifts, so sound stays with its picture. `due = source time + offset`.

A **live** source runs by the sender's clock, which we see through a network that can only delay: the smallest
(arrival - source time) of the last ten seconds is the truth, and the offset is that plus the latency. While the
stream is healthy the offset is only slewed (at most 500 ppm), so pictures that were sent evenly are due evenly. A
**held** source (clip, HLS) waits for us: its offset is set once and moves only when we could not keep up.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

MS = 1_000_000
SECOND = 1_000_000_000
WRAP_NS = (1 << 33) * SECOND // 90_000
"""MPEG time stamps have 33 bits at 90 kHz."""

_JUMP_NS = SECOND
_HELD_JUMP_NS = 10 * SECOND
_BACK_NS = SECOND // 10
_APART_NS = 10 * SECOND
_RAW_MOST_NS = 4 * 10**18
"""127 years: a time stamp beyond that says nothing, and would not fit the ring's words."""
_LONGER_NS = SECOND // 10
_WINDOW_SECONDS = 10
_SETTLED_NS = SECOND
_SETTLING_MOST_NS = 5 * SECOND
_SLEW_SECONDS = 100
_SLEW_MOST_PPM = 500
_LATE_FOR_NS = SECOND
_JUDGE_NS = 2 * SECOND
_LATENCY_STEP_NS = 100 * MS
LATENCY_MOST_NS = SECOND


@dataclass
class _Stream:
    """What is known of one stream's packets."""

    shift: int
    last: int = 0
    arrival: int = 0
    step: int = 40 * MS


@dataclass
class _Judged:
    """Pictures (or pieces of sound) of the last two seconds, and how many came out after they were due."""

    since: int = 0
    seen: int = 0
    late: int = 0
    again: bool = False
    """The two seconds before were too late as well."""


@dataclass
class Timeline:
    """One source's time. Made once per source; `reconnected` and `splice` tell it about new beginnings."""

    live: bool
    latency_ns: int
    reference: int = 0
    """The stream whose arrivals are the clock: the video, where there is one."""
    resets: int = 0
    """How often the offset was set anew after the first time."""
    grown: int = 0
    """How often the latency was raised because pictures came out late."""
    _first_raw: int | None = None
    _streams: dict[int, _Stream] = field(default_factory=dict)
    _shifts: deque[int] = field(default_factory=lambda: deque(maxlen=4))
    _offset: int | None = None
    _slewed_at: int = 0
    _settling_since: int = 0
    _improved_at: int = 0
    _settling: bool = True
    _minima: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=_WINDOW_SECONDS))
    _late_since: int | None = None
    _late_least: int = 0
    _fresh: bool = False
    _judged: dict[int, _Judged] = field(default_factory=dict)

    def stamp(
        self, stream: int, raw_ns: int | None, duration_ns: int, arrival_ns: int, *, unordered: bool = False
    ) -> int:
        """The source time of a packet that arrived now, from its decoding time stamp (None when it has none). Of an
        `unordered` stamp, a presentation time, only the rough position counts."""
        if stream == self.reference and self._first_raw is None:
            self._first_raw = raw_ns
        seen = self._streams.get(stream)
        if seen is None:
            seen = self._join(stream, raw_ns, arrival_ns)
            seen.step = duration_ns or seen.step
        expected = seen.last + (duration_ns or seen.step) if seen.arrival else seen.last
        if raw_ns is not None and unordered and seen.arrival and abs(raw_ns + seen.shift - expected) < SECOND:
            raw_ns = None
        ts = expected if raw_ns is None else self._continued(seen, raw_ns, expected, arrival_ns)
        step = ts - seen.last
        if seen.arrival and 0 < step < SECOND:
            seen.step += (step - seen.step) // 8
        seen.last, seen.arrival = ts, arrival_ns
        self._observe(stream, ts, arrival_ns)
        return ts

    def due(self, ts_ns: int) -> int:
        """The monotonic instant at which a source time should be seen or heard."""
        return ts_ns + (self._offset or 0)

    @property
    def end_ns(self) -> int:
        """The source time at which the longest of the streams ends, as far as is known."""
        return max((s.last + s.step for s in self._streams.values()), default=0)

    def step_ns(self, stream: int) -> int:
        """The usual time between packets of a stream."""
        seen = self._streams.get(stream)
        return seen.step if seen is not None else 40 * MS

    def shift(self, stream: int) -> int:
        """What is added to the stream's raw time stamps now."""
        return self._streams[stream].shift

    def reconnected(self) -> None:
        """The next packets come over a new connection: their time stamps may be new ones."""
        self._fresh = True

    def splice(self) -> None:
        """The file starts again: its pictures follow the last one without a gap, unless its sound is far longer."""
        reference = self._streams.get(self.reference)
        if reference is None or self._first_raw is None:
            return
        end = reference.last + reference.step
        if self.end_ns - end > _LONGER_NS:
            end = self.end_ns
        shift = end - self._first_raw
        self._new_shift(shift)
        for stream in self._streams.values():
            stream.shift, stream.last, stream.arrival = shift, end, 0

    def done(self, stream: int, due_ns: int, now_ns: int) -> bool:
        """Judge how a picture came out; True when the latency was raised for it (and everything is due later)."""
        if self.live and self._settling:
            return False
        judged = self._judged.setdefault(stream, _Judged(now_ns))
        judged.seen += 1
        judged.late += now_ns > due_ns
        if now_ns - judged.since < _JUDGE_NS:
            return False
        seen, late = judged.seen, judged.late
        self._judged[stream] = _Judged(now_ns)
        if late == seen and stream == self.reference:
            # Not jitter: we or the sender fell behind for good.
            if not self.live:
                self._rebase(now_ns - due_ns + (self._offset or 0) + self.latency_ns)
                return False
            if self._late_since is not None:
                return False  # already late when they arrive: dealt with there
        if late < 3 or late * 20 < seen or self.latency_ns >= LATENCY_MOST_NS:
            return False
        if self.live and not judged.again:
            self._judged[stream].again = True  # once may be a stall; a network that is like this is so again
            return False
        grow = min(_LATENCY_STEP_NS, LATENCY_MOST_NS - self.latency_ns)
        self.latency_ns += grow
        self._offset = (self._offset or 0) + grow
        self.grown += 1
        return True

    # -- source time --

    def _join(self, stream: int, raw_ns: int | None, arrival_ns: int) -> _Stream:
        """A stream's first packet: it has the shift of the others."""
        if not self._shifts:
            self._shifts.append(0 if raw_ns is None or abs(raw_ns) < _RAW_MOST_NS else -raw_ns)
        shift = self._shifts[-1]
        now = self._source_now(arrival_ns)
        if raw_ns is not None and self.live and self._offset is not None and abs(raw_ns + shift - now) > _APART_NS:
            shift = now - raw_ns  # streams of one source that do not share a clock: arrival is all there is
        self._streams[stream] = _Stream(shift, now if raw_ns is None else raw_ns + shift)
        return self._streams[stream]

    def _source_now(self, arrival_ns: int) -> int:
        """The source time of what arrives now if it is on time."""
        if self._offset is None:
            return self.end_ns
        return arrival_ns + self.latency_ns - self._offset

    def _continued(self, seen: _Stream, raw: int, expected: int, arrival: int) -> int:
        """Source time of a raw time stamp: under the shift in use, an older or newer one, or a new one."""
        if not seen.arrival:
            return raw + seen.shift
        if self._continues(seen, raw + seen.shift, arrival):
            return raw + seen.shift
        for shift in (*reversed(self._shifts), seen.shift + WRAP_NS, seen.shift - WRAP_NS):
            ts = raw + shift
            on_time = self.live and ts > seen.last and abs(ts - self._source_now(arrival)) < _JUMP_NS
            if on_time or abs(ts - expected) < _JUMP_NS // 2:
                seen.shift = shift
                if shift not in self._shifts:
                    self._shifts.append(shift)
                return ts
        start = self._source_now(arrival) if self.live else expected
        start = max(start, expected)
        self._new_shift(start - raw)
        seen.shift = start - raw
        if self.live:
            self._settle(arrival)
            self.resets += 1
        return start

    def _continues(self, seen: _Stream, ts: int, arrival: int) -> bool:
        """Whether a source time follows the stream's last one, given how long nothing came."""
        step, waited = ts - seen.last, arrival - seen.arrival
        if not self.live:
            return -_BACK_NS < step < _HELD_JUMP_NS
        if self._fresh and waited > _JUMP_NS // 2:
            return step > 0 and abs(step - waited) < _JUMP_NS // 4
        return -_BACK_NS < step < _JUMP_NS or (step > 0 and abs(step - waited) < _JUMP_NS // 2)

    def _new_shift(self, shift: int) -> None:
        if not self._shifts or self._shifts[-1] != shift:
            self._shifts.append(shift)

    # -- offset --

    def _settle(self, arrival: int) -> None:
        """Learn the delay anew: for a while the offset follows at once, since a stream often begins with a burst."""
        self._minima.clear()
        self._settling = True
        self._settling_since = self._improved_at = arrival
        self._late_since = None

    def _observe(self, stream: int, ts: int, arrival: int) -> None:
        if self._offset is None or (self._fresh and not self.live):
            self._offset = arrival - ts + self.latency_ns
            self._slewed_at = arrival
            self._settle(arrival)
            self._fresh = False
        if stream != self.reference:
            return
        self._fresh = False
        if not self.live:
            return
        delay = arrival - ts
        second = arrival // SECOND
        if self._minima and self._minima[-1][0] == second:
            self._minima[-1] = (second, min(self._minima[-1][1], delay))
        else:
            self._minima.append((second, delay))
        target = min(delay for _, delay in self._minima) + self.latency_ns
        if self._settling:
            self._follow(target, arrival)
        else:
            self._slew(target, arrival)
            self._notice_late(delay, arrival)
        self._slewed_at = arrival

    def _follow(self, target: int, arrival: int) -> None:
        """While settling: take the offset at once; settled when it has not fallen for a second. A sender that is still
        faster than time after five is not live: it is a file that is sent as fast as we take it."""
        if target < (self._offset or 0) - 20 * MS:
            self._improved_at = arrival
        self._offset = target
        if arrival - self._improved_at > _SETTLED_NS:
            self._settling = False
        elif arrival - self._settling_since > _SETTLING_MOST_NS:
            self._settling = self.live = False

    def _slew(self, target: int, arrival: int) -> None:
        offset = self._offset or 0
        passed = max(0, arrival - self._slewed_at)
        most = passed * _SLEW_MOST_PPM // 1_000_000
        wanted = (target - offset) * passed // (_SLEW_SECONDS * SECOND)
        self._offset = offset + max(-most, min(most, wanted))

    def _notice_late(self, delay: int, arrival: int) -> None:
        """Set the offset anew when for a second every packet arrived after it was due."""
        if delay <= (self._offset or 0):
            self._late_since = None
        elif self._late_since is None:
            self._late_since, self._late_least = arrival, delay
        else:
            self._late_least = min(self._late_least, delay)
            if arrival - self._late_since >= _LATE_FOR_NS:
                self._rebase(self._late_least + self.latency_ns)
                self._minima.clear()
                self._minima.append((arrival // SECOND, self._late_least))

    def _rebase(self, offset: int) -> None:
        self._offset = offset
        self._late_since = None
        self.resets += 1

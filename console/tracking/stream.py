"""One stream of one protocol: datagrams in, samples and counts out. No socket and no clock: the receiver has both.

What a single datagram can't tell is known here: which senders there are, whose segments belong together, what was
lost, came twice or goes back in time, which names trackers have. A sender is `HOST:PORT`. All tables are bounded, so
forged senders and ids cost nothing but each other.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeAlias, TypeVar

from console.tracking import freed, otrk, psn
from console.tracking.freed import FreedSample
from console.tracking.health import SILENT_NS, Health, SourceCount
from console.tracking.mapping import Quirks
from console.tracking.opentrackio import OpenTrackIOPacket, read_payload
from console.tracking.otrk import Assembler, Checksum
from console.tracking.packet import PacketRefused, TrackingProtocol

SURE_AFTER = 10
"""So many packets in a row with today's checksum make a sender one that never uses the old one."""
_RESTART_NS = 1_000_000_000
"""Time that goes back further than this was set anew; less is a packet that came late."""
_MAX_SENDERS, _MAX_SOURCES = 64, 1024
_REPEAT_WINDOW = 64
_MOST_LOST = 1000
"""A gap in sequence numbers beyond this is a packet that came late, or a sender that began anew."""

Decoded: TypeAlias = FreedSample | OpenTrackIOPacket | psn.DataPacket | psn.InfoPacket
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Received:
    """A sample as it came. `data` is the datagram, the last one of a payload in segments."""

    sample: Decoded
    sender: str
    received_ns: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """A datagram that was not taken, and why."""

    reason: str
    sender: str
    received_ns: int
    data: bytes


class _Bounded(Generic[V]):
    """A table that makes its entries, and forgets the one that was not asked for longest."""

    def __init__(self, most: int, make: Callable[[], V]) -> None:
        self._most = most
        self._make = make
        self._entries: OrderedDict[object, V] = OrderedDict()

    def __getitem__(self, key: object) -> V:
        if key in self._entries:
            self._entries.move_to_end(key)
            return self._entries[key]
        if len(self._entries) >= self._most:
            self._entries.popitem(last=False)
        return self._entries.setdefault(key, self._make())

    def values(self) -> tuple[V, ...]:
        return tuple(self._entries.copy().values())


class _Sender:
    """What is known of one sender of OpenTrackIO or PosiStageNet."""

    def __init__(self) -> None:
        self.assembler = Assembler()
        self.in_a_row = 0
        """Packets with today's checksum since the last with the old one."""
        self.sequence: int | None = None
        self.lost = 0
        """Packets missing since the last whole payload, whose source says where they belong."""
        self.seen: OrderedDict[tuple[int, int], int] = OrderedDict()
        """When a sequence number and offset came last."""
        self.frames: dict[type, tuple[psn.Header, int]] = {}
        """The last PosiStageNet frame of each kind, and how many of its datagrams came."""


class _Latest:
    """The latest time that a source told."""

    def __init__(self) -> None:
        self.ns: int | None = None


class Stream:
    """Understands one stream. `feed` belongs to one thread; `health` may be asked from any."""

    def __init__(self, protocol: TrackingProtocol, quirks: Quirks = Quirks()) -> None:  # noqa: B008 - frozen
        self.protocol = protocol
        self.quirks = quirks
        self.names: dict[int, str] = {}
        """Of PosiStageNet trackers, from info packets."""
        self._counts = Health()
        self._understood = self._last_ns = 0
        self._senders = _Bounded(_MAX_SENDERS, _Sender)
        self._times = _Bounded(_MAX_SOURCES, _Latest)
        self._sources: OrderedDict[str, SourceCount] = OrderedDict()
        self._owners: dict[int, tuple[str, int]] = {}  # who sent a PosiStageNet tracker last, and when
        self._contested: dict[int, tuple[str, str, int]] = {}
        self._feeders = {
            TrackingProtocol.FREED: self._freed,
            TrackingProtocol.OPENTRACKIO: self._opentrackio,
            TrackingProtocol.PSN: self._psn,
        }

    def feed(self, data: bytes, sender: str, received_ns: int) -> Received | Refused | None:
        """Take a datagram. None: it came twice, or its payload is not whole yet."""
        self._last_ns = received_ns
        try:
            sample = self._feeders[self.protocol](data, sender, received_ns)
        except PacketRefused as refusal:
            counts = self._counts
            self._counts = replace(counts, refused=counts.refused + 1, last_refusal=refusal.sentence)
            return Refused(refusal.sentence, sender, received_ns, data)
        self._understood += 1
        return Received(sample, sender, received_ns, data) if sample is not None else None

    def health(self, now_ns: int) -> Health:
        """How the stream is at an instant of the clock that `received_ns` is read from."""
        sources = tuple(source.health(now_ns) for source in self._sources.copy().values())
        return replace(
            self._counts,
            understood=self._understood,
            lost=sum(source.lost for source in sources) + sum(s.assembler.dropped for s in self._senders.values()),
            last_ns=self._last_ns,
            sources=sources,
            contested=tuple(
                f"tracker {number} comes from {one} and {other}"
                for number, (one, other, at_ns) in sorted(self._contested.copy().items())
                if now_ns - at_ns <= SILENT_NS
            ),
            at_ns=now_ns,
        )

    def unfinished(self) -> tuple[str, ...]:
        """Payloads of which segments are missing, a sentence each."""
        return tuple(
            f"The payload of packet {segment.sequence} is not whole: a segment is missing"
            for sender in self._senders.values()
            for segment in sender.assembler.waiting[:1]
        )

    def _source(self, name: str, sender: str, received_ns: int) -> SourceCount:
        if name not in self._sources:
            if len(self._sources) >= _MAX_SOURCES:
                self._sources.popitem(last=False)
            self._sources[name] = SourceCount(name)
        source = self._sources[name]
        source.heard(sender, received_ns)
        return source

    def _in_order(self, key: object, time_ns: int) -> None:
        """Refuse what is older than what the source told before; take a clock that was set back."""
        latest = self._times[key]
        if latest.ns is not None and time_ns < latest.ns:
            self._counts = replace(self._counts, time_back=self._counts.time_back + 1)
            if latest.ns - time_ns <= _RESTART_NS:
                raise PacketRefused(f"Time went back by {(latest.ns - time_ns) / 1e6:.3f} ms")
        latest.ns = time_ns

    def _freed(self, data: bytes, sender: str, received_ns: int) -> FreedSample:
        sample = freed.decode(data, zero_checksum=self.quirks.freed_zero_checksum)
        source = self._source(f"camera {sample.camera}", sender, received_ns)
        source.sampled(received_ns, None)
        if self.quirks.freed_spare_is_iris_and_sequence:
            known = self._senders[sender, sample.camera]
            if known.sequence is not None:
                source.lost += max((sample.sequence - known.sequence) % 16 - 1, 0)
            known.sequence = sample.sequence
        return sample

    def _opentrackio(self, data: bytes, sender: str, received_ns: int) -> OpenTrackIOPacket | None:
        known = self._senders[sender]
        mod255 = self.quirks.opentrackio_mod255 and known.in_a_row < SURE_AFTER
        segment = otrk.decode_segment(data, mod255=mod255)
        if segment.checksum is Checksum.MOD255:
            self._counts = replace(self._counts, mod255=self._counts.mod255 + 1)
        known.in_a_row = known.in_a_row + 1 if segment.checksum is Checksum.MOD256 else 0
        if not self.quirks.opentrackio_sequence_is_unused and self._repeated(known, segment, received_ns):
            return None
        known.lost += self._missing(known, segment.sequence)
        payload = known.assembler.add(segment)
        if payload is None:
            return None
        packet = read_payload(payload)
        number = packet.sample.source_number
        source = self._source(f"source {number}" if number is not None else sender, sender, received_ns)
        source.lost += known.lost
        known.lost = 0
        sampled = packet.sample.timing.sampled if packet.sample.timing else None
        if sampled is not None:
            self._in_order((sender, number), sampled.ns)
        source.sampled(received_ns, None if sampled is None else sampled.ns)
        return packet

    def _repeated(self, known: _Sender, segment: otrk.Segment, received_ns: int) -> bool:
        key = (segment.sequence, segment.offset)
        before_ns = known.seen.pop(key, None)
        known.seen[key] = received_ns
        if len(known.seen) > _REPEAT_WINDOW:
            known.seen.popitem(last=False)
        if before_ns is None or received_ns - before_ns > SILENT_NS:  # after a pause it is a sender that began anew
            return False
        self._counts = replace(self._counts, repeated=self._counts.repeated + 1)
        return True

    @staticmethod
    def _missing(known: _Sender, sequence: int) -> int:
        """How many packets are missing before this one."""
        last, known.sequence = known.sequence, sequence
        gap = 0 if last is None else (sequence - last & 0xFFFF) - 1
        return gap if 0 < gap <= _MOST_LOST else 0

    def _psn(self, data: bytes, sender: str, received_ns: int) -> psn.DataPacket | psn.InfoPacket:
        packet = psn.decode(data)
        header = packet.header
        if isinstance(packet, psn.DataPacket):
            self._in_order(sender, header.time_us * 1000)
        source = self._source(sender, sender, received_ns)
        frames = self._senders[sender].frames
        before, came = frames.get(type(packet), (None, 0))
        if before is not None and before.frame == header.frame:
            came += 1
        else:
            if before is not None and header.time_us >= before.time_us:  # else the server began anew
                skipped = (header.frame - before.frame) % 256 - 1
                source.lost += max(before.packets - came, 0) + skipped * header.packets
            came = 1
            if isinstance(packet, psn.DataPacket):
                source.sampled(received_ns, header.time_us * 1000)
        frames[type(packet)] = (header, came)
        if isinstance(packet, psn.InfoPacket):
            self.names.update(packet.names)
        else:
            self._look_at_trackers(packet, sender, received_ns)
        return packet

    def _look_at_trackers(self, packet: psn.DataPacket, sender: str, received_ns: int) -> None:
        if packet.refused:
            counts = self._counts
            self._counts = replace(counts, refused=counts.refused + 1, last_refusal=packet.refused[-1])
        if len(self._sources) < 2:  # a single server contests nothing
            return
        for tracker in packet.trackers:
            owner, at_ns = self._owners.get(tracker.id, (sender, 0))
            if owner != sender and received_ns - at_ns < SILENT_NS:
                self._contested[tracker.id] = (owner, sender, received_ns)
            self._owners[tracker.id] = (sender, received_ns)

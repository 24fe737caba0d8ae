"""Tracking as it comes in: a receiver for each input of the set-up, and what it says put where graphics find it.

A set-up is never refused here as a whole: what can't be is named, one sentence for each fault, and the rest works. A
stream whose set-up has a fault is still listened to, so that its packets can be looked at, but moves no graphic.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict, deque
from collections.abc import Iterable
from dataclasses import dataclass

from console.errors import ConsoleError
from console.graphics.input_setup import collide, endpoint_of, mapping_of
from console.graphics.world import Track
from console.media.clock import Clock
from console.show.world import TrackingInput, World
from console.tracking.freed import FreedSample
from console.tracking.health import SILENT_NS, Health
from console.tracking.mapping import (
    CameraState,
    Quirks,
    SourceMapping,
    SubjectState,
    camera_from_freed,
    camera_from_opentrackio,
    subject_from_psn,
)
from console.tracking.opentrackio import OpenTrackIOPacket
from console.tracking.packet import TrackingProtocol
from console.tracking.psn import DataPacket
from console.tracking.receiver import Endpoint, Receiver
from console.tracking.stream import Received
from console.tracking.timeline import CameraTimeline

log = logging.getLogger("console.graphics.inputs")

RAW_BYTES = 256
"""So much of the last datagram is kept for those who look at it."""
_PAUSE_NS, _PAUSE_MOST_NS, _CLOSING_NS = 500_000_000, 8_000_000_000, 50_000_000
_TAKEN_MOST = 512
"""Of more samples in one turn, which only a flood brings, the oldest are left out."""
_OWNED_NS = 200_000_000
"""So long after a sender was heard last no other may speak for its camera."""
_NUMBERS_MOST, _UNKNOWN_MOST, _NAMED_MOST = 256, 64, 4


@dataclass(frozen=True, slots=True)
class Raw:
    """The last datagram, understood or not."""

    data: bytes
    """Its first `RAW_BYTES` bytes."""
    length: int
    sender: str
    received_ns: int


class Input:
    """One input: its receiver while there is one, what it heard, and what is wrong with it."""

    def __init__(self, entry: TrackingInput, clock: Clock) -> None:
        self.entry = entry
        self.mapping: SourceMapping | None = None
        self.faults: tuple[str, ...] = ()
        """What the set-up has wrong."""
        self.collides = False
        """Another input listens there."""
        self.unbound = ""
        """Why it does not listen though it should."""
        self.raw: Raw | None = None
        self.last: Received | None = None
        """The last one that was understood."""
        self.unknown: OrderedDict[int, tuple[int, int]] = OrderedDict()
        """Cameras that nobody configured: how often they were heard, and when last."""
        self.intruded = 0
        """Samples of a second sender that spoke for somebody else's camera or subject; they are left out."""
        self.flooded = 0
        """Samples left out because more came than can be of use."""
        self._dropped, self._flood_ns = 0, 0
        self.heard: OrderedDict[int, int] = OrderedDict()
        """When a camera or subject was heard last."""
        self._owners: dict[int, tuple[str, int]] = {}
        self._clock = clock
        self._receiver: Receiver | None = None
        self._wanted: tuple[TrackingProtocol, Endpoint] | None = None
        self._retry_at = 0
        self._pause_ns = _PAUSE_NS
        self._read_setup()

    def _read_setup(self) -> None:
        try:
            self.mapping = mapping_of(self.entry)
        except ConsoleError as error:
            self.faults += (str(error),)
        try:
            self._wanted = endpoint_of(self.entry)
        except ConsoleError as error:
            self.faults += (str(error),)

    @property
    def endpoint(self) -> Endpoint | None:
        """Where it should listen; None when the set-up does not say it."""
        return self._wanted[1] if self._wanted else None

    @property
    def port(self) -> int | None:
        """The port it listens on; None while it does not."""
        return self._receiver.endpoint.port if self._receiver else None

    @property
    def names(self) -> dict[int, str]:
        """Of PosiStageNet trackers."""
        return self._receiver.names if self._receiver else {}

    def avoid(self, others: Iterable[Input]) -> None:
        """Do not listen where another does."""
        for other in others:
            if self.endpoint and other.endpoint and collide(self.endpoint, other.endpoint):
                self.collides, self._wanted = True, None
                self.faults += (
                    f"The tracking inputs {other.entry.id} and {self.entry.id} both listen on {other.endpoint}."
                    " Give one of them another port.",
                )

    def open(self, now_ns: int) -> None:
        """Listen, when it is time to try."""
        if self._receiver is not None or self._wanted is None or now_ns < self._retry_at:
            return
        protocol, endpoint = self._wanted
        quirks = self.mapping.quirks if self.mapping else Quirks()
        try:
            self._receiver = Receiver(protocol, endpoint, quirks=quirks, clock=self._clock, tap=self._tap)
        except ConsoleError as error:
            self._retry_at = now_ns + self._pause_ns
            self._pause_ns = min(_PAUSE_MOST_NS, self._pause_ns * 2)
            if str(error) != self.unbound:
                self.unbound = str(error)
                log.warning("[%s]: %s", self.entry.id, error)
            return
        if self.unbound:
            log.info("[%s]: listens on %s", self.entry.id, endpoint)
        self.unbound, self._pause_ns = "", _PAUSE_NS

    def wait(self, until_ns: int) -> None:
        """Do not try before then."""
        self._retry_at = max(self._retry_at, until_ns)

    def detach(self) -> Receiver | None:
        """Give the receiver away, to be closed."""
        receiver, self._receiver = self._receiver, None
        return receiver

    def take(self) -> list[Received]:
        """What came since the last time, oldest first."""
        if self._receiver is None:
            return []
        taken = [entry for entry in self._receiver.take() if isinstance(entry, Received)]
        if len(taken) > _TAKEN_MOST:
            self.flooded += len(taken) - _TAKEN_MOST
            del taken[:-_TAKEN_MOST]
        if taken:
            self.last = taken[-1]
        return taken

    def health(self) -> Health:
        """How the stream is."""
        return self._receiver.health() if self._receiver else Health(at_ns=self._clock.now())

    def owned(self, number: int, sender: str, received_ns: int) -> bool:
        """Whether a sender may speak for a camera or subject: the first that did may, until it has been silent."""
        owner, heard_ns = self._owners.get(number, (sender, 0))
        if owner != sender and received_ns - heard_ns < _OWNED_NS:
            self.intruded += 1
            return False
        if number not in self._owners and len(self._owners) >= _NUMBERS_MOST:
            del self._owners[next(iter(self._owners))]
        self._owners[number] = (sender, received_ns)
        self.heard[number] = received_ns
        self.heard.move_to_end(number)
        if len(self.heard) > _NUMBERS_MOST:
            self.heard.popitem(last=False)
        return True

    def nobodys(self, number: int, received_ns: int) -> None:
        """A camera was heard that is not configured."""
        count, _ = self.unknown.pop(number, (0, 0))
        self.unknown[number] = (count + 1, received_ns)
        if len(self.unknown) > _UNKNOWN_MOST:
            self.unknown.popitem(last=False)

    def dropped(self, health: Health) -> int:
        """Datagrams and samples that were left out because too many came."""
        return health.queue_dropped + health.overflowed + self.flooded

    def troubles(self, health: Health, now_ns: int) -> list[str]:
        """What is wrong now, a sentence each."""
        found = [*self.faults, *([self.unbound] if self.unbound else [])]
        dropped = self.dropped(health)
        if dropped > self._dropped:
            self._dropped, self._flood_ns = dropped, now_ns
        if self._flood_ns and now_ns - self._flood_ns <= 2 * SILENT_NS:
            found.append(f"Tracking input {self.entry.id} is flooded: {dropped} packets were dropped")
        found += [f"Tracking input {self.entry.id}: {notice}" for notice in health.notices]
        strangers = [n for n, (_, at_ns) in self.unknown.items() if now_ns - at_ns <= 2 * SILENT_NS]
        if strangers:
            named = ", ".join(map(str, sorted(strangers)[:_NAMED_MOST]))
            more = f" and {len(strangers) - _NAMED_MOST} more" if len(strangers) > _NAMED_MOST else ""
            many = len(strangers) > 1
            found.append(
                f"{'Cameras' if many else 'Camera'} {named}{more} of input {self.entry.id}"
                f" {'are' if many else 'is'} not configured"
            )
        return found

    def _tap(self, data: bytes, sender: str, received_ns: int) -> None:
        self.raw = Raw(data[:RAW_BYTES], len(data), sender, received_ns)


class Inputs:
    """All inputs of the set-up, and the time lines they feed. One thread owns it; the receivers have their own."""

    def __init__(self, clock: Clock) -> None:
        self.inputs: dict[str, Input] = {}
        self.cameras: dict[tuple[str, int], CameraTimeline] = {}
        """By input and number; only those that are configured."""
        self.subjects: OrderedDict[str, Track] = OrderedDict()
        """By `INPUT/NUMBER`."""
        self.watched: dict[tuple[str, int], deque[CameraState]] = {}
        """What cameras say, once more, for who looks for their delays."""
        self._named: frozenset[str] = frozenset()
        self._clock = clock
        self._closing: list[threading.Thread] = []

    def follow(self, world: World) -> None:
        """Open, close and change what the set-up asks for; what stays as it was goes on undisturbed."""
        entries = {entry.id: entry for entry in world.inputs}
        for name in [name for name, one in self.inputs.items() if one.collides or entries.get(name) != one.entry]:
            self._drop(name)
        for name, entry in entries.items():
            if name not in self.inputs:
                one = Input(entry, self._clock)
                one.avoid(self.inputs.values())
                self.inputs[name] = one
        wanted = {(camera.input, camera.number) for camera in world.cameras if camera.input}
        self.cameras = {key: self.cameras.get(key) or CameraTimeline() for key in wanted}
        named = {person.subject for person in world.people} | {element.subject for element in world.elements}
        self._named = frozenset(named)
        for one in self.inputs.values():
            for number in [number for number in one.unknown if (one.entry.id, number) in wanted]:
                del one.unknown[number]

    def take(self, now_ns: int) -> None:
        """Take in what came; try again what could not be opened."""
        self._closing = [thread for thread in self._closing if thread.is_alive()]
        for one in self.inputs.values():
            if self._closing:
                one.wait(now_ns + _CLOSING_NS)
            one.open(now_ns)
            for entry in one.take():
                if one.mapping is not None:
                    self._feed(one, one.mapping, entry)

    def alive(self, now_ns: int) -> int:
        """How many subjects were heard in the last second."""
        return sum(now_ns - track.last_ns <= SILENT_NS for track in self.subjects.values())

    def close(self) -> None:
        """Stop listening."""
        for name in list(self.inputs):
            self._drop(name)
        for thread in self._closing:
            thread.join(1.0)

    def _drop(self, name: str) -> None:
        """Forget an input and what it fed. Its thread takes a while to end: nothing here waits for it."""
        receiver = self.inputs.pop(name).detach()
        self.cameras = {key: line for key, line in self.cameras.items() if key[0] != name}
        for subject in [subject for subject in self.subjects if subject.rpartition("/")[0] == name]:
            del self.subjects[subject]
        if receiver is not None:
            thread = threading.Thread(target=receiver.close, name=f"tracking-close-{name}", daemon=True)
            thread.start()
            self._closing.append(thread)

    def _feed(self, one: Input, mapping: SourceMapping, entry: Received) -> None:
        sample, received_ns = entry.sample, entry.received_ns
        if isinstance(sample, FreedSample):
            self._place(one, sample.camera, camera_from_freed(sample, mapping, received_ns), entry.sender)
        elif isinstance(sample, OpenTrackIOPacket):
            state = camera_from_opentrackio(sample.sample, mapping, received_ns)
            if state is not None:
                self._place(one, sample.sample.source_number or 0, state, entry.sender)
        elif isinstance(sample, DataPacket):
            for tracker in sample.trackers:
                subject = subject_from_psn(tracker, mapping, received_ns, sample.header.time_us)
                if subject is not None and one.owned(tracker.id, entry.sender, received_ns):
                    self._move(f"{one.entry.id}/{tracker.id}", subject)

    def _place(self, one: Input, number: int, state: CameraState, sender: str) -> None:
        """A camera that is configured, a thing that is tracked the same way, or nobody's."""
        subject = f"{one.entry.id}/{number}"
        line = self.cameras.get((one.entry.id, number))
        if line is None and subject not in self._named:
            one.nobodys(number, state.received_ns)
        elif one.owned(number, sender, state.received_ns):
            if line is not None:
                line.add(state)
                if (one.entry.id, number) in self.watched:
                    self.watched[one.entry.id, number].append(state)
            else:
                self._move(subject, SubjectState(number, state.position_m, None, None, state.received_ns))

    def _move(self, subject: str, state: SubjectState) -> None:
        track = self.subjects.get(subject)
        if track is None:
            if len(self.subjects) >= _NUMBERS_MOST:
                self.subjects.popitem(last=False)
            track = self.subjects[subject] = Track()
        self.subjects.move_to_end(subject)
        track.add(state)

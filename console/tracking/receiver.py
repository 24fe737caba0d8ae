"""The socket of a stream, and the thread that reads it.

The thread understands what it reads (`Stream`) and puts it into a queue of 4096; when nobody takes, the oldest go and
are counted, as the latest place of a camera is the one that counts. In a flood the thread reads for 4 ms and rests
one and a half times as long, so it never takes more than 40 % of a core from the process it lives in; the system drops
what does not fit into the socket's buffer, and counts it on Linux. Arrival is when the system got the datagram, where
it says so (Linux), so a busy process does not add jitter.
"""

from __future__ import annotations

import ipaddress
import logging
import selectors
import socket
import struct
import sys
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from console.errors import ConsoleError
from console.media.clock import Clock, SystemClock
from console.tracking.health import NOT_UNDERSTOOD, SILENT, Health
from console.tracking.mapping import Quirks
from console.tracking.packet import MAX_DATAGRAM_BYTES, TrackingProtocol
from console.tracking.stream import Received, Refused, Stream

log = logging.getLogger("console.tracking")

QUEUE_LENGTH = 4096
_READ_NS, _REST, _LOOK_NS = 4_000_000, 1.5, 200_000_000
_BUFFER_BYTES = 1 << 20
# Linux (asm-generic/socket.h); Python has no names for them.
_SO_TIMESTAMPNS, _SO_RXQ_OVFL = 35, 40
_TIMESPEC = struct.Struct("@ll")
_COUNT = struct.Struct("@I")
_LONGEST_QUEUE_NS = 1_000_000_000


@dataclass(frozen=True)
class Endpoint:
    """Where datagrams are awaited: `host` is an address of this machine, with a group the interface that joins it."""

    host: str
    port: int
    group: str = ""

    def __str__(self) -> str:
        return f"{self.group or self.host}:{self.port}"


def multicast_group(text: str) -> str:
    """The address of an IPv4 multicast group. Raises ConsoleError."""
    try:
        if ipaddress.IPv4Address(text).is_multicast:
            return text
    except ValueError:
        pass
    raise ConsoleError(f"'{text}' is no multicast group", "Groups are 224.0.0.0 to 239.255.255.255")


def open_socket(endpoint: Endpoint) -> socket.socket:
    """A socket that receives there. Raises ConsoleError."""
    family = socket.AF_INET6 if ":" in endpoint.host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_DGRAM)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
        if sys.platform == "linux":
            found.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
            found.setsockopt(socket.SOL_SOCKET, _SO_RXQ_OVFL, 1)
        if endpoint.group:
            group = multicast_group(endpoint.group)
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # others may listen to the group too
            # Bound to the group the socket gets nothing else; Windows can't bind to it.
            found.bind(("" if sys.platform == "win32" else group, endpoint.port))
            joined = socket.inet_aton(group) + socket.inet_aton(socket.gethostbyname(endpoint.host or "0.0.0.0"))
            found.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, joined)
        else:
            found.bind((endpoint.host, endpoint.port))
        found.setblocking(False)
    except (OSError, ConsoleError) as error:
        found.close()
        if isinstance(error, ConsoleError):
            raise
        remedy = "Name an address of this machine, and a port that nobody else uses"
        raise ConsoleError(f"Can't listen on {endpoint}: {error.strerror or error}", remedy) from error
    return found


class Receiver:
    """Reads a stream in a thread until it is closed.

    `tap` gets every datagram with its sender and time, in that thread, before it is understood: a recorder.
    With `keep_refused` what was refused is queued too.
    """

    def __init__(
        self,
        protocol: TrackingProtocol,
        endpoint: Endpoint,
        *,
        quirks: Quirks = Quirks(),  # noqa: B008 - frozen
        clock: Clock | None = None,
        tap: Callable[[bytes, str, int], None] | None = None,
        keep_refused: bool = False,
    ) -> None:
        self._stream = Stream(protocol, quirks)
        self._clock = clock or SystemClock()
        self._tap = tap
        self._keep_refused = keep_refused
        self._queue: deque[Received | Refused] = deque()
        self._filled = threading.Condition()
        self._queue_dropped = self._overflowed = 0
        self._told, self._look_ns = SILENT, 0
        self._unix_ahead_ns, self._arrived_ns = self._unix_ahead(), 0
        self._socket = open_socket(endpoint)
        self.endpoint = replace(endpoint, port=int(self._socket.getsockname()[1]))
        """Where it listens; the port is a real one, also when 0 was asked for."""
        self._buffer = bytearray(MAX_DATAGRAM_BYTES)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"tracking-{protocol.value}", daemon=True)
        self._thread.start()

    @property
    def names(self) -> dict[int, str]:
        """Of PosiStageNet trackers."""
        return self._stream.names.copy()

    def take(self, timeout_s: float = 0.0) -> list[Received | Refused]:
        """All that waits, oldest first; waits up to `timeout_s` for the first."""
        if not self._queue and timeout_s <= 0:
            return []
        with self._filled:
            self._filled.wait_for(lambda: bool(self._queue), timeout_s)
            taken = list(self._queue)
            self._queue.clear()
        return taken

    def health(self) -> Health:
        """How the stream is now."""
        health = self._stream.health(self._clock.now())
        return replace(health, queue_dropped=self._queue_dropped, overflowed=self._overflowed)

    def close(self) -> None:
        """End the thread and close the socket."""
        self._closing.set()
        self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, selectors.EVENT_READ)
            while not self._closing.is_set():
                if selector.select(_LOOK_NS / 1e9):
                    began = self._clock.now()
                    if self._drain(began + _READ_NS):
                        self._closing.wait((self._clock.now() - began) * _REST / 1e9)
                self._tell()

    def _drain(self, until_ns: int) -> bool:
        """Read what is there; whether there may be more at the end of the time."""
        now = 0
        while now < until_ns:
            try:
                size, ancillary, address = self._receive()
            except BlockingIOError:
                return False
            except OSError:  # Windows reports so that somebody's port was closed
                now = self._clock.now()
                continue
            now = self._clock.now()
            received_ns = self._arrival(ancillary, now)
            self._take_in(bytes(memoryview(self._buffer)[:size]), f"{address[0]}:{address[1]}", received_ns)
        return True

    def _receive(self) -> tuple[int, list[tuple[int, int, bytes]], tuple[str, int]]:
        if sys.platform == "win32":
            size, address = self._socket.recvfrom_into(self._buffer)
            return size, [], address
        size, ancillary, _, address = self._socket.recvmsg_into([self._buffer], 128)
        return size, ancillary, address

    def _arrival(self, ancillary: list[tuple[int, int, bytes]], now_ns: int) -> int:
        """When the system got the datagram, on our clock; never before the one that came before it."""
        arrived_ns = now_ns
        for _, kind, content in ancillary:
            if kind == _SO_RXQ_OVFL and len(content) == _COUNT.size:
                (self._overflowed,) = _COUNT.unpack(content)
            elif kind == _SO_TIMESTAMPNS and len(content) == _TIMESPEC.size:
                seconds, nanoseconds = _TIMESPEC.unpack(content)
                stamped_ns = seconds * 1_000_000_000 + nanoseconds - self._unix_ahead_ns
                if 0 <= now_ns - stamped_ns < _LONGEST_QUEUE_NS:  # else the wall clock was set meanwhile
                    arrived_ns = stamped_ns
        self._arrived_ns = max(self._arrived_ns, arrived_ns)
        return self._arrived_ns

    def _unix_ahead(self) -> int:
        """Unix time less our clock's, in nanoseconds: of five readings the one that was disturbed least."""
        readings = []
        for _ in range(5):
            before, unix, after = self._clock.now(), self._clock.unix_ns(), self._clock.now()
            readings.append((after - before, unix - (before + after) // 2))
        return min(readings)[1]

    def _take_in(self, data: bytes, sender: str, received_ns: int) -> None:
        if self._tap is not None:
            try:
                self._tap(data, sender, received_ns)
            except ConsoleError as error:
                self._tap = None  # the show goes on without its recording
                log.error("[%s]: %s", self.endpoint, error)
        entry = self._stream.feed(data, sender, received_ns)
        if entry is None or (isinstance(entry, Refused) and not self._keep_refused):
            return
        with self._filled:
            if len(self._queue) >= QUEUE_LENGTH:
                self._queue.popleft()
                self._queue_dropped += 1
            self._queue.append(entry)
            self._filled.notify()

    def _tell(self) -> None:
        """Log when the stream's state has changed; looks five times a second."""
        now = self._clock.now()
        if now < self._look_ns:
            return
        self._look_ns = now + _LOOK_NS
        self._unix_ahead_ns = self._unix_ahead()
        health = self._stream.health(now)
        if health.state != self._told:
            self._told = health.state
            not_understood = health.state == NOT_UNDERSTOOD
            reason = f" ({health.last_refusal})" if not_understood else ""
            log.log(
                logging.WARNING if not_understood else logging.INFO, "[%s]: %s%s", self.endpoint, health.state, reason
            )

"""The socket and its thread: unicast, multicast, a queue that fills, a flood."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest
from waiting import wait_for

from console.errors import ConsoleError
from console.media.clock import SystemClock
from console.tracking import freed
from console.tracking.packet import TrackingProtocol
from console.tracking.receiver import QUEUE_LENGTH, Endpoint, Receiver, multicast_group
from console.tracking.stream import Received, Refused

GROUP = "239.135.1.77"


def _message(camera: int = 1) -> bytes:
    return freed.encode(freed.FreedSample(camera, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7, 8))


@pytest.fixture
def sender() -> Iterator[socket.socket]:
    with socket.socket(type=socket.SOCK_DGRAM) as out:
        yield out


def test_what_is_sent_is_taken_with_its_sender_and_time(sender: socket.socket) -> None:
    clock = SystemClock()
    with closing(Receiver(TrackingProtocol.FREED, Endpoint("127.0.0.1", 0))) as receiver:
        before = clock.now()
        for camera in (1, 2, 3):
            sender.sendto(_message(camera), ("127.0.0.1", receiver.endpoint.port))
        taken: list[Received | Refused] = []
        wait_for(lambda: taken.extend(receiver.take(0.1)) or len(taken) == 3)
        after = clock.now()
    for camera, entry in enumerate(taken, 1):
        assert isinstance(entry, Received)
        assert isinstance(entry.sample, freed.FreedSample)
        assert entry.sample.camera == camera
        assert entry.sender == f"127.0.0.1:{sender.getsockname()[1]}"
        assert before - 1_000_000 <= entry.received_ns <= after
        assert entry.data == _message(camera)


@pytest.mark.expects_log
def test_what_is_refused_is_counted_and_queued_only_when_asked_for(sender: socket.socket) -> None:
    tapped: list[tuple[bytes, str]] = []
    with ExitStack() as stack:
        endpoint = Endpoint("127.0.0.1", 0)
        plain = stack.enter_context(closing(Receiver(TrackingProtocol.FREED, endpoint)))
        full = stack.enter_context(
            closing(
                Receiver(
                    TrackingProtocol.FREED, endpoint, keep_refused=True, tap=lambda d, s, _ns: tapped.append((d, s))
                )
            )
        )
        for receiver in (plain, full):
            sender.sendto(b"hello", ("127.0.0.1", receiver.endpoint.port))
        wait_for(lambda: plain.health().refused and full.health().refused)
        assert plain.health().state == "receiving, but not understood"
        assert plain.take() == []
        (entry,) = full.take(1.0)
        assert isinstance(entry, Refused)
        assert entry.reason == "A FreeD message begins with D1, this one with 68"
    assert tapped == [(b"hello", f"127.0.0.1:{sender.getsockname()[1]}")]


def test_a_full_queue_drops_the_oldest_and_counts(sender: socket.socket) -> None:
    with closing(Receiver(TrackingProtocol.FREED, Endpoint("127.0.0.1", 0))) as receiver:
        beyond = 300
        for number in range(QUEUE_LENGTH + beyond):
            sender.sendto(_message(number % 256), ("127.0.0.1", receiver.endpoint.port))
            if number % 100 == 99:  # never so fast that the system drops
                wait_for(lambda sent=number + 1: receiver.health().understood == sent)
        wait_for(lambda: receiver.health().understood == QUEUE_LENGTH + beyond)
        assert receiver.health().queue_dropped == beyond
        taken = receiver.take()
        assert len(taken) == QUEUE_LENGTH
        first = taken[0]
        assert isinstance(first, Received)
        assert isinstance(first.sample, freed.FreedSample)
        assert first.sample.camera == beyond % 256


def test_a_flood_is_survived_and_counted(sender: socket.socket) -> None:
    with closing(Receiver(TrackingProtocol.FREED, Endpoint("127.0.0.1", 0))) as receiver:
        message, address, sent = _message(), ("127.0.0.1", receiver.endpoint.port), 60_000
        for _ in range(sent):
            sender.sendto(message, address)
        if sys.platform == "linux":  # it says what it dropped with the next datagram that is read
            wait_for(lambda: sender.sendto(message, address) and receiver.health().overflowed > 0)
        else:
            wait_for(lambda: receiver.health().understood > 0)

        def nine_comes_through() -> bool:
            sender.sendto(_message(9), address)
            taken = receiver.take()
            return any(getattr(entry.sample, "camera", 0) == 9 for entry in taken if isinstance(entry, Received))

        wait_for(nine_comes_through)


def test_a_group_is_joined_on_the_interface_that_is_named(sender: socket.socket, free_port: Callable[[], int]) -> None:
    port = free_port()
    sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
    with ExitStack() as stack:
        endpoint = Endpoint("127.0.0.1", port, GROUP)
        receivers = [stack.enter_context(closing(Receiver(TrackingProtocol.FREED, endpoint))) for _ in range(2)]

        def both_heard() -> bool:
            sender.sendto(_message(), (GROUP, port))
            return all(receiver.health().understood for receiver in receivers)

        wait_for(both_heard, what="two receivers of one group")


def test_where_nobody_can_listen_is_named(free_port: Callable[[], int]) -> None:
    port = free_port()
    with (
        closing(Receiver(TrackingProtocol.FREED, Endpoint("127.0.0.1", port))),
        pytest.raises(ConsoleError, match=rf"Can't listen on 127\.0\.0\.1:{port}"),
    ):
        Receiver(TrackingProtocol.FREED, Endpoint("127.0.0.1", port))
    with pytest.raises(ConsoleError, match=r"Can't listen on 192\.0\.2\.1"):
        Receiver(TrackingProtocol.FREED, Endpoint("192.0.2.1", port))
    for wrong in ("10.0.0.1", "localhost", "ff02::1", "239.1.1"):
        with pytest.raises(ConsoleError, match="no multicast group"):
            multicast_group(wrong)


@pytest.mark.expects_log
def test_a_recorder_that_fails_does_not_end_the_stream(sender: socket.socket, caplog: pytest.LogCaptureFixture) -> None:
    def full_disk(_data: bytes, _sender: str, _at_ns: int) -> None:
        raise ConsoleError("Can't record to x: No space left on device")

    with closing(Receiver(TrackingProtocol.FREED, Endpoint("127.0.0.1", 0), tap=full_disk)) as receiver:
        for _ in range(3):
            sender.sendto(_message(), ("127.0.0.1", receiver.endpoint.port))
        wait_for(lambda: receiver.health().understood == 3)
    assert caplog.text.count("No space left") == 1

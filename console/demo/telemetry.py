"""Positions on the network: the venue sends where its cameras and athletes are, in step with the pictures.

One UDP port of loopback per protocol. As with heads that are locked to the house sync, the place of frame n leaves at
the instant at which slot n of the pictures does. The picture of frame n comes in later, by `picture_delay_ms`.
"""

from __future__ import annotations

import contextlib
import socket
from dataclasses import dataclass

from console.demo.cameras import STATIONS, Station
from console.demo.tracking import TRACKED, Transmitter
from console.demo.web import HOST
from console.tracking.packet import TrackingProtocol

OPENTRACKIO_STATION = 5
"""The camera that speaks OpenTrackIO; the other tracked ones speak FreeD."""


def picture_delay_ms(fps: int) -> float:
    """How much later the picture of an instant comes in than its tracking: two frames. It is coded one slot behind its
    turn, as there are pictures that are predicted from later ones, and a decoder knows its end by the next one."""
    return 2000 / fps


def stations_of(protocol: TrackingProtocol) -> tuple[Station, ...]:
    """The cameras whose places a protocol carries."""
    if protocol is TrackingProtocol.PSN:
        return ()
    modern = protocol is TrackingProtocol.OPENTRACKIO
    return tuple(station for station in TRACKED if (station.number == OPENTRACKIO_STATION) is modern)


@dataclass(frozen=True)
class _Channel:
    transmitter: Transmitter
    port: int


class Telemetry:
    """Sends frame after frame of every protocol."""

    def __init__(self, fps: int, take_frames: int, cameras: int = len(STATIONS)) -> None:
        """`cameras` is how many there are: the venue may be a part of itself. Makes all datagrams: half a second."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._channels = {
            protocol: _Channel(
                Transmitter(
                    protocol, fps, 0, take_frames=take_frames,
                    stations=tuple(one for one in stations_of(protocol) if one.number <= cameras),
                ),
                port,
            )
            for protocol, port in zip(TrackingProtocol, _free_ports(len(TrackingProtocol)), strict=True)
        }  # fmt: skip
        for channel in self._channels.values():
            channel.transmitter.prepare()

    @property
    def ports(self) -> dict[str, int]:
        """Where receivers are to listen, by protocol."""
        return {protocol.value: channel.port for protocol, channel in self._channels.items()}

    def begin(self, unix_ns: int) -> None:
        """Say when frame 0 is sent."""
        for channel in self._channels.values():
            channel.transmitter.began_unix_ns = unix_ns

    def send(self, number: int) -> None:
        """Frame 0, 1, 2.. since the beginning."""
        for channel in self._channels.values():
            for data in channel.transmitter.frame(number):
                with contextlib.suppress(OSError):  # nobody listens, or a full buffer loses it, as networks do
                    self._socket.sendto(data, (HOST, channel.port))

    def close(self) -> None:
        """Stop sending."""
        self._socket.close()


def _free_ports(count: int) -> list[int]:
    """Different ports on which nobody listens now."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(count)]
        for probe in probes:
            probe.bind((HOST, 0))
        return [int(probe.getsockname()[1]) for probe in probes]

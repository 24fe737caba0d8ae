"""What all protocols share: their names, a refusal, and when a number is absurd."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

from console.errors import ConsoleError

Vector: TypeAlias = tuple[float, float, float]

MAX_DATAGRAM_BYTES = 65_535
ABSURD_M = 100_000.0
"""No venue is larger; a position beyond it is a broken sender."""


class TrackingProtocol(StrEnum):
    """What a stream speaks."""

    FREED = "freed"
    OPENTRACKIO = "opentrackio"
    PSN = "psn"


class PacketRefused(ConsoleError):  # noqa: N818 - as the events are: past tense
    """A datagram that is not taken; its one sentence says why."""

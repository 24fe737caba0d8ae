"""How much of a source is decoded: the word that readers of its picture ring ask with (`RingReader.ask`)."""

from __future__ import annotations

from enum import IntEnum


class Tier(IntEnum):
    """What the host of a source does with its pictures. Sound is always decoded. 0 in the ring: nobody asks."""

    PARKED = 1
    """No pictures."""
    KEY = 2
    """Key frames only: a tile that nobody looks at closely."""
    ACTIVE = 3
    """All but the pictures that no other is predicted from: full quality, fewer pictures. The default."""
    FULL = 4
    """Every picture: on air, or about to be."""

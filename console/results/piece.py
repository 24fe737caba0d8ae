"""What a place that data come from gives: documents as bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from console.results.refused import RefusedError


@dataclass(frozen=True)
class Piece:
    """One document as it came."""

    data: bytes
    name: str = ""
    """The file's name; empty for an answer over HTTP."""
    refusal: RefusedError | None = None
    """Why it was not even read."""


class Place(Protocol):
    """Where data come from."""

    interval_s: float
    """How often it is worth a look."""

    async def look(self) -> tuple[Piece, ...]:
        """The documents that are new since the last look. Raises ConsoleError when the place can't be read."""
        ...

    async def close(self) -> None:
        """Let go of it."""
        ...

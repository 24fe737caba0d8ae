"""How a command ended: the show changed, or the command was refused; and what steps of the reducer share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from console.show.model import KEYERS, Show, SourceId


@dataclass(frozen=True)
class Change:
    """The command was applied."""

    show: Show
    take: tuple[SourceId | None, SourceId | None] | None = None
    """For a take: the program source before, and the one that comes."""


@dataclass(frozen=True)
class Rejected:
    """The command was refused and nothing changed."""

    reason: str


class RefusalError(Exception):
    """A step's reason not to change anything."""


def keyer_index(keyer: int) -> int:
    """The index of a downstream keyer that is called 1 to 4."""
    if not 1 <= keyer <= KEYERS:
        raise RefusalError(f"There are keyers 1 to {KEYERS}, not {keyer}")
    return keyer - 1


def with_item(values: tuple[Any, ...], index: int, value: Any) -> tuple[Any, ...]:
    """A tuple with one of its items replaced."""
    return (*values[:index], value, *values[index + 1 :])

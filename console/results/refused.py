"""What is wrong with data that are not taken."""

from __future__ import annotations

from console.errors import ConsoleError

MOST_BYTES = 4 << 20
"""A message or table above this is refused while it is read; a start list of a thousand athletes has about 1 MB."""


class RefusedError(ConsoleError):
    """Data that are not taken, and why."""


class TruncatedError(RefusedError):
    """Data that end too early: perhaps still being written."""


def check_size(length: int) -> None:
    """Refuse data of more than `MOST_BYTES`. Raises RefusedError."""
    if length > MOST_BYTES:
        raise RefusedError(
            f"The data have more than {MOST_BYTES >> 20} MB and were not read",
            "Check the address; ask for a smaller document",
        )

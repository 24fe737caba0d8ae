"""Looking for the largest number that holds, with few tries."""

from __future__ import annotations

from collections.abc import Callable, Sequence


def largest(candidates: Sequence[int], holds: Callable[[int], bool], start: int = 0) -> int:
    """The largest of ascending candidates that holds, 0 when none does; those above one that fails count as failing.

    Begins at index `start`, doubles the step while it holds, then halves what is left. Asks each candidate at most
    once.
    """
    low, high, at, step = -1, len(candidates), min(start, len(candidates) - 1), 1
    while high - low > 1:
        if holds(candidates[at]):
            low = at
            if high == len(candidates):
                at, step = min(at + step, high - 1), step * 2
                continue
        else:
            high = at
        at = (low + high) // 2
    return candidates[low] if low >= 0 else 0

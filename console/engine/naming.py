"""What the supervisor tells sources, destinations and shows apart by."""

from __future__ import annotations

import hashlib
from itertools import count
from typing import Any

from console.show.codec import to_json
from console.show.model import Show


def as_hosted(source: dict[str, Any]) -> dict[str, Any]:
    """What a source's host has to be started anew for: its name only where it is drawn into the picture."""
    return source if source["url"].startswith("pattern:") else source | {"name": ""}


def label_of(address: str, taken: set[str]) -> str:
    """The masked address, numbered when another destination looks the same without its secret."""
    names = (address if number == 1 else f"{address} ({number})" for number in count(1))
    return next(name for name in names if name not in taken)


def fingerprint(what: Show | str) -> str:
    """A short name for a show or an address that says nothing of it."""
    text = what if isinstance(what, str) else repr(to_json(what))
    return hashlib.sha256(text.encode()).hexdigest()[:16]

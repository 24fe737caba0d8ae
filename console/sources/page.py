"""Whether HTML pages can be drawn here: they need the extra `html`, which most installations go without."""

from __future__ import annotations

from importlib.util import find_spec

from console.errors import ConsoleError

REMEDY = "Install it: pip install 'podium[html]'"


def refusal() -> ConsoleError | None:
    """Why no page can be drawn here; None when the extra is installed."""
    try:
        found = find_spec("PySide6.QtWebEngineQuick") is not None
    except ImportError:
        found = False
    return None if found else ConsoleError("HTML pages need the extra 'html', which is not installed", REMEDY)

"""Where the files of resources/ are: in the clone, or in an installed Podium."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from console.errors import ConsoleError

_IN_CLONE = Path(__file__).resolve().parents[2] / "resources"


def _root() -> Path:
    """The folder that holds them; a clone's own comes first, so that it never shows those of another Podium."""
    if _IN_CLONE.is_dir():
        return _IN_CLONE
    spec = find_spec("podium_resources")
    return Path(spec.origin).parent if spec and spec.origin else _IN_CLONE


def asset(name: str) -> Path:
    """The path of a file or folder of resources/, such as `icons/podium.svg`.

    Raises ConsoleError when it is not there, which only a damaged installation can bring about.
    """
    path = _root() / name
    if not path.exists():
        raise ConsoleError(f"Podium's own file {path} is missing", "Install Podium again")
    return path

"""The keymaps there are: those that come with Podium, and the user's own files."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import platformdirs

from console.desk.keymap import Keymap, load_keymap
from console.errors import ConsoleError
from console.media.assets import asset

_LOG = logging.getLogger("console.desk.keymap")
DEFAULT = "atem-like"


def own_folder() -> Path:
    """Where a user's own keymaps are looked for."""
    return platformdirs.user_config_path("podium", appauthor=False) / "keymaps"


def _path(name: str) -> Path:
    own = own_folder() / f"{name}.json"
    return own if own.exists() else asset("keymaps") / f"{name}.json"


def available() -> list[tuple[str, str]]:
    """File stems and titles of all keymaps; one that can't be read is left out and logged."""
    found = {}
    for folder in (asset("keymaps"), own_folder()):
        for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
            try:
                found[path.stem] = str(json.loads(path.read_text(encoding="utf-8"))["name"])
            except (OSError, ValueError, KeyError, TypeError) as error:
                _LOG.warning("the keymap %s can't be read: %s", path, error)
    return list(found.items())


def chosen(name: str) -> tuple[Keymap, str]:
    """The keymap of a name, and nothing; or the default one, and why the other can't be used."""
    try:
        return load_keymap(_path(name)), ""
    except ConsoleError as error:
        return load_keymap(_path(DEFAULT)), str(error)

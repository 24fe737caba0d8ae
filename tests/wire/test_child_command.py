"""Podium starting itself again: from a clone, and as a frozen program that has no Python beside it."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from console import __main__ as entry
from console.wire.child import child_command


def test_a_clone_starts_its_python() -> None:
    assert child_command("_engine") == [sys.executable, "-m", "console", "_engine"]


def test_a_frozen_program_starts_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", "/usr/lib/podium/podium")
    assert child_command("engine", "--show", "a b") == ["/usr/lib/podium/podium", "engine", "--show", "a b"]


@pytest.mark.parametrize("module", sorted(set(entry._CHILDREN.values())))
def test_every_child_has_a_main(module: str) -> None:
    assert callable(importlib.import_module(module).main)


def test_no_room_starts_a_python_by_itself() -> None:
    """It would not be there in a frozen program."""
    room = Path(entry.__file__).parent
    users = [path.relative_to(room).as_posix() for path in room.rglob("*.py") if "sys.executable" in path.read_text()]
    assert users == ["wire/child.py"]

"""Which templates there are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from console.errors import ConsoleError
from console.graphics.library import Library, templates, user_folder
from console.media.assets import asset


def write(folder: Path, name: str, title: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.json"
    file.write_text(json.dumps({"podium": 1, "name": title, "items": [{"type": "group"}]}))
    return file


def test_ours_are_listed_by_name_with_their_fields() -> None:
    entries = templates()
    assert [one.name for one in entries] == sorted((one.name for one in entries), key=str.lower)
    strap = next(one for one in entries if one.id == "name-strap")
    assert strap.own
    assert [field.name for field in strap.fields][:2] == ["name", "bib"]
    assert not any(one.fault for one in entries)


def test_the_users_come_first_and_faults_are_told_not_raised(tmp_path: Path) -> None:
    write(tmp_path, "logo", "My logo")
    (tmp_path / "bad.json").write_text("{")
    library = Library([tmp_path, asset("templates")])
    entries = {one.id: one for one in library.templates()}
    assert entries["logo"].name == "My logo"
    assert not entries["logo"].own
    assert "line 1" in entries["bad"].fault
    assert entries["crawl"].own
    with pytest.raises(ConsoleError, match="line 1"):
        library.get("bad")
    with pytest.raises(ConsoleError, match="no template 'other'"):
        library.get("other")
    with pytest.raises(ConsoleError, match="no template"):
        library.get("../templates/logo")


def test_a_file_is_read_again_when_it_has_changed(tmp_path: Path) -> None:
    file = write(tmp_path, "one", "First")
    library = Library([tmp_path])
    first = library.get("one")
    assert library.get("one") is first
    write(tmp_path, "one", "Second title")
    assert library.get("one").name == "Second title"
    file.unlink()
    with pytest.raises(ConsoleError):
        library.get("one")


def test_the_users_folder_needs_not_be_there() -> None:
    assert user_folder().name == "templates"
    assert Library().get("logo").name == "Logo"

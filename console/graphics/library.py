"""Which templates there are: Podium's own and those in the user's folder, which come first when names agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path

from console.errors import ConsoleError
from console.graphics.reading import read_template
from console.graphics.template import Template, TemplateField
from console.media.assets import asset

_MOST_FILES = 500


@dataclass(frozen=True)
class TemplateEntry:
    """One template that can be put on a keyer, or a file that was meant to be one."""

    id: str
    """What `Title.template` says: the file's name without `.json`."""
    name: str
    description: str
    fields: tuple[TemplateField, ...]
    file: Path
    own: bool
    """Whether it came with Podium."""
    fault: str = ""
    """Why it can't be used; empty when it can."""


def user_folder() -> Path:
    """Where users put templates of their own."""
    return user_data_path("podium", appauthor=False) / "templates"


def folders() -> tuple[Path, ...]:
    """Where templates are looked for, first found first taken."""
    return user_folder(), asset("templates")


class Library:
    """Templates by id, read when first asked for and again when their file has changed."""

    def __init__(self, places: Sequence[Path] | None = None) -> None:
        """`places`: the folders, first found first taken; none: `folders()`."""
        self._places = tuple(places) if places is not None else folders()
        self._read: dict[Path, tuple[tuple[int, int], Template | ConsoleError]] = {}

    def get(self, id_: str) -> Template:
        """The template of an id; the same object as long as its file stays the same.

        Raises ConsoleError when there is none or its file can't be used.
        """
        file = self._files().get(id_)
        if file is None:
            raise ConsoleError(f"There is no template '{id_}'", f"Put {id_}.json into {self._places[0]}")
        return self._template(file)

    def templates(self) -> list[TemplateEntry]:
        """All of them by name; files that can't be used are there too, with what is wrong."""
        return sorted((self._entry(id_, file) for id_, file in self._files().items()), key=lambda one: one.name.lower())

    def _entry(self, id_: str, file: Path) -> TemplateEntry:
        own = file.parent == self._places[-1]
        try:
            template = self._template(file)
        except ConsoleError as error:
            return TemplateEntry(id_, id_, "", (), file, own, str(error))
        return TemplateEntry(id_, template.name, template.description, template.fields, file, own)

    def _files(self) -> dict[str, Path]:
        found: dict[str, Path] = {}
        for folder in self._places:
            try:
                files = sorted(folder.glob("*.json"))[:_MOST_FILES]
            except OSError:
                continue  # a folder that can't be read holds nothing for us
            for file in files:
                found.setdefault(file.stem, file)
        return found

    def _template(self, file: Path) -> Template:
        try:
            facts = file.stat()
        except OSError as error:
            raise ConsoleError(f"{file} can't be read ({error.strerror})", "Check who may read it") from error
        state = (facts.st_mtime_ns, facts.st_size)
        known = self._read.get(file)
        if known is None or known[0] != state:
            found: Template | ConsoleError
            try:
                found = read_template(file)
            except ConsoleError as error:
                found = error
            known = self._read[file] = (state, found)
        if isinstance(known[1], ConsoleError):
            raise known[1]
        return known[1]


def templates() -> list[TemplateEntry]:
    """All templates of this machine, read now."""
    return Library().templates()

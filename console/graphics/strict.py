"""Reading JSON that people write by hand: every fault is found and named by its path; nothing is guessed."""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from console.errors import ConsoleError

FILE_BYTES = 512 * 1024
DEPTH = 24
TEXT_LENGTH = 2000
_FAULTS = 50
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}(?:[0-9a-fA-F]{2})?")


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong in a file: where, what, and what would be right."""

    path: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.path or 'the file'}: {self.what}"


class FileError(ConsoleError):
    """A file that can't be used; `faults` tells all that is wrong with it."""

    def __init__(self, file: Path, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        first = self.faults[0]
        more = f" (and {len(self.faults) - 1} more)" if len(self.faults) > 1 else ""
        super().__init__(f"{file}: {first}{more}", first.remedy)


def load_json(file: Path) -> Any:
    """The JSON in a file.

    Raises FileError for a file that is not there, too big, no JSON, or deeper than `DEPTH`.
    """

    def refuse(what: str, remedy: str) -> NoReturn:
        raise FileError(file, [Fault("", what, remedy)])

    try:
        if not file.is_file():
            refuse("it is not a file", "Name a .json file")
        with file.open("rb") as stream:
            data = stream.read(FILE_BYTES + 1)
    except OSError as error:
        refuse(f"it can't be read ({error.strerror})", "Check its name and who may read it")
    if len(data) > FILE_BYTES:
        refuse(f"it is larger than {FILE_BYTES // 1024} kB", "Move pictures into files of their own")
    try:
        value = json.loads(data.decode("utf-8-sig"), object_pairs_hook=_once, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        refuse(f"byte {error.start} is not UTF-8", "Save it as UTF-8")
    except json.JSONDecodeError as error:
        refuse(f"line {error.lineno}, column {error.colno}: {error.msg}", "Mend the JSON there")
    except RecursionError:
        refuse("it is nested too deeply", f"Use at most {DEPTH} levels")
    except ValueError as error:
        refuse(str(error), "Write each name once, and finite numbers")
    if _deeper_than(value, DEPTH):
        refuse("it is nested too deeply", f"Use at most {DEPTH} levels")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"'{name[:40]}' is written twice in one object")
        found[name] = value
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number that can be drawn")


def _deeper_than(value: Any, levels: int) -> bool:
    layer = [value]
    for _ in range(levels):
        layer = [
            inner
            for outer in layer
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return any(isinstance(one, dict | list) for one in layer)


def shown(value: Any) -> str:
    """A value of a file, short enough for a sentence."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else f"{text[:39]}…"


class Place:
    """A value in a file, with the path to it. Faults go into one list, and a usable value comes back all the same."""

    def __init__(self, value: Any, path: str, faults: list[Fault]) -> None:
        self.value, self.path, self._faults = value, path, faults

    def fault(self, what: str, remedy: str) -> None:
        """Note that something is wrong here."""
        if len(self._faults) < _FAULTS:
            self._faults.append(Fault(self.path, what, remedy))

    def at(self, key: str) -> Place:
        """What an object holds under a name; None when it does not."""
        inner = self.value.get(key) if isinstance(self.value, dict) else None
        return Place(inner, f"{self.path}.{key}" if self.path else key, self._faults)

    def has(self, key: str) -> bool:
        """Whether an object holds a name."""
        return isinstance(self.value, dict) and key in self.value

    def object_of(self, *known: str) -> bool:
        """Whether this is an object; names that are not known (`note` is always) are faults."""
        if not isinstance(self.value, dict):
            self.fault(f"{shown(self.value)} is not an object", "Write { ... }")
            return False
        for name in self.value:
            if name not in known and name != "note":
                near = difflib.get_close_matches(name[:40], known, 1)
                meant = f"Did you mean '{near[0]}'?" if near else f"Known here: {', '.join(known)}"
                self.at(name[:40]).fault("it is not known here", meant)
        return True

    def each(self, most: int) -> Iterator[Place]:
        """The members of a list."""
        if not isinstance(self.value, list):
            self.fault(f"{shown(self.value)} is not a list", "Write [ ... ]")
            return
        if len(self.value) > most:
            self.fault(f"it has {len(self.value)} members", f"Use at most {most}")
        for index, inner in enumerate(self.value[:most]):
            yield Place(inner, f"{self.path}[{index}]", self._faults)

    def number(self, default: float, low: float, high: float) -> float:
        """A finite number between two bounds; the default when there is none."""
        if self.value is None:
            return default
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            self.fault(f"{shown(self.value)} is not a number", f"Write a number from {low:g} to {high:g}")
            return default
        if not (low <= self.value <= high) or not math.isfinite(self.value):
            self.fault(f"{shown(self.value)} is out of bounds", f"Write a number from {low:g} to {high:g}")
            return default
        return float(self.value)

    def whole(self, default: int, low: int, high: int) -> int:
        """A whole number between two bounds."""
        number = self.number(default, low, high)
        if number != int(number):
            self.fault(f"{shown(self.value)} is not a whole number", f"Write a whole number from {low} to {high}")
        return int(number)

    def truth(self) -> bool:
        """True or false; false when there is none."""
        if self.value is not None and not isinstance(self.value, bool):
            self.fault(f"{shown(self.value)} is neither true nor false", "Write true or false")
        return self.value is True

    def text(self, default: str | None = None, most: int = TEXT_LENGTH) -> str:
        """Text; without a default it must be there."""
        if self.value is None and default is not None:
            return default
        if not isinstance(self.value, str) or (default is None and not self.value.strip()):
            self.fault("it is missing" if self.value is None else f"{shown(self.value)} is not text", 'Write "text"')
            return default or "?"
        if len(self.value) > most:
            self.fault(f"it has {len(self.value)} characters", f"Use at most {most}")
        return self.value[:most]

    def choice(self, default: str, known: Iterable[str]) -> str:
        """One of some words."""
        words = list(known)
        if self.value is None:
            return default
        if not isinstance(self.value, str) or self.value not in words:
            self.fault(f"{shown(self.value)} is not known", f"Write one of: {', '.join(words)}")
            return default
        return self.value

    def colour(self, default: str, palette: Mapping[str, str], fields: Iterable[str]) -> str:
        """`#rrggbb`, `#rrggbbaa`, a name of the palette, or `{field}`."""
        if self.value is None:
            return default
        if isinstance(self.value, str):
            if self.value in palette:
                return palette[self.value]
            if _COLOUR.fullmatch(self.value) or self.value in {f"{{{name}}}" for name in fields}:
                return self.value
        names = ", ".join(palette) or "no names"
        self.fault(f"{shown(self.value)} is not a colour", f"Write #rrggbb, #rrggbbaa or a colour of palette: {names}")
        return default

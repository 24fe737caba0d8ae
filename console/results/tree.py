"""XML as a tree of elements and attributes, with bounds: what comes from outside can't hurt who reads it.

Every DOCTYPE is refused, so there are no entities to multiply (XML bombs) and nothing external to fetch; size, depth,
number of elements and length of attributes are bounded. This is the standard library's expat; `defusedxml` wraps the
same hooks, and its last release is of 2021. Text between tags is left out: ODF has all it says in attributes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from console.results.refused import RefusedError, TruncatedError, check_size

MOST_DEPTH = 32
MOST_ELEMENTS = 100_000
MOST_CHARACTERS = 1000
"""Of one attribute or name."""
_MOST_ATTRIBUTES = 64
_REMEDY = "Ask the sender of the feed for a well-formed document"
_TRUNCATED = {
    expat.errors.codes[message]
    for message in (
        expat.errors.XML_ERROR_NO_ELEMENTS,
        expat.errors.XML_ERROR_UNCLOSED_TOKEN,
        expat.errors.XML_ERROR_PARTIAL_CHAR,
        expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
    )
}


@dataclass(slots=True)
class Node:
    """One element: its name without a prefix, its attributes, the elements in it."""

    name: str
    attributes: dict[str, str]
    children: list[Node] = field(default_factory=list)

    def get(self, attribute: str, default: str = "") -> str:
        """An attribute, without the blanks around it."""
        return self.attributes.get(attribute, default).strip()

    def first(self, name: str) -> Node | None:
        """The first child of that name."""
        return next(self.all(name), None)

    def all(self, name: str) -> Iterator[Node]:
        """The children of that name."""
        return (child for child in self.children if child.name == name)


class _Builder:
    """Takes expat's events."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self._open: list[Node] = []
        self._elements = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if self._elements > MOST_ELEMENTS:
            raise RefusedError(f"The document has more than {MOST_ELEMENTS} elements", _REMEDY)
        if len(self._open) == MOST_DEPTH:
            raise RefusedError(f"The document is nested more than {MOST_DEPTH} deep", _REMEDY)
        if len(attributes) > _MOST_ATTRIBUTES:
            raise RefusedError(f"An element has more than {_MOST_ATTRIBUTES} attributes", _REMEDY)
        for text in (name, *attributes, *attributes.values()):
            if len(text) > MOST_CHARACTERS:
                raise RefusedError(f"An attribute or name has more than {MOST_CHARACTERS} characters", _REMEDY)
        node = Node(_local(name), {_local(key): value for key, value in attributes.items()})
        if self._open:
            self._open[-1].children.append(node)
        else:
            self.root = node
        self._open.append(node)

    def end(self, _name: str) -> None:
        self._open.pop()

    def doctype(self, *_declaration: object) -> int:
        raise RefusedError("The document has a DOCTYPE, which could declare entities without end", _REMEDY)


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def read(data: bytes) -> Node:
    """The root element of a document. Raises RefusedError, of which TruncatedError when it only ends too early."""
    check_size(len(data))
    builder = _Builder()
    parser = expat.ParserCreate()
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.StartDoctypeDeclHandler = builder.doctype
    parser.EntityDeclHandler = builder.doctype
    parser.ExternalEntityRefHandler = builder.doctype
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        what = expat.ErrorString(error.code)
        if error.code in _TRUNCATED:
            raise TruncatedError(f"The document ends too early, in line {error.lineno}", _REMEDY) from None
        raise RefusedError(f"The document is not XML: {what} in line {error.lineno}", _REMEDY) from None
    except (ValueError, LookupError):
        raise RefusedError("The document's encoding is not one that XML can have", "Send it as UTF-8") from None
    if builder.root is None:
        raise TruncatedError("The document is empty", _REMEDY)
    return builder.root

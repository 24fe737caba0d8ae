"""Where everything in a title stands: a template with its values put in, measured and placed, in pixels."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from console.graphics import template as t
from console.graphics.fonts import LONGEST, runs_right_to_left
from console.graphics.textbox import Look, Setting, Typesetter

_BRACES = re.compile(r"\{([a-z0-9_]+)\}")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}(?:[0-9a-fA-F]{2})?")
_FLAG_SHAPE = 1.5
ImageSize = Callable[[Path], tuple[int, int] | None]
"""Width and height of a picture file; None when it can't be drawn."""


class Rect(NamedTuple):
    """A rectangle in pixels, edges anywhere."""

    x: float
    y: float
    width: float
    height: float


NOWHERE = Rect(0, 0, 0, 0)
NO_LOOK = Look("", 400, 100, 1, "")


@dataclass
class Node:
    """An item with its values, and where it stands."""

    item: t.Item
    children: list[Node] = field(default_factory=list)
    text: str = ""
    """Of a text, clock (its start), crawl, flag (its code) or image (its file)."""
    look: Look = NO_LOOK
    """Of text, clocks and crawls."""
    fill: str | t.Gradient = ""
    border: t.Border | None = None
    setting: Setting | None = None
    delay_ms: int = 0
    rect: Rect = NOWHERE


@dataclass(frozen=True)
class Placed:
    """A title with everything in its place."""

    template: t.Template
    nodes: tuple[Node, ...]
    scale: float
    """Pixels per unit."""
    mirrored: bool


class Arranger:
    """Places templates in a picture."""

    def __init__(self, width: int, height: int, setter: Typesetter, image_size: ImageSize) -> None:
        self._width, self._height = width, height
        self._scale = height / t.UNITS_HIGH
        self._setter, self._image_size = setter, image_size

    def place(self, template: t.Template, values: t.Values) -> Placed:
        """Everything that is there with these values, placed. Fields that are not given are empty."""
        columns = {one.name: one.columns for one in template.fields if one.type is t.FieldType.TABLE}
        tables = {name: t.table_rows(values.get(name, ()), columns[name]) for name in columns}
        filled = {
            name: value[:LONGEST] for name, value in values.items() if isinstance(value, str) and name not in columns
        }
        binder = _Binder(template, tables, self._look)
        nodes = binder.bind(template.items, filled, 0)
        margin = t.MARGINS[template.area]
        room = Rect(
            self._width * margin,
            self._height * margin,
            self._width * (1 - 2 * margin),
            self._height * (1 - 2 * margin),
        )
        self._free(nodes, room)
        mirrored = template.mirrored and _mostly_right_to_left(template, filled)
        if mirrored:
            self._mirror(nodes)
        return Placed(template, tuple(nodes), self._scale, mirrored)

    def _look(self, style: t.Style, colour: str) -> Look:
        family = self._setter.fonts.family(style.fonts)
        return Look(family, style.weight, style.stretch, max(1, round(style.size * self._scale)), colour)

    # How large

    def _measure(self, node: Node, room_width: float, room_height: float) -> tuple[float, float]:
        """Width and height that a node wants; FILL counts as what is in it."""
        item, scale = node.item, self._scale
        room_width = min(room_width, item.most_width * scale)
        if not isinstance(item.width, t.Fit):
            room_width = item.width * scale
        if not isinstance(item.height, t.Fit):
            room_height = item.height * scale
        width, height = self._content_size(node, room_width, room_height)
        if not isinstance(item.width, t.Fit):
            width = item.width * scale
        if not isinstance(item.height, t.Fit):
            height = item.height * scale
        return max(min(width, item.most_width * scale), item.least_width * scale), height

    def _content_size(self, node: Node, room_width: float, room_height: float) -> tuple[float, float]:
        content = node.item.content
        if isinstance(content, t.Box):
            return self._box_size(node, content, room_width, room_height)
        if isinstance(content, t.Rows):
            sizes = [self._measure(child, room_width, room_height) for child in node.children]
            gaps = content.gap * self._scale * max(0, len(sizes) - 1)
            return max((width for width, _ in sizes), default=0.0), sum(height for _, height in sizes) + gaps
        if isinstance(content, t.Flag):
            return (room_height if room_height < self._height else 0.0) * _FLAG_SHAPE, room_height
        if isinstance(content, t.Image):
            return self._image_box(node, room_width, room_height)
        node.setting = setting = self._set(node, room_width, room_height)
        return (room_width if isinstance(content, t.Crawl) else setting.width), setting.height

    def _image_box(self, node: Node, room_width: float, room_height: float) -> tuple[float, float]:
        size = self._image_size(Path(node.text)) if node.text else None
        if size is None:
            return 0.0, 0.0
        factor = min(room_width / size[0], room_height / size[1])
        return size[0] * factor, size[1] * factor

    def _set(self, node: Node, room: float, height: float) -> Setting:
        content, look = node.item.content, node.look
        if isinstance(content, t.Text):
            if content.lines > 1:
                return self._setter.paragraph(
                    node.text, look, (room, height), content.lines, content.shrink, content.align
                )
            return self._setter.one_line(node.text, look, room, content.shrink, content.align)
        if isinstance(content, t.Clock):
            return self._setter.clock(content.format.translate(_WIDEST), look, content.align)
        return Setting((), look, 0)

    def _box_size(self, node: Node, box: t.Box, room_width: float, room_height: float) -> tuple[float, float]:
        left, top, right, bottom = (side * self._scale for side in box.padding)
        room_width, room_height = max(0.0, room_width - left - right), max(0.0, room_height - top - bottom)
        sizes = self._sizes(node.children, box, room_width, room_height)
        gaps = box.gap * self._scale * max(0, len(sizes) - 1)
        widths, heights = [width for width, _ in sizes], [height for _, height in sizes]
        if box.flow is t.Flow.ROW:
            width, height = sum(widths) + gaps, max(heights, default=0.0)
        elif box.flow is t.Flow.COLUMN:
            width, height = max(widths, default=0.0), sum(heights) + gaps
        else:
            width, height = max(widths, default=0.0), max(heights, default=0.0)
        return width + left + right, height + top + bottom

    def _sizes(self, nodes: Sequence[Node], box: t.Box, width: float, height: float) -> list[tuple[float, float]]:
        """What each member of a box wants. In a row, those of a given width come first, then those that fit."""
        if box.flow is not t.Flow.ROW:
            return [self._measure(node, width, height) for node in nodes]
        left = width - box.gap * self._scale * max(0, len(nodes) - 1)
        sizes = [(0.0, 0.0)] * len(nodes)
        for index in sorted(range(len(nodes)), key=lambda at: _turn(nodes[at].item.width)):
            sizes[index] = self._measure(nodes[index], max(0.0, left), height)
            left -= sizes[index][0]
        return sizes

    # Where

    def _settle(self, node: Node, rect: Rect) -> None:
        """Give a node its place, on whole pixels, and place what is in it."""
        x, y = round(rect.x), round(rect.y)
        node.rect = rect = Rect(x, y, max(0, round(rect.x + rect.width) - x), max(0, round(rect.y + rect.height) - y))
        content = node.item.content
        if isinstance(content, t.Rows):
            self._in_flow(node.children, t.Box(flow=t.Flow.COLUMN, gap=content.gap), rect)
        elif isinstance(content, t.Box):
            left, top, right, bottom = (side * self._scale for side in content.padding)
            inner = Rect(
                rect.x + left,
                rect.y + top,
                max(0.0, rect.width - left - right),
                max(0.0, rect.height - top - bottom),
            )
            if content.flow is t.Flow.FREE:
                self._free(node.children, inner)
            else:
                self._in_flow(node.children, content, inner)
        elif node.look is not NO_LOOK:
            node.setting = self._set(node, rect.width, rect.height + 1)

    def _free(self, nodes: Sequence[Node], room: Rect) -> None:
        for node in nodes:
            item, scale = node.item, self._scale
            width, height = self._measure(node, room.width, room.height)
            if item.width is t.Fit.FILL:
                width = max(item.least_width * scale, min(room.width, item.most_width * scale))
            if item.height is t.Fit.FILL:
                height = room.height
            x = room.x + (room.width - width) * item.anchor[0] + item.x * scale
            y = room.y + (room.height - height) * item.anchor[1] + item.y * scale
            self._settle(node, Rect(x, y, width, height))

    def _in_flow(self, nodes: Sequence[Node], box: t.Box, room: Rect) -> None:
        """One after the other; those that FILL share what is left along the way, and reach across."""
        row = box.flow is t.Flow.ROW
        sizes = self._sizes(nodes, box, room.width, room.height)
        gap = box.gap * self._scale
        filling = [(node.item.width if row else node.item.height) is t.Fit.FILL for node in nodes]
        fixed = sum((size[0] if row else size[1]) for size, fills in zip(sizes, filling, strict=True) if not fills)
        spare = (room.width if row else room.height) - fixed - gap * max(0, len(nodes) - 1)
        share = max(0.0, spare) / max(1, sum(filling))
        at = room.x if row else room.y
        for node, (width, height), fills in zip(nodes, sizes, filling, strict=True):
            item = node.item
            if row:
                wide, high = (share if fills else width), (room.height if item.height is t.Fit.FILL else height)
                x, y = at, room.y + (room.height - high) * item.anchor[1]
                at += wide + gap
            else:
                wide, high = (room.width if item.width is t.Fit.FILL else width), (share if fills else height)
                x, y = room.x + (room.width - wide) * item.anchor[0], at
                at += high + gap
            self._settle(node, Rect(x + item.x * self._scale, y + item.y * self._scale, wide, high))

    def _mirror(self, nodes: Sequence[Node]) -> None:
        for node in nodes:
            node.rect = node.rect._replace(x=self._width - node.rect.x - node.rect.width)
            if node.setting is not None:
                other = {"left": "right", "right": "left"}.get(node.setting.align, "center")
                node.setting = replace(node.setting, align=other)
            self._mirror(node.children)


def _turn(width: t.Length) -> int:
    """Who is given room first: those that know how much they need."""
    return 2 if width is t.Fit.FILL else 1 if width is t.Fit.FIT else 0


_WIDEST = str.maketrans("hmst", "0000")


class _Binder:
    """Puts values into a template's items."""

    def __init__(
        self, template: t.Template, tables: Mapping[str, Sequence[t.Row]], look: Callable[[t.Style, str], Look]
    ) -> None:
        self._tables, self._look = tables, look
        self._folder = Path(template.file).parent
        self._blank = {
            one.name: {column.name: str(column.default) for column in one.columns} for one in template.fields
        }

    def bind(self, items: Sequence[t.Item], values: Mapping[str, str], delay_ms: int) -> list[Node]:
        """Nodes of the items that are there with these values."""
        return [
            self._node(item, values, delay_ms)
            for item in items
            if not item.when or values.get(item.when, "").strip() or self._tables.get(item.when)
        ]

    def _node(self, item: t.Item, values: Mapping[str, str], delay_ms: int) -> Node:
        content, node = item.content, Node(item, delay_ms=delay_ms)
        if isinstance(content, t.Box):
            node.children = self.bind(content.items, values, delay_ms)
            node.fill = self._fill(content.fill, values)
            if content.border is not None:
                node.border = replace(content.border, colour=coloured(content.border.colour, values))
        elif isinstance(content, t.Rows):
            table = self._tables.get(content.field, ())
            for index, row in enumerate(table[: content.limit]):
                cells = {**self._blank[content.field], **{name: str(cell)[:LONGEST] for name, cell in row.items()}}
                node.children += self.bind([content.item], {**values, **cells}, delay_ms + index * content.stagger_ms)
        elif isinstance(content, t.Image):
            source = put_in(content.source, values).strip()
            node.text = str(self._folder / source) if source else ""
        elif isinstance(content, t.Flag):
            node.text = put_in(content.code, values).strip().upper()
        else:
            source = content.start if isinstance(content, t.Clock) else content.text
            node.text = put_in(source, values)
            if content.style.upper:
                node.text = node.text.upper()
            node.look = self._look(content.style, coloured(content.style.colour, values))
        return node

    def _fill(self, fill: str | t.Gradient, values: Mapping[str, str]) -> str | t.Gradient:
        if isinstance(fill, t.Gradient):
            return replace(fill, start=coloured(fill.start, values), end=coloured(fill.end, values))
        return coloured(fill, values)


def put_in(text: str, values: Mapping[str, str]) -> str:
    """Text with its `{field}`s replaced, once: braces in a value stay as they are."""
    return _BRACES.sub(lambda match: values.get(match[1], ""), text)


def coloured(colour: str, values: Mapping[str, str]) -> str:
    """A colour, or that which a field holds; grey when that is none."""
    if not colour.startswith("{"):
        return colour
    found = put_in(colour, values).strip()
    return found if _COLOUR.fullmatch(found) else "#808080"


def _mostly_right_to_left(template: t.Template, values: Mapping[str, str]) -> bool:
    """Whether the first text field that holds something does."""
    texts = (values.get(one.name, "") for one in template.fields if one.type is t.FieldType.TEXT)
    return next((runs_right_to_left(text) for text in texts if text.strip()), False)

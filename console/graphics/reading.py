"""Reading a template file. The reader is strict: what it does not know is a fault, and every fault is named."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from console.graphics import template as t
from console.graphics.clocks import FORMATS, read_time_ms
from console.graphics.strict import Fault, FileError, Place, load_json

VERSION = 1
ITEMS, ROWS = 400, 40
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_BRACES = re.compile(r"\{([^{}]*)\}")
_ANCHORS = {
    f"{row}-{column}".replace("middle-center", "center"): (x, y)
    for row, y in (("top", 0.0), ("middle", 0.5), ("bottom", 1.0))
    for column, x in (("left", 0.0), ("center", 0.5), ("right", 1.0))
}
_COMMON = ("type", "x", "y", "width", "height", "min_width", "max_width", "anchor", "when", "opacity", "clip")
_MOVES = ("reveal_from", "in", "loop", "out")
_STYLE = ("font", "size", "weight", "stretch", "colour", "case")
_BOX = ("items", "flow", "gap", "padding")
KNOWN = {
    "rectangle": (*_BOX, "fill", "border", "radius"),
    "group": _BOX,
    "text": (*_STYLE, "text", "align", "lines", "shrink"),
    "image": ("source",),
    "flag": ("country",),
    "rows": ("field", "item", "limit", "gap", "stagger_ms"),
    "clock": (*_STYLE, "mode", "format", "start", "align"),
    "crawl": (*_STYLE, "text", "speed", "gap", "between"),
}
_RANGES = {
    t.Property.X: (-4000.0, 4000.0),
    t.Property.Y: (-4000.0, 4000.0),
    t.Property.OPACITY: (0.0, 1.0),
    t.Property.SCALE: (0.0, 4.0),
    t.Property.REVEAL: (0.0, 1.0),
}
_LONGEST_MS = {"in": 10_000, "loop": 120_000, "out": t.OUT_LONGEST_MS}
FALLBACK_FONT = "DejaVu Sans"


def read_template(file: Path) -> t.Template:
    """The template in a file; FileError, which lists every fault, when it can't be used."""
    faults: list[Fault] = []
    template = _Reader(Place(load_json(file), "", faults), file).template()
    if template.out_ms > t.OUT_LONGEST_MS:
        faults.append(Fault("items", "the out animations take too long", f"End them by {t.OUT_LONGEST_MS} ms"))
    if faults:
        raise FileError(file, faults)
    return template


class _Reader:
    """Reads one file; keeps what its items refer to."""

    def __init__(self, top: Place, file: Path) -> None:
        self._top, self._file = top, file
        self._palette: dict[str, str] = {}
        self._fields: dict[str, t.TemplateField] = {}
        self._columns: dict[str, t.TemplateField] = {}
        self._fonts: tuple[str, ...] = (FALLBACK_FONT,)
        self._count = 0

    def template(self) -> t.Template:
        top = self._top
        known = (
            "podium",
            "name",
            "description",
            "font",
            "palette",
            "area",
            "update_ms",
            "direction",
            "fields",
            "items",
        )
        if not top.object_of(*known):
            return t.Template("?", "", str(self._file), (), ())
        if top.at("podium").whole(0, 0, 10_000) != VERSION:
            top.at("podium").fault("the version of the format is missing or not known", f'Write "podium": {VERSION}')
        self._fonts = self._font(top.at("font"), self._fonts)
        self._read_palette(top.at("palette"))
        fields = self._read_fields(top.at("fields"), tables=True) if top.has("fields") else ()
        self._fields = {one.name: one for one in fields}
        items = tuple(self._item(place, 1) for place in top.at("items").each(ITEMS))
        if top.value.get("items") == []:
            top.at("items").fault("it is empty", "Write at least one item")
        return t.Template(
            name=top.at("name").text(most=60),
            description=top.at("description").text("", 300),
            file=str(self._file),
            fields=fields,
            items=items,
            area=t.Area(top.at("area").choice("graphics", list(t.Area))),
            update_ms=top.at("update_ms").whole(240, 0, 2000),
            mirrored=top.at("direction").choice("ltr", ("ltr", "auto")) == "auto",
        )

    def _read_palette(self, place: Place) -> None:
        if place.value is None or not isinstance(place.value, dict):
            if place.value is not None:
                place.fault("it is not an object", 'Write { "name": "#rrggbb", ... }')
            return
        for name in list(place.value)[:100]:
            self._palette[name] = place.at(name).colour("#ffffff", {}, ())

    def _font(self, place: Place, default: tuple[str, ...]) -> tuple[str, ...]:
        if place.value is None:
            return default
        if isinstance(place.value, list):
            return tuple(one.text(most=80) for one in place.each(8)) or default
        return (place.text(most=80),)

    def _read_fields(self, place: Place, *, tables: bool) -> tuple[t.TemplateField, ...]:
        fields: list[t.TemplateField] = []
        for one in place.each(60):
            if not one.object_of("name", "label", "type", "default", "example", *(("columns",) if tables else ())):
                continue
            name = one.at("name").text(most=40)
            if not _NAME.fullmatch(name):
                one.at("name").fault(f"'{name}' is not a name", "Use small letters, digits and _, a letter first")
            if name in {known.name for known in fields}:
                one.at("name").fault(f"there are two fields '{name}'", "Give each a name of its own")
            kinds = [kind for kind in t.FieldType if tables or kind is not t.FieldType.TABLE]
            kind = t.FieldType(one.at("type").choice("text", kinds))
            columns: tuple[t.TemplateField, ...] = ()
            default: t.Value
            example: t.Value
            if kind is t.FieldType.TABLE:
                columns = self._read_fields(one.at("columns"), tables=False)
                default, example = (self._rows_of(one.at(key), columns) for key in ("default", "example"))
            else:
                default, example = (self._value(one.at(key), kind) for key in ("default", "example"))
            fields.append(t.TemplateField(name, one.at("label").text(name, 60), kind, default, example, columns))
        return tuple(fields)

    def _value(self, place: Place, kind: t.FieldType) -> str:
        value = place.text("")
        if kind is t.FieldType.COLOUR:
            return place.colour("", self._palette, ())
        if kind is t.FieldType.TIME and value and read_time_ms(value) is None:
            place.fault(f"'{value}' is not a time", "Write 90, 1:30 or 1:02:03.5")
        if kind is t.FieldType.NUMBER and value and not is_number(value):
            place.fault(f"'{value}' is not a number", 'Write "12.5"')
        return value

    def _rows_of(self, place: Place, columns: tuple[t.TemplateField, ...]) -> tuple[t.Row, ...]:
        if place.value is None:
            return ()
        rows = []
        for row in place.each(ROWS):
            if row.object_of(*(column.name for column in columns)):
                rows.append({column.name: self._value(row.at(column.name), column.type) for column in columns})
        return tuple(rows)

    def _item(self, place: Place, depth: int) -> t.Item:
        self._count += 1
        nothing = t.Item(t.Box())
        if self._count > ITEMS:
            if self._count == ITEMS + 1:
                place.fault("there are too many items", f"Use at most {ITEMS}")
            return nothing
        kind = place.at("type").choice("", KNOWN) if isinstance(place.value, dict) else ""
        if not kind:
            if isinstance(place.value, dict) and place.at("type").value is None:
                place.at("type").fault("it is missing", f"Write one of: {', '.join(KNOWN)}")
            elif not isinstance(place.value, dict):
                place.fault("it is not an object", 'Write { "type": ... }')
            return nothing
        place.object_of(*_COMMON, *_MOVES, *KNOWN[kind])
        return t.Item(
            content=self._content(place, kind, depth),
            x=place.at("x").number(0, -4000, 4000),
            y=place.at("y").number(0, -4000, 4000),
            width=self._length(place.at("width")),
            height=self._length(place.at("height")),
            least_width=place.at("min_width").number(0, 0, 8000),
            most_width=place.at("max_width").number(100_000, 1, 100_000),
            anchor=_ANCHORS[place.at("anchor").choice("top-left", _ANCHORS)],
            when=self._field_name(place.at("when")),
            opacity=place.at("opacity").number(1, 0, 1),
            clip=place.at("clip").truth(),
            reveal_from=place.at("reveal_from").choice("left", ("left", "right", "top", "bottom", "center")),
            moves_in=self._animation(place, "in"),
            loops=self._animation(place, "loop"),
            moves_out=self._animation(place, "out"),
        )

    def _content(self, place: Place, kind: str, depth: int) -> t.Content:
        if kind in ("rectangle", "group"):
            return self._box(place, depth)
        if kind == "text":
            lines, align = place.at("lines").whole(1, 1, 20), place.at("align").choice("left", _ALIGN)
            shrink = place.at("shrink").number(0.7, 0.3, 1)
            return t.Text(self._text(place.at("text")), self._style(place), align, lines, shrink)
        if kind == "image":
            return t.Image(self._text(place.at("source")))
        if kind == "flag":
            return t.Flag(self._text(place.at("country")))
        if kind == "rows":
            return self._rows(place, depth)
        if kind == "clock":
            shape = place.at("format").choice("m:ss", FORMATS)
            mode = t.ClockMode(place.at("mode").choice("up", list(t.ClockMode)))
            start, align = self._text(place.at("start"), "0:00"), place.at("align").choice("center", _ALIGN)
            return t.Clock(mode, shape, start, self._style(place), align)
        return t.Crawl(
            text=self._text(place.at("text")),
            style=self._style(place),
            units_per_s=place.at("speed").number(220, 20, 2000),
            gap=place.at("gap").number(120, 0, 4000),
            between=place.at("between").text("", 20),
        )

    def _box(self, place: Place, depth: int) -> t.Box:
        items = tuple(self._item(one, depth + 1) for one in place.at("items").each(ITEMS)) if place.has("items") else ()
        border = None
        if place.has("border") and place.at("border").object_of("colour", "width"):
            inner = place.at("border")
            border = t.Border(self._colour(inner.at("colour"), "#ffffff"), inner.at("width").number(2, 0.5, 100))
        return t.Box(
            items=items,
            flow=t.Flow(place.at("flow").choice("free", list(t.Flow))),
            gap=place.at("gap").number(0, -200, 1000),
            padding=self._padding(place.at("padding")),
            fill=self._fill(place.at("fill")),
            border=border,
            radius=place.at("radius").number(0, 0, 1000),
        )

    def _rows(self, place: Place, depth: int) -> t.Rows:
        name = self._field_name(place.at("field"), required=True)
        table = self._fields.get(name)
        if table is not None and table.type is not t.FieldType.TABLE:
            place.at("field").fault(f"'{name}' is not a table", "Name a field of type table")
        if self._columns:
            place.fault("rows stand in rows", "Use one list in another's place")
            return t.Rows("", t.Item(t.Box()), 1)
        self._columns = {column.name: column for column in table.columns} if table else {}
        item = self._item(place.at("item"), depth + 1)
        self._columns = {}
        limit, gap = place.at("limit").whole(10, 1, ROWS), place.at("gap").number(0, -100, 500)
        return t.Rows(name, item, limit, gap, place.at("stagger_ms").whole(0, 0, 1000))

    def _style(self, place: Place) -> t.Style:
        return t.Style(
            fonts=self._font(place.at("font"), self._fonts),
            size=place.at("size").number(36, 6, 1000),
            colour=self._colour(place.at("colour"), "#ffffff"),
            weight=place.at("weight").whole(400, 100, 900),
            stretch=place.at("stretch").whole(100, 50, 200),
            upper=place.at("case").choice("as-is", ("as-is", "upper")) == "upper",
        )

    def _known_fields(self) -> Mapping[str, t.TemplateField]:
        return {**self._fields, **self._columns}

    def _field_name(self, place: Place, *, required: bool = False) -> str:
        if place.value is None and not required:
            return ""
        name = place.text(most=40)
        if name not in self._known_fields():
            place.fault(f"there is no field '{name}'", f"Known: {', '.join(self._known_fields()) or 'none'}")
        return name

    def _text(self, place: Place, default: str | None = None) -> str:
        text = place.text(default)
        for name in _BRACES.findall(text):
            if name not in self._known_fields():
                known = ", ".join(self._known_fields()) or "none"
                place.fault(f"there is no field '{name[:40]}' for {{{name[:40]}}}", f"Known: {known}")
        if set("{}") & set(_BRACES.sub("", text)):
            place.fault("a brace is left over", "Write {field} for a field; other braces can't be drawn")
        return text

    def _colour(self, place: Place, default: str) -> str:
        colours = [one.name for one in self._known_fields().values() if one.type is t.FieldType.COLOUR]
        return place.colour(default, self._palette, colours)

    def _fill(self, place: Place) -> str | t.Gradient:
        if isinstance(place.value, dict):
            place.object_of("from", "to", "angle")
            ends = [self._colour(place.at(end), "#ffffff") for end in ("from", "to")]
            return t.Gradient(ends[0], ends[1], place.at("angle").number(0, -360, 360))
        return self._colour(place, "")

    def _length(self, place: Place) -> t.Length:
        if isinstance(place.value, str):
            return t.Fit(place.choice("fit", list(t.Fit)))
        return t.Fit.FIT if place.value is None else place.number(0, 0, 8000)

    def _padding(self, place: Place) -> tuple[float, float, float, float]:
        if isinstance(place.value, list):
            sides = [one.number(0, 0, 1000) for one in place.each(4)]
            if len(sides) == 2:
                return sides[0], sides[1], sides[0], sides[1]
            if len(sides) == 4:
                return sides[0], sides[1], sides[2], sides[3]
            place.fault(f"it has {len(sides)} numbers", "Write one, two (sides, top and bottom) or four from the left")
            return 0.0, 0.0, 0.0, 0.0
        side = place.number(0, 0, 1000)
        return side, side, side, side

    def _animation(self, item: Place, which: str) -> t.Animation:
        if not item.has(which):
            return t.STILL
        tracks: dict[t.Property, list[t.KeyFrame]] = {}
        last = -1
        for place in item.at(which).each(50):
            if not place.object_of("ms", "ease", *t.Property):
                continue
            ms = place.at("ms").whole(0, 0, _LONGEST_MS[which])
            if ms <= last:
                place.at("ms").fault(f"{ms} does not come after {last}", "Sort key frames by time")
            last = max(last, ms)
            ease = t.Ease(place.at("ease").choice("out", list(t.Ease)))
            for name in t.Property:
                if place.has(name):
                    value = place.at(name).number(t.AT_REST[name], *_RANGES[name])
                    tracks.setdefault(name, []).append(t.KeyFrame(ms, value, ease))
        return t.Animation({name: tuple(frames) for name, frames in tracks.items()})


_ALIGN = ("left", "center", "right")


def is_number(text: str) -> bool:
    """Whether text is a plain number, with a point or a comma."""
    return re.fullmatch(r"[-+]?\d{1,15}(?:[.,]\d{1,9})?", text.strip()) is not None

"""Template files: what is right is read, what is wrong is named, what is hostile is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from console.graphics.clocks import FORMATS
from console.graphics.reading import KNOWN, read_template
from console.graphics.strict import FileError
from console.graphics.template import Box, Ease, Fit, Property, Rows, Text, table_rows
from console.media.assets import asset

OWN = sorted(asset("templates").glob("*.json"))


def simple(**changes: Any) -> dict[str, Any]:
    """A template with one text, changed as told."""
    item = {"type": "text", "text": "{name}", "size": 40}
    fields = [{"name": "name", "default": "Ana"}]
    return {"podium": 1, "name": "Simple", "fields": fields, "items": [item], **changes}


def item(**content: Any) -> dict[str, Any]:
    return simple(items=[{"type": "text", "text": "{name}", **content}])


@pytest.fixture
def read(tmp_path: Path) -> Callable[[Any], Any]:
    def write_and_read(document: Any) -> Any:
        file = tmp_path / "one.json"
        file.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
        return read_template(file)

    return write_and_read


def test_our_own_are_there_and_right() -> None:
    names = {file.stem for file in OWN}
    wanted = {"lower-third", "name-strap", "result-table", "start-list", "clock", "count-down", "score-bug", "crawl"}
    assert names == wanted | {"full-frame", "logo"}
    for file in OWN:
        template = read_template(file)
        assert template.description, file
        assert template.in_ms > 0, file
        assert 0 < template.out_ms <= 1500, file
        assert all(one.label for one in template.fields), file


def test_an_example_never_goes_on_air() -> None:
    template = read_template(asset("templates/lower-third.json"))
    assert template.examples()["name"]
    assert template.defaults()["name"] == ""


def test_what_is_written_is_what_is_read(read: Callable[[Any], Any]) -> None:
    moves = [{"ms": 0, "x": -40, "opacity": 0}, {"ms": 400, "x": 0, "opacity": 1, "ease": "back"}]
    document = simple(
        palette={"panel": "#10203080"},
        items=[
            {
                "type": "rectangle", "fill": "panel", "padding": [20, 10], "flow": "row", "anchor": "bottom-right",
                "width": "fill", "in": moves, "note": "for designers",
                "items": [{"type": "text", "text": "{name}!", "size": 40}],
            }
        ],
    )  # fmt: skip
    template = read(document)
    box = template.items[0]
    assert isinstance(box.content, Box)
    assert box.content.fill == "#10203080"
    assert box.content.padding == (20, 10, 20, 10)
    assert (box.width, box.anchor) == (Fit.FILL, (1.0, 1.0))
    assert [key.value for key in box.moves_in.tracks[Property.X]] == [-40, 0]
    text = box.content.items[0].content
    assert isinstance(text, Text)
    assert (text.text, text.style.size) == ("{name}!", 40)


@pytest.mark.parametrize(
    ("document", "path", "what"),
    [
        ([], "", "not an object"),
        (simple(podium=2), "podium", "version"),
        (simple(items=[]), "items", "empty"),
        (simple(itmes=1), "itmes", "not known"),
        (simple(name=""), "name", "not text"),
        (simple(fields=[{"name": "A b"}]), "fields[0].name", "not a name"),
        (simple(fields=[{"name": "name"}, {"name": "name"}]), "fields[1].name", "two fields"),
        (simple(fields=[{"name": "name", "type": "txt"}]), "fields[0].type", "not known"),
        (simple(fields=[{"name": "name", "type": "time", "default": "1:99"}]), "fields[0].default", "not a time"),
        (simple(fields=[{"name": "name", "type": "number", "default": "x"}]), "fields[0].default", "not a number"),
        (simple(palette={"a": "red"}), "palette.a", "not a colour"),
        (simple(items=["x"]), "items[0]", "not an object"),
        (simple(items=[{}]), "items[0].type", "missing"),
        (simple(items=[{"type": "video"}]), "items[0].type", "not known"),
        (item(size="big"), "items[0].size", "not a number"),
        (item(size=True), "items[0].size", "not a number"),
        (item(size=10**400), "items[0].size", "out of bounds"),
        (item(x=1e300), "items[0].x", "out of bounds"),
        (item(colour="#12"), "items[0].colour", "not a colour"),
        (item(colour="{name}"), "items[0].colour", "not a colour"),
        (item(text="{nmae}"), "items[0].text", "no field 'nmae'"),
        (item(text="{name"), "items[0].text", "brace"),
        (item(anchor="left"), "items[0].anchor", "not known"),
        (item(width="wide"), "items[0].width", "not known"),
        (item(when="other"), "items[0].when", "no field"),
        (item(clip="yes"), "items[0].clip", "neither true nor false"),
        (item(**{"in": {}}), "items[0].in", "not a list"),
        (item(**{"in": [{"ms": 10}, {"ms": 10}]}), "items[0].in[1].ms", "does not come after"),
        (item(**{"in": [{"ms": 1.5}]}), "items[0].in[0].ms", "not a whole number"),
        (item(**{"in": [{"ms": 0, "opacity": 2}]}), "items[0].in[0].opacity", "out of bounds"),
        (item(**{"in": [{"ms": 0, "ease": "fast"}]}), "items[0].in[0].ease", "not known"),
        (item(out=[{"ms": 1900, "opacity": 0}]), "items[0].out[0].ms", "out of bounds"),
        (simple(items=[{"type": "rows", "field": "name", "item": {"type": "group"}}]), "items[0].field", "not a table"),
        (simple(items=[{"type": "rectangle", "padding": [1, 2, 3]}]), "items[0].padding", "3 numbers"),
        (simple(items=[{"type": "clock", "format": "hh"}]), "items[0].format", "not known"),
    ],
)
def test_every_fault_is_named_by_its_path(read: Callable[[Any], Any], document: Any, path: str, what: str) -> None:
    with pytest.raises(FileError) as caught:
        read(document)
    fault = caught.value.faults[0]
    assert fault.path == path
    assert what in fault.what
    assert fault.remedy
    assert "one.json" in str(caught.value)


def test_all_faults_are_told_and_a_near_word_is_proposed(read: Callable[[Any], Any]) -> None:
    with pytest.raises(FileError) as caught:
        read(item(colr="#fff", size=-1, weight=5000))
    assert [fault.path for fault in caught.value.faults] == ["items[0].colr", "items[0].size", "items[0].weight"]
    assert "'colour'" in caught.value.faults[0].remedy
    assert "and 2 more" in str(caught.value)


def nested(levels: int) -> dict[str, Any]:
    inner: dict[str, Any] = {"type": "group"}
    for _ in range(levels):
        inner = {"type": "group", "items": [inner]}
    return simple(items=[inner])


@pytest.mark.parametrize(
    ("document", "what"),
    [
        ("", "line 1"),
        ('{"podium": 1,', "line 1"),
        ('{"podium": 1, "podium": 1}', "twice"),
        ('{"podium": NaN}', "NaN"),
        ('{"podium": -Infinity}', "Infinity"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 50_000, "nested too deeply"),
        ('{"podium": 1' + "0" * 6000 + "}", "integer"),
        (json.dumps(nested(40)), "nested too deeply"),
        ('{"note": "' + "x" * 600_000 + '"}', "larger than"),
    ],
)
def test_hostile_files_are_refused(read: Callable[[Any], Any], document: str, what: str) -> None:
    with pytest.raises(FileError) as caught:
        read(document)
    assert what in str(caught.value)


def test_too_much_of_anything_is_refused(read: Callable[[Any], Any]) -> None:
    with pytest.raises(FileError, match="members"):
        read(simple(items=[{"type": "group"}] * 3000))
    with pytest.raises(FileError, match="too many items"):
        read(simple(items=[{"type": "group", "items": [{"type": "group"}] * 300}] * 2))
    with pytest.raises(FileError, match="characters"):
        read(item(text="x" * 5000))


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="not a file"):
        read_template(tmp_path / "none.json")
    with pytest.raises(FileError, match="not a file"):
        read_template(tmp_path)
    loop = tmp_path / "loop.json"
    loop.symlink_to(loop)
    with pytest.raises(FileError, match=r"not a file|can't be read"):
        read_template(loop)
    binary = tmp_path / "binary.json"
    binary.write_bytes(b"\xff\xfe\x00{")
    with pytest.raises(FileError, match="UTF-8"):
        read_template(binary)


def test_rows_in_rows_are_refused(read: Callable[[Any], Any]) -> None:
    table = {"name": "table", "type": "table", "columns": [{"name": "cell"}]}
    inner = {"type": "rows", "field": "table", "item": {"type": "text", "text": "{cell}"}}
    template = read(simple(fields=[table], items=[inner]))
    assert isinstance(template.items[0].content, Rows)
    with pytest.raises(FileError, match="rows stand in rows"):
        read(simple(fields=[table], items=[{"type": "rows", "field": "table", "item": inner}]))


def test_a_column_is_known_only_in_its_rows(read: Callable[[Any], Any]) -> None:
    table = {"name": "table", "type": "table", "columns": [{"name": "cell"}]}
    with pytest.raises(FileError, match="no field 'cell'"):
        read(simple(fields=[table], items=[{"type": "text", "text": "{cell}"}]))


def test_a_table_typed_by_hand() -> None:
    columns = next(one for one in read_template(asset("templates/result-table.json")).fields if one.columns).columns
    rows = table_rows("1 | Ana Ribeiro | BRA\n\n2\tLena Vogt\tGER\tPB\t10.86\tbeyond", columns)
    assert rows[0] == {"place": "1", "name": "Ana Ribeiro", "country": "BRA"}
    assert rows[1] == {"place": "2", "name": "Lena Vogt", "country": "GER", "records": "PB", "time": "10.86"}


def test_the_designers_guide_is_true(read: Callable[[Any], Any]) -> None:
    """Its example can be read, and it names all that the reader knows."""
    guide = asset("templates/README.md").read_text(encoding="utf-8")
    assert read(guide.split("```json")[1].split("```")[0]).name == "My strap"
    known = {word for words in KNOWN.values() for word in words} | set(FORMATS) | set(Property) | set(Ease) | set(KNOWN)
    assert not {word for word in known if f"`{word}`" not in guide and f'"{word}"' not in guide}

"""The Titles panel at a fake engine: writing a title, taking it, updating it on air, and the data behind it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from console.desk.actions import Action, Verb
from console.desk.bindings import entries
from console.desk.guards import Desk
from console.desk.onair import OnAirButton
from console.desk.panels.titles import TitlesPanel
from console.desk.title_field import FieldBox
from console.desk.title_painting import Order, TitlePainter
from console.graphics.library import Library, user_folder
from console.media.time import parse_format
from console.results import odf
from console.results.binding import bind
from console.results.excerpt import excerpt
from console.results.store import FeedState, taken
from console.results.view import value_of
from console.show.commands import AddFeed, SetKeyer, SetKeyerOnAir, SetProgram, SetTitle
from console.show.world import DataFeed, FeedKind, Field, Title
from tests.desk.conftest import SeatedDesk

CTRL, ALT, NONE = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.NoModifier
FINAL = Path(__file__).resolve().parents[2] / "resources" / "results" / "final"
STRAP = Title("lower-third", (Field("name", "Ann Ash"), Field("line", "Coach")))
FORM = parse_format("640x360p25")


def final(until: str = "7"):
    state = FeedState()
    for file in sorted(FINAL.glob("*.xml")):
        if file.name[0] <= until:
            for message in odf.read(file.read_bytes()):
                state = taken(state, message, 1)
    return value_of(state, gate=False)


def feeding(**over: object) -> dict[str, object]:
    """A status with the feed `results`."""
    told = {"state": "ok", "age_ms": 2300, "messages": 41, "refused": 1, "test_messages": 2, "value": excerpt(final())}
    return {"graphics": {"feeds": {"results": told | over}}}


@pytest.fixture
def panel(desk: SeatedDesk) -> Iterator[TitlesPanel]:
    desk.window.show_panel("Titles")
    desk.until(lambda: desk.window.titles.showing)
    return desk.window.titles


def box(panel: TitlesPanel, name: str) -> FieldBox:
    found = panel.form.box(name)
    assert found is not None, name
    return found


def write(panel: TitlesPanel, name: str, text: str) -> None:
    """Type into a field, in place of what it holds."""
    edit = box(panel, name).edit
    edit.selectAll()
    QTest.keyClicks(edit, text)


def enter(desk: SeatedDesk, edit: QWidget) -> None:
    """Give a field the keyboard, as a click does once it is there."""
    desk.until(edit.isVisible)
    edit.setFocus(Qt.FocusReason.MouseFocusReason)
    desk.until(edit.hasFocus)


def choose(panel: TitlesPanel, template: str) -> None:
    chooser = panel.form.chooser
    number = chooser.findData(template)
    assert number >= 0
    chooser.setCurrentIndex(number)
    chooser.activated.emit(number)


def sent(desk: SeatedDesk, keyer: int = 1) -> Title | None:
    return desk.engine.show.setup.titles[keyer - 1]


def row_of(panel: TitlesPanel, keyer: int) -> list[str]:
    return [panel.keyers.rows.index(keyer - 1, column).data() for column in range(3)]


def test_a_title_is_written_prepared_taken_updated_and_taken_out(desk, panel):
    assert row_of(panel, 1) == ["1  F1", "empty", ""]
    assert not panel.send.isEnabled()
    choose(panel, "lower-third")
    assert "name" in panel.form.description.text()
    write(panel, "name", "Ann Ash")
    assert sent(desk) is None, "typing sends nothing"
    assert "edited" in row_of(panel, 1)[2]
    assert "Prepare first" in panel.said.text()
    desk.click(panel.send)
    desk.until(lambda: sent(desk) == Title("lower-third", (Field("name", "Ann Ash"),)))
    desk.until(lambda: row_of(panel, 1) == ["1  F1", "Lower third: Ann Ash", ""])
    desk.until(lambda: panel.said.text() == "Prepared on DSK 1. F1 takes it.")
    assert not panel.send.isEnabled()

    QTest.mouseClick(panel.take, Qt.MouseButton.LeftButton)
    desk.until(lambda: desk.engine.show.air.titles[0].on)
    desk.until(lambda: panel.take.lit and row_of(panel, 1)[2] == "PGM")
    assert panel.take.toolTip() == "Take the title (F1)"
    desk.until(lambda: desk.director.log.events[-1].text == "SetKeyerOnAir 1 True")

    write(panel, "name", "Bea Birch")
    air = desk.engine.show.air
    assert row_of(panel, 1)[1:] == ["Lower third: Ann Ash", "PGM edited"]
    assert panel.send.text() == "Update 1 on air"
    assert "still what was sent before" in panel.said.text()
    assert box(panel, "name").name.text().endswith("edited")
    assert not panel.clear.isEnabled(), "what is on air is not cleared"
    desk.click(panel.send)
    desk.until(lambda: sent(desk) == Title("lower-third", (Field("name", "Bea Birch"),)))
    assert desk.engine.show.air == air, "it stays on"
    desk.until(lambda: panel.said.text() == "On air as it stands here.")

    QTest.mouseClick(panel.take, Qt.MouseButton.LeftButton)
    desk.until(lambda: row_of(panel, 1)[2] == "LEAVING")
    assert not panel.take.lit
    desk.until(lambda: row_of(panel, 1)[2] == "" and panel.clear.isEnabled())
    desk.click(panel.clear)
    desk.until(lambda: sent(desk) is None and row_of(panel, 1)[1] == "empty")
    assert desk.commands() == ["SetTitle", "SetKeyerOnAir", "SetTitle", "SetKeyerOnAir", "SetTitle"]


def test_ctrl_enter_sends_and_esc_gives_the_keys_back(desk, panel):
    desk.engine.change(SetTitle(1, STRAP))
    desk.until(lambda: panel.form.boxes)
    edit = box(panel, "name").edit
    enter(desk, edit)
    desk.until(lambda: not desk.window.rim.live)
    assert desk.window.strip.keys.word.text == "KEYS OFF"
    edit.selectAll()
    desk.key(Qt.Key.Key_2)
    desk.key(Qt.Key.Key_Return)
    desk.key(Qt.Key.Key_Space)
    desk.key(Qt.Key.Key_F1)
    assert edit.text() == "2 "
    assert desk.commands() == [], "a field has the keys to itself"
    desk.key(Qt.Key.Key_Return, CTRL)
    desk.until(lambda: sent(desk).fields[0] == Field("name", "2 "))
    desk.until(lambda: not panel.send.isEnabled())
    desk.key(Qt.Key.Key_Return, CTRL)
    assert "nothing to send" in panel.said.text()
    assert desk.commands() == ["SetTitle"]
    desk.key(Qt.Key.Key_Escape)
    desk.until(lambda: desk.window.rim.live)
    desk.key(Qt.Key.Key_F1)
    desk.until(lambda: desk.engine.show.air.titles[0].on)


def test_tab_goes_from_field_to_field(desk, panel):
    desk.engine.change(SetTitle(1, STRAP))
    desk.until(lambda: panel.form.boxes)
    enter(desk, box(panel, "name").edit)
    seen = []
    for _ in range(2):
        desk.key(Qt.Key.Key_Tab)
        seen.append(QApplication.focusWidget())
    assert seen == [box(panel, "line").edit, box(panel, "country").edit]
    panel.keyers.setFocus(Qt.FocusReason.TabFocusReason)
    write(panel, "line", "Judge")
    walk = [panel.send, panel.revert, panel.clear, *panel.tabs, panel.close_up, panel.form.chooser]
    for part in [*walk, box(panel, "name").edit]:
        desk.key(Qt.Key.Key_Tab)
        assert QApplication.focusWidget() is part
    panel.form.chooser.setFocus(Qt.FocusReason.TabFocusReason)
    desk.until(lambda: desk.window.rim.live)
    desk.key(Qt.Key.Key_Space, CTRL)
    desk.until(lambda: panel.form.chooser.view().isVisible())
    desk.key(Qt.Key.Key_Escape)
    desk.until(lambda: not panel.form.chooser.view().isVisible())
    assert desk.commands() == []


def test_an_update_needs_an_armed_desk_and_no_update_a_locked_one(desk, panel):
    desk.engine.change(SetTitle(1, STRAP))
    desk.engine.change(SetKeyerOnAir(1, True))
    desk.until(lambda: panel.take.lit)
    write(panel, "name", "Cy Cedar")
    desk.director.want(Action(Verb.ARM))
    desk.click(panel.send)
    assert "arm it" in panel.said.text()
    QTest.mouseClick(panel.take, Qt.MouseButton.LeftButton)
    assert "arm it" in desk.window.buses.notice.text
    desk.director.want(Action(Verb.ARM))
    desk.director.want(Action(Verb.LOCK))
    assert desk.director.guard.desk is Desk.LOCKED
    desk.click(panel.send)
    assert "LOCKED" in panel.said.text()
    assert desk.commands() == []
    assert sent(desk) == STRAP


def test_undo_brings_a_prepared_title_back_and_none_that_is_on_air(desk, panel):
    desk.engine.change(SetTitle(1, STRAP))
    desk.until(lambda: panel.form.boxes)
    write(panel, "line", "Judge")
    desk.click(panel.send)
    desk.until(lambda: sent(desk) != STRAP)
    desk.window.show_panel("keys")
    desk.until(lambda: desk.window.rim.live)
    desk.key(Qt.Key.Key_Z, CTRL)
    desk.until(lambda: sent(desk) == STRAP)
    desk.until(lambda: box(panel, "line").text == "Coach")
    assert not panel.draft.edited(sent(desk)), "what nobody touched follows"
    write(panel, "line", "Judge")
    desk.click(panel.send)
    desk.until(lambda: sent(desk) != STRAP)
    desk.engine.change(SetKeyerOnAir(1, True))
    desk.until(lambda: panel.take.lit)
    desk.window.show_panel("keys")
    desk.until(lambda: desk.window.rim.live)
    desk.key(Qt.Key.Key_Z, CTRL)
    desk.until(lambda: "keyer 1, which is on air" in desk.window.buses.notice.text)
    assert sent(desk) != STRAP


def test_what_is_written_stays_when_another_desk_changes_the_title(desk, panel):
    desk.engine.change(SetTitle(1, STRAP))
    desk.until(lambda: panel.form.boxes)
    write(panel, "name", "Dan")
    desk.engine.change(SetTitle(1, Title("lower-third", (Field("name", "Eve"),))))
    desk.until(lambda: "another title meanwhile" in panel.said.text())
    assert box(panel, "name").text == "Dan"
    assert row_of(panel, 1)[1] == "Lower third: Eve"
    desk.click(panel.revert)
    assert box(panel, "name").text == "Eve"
    assert "edited" not in row_of(panel, 1)[2]


def test_each_keyer_keeps_what_is_written_for_it(desk, panel):
    choose(panel, "lower-third")
    write(panel, "name", "One")
    panel.choose_keyer(3)
    assert panel.form.boxes == []
    choose(panel, "clock")
    assert [row_of(panel, number)[2] for number in (1, 2, 3)] == ["edited", "", "edited"]
    assert panel.take.toolTip() == "Take the title (F3)"
    panel.choose_keyer(1)
    assert box(panel, "name").text == "One"
    choose(panel, "name-strap")
    assert box(panel, "name").text == "One", "fields of the same name keep what they hold"
    desk.click(panel.send)
    desk.until(lambda: sent(desk) == Title("name-strap", (Field("name", "One"),)))


def test_a_keyer_with_a_source_says_so_and_is_not_overwritten_on_air(desk, panel):
    desk.engine.change(SetKeyer(2, "cam4"))
    desk.engine.change(SetKeyerOnAir(2, True))
    desk.until(lambda: row_of(panel, 2) == ["2  F2", "Camera 4", "PGM"])
    panel.choose_keyer(2)
    choose(panel, "lower-third")
    assert "source on program" in panel.said.text()
    assert not panel.send.isEnabled()
    desk.engine.change(SetKeyerOnAir(2, False))
    desk.until(panel.send.isEnabled)


def test_preview_only(desk, panel):
    desk.engine.change(SetTitle(1, STRAP))
    desk.until(panel.show_preview.isEnabled)
    QTest.mouseClick(panel.show_preview, Qt.MouseButton.LeftButton)
    desk.until(lambda: desk.engine.show.air.keyers_preview[0])
    desk.until(lambda: panel.show_preview.lit and row_of(panel, 1)[2] == "PVW")
    assert not any(desk.engine.show.air.keyers_on)


def test_fields_of_every_kind(desk, panel):
    choose(panel, "score-bug")
    numbers = [one for one in panel.form.boxes if one.field.type == "number"]
    edit = numbers[0].edit
    enter(desk, edit)
    edit.selectAll()
    QTest.keyClicks(edit, "9")
    QTest.keyClick(edit, Qt.Key.Key_Up)
    QTest.keyClick(edit, Qt.Key.Key_Up)
    QTest.keyClick(edit, Qt.Key.Key_Down)
    assert numbers[0].text == "10"
    QTest.keyClicks(edit, "x")
    assert "not a number" in numbers[0].note.text()
    QTest.keyClick(edit, Qt.Key.Key_Up)
    assert numbers[0].text == "10x", "what is no number is not counted"
    choose(panel, "name-strap")
    write(panel, "country", "Nowhere")
    assert "three letters" in box(panel, "country").note.text()
    choose(panel, "result-table")
    rows = box(panel, "rows")
    rows.edit.setPlainText("1\tAnn Ash\tNED\t\t9.99\n2 | Bea Birch | XX")
    assert rows.text == "1 | Ann Ash | NED |  | 9.99\n2 | Bea Birch | XX"
    assert "row 2" in rows.note.text()
    desk.click(panel.send)
    desk.until(lambda: sent(desk) is not None)
    assert [one.name for one in sent(desk).fields] == ["country", "rows"][1:]


def test_data_are_put_in_from_a_menu_and_shown_as_they_are_now(desk, panel):
    desk.engine.change(AddFeed(DataFeed("results", FeedKind.ODF, "http://user:secret@host/feed", gate=False)))
    desk.engine.extra_status = feeding()
    choose(panel, "lower-third")
    desk.until(lambda: panel._values.get("results") is not None)
    edit = box(panel, "name").edit
    enter(desk, edit)
    QTest.keyClick(edit, Qt.Key.Key_Down, ALT)
    menu = panel.findChild(QMenu)
    entries = {action.text().partition("\t")[0]: action for action in menu.actions()}
    assert entries["status"].text() == "status\tOfficial"
    within = entries["result"].menu()
    within.aboutToShow.emit()
    first = within.actions()[1].menu()
    assert first.title() == "result 1: J. MBEKI-ROSS"
    first.aboutToShow.emit()
    next(action for action in first.actions() if action.text().startswith("name\t")).trigger()
    menu.close()
    assert box(panel, "name").text == "{results.result.1.name}"
    assert box(panel, "name").note.text() == "= J. MBEKI-ROSS"
    write(panel, "line", "{results.unti}")
    assert 'no "unti"' in box(panel, "line").note.text()
    choose(panel, "result-table")
    box(panel, "rows")._insert("{results.result}")
    assert box(panel, "rows").note.text().startswith("= 8 rows: 1 | J. MBEKI-ROSS | KAL")
    before = panel.preview.drawn
    desk.until(lambda: panel.preview.drawn > before)
    drawn = panel.preview.drawn
    desk.engine.extra_status = feeding(value=excerpt(final(until="5")))
    desk.until(lambda: panel.preview.drawn > drawn)


def test_a_menu_without_data_says_where_they_come_from(desk, panel):
    choose(panel, "lower-third")
    box(panel, "name")._open_menu()
    menu = panel.findChild(QMenu)
    assert "add one under 'Data'" in menu.actions()[0].text()
    menu.close()


def test_data_feeds_are_added_told_of_and_removed(desk, panel):
    desk.click(panel.tabs[1])
    feeds = panel.feeds
    assert "no data yet" in feeds.said.text()
    feeds.address.setFocus(Qt.FocusReason.MouseFocusReason)
    QTest.keyClicks(feeds.address, "http://user:secret@host/feed")
    assert (feeds.name.text(), feeds.kind.currentData()) == ("results", FeedKind.ODF)
    feeds.gate.setChecked(False)
    QTest.keyClick(feeds.address, Qt.Key.Key_Return)
    desk.until(lambda: feeds.table.rows.rowCount() == 1)
    feed = DataFeed("results", FeedKind.ODF, "http://user:secret@host/feed", gate=False)
    assert desk.engine.show.setup.world.feeds == (feed,)
    desk.engine.extra_status = feeding(last_reason="version 3 is older")
    cells = feeds.table.rows
    desk.until(lambda: [cells.index(0, column).data() for column in range(7)]
               == ["results", "OK", "2 s", "OFFICIAL", "1", "2", "ODF"])  # fmt: skip
    told = json.dumps([cells.index(0, column).data(role) for column in range(8) for role in (0, 3)])
    told += "".join(f"{event.text} {event.result}" for event in desk.director.log.events)
    assert "AddFeed results" in told
    assert "secret" not in told
    assert "version 3 is older" in told
    desk.engine.extra_status = feeding(state="trouble", reason="Nobody answers")
    desk.until(lambda: "Nobody answers" in feeds.said.text())
    QTest.keyClicks(feeds.address, "/data/laps.csv")
    assert (feeds.name.text(), feeds.kind.currentData(), feeds.gate.isVisible()) == ("data", FeedKind.CSV, False)
    feeds.name.setText("results")
    feeds.name.textEdited.emit("results")
    desk.click(feeds.add)
    desk.until(lambda: "already" in feeds.said.text())
    enter(desk, feeds.address)
    desk.until(lambda: not desk.window.rim.live)
    desk.key(Qt.Key.Key_Escape)
    desk.until(lambda: desk.window.rim.live)
    feeds.table.selectRow(0)
    desk.click(feeds.remove)
    desk.until(lambda: desk.engine.show.setup.world.feeds == ())


def test_a_feed_that_a_title_on_air_shows_stays(desk, panel):
    desk.engine.change(AddFeed(DataFeed("results", FeedKind.ODF, "http://host/feed")))
    desk.engine.change(SetTitle(1, Title("lower-third", (Field("name", "{results.status}"),))))
    desk.engine.change(SetKeyerOnAir(1, True))
    desk.click(panel.tabs[1])
    desk.until(lambda: panel.feeds.table.rows.rowCount() == 1)
    panel.feeds.table.selectRow(0)
    desk.click(panel.feeds.remove)
    desk.until(lambda: "A title on air shows" in panel.feeds.said.text())
    assert len(desk.engine.show.setup.world.feeds) == 1


def test_the_preview_is_drawn_when_something_changes_and_only_then(desk, panel):
    choose(panel, "lower-third")
    desk.until(lambda: panel.preview.picture is not None)
    assert panel.preview._tag == "EXAMPLE"
    write(panel, "name", "Ann")
    desk.until(lambda: panel.preview._tag == "" and panel.preview.settled)
    drawn, frames = panel.preview.drawn, desk.window.multiview.painted
    desk.until(lambda: desk.window.multiview.painted > frames + 25)
    assert panel.preview.drawn == drawn, "not with every picture"
    whole = panel.preview.picture
    desk.click(panel.close_up)
    desk.until(lambda: panel.preview.drawn > drawn)
    assert panel.preview.picture.size() != whole.size()
    box(panel, "name")._put("日本")  # QTest types ASCII alone
    desk.until(lambda: "No font" in panel.lacks.text() or panel.lacks.isHidden())
    panel.choose_keyer(2)
    assert panel.preview.picture is None
    assert panel.lacks.isHidden()


def test_a_template_that_cant_be_used_says_why_and_a_new_one_is_found(desk, panel):
    folder = user_folder()
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "mine.json"
    file.write_text('{"podium": 1, "name": "Mine", "itmes": []}')
    try:
        chooser = panel.form.chooser
        chooser.refresh()
        number = chooser.findData("mine")
        assert "can't be used" in chooser.itemText(number)
        assert "itmes" in chooser.itemData(number, Qt.ItemDataRole.ToolTipRole)
        assert not chooser.model().item(number).isEnabled()
        desk.engine.change(SetTitle(1, Title("mine", (Field("who", "Ann"),))))
        desk.until(lambda: "itmes" in panel.form.trouble.text())
        assert box(panel, "who").text == "Ann", "what it holds can be read all the same"
        file.write_text(
            '{"podium": 1, "name": "Mine", "fields": [{"name": "who", "label": "Who"}],'
            ' "items": [{"type": "text", "text": "{who}", "size": 80}]}'
        )
        desk.until(lambda: panel.form.template is not None and panel.preview.picture is not None)
        assert not panel.form.trouble.isVisible()
    finally:
        file.unlink()


def test_a_template_that_is_not_there_is_named(desk, panel):
    desk.engine.change(SetTitle(1, Title("gone", (Field("a", "b"),))))
    desk.until(lambda: "no template 'gone'" in panel.form.trouble.text())
    assert "gone" in panel.form.chooser.currentText()
    desk.engine.change(SetTitle(1, Title("gone too")))
    desk.until(lambda: "gone too" in panel.form.chooser.currentText())
    assert panel.form.chooser.findData("gone") < 0


def test_what_the_engine_refuses_is_said_and_stays_as_written(desk, panel):
    choose(panel, "lower-third")
    box(panel, "name")._put("x" * 5000)
    desk.click(panel.send)
    desk.until(lambda: "more than 4096 characters" in panel.said.text())
    desk.until(lambda: not desk.director.asked)
    assert "more than 4096 characters" in panel.said.text()
    assert len(box(panel, "name").text) == 5000
    write(panel, "name", "Ann")
    assert "Prepare first" in panel.said.text()


def test_what_can_be_put_in_of_each_kind_of_feed():
    odf_feed, csv_feed = DataFeed("r", FeedKind.ODF, "x"), DataFeed("laps", FeedKind.CSV, "x")
    value = final()
    empty, known = entries(odf_feed, None), entries(odf_feed, value)
    assert [entry.label for entry in empty] == [entry.label for entry in known]
    for entry in known:
        assert not bind(entry.placeholder, {"r": value})[1], entry
    rows = next(entry for entry in known if entry.label == "result").more
    assert len(rows) == 9
    for cell in rows[1].more:
        assert bind(cell.placeholder, {"r": value}) == (cell.now, ()), cell
    assert {cell.label for cell in rows[1].more} == set(value["result"][0])
    assert entries(csv_feed, None) == ()
    table = ({"lap": "1", "time": 12.5, "splits": ("a", "b")}, {"lap": "2"})
    offered = entries(csv_feed, table)
    assert [(entry.label, entry.placeholder, entry.now) for entry in offered] == [
        ("all rows, for a table", "{laps}", "2 rows"),
        ("row 0", "", "1"),
        ("row 1", "", "2"),
    ]
    assert [entry.placeholder for entry in offered[1].more] == ["{laps.0.lap}", "{laps.0.time}", ""]


def test_without_an_engine_nothing_is_sent_and_what_is_written_stays(desk, panel):
    choose(panel, "lower-third")
    write(panel, "name", "Ann")
    desk.engine.stop()
    desk.until(lambda: not desk.director.world.linked)
    assert not panel.send.isEnabled()
    assert not panel.take.isEnabled()
    desk.engine.start()
    desk.until(panel.send.isEnabled)
    assert box(panel, "name").text == "Ann"


@pytest.mark.parametrize("size", [(1024, 600), (1280, 720), (1920, 1080)])
def test_nothing_is_cut_off(desk, panel, size):
    desk.window.resize(*size)
    desk.engine.change(SetTitle(1, STRAP))
    desk.engine.change(SetProgram("cam1"))
    desk.until(lambda: panel.form.boxes)
    desk.window.grab()
    inside = panel.rect()
    parts = [panel.keyers, panel.preview, panel.take, panel.show_preview, panel.said, panel.send, panel.revert,
             panel.clear, *panel.tabs, panel.close_up, panel._pages]  # fmt: skip
    for part in parts:
        assert inside.contains(part.geometry()), part.accessibleName()
        if not isinstance(part, OnAirButton):
            assert part.width() >= part.minimumSizeHint().width(), part.accessibleName()
    for one in panel.form.boxes:
        desk.until(lambda one=one: one.width() <= panel._scrolls[0].viewport().width())
    desk.window.activateWindow()  # which a change of size may have undone
    desk.until(lambda: desk.window.isActiveWindow() and panel.form.boxes[-1].edit.isVisible())
    last = panel.form.boxes[-1].edit
    last.setFocus(Qt.FocusReason.TabFocusReason)
    view = panel._scrolls[0].viewport()
    desk.until(lambda: view.rect().contains(last.mapTo(view, last.rect().center())))


def test_pictures_of_titles(qapp):
    painter, template = TitlePainter(), Library().get("lower-third")
    values = {"name": "Ann Ash", "line": "Coach"}
    whole = painter.paint(Order(template, values, FORM, (320, 180)))
    assert whole.picture.size().toTuple() == (320, 180)
    assert not whole.troubles
    assert whole.picture.pixelColor(160, 20).alpha() == 0
    assert painter.paint(Order(template, values, FORM, (320, 180))).picture == whole.picture
    near = painter.paint(Order(template, values, FORM, (320, 180), close_up=True))
    assert near.picture.width() > 280
    assert opaque(near.picture) > 2 * opaque(whole.picture)
    assert painter.paint(Order(template, {}, FORM, (320, 180))).picture is None
    odd = painter.paint(Order(template, {"name": 7}, FORM, (320, 180)))
    assert odd.picture is None
    assert "can't be drawn" in odd.troubles[0]
    lacking = painter.paint(Order(template, {"name": "\U0001fae8\ue123"}, FORM, (320, 180)))
    assert lacking.troubles
    assert not painter.paint(Order(template, values, FORM, (320, 180))).troubles, "that is of the title before"


def opaque(picture: QImage) -> float:
    """The part of a picture that hides what is behind it."""
    step = range(0, picture.width(), 3)
    found = [picture.pixelColor(x, y).alpha() > 128 for x in step for y in range(0, picture.height(), 3)]
    return sum(found) / len(found)

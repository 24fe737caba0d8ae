"""The Tracking panel at a fake engine: inputs, packets, cameras with their delays, and the world."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from console.desk import packets, tokens
from console.desk.panels.tracked_cameras import found_text, is_apart
from console.desk.panels.tracked_world import race_text
from console.desk.status import DelayReading, StreamReading, TrackingReading, read_status
from console.desk.tracking_dialog import TrackingDialog
from console.desk.tracking_draft import QUIRKS, DraftError, read_input, suggested_id
from console.desk.world import World
from console.media.clock import Anchor
from console.show.commands import AddInput, SetCamera, SetElement
from console.show.model import Air
from console.show.world import Camera, Element, ElementKind, Group, LensRow, Switched, TrackingInput
from console.tracking import freed
from console.tracking.mapping import Quirks

FREED = TrackingInput("head", "freed", "127.0.0.1:40000")
PSN = TrackingInput("psn", "psn", "127.0.0.1:56565", "236.10.10.10")
PACKET = freed.encode(freed.FreedSample(1, 12.5, -3.0, 0.0, 1.0, 2.0, 3.0, 1000, 0))


def tracking(**given: Any) -> dict[str, Any]:
    """What the graphics process tells of an input."""
    return {
        "protocol": "freed", "state": "receiving", "port": 40000, "rate_hz": 50.0, "jitter_ms": 0.4, "understood": 900,
        "refused": 0, "last_error": "", "lost": 0, "age_ms": 12.0, "raw": PACKET.hex(), "raw_bytes": len(PACKET),
        "raw_from": "10.0.0.7:5000", "decoded": {"protocol": "freed", "camera": 1, "pan_deg": 12.5},
        "sources": [{"id": "camera 1", "senders": ["10.0.0.7:5000"], "rate_hz": 50.0, "jitter_ms": 0.4, "age_ms": 12}],
        "unknown_cameras": {}, "troubles": [],
    } | given  # fmt: skip


def graphics(**given: Any) -> dict[str, Any]:
    return {"graphics": {"state": "running", "tracking": {}, "cameras": {}, "subjects": 0, "troubles": []} | given}


@pytest.fixture
def panel(desk):
    """The panel in front, with one input."""
    desk.engine.change(AddInput(FREED))
    desk.window.show_panel("Tracking")
    panel = desk.window.tracking
    desk.until(lambda: panel.showing and panel.inputs.table.rows.rowCount() == 1)
    return panel


def page(panel, name: str):
    """Bring a page to the front."""
    index = next(i for i in range(panel.pages.count()) if panel.pages.tabText(i) == name)
    panel.pages.setCurrentIndex(index)
    return panel.pages.widget(index)


def cells(table, row: int = 0) -> list[str]:
    return [table.rows.index(row, column).data() for column in range(table.rows.columnCount())]


def ink(table, row: int, column: int) -> str:
    return table.rows.index(row, column).data(Qt.ItemDataRole.ForegroundRole).name().upper()


def dialog_of(desk) -> TrackingDialog:
    desk.until(lambda: desk.window.findChild(TrackingDialog) is not None)
    dialog = desk.window.findChild(TrackingDialog)
    desk.until(dialog.isVisible)
    return dialog


def test_what_comes_in_and_is_not_understood_is_unmistakable(desk, panel):
    desk.engine.extra_status = graphics(tracking={"head": tracking()})
    table = panel.inputs.table
    desk.until(lambda: cells(table)[:4] == ["head", "RECEIVING", "50.0 Hz", "12 ms"])
    assert panel.inputs.loud.isHidden()
    bad = tracking(state=packets.NOT_UNDERSTOOD, refused=7, last_error="the checksum is wrong", rate_hz=0.0)
    trouble = "Tracking input head: Not understood: the checksum is wrong"
    desk.engine.extra_status = graphics(tracking={"head": bad}, troubles=[trouble])
    desk.until(panel.inputs.loud.isVisible)
    assert panel.inputs.loud.text() == "▲ head: receiving, but not understood as FreeD D1. the checksum is wrong"
    assert (cells(table)[1], ink(table, 0, 1)) == ("▲ NOT UNDERSTOOD", tokens.ALARM.upper())
    assert trouble in panel.troubles.text()
    assert panel.troubles_area.isVisible()
    desk.engine.extra_status = graphics(tracking={"head": tracking(port=None, state="silent", age_ms=None)})
    desk.until(lambda: cells(table)[1] == "▲ NOT LISTENING")
    assert panel.troubles_area.isHidden()
    assert desk.window.grab().width() == 1280


def test_an_input_is_added_edited_and_removed(desk, panel):
    desk.click(panel.inputs.add)
    dialog = dialog_of(desk)
    assert not dialog.isModal()
    assert (dialog.identity.text(), dialog.fields["bind"].text()) == ("freed", "0.0.0.0:40000")
    dialog.protocol.setCurrentIndex(dialog.protocol.findData("psn"))
    assert (dialog.identity.text(), dialog.fields["group"].text()) == ("psn", "236.10.10.10")
    assert not any(box.isVisible() for box in dialog.quirks.values())
    dialog.fields["scale"].setText("much")
    desk.click(dialog.done_button)
    assert "Scale and delay are numbers" in dialog.said.text()
    dialog.fields["scale"].setText("0.001")
    dialog.fields["bind"].setText("nowhere")
    desk.click(dialog.done_button)
    desk.until(lambda: "is no HOST:PORT" in dialog.said.text())
    dialog.fields["bind"].setText("0.0.0.0:56565")
    dialog.fields["delay_ms"].setText("12.5")
    QTest.keyClick(dialog.fields["delay_ms"], Qt.Key.Key_Return)
    desk.until(lambda: len(desk.engine.show.setup.world.inputs) == 2)
    added = desk.engine.show.setup.world.inputs[1]
    assert added == replace(PSN, bind="0.0.0.0:56565", scale=0.001, delay_ms=12.5)
    desk.until(lambda: desk.window.findChild(TrackingDialog) is None)
    table = panel.inputs.table
    table.selectRow(0)
    desk.click(panel.inputs.edit)
    dialog = dialog_of(desk)
    assert not dialog.identity.isEnabled()
    dialog.fields["axes"].setText("+x  -z +y")
    dialog.quirks["freed_zero_checksum"].setChecked(True)
    desk.click(dialog.done_button)
    desk.until(lambda: desk.engine.show.setup.world.inputs[0].axes == "+x -z +y")
    assert desk.engine.show.setup.world.inputs[0].quirks == ("freed_zero_checksum",)
    desk.engine.change(SetCamera(Camera("cam1", "head", 1)))
    desk.until(lambda: desk.window.findChild(TrackingDialog) is None)
    desk.click(panel.inputs.remove)
    desk.until(lambda: "The camera of 'cam1' uses that input" in panel.inputs.said.text())
    table.selectRow(1)
    desk.click(panel.inputs.remove)
    desk.until(lambda: len(desk.engine.show.setup.world.inputs) == 1)
    desk.until(lambda: "brings it back" in panel.inputs.said.text())


def test_packets_from_the_inside(desk, panel):
    inspector = page(panel, "Packets")
    two = {"id": "camera 1", "senders": ["10.0.0.7:5000", "10.0.0.8:5000"], "rate_hz": 99.0, "lost": 3, "age_ms": 4}
    told = tracking(sources=[two], unknown_cameras={"7": 812}, refused=2, last_error="31 bytes are no packet")
    desk.engine.extra_status = graphics(tracking={"head": told})
    desk.until(lambda: "29 bytes from 10.0.0.7:5000" in inspector.bytes.toPlainText())
    assert "0000  d1 01 06 40 00" in inspector.bytes.toPlainText()
    assert [cells(inspector.fields, row) for row in range(3)][2] == ["pan_deg", "12.5"]
    assert "2 SENDERS: 10.0.0.7:5000, 10.0.0.8:5000" in cells(inspector.streams)
    assert ink(inspector.streams, 0, 5) == tokens.ALARM.upper()
    assert inspector.unknown.text() == "Camera 7 is not configured: 812 packets"
    assert inspector.error.text() == "Last refusal: 31 bytes are no packet"
    assert inspector.counters.text() == "900 understood, 2 refused"
    desk.click(inspector.pause)
    held = inspector.bytes.toPlainText()
    desk.engine.extra_status = graphics(tracking={"head": tracking(raw="00ff41", raw_bytes=300, understood=1000)})
    desk.until(lambda: inspector.counters.text() == "1000 understood, 0 refused")
    assert inspector.bytes.toPlainText() == held
    desk.click(inspector.pause)
    assert "0000  00 ff 41" in inspector.bytes.toPlainText()
    assert "... and 297 bytes more" in inspector.bytes.toPlainText()
    desk.engine.change(AddInput(PSN))
    desk.until(lambda: inspector.input.count() == 2)
    assert inspector.input.currentData() == "head"
    panel.inputs.chosen.emit("psn")
    assert "STARTING" in inspector.state.text()


def test_the_delay_in_use_and_the_one_that_was_found(desk, panel):
    lens = (LensRow(focal=1.7),)
    desk.engine.change(SetCamera(Camera("cam2", "head", 1, 40.0, lens=lens)))
    desk.until(lambda: desk.director.world.setup.world.cameras)
    cameras = page(panel, "Cameras")
    found = {"found_ms": 37.44, "error_ms": 0.21, "agreement": 0.9991, "at_ms": 12_000.0, "pairs": 0, "reason": ""}
    reading = {"state": "drawn", "age_ms": 9.0, "late": 0, "delay": found}
    desk.engine.extra_status = graphics(cameras={"cam2": reading})
    desk.until(lambda: cells(cameras.table, 1) == ["cam2", "head/1", "9 ms", "40.0", "37.4 ±0.2", "drawn"])
    assert cells(cameras.table, 0)[1] == "-"
    assert cameras.table.chosen() == "cam2"
    assert cameras.found.text() == "Found 37.4 ±0.2 ms, 12.0 s ago, 99.9 % agrees."
    assert ink(cameras.table, 1, 4) == tokens.WARNING.upper(), "it is not what is used"
    desk.click(cameras.use)
    desk.until(lambda: desk.engine.show.setup.world.cameras[0].delay_ms == 37.44)
    assert desk.engine.show.setup.world.cameras[0] == Camera("cam2", "head", 1, 37.44, lens=lens), "nothing else"
    desk.until(lambda: cameras.delay.value() == 37.44)
    cameras.delay.stepUp()
    desk.until(lambda: desk.engine.show.setup.world.cameras[0].delay_ms == 37.54)
    cameras.delay.lineEdit().setText("-20000")
    QTest.keyClick(cameras.delay, Qt.Key.Key_Return)
    assert desk.engine.show.setup.world.cameras[0].delay_ms == 37.54
    desk.engine.extra_status = graphics(cameras={"cam2": reading | {"state": "silent", "age_ms": 2300.0}})
    desk.until(lambda: cells(cameras.table, 1)[2] == "▲ 2.3 s")
    assert ink(cameras.table, 1, 2) == tokens.ALARM.upper()
    waiting = reading | {"delay": {"found_ms": None, "pairs": 5, "reason": "It is found while the camera turns"}}
    desk.engine.extra_status = graphics(cameras={"cam2": waiting})
    desk.until(lambda: not cameras.use.isEnabled())
    assert cameras.found.text() == (
        "No delay found yet. It is found while the camera turns. 5 pairs of pictures compared."
    )


def test_a_source_is_given_a_camera_another_number_and_none(desk, panel):
    cameras = page(panel, "Cameras")
    cameras.table.selectRow(2)

    def choose(data: str | None) -> None:
        cameras.input.setCurrentIndex(cameras.input.findData(data))
        cameras.input.activated.emit(cameras.input.currentIndex())

    choose("head")
    desk.until(lambda: desk.engine.show.setup.world.cameras == (Camera("cam3", "head", 1),))
    desk.until(cameras.number.isEnabled)
    cameras.number.setValue(7)
    desk.until(lambda: desk.engine.show.setup.world.cameras[0].number == 7)
    choose("")
    desk.until(lambda: desk.engine.show.setup.world.cameras[0].input == "")
    desk.until(lambda: not cameras.number.isEnabled())
    assert not cameras.use.isEnabled()
    choose(None)
    desk.until(lambda: desk.director.world.setup.world.cameras == ())
    assert not cameras.open.isEnabled(), "there is no camera to calibrate"
    asked: list[str] = []
    cameras.calibrate = asked.append
    choose("")
    desk.until(lambda: cameras.open.isVisible() and cameras.open.isEnabled())
    desk.click(cameras.open)
    assert asked == ["cam3"]


def test_the_world_its_keys_and_the_race(desk, panel):
    desk.engine.change(AddInput(PSN))
    desk.engine.change(SetElement(Element("record", ElementKind.RECORD_LINE, Group.LINE, text="WR")))
    desk.engine.change(SetElement(Element("tags", ElementKind.LABEL, Group.TAG, "*", text="{name}")))
    stage = page(panel, "World")
    desk.engine.extra_status = graphics(subjects=8)
    desk.until(lambda: stage.subjects.text() == "8 subjects tracked now")
    assert cells(stage.elements, 0) == ["tags", "{name}", "TAG", "F5", "off", "*"]
    assert [made.isEnabled() for made in stage.groups] == [True, False, False, True]
    QTest.mousePress(stage.groups[0], Qt.MouseButton.LeftButton)
    desk.until(lambda: cells(stage.elements, 0)[4] == "ON AIR")
    assert stage.groups[0].lit
    desk.key(Qt.Key.Key_F5)
    desk.until(lambda: cells(stage.elements, 0)[4] == "off")
    assert stage.clock.text() == "-:--.--"
    desk.click(stage.start)
    desk.until(lambda: stage.clock.text().startswith("0:0"))
    desk.until(stage.stop.isEnabled)
    desk.click(stage.stop)
    desk.until(lambda: stage.clock.text() == "-:--.--")


def test_a_narrow_window_shows_all_pages(desk, panel):
    raw = tracking(unknown_cameras={str(number): 9 for number in range(6)}, last_error="x" * 300)
    desk.engine.extra_status = graphics(tracking={"head": raw}, troubles=["Something is wrong. " * 20] * 12)
    desk.until(panel.troubles_area.isVisible)
    for index in range(panel.pages.count()):
        panel.pages.setCurrentIndex(index)
        desk.until(lambda index=index: panel.pages.currentIndex() == index)
        assert desk.window.size().toTuple() == (1280, 720), "the panel asks for no more room"
    assert panel.first_focus() is panel.pages.tabBar()
    QTest.keyClick(panel.pages.tabBar(), Qt.Key.Key_Left)
    assert panel.pages.tabText(panel.pages.currentIndex()) == "Cameras"


def test_readings_of_odd_status_are_none():
    odd = {"tracking": {"a": {"port": -1, "sources": [3], "raw": 5, "unknown_cameras": {"7": -1}}, "b": 4}}
    status = read_status({"graphics": odd | {"cameras": {"cam": {"delay": {"found_ms": "much"}}}, "subjects": None}})
    assert status.graphics.tracking == {"a": TrackingReading()}
    assert status.graphics.cameras["cam"].delay == DelayReading()
    assert status.graphics.subjects == 0


def test_words_of_packets():
    assert packets.hex_lines("zz", 1, 8) == "These are no bytes"
    assert packets.hex_lines("", 0, 8) == ""
    assert packets.hex_lines("414200", 3, 2) == "0000  41 42  AB\n0002  00     ."
    nested = {"a": [{"x": 1.50, "y": None}], "b": [1.0, 2.0, 3.0], "c": {}, "d": True}
    assert packets.field_rows(nested) == [
        ("a", "a", ""),
        ("a.0", "    [0]", ""),
        ("a.0.x", "        x", "1.5"),
        ("a.0.y", "        y", "not sent"),
        ("b", "b", "1   2   3"),
        ("c", "c", "none"),
        ("d", "d", "yes"),
    ]
    assert len(packets.field_rows({str(n): n for n in range(1000)})) == 400
    assert packets.field_rows(None) == []
    assert [packets.age_text(age) for age in (None, 0.0, 999.4, 3400.0, 600_000.0)] == [
        "never", "0 ms", "999 ms", "3.4 s", "10 min",
    ]  # fmt: skip
    assert packets.sender_text(StreamReading()) == "nobody now"
    many = TrackingReading(understood=5, lost=1, intruded=2, mod255=3)
    told = "5 understood, 0 refused, 1 lost, 2 of a second sender, 3 with the checksum of OpenTrackIO 1.0.0"
    assert packets.counter_line(many) == told


def test_a_delay_is_told_when_it_is_another_than_is_used():
    camera = Camera("cam", "head", 1, 40.0)
    assert found_text(DelayReading()) == ""
    assert found_text(DelayReading(37.36, 0.02)) == "37.4 ±0.1"
    assert not is_apart(camera, DelayReading())
    assert not is_apart(camera, DelayReading(39.2, 0.1))
    assert is_apart(camera, DelayReading(37.4, 0.2))
    assert not is_apart(camera, DelayReading(37.4, 1.2)), "that may be chance"


def test_the_clock_of_the_race():
    world = World(anchor=Anchor(0, 0))
    assert race_text(world, 10**9) == "-:--.--"
    rate = world.setup.format.rate
    running = replace(world, air=replace(Air(), race=Switched(on=True, at=rate.frame_at_ns(60 * 10**9))))
    assert race_text(running, 72_500_000_000) == "0:12.50"
    assert race_text(running, 59_000_000_000).startswith("-0:0")


def test_every_quirk_of_a_sender_has_words():
    assert set(QUIRKS) == {field.name for field in fields(Quirks)}
    assert suggested_id("psn", {"psn", "psn2"}) == "psn3"
    empty = dict.fromkeys(("group", "axes", "angles", "scale", "delay_ms", "offset_m", "angle_offset_deg"), "")
    texts = empty | {"id": " head ", "protocol": "freed", "bind": FREED.bind}
    assert read_input(texts, {"opentrackio_mod255"}) == FREED, "another protocol's quirk says nothing"
    assert read_input(texts | {"offset_m": "1, 2 3"}, ()).offset_m == (1.0, 2.0, 3.0)
    with pytest.raises(DraftError, match="The angle offset needs 3 numbers"):
        read_input(texts | {"angle_offset_deg": "1 2"}, ())

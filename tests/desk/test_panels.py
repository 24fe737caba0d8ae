"""The panels and the dialog for sources, at a fake engine."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from console.desk.source_dialog import SourceDialog
from console.show.commands import AddDestination, AddSource
from tests.desk.conftest import dialog_of

CTRL = Qt.KeyboardModifier.ControlModifier


def test_sources_come_and_go(desk):
    desk.engine.change(AddSource("extra", "pattern:", "Extra"))
    desk.until(lambda: desk.window.multiview.tile("extra") is not None)
    desk.until(lambda: desk.window.multiview.tile("extra").feed.updates)
    table = desk.window.sources.table
    table.selectRow(table.rows.row_of("extra"))
    desk.click(desk.window.sources.keyers[1])
    desk.until(lambda: desk.engine.show.setup.keyers[1] == "extra")
    desk.click(desk.window.sources.remove)
    desk.until(lambda: desk.window.multiview.tile("extra") is None)
    desk.until(lambda: "Ctrl+Z" in desk.window.sources.said.text())
    desk.key(Qt.Key.Key_Z, CTRL)
    desk.until(lambda: desk.window.multiview.tile("extra") is not None)


def test_removing_what_is_on_air_is_refused_in_words(desk):
    desk.key(Qt.Key.Key_2)
    desk.until(lambda: desk.director.world.air.preview == "cam2")
    desk.key(Qt.Key.Key_Space)
    desk.until(lambda: desk.director.world.air.program == "cam2")
    desk.window.sources.table.selectRow(1)
    desk.click(desk.window.sources.remove)
    desk.until(lambda: "on air" in desk.window.sources.said.text())
    assert len(desk.engine.show.setup.sources) == 4


def test_destinations_with_their_secrets_masked(desk):
    panel = desk.window.panels[1]
    desk.window.show_panel("Destinations")
    panel.address.setText("rtmp://push.example/app/secret-key")
    QTest.keyClick(panel.address, Qt.Key.Key_Return)
    desk.until(lambda: panel.table.rows.rowCount() == 1)
    cell = panel.table.rows._rows[0][1][0]
    assert "secret" not in cell.text + cell.hint
    panel.address.setText("nonsense")
    desk.click(panel.add)
    desk.until(lambda: "address such as" in panel.reason.text())
    panel.table.selectRow(0)
    desk.click(panel.remove)
    desk.until(lambda: panel.table.rows.rowCount() == 0)
    assert desk.engine.show.setup.destinations == ()


def test_a_destination_in_trouble_says_why(desk):
    url = "https://ingest.example/main"
    desk.engine.change(AddDestination(url))
    desk.engine.extra_status = {"outputs": {url: {"state": "retrying", "lag_ms": 12_000, "lost": 3, "reason": "Reset"}}}
    desk.window.show_panel("Destinations")
    panel = desk.window.panels[1]
    desk.until(lambda: "Reset" in panel.reason.text())
    desk.until(lambda: desk.window.strip.uplinks.word.text == "0/1 UP")
    assert desk.window.grab().width() == 1280


def test_the_health_page_tells_tier_cost_and_what_there_is_room_for(desk):
    desk.window.show_panel("Health")
    panel = desk.window.panels[2]
    desk.until(lambda: panel.table.rows.rowCount() == 4)
    assert panel.decoding.text() == "Decoding 0.44 of 2 cores, budget 0.80; room for 4 more cameras (31 at key frames)"
    assert panel.shedding.isHidden()
    desk.engine.states["cam2"] = {"tier": "key", "cost": 0.031, "hot_in_frames": 12}
    rows = panel.table.rows
    desk.until(lambda: [rows.index(1, column).data() for column in range(4)] == ["Camera 2", "key", "3.1 %", "12"])
    assert "hot in 12 frames" in rows.index(1, 0).data(Qt.ItemDataRole.ToolTipRole)
    desk.engine.states["cam2"] = {"tier": None, "cost": "much", "hot_in_frames": None}
    desk.engine.extra_status = {"decoding": {"cost": 1.9, "cores": 2, "shedding": True}}
    desk.until(lambda: [rows.index(1, column).data() for column in range(4)] == ["Camera 2", "", "", ""])
    desk.until(panel.shedding.isVisible)
    desk.engine.extra_status = {"decoding": None}
    desk.until(lambda: panel.decoding.isHidden() and panel.shedding.isHidden())


def test_a_tile_address_that_is_wrong_is_told_beside_its_source(desk):
    desk.window.show_panel("Sources")
    rows = desk.window.sources.table.rows
    desk.until(lambda: rows.rowCount() == 4)
    desk.engine.states["cam2"] = {"tile_reason": "Nothing answers at rtsp://camera/sub"}
    desk.until(lambda: rows.index(1, 2).data() == "LIVE: its tile: Nothing answers at rtsp://camera/sub")
    desk.engine.states["cam2"] = {"tile_reason": ""}
    desk.until(lambda: rows.index(1, 2).data() == "LIVE")


def test_adding_a_source_by_its_address(desk):
    desk.key(Qt.Key.Key_N, CTRL)
    dialog = dialog_of(desk)
    assert not dialog.isModal()
    assert not dialog.done_button.isEnabled()
    dialog.url.setText("pattern:?number=7")
    assert (dialog.identity.text(), dialog.name.text()) == ("cam5", "Camera 5")
    desk.until(lambda: "Picture made by Podium" in dialog.said.text(), 20)
    assert not dialog.picture.pixmap().isNull()
    QTest.keyClick(dialog.url, Qt.Key.Key_Return)
    desk.until(lambda: desk.engine.show.setup.source("cam5") is not None)
    assert desk.engine.show.setup.source("cam5").url == "pattern:?number=7"
    desk.until(lambda: desk.window.findChild(SourceDialog) is None)


def test_what_cant_be_read_says_why_and_a_taken_id_is_refused_in_place(desk, tmp_path):
    desk.key(Qt.Key.Key_N, CTRL)
    dialog = dialog_of(desk)
    dialog.url.setText(str(tmp_path / "nowhere.mp4"))
    desk.until(lambda: "does not exist" in dialog.said.text(), 20)
    dialog.identity.setText("cam1")
    desk.click(dialog.done_button)
    desk.until(lambda: "already" in dialog.said.text())
    assert dialog.isVisible()
    QTest.keyClick(dialog.url, Qt.Key.Key_Escape)
    desk.until(lambda: desk.window.findChild(SourceDialog) is None)
    assert len(desk.engine.show.setup.sources) == 4


def test_a_smaller_address_for_the_tile(desk):
    desk.key(Qt.Key.Key_N, CTRL)
    dialog = dialog_of(desk)
    dialog.url.setText("pattern:?number=7")
    dialog.proxy.setText(" rtsp://user:secret@camera/sub ")
    assert "sub-stream" in dialog.proxy.toolTip()
    QTest.keyClick(dialog.url, Qt.Key.Key_Return)
    desk.until(lambda: desk.engine.show.setup.source("cam5") is not None)
    assert desk.engine.show.setup.source("cam5").proxy_url == "rtsp://user:secret@camera/sub"
    table = desk.window.sources.table
    desk.until(lambda: table.rows.row_of("cam5") >= 0)
    hint = table.rows.index(4, 1).data(Qt.ItemDataRole.ToolTipRole)
    assert "tile: rtsp://" in hint
    told = hint + "".join(f"{event.text} {event.result}" for event in desk.director.log.events)
    assert "secret" not in told
    desk.until(lambda: desk.window.findChild(SourceDialog) is None)
    table.selectRow(4)
    desk.click(desk.window.sources.edit)
    dialog = dialog_of(desk)
    assert dialog.proxy.text() == "rtsp://user:secret@camera/sub"
    dialog.name.setText("Sprint")
    desk.click(dialog.done_button)
    desk.until(lambda: desk.engine.show.setup.source("cam5").name == "Sprint")
    given = desk.engine.commands[-1]
    assert (given["url"], given["proxy_url"]) == (None, None), "what has not changed is not sent"
    desk.until(lambda: desk.window.findChild(SourceDialog) is None)
    desk.click(desk.window.sources.edit)
    dialog = dialog_of(desk)
    dialog.proxy.clear()
    desk.click(dialog.done_button)
    desk.until(lambda: desk.engine.show.setup.source("cam5").proxy_url == "")


def test_editing_a_source(desk):
    desk.window.sources.table.selectRow(2)
    desk.click(desk.window.sources.edit)
    dialog = dialog_of(desk)
    assert not dialog.identity.isEnabled()
    dialog.name.setText("Finish line")
    dialog.latency.setValue(400)
    desk.click(dialog.done_button)
    desk.until(lambda: desk.engine.show.setup.source("cam3").name == "Finish line")
    assert desk.engine.show.setup.source("cam3").latency_ms == 400
    desk.until(lambda: desk.window.buses.rows.button("preview", "cam3").accessibleName() == "Finish line to preview")

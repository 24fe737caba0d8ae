"""The real window at a fake engine: keys, clicks, panels, dialogs, an engine that dies and comes back."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

from console.desk.actions import Action, Verb
from console.desk.canvas import Canvas
from console.desk.dressing import Dressing
from console.desk.feed import Feed
from console.desk.guards import Desk
from console.desk.launch import answers
from console.desk.layout import Rect
from console.desk.onair import OnAirButton, TBar
from console.desk.plates import Plates
from console.desk.style import dress
from console.desk.tile import Tile
from console.desk.world import PREVIEW
from console.show.commands import AddSource, SetElement, SetKeyer, SetPreview, SetTitle, SetTransition
from console.show.world import Element, ElementKind, Group, Title
from console.wire.client import ask
from console.wire.tier import Tier
from tests.desk.conftest import SeatedDesk, dialog_of
from tests.waiting import wait_for

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
NONE = Qt.KeyboardModifier.NoModifier


def air(desk: SeatedDesk):
    return desk.engine.show.air


def test_digit_and_space_cut(desk):
    desk.key(Qt.Key.Key_2)
    desk.until(lambda: air(desk).preview == "cam2")
    desk.key(Qt.Key.Key_Space)
    desk.until(lambda: air(desk).program == "cam2")
    desk.until(lambda: desk.window.buses.rows.button("program", "cam2").lit)
    assert not desk.window.buses.rows.button("preview", "cam2").lit
    assert desk.director.log.events[-1].source_to == "cam2"


def test_auto_runs_and_the_t_bar_moves(desk):
    desk.engine.change(SetTransition(rate_frames=20))
    desk.key(Qt.Key.Key_2)
    desk.until(lambda: desk.director.world.air.preview == "cam2")
    desk.key(Qt.Key.Key_Return)
    bar = desk.window.findChild(TBar)
    desk.until(lambda: "%" in bar.accessibleDescription())
    desk.until(lambda: air(desk).program == "cam2")
    desk.until(lambda: bar.accessibleDescription() == "")


def test_held_space_cuts_once(desk):
    desk.key(Qt.Key.Key_2)
    desk.until(lambda: desk.director.world.air.preview == "cam2")
    window = desk.window.windowHandle()
    QTest.keyPress(window, Qt.Key.Key_Space)
    for _ in range(10):
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            QApplication.sendEvent(window, QKeyEvent(kind, Qt.Key.Key_Space, NONE, " ", True))
    QTest.keyRelease(window, Qt.Key.Key_Space)
    desk.until(lambda: air(desk).program == "cam2")
    assert desk.commands().count("Cut") == 1


def test_a_text_field_has_the_keys_to_itself(desk):
    desk.key(Qt.Key.Key_F, CTRL)
    search = desk.window.sources.search
    desk.until(search.hasFocus)
    desk.until(lambda: not desk.window.rim.live)
    assert desk.window.strip.keys.word.text == "KEYS OFF"
    desk.key(Qt.Key.Key_2)
    desk.key(Qt.Key.Key_Space)
    assert search.text() == "2 "
    assert desk.engine.commands == []
    desk.click(desk.window.strip.keys)
    desk.until(lambda: desk.window.rim.live)


def test_the_filter_thins_out_list_and_multiview(desk):
    desk.window.sources.search.setText("camera 3")
    assert desk.window.sources.table.rows.rowCount() == 1
    assert desk.window.multiview.shown() == ["cam3"]
    desk.window.sources.search.setText("nothing")
    assert desk.window.multiview.shown() == []
    desk.window.sources.search.clear()
    assert len(desk.window.multiview.shown()) == 4


def test_on_air_buttons_never_take_the_focus_and_all_controls_have_names(desk):
    for button in desk.window.findChildren(OnAirButton):
        assert button.focusPolicy() is Qt.FocusPolicy.NoFocus
        assert button.accessibleName()
        assert button.toolTip()
    for button in desk.window.findChildren(QAbstractButton):
        if button.isVisible() and button.parentWidget().metaObject().className() not in ("QTabBar", "QDockWidget"):
            named = button.accessibleName() or button.text()
            assert named or "qt_" in button.objectName(), button


def test_buttons_with_the_mouse(desk):
    buses = desk.window.buses
    desk.click(buses.rows.button("preview", "cam3"))
    desk.until(lambda: buses.rows.button("preview", "cam3").lit)
    desk.click(buses.transition.cut)
    desk.until(lambda: buses.rows.button("program", "cam3").lit)
    desk.click(buses.rows.button("program", "cam1"))
    assert "Hot cut is off" in buses.notice.text
    desk.click(buses.transition.types[list(buses.transition.types)[1]])
    desk.until(lambda: air(desk).transition.type == "dip")


def test_asked_for_is_outlined_and_never_lit(desk):
    desk.engine.deaf = True
    desk.key(Qt.Key.Key_3)
    button = desk.window.buses.rows.button("preview", "cam3")
    assert button.asked
    assert not button.lit
    desk.until(lambda: not button.asked, 5)
    assert not button.lit
    assert "has not answered" in desk.window.buses.notice.text


def test_a_click_on_a_tile_previews_and_a_double_click_is_one_click(desk):
    view = desk.window.multiview
    tile = view.tile("cam4")
    ratio = view.devicePixelRatioF()
    place = QPoint(round((tile.rect.x + 20) / ratio), round((tile.rect.y + 20) / ratio))
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, NONE, place)
    desk.until(lambda: air(desk).preview == "cam4")
    double = QMouseEvent(
        QEvent.Type.MouseButtonDblClick, QPointF(place), QPointF(place), Qt.MouseButton.LeftButton,
        Qt.MouseButton.LeftButton, NONE,
    )  # fmt: skip
    QApplication.sendEvent(view, double)
    assert desk.commands() == ["SetPreview"]


def test_hot_cut_only_with_its_banner(desk):
    assert desk.window.hot_cut.isHidden()
    desk.key(Qt.Key.Key_3, CTRL)
    assert desk.engine.commands == []
    desk.key(Qt.Key.Key_H, CTRL | SHIFT)
    assert desk.window.hot_cut.isVisible()
    desk.key(Qt.Key.Key_3, CTRL)
    desk.until(lambda: air(desk).program == "cam3")


def test_locked_desk_takes_nothing_and_stays_open(desk):
    desk.key(Qt.Key.Key_L, CTRL)
    assert desk.window.strip.desk.word.text == "LOCKED"
    desk.key(Qt.Key.Key_Space)
    desk.key(Qt.Key.Key_2)
    assert desk.engine.commands == []
    assert not desk.window.close()
    assert desk.window.isVisible()
    desk.hold(Qt.Key.Key_L, CTRL, True)
    desk.until(lambda: desk.director.guard.desk is Desk.ARMED, 3)
    desk.hold(Qt.Key.Key_L, CTRL, False)


def test_fade_to_black_is_held(desk):
    desk.key(Qt.Key.Key_B, CTRL)
    assert "Hold Ctrl+B" in desk.window.buses.notice.text
    desk.hold(Qt.Key.Key_B, CTRL, True)
    desk.until(lambda: air(desk).fade is not None and air(desk).fade.to_black, 3)
    desk.hold(Qt.Key.Key_B, CTRL, False)
    desk.until(lambda: desk.window.multiview.program.dressing.lamp == "")
    assert desk.window.buses.transition.fade.lit


def test_escape_changes_nothing(desk):
    desk.key(Qt.Key.Key_Escape)
    desk.key(Qt.Key.Key_Escape, CTRL)
    assert desk.engine.commands == []


def test_keyers(desk):
    button = desk.window.buses.keyers.buttons[0]
    assert not button.isEnabled()
    desk.engine.change(SetKeyer(1, "cam4"))
    desk.until(button.isEnabled)
    desk.key(Qt.Key.Key_F1)
    desk.until(lambda: button.lit)
    assert desk.window.multiview.tile("cam4").dressing.cue == "PGM"
    desk.key(Qt.Key.Key_Escape, SHIFT)
    desk.until(lambda: not button.lit)


def test_a_menu_never_swallows_cut(desk):
    desk.key(Qt.Key.Key_2)
    desk.until(lambda: desk.director.world.air.preview == "cam2")
    menu = desk.window.strip.menu_button.menu()
    menu.popup(desk.window.mapToGlobal(QPoint(10, 40)))
    desk.until(menu.isVisible)
    desk.key(Qt.Key.Key_Space)
    desk.until(lambda: air(desk).program == "cam2")
    assert not menu.isVisible()


def test_tracked_graphics_have_keys_and_buttons(desk):
    box = desk.window.buses.tracked
    assert box.isHidden(), "a show without a world needs no buttons for it"
    desk.engine.change(SetElement(Element("pace", ElementKind.RECORD_LINE, Group.LINE)))
    desk.until(box.isVisible)
    assert [button.isEnabled() for button in box.buttons] == [False, False, False, True]
    desk.key(Qt.Key.Key_F8)
    desk.until(lambda: air(desk).tracked[3].on)
    desk.until(lambda: box.buttons[3].lit)
    desk.key(Qt.Key.Key_F5)
    desk.until(lambda: "Nothing in the world belongs to 'tag'" in desk.director.log.events[-1].result)
    desk.key(Qt.Key.Key_Escape, SHIFT)
    desk.until(lambda: not air(desk).tracked[3].on)


def test_a_title_is_taken_and_taken_out_by_its_keyers_key(desk):
    desk.engine.change(SetTitle(1, Title("lower_third")))
    button = desk.window.buses.keyers.buttons[0]
    desk.until(button.isEnabled)
    desk.key(Qt.Key.Key_F1, SHIFT)
    desk.until(lambda: air(desk).keyers_preview[0])
    assert not air(desk).keyers_on[0]
    desk.key(Qt.Key.Key_F1)
    desk.until(lambda: air(desk).titles[0].on)
    desk.until(lambda: button.lit)
    desk.key(Qt.Key.Key_F1)
    desk.until(lambda: not air(desk).titles[0].on)
    desk.until(lambda: not button.lit)


def test_ctrl_tab_reaches_every_part_and_ctrl_space_presses(desk):
    seen = []
    for _ in range(2 + len(desk.window.panels)):
        desk.key(Qt.Key.Key_Tab, CTRL)
        seen.append(QApplication.focusWidget())
    panels = [panel.first_focus() for panel in desk.window.panels]
    assert seen == [desk.window.strip.menu_button, *panels, desk.window.multiview]
    desk.key(Qt.Key.Key_Tab, CTRL | SHIFT)
    assert desk.window.panels[-1].showing
    desk.window.strip.desk.setFocus(Qt.FocusReason.TabFocusReason)
    desk.key(Qt.Key.Key_Space)
    assert desk.director.guard.desk is Desk.ARMED, "Space is CUT, wherever the focus is"
    desk.key(Qt.Key.Key_Space, CTRL)
    assert desk.director.guard.desk is Desk.OFF_AIR


def test_full_screen_and_back(desk):
    desk.key(Qt.Key.Key_F11)
    desk.until(desk.window.isFullScreen)
    assert not desk.window.docks[0].isVisible()
    assert desk.window.buses.notice.isVisible()
    assert desk.window.strip.isVisible()
    desk.until(lambda: desk.window.rim.live)
    desk.key(Qt.Key.Key_F11)
    desk.until(lambda: not desk.window.isFullScreen())
    assert desk.window.docks[0].isVisible()


def test_words_of_the_strip_lead_to_their_panels(desk):
    desk.engine.extra_status = {"alarms": [{"id": "x", "severity": "critical", "text": "The disk is full"}]}
    desk.until(lambda: desk.window.strip.alarms.word.text == "1 ALARM")
    desk.click(desk.window.strip.alarms)
    events = desk.window.panels[3]
    desk.until(lambda: events.showing)
    assert events.alarms.rows.rowCount() == 1
    for panel in desk.window.panels:
        desk.window.show_panel(panel.title)
        desk.until(lambda panel=panel: panel.showing)
        assert [other for other in desk.window.panels if other.showing] == [panel]


def test_stale_sources_are_named_and_asked_about(desk):
    desk.engine.states["cam2"] = {"state": "stale", "age_ms": 4200.0}
    desk.key(Qt.Key.Key_2)
    desk.until(lambda: desk.window.multiview.tile("cam2").dressing.word == "STALE 4 s")
    desk.until(lambda: desk.director.world.air.preview == "cam2")
    desk.key(Qt.Key.Key_Space)
    assert "Camera 2 is STALE 4 s" in desk.window.buses.notice.text
    assert "Cut" not in desk.commands()


def test_pictures_arrive_and_are_painted(desk):
    view = desk.window.multiview
    desk.until(lambda: all(view.tile(name).feed.updates > 2 for name in view.shown()))
    painted = view.painted
    desk.until(lambda: view.painted > painted + 3)
    desk.engine.change(SetPreview("cam1"))
    image = view.grab().toImage()
    tile = view.tile("cam1")
    colour = image.pixelColor(tile.inner.x + 8, tile.inner.y + tile.inner.height // 2 + 4)
    assert colour.lightness() > 20, "not black"


def test_desks_ask_for_the_pictures_that_can_be_seen(desk):
    engine, view = desk.engine, desk.window.multiview

    def asked(*tiers: int) -> bool:
        return [engine.demand(f"cam{number}") for number in range(1, 5)] == list(tiers)

    desk.until(lambda: asked(*[Tier.ACTIVE] * 4))
    view.set_filter("camera 3")
    desk.until(lambda: asked(Tier.KEY, Tier.KEY, Tier.ACTIVE, Tier.KEY))
    view.set_filter("")
    assert asked(*[Tier.ACTIVE] * 4), "at once when they come to be seen"
    desk.window.showMinimized()
    desk.until(lambda: asked(*[Tier.KEY] * 4))
    desk.window.showNormal()
    desk.until(lambda: asked(*[Tier.ACTIVE] * 4))
    desk.window.hide()
    desk.until(lambda: asked(*[Tier.KEY] * 4))
    desk.until(lambda: not engine.bus_demand("preview"))
    desk.window.show()
    desk.until(lambda: asked(*[Tier.ACTIVE] * 4))
    assert engine.bus_demand("preview")
    desk.window.close()
    desk.until(lambda: asked(0, 0, 0, 0))


def test_a_tile_says_how_soon_a_cut_to_it_would_be_hot(desk):
    view, tile = desk.window.multiview, desk.window.multiview.tile("cam2")

    def corner() -> bytes:
        """The upper quarter of the tile, where only a plate can change once the source is parked."""
        inner = tile.inner
        return bytes(view.grab().toImage().copy(inner.x, inner.y, inner.width - 20, inner.height // 4).constBits())

    desk.until(lambda: tile.feed.updates)
    assert (tile.dressing.tier, tile.dressing.hot) == ("", "")
    desk.engine.states["cam2"] = {"tier": "parked"}
    desk.until(lambda: tile.dressing.tier == "PARKED")
    parked = b""

    def stands() -> bool:
        nonlocal parked
        before, parked = parked, corner()
        return before == parked

    desk.until(stands)
    desk.engine.states["cam2"] = {"tier": "parked", "hot_in_frames": 12}
    desk.until(lambda: tile.dressing.hot == "hot in 12")
    assert corner() != parked
    desk.engine.states["cam2"] = {"tier": "key", "hot_in_frames": 3, "age_ms": 4200.0}
    desk.until(lambda: (tile.dressing.tier, tile.dressing.hot) == ("KEY", "hot in 3"), 5)
    assert tile.dressing.word == ""
    desk.engine.states["cam2"] = {"tier": "full", "hot_in_frames": 0}
    desk.until(lambda: (tile.dressing.tier, tile.dressing.hot) == ("", ""))


def test_a_parked_source_is_not_called_black(desk):
    tile = desk.window.multiview.tile("cam2")
    desk.engine.states["cam2"] = {"state": "", "tier": "active"}  # its last picture was black, and no other comes
    desk.until(lambda: desk.director.world.status.sources["cam2"].state == "")
    tile.feed.black = True
    desk.until(lambda: tile.dressing.word == "BLACK")
    desk.engine.states["cam2"] = {"state": "", "tier": "parked"}
    desk.until(lambda: tile.dressing.word == "")
    assert "cam2" not in desk.director.black


@pytest.mark.parametrize("width", [152, 190, 320])
@pytest.mark.parametrize("word", ["", "STALE 4 s"])
def test_plates_keep_clear_of_each_other(desk, width, word):
    canvas = Canvas(width, width * 9 // 16)
    tile = Tile("x", Feed(None))
    tile.place(Rect(0, 0, width, width * 9 // 16), 4, 1.0, canvas)
    tile.dress(Dressing("Camera 12 behind the finish", "2", PREVIEW, "PVW", word, "hollow", "PARKED", "hot in 25"))
    painter = canvas.painter()
    tile.paint(painter, Plates())
    painter.end()
    assert tile._laid_out is not None
    places = [QRect(x, y, plate.width(), plate.height()) for x, y, plate in tile._laid_out]
    assert len(places) == (4 if word else 3)
    for number, place in enumerate(places):
        assert QRect(*tile.inner).contains(place)
        assert not any(place.intersects(other) for other in places[number + 1 :])


def test_nothing_is_read_while_the_window_is_hidden(desk):
    desk.window.hide()
    updates = desk.window.multiview.program.feed.updates
    for _ in range(3):
        desk.window.multiview.tick()
    assert desk.window.multiview.program.feed.updates == updates
    desk.window.show()


def test_an_engine_that_dies_and_comes_back(desk):
    desk.engine.stop()
    desk.until(lambda: not desk.director.world.linked)
    assert desk.window.strip.program.word.text == "ENGINE LOST"
    desk.key(Qt.Key.Key_Space)
    assert desk.window.buses.notice.text == "ENGINE LOST: program may still be on air"
    assert not desk.window.buses.transition.cut.isEnabled()
    image = desk.window.multiview.grab().toImage()
    assert not image.isNull()
    desk.engine.start()
    desk.until(lambda: desk.director.world.linked)
    desk.key(Qt.Key.Key_2)
    desk.until(lambda: air(desk).preview == "cam2")
    view = desk.window.multiview
    updates = view.program.feed.updates
    desk.until(lambda: view.program.feed.updates > updates)


def test_the_show_is_renamed_in_the_strip(desk):
    title = desk.window.strip.title
    assert title.text() == "Test show"
    title.setFocus()
    title.setText("Final")
    QTest.keyClick(title, Qt.Key.Key_Return)
    desk.until(lambda: desk.engine.show.setup.name == "Final")
    desk.until(lambda: desk.window.windowTitle() == "Final - Podium")


def test_the_rate_is_typed_and_follows_the_engine(desk):
    rate = desk.window.buses.transition.rate
    desk.key(Qt.Key.Key_BracketRight)
    desk.until(lambda: rate.value() == 30)
    rate.setFocus()
    desk.until(lambda: not desk.window.rim.live)
    rate.selectAll()
    QTest.keyClicks(rate, "12")
    QTest.keyClick(rate, Qt.Key.Key_Return)
    desk.until(lambda: air(desk).transition.rate_frames == 12)
    desk.until(lambda: desk.window.rim.live)


def test_a_desk_is_as_it_was_left(desk, qtbot, tmp_path):
    desk.window.show_panel("Health")
    desk.window.docks[4].setFloating(True)
    assert desk.window.docks[4].isFloating()
    desk.close()
    again = SeatedDesk(qtbot, desk.engine, tmp_path)
    assert again.window.docks[4].isFloating()
    again.close()


@pytest.mark.parametrize("size", [(1024, 600), (1280, 720), (1920, 1080), (3840, 2160)])
def test_every_size_holds(desk, size):
    dress(QApplication.instance())
    desk.window.resize(*size)
    for panel in desk.window.panels:
        desk.window.show_panel(panel.title)
        assert desk.window.grab().size().toTuple() == size
    strip = [
        word
        for word in desk.window.strip.findChildren(QWidget)
        if word.isVisible() and word.parent() is desk.window.strip
    ]
    for word in strip:
        assert word.geometry().right() <= desk.window.strip.width()


def test_many_sources_have_banks_and_a_grid_that_scrolls(make_engine, qtbot, tmp_path):
    seated = SeatedDesk(qtbot, make_engine(sources=60), tmp_path)
    try:
        rows, view = seated.window.buses.rows, seated.window.multiview
        assert rows._next.isVisible()
        first = rows._buttons["preview"][0][0]
        seated.click(rows._next)
        assert rows._buttons["preview"][0][0] != first
        assert view.tile("cam60").rect is None
        view.scroll_rows(100)
        assert view.tile("cam60").rect is not None
        assert view.tile("cam1").rect is None
        seated.key(Qt.Key.Key_3, SHIFT)
        seated.until(lambda: seated.engine.show.air.preview == "cam13")
    finally:
        seated.close()


def test_an_empty_show_says_what_to_do(make_engine: Callable[..., object], qtbot, tmp_path: Path):
    seated = SeatedDesk(qtbot, make_engine(sources=0), tmp_path)
    try:
        welcome = seated.window.welcome
        assert welcome.isVisible()
        assert set(welcome.buttons) == {"add", "demo", "new", "open"}
        seated.click(welcome.buttons["add"])
        dialog_of(seated).close()
        seated.engine.change(AddSource("cam1", "pattern:"))
        seated.until(lambda: not welcome.isVisible())
    finally:
        seated.close()


def test_another_show_is_not_opened_over_a_running_one(desk, tmp_path):
    desk.shows.open(tmp_path / "other.json")
    assert "OFF AIR" in desk.window.buses.notice.text
    desk.director.want(Action(Verb.LOCK))
    desk.shows.new()
    assert "LOCKED" in desk.window.buses.notice.text


def test_an_empty_show_gives_way_to_another(make_engine, qtbot, tmp_path):
    fake = make_engine(sources=0)
    seated = SeatedDesk(qtbot, fake, tmp_path)
    show = tmp_path / "other.json"
    try:
        seated.shows.open(show)
        seated.until(lambda: seated.director.world.linked and seated.director.world.setup.name == "other", 20)
        assert seated.memory.last_shows == [str(show)]
    finally:
        ask(fake.address, "POST", "/quit", {})
        wait_for(lambda: not answers(fake.address), 20, "the end of the engine")
        seated.close()


def test_qt_keeps_its_count_of_none(qapp):
    """PySide6 6.12.0 loses a reference to None with every void call on Python 3.11 (PYSIDE-3474)."""
    gc.collect()
    before = sys.getrefcount(None)
    for _ in range(1000):
        QApplication.processEvents()
    assert abs(sys.getrefcount(None) - before) < 500

"""The calibration window at a fake engine: marks are pointed at, the camera is solved, judged and accepted."""

from __future__ import annotations

import random
from dataclasses import replace

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from console.desk.calibrating import CalibrationWindow, moved_between, seen_lines, state_of
from console.desk.status import PoseReading
from console.media.clock import SystemClock
from console.show.commands import AddInput, SetCamera, SetField
from console.show.world import Camera, LensRow, TrackingInput
from console.tracking.camera import view
from console.tracking.fields import field_of_play
from console.wire.ring import RingWriter, create_ring
from tests.desk.conftest import SeatedDesk

CLOCK = SystemClock()
PLACE = (100.0, 9.76, 0.0)
TRUTH = Camera("cam1", position_m=(54.0, -43.0, 20.0), pan_deg=8.0, tilt_deg=-17.0, lens=(LensRow(focal=0.7),))


def points_of(desk: SeatedDesk, camera: Camera = TRUTH) -> list[tuple[str, float, float]]:
    """The marks that the camera sees, as somebody points at them who is half a pixel off."""
    chance, form = random.Random(3), desk.engine.show.setup.format
    looking = view(camera, None, form.width, form.height)
    found = []
    for mark in field_of_play("athletics").placed(PLACE).marks:
        pixels, depths = looking.project(np.array([mark.at_m]))
        x, y = pixels[0]
        if depths[0] > 1 and 0 < x < form.width and 0 < y < form.height:
            found.append((mark.name, x + chance.gauss(0, 0.3), y + chance.gauss(0, 0.3)))
    return found


@pytest.fixture
def picture(desk: SeatedDesk) -> RingWriter:
    """The source's full pictures: one, of now, that shows the field's lines as its camera sees them."""
    form = desk.engine.show.setup.format
    ring = RingWriter(create_ring(desk.engine.run_dir / "cam1.picture", form.width, form.height, slots=2))
    show_field(ring)
    desk.engine.pictures["cam1"] = ring.path
    return ring


def show_field(ring: RingWriter) -> None:
    drawn, _ = ring.begin()
    drawn.fill(y=90)
    looking = view(TRUTH, None, ring.width, ring.height)
    for line in field_of_play("athletics").placed(PLACE).lines:
        pixels, depths = looking.project(np.array(line.points_m))
        if (depths > 1).all():
            cv2.polylines(drawn.y, [np.round(pixels - 0.5).astype(np.int32)], False, (220,))
    ring.publish(due_ns=CLOCK.now(), now_ns=CLOCK.now())


@pytest.fixture
def window(desk: SeatedDesk, picture: RingWriter) -> CalibrationWindow:
    desk.engine.change(SetField("athletics", PLACE))
    desk.engine.change(SetCamera(replace(TRUTH, position_m=(50.0, -40.0, 18.0), pan_deg=6.0, tilt_deg=-15.0)))
    desk.until(lambda: desk.director.world.setup.world.cameras and desk.director.world.rings.sources["cam1"].picture)
    desk.window.calibrate("cam1")
    return desk.window.findChild(CalibrationWindow)


def point_at(window: CalibrationWindow, name: str, x: float, y: float) -> None:
    (item,) = window.marks.findItems(name.replace("_", " "), Qt.MatchFlag.MatchExactly)
    window.marks.setCurrentItem(item)
    window.view.pointed.emit(x, y)


def test_a_fixed_camera_is_found_judged_and_accepted(desk: SeatedDesk, window: CalibrationWindow) -> None:
    assert not window.isModal()
    assert not window.accept_it.isEnabled()
    points = points_of(desk)
    assert len(points) >= 6
    for point in points[:2]:
        point_at(window, *point)
    desk.until(lambda: "Add" in window.said.text(), 10)
    for point in points[2:]:
        point_at(window, *point)
    desk.until(lambda: window.calibration is not None)
    assert window.calibration is not None
    assert window.calibration.rms_px < 1.0
    assert window.verdict is not None
    assert window.verdict.sentence.replace("_", " ") in window.told.text()
    desk.click(window.accept_it)
    desk.until(lambda: desk.engine.show.setup.world.cameras[0] == window.calibration.camera)
    found = desk.engine.show.setup.world.cameras[0]
    assert found.position_m == pytest.approx(TRUTH.position_m, abs=2.0)
    assert found.pan_deg == pytest.approx(TRUTH.pan_deg, abs=1.0)


def test_points_are_dragged_nudged_and_removed(desk: SeatedDesk, window: CalibrationWindow) -> None:
    points = points_of(desk)
    point_at(window, *points[0])
    view_ = window.view
    view_.setFocus()
    QTest.keyClick(view_, Qt.Key.Key_Right)
    assert window.points[0].pixel[0] == pytest.approx(points[0][1] + 0.1)
    QTest.keyClick(view_, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert window.points[0].pixel[1] == pytest.approx(points[0][2] - 1.0)
    place = view_.place_of(window.points[0].pixel)
    QTest.mousePress(view_, Qt.MouseButton.LeftButton, pos=place.toPoint())
    QTest.mouseMove(view_, (place + QPointF(20, 10)).toPoint())
    QTest.mouseRelease(view_, Qt.MouseButton.LeftButton, pos=(place + QPointF(20, 10)).toPoint())
    desk.until(lambda: window.points[0].pixel[0] > points[0][1] + 5)
    assert len(window.points) == 1, "taking hold of a point sets no other"
    desk.click(window.away)
    assert window.points == []


def test_without_a_mark_nothing_is_set(window: CalibrationWindow) -> None:
    window.view.pointed.emit(10.0, 10.0)
    assert window.points == []
    assert "Choose a mark" in window.said.text()


def test_a_tracked_camera_must_stand_still(desk: SeatedDesk, window: CalibrationWindow, picture: RingWriter) -> None:
    desk.engine.change(AddInput(TrackingInput("ptz", "freed", "127.0.0.1:40123")))
    desk.engine.change(SetCamera(replace(TRUTH, input="ptz", number=1, lens=(LensRow(zoom=1.0, focal=0.7),))))
    desk.until(lambda: desk.director.world.setup.world.cameras[0].input == "ptz")
    window.freeze()
    assert "hold it" in window.said.text()
    pose = {"position_m": [1, 2, 3], "pan_deg": 10.0, "tilt_deg": -4.0, "roll_deg": 0.0, "zoom": 1, "focus": 0}
    desk.engine.extra_status = {"graphics": {"cameras": {"cam1": {"state": "tracked", "pose": pose}}}}
    desk.until(lambda: window._steady() is not None)
    show_field(picture)
    window.freeze()
    assert window.said.text() == ""


def test_points_of_another_still_are_not_shown(
    desk: SeatedDesk, window: CalibrationWindow, picture: RingWriter
) -> None:
    desk.engine.change(AddInput(TrackingInput("ptz", "freed", "127.0.0.1:40123")))
    desk.engine.change(SetCamera(replace(TRUTH, input="ptz", number=1, lens=(LensRow(zoom=1.0, focal=0.7),))))
    desk.until(lambda: desk.director.world.setup.world.cameras[0].input == "ptz")

    def freeze(pan_deg: float) -> None:
        pose = {"position_m": [1, 2, 3], "pan_deg": pan_deg, "tilt_deg": -4.0, "roll_deg": 0.0, "zoom": 1, "focus": 0}
        desk.engine.extra_status = {"graphics": {"cameras": {"cam1": {"state": "tracked", "pose": pose}}}}
        desk.until(lambda: (held := window._steady()) is not None and held.pan_deg == pan_deg)
        show_field(picture)
        window.freeze()

    first, second = points_of(desk)[:2]
    freeze(10.0)
    point_at(window, *first)
    assert len(window.view._points) == 1
    freeze(30.0)
    assert window.view._points == ()
    assert not window.away.isEnabled()
    point_at(window, *second)
    window.view.moved.emit(0, 5.0, 6.0)
    assert [one.pixel for one in window.points] == [first[1:], (5.0, 6.0)], "the one of the other still stays"


def test_where_the_field_lies_is_changed_and_nothing_else(desk: SeatedDesk, picture: RingWriter) -> None:
    desk.engine.change(SetCamera(TRUTH))
    desk.until(lambda: desk.director.world.setup.world.cameras and desk.director.world.rings.sources["cam1"].picture)
    desk.window.calibrate("cam1")
    window = desk.window.findChild(CalibrationWindow)
    point_at(window, *points_of(desk)[0])
    desk.engine.change(SetField("athletics", (0.0, 0.0, 1.5)))
    desk.until(lambda: desk.director.world.setup.world.field == "athletics")
    window.place[0].setValue(PLACE[0])
    window.place[0].editingFinished.emit()
    desk.until(lambda: desk.engine.show.setup.world.field_offset_m == (PLACE[0], 0.0, 1.5))
    assert len(window.points) == 1
    assert window.points[0].at_m[2] == 1.5


def test_a_source_has_one_window(desk: SeatedDesk, window: CalibrationWindow) -> None:
    desk.window.calibrate("cam1")
    assert desk.window.findChildren(CalibrationWindow) == [window]


def test_a_picture_that_is_not_of_now_is_no_still(window: CalibrationWindow, picture: RingWriter) -> None:
    picture.begin()[0].fill()
    picture.publish(due_ns=CLOCK.now() - 5_000_000_000, now_ns=CLOCK.now())
    window.freeze()
    assert "Put it on preview" in window.said.text()


def test_what_trembles_has_not_moved() -> None:
    reading = PoseReading((1.0, 2.0, 3.0), 10.0, -4.0, 0.0, 1.0, 2.0)
    state = state_of(reading)
    assert state is not None
    assert not moved_between(state, replace(state, pan_deg=10.01, position_m=(1.001, 2.0, 3.0)))
    assert moved_between(state, replace(state, pan_deg=10.1))
    assert moved_between(state, replace(state, zoom=2.0))
    assert state_of(replace(reading, pan_deg=None)) is None
    assert state_of(replace(reading, position_m=(1.0,))) is None


def test_lines_behind_the_camera_are_left_out(desk: SeatedDesk, window: CalibrationWindow) -> None:
    for point in points_of(desk):
        point_at(window, *point)
    desk.until(lambda: window.calibration is not None)
    assert window.calibration is not None
    lines = seen_lines(field_of_play("athletics").placed(PLACE), window.calibration, None)
    assert lines
    assert all(abs(line).max() < 1e7 for line in lines)

"""The calibration window: where a camera is and how it looks, from known points of the field of play in its pictures.

A still of the source is frozen, marks of the field are pointed at, and the camera that fits is solved in a thread after
every change; its view of the field's lines lies over the picture. Nothing changes on air until it is accepted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, QRunnable, Qt, QThreadPool, QTimer, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDialog,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QVBoxLayout,
    QWidget,
)

from console.desk.calibration_view import CalibrationView, Shown, to_image
from console.desk.director import Director
from console.desk.panels.parts import button, caption, row, set_severity
from console.desk.status import PoseReading
from console.desk.world import World
from console.errors import ConsoleError
from console.show.commands import SetCamera, SetField
from console.show.world import Camera, LensRow, Point
from console.tracking.adjustment import Wanted
from console.tracking.calibration import Calibration, calibrate
from console.tracking.camera import NEAR_M, Array
from console.tracking.fields import FIELDS, FieldOfPlay, field_of_play
from console.tracking.mapping import CameraState
from console.tracking.sightings import PointSeen
from console.tracking.verdict import Verdict, Word, judge
from console.wire.ring import RingReader

_STEADY_DEG, _STEADY_M = 0.02, 0.005
_STEADY_READINGS = 5
"""A second of the graphics process's status."""
_PICTURE_NS = 1_500_000_000
"""A source that is not decoded in full makes a picture a second."""
_LINE_STEP_M = 1.0
_WANTED = {
    "place": "Where the camera stands",
    "angles": "Where it looks: pan, tilt and roll",
    "focal": "Its focal length",
    "k1": "How its lens bends straight lines",
}
_COLOURS = {Word.GOOD: "good", Word.USABLE: "warning", Word.POOR: "alarm"}


class _Told(QObject):
    """Brings what a thread has found to the window."""

    done = Signal(int, object)


class _Solving(QRunnable):
    """One solution, in a thread of the pool: it may take a second."""

    def __init__(self, number: int, solve: Callable[[], Calibration], told: _Told) -> None:
        super().__init__()
        self._number, self._solve, self._told = number, solve, told

    def run(self) -> None:
        """Solve."""
        try:
            found: object = self._solve()
        except ConsoleError as error:
            found = error
        self._told.done.emit(self._number, found)


def state_of(pose: PoseReading) -> CameraState | None:
    """A tracker's state as cameras take it; None when it is not known whole."""
    if len(pose.position_m) != 3 or pose.pan_deg is None or pose.tilt_deg is None or pose.roll_deg is None:
        return None
    x, y, z = pose.position_m
    return CameraState((x, y, z), pose.pan_deg, pose.tilt_deg, pose.roll_deg, 0, pose.zoom, pose.focus)


def moved_between(one: CameraState, other: CameraState) -> bool:
    """Whether a camera moved by more than its tracker trembles."""
    angles = ((one.pan_deg, other.pan_deg), (one.tilt_deg, other.tilt_deg), (one.roll_deg, other.roll_deg))
    places = zip(one.position_m, other.position_m, strict=True)
    turned = any(abs(a - b) > _STEADY_DEG for a, b in angles) or one.zoom != other.zoom
    return turned or any(abs(a - b) > _STEADY_M for a, b in places)


def seen_lines(field: FieldOfPlay, calibration: Calibration, state: CameraState | None) -> list[Array]:
    """The field's lines as the solved camera sees them, each (n, 2) in pixels; what lies behind it is left out."""
    view, found = calibration.looking(state), []
    for line in field.lines:
        points = _dense(np.array(line.points_m))
        pixels, depths = view.project(points)
        ahead = depths > NEAR_M
        for part in np.split(np.arange(len(points)), np.flatnonzero(np.diff(ahead)) + 1):
            if len(part) > 1 and ahead[part[0]]:
                found.append(np.asarray(pixels[part], np.float64))
    return found


def _dense(points: Array) -> Array:
    """A polyline with a point every metre, so that what is behind the camera cuts off no more."""
    parts = [points[:1]]
    for start, end in pairwise(points):
        steps = max(1, int(np.linalg.norm(end - start) / _LINE_STEP_M))
        parts.append(start + (end - start) * np.linspace(0, 1, steps + 1)[1:, None])
    return np.concatenate(parts)


class CalibrationWindow(QDialog):
    """One source's camera."""

    def __init__(self, director: Director, source: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.director, self.source = director, source
        self.points: list[PointSeen] = []
        self.calibration: Calibration | None = None
        self.verdict: Verdict | None = None
        self._selected = -1
        self._here: list[int] = []
        """The points that were set in the still that is shown; those of others belong to other pictures."""
        self._state: CameraState | None = None
        self._states: list[CameraState] = []
        self._number = 0
        self._told = _Told()
        self._told.done.connect(self._solved)
        known = director.world.setup.source(source)
        self.setWindowTitle(f"Calibrate {known.name if known else source}")
        self.setModal(False)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._build()
        self._wait = QTimer(self, interval=150, singleShot=True)
        self._wait.timeout.connect(self._solve)
        director.changed.connect(self._world_changed)
        world = director.world.setup.world
        self.fields.setCurrentIndex(max(0, self.fields.findData(world.field)))
        self._field_id = str(self.fields.currentData())
        for box, value in zip(self.place, (*world.field_offset_m[:2], world.field_turn_deg), strict=True):
            box.setValue(value)
        self._list_marks()
        self._show()
        self.freeze()

    def _build(self) -> None:
        self.view = CalibrationView()
        self.view.pointed.connect(self._pointed)
        self.view.chosen.connect(self._choose)
        self.view.moved.connect(self._moved)
        self.fields = QComboBox()
        self.fields.setAccessibleName("Field of play")
        for name in FIELDS:
            self.fields.addItem(field_of_play(name).title, name)
        self.place = [_number(name) for name in ("Field's x in the world, m", "Field's y, m", "Turned by, degrees")]
        self.marks = QListWidget()
        self.marks.setAccessibleName("Marks of the field")
        self.wanted = {}
        for name, text in (("place", "Place"), ("angles", "Angles"), ("focal", "Zoom"), ("k1", "Bend")):
            box = self.wanted[name] = QCheckBox(text)
            box.setToolTip(_WANTED[name])
            box.setChecked(name != "k1")
            box.toggled.connect(self._changed)
        self.said, self.told = QLabel(), QLabel()
        for label in (self.said, self.told):
            label.setWordWrap(True)
            label.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.told.setMinimumHeight(76)
        self.again = button("New still", "Freeze the picture that is there now; points of a fixed camera stay")
        self.away = button("Remove point", "Remove the chosen point")
        self.accept_it = button("Accept", "Use this camera from now on")
        self.again.clicked.connect(self.freeze)
        self.away.clicked.connect(self._remove)
        self.accept_it.clicked.connect(self._accept)
        self.fields.activated.connect(self._field_changed)
        for spin in self.place:
            spin.editingFinished.connect(self._field_changed)
        side = QVBoxLayout()
        side.addWidget(caption("Field of play, and where its origin lies"))
        side.addWidget(self.fields)
        side.addLayout(row(*self.place, stretch=False))
        side.addWidget(caption("Choose a mark, then point at it; arrows move it by 0.1 px"))
        side.addWidget(self.marks, 1)
        side.addWidget(caption("Look for"))
        side.addLayout(row(*self.wanted.values()))
        side.addWidget(self.said)
        side.addWidget(self.told)
        side.addLayout(row(self.again, self.away, self.accept_it))
        whole = QHBoxLayout(self)
        whole.addWidget(self.view, 1)
        panel = QWidget()
        panel.setLayout(side)
        panel.setFixedWidth(340)
        whole.addWidget(panel)
        self.resize(1240, 660)

    # What is looked at

    @property
    def camera(self) -> Camera:
        """The camera as the show has it; one that nobody has set stands at the origin."""
        cameras = self.director.world.setup.world.cameras
        return next((one for one in cameras if one.source == self.source), Camera(self.source))

    @property
    def field(self) -> FieldOfPlay:
        """The chosen field, where it was placed."""
        offset_m, turn = self._placed()
        return field_of_play(str(self.fields.currentData())).placed(offset_m, turn)

    def _placed(self) -> tuple[Point, float]:
        """Where the field lies and how far it is turned; its height is the show's."""
        x, y, turn = (box.value() for box in self.place)
        return (x, y, self.director.world.setup.world.field_offset_m[2]), turn

    def freeze(self) -> None:
        """Take the source's newest picture as a still."""
        state, now = self._steady(), self.director.clock.now()
        if self.camera.input and state is None:
            self._say("The camera moves, or its tracking does not come in: hold it, then take a new still", "warning")
            return
        rings = self.director.world.rings.sources.get(self.source)
        try:
            image = _newest(rings.picture if rings else None, now)
        except ConsoleError as error:
            self._say(str(error), "warning")
            return
        self._state = replace(state, received_ns=now) if state else None
        self._selected = -1 if state else self._selected
        self.view.show_picture(image)
        self._say("", "")
        self._changed()

    def _steady(self) -> CameraState | None:
        """The tracker's state, when the camera has stood for a second."""
        states = self._states[-_STEADY_READINGS:]
        if len(states) < _STEADY_READINGS or any(moved_between(states[-1], one) for one in states):
            return None
        return states[-1]

    def _world_changed(self, world: World, before: World) -> None:
        if world.status is before.status:
            return
        reading = world.status.graphics.cameras.get(self.source)
        state = state_of(reading.pose) if reading is not None else None
        if state is None:
            self._states.clear()
        else:
            self._states = [*self._states, state][-_STEADY_READINGS:]

    # Points

    def _list_marks(self) -> None:
        self.marks.clear()
        self.marks.addItems([_words(mark.name) for mark in self.field.marks])

    def _field_changed(self) -> None:
        offset_m, turn = self._placed()
        name, world = str(self.fields.currentData()), self.director.world.setup.world
        if name != self._field_id:
            self.points.clear()
            self._field_id = name
        if (name, offset_m, turn) != (world.field, world.field_offset_m, world.field_turn_deg):
            self.director.request(SetField(name, offset_m, turn), lambda refusal: self._say(refusal, "warning"))
        self._list_marks()
        marks = {mark.name: mark.at_m for mark in self.field.marks}
        self.points = [replace(point, at_m=marks[point.name]) for point in self.points if point.name in marks]
        self._changed()

    def _pointed(self, x: float, y: float) -> None:
        chosen = self.marks.currentItem()
        if chosen is None:
            self._say("Choose a mark of the field first", "warning")
            return
        name, at = next((mark.name, mark.at_m) for mark in self.field.marks if _words(mark.name) == chosen.text())
        self.points = [one for one in self.points if one.name != name or one.state != self._state]
        self.points.append(PointSeen(name, at, (x, y), self._state))
        self._selected = len(self.points) - 1
        self._changed()

    def _choose(self, number: int) -> None:
        self._selected = self._here[number]
        self._show()

    def _moved(self, number: int, x: float, y: float) -> None:
        if 0 <= number < len(self._here):
            at = self._here[number]
            self.points[at] = replace(self.points[at], pixel=(x, y))
            self._changed()

    def _remove(self) -> None:
        if 0 <= self._selected < len(self.points):
            del self.points[self._selected]
            self._selected = -1
            self._changed()

    # Solving

    def _changed(self) -> None:
        self._number += 1
        self.calibration = self.verdict = None
        self._show()
        self._wait.start()

    def _solve(self) -> None:
        camera, points, form = self.camera, tuple(self.points), self.director.world.setup.format
        if camera.input and camera.lens == (LensRow(),):
            self._say("This camera's lens is not known: give it a lens first, from a board or by hand", "warning")
            return
        wanted = Wanted(**{name: box.isChecked() for name, box in self.wanted.items()})
        if not points:
            return
        solving = _Solving(self._number, lambda: calibrate(camera, points, form.width, form.height, wanted), self._told)
        QThreadPool.globalInstance().start(solving)

    def _solved(self, number: int, found: object) -> None:
        if number != self._number:
            return  # something has changed meanwhile
        if isinstance(found, ConsoleError):
            self._say(str(found), "warning")
        elif isinstance(found, Calibration):
            self.calibration, self.verdict = found, judge(found, self.field)
            self._say("", "")
        self._show()

    def _show(self) -> None:
        """Draw what is known."""
        found = self.calibration
        errors = found.errors_px if found else [None] * len(self.points)
        used = found.used if found else (True,) * len(self.points)
        shown = [
            Shown(_words(point.name), point.pixel, None if error is None else float(error), use)
            for point, error, use in zip(self.points, errors, used, strict=True)
        ]
        self._here = [number for number, point in enumerate(self.points) if point.state == self._state]
        selected = self._here.index(self._selected) if self._selected in self._here else -1
        self.view.show_points([shown[number] for number in self._here], selected)
        self.view.show_lines(seen_lines(self.field, found, self._state) if found else [])
        verdict = self.verdict
        text = _words(f"{verdict.sentence}. {verdict.remedy}").strip() if verdict else ""
        self.told.setText(text or f"{len(self.points)} points set")
        set_severity(self.told, _COLOURS[verdict.word] if verdict else "")
        self.accept_it.setEnabled(found is not None)
        self.away.setEnabled(selected >= 0)

    def _accept(self) -> None:
        if self.calibration is not None:
            self.director.request(SetCamera(self.calibration.camera), self._accepted)

    def _accepted(self, refusal: str) -> None:
        self._say(refusal or "Accepted", "warning" if refusal else "good")

    def _say(self, text: str, severity: str) -> None:
        self.said.setText(text)
        self.said.setVisible(bool(text))
        set_severity(self.said, severity)


def _words(name: str) -> str:
    """A mark's name as people read it."""
    return name.replace("_", " ")


def _number(name: str) -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setRange(-10_000, 10_000)
    box.setDecimals(2)
    box.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
    box.setAccessibleName(name)
    box.setToolTip(name)
    return box


def _newest(path: Path | None, now_ns: int) -> QImage:
    """The newest picture of a ring. Raises ConsoleError when there is none that is of now."""
    rests = ConsoleError("There is no picture of now from this source", "Put it on preview, then take a new still")
    if path is None:
        raise rests
    with RingReader(path) as ring:
        for _ in range(3):
            info = ring.newest()
            if info is None or now_ns - info.due_ns > _PICTURE_NS:
                raise rests
            image = to_image(ring.picture(info.index))
            if ring.holds(info.index):
                return image
    raise rests

"""The cameras behind the sources: what tracks them, how old that is, and how much later their pictures come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QGridLayout, QLabel, QSpinBox, QVBoxLayout, QWidget

from console.desk import tokens
from console.desk.director import Director
from console.desk.packets import age_text
from console.desk.panels.parts import button, caption, row, set_severity
from console.desk.panels.table import Cell, Row, Table
from console.desk.status import CameraReading, DelayReading
from console.desk.world import TRACKING_STALE_MS, World
from console.show.checks import DELAY_MS_MAX
from console.show.commands import RemoveCamera, SetCamera
from console.show.world import Camera

_GOOD = ("drawn", "tracked", "fixed")
_NO_MODEL, _FIXED = "no camera model", "fixed, not tracked"
_APART_MS = 1.0
"""What was found says so loudly when it is this far from what is used."""
_NUMBER_MOST = (1 << 31) - 1


def found_text(delay: DelayReading) -> str:
    """The delay that was found with its error: `37.4 ±0.2`."""
    if delay.found_ms is None:
        return ""
    error = "" if delay.error_ms is None else f" ±{max(delay.error_ms, 0.1):.1f}"
    return f"{delay.found_ms:.1f}{error}"


def is_apart(camera: Camera, delay: DelayReading) -> bool:
    """Whether what was found and what is used differ by more than can be."""
    if delay.found_ms is None:
        return False
    return abs(delay.found_ms - camera.delay_ms) > max(_APART_MS, 3 * (delay.error_ms or 0.0))


def camera_row(name: str, camera: Camera | None, reading: CameraReading) -> Row:
    """One source."""
    if camera is None:
        return name, (
            Cell(name, hint=f"{name}: {_NO_MODEL}"),
            Cell("-", tokens.SECONDARY, _NO_MODEL),
            *(Cell() for _ in range(4)),
        )
    by = f"{camera.input}/{camera.number}" if camera.input else "fixed"
    old = camera.input and (reading.age_ms is None or reading.age_ms > TRACKING_STALE_MS)
    state = reading.state or "starting"
    hint = f"{name}: {by}, {state}" + (f"\n{reading.delay.reason}" if reading.delay.reason else "")
    age = ("▲ " if old else "") + age_text(reading.age_ms) if camera.input else ""
    warn = tokens.WARNING if is_apart(camera, reading.delay) else tokens.TEXT
    cells = (
        Cell(name, hint=hint),
        Cell(by, hint=hint),
        Cell(age, tokens.ALARM if old else tokens.TEXT, hint, right=True),
        Cell(f"{camera.delay_ms:.1f}", hint=hint, right=True),
        Cell(found_text(reading.delay), warn, hint, right=True),
        Cell(state, tokens.GOOD if state in _GOOD else tokens.ALARM, hint),
    )
    return name, cells


class CamerasPage(QWidget):
    """The list, and the model of the selected source's camera."""

    def __init__(self, director: Director) -> None:
        super().__init__()
        self._director = director
        self._shown: tuple[str | None, Camera | None, tuple[str, ...]] | None = None
        self.calibrate: Callable[[str], None] | None = None
        """Opens the calibration of a source, where the window has one."""
        self.table = Table(("Source", "Tracked by", "Age", "Delay", "Found", "State"), 0, "Cameras")
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._show())
        self.input = QComboBox()
        self.input.setAccessibleName("What tracks the camera of the selected source")
        self.input.setToolTip("The tracking input that says where this source's camera is and looks")
        self.input.activated.connect(lambda _index: self._set_input())
        self.number = QSpinBox()
        self.number.setRange(0, _NUMBER_MOST)
        self.number.setKeyboardTracking(False)
        self.number.setAccessibleName("Number of the camera in its tracking input")
        self.number.setToolTip("FreeD camera id, or OpenTrackIO source number")
        self.number.valueChanged.connect(lambda value: self._change(number=value))
        self.delay = QDoubleSpinBox()
        self.delay.setRange(-DELAY_MS_MAX, DELAY_MS_MAX)
        self.delay.setDecimals(2)
        self.delay.setSingleStep(0.1)
        self.delay.setSuffix(" ms")
        self.number.setFixedWidth(64)
        self.delay.setFixedWidth(104)
        for spin in (self.number, self.delay):
            spin.lineEdit().setTextMargins(6, 0, 6, 0)
        self.delay.setKeyboardTracking(False)
        self.delay.setAccessibleName("How much later the picture comes than its tracking")
        self.delay.setToolTip("How much later the picture of an instant comes in than its tracking; acts at once")
        self.delay.valueChanged.connect(lambda value: self._change(delay_ms=round(value, 2)))
        self.use = button("Use", "Use the delay that was found")
        self.use.clicked.connect(self._use)
        self.open = button("Calibrate...", "Find out where this camera is and what its lens does")
        self.open.clicked.connect(self._open)
        self.found, self.said = QLabel(), QLabel()
        for label in (self.found, self.said):
            label.setWordWrap(True)
        set_severity(self.said, "warning")
        self.said.hide()
        self._lay_out()

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setSpacing(4)
        for column, (words, part) in enumerate(
            (("Tracked by", self.input), ("Number", self.number), ("Delay in use", self.delay))
        ):
            grid.addWidget(caption(words), 0, column)
            grid.addWidget(part, 1, column)
        grid.setColumnStretch(0, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 8, 0, 0)
        outer.setSpacing(8)
        outer.addWidget(self.table, 1)
        outer.addLayout(grid)
        outer.addWidget(self.found)
        outer.addWidget(self.said)
        outer.addLayout(row(self.use, self.open))

    def fill(self, world: World) -> None:
        """Bring everything up to date."""
        cameras = {camera.source: camera for camera in world.setup.world.cameras}
        readings = world.status.graphics.cameras
        sources = [source.id for source in world.setup.sources]
        self.table.show_rows(
            [camera_row(name, cameras.get(name), readings.get(name, CameraReading())) for name in sources]
        )
        if self.table.chosen() is None and sources:
            self.table.selectRow(max(0, next((i for i, name in enumerate(sources) if name in cameras), 0)))
        self._show()

    def _camera(self) -> Camera | None:
        chosen = self.table.chosen()
        return next((c for c in self._director.world.setup.world.cameras if c.source == chosen), None)

    def _show(self) -> None:
        world, chosen, camera = self._director.world, self.table.chosen(), self._camera()
        inputs = tuple(entry.id for entry in world.setup.world.inputs if entry.protocol != "psn")
        if (chosen, camera, inputs) != self._shown:  # what is being typed stays until something else is true
            self._shown = (chosen, camera, inputs)
            self._show_model(camera, inputs)
        tracked = camera is not None and bool(camera.input)
        linked = world.linked and chosen is not None
        self.input.setEnabled(linked)
        self.number.setEnabled(linked and tracked)
        self.delay.setEnabled(linked and camera is not None)
        self.open.setVisible(self.calibrate is not None)
        self.open.setEnabled(linked and camera is not None)
        delay = world.status.graphics.cameras.get(chosen or "", CameraReading()).delay
        self.use.setEnabled(linked and tracked and delay.found_ms is not None)
        self.found.setText(self._found(delay) if tracked else "")
        set_severity(self.found, "warning" if camera is not None and is_apart(camera, delay) else "")

    def _show_model(self, camera: Camera | None, inputs: tuple[str, ...]) -> None:
        for part in (self.input, self.number, self.delay):
            part.blockSignals(True)
        self.input.clear()
        self.input.addItem(_NO_MODEL, None)
        for name in ("", *inputs):
            self.input.addItem(name or _FIXED, name)
        at = 0 if camera is None else self.input.findData(camera.input)
        self.input.setCurrentIndex(max(0, at))
        self.number.setValue(camera.number if camera else 0)
        self.delay.setValue(camera.delay_ms if camera else 0.0)
        for part in (self.input, self.number, self.delay):
            part.blockSignals(False)

    @staticmethod
    def _found(delay: DelayReading) -> str:
        reason = f"{delay.reason.rstrip('.')}." if delay.reason else ""
        if delay.found_ms is None:
            looked = f" {delay.pairs} pairs of pictures compared." if delay.pairs else ""
            return f"No delay found yet. {reason}{looked}".strip()
        agreed = "" if delay.agreement is None else f", {100 * delay.agreement:.1f} % agrees"
        first = f"Found {found_text(delay)} ms, {age_text(delay.at_ms)} ago{agreed}."
        return f"{first} {reason}".strip()

    # -- asking -----------------------------------------------------------------------------------------------

    def _set_input(self) -> None:
        chosen, name = self.table.chosen(), self.input.currentData()
        if chosen is None:
            return
        if name is None:
            if self._camera() is not None:
                self._director.request(RemoveCamera(chosen), self._answered)
        elif self._camera() is None:
            self._director.request(SetCamera(Camera(chosen, name, 1 if name else 0)), self._answered)
        else:
            self._change(input=name)

    def _use(self) -> None:
        chosen = self.table.chosen()
        delay = self._director.world.status.graphics.cameras.get(chosen or "", CameraReading()).delay
        if delay.found_ms is not None:
            self._change(delay_ms=round(delay.found_ms, 2))

    def _change(self, **fields: object) -> None:
        camera = self._camera()
        if camera is not None and (after := replace(camera, **fields)) != camera:  # type: ignore[arg-type]  # by name
            self._director.request(SetCamera(after), self._answered)

    def _answered(self, refusal: str) -> None:
        self.said.setText(refusal)
        self.said.setVisible(bool(refusal))
        if refusal:
            self._shown = None  # the fields show what the engine has, not what was asked for
            self._show()

    def _open(self) -> None:
        chosen = self.table.chosen()
        if self.calibrate is not None and chosen is not None:
            self.calibrate(chosen)

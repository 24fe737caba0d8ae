"""Tracking: what comes in, what it says, the cameras it moves, what stands in the world, and what is wrong."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QScrollArea, QTabWidget, QWidget

from console.desk.director import Director
from console.desk.panels.parts import Panel, caption, set_severity
from console.desk.panels.tracked_cameras import CamerasPage
from console.desk.panels.tracked_world import WorldPage
from console.desk.panels.tracking_inputs import InputsPage
from console.desk.panels.tracking_packets import PacketsPage
from console.desk.world import World

_TROUBLES_HEIGHT_PX = 96


class TrackingPanel(Panel):
    """Four pages, and below them the troubles of graphics."""

    title = "Tracking"
    edit_wanted = Signal(object)
    """The input to edit (`TrackingInput`), or None for a new one."""

    def __init__(self, director: Director) -> None:
        super().__init__(director)
        self.inputs, self.packets = InputsPage(director), PacketsPage()
        self.cameras, self.stage = CamerasPage(director), WorldPage(director)
        self.pages = QTabWidget()
        self.pages.setDocumentMode(True)
        self.pages.tabBar().setAccessibleName("Pages of tracking")
        self.pages.tabBar().setDrawBase(False)
        for words, page, hint in (
            ("Inputs", self.inputs, "Streams of tracking that come in"),
            ("Packets", self.packets, "What one stream's packets say"),
            ("Cameras", self.cameras, "What tracks each source's camera, and its delay"),
            ("World", self.stage, "Graphics that stand in the world"),
        ):
            self.pages.setTabToolTip(self.pages.addTab(page, words), hint)
        self.pages.currentChanged.connect(lambda _index: self.fill(director.world))
        self.inputs.edit_wanted.connect(self.edit_wanted)
        self.inputs.chosen.connect(self.packets.choose)
        self.troubles = QLabel()
        self.troubles.setWordWrap(True)
        self.troubles.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.troubles.setAlignment(Qt.AlignmentFlag.AlignTop)
        set_severity(self.troubles, "warning")
        self.troubles_area = QScrollArea()
        self.troubles_area.setWidgetResizable(True)
        self.troubles_area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.troubles_area.setFixedHeight(_TROUBLES_HEIGHT_PX)
        self.troubles_area.setWidget(self.troubles)
        self.troubles_area.setAccessibleName("Troubles of tracking and graphics")
        self.troubles_caption = caption("Troubles")
        self.column.addWidget(self.pages, 1)
        self.column.addWidget(self.troubles_caption)
        self.column.addWidget(self.troubles_area)
        director.changed.connect(self._world_changed)

    def first_focus(self) -> QWidget:
        """The tabs of the pages."""
        return self.pages.tabBar()

    def _world_changed(self, world: World, before: World) -> None:
        if not self.showing:
            return
        same = world.status is before.status and world.setup is before.setup and world.air is before.air
        if not same or world.linked != before.linked:
            self.fill(world)

    def fill(self, world: World) -> None:
        """Bring what can be seen up to date."""
        page = self.pages.currentWidget()
        for known in (self.inputs, self.packets, self.cameras, self.stage):
            if known is page:
                known.fill(world)
        told = "\n".join(f"△ {sentence}" for sentence in world.status.graphics.troubles)
        if told != self.troubles.text():
            self.troubles.setText(told)
        self.troubles_area.setVisible(bool(told))
        self.troubles_caption.setVisible(bool(told))

    def tick(self, now_ns: int) -> None:
        """Move the race's clock."""
        if self.showing and self.pages.currentWidget() is self.stage:
            self.stage.tick(now_ns)

"""The main window: strip above, pictures and buses in the middle, the panels in one dock that can be torn off."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QDialog,
    QDockWidget,
    QFileDialog,
    QLabel,
    QMainWindow,
    QMenu,
    QTabBar,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from console.desk import tokens
from console.desk.actions import Action, Verb
from console.desk.buses import BusArea
from console.desk.director import Director
from console.desk.guards import Desk, Guard
from console.desk.keyrim import KeyRim
from console.desk.monitor import Multiview
from console.desk.panels.audio import AudioPanel
from console.desk.panels.destinations import DestinationsPanel
from console.desk.panels.events import EventsPanel
from console.desk.panels.health import HealthPanel
from console.desk.panels.parts import Panel
from console.desk.panels.sources import SourcesPanel
from console.desk.panels.titles import TitlesPanel
from console.desk.panels.tracking import TrackingPanel
from console.desk.settings import Memory
from console.desk.shows import Shows
from console.desk.strip import Strip
from console.desk.welcome import Welcome
from console.desk.world import World
from console.show.world import TrackingInput

_MINIMUM = (1024, 600)
_DOCK_WIDTH_PX = 416


class DeskWindow(QMainWindow):
    """Puts the parts together; what they show comes from the director."""

    def __init__(self, director: Director, memory: Memory, shows: Shows, engine: str) -> None:
        super().__init__()
        self.director, self._memory, self._shows, self._engine = director, memory, shows, engine
        self.setWindowTitle("Podium")
        self.setMinimumSize(*_MINIMUM)
        self.setAcceptDrops(True)
        self.setDockOptions(QMainWindow.DockOption.AllowTabbedDocks)  # and nothing moves by itself
        self.strip = Strip(director)
        self.multiview = Multiview(director)
        self.buses = BusArea(director)
        self.hot_cut = QLabel("HOT CUT IS ON: Ctrl and a digit cut to program at once")
        self.welcome = Welcome(self.multiview, director.keymap.label(Action(Verb.ADD_SOURCE)))
        self.sources, self.audio = SourcesPanel(director), AudioPanel(director)
        self.tracking = TrackingPanel(director)
        self.tracking.cameras.calibrate = self.calibrate
        self.titles = TitlesPanel(director)
        self.panels: list[Panel] = [
            self.sources,
            DestinationsPanel(director),
            HealthPanel(director),
            EventsPanel(director),
            self.audio,
            self.titles,
            self.tracking,
        ]
        self.docks: list[QDockWidget] = []
        self.rim = KeyRim(director, self)
        self._full_screen = False
        self._hidden_docks: list[QDockWidget] = []
        self._build()
        self._connect()
        self._guard_changed(director.guard)
        self._world_changed(director.world, director.world)
        if not memory.restore_window(self):
            self.setGeometry(self.screen().availableGeometry())
            width = min(_DOCK_WIDTH_PX, self.width() // 4)
            self.resizeDocks([self.docks[0]], [width], Qt.Orientation.Horizontal)
            self.docks[0].raise_()
        self.multiview.setFocus(Qt.FocusReason.OtherFocusReason)

    def _build(self) -> None:
        self.setMenuWidget(self.strip)
        self.hot_cut.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.hot_cut.setFixedHeight(24)
        self.hot_cut.setStyleSheet(f"background: {tokens.PROGRAM}; color: {tokens.ON_PROGRAM}; font-weight: 600;")
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.hot_cut)
        column.addWidget(self.multiview, 1)
        column.addWidget(self.buses)
        self.setCentralWidget(middle)
        self.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea)
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        for panel in self.panels:
            dock = QDockWidget(panel.title)
            dock.setObjectName(f"dock.{panel.title.lower()}")
            dock.setWidget(panel)
            dock.visibilityChanged.connect(panel.show_up)
            dock.setAccessibleName(panel.title)
            dock.setFeatures(
                QDockWidget.DockWidgetFeature.DockWidgetMovable | QDockWidget.DockWidgetFeature.DockWidgetFloatable
            )
            self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
            if self.docks:
                self.tabifyDockWidget(self.docks[0], dock)
            self.docks.append(dock)
            self.rim.add_console_window(dock)
        self._make_menu()

    def _connect(self) -> None:
        director = self.director
        self.rim.add_console_window(self)
        self.rim.changed.connect(self.strip.show_keys)
        self.strip.panel_wanted.connect(self.show_panel)
        self.multiview.ticked.connect(self._tick)
        self.multiview.room_changed.connect(self._place_welcome)
        self.sources.filtered.connect(self.multiview.set_filter)
        self.sources.edit_wanted.connect(self.edit_source)
        self.tracking.edit_wanted.connect(self.edit_tracking)
        self.titles.keys_wanted.connect(lambda: self.show_panel("keys"))
        self.welcome.chosen.connect(self._first_step)
        self._shows.refused.connect(director.refused)
        self._shows.demo_started.connect(self.close)
        self._shows.progress.connect(self.welcome.show_progress)
        director.changed.connect(self._world_changed)
        director.guarded.connect(self._guard_changed)
        director.local.connect(self._do)

    def _make_menu(self) -> None:
        keymap = self.director.keymap
        menu = QMenu(self)
        entries: list[tuple[str, object]] = [
            ("Add a source...", Action(Verb.ADD_SOURCE)),
            ("New show", self._shows.new),
            ("Open show...", self._open),
            ("", None),
            ("Arm, or take off air", Action(Verb.ARM)),
            ("Allow or forbid hot cut", Action(Verb.ALLOW_HOT_CUT)),
            ("Lock", Action(Verb.LOCK)),
            ("", None),
            ("Full screen", Action(Verb.FULL_SCREEN)),
            ("Panels", None),
            ("Keys", None),
            ("Key sheet", Action(Verb.KEY_SHEET)),
            ("", None),
            ("Close the desk; the program goes on", Action(Verb.QUIT)),
        ]
        for text, what in entries:
            if not text:
                menu.addSeparator()
            elif isinstance(what, Action):
                # The key stands there to be read; it is the key machine that takes it.
                entry = menu.addAction(f"{text}\t{keymap.label(what)}")
                entry.triggered.connect(lambda _=False, what=what: self.director.want(what))
            elif callable(what):
                menu.addAction(text).triggered.connect(lambda _=False, what=what: what())
            elif text == "Panels":
                panels = menu.addMenu(text)
                for panel in self.panels:
                    entry = panels.addAction(panel.title)
                    entry.triggered.connect(lambda _=False, title=panel.title: self.show_panel(title))
            else:
                self._add_keymaps(menu.addMenu(text))
        self.strip.menu_button.setMenu(menu)

    def _add_keymaps(self, menu: QMenu) -> None:
        from console.desk.keymaps import available  # noqa: PLC0415 - a menu may wait, the window not

        for name, title in available():
            entry = menu.addAction(title)
            entry.setCheckable(True)
            entry.setChecked(name == self._memory.keymap)
            entry.triggered.connect(lambda _=False, name=name: self._choose_keymap(name))

    def _choose_keymap(self, name: str) -> None:
        self._memory.keymap = name
        self.director.refused.emit("The keymap is used when the desk is opened the next time")

    # -- what changes -----------------------------------------------------------------------------------------

    def _world_changed(self, world: World, _before: World) -> None:
        self.setWindowTitle(f"{world.setup.name} - Podium" if world.ever_linked else "Podium")
        self.welcome.setVisible(world.linked and not world.setup.sources)

    def _guard_changed(self, guard: Guard) -> None:
        self.hot_cut.setVisible(guard.hot_cut)
        self._memory.keep_guard(self._engine, guard)

    def _tick(self) -> None:
        now = self.director.clock.now()
        self.strip.tick()
        self.buses.transition.bar.show_position(self.director.world.position_at(now))
        self.audio.tick(now)
        self.tracking.tick(now)

    def _place_welcome(self) -> None:
        self.welcome.setGeometry(self.multiview.empty_room())

    # -- actions of the window ----------------------------------------------------------------------------------

    def _do(self, action: Action) -> None:
        steps = {
            Verb.FULL_SCREEN: self.toggle_full_screen,
            Verb.KEY_SHEET: self._show_key_sheet,
            Verb.ADD_SOURCE: self.add_source,
            Verb.FIND: self._find,
            Verb.NEXT_PANEL: lambda: self._walk(1),
            Verb.PREVIOUS_PANEL: lambda: self._walk(-1),
            Verb.PRESS: self._press_focused,
            Verb.LISTEN: self.audio.listen.toggle,
            Verb.QUIT: self.close,
        }
        if step := steps.get(action.verb):
            step()

    def add_source(self) -> None:
        """Open the dialog for a new source."""
        from console.desk.source_dialog import SourceDialog  # noqa: PLC0415 - not before it is wanted

        self._open_up(SourceDialog(self.director, self))

    def edit_source(self, source_id: str) -> None:
        """Open the dialog for a source."""
        from console.desk.source_dialog import SourceDialog  # noqa: PLC0415 - not before it is wanted

        if source := self.director.world.setup.source(source_id):
            self._open_up(SourceDialog(self.director, self, source))

    def edit_tracking(self, entry: TrackingInput | None) -> None:
        """Open the dialog for a tracking input; None: a new one."""
        from console.desk.tracking_dialog import TrackingDialog  # noqa: PLC0415 - not before it is wanted

        self._open_up(TrackingDialog(self.director, self, entry))

    def calibrate(self, source_id: str) -> None:
        """Open the window that finds out where a source's camera is, or bring it to the front with its points."""
        from console.desk.calibrating import CalibrationWindow  # noqa: PLC0415 - not before it is wanted

        for known in self.findChildren(CalibrationWindow):
            if known.source == source_id:
                known.raise_()
                known.activateWindow()
                return
        self._open_up(CalibrationWindow(self.director, source_id, self))

    def show_panel(self, title: str) -> None:
        """Bring a panel to the front; or do what a word of the strip stands for."""
        if title == "arm":
            self.director.want(Action(Verb.ARM))
            return
        if title == "keys":
            self.activateWindow()
            self.multiview.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        for dock, panel in zip(self.docks, self.panels, strict=True):
            if panel.title == title:
                dock.show()
                dock.raise_()

    def _show_key_sheet(self) -> None:
        from console.desk.keysheet import KeySheet  # noqa: PLC0415 - not before it is wanted

        self._open_up(KeySheet(self.director.keymap, self))

    def _find(self) -> None:
        self.show_panel(self.sources.title)
        self.sources.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.sources.search.selectAll()

    def _walk(self, step: int) -> None:
        """Ctrl+Tab: pictures, menu, then each panel, which comes to the front for it."""
        places: list[QWidget] = [
            self.multiview,
            self.strip.menu_button,
            *(panel.first_focus() for panel in self.panels),
        ]
        focus = QApplication.focusWidget()
        here = next((number for number, place in enumerate(places) if _same_part(place, focus)), 0)
        number = (here + step) % len(places)
        if number >= 2:
            self.show_panel(self.panels[number - 2].title)
        target = places[number]
        self.multiview.setProperty("ring", True)
        target.window().activateWindow()
        target.setFocus(Qt.FocusReason.TabFocusReason)

    def _press_focused(self) -> None:
        focus = QApplication.focusWidget()
        if isinstance(focus, QToolButton):
            focus.showMenu()
        elif isinstance(focus, QAbstractButton):
            focus.click()
        elif isinstance(focus, QComboBox):
            focus.showPopup()
        elif isinstance(focus, QAbstractItemView) and focus.currentIndex().isValid():
            focus.activated.emit(focus.currentIndex())
        elif isinstance(focus, QTabBar):
            focus.setCurrentIndex((focus.currentIndex() + 1) % focus.count())

    def toggle_full_screen(self) -> None:
        """The multiview over the whole screen, with strip and notices; or back."""
        self._full_screen = not self._full_screen
        if self._full_screen:
            self._hidden_docks = [dock for dock in self.docks if not dock.isHidden() and not dock.isFloating()]
            for dock in self._hidden_docks:
                dock.hide()
            self.showFullScreen()
        else:
            self.showNormal()
            for dock in self._hidden_docks:
                dock.show()
        self.buses.show_rows(not self._full_screen)

    def _open(self) -> None:
        chooser = QFileDialog(self, "Open a show", filter="Podium shows (*.json)")
        chooser.setFileMode(QFileDialog.FileMode.ExistingFile)
        chooser.setModal(False)
        chooser.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        chooser.fileSelected.connect(lambda path: self._shows.open(Path(path)))
        self._open_up(chooser)

    def _open_up(self, dialog: QDialog) -> None:
        """Show a dialog with the keyboard in it, which the console gets back afterwards."""
        dialog.finished.connect(self.activateWindow)
        dialog.show()
        dialog.activateWindow()

    def _first_step(self, name: str) -> None:
        steps = {"add": self.add_source, "demo": self._shows.demo, "new": self._shows.new, "open": self._open}
        steps[name]()

    # -- events -------------------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files and addresses."""
        if event.mimeData().hasUrls() or event.mimeData().hasText():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """A file or an address dropped anywhere becomes a source, after a look."""
        from console.desk.source_dialog import SourceDialog  # noqa: PLC0415 - not before it is wanted

        dialog = SourceDialog(self.director, self)
        dialog.drop(event)
        self._open_up(dialog)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Close the desk; the engine goes on. A locked desk stays."""
        if self.director.guard.desk is Desk.LOCKED:
            self.director.refused.emit("The desk is LOCKED: hold Ctrl+L to unlock it before you close it")
            event.ignore()
            return
        if self._full_screen:
            self.toggle_full_screen()
        self._memory.keep_window(self)
        self.audio.stop()
        self.titles.stop()
        self.multiview.close_feeds()
        self.rim.stop()
        super().closeEvent(event)


def _same_part(place: QWidget, focus: QWidget | None) -> bool:
    """Whether the focus is in the part of the window that a place of this walk stands for."""
    if focus is None:
        return False
    part: QWidget | None = place
    while part is not None and not isinstance(part, Panel | Strip | Multiview):
        part = part.parentWidget()
    return part is not None and (part is focus or part.isAncestorOf(focus))

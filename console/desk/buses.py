"""The bus area: program and preview as rows of buttons, the transition, CUT, AUTO, fade to black, and the keyers."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QSpinBox, QVBoxLayout, QWidget

from console.desk import tokens
from console.desk.actions import Action, Verb
from console.desk.director import Director
from console.desk.guards import keyer_is_on
from console.desk.notice import Notice
from console.desk.onair import HoldButton, OnAirButton, TBar
from console.desk.world import PREVIEW, PROGRAM, World
from console.show.commands import Auto, Cut, FadeToBlack, SetKeyerOnAir, SetTracked, SetTransition
from console.show.model import KEYERS, TransitionType
from console.show.reduce import RATE_FRAMES_MAX
from console.show.world import Group

_BUTTON_WIDTH_MIN_PX = 60
_BANK_MAX, _BANK_WIDTH_PX = 20, 56


class BusRows(QWidget):
    """The two rows. When there are more sources than fit, a button turns to the next bank."""

    def __init__(self, director: Director) -> None:
        super().__init__()
        self._director = director
        self._buttons: dict[str, list[tuple[str, OnAirButton]]] = {PROGRAM: [], PREVIEW: []}
        self._bank = 0
        self._built: object = None
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(tokens.STEP_PX)
        for row, word in enumerate(("PGM", "PVW")):
            label = QLabel(word)
            label.setFixedWidth(32)
            label.setToolTip("Program bus" if row == 0 else "Preview bus")
            self._grid.addWidget(label, row, 0)
        self._next = QPushButton("...")
        self._next.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._next.setFixedWidth(_BANK_WIDTH_PX)
        self._next.setProperty("kind", "bank")
        self._next.setAccessibleName("Next bank of sources")
        self._next.setToolTip("Next bank of sources")
        self._next.clicked.connect(self._turn)
        self._next.hide()
        director.changed.connect(self._world_changed)
        director.asking.connect(self.light)

    def button(self, bus: str, source: str) -> OnAirButton | None:
        """The button of a source on a bus, when its bank is showing."""
        return next((button for name, button in self._buttons[bus] if name == source), None)

    def _capacity(self) -> int:
        room = self.width() - 32 - _BANK_WIDTH_PX - 2 * tokens.STEP_PX
        return max(1, min(_BANK_MAX, room // (_BUTTON_WIDTH_MIN_PX + tokens.STEP_PX)))

    def _turn(self) -> None:
        self._bank += 1
        self._build()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show as many as fit."""
        super().resizeEvent(event)
        self._build()

    def _world_changed(self, world: World, before: World) -> None:
        if world.setup is not before.setup:
            self._build()
        self.light()

    def _build(self) -> None:
        sources = self._director.world.setup.sources
        capacity = self._capacity()
        banks = max(1, -(-len(sources) // capacity))
        self._bank %= banks
        first = self._bank * capacity
        shown = sources[first : first + capacity]
        built = ([(source.id, source.name) for source in shown], first, len(sources), capacity)
        if built == self._built:
            return
        self._built = built
        for row, bus in enumerate((PROGRAM, PREVIEW)):
            for _, old in self._buttons[bus]:
                self._grid.removeWidget(old)
                old.deleteLater()
            self._buttons[bus] = []
            for column, source in enumerate(shown, 1):
                position = first + column
                button = self._make(bus, position, source.name)
                self._grid.addWidget(button, row, column)
                self._buttons[bus].append((source.id, button))
        for column in range(1, self._grid.columnCount() + 1):
            self._grid.setColumnStretch(column, 1 if column <= max(1, len(shown)) else 0)
        self._grid.removeWidget(self._next)
        self._next.setVisible(banks > 1)
        if banks > 1:
            self._grid.setColumnStretch(len(shown) + 1, 0)
            self._grid.addWidget(self._next, 0, len(shown) + 1, 2, 1)
            self._next.setText(f"{first + 1}-{first + len(shown)}\nof {len(sources)} ▸")
            self._next.setMinimumHeight(48)
        self.light()

    def _make(self, bus: str, position: int, name: str) -> OnAirButton:
        verb = Verb.HOT_CUT if bus == PROGRAM else Verb.PREVIEW
        action = Action(verb, position)
        key = self._director.keymap.label(action)
        told = f"Hot cut to {name}" if bus == PROGRAM else f"{name} to preview"
        button = OnAirButton(name, key if bus == PREVIEW else "", bus, told)
        if bus == PROGRAM and key:
            button.setToolTip(f"{told} ({key}, when hot cut is allowed)")
        button.pressed.connect(lambda: self._director.want(action))
        return button

    def light(self) -> None:
        """Light what the engine has confirmed; outline what is asked for."""
        director = self._director
        world = director.world
        lamps = world.lamps()
        wanted = {PROGRAM: director.asked_program(), PREVIEW: director.asked_preview()}
        for bus, buttons in self._buttons.items():
            for source, button in buttons:
                lit = lamps.get(source) == PROGRAM if bus == PROGRAM else world.air.preview == source
                button.show_state(lit=lit, asked=wanted[bus] == source)
                button.setEnabled(world.linked)


class TransitionBox(QWidget):
    """Type and rate of the transition, its position, and the three buttons that change program."""

    def __init__(self, director: Director) -> None:
        super().__init__()
        self._director = director
        self.setMinimumWidth(264)
        keymap = director.keymap
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(tokens.STEP_PX)
        self.types = {}
        type_key = keymap.label(Action(Verb.NEXT_TRANSITION))
        for column, kind in enumerate(TransitionType):
            button = OnAirButton(kind.upper(), type_key if column == 0 else "", "armed", f"Transition type {kind}")
            button.pressed.connect(lambda kind=kind: director.request(SetTransition(type=kind)))
            button.setFixedWidth(56)
            self.types[kind] = button
            grid.addWidget(button, 0, column)
        self.rate = QSpinBox()
        self.rate.setRange(1, RATE_FRAMES_MAX)
        self.rate.setSuffix(" fr")
        self.rate.setKeyboardTracking(False)
        self.rate.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.rate.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.rate.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.rate.setFixedWidth(72)
        self.rate.setAccessibleName("Transition rate in frames")
        keys = f"{keymap.label(Action(Verb.FASTER))} and {keymap.label(Action(Verb.SLOWER))}"
        self.rate.setToolTip(f"Length of the transition in frames ({keys})")
        self.rate.valueChanged.connect(self._rate_edited)
        self.rate.editingFinished.connect(self.rate.clearFocus)
        grid.addWidget(self.rate, 0, 2)
        self.bar = TBar()
        grid.addWidget(self.bar, 0, 3)
        row = QHBoxLayout()
        row.setSpacing(tokens.STEP_PX)
        self.cut = self._button(row, "CUT", Verb.CUT, PROGRAM, "Cut: program and preview change places")
        self.auto = self._button(row, "AUTO", Verb.AUTO, PROGRAM, "Auto: run the transition")
        self.fade = HoldButton("FTB", keymap.label(Action(Verb.FADE_TO_BLACK)), PROGRAM, "Fade to black, and back")
        self.fade.setToolTip(f"Fade to black and back: hold for 1 s ({keymap.label(Action(Verb.FADE_TO_BLACK))})")
        self.fade.held.connect(lambda down: director.hold_mouse("FTB", Action(Verb.FADE_TO_BLACK), down))
        row.addWidget(self.fade)
        grid.addLayout(row, 1, 0, 1, 4)
        grid.setRowStretch(0, 1)
        grid.setRowStretch(1, 1)
        director.changed.connect(self.light)
        director.asking.connect(self.light)

    def _button(self, row: QHBoxLayout, label: str, verb: Verb, kind: str, name: str) -> OnAirButton:
        action = Action(verb)
        button = OnAirButton(label, self._director.keymap.label(action), kind, name)
        button.pressed.connect(lambda: self._director.want(action))
        row.addWidget(button, 1)
        return button

    def _rate_edited(self, frames: int) -> None:
        if frames != self._director.world.air.transition.rate_frames:
            self._director.request(SetTransition(rate_frames=frames))

    def light(self, *_: object) -> None:
        """Show what the engine has confirmed."""
        director, air = self._director, self._director.world.air
        for kind, button in self.types.items():
            button.show_state(lit=kind is air.transition.type)
        untouched = not self.rate.hasFocus() and not director.asked_for(SetTransition)
        if untouched and self.rate.value() != air.transition.rate_frames:
            self.rate.blockSignals(True)
            self.rate.setValue(air.transition.rate_frames)
            self.rate.blockSignals(False)
        self.cut.show_state(lit=False, asked=director.asked_for(Cut))
        self.auto.show_state(lit=air.move is not None, asked=director.asked_for(Auto))
        black = air.fade is not None and air.fade.to_black
        self.fade.show_state(lit=black, asked=director.asked_for(FadeToBlack))
        for widget in (self.cut, self.auto, self.fade, self.rate, *self.types.values()):
            widget.setEnabled(director.world.linked)


class KeyerBox(QWidget):
    """The four downstream keyers."""

    def __init__(self, director: Director) -> None:
        super().__init__()
        self._director = director
        self.setMinimumWidth(120)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(tokens.STEP_PX)
        self.buttons = []
        for index in range(KEYERS):
            action = Action(Verb.KEYER, index + 1)
            key = director.keymap.label(action)
            button = OnAirButton(f"DSK {index + 1}", key, PROGRAM, f"Downstream keyer {index + 1} on air")
            button.pressed.connect(lambda action=action: director.want(action))
            grid.addWidget(button, index // 2, index % 2)
            self.buttons.append(button)
        director.changed.connect(self.light)
        director.asking.connect(self.light)

    def light(self, *_: object) -> None:
        """Show what the engine has confirmed."""
        director, world = self._director, self._director.world
        for index, button in enumerate(self.buttons):
            on = keyer_is_on(world.setup, world.air, index)
            source, title = world.setup.source(world.setup.keyers[index]), world.setup.titles[index]
            button.show_state(lit=on, asked=director.asked_for(SetKeyerOnAir, index + 1))
            button.setEnabled(world.linked and (on or source is not None or title is not None))
            key = director.keymap.label(Action(Verb.KEYER, index + 1))
            fill = title.template if title else source.name if source else "no source"
            button.setToolTip(f"Downstream keyer {index + 1}: {fill} ({key})")


class TrackedBox(QWidget):
    """The four groups of graphics that stand in the world; hidden while the show has none."""

    def __init__(self, director: Director) -> None:
        super().__init__()
        self._director = director
        self.setMinimumWidth(128)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(tokens.STEP_PX)
        self.buttons = []
        for index, group in enumerate(Group):
            action = Action(Verb.TRACKED, index + 1)
            key = director.keymap.label(action)
            button = OnAirButton(group.upper(), key, PROGRAM, f"Tracked graphics '{group}' on air")
            button.pressed.connect(lambda action=action: director.want(action))
            grid.addWidget(button, index // 2, index % 2)
            self.buttons.append(button)
        director.changed.connect(self.light)
        director.asking.connect(self.light)

    def light(self, *_: object) -> None:
        """Show what the engine has confirmed."""
        director, world = self._director, self._director.world
        there = {element.group for element in world.setup.world.elements}
        for button, group, air in zip(self.buttons, Group, world.air.tracked, strict=True):
            button.show_state(lit=air.on, asked=director.asked_for(SetTracked, group=group))
            button.setEnabled(world.linked and (air.on or group in there))
        self.setVisible(bool(there) or any(group.on for group in world.air.tracked))


class BusArea(QWidget):
    """Everything under the multiview."""

    def __init__(self, director: Director) -> None:
        super().__init__()
        self.setObjectName("buses")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(tokens.BUS_HEIGHT_PX)
        self.notice = Notice(director)
        self.rows = BusRows(director)
        self.transition = TransitionBox(director)
        self.keyers = KeyerBox(director)
        self.tracked = TrackedBox(director)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 4, 8, 8)
        column.setSpacing(4)
        column.addWidget(self.notice)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self.rows, 10)
        row.addWidget(self.transition, 4)
        row.addWidget(self.keyers, 2)
        row.addWidget(self.tracked, 2)
        column.addLayout(row, 1)
        self.tracked.light()

    def show_rows(self, shown: bool) -> None:
        """Show everything, or the line of notices alone."""
        for part in (self.rows, self.transition, self.keyers, self.tracked):
            part.setVisible(shown)
        if shown:
            self.tracked.light()
        self.setFixedHeight(tokens.BUS_HEIGHT_PX if shown else self.notice.height() + 12)

"""What stands in the world: the graphics by group with their keys, the race's clock, and who is tracked."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from console.desk import tokens
from console.desk.actions import Action, Verb
from console.desk.director import Director
from console.desk.onair import OnAirButton
from console.desk.panels.parts import button, caption, set_severity
from console.desk.panels.table import Cell, Row, Table
from console.desk.plates import font
from console.desk.world import PROGRAM, World
from console.show.commands import SetTracked, StartRace, StopRace
from console.show.world import Element, Group


def element_row(element: Element, key: str, *, on: bool) -> Row:
    """One graphic of the world."""
    about = element.text.replace("\n", " ") or element.kind.replace("_", " ")
    hint = f"{element.id}: {element.kind.replace('_', ' ')} {element.text}".strip()
    cells = (
        Cell(element.id, hint=hint),
        Cell(about, tokens.SECONDARY, hint),
        Cell(element.group.upper(), hint=hint),
        Cell(key, tokens.SECONDARY, hint),
        Cell("ON AIR" if on else "off", tokens.ALARM if on else tokens.SECONDARY, hint),
        Cell(element.subject or "-", tokens.SECONDARY, hint),
    )
    return element.id, cells


def race_text(world: World, now_ns: int) -> str:
    """The race's clock as record lines have it: minutes, seconds and hundredths; dashes while it stands."""
    race = world.air.race
    if not race.on or world.anchor is None:
        return "-:--.--"
    rate = world.setup.format.rate
    seconds = (world.frame_at(now_ns) - race.at) * rate.start_ns(1) / 1e9
    sign, hundredths = "-" if seconds < 0 else "", round(abs(seconds) * 100)
    return f"{sign}{hundredths // 6000}:{hundredths // 100 % 60:02}.{hundredths % 100:02}"


class WorldPage(QWidget):
    """The graphics of the world. What is on air is switched here as by its key."""

    def __init__(self, director: Director) -> None:
        super().__init__()
        self._director = director
        self.groups: list[OnAirButton] = []
        groups = QGridLayout()
        groups.setSpacing(4)
        for index, group in enumerate(Group):
            action = Action(Verb.TRACKED, index + 1)
            made = OnAirButton(
                group.upper(), director.keymap.label(action), PROGRAM, f"Tracked graphics '{group}' on air"
            )
            made.setMinimumHeight(44)
            made.pressed.connect(lambda action=action: director.want(action))
            groups.addWidget(made, 0, index)
            self.groups.append(made)
        self.elements = Table(("Graphic", "What", "Group", "Key", "", "Subject"), 0, "Graphics in the world")
        self.subjects = QLabel()
        self.clock = QLabel()
        self.clock.setFont(font(tokens.CLOCK_PX, bold=True))
        self.clock.setStyleSheet(f"font-size: {tokens.CLOCK_PX}px; font-weight: 600;")
        self.clock.setAccessibleName("The race's clock")
        self.start = button("Start race", "Start the clock of record lines; again: from zero")
        self.stop = button("Stop", "Stop the clock of record lines and put it back to zero")
        self.said = QLabel()
        self.said.setWordWrap(True)
        set_severity(self.said, "warning")
        self.said.hide()
        self.start.clicked.connect(lambda: director.request(StartRace(), self._answered))
        self.stop.clicked.connect(lambda: director.request(StopRace(), self._answered))
        race = QHBoxLayout()
        race.setSpacing(4)
        race.addWidget(self.clock, 1)
        race.addWidget(self.start)
        race.addWidget(self.stop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(8)
        column.addLayout(groups)
        column.addWidget(self.elements, 1)
        column.addWidget(self.subjects)
        column.addWidget(caption("Race, for record lines"))
        column.addLayout(race)
        column.addWidget(self.said)
        director.asking.connect(self.light)

    def fill(self, world: World) -> None:
        """Bring everything up to date."""
        keymap = self._director.keymap
        keys = {group: keymap.label(Action(Verb.TRACKED, at + 1)) for at, group in enumerate(Group)}
        on = {group: switched.on for group, switched in zip(Group, world.air.tracked, strict=True)}
        elements = sorted(world.setup.world.elements, key=lambda one: list(Group).index(one.group))
        self.elements.show_rows([element_row(one, keys[one.group], on=on[one.group]) for one in elements])
        count = world.status.graphics.subjects
        people = len(world.setup.world.people)
        named = f", {people} {'person has' if people == 1 else 'people have'} a name" if people else ""
        self.subjects.setText(f"{count or 'No'} subject{'s' * (count != 1)} tracked now{named}")
        self.start.setEnabled(world.linked)
        self.stop.setEnabled(world.linked and world.air.race.on)
        self.start.setText("Start again" if world.air.race.on else "Start race")
        self.light()

    def light(self) -> None:
        """Show what the engine has confirmed."""
        world = self._director.world
        there = {element.group for element in world.setup.world.elements}
        for made, group, switched in zip(self.groups, Group, world.air.tracked, strict=True):
            made.show_state(lit=switched.on, asked=self._director.asked_for(SetTracked, group=group))
            made.setEnabled(world.linked and (switched.on or group in there))

    def tick(self, now_ns: int) -> None:
        """Move the clock."""
        text = race_text(self._director.world, now_ns)
        if text != self.clock.text():
            self.clock.setText(text)

    def _answered(self, refusal: str) -> None:
        self.said.setText(refusal)
        self.said.setVisible(bool(refusal))

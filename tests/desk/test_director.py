"""The director's chair without a window: commands, answers, silence, and an engine that goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from console.desk.actions import Action, Verb
from console.desk.director import Director
from console.desk.eventlog import EventLog
from console.desk.guards import ENGINE_LOST, Desk
from console.desk.keymaps import chosen
from console.desk.keys import KeyEvent
from console.desk.world import World
from console.media.clock import VirtualClock
from console.show.commands import AddSource, Cut, Role, SetPreview
from console.show.model import Air, Setup, Source, SourceId

SOURCES = tuple(Source(SourceId(f"cam{n}"), "pattern:", f"Camera {n}") for n in (1, 2, 3))
WORLD = World(
    linked=True,
    ever_linked=True,
    role=Role.ADMIN,
    setup=Setup(sources=SOURCES),
    air=Air(SourceId("cam1"), SourceId("cam2")),
)
SECOND = 1_000_000_000


class Wire:
    """Keeps what is sent, as `Live` would send it."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def send(self, name: str, /, **fields: Any) -> str:
        self.sent.append({"command": name, **fields})
        return str(len(self.sent))


class Chair:
    def __init__(self) -> None:
        self.clock, self.wire = VirtualClock(), Wire()
        self.director = Director(self.clock, chosen("atem-like")[0], EventLog(None))
        self.director.connect_to(self.wire)
        self.director.world = WORLD
        self.refusals: list[str] = []
        self.locals: list[Action] = []
        self.director.refused.connect(self.refusals.append)
        self.director.local.connect(self.locals.append)

    def names(self) -> list[str]:
        return [message["command"] for message in self.wire.sent]

    def tell(self, **message: Any) -> None:
        self.director._take_message(message)


@pytest.fixture
def chair(qapp: object) -> Iterator[Chair]:
    made = Chair()
    yield made
    made.director.deleteLater()


def test_a_take_is_sent_with_who_and_how_and_logged_when_it_is_done(chair):
    assert chair.director.key(KeyEvent("Space"))
    message = chair.wire.sent[0]
    assert message["command"] == "Cut"
    assert message["client"].endswith("by Space")
    assert chair.director.asked_program() == "cam2"
    assert not chair.director.log.events
    chair.tell(ack={"id": "1", "frame": 5000, "rev": 3})
    event = chair.director.log.events[0]
    assert (event.text, event.by, event.source_from, event.source_to, event.frame) == (
        "Cut",
        "Space",
        "cam1",
        "cam2",
        5000,
    )
    assert chair.director.asked_program() is None


def test_a_refusal_by_the_engine_is_shown_and_logged(chair):
    chair.director.want(Action(Verb.CUT))
    chair.tell(reject={"id": "1", "reason": "The last take was less than 250 ms ago"})
    assert chair.refusals == ["The last take was less than 250 ms ago"]
    assert chair.director.log.events[0].result == chair.refusals[0]
    chair.director.want(Action(Verb.CUT))
    assert chair.names() == ["Cut", "Cut"], "what never happened does not hold up the next try"


def test_a_refusal_by_the_desk_is_shown_and_logged(chair):
    chair.director.want(Action(Verb.ARM))
    chair.director.want(Action(Verb.CUT), "Space")
    assert "OFF AIR" in chair.refusals[0]
    assert chair.wire.sent == []
    assert [event.text for event in chair.director.log.events] == ["The desk is OFF AIR", "Cut"]


def test_previews_are_asked_for_and_not_logged(chair):
    chair.director.preview("cam3")
    assert chair.director.asked_preview() == "cam3"
    chair.director.preview("nobody")
    assert chair.names() == ["SetPreview"]
    chair.tell(ack={"id": "1", "frame": 1, "rev": 2})
    assert chair.director.log.events == []


def test_fade_to_black_by_a_held_key(chair, qtbot):
    chair.director.key(KeyEvent("B", ctrl=True))
    assert chair.wire.sent == []
    chair.clock.advance(SECOND)
    chair.director._hold_elapsed()
    assert chair.wire.sent[0]["command"] == "FadeToBlack"
    assert chair.wire.sent[0]["black"] is True


def test_a_held_key_is_let_go_with_the_window(chair):
    chair.director.key(KeyEvent("B", ctrl=True))
    chair.director.release_keys()
    chair.clock.advance(2 * SECOND)
    chair.director._hold_elapsed()
    assert chair.wire.sent == []


def test_an_engine_that_goes_answers_everything_that_waits(chair):
    answers: list[str] = []
    chair.director.request(AddSource("x", "pattern:"), answers.append)
    chair.director._take_link(False, "gone")
    assert answers == [ENGINE_LOST]
    assert not chair.director.world.linked
    assert chair.director.log.events[0].text == ENGINE_LOST
    chair.director.want(Action(Verb.CUT))
    assert chair.names() == ["AddSource"]
    chair.director._take_link(False, "gone")
    assert sum(event.text == ENGINE_LOST for event in chair.director.log.events) == 1


def test_silence_is_not_taken_for_consent(chair):
    chair.director.want(Action(Verb.CUT))
    chair.clock.advance(3 * SECOND)
    chair.director._forget_unanswered()
    assert "has not answered" in chair.refusals[0]
    assert chair.director.asked == {}
    chair.tell(ack={"id": "1", "frame": 9})
    assert len(chair.director.log.events) == 1, "a late answer changes nothing"


def test_a_message_of_another_version_is_an_event(chair):
    chair.tell(patch={"setup": {"nonsense": 1}})
    assert chair.director.log.events[0].text == "The engine speaks another version"
    assert chair.director.world is WORLD


def test_locked_stops_panels_too(chair):
    chair.director.want(Action(Verb.LOCK))
    answers: list[str] = []
    chair.director.request(AddSource("x", "pattern:"), answers.append)
    assert "LOCKED" in answers[0]
    assert chair.wire.sent == []
    assert chair.director.guard.desk is Desk.LOCKED


def test_black_pictures_are_doubtful(chair):
    chair.director.black = frozenset({"cam2"})
    chair.director.want(Action(Verb.CUT))
    assert "Camera 2 is black" in chair.refusals[0]


def test_actions_of_the_window_come_out(chair):
    for verb in (Verb.FULL_SCREEN, Verb.ADD_SOURCE, Verb.QUIT):
        chair.director.want(Action(verb))
    assert [action.verb for action in chair.locals] == [Verb.FULL_SCREEN, Verb.ADD_SOURCE, Verb.QUIT]


@pytest.mark.parametrize("kind", [Cut, SetPreview])
def test_what_is_asked_for_can_be_asked(chair, kind: Callable[..., object]):
    assert not chair.director.asked_for(kind)  # type: ignore[arg-type]
    chair.director.want(Action(Verb.CUT))
    chair.director.want(Action(Verb.PREVIEW, 1))
    assert chair.director.asked_for(kind)  # type: ignore[arg-type]


def test_a_viewers_desk_refuses(chair):
    chair.director.world = replace(WORLD, role=Role.VIEW)
    chair.director.want(Action(Verb.CUT))
    assert "may only view" in chair.refusals[0]

"""What is true of a results feed after all its messages so far: a frozen state, and the functions that go on from it.

The feed's rules: a message replaces the one with the same header whole; only a higher version counts; a message
without a body invalidates; updates of participants add to them; tests are counted and go no further; a keep-alive only
says that the feed lives. The same message again (a poll brings it each time) is no fault and changes nothing.

A results system that begins again at version 1 is refused until the feed is set up anew, and says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from console.results.message import DocumentType, HeaderKey, Message, Person
from console.results.refused import RefusedError

REFUSALS_KEPT = 20
MOST_DOCUMENTS = 512
"""Headers remembered; the one that was quiet longest goes first."""
_OF_PEOPLE = {DocumentType.PARTICIPANTS, DocumentType.PARTICIPANTS_UPDATE}


@dataclass(frozen=True)
class Refusal:
    """Something that came and was not taken."""

    at_ns: int
    reason: str


@dataclass(frozen=True)
class FeedState:
    """A feed at one instant. Instants are monotonic ns, 0 is never."""

    newest: Mapping[HeaderKey, Message] = field(default_factory=lambda: MappingProxyType({}))
    """The last message of each header, invalidations too; the one taken last comes last."""
    people: Mapping[str, Mapping[str, Person]] = field(default_factory=lambda: MappingProxyType({}))
    """Of each document of participants: code to person."""
    tests: Mapping[HeaderKey, Message] = field(default_factory=lambda: MappingProxyType({}))
    """The last test of each header, so that it is counted once."""
    keep_alive: Message | None = None
    keep_alive_ns: int = 0
    heard_ns: int = 0
    """When something new came."""
    messages: int = 0
    """Taken, keep-alives and messages of types that are not used included."""
    refused: int = 0
    test_messages: int = 0
    refusals: tuple[Refusal, ...] = ()
    """The last of them."""


def taken(state: FeedState, message: Message, now_ns: int) -> FeedState:
    """The state after a message; the same object when it says nothing new."""
    header = message.header
    if header.test:
        if state.tests.get(header.key) == message:
            return state
        return replace(state, tests=_with(state.tests, message), test_messages=state.test_messages + 1, heard_ns=now_ns)
    if header.kind is DocumentType.KEEP_ALIVE:
        if message == state.keep_alive:
            return state
        return replace(state, keep_alive=message, keep_alive_ns=now_ns, heard_ns=now_ns, messages=state.messages + 1)
    last = state.newest.get(header.key)
    if last == message:
        return state
    if last is not None and header.version <= last.header.version:
        return refused(state, _why_not(message, last), now_ns)
    people = _people(state.people, message) if header.kind in _OF_PEOPLE else state.people
    return replace(
        state, newest=_with(state.newest, message), people=people, heard_ns=now_ns, messages=state.messages + 1
    )


def refused(state: FeedState, reason: RefusedError | str, now_ns: int) -> FeedState:
    """The state after something that can't be taken; told again, the last reason is not kept twice."""
    text = str(reason)
    kept = state.refusals[:-1] if state.refusals and state.refusals[-1].reason == text else state.refusals
    refusals = (*kept, Refusal(now_ns, text))[-REFUSALS_KEPT:]
    return replace(state, refused=state.refused + 1, refusals=refusals)


def _why_not(message: Message, last: Message) -> str:
    header, newest = message.header, last.header.version
    what = f"{header.type_name} of {header.document.rstrip('-')}, version {header.version}"
    if header.version == newest:
        return f"{what}, came a second time and says something else. Ask for a new version."
    return f"{what}, came after version {newest}. If the results system began again, set the feed up anew."


def _with(messages: Mapping[HeaderKey, Message], message: Message) -> Mapping[HeaderKey, Message]:
    key = message.header.key
    after = {other: said for other, said in messages.items() if other != key}
    while len(after) >= MOST_DOCUMENTS:
        del after[next(iter(after))]
    return MappingProxyType(after | {key: message})


def _people(known: Mapping[str, Mapping[str, Person]], message: Message) -> Mapping[str, Mapping[str, Person]]:
    document = message.header.document
    said = {person.code: person for person in message.participants}
    if message.header.kind is DocumentType.PARTICIPANTS_UPDATE:
        said = {**known.get(document, {}), **said}
    return MappingProxyType({**known, document: MappingProxyType(said)})

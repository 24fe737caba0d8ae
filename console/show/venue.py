"""The steps of the set-up of graphics: tracking inputs, cameras, elements of the world, people, data feeds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from console.show.checks import (
    Fault,
    check_camera,
    check_element,
    check_feed,
    check_field,
    check_free_bottom,
    check_input,
    check_listening,
    check_once,
    check_person,
    check_sizes,
)
from console.show.commands import (
    AddFeed,
    AddInput,
    EditInput,
    RemoveCamera,
    RemoveElement,
    RemoveFeed,
    RemoveInput,
    SetCamera,
    SetElement,
    SetField,
    SetFreeBottom,
    SetPeople,
)
from console.show.keying import feeds_on_air
from console.show.model import Show
from console.show.outcome import Change, RefusalError
from console.show.world import World

_Step = Callable[[Show, Any, int], Change]
_Item = TypeVar("_Item")


def _step(change: Callable[[Show, Any], World]) -> _Step:
    """A step of the reducer that gives another world; a fault in it is a refusal."""

    def step(show: Show, command: Any, _at: int) -> Change:
        try:
            world = change(show, command)
            check_sizes(world)
        except Fault as fault:
            raise RefusalError(str(fault)) from None
        return Change(replace(show, setup=replace(show.setup, world=world)))

    return step


def _without(what: str, name: str, items: tuple[_Item, ...], key: Callable[[_Item], str]) -> tuple[_Item, ...]:
    kept = tuple(item for item in items if key(item) != name)
    if len(kept) == len(items):
        raise Fault(f"There is no {what} '{name:.40}'")
    return kept


def _put(item: _Item, items: tuple[_Item, ...], key: Callable[[_Item], str]) -> tuple[_Item, ...]:
    """With an item in the place of the one of its key, or behind all."""
    if any(key(known) == key(item) for known in items):
        return tuple(item if key(known) == key(item) else known for known in items)
    return (*items, item)


def _add_input(show: Show, command: AddInput) -> World:
    world = show.setup.world
    check_input(command.input)
    after = replace(world, inputs=(*world.inputs, command.input))
    check_once("tracking input", (entry.id for entry in after.inputs))
    check_listening(after)
    return after


def _edit_input(show: Show, command: EditInput) -> World:
    world = show.setup.world
    check_input(command.input)
    _without("tracking input", command.input.id, world.inputs, lambda entry: entry.id)
    after = replace(world, inputs=_put(command.input, world.inputs, lambda entry: entry.id))
    check_listening(after)
    return after


def _remove_input(show: Show, command: RemoveInput) -> World:
    world = show.setup.world
    inputs = _without("tracking input", command.input, world.inputs, lambda entry: entry.id)
    for camera in world.cameras:
        if camera.input == command.input:
            raise Fault(f"The camera of '{camera.source}' uses that input")
    for element in world.elements:
        if element.subject.partition("/")[0] == command.input:
            raise Fault(f"The element '{element.id}' uses that input")
    return replace(world, inputs=inputs)


def _set_camera(show: Show, command: SetCamera) -> World:
    world = show.setup.world
    check_camera(command.camera, (source.id for source in show.setup.sources), world)
    return replace(world, cameras=_put(command.camera, world.cameras, lambda camera: camera.source))


def _remove_camera(show: Show, command: RemoveCamera) -> World:
    world = show.setup.world
    return replace(world, cameras=_without("camera of", command.source, world.cameras, lambda camera: camera.source))


def _set_element(show: Show, command: SetElement) -> World:
    world = show.setup.world
    check_element(command.element, world)
    return replace(world, elements=_put(command.element, world.elements, lambda element: element.id))


def _remove_element(show: Show, command: RemoveElement) -> World:
    world = show.setup.world
    return replace(world, elements=_without("element", command.element, world.elements, lambda element: element.id))


def _set_people(show: Show, command: SetPeople) -> World:
    world = replace(show.setup.world, people=command.people)
    check_sizes(world)
    for person in command.people:
        check_person(person)
    check_once("person", (person.subject for person in command.people))
    return world


def _set_free_bottom(show: Show, command: SetFreeBottom) -> World:
    world = replace(show.setup.world, free_bottom=command.share)
    check_free_bottom(world)
    return world


def _set_field(show: Show, command: SetField) -> World:
    world = replace(
        show.setup.world, field=command.field, field_offset_m=command.offset_m, field_turn_deg=command.turn_deg
    )
    check_field(world)
    return world


def _add_feed(show: Show, command: AddFeed) -> World:
    world = show.setup.world
    check_feed(command.feed)
    after = replace(world, feeds=(*world.feeds, command.feed))
    check_once("data feed", (feed.id for feed in after.feeds))
    return after


def _remove_feed(show: Show, command: RemoveFeed) -> World:
    world = show.setup.world
    if command.feed in feeds_on_air(show):
        raise Fault(f"A title on air shows the data feed '{command.feed:.40}'; take it off first")
    return replace(world, feeds=_without("data feed", command.feed, world.feeds, lambda feed: feed.id))


STEPS: dict[type, _Step] = {
    AddInput: _step(_add_input),
    EditInput: _step(_edit_input),
    RemoveInput: _step(_remove_input),
    SetCamera: _step(_set_camera),
    RemoveCamera: _step(_remove_camera),
    SetElement: _step(_set_element),
    RemoveElement: _step(_remove_element),
    SetPeople: _step(_set_people),
    SetFreeBottom: _step(_set_free_bottom),
    SetField: _step(_set_field),
    AddFeed: _step(_add_feed),
    RemoveFeed: _step(_remove_feed),
}

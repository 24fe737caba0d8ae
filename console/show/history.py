"""Undo and redo of the set-up. What is on air is never undone: a director cuts back."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from console.show.commands import Command, Redo, Undo
from console.show.keying import feeds_on_air
from console.show.model import Air, Setup, Show
from console.show.reduce import Change, Rejected, on_air, reduce
from console.show.world import World

STEPS_MAX = 200


@dataclass(frozen=True)
class History:
    """A show with the set-ups before it and those that were undone."""

    show: Show = field(default_factory=Show)
    past: tuple[Setup, ...] = ()
    future: tuple[Setup, ...] = ()


def apply(history: History, command: Command, at: int) -> tuple[History, Change | Rejected]:
    """Like `reduce`, with `Undo` and `Redo`: pure and total."""
    if isinstance(command, Undo | Redo):
        return _travel(history, undo=isinstance(command, Undo))
    result = reduce(history.show, command, at)
    if isinstance(result, Rejected):
        return history, result
    if result.show.setup == history.show.setup:
        return replace(history, show=result.show), result
    return History(result.show, (*history.past, history.show.setup)[-STEPS_MAX:], ()), result


def _travel(history: History, *, undo: bool) -> tuple[History, Change | Rejected]:
    stack = history.past if undo else history.future
    if not stack:
        return history, Rejected("There is nothing to undo" if undo else "There is nothing to do again")
    show, setup = history.show, stack[-1]
    for source_id in on_air(show):
        if setup.source(source_id) != show.setup.source(source_id):
            return history, Rejected(f"That would change '{source_id}', which is on air")
    for index, on in enumerate(show.air.keyers_on):
        before, after = ((each.keyers[index], each.titles[index]) for each in (show.setup, setup))
        if on and before != after:
            return history, Rejected(f"That would change keyer {index + 1}, which is on air")
    if any(group.on for group in show.air.tracked) and not _same_graphics(show.setup.world, setup.world):
        return history, Rejected("That would change graphics in the world, which are on air")
    used = feeds_on_air(show)
    now, then = ({feed for feed in each.world.feeds if feed.id in used} for each in (show.setup, setup))
    if now != then:
        return history, Rejected("That would change a data feed of a title that is on air")
    air = _with_what_is_left(show.air, setup)
    if air.preview is not None and setup.source(air.preview) is None:
        air = replace(air, preview=None)
    changed = Show(setup, air, show.rev + 1)
    if undo:
        return History(changed, stack[:-1], (*history.future, show.setup)), Change(changed)
    return History(changed, (*history.past, show.setup), stack[:-1]), Change(changed)


def _same_graphics(before: World, after: World) -> bool:
    return (before.inputs, before.cameras, before.elements) == (after.inputs, after.cameras, after.elements)


def _with_what_is_left(air: Air, setup: Setup) -> Air:
    """Without keyers on preview that have nothing any more."""
    left = zip(air.keyers_preview, setup.keyers, setup.titles, strict=True)
    return replace(air, keyers_preview=tuple(on and (source or title) is not None for on, source, title in left))

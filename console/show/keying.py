"""The steps of graphics on air: keyers, titles, groups of graphics in the world, the clock of record lines."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from console.show.checks import Fault, check_title
from console.show.commands import (
    AllGraphicsOff,
    SetKeyer,
    SetKeyerOnAir,
    SetKeyerPreview,
    SetTitle,
    SetTracked,
    StartRace,
    StopRace,
)
from console.show.model import KEYERS, Air, Show
from console.show.outcome import Change, RefusalError, keyer_index, with_item
from console.show.world import Group, Switched

_RACE_AWAY_S = 24 * 3600
_BINDING = re.compile(r"\{\{|\}\}|\{([^{}.:]*)[^{}]*\}")
"""`{FEED.path}` in a field; doubled braces are text."""


def settled_keyers(show: Show, at: int) -> Air:
    """What is on air once titles that were taken out long enough before frame `at` are no longer keyed."""
    air, titles = show.air, show.setup.titles
    for index, on in enumerate(air.keyers_on):
        if not on or titles[index] is None or air.titles[index].on:
            continue
        if at >= air.titles[index].at + show.setup.title_out_frames:
            air = replace(air, keyers_on=with_item(air.keyers_on, index, False))
    return air


def feeds_on_air(show: Show) -> frozenset[str]:
    """The ids of the data feeds that titles on air are bound to."""
    titles = (
        title for title, on in zip(show.setup.titles, show.air.keyers_on, strict=True) if on and title is not None
    )
    return frozenset(
        feed.strip() for title in titles for field in title.fields for feed in _BINDING.findall(field.value)
    )


def _switched(before: Switched, on: bool, at: int) -> Switched:
    return before if before.on == on else Switched(on, at)


def _set_keyer_on_air(show: Show, command: SetKeyerOnAir, at: int) -> Change:
    index, air = keyer_index(command.keyer), show.air
    has_title = show.setup.titles[index] is not None
    is_on = air.titles[index].on if has_title else air.keyers_on[index]
    on = not is_on if command.on_air is None else command.on_air
    if on and not has_title and show.setup.keyers[index] is None:
        raise RefusalError(f"Keyer {command.keyer} has no source and no title")
    return Change(replace(show, air=_keyed(show, index, on, at)))


def _keyed(show: Show, index: int, on: bool, at: int) -> Air:
    """A source is keyed or not; a title is taken, or taken out and keyed until it is out (`settled_keyers`)."""
    air = show.air
    if show.setup.titles[index] is None:
        return replace(air, keyers_on=with_item(air.keyers_on, index, on))
    titles = with_item(air.titles, index, _switched(air.titles[index], on, at))
    return replace(air, titles=titles, keyers_on=with_item(air.keyers_on, index, on or air.keyers_on[index]))


def _set_keyer(show: Show, command: SetKeyer, _at: int) -> Change:
    index, setup, air = keyer_index(command.keyer), show.setup, show.air
    if air.keyers_on[index]:
        raise RefusalError(f"Keyer {command.keyer} is on air; take it off first")
    source = None
    if command.source is not None:
        found = setup.source(command.source)
        if found is None:
            raise RefusalError(f"There is no source '{command.source:.40}'")
        source = found.id
    keyers, titles = with_item(setup.keyers, index, source), with_item(setup.titles, index, None)
    if source is None:
        air = replace(air, keyers_preview=with_item(air.keyers_preview, index, False))
    return Change(replace(show, setup=replace(setup, keyers=keyers, titles=titles), air=_title_gone(air, index)))


def _title_gone(air: Air, index: int) -> Air:
    return replace(air, titles=with_item(air.titles, index, Switched()))


def _set_keyer_preview(show: Show, command: SetKeyerPreview, _at: int) -> Change:
    index, air = keyer_index(command.keyer), show.air
    on = not air.keyers_preview[index] if command.on is None else command.on
    if on and show.setup.titles[index] is None and show.setup.keyers[index] is None:
        raise RefusalError(f"Keyer {command.keyer} has no source and no title")
    return Change(replace(show, air=replace(air, keyers_preview=with_item(air.keyers_preview, index, on))))


def _set_title(show: Show, command: SetTitle, _at: int) -> Change:
    index, setup, air, title = keyer_index(command.keyer), show.setup, show.air, command.title
    if title is not None:
        try:
            check_title(title)
        except Fault as fault:
            raise RefusalError(str(fault)) from None
    updated = title is not None and setup.titles[index] is not None
    if air.keyers_on[index] and not updated:
        raise RefusalError(f"Keyer {command.keyer} is on air; take it off first")
    if not updated:
        air = _title_gone(air, index)
    if title is None and setup.keyers[index] is None:
        air = replace(air, keyers_preview=with_item(air.keyers_preview, index, False))
    keyers = setup.keyers if title is None else with_item(setup.keyers, index, None)
    after = replace(setup, titles=with_item(setup.titles, index, title), keyers=keyers)
    return Change(replace(show, setup=after, air=air))


def _set_tracked(show: Show, command: SetTracked, at: int) -> Change:
    air, index = show.air, list(Group).index(command.group)
    on = not air.tracked[index].on if command.on is None else command.on
    tracked = with_item(air.tracked, index, _switched(air.tracked[index], on, at))
    return Change(replace(show, air=replace(air, tracked=tracked)))


def _all_graphics_off(show: Show, _command: AllGraphicsOff, at: int) -> Change:
    for index in range(KEYERS):
        show = replace(show, air=_keyed(show, index, False, at))
    tracked = tuple(_switched(group, False, at) for group in show.air.tracked)
    return Change(replace(show, air=replace(show.air, tracked=tracked)))


def _start_race(show: Show, command: StartRace, at: int) -> Change:
    frame = at if command.frame is None else command.frame
    if frame < 0 or abs(frame - at) > _RACE_AWAY_S * show.setup.format.rate.fps:
        raise RefusalError(f"The clock can't start at frame {frame}: it is frame {at}")
    return Change(replace(show, air=replace(show.air, race=Switched(True, frame))))


def _stop_race(show: Show, _command: StopRace, at: int) -> Change:
    return Change(replace(show, air=replace(show.air, race=_switched(show.air.race, False, at))))


STEPS: dict[type, Callable[[Show, Any, int], Change]] = {
    SetKeyer: _set_keyer,
    SetKeyerOnAir: _set_keyer_on_air,
    SetKeyerPreview: _set_keyer_preview,
    SetTitle: _set_title,
    SetTracked: _set_tracked,
    AllGraphicsOff: _all_graphics_off,
    StartRace: _start_race,
    StopRace: _stop_race,
}

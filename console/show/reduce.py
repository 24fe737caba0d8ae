"""The pure heart: a show, a command and a frame give the next show, or a refusal with its reason."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from console.show import keying, venue
from console.show.checks import ID
from console.show.commands import (
    AddDestination,
    AddSource,
    Auto,
    Command,
    Cut,
    EditSource,
    FadeToBlack,
    RemoveDestination,
    RemoveSource,
    RenameShow,
    SetPreview,
    SetProgram,
    SetTransition,
)
from console.show.model import Air, Destination, Fade, Move, Setup, Show, Source, SourceId
from console.show.outcome import Change, RefusalError, Rejected

__all__ = ["Change", "Rejected", "on_air", "reduce", "settle"]

SOURCES_MAX = 100
DESTINATIONS_MAX = 32
RATE_FRAMES_MAX = 1000
LATENCY_MS_MAX = 5000


def reduce(show: Show, command: Command, at: int) -> Change | Rejected:
    """Apply a command at frame `at`: total, deterministic, without side effects."""
    step = _STEPS.get(type(command))
    if step is None:
        return Rejected(f"{type(command).__name__} does not act on a show")
    try:
        changed = step(show, command, at)
    except RefusalError as refusal:
        return Rejected(str(refusal))
    return replace(changed, show=replace(changed.show, rev=show.rev + 1))


def settle(show: Show, at: int) -> Show:
    """The show once what ended before frame `at` is done: sources swapped, fades finished, titles out."""
    air = keying.settled_keyers(show, at)
    if air.move is not None and at >= air.move.start + air.move.transition.rate_frames:
        air = _landed(air, air.move)
    if air.fade is not None and not air.fade.to_black and at >= air.fade.start + air.fade.rate_frames:
        air = replace(air, fade=None)
    return show if air is show.air else replace(show, air=air, rev=show.rev + 1)


def on_air(show: Show) -> set[SourceId]:
    """The sources that program shows or is going to show in the running transition, keyers included."""
    air, keyers = show.air, show.setup.keyers
    used = {air.program, air.move.to if air.move else None}
    used |= {source for source, on in zip(keyers, air.keyers_on, strict=True) if on}
    return {source for source in used if source is not None}


def _landed(air: Air, move: Move) -> Air:
    # Preview takes the old program source unless the director has put another one there meanwhile.
    preview = air.program if air.preview == move.to else air.preview
    return replace(air, program=move.to, preview=preview, move=None)


def _source(setup: Setup, source: str) -> Source:
    found = setup.source(source)
    if found is None:
        raise RefusalError(f"There is no source '{source:.40}'")
    return found


def _known(setup: Setup, source: str | None) -> SourceId | None:
    return None if source is None else _source(setup, source).id


def _guard_interval(show: Show, at: int) -> None:
    last = show.air.last_take
    rate = show.setup.format.rate
    if last is not None and 0 <= (at - last) * rate.den * 1000 < show.setup.take_interval_ms * rate.num:
        raise RefusalError(f"The last take was less than {show.setup.take_interval_ms} ms ago")


def _cut(show: Show, _command: Cut, at: int) -> Change:
    air = show.air
    _guard_interval(show, at)
    if air.move is not None:  # CUT ends a running transition at once
        return Change(replace(show, air=replace(_landed(air, air.move), last_take=at)), (air.program, air.move.to))
    after = replace(air, program=air.preview, preview=air.program, last_take=at)
    return Change(replace(show, air=after), (air.program, air.preview))


def _auto(show: Show, _command: Auto, at: int) -> Change:
    air = show.air
    if air.move is not None:
        raise RefusalError("A transition is running")
    _guard_interval(show, at)
    move = Move(air.preview, at, air.transition)
    return Change(replace(show, air=replace(air, move=move, last_take=at)), (air.program, air.preview))


def _set_preview(show: Show, command: SetPreview, _at: int) -> Change:
    return Change(replace(show, air=replace(show.air, preview=_known(show.setup, command.source))))


def _set_program(show: Show, command: SetProgram, at: int) -> Change:
    air = show.air
    source = _known(show.setup, command.source)
    _guard_interval(show, at)
    after = replace(air, program=source, move=None, last_take=at)
    return Change(replace(show, air=after), (air.program, source))


def _set_transition(show: Show, command: SetTransition, _at: int) -> Change:
    old = show.air.transition
    rate = old.rate_frames if command.rate_frames is None else command.rate_frames
    if not 1 <= rate <= RATE_FRAMES_MAX:
        raise RefusalError(f"A transition takes 1 to {RATE_FRAMES_MAX} frames, not {rate}")
    transition = replace(old, type=command.type or old.type, rate_frames=rate)
    return Change(replace(show, air=replace(show.air, transition=transition)))


def _fade(show: Show, command: FadeToBlack, at: int) -> Change:
    fade = show.air.fade
    if not 1 <= command.rate_frames <= RATE_FRAMES_MAX:
        raise RefusalError(f"A fade takes 1 to {RATE_FRAMES_MAX} frames, not {command.rate_frames}")
    is_black = fade is not None and fade.to_black
    to_black = not is_black if command.black is None else command.black
    if to_black == is_black:
        raise RefusalError("Program is black already" if is_black else "Program is not black")
    return Change(replace(show, air=replace(show.air, fade=Fade(to_black, at, command.rate_frames))))


def _latency(value: int) -> int:
    if not 20 <= value <= LATENCY_MS_MAX:
        raise RefusalError(f"A source's latency is 20 to {LATENCY_MS_MAX} ms, not {value}")
    return value


def _add_source(show: Show, command: AddSource, _at: int) -> Change:
    setup = show.setup
    if not ID.fullmatch(command.source):
        raise RefusalError(f"'{command.source:.40}' is no source id: use up to 32 letters, digits, - and _")
    if setup.source(command.source) is not None:
        raise RefusalError(f"There is a source '{command.source}' already")
    if len(setup.sources) >= SOURCES_MAX:
        raise RefusalError(f"A show has at most {SOURCES_MAX} sources")
    if not command.url.strip():
        raise RefusalError("A source needs an address")
    latency = 200 if command.latency_ms is None else _latency(command.latency_ms)
    name, proxy = (command.name or command.source).strip(), (command.proxy_url or "").strip()
    source = Source(SourceId(command.source), command.url.strip(), name, latency, proxy)
    air = show.air
    if air.preview is None and air.program != source.id:
        air = replace(air, preview=source.id)
    return Change(replace(show, setup=replace(setup, sources=(*setup.sources, source)), air=air))


def _edit_source(show: Show, command: EditSource, _at: int) -> Change:
    setup = show.setup
    old = _source(setup, command.source)
    new = Source(
        old.id,
        old.url if command.url is None else command.url.strip(),
        (old.name if command.name is None else command.name.strip()) or old.id,
        old.latency_ms if command.latency_ms is None else _latency(command.latency_ms),
        old.proxy_url if command.proxy_url is None else command.proxy_url.strip(),
    )
    if not new.url:
        raise RefusalError("A source needs an address")
    if replace(new, name=old.name) != old and old.id in on_air(show):
        raise RefusalError(f"'{old.id}' is on air; take it off before you change its address or latency")
    sources = tuple(new if source.id == old.id else source for source in setup.sources)
    return Change(replace(show, setup=replace(setup, sources=sources)))


def _remove_source(show: Show, command: RemoveSource, _at: int) -> Change:
    setup, air = show.setup, show.air
    gone = _known(setup, command.source)
    if gone in on_air(show):
        raise RefusalError(f"'{gone}' is on air; take it off before you remove it")
    keyers = tuple(None if source == gone else source for source in setup.keyers)
    shown = tuple(on and source != gone for source, on in zip(setup.keyers, air.keyers_preview, strict=True))
    sources = tuple(source for source in setup.sources if source.id != gone)
    world = replace(setup.world, cameras=tuple(camera for camera in setup.world.cameras if camera.source != gone))
    air = replace(air, preview=None if air.preview == gone else air.preview, keyers_preview=shown)
    return Change(replace(show, setup=replace(setup, sources=sources, keyers=keyers, world=world), air=air))


def _add_destination(show: Show, command: AddDestination, _at: int) -> Change:
    setup, url = show.setup, command.url.strip()
    if not re.match(r"[a-z][a-z0-9+.-]*://.", url, re.IGNORECASE):
        raise RefusalError("A destination is an address such as https://host/ingest/channel or rtmp://host/app/key")
    if any(known.url == url for known in setup.destinations):
        raise RefusalError("The program is pushed there already")
    if len(setup.destinations) >= DESTINATIONS_MAX:
        raise RefusalError(f"A show has at most {DESTINATIONS_MAX} destinations")
    destinations = (*setup.destinations, Destination(url, (command.name or "").strip()))
    return Change(replace(show, setup=replace(setup, destinations=destinations)))


def _remove_destination(show: Show, command: RemoveDestination, _at: int) -> Change:
    setup = show.setup
    kept = tuple(known for known in setup.destinations if known.url != command.url.strip())
    if len(kept) == len(setup.destinations):
        raise RefusalError("The program is not pushed to that address")
    return Change(replace(show, setup=replace(setup, destinations=kept)))


def _rename(show: Show, command: RenameShow, _at: int) -> Change:
    name = command.name.strip()
    if not 1 <= len(name) <= 80:
        raise RefusalError("A show's name has 1 to 80 characters")
    return Change(replace(show, setup=replace(show.setup, name=name)))


_STEPS: dict[type, Callable[[Show, Any, int], Change]] = {
    Cut: _cut,
    Auto: _auto,
    SetPreview: _set_preview,
    SetProgram: _set_program,
    SetTransition: _set_transition,
    FadeToBlack: _fade,
    AddSource: _add_source,
    EditSource: _edit_source,
    RemoveSource: _remove_source,
    AddDestination: _add_destination,
    RemoveDestination: _remove_destination,
    RenameShow: _rename,
    **keying.STEPS,
    **venue.STEPS,
}

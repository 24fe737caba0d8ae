"""Key frames: what a property is at a frame. Pure; frame n of an animation is always the same."""

from __future__ import annotations

from dataclasses import dataclass

from console.graphics.template import AT_REST, Ease, Item, KeyFrame, Property
from console.media.time import Rate

_OVERSHOOT = 1.70158
"""Of the classic back ease: 10 % beyond."""


@dataclass(frozen=True)
class Moment:
    """Where in its time on air a title is, in frames: since the take, since it was switched off."""

    shown: int
    out: int | None
    in_frames: int
    rate: Rate


@dataclass(frozen=True)
class Pose:
    """What an item's animations make of it; offsets in units."""

    x: float = 0.0
    y: float = 0.0
    opacity: float = 1.0
    scale: float = 1.0
    reveal: float = 1.0


AT_REST_POSE = Pose()


def frames_of(ms: float, rate: Rate) -> int:
    """The whole number of frames nearest to a duration; at least one for any that is not 0."""
    return max(1, round(ms * rate.num / (rate.den * 1000))) if ms > 0 else 0


def eased(ease: Ease, part: float) -> float:
    """How far a value has come when a part (0..1) of its time has gone."""
    if ease is Ease.LINEAR:
        return part
    if ease is Ease.HOLD:
        return 0.0 if part < 1 else 1.0
    if ease is Ease.IN:
        return part**3
    if ease is Ease.IN_OUT:
        return 4 * part**3 if part < 0.5 else 1 - (2 - 2 * part) ** 3 / 2
    back = part - 1
    if ease is Ease.BACK:
        return 1 + (_OVERSHOOT + 1) * back**3 + _OVERSHOOT * back**2
    return 1 + back**3


def on_track(track: tuple[KeyFrame, ...], frame: int, rate: Rate, start: float) -> float:
    """A property's value at a frame of its animation; a track without a key at 0 ms comes from `start`."""
    before_at, before = 0, start
    for key in track:
        at = frames_of(key.ms, rate)
        if frame < at:
            part = (frame - before_at) / (at - before_at)
            return before + (key.value - before) * eased(key.ease, max(0.0, part))
        before_at, before = at, key.value
    return before


def pose(item: Item, moment: Moment, delay_frames: int = 0) -> Pose:
    """What an item's animations make of it at a moment; its in-animation begins `delay_frames` after the take."""
    if not (item.moves_in.tracks or item.loops.tracks or item.moves_out.tracks):
        return AT_REST_POSE
    return Pose(*(_value(item, name, moment, delay_frames) for name in Property))


def _value(item: Item, name: Property, moment: Moment, delay: int) -> float:
    leaving = item.moves_out.tracks.get(name)
    if moment.out is None or leaving is None:
        return _shown_value(item, name, moment, moment.shown, delay)
    start = _shown_value(item, name, moment, moment.shown - moment.out, delay)
    return on_track(leaving, moment.out, moment.rate, start)


def _shown_value(item: Item, name: Property, moment: Moment, frame: int, delay: int) -> float:
    coming = item.moves_in.tracks.get(name)
    value = AT_REST[name]
    if coming is not None:  # nothing was there before: until its first key it has that key's value
        value = on_track(coming, max(0, frame - delay), moment.rate, coming[0].value)
    looping = item.loops.tracks.get(name)
    if looping is None or frame < moment.in_frames:
        return value
    period = max(1, frames_of(item.loops.length_ms, moment.rate))
    return on_track(looping, (frame - moment.in_frames) % period, moment.rate, value)

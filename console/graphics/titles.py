"""Titles drawn frame by frame: fill and key in one premultiplied picture, painted anew only where something changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import cv2
import numpy as np
from PySide6.QtGui import QImage

from console.graphics.animate import Moment, eased, frames_of
from console.graphics.arrange import Arranger, Placed
from console.graphics.convert import NO_BOX, Box, Pixels
from console.graphics.display import Displayer, Time
from console.graphics.draw import Easel, Op, around_all, changed, common
from console.graphics.flags import flag
from console.graphics.fonts import Fonts
from console.graphics.images import Images
from console.graphics.template import Ease, Row, Template, Value, Values
from console.graphics.textbox import Typesetter
from console.media.time import Rate
from console.show.world import Switched

_Frozen: TypeAlias = tuple[tuple[str, object], ...]
NO_TIME = Time()
_CALM_FRAMES = 25
"""Values that changed less than this ago are such as a speed: fading would never end, so they are cut."""
_KEPT = 4
"""Placed titles that are kept: the values on air, those before them, and as much again for a preview."""


@dataclass(frozen=True)
class Phase:
    """The moment of a title's life that is drawn. Plain data: the same phase always gives the same picture."""

    shown: int
    """Frames since the take; 0 is the first on air, less than 0 is before it."""
    out: int | None = None
    """Frames since it was switched off; 0 is the first frame of its out-animation."""
    updated: int | None = None
    """Frames since the values last changed on air."""
    before: Values | None = None
    """The values before that change."""
    time: Time = NO_TIME


@dataclass(frozen=True)
class Drawn:
    """What a call of `render` did."""

    box: Box
    """Even; holds all that is not transparent. `NO_BOX`: nothing is seen."""
    changed: Box
    """Even; holds all that differs from the picture before. `NO_BOX`: nothing was drawn."""


@dataclass(frozen=True)
class _Fade:
    """A cross-fade: what was shown before, where it differs, and how much of it is gone."""

    ops: tuple[Op, ...]
    box: Box
    part: float


class TitleRenderer:
    """Draws one title after another into one picture."""

    def __init__(self, width: int, height: int, rate: Rate) -> None:
        """A picture of an even size, in pixels; the rate turns milliseconds into frames."""
        self.width, self.height = width, height
        self.pixels: Pixels = np.zeros((height, width, 4), np.uint8)
        """ARGB32 premultiplied as Qt has it: bytes B, G, R, A."""
        self._rate = rate
        self._image = QImage(self.pixels.data, width, height, width * 4, QImage.Format.Format_ARGB32_Premultiplied)
        self._fonts = Fonts()
        self._images = Images()
        self._setter = Typesetter(self._fonts)
        self._arranger = Arranger(width, height, self._setter, self._images.size)
        self._displayer = Displayer(self._setter, self._images.known_size)
        self._easel = Easel(self._setter.sprite, self._images.picture, flag)
        self._placed: list[tuple[Template, _Frozen, Placed]] = []
        self._ops: tuple[Op, ...] = ()
        self._fade: _Fade | None = None
        self._box = NO_BOX
        self._at_rest: Placed | None = None
        self._whole = Box(0, 0, width, height)

    @property
    def troubles(self) -> tuple[str, ...]:
        """What titles lack on this machine, each told once: fonts, characters, picture files."""
        return (*self._fonts.troubles, *self._images.troubles)

    def render(self, template: Template, values: Values, phase: Phase) -> Drawn:
        """Bring the picture to a phase of a title. Values that are not given are the template's defaults."""
        moment = Moment(phase.shown, phase.out, frames_of(template.in_ms, self._rate), self._rate)
        if phase.out is not None and phase.out >= frames_of(template.out_ms, self._rate):
            return self._show((), None)
        if phase.shown < 0:
            there = replace(moment, shown=moment.in_frames)  # all its letters are drawn before the take
            self._displayer.ops(self._place(template, values), there, phase.time)
            return self._show((), None)
        placed, part = self._place(template, values), self._faded(template, phase)
        at_rest = phase.out is None and moment.shown >= moment.in_frames and part >= 1 and not template.lively
        if at_rest and self._at_rest is placed:
            return Drawn(self._box, NO_BOX)
        drawn = self._show(*self._painted(placed, moment, phase, part))
        self._at_rest = placed if at_rest else None
        return drawn

    def _painted(
        self, placed: Placed, moment: Moment, phase: Phase, part: float
    ) -> tuple[tuple[Op, ...], _Fade | None]:
        """What is to be painted, and what it fades over from."""
        ops = self._displayer.ops(placed, moment, phase.time)
        fade = None
        if part < 1 and phase.before is not None:
            old = self._displayer.ops(self._place(placed.template, phase.before), moment, phase.time)
            box = common(self._even(changed(old, ops)), self._whole)
            if box != NO_BOX:
                fade = _Fade(old, box, part)
        return ops, fade

    def clear(self) -> Drawn:
        """Show nothing."""
        return self._show((), None)

    def _faded(self, template: Template, phase: Phase) -> float:
        """How much of the values before is gone."""
        whole = frames_of(template.update_ms, self._rate)
        if phase.updated is None or phase.updated + 1 >= whole:
            return 1.0
        return eased(Ease.IN_OUT, (phase.updated + 1) / whole)

    def _place(self, template: Template, values: Values) -> Placed:
        frozen = _frozen(values)
        for index, (known, known_values, placed) in enumerate(self._placed):
            if known is template and known_values == frozen:
                self._placed.append(self._placed.pop(index))
                return placed
        placed = self._arranger.place(template, {**template.defaults(), **values})
        self._placed = [*self._placed[1 - _KEPT :], (template, frozen, placed)]
        return placed

    def _show(self, ops: tuple[Op, ...], fade: _Fade | None) -> Drawn:
        """Paint what differs from what is painted already."""
        differs = [changed(self._ops, ops)]
        if fade != self._fade:
            differs += [one.box for one in (self._fade, fade) if one is not None]
        dirty = common(self._even(around_all(differs)), self._whole)
        self._easel.paint(self._image, ops, dirty)
        if fade is not None and dirty != NO_BOX:
            self._blend(fade, ops)
        self._ops, self._fade, self._at_rest = ops, fade, None
        held = around_all([op.bounds for op in ops] + ([fade.box] if fade is not None else []))
        self._box = common(self._even(held), self._whole)
        return Drawn(self._box, dirty)

    def _blend(self, fade: _Fade, ops: tuple[Op, ...]) -> None:
        """Cross-fade in a box: what is the same before and after stays exactly as it is."""
        box = fade.box
        old = QImage(box.width, box.height, QImage.Format.Format_ARGB32_Premultiplied)
        self._easel.paint(old, fade.ops, box, (box.x, box.y))
        self._easel.paint(self._image, ops, box)
        before = np.frombuffer(old.constBits(), np.uint8).reshape(box.height, box.width, 4)
        area: Any = self.pixels[box.y : box.y + box.height, box.x : box.x + box.width]
        area[:] = cv2.addWeighted(before, 1 - fade.part, area, fade.part, 0)

    @staticmethod
    def _even(box: Box) -> Box:
        if box == NO_BOX:
            return box
        x, y = box.x // 2 * 2, box.y // 2 * 2
        return Box(x, y, -(-(box.x + box.width - x) // 2) * 2, -(-(box.y + box.height - y) // 2) * 2)


class Playback:
    """Follows one keyer from frame to frame: when its title came on, went off, and had its values changed."""

    def __init__(self) -> None:
        self._template: Template | None = None
        self._values: dict[str, Value] = {}
        self._before: dict[str, Value] | None = None
        self._taken = self._updated = self._changed = 0
        self._air = Switched()

    def phase(self, template: Template, values: Values, air: Switched, frame: int, time: Time) -> Phase:
        """The phase of a title at a frame, whose key is on or off since `air.at`.

        Values that change while it is on air fade over from this frame, unless they change all the time; another
        template begins with its in-animation. One that was switched on before this follower began is where it would be.
        """
        switched = air.on and air != self._air
        if switched or template is not self._template:
            begun = switched and (self._template is None or template is self._template or air.at >= frame)
            self._taken = air.at if begun else frame
            self._template, self._values, self._before = template, dict(values), None
        elif dict(values) != self._values:
            calm = air.on and frame - self._changed >= _CALM_FRAMES
            self._before, self._updated = (self._values, frame) if calm else (None, 0)
            self._values, self._changed = dict(values), frame
        self._air = air
        if not air.on:
            return Phase(frame - self._taken, frame - air.at, time=time) if self._taken < air.at else Phase(-1)
        updated = frame - self._updated if self._before is not None else None
        return Phase(frame - self._taken, None, updated, self._before, time)


def _frozen(values: Values) -> _Frozen:
    """Values as a comparable snapshot."""
    return tuple(
        (name, value if isinstance(value, str) else tuple(_cells(row) for row in value))
        for name, value in sorted(values.items())
    )


def _cells(row: Row) -> tuple[tuple[str, str], ...]:
    return tuple(row.items()) if isinstance(row, Mapping) else ()

"""Plans to pixels: `render` draws one plan; slates stand in for sources that have nothing to show."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import NamedTuple

import cv2

from console.media.picture import Picture, new_picture
from console.mix.kernels import Keyer, blend, darken
from console.mix.plan import MixPlan
from console.show.model import SourceId

_KEYERS_KEPT = 8
_SLATES_KEPT = 64
_GREY, _WHITE = 44, 225


class Drawable(NamedTuple):
    """A source's picture for this frame; `token` changes when the pixels do."""

    picture: Picture
    token: Hashable


Finder = Callable[[SourceId], Drawable]


class Renderer:
    """Draws plans. Keeps graphics that do not change ready to be laid over."""

    def __init__(self) -> None:
        self._keyers: dict[SourceId, tuple[Hashable, Keyer]] = {}

    def render(self, plan: MixPlan, find: Finder, out: Picture) -> None:
        """Draw a plan into `out`; `find` gives the picture of every source in `plan.sources`."""
        if plan.black >= 1.0:
            out.fill()
            return
        self._background(plan, find, out)
        if plan.dip > 0.0:
            darken(out, plan.dip)
        for source in plan.keys:
            self._keyer(source, find(source)).lay_over(out)
        if plan.black > 0.0:
            darken(out, plan.black)

    def _background(self, plan: MixPlan, find: Finder, out: Picture) -> None:
        base, over = plan.base, plan.over
        if plan.mix >= 1.0:
            base, over = over, None
        if plan.dip >= 1.0 or (base is None and (over is None or plan.mix <= 0.0)):
            out.fill()
        elif plan.mix <= 0.0 or plan.mix >= 1.0 or base == over:
            assert base is not None  # noqa: S101 - the case above
            out.copy_from(find(base).picture)
        elif base is None or over is None:  # one side is black
            shown, share = (over, plan.mix) if base is None else (base, 1.0 - plan.mix)
            assert shown is not None  # noqa: S101
            out.copy_from(find(shown).picture)
            darken(out, 1.0 - share)
        else:
            blend(find(base).picture, find(over).picture, plan.mix, out)

    def _keyer(self, source: SourceId, drawable: Drawable) -> Keyer:
        kept = self._keyers.get(source)
        if kept is None or kept[0] != drawable.token:
            if len(self._keyers) >= _KEYERS_KEPT:
                self._keyers.clear()
            kept = self._keyers[source] = (drawable.token, Keyer(drawable.picture))
        return kept[1]


class Slates:
    """Pictures that say which source is missing and for how long; drawn once per second of age."""

    def __init__(self, width: int, height: int) -> None:
        self._width, self._height = width, height
        self._drawn: dict[SourceId, Drawable] = {}

    def find(self, source: SourceId, name: str, age_ns: int | None) -> Drawable:
        """The slate of a source; `age_ns` is None when no picture ever came."""
        second = None if age_ns is None else age_ns // 1_000_000_000
        token = ("slate", source, name, second)
        kept = self._drawn.get(source)
        if kept is not None and kept.token == token:
            return kept
        if len(self._drawn) >= _SLATES_KEPT:
            self._drawn.clear()
        picture = kept.picture if kept is not None else new_picture(self._width, self._height)
        picture.fill(_GREY)
        self._line(picture, name, 0.46, 1.6)
        self._line(picture, "NO SIGNAL" if second is None else f"NO SIGNAL FOR {_age(second)}", 0.58, 0.9)
        drawable = self._drawn[source] = Drawable(picture, token)
        return drawable

    def _line(self, picture: Picture, text: str, at: float, size: float) -> None:
        scale = size * self._height / 720
        thick = max(1, round(scale * 2))
        # The strokes of this font are ASCII; other letters would come out as question marks in a row.
        text = text.encode("ascii", "replace").decode()[:40]
        (width, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, thick)
        if width > self._width * 0.9:
            scale *= self._width * 0.9 / width
            width = int(self._width * 0.9)
        place = ((self._width - width) // 2, int(self._height * at))
        cv2.putText(picture.y, text, place, cv2.FONT_HERSHEY_SIMPLEX, scale, (_WHITE,), thick, cv2.LINE_AA)


def _age(seconds: int) -> str:
    return f"{seconds} s" if seconds < 60 else f"{seconds // 60} min {seconds % 60:02} s"

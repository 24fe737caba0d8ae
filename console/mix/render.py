"""Plans to pixels: `render` draws one plan; slates stand in for sources that have nothing to show."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import NamedTuple

import cv2

from console.media.picture import Picture, new_picture
from console.mix.kernels import Box, Keyer, Overlayer, blend, darken
from console.mix.plan import MixPlan
from console.show.model import SourceId

_KEYERS_KEPT = 8
_SLATES_KEPT = 64
_GREY, _WHITE = 44, 225


class Drawable(NamedTuple):
    """A source's picture for this frame; `token` changes when the pixels do."""

    picture: Picture
    token: Hashable
    box: Box | None = None
    """A graphic whose fill is multiplied by its key already has it in this box and is transparent outside."""


Finder = Callable[[SourceId], Drawable]
OverlayFinder = Callable[[SourceId], Drawable | None]


def without_overlays(_source: SourceId) -> None:
    """No source has graphics."""


class Renderer:
    """Draws plans. Keeps graphics that do not change ready to be laid over."""

    def __init__(self) -> None:
        self._keyers: dict[SourceId, tuple[Hashable, Keyer]] = {}
        self._overlayer: Overlayer | None = None
        self._mixed: Picture | None = None
        """The second picture of a mix with the graphics that are locked to it."""

    def render(self, plan: MixPlan, find: Finder, out: Picture, find_overlay: OverlayFinder = without_overlays) -> None:
        """Draw a plan into `out`.

        `find` gives the picture of every source in `plan.sources` and of every title in `plan.keys`, `find_overlay`
        the graphics (in their box) that are locked to the picture of a source in `plan.overlaid`, if there are any.
        """
        if plan.black >= 1.0:
            out.fill()
            return
        self._background(plan, find, find_overlay if plan.overlay else without_overlays, out)
        if plan.dip > 0.0:
            darken(out, plan.dip)
        for key in plan.keys:
            self._key(key, find(key), out)
        if plan.black > 0.0:
            darken(out, plan.black)

    def _background(self, plan: MixPlan, find: Finder, find_overlay: OverlayFinder, out: Picture) -> None:
        base, over = plan.base, plan.over
        if plan.mix >= 1.0:
            base, over = over, None
        if plan.dip >= 1.0 or (base is None and (over is None or plan.mix <= 0.0)):
            out.fill()
        elif plan.mix <= 0.0 or plan.mix >= 1.0 or base == over:
            assert base is not None  # noqa: S101 - the case above
            self._one(base, find, find_overlay, out)
        elif base is None or over is None:  # one side is black
            shown, share = (over, plan.mix) if base is None else (base, 1.0 - plan.mix)
            assert shown is not None  # noqa: S101
            self._one(shown, find, find_overlay, out)
            darken(out, 1.0 - share)
        else:
            first = self._with_overlay(base, find, find_overlay, out)
            if self._mixed is None:
                self._mixed = new_picture(out.width, out.height)
            blend(first, self._with_overlay(over, find, find_overlay, self._mixed), plan.mix, out)

    def _one(self, source: SourceId, find: Finder, find_overlay: OverlayFinder, out: Picture) -> None:
        shown = self._with_overlay(source, find, find_overlay, out)
        if shown is not out:
            out.copy_from(shown)

    def _with_overlay(self, source: SourceId, find: Finder, find_overlay: OverlayFinder, into: Picture) -> Picture:
        """A source's picture as it is, or with its graphics in `into`."""
        picture, overlay = find(source).picture, find_overlay(source)
        if overlay is None or overlay.box is None:
            return picture
        into.copy_from(picture)
        self._lay(overlay.picture, overlay.box, into)
        return into

    def _key(self, key: SourceId, drawable: Drawable, out: Picture) -> None:
        if drawable.box is None:
            self._keyer(key, drawable).lay_over(out)
        else:
            self._lay(drawable.picture, drawable.box, out)

    def _lay(self, graphic: Picture, box: Box, out: Picture) -> None:
        if box[2] and box[3]:
            if self._overlayer is None:
                self._overlayer = Overlayer(out.width)
            self._overlayer.lay_over(graphic, box, out)

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

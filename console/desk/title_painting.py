"""Pictures of titles at rest, for whoever writes them: in the desk's own process, small, one when something changed.

Drawn where the windows are, as fonts are not for two threads at once; a table of results takes 6 to 20 ms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtGui import QImage

from console.graphics.template import Template, Values
from console.media.time import Format

if TYPE_CHECKING:
    from console.graphics.titles import TitleRenderer

_EDGE = 0.04
"""Room around a title that is seen close up, as a part of its longer side."""
_WIDEST_PX = 1920
"""The whole picture, of which a part is seen close up."""
_RUNS_MS = 4000
"""A crawl is seen as it is so long after it came."""
_KEPT = 2


@dataclass(frozen=True)
class Order:
    """A title to draw at rest."""

    template: Template
    values: Values
    form: Format
    room: tuple[int, int]
    """The most width and height, device pixels."""
    close_up: bool = False
    """Only the part of the picture where the title is."""
    day_ms: int = 0


@dataclass(frozen=True)
class Painted:
    """How it looks: premultiplied, transparent where the program is seen."""

    picture: QImage | None
    """None: it could not be drawn, or there is nothing to be seen."""
    troubles: tuple[str, ...] = ()


class TitlePainter:
    """Draws titles; keeps what it drew with, which knows letters that it has drawn before."""

    def __init__(self) -> None:
        self._kept: list[TitleRenderer] = []

    def paint(self, order: Order) -> Painted:
        """Draw a title. Total: a fault is a trouble."""
        try:
            return self._painted(order)
        except Exception as error:  # a template or picture may be odd in any way, and the desk goes on
            self._kept.clear()
            return Painted(None, (f"It can't be drawn: {error}",))

    def _painted(self, order: Order) -> Painted:
        from console.graphics.animate import frames_of  # noqa: PLC0415 - the window does not wait for what draws
        from console.graphics.convert import NO_BOX  # noqa: PLC0415
        from console.graphics.display import Time  # noqa: PLC0415
        from console.graphics.titles import Phase  # noqa: PLC0415

        form, template = order.form, order.template
        shown = template.in_ms + (_RUNS_MS if template.lively else 0)
        phase = Phase(frames_of(shown, form.rate) + 1, time=Time(None, order.day_ms))
        scale = min(order.room[0] / form.width, order.room[1] / form.height)
        renderer = self._renderer(form, scale)
        box = renderer.render(template, order.values, phase).box
        edge = 0
        if order.close_up and box != NO_BOX:
            around = 1 + 2 * _EDGE
            side = max(box.width, box.height) * (around - 1)
            scale *= min(order.room[0] / (box.width + side), order.room[1] / (box.height + side))
            renderer = self._renderer(form, min(scale, _WIDEST_PX / form.width))
            box = renderer.render(template, order.values, phase).box
            edge = round(_EDGE * max(box.width, box.height))
        troubles = renderer.troubles
        if troubles:  # what it lacked for this title it may not lack for the next
            self._kept = [kept for kept in self._kept if kept is not renderer]
        if box == NO_BOX:
            return Painted(None, troubles)
        width, height = renderer.width, renderer.height
        whole = QImage(renderer.pixels.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied)
        if not order.close_up:
            return Painted(whole.copy(), troubles)
        near = whole.copy(box.x - edge, box.y - edge, box.width + 2 * edge, box.height + 2 * edge)
        return Painted(near, troubles)

    def _renderer(self, form: Format, scale: float) -> TitleRenderer:
        """One for a size that is even both ways."""
        from console.graphics.titles import TitleRenderer  # noqa: PLC0415 - as above

        width, height = (max(2, round(side * scale / 2) * 2) for side in (form.width, form.height))
        for kept in self._kept:
            if (kept.width, kept.height) == (width, height):
                return kept
        made = TitleRenderer(width, height, form.rate)
        self._kept = [*self._kept[1 - _KEPT :], made]
        return made

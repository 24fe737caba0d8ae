"""Pictures of titles for the desk, drawn beside it: a table of rows takes longer than a picture of the multiview may.

The thread is started with the first order and draws only the newest one; what drawing needs is loaded there too.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtGui import QImage

from console.graphics.template import Template, Values
from console.media.time import Format

_EDGE = 0.04
"""Room around a title that is seen close up, as a part of its longer side."""
_RUNS_MS = 4000
"""A crawl is seen as it is so long after it came."""


@dataclass(frozen=True)
class Order:
    """A title to draw at rest."""

    number: int
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

    number: int
    picture: QImage | None
    """None: it could not be drawn, or there is nothing to be seen."""
    troubles: tuple[str, ...] = ()


def paint(order: Order) -> Painted:
    """Draw a title. Total: a fault is a trouble."""
    try:
        picture, troubles = _drawn(order)
    except Exception as error:  # a template or picture may be odd in any way, and the desk goes on
        return Painted(order.number, None, (f"It can't be drawn: {error}",))
    return Painted(order.number, picture, troubles)


def _drawn(order: Order) -> tuple[QImage | None, tuple[str, ...]]:
    from console.graphics.animate import frames_of  # noqa: PLC0415 - the window does not wait for what draws
    from console.graphics.convert import NO_BOX  # noqa: PLC0415
    from console.graphics.display import Time  # noqa: PLC0415
    from console.graphics.titles import Phase, TitleRenderer  # noqa: PLC0415

    form, template = order.form, order.template
    shown = template.in_ms + (_RUNS_MS if template.lively else 0)
    phase = Phase(frames_of(shown, form.rate) + 1, time=Time(None, order.day_ms))
    scale = min(order.room[0] / form.width, order.room[1] / form.height)
    renderer = TitleRenderer(*_size(form, scale), form.rate)
    box = renderer.render(template, order.values, phase).box
    if box == NO_BOX:
        return None, renderer.troubles
    if order.close_up:
        edge = _EDGE * max(box.width, box.height)
        scale *= min(order.room[0] / (box.width + 2 * edge), order.room[1] / (box.height + 2 * edge))
        renderer = TitleRenderer(*_size(form, max(0.02, min(scale, 1.0))), form.rate)
        box = renderer.render(template, order.values, phase).box
    whole = QImage(
        renderer.pixels.tobytes(), renderer.width, renderer.height, renderer.width * 4,
        QImage.Format.Format_ARGB32_Premultiplied,
    )  # fmt: skip
    if not order.close_up:
        return whole.copy(), renderer.troubles
    edge = round(_EDGE * max(box.width, box.height))
    return whole.copy(box.x - edge, box.y - edge, box.width + 2 * edge, box.height + 2 * edge), renderer.troubles


def _size(form: Format, scale: float) -> tuple[int, int]:
    """A size that is even both ways."""
    return max(2, round(form.width * scale / 2) * 2), max(2, round(form.height * scale / 2) * 2)


class TitlePainter:
    """Draws the newest order, and tells `done` from its own thread."""

    def __init__(self, done: Callable[[Painted], None]) -> None:
        self._done = done
        self._order: Order | None = None
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def ask(self, order: Order) -> None:
        """Draw this, and nothing that was asked for before and is not begun."""
        with self._changed:
            if self._closed:
                return
            self._order = order
            self._changed.notify()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="title-preview", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """End the thread; the picture that it is at is the last."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(5)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._order is not None)
                if self._closed or self._order is None:
                    return
                order, self._order = self._order, None
            painted = paint(order)
            with self._changed:
                if self._closed:
                    return
            self._done(painted)

"""Titles on the downstream keyers: each drawn one frame ahead into its ring, and only when it changes.

A frame whose picture has been published is left as it is; an order that comes later shows at the next one, so a title
is on air two frames after the order at the latest.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from console.errors import ConsoleError
from console.graphics.animate import frames_of
from console.graphics.convert import NO_BOX
from console.graphics.display import Time
from console.graphics.library import Library
from console.graphics.rings import FAR_NS, Drawing
from console.graphics.status import Troubles, fault
from console.graphics.template import Template, Values
from console.graphics.titles import Drawn, Phase, Playback, TitleRenderer
from console.graphics.world import Stage
from console.media.clock import Clock
from console.media.time import Format
from console.results.binding import Feeds, fill
from console.show.world import Switched, Title
from console.wire.ring import PREVIEW_ONLY

_COSTS_KEPT, _FIRST_COST_NS, _MARGIN_NS = 64, 4_000_000, 1_000_000
_DAY_MS = 86_400_000


class Caption:
    """One keyer's title."""

    def __init__(self, number: int, drawing: Drawing, form: Format) -> None:
        self.number, self.drawing = number, drawing
        self.renderer = TitleRenderer(form.width, form.height, form.rate)
        self.title: Title | None = None
        self.template: Template | None = None
        self.values: Values = {}
        self.playback = Playback()
        self.looked = self.published = 0
        """The last frame it was drawn for, and the last that was published."""
        self.stale = True
        """Something was ordered since it was drawn last."""
        self.pts: int | None = None
        """Of the last that was published: `PREVIEW_ONLY` or 0."""


class Captions:
    """The title rings of all keyers."""

    def __init__(self, rings: Sequence[Path], form: Format, troubles: Troubles, clock: Clock) -> None:
        """Rings that can't be taken over are troubles; their keyers have no titles."""
        self._form, self._troubles, self._clock = form, troubles, clock
        self._library = Library()
        self._stage: Stage | None = None
        self._feeds: Feeds = {}
        self._costs: deque[int] = deque(maxlen=_COSTS_KEPT)
        self._captions: list[Caption] = []
        for number, path in enumerate(rings, 1):
            try:
                self._captions.append(Caption(number, Drawing(path), form))
            except ConsoleError as error:
                troubles.tell(f"title:{number}:ring", str(error))

    def follow(self, stage: Stage, titles: Sequence[Title | None]) -> None:
        """Draw other titles, or switch them."""
        self._stage = stage
        for caption in self._captions:
            caption.title = titles[caption.number - 1] if caption.number <= len(titles) else None
            caption.stale = True
        self._fill()

    def tell(self, feeds: Feeds) -> None:
        """Draw with what the feeds say now, and with templates as their files are now."""
        self._feeds = feeds
        self._fill()

    def turn(self) -> int:
        """Draw what is to be seen at the next frame; when to look again (monotonic ns)."""
        stage, next_ns = self._stage, FAR_NS
        if stage is None:
            return next_ns
        for caption in self._captions:
            if caption.stale or self._lives(stage, caption):
                next_ns = min(next_ns, self._draw(stage, caption))
        return next_ns

    def beat(self) -> None:
        """Say on every ring that graphics work."""
        now = self._clock.now()
        for caption in self._captions:
            caption.drawing.ring.beat(now)

    def close(self) -> None:
        """Let go of the rings."""
        for caption in self._captions:
            caption.drawing.ring.close()

    @property
    def lacks(self) -> list[str]:
        """What this machine lacks for the titles: fonts, characters, picture files."""
        return list(dict.fromkeys(text for caption in self._captions for text in caption.renderer.troubles))

    def _fill(self) -> None:
        """Each title's template, and its fields with their data in them."""
        for caption in self._captions:
            about, title = f"title:{caption.number}", caption.title
            template: Template | None = None
            values: Values = {}
            if title is None:
                self._troubles.forget(about)
            else:
                template, values = self._filled(about, title)
            if template is not caption.template or values != caption.values:
                caption.template, caption.values, caption.stale = template, values, True

    def _filled(self, about: str, title: Title) -> tuple[Template | None, Values]:
        filled = fill(title, self._feeds)
        try:
            template = self._library.get(title.template)
        except ConsoleError as error:
            self._troubles.tell(about, str(error))
            return None, filled.fields
        known = {field.name for field in template.fields}
        faults = [*filled.troubles, *(f"It has no field '{name}'" for name in filled.fields if name not in known)]
        if faults:
            self._troubles.tell(about, f"The title {title.template}: {' '.join(faults)}")
        else:
            self._troubles.mend(about)
        return template, filled.fields

    def _switched(self, stage: Stage, caption: Caption) -> Switched:
        titles = stage.air.titles
        return titles[caption.number - 1] if caption.number <= len(titles) else Switched()

    def _lives(self, stage: Stage, caption: Caption) -> bool:
        """Whether it may change from frame to frame."""
        if caption.template is None:
            return False
        switched, frame = self._switched(stage, caption), stage.frame(self._clock.now())
        return switched.on or (switched.at > 0 and frame - switched.at <= self._frames(caption.template.out_ms) + 2)

    def _draw(self, stage: Stage, caption: Caption) -> int:
        """Draw the next frame that can still be had; when to look again."""
        now = self._clock.now()
        frame_ns = self._form.rate.start_ns(1)
        cost_ns = round(median(self._costs)) if self._costs else _FIRST_COST_NS
        frame = stage.frame(now + min(cost_ns, frame_ns // 2) + _MARGIN_NS + frame_ns // 2)
        if frame <= caption.published or (frame <= caption.looked and not caption.stale):
            return stage.start_ns(max(frame, caption.published))
        self._render(stage, caption, frame)
        return stage.start_ns(frame)

    def _render(self, stage: Stage, caption: Caption, frame: int) -> None:
        began = self._clock.now()
        caption.looked, caption.stale = frame, False
        renderer, drawing, about = caption.renderer, caption.drawing, f"title:{caption.number}:draw"
        try:
            drawn, pts = self._drawn(stage, caption, frame)
        except Exception as error:  # whatever it is, it takes nothing else along
            self._troubles.tell(about, f"Title {caption.number} can't be drawn: {fault(error)}")
            drawn, pts, caption.template = renderer.clear(), 0, None  # it is tried again with the next filling
        else:
            if caption.template is not None:
                self._troubles.mend(about)
        if drawn.changed == NO_BOX and pts == caption.pts:
            return
        into = drawing.begin()
        into.lay(renderer.pixels, () if drawn.box == NO_BOX else (drawn.box,))
        now = self._clock.now()
        drawing.publish(into, frame=frame, due_ns=stage.start_ns(frame), now_ns=now, pts=pts)
        caption.published, caption.pts = frame, pts
        self._costs.append(now - began)

    def _drawn(self, stage: Stage, caption: Caption, frame: int) -> tuple[Drawn, int]:
        """What is seen at a frame, and whether on preview alone: there a title that is off stands as it will."""
        template, renderer, index = caption.template, caption.renderer, caption.number - 1
        if template is None:
            return renderer.clear(), 0
        time = _time(stage, frame)
        phase = caption.playback.phase(template, caption.values, self._switched(stage, caption), frame, time)
        gone = phase.shown < 0 or (phase.out is not None and phase.out >= self._frames(template.out_ms))
        if gone and index < len(stage.air.keyers_preview) and stage.air.keyers_preview[index]:
            rest = Phase(self._frames(template.in_ms) + 1, time=time)
            return renderer.render(template, caption.values, rest), PREVIEW_ONLY
        return renderer.render(template, caption.values, phase), 0

    def _frames(self, ms: int) -> int:
        return frames_of(ms, self._form.rate)


def _time(stage: Stage, frame: int) -> Time:
    """What clocks show at a frame."""
    unix_ns = stage.rate.start_ns(frame)
    race_s = stage.race_s(stage.start_ns(frame))
    local = datetime.fromtimestamp(unix_ns / 1e9, UTC).astimezone()
    offset = local.utcoffset()
    day_ms = (unix_ns // 1_000_000 + (round(offset.total_seconds() * 1000) if offset else 0)) % _DAY_MS
    return Time(None if race_s is None else round(race_s * 1000), day_ms)

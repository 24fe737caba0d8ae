"""From a placed title and a moment to a display list: pure, so frame n always looks the same."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from console.graphics import template as t
from console.graphics.animate import Moment, Pose, frames_of, pose
from console.graphics.arrange import ImageSize, Node, Placed, Rect
from console.graphics.clocks import clock_ms, clock_text
from console.graphics.convert import NO_BOX, Box
from console.graphics.draw import File, Fill, FlagOf, Layer, Op, Sprite, common, covering
from console.graphics.fonts import runs_right_to_left
from console.graphics.textbox import Look, Setting, Typesetter

_CHUNK = 40
"""Letters of a crawl that are drawn as one."""


@dataclass(frozen=True)
class Time:
    """What clocks need to know."""

    run_ms: int | None = None
    """Since the instant that clocks count from; None: they do not run yet."""
    day_ms: int = 0
    """Since midnight, local time."""


@dataclass(frozen=True)
class _Frame:
    """What everything further in goes through: x' = scale * x + shift; where it is cut; how opaque."""

    scale: float = 1.0
    shift_x: float = 0.0
    shift_y: float = 0.0
    clip: Box | None = None
    opacity: float = 1.0

    def rect(self, rect: Rect) -> Rect:
        return Rect(
            rect.x * self.scale + self.shift_x,
            rect.y * self.scale + self.shift_y,
            rect.width * self.scale,
            rect.height * self.scale,
        )


class Displayer:
    """Makes display lists."""

    def __init__(self, setter: Typesetter, image_size: ImageSize) -> None:
        self._setter, self._image_size = setter, image_size

    def ops(self, placed: Placed, moment: Moment, time: Time) -> tuple[Op, ...]:
        """All that is to be painted of a title at a moment, back to front."""
        return tuple(self._all(placed, placed.nodes, moment, time, _Frame()))

    def _all(self, placed: Placed, nodes: Sequence[Node], moment: Moment, time: Time, frame: _Frame) -> list[Op]:
        return [op for node in nodes for op in self._node(placed, node, moment, time, frame)]

    def _node(self, placed: Placed, node: Node, moment: Moment, time: Time, outer: _Frame) -> list[Op]:
        state = pose(node.item, moment, frames_of(node.delay_ms, moment.rate))
        opacity = state.opacity * node.item.opacity
        if opacity <= 0.002 or state.scale <= 0.001 or state.reveal <= 0:
            return []
        frame = _moved(placed, node, state, outer)
        if frame.clip == NO_BOX:
            return []
        if node.children and opacity < 1:
            inner = self._content(placed, node, moment, time, replace(frame, opacity=1.0))
            return [_layer(inner, frame.clip, opacity * outer.opacity)] if inner else []
        return self._content(placed, node, moment, time, replace(frame, opacity=outer.opacity * opacity))

    def _content(self, placed: Placed, node: Node, moment: Moment, time: Time, frame: _Frame) -> list[Op]:
        content, rect = node.item.content, frame.rect(node.rect)
        if isinstance(content, t.Box):
            found = []
            if (node.fill or node.border is not None) and rect.width > 0 and rect.height > 0:
                px = placed.scale * frame.scale
                radius = min(content.radius * px, rect.width / 2, rect.height / 2)
                line = max(1.0, round(node.border.width * px)) if node.border is not None else 0.0
                found = [Op(rect, Fill(node.fill, radius, node.border, line), frame.clip, frame.opacity)]
            return found + self._all(placed, node.children, moment, time, frame)
        if isinstance(content, t.Rows):
            return self._all(placed, node.children, moment, time, frame)
        if isinstance(content, t.Image):
            return self._image(node, frame)
        if isinstance(content, t.Flag):
            return [Op(rect, FlagOf(node.text), frame.clip, frame.opacity)] if node.text else []
        if isinstance(content, t.Crawl):
            return self._crawl(placed, node, content, moment, frame)
        return self._text(node, content, time, frame, mirrored=placed.mirrored)

    def _image(self, node: Node, frame: _Frame) -> list[Op]:
        """A picture as large as its room lets it be, in the middle of it."""
        size, (x, y, width, height) = self._image_size(Path(node.text)) if node.text else None, node.rect
        if size is None or min(*size, width, height) <= 0:
            return []
        factor = min(width / size[0], height / size[1])
        wide, high = max(1, round(size[0] * factor)), max(1, round(size[1] * factor))
        rect = Rect(x + round((width - wide) / 2), y + round((height - high) / 2), wide, high)
        return [Op(frame.rect(rect), File(node.text), frame.clip, frame.opacity)]

    def _text(self, node: Node, content: t.Text | t.Clock, time: Time, frame: _Frame, *, mirrored: bool) -> list[Op]:
        setting = node.setting
        if isinstance(content, t.Clock):
            ms = clock_ms(content.mode, node.text, time.run_ms, time.day_ms)
            down = content.mode in (t.ClockMode.DOWN, t.ClockMode.UNTIL)
            align = content.align
            if mirrored:
                align = {"left": "right", "right": "left"}.get(align, align)
            text = clock_text(ms, content.format, down=down)
            setting = self._setter.clock(text, node.look, align)
        if setting is None or not any(setting.lines):
            return []
        spare = node.rect.width - setting.width
        x = node.rect.x + round(spare * {"left": 0.0, "center": 0.5, "right": 1.0}[setting.align])
        paragraph = isinstance(content, t.Text) and content.lines > 1
        y = node.rect.y + (0 if paragraph else round((node.rect.height - setting.height) / 2))
        image, pad = self._setter.sprite(setting), setting.pad
        rect = frame.rect(Rect(x - pad, y - pad, image.width(), image.height()))
        return [Op(rect, Sprite(setting), frame.clip, frame.opacity)]

    def _crawl(self, placed: Placed, node: Node, crawl: t.Crawl, moment: Moment, frame: _Frame) -> list[Op]:
        """Messages that go by, by whole pixels a frame: so letters stay as sharp as when they stand."""
        pieces = self._pieces(node.text, node.look, crawl, placed.scale)
        length = sum(advance for _, advance in pieces)
        if length <= 0:
            return []
        step = max(1, round(crawl.units_per_s * placed.scale * moment.rate.den / moment.rate.num))
        run = step * moment.shown
        rightwards = runs_right_to_left(node.text)
        clip = covering(frame.rect(node.rect))
        clip = clip if frame.clip is None else common(clip, frame.clip)
        width = node.rect.width
        found: list[Op] = []
        # The head of the messages enters at the far edge; where it has left by the other, the next round has entered.
        first = max(0, int((run - width - length) // length))
        at = width - run + first * length
        while at < width and clip != NO_BOX:
            for setting, advance in pieces:
                if at < width and at + advance > 0:
                    image, pad = self._setter.sprite(setting), setting.pad
                    x = node.rect.x + (width - at - setting.width if rightwards else at)
                    y = node.rect.y + round((node.rect.height - setting.height) / 2)
                    rect = frame.rect(Rect(x - pad, y - pad, image.width(), image.height()))
                    found.append(Op(rect, Sprite(setting), clip, frame.opacity))
                at += advance
        return found

    def _pieces(self, text: str, look: Look, crawl: t.Crawl, scale: float) -> list[tuple[Setting, int]]:
        """The words of a crawl and how far it is from each to the next; words, so that no sprite is endless."""
        messages = [message.strip() for message in text.split("\n") if message.strip()]
        gap = max(1, round(crawl.gap * scale))
        space = round(self._setter.width("n n", look) - self._setter.width("nn", look))
        found: list[tuple[Setting, int]] = []
        for message in messages:
            chunks = _chunks(message)
            for index, chunk in enumerate(chunks):
                setting = self._setter.one_line(chunk, look, math.inf)
                if setting.width == 0:
                    continue
                found.append((setting, setting.width + (space if index < len(chunks) - 1 else gap)))
            if crawl.between:
                setting = self._setter.one_line(crawl.between, look, math.inf)
                found.append((setting, setting.width + gap))
        return found


def _chunks(message: str) -> list[str]:
    """A message in pieces of some words."""
    chunks = [""]
    for word in message.split():
        if chunks[-1] and len(chunks[-1]) + len(word) > _CHUNK:
            chunks.append("")
        chunks[-1] = f"{chunks[-1]} {word}".strip()
    return [chunk[at : at + _CHUNK * 2] for chunk in chunks for at in range(0, len(chunk), _CHUNK * 2)]


def _moved(placed: Placed, node: Node, state: Pose, outer: _Frame) -> _Frame:
    """The frame of what is in a node."""
    rect, turned = node.rect, -1.0 if placed.mirrored else 1.0
    middle_x, middle_y = rect.x + rect.width / 2, rect.y + rect.height / 2
    dx, dy = state.x * placed.scale * turned, state.y * placed.scale
    frame = _Frame(
        outer.scale * state.scale,
        outer.scale * (middle_x * (1 - state.scale) + dx) + outer.shift_x,
        outer.scale * (middle_y * (1 - state.scale) + dy) + outer.shift_y,
        outer.clip,
    )
    if state.reveal >= 1 and not node.item.clip:
        return frame
    # What is being revealed stays where it will be, so it is cut, not squeezed.
    area = _revealed(frame.rect(rect), state.reveal, node.item.reveal_from, mirrored=placed.mirrored)
    return replace(frame, clip=area if outer.clip is None else common(area, outer.clip))


def _revealed(rect: Rect, part: float, side: str, *, mirrored: bool) -> Box:
    """The part of a rectangle that is uncovered from one of its sides, in whole pixels."""
    if mirrored:
        side = {"left": "right", "right": "left"}.get(side, side)
    x, y, width, height = rect
    if side in ("left", "right", "center"):
        shown = round(width * part)
        x += {"left": 0.0, "right": width - shown, "center": (width - shown) / 2}[side]
        return Box(round(x), round(y), shown, round(height)) if shown > 0 else NO_BOX
    shown = round(height * part)
    y += height - shown if side == "bottom" else 0
    return Box(round(x), round(y), round(width), shown) if shown > 0 else NO_BOX


def _layer(ops: list[Op], clip: Box | None, opacity: float) -> Op:
    boxes = [op.bounds for op in ops if op.bounds != NO_BOX]
    left, top = min((box.x for box in boxes), default=0), min((box.y for box in boxes), default=0)
    right = max((box.x + box.width for box in boxes), default=0)
    bottom = max((box.y + box.height for box in boxes), default=0)
    return Op(Rect(left, top, right - left, bottom - top), Layer(tuple(ops)), clip, opacity)

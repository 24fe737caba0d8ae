"""The graphics process: tracking and data come in, overlays and titles go out into rings; orders come on the input.

Killed at any time, its successor takes the rings over; what it last wrote is dropped by the engine once the rings'
heartbeats are old. While nothing is on it sleeps but for four looks a second.

Configuration: `{"format", "anchor", "setup", "air", "rings": {source: {"picture", "overlay"}}, "titles": [path, ...]}`.
Messages in: `{"setup"}`, `{"air"}`, `{"rings"}`. Events out: `stats`, four times a second, and `trouble`.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
from PySide6.QtGui import QGuiApplication

from console.errors import ConsoleError
from console.graphics.captions import Captions
from console.graphics.delays import Delays
from console.graphics.inputs import Inputs
from console.graphics.knowledge import Knowledge
from console.graphics.painter import Painter
from console.graphics.status import Troubles, input_status
from console.graphics.world import Stage
from console.media.clock import Anchor, Clock, SystemClock
from console.media.time import parse_format
from console.show.codec import ShowFileError, from_json
from console.show.model import Air, Setup
from console.wire.child import GRAPHICS_NICE, Message, Parent, set_priority

log = logging.getLogger("console.graphics")

BEAT_NS = 240_000_000
"""How often rings are told that graphics work, and the supervisor how it goes."""
_SWITCH_SECONDS = 0.0005
Tell = Callable[..., None]


class Graphics:
    """Everything in the process but its loop."""

    def __init__(self, config: Message, inbox: deque[Message], tell: Tell, clock: Clock) -> None:
        """Raises ConsoleError when the configuration can't be used. Orders wait in `inbox`."""
        self.inbox = inbox
        self._tell, self._clock = tell, clock
        try:
            form = parse_format(config["format"])
            anchor = Anchor(int(config["anchor"]["monotonic_ns"]), int(config["anchor"]["unix_ns"]))
            self._setup: Setup = from_json(Setup, config["setup"])
            air: Air = from_json(Air, config["air"])
            rings, titles = config["rings"], [Path(path) for path in config["titles"]]
        except (KeyError, TypeError, ValueError) as error:
            raise ConsoleError(f"The configuration of graphics can't be used: {error}", "Start the engine") from error
        self._troubles = Troubles()
        self._inputs = Inputs(clock)
        self._knowledge = Knowledge(clock)
        self._painter = Painter(self._inputs, self._troubles, clock)
        self._captions = Captions(titles, form, self._troubles, clock)
        self._stage = Stage(self._setup.world, air, form.rate, anchor)
        self._rings: dict[str, dict[str, str]] = rings
        self._delays = Delays(clock)
        self._beat_at = 0
        self._follow()
        self._painter.attach(rings)

    def turn(self) -> int:
        """Hear what was ordered, take in what came, draw one picture; when to look again (monotonic ns)."""
        self._hear()
        now = self._clock.now()
        self._inputs.take(now)
        if now >= self._beat_at:
            self._beat_at = now + BEAT_NS
            self._know()
            self._painter.beat()
            self._captions.beat()
            self._report(now)
        next_ns = self._captions.turn()
        if self._clock.now() < next_ns:
            next_ns = min(next_ns, self._painter.turn())
        return min(next_ns, self._beat_at)

    def close(self) -> None:
        """Stop listening and let go of the rings."""
        self._delays.close()
        self._inputs.close()
        self._knowledge.close()
        self._painter.close()
        self._captions.close()

    def _hear(self) -> None:
        changed = False
        while self.inbox:
            message = self.inbox.popleft()
            try:
                if "setup" in message:
                    self._setup, changed = from_json(Setup, message["setup"]), True
                if "air" in message:
                    self._stage, changed = replace(self._stage, air=from_json(Air, message["air"])), True
                if "rings" in message:
                    self._rings = message["rings"]
                    self._painter.attach(self._rings)
                    changed = True
            except (ShowFileError, TypeError, ValueError, AttributeError) as error:
                self._troubles.tell("order", f"An order to the graphics can't be read: {error}")
                continue
            self._troubles.mend("order")
        if changed:
            self._follow()

    def _follow(self) -> None:
        self._stage = replace(self._stage, world=self._setup.world)
        self._inputs.follow(self._setup.world)
        self._inputs.watched = self._delays.follow(self._setup.world.cameras, self._rings)
        self._knowledge.follow(self._setup.world)
        self._painter.follow(self._stage)
        self._know()
        self._captions.follow(self._stage, self._setup.titles)

    def _know(self) -> None:
        self._painter.tell(self._knowledge.told(self._inputs))
        self._captions.tell(self._knowledge.values())

    def _report(self, now_ns: int) -> None:
        inputs = {name: input_status(one, one.health(), now_ns) for name, one in self._inputs.inputs.items()}
        named = [sentence for one in inputs.values() for sentence in one["troubles"]]
        feeds = self._knowledge.status()
        cameras = self._painter.status()
        for source, delay in self._delays.status().items():
            cameras[source]["delay"] = delay
        named += [f"Data feed {name}: {feed['reason']}" for name, feed in feeds.items() if feed["reason"]]
        self._tell(
            "stats",
            tracking=inputs,
            cameras=cameras,
            subjects=self._inputs.alive(now_ns),
            feeds=feeds,
            render_ms=round(self._painter.cost_ns / 1e6, 2),
            troubles=[*named, *self._painter.lacks, *self._captions.lacks, *self._troubles.sentences],
        )


def run(parent: Parent, graphics: Graphics, wake: threading.Event, clock: Clock) -> None:
    """Work until told to finish: sleep until there is something to do, or an order comes."""
    while not parent.finish.is_set():
        pause_ns = graphics.turn() - clock.now()
        if pause_ns > 0 and not graphics.inbox:
            wake.wait(pause_ns / 1e9)
        wake.clear()


def main() -> int:
    """The child process `_graphics`."""
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(levelname)s: %(message)s")
    os.environ["QT_QPA_PLATFORM"] = "offscreen"  # it draws into memory; a screen is not its affair
    application = QGuiApplication(sys.argv[:1])
    cv2.setNumThreads(1)  # the other cores have sources to decode
    wake = threading.Event()
    inbox: deque[Message] = deque()

    def hear(message: Message) -> None:
        inbox.append(message)
        wake.set()

    parent, clock = Parent(hear), SystemClock()
    set_priority(GRAPHICS_NICE)
    sys.setswitchinterval(_SWITCH_SECONDS)  # a flood in a receiver's thread must not hold up a picture
    try:
        graphics = Graphics(parent.config, inbox, parent.tell, clock)
    except ConsoleError as error:
        parent.tell("trouble", reason=error.sentence, remedy=error.remedy)
        parent.close()
        return error.exit_status
    try:
        run(parent, graphics, wake, clock)
    finally:
        graphics.close()
        parent.close()
        del application
    return 0

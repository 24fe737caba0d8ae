"""One frame of the show: commands, plans, pictures, sound. The only writer of the show.

`Engine.tick(at)` runs in this order: transitions that ended are settled; every source is asked for its picture;
commands that are due at `at` and whose sources are ready are reduced and journalled; program is planned, drawn and
published with exactly its samples; preview and clean are drawn when somebody looks. It never waits for anything.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from console.engine.feeds import SHOWN, Feeds
from console.engine.journal import Journal
from console.engine.orders import Order, Orders
from console.engine.overlays import Overlays
from console.engine.warming import Warming
from console.media.clock import Anchor, Clock
from console.media.picture import Samples, new_picture
from console.mix.plan import MixPlan, plan, tally, title_index
from console.mix.render import Drawable, Renderer, Slates
from console.mix.sound import mix_sound
from console.show.codec import Encoder, to_json
from console.show.history import History, apply
from console.show.model import Bus, Show, SourceId
from console.show.reduce import Rejected, settle
from console.wire.ring import RingWriter
from console.wire.tier import Tier

Tell = Callable[..., None]
_REDRAWS = 2


@dataclass(frozen=True, slots=True)
class TickReport:
    """What one tick did."""

    frame: int
    fresh: bool
    """Every source on program gave a new picture."""
    torn: int
    """How often program had to be drawn again because a source overwrote what was being read."""


class Engine:
    """The show and the rings it reads and writes. `tell(event, **fields)` sends to the supervisor, never blocking."""

    def __init__(
        self, history: History, buses: Mapping[Bus, Path], journal: Journal, tell: Tell, clock: Clock, anchor: Anchor
    ) -> None:
        form = history.show.setup.format
        self.format, self.rate = form, form.rate
        self.feeds = Feeds(form.rate.start_ns(1))
        self.orders = Orders()
        self.overlays = Overlays(form.rate.start_ns(1))
        self._warming = Warming(self.feeds, self.overlays, form.rate.start_ns(1), clock)
        self.inbox: deque[dict[str, Any]] = deque()
        self._history = history
        self._journal = journal
        self._tell = tell
        self._clock = clock
        self._anchor = anchor
        self._buses = {bus: RingWriter(path) for bus, path in buses.items()}
        self._renderer = Renderer()
        self._slates = Slates(form.width, form.height)
        self._gains: dict[SourceId, float] = {}
        self._plans = dict.fromkeys(Bus, MixPlan())
        self._told: dict[str, Any] = {}
        self._encoder = Encoder()

    @property
    def show(self) -> Show:
        """The show as it is on air."""
        return self._history.show

    def due_ns(self, at: int) -> int:
        """The monotonic instant at which a frame starts."""
        return self._anchor.to_monotonic(self.rate.start_ns(at))

    def rehearse(self) -> None:
        """Draw everything once, unseen: the first use of fonts, kernels and memory takes longer than a frame."""
        width, height = self.format.width, self.format.height
        unseen, graphic = new_picture(width, height), new_picture(width, height, key=True)
        slate = self._slates.find(SourceId(""), "Podium", None)
        overlay = Drawable(graphic, None, (0, 0, width, height))
        for move in (MixPlan(SourceId("a"), SourceId("b"), 0.5, overlay=True), MixPlan(SourceId("a"), dip=0.5)):
            self._renderer.render(move, lambda _: slate, unseen, lambda _: overlay)

    def tick(self, at: int) -> TickReport:
        """Make frame `at`."""
        due_ns = self.due_ns(at)
        self._read_inbox(at)
        self._history = replace(self._history, show=settle(self.show, at))
        for source, state in self.feeds.take(due_ns).items():
            event = "SourceReturned" if state in SHOWN else "SourceLost"
            self._journal.append(event, at, self.rate.start_ns(at), source=source, state=state)
        self._obey_all(at)
        self._plans = {bus: plan(self.show, bus, at) for bus in Bus}
        program = self._plans[Bus.PROGRAM]
        now_ns = self._clock.now()
        self._ask(program, self._plans[Bus.PREVIEW], at, now_ns)
        self._take_graphics(due_ns, now_ns)
        torn = self._publish_program(program, at, due_ns)
        self.overlays.count(program.overlaid, self.feeds.pictures, now_ns)
        for bus in (Bus.PREVIEW, Bus.CLEAN):
            if self._buses[bus].demand(now_ns):
                self._publish(bus, at, due_ns)
        self._tell_changes(at)
        fresh = all(feed.picked.fresh for source in program.sources if (feed := self.feeds.get(source)))
        return TickReport(at, fresh, torn)

    def _ask(self, program: MixPlan, preview: MixPlan, at: int, now_ns: int) -> None:
        """Ask for the pictures that are needed, and for graphics where they are on or going to be."""
        raised = self._warming.sources(at)
        self.feeds.ask(program.sources | raised, preview.sources, now_ns)
        seen = program.background | raised | preview.background
        self.overlays.ask(seen if program.overlay else frozenset(), now_ns)

    def _take_graphics(self, due_ns: int, now_ns: int) -> None:
        overlaid = self._plans[Bus.PROGRAM].overlaid | self._plans[Bus.PREVIEW].overlaid
        self.overlays.take(overlaid, self.feeds.pictures, due_ns, now_ns)

    def repeat(self, at: int) -> None:
        """Make frame `at`, whose time has passed: the last picture again, with the sound that belongs to it."""
        ring, due_ns = self._buses[Bus.PROGRAM], self.due_ns(at)
        last = ring.count - 1
        picture, sound = ring.begin()
        if last >= 0:
            picture.copy_from(ring.picture_at(last))
        samples = self._mix(sound, at, due_ns)
        ring.publish(due_ns=due_ns, now_ns=self._clock.now(), frame=at, samples=samples)

    def tally(self) -> dict[str, str]:
        """The lamps, from the plans that were drawn last."""
        return {source: str(lamp) for source, lamp in tally(self._plans[Bus.PROGRAM], self._plans[Bus.PREVIEW]).items()}

    def snapshot(self) -> dict[str, Any]:
        """The parts of the show that clients follow."""
        history = self._history
        return {
            "setup": to_json(history.show.setup),
            "air": to_json(history.show.air),
            "undo": len(history.past),
            "redo": len(history.future),
        }

    def _read_inbox(self, at: int) -> None:
        while self.inbox:
            message = self.inbox.popleft()
            if "rings" in message:
                self.feeds.attach(message["rings"])
            elif "overlays" in message:
                self.overlays.attach(message["overlays"], message["titles"])
            elif "tiers" in message:
                self.feeds.tiers = {SourceId(source): Tier(tier) for source, tier in message["tiers"].items()}
                self.feeds.preview_tier = Tier(message["preview"])
            elif refusal := self.orders.accept(message, at):
                self._tell("result", **refusal)

    def _obey_all(self, at: int) -> None:
        """Carry out what is due, in the order in which it came. One that must wait holds up those behind it, but for
        those that name their frame."""
        held_up = False
        for order in self.orders.due(at):
            held_up = held_up or self._warming.must_wait(order, self._history, at)
            if order.names_frame or not held_up:
                self.orders.done(order)
                self._obey(order, at)
        self._warming.foresee(self.orders.waiting, self._history, at)

    def _obey(self, order: Order, at: int) -> None:
        utc_ns = self.rate.start_ns(at)
        self._history, result = apply(self._history, order.command, at)
        what = {"client": order.client, "command": order.encoded}
        if isinstance(result, Rejected):
            self._journal.append("Refused", at, utc_ns, **what, reason=result.reason)
            self._tell("result", **self.orders.rejected(order, result.reason))
            return
        take = {} if result.take is None else {"from": result.take[0], "to": result.take[1]}
        self._journal.append("Commanded", at, utc_ns, **what, **take, rev=self.show.rev)
        self._tell("result", **self.orders.acked(order, at, self.show.rev))

    def _find(self, source: SourceId, *, on_program: bool = True) -> Drawable:
        keyer = title_index(source)
        if keyer is not None:
            return self.overlays.title(keyer, on_program=on_program)
        drawable = self.feeds.drawable(source)
        if drawable is not None:
            return drawable
        feed, known = self.feeds.get(source), self.show.setup.source(source)
        age_ns = None if feed is None or feed.picked.index is None else feed.picked.age_ns
        return self._slates.find(source, known.name if known else source, age_ns)

    def _publish_program(self, program: MixPlan, at: int, due_ns: int) -> int:
        ring = self._buses[Bus.PROGRAM]
        picture, sound = ring.begin()
        torn = 0
        while True:
            self._renderer.render(program, self._find, picture, self.overlays.drawable)
            intact = self.feeds.intact(program.sources) and self.overlays.intact(program.overlaid, program.keys)
            if torn == _REDRAWS or intact:
                break
            torn += 1
            self.feeds.take(due_ns)
            self._take_graphics(due_ns, self._clock.now())
        samples = self._mix(sound, at, due_ns, program)
        ring.publish(due_ns=due_ns, now_ns=self._clock.now(), frame=at, samples=samples)
        return torn

    def _publish(self, bus: Bus, at: int, due_ns: int) -> None:
        ring = self._buses[bus]
        picture, _ = ring.begin()
        find = partial(self._find, on_program=bus is not Bus.PREVIEW)
        self._renderer.render(self._plans[bus], find, picture, self.overlays.drawable)
        ring.publish(due_ns=due_ns, now_ns=self._clock.now(), frame=at)

    def _mix(self, sound: Samples, at: int, due_ns: int, program: MixPlan | None = None) -> int:
        count = self.rate.samples(at)
        gains = self._gains if program is None else program.gains

        def take(source: SourceId) -> Samples:
            feed = self.feeds.get(source)
            return feed.sound.take(due_ns, count) if feed else np.zeros((count, 2), np.float32)

        heard = sound[:count]
        mix_sound(self._gains, gains, take, heard)
        for source in self._gains.keys() - gains.keys():
            if feed := self.feeds.get(source):
                feed.sound.release()
        self._gains = gains
        peaks = np.abs(heard).max(axis=0)
        self._buses[Bus.PROGRAM].set_levels(float(peaks[0]), float(peaks[1]))
        return count

    def _tell_changes(self, at: int) -> None:
        show = self.show
        now: dict[str, Any] = {"setup": show.setup, "air": show.air}
        now |= {"undo": len(self._history.past), "redo": len(self._history.future)}
        changed = {key: self._encoder.encode(value) for key, value in now.items() if self._told.get(key) != value}
        if changed:
            self._told = now
            self._tell("patch", rev=show.rev, frame=at, **changed)

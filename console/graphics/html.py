"""The host of one HTML page: a source with fill and key whose pictures Chromium draws, in step with the show.

Run by the supervisor as `python -m console _html`, in place of `_source`, with the same configuration, rings and
events, and one word more, in the configuration and as a message: `on_air`. It is the page's cue: `play()` when its
source comes on program, `stop()` when it leaves, with the address's query as data for `update()`.

A page can't harm the program. While it loads, and when it fails, crashes or hangs, its picture is transparent, and it
is loaded again, with a growing pause.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import Protocol

from console.errors import ConsoleError
from console.graphics.convert import Pixels
from console.graphics.html_fill import StraightFill
from console.media.address import masked
from console.media.clock import Anchor, Clock, SystemClock
from console.media.picture import Picture
from console.media.time import Format, parse_format
from console.sources.address import Address, parse
from console.sources.host import NoSource, anchor_of, attach
from console.sources.page import refusal
from console.sources.report import Report
from console.sources.screen import Screen
from console.wire.child import ON_AIR_NICE, SOURCE_NICE, Message, Parent, set_priority
from console.wire.ring import NEVER
from console.wire.tier import Tier

_LEAD_NS = 60_000_000
"""How long before it is due a picture is drawn: what Chromium may be late by."""
_LOAD_NS = 15_000_000_000
_STILL_NS = 500_000_000
_HANG_SECONDS = 5
_RETRY_FIRST_NS, _RETRY_MOST_NS = 1_000_000_000, 30_000_000_000
_WELL_NS = 10_000_000_000
_SAID_MAX = 200
_THERE = tuple(f"{state} {scheme}:" for state in ("interactive", "complete") for scheme in ("http", "https", "file"))
"""What a page answers once it can be seen, though parts of it may not have come."""


class Drawing(Protocol):
    """What draws: see `html_page.Page`."""

    changed: bool

    def open(self, url: str) -> None: ...  # noqa: D102
    def frame(self, at_ms: float) -> None: ...  # noqa: D102
    def cue(self, verb: str, data: Mapping[str, str]) -> None: ...  # noqa: D102
    def draw(self) -> Pixels: ...  # noqa: D102
    def kill(self) -> None: ...  # noqa: D102


def show_nothing(screen: Screen, due_ns: int) -> None:
    """Publish a transparent picture."""

    def clear(picture: Picture, _slot: int) -> None:
        picture.fill()
        if picture.key is not None:
            picture.key.fill(0)

    screen.show(clear, due_ns, 0)


class PageSource:
    """Paces a page by the show's clock, and looks after it."""

    def __init__(
        self, address: Address, fmt: Format, screen: Screen, report: Report, clock: Clock, anchor: Anchor
    ) -> None:
        self._address, self._format = address, fmt
        self._screen, self._report = screen, report
        self._clock, self._anchor = clock, anchor
        self._fill = StraightFill(fmt.width, fmt.height)
        self._frame = 0
        self._slow_frames = max(1, round(fmt.rate.fps / 2))
        self._lead_ns = screen.lead_ns(1_000_000_000 * fmt.rate.den // fmt.rate.num, _LEAD_NS)
        self._whole_ns = 0
        self._page: Drawing
        self._on_air = False
        self._loaded = False
        self._since_ns = 0
        """When loading began, or ended."""
        self._retry_at: int | None = None
        self._pause_ns = _RETRY_FIRST_NS
        self._silent_turns = 0
        self._answer = ""
        self._hung = False
        self._changed_at = 0
        self._said: set[str] = set()
        self._nice = SOURCE_NICE

    def begin(self, page: Drawing) -> None:
        """Take on the page, which tells `hear`."""
        self._page, self._frame = page, self._frame_now()
        show_nothing(self._screen, self._clock.now())
        self._open()

    def cue(self, *, on_air: bool) -> None:
        """The source has come on program, or left it."""
        if on_air != self._on_air:
            self._on_air = on_air
            if self._loaded:
                self._page.cue("play" if on_air else "stop", self._address.options if on_air else {})

    def turn(self) -> int:
        """Make the picture that is due to be made; when to come again (monotonic ns)."""
        now = self._clock.now()
        due = self._due(self._frame)
        if now >= due - self._lead_ns:
            if now > due:
                late = self._frame_now()
                self._report.counts.drop += late - self._frame
                self._frame, due = late, self._due(late)
            tier = self._screen.tier(now)
            self._settle(ON_AIR_NICE if tier is Tier.FULL else SOURCE_NICE)
            self._look_after(now)
            self._make(due, tier, now)
            self._screen.beat(now)
            self._report.figures(now, tier)
            self._frame += 1
        return self._due(self._frame) - self._lead_ns

    def hear(self, what: str, more: str) -> None:
        """What the page tells."""
        shown = self._address.shown
        if what == "answered":
            self._silent_turns, self._answer = 0, more
        elif what == "loaded":
            self._start()
        elif what == "failed":
            self._fail(
                f"{shown} can't be loaded ({more or 'no reason given'})", "Check the address, and that it answers"
            )
        elif what == "untrusted":
            self._fail(f"The certificate of {shown} does not hold ({more})", "Give the server a valid one")
        elif what == "gone":
            self._fail(
                f"The page {shown} {'did not respond' if self._hung else 'crashed'} and was ended", "Mend the page"
            )
        elif what == "strayed" and not self._loaded:
            self._fail(f"{shown} leads elsewhere, to {masked(more)}", "Give the address where the page really is")
        elif what == "complained":
            self._say(what, f"complains: {more}")
        else:
            self._say(what + more, f"may not have {masked(more)}")

    def _settle(self, nice: int) -> None:
        if nice != self._nice:
            self._nice = nice
            set_priority(nice)

    def _open(self) -> None:
        self._retry_at, self._loaded, self._hung = None, False, False
        self._since_ns = self._clock.now()
        self._said.clear()
        self._answer = ""
        self._page.open(self._address.target)

    def _start(self) -> None:
        if self._loaded or self._retry_at is not None:
            return
        self._loaded, self._since_ns, self._silent_turns = True, self._clock.now(), 0
        self._page.changed = True
        form = self._format
        video = {"codec": "html", "width": form.width, "height": form.height, "fps": round(form.rate.fps, 3)}
        video |= {"pixel_format": "bgra", "interlaced": False, "hardware": None}
        self._report.opened(video, None, live=True)
        self._report.recovered()
        if self._on_air:
            self._page.cue("play", self._address.options)

    def _fail(self, sentence: str, remedy: str) -> None:
        if self._retry_at is not None:
            return
        self._report.trouble(ConsoleError(sentence, remedy))
        now = self._clock.now()
        if self._loaded and now - self._since_ns > _WELL_NS:
            self._pause_ns = _RETRY_FIRST_NS
        self._retry_at = now + self._pause_ns
        self._pause_ns = min(2 * self._pause_ns, _RETRY_MOST_NS)
        self._loaded = False
        show_nothing(self._screen, max(now, self._screen.newest_due_ns + 1))

    def _say(self, what: str, sentence: str) -> None:
        """A line in the log, once for each thing and load."""
        if what not in self._said and len(self._said) < 8:
            self._said.add(what)
            self._report.note(sentence[:_SAID_MAX])

    def _look_after(self, now: int) -> None:
        if self._retry_at is not None:
            if now >= self._retry_at:
                self._open()
            return
        self._silent_turns += 1
        if self._loaded and self._silent_turns > _HANG_SECONDS * self._format.rate.fps:
            self._hung = True
            self._silent_turns = 0
            self._page.kill()
        elif not self._loaded and now - self._since_ns > _LOAD_NS:
            if self._answer in _THERE:
                self._say("parts", "has not loaded all its parts")
                self._start()
            else:
                self._fail(f"{self._address.shown} has not loaded in {_LOAD_NS // 10**9} s", "Check that it answers")
                self._page.kill()

    def _make(self, due: int, tier: Tier, now: int) -> None:
        slow = tier <= Tier.KEY
        if slow:
            self._whole_ns = NEVER
        elif self._whole_ns == NEVER:
            self._whole_ns = due
        self._screen.tell(tier, self._whole_ns, self._lead_ns if slow else 0)
        if slow and self._frame % self._slow_frames:
            self._screen.feed(due)
            return
        if self._loaded and self._page.changed:
            self._changed_at = now
            self._screen.still(on=False)
            self._fill.take(self._page.draw())
            self._screen.show(
                lambda picture, _slot: self._fill.write(picture), due, self._format.rate.start_ns(self._frame)
            )
            counts = self._report.counts
            counts.received += 1
            counts.decoded += 1
            counts.late += self._clock.now() > due
        elif now - self._changed_at > _STILL_NS:
            self._screen.still(on=True)
        self._page.frame(self._format.rate.start_ns(self._frame) / 1e6)

    def _due(self, frame: int) -> int:
        return self._anchor.to_monotonic(self._format.rate.start_ns(frame))

    def _frame_now(self) -> int:
        return self._format.rate.frame_at_ns(self._anchor.to_unix(self._clock.now())) + 1


def main() -> int:
    """Host one page; the exit status."""
    status = _run()
    logging.shutdown()
    os._exit(status)  # Chromium's threads are many, and its children end with their channel


def _run() -> int:
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(levelname)s: %(message)s")
    parent, clock = Parent(), SystemClock()
    set_priority(SOURCE_NICE)
    config = parent.config
    report = Report(str(config.get("id", "?")), parent.tell)
    try:
        screen, _sound = attach(config)
    except ConsoleError as error:
        report.trouble(error)
        parent.close()
        return error.exit_status
    try:
        if (reason := refusal()) is not None:
            raise reason
        _host(config, screen, report, parent, clock)
    except ConsoleError as error:
        report.trouble(error)
        show_nothing(screen, clock.now())
        screen.still(on=True)
        NoSource(screen).run(parent.finish)
    parent.close()
    return 0


def _host(config: Message, screen: Screen, report: Report, parent: Parent, clock: Clock) -> None:
    """Show the page until told to finish. Raises ConsoleError where pages can't be drawn."""
    address, fmt = parse(config["url"]), parse_format(config["format"])
    source = PageSource(address, fmt, screen, report, clock, anchor_of(config, clock))
    source.cue(on_air=bool(config.get("on_air")))
    try:
        from console.graphics.html_page import Page, pump, start_chromium  # noqa: PLC0415 - there with the extra alone
    except ImportError as error:
        raise ConsoleError(f"HTML pages can't be drawn ({error})", "Install what it names") from error
    application = start_chromium()
    page = Page(fmt.width, fmt.height, source.hear)
    source.begin(page)

    def turn() -> int | None:
        while parent.inbox:
            message = parent.inbox.popleft()
            if "on_air" in message:
                source.cue(on_air=bool(message["on_air"]))
        return None if parent.finish.is_set() else source.turn() - clock.now()

    pump(application, turn)

"""A clip or a live stream: opened, read, watched and opened again. The loop of a source host.

One thread reads (`intake`), this loop does the rest; what becomes of the packets is in `play`.
"""

from __future__ import annotations

import random
import threading

from console.media.clock import Anchor, Clock
from console.media.time import Rate
from console.sources import hardware, reasons
from console.sources.address import Address, Kind
from console.sources.card import draw_card
from console.sources.decode import VideoDecoder
from console.sources.intake import OPEN_SECONDS, Arrived, Ended, Intake, Opened
from console.sources.path import AUDIO, VIDEO, Path, Waiting
from console.sources.play import TURN_NS, Player
from console.sources.report import Report
from console.sources.screen import ProxyScreen, Screen
from console.sources.sound import SoundFeed
from console.sources.timeline import MS, SECOND, Timeline
from console.wire.tier import Tier

_LOOK_NS = 3 * MS // 2
_REST_NS = 15 * MS
"""A source that rests is looked after less often: much of its cost is waking up."""
_HELD_AHEAD_NS = SECOND
_LIVE_MOST_NS = 4 * SECOND
_CLIP_LATENCY_NS = 100 * MS
_QUIET_NS, _GONE_NS = 3 * SECOND // 2, 3 * SECOND
_BLIND_NS, _GIVE_UP_NS = 5 * SECOND, 10 * SECOND
_PAUSE_NS, _PAUSE_MOST_NS = SECOND // 2, 15 * SECOND
_HEALTHY_NS = 5 * SECOND


class StreamSource:
    """One clip or live stream, opened again for ever; `sound` None: only its pictures are wanted."""

    def __init__(
        self,
        address: Address,
        screen: Screen | ProxyScreen,
        sound: SoundFeed | None,
        report: Report,
        clock: Clock,
        *,
        rate: Rate,
        anchor: Anchor,
        latency_ms: int,
        loop: bool,
    ) -> None:
        self._address, self._screen, self._sound, self._report, self._clock = address, screen, sound, report, clock
        self._rate, self._anchor, self._loop = rate, anchor, loop
        self._latency_ns = _CLIP_LATENCY_NS if address.kind is Kind.CLIP else latency_ms * MS
        timeline = Timeline(address.kind is Kind.LIVE, self._latency_ns)
        self._player = Player(address, screen, sound, report, clock, timeline, self._flowing)
        self._intake: Intake | None = None
        self._path: Path | None = None
        self._afresh = True
        """The next connection is the first, or comes after one that failed: not the next round of a clip."""
        self._began_at = self._quiet_since = self._opened_at = 0
        self._retry_at: int | None = None
        self._pause_ns = 0

    def run(self, finish: threading.Event) -> None:
        """Work until told to finish."""
        self._connect()
        while not finish.is_set():
            now = self._clock.now()
            self._take_in(now)
            player = self._player
            next_ns = min(now + TURN_NS, player.play_video(now, self._screen.tier(now)))
            player.play_audio(now)
            if player.tier <= Tier.KEY:
                next_ns = self._next_look(now + _REST_NS)
            elif player.tier is Tier.ACTIVE:
                next_ns = min(next_ns, self._next_look(now))
            self._watch(now, player.tier)
            self._screen.beat(now)
            timeline = player.timeline
            self._screen.tell_latency(timeline.latency_ns)
            self._report.figures(
                now,
                player.tier,
                latency_ms=timeline.latency_ns // MS,
                resets=timeline.resets,
                proxied=self._screen.tiles.are_proxied,
            )
            self._clock.wait_until(next_ns)
        if self._intake is not None:
            self._intake.close()

    def _next_look(self, now: int) -> int:
        """Just after the engine's next tick has asked for what it needs: a raise must not be noticed a frame late."""
        frame = self._rate.frame_at_ns(self._anchor.to_unix(now - _LOOK_NS)) + 1
        return self._anchor.to_monotonic(self._rate.start_ns(frame)) + _LOOK_NS

    # -- coming in --

    def _connect(self) -> None:
        if self._intake is not None:
            self._intake.close()
        self._path = None
        self._retry_at = None
        self._began_at = self._clock.now()
        self._intake = Intake(self._address, self._clock, pictures_only=self._sound is None)
        self._intake.start()

    def _take_in(self, now: int) -> None:
        intake = self._intake
        if intake is None:
            return
        player = self._player
        most = _LIVE_MOST_NS if player.timeline.live else _HELD_AHEAD_NS
        while True:
            if player.span_ns() > most:
                if not self._address.datagrams:
                    intake.room.clear()
                    return
                player.drop_oldest()
            item = intake.take()
            if isinstance(item, Ended):
                self._end(item, now)
                return
            if isinstance(item, Opened):
                self._open(item, now)
            elif item is not None and self._path is not None:
                self._arrive(item, self._path, now)
            else:
                break
        if not intake.room.is_set():
            intake.room.set()

    def _open(self, opened: Opened, now: int) -> None:
        live = not (opened.finite or opened.segmented)
        player = self._player
        if live != player.timeline.live:
            player.timeline = Timeline(live, self._latency_ns)
            player.clear()
        player.timeline.reference = VIDEO if opened.video is not None else AUDIO
        first, self._afresh = self._afresh, False
        if first:
            player.timeline.reconnected()
        else:
            player.timeline.splice()
        self._path = Path(opened, self._rate, self._clock, player.lag_ns, lossy=self._address.datagrams)
        if self._path.video is not None:
            self._path.video.shown = not first  # the next round of a clip: there is a picture already
        self._quiet_since = self._opened_at = now
        if first:
            player.pictured_at = now
            video, sound = opened.video, opened.sound
            self._report.opened(video.described if video else None, sound.described if sound else None, live=live)
        if opened.video is None:
            self._screen.show(draw_card, now, player.last_ts)
        self._screen.still(opened.video is None)

    def _arrive(self, item: Arrived, path: Path, now: int) -> None:
        player = self._player
        waiting = path.stamped(item, player.timeline)
        if waiting.is_video:
            self._report.counts.received += 1
            player.video.append(waiting)
        else:
            player.audio.append(waiting)
        player.came(waiting, item.arrival_ns)
        if waiting.is_video == (player.timeline.reference == VIDEO):
            self._quiet_since = now

    def _end(self, ended: Ended, now: int) -> None:
        """A connection came to its end: what was read is still played; then, or meanwhile, comes the next."""
        path, self._intake = self._path, None
        if path is not None:
            self._player.video.append(Waiting(None, self._player.timeline.end_ns, path))
        if path is not None and path.opened.finite and ended.error is None and path.packets:
            if self._loop:
                self._connect()
            else:
                self._player.held = True
            return
        error = ended.error or (
            reasons.ended(self._address) if path is not None and path.packets else reasons.no_streams(self._address)
        )
        self._report.trouble(error)
        self._retry(now)

    def _retry(self, now: int) -> None:
        """Connect again: at once after a good time, else after a pause that grows."""
        self._afresh = True
        healthy = self._path is not None and now - self._opened_at > _HEALTHY_NS
        if healthy or self._address.listens:
            self._pause_ns = 0
        self._retry_at = now + self._pause_ns * random.randrange(80, 120) // 100  # noqa: S311  # spreads retries
        if self._address.listens and self._path is None:
            self._retry_at = now + _PAUSE_NS
        self._pause_ns = min(_PAUSE_MOST_NS, max(_PAUSE_NS, self._pause_ns * 3 // 2))
        self._path = None

    def _flowing(self, path: Path) -> None:
        """Pictures (or sound) of the present connection come out."""
        if path is self._path and self._intake is not None and not self._player.is_strained(self._clock.now()):
            self._report.recovered()

    # -- health --

    def _watch(self, now: int, tier: Tier) -> None:
        if self._retry_at is not None and self._intake is None:
            if now >= self._retry_at:
                self._connect()
            return
        intake, path = self._intake, self._path
        if intake is None:
            return
        if path is None:
            if now - self._began_at > OPEN_SECONDS * SECOND:
                self._report.trouble(reasons.unanswered(self._address))
            if now - self._began_at > _GIVE_UP_NS and not self._address.listens:
                self._abandon(now)
            return
        self._watch_packets(intake, path, now)
        if tier <= Tier.KEY:
            self._player.pictured_at = now  # none were to be seen
        elif path.video is not None and now - self._quiet_since < SECOND:
            self._watch_pictures(path, path.video, now)

    def _watch_pictures(self, path: Path, video: VideoDecoder, now: int) -> None:
        """A stream whose packets come but whose pictures don't."""
        blind = now - self._player.pictured_at
        if blind <= _BLIND_NS:
            return
        if video.waits_for_key and not video.errors:
            self._report.trouble(reasons.no_key_frame(self._address))
            return
        self._report.trouble(reasons.undecodable(self._address, video.name))
        if blind > _GIVE_UP_NS:
            if path.opened.video is not None and (device := path.opened.video.described["hardware"]):
                hardware.give_up(device, "no picture came out")
            self._abandon(now)

    def _watch_packets(self, intake: Intake, path: Path, now: int) -> None:
        """A stream that was open and sends nothing."""
        if path.opened.finite or intake.inbox or not intake.room.is_set():
            return
        if path.opened.segmented and self._player.video:
            return
        quiet = now - self._quiet_since
        timeline = self._player.timeline
        step = timeline.step_ns(timeline.reference)
        if quiet > max(_QUIET_NS, 4 * step):
            self._report.trouble(reasons.silent(self._address, quiet / SECOND))
        if quiet > max(_GONE_NS, 8 * step):
            self._abandon(now)

    def _abandon(self, now: int) -> None:
        """Leave a connection that is good for nothing any more, and connect again."""
        if self._intake is not None:
            self._intake.close()
        self._intake = None
        self._retry(now)

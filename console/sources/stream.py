"""A clip or a live stream, from packets to the rings: the loop of a source host.

The jitter buffer is made of packets: they wait until shortly before they are due and are decoded then, so a change of
tier acts on the very next picture and a few ring slots suffice. One thread reads (`intake`), this loop does the rest.
"""

from __future__ import annotations

import random
import threading
from collections import deque

import av

from console.errors import ConsoleError
from console.media.clock import Clock
from console.media.time import Rate
from console.sources import hardware, reasons
from console.sources.address import Address, Kind
from console.sources.card import draw_card
from console.sources.decode import VideoDecoder
from console.sources.intake import OPEN_SECONDS, Arrived, Ended, Intake, Opened
from console.sources.path import AUDIO, VIDEO, Path, Waiting
from console.sources.report import Report
from console.sources.screen import Screen
from console.sources.sound import SoundFeed
from console.sources.timeline import MS, SECOND, Timeline
from console.wire.tier import Tier

_TURN_NS = 10 * MS
_SOUND_LEAD_NS = 150 * MS
_HELD_AHEAD_NS = SECOND
_LIVE_MOST_NS = 4 * SECOND
_CLIP_LATENCY_NS = 100 * MS
_HURRY_NS, _SKIP_NS, _JUMP_NS = 150 * MS, 100 * MS, 500 * MS
_WORK_NS, _SEEN_NS, _STRAIN_NS = 50 * MS, 200 * MS, 10 * SECOND
_STRAINS = 3
_QUIET_NS, _GONE_NS = 3 * SECOND // 2, 3 * SECOND
_BLIND_NS, _GIVE_UP_NS = 5 * SECOND, 10 * SECOND
_PAUSE_NS, _PAUSE_MOST_NS = SECOND // 2, 15 * SECOND
_HEALTHY_NS = 5 * SECOND


class StreamSource:
    """One clip or live stream, opened again for ever."""

    def __init__(
        self,
        address: Address,
        screen: Screen,
        sound: SoundFeed,
        report: Report,
        clock: Clock,
        *,
        rate: Rate,
        latency_ms: int,
        loop: bool,
    ) -> None:
        self._address, self._screen, self._sound, self._report, self._clock = address, screen, sound, report, clock
        self._rate, self._loop = rate, loop
        self._latency_ns = _CLIP_LATENCY_NS if address.kind is Kind.CLIP else latency_ms * MS
        self._timeline = Timeline(address.kind is Kind.LIVE, self._latency_ns)
        self._video: deque[Waiting] = deque()
        self._audio: deque[Waiting] = deque()
        self._intake: Intake | None = None
        self._path: Path | None = None
        self._afresh = True
        """The next connection is the first, or comes after one that failed: not the next round of a clip."""
        self._began_at = self._quiet_since = self._pictured_at = self._opened_at = 0
        self._retry_at: int | None = None
        self._pause_ns = 0
        self._last_ts = self._lag_ns = self._strained_until = 0
        self._behind_since: int | None = None
        self._strains: deque[int] = deque(maxlen=_STRAINS)
        self._held = False

    def run(self, finish: threading.Event) -> None:
        """Work until told to finish."""
        self._connect()
        while not finish.is_set():
            now = self._clock.now()
            self._take_in(now)
            tier = self._screen.tier(now)
            next_ns = min(now + _TURN_NS, self._play_video(now, tier), self._play_audio(now))
            self._watch(now, tier)
            self._screen.beat(now)
            timeline = self._timeline
            self._report.figures(now, tier, latency_ms=timeline.latency_ns // MS, resets=timeline.resets)
            self._clock.wait_until(next_ns)
        if self._intake is not None:
            self._intake.close()

    # -- coming in --

    def _connect(self) -> None:
        if self._intake is not None:
            self._intake.close()
        self._path = None
        self._retry_at = None
        self._began_at = self._clock.now()
        self._intake = Intake(self._address, self._clock)
        self._intake.start()

    def _take_in(self, now: int) -> None:
        intake = self._intake
        if intake is None:
            return
        most = _LIVE_MOST_NS if self._timeline.live else _HELD_AHEAD_NS
        while True:
            if self._span_ns() > most:
                if not self._address.datagrams:
                    intake.room.clear()
                    return
                self._drop_oldest()
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
        intake.room.set()

    def _span_ns(self) -> int:
        """How much media waits."""
        queue = self._video or self._audio
        return queue[-1].ts_ns - queue[0].ts_ns if queue else 0

    def _drop_oldest(self) -> None:
        """Make room: drop packets up to the next key frame; without one, the oldest, and wait for a key frame."""
        later = next((i for i, w in enumerate(self._video) if i and w.packet and w.packet.is_keyframe), 0)
        if later:
            self._drop_to(later)
        else:
            oldest = (self._video or self._audio).popleft()
            if oldest.is_video and oldest.path.video is not None:
                oldest.path.video.skip_to_key()
        while self._audio and self._video and self._audio[0].ts_ns < self._video[0].ts_ns:
            self._audio.popleft()

    def _drop_to(self, index: int) -> None:
        for _ in range(index):
            if self._video[0].packet is None:
                return
            self._video.popleft()
            self._report.counts.drop += 1

    def _open(self, opened: Opened, now: int) -> None:
        live = not (opened.finite or opened.segmented)
        if live != self._timeline.live:
            self._timeline = Timeline(live, self._latency_ns)
            self._video.clear()
            self._audio.clear()
        self._timeline.reference = VIDEO if opened.video is not None else AUDIO
        first, self._afresh = self._afresh, False
        if first:
            self._timeline.reconnected()
        else:
            self._timeline.splice()
        self._path = Path(opened, self._rate, self._clock, self._lag_ns)
        self._quiet_since = self._opened_at = now
        if first:
            self._pictured_at = now
            video, sound = opened.video, opened.sound
            self._report.opened(video.described if video else None, sound.described if sound else None, live=live)
        if opened.video is None:
            self._screen.show(draw_card, now, self._last_ts)
        self._screen.still(opened.video is None)

    def _arrive(self, item: Arrived, path: Path, now: int) -> None:
        waiting = path.stamped(item, self._timeline)
        if waiting.is_video:
            self._report.counts.received += 1
            self._video.append(waiting)
        else:
            self._audio.append(waiting)
        if waiting.is_video == (self._timeline.reference == VIDEO):
            self._quiet_since = now

    def _end(self, ended: Ended, now: int) -> None:
        """A connection came to its end: what was read is still played; then, or meanwhile, comes the next."""
        path, self._intake = self._path, None
        if path is not None:
            self._video.append(Waiting(None, self._timeline.end_ns, path))
        if path is not None and path.opened.finite and ended.error is None and path.packets:
            if self._loop:
                self._connect()
            else:
                self._held = True
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

    # -- going out --

    def _play_video(self, now: int, tier: Tier) -> int:
        """Decode what is due soon; the instant at which there is more to do."""
        queue = self._video
        until = now + _WORK_NS
        while queue:
            if now > until:
                return now  # far behind: the rest of the loop has its turn too
            head = queue[0]
            step = self._timeline.step_ns(VIDEO)
            lead = self._screen.lead_ns(step // 2 if head.path.whole.doubles else step)
            at = self._timeline.due(head.ts_ns) - lead - head.path.lag_ns
            if at > now:
                return at
            behind = now - self._timeline.due(head.ts_ns)
            if behind > _JUMP_NS and self._catch_up(now):
                self._strain(head.path, now)
                continue
            queue.popleft()
            self._bear(head.path, behind, now)
            for frame in self._decoded(head, min(tier, Tier.ACTIVE) if behind > _HURRY_NS else tier):
                self._show(frame, head, now, step)
            if tier <= Tier.KEY:
                self._flowing(head.path)
            now = self._clock.now()
        if self._held:
            self._screen.still(on=True)
        return now + _TURN_NS

    def _decoded(self, head: Waiting, tier: Tier) -> list[av.VideoFrame]:
        video = head.path.video
        if video is None:
            return []
        if head.packet is None:
            return video.drain()
        frames = video.decode(head.packet, tier)
        self._report.counts.drop += video.waits_for_key
        return frames

    def _bear(self, path: Path, behind: int, now: int) -> None:
        """When decoding stays behind for a second, it is too much: leave the rest until the next key frame."""
        if behind < _JUMP_NS:
            self._behind_since = None
        elif self._behind_since is None:
            self._behind_since = now
        elif now - self._behind_since > SECOND and path.video is not None:
            self._behind_since = None
            path.video.skip_to_key()
            self._strain(path, now)

    def _strain(self, path: Path, now: int) -> None:
        """Pictures had to be left out to keep up; the third time in ten seconds it is told."""
        self._strains.append(now)
        if len(self._strains) == _STRAINS and now - self._strains[0] < _STRAIN_NS and path.video is not None:
            self._strained_until = now + _STRAIN_NS
            self._report.trouble(reasons.too_much(self._address, path.video.name))

    def _catch_up(self, now: int) -> bool:
        """Far behind: go on at the last key frame that should have been shown; False when there is none."""
        due = self._timeline.due
        found = 0
        for index, waiting in enumerate(self._video):
            if waiting.packet is None or due(waiting.ts_ns) > now:
                break
            if waiting.packet.is_keyframe:
                found = index
        self._drop_to(found)
        return found > 0

    def _show(self, decoded: av.VideoFrame, head: Waiting, now: int, step: int) -> None:
        counts, timeline, path = self._report.counts, self._timeline, head.path
        track = path.opened.video
        if track is None:
            return
        decoded.time_base = track.time_base
        for frame in path.whole.whole(decoded, track.fps):
            base = frame.time_base or track.time_base
            ts = self._last_ts + step if frame.pts is None else frame.pts * base.numerator * SECOND // base.denominator
            due = timeline.due(ts)
            self._last_ts = ts
            path.came_out(head.ts_ns - ts)
            self._lag_ns = path.lag_ns
            behind = self._clock.now() - due
            newer = self._video and timeline.due(self._video[0].ts_ns) < now
            if behind > _SKIP_NS and newer and now - self._pictured_at < _SEEN_NS:
                counts.drop += 1
                continue
            try:
                self._screen.show_frame(frame, path.video.pixel_aspect if path.video else None, due, ts)
            except (ValueError, av.error.FFmpegError) as error:
                sends = f"{self._address.shown} sends pictures that can't be shown ({error})"
                self._report.trouble(ConsoleError(sends, "Send smaller pictures, or another format"))
                continue
            shown_at = self._clock.now()
            counts.decoded += 1
            counts.late += shown_at > due
            self._pictured_at = shown_at
            self._judge(VIDEO, due, shown_at)
            self._flowing(path)

    def _play_audio(self, now: int) -> int:
        queue = self._audio
        while queue:
            head = queue[0]
            at = self._timeline.due(head.ts_ns) - _SOUND_LEAD_NS
            if at > now:
                return at
            queue.popleft()
            if head.packet is None or head.path.sound is None:
                continue
            try:
                pieces = head.path.sound.decode(head.packet)
            except (av.error.FFmpegError, ValueError):
                continue
            for samples, stamp in pieces:
                due = self._timeline.due(head.ts_ns if stamp is None else stamp)
                self._sound.append(samples, due, now)
                self._judge(AUDIO, due, now)
            if pieces and head.path.video is None:
                self._flowing(head.path)
        return now + _TURN_NS

    def _judge(self, stream: int, due: int, now: int) -> None:
        if self._timeline.done(stream, due, now):
            what = "sound" if stream == AUDIO else "picture"
            self._report.note(f"{what} comes late: the latency is {self._timeline.latency_ns // MS} ms now")

    def _flowing(self, path: Path) -> None:
        """Pictures (or sound) of the present connection come out."""
        if path is self._path and self._intake is not None and self._clock.now() > self._strained_until:
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
            self._pictured_at = now  # none were to be seen
        elif path.video is not None and now - self._quiet_since < SECOND:
            self._watch_pictures(path, path.video, now)

    def _watch_pictures(self, path: Path, video: VideoDecoder, now: int) -> None:
        """A stream whose packets come but whose pictures don't."""
        blind = now - self._pictured_at
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
        if path.opened.segmented and self._video:
            return
        quiet = now - self._quiet_since
        step = self._timeline.step_ns(self._timeline.reference)
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

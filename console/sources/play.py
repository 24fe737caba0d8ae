"""From packets that wait to pictures and sound in the rings: decoded when they are due, as the tier asks.

The jitter buffer is made of packets: they wait until shortly before they are due and are decoded then, so a change of
tier acts on the very next picture and a few ring slots suffice. Pictures that are needed in full are made well ahead,
so that a busy machine does not double one; others just in time, so that a raise finds few of them left out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import av

from console.errors import ConsoleError
from console.media.clock import Clock
from console.sources import reasons
from console.sources.address import Address
from console.sources.decode import VideoDecoder
from console.sources.path import AUDIO, VIDEO, Path, Waiting
from console.sources.report import Report
from console.sources.screen import ProxyScreen, Screen
from console.sources.sound import SoundFeed
from console.sources.timeline import MS, SECOND, Timeline
from console.wire.child import ON_AIR_NICE, RAISED_NICE, SOURCE_NICE, set_priority
from console.wire.ring import NEVER
from console.wire.tier import Tier

TURN_NS = 20 * MS
"""The longest time between two looks at what waits. Sound keeps in step with that: it is made well ahead."""
_REFRESH_NS = SECOND
"""A picture for a tile is not made in full, but for one in this time: what program shows should all else fail."""
_REST_LATE_MOST_NS = 40 * MS
"""How long after it is due a picture for a tile is made, at most."""
_SLICE_NS = 10 * MS
_SOUND_LEAD_NS = 150 * MS
_HURRY_NS, _RAISE_HURRY_NS, _SKIP_NS, _JUMP_NS = 150 * MS, 40 * MS, 100 * MS, 500 * MS
_WORK_NS, _SEEN_NS, _STRAIN_NS = 50 * MS, 200 * MS, 10 * SECOND
_STRAINS = 3
_PICTURE_NEEDS_NS, _SOUND_NEEDS_NS = 40 * MS, 20 * MS
"""The least time between a packet's arrival and what is made of it being due."""
_MARGIN_NS = 60 * MS
"""So far ahead must be who had to decode a lot to get there, on a machine that was busy enough to make it slow."""
_UNSTEADY_NS, _OPENING_NS = SECOND, 3 * SECOND
"""For so long after a change of tier, and after the start, pictures may be late through no fault of the stream."""
_NEAR_NS = 2 * MS
"""Due times move by less than this while the time line is steered."""


class Player:
    """The packets of one source that wait, and the way from there to its rings."""

    def __init__(
        self,
        address: Address,
        screen: Screen | ProxyScreen,
        sound: SoundFeed | None,
        report: Report,
        clock: Clock,
        timeline: Timeline,
        flowing: Callable[[Path], None],
    ) -> None:
        self._address, self._screen, self._sound, self._report, self._clock = address, screen, sound, report, clock
        self._flowing = flowing
        self.timeline = timeline
        self.video: deque[Waiting] = deque()
        self.audio: deque[Waiting] = deque()
        self.held = False
        """What came last is meant to stand: a clip that does not loop."""
        self.pictured_at = 0
        self.last_ts = self.lag_ns = 0
        self.tier = Tier.ACTIVE
        """What is really done: what was asked, unless the stream needs more."""
        self._path: Path | None = None
        self._whole_ns = NEVER
        self._catching_up = False
        self._margin_ns = 0
        self._steady_at = clock.now() + _OPENING_NS
        self._strained_until = 0
        self._behind_since: int | None = None
        self._strains: deque[int] = deque(maxlen=_STRAINS)

    # -- what waits --

    def clear(self) -> None:
        """Forget what waits."""
        self.video.clear()
        self.audio.clear()

    def span_ns(self) -> int:
        """How much media waits."""
        queue = self.video or self.audio
        return queue[-1].ts_ns - queue[0].ts_ns if queue else 0

    def drop_oldest(self) -> None:
        """Make room: drop packets up to the next key frame; without one, the oldest, and wait for a key frame."""
        later = next((i for i, w in enumerate(self.video) if i and w.packet and w.packet.is_keyframe), 0)
        if later:
            self._drop_to(later)
        else:
            oldest = (self.video or self.audio).popleft()
            if oldest.is_video and oldest.path.video is not None:
                oldest.path.video.skip_to_key()
        while self.audio and self.video and self.audio[0].ts_ns < self.video[0].ts_ns:
            self.audio.popleft()

    def _drop_to(self, index: int) -> None:
        for _ in range(index):
            if self.video[0].packet is None:
                break
            self.video.popleft()
            self._report.counts.drop += 1
        if index and (video := self.video[0].path.video) is not None:
            video.skip_to_key()  # what follows is not predicted from what was decoded last

    # -- pictures --

    def play_video(self, now: int, asked: Tier) -> int:
        """Decode what is due soon; the instant at which there is more to do."""
        until = now + _WORK_NS
        while True:
            path = self._path
            if path is not None and path.video is not None and path.video.lagging:
                self._catching_up = True
                self._margin_ns = _MARGIN_NS
                if self._waits_for_next_key(path.video, now):
                    continue
                for frame in path.video.advance(now + _SLICE_NS):
                    self._show(frame, path, now)
                if path.video.lagging:
                    self._tell(now)
                    return now  # sound has its turn too
                now = self._clock.now()
            if now > until:
                self._tell(now)
                return now  # far behind: the rest of the loop has its turn too
            if not self.video:
                break
            at = self._begins_at(self.video[0], asked)
            if at > now:
                self._tell(now, ahead=True)
                return at
            self._play_head(now, asked)
            now = self._clock.now()
            if self._whole_ns == NEVER and self.tier is Tier.FULL:
                self._tell(now)  # at once: an order waits for it
        if self.held:
            self._screen.still(on=True)
        self._tell(now, ahead=True)
        return now + TURN_NS

    def _waits_for_next_key(self, video: VideoDecoder, now: int) -> bool:
        """Give up catching up when a key frame that waits already is due before that could be done."""
        due, soon = self.timeline.due, now + video.hot_ns
        for index, waiting in enumerate(self.video):
            if waiting.packet is None or due(waiting.ts_ns) > soon:
                break
            if waiting.packet.is_keyframe:
                if index:
                    self._drop_to(index)
                else:
                    video.skip_to_key()
                return True
        return False

    def _begins_at(self, head: Waiting, asked: Tier) -> int:
        """When the decoding of a packet should begin."""
        return self.timeline.due(head.ts_ns) - self._lead_ns(head.path, asked) - head.path.lag_ns

    def _lead_ns(self, path: Path, tier: Tier) -> int:
        step = self.timeline.step_ns(VIDEO)
        if tier is not Tier.FULL:
            # What is only for a tile is decoded a picture late: then a raise comes before what it must not leave out.
            return -min(3 * step // 2, _REST_LATE_MOST_NS)
        return self._screen.lead_ns(step // 2 if path.whole.doubles else step)

    def _play_head(self, now: int, asked: Tier) -> None:
        head = self.video[0]
        due = self.timeline.due(head.ts_ns)
        behind = now - due
        if behind > _JUMP_NS and self._catch_up(now):
            self._strain(head.path, now)
            return
        self.video.popleft()
        self._path = head.path
        self._bear(head.path, behind, now)
        newest = self._screen.newest_due_ns
        hurried = behind > (_RAISE_HURRY_NS if self._catching_up else _HURRY_NS)
        for frame in self._decoded(head, asked, hurried=hurried):
            self._show(frame, head.path, now, head.ts_ns)
        if self.tier is not Tier.FULL and self._screen.newest_due_ns == newest:
            self._screen.feed(due)
        if self.tier <= Tier.KEY:
            self._flowing(head.path)

    def _decoded(self, head: Waiting, asked: Tier, *, hurried: bool) -> list[av.VideoFrame]:
        """What comes out when a packet goes in; in a hurry those pictures are left out that no other needs."""
        video = head.path.video
        if video is None:
            return []
        if head.packet is None:
            return video.drain()
        tier = video.tier_for(asked)
        before, self.tier = self.tier, tier
        if (before is Tier.FULL) != (tier is Tier.FULL):
            self._catching_up = tier is Tier.FULL  # what is past already need not be drawn
            self._margin_ns = 0
            self._settle(RAISED_NICE if tier is Tier.FULL else SOURCE_NICE)
        frames = video.decode(head.packet, min(tier, Tier.ACTIVE) if hurried else tier)
        self._report.counts.drop += video.waits_for_key
        return frames

    def _tell(self, now: int, *, ahead: bool = False) -> None:
        """Say in the ring what is done, and from when on every picture is there: said once some of them are."""
        path = self._path
        if path is None or path.video is None:
            self._screen.tell(self.tier, 0, 0)
            return
        video = path.video
        track = path.opened.video
        if video.whole_from is None or track is None:
            self._whole_ns = NEVER
        elif ahead or self._screen.newest_due_ns > now + self._margin_ns:
            if self._whole_ns == NEVER:
                self._settle(ON_AIR_NICE)
            base = track.time_base
            ts = video.whole_from * base.numerator * SECOND // base.denominator
            # What was once whole stays so over the seam of a clip, where a new decoder begins.
            self._whole_ns = min(self._whole_ns, self.timeline.due(ts) - _NEAR_NS)
        self._screen.tell(self.tier, self._whole_ns, video.hot_ns)

    def _settle(self, nice: int) -> None:
        """What is done has changed: who comes first on a busy machine, and for a while lateness has that cause."""
        set_priority(nice)  # catching up must not disturb what is on air
        self._steady_at = self._clock.now() + _UNSTEADY_NS

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

    def is_strained(self, now: int) -> bool:
        """Whether pictures were left out lately to keep up."""
        return now <= self._strained_until

    def _catch_up(self, now: int) -> bool:
        """Far behind: go on at the last key frame that should have been shown; False when there is none."""
        due = self.timeline.due
        found = 0
        for index, waiting in enumerate(self.video):
            if waiting.packet is None or due(waiting.ts_ns) > now:
                break
            if waiting.packet.is_keyframe:
                found = index
        self._drop_to(found)
        return found > 0

    def _show(self, decoded: av.VideoFrame, path: Path, now: int, packet_ts: int | None = None) -> None:
        """Publish what came out of a decoder; `packet_ts` says which packet went in just before."""
        counts, timeline, track, video = self._report.counts, self.timeline, path.opened.video, path.video
        if track is None or video is None:
            return
        step = timeline.step_ns(VIDEO)
        decoded.time_base = track.time_base
        for frame in path.whole.whole(decoded, track.fps):
            base = frame.time_base or track.time_base
            ts = self.last_ts + step if frame.pts is None else frame.pts * base.numerator * SECOND // base.denominator
            due = timeline.due(ts)
            self.last_ts = ts
            if packet_ts is not None:
                path.came_out(packet_ts - ts)
                self.lag_ns = path.lag_ns
            behind = self._clock.now() - due
            in_time = 0 if self.tier is Tier.FULL else _HURRY_NS
            self._catching_up = (self._catching_up or video.lagging) and behind > in_time
            if self._catching_up and now - self.pictured_at < _SEEN_NS:
                continue  # on the way from the last key frame to now
            newer = self.video and timeline.due(self.video[0].ts_ns) < now
            if behind > _SKIP_NS and newer and now - self.pictured_at < _SEEN_NS:
                counts.drop += 1
                continue
            if self._publish(frame, path, due, ts):
                self._flowing(path)

    def _publish(self, frame: av.VideoFrame, path: Path, due: int, ts: int) -> bool:
        aspect = path.video.pixel_aspect if path.video else None
        try:
            if self.tier is Tier.ACTIVE and 0 <= due - self._screen.newest_due_ns < _REFRESH_NS:
                self._screen.show_tile(frame, aspect, due, ts)
            else:
                self._screen.show_frame(frame, aspect, due, ts)
        except (ValueError, av.error.FFmpegError) as error:
            sends = f"{self._address.shown} sends pictures that can't be shown ({error})"
            self._report.trouble(ConsoleError(sends, "Send smaller pictures, or another format"))
            return False
        shown_at = self._clock.now()
        self._report.counts.decoded += 1
        self._report.counts.late += self.tier is Tier.FULL and not self._catching_up and shown_at > due
        self.pictured_at = shown_at
        self._made(VIDEO, due, shown_at)
        return True

    # -- sound --

    def play_audio(self, now: int) -> None:
        """Decode the sound that is due soon."""
        queue = self.audio
        while queue:
            head = queue[0]
            if self.timeline.due(head.ts_ns) - _SOUND_LEAD_NS > now:
                return
            queue.popleft()
            if head.packet is None or head.path.sound is None or self._sound is None:
                continue
            try:
                pieces = head.path.sound.decode(head.packet)
            except (av.error.FFmpegError, ValueError):
                continue
            for samples, stamp in pieces:
                due = self.timeline.due(head.ts_ns if stamp is None else stamp)
                self._sound.append(samples, due, now)
                self._made(AUDIO, due, now)
            if pieces and head.path.video is None:
                self._flowing(head.path)

    def came(self, waiting: Waiting, arrival_ns: int) -> None:
        """Judge how a live packet came: whether there was time to make of it what it is for."""
        if self.timeline.live:
            stream, needs = (VIDEO, _PICTURE_NEEDS_NS) if waiting.is_video else (AUDIO, _SOUND_NEEDS_NS)
            self._judge(stream, self.timeline.due(waiting.ts_ns), arrival_ns + needs)

    def _made(self, stream: int, due: int, now: int) -> None:
        """Judge how that of a clip came out which is made in full, and has been for a while."""
        if not self.timeline.live and self.tier is Tier.FULL and now >= self._steady_at:
            self._judge(stream, due, now)

    def _judge(self, stream: int, due: int, now: int) -> None:
        if self.timeline.done(stream, due, now):
            what = "sound" if stream == AUDIO else "picture"
            self._report.note(f"{what} comes late: the latency is {self.timeline.latency_ns // MS} ms now")

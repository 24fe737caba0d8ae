"""Test patterns: bars, something that moves, the time, and the frame's number as a bar code; a tone that names it.

Frame `n` (since 1970) of a pattern is due exactly when frame `n` of a show of that rate starts, so all patterns of a
machine are locked to each other and to the show. The picture is drawn once; per frame only what moves is patched into
the ring's slot.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import cv2
import numpy as np

from console.media import barcode, tone
from console.media.clock import Anchor, Clock
from console.media.picture import Picture, Plane, Samples, new_picture
from console.media.time import CHANNELS, SAMPLE_RATE, Format, timecode
from console.sources.report import Report
from console.sources.screen import Screen
from console.sources.sound import SoundFeed
from console.wire.ring import NEVER
from console.wire.tier import Tier

_LEAD_NS = 80_000_000
_LATE_NS = 100_000_000
_FONT = cv2.FONT_HERSHEY_DUPLEX
_BARS_75 = (
    (180, 128, 128),
    (168, 44, 136),
    (145, 147, 44),
    (133, 63, 52),
    (63, 193, 204),
    (51, 109, 212),
    (28, 212, 120),
)
"""White, yellow, cyan, green, magenta, red, blue at 75 % in BT.709 (ITU-R BT.471 order): Y, Cb, Cr."""
_SWEEP_SECONDS = 4


@dataclass(frozen=True)
class _Layout:
    """Rows of the parts of the pattern, even, for one height."""

    bars: int
    lane: int
    lane_rows: int
    text: int
    text_rows: int

    @classmethod
    def of(cls, height: int) -> _Layout:
        """Bars on the upper 55 %, a lane where a box travels, text; the code strip at the bottom is the barcode's."""

        def even(share: float) -> int:
            return round(height * share / 2) * 2

        return cls(even(0.55), even(0.58), even(0.08), even(0.70), even(0.14))


class Painter:
    """Draws the frames of one pattern."""

    def __init__(self, fmt: Format, number: int, name: str, *, motion: bool) -> None:
        self._format, self._number, self._motion = fmt, number, motion
        self._layout = _Layout.of(fmt.height)
        self._ground = new_picture(fmt.width, fmt.height)
        self._painted: set[int] = set()
        self._glyphs = self._draw_glyphs()
        self._clock_x = 0
        self._draw_ground(name)

    def draw(self, picture: Picture, slot: int, frame: int) -> None:
        """Draw frame `frame` (since 1970) into the ring's slot."""
        if slot not in self._painted:
            picture.copy_from(self._ground)
            self._painted.add(slot)
        layout, y = self._layout, picture.y
        lane = slice(layout.lane, layout.lane + layout.lane_rows)
        np.copyto(y[lane], self._ground.y[lane])
        if self._motion:
            side = layout.lane_rows
            period = round(self._format.rate.fps * _SWEEP_SECONDS)
            x = (frame % period) * (self._format.width - side) // period
            y[lane, x : x + side] = 235
        x = self._clock_x
        for sign in timecode(frame, self._format.rate):
            glyph = self._glyphs[sign]
            y[layout.text : layout.text + layout.text_rows, x : x + glyph.shape[1]] = glyph
            x += glyph.shape[1]
        barcode.burn(y, self._number, frame)

    def _draw_glyphs(self) -> dict[str, Plane]:
        """Digits and the colon as luma, all of one width."""
        rows = self._layout.text_rows
        thick = max(1, rows // 24)
        scale = cv2.getFontScaleFromHeight(_FONT, rows * 2 // 3, thick)
        signs = "0123456789:"
        width = max(cv2.getTextSize(sign, _FONT, scale, thick)[0][0] for sign in signs)
        glyphs = {}
        for sign in signs:
            glyph = np.full((rows, width), 16, np.uint8)
            cv2.putText(glyph, sign, (0, rows * 5 // 6), _FONT, scale, (235,), thick, cv2.LINE_AA)
            glyphs[sign] = glyph
        return glyphs

    def _draw_ground(self, name: str) -> None:
        picture, layout = self._ground, self._layout
        width = self._format.width
        for index, colour in enumerate(_BARS_75):
            left, right = (index * width // 7 // 2 * 2, (index + 1) * width // 7 // 2 * 2)
            for plane, value, step in zip((picture.y, picture.u, picture.v), colour, (1, 2, 2), strict=True):
                plane[: layout.bars // step, left // step : right // step] = value
        ramp = np.linspace(16, 235, width).astype(np.uint8)
        picture.y[layout.bars : layout.lane] = ramp
        picture.y[layout.lane + layout.lane_rows : layout.text] = ramp[::-1]
        rows = layout.text_rows
        thick = max(1, rows // 24)
        label = name.encode("ascii", "replace").decode() or f"{self._number}"
        scale = cv2.getFontScaleFromHeight(_FONT, rows // 2, thick)
        text_width = cv2.getTextSize(label, _FONT, scale, thick)[0][0]
        clock_width = 11 * self._glyphs["0"].shape[1]
        room = width - clock_width - width // 20
        if text_width > room > 0:
            scale *= room / text_width
        at = (width // 60, layout.text + rows * 3 // 4)
        cv2.putText(picture.y, label, at, _FONT, scale, (200,), thick, cv2.LINE_AA)
        self._clock_x = max(0, width - clock_width - width // 60)


class PatternSource:
    """Paces the pattern and its tone by the clock."""

    def __init__(
        self,
        fmt: Format,
        number: int,
        name: str,
        screen: Screen,
        sound: SoundFeed,
        report: Report,
        clock: Clock,
        anchor: Anchor,
        *,
        motion: bool = True,
        with_tone: bool = True,
    ) -> None:
        self._format, self._number = fmt, number
        self._screen, self._sound, self._report = screen, sound, report
        self._clock, self._anchor = clock, anchor
        self._painter = Painter(fmt, number, name, motion=motion)
        self._sounds = with_tone
        self._tone = tone.tone(number, 0, SAMPLE_RATE) if with_tone else None
        self._whole_ns = 0

    def run(self, finish: threading.Event) -> None:
        """Work until told to finish."""
        rate = self._format.rate
        self._describe()
        lead = self._screen.lead_ns(1_000_000_000 * rate.den // rate.num, _LEAD_NS)
        frame = self._frame_now()
        while not finish.is_set():
            due = self._anchor.to_monotonic(rate.start_ns(frame))
            self._clock.wait_until(due - lead)
            now = self._clock.now()
            if now - due > _LATE_NS:
                late = self._frame_now()
                self._report.counts.drop += late - frame
                frame = late
                continue
            tier = self._screen.tier(now)
            self._report.counts.received += 1
            self._make(frame, due, tier, now)
            self._screen.beat(now)
            self._report.figures(now, tier)
            frame += 1

    def _frame_now(self) -> int:
        return self._format.rate.frame_at_ns(self._anchor.to_unix(self._clock.now())) + 1

    def _make(self, frame: int, due: int, tier: Tier, now: int) -> None:
        rate = self._format.rate
        # Numbers are burnt modulo 2^24, and what is heard agrees with what is seen.
        code = frame % barcode.FRAME_NUMBERS
        if self._tone is not None:
            self._sound.append(self._samples(rate.first_sample(code), rate.samples(code)), due, now)
        rests = frame % max(1, round(rate.fps / 2)) != 0
        if tier <= Tier.KEY:
            self._whole_ns = NEVER
        elif self._whole_ns == NEVER:
            self._whole_ns = due
        self._screen.tell(tier, self._whole_ns, _LEAD_NS if self._whole_ns == NEVER else 0)
        if self._screen.newest_due_ns and (tier is Tier.PARKED or (tier is Tier.KEY and rests)):
            self._screen.feed(due)
            return
        self._screen.show(lambda picture, slot: self._painter.draw(picture, slot, frame), due, rate.start_ns(code))
        self._report.counts.decoded += 1
        self._report.counts.late += self._clock.now() > due

    def _samples(self, first: int, count: int) -> Samples:
        """The tone repeats every second, since its pitch is a whole number of hertz."""
        table = self._tone
        if table is None:
            return np.zeros((count, CHANNELS), np.float32)
        start = first % SAMPLE_RATE
        if start + count <= SAMPLE_RATE:
            return table[start : start + count]
        return np.concatenate((table[start:], table[: start + count - SAMPLE_RATE]))

    def _describe(self) -> None:
        fmt = self._format
        video = {
            "codec": "pattern",
            "width": fmt.width,
            "height": fmt.height,
            "fps": round(fmt.rate.fps, 3),
            "pixel_format": "yuv420p",
            "interlaced": False,
            "hardware": None,
        }
        audio = {"codec": "tone", "rate": SAMPLE_RATE, "channels": CHANNELS} if self._tone is not None else None
        self._report.opened(video, audio, live=True)

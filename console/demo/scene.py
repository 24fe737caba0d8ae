"""One camera's pictures: surroundings, shadows, athletes, clocks and the code strip, frame by frame."""

from __future__ import annotations

import math
from functools import lru_cache

import cv2
import numpy as np

from console.demo import crowd, stadium
from console.demo.backdrop import Surroundings
from console.demo.body import skeleton
from console.demo.cameras import STATIONS
from console.demo.figures import People, Wardrobe
from console.demo.flags import paint_flags
from console.demo.optics import CameraPose
from console.demo.paint import Canvas, fixed, hang, mips, paint
from console.demo.props import paint_finish_clock
from console.demo.race import ATHLETES, GUN_S, Array, placings, race_clock_s, runners_at, track_of
from console.demo.rail import RailSurroundings
from console.media import barcode
from console.media.picture import NEUTRAL, Picture
from console.media.time import Format


@lru_cache(maxsize=4096)
def _joints(instant_s: float) -> Array:
    return np.stack([skeleton(runner, instant_s) for runner in runners_at(instant_s)])


def score_lines(instant_s: float) -> tuple[tuple[str, str, str], ...]:
    """What the score board lists: nothing during the race, then the placings as they come in."""
    if instant_s < GUN_S + track_of(placings()[0].lane).finish_s + 1.6:
        return ()
    lines = []
    for place, athlete in enumerate(placings()):
        time_s = track_of(athlete.lane).finish_s
        if instant_s > GUN_S + track_of(placings()[0].lane).finish_s + 1.6 + place * 0.12:
            lines.append((f"{place + 1}  {athlete.name}", athlete.team, f"{time_s:.2f}"))
    return tuple(lines)


@lru_cache(maxsize=2)
def _score_board(lines: tuple[tuple[str, str, str], ...], clock: str) -> crowd.Texture:
    return mips(crowd.score_board(lines, clock))


class CameraView:
    """Draws one camera of the venue. Numbers of frames count from the start of the take."""

    def __init__(self, number: int, form: Format, seconds: int) -> None:
        self.station = STATIONS[number - 1]
        self.form = form
        self.frames = round(seconds * form.rate.fps)
        self._poses = [self.station.pose_at(n / form.rate.fps) for n in range(self.frames)]
        self._canvas = np.zeros((form.height, form.width, 4), np.uint8)
        self._half = np.zeros((form.height // 2, form.width // 2, 4), np.uint8)
        self._wardrobes = [Wardrobe.of(athlete) for athlete in ATHLETES]
        self._rail = RailSurroundings(self.station, self._poses, form.height) if number == 7 else None
        phases = crowd.PHASES if number == 8 else 1
        self._still = (
            None if self._rail else Surroundings(self.station, self._poses, form.width, form.height, phases=phases)
        )

    def canvas(self, frame: int) -> Canvas:
        """The picture of a frame, to be used before the next is asked for."""
        instant = frame / self.form.rate.fps
        pose, canvas = self._poses[frame], self._canvas
        if self._rail:
            self._rail.view(pose, canvas)
        elif self._still:
            self._still.view(frame, pose, canvas, _cheer(instant))
            self._smear(frame)
        self._clocks(canvas, pose, instant)
        if self.station.number == 8:
            paint_flags(canvas, pose, instant)
        people = People(_joints(instant), self._wardrobes, pose, self.form.width, self.form.height)
        people.cast(canvas)
        for person in sorted(np.flatnonzero(people.visible).tolist(), key=lambda one: -people.depths[one]):
            people.draw(canvas, person, ATHLETES[person].bib)
        self._flashes(canvas, pose, frame)
        return canvas

    def draw(self, frame: int, out: Picture) -> None:
        """The finished picture with its code strip."""
        canvas = self.canvas(frame)
        half = self._half
        cv2.resize(canvas, (half.shape[1], half.shape[0]), dst=half, interpolation=cv2.INTER_AREA)
        cv2.extractChannel(canvas, 0, dst=out.y)
        cv2.extractChannel(half, 1, dst=out.u)
        cv2.extractChannel(half, 2, dst=out.v)
        barcode.burn(out.y, self.station.number, frame)
        rows = barcode.strip_rows(self.form.height) // 2
        out.u[-rows:] = out.v[-rows:] = NEUTRAL

    def _smear(self, frame: int) -> None:
        """What the shutter makes of a quick pan."""
        here, there = self._poses[frame], self._poses[min(frame + 1, self.frames - 1)]
        turn = math.radians(there.pan_deg - here.pan_deg) * math.cos(math.radians(here.tilt_deg))
        length = int(abs(turn) * here.focal_px(self.form.height) * 0.45)
        if length >= 3:
            cv2.blur(self._canvas, (min(length, 60), 1), dst=self._canvas)

    def _clocks(self, canvas: Canvas, pose: CameraPose, instant: float) -> None:
        number = self.station.number
        clock = f"{race_clock_s(instant):.2f}"
        if number in (4, 6, 8):
            # As such boards do, it runs in tenths and stops in hundredths.
            shown = clock if instant > GUN_S + track_of(placings()[0].lane).finish_s else clock[:-1]
            hang(canvas, pose, stadium.score_corners(), _score_board(score_lines(instant), shown))
        elif number in (1, 5):
            paint_finish_clock(canvas, pose, clock)

    def _flashes(self, canvas: Canvas, pose: CameraPose, frame: int) -> None:
        """Photographers in the stands, busiest at the start and the finish."""
        instant = frame / self.form.rate.fps
        finish = GUN_S + track_of(placings()[0].lane).finish_s
        busy = 0.1 + math.exp(-(((instant - GUN_S) / 0.7) ** 2)) + 1.4 * math.exp(-(((instant - finish) / 1.2) ** 2))
        rng = np.random.default_rng(round(instant * 25))
        for turn, back, chance in rng.random((6, 3)):
            if chance > busy * 0.6:
                continue
            x, y = stadium.ring(15 + back * 20, 0.2 + 0.75 * turn)
            pixel, depth = pose.project(np.array([x, y, 2.4 + back * 11.5]), canvas.shape[1], canvas.shape[0])
            inside = 4 < pixel[0] < canvas.shape[1] - 4 and 4 < pixel[1] < canvas.shape[0] * 0.6
            if depth > 60 and inside:
                cv2.circle(canvas, fixed(pixel).tolist(), round(canvas.shape[0] / 720 * 40), paint((255, 255, 255)), -1,
                           cv2.LINE_AA, 4)  # fmt: skip


def _cheer(instant: float) -> int:
    """How far the crowd is in its cheering: slow before the gun, fast to the finish. A phase counts 1/12 of a beat."""
    calm, wild = 0.35, 1.55
    racing = max(instant - GUN_S, 0.0)
    return int(crowd.PHASES * (calm * instant + (wild - calm) * (racing - 1.5 * (1 - math.exp(-racing / 1.5)))))

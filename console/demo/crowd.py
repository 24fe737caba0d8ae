"""Pictures that hang in the stadium: stands full of people, advertising boards, the score board, grain and sky.

All made from fixed seeds: the same pixels on every machine and every day.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from console.demo.paint import Canvas, Rgb, converted, mips, mixed

Texture = tuple[Canvas, ...]
SEAT_PX, ROW_PX = 18, 26
LOWER_ROWS = 28
TALL = 1.4
"""People are stretched on the sloping picture of a stand, because it is seen from low down."""
_SHIRTS: tuple[Rgb, ...] = (
    (226, 226, 222), (206, 208, 214), (196, 44, 50), (34, 60, 128), (44, 46, 56), (238, 190, 60), (54, 120, 90),
    (120, 150, 190), (160, 90, 70), (74, 76, 92), (228, 130, 60), (150, 152, 160), (96, 56, 90),
)  # fmt: skip
_SKINS: tuple[Rgb, ...] = ((226, 182, 152), (206, 158, 126), (164, 116, 86), (112, 76, 56), (218, 170, 140))
_HAIRS: tuple[Rgb, ...] = ((36, 28, 24), (70, 48, 32), (28, 24, 26), (150, 116, 70), (120, 118, 116))
PHASES = 10
"""How many moments of a moving crowd there are."""


def _person(
    picture: NDArray[np.uint8], x: float, y: float, rng: np.random.Generator, phase: float | None, scale: float = 1.0
) -> None:
    """A spectator whose lap is at (x, y); seven random numbers whatever he does."""
    shirt_at, skin_at, hair_at, light, lively, beat, lean = rng.random(7)
    shirt = mixed(_SHIRTS[int(shirt_at * len(_SHIRTS))], (120, 120, 124), 0.15)
    skin = _SKINS[int(skin_at * len(_SKINS))]
    hair = _HAIRS[int(hair_at * len(_HAIRS))]
    shade = 0.72 + 0.28 * light
    bounce = 0.0
    arms = lively > 0.95
    if phase is not None:
        beats = np.sin(2 * np.pi * (phase + beat))
        bounce = max(float(beats), 0.0) * 7 * max(lively - 0.35, 0) * scale
        arms = lively > 0.8
        lean += 0.25 * float(np.sin(2 * np.pi * (phase + beat * 3)))

    def at(dx: float, dy: float) -> tuple[int, int]:
        return round((x + dx * scale) * 16), round((y - bounce + dy * TALL * scale) * 16)

    def tone(rgb: Rgb, part: float = 1.0) -> tuple[float, float, float]:
        red, green, blue = (min(channel * shade * part, 255.0) for channel in rgb)
        return red, green, blue

    def oval(dx: float, dy: float, wide: float, tall: float, colour: tuple[float, float, float]) -> None:
        size = (round(wide * 16 * scale), round(tall * TALL * 16 * scale))
        cv2.ellipse(picture, at(dx, dy), size, 0, 0, 360, colour, -1, cv2.LINE_AA, 4)

    side = (lean - 0.5) * 2.5
    oval(0, -6, 6.2, 9, tone(shirt, 0.8))
    oval(-0.8, -7, 4.6, 7.6, tone(shirt))
    if arms:
        raised = 5 + 6 * (beat if phase is None else 0.5 + 0.5 * float(np.sin(2 * np.pi * (phase + beat))))
        thick = max(1, round(2.6 * scale))
        for sign in (-1, 1):
            hand = at(sign * 7 + side, -14 - raised)
            cv2.line(picture, at(sign * 5, -11), hand, tone(skin), thick, cv2.LINE_AA, 4)
    oval(side, -18.4, 4.2, 4.4, tone(hair))
    oval(side - 0.3, -17.4, 3.3, 4.2, tone(skin))


def _tier(seed: int, seats: int, rows: int, phase: float | None = None, scale: int = 1, light: float = 0.96) -> Canvas:
    """One block of a stand, seen square on: rows of seats, most of them taken, a stairway at its left."""
    rng = np.random.default_rng(seed)
    width, height = seats * SEAT_PX * scale, rows * ROW_PX * scale
    picture = np.empty((height, width, 3), np.uint8)
    for row in range(rows):
        top = row * ROW_PX * scale
        depth = 1.06 - 0.24 * (rows - row) / rows
        picture[top : top + ROW_PX * scale] = np.array((96, 100, 108)) * depth * 0.72
        picture[top + 20 * scale : top + 22 * scale] = np.array((128, 132, 140)) * depth * 0.7
    for row in range(rows):
        y = (row * ROW_PX + 23) * scale
        for seat in range(2, seats):
            x = (seat + 0.5) * SEAT_PX * scale
            here = rng.random()
            chair = (40, 74, 132) if (seat // 7 + row // 5) % 2 else (48, 86, 150)
            cv2.rectangle(picture, (round(x - 6 * scale), y - 14 * scale), (round(x + 6 * scale), y), chair, -1)
            if here < 0.88:
                _person(picture, x + (rng.random() - 0.5) * 4 * scale, y, rng, phase, scale)
    stairs = picture[:, : 2 * SEAT_PX * scale - 4 * scale]
    stairs[:] = (150, 152, 156)
    for step in range(0, height, ROW_PX // 2 * scale):
        stairs[step : step + 3 * scale] = (104, 106, 112)
    return converted((picture * light).astype(np.uint8))


@cache
def lower_tiers() -> tuple[Texture, ...]:
    """Blocks of the lower tier, 15 m wide."""
    return tuple(mips(_tier(100 + seed, 30, LOWER_ROWS)) for seed in range(5))


@cache
def upper_tiers() -> tuple[Texture, ...]:
    """Blocks of the upper tier."""
    return tuple(mips(_tier(200 + seed, 30, 20, light=0.74)) for seed in range(5))


@lru_cache(maxsize=4)
def lively_tier(block: int, phase: int) -> Canvas:
    """A block near a camera, in one of `PHASES` moments of its cheering, at twice the detail."""
    return _tier(300 + block, 30, LOWER_ROWS, phase / PHASES, 2)


WORDS = (
    ("VELORA", (12, 40, 92), (255, 255, 255)),
    ("nimbus air", (240, 244, 248), (20, 90, 170)),
    ("KESTREL", (200, 24, 38), (255, 255, 255)),
    ("Halden & Roe", (18, 88, 66), (240, 230, 190)),
    ("ORBITEL", (252, 200, 30), (24, 24, 30)),
    ("TARN SPORTS", (20, 22, 28), (90, 220, 250)),
    ("monte claro", (236, 110, 40), (255, 255, 255)),
    ("PODIUM", (70, 30, 120), (255, 255, 255)),
)
"""Made-up names on the boards: text, board and ink colours."""


def lettered(
    text: str,
    size: tuple[int, int],
    board: Rgb,
    ink: Rgb,
    *,
    fill_part: float = 0.62,
    font: int = cv2.FONT_HERSHEY_DUPLEX,
) -> NDArray[np.uint8]:
    """A board of (width, height) pixels with one word in its middle, RGB."""
    width, height = size
    picture = np.empty((height, width, 3), np.uint8)
    picture[:] = board
    thick = max(1, round(height * 0.055))
    (w, h), _ = cv2.getTextSize(text, font, 1.0, thick)
    scale = min(height * fill_part / h, width * 0.88 / w)
    (w, h), _ = cv2.getTextSize(text, font, scale, thick)
    cv2.putText(picture, text, ((width - w) // 2, (height + h) // 2), font, scale, ink, thick, cv2.LINE_AA)
    return picture


@cache
def boards() -> tuple[Texture, ...]:
    """Advertising boards, six metres by one."""
    made = []
    for text, board, ink in WORDS:
        picture = lettered(text, (768, 128), board, ink)
        picture[:4], picture[-6:] = mixed(board, (255, 255, 255), 0.35), mixed(board, (0, 0, 0), 0.45)
        made.append(mips(converted(picture)))
    return tuple(made)


@cache
def grain(seed: int, size: int, coarse: float) -> NDArray[np.uint8]:
    """A tileable patch of noise around 128: `coarse` is the size of a grain in pixels."""
    noise = np.random.default_rng(seed).standard_normal((size, size)).astype(np.float32)
    tiled = np.tile(noise, (3, 3))
    smooth = np.asarray(cv2.GaussianBlur(tiled, (0, 0), coarse), np.float32)[size : 2 * size, size : 2 * size]
    smooth = (smooth - smooth.mean()) / smooth.std()
    return np.asarray(np.clip(128 + smooth * 32, 0, 255), np.uint8)


@cache
def clouds(width: int, height: int) -> NDArray[np.float32]:
    """Thin clouds, 0..1, wider than high."""
    rng = np.random.default_rng(7)
    total = np.zeros((height, width), np.float32)
    for octave in range(5):
        cells = (6 << octave, 4 << octave)
        noise = rng.standard_normal((cells[1], cells[0])).astype(np.float32)
        total += np.asarray(cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC), np.float32) / 1.7**octave
    return np.asarray(np.clip((total - 0.35) / 2.4, 0, 1), np.float32)


def score_board(lines: Sequence[tuple[str, str, str]], clock: str, size: tuple[int, int] = (448, 224)) -> Canvas:
    """The stadium's score board with the race clock."""
    width, height = size
    picture = np.empty((height, width, 3), np.uint8)
    picture[:] = (8, 12, 30)
    picture[: height // 5] = (18, 60, 130)
    font = cv2.FONT_HERSHEY_DUPLEX
    unit = height / 224
    cv2.putText(picture, "MEN 100 m FINAL", (round(12 * unit), round(32 * unit)), font, 0.92 * unit, (240, 244, 255), 1,
                cv2.LINE_AA)  # fmt: skip
    if lines:
        for row, line in enumerate(lines):
            y = round((68 + row * 20.5) * unit)
            ink = (255, 214, 60) if row == 0 else (226, 232, 244)
            for x, text in zip((14, 268, 362), line, strict=True):
                cv2.putText(picture, text, (round(x * unit), y), font, 0.60 * unit, ink, 1, cv2.LINE_AA)
        return converted(picture)
    scale = 4.3 * unit
    thick = max(1, round(7 * unit))
    (w, h), _ = cv2.getTextSize(clock, font, scale, thick)
    at = ((width - w) // 2, round(height * 0.6) + h // 2)
    cv2.putText(picture, clock, at, font, scale, (255, 196, 40), thick, cv2.LINE_AA)
    return converted(picture)

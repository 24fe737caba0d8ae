"""A lens from pictures of a charuco board: a chess board with a numbered marker in every white square.

Pictures come as luma planes, one at a time, from wherever; those that add nothing new are let go at once. A zoom lens
is several such measurements, one row of its table each.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from console.errors import ConsoleError
from console.show.world import LensRow
from console.tracking.sightings import Array

Luma: TypeAlias = NDArray[np.uint8]

MOST_VIEWS = 36
FEWEST_VIEWS, FEWEST_CORNERS = 6, 8
ALIKE = 0.05
"""Boards that lie this close (in picture widths, and sizes likewise) show the same."""
GRID = (8, 6)
"""The picture is covered by so many fields across and down."""
FEWEST_COVERED = 0.5
"""The least part of them that corners were seen in."""
MOST_FOCAL_SIGMA = 0.01
"""A focal length that is known no better than this was not measured."""
_MOST_CENTRE_SIGMA = 0.01
FEWEST_LEANING, LEAST_LEAN_DEG = 3, 12.0
"""In so many views the board must lean by so much."""
_TILT = "Tilt the board by 30 degrees and more, each way"
_FIRST_FOCALS = (0.6, 1.5, 4.0, 10.0, 25.0)
"""In picture widths."""
_BAD_VIEW = 3.0
_DICTIONARY = cv2.aruco.DICT_5X5_100
_MARKS = 100
_PAPER_MM = (2_000.0, 5.0)


@dataclass(frozen=True)
class Board:
    """A charuco board: what is printed, and what is looked for."""

    columns: int = 9
    rows: int = 6
    square_mm: float = 40.0
    """As measured on the print; only the board's own shape counts for a lens, so any scale does."""
    marker_part: float = 0.75
    """The marker's size in its square."""

    def __post_init__(self) -> None:
        if not (3 <= self.columns <= 20 and 3 <= self.rows <= 20) or self.columns * self.rows // 2 > _MARKS:
            raise ConsoleError(
                f"{self.columns} x {self.rows} is no board", f"3 to 20 each way, {2 * _MARKS} squares at most"
            )
        if not (_PAPER_MM[1] <= self.square_mm <= _PAPER_MM[0] and 0.4 <= self.marker_part <= 0.9):
            raise ConsoleError("These are no sizes for a board", "Squares of 5 mm to 2 m, markers 0.4 to 0.9 of them")

    @cached_property
    def pattern(self) -> cv2.aruco.CharucoBoard:
        """OpenCV's board, in metres."""
        square_m = self.square_mm / 1000
        dictionary = cv2.aruco.getPredefinedDictionary(_DICTIONARY)
        return cv2.aruco.CharucoBoard((self.columns, self.rows), square_m, square_m * self.marker_part, dictionary)

    @cached_property
    def _detector(self) -> cv2.aruco.CharucoDetector:
        return cv2.aruco.CharucoDetector(self.pattern)

    def picture(self, square_px: int = 80) -> Luma:
        """The board as a picture, a quarter of a square of white around it."""
        margin = square_px // 4
        size = (self.columns * square_px + 2 * margin, self.rows * square_px + 2 * margin)
        return np.asarray(self.pattern.generateImage(size, marginSize=margin, borderBits=1), np.uint8)

    def png(self, square_px: int = 160) -> bytes:
        """The board as a PNG file, to print so that a square measures `square_mm`."""
        done, data = cv2.imencode(".png", self.picture(square_px))
        if not done:
            raise ConsoleError("The board could not be written as PNG")
        return data.tobytes()

    def svg(self) -> str:
        """The board as an SVG file in millimetres, to print at 100 %."""
        dictionary = self.pattern.getDictionary()
        bits = dictionary.markerSize + 2
        square, margin = self.square_mm, self.square_mm / 4
        width, height = self.columns * square + 2 * margin, self.rows * square + 2 * margin
        black: list[tuple[float, float, float]] = []
        marker = 0
        for row in range(self.rows):
            for column in range(self.columns):
                x, y = margin + column * square, margin + row * square
                if (row + column) % 2 == 0:
                    black.append((x, y, square))
                    continue
                side = square * self.marker_part
                step, inset = side / bits, (square - side) / 2
                drawn = dictionary.generateImageMarker(marker, bits, borderBits=1)
                marker += 1
                black += [
                    (x + inset + b * step, y + inset + a * step, step) for a, b in np.argwhere(drawn == 0).tolist()
                ]
        path = "".join(f"M{x:.4f} {y:.4f}h{s:.4f}v{s:.4f}h{-s:.4f}z" for x, y, s in black)
        note = f"Podium {self.columns} x {self.rows}, squares of {square:g} mm: print at 100 % and measure"
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}mm" height="{height:g}mm"'
            f' viewBox="0 0 {width:g} {height:g}"><rect width="100%" height="100%" fill="#fff"/>'
            f'<path d="{path}" fill="#000" shape-rendering="crispEdges"/>'
            f'<text x="{margin:g}" y="{height - margin / 4:g}" font-size="{margin / 2:g}"'
            f' font-family="sans-serif">{note}</text></svg>\n'
        )


@dataclass(frozen=True, eq=False)
class BoardSeen:
    """The board in one picture."""

    corners_px: NDArray[np.float32]
    """(n, 2), OpenCV's pixels: the centre of the top left one is 0, 0."""
    ids: NDArray[np.int32]
    width: int
    height: int

    @cached_property
    def looks(self) -> Array:
        """What tells it from others: where it lies, how large, how far it is turned and tilted; in picture widths."""
        spread = self.corners_px - self.corners_px.mean(axis=0)
        shape = spread.T @ spread / len(spread)
        size = math.sqrt(math.sqrt(max(float(np.linalg.det(shape)), 0.0)))
        lean = np.array([shape[0, 0] - shape[1, 1], 2 * shape[0, 1]]) / max(float(np.trace(shape)), 1e-9)
        middle = self.corners_px.mean(axis=0)
        return np.asarray(np.concatenate((middle / self.width, [size / self.width * 2], lean / 2)), np.float64)


def find(board: Board, luma: Luma) -> BoardSeen | None:
    """The board in a picture; None when too little of it is there."""
    if luma.ndim != 2 or luma.dtype != np.uint8 or min(luma.shape) < 32:
        raise ConsoleError("That is no luma plane", "Give pictures of 8 bits, rows by columns")
    corners, ids, _, _ = board._detector.detectBoard(np.ascontiguousarray(luma))
    if corners is None or ids is None or len(ids) < FEWEST_CORNERS:
        return None
    height, width = luma.shape
    return BoardSeen(np.asarray(corners, np.float32).reshape(-1, 2), np.asarray(ids, np.int32).ravel(), width, height)


@dataclass
class Collection:
    """Keeps those pictures of a board that differ most, at most `MOST_VIEWS`."""

    board: Board
    kept: list[BoardSeen] = field(default_factory=list)
    pictures: int = 0
    """How many were looked at."""
    found: int = 0
    """In how many of them the board was found."""

    def add(self, luma: Luma) -> bool:
        """Look at a picture; True when it was worth keeping."""
        self.pictures += 1
        seen = find(self.board, luma)
        if seen is None:
            return False
        self.found += 1
        if self.kept and (seen.width, seen.height) != (self.kept[0].width, self.kept[0].height):
            first = self.kept[0]
            raise ConsoleError(
                f"A picture is {seen.width} x {seen.height}, those before it {first.width} x {first.height}",
                "Take all pictures with the same settings",
            )
        if self._nearest(seen.looks, self.kept) < ALIKE:
            return False
        self.kept.append(seen)
        if len(self.kept) > MOST_VIEWS:  # the one that is most like another goes
            gaps = [self._nearest(one.looks, [o for o in self.kept if o is not one]) for one in self.kept]
            self.kept.pop(int(np.argmin(gaps)))
        return True

    @staticmethod
    def _nearest(looks: Array, others: list[BoardSeen]) -> float:
        return min((float(np.linalg.norm(looks - other.looks)) for other in others), default=math.inf)

    @property
    def covered(self) -> NDArray[np.bool_]:
        """(down, across): where in the picture corners were seen."""
        grid = np.zeros((GRID[1], GRID[0]), bool)
        for seen in self.kept:
            x = np.clip(seen.corners_px[:, 0] / seen.width * GRID[0], 0, GRID[0] - 1).astype(int)
            y = np.clip(seen.corners_px[:, 1] / seen.height * GRID[1], 0, GRID[1] - 1).astype(int)
            grid[y, x] = True
        return grid

    def bare(self) -> str:
        """In words, the part of the picture that was covered least."""
        thirds = [
            (float(part.mean()), f"{down} {across}".strip())
            for down, rows in zip(("top", "middle", "bottom"), np.array_split(self.covered, 3, axis=0), strict=True)
            for across, part in zip(("left", "centre", "right"), np.array_split(rows, 3, axis=1), strict=True)
        ]
        return min(thirds)[1]


@dataclass(frozen=True)
class LensFound:
    """A lens at one setting, and how well it is known."""

    row: LensRow
    rms_px: float
    coverage: float
    """The part of the picture where corners were seen, 0 to 1."""
    views: int
    focal_sigma: float
    """One sigma of the focal length, as a part of it."""
    centre_sigma: float
    """One sigma of the centre, in picture widths; 0 when it was taken to be the middle."""


def lens_of(board: Board, lumas: Iterable[Luma], zoom: float = 0.0, focus: float = 0.0) -> LensFound:
    """The lens from pictures of the board at one setting; zoom and focus are what the tracker says of it.

    Raises ConsoleError as `lens_from` does.
    """
    collection = Collection(board)
    for luma in lumas:
        collection.add(luma)
    return lens_from(collection, zoom, focus)


def lens_from(collection: Collection, zoom: float = 0.0, focus: float = 0.0) -> LensFound:
    """The lens from the pictures that were kept.

    Raises ConsoleError with the remedy: no board, too few different views, too little of the picture, never tilted.
    """
    kept = collection.kept
    if not collection.found:
        size = f"{collection.board.columns} x {collection.board.rows}"
        raise ConsoleError(
            f"No {size} board was found in {collection.pictures} pictures",
            "Look at its size, light and sharpness",
        )
    if len(kept) < FEWEST_VIEWS:
        raise ConsoleError(
            f"Only {len(kept)} different views of the board were found, {FEWEST_VIEWS} are needed",
            "Move, turn and tilt the board between pictures",
        )
    coverage = float(collection.covered.mean())
    if coverage < FEWEST_COVERED:
        raise ConsoleError(
            f"The board was seen in {coverage:.0%} of the picture only, {FEWEST_COVERED:.0%} is needed",
            f"Show it at the {collection.bare()} too",
        )
    board, first = collection.board, _first(collection.board, kept)
    if math.isfinite(first.rms_px) and first.leaning < FEWEST_LEANING:
        # A board that is flat on looks the same from nearer through a shorter lens.
        raise ConsoleError("The board was hardly ever tilted, so the focal length might be anything", _TILT)
    focal_px, flags = float(first.matrix[0, 0]), _FREE
    fit = _solved(board, kept, focal_px, flags)
    if not fit.centre_sigma < _MOST_CENTRE_SIGMA:  # of a long lens the centre can't be told from a turn
        flags |= _CENTRED
        fit = _solved(board, kept, focal_px, flags)
    if not math.isfinite(max(first.rms_px, fit.rms_px)):
        raise ConsoleError("No lens fits these pictures", "Take new ones, with the board flat and sharp")
    limit = _BAD_VIEW * float(np.median(fit.views_px))
    good = [seen for seen, rms in zip(kept, fit.views_px, strict=True) if rms <= limit]
    if FEWEST_VIEWS <= len(good) < len(kept):  # a picture that was moved or half hidden
        kept, fit = good, _solved(board, good, focal_px, flags)
    if not fit.focal_sigma < MOST_FOCAL_SIGMA:
        raise ConsoleError(
            f"The focal length is only known to {fit.focal_sigma:.1%}",
            "Tilt the board by 30 degrees and more, each way",
        )
    row = fit.row(kept[0].width, kept[0].height, zoom, focus)
    return LensFound(row, fit.rms_px, coverage, len(kept), fit.focal_sigma, fit.centre_sigma)


@dataclass(frozen=True, eq=False)
class _Fit:
    rms_px: float
    matrix: Array
    distortion: Array
    views_px: Array
    focal_sigma: float
    centre_sigma: float
    leaning: int
    """In how many views the board leaned."""

    def row(self, width: int, height: int, zoom: float, focus: float) -> LensRow:
        k1, k2, p1, p2, k3 = (float(k) for k in self.distortion[:5])
        # OpenCV's origin is the middle of a pixel, ours its corner.
        x, y = float(self.matrix[0, 2]) + 0.5 - width / 2, float(self.matrix[1, 2]) + 0.5 - height / 2
        return LensRow(zoom, focus, float(self.matrix[0, 0]) / width, k1, k2, k3, p1, p2, x / width, y / width)


_FREE = cv2.CALIB_FIX_K3
_STRAIGHT = cv2.CALIB_FIX_K1 | cv2.CALIB_FIX_K2
_CENTRED = cv2.CALIB_FIX_PRINCIPAL_POINT | cv2.CALIB_ZERO_TANGENT_DIST
_NONE = _Fit(math.inf, np.eye(3), np.zeros(5), np.zeros(0), math.inf, math.inf, 0)


def _first(board: Board, kept: list[BoardSeen]) -> _Fit:
    """The focal length alone, looked for from several ones on, as least squares find the nearest answer only."""
    fits = [_solved(board, kept, focal * kept[0].width, _FREE | _STRAIGHT | _CENTRED) for focal in _FIRST_FOCALS]
    return min(fits, key=lambda fit: fit.rms_px)


def _solved(board: Board, kept: list[BoardSeen], focal_px: float, flags: int) -> _Fit:
    """OpenCV's least squares from a focal length on: square pixels, and no more distortion than a board can show."""
    width, height = kept[0].width, kept[0].height
    pattern = np.asarray(board.pattern.getChessboardCorners(), np.float32)
    at = [np.ascontiguousarray(pattern[seen.ids]) for seen in kept]
    pixels = [np.ascontiguousarray(seen.corners_px, np.float32) for seen in kept]
    guess = np.array([[focal_px, 0, (width - 1) / 2], [0, focal_px, (height - 1) / 2], [0, 0, 1]], np.float64)
    flags |= cv2.CALIB_USE_INTRINSIC_GUESS | cv2.CALIB_FIX_ASPECT_RATIO
    try:
        rms, matrix, bend, turns, _, sigmas, _, views = cv2.calibrateCameraExtended(
            at, pixels, (width, height), guess, np.zeros(5), flags=flags
        )
    except cv2.error:
        return _NONE
    if not (math.isfinite(rms) and np.isfinite(matrix).all() and np.isfinite(bend).all() and matrix[0, 0] > 0):
        return _NONE
    spread = np.asarray(sigmas, np.float64).ravel()
    leans = [math.degrees(math.acos(min(abs(float(cv2.Rodrigues(turn)[0][2, 2])), 1.0))) for turn in turns]
    return _Fit(
        float(rms),
        np.asarray(matrix, np.float64),
        np.asarray(bend, np.float64).ravel(),
        np.asarray(views, np.float64).ravel(),
        float(max(spread[0], spread[1]) / matrix[0, 0]),
        0.0 if flags & cv2.CALIB_FIX_PRINCIPAL_POINT else float(max(spread[2], spread[3]) / width),
        sum(lean > LEAST_LEAN_DEG for lean in leans),
    )


def lens_table(found: Iterable[LensFound]) -> tuple[LensRow, ...]:
    """The table of a zoom lens, from measurements at several settings; two at one setting are refused."""
    rows = sorted((one.row for one in found), key=lambda row: (row.zoom, row.focus))
    for one, other in pairwise(rows):
        if (one.zoom, one.focus) == (other.zoom, other.focus):
            raise ConsoleError(
                f"There are two measurements at zoom {one.zoom:g}, focus {one.focus:g}", "Keep the better one"
            )
    return tuple(rows)

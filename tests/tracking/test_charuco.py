"""Lenses from rendered pictures of a board, against the lens they were rendered with."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
import pytest

from console.errors import ConsoleError
from console.show.world import Camera, LensRow
from console.tracking.camera import CameraView, view
from console.tracking.charuco import (
    MOST_VIEWS,
    Board,
    Collection,
    LensFound,
    Luma,
    find,
    lens_of,
    lens_table,
)

WIDTH, HEIGHT = 960, 540
BOARD = Board(9, 6, 40.0)
WIDE = LensRow(focal=0.9, k1=-0.11, k2=0.02, p1=0.0006, p2=-0.0004, centre_x=0.006, centre_y=-0.004)
_SQUARE_PX = 50
"""Of the board's own picture: about as large as it is rendered."""


class Studio:
    """A board on the floor and a camera that is carried around it."""

    def __init__(self, lens: LensRow) -> None:
        self.lens = lens
        looking = view(Camera("cam", lens=(lens,)), None, WIDTH, HEIGHT)
        x, y = np.meshgrid(np.arange(WIDTH) + 0.5, np.arange(HEIGHT) + 0.5)
        rays = looking.ray(np.stack((x, y), axis=-1).reshape(-1, 2)) @ looking.rotation.T
        self._rays = rays / rays[:, 2:]
        self._board = BOARD.picture(_SQUARE_PX)
        self._chance = np.random.default_rng(3)

    def picture(self, where: tuple[float, float], away_m: float, lean: tuple[float, float], spin: float) -> Luma:
        """The board's middle `where` in the picture (-1 to 1), that far away, leaning right and down, spun: degrees."""
        right, down, spun = (math.radians(angle) for angle in (*lean, spin))
        turn = cv2.Rodrigues(np.array([down, right, 0.0]))[0] @ cv2.Rodrigues(np.array([0.0, 0.0, spun]))[0]
        across, along = turn[:, 0], turn[:, 1]  # the board's own axes, right and down, as the camera sees them
        middle = np.array([where[0] / 2, where[1] / 2 * HEIGHT / WIDTH, self.lens.focal]) * away_m / self.lens.focal
        normal = turn[:, 2]
        hit = self._rays * ((middle @ normal) / np.maximum(self._rays @ normal, 1e-3))[:, None] - middle
        scale, centre = _SQUARE_PX / (BOARD.square_mm / 1000), np.array(self._board.shape[::-1]) / 2 - 0.5
        maps = [
            np.clip(hit @ axis * scale + start, -1e4, 1e4).reshape(HEIGHT, WIDTH).astype(np.float32)
            for axis, start in zip((across, along), centre, strict=True)
        ]
        sharp = cv2.remap(self._board, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=110)
        noise = self._chance.normal(0, 2.0, sharp.shape)
        return np.clip(cv2.GaussianBlur(sharp, (0, 0), 0.8) * 0.75 + 25 + noise, 0, 255).astype(np.uint8)

    def walk(self, tilted: bool = True) -> Iterator[Luma]:
        """The board all over the picture, tilted each way."""
        places = [(x, y) for y in (-0.55, 0.0, 0.55) for x in (-0.6, -0.2, 0.2, 0.6)]
        leans = [(38, 0), (0, -38), (-38, 0), (0, 38), (27, 27)] if tilted else [(0, 0)]
        for i, where in enumerate(places):  # the board of 0.36 m fills some 45 % of the picture's width
            yield self.picture(where, 0.8 * self.lens.focal, leans[i % len(leans)], spin=12.0 * (i % 3 - 1))


@pytest.fixture(scope="module")
def wide_pictures() -> list[Luma]:
    return list(Studio(WIDE).walk())


@pytest.fixture(scope="module")
def wide_lens(wide_pictures: list[Luma]) -> LensFound:
    return lens_of(BOARD, iter(wide_pictures), zoom=12.0, focus=3.0)


def _looking(lens: LensRow) -> CameraView:
    return view(Camera("cam", lens=(lens,)), None, WIDTH, HEIGHT)


def _bent_apart(found: LensRow, truth: LensRow) -> np.ndarray:
    """How far two lenses draw the same rays apart, in pixels over the picture; a camera's turn may make up for part."""
    x, y = np.meshgrid(np.linspace(0, WIDTH, 17), np.linspace(0, HEIGHT, 11))
    pixels = np.stack((x.ravel(), y.ravel()), axis=1)
    rays = _looking(truth).ray(pixels) * 10
    turn = np.zeros(3)

    def errors(angles: np.ndarray) -> np.ndarray:
        pan, tilt, roll = angles
        camera = Camera("cam", pan_deg=pan, tilt_deg=tilt, roll_deg=roll, lens=(found,))
        return (view(camera, None, WIDTH, HEIGHT).project(rays)[0] - pixels).ravel()

    for _ in range(3):
        slopes = np.stack([(errors(turn + step) - errors(turn - step)) / 2e-4 for step in np.eye(3) * 1e-4], axis=1)
        turn = turn - np.linalg.lstsq(slopes, errors(turn), rcond=None)[0]
    return np.linalg.norm(errors(turn).reshape(-1, 2), axis=1)


def test_a_wide_lens_comes_back(wide_lens: LensFound) -> None:
    row = wide_lens.row
    assert (row.zoom, row.focus) == (12.0, 3.0)
    assert wide_lens.rms_px < 0.15
    assert wide_lens.coverage > 0.7
    assert row.focal == pytest.approx(WIDE.focal, rel=0.003)
    assert abs(row.focal / WIDE.focal - 1) < 4 * max(wide_lens.focal_sigma, 2e-4)
    assert math.hypot(row.centre_x - WIDE.centre_x, row.centre_y - WIDE.centre_y) < 0.002
    off = _bent_apart(row, WIDE)
    assert np.sqrt((off**2).mean()) < 0.5
    assert off.max() < 1.0
    assert _bent_apart(replace(row, k1=0.0, k2=0.0), WIDE).max() > 5  # it is the distortion that does it


def test_pictures_that_show_nothing_new_are_let_go(wide_pictures: list[Luma]) -> None:
    collection = Collection(BOARD)
    assert collection.add(wide_pictures[0])
    assert not collection.add(wide_pictures[0])
    assert not collection.add(np.full((HEIGHT, WIDTH), 90, np.uint8))
    assert (collection.pictures, collection.found, len(collection.kept)) == (3, 2, 1)


def test_no_more_than_enough_is_kept(wide_pictures: list[Luma]) -> None:
    collection = Collection(BOARD)
    seen = find(BOARD, wide_pictures[5])
    assert seen is not None
    for i in range(MOST_VIEWS):
        collection.kept.append(replace(seen, corners_px=seen.corners_px + np.float32(0.1 * i)))
    assert collection.add(wide_pictures[0])
    assert len(collection.kept) == MOST_VIEWS
    assert collection.kept[-1].corners_px[0, 0] != seen.corners_px[0, 0]  # what is unlike the rest stays


def test_a_long_lens_is_taken_to_be_centred() -> None:
    long = LensRow(focal=6.0, k1=0.3)
    found = lens_of(BOARD, Studio(long).walk())
    assert (found.row.centre_x, found.row.centre_y, found.centre_sigma) == pytest.approx((0, 0, 0), abs=1e-9)
    assert found.row.focal == pytest.approx(6.0, rel=0.02)
    assert np.sqrt((_bent_apart(replace(found.row, focal=6.0), long) ** 2).mean()) < 1.0


def test_a_zoom_lens_is_a_table(wide_lens: LensFound) -> None:
    tele = replace(wide_lens, row=replace(wide_lens.row, zoom=5.0, focal=3.0))
    assert [row.zoom for row in lens_table([wide_lens, tele])] == [5.0, 12.0]
    with pytest.raises(ConsoleError, match="two measurements at zoom 5"):
        lens_table([tele, wide_lens, tele])


# What is refused.


def test_too_little_is_refused_with_the_remedy(wide_pictures: list[Luma]) -> None:
    grey = np.full((HEIGHT, WIDTH), 90, np.uint8)
    with pytest.raises(ConsoleError, match="No 9 x 6 board was found in 2 pictures"):
        lens_of(BOARD, [grey, grey])
    with pytest.raises(ConsoleError, match="Only 1 different views"):
        lens_of(BOARD, wide_pictures[:1] * 8)
    with pytest.raises(ConsoleError, match="No 9 x 6 board was found in 0 pictures"):
        lens_of(BOARD, [])
    other = Board(5, 7)
    with pytest.raises(ConsoleError, match=r"No 5 x 7 board|different views|No lens fits|only known"):
        lens_of(other, wide_pictures)


def test_one_corner_of_the_picture_is_not_enough() -> None:
    studio = Studio(LensRow(focal=0.9))
    leans = [(0.0, 0.0), (35.0, 0.0), (-35.0, 0.0), (0.0, 35.0), (0.0, -35.0), (30.0, 30.0), (-30.0, 30.0)]
    corner = [studio.picture((-0.5, -0.4), 0.9 + 0.06 * i, lean, 14.0 * i) for i, lean in enumerate(leans)]
    with pytest.raises(ConsoleError, match=r"seen in \d+% of the picture only.*(right|bottom)"):
        lens_of(BOARD, corner)


def test_a_board_that_was_never_tilted() -> None:
    """All views flat on: the focal length might be anything, and that is said."""
    with pytest.raises(ConsoleError, match="Tilt the board"):
        lens_of(BOARD, Studio(LensRow(focal=3.0)).walk(tilted=False))


def test_mixed_sizes_and_no_planes(wide_pictures: list[Luma]) -> None:
    collection = Collection(BOARD)
    collection.add(wide_pictures[0])
    with pytest.raises(ConsoleError, match="before it 960 x 540"):
        collection.add(cv2.resize(wide_pictures[1], (1280, 720)))
    with pytest.raises(ConsoleError, match="no luma plane"):
        find(BOARD, np.zeros((540, 960, 3), np.uint8))
    with pytest.raises(ConsoleError, match="no luma plane"):
        find(BOARD, np.zeros((540, 960), np.uint16))


@pytest.mark.parametrize(
    ("columns", "rows", "square"), [(2, 6, 40), (30, 6, 40), (15, 15, 40), (9, 6, 0), (9, 6, math.nan)]
)
def test_boards_that_are_none(columns: int, rows: int, square: float) -> None:
    with pytest.raises(ConsoleError):
        Board(columns, rows, square)


# What is printed.


def test_the_printed_board_is_found_again() -> None:
    picture = cv2.imdecode(np.frombuffer(BOARD.png(60), np.uint8), cv2.IMREAD_GRAYSCALE)
    seen = find(BOARD, picture)
    assert seen is not None
    assert len(seen.ids) == 8 * 5


@pytest.mark.parametrize("board", [BOARD, Board(5, 7, 30.0), Board(12, 8, 25.0, 0.7)])
def test_the_svg_shows_the_same_board(board: Board) -> None:
    root = ET.fromstring(board.svg())
    width, height = (float(n) for n in root.attrib["viewBox"].split()[2:])
    assert root.attrib["width"] == f"{width:g}mm"
    assert width == pytest.approx((board.columns + 0.5) * board.square_mm)
    scale = 2000 / width
    canvas = np.full((round(height * scale), 2000), 255, np.uint8)
    path = next(element for element in root.iter() if element.tag.endswith("path")).attrib["d"]
    for piece in path.split("M")[1:]:
        start, side = piece.split("h")[0], float(piece.split("h")[1].split("v")[0])
        x, y = (float(n) for n in start.split())
        a, b = (round(n * scale) for n in (x, y)), (round(n * scale) for n in (x + side, y + side))
        (x0, y0), (x1, y1) = a, b
        canvas[y0:y1, x0:x1] = 0
    seen = find(board, canvas)
    assert seen is not None
    assert sorted(seen.ids) == list(range((board.columns - 1) * (board.rows - 1)))
    first = seen.corners_px[list(seen.ids).index(0)] / scale
    assert np.abs(first - board.square_mm * 1.25).max() < 0.5  # the first inner corner, in mm on the paper

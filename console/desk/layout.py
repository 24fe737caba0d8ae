"""Where preview, program and the tiles go: pure arithmetic in device pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

_BUS_SHARES = (0.42, 0.46, 0.5, 0.54)
"""How much of the height the buses take at least; the best is chosen."""
_BUS_WEIGHT = 2.6
_COLUMNS_MAX = 12
_LITTLE = 1.15
"""Where tiles would be shown larger than they are made by no more than this, they are shown as they are: sharper."""
_GAP_PX = 4
_BORDER_PX, _BORDER_FULL_HEIGHT_PX = 6, 800
_TILE_WIDTH_MIN_PX = 152
"""Logical pixels; smaller tiles say nothing, the grid scrolls instead."""


class Rect(NamedTuple):
    """A rectangle in device pixels."""

    x: int
    y: int
    width: int
    height: int

    def holds(self, x: float, y: float) -> bool:
        """Whether a point is inside."""
        return self.x <= x < self.x + self.width and self.y <= y < self.y + self.height

    def inset(self, by: int) -> Rect:
        """The rectangle less a border."""
        return Rect(self.x + by, self.y + by, max(0, self.width - 2 * by), max(0, self.height - 2 * by))


@dataclass(frozen=True)
class Layout:
    """The places of everything; tiles outside the visible rows have none."""

    preview: Rect
    program: Rect
    tiles: tuple[Rect | None, ...]
    columns: int
    rows: int
    rows_visible: int
    first_row: int
    border: int
    """The width of a bus's tally border; tiles have two thirds of it."""
    tile_border: int


def arrange(
    width: int,
    height: int,
    count: int,
    *,
    scale: float = 1.0,
    aspect: float = 16 / 9,
    tile_height: int = 180,
    first_row: int = 0,
) -> Layout:
    """Place preview (left), program (right) and `count` tiles below them, as large as they get.

    `scale` is device pixels per logical pixel, `tile_height` that of the pictures the engine makes for tiles. When the
    tiles would become too small the grid scrolls: `first_row` is the first row that shows.
    """
    gap = max(2, round(_GAP_PX * scale))
    border = max(2, round(_BORDER_PX * scale * min(1.0, height / (_BORDER_FULL_HEIGHT_PX * scale))))
    tile_border = max(2, round(border * 2 / 3))
    native = tile_height + 2 * tile_border
    best = max(
        (
            fit
            for columns in range(1, max(1, min(count, _COLUMNS_MAX)) + 1)
            for visible in range(bool(count), -(-count // columns) + 1)
            for share in _BUS_SHARES
            if (fit := _fit(width, height, count, columns, visible, share, gap, aspect, scale, native))
        ),
        default=None,
    )
    cramped = min(height // 4, int((width - gap) / 2 / aspect))
    grid = best or _Fit(0, 0.0, 1, int(bool(count)), max(2, cramped))
    return _placed(width, height, count, grid, gap, aspect, first_row, border, tile_border)


class _Fit(NamedTuple):
    """One way to divide the space; the best one shows most tiles, then most picture."""

    shown: int
    area: float
    columns: int
    visible: int
    tile_height: int


def _fit(
    width: int,
    height: int,
    count: int,
    columns: int,
    visible: int,
    share: float,
    gap: int,
    aspect: float,
    scale: float,
    native: int,
) -> _Fit | None:
    """Divide the space, the buses taking at least `share` of the height; None when tiles would be too small."""
    bus_full = int((width - gap) / 2 / aspect)
    if not visible:
        return _Fit(0, 0.0, 1, 0, 0)
    tile_full = int((width - gap * (columns - 1)) / columns / aspect)
    bus_least = min(bus_full, int(height * share))
    tile_height = min(tile_full, bus_full, (height - bus_least - gap * visible) // visible)
    if native < tile_height < native * _LITTLE:
        tile_height = native
    if tile_height * aspect < _TILE_WIDTH_MIN_PX * scale:
        return None
    bus_height = min(bus_full, height - visible * (tile_height + gap))
    shown = min(count, visible * columns)
    evenness = math.sqrt(count / (columns * -(-count // columns)))
    return _Fit(shown, (_BUS_WEIGHT * bus_height**2 + shown * tile_height**2) * evenness, columns, visible, tile_height)


def _width(height: int, border: int, aspect: float) -> int:
    """The width of a tile whose picture, inside the border, has the aspect."""
    return round(max(0, height - 2 * border) * aspect / 2) * 2 + 2 * border


def _placed(
    width: int,
    height: int,
    count: int,
    grid: _Fit,
    gap: int,
    aspect: float,
    first_row: int,
    border: int,
    tile_border: int,
) -> Layout:
    columns, visible, tile_height = grid.columns, grid.visible, grid.tile_height
    rows = -(-count // columns) if count else 0
    bus_height = min(int((width - gap) / 2 / aspect), height - visible * (tile_height + gap))
    bus_width = min(_width(bus_height, border, aspect), (width - gap) // 2)
    left = (width - 2 * bus_width - gap) // 2
    top = max(0, (height - bus_height - visible * (tile_height + gap)) // 2)
    preview = Rect(left, top, bus_width, bus_height)
    program = Rect(left + bus_width + gap, top, bus_width, bus_height)
    tile_width = _width(tile_height, tile_border, aspect)
    row_width = columns * tile_width + (columns - 1) * gap
    start = max(0, (width - row_width) // 2)
    first = max(0, min(first_row, rows - visible))
    tiles: list[Rect | None] = []
    for index in range(count):
        row, column = divmod(index, columns)
        if not first <= row < first + visible:
            tiles.append(None)
            continue
        y = top + bus_height + gap + (row - first) * (tile_height + gap)
        tiles.append(Rect(start + column * (tile_width + gap), y, tile_width, tile_height))
    return Layout(preview, program, tuple(tiles), columns, rows, visible, first, border, tile_border)

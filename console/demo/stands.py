"""Everything that stands: sky, masts, stands with their crowd, score board, advertising boards, for any camera.

What stands still is painted once per camera (see `backdrop`).
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from console.demo import crowd
from console.demo.optics import CameraPose
from console.demo.paint import Canvas, converted, face, fixed, hang, mips, paint
from console.demo.race import Array
from console.demo.stadium import (
    BOARD_M,
    BOARD_Y,
    INNER_BOARD_Y,
    SCORE_CENTRE,
    SCORE_M,
    STAND_GAP_M,
    ring,
    score_corners,
)

_LOWER, _UPPER = ((0.0, 1.6), (22.0, 14.0)), ((21.0, 17.6), (38.0, 30.0))
"""Tiers as (distance behind the front, height), front and back."""
_ROOF = ((12.0, 35.5), (42.0, 38.5))
BLOCKS = 36
"""Blocks of the stands, 0 at the start of the home straight."""
_GAP = range(11, 15)
"""Blocks without an upper tier and roof, where the score board stands."""


def _wall(block: int, low: tuple[float, float], high: tuple[float, float]) -> Array:
    """The sloping quadrilateral of a block between two (distance, height) pairs: top left, top right, bottom ..."""
    left, right = block / BLOCKS, (block + 1) / BLOCKS
    corners = []
    for turn, (distance, z) in ((right, high), (left, high), (left, low), (right, low)):
        x, y = ring(STAND_GAP_M + distance, turn)
        corners.append((x, y, z))
    return np.array(corners)


def paint_sky(canvas: Canvas, pose: CameraPose) -> None:
    """A summer sky that pales towards the horizon, thin clouds, hazy hills below."""
    height, width = canvas.shape[:2]
    rotation, focal = pose.rotation, pose.focal_px(height)
    step = 8
    columns, rows = np.meshgrid(np.arange(0, width + step, step), np.arange(0, height + step, step))
    rays = (
        np.stack(((columns - width / 2) / focal, (rows - height / 2) / focal, np.ones(columns.shape)), axis=-1)
        @ rotation
    )
    rays /= np.linalg.norm(rays, axis=-1, keepdims=True)
    lift = rays[..., 2]
    heading = np.arctan2(rays[..., 0], rays[..., 1])
    cloud = crowd.clouds(1024, 256)
    u = ((heading / (2 * np.pi) + 0.5) * 1023).astype(np.float32)
    v = (np.clip(1 - lift / 0.9, 0, 1) * 255).astype(np.float32)
    veil = np.asarray(cv2.remap(cloud, u, v, cv2.INTER_LINEAR))
    high, low, hill = (np.array(c, np.float64) for c in ((66, 128, 206), (196, 220, 240), (132, 152, 150)))
    part = np.clip(lift / 0.55, 0, 1)[..., None] ** 0.6
    sky = low + (high - low) * part
    sky += (np.array([250, 250, 250]) - sky) * (veil * 0.85 * np.clip(lift * 8, 0, 1))[..., None]
    ridge = 0.022 + 0.012 * np.sin(heading * 5.0) + 0.006 * np.sin(heading * 17 + 1)
    land = np.clip((ridge - lift) * 400, 0, 1)[..., None]
    sky += (hill + (np.array([160, 182, 190]) - hill) * np.clip(lift * 30 + 0.4, 0, 1)[..., None] - sky) * land
    small = converted(np.clip(sky, 0, 255).astype(np.uint8))
    full = cv2.resize(small, ((width // step + 1) * step, (height // step + 1) * step), interpolation=cv2.INTER_LINEAR)
    canvas[:] = full[:height, :width]


def paint_stands(canvas: Canvas, pose: CameraPose, *, skip: range = range(0)) -> None:
    """Stands with their crowd, far to near."""
    camera = np.array(pose.position_m[:2])

    def distance(block: int) -> float:
        return float(np.linalg.norm(np.array(ring(STAND_GAP_M + 20, (block + 0.5) / BLOCKS)) - camera))

    for block in sorted(range(BLOCKS), key=distance, reverse=True):
        if block not in skip:
            _block(canvas, pose, block)


def _facing(corners: Array, pose: CameraPose) -> bool:
    """Whether the camera sees the front of a quadrilateral given clockwise."""
    normal = np.cross(corners[1] - corners[0], corners[3] - corners[0])
    return float(normal @ (corners.mean(axis=0) - pose.eye)) > 0


def _block(canvas: Canvas, pose: CameraPose, block: int) -> None:
    if not _facing(_wall(block, (0.0, 0.0), (0.0, 1.7)), pose):
        return
    if block in _GAP:
        face(canvas, pose, _wall(block, (22.0, 12.0), (22.0, 15.4)), paint((96, 102, 112)))
    else:
        _upper_block(canvas, pose, block)
    hang(canvas, pose, _wall(block, *_LOWER), crowd.lower_tiers()[block * 2 % 5])
    _front_wall(canvas, pose, block)


def _front_wall(canvas: Canvas, pose: CameraPose, block: int) -> None:
    face(canvas, pose, _wall(block, (0.0, 0.0), (0.0, 1.7)), paint((70, 78, 92)))
    face(canvas, pose, _wall(block, (0.0, 1.55), (0.0, 1.75)), paint((214, 218, 224)))


def _upper_block(canvas: Canvas, pose: CameraPose, block: int) -> None:
    """Upper tier, the band of light between the tiers, roof."""
    roof = paint((206, 210, 216))
    face(canvas, pose, _wall(block, (40.0, 14.0), (40.0, 38.6)), paint((52, 56, 66)))
    hang(canvas, pose, _wall(block, *_UPPER), crowd.upper_tiers()[block * 3 % 5])
    face(canvas, pose, _wall(block, (21.0, 14.2), (21.0, 17.6)), paint((30, 34, 46)))
    hang(canvas, pose, _wall(block, (20.9, 15.2), (20.9, 16.9)), crowd.boards()[(block * 5 + 2) % len(crowd.WORDS)])
    if pose.position_m[2] > _ROOF[1][1]:
        face(canvas, pose, _wall(block, (12.0, 36.4), (44.0, 39.5)), roof)
    else:
        face(canvas, pose, _wall(block, *_ROOF), paint((92, 97, 108)))
        for beam in (0.0, 0.5):
            left, right = ((block + beam + part) / BLOCKS for part in (0.0, 0.035))
            (x0, y0), (x1, y1) = ring(STAND_GAP_M + _ROOF[0][0], left), ring(STAND_GAP_M + _ROOF[0][0], right)
            (x2, y2), (x3, y3) = ring(STAND_GAP_M + _ROOF[1][0], right), ring(STAND_GAP_M + _ROOF[1][0], left)
            low, high = _ROOF[0][1] - 0.05, _ROOF[1][1] - 0.05
            rafter = np.array([[x0, y0, low], [x1, y1, low], [x2, y2, high], [x3, y3, high]])
            face(canvas, pose, rafter, paint((136, 141, 150)))
    face(canvas, pose, _wall(block, (12.0, 35.2), (12.0, 36.5)), roof)
    face(canvas, pose, _wall(block, (11.9, 34.9), (11.9, 35.3)), paint((252, 248, 232)))


def paint_lively(canvas: Canvas, pose: CameraPose, blocks: range, phase: int) -> None:
    """The lower tier of some blocks, at one moment of the crowd's cheering."""
    tiers = [mips(crowd.lively_tier(kind, phase)) for kind in range(2)]
    for block in blocks:
        hang(canvas, pose, _wall(block, *_LOWER), tiers[block % 2])
        _front_wall(canvas, pose, block)


def paint_score_board(canvas: Canvas, pose: CameraPose) -> None:
    """The score board's frame and legs; the picture in it is painted per frame."""
    face(canvas, pose, score_corners(1.0), paint((28, 30, 36)))
    x, y, z = SCORE_CENTRE
    bottom = z - SCORE_M[1] / 2 - 1
    for side in (-12.0, 12.0):
        leg = np.array(
            [[x, y + side - 0.5, bottom], [x, y + side + 0.5, bottom], [x, y + side + 0.5, 0], [x, y + side - 0.5, 0]]
        )
        face(canvas, pose, leg, paint((70, 74, 82)))


def _board_rows() -> Iterator[Array]:
    """Advertising boards: along the stand, along the infield, on the far straight, around the second bend."""
    for y, towards in ((BOARD_Y, 1), (INNER_BOARD_Y, -1)):
        for x in np.arange(-18.0, 108.0, BOARD_M):
            left, right = (x + BOARD_M, x) if towards > 0 else (x, x + BOARD_M)
            if y == INNER_BOARD_Y and not -6 <= x < 96:
                continue
            yield np.array([[left, y, 0.95], [right, y, 0.95], [right, y, 0.0], [left, y, 0.0]])
    count = 68
    for index in range(count):
        left, right = ((0.19 + 0.80 * (index + part) / count) for part in (1, 0))
        (x0, y0), (x1, y1) = ring(10.0, left), ring(10.0, right)
        yield np.array([[x0, y0, 1.0], [x1, y1, 1.0], [x1, y1, 0.0], [x0, y0, 0.0]])


def paint_boards(canvas: Canvas, pose: CameraPose) -> None:
    """The advertising boards, those that face the camera with their words, the others from behind."""
    eye = pose.eye
    boards = crowd.boards()
    rows = list(enumerate(_board_rows()))
    rows.sort(key=lambda row: -float(np.linalg.norm(row[1].mean(axis=0) - eye)))
    for index, corners in rows:
        if _facing(corners, pose):
            hang(canvas, pose, corners, boards[index * 3 % len(boards)])
        else:
            face(canvas, pose, corners, paint((104, 110, 122)))


def paint_masts(canvas: Canvas, pose: CameraPose) -> None:
    """Floodlight masts outside the stands."""
    for turn in (0.03, 0.22, 0.53, 0.72):
        x, y = ring(66.0, turn)
        eye = np.array(pose.position_m[:2])
        side = np.array([-(y - eye[1]), x - eye[0]])
        side = side / np.linalg.norm(side)
        dx, dy = side
        face(
            canvas,
            pose,
            np.array(
                [
                    [x - dx * 0.7, y - dy * 0.7, 0],
                    [x - dx * 0.4, y - dy * 0.4, 58],
                    [x + dx * 0.4, y + dy * 0.4, 58],
                    [x + dx * 0.7, y + dy * 0.7, 0],
                ]
            ),
            paint((138, 144, 152)),
        )
        face(
            canvas,
            pose,
            np.array(
                [
                    [x - dx * 6, y - dy * 6, 56],
                    [x - dx * 6, y - dy * 6, 65],
                    [x + dx * 6, y + dy * 6, 65],
                    [x + dx * 6, y + dy * 6, 56],
                ]
            ),
            paint((92, 98, 106)),
        )
        lamps = [np.array([x + dx * u, y + dy * u, z]) for u in np.arange(-5, 5.1, 2) for z in (57.5, 60.5, 63.5)]
        for lamp in lamps:
            pixel, depth = pose.project(lamp, canvas.shape[1], canvas.shape[0])
            radius = 0.8 * pose.focal_px(canvas.shape[0]) / max(float(depth), 1.0)
            if depth > 1 and radius > 0.4:
                cv2.circle(
                    canvas, fixed(pixel).tolist(), round(radius * 16), paint((255, 252, 236)), -1, cv2.LINE_AA, 4
                )

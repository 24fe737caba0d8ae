"""The stadium: its ground, stands, boards and masts, painted for any camera.

An oval of 400 m around bends of 36.5 m, the 100 m straight with its start chute and run-off, stands all round with a
roof, a score board in the gap of the second bend. What stands still is painted once per camera (`backdrop`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import cv2
import numpy as np

from console.demo import crowd
from console.demo.optics import CameraPose
from console.demo.paint import Canvas, Paint, Rgb, converted, face, fixed, flat, hang, mips, mixed, paint
from console.demo.race import FINISH_M, LANE_M, LANES, TRACK_M, Array

BENDS_X = (FINISH_M - 84.39, FINISH_M)
BEND_Y = TRACK_M + 36.5
OUTER_R = 36.5 + TRACK_M
LAP_M = 2 * (BENDS_X[1] - BENDS_X[0] + math.pi * OUTER_R)
"""Around the outer edge."""
CHUTE_X, RUNOFF_X = -14.0, 131.0
BACK_Y = BEND_Y + OUTER_R
BOARD_Y, INNER_BOARD_Y = -9.8, TRACK_M + 3.2
BOARD_M = 6.0

TRACK_RGB: Rgb = (172, 78, 56)
APRON_RGB: Rgb = (58, 92, 128)
GRASS_RGB: Rgb = (70, 138, 58)
WHITE: Rgb = (240, 238, 232)
HAZE: Rgb = (198, 214, 230)

_STAND_GAP = 14.0
_LOWER, _UPPER = ((0.0, 1.6), (22.0, 14.0)), ((21.0, 17.6), (38.0, 30.0))
"""Tiers as (distance behind the front, height), front and back."""
_ROOF = ((12.0, 35.5), (42.0, 38.5))
SCORE_CENTRE = (FINISH_M + OUTER_R + _STAND_GAP + 24.0, BEND_Y - 6.0, 24.5)
SCORE_M = (32.0, 16.0)


def ring(offset_m: float, turn: float) -> tuple[float, float]:
    """A point on the oval that runs `offset_m` outside the track; turn 0..1, anti-clockwise from the home straight."""
    radius = OUTER_R + offset_m
    straight, bend = BENDS_X[1] - BENDS_X[0], math.pi * OUTER_R
    s = turn % 1.0 * LAP_M
    if s < straight:
        return BENDS_X[0] + s, BEND_Y - radius
    if s < straight + bend:
        angle = (s - straight) / OUTER_R - math.pi / 2
        return BENDS_X[1] + radius * math.cos(angle), BEND_Y + radius * math.sin(angle)
    if s < 2 * straight + bend:
        return BENDS_X[1] - (s - straight - bend), BEND_Y + radius
    angle = (s - 2 * straight - bend) / OUTER_R + math.pi / 2
    return BENDS_X[0] + radius * math.cos(angle), BEND_Y + radius * math.sin(angle)


BLOCKS = 36
"""Blocks of the stands, 0 at the start of the home straight."""
_GAP = range(11, 15)
"""Blocks without an upper tier and roof, where the score board stands."""


def _wall(block: int, low: tuple[float, float], high: tuple[float, float]) -> Array:
    """The sloping quadrilateral of a block between two (distance, height) pairs: top left, top right, bottom ..."""
    left, right = block / BLOCKS, (block + 1) / BLOCKS
    corners = []
    for turn, (distance, z) in ((right, high), (left, high), (left, low), (right, low)):
        x, y = ring(_STAND_GAP + distance, turn)
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


def paint_land(canvas: Canvas, pose: CameraPose) -> None:
    """The land around the stadium."""
    face(canvas, pose, flat(-2500, -2500, 2500, 2500, -0.05), paint(mixed((120, 138, 118), HAZE, 0.35)))
    _disc(canvas, pose, 60.0, paint((128, 130, 132)))


def paint_ground(canvas: Canvas, pose: CameraPose) -> None:
    """Everything level inside the stands: the apron, the track with its lines, the infield."""
    _disc(canvas, pose, _STAND_GAP + 0.5, paint(APRON_RGB))
    _disc(canvas, pose, 0.0, paint(TRACK_RGB))
    face(canvas, pose, flat(CHUTE_X, 0, RUNOFF_X, TRACK_M), paint(TRACK_RGB))
    for lane in range(0, LANES, 2):
        face(canvas, pose, flat(CHUTE_X, lane * LANE_M, RUNOFF_X, (lane + 1) * LANE_M), paint(TRACK_RGB, 1.03))
    _infield(canvas, pose)
    _grain(canvas, pose)
    _bend_lines(canvas, pose)
    _straight_lines(canvas, pose)


def _disc(canvas: Canvas, pose: CameraPose, offset_m: float, colour: Paint) -> None:
    """The inside of an oval, as a fan of slices, so that what lies behind the camera is cut off."""
    points = np.array([(*ring(offset_m, float(turn)), 0.0) for turn in np.linspace(0, 1, 180, endpoint=False)])
    spine = [np.array([min(max(p[0], BENDS_X[0]), BENDS_X[1]), BEND_Y, 0.0]) for p in points]
    for here, there, a, b in zip(points, np.roll(points, -1, axis=0), spine, [*spine[1:], spine[0]], strict=True):
        face(canvas, pose, np.array([here, there, b, a]), colour)


def _infield(canvas: Canvas, pose: CameraPose) -> None:
    _disc(canvas, pose, -TRACK_M - 0.3, paint(GRASS_RGB, 0.93))
    bands = np.arange(-24.0, 140.0, 5.5)
    for index, x in enumerate(bands):
        if index % 2:
            continue
        # A band of the mower ends where the oval does.
        ends = []
        for edge in (x, x + 5.5):
            beyond = max(BENDS_X[0] - edge, edge - BENDS_X[1], 0.0)
            radius = OUTER_R - TRACK_M - 0.3
            ends.append(math.sqrt(max(radius**2 - beyond**2, 0.0)))
        corners = [
            (x, BEND_Y - ends[0]),
            (x + 5.5, BEND_Y - ends[1]),
            (x + 5.5, BEND_Y + ends[1]),
            (x, BEND_Y + ends[0]),
        ]
        face(canvas, pose, np.array([(a, b, 0.0) for a, b in corners]), paint(GRASS_RGB, 1.06))
    face(canvas, pose, flat(18, TRACK_M + 6.2, 74, TRACK_M + 7.6), paint(TRACK_RGB, 0.96))
    face(canvas, pose, flat(76, TRACK_M + 5.4, 85, TRACK_M + 8.4), paint((226, 206, 160)))
    for radius, colour in ((9.5, paint(TRACK_RGB, 0.92)),):
        angles = np.linspace(0, 2 * math.pi, 40, endpoint=False)
        for x in (BENDS_X[0] - 8, BENDS_X[1] + 12):
            disc = np.stack((x + radius * np.cos(angles), BEND_Y + radius * np.sin(angles), np.zeros(40)), axis=1)
            face(canvas, pose, disc, colour)


def _grain(canvas: Canvas, pose: CameraPose) -> None:
    """The rubber's grain and the wear of the ground, in true perspective; the camera is level."""
    height, width = canvas.shape[:2]
    horizon = height / 2 + math.tan(math.radians(pose.tilt_deg)) * pose.focal_px(height)
    top = min(max(math.ceil(horizon) + 1, 0), height)
    if height - top < 8:
        return
    down = np.array([[1.0, 0, 0], [0, 1, -top], [0, 0, 1]])
    ground = down @ pose.ground(width, height)
    noise = np.full((height - top, width), 128, np.uint8)
    for seed, metres, coarse, weight in ((11, 2.6, 1.0, 0.06), (12, 19.0, 5.0, 0.06), (13, 90.0, 14.0, 0.07)):
        to = ground @ np.diag([metres / 512, metres / 512, 1.0])
        layer = cv2.warpPerspective(
            crowd.grain(seed, 512, coarse),
            to,
            (width, height - top),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_WRAP,
        )
        cv2.addWeighted(noise, 1.0, layer, weight, -128 * weight, dst=noise)
    luma = cv2.extractChannel(canvas[top:], 0)
    grained = np.clip(cv2.multiply(luma, noise, scale=1 / 128), 16, 235)
    cv2.insertChannel(grained, canvas[top:], 0)


def _stroke(canvas: Canvas, pose: CameraPose, points: Array, width_m: float, colour: Paint) -> None:
    """A painted line along ground points (n, 2)."""
    along = np.gradient(points, axis=0)
    normal = np.stack((-along[:, 1], along[:, 0]), axis=1)
    normal *= width_m / 2 / np.maximum(np.hypot(normal[:, 0], normal[:, 1]), 1e-9)[:, None]
    left, right = points - normal, points + normal
    for i in range(len(points) - 1):
        corners = np.array([left[i], left[i + 1], right[i + 1], right[i]])
        face(canvas, pose, np.concatenate((corners, np.zeros((4, 1))), axis=1), colour)


def _bend_lines(canvas: Canvas, pose: CameraPose) -> None:
    white = paint(WHITE, 0.97)
    for line in range(LANES + 1):
        offset = -line * LANE_M
        start = (BENDS_X[1] - BENDS_X[0]) / LAP_M  # the home straight is drawn on its own
        turns = np.linspace(start, 1.0, 150)
        points = np.array([ring(offset, float(turn)) for turn in turns])
        _stroke(canvas, pose, points, 0.06, white)


def _straight_lines(canvas: Canvas, pose: CameraPose) -> None:
    white = paint(WHITE)
    for line in range(LANES + 1):
        y = line * LANE_M
        for x in np.arange(CHUTE_X, RUNOFF_X, 7.0):
            face(canvas, pose, flat(float(x), y - 0.025, float(x) + 7.0, y + 0.025), white)
    face(canvas, pose, flat(-0.05, -0.05, 0.0, TRACK_M + 0.05), white)
    face(canvas, pose, flat(FINISH_M, -0.05, FINISH_M + 0.07, TRACK_M + 0.05), white)
    for lane in range(1, LANES + 1):
        y = (LANES - lane + 0.5) * LANE_M
        for x in (-3.1, FINISH_M + 1.6, FINISH_M - 10.8):
            _lane_number(canvas, pose, lane, x, y, white)
        for x in (10, 20, 30, 40, 50, 60, 70, 80, 90):
            face(canvas, pose, flat(x, y - 0.62, x + 0.04, y - 0.50), white)
        _checks(canvas, pose, y)


def _checks(canvas: Canvas, pose: CameraPose, y: float) -> None:
    """The black marks at the crossing of lane line and finish line, for the photo finish."""
    face(canvas, pose, flat(FINISH_M, y + 0.58, FINISH_M + 0.07, y + 0.64), paint((20, 20, 22)))


_NUMBER_STROKES = {
    1: ((0.2, 0.8, 0.5, 1), (0.5, 1, 0.5, 0)),
    2: ((0, 1, 1, 1), (1, 1, 1, 0.5), (1, 0.5, 0, 0.5), (0, 0.5, 0, 0), (0, 0, 1, 0)),
    3: ((0, 1, 1, 1), (1, 1, 1, 0), (0.2, 0.5, 1, 0.5), (0, 0, 1, 0)),
    4: ((0, 1, 0, 0.45), (0, 0.45, 1, 0.45), (0.75, 1, 0.75, 0)),
    5: ((1, 1, 0, 1), (0, 1, 0, 0.5), (0, 0.5, 1, 0.5), (1, 0.5, 1, 0), (1, 0, 0, 0)),
    6: ((1, 1, 0, 1), (0, 1, 0, 0), (0, 0, 1, 0), (1, 0, 1, 0.5), (1, 0.5, 0, 0.5)),
    7: ((0, 1, 1, 1), (1, 1, 0.35, 0)),
    8: ((0, 0, 0, 1), (1, 0, 1, 1), (0, 0, 1, 0), (0, 0.5, 1, 0.5), (0, 1, 1, 1)),
}
"""Painted numbers in a box of 1 by 1, from the bottom left."""


def _lane_number(canvas: Canvas, pose: CameraPose, number: int, x: float, y: float, colour: Paint) -> None:
    """A painted number, read by somebody who runs towards it: its top is ahead (+x), its left towards +y."""
    for x0, y0, x1, y1 in _NUMBER_STROKES[number]:
        a = np.array([x + y0 * 0.85, y + 0.24 - x0 * 0.48])
        b = np.array([x + y1 * 0.85, y + 0.24 - x1 * 0.48])
        line = (b - a) / np.linalg.norm(b - a)
        side = np.array([-line[1], line[0]]) * 0.05
        a, b = a - line * 0.05, b + line * 0.05
        corners = np.array([a - side, b - side, b + side, a + side])
        face(canvas, pose, np.concatenate((corners, np.zeros((4, 1))), axis=1), colour)


def paint_stands(canvas: Canvas, pose: CameraPose, *, skip: range = range(0)) -> None:
    """Stands with their crowd, far to near."""
    camera = np.array(pose.position_m[:2])

    def distance(block: int) -> float:
        return float(np.linalg.norm(np.array(ring(_STAND_GAP + 20, (block + 0.5) / BLOCKS)) - camera))

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
            (x0, y0), (x1, y1) = ring(_STAND_GAP + _ROOF[0][0], left), ring(_STAND_GAP + _ROOF[0][0], right)
            (x2, y2), (x3, y3) = ring(_STAND_GAP + _ROOF[1][0], right), ring(_STAND_GAP + _ROOF[1][0], left)
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


def score_corners(frame_m: float = 0.0) -> Array:
    """The score board as seen from the infield: top left, top right, bottom right, bottom left."""
    x, y, z = SCORE_CENTRE
    w, h = SCORE_M[0] / 2 + frame_m, SCORE_M[1] / 2 + frame_m
    return np.array([[x, y + w, z + h], [x, y - w, z + h], [x, y - w, z - h], [x, y + w, z - h]])


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

"""The surroundings of the camera that travels along the straight."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np

from console.demo import crowd, ground, stadium, stands
from console.demo.cameras import Station
from console.demo.optics import CameraPose
from console.demo.paint import Canvas, face, flat, hang, paint
from console.demo.props import paint_blocks
from console.demo.race import FINISH_M, LANE_M, LANES, TRACK_M, Array

_FAR_Y = 114.0
"""Stands, roof and sky hang on the plane y = 114."""
_NEAR_Y = 18.0
"""From here on the ground is part of the far painting; nearer it is a map seen from above."""
_MAP_X, _MAP_Y, _MAP_PX = (-60.0, 140.0), (-9.0, _NEAR_Y), 30
_BLOCKS_SEEN_M = 30.0
_APRON = paint(stadium.APRON_RGB)


class RailSurroundings:
    """A far painting, a painting of the far ground, a map of the near ground, and what is painted per frame."""

    def __init__(self, station: Station, poses: Sequence[CameraPose], height: int) -> None:
        middle = sum(pose.position_m[0] for pose in poses) / len(poses)
        focal = max(pose.focal_px(height) for pose in poses)
        tilt = sum(pose.tilt_deg for pose in poses) / len(poses)
        eye = (middle, poses[0].position_m[1], 1.5)
        wide, tall = round(focal * 5.2), round(height * 1.5)
        self._far_pose = CameraPose(eye, -18.0, tilt, 0.0, focal / tall)
        self._far = np.empty((tall, wide, 4), np.uint8)
        self._paint_far(station.softness * height / 720)
        # Level, so that rows of the painting are rows of the picture and nothing shimmers.
        low, broad = round(focal * 0.16), round(focal * 7.6)
        self._ground_pose = CameraPose(eye, 0.0, 0.0, 0.0, focal / (2 * low))
        self._ground = np.full((2 * low, broad, 4), _APRON, np.uint8)
        ground.paint_ground(self._ground, self._ground_pose)
        self._map = self._paint_map(height / 720)

    def _paint_far(self, softness_px: float) -> None:
        stands.paint_sky(self._far, self._far_pose)
        ground.paint_land(self._far, self._far_pose)
        stands.paint_masts(self._far, self._far_pose)
        stands.paint_score_board(self._far, self._far_pose)
        stands.paint_stands(self._far, self._far_pose)
        cv2.GaussianBlur(self._far, (0, 0), softness_px, dst=self._far)
        ground.paint_ground(self._far, self._far_pose)
        stands.paint_boards(self._far, self._far_pose)

    def _paint_map(self, detail: float) -> Canvas:
        """The near ground from straight above."""
        pixels = _MAP_PX * detail
        width, height = round((_MAP_X[1] - _MAP_X[0]) * pixels), round((_MAP_Y[1] - _MAP_Y[0]) * pixels)
        canvas = np.full((height, width, 4), _APRON, np.uint8)
        above = 2000.0
        centre = ((_MAP_X[0] + _MAP_X[1]) / 2, (_MAP_Y[0] + _MAP_Y[1]) / 2, above)
        self._map_pose = CameraPose(centre, 0.0, -90.0, 0.0, above * pixels / height)
        ground.paint_ground(canvas, self._map_pose)
        return canvas

    def view(self, pose: CameraPose, out: Canvas) -> None:
        """Paint what the camera sees from where it is now."""
        height = out.shape[0]
        horizon = height / 2 + math.tan(math.radians(pose.tilt_deg)) * pose.focal_px(height)
        level = min(max(round(horizon), 8), height - 8)
        plane = np.array([0, _FAR_Y, 0.0]), np.array([1.0, 0, 0]), np.array([0, 0, 1.0])
        far = _plane(self._far_pose, *plane, self._far)
        self._warp(self._far, far, _plane(pose, *plane, out), out, 0, level + height // 24)
        floor = np.zeros(3), np.array([1.0, 0, 0]), np.array([0, 1.0, 0])
        to = _plane(pose, *floor, out)
        edge = self._row_of(pose, stadium.BACK_Y + 5.0, out)
        near = max(self._row_of(pose, _NEAR_Y, out, aside) for aside in (-60.0, 10.0)) + 2
        far_floor, chart = _plane(self._ground_pose, *floor, self._ground), _plane(self._map_pose, *floor, self._map)
        self._warp(self._ground, far_floor, to, out, edge, min(near, height))
        self._warp(self._map, chart, to, out, level + 4, height, border=cv2.BORDER_TRANSPARENT)
        self._lines(pose, out)
        self._boards(pose, out)
        if pose.position_m[0] < _BLOCKS_SEEN_M:
            paint_blocks(out, pose)

    @staticmethod
    def _row_of(pose: CameraPose, y: float, out: Canvas, aside_m: float = 0.0) -> int:
        pixel, _ = pose.project(np.array([pose.position_m[0] + aside_m, y, 0.0]), out.shape[1], out.shape[0])
        return int(pixel[1])

    @staticmethod
    def _warp(
        source: Canvas,
        source_plane: Array,
        out_plane: Array,
        out: Canvas,
        top: int,
        bottom: int,
        *,
        border: int = cv2.BORDER_REPLICATE,
    ) -> None:
        """Rows `top` to `bottom` of what a painting of a plane looks like."""
        to = np.array([[1.0, 0, 0], [0, 1, -top], [0, 0, 1]]) @ out_plane @ np.linalg.inv(source_plane)
        band = out[top:bottom]
        cv2.warpPerspective(source, to, (out.shape[1], bottom - top), dst=band, borderMode=border)

    def _lines(self, pose: CameraPose, out: Canvas) -> None:
        """The white lines near the camera, sharp."""
        white = paint(stadium.WHITE)
        x = pose.position_m[0]
        for line in range(LANES + 1):
            y = line * LANE_M
            left, right = max(x - 30, stadium.CHUTE_X), min(x + 14, stadium.RUNOFF_X)
            face(out, pose, flat(left, y - 0.025, right, y + 0.025), white)
        for place in (-0.05, FINISH_M):
            if abs(x - place) < 25:
                face(out, pose, flat(place, -0.05, place + 0.06, TRACK_M + 0.05), white)

    def _boards(self, pose: CameraPose, out: Canvas) -> None:
        """The boards along the infield."""
        boards = crowd.boards()
        y = stadium.INNER_BOARD_Y
        for index, x in enumerate(np.arange(-6.0, 96.0, stadium.BOARD_M)):
            if -34 < x - pose.position_m[0] < 14:
                corners = np.array([[x, y, 0.95], [x + 6, y, 0.95], [x + 6, y, 0.0], [x, y, 0.0]])
                hang(out, pose, corners, boards[index * 3 % len(boards)])


def _plane(pose: CameraPose, origin: Array, along: Array, across: Array, canvas: Canvas) -> Array:
    return pose.plane(origin, along, across, canvas.shape[1], canvas.shape[0])

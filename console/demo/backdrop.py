"""What stands still, painted once per camera, and how it is seen when the camera moves.

A camera that only pans, tilts and zooms sees its surroundings through a homography: they are painted on *panels* at
the resolution that the tightest shot needs, and each frame is one warp of one panel. The rail camera travels: far
things hang on a far plane, the ground on its own plane, near lines and boards are painted for each frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from console.demo import ground, stands
from console.demo.cameras import Station
from console.demo.optics import CameraPose
from console.demo.paint import Canvas
from console.demo.props import paint_props
from console.demo.race import Array

_PAN_DEG, _ZOOM = 28.0, 1.6
"""A panel serves poses within this much pan and this ratio of zoom."""
_MOST_PX = 6_000_000
LIVELY_BLOCKS = range(9, 17)


@dataclass(frozen=True)
class Panel:
    """A painted surrounding: what `pose` sees on a canvas of its own size."""

    pose: CameraPose
    canvas: Canvas

    def _to_rays(self) -> Array:
        height, width = self.canvas.shape[:2]
        return np.asarray(np.linalg.inv(self.pose.intrinsics(width, height) @ self.pose.rotation))

    def view(self, pose: CameraPose, out: Canvas) -> None:
        """Paint what another pose of the same camera sees."""
        height, width = out.shape[:2]
        to = pose.intrinsics(width, height) @ pose.rotation @ self._to_rays()
        cv2.warpPerspective(self.canvas, to, (width, height), dst=out, borderMode=cv2.BORDER_REPLICATE)


def _panel_pose(poses: Sequence[CameraPose], width: int, height: int) -> tuple[CameraPose, int, int]:
    """A pose and canvas size (even) from which all poses can be made."""
    focal = max(pose.focal_px(height) for pose in poses)
    pans, tilts = [pose.pan_deg for pose in poses], [pose.tilt_deg for pose in poses]
    middle = replace(
        poses[0], pan_deg=(min(pans) + max(pans)) / 2, tilt_deg=(min(tilts) + max(tilts)) / 2, roll_deg=0.0
    )
    corners = np.array([[0, 0, 1], [width, 0, 1], [width, height, 1], [0, height, 1]], np.float64)
    reach = np.zeros(2)
    for pose in poses:
        rays = corners @ np.linalg.inv(pose.intrinsics(width, height) @ pose.rotation).T @ middle.rotation.T
        reach = np.maximum(reach, np.abs(rays[:, :2] / rays[:, 2:]).max(axis=0))
    focal = min(focal, float(np.sqrt(_MOST_PX / (4 * reach[0] * reach[1]))))
    size = (np.ceil(reach * focal) * 2 + 4).astype(int)
    return replace(middle, focal_heights=focal / int(size[1])), int(size[0]), int(size[1])


def _groups(poses: Sequence[CameraPose]) -> list[list[int]]:
    """Runs of poses that one panel can serve."""
    groups: list[list[int]] = [[0]]
    for index in range(1, len(poses)):
        trial = [poses[i] for i in (*groups[-1], index)]
        pans, focals = [p.pan_deg for p in trial], [p.focal_heights for p in trial]
        if max(pans) - min(pans) > _PAN_DEG or max(focals) / min(focals) > _ZOOM:
            groups.append([])
        groups[-1].append(index)
    return groups


def _painted(pose: CameraPose, width: int, height: int, softness_px: float, *, lively: bool = False) -> Canvas:
    canvas = np.empty((height, width, 4), np.uint8)
    stands.paint_sky(canvas, pose)
    ground.paint_land(canvas, pose)
    stands.paint_masts(canvas, pose)
    stands.paint_score_board(canvas, pose)
    stands.paint_stands(canvas, pose, skip=LIVELY_BLOCKS if lively else range(0))
    if softness_px > 0.3:
        cv2.GaussianBlur(canvas, (0, 0), softness_px, dst=canvas)
    ground.paint_ground(canvas, pose)
    if not lively:
        stands.paint_boards(canvas, pose)
        paint_props(canvas, pose)
    return canvas


class Surroundings:
    """The panels of a camera that stays where it is, for a whole take."""

    def __init__(
        self, station: Station, poses: Sequence[CameraPose], width: int, height: int, *, phases: int = 1
    ) -> None:
        self._panels: list[list[Panel]] = []
        self._serves = np.zeros(len(poses), int)
        for group in _groups(poses):
            self._serves[group] = len(self._panels)
            pose, w, h = _panel_pose([poses[i] for i in group], width, height)
            soft = station.softness * pose.focal_px(h) / (poses[group[len(group) // 2]].focal_heights * 720)
            canvas = _painted(pose, w, h, soft, lively=phases > 1)
            self._panels.append([Panel(pose, canvas)])
        if phases > 1:
            quiet = [panels[0] for panels in self._panels]
            self._panels = [[] for _ in quiet]
            for phase in range(phases):  # the outer loop: a crowd is drawn once per phase
                for panels, panel in zip(self._panels, quiet, strict=True):
                    panels.append(Panel(panel.pose, _with_crowd(panel.canvas, panel.pose, phase)))

    def view(self, index: int, pose: CameraPose, out: Canvas, phase: int = 0) -> None:
        """Paint the surroundings of pose number `index`."""
        panels = self._panels[self._serves[index]]
        panels[phase % len(panels)].view(pose, out)


def _with_crowd(canvas: Canvas, pose: CameraPose, phase: int) -> Canvas:
    painted = canvas.copy()
    stands.paint_lively(painted, pose, LIVELY_BLOCKS, phase)
    stands.paint_boards(painted, pose)
    return painted

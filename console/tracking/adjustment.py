"""Least squares over cameras: how far what was seen lies from where a camera model puts it, and the model that fits.

Levenberg and Marquardt's damped Gauss-Newton with Huber's weights, so a wrong point pulls no harder than one at the
edge of the tolerance. The unknowns of a fixed camera are its place and three small turns about its own axes (a camera
that looks straight down is like any other); those of a tracked one are what is added to the tracker's place and angles.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from console.errors import ConsoleError
from console.show.world import Camera, Point
from console.tracking.camera import NEAR_M, CameraView, rotation, view
from console.tracking.mapping import CameraState
from console.tracking.sightings import Array, LineSeen, PointSeen, Seen

BEHIND_PX = 1e5
"""The error of what a camera could not see at all."""
_STEPS = {"x": 1e-4, "y": 1e-4, "z": 1e-4, "pan": 1e-6, "tilt": 1e-6, "roll": 1e-6, "focal": 1e-6, "k1": 1e-5}
"""By how much each unknown is moved to see what it does."""
_UNFIXED = {"x": 1e3, "y": 1e3, "z": 1e3, "pan": 0.5, "tilt": 0.5, "roll": 0.5, "focal": 1.0, "k1": 10.0}
"""An unknown that an error of one pixel may change by so much is not determined."""
_ROUNDS = 60
_LEAST_GAIN = 1e-8
"""A step that makes the cost less by no more than this part of it is the last."""


@dataclass(frozen=True)
class Wanted:
    """What is looked for."""

    place: bool = True
    angles: bool = True
    focal: bool = False
    k1: bool = False

    @property
    def unknowns(self) -> tuple[str, ...]:
        """Their names. Angles count in radians, `focal` as a logarithm, `k1` as the bend at half the width."""
        names = ("x", "y", "z") * self.place + ("pan", "tilt", "roll") * self.angles
        return names + ("focal",) * self.focal + ("k1",) * self.k1


def angles_of(turn: Array) -> tuple[float, float, float]:
    """Pan, tilt and roll in degrees of a rotation from the world to the camera: `camera.rotation` the other way."""
    x, y, z = turn[2]
    pan, tilt = math.atan2(x, y), math.atan2(z, math.hypot(x, y))
    level = rotation(math.degrees(pan), math.degrees(tilt), 0.0)
    roll = math.atan2(float(turn[0] @ level[1]), float(turn[0] @ level[0]))
    return math.degrees(pan), math.degrees(tilt), math.degrees(roll)


def _small_turn(about: Array) -> Array:
    """A rotation by a vector (radians, about the camera's right, down and forward), after Rodrigues."""
    angle = float(np.linalg.norm(about))
    x, y, z = about / max(angle, 1e-300)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.asarray(np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * (cross @ cross), np.float64)


def moved(camera: Camera, names: Sequence[str], by: Array) -> Camera:
    """The camera with its unknowns changed."""
    told = {name: float(value) for name, value in zip(names, by, strict=True)}
    x, y, z = (own + told.get(name, 0.0) for own, name in zip(camera.position_m, "xyz", strict=True))
    angles = (camera.pan_deg, camera.tilt_deg, camera.roll_deg)
    if "pan" in told:
        turn = np.array([told["pan"], told["tilt"], told["roll"]])
        if camera.input:
            angles = (
                angles[0] + math.degrees(turn[0]),
                angles[1] + math.degrees(turn[1]),
                angles[2] + math.degrees(turn[2]),
            )
        else:
            # Pan to the right turns the world to the left: about the camera's down axis, the other way round.
            angles = angles_of(_small_turn(np.array([-turn[1], -turn[0], -turn[2]])) @ rotation(*angles))
    lens = camera.lens
    if "focal" in told or "k1" in told:
        longer, bend = math.exp(min(max(told.get("focal", 0.0), -3.0), 3.0)), told.get("k1", 0.0)
        lens = tuple(
            replace(row, focal=row.focal * longer, k1=row.k1 + bend * (2 * row.focal * longer) ** 2) for row in lens
        )
    pan, tilt, roll = angles
    return replace(camera, position_m=(x, y, z), pan_deg=pan, tilt_deg=tilt, roll_deg=roll, lens=lens)


def flat_places(looking: CameraView, pixels: Array) -> Array:
    """Pixels (n, 2) on the plane at focal length 1, right and down, without the lens's distortion."""
    forward = looking.ray(pixels) @ looking.rotation.T
    return np.asarray(forward[:, :2] / np.maximum(forward[:, 2:], 1e-6), np.float64)


def _line_errors(looking: CameraView, flat: Array, line_m: Array) -> Array:
    """How far places (n, 2) are from the picture of a polyline (m, 3), in pixels (n,); the sign says on which side.

    The places are given on the plane at focal length 1, without distortion: there, straight lines are straight.
    """
    seen = (line_m - looking.position_m) @ looking.rotation.T
    ends = np.stack((seen[:-1], seen[1:]), axis=1)
    ends = ends[(ends[..., 2] > NEAR_M).any(axis=1)]
    if not len(ends):
        return np.full(len(flat), BEHIND_PX)
    for near, far in ((0, 1), (1, 0)):  # what begins behind the camera begins just before it
        part = (NEAR_M - ends[:, near, 2]) / np.where(
            ends[:, near, 2] < NEAR_M, ends[:, far, 2] - ends[:, near, 2], 1.0
        )
        ends[:, near] += np.where(ends[:, near, 2] < NEAR_M, part, 0.0)[:, None] * (ends[:, far] - ends[:, near])
    a = ends[:, 0, :2] / ends[:, 0, 2:]
    along = ends[:, 1, :2] / ends[:, 1, 2:] - a
    off = flat[:, None] - a  # (places, pieces, 2)
    part = np.clip((off * along).sum(axis=-1) / np.maximum((along * along).sum(axis=-1), 1e-300), 0.0, 1.0)
    away = np.linalg.norm(off - part[..., None] * along, axis=-1)
    side = np.sign(along[:, 0] * off[..., 1] - along[:, 1] * off[..., 0])
    rows, best = np.arange(len(flat)), away.argmin(axis=1)
    found = away[rows, best] * np.where(side[rows, best] < 0, -1.0, 1.0) * looking.focal_px
    return np.asarray(np.clip(found, -BEHIND_PX, BEHIND_PX), np.float64)


@dataclass(frozen=True, eq=False)
class _Picture:
    """What was seen in one picture."""

    state: CameraState | None
    indices: list[int]
    points: list[int]
    at_m: Array
    pixels: Array
    """(n, 2): of the points."""
    lines: list[tuple[list[int], Array, slice]]
    """Of each line: the places seen on it, its polyline, and where they are among `line_pixels`."""
    line_pixels: Array


def _picture(state: CameraState | None, indices: list[int], seen: Sequence[Seen]) -> _Picture:
    points = [(i, one) for i in indices if isinstance(one := seen[i], PointSeen)]
    on_line: dict[tuple[Point, ...], list[int]] = {}
    for i in indices:
        if isinstance(one := seen[i], LineSeen):
            on_line.setdefault(one.points_m, []).append(i)
    lines, count = [], 0
    for line, places in on_line.items():
        lines.append((places, np.array(line, np.float64), slice(count, count + len(places))))
        count += len(places)
    return _Picture(
        state,
        indices,
        [i for i, _ in points],
        np.array([one.at_m for _, one in points], np.float64).reshape(-1, 3),
        np.array([one.pixel for _, one in points], np.float64).reshape(-1, 2),
        lines,
        np.array([seen[i].pixel for places, _, _ in lines for i in places], np.float64).reshape(-1, 2),
    )


@dataclass(frozen=True, eq=False)
class Task:
    """What was seen in pictures of one size, and what is to be found from it."""

    seen: tuple[Seen, ...]
    names: tuple[str, ...]
    width: int
    height: int

    @cached_property
    def pictures(self) -> list[_Picture]:
        """What was seen in each picture, by the state of its tracking."""
        found: list[tuple[CameraState | None, list[int]]] = []
        for index, one in enumerate(self.seen):
            indices = next((at for state, at in found if state == one.state), None)
            if indices is None:
                found.append((one.state, [index]))
            else:
                indices.append(index)
        return [_picture(state, indices, self.seen) for state, indices in found]

    @cached_property
    def _rays(self) -> dict[tuple[object, ...], Array]:
        return {}

    def _flat(self, number: int, looking: CameraView) -> Array:
        """The places seen on the lines of a picture at focal length 1; kept, since they change with the lens alone."""
        key = (number, looking.focal_px, looking.centre_px, looking.distortion)
        if key not in self._rays:
            if len(self._rays) > 64:
                self._rays.clear()
            self._rays[key] = flat_places(looking, self.pictures[number].line_pixels)
        return self._rays[key]

    def errors(self, camera: Camera) -> Array:
        """(n, 2) pixels: seen less computed; of a line the second is 0. ConsoleError for a camera that can't be."""
        out = np.zeros((len(self.seen), 2))
        for number, picture in enumerate(self.pictures):
            looking = view(camera, picture.state if camera.input else None, self.width, self.height)
            if picture.points:
                pixels, depth = looking.project(picture.at_m)
                off = np.clip(picture.pixels - pixels, -BEHIND_PX, BEHIND_PX)
                out[picture.points] = np.where(depth[:, None] > NEAR_M, off, BEHIND_PX)
            flat = self._flat(number, looking) if picture.lines else None
            for places, line, part in picture.lines:
                if flat is not None:
                    out[places, 0] = _line_errors(looking, flat[part], line)
        return out

    def cost(self, camera: Camera, tolerance_px: float) -> float:
        """Huber's cost of all errors; infinite for a camera that can't be."""
        try:
            away = np.linalg.norm(self.errors(camera), axis=1)
        except ConsoleError:
            return math.inf
        return float(np.where(away <= tolerance_px, away**2, tolerance_px * (2 * away - tolerance_px)).sum())

    def slopes(self, camera: Camera) -> Array:
        """(n, 2, unknowns): how the errors change with each unknown."""
        columns = []
        for index, name in enumerate(self.names):
            by = np.zeros(len(self.names))
            by[index] = _STEPS[name]
            there, back = self.errors(moved(camera, self.names, by)), self.errors(moved(camera, self.names, -by))
            columns.append((there - back) / (2 * _STEPS[name]))
        slopes = np.stack(columns, axis=-1)
        # What came into sight or went out of it in the step says nothing.
        return np.where(np.abs(slopes) < BEHIND_PX / 2 / max(_STEPS.values()), slopes, 0.0)


def normal_matrix(task: Task, camera: Camera, tolerance_px: float) -> tuple[Array, Array]:
    """The weighted normal equations at a camera: matrix (k, k) and right side (k,)."""
    errors, slopes = task.errors(camera), task.slopes(camera)
    weights = np.minimum(1.0, tolerance_px / np.maximum(np.linalg.norm(errors, axis=1), 1e-12))
    flat, rows = slopes.reshape(-1, len(task.names)), np.repeat(weights, 2)[:, None]
    return flat.T @ (flat * rows), flat.T @ (errors.ravel() * rows[:, 0])


def adjusted(task: Task, camera: Camera, tolerance_px: float, rounds: int = _ROUNDS) -> tuple[Camera, float]:
    """The camera that fits best from here on, and its cost."""
    cost, damping = task.cost(camera, tolerance_px), 1e-3
    if not math.isfinite(cost):
        return camera, cost
    for _ in range(rounds):
        matrix, right = normal_matrix(task, camera, tolerance_px)
        scale = np.diag(matrix) + 1e-12
        while damping < 1e8:
            step: Array = np.asarray(np.linalg.solve(matrix + np.diag(damping * scale), -right), np.float64)
            tried = moved(camera, task.names, step)
            tried_cost = task.cost(tried, tolerance_px)
            if tried_cost < cost:
                break
            damping *= 8
        else:
            return camera, cost
        gain, camera, cost = cost - tried_cost, tried, tried_cost
        damping = max(damping / 8, 1e-9)
        if gain < _LEAST_GAIN * (tolerance_px**2 + cost):
            break
    return camera, cost


def covariance(task: Task, camera: Camera, tolerance_px: float) -> Array:
    """The inverse of the normal matrix; ConsoleError naming the unknown that what was seen does not determine."""
    matrix, _ = normal_matrix(task, camera, tolerance_px)
    scale = np.sqrt(np.diag(matrix))
    if (scale == 0).any():
        _undetermined(task.names[int(scale.argmin())])
    values, directions = np.linalg.eigh(matrix / np.outer(scale, scale))
    values = np.maximum(values, 1e-16 * values[-1])
    inverse = (directions / values) @ directions.T / np.outer(scale, scale)
    ratios = [math.sqrt(inverse[i, i]) / _UNFIXED[name] for i, name in enumerate(task.names)]
    if max(ratios) > 1:
        _undetermined(task.names[int(np.argmax(ratios))])
    return np.asarray(inverse, np.float64)


def _undetermined(name: str) -> None:
    words = {"focal": "focal length", "k1": "distortion", "x": "place", "y": "place", "z": "height"}
    raise ConsoleError(
        f"The camera's {words.get(name, name)} can't be told from these points and lines",
        "Add points elsewhere in the picture, or look for less",
    )

"""Where a camera may stand, to begin with: every pose that a few of the known points and lines speak for.

Points give poses by OpenCV's SQPNP and, when they lie in a plane, IPPE (which gives both of the two that look alike).
Places on straight lines of one plane, with or without points, give the plane's homography by linear equations: of
G, which takes pixels to the plane, a place p on the line l says l.G.p = 0, and a point q says q x (G.p) = 0.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np

from console.show.world import Camera
from console.tracking.adjustment import Task, adjusted, angles_of, flat_places
from console.tracking.camera import view
from console.tracking.mapping import CameraState
from console.tracking.sightings import FLAT, Array, LineSeen, PointSeen, Seen, spreads

FOCALS = tuple(float(f) for f in np.geomspace(0.45, 30.0, 15))
"""The focal lengths that are tried, in picture widths: 96 to 2 degrees."""
MOST_SUBSETS = 36
_LOOSE_PX = 8.0
_NEAR = 25.0
"""A camera that is off by some twelve times that, on average, may be near enough to go on from."""
_KEPT, _WORSE = 5, 4.0
"""So many are followed on, and those are told that are no more than so many times worse than the best."""
_PICTURES = 2
"""Of a tracked camera, the pictures in which most was seen speak for it."""
_SAME = 1e-3
"""Costs that lie this close, as a part of them, are of one pose that was found twice."""
_PAN_STEP_DEG = 15


def first_cameras(task: Task, camera: Camera) -> list[Camera]:
    """The most likely ways the camera may stand, best first: from what was seen, and as it was set up.

    A camera that fits already, as while a point is dragged, is taken as it is.
    """
    tolerance = _LOOSE_PX * max(task.width, task.height) / 1920
    if task.cost(camera, tolerance) < len(task.seen) * tolerance**2 * _NEAR:
        settled_camera, _ = adjusted(task, camera, tolerance, 12)
        if float(np.median(np.linalg.norm(task.errors(settled_camera), axis=1))) < tolerance / 4:
            return [settled_camera]
    found = [camera]
    for picture in sorted(task.pictures, key=lambda picture: -len(picture.indices))[:_PICTURES]:
        seen = [task.seen[i] for i in picture.indices]
        for focal in _focals(task, camera):
            found += _placed(task, _with_focal(camera, focal), picture.state, seen)
    if camera.input and len(found) == 1:  # no picture speaks for itself: the tracker's zero may be anywhere
        found += [replace(camera, pan_deg=camera.pan_deg + turn) for turn in range(_PAN_STEP_DEG, 360, _PAN_STEP_DEG)]
    costs = [(task.cost(one, tolerance), order, one) for order, one in enumerate(found)]
    best = sorted(one for one in costs if math.isfinite(one[0]))[:_KEPT]
    settled = [(*adjusted(task, one, tolerance, 12), order) for _, order, one in best]
    settled.sort(key=lambda one: one[1:])
    different: list[tuple[Camera, float]] = []
    for one, cost, _ in settled:
        if cost <= _WORSE * settled[0][1] and all(abs(cost - other) > _SAME * (other + 1) for _, other in different):
            different.append((one, cost))
    return [one for one, _ in different]


def _focals(task: Task, camera: Camera) -> tuple[float, ...]:
    return (camera.lens[0].focal, *FOCALS) if "focal" in task.names else (camera.lens[0].focal,)


def _with_focal(camera: Camera, focal: float) -> Camera:
    """The camera with its lens table made longer or shorter as a whole, so that its first row has that length."""
    longer = focal / camera.lens[0].focal
    return replace(camera, lens=tuple(replace(row, focal=row.focal * longer) for row in camera.lens))


def _placed(task: Task, camera: Camera, state: CameraState | None, seen: list[Seen]) -> Iterator[Camera]:
    """Every pose that what was seen in one picture speaks for, with the camera's lens."""
    looking = view(camera, state if camera.input else None, task.width, task.height)
    flat = flat_places(looking, np.array([one.pixel for one in seen], np.float64))
    stands = np.array(camera.position_m)
    if camera.input and state is not None:
        stands = stands + np.array(state.position_m)
    pupil_m = float((looking.position_m - stands) @ looking.rotation[2])
    for turn, place in itertools.chain(_from_points(seen, flat), _from_lines(seen, flat)):
        angles = np.array(angles_of(turn))
        at = place - turn[2] * pupil_m
        if camera.input and state is not None:
            angles -= np.array([state.pan_deg, state.tilt_deg, state.roll_deg])
            at = at - np.array(state.position_m)
        one = camera
        if "x" in task.names:
            x, y, z = (float(part) for part in at)
            one = replace(one, position_m=(x, y, z))
        if "pan" in task.names:
            pan, tilt, roll = (float(angle) for angle in (angles + 180) % 360 - 180)
            one = replace(one, pan_deg=pan, tilt_deg=tilt, roll_deg=roll)
        yield one


def _subsets(count: int) -> Iterator[tuple[int, ...]]:
    """All of them, then fours, so that of some no point is a wrong one; the same every time."""
    yield tuple(range(count))
    if count <= 8:
        yield from itertools.combinations(range(count), 4)
        return
    chance = np.random.default_rng(7)
    for _ in range(MOST_SUBSETS):
        yield tuple(int(i) for i in chance.choice(count, 4, replace=False))


def _from_points(seen: list[Seen], flat: Array) -> Iterator[tuple[Array, Array]]:
    """Rotations and places from the points, at focal length 1."""
    unique = {one.at_m: i for i, one in enumerate(seen) if isinstance(one, PointSeen)}
    if len(unique) < 4:
        return
    at, pixels = np.array(list(unique), np.float64), flat[list(unique.values())]
    for chosen in _subsets(len(at)):
        some, where = at[list(chosen)], pixels[list(chosen)]
        yield from _pnp(some, where)


def _pnp(at: Array, flat: Array) -> Iterator[tuple[Array, Array]]:
    spread = spreads(at)
    if spread[1] < FLAT:
        return
    # Near the origin and of about unit size: OpenCV's solvers have fixed thresholds.
    middle, size = at.mean(axis=0), max(float(np.abs(at - at.mean(axis=0)).max()), 1e-9)
    local = np.ascontiguousarray((at - middle) / size)
    methods = [cv2.SOLVEPNP_SQPNP] + [cv2.SOLVEPNP_IPPE] * bool(spread[2] < FLAT)
    for method in methods:
        try:
            _, turns, shifts, _ = cv2.solvePnPGeneric(local, np.ascontiguousarray(flat), np.eye(3), None, flags=method)
        except cv2.error:  # points that it can make nothing of
            continue
        for about, shift in zip(turns, shifts, strict=True):
            turn = np.asarray(cv2.Rodrigues(about)[0], np.float64)
            place = middle - turn.T @ np.asarray(shift, np.float64).ravel() * size
            if np.isfinite(turn).all() and np.isfinite(place).all():
                yield turn, place


def _from_lines(seen: list[Seen], flat: Array) -> Iterator[tuple[Array, Array]]:
    """Rotations and places from straight lines and points at one height, at focal length 1."""
    straight = [(i, one) for i, one in enumerate(seen) if isinstance(one, LineSeen) and len(one.points_m) == 2]
    if not straight:
        return
    heights = [at[2] for _, line in straight for at in line.points_m]
    level = float(np.median(heights))
    rows: list[Array] = []
    lines = [
        (i, np.array(line.points_m)) for i, line in straight if all(abs(at[2] - level) < 0.01 for at in line.points_m)
    ]
    points = [
        (i, np.array(p.at_m)) for i, p in enumerate(seen) if isinstance(p, PointSeen) and abs(p.at_m[2] - level) < 0.01
    ]
    ends = [at for _, two in lines for at in two] + [at for _, at in points]
    middle = np.mean(ends, axis=0)
    size = max(float(np.abs(np.array(ends) - middle).max()), 1e-9)
    for i, two in lines:
        a, b = ((two - middle) / size)[:, :2]
        normal = np.array([a[1] - b[1], b[0] - a[0]]) / max(float(np.linalg.norm(b - a)), 1e-12)
        rows.append(np.kron(np.array([*normal, -normal @ a]), np.array([*flat[i], 1.0])))
    for i, at in points:
        x, y = ((at - middle) / size)[:2]
        pixel = np.array([*flat[i], 1.0])
        rows += [np.kron(np.array([0, -1, y]), pixel), np.kron(np.array([1, 0, -x]), pixel)]
    if len(rows) < 8:
        return
    _, values, right = np.linalg.svd(np.array(rows), full_matrices=True)
    if len(values) < 8 or values[7] < 1e-7 * values[0]:
        return
    to_plane = right[8].reshape(3, 3)
    # Four made-up places in the picture, taken to the plane, stand for the lines.
    corners = np.concatenate((_spread_out(flat), np.ones((4, 1))), axis=1)
    met = corners @ to_plane.T
    if (np.abs(met[:, 2]) < 1e-9).any():
        return
    world = np.concatenate((met[:, :2] / met[:, 2:], np.zeros((4, 1))), axis=1) * size + (middle[0], middle[1], level)
    yield from _pnp(world, corners[:, :2])


def _spread_out(flat: Array) -> Array:
    """Four corners around where something was seen, (4, 2)."""
    low, high = flat.min(axis=0), flat.max(axis=0)
    return np.array([low, (high[0], low[1]), high, (low[0], high[1])])

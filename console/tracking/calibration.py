"""Where a camera stands and how it looks, from known points and lines of the field of play.

A fixed camera is found in the world; of a tracked one what is to be added to what its tracker says, the same in every
picture. Its focal length and first distortion coefficient are found too when asked for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from console.errors import ConsoleError
from console.show.world import Camera
from console.tracking.adjustment import BEHIND_PX, Task, Wanted, adjusted, covariance, moved
from console.tracking.camera import CameraView, view
from console.tracking.firstpose import first_cameras
from console.tracking.mapping import CameraState
from console.tracking.sightings import Array, Seen, check, equations

CLICK_PX = 1.0
"""How exactly a point is taken to be pointed at, in pixels of a picture 1920 long (one sigma)."""
_HUBER = 1.5
_OUTLIER = 5.0
"""What lies further off than so many sigmas is left out."""
_MOST_LEFT_OUT = 0.35
_PRIOR_WEIGHT = 4.0
"""With how many observations' weight `CLICK_PX` counts against what is measured: few points agree by chance."""
_NO_FIT = 0.03
"""Half of them further off than this part of the picture: these are not pictures of these points."""
_STEP = 1e-5


@dataclass(frozen=True, eq=False)
class Calibration:
    """A camera that was found, and how well."""

    camera: Camera
    width: int
    height: int
    seen: tuple[Seen, ...]
    errors_px: Array
    """(n,): how far each lies from where the camera puts it."""
    used: tuple[bool, ...]
    """Which were used; the rest disagree with them."""
    unknowns: tuple[str, ...]
    covariance: Array
    """(k, k) of the unknowns, as `adjustment.Wanted.unknowns` has them."""
    spare: int
    """How many numbers were given beyond those that were looked for."""

    @property
    def scale(self) -> float:
        """How long the picture is beside one of 1920 pixels, for which limits are told."""
        return max(self.width, self.height) / 1920

    @property
    def left_out(self) -> tuple[str, ...]:
        """The names of what disagrees with the rest."""
        return tuple(one.name for one, used in zip(self.seen, self.used, strict=True) if not used)

    @property
    def rms_px(self) -> float:
        """Root mean square error of what was used."""
        return float(np.sqrt(np.mean(self.errors_px[np.array(self.used)] ** 2)))

    @property
    def max_px(self) -> float:
        """The greatest error of what was used."""
        return float(self.errors_px[np.array(self.used)].max())

    @property
    def place_sigma_m(self) -> float:
        """One sigma of the place, in the direction that is known worst; 0 when it was not looked for."""
        if "x" not in self.unknowns:
            return 0.0
        return float(np.sqrt(np.linalg.eigvalsh(self.covariance[:3, :3])[-1]))

    def states(self) -> tuple[CameraState | None, ...]:
        """What the tracker said of each picture; of a fixed camera None."""
        if not self.camera.input:
            return (None,)
        return tuple(picture.state for picture in Task(self.seen, (), self.width, self.height).pictures)

    def looking(self, state: CameraState | None = None) -> CameraView:
        """The camera in one of the pictures."""
        return view(self.camera, state, self.width, self.height)

    def uncertainty_px(self, points_m: Array, state: CameraState | None = None) -> Array:
        """One sigma of where the camera puts points (n, 3), in pixels (n,), in the worst direction."""
        slopes = []
        for index in range(len(self.unknowns)):
            by = np.zeros(len(self.unknowns))
            by[index] = _STEP
            there, back = (
                view(moved(self.camera, self.unknowns, sign * by), state, self.width, self.height).project(points_m)[0]
                for sign in (1, -1)
            )
            slopes.append((there - back) / (2 * _STEP))
        slope = np.stack(slopes, axis=-1)
        spread = slope @ self.covariance @ np.swapaxes(slope, -1, -2)
        return np.asarray(np.sqrt(np.maximum(np.linalg.eigvalsh(spread)[..., -1], 0.0)), np.float64)


def calibrate(
    camera: Camera, seen: Sequence[Seen], width: int, height: int, wanted: Wanted | None = None
) -> Calibration:
    """The camera that fits what was seen in its pictures; what is not looked for stays as it is in `camera`.

    Up to a third of what was seen may be wrong. Raises ConsoleError: too few, all on one line, no numbers, nothing
    that fits, an unknown that can't be told.
    """
    wanted = wanted or Wanted()
    if not camera.input:
        seen = [replace(one, state=None) for one in seen]
    names = wanted.unknowns
    if not names:
        raise ConsoleError("Nothing is looked for", "Look for the place or the angles of the camera")
    check(seen, len(names), bool(camera.input))
    click_px = CLICK_PX * max(width, height) / 1920
    task = Task(tuple(seen), names, width, height)
    found, used = _settled(task, camera, click_px)
    task = replace(task, seen=tuple(one for one, use in zip(seen, used, strict=True) if use))
    errors = np.linalg.norm(Task(tuple(seen), names, width, height).errors(found), axis=1)
    kept = errors[np.array(used)]
    if float(np.median(errors)) > _NO_FIT * max(width, height):
        raise ConsoleError(
            f"No camera fits: half of these lie more than {np.median(errors):.0f} px off",
            "Look whether left and right, near and far were mixed up",
        )
    spare = equations(task.seen) - len(names)
    tolerance = _tolerance(kept, click_px)
    inverse = covariance(task, found, tolerance)
    squares = float((np.minimum(kept, tolerance) ** 2).sum())
    variance = (squares + _PRIOR_WEIGHT * click_px**2) / (max(spare, 0) + _PRIOR_WEIGHT)
    return Calibration(found, width, height, tuple(seen), errors, used, names, inverse * variance, spare)


def _tolerance(errors_px: Array, click_px: float) -> float:
    """Huber's, from how far most lie off (half of what is known to a sigma lies within 0.7 to 1.2 of it)."""
    return _HUBER * max(click_px, 1.2 * float(np.median(errors_px)))


def _settled(task: Task, camera: Camera, click_px: float) -> tuple[Camera, tuple[bool, ...]]:
    """The camera that fits, and what was used for it: what is far off the rest is left out, and put back if it fits."""
    found = _fitted(task, first_cameras(task, camera), click_px)
    used = (True,) * len(task.seen)
    for _ in range(4):
        errors = np.linalg.norm(task.errors(found), axis=1)
        limit = _OUTLIER * _tolerance(errors, click_px) / _HUBER
        keep = errors <= limit
        few = tuple(one for one, use in zip(task.seen, keep, strict=True) if use)
        enough = equations(few) >= len(task.names) + 2 and len(few) >= (1 - _MOST_LEFT_OUT) * len(task.seen)
        if not enough or tuple(keep) == used:
            break
        used = tuple(bool(use) for use in keep)
        found = _fitted(replace(task, seen=few), [found], click_px)
    behind = np.abs(task.errors(found)).max(axis=1) >= BEHIND_PX
    if behind.mean() > _MOST_LEFT_OUT:
        raise ConsoleError("The camera's place can't be told from these points and lines", "Add a point away from them")
    lost = [one.name for one, hidden, use in zip(task.seen, behind, used, strict=True) if hidden and use]
    if lost:
        raise ConsoleError(
            f"No camera sees all of these: {lost[0]} would lie behind it",
            "Look whether left and right, near and far were mixed up",
        )
    return found, used


def _fitted(task: Task, starts: Sequence[Camera], click_px: float) -> Camera:
    """The best of the cameras that the starts lead to."""
    best, best_cost = None, math.inf
    for start in starts[:3]:
        one = start
        for _ in range(3):
            errors = np.linalg.norm(task.errors(one), axis=1)
            one, _ = adjusted(task, one, _tolerance(errors, click_px))
        cost = task.cost(one, 4 * click_px)
        if cost < best_cost:
            best, best_cost = one, cost
    if best is None:
        raise ConsoleError("No camera fits these points", "Look whether each was pointed at where it is")
    return best

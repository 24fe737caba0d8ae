"""What a calibration is worth: one word, one sentence and a remedy, from its errors and from what they leave open.

Errors tell how well the points agree; the covariance tells how far the graphics may be off where no point was: four
points in one corner agree perfectly and say nothing of the opposite one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from console.tracking.calibration import Calibration
from console.tracking.camera import NEAR_M, CameraView
from console.tracking.fields import FieldOfPlay
from console.tracking.mapping import CameraState
from console.tracking.sightings import Array, PointSeen

GOOD_RMS_PX, GOOD_MAX_PX, GOOD_OPEN_PX = 1.5, 5.0, 2.0
USABLE_RMS_PX, USABLE_MAX_PX, USABLE_OPEN_PX = 4.0, 12.0, 6.0
"""Limits in pixels of a picture 1920 long: of the errors, and of one sigma anywhere on the field in the picture."""
GOOD_LEFT_OUT = 0.2
"""More than this part of the points left out is no good calibration."""
HEAD_M = 2.0
"""Graphics stand up to here over the ground; a height that is not known shows there."""
_GRID = 9


class Word(StrEnum):
    """The verdict."""

    GOOD = "good"
    USABLE = "usable"
    POOR = "poor"


@dataclass(frozen=True)
class Verdict:
    """What to think of a camera's calibration."""

    word: Word
    sentence: str
    remedy: str
    """Empty when nothing needs doing."""
    rms_px: float
    max_px: float
    worst: str
    """The name of what lies furthest off."""
    across_cm: float
    """The rms error on the ground at the field's middle (or, when that is out of the picture, at what is in the
    picture's), across the line of sight; nan where no ground is."""
    depth_cm: float
    """The same along the line of sight, where a low camera sees little."""
    open_px: float
    """One sigma of where a graphic will be drawn, at the worst place of the field in the picture, up to head height."""
    open_at: str
    """The named point of the field nearest to that place."""
    place_sigma_m: float


def judge(calibration: Calibration, field: FieldOfPlay | None = None) -> Verdict:
    """The verdict on a calibration; without a field over what was seen."""
    ratio = calibration.scale
    worst = calibration.seen[int(np.where(calibration.used, calibration.errors_px, -1.0).argmax())].name
    open_px, open_at = _open(calibration, field)
    across, depth = _ground_cm_per_px(calibration, field)
    rms, most = calibration.rms_px, calibration.max_px
    values, fewer = np.array([rms, most, open_px]) / ratio, len(calibration.left_out) / len(calibration.seen)
    word = Word.POOR
    if (values <= (GOOD_RMS_PX, GOOD_MAX_PX, GOOD_OPEN_PX)).all() and fewer <= GOOD_LEFT_OUT:
        word = Word.GOOD
    elif (values <= (USABLE_RMS_PX, USABLE_MAX_PX, USABLE_OPEN_PX)).all():
        word = Word.USABLE
    if _under_the_ground(calibration, field):
        word = Word.POOR
        sentence = "Poor: the camera would stand under the ground"
        remedy = "Look whether left and right, near and far were mixed up"
    else:
        sentence, remedy = _words(calibration, word, worst, open_px, open_at)
    return Verdict(
        word, sentence, remedy, rms, most, worst, rms * across, rms * depth, open_px, open_at, calibration.place_sigma_m
    )


def _words(calibration: Calibration, word: Word, worst: str, open_px: float, open_at: str) -> tuple[str, str]:
    """The sentence and the remedy: of what fits worst, or of what is open."""
    ratio = calibration.scale
    rms, most = calibration.rms_px, calibration.max_px
    sentence = f"{word.capitalize()}: the points agree to {rms:.1f} px, graphics stand within {open_px:.1f} px"
    if calibration.left_out:
        sentence += f"; left out: {', '.join(calibration.left_out)}"
    if word is Word.GOOD:
        return sentence, f"Set {calibration.left_out[0]} anew" if calibration.left_out else ""
    misfit = max(rms / GOOD_RMS_PX, most / GOOD_MAX_PX) / ratio
    if open_px / GOOD_OPEN_PX / ratio > misfit:
        return f"{sentence}, least sure near {open_at}", f"Add a point near {open_at}"
    if most > 2.5 * rms:
        return f"{sentence}; {worst} is {most:.1f} px off", f"Look whether {worst} was set where it is"
    if not {"focal", "k1"} <= set(calibration.unknowns):
        return sentence, "Look for the focal length and the distortion too, or calibrate the lens"
    return sentence, "Set the points more exactly, or calibrate the lens"


def _under_the_ground(calibration: Calibration, field: FieldOfPlay | None) -> bool:
    """Whether all that was seen was seen from below, as it looks in a mirror."""
    lowest = min(at[2] for _, at in _places(calibration, field))
    return all(calibration.looking(state).position_m[2] < lowest for state in calibration.states())


def _places(calibration: Calibration, field: FieldOfPlay | None) -> list[tuple[str, tuple[float, ...]]]:
    """Where graphics may stand: the points of the field, or those that were seen."""
    if field is not None:
        return [(mark.name, mark.at_m) for mark in field.marks]
    return [
        (one.name, at)
        for one in calibration.seen
        for at in ((one.at_m,) if isinstance(one, PointSeen) else one.points_m)
    ]


def _visible(looking: CameraView, points_m: Array) -> Array:
    pixels, depth = looking.project(points_m)
    size = np.array([looking.width, looking.height])
    return np.asarray((depth > NEAR_M) & ((pixels >= 0) & (pixels <= size)).all(axis=-1))


def _open(calibration: Calibration, field: FieldOfPlay | None) -> tuple[float, str]:
    """One sigma at the worst place in any of the pictures, and the name of the point nearest to it."""
    named = _places(calibration, field)
    points = np.array([at for _, at in named], np.float64)
    level = float(np.median(points[:, 2]))
    found = (0.0, named[0][0])
    for state in calibration.states():
        looking = calibration.looking(state)
        places = np.concatenate((points, _ground_grid(looking, points, level)))
        places = np.concatenate((places, places + np.array([0.0, 0.0, HEAD_M])))
        places = places[_visible(looking, places)]
        if not len(places):
            continue
        sigmas = calibration.uncertainty_px(places, state)
        at = int(sigmas.argmax())
        if sigmas[at] > found[0]:
            # The nearest in the picture, as that is where one would point.
            pixels, depth = looking.project(points)
            away = np.linalg.norm(pixels - looking.project(places[at : at + 1])[0], axis=1)
            near = int(np.where(depth > NEAR_M, away, np.inf).argmin())
            found = (float(sigmas[at]), named[near][0])
    return found


def _ground_grid(looking: CameraView, points_m: Array, level: float) -> Array:
    """Places on the ground spread over the picture, as far as they lie on the field."""
    x, y = np.meshgrid(np.linspace(0, looking.width, _GRID), np.linspace(0, looking.height, _GRID))
    ground = looking.ground(np.stack((x.ravel(), y.ravel()), axis=1), level)
    low, high = points_m[:, :2].min(axis=0), points_m[:, :2].max(axis=0)
    inside = ((ground[:, :2] >= low) & (ground[:, :2] <= high)).all(
        axis=1
    )  # a place past the horizon is nan: not inside
    return np.asarray(ground[inside], np.float64)


def _ground_cm_per_px(calibration: Calibration, field: FieldOfPlay | None) -> tuple[float, float]:
    """What one pixel is on the ground, across and along the line of sight, in cm."""
    points = np.array([at for _, at in _places(calibration, field)], np.float64)
    level = float(np.median(points[:, 2]))
    middle = np.array(field.middle_m) if field is not None else points.mean(axis=0)
    states: tuple[CameraState | None, ...] = calibration.states()
    looking = calibration.looking(states[0])
    pixel = np.array([looking.width / 2, looking.height / 2])
    for state in states:
        other = calibration.looking(state)
        if _visible(other, middle[None])[0]:
            looking, pixel = other, other.project(middle[None])[0][0]
            break
    around = looking.ground(pixel + np.array([(-0.5, 0.0), (0.5, 0.0), (0.0, -0.5), (0.0, 0.5)]), level)[:, :2]
    slope = np.stack((around[1] - around[0], around[3] - around[2]), axis=1)
    if not np.isfinite(slope).all():
        return float("nan"), float("nan")
    along, across = np.linalg.svd(slope, compute_uv=False) * 100
    return float(across), float(along)

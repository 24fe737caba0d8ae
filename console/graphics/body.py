"""A subject's body as capsules between joints: to draw it, and to know what it hides. Joints in BlazePose's order."""

from __future__ import annotations

import numpy as np

from console.graphics.geometry import FARTHEST_M, Indexes
from console.graphics.moment import Array, Subject

JOINTS = 33
_NECK, _PELVIS, _HEAD = 33, 34, 35  # made of others: middle of the shoulders, of the hips, of the ears

# Joint, joint, and what it is: 0 the trunk, 1 the left side, 2 the right.
_BONES = (
    (_NECK, _HEAD, 0), (11, 12, 0), (11, 23, 0), (12, 24, 0), (23, 24, 0),
    (11, 13, 1), (13, 15, 1), (15, 19, 1), (23, 25, 1), (25, 27, 1), (27, 29, 1), (29, 31, 1), (27, 31, 1),
    (12, 14, 2), (14, 16, 2), (16, 20, 2), (24, 26, 2), (26, 28, 2), (28, 30, 2), (30, 32, 2), (28, 32, 2),
)  # fmt: skip
_BONE_M, _KNOT_M, _HEAD_M = 0.020, 0.034, 0.062
# Joint, radius and what it is.
_KNOTS = (
    (_HEAD, _HEAD_M, 0), *((joint, _KNOT_M, 0) for joint in (11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28)),
)  # fmt: skip
_SKELETON_ENDS = np.array([(a, b) for a, b, _ in _BONES] + [(joint, joint) for joint, _, _ in _KNOTS])
_SKELETON_RADII_M = np.array([_BONE_M] * len(_BONES) + [radius for _, radius, _ in _KNOTS])
_SKELETON_PARTS = np.array([part for _, _, part in _BONES] + [part for _, _, part in _KNOTS])

# Joint, joint, radius in metres of flesh and clothes around.
_FLESH = (
    (_HEAD, _HEAD, 0.135), (_NECK, _PELVIS, 0.17), (11, 23, 0.12), (12, 24, 0.12), (11, 12, 0.09), (_NECK, _HEAD, 0.08),
    (11, 13, 0.065), (13, 15, 0.055), (15, 19, 0.055), (12, 14, 0.065), (14, 16, 0.055), (16, 20, 0.055),
    (23, 25, 0.105), (25, 27, 0.075), (27, 31, 0.06), (29, 31, 0.055),
    (24, 26, 0.105), (26, 28, 0.075), (28, 32, 0.06), (30, 32, 0.055),
)  # fmt: skip
_FLESH_ENDS = np.array([(a, b) for a, b, _ in _FLESH])
_FLESH_RADII_M = np.array([radius for _, _, radius in _FLESH])
# Of someone of 1.80 m whose joints are not known: heights of both ends, radius.
_UPRIGHT = ((0.10, 0.85, 0.17), (0.85, 1.42, 0.24), (1.66, 1.66, 0.14))
_UPRIGHT_ENDS = np.array([[(0.0, 0.0, low), (0.0, 0.0, high)] for low, high, _ in _UPRIGHT])
_UPRIGHT_RADII_M = np.array([radius for _, _, radius in _UPRIGHT])
_MIDDLES = np.array([(11, 12), (23, 24), (7, 8)])
HEIGHT_M = 1.80
_ABOVE_M = 0.12


def _joints(subject: Subject) -> Array | None:
    """The joints and those made of them (36, 3); None when there are none."""
    joints = subject.joints_m
    if joints is None or joints.shape != (JOINTS, 3):
        return None
    found: Array = np.concatenate((joints, joints[_MIDDLES].mean(axis=1)))
    found[~(np.abs(found) < FARTHEST_M).all(axis=1)] = np.nan
    return found


def head_top_m(subject: Subject) -> Array:
    """Just above the head: what a label points to."""
    joints = _joints(subject)
    if joints is not None and np.isfinite(joints[_HEAD]).all():
        x, y, z = joints[_HEAD].tolist()
        return np.array([x, y, z + 0.12 + _ABOVE_M])
    x, y, z = subject.position_m
    return np.array([x, y, z + HEIGHT_M + _ABOVE_M])


def bones(subject: Subject) -> tuple[Array, Array, Indexes] | None:
    """Ends (n, 2, 3), radii (n,) and parts (n,) of what is drawn as a skeleton: bones, then knots; None without joints.

    Both ends of a knot are the same. A part is 0, of the trunk, 1, of the left side, or 2, of the right.
    """
    joints = _joints(subject)
    if joints is None:
        return None
    ends = joints[_SKELETON_ENDS]
    known = ~np.isnan(ends).any(axis=(1, 2))
    if not known.any():
        return None
    return ends[known], _SKELETON_RADII_M[known], _SKELETON_PARTS[known]


def flesh(subject: Subject) -> tuple[Array, Array]:
    """Ends (n, 2, 3) and radii (n,) of capsules that hold the body: around its joints, or upright where it stands."""
    joints = _joints(subject)
    if joints is not None:
        ends = joints[_FLESH_ENDS]
        known = ~np.isnan(ends).any(axis=(1, 2))
        if known.sum() >= len(_FLESH) // 2:
            return ends[known], _FLESH_RADII_M[known]
    return np.asarray(subject.position_m, np.float64) + _UPRIGHT_ENDS, _UPRIGHT_RADII_M

"""An athlete's body: joints in metres for any moment of the start, the run, the finish and after.

The stride is driven by the distance run: the ball of the foot stands still on the ground while it carries, then
recovers along a closed path, and knees and elbows follow by two-bone inverse kinematics. In the blocks the hands and
feet have fixed places; leaving them blends into the stride.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from console.demo.race import FINISH_M, GUN_S, SET_S, Array, Athlete, Runner, placings, track_of

JOINTS = (
    "head", "crown", "jaw", "neck", "chest", "waist", "pelvis",
    "shoulder_l", "shoulder_r", "elbow_l", "elbow_r", "wrist_l", "wrist_r", "hand_l", "hand_r",
    "hip_l", "hip_r", "knee_l", "knee_r", "ankle_l", "ankle_r", "heel_l", "heel_r", "ball_l", "ball_r",
    "toe_l", "toe_r",
)  # fmt: skip
INDEX = {name: index for index, name in enumerate(JOINTS)}
_REFERENCE_M = 1.85
_THIGH, _SHANK, _FOOT = 0.455, 0.455, 0.15
_UPPER_ARM, _FOREARM = 0.31, 0.27
_TORSO, _HIP_HALF, _SHOULDER_HALF = 0.53, 0.095, 0.20
# The recovering foot, from toe-off (0) to touch-down (1): where between behind and ahead, height and heel-up angle.
_SWING_AT = np.array([0.0, 0.14, 0.34, 0.52, 0.70, 0.86, 1.0])
_SWING_ALONG = np.array([0.0, -0.13, 0.12, 0.52, 0.98, 1.17, 1.0])
_SWING_UP = np.array([0.0, 0.24, 0.47, 0.45, 0.37, 0.17, 0.0])
_SWING_PITCH = np.array([62.0, 98.0, 96.0, 52.0, 12.0, 2.0, 14.0])


Triple: TypeAlias = tuple[float, float, float]


@dataclass(frozen=True)
class Stance:
    """Everything the skeleton hangs on, in the athlete's own plane: x forward from the chest, z up, metres."""

    hip_x: float
    hip_z: float
    lean_deg: float
    twist_deg: float
    feet: tuple[Triple, Triple]
    """Left and right ball of the foot: x, z, heel-up angle."""
    hands: tuple[Triple, Triple]
    """Left and right wrist: x, outwards from the shoulder, z."""


def _smooth(value: float, start: float, end: float) -> float:
    part = min(max((value - start) / (end - start), 0.0), 1.0)
    return part * part * (3 - 2 * part)


def _between(a: float, b: float, part: float) -> float:
    return a + (b - a) * part


def _ahead(place: Triple, dx: float) -> Triple:
    return place[0] + dx, place[1], place[2]


def _stride_foot(phase: float, step_m: float, pace: float) -> Triple:
    """One foot relative to the hip at a phase (0..1) of its cycle of two steps."""
    carry = min(max(0.85 / (2 * step_m), 0.16), 0.42)
    travel = carry * 2 * step_m
    ahead, behind = 0.46 * travel, -0.54 * travel
    if phase < carry:
        part = phase / carry
        return _between(ahead, behind, part), 0.03, 12 + 50 * max(part - 0.35, 0) / 0.65
    part = (phase - carry) / (1 - carry)
    along = float(np.interp(part, _SWING_AT, _SWING_ALONG))
    smooth = 0.5 - 0.5 * math.cos(math.pi * part)
    along = 0.75 * along + 0.25 * smooth
    up = float(np.interp(part, _SWING_AT, _SWING_UP)) * (0.25 + 0.75 * pace)
    pitch = float(np.interp(part, _SWING_AT, _SWING_PITCH)) * (0.45 + 0.55 * pace)
    return _between(behind, ahead, along), 0.03 + up, pitch


def _swinging_hand(cycle: float, lean_deg: float, pace: float) -> Triple:
    """A wrist relative to its shoulder; `cycle` -1 (behind) .. 1 (in front)."""
    upper = math.radians(-14 + cycle * (26 + 26 * pace) - lean_deg * 0.35)
    bend = math.radians(88 + cycle * 22)
    elbow = math.sin(upper) * _UPPER_ARM, -math.cos(upper) * _UPPER_ARM
    fore = upper + bend
    inward = -0.03 - 0.07 * max(cycle, 0)
    return elbow[0] + math.sin(fore) * _FOREARM, inward + 0.06, elbow[1] - math.cos(fore) * _FOREARM


def _running(steps: float, step_m: float, pace: float, lean_deg: float) -> Stance:
    cycle = steps / 2
    left, right = (_stride_foot((cycle + half) % 1.0, step_m, pace) for half in (0.0, 0.5))
    swing = math.cos(2 * math.pi * (cycle - 0.04))
    hip_z = 0.905 - 0.018 * math.cos(4 * math.pi * (cycle - 0.05)) * pace
    lean = math.radians(lean_deg)
    hip_x = -_TORSO * math.sin(lean) - 0.02
    # The arm of the other side goes with the leg.
    hands = (_swinging_hand(cycle, lean_deg, pace) for cycle in (-swing, swing))
    shoulder_z = hip_z + _TORSO * math.cos(lean)
    left_hand, right_hand = ((x, out, shoulder_z + z) for x, out, z in hands)
    twist_deg = -9 * swing * (0.4 + 0.6 * pace)
    feet = _ahead(left, hip_x), _ahead(right, hip_x)
    return Stance(hip_x, hip_z, lean_deg, twist_deg, feet, (left_hand, right_hand))


def _in_blocks(risen: float) -> Stance:
    """On your marks (0) to set (1); x is from the start line."""
    return Stance(
        hip_x=_between(-0.62, -0.50, risen),
        hip_z=_between(0.52, 0.83, risen),
        lean_deg=_between(82, 107, risen),
        twist_deg=0.0,
        feet=((-0.52, 0.11, 58.0), (-0.80, 0.13, 70.0)),
        hands=((-0.03, 0.03, 0.09), (-0.03, 0.03, 0.09)),
    )


def _blend(a: Stance, b: Stance, parts: tuple[float, float, float, float]) -> Stance:
    """Between two stances; parts for body, left foot, right foot, hands."""
    body, left, right, arms = parts

    def triple(p: Triple, q: Triple, part: float) -> Triple:
        return _between(p[0], q[0], part), _between(p[1], q[1], part), _between(p[2], q[2], part)

    return Stance(
        _between(a.hip_x, b.hip_x, body),
        _between(a.hip_z, b.hip_z, body),
        _between(a.lean_deg, b.lean_deg, body),
        _between(a.twist_deg, b.twist_deg, body),
        (triple(a.feet[0], b.feet[0], left), triple(a.feet[1], b.feet[1], right)),
        (triple(a.hands[0], b.hands[0], arms), triple(a.hands[1], b.hands[1], arms)),
    )


def _shifted(stance: Stance, dx: float) -> Stance:
    """The stance seen from a chest that has moved on by dx."""
    (left_foot, right_foot), (left_hand, right_hand) = stance.feet, stance.hands
    return replace(
        stance,
        hip_x=stance.hip_x - dx,
        feet=(_ahead(left_foot, -dx), _ahead(right_foot, -dx)),
        hands=(_ahead(left_hand, -dx), _ahead(right_hand, -dx)),
    )


def stance_of(runner: Runner, instant_s: float) -> Stance:
    """How an athlete holds himself at an instant of the take, scaled to a height of 1.85 m."""
    athlete = runner.athlete
    x, speed = runner.position_m[0], runner.velocity_mps[0]
    since = instant_s - GUN_S - athlete.reaction_s
    pace = min(speed / athlete.top_mps, 1.0)
    finished = instant_s - GUN_S - track_of(athlete.lane).finish_s
    lean = 7 + 40 * math.exp(-max(x, 0) / 9.5)
    lean += 17 * math.exp(-(((x - FINISH_M - 0.1) / 1.3) ** 2))
    if finished > 0:
        lean = _between(lean, 1.5, _smooth(finished, 0.2, 1.6))
    step = FINISH_M / athlete.steps * (0.40 + 0.64 * pace**0.85)
    run = _running(runner.steps, step, max(pace, 0.12), lean)
    if finished > 0.5 and athlete is placings()[0]:
        run = _celebrating(run, _smooth(finished, 0.5, 1.3), instant_s)
    if since > 0.7:
        return run
    delay = 0.05 * (athlete.lane % 3)
    blocks = _in_blocks(_smooth(instant_s, SET_S + delay, SET_S + 0.55 + delay))
    parts = (_smooth(since, 0.0, 0.5), _smooth(since, 0.30, 0.5), _smooth(since, 0.10, 0.36), _smooth(since, 0.02, 0.3))
    return _blend(_shifted(blocks, x), run, parts)


def _celebrating(run: Stance, part: float, instant_s: float) -> Stance:
    wave = 0.05 * math.sin(instant_s * 7)
    up = ((0.05, 0.20 + wave, 1.95), (0.05, 0.20 - wave, 1.95))
    return _blend(run, Stance(run.hip_x, run.hip_z, run.lean_deg - 3, 0, run.feet, up), (part, part, part, part))


def _bent(root: Array, end: Array, upper: float, lower: float, pole: Array) -> tuple[Array, Array]:
    """Two bones from a root towards an end: the middle joint and the end that they reach."""
    line = end - root
    distance = float(np.linalg.norm(line)) or 1e-6
    reach = min(max(distance, abs(upper - lower) + 0.02), (upper + lower) * 0.995)
    axis = line / distance
    side = pole - axis * float(pole @ axis)
    side /= float(np.linalg.norm(side)) or 1.0
    along = (upper**2 - lower**2 + reach**2) / (2 * reach)
    off = math.sqrt(max(upper**2 - along**2, 0.0))
    return root + axis * along + side * off, root + axis * reach


def skeleton(runner: Runner, instant_s: float) -> Array:
    """All joints in world metres, shape (len(JOINTS), 3)."""
    joints = joints_of(stance_of(runner, instant_s), runner.athlete)
    return np.asarray(joints + np.array([runner.position_m[0], runner.position_m[1], 0.0]))


def joints_of(stance: Stance, athlete: Athlete) -> Array:
    """The joints of a stance around the origin, facing +x; left is +y."""
    out = np.zeros((len(JOINTS), 3))
    lean, twist = math.radians(stance.lean_deg), math.radians(stance.twist_deg)
    up = np.array([math.sin(lean), 0.0, math.cos(lean)])
    front = np.array([math.cos(lean), 0.0, -math.sin(lean)])
    pelvis = np.array([stance.hip_x, 0.0, stance.hip_z])
    top = pelvis + up * _TORSO
    out[INDEX["pelvis"]], out[INDEX["waist"]] = pelvis, pelvis + up * 0.19
    out[INDEX["chest"]] = pelvis + up * 0.38 + front * 0.015
    # The head stays level as far as the neck allows: it looks ahead in the run and down in the blocks.
    nod = min(max(lean * 0.45, 0.0), 0.95)
    gaze_up = np.array([math.sin(nod), 0.0, math.cos(nod)])
    gaze = np.array([math.cos(nod), 0.0, -math.sin(nod)])
    out[INDEX["neck"]] = top + up * 0.05
    out[INDEX["head"]] = top + up * 0.09 + gaze_up * 0.115 + gaze * 0.03
    out[INDEX["crown"]] = out[INDEX["head"]] + gaze_up * 0.036 - gaze * 0.040
    out[INDEX["jaw"]] = out[INDEX["head"]] - gaze_up * 0.085 + gaze * 0.036
    across = np.array([-math.sin(twist), math.cos(twist), 0.0])
    level = np.array([math.sin(twist * 0.6), math.cos(twist * 0.6), 0.0])
    for side, sign, foot, hand in zip("lr", (1.0, -1.0), stance.feet, stance.hands, strict=True):
        shoulder = top - up * 0.035 + across * sign * _SHOULDER_HALF
        hip = pelvis + level * sign * _HIP_HALF
        x, z, pitch_deg = foot
        pitch = math.radians(pitch_deg)
        ball = np.array([x, sign * 0.085, z])
        sole = np.array([math.cos(pitch), 0.0, -math.sin(pitch)])
        rise = np.array([math.sin(pitch), 0.0, math.cos(pitch)])
        knee, ankle = _bent(hip, ball - sole * _FOOT + rise * 0.06, _THIGH, _SHANK, np.array([1.0, sign * 0.06, 0.25]))
        ball = ankle + sole * _FOOT - rise * 0.06
        reach_for = np.array([hand[0], shoulder[1] + sign * (hand[1] - 0.03), hand[2]])
        elbow, wrist = _bent(shoulder, reach_for, _UPPER_ARM, _FOREARM, np.array([-1.0, sign * 0.55, -0.12]))
        named = {
            "shoulder": shoulder, "hip": hip, "knee": knee, "ankle": ankle, "elbow": elbow, "wrist": wrist,
            "hand": wrist + (wrist - elbow) / _FOREARM * 0.07, "ball": ball,
            "heel": ankle - sole * 0.045 - rise * 0.045, "toe": ball + np.array([0.055, 0, -0.012 * math.cos(pitch)]),
        }  # fmt: skip
        for name, place in named.items():
            out[INDEX[f"{name}_{side}"]] = place
    return out * (athlete.height_m / _REFERENCE_M)

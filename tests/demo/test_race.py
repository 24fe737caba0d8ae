"""The world as a pure function of time: athletes, their bodies, the cameras."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.demo import record
from console.demo.body import INDEX, skeleton
from console.demo.cameras import STATIONS
from console.demo.optics import CameraPose, aim, clipped
from console.demo.race import (
    ATHLETES,
    FINISH_M,
    GUN_S,
    RECORD_LANE,
    TAKE_SECONDS,
    leader_x_m,
    placings,
    race_clock_s,
    runners_at,
    track_of,
)


@pytest.mark.parametrize("athlete", ATHLETES, ids=lambda athlete: athlete.name)
def test_a_run_is_humanly_possible(athlete) -> None:
    track = track_of(athlete.lane)
    assert 9.57 < track.finish_s < 10.5
    assert (np.diff(track.x_m) >= 0).all()
    assert 11 < track.speed_mps.max() < 12.6
    jolts = np.abs(np.diff(track.speed_mps)) * 500
    assert jolts.max() < 11, "more than 1.1 g"
    before = track.at(GUN_S + athlete.reaction_s - 0.01)
    assert before[0] == 0
    assert abs(track.at(GUN_S + track.finish_s)[2] - athlete.steps) < 2


def test_the_leader_runs_the_published_splits_with_a_smooth_speed() -> None:
    track = track_of(RECORD_LANE)
    instants = np.arange(len(track.x_m)) / 500 - GUN_S
    passed = np.interp(np.arange(10, 101, 10), track.x_m, instants)
    assert passed == pytest.approx(record.SPLITS_S, abs=0.005)
    racing = (instants > record.REACTION_S) & (instants < track.finish_s - 0.01)
    speed, at = track.speed_mps[racing], instants[racing]
    top = int(speed.argmax())
    assert speed[top] == pytest.approx(record.TOP_MPS, abs=0.01)
    assert (np.diff(speed[: top + 1]) > 0).all(), "he gains until the top"
    assert (np.diff(speed[top:]) < 0).all(), "and loses slowly from there"
    assert speed[-1] > 0.95 * speed[top]
    jolt = np.diff(speed, 2) * 500**2
    assert np.abs(jolt[at[1:-1] > 0.2]).max() < 12, "m/s^3: no corner in the curve"


def test_nobody_passes_the_leader() -> None:
    for split_s in record.SPLITS_S:
        assert leader_x_m(GUN_S + split_s) == track_of(RECORD_LANE).at(GUN_S + split_s)[0]
    assert placings()[0].lane == RECORD_LANE
    assert track_of(placings()[1].lane).finish_s - record.SPLITS_S[-1] > 0.1


def test_the_pace_of_the_record_line_is_the_leaders_run() -> None:
    pace = record.pace()
    assert pace == tuple(sorted(pace))
    for at in np.arange(0, record.SPLITS_S[-1], 0.013):
        line_m = np.interp(at, *zip(*pace, strict=True))
        assert line_m == pytest.approx(track_of(RECORD_LANE).at(GUN_S + at)[0], abs=0.015)


def test_velocity_is_the_slope_of_position() -> None:
    for at in (4.0, 8.0, 11.0, 14.0):
        for now, then in zip(runners_at(at), runners_at(at + 0.01), strict=True):
            slope = (then.position_m[0] - now.position_m[0]) / 0.01
            assert slope == pytest.approx(now.velocity_mps[0], abs=0.1)


def test_the_clock_stops_with_the_winner() -> None:
    assert race_clock_s(GUN_S - 1) == 0
    assert race_clock_s(GUN_S + 5) == pytest.approx(5)
    assert race_clock_s(TAKE_SECONDS) == track_of(placings()[0].lane).finish_s


def test_a_foot_on_the_ground_stands_still() -> None:
    lane = placings()[0].lane
    slips = []
    for number in range(round(7.0 * 200), round(9.0 * 200)):
        now, then = (skeleton(runners_at(n / 200)[lane - 1], n / 200) for n in (number, number + 1))
        for ball in (INDEX["ball_l"], INDEX["ball_r"]):
            if now[ball, 2] < 0.035 and then[ball, 2] < 0.035:
                slips.append(abs(then[ball, 0] - now[ball, 0]) * 200)
    assert len(slips) > 50
    assert np.median(slips) < 1.5, "m/s, of an athlete who runs at 12"


def test_limbs_keep_their_length() -> None:
    bones = (("hip_l", "knee_l"), ("knee_l", "ankle_l"), ("shoulder_r", "elbow_r"), ("elbow_r", "wrist_r"))
    for at in np.arange(0, TAKE_SECONDS, 0.21):
        for runner in runners_at(float(at)):
            joints = skeleton(runner, float(at))
            for a, b in bones:
                length = np.linalg.norm(joints[INDEX[a]] - joints[INDEX[b]]) / runner.athlete.height_m
                assert 0.12 < length < 0.27
            assert joints[:, 2].min() > -0.08, "through the ground"


def test_pan_right_tilt_up() -> None:
    ahead = CameraPose((0, 0, 0), 0, 0, 0, 1.0)
    pixels, depth = ahead.project(np.array([[0, 10, 0], [1, 10, 0], [0, 10, 1], [0, -1, 0]]), 1280, 720)
    assert depth[0] == pytest.approx(10)
    assert depth[3] < 0
    assert pixels[0] == pytest.approx((639.5, 359.5))
    assert pixels[1][0] > pixels[0][0]
    assert pixels[2][1] < pixels[0][1]
    east = CameraPose((0, 0, 0), 90, 0, 0, 1.0)
    assert east.project(np.array([5.0, 0, 0]), 1280, 720)[0] == pytest.approx((639.5, 359.5))
    rolled = CameraPose((0, 0, 0), 0, 0, 10, 1.0)
    seen, _ = rolled.project(np.array([1.0, 10, 0]), 1280, 720)
    assert seen[1] < 359.5, "a camera rolled clockwise sees the right side rise"


@given(
    st.tuples(*[st.floats(-80, 80)] * 2, st.floats(1, 60)),
    st.tuples(*[st.floats(-80, 80)] * 2, st.floats(0, 20)),
    st.floats(2, 60),
)
def test_an_aimed_camera_has_its_target_in_the_middle(eye, target, shot_m) -> None:
    if np.hypot(target[0] - eye[0], target[1] - eye[1]) < 2:
        return
    pose = aim(eye, target, shot_m)
    pixel, depth = pose.project(np.array(target), 1280, 720)
    assert pixel == pytest.approx((639.5, 359.5), abs=1e-3)
    assert pose.focal_px(720) * shot_m / depth == pytest.approx(720)


def test_ground_homography_is_projection() -> None:
    pose = STATIONS[1].pose_at(6.0)
    homography = pose.ground(1280, 720)
    for x, y in ((40, 3), (60, 9), (80, 30)):
        u, v, w = homography @ (x, y, 1)
        assert (u / w, v / w) == pytest.approx(pose.project(np.array([x, y, 0.0]), 1280, 720)[0])


def test_what_is_behind_a_camera_is_cut_off() -> None:
    pose = CameraPose((0, 0, 1), 0, 0, 0, 1.0)
    floor = np.array([[-5, -5, 0], [5, -5, 0], [5, 5, 0], [-5, 5, 0]], float)
    assert clipped(floor, pose)[:, 1].min() == pytest.approx(0.3)
    assert len(clipped(floor - (0, 20, 0), pose)) == 0


@pytest.mark.parametrize("station", STATIONS, ids=lambda station: station.id)
def test_a_camera_moves_smoothly_and_the_same_each_time(station) -> None:
    poses = [station.pose_at(n / 50) for n in range(TAKE_SECONDS * 50)]
    assert poses == [station.pose_at(n / 50) for n in range(TAKE_SECONDS * 50)]
    pans = np.array([pose.pan_deg for pose in poses])
    speed = np.diff(pans) * 50
    assert np.abs(speed).max() < 120, "degrees per second"
    assert np.abs(np.diff(speed)).max() * 50 < 900, "a jerk"
    zooms = np.array([pose.focal_heights for pose in poses])
    assert (zooms > 0.5).all()
    assert np.abs(np.diff(np.log(zooms))).max() < 0.05
    assert FINISH_M == 100

"""Cameras from points and lines of a field: against the truth, with noise, with wrong points, and with too little."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from console.errors import ConsoleError
from console.show.world import Camera, LensRow
from console.tracking.adjustment import Task, Wanted, adjusted, angles_of, moved
from console.tracking.calibration import Calibration, calibrate
from console.tracking.camera import rotation, view
from console.tracking.fields import FieldOfPlay, athletics, field_of_play
from console.tracking.mapping import CameraState
from console.tracking.sightings import LineSeen, PointSeen, Seen
from console.tracking.verdict import Word, judge

WIDTH, HEIGHT = 1920, 1080
PITCH = field_of_play("football")
TRUTH = Camera(
    "cam", position_m=(10.0, -70.0, 22.0), pan_deg=-8, tilt_deg=-15, roll_deg=0.7, lens=(LensRow(focal=0.75, k1=-0.08),)
)
KNOWN_LENS = Camera("cam", lens=TRUTH.lens)
NOTHING_KNOWN = Camera("cam")
HEAD = Camera(
    "cam", input="t", position_m=(0.12, -0.35, 0.21), pan_deg=137.3, tilt_deg=1.2, roll_deg=-0.6,
    lens=(LensRow(focal=1.6, k1=-0.05),),
)  # fmt: skip
STATES = [
    CameraState((10.0, -70.0, 22.0), pan - 137.3, tilt, 0.1, 1000 + i)
    for i, (pan, tilt) in enumerate([(-35, -17), (-15, -16), (5, -20), (20, -18)])
]


def _in_picture(pixels: np.ndarray, depth: np.ndarray) -> np.ndarray:
    return (depth > 1) & (pixels >= 0).all(axis=1) & (pixels <= (WIDTH, HEIGHT)).all(axis=1)


def _points(camera: Camera, field: FieldOfPlay, state: CameraState | None = None, px: float = 0.7) -> list[Seen]:
    """Every point of the field in the picture, pointed at with an error of that sigma."""
    chance = np.random.default_rng(5 + (state.received_ns if state else 0))
    pixels, depth = view(camera, state, WIDTH, HEIGHT).project(np.array([mark.at_m for mark in field.marks]))
    shown = _in_picture(pixels, depth)
    pixels = pixels + chance.normal(0, px, pixels.shape)
    pairs = zip(field.marks, pixels, shown, strict=True)
    return [PointSeen(mark.name, mark.at_m, (float(x), float(y)), state) for mark, (x, y), show in pairs if show]


def _on_lines(camera: Camera, field: FieldOfPlay, each: int = 3, straight: bool = True, px: float = 0.7) -> list[Seen]:
    chance = np.random.default_rng(11)
    looking, found = view(camera, None, WIDTH, HEIGHT), list[Seen]()
    for line in field.lines:
        points = np.array(line.middle_m)
        if straight and len(points) != 2:
            continue
        piece, part = chance.integers(0, len(points) - 1, 40), chance.random(40)[:, None]
        pixels, depth = looking.project(points[piece] * (1 - part) + points[piece + 1] * part)
        for x, y in pixels[_in_picture(pixels, depth)][:each]:
            dx, dy = chance.normal(0, px, 2)
            found.append(LineSeen(line.name, line.middle_m, (float(x + dx), float(y + dy))))
    return found


def _off(found: Calibration, truth: Camera, field: FieldOfPlay, state: CameraState | None = None) -> np.ndarray:
    """How far the field is drawn from where it is, in pixels, for every point of it in the picture."""
    points = np.array([mark.at_m for mark in field.marks])
    right, depth = view(truth, state, WIDTH, HEIGHT).project(points)
    drawn, _ = found.looking(state).project(points)
    return np.linalg.norm(drawn - right, axis=1)[_in_picture(right, depth)]


def _spoilt(seen: Sequence[Seen], every: int) -> list[Seen]:
    chance = np.random.default_rng(3)
    return [
        replace(one, pixel=(one.pixel[0] + float(chance.normal(0, 150)), one.pixel[1] - 90)) if i % every == 0 else one
        for i, one in enumerate(seen)
    ]


@given(st.floats(-180, 180), st.floats(-90, 90), st.floats(-180, 180))
def test_angles_come_back_from_the_rotation(pan: float, tilt: float, roll: float) -> None:
    turn = rotation(pan, tilt, roll)
    assert_allclose(rotation(*angles_of(turn)), turn, atol=1e-7)


def test_small_turns_are_pan_tilt_and_roll() -> None:
    level = Camera("cam")
    for index, name in enumerate(("pan_deg", "tilt_deg", "roll_deg")):
        by = np.zeros(3)
        by[index] = math.radians(2)
        assert getattr(moved(level, ("pan", "tilt", "roll"), by), name) == pytest.approx(2)


@pytest.mark.parametrize(
    ("start", "wanted", "most_px"),
    [
        (KNOWN_LENS, Wanted(), 1.0),
        (replace(NOTHING_KNOWN, lens=(LensRow(k1=-0.08),)), Wanted(focal=True), 0.8),
        (NOTHING_KNOWN, Wanted(focal=True, k1=True), 1.0),
    ],
)
@pytest.mark.parametrize("wrong", [False, True])
def test_a_fixed_camera_from_points(start: Camera, wanted: Wanted, most_px: float, wrong: bool) -> None:
    seen = _points(TRUTH, PITCH)
    found = calibrate(start, _spoilt(seen, 5) if wrong else seen, WIDTH, HEIGHT, wanted)
    assert _off(found, TRUTH, PITCH).max() < most_px
    assert set(found.left_out) == ({one.name for one in seen[::5]} if wrong else set())
    assert found.camera.lens[0].focal == pytest.approx(0.75, rel=0.005)
    assert math.dist(found.camera.position_m, TRUTH.position_m) < 4 * max(found.place_sigma_m, 0.02)


def test_the_uncertainty_is_what_happens() -> None:
    """Over many clicks of the same points, errors are as great as was said."""
    chance, ratios = np.random.default_rng(1), []
    seen = _points(TRUTH, PITCH, px=0.0)[::3]
    place = np.array([[30.0, 20.0, 0.0]])
    right = view(TRUTH, None, WIDTH, HEIGHT).project(place)[0]
    for _ in range(12):
        clicked = [
            replace(one, pixel=(one.pixel[0] + float(dx), one.pixel[1] + float(dy)))
            for one, (dx, dy) in zip(seen, chance.normal(0, 1.0, (len(seen), 2)), strict=True)
        ]
        found = calibrate(TRUTH, clicked, WIDTH, HEIGHT)
        off = float(np.linalg.norm(found.looking().project(place)[0] - right))
        ratios.append(off / found.uncertainty_px(place)[0])
    assert 0.5 < np.sqrt(np.mean(np.square(ratios))) < 1.6


@pytest.mark.parametrize("wanted", [Wanted(), Wanted(focal=True)])
def test_a_fixed_camera_from_straight_lines_alone(wanted: Wanted) -> None:
    start = replace(NOTHING_KNOWN, lens=(LensRow(focal=0.75 if not wanted.focal else 1.0, k1=-0.08),))
    found = calibrate(start, _on_lines(TRUTH, PITCH), WIDTH, HEIGHT, wanted)
    assert _off(found, TRUTH, PITCH).max() < 1.5


def test_while_a_point_is_dragged_the_camera_goes_on_from_where_it_was() -> None:
    seen = _points(TRUTH, PITCH)
    moved_a_bit = [replace(seen[0], pixel=(seen[0].pixel[0] + 1.5, seen[0].pixel[1])), *seen[1:]]
    anew = calibrate(NOTHING_KNOWN, moved_a_bit, WIDTH, HEIGHT, Wanted(focal=True, k1=True))
    before = calibrate(NOTHING_KNOWN, seen, WIDTH, HEIGHT, Wanted(focal=True, k1=True)).camera
    on = calibrate(before, moved_a_bit, WIDTH, HEIGHT, Wanted(focal=True, k1=True))
    assert_allclose(on.camera.position_m, anew.camera.position_m, atol=0.005)
    assert on.rms_px == pytest.approx(anew.rms_px, abs=0.001)
    far = replace(before, position_m=(-40.0, 30.0, 5.0), pan_deg=170)
    assert calibrate(far, seen, WIDTH, HEIGHT, Wanted(focal=True, k1=True)).rms_px < 1.2


def test_points_lines_and_circles_together() -> None:
    seen = _points(TRUTH, PITCH)[:3] + _on_lines(TRUTH, PITCH, each=1, straight=False)
    found = calibrate(NOTHING_KNOWN, seen, WIDTH, HEIGHT, Wanted(focal=True, k1=True))
    assert _off(found, TRUTH, PITCH).max() < 1.5


def test_a_line_that_runs_behind_the_camera() -> None:
    low = Camera("cam", position_m=(8.0, -12.5, 1.6), pan_deg=80, tilt_deg=-3, lens=(LensRow(focal=0.8),))
    track = athletics().placed((100.0, 0.0, 0.0))
    seen = [one for one in _on_lines(low, track, px=0.0) if "straight" in one.name or one.name == "finish"]
    task = Task(tuple(seen), Wanted().unknowns, WIDTH, HEIGHT)
    assert np.abs(task.errors(low)).max() < 1e-6
    found, _ = adjusted(task, replace(low, position_m=(8.5, -12.2, 1.8), pan_deg=81), 2.0)
    assert_allclose(angles_of(view(found, None, WIDTH, HEIGHT).rotation), (80, -3, 0), atol=1e-3)


def test_a_camera_that_looks_straight_down() -> None:
    down = Camera("cam", position_m=(0.0, 0.0, 50.0), tilt_deg=-90, pan_deg=30, lens=(LensRow(focal=0.8),))
    seen = _points(down, PITCH)
    found = calibrate(Camera("cam", lens=down.lens), seen, WIDTH, HEIGHT)
    assert _off(found, down, PITCH).max() < 1.5
    with pytest.raises(ConsoleError, match=r"can't be told.*look for less"):  # the height would do as well
        calibrate(Camera("cam"), seen, WIDTH, HEIGHT, Wanted(focal=True))


def test_the_demos_own_track() -> None:
    track = athletics().placed((100.0, 9.76, 0.0))
    stand = Camera("cam", position_m=(54.0, -43.0, 20.0), pan_deg=-3, tilt_deg=-14, lens=(LensRow(focal=0.42),))
    seen = [one for one in _points(stand, track) if one.name.startswith(("start", "finish"))]
    found = calibrate(Camera("cam"), seen, WIDTH, HEIGHT, Wanted(focal=True))
    assert len(seen) == 18
    straight = replace(track, marks=tuple(mark for mark in track.marks if mark.name.startswith(("start", "finish"))))
    assert _off(found, stand, straight).max() < 1.5


@pytest.mark.parametrize("wanted", [Wanted(), Wanted(place=False), Wanted(focal=True, k1=True)])
def test_a_tracked_camera(wanted: Wanted) -> None:
    seen = [one for state in STATES for one in _points(HEAD, PITCH, state)]
    start = Camera("cam", input="t", lens=HEAD.lens if not wanted.focal else (LensRow(focal=1.4),))
    if not wanted.place:
        start = replace(start, position_m=HEAD.position_m)
    found = calibrate(start, seen, WIDTH, HEIGHT, wanted)
    for state in STATES:
        assert _off(found, HEAD, PITCH, state).max() < 1.5
    assert found.camera.pan_deg == pytest.approx(HEAD.pan_deg, abs=0.1)
    if not wanted.place:
        assert found.camera.position_m == HEAD.position_m
    assert judge(found, PITCH).word is Word.GOOD


@pytest.mark.parametrize("wrong", [False, True])
def test_a_tracked_camera_from_two_points_in_each_picture(wrong: bool) -> None:
    seen = [one for state in STATES for one in _points(HEAD, PITCH, state)[:2]]
    if wrong:
        seen[0] = replace(seen[0], pixel=(900.0, 300.0))
    found = calibrate(Camera("cam", input="t", lens=HEAD.lens), seen, WIDTH, HEIGHT)
    assert max(_off(found, HEAD, PITCH, state).max() for state in STATES) < 6
    assert found.left_out == ((seen[0].name,) if wrong else ())


# What can't be told.


def test_too_little_is_refused_with_what_is_missing() -> None:
    seen = _points(TRUTH, PITCH)
    row = [one for one in seen if isinstance(one, PointSeen) and one.at_m[0] == 0 and one.at_m[2] == 0]
    nan = [*seen, replace(seen[0], pixel=(math.nan, 2.0))]
    away = [*seen, PointSeen("moon", (4e8, 0.0, 0.0), (5.0, 5.0))]
    one_spot = [replace(one, pixel=(100.0, 100.0)) for one in seen]
    flat_line = [LineSeen("dot", ((1.0, 1.0, 0.0), (1.0, 1.0, 0.0)), (5.0, 5.0)), *seen]
    along = [one for one in _on_lines(TRUTH, PITCH, each=9) if one.name.startswith("touchline")]
    cases: list[tuple[list[Seen], str]] = [
        ([], "give 0 numbers, 6 are looked for. Add 4 points more"),
        (seen[:3], "give 6 numbers, 6 are looked for. Add 1 point more"),
        ([seen[0]] * 9, "give 2 numbers"),
        (row, "All the points lie on one line. Add one away from it"),
        (nan, f"{seen[0].name} is at a place that is no number"),
        (away, "moon lies more than 10 km away"),
        (one_spot, "at one place of the picture"),
        (flat_line, "dot is a line without length"),
        (along, "can't be told from these points and lines"),
    ]
    for what, sentence in cases:
        with pytest.raises(ConsoleError) as refused:
            calibrate(KNOWN_LENS, what, WIDTH, HEIGHT)
        assert sentence in str(refused.value)
    with pytest.raises(ConsoleError, match="seen without tracking"):
        calibrate(Camera("cam", input="t"), seen, WIDTH, HEIGHT)
    with pytest.raises(ConsoleError, match="Nothing is looked for"):
        calibrate(KNOWN_LENS, seen, WIDTH, HEIGHT, Wanted(place=False, angles=False))


def test_doubled_points_do_no_harm() -> None:
    seen = _points(TRUTH, PITCH)
    found = calibrate(KNOWN_LENS, [*seen, *seen[:4], replace(seen[0], pixel=(5.0, 5.0))], WIDTH, HEIGHT)
    assert _off(found, TRUTH, PITCH).max() < 0.8


def test_names_that_were_mixed_up() -> None:
    seen = _points(TRUTH, PITCH)
    scrambled = [replace(one, pixel=other.pixel) for one, other in zip(seen, seen[::-1], strict=True)]
    with pytest.raises(ConsoleError, match="No camera fits"):
        calibrate(KNOWN_LENS, scrambled, WIDTH, HEIGHT)
    mirrored = [replace(one, pixel=(WIDTH - one.pixel[0], one.pixel[1])) for one in seen]
    verdict = judge(calibrate(KNOWN_LENS, mirrored, WIDTH, HEIGHT), PITCH)
    assert verdict.word is Word.POOR
    assert "under the ground" in verdict.sentence


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, 28), st.floats(0, 1920), st.floats(0, 1080)), min_size=4, max_size=8))
def test_any_clicks_end_in_a_camera_or_a_sentence(clicks: list[tuple[int, float, float]]) -> None:
    seen = [PointSeen(PITCH.marks[i].name, PITCH.marks[i].at_m, (x, y)) for i, x, y in clicks]
    try:
        found = calibrate(NOTHING_KNOWN, seen, WIDTH, HEIGHT)
    except ConsoleError:
        return
    assert judge(found, PITCH).sentence
    assert np.isfinite(found.covariance).all()


# The verdict.


def test_good_says_what_a_pixel_is_on_the_ground() -> None:
    verdict = judge(calibrate(KNOWN_LENS, _points(TRUTH, PITCH), WIDTH, HEIGHT), PITCH)
    assert verdict.word is Word.GOOD
    assert verdict.remedy == ""
    # 74 m away through 1440 px of focal length a pixel is 5.1 cm across; seen from 17 degrees, 17 along.
    away = math.dist(TRUTH.position_m, (0, 0, 0))
    across = 100 * away / (0.75 * WIDTH) * verdict.rms_px
    assert verdict.across_cm == pytest.approx(across, rel=0.15)
    assert verdict.depth_cm == pytest.approx(across * away / 22, rel=0.2)


def test_points_in_one_corner_are_called_weak_and_the_remedy_helps() -> None:
    everything = {one.name: one for one in _points(TRUTH, PITCH)}
    corner = sorted(everything.values(), key=lambda one: math.dist(one.pixel, (0, 300)))[:5]
    verdict = judge(calibrate(KNOWN_LENS, corner, WIDTH, HEIGHT), PITCH)
    assert verdict.rms_px < 1.5
    assert verdict.word is not Word.GOOD
    assert verdict.remedy == f"Add a point near {verdict.open_at}"
    better = judge(calibrate(KNOWN_LENS, [*corner, everything[verdict.open_at]], WIDTH, HEIGHT), PITCH)
    assert better.open_px < verdict.open_px / 2


def test_a_wrong_point_among_few_and_a_wrong_lens_are_told() -> None:
    seen = _points(TRUTH, PITCH)
    no_lens = judge(calibrate(NOTHING_KNOWN, seen, WIDTH, HEIGHT, Wanted(focal=True)), PITCH)
    assert no_lens.word is not Word.GOOD
    assert "distortion" in no_lens.remedy
    out = judge(calibrate(KNOWN_LENS, _spoilt(seen, 20), WIDTH, HEIGHT), PITCH)
    assert out.word is Word.GOOD
    assert f"left out: {seen[0].name}" in out.sentence
    assert out.remedy == f"Set {seen[0].name} anew"


def test_a_smaller_picture_has_smaller_limits() -> None:
    small = [replace(one, pixel=(one.pixel[0] / 3, one.pixel[1] / 3)) for one in _points(TRUTH, PITCH, px=4.0)]
    assert judge(calibrate(KNOWN_LENS, small, 640, 360), PITCH).word is not Word.GOOD

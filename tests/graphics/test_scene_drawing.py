"""The renderer as a whole: it draws what is asked for, nothing makes it fail, and it does no more than needed."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from graphics.scenes import ELEMENTS, HEIGHT, WIDTH, camera, drawn, key_of, overlay, scene, subject
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.graphics.convert import NO_BOX
from console.graphics.scene import Scene, SceneRenderer
from console.show.world import Element, ElementKind, Group

pytestmark = pytest.mark.usefixtures("qapp")
EVERYTHING = scene(*ELEMENTS, subjects=(subject(1), subject(2, 1.5, 1.0)))


@pytest.fixture(scope="module")
def renderer(qapp: object) -> SceneRenderer:
    return SceneRenderer(WIDTH, HEIGHT)


@pytest.mark.parametrize("name", ELEMENTS)
def test_every_element_is_drawn_inside_the_box_that_is_told(name: str, renderer: SceneRenderer) -> None:
    into = drawn(scene(name), camera(), renderer)
    key = key_of(into)
    assert key.max() > 60
    x, y, width, height = into.box
    assert all(side % 2 == 0 for side in into.box)
    outside = key.copy()
    outside[y : y + height, x : x + width] = 0
    assert not outside.any()
    for plane in (into.picture.y, into.picture.u, into.picture.v):
        scale = HEIGHT // plane.shape[0]
        rest = plane.copy()
        rest[y // scale : (y + height) // scale, x // scale : (x + width) // scale] = 0
        assert not rest.any()


def test_every_kind_is_tried_here() -> None:
    assert {element.kind for element in ELEMENTS.values()} == set(ElementKind)


def test_an_empty_scene_a_strength_of_nothing_and_a_slot_that_held_something(renderer: SceneRenderer) -> None:
    into = drawn(EVERYTHING, camera(), renderer)
    for what, strength in ((Scene(), 1.0), (EVERYTHING, 0.0), (EVERYTHING, -1.0), (EVERYTHING, math.nan)):
        renderer.render(EVERYTHING, camera(), 1.0, into)
        assert into.box != NO_BOX
        renderer.render(what, camera(), strength, into)
        assert into.box == NO_BOX
        assert not key_of(into).any()


def test_opacity_and_strength_fade_everything(renderer: SceneRenderer) -> None:
    whole = key_of(drawn(EVERYTHING, camera(), renderer)).astype(float)
    into = overlay()
    renderer.render(EVERYTHING, camera(), 0.5, into)
    assert np.abs(key_of(into) - whole / 2).max() <= 1
    gone = replace(EVERYTHING, elements=tuple((element, 0.0) for element, _ in EVERYTHING.elements))
    assert drawn(gone, camera(), renderer).box == NO_BOX


def test_what_does_not_change_is_not_drawn_again(renderer: SceneRenderer) -> None:
    slots = [overlay(), overlay()]
    for into in slots * 2:
        renderer.render(EVERYTHING, camera(), 1.0, into)
    assert (slots[0].picture.y == slots[1].picture.y).all()
    slots[0].picture.y[0, 0] = 77  # is not touched, as nothing is laid there again
    before = slots[0].drawn
    renderer.render(EVERYTHING, camera(), 1.0, slots[0])
    assert slots[0].drawn == before
    assert slots[0].picture.y[0, 0] == 77
    renderer.render(EVERYTHING, camera(pan_deg=0.01), 1.0, slots[0])
    assert slots[0].drawn != before


def test_each_camera_and_cut_has_its_own_projection(renderer: SceneRenderer) -> None:
    """A slot that held another camera's graphics holds only the new one's."""
    into = overlay()
    for number in range(30):
        view = camera(pan_deg=(number * 7) % 11 - 5.0)
        what = replace(scene("ring", instant_s=number / 50))
        renderer.render(what, view, 1.0, into)
        fresh = drawn(what, view)
        assert (key_of(into) == key_of(fresh)).all()
        assert (into.picture.y == fresh.picture.y).all()


@pytest.mark.parametrize(
    "view",
    [
        camera(tilt_deg=89.0),
        camera(tilt_deg=-90.0),
        camera(pan_deg=180.0),
        camera(position_m=(0.0, 0.0, 0.0)),
        camera(position_m=(0.0, -0.2, 1.0), tilt_deg=0.0),
        camera(focal_px=1e6),
        camera(focal_px=30.0),
        camera(distortion=(-0.3, 0.1, 0.001, -0.002, 0.0)),
        camera(distortion=(5.0, -9.0, 0.0, 0.0, 3.0)),
    ],
)
def test_any_camera_will_do(view: object, renderer: SceneRenderer) -> None:
    drawn(EVERYTHING, view, renderer)  # type: ignore[arg-type]


ODD = st.one_of(
    st.sampled_from([0.0, -0.0, math.nan, math.inf, -math.inf, 1e300, -1e12, 1e-300]),
    st.floats(-60, 60, allow_nan=False),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(list(ElementKind)),
    points=st.lists(st.lists(ODD, max_size=4).map(tuple), max_size=6).map(tuple),
    along=st.lists(ODD, max_size=4).map(tuple),
    pace=st.lists(st.lists(ODD, max_size=3).map(tuple), max_size=4).map(tuple),
    numbers=st.tuples(ODD, ODD, ODD, ODD, ODD),
    text=st.text(max_size=40),
    under=st.booleans(),
)
def test_odd_numbers_never_make_it_fail(
    renderer: SceneRenderer, kind: ElementKind, points: tuple[tuple[float, ...], ...], along: tuple[float, ...],
    pace: tuple[tuple[float, ...], ...], numbers: tuple[float, ...], text: str, under: bool,
) -> None:  # fmt: skip
    x, y, z, size, race_s = numbers
    element = Element("e", kind, Group.TAG, subject="*" if under else "", text=text, points_m=points, along_m=along,
                      pace=pace, size_m=size, colour=text, unit=text, under_subjects=under)  # fmt: skip
    who = subject(velocity_mps=(x, y, z), joints_m=np.full((33, 3), x), trail=np.full((5, 4), y))
    drawn(Scene(((element, 1.0),), (replace(who, position_m=(x, y, z)),), race_s, 1.0), camera(), renderer)


@pytest.mark.parametrize(
    "text",
    [
        "x" * 500,
        "محمد علي",
        "日本語 选手 선수",
        "😀👨‍👩‍👧 {name}",
        "\u202eabc\u0000\x07",
        "{",
        "{name",
        "{{name}}",
        "\n\n\n",
        "e\u0301" * 90,
    ],
)
def test_any_text_will_do(text: str) -> None:
    own = SceneRenderer(WIDTH, HEIGHT)
    what = scene(
        "label", "board", "standing", "decal", text=text, subjects=(subject(name=text, bib=text, country=text),)
    )
    into = drawn(what, camera(), own)
    assert into.box.width <= WIDTH
    drawn(what, camera(), own)
    assert len(set(own.troubles)) == len(own.troubles)


def test_a_thousand_subjects_are_drawn_as_far_as_they_fit() -> None:
    own = SceneRenderer(WIDTH, HEIGHT)
    crowd = tuple(subject(n, n % 40 - 20.0, n // 40 * 0.8, joints_m=None) for n in range(1000))
    into = drawn(scene("label", "ring", "trail", subjects=crowd), camera(), own)
    assert into.box != NO_BOX
    assert any("nearest 64" in trouble for trouble in own.troubles)


def test_an_image_is_drawn_and_one_that_is_missing_is_named_once(tmp_path: Path) -> None:
    own = SceneRenderer(WIDTH, HEIGHT)
    picture = np.zeros((40, 80, 4), np.uint8)
    picture[:, :, 2] = picture[:, :, 3] = 255
    path = tmp_path / "logo.png"
    assert cv2.imwrite(str(path), picture)
    good = scene("board", "decal", image=str(path), text="")
    into = drawn(good, camera(), own)
    opaque = key_of(into)[::2, ::2] == 255
    inner = cv2.erode(opaque.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)
    assert inner.sum() > 1000
    assert abs(int(np.median(into.picture.v[inner])) - 240) <= 2
    assert own.troubles == ()
    (tmp_path / "text.png").write_text("no image")
    for name in ("missing.png", "text.png"):
        for _ in range(3):
            assert drawn(scene("board", image=str(tmp_path / name)), camera(), own).box == NO_BOX
    assert len(own.troubles) == 2
    assert all(str(tmp_path) in trouble for trouble in own.troubles)


def test_a_board_is_where_its_corners_are_seen_through_any_lens(renderer: SceneRenderer) -> None:
    for distortion in ((), (-0.25, 0.08, 0.001, 0.001, 0.0)):
        view = camera(distortion=distortion)
        key = key_of(drawn(scene("board", subjects=()), view, renderer))
        corners, _ = view.project(np.array([(-2.0, 3, 1), (2, 3, 1), (2, 3, 0), (-2, 3, 0)]))
        rows, columns = np.flatnonzero((key > 127).any(axis=1)), np.flatnonzero((key > 127).any(axis=0))
        assert abs(columns[0] - corners[:, 0].min()) <= 1.5
        assert abs(columns[-1] + 1 - corners[:, 0].max()) <= 1.5
        assert abs(rows[0] - corners[:, 1].min()) <= 2.5
        assert (
            key[int(corners[0, 1]) + 3 : int(corners[3, 1]) - 3, int(corners[0, 0]) + 4 : int(corners[1, 0]) - 4] == 255
        ).all()

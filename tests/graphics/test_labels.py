"""Labels' places: a simulated race says whether they overlap, jump or change their order."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from console.graphics.labels import SPEED_PX, Layout, Placed, Wish, arrange

WIDTH, HEIGHT, FPS = 1920.0, 1080.0, 50


def race(frame: int, runners: int = 8, pan_px: float = 25.0) -> list[Wish]:
    """Runners side by side, seen from the stand: the quick ones come past the slow ones; the camera pans with them."""
    t = frame / FPS
    found = []
    for lane in range(runners):
        along = 400 + 90 * lane % 250 + (18 + 9 * math.sin(lane * 2.3)) * t * 6 + 6 * math.sin(t * 5 + lane)
        bounce = 5 * math.sin(t * 27 + lane)
        shake = pan_px * math.sin(t * 1.7)
        found.append(Wish(("tag", str(lane)), along + shake, 420 + 34 * lane + bounce, 190 + 12 * (lane % 4), 40))
    return found


def simulated(frames: int, **options: float) -> list[Layout]:
    layout, found = Layout(), []
    for frame in range(frames):
        layout = arrange(race(frame, **options), layout, frame / FPS, WIDTH, HEIGHT)  # type: ignore[arg-type]
        found.append(layout)
    return found


@pytest.fixture(scope="module")
def run() -> list[Layout]:
    return simulated(500)


def overlapping(layout: Layout) -> list[tuple[Placed, Placed]]:
    labels = layout.labels
    return [(a, b) for at, a in enumerate(labels) for b in labels[:at] if a.meets(b, -0.01)]


def test_plates_never_overlap(run: list[Layout]) -> None:
    assert not [pair for layout in run for pair in overlapping(layout)]


def test_everybody_has_a_label_nearly_all_the_time(run: list[Layout]) -> None:
    assert sum(len(layout.labels) for layout in run) > 0.95 * 8 * len(run)
    assert all(len(layout.labels) >= 6 for layout in run)


def test_plates_do_not_jump_beside_riding_with_their_anchors(run: list[Layout]) -> None:
    most = SPEED_PX / FPS
    for before, after in pairwise(run):
        both = [(one, before.by_key[key]) for key, one in after.by_key.items() if key in before.by_key]
        moves = [one.anchor[0] - former.anchor[0] for one, former in both]
        for key, one in after.by_key.items():
            former = before.by_key.get(key)
            if former is None or former.leaving:
                continue
            ride = one.anchor[0] - former.anchor[0], one.anchor[1] - former.anchor[1]
            slack = max(moves) - min(moves) + 12
            assert abs(one.x - former.x - ride[0]) <= most + slack
            assert abs(one.y - former.y - ride[1]) <= most + 24


def test_levels_change_rarely(run: list[Layout]) -> None:
    changes = sum(
        one.level != before.by_key[key].level
        for before, after in pairwise(run)
        for key, one in after.by_key.items()
        if key in before.by_key
    )
    assert changes <= 8 * 10 * 0.9  # each label less than once a second


def test_the_same_race_gives_the_same_places(run: list[Layout]) -> None:
    assert simulated(120) == run[:120]


def test_a_label_alone_stands_over_its_anchor_exactly() -> None:
    layout = Layout()
    for frame in range(60):
        x = 300 + frame * 31.7
        layout = arrange([Wish(("tag", "1"), x % 1700 + 100, 600.25, 200, 40)], layout, frame / FPS, WIDTH, HEIGHT)
        (one,) = layout.labels
        assert one.y + one.height < 600.25
        if x < 1600:
            assert one.x + one.width / 2 == pytest.approx(x % 1700 + 100, abs=1e-6)


def test_plates_stay_in_the_picture() -> None:
    wishes = [Wish(("tag", str(n)), x, y, 300, 40) for n, (x, y) in enumerate(((2, 3), (1918, 500), (900, 10)))]
    for one in arrange(wishes, Layout(), 0.0, WIDTH, HEIGHT).labels:
        assert one.x >= 0
        assert one.y >= 0
        assert one.x + one.width <= WIDTH


def test_a_label_that_goes_fades_and_one_that_comes_fades_in() -> None:
    first = Wish(("tag", "1"), 500, 500, 200, 40)
    second = Wish(("tag", "2"), 1200, 500, 200, 40)
    layout = arrange([first], Layout(), 0.0, WIDTH, HEIGHT)
    assert layout.labels[0].opacity == 1.0
    opacities = []
    for frame in range(1, 14):
        layout = arrange([second], layout, frame / FPS, WIDTH, HEIGHT)
        shown = [layout.by_key.get(wish.key) for wish in (first, second)]
        opacities.append([one.opacity if one else 0.0 for one in shown])
    gone, come = np.array(opacities).T
    assert 0 < gone[0] < 1
    assert gone[-1] == 0
    assert (np.diff(gone) <= 0).all()
    assert 0 < come[0] < 1
    assert come[-1] == 1


def test_after_a_break_everything_begins_anew() -> None:
    wishes = race(0)
    layout = arrange(wishes, Layout(), 0.0, WIDTH, HEIGHT)
    for later in (5.0, -5.0):
        assert arrange(race(100), layout, later, WIDTH, HEIGHT) == arrange(race(100), Layout(), later, WIDTH, HEIGHT)
    assert arrange([], Layout(), 0.0, WIDTH, HEIGHT).labels == ()


def test_more_labels_than_fit_are_left_out_not_laid_over_each_other() -> None:
    wishes = [Wish(("tag", str(n)), 900 + n, 300, 400, 40) for n in range(40)]
    layout = arrange(wishes, Layout(), 0.0, WIDTH, HEIGHT)
    assert 4 < len(layout.labels) < 40
    assert not overlapping(layout)


def test_heads_are_left_free_when_there_is_room() -> None:
    behind, before = Wish(("tag", "b"), 800, 430, 200, 40), Wish(("tag", "a"), 800, 500, 200, 40)
    layout = arrange([behind, before], Layout(), 0.0, WIDTH, HEIGHT)
    for one in layout.labels:
        assert not (one.y < 474 and one.y + one.height > 430)

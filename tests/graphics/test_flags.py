"""Flags are drawn for known teams, and letters for others."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from console.demo.race import ATHLETES
from console.graphics.flags import FLAGS, RATIO, flag

pytestmark = pytest.mark.usefixtures("qapp")


def pixels(image: QImage) -> NDArray[np.uint8]:
    memory = np.frombuffer(image.constBits(), np.uint8)
    return memory.reshape(image.height(), image.width(), 4)


def test_many_teams_are_known_and_all_of_the_demo() -> None:
    assert len(FLAGS) >= 60
    assert {athlete.team for athlete in ATHLETES} <= FLAGS.keys()


@pytest.mark.parametrize("code", [*FLAGS, "XYZ", "", "日本", "a" * 500])
def test_a_flag_is_opaque_and_fills_its_rectangle(code: str) -> None:
    for height in (1, 8, 27, 120):
        image = flag(code, height)
        assert (image.width(), image.height()) == (round(height * RATIO), height)
        assert (pixels(image)[..., 3] == 255).all()


def test_no_two_flags_look_alike() -> None:
    seen: dict[bytes, str] = {}
    for code in FLAGS:
        look = pixels(flag(code, 24)).tobytes()
        assert look not in seen, (code, seen[look])
        seen[look] = code


@pytest.mark.parametrize(
    ("code", "at", "rgb"),
    [
        ("FRA", (0.1, 0.5), (11, 33, 97)),
        ("FRA", (0.9, 0.5), (210, 35, 46)),
        ("JPN", (0.5, 0.5), (210, 35, 46)),
        ("JPN", (0.1, 0.1), (255, 255, 255)),
        ("SWE", (0.1, 0.1), (27, 74, 160)),
        ("SWE", (0.36, 0.9), (251, 201, 22)),
        ("KEN", (0.1, 0.05), (21, 23, 28)),
    ],
)
def test_colours_are_where_they_belong(code: str, at: tuple[float, float], rgb: tuple[int, int, int]) -> None:
    found = pixels(flag(code, 60))[int(at[1] * 60), int(at[0] * 90), 2::-1]
    assert np.abs(found.astype(int) - rgb).max() <= 2


def test_letters_stand_for_a_team_that_is_not_known() -> None:
    plain, letters = pixels(flag("", 40)), pixels(flag("XYZ", 40))
    assert len(np.unique(plain.reshape(-1, 4), axis=0)) == 1
    assert (letters[..., :3].min(axis=2) > 240).sum() > 30
    assert flag("xyz ", 40) == flag("XYZ", 40)

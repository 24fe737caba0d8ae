"""Pages are told when the program begins to show them, and when it no longer does; nobody else is told."""

from __future__ import annotations

import pytest

from console.engine.cues import cues, on_air

SOURCES = [
    {"id": "cam1", "url": "pattern:"},
    {"id": "lower", "url": "html+file:///lower.html"},
    {"id": "bug", "url": "html+https://host/bug.html"},
]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({}, {"cam1": "program", "lower": "preview"}, []),
        ({"lower": "preview"}, {"cam1": "program", "lower": "both"}, [("lower", True)]),
        ({"lower": "both"}, {"lower": "program"}, []),
        ({"lower": "program", "bug": "preview"}, {"bug": "program"}, [("lower", False), ("bug", True)]),
        ({"cam1": "program"}, {}, []),
    ],
)
def test_pages_are_cued_by_the_lamps(
    before: dict[str, str], after: dict[str, str], told: list[tuple[str, bool]]
) -> None:
    assert list(cues(SOURCES, {"tally": before}, {"tally": after})) == told


def test_before_there_is_a_status_nothing_is_on_air() -> None:
    assert not on_air({}, "lower")
    assert list(cues(SOURCES, {}, {"tally": {"lower": "program"}})) == [("lower", True)]

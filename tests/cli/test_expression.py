"""The expressions of `podium ctl wait`."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.cli.expression import parse_expression
from console.errors import UsageError

STATUS = {
    "frame": 88_190_000_006,
    "late_ticks": 0,
    "program": "cam1",
    "position": None,
    "on_air": True,
    "sources": {"cam1": {"state": "live", "fps": 49.9}, "cam-2": {"state": "stale", "fps": 0.0}},
    "outputs": {"rtmp://host/app/***": {"state": "live", "lost": 0}},
    "alarms": [{"id": "a"}],
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sources.cam1.state == live", True),
        ("sources.cam1.state=='live'", True),
        ("sources.cam-2.state == live", False),
        ("sources.cam-2.state != live and late_ticks == 0", True),
        ("sources.cam1.fps > 45 and sources.cam1.fps <= 49.9", True),
        ("sources.cam9.state == live", False),
        ("sources.cam9.state != live", False),
        ("program == cam2 or program == cam1", True),
        ("program == cam2 or program == cam1 and late_ticks > 0", False),
        ("outputs[rtmp://host/app/***].state == live", True),
        ("outputs[*].lost == 0", True),
        ("sources.*.state == live", False),
        ("position == null", True),
        ("on_air", True),
        ("late_ticks", False),
        ("nothing", False),
        ("on_air == true", True),
        ("program > 3", False),
        ("alarms.0.id == a", True),
    ],
)
def test_what_holds(text, expected):
    assert parse_expression(text)(STATUS) is expected


@pytest.mark.parametrize("text", ["", "==", "a ==", "a = b", "import os; os", "a == b and", "(a)"])
def test_what_is_no_expression_is_named(text):
    with pytest.raises(UsageError, match="no comparison"):
        parse_expression(text)


@given(st.text(alphabet="abc.[]*=<>! 'and or0\"\\", max_size=40))
def test_any_text_is_read_or_refused(text):
    with contextlib.suppress(UsageError):
        assert parse_expression(text)(STATUS) in (True, False)

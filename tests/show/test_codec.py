"""Show files: round trips, and every fault named."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.media.time import parse_format
from console.show.codec import ShowFileError, show_from_file, show_to_file
from console.show.model import Air, Destination, Fade, Move, Setup, Show, Source, Transition

FULL = Show(
    Setup("Friday", parse_format("1080p59.94"), (Source("a", "black:", "A"), Source("b", "pattern:", "B", 90)),
          (Destination("rtmp://h/x/y", "Far"),), ("b", None, None, None)),
    Air("a", None, Transition(), Move("b", 77, Transition()), (True, False, False, False), Fade(True, 5, 25), 70),
)  # fmt: skip


def test_a_show_comes_back():
    assert show_from_file(json.loads(json.dumps(show_to_file(FULL)))) == FULL


def test_a_file_may_be_short():
    assert show_from_file({"podium": 1}) == Show()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda f: f.pop("podium"), "not a Podium show"),
        (lambda f: f.update(podium=99), "newer Podium .schema 99"),
        (lambda f: f.update(extra=1), "unknown field 'extra'"),
        (lambda f: f["setup"].update(colour="red"), "'setup' has the unknown field 'colour'"),
        (lambda f: f["setup"]["sources"][0].pop("url"), r"'setup.sources\[0\]' lacks 'url'"),
        (lambda f: f["setup"]["sources"][1].update(latency_ms="x"), r"'setup.sources\[1\].latency_ms' must be a int"),
        (lambda f: f["setup"].update(format="720i50"), "'setup.format'"),
        (lambda f: f["setup"].update(sources={}), "must be a list"),
        (lambda f: f["air"].update(program="zz"), "'air.program' names the source 'zz'"),
        (lambda f: f["air"]["transition"].update(type="star"), "one of mix, dip"),
        (lambda f: f["air"]["transition"].update(rate_frames=0), "at least 1"),
        (lambda f: f["setup"].update(keyers=[]), "4 keyers"),
        (lambda f: f["setup"]["sources"].append(f["setup"]["sources"][0]), "one id twice"),
    ],
)
def test_faults_are_named(change, fault):
    data = show_to_file(FULL)
    change(data)
    with pytest.raises(ShowFileError, match=fault):
        show_from_file(data)


keys = st.sampled_from(["podium", "setup", "air", "sources", "id", "x"])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)


@given(json_values)
def test_any_json_is_read_or_refused(data):
    with contextlib.suppress(ShowFileError):
        assert isinstance(show_from_file(data), Show)

"""AMF0: what we say and what we are told, however wrong."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.uplink.amf import Named, decode, encode, table_at, text_at

VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(min_size=1, max_size=9), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(VALUES, max_size=5))
def test_values_read_back(values):
    assert decode(encode(*values)) == values


@given(st.binary(max_size=300))
def test_random_bytes_are_values_or_a_value_error(data):
    with contextlib.suppress(ValueError):
        assert isinstance(decode(data), list)


@pytest.mark.parametrize(
    "hostile",
    [
        b"\x0a\xff\xff\xff\xff",  # an array of four thousand million
        b"\x0a\x00\x00\x00\x01" * 5000,  # nested without end
        b"\x03\x00\x01a" * 5000,
        b"\x0c\xff\xff\xff\xffshort",
        b"\x05" * 100_000,
        b"\x11",
    ],
)
def test_hostile_values_are_refused(hostile):
    with pytest.raises(ValueError, match=r"AMF|utf"):
        decode(hostile)


def test_an_ecma_array_is_written_and_read_as_one():
    data = encode(Named(width=640.0))
    assert data[0] == 8
    assert decode(data) == [{"width": 640.0}]


def test_what_should_be_text_or_an_object_may_be_anything():
    assert [text_at([1.0, "a"], index) for index in (0, 1, 2)] == ["", "a", ""]
    assert table_at([{"a": None}], 0) == {"a": None}
    assert table_at(["a"], 0) == {}

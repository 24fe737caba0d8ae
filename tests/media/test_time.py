"""Flicks, rates, formats, timecode."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.media.time import FLICKS_PER_SECOND, RATES, SAMPLE_RATE, flicks_to_ns, parse_format, timecode

rates = st.sampled_from(list(RATES.values()))
frames = st.integers(0, 2_000_000_000_000)


@given(rates)
def test_every_rate_has_a_period_of_whole_flicks(rate):
    assert rate.frame_flicks * rate.num == FLICKS_PER_SECOND * rate.den


@given(rates, frames)
def test_a_frame_is_found_at_its_start_and_until_the_next(rate, frame):
    assert rate.frame_at_ns(rate.start_ns(frame)) == frame
    assert rate.frame_at_ns(rate.start_ns(frame + 1) - 1) == frame


@given(rates, frames, st.integers(1, 500))
def test_audio_cadence_has_no_hole_and_no_drift(rate, first, count):
    total = sum(rate.samples(frame) for frame in range(first, first + count))
    assert total == rate.first_sample(first + count) - rate.first_sample(first)
    assert abs(total - count * SAMPLE_RATE * rate.den / rate.num) <= 1
    assert all(0 < rate.samples(frame) <= rate.samples_max for frame in range(first, first + count))


def test_ntsc_audio_cadence():
    rate = RATES["29.97"]
    assert [rate.samples(frame) for frame in range(5)] == [1601, 1602, 1601, 1602, 1602]


@pytest.mark.parametrize("rate", RATES.values(), ids=str)
def test_a_gop_is_two_seconds_on_a_grid_since_1970(rate):
    length = rate.start_flicks(rate.gop_frames) / FLICKS_PER_SECOND
    assert length == (2.0 if rate.den == 1 else 2.002)


@pytest.mark.parametrize(
    ("text", "width", "height", "shown"),
    [
        ("720p50", 1280, 720, "720p50"),
        ("1080p59.94", 1920, 1080, "1080p59.94"),
        ("360p23.976", 640, 360, "360p23.98"),
        ("1024x576p25", 1024, 576, "576p25"),
        ("1000x600p30", 1000, 600, "1000x600p30"),
    ],
)
def test_formats(text, width, height, shown):
    form = parse_format(text)
    assert (form.width, form.height, str(form)) == (width, height, shown)
    assert parse_format(str(form)) == form


@pytest.mark.parametrize(
    "text", ["", "720", "720p51", "8000x4000p50", "16x16p25", "721p50", "720i50", "x720p50", "١٢٨٠x720p50"]
)
def test_formats_that_are_none_are_named(text):
    with pytest.raises(ValueError, match="write HEIGHTpRATE"):
        parse_format(text)


def test_timecode_is_time_of_day():
    rate = RATES["50"]
    frame = (14 * 3600 + 3 * 60 + 22) * 50 + 11
    assert timecode(frame, rate) == "14:03:22:11"
    assert timecode(RATES["29.97"].frame_at_ns(1_000_000_000), RATES["29.97"]) == "00:00:00:29"


@given(st.integers(0, 10**20))
def test_flicks_to_ns_is_exact_to_a_nanosecond(flicks):
    assert abs(flicks_to_ns(flicks) - flicks * 10**9 / FLICKS_PER_SECOND) <= max(1, flicks * 1e-15)

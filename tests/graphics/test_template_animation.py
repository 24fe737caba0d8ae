"""Key frames and clocks: exact frames, whatever the rate."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from console.graphics.animate import Moment, eased, frames_of, on_track, pose
from console.graphics.clocks import DAY_MS, FORMATS, clock_ms, clock_text, read_day_ms, read_time_ms
from console.graphics.template import Animation, Box, ClockMode, Ease, Item, KeyFrame, Property
from console.media.time import RATES, Rate

P50 = Rate(50)


def test_milliseconds_are_whole_frames() -> None:
    assert [frames_of(ms, P50) for ms in (0, 1, 20, 29, 31, 400)] == [0, 1, 1, 1, 2, 20]
    assert frames_of(400, RATES["59.94"]) == 24


@pytest.mark.parametrize("ease", list(Ease))
def test_every_ease_begins_and_ends_where_it_should(ease: Ease) -> None:
    assert eased(ease, 0.0) == pytest.approx(0, abs=1e-12)
    assert eased(ease, 1.0) == pytest.approx(1)


def test_a_track_hits_its_keys_exactly() -> None:
    track = (KeyFrame(100, 10.0), KeyFrame(300, 30.0, Ease.LINEAR), KeyFrame(400, 0.0, Ease.HOLD))
    assert on_track(track, 0, P50, 0.0) == 0
    assert on_track(track, 5, P50, 0.0) == 10
    assert on_track(track, 10, P50, 0.0) == pytest.approx(20)
    assert on_track(track, 15, P50, 0.0) == 30
    assert on_track(track, 19, P50, 0.0) == 30
    assert on_track(track, 20, P50, 0.0) == on_track(track, 9999, P50, 0.0) == 0


def moving() -> Item:
    return Item(
        Box(),
        moves_in=Animation({Property.X: (KeyFrame(200, -50.0), KeyFrame(400, 0.0, Ease.LINEAR))}),
        loops=Animation({Property.SCALE: (KeyFrame(100, 2.0, Ease.LINEAR), KeyFrame(200, 1.0, Ease.LINEAR))}),
        moves_out=Animation({Property.X: (KeyFrame(200, -50.0, Ease.LINEAR),)}),
    )


def at(shown: int, out: int | None = None, delay: int = 0) -> tuple[float, float]:
    found = pose(moving(), Moment(shown, out, 20, P50), delay)
    return found.x, found.scale


def test_in_then_loop_then_out() -> None:
    assert at(0) == at(10) == (-50, 1), "until its first key it has that key's value"
    assert at(15) == (-25, 1)
    assert at(20) == (0, 1)
    assert at(25) == at(35) == at(20 + 10 * 777 + 5) == (0, 2), "a loop comes round"
    assert at(105, 5)[0] == -25
    assert at(110, 10)[0] == -50


def test_who_is_switched_off_on_the_way_in_leaves_from_there() -> None:
    assert at(15, 0)[0] == -25
    assert at(20, 5)[0] == pytest.approx(-37.5)


def test_rows_begin_one_after_the_other() -> None:
    assert at(19, delay=4)[0] == at(15)[0]


@pytest.mark.parametrize(
    ("text", "ms"),
    [("90", 90_000), ("1:30", 90_000), ("1:02:03.5", 3_723_500), ("0:00", 0), ("9.58", 9_580), ("9,58", 9_580)],
)
def test_times_as_people_write_them(text: str, ms: int) -> None:
    assert read_time_ms(text) == ms


@pytest.mark.parametrize("text", ["", "x", "1:60", "1:60:00", "-1", "1:", "٣:٠٠", "1e3", "9" * 40])
def test_what_is_no_time(text: str) -> None:
    assert read_time_ms(text) is None


@pytest.mark.parametrize(
    ("ms", "shape", "text"),
    [
        (3_723_456, "h:mm:ss", "1:02:03"), (3_723_456, "hh:mm:ss", "01:02:03"), (3_723_456, "hh:mm", "01:02"),
        (3_723_456, "m:ss", "62:03"), (63_456, "mm:ss", "01:03"), (63_456, "m:ss.t", "1:03.4"),
        (63_456, "m:ss.hh", "1:03.45"), (63_456, "s", "63"), (9_580, "s.hh", "9.58"), (9_580, "s.t", "9.5"),
    ],
)  # fmt: skip
def test_clocks_show_what_is_over(ms: int, shape: str, text: str) -> None:
    assert clock_text(ms, shape) == text


def test_a_count_down_shows_nought_when_it_is_over_and_not_before() -> None:
    assert clock_text(1, "m:ss", down=True) == "0:01"
    assert clock_text(0, "m:ss", down=True) == "0:00"
    assert clock_text(60_000, "m:ss", down=True) == "1:00"
    assert clock_ms(ClockMode.DOWN, "5:00", 400_000, 0) == 0


def test_clocks_wait_for_their_start() -> None:
    assert clock_ms(ClockMode.UP, "45:00", None, 0) == clock_ms(ClockMode.UP, "45:00", -5, 0) == 2_700_000
    assert clock_ms(ClockMode.DOWN, "5:00", 1000, 0) == 299_000


def test_until_a_time_of_day() -> None:
    noon = 43_200_000
    assert clock_ms(ClockMode.UNTIL, "12:30", None, noon) == 1_800_000
    assert clock_ms(ClockMode.UNTIL, "11:59", None, noon) == 0, "it has passed"
    assert clock_ms(ClockMode.UNTIL, "0:10", None, DAY_MS - 600_000) == 1_200_000, "past midnight"
    assert clock_ms(ClockMode.UNTIL, "soon", None, noon) == 0
    assert read_day_ms("24:00") is None
    assert clock_ms(ClockMode.DAY, "", None, DAY_MS + 5) == 5


@given(some.integers(0, 400_000_000), some.sampled_from(FORMATS), some.booleans())
def test_every_clock_shows_something_short(ms: int, shape: str, down: bool) -> None:
    text = clock_text(ms, shape, down=down)
    assert 1 <= len(text) <= 12
    assert text.replace(":", "").replace(".", "").isdigit()

"""The program log as one row of pictures and sound, in the order of time, from a key frame on."""

from __future__ import annotations

from itertools import pairwise

import pytest

from console.errors import ConsoleError
from console.media.time import parse_format
from console.outputs.log import AUDIO, VIDEO, ProgramLog
from console.uplink.feed import Feed
from tests.outputs.made import make_log

FMT = parse_format("640x360p50")
FIRST = 89_700_000_040


def units(feed):
    found = []
    while (unit := feed.next()) is not None:
        found.append(unit)
    return found


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """350 frames with a hole of 30 in the middle of a segment."""
    directory = tmp_path_factory.mktemp("log")
    make_log(directory, FMT, [n for n in range(FIRST, FIRST + 380) if n not in range(FIRST + 200, FIRST + 230)])
    return directory


@pytest.mark.parametrize(
    ("asked", "first"), [(0, 0), (-500, 0), (59, 0), (60, 60), (199, 160), (205, 160), (230, 230), (250, 230)]
)
def test_it_begins_with_the_key_frame_at_or_before_what_is_asked_for(log, asked, first):
    found = units(Feed(ProgramLog(log), FIRST + asked))
    assert (found[0].track, found[0].sample, found[0].key) == (VIDEO, FIRST + first, True)
    pictures = [unit.sample for unit in found if unit.track == VIDEO]
    assert pictures == [n for n in range(FIRST + first, FIRST + 380) if n not in range(FIRST + 200, FIRST + 230)]
    assert all(a.start_ns <= b.start_ns for a, b in pairwise(found)), "in the order of time"
    sounds = [unit.sample for unit in found if unit.track == AUDIO]
    assert sounds == list(range(sounds[0], sounds[-1] + 1))
    assert abs(sounds[0] * 1024 - FMT.rate.first_sample(pictures[0])) < 1024


def test_it_follows_a_log_that_grows_and_goes_on_where_an_encoder_is_started_again(tmp_path):
    make_log(tmp_path, FMT, range(FIRST, FIRST + 75), finish=False).close()
    program = ProgramLog(tmp_path)
    feed = Feed(program, FIRST)
    pictures = [unit.sample for unit in units(feed) if unit.track == VIDEO]
    assert FIRST + 60 <= pictures[-1] < FIRST + 75
    resumed = make_log(tmp_path, FMT, range(FIRST + 70, FIRST + 175))
    assert resumed.next_frame == FIRST + 175
    program.refresh()
    pictures += [unit.sample for unit in units(feed) if unit.track == VIDEO]
    assert pictures == list(range(FIRST, FIRST + 175))


def test_a_segment_that_is_gone_is_counted_as_lost(tmp_path):
    make_log(tmp_path, FMT, range(FIRST, FIRST + 300))
    program = ProgramLog(tmp_path)
    number = program.segments(VIDEO)[1].number
    for track in (VIDEO, AUDIO):
        program.segment_path(track, number).unlink()
    feed = Feed(program, FIRST)
    assert len([unit for unit in units(feed) if unit.track == VIDEO]) == 200
    assert (feed.take_lost(), feed.take_lost()) == (100, 0)


def test_a_log_without_a_format_has_no_feed(tmp_path):
    with pytest.raises(ConsoleError):
        Feed(ProgramLog(tmp_path), 0)

"""What the desk believes of the engine: snapshots, patches, odd statuses; layout, words, pixels and meters."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.desk.dressing import dress_preview, dress_program, dress_source
from console.desk.layout import arrange
from console.desk.status import Status, VideoFacts, read_status
from console.desk.world import PREVIEW, PROGRAM, World, lost, received, source_word, troubles
from console.media.clock import Anchor
from console.show.codec import to_json
from console.show.commands import Role
from console.show.model import Air, Fade, Move, Setup, Source, SourceId, Transition

CAM1, CAM2, CAM3 = (Source(SourceId(f"cam{n}"), "pattern:", f"Camera {n}") for n in (1, 2, 3))
SETUP = Setup(name="Friday", sources=(CAM1, CAM2, CAM3))
AIR = Air(program=CAM1.id, preview=CAM2.id)


def snapshot() -> dict:
    return {
        "snapshot": {
            "rev": 7, "frame": 1000, "version": "0.1", "role": "switch", "setup": to_json(SETUP), "air": to_json(AIR),
            "anchor": {"monotonic_ns": 0, "unix_ns": 1_000_000_000_000}, "undo": 0, "redo": 0,
            "rings": {"program": "/r/program", "sources": {"cam1": {"tile": "/r/cam1.tile", "picture": 3}}},
            "status": {"sources": {"cam1": {"state": "stale", "age_ms": 4200}}},
        }
    }  # fmt: skip


def test_a_snapshot_is_everything():
    world = received(World(), snapshot())
    assert (world.linked, world.rev, world.role, world.setup, world.air) == (True, 7, Role.SWITCH, SETUP, AIR)
    assert world.rings.program == Path("/r/program")
    assert world.rings.preview is None
    assert world.rings.sources["cam1"].tile == Path("/r/cam1.tile")
    assert world.rings.sources["cam1"].picture is None
    assert world.frame_at(2_000_000_000) == 1002 * 50
    assert world.timecode_at(0) == "00:16:40:00"
    assert troubles(world) == {"cam1": "STALE 4 s"}
    assert troubles(world, frozenset({"cam3"}))["cam3"] == "black"


def test_patches_change_what_they_name():
    world = received(World(), snapshot())
    air = replace(AIR, program=CAM2.id, preview=CAM1.id)
    patched = received(world, {"patch": {"rev": 8, "frame": 1004, "air": to_json(air)}})
    assert (patched.air, patched.before, patched.rev) == (air, "cam1", 8)
    assert patched.setup is world.setup
    assert received(patched, {"ack": {"id": "x"}}) is patched
    status = received(patched, {"status": {"late_ticks": 3}})
    assert status.status.late_ticks == 3
    assert status.setup is world.setup


def test_a_lost_engine_leaves_the_last_picture():
    world = lost(received(World(), snapshot()), "Cannot connect to host 127.0.0.1:8610 ssl:default [...]")
    assert not world.linked
    assert world.ever_linked
    assert world.setup == SETUP
    assert world.lost_reason == "Nothing answers at 127.0.0.1:8610"
    assert received(world, snapshot()).linked


@pytest.mark.parametrize("fields", [{"setup": {"colour": 1}}, {"air": []}, {"role": "king"}])
def test_another_version_is_an_error_not_a_guess(fields):
    message = snapshot()
    message["snapshot"].update(fields)
    with pytest.raises(ValueError, match=r"setup|air|king"):
        received(World(), message)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
NAMES = st.sampled_from(["sources", "outputs", "log", "alarms", "processes", "frame", "late_ms", "on_air", "fade"])


@given(JSON | st.dictionaries(NAMES, JSON | st.dictionaries(st.text(max_size=4), JSON, max_size=3), max_size=6))
def test_any_status_can_be_read(data):
    assert isinstance(read_status(data), Status)


def test_a_status_keeps_what_makes_sense():
    status = read_status({
        "frame": 5, "late_ms": 2, "on_air": "yes", "tick_ms": None,
        "sources": {"cam1": {"in": 3, "state": 7, "video": {"width": 1280, "fps": 50}, "tier": 4}, "cam2": 9},
        "alarms": [{"id": "a", "text": "t", "severity": "critical"}, 4], "processes": {"engine": 12, "x": "y"},
    })  # fmt: skip
    assert (status.frame, status.late_ms, status.on_air) == (5, 2.0, False)
    reading = status.sources["cam1"]
    assert (reading.in_, reading.state, reading.tier_name) == (3, "", "full")
    assert reading.video == VideoFacts(width=1280, fps=50.0)
    assert "cam2" not in status.sources
    assert [alarm.id for alarm in status.alarms] == ["a"]
    assert status.processes == {"engine": 12}


def test_tally_of_cut_mix_key_and_black():
    world = World(setup=SETUP, air=AIR)
    assert world.lamps() == {"cam1": PROGRAM, "cam2": PREVIEW}
    mixing = replace(world, air=replace(AIR, move=Move(CAM2.id, 0, Transition())))
    assert mixing.lamps() == {"cam1": PROGRAM, "cam2": PROGRAM}
    keyed = replace(SETUP, keyers=(CAM3.id, None, None, None))
    keying = replace(world, setup=keyed, air=replace(AIR, keyers_on=(True, False, False, False)))
    assert keying.lamps()["cam3"] == PROGRAM
    assert world.lamps(black=True) == {"cam2": PREVIEW}


def test_black_is_black_when_the_fade_is_done():
    world = World(setup=SETUP, air=replace(AIR, fade=Fade(True, 100, 25)), frame=110)
    assert not world.is_black_at(0)
    assert replace(world, frame=200).is_black_at(0)


def test_position_of_a_transition_follows_the_clock():
    rate = SETUP.format.rate
    move = Move(CAM2.id, 50 * 1000, Transition(rate_frames=50))
    world = World(setup=SETUP, air=replace(AIR, move=move), anchor=Anchor(0, rate.start_ns(50 * 1000)))
    assert world.position_at(499_000_000) == pytest.approx(0.5, abs=0.02)
    assert World().position_at(0) is None


@pytest.mark.parametrize(
    ("state", "age", "word"),
    [("live", 20, ""), ("", None, ""), ("stale", 4400, "STALE 4 s"), ("lost", 80_000, "NO SIGNAL 80 s"),
     ("slate", None, "NO SIGNAL"), ("opening", None, "OPENING")],
)  # fmt: skip
def test_words_for_a_sources_state(state, age, word):
    assert source_word(state, age) == word


def test_what_stands_on_tiles():
    world = received(World(), snapshot())
    dressing = dress_source(world, CAM1, "1", PROGRAM, black=False, hovered=False, asked=False)
    assert (dressing.name, dressing.badge, dressing.cue) == ("Camera 1", "1", "PGM")
    assert (dressing.word, dressing.mark, dressing.detail) == ("STALE 4 s", "hollow", "")
    black = dress_source(world, CAM2, "2", PREVIEW, black=True, hovered=True, asked=True)
    assert (black.cue, black.word, black.asked) == ("PVW", "BLACK", True)
    assert dress_source(world, CAM1, "1", "", black=False, hovered=True, asked=False).detail
    program = dress_program(world, 0)
    assert (program.name, program.lamp, program.clock) == ("Camera 1", PROGRAM, "00:16:40")
    assert dress_preview(replace(world, air=Air())).name == "BLACK"
    faded = replace(world, air=replace(AIR, fade=Fade(True, 0, 25)))
    assert (dress_program(faded, 0).lamp, dress_program(faded, 0).name) == ("", "BLACK")


@given(st.integers(480, 3840), st.integers(300, 2160), st.integers(1, 100), st.sampled_from([1.0, 1.25, 1.5, 2.0]))
def test_everything_has_its_place(width, height, count, scale):
    layout = arrange(width, height, count, scale=scale)
    shown = [rect for rect in layout.tiles if rect is not None]
    places = [layout.preview, layout.program, *shown]
    for rect in places:
        assert rect.x >= 0
        assert rect.y >= 0
        assert rect.x + rect.width <= width + 2
        assert rect.y + rect.height <= height
    for one, other in pairwise(places):
        assert one.x + one.width <= other.x or one.y + one.height <= other.y or other.x + other.width <= one.x
    assert len(shown) == min(count, layout.rows_visible * layout.columns) or layout.first_row
    assert layout.preview.x < layout.program.x
    assert layout.preview.height >= max(rect.height for rect in shown) * 0.6


def test_the_grid_scrolls_to_its_last_row_and_no_further():
    layout = arrange(1500, 892, 100, first_row=1000)
    assert layout.rows > layout.rows_visible
    assert layout.first_row == layout.rows - layout.rows_visible
    assert layout.tiles[-1] is not None
    assert layout.tiles[0] is None


def test_tiles_that_nearly_fit_are_shown_pixel_by_pixel():
    tile = arrange(1500, 892, 8).tiles[0]
    assert tile is not None
    assert tile.inset(arrange(1500, 892, 8).tile_border)[2:] == (320, 180)

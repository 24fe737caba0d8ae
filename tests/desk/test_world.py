"""What the desk believes of the engine: snapshots, patches, odd statuses; layout, words, pixels and meters."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.desk.dressing import Dressing, dress_preview, dress_program, dress_source
from console.desk.layout import arrange
from console.desk.panels.health import COLUMNS, decoding_line, processes_line, source_cells
from console.desk.readiness import Readiness
from console.desk.status import DecodingReading, Headroom, SourceReading, Status, VideoFacts, read_status
from console.desk.world import PREVIEW, PROGRAM, World, lost, received, source_word, troubles
from console.media.clock import Anchor
from console.show.codec import to_json
from console.show.commands import Role
from console.show.model import Air, Fade, Move, Setup, Source, SourceId, Transition
from console.wire.tier import Tier

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
NAMES = st.sampled_from(
    ["sources", "outputs", "log", "alarms", "processes", "frame", "late_ms", "on_air", "fade", "decoding"]
)


@given(JSON | st.dictionaries(NAMES, JSON | st.dictionaries(st.text(max_size=4), JSON, max_size=3), max_size=6))
def test_any_status_can_be_read(data):
    assert isinstance(read_status(data), Status)


FIGURES = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from([10**400, -(10**400), 1 << 63, "7"])
TIERS = st.sampled_from(["key", "PARKED", "ſull", "", "4"]) | FIGURES
SOURCE = st.fixed_dictionaries({
    "state": st.sampled_from(["live", "stale"]), "tier": TIERS, "cost": FIGURES, "hot_in_frames": FIGURES,
    "age_ms": FIGURES, "fps": FIGURES, "in": FIGURES, "latency_ms": FIGURES,
})  # fmt: skip
DECODING = st.fixed_dictionaries(
    dict.fromkeys(("cost", "budget", "busy", "cores", "shedding"), FIGURES)
    | {"headroom": FIGURES | st.dictionaries(st.sampled_from(["active", "key"]), FIGURES)}
)


@given(SOURCE, FIGURES | DECODING)
def test_whatever_is_said_of_decoding_can_be_shown(source, decoding):
    status = read_status({"sources": {"cam1": source}, "decoding": decoding, "log": {"frames": source["in"]}})
    reading = status.sources["cam1"]
    for figure in (reading.cost, reading.hot_in_frames, status.decoding.cost, status.decoding.cores):
        assert figure is None or 0 <= figure < 1 << 63
    world = World(setup=SETUP, air=AIR, status=status)
    wait = Readiness().wait_frames(reading, 0)
    for hovered in (False, True):
        assert dress_source(world, CAM1, "1", "", wait_frames=wait, black=False, hovered=hovered, asked=False)
    assert len(source_cells("Camera 1", reading)) == len(COLUMNS)
    assert "nan" not in decoding_line(status.decoding)
    assert world.seconds_on_air() is None or reading.in_


def test_a_status_keeps_what_makes_sense():
    status = read_status({
        "frame": 5, "late_ms": 2, "on_air": "yes", "tick_ms": None,
        "sources": {"cam1": {"in": 3, "state": 7, "video": {"width": 1280, "fps": 50}, "tier": "full"}, "cam2": 9},
        "alarms": [{"id": "a", "text": "t", "severity": "critical"}, 4], "processes": {"engine": 12, "x": "y"},
    })  # fmt: skip
    assert (status.frame, status.late_ms, status.on_air) == (5, 2.0, False)
    reading = status.sources["cam1"]
    assert (reading.in_, reading.state, reading.tier_name) == (3, "", "full")
    assert reading.video == VideoFacts(width=1280, fps=50.0)
    assert (reading.cost, reading.hot_in_frames, reading.is_resting) == (None, None, False)
    assert status.decoding == DecodingReading()
    assert "cam2" not in status.sources
    assert [alarm.id for alarm in status.alarms] == ["a"]
    assert status.processes == {"engine": 12}


def test_what_decoding_costs_is_read():
    status = read_status({
        "sources": {"cam1": {"tier": "key", "cost": 0.03, "hot_in_frames": 3}, "cam2": {"tier": "parked", "cost": -1}},
        "decoding": {"cost": 1.12, "budget": 1, "busy": 0.6, "cores": 2, "shedding": True, "headroom": {"active": 4}},
    })  # fmt: skip
    first, second = status.sources["cam1"], status.sources["cam2"]
    assert (first.tier, first.cost, first.hot_in_frames, first.is_resting) == (Tier.KEY, 0.03, 3, True)
    assert (second.tier, second.cost, second.hot_in_frames, second.is_resting) == (Tier.PARKED, None, None, True)
    assert status.decoding == DecodingReading(1.12, 1.0, 0.6, 2, True, Headroom(4, None))


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


def dressed(world: World, source: Source, **changes) -> Dressing:
    usual = {"badge": "1", "lamp": "", "wait_frames": None, "black": False, "hovered": False, "asked": False}
    return dress_source(world, source, **(usual | changes))


def decoded(**reading) -> World:
    return World(setup=SETUP, air=AIR, status=read_status({"sources": {"cam1": {"state": "live"} | reading}}))


@pytest.mark.parametrize(
    ("reading", "wait", "shown"),
    [
        ({"tier": "key"}, 3, ("KEY", "hot in 3")),
        ({"tier": "key"}, 1, ("KEY", "")),
        ({"tier": "key"}, None, ("KEY", "")),
        ({"tier": "parked"}, 25, ("PARKED", "hot in 25")),
        ({"tier": "key"}, 2, ("KEY", "hot in 2")),
        ({"tier": "active"}, 2, ("", "")),
        ({"tier": "active"}, 9, ("", "hot in 9")),
        ({"tier": "full"}, 0, ("", "")),
        ({"tier": "full"}, 4, ("", "hot in 4")),
        ({}, None, ("", "")),
        ({"state": "lost", "tier": "key"}, 3, ("", "")),
        ({"state": "stale", "tier": "key"}, 3, ("", "")),
    ],
)
def test_how_soon_a_cut_would_be_hot_stands_on_the_tile(reading, wait, shown):
    dressing = dressed(decoded(**reading), CAM1, wait_frames=wait)
    assert (dressing.tier, dressing.hot) == shown


def test_rare_pictures_are_no_trouble_while_that_is_meant():
    world = decoded(tier="key", age_ms=7_900.0, fps=0.1)
    assert dressed(world, CAM1).word == ""
    assert troubles(world) == {}
    assert dressed(decoded(tier="key", state="stale", age_ms=7_900.0), CAM1).word == "STALE 8 s"


def test_under_the_mouse_the_details_say_it_and_black_leaves_it_room():
    world = decoded(tier="key", fps=1.0, video={"codec": "hevc", "width": 1920, "height": 1080})
    under = dressed(world, CAM1, wait_frames=12, hovered=True)
    assert (under.detail, under.tier, under.hot) == ("key hot in 12 1920x1080 hevc 1 fps", "", "")
    black = dressed(world, CAM1, wait_frames=12, hovered=True, black=True)
    assert (black.word, black.tier, black.hot) == ("BLACK", "KEY", "hot in 12")


def test_the_longest_wait_stays_for_two_seconds():
    readiness = Readiness()

    def waits(frames: int | None, ms: int, tier: Tier = Tier.KEY) -> int | None:
        return readiness.wait_frames(SourceReading(tier=tier, hot_in_frames=frames), ms * 1_000_000)

    shown = [waits(ms // 200 % 10, ms) for ms in range(0, 12_000, 200)]  # a key frame every two seconds
    assert shown[10:] == [9] * 50
    assert waits(2, 14_100) == 2, "what is older than two seconds is forgotten"
    assert waits(8, 14_200) == 8
    assert waits(5, 14_300, Tier.FULL) == 5, "on the way up the figure counts down"
    assert waits(2, 14_400) == 2
    assert waits(None, 14_500) is None
    assert waits(1, 14_600) == 1


def test_the_budget_in_one_line():
    reading = DecodingReading(1.12, 0.8, 0.6, 2, False, Headroom(4, 31))
    line = "Decoding 1.12 of 2 cores, budget 0.80; room for 4 more cameras (31 at key frames)"
    assert decoding_line(reading) == line
    one = decoding_line(replace(reading, cores=1, headroom=Headroom(1, None)))
    assert one == "Decoding 1.12 of 1 core, budget 0.80; room for 1 more camera"
    assert decoding_line(replace(reading, headroom=Headroom(0, 3))).endswith("no more cameras (3 at key frames)")
    assert decoding_line(replace(reading, budget=None, headroom=Headroom())) == "Decoding 1.12 of 2 cores"
    assert decoding_line(DecodingReading()) == ""


def test_many_processes_stay_on_a_line():
    processes = {f"source:cam{number}": 30 + number for number in range(40)} | {"engine": 7, "encoder": 8}
    assert processes_line(processes) == "encoder 8   engine 7   40 sources"
    assert processes_line({"source:cam1": 3}) == "1 source"
    assert processes_line({}) == "none"


def test_what_stands_on_tiles():
    world = received(World(), snapshot())
    dressing = dressed(world, CAM1, lamp=PROGRAM)
    assert (dressing.name, dressing.badge, dressing.cue) == ("Camera 1", "1", "PGM")
    assert (dressing.word, dressing.mark, dressing.detail) == ("STALE 4 s", "hollow", "")
    black = dressed(world, CAM2, lamp=PREVIEW, black=True, hovered=True, asked=True)
    assert (black.cue, black.word, black.asked) == ("PVW", "BLACK", True)
    assert dressed(world, CAM1, hovered=True).detail
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
    larger = arrange(2000, 1192, 8, tile_height=270)
    assert larger.tiles[0] is not None
    assert larger.tiles[0].inset(larger.tile_border)[2:] == (480, 270)

"""The rings of graphics as the set-up changes, and what the status and the alarms say of graphics."""

import asyncio
from pathlib import Path

import pytest

from console.engine.alarms import graphics_alarms
from console.engine.graphics import GraphicsRings, graphics_status
from console.engine.saving import ShowFile, read_show
from console.media.time import parse_format
from console.show.codec import to_json
from console.show.model import Air, Setup, Source
from console.show.world import Camera, Field, Switched, Title, TrackingInput, World
from console.wire.ring import PREMULTIPLIED, RingReader

FORMAT = parse_format("360p50")
SOURCES = tuple(Source(name, "black:", name) for name in ("cam1", "cam2"))


def setup(*cameras, **fields):
    return to_json(Setup(sources=SOURCES, world=World(cameras=tuple(Camera(name) for name in cameras)), **fields))


@pytest.fixture
def sources(tmp_path):
    return {
        name: {kind: str(tmp_path / f"{name}-1.{kind}") for kind in ("picture", "tile", "sound")}
        for name in ("cam1", "cam2")
    }


@pytest.fixture
def rings(tmp_path):
    return GraphicsRings(tmp_path, FORMAT)


def test_nothing_is_made_while_nothing_needs_it(rings, sources, tmp_path):
    assert not rings.follow(setup(), sources)
    assert not rings.needed
    assert list(tmp_path.iterdir()) == []
    assert rings.for_engine() == {"overlays": {}, "titles": [None] * 4}


def test_a_camera_has_a_ring_until_it_goes(rings, sources):
    assert rings.follow(setup("cam1", "cam2"), sources)
    assert not rings.follow(setup("cam2", "cam1"), sources)
    paths = rings.for_engine()["overlays"]
    ring = RingReader(Path(paths["cam1"]))
    assert (ring.width, ring.height, ring.slots, ring.has_key, ring.flags) == (640, 360, 6, True, PREMULTIPLIED)
    assert rings.for_process(sources)["cam2"] == {
        "picture": sources["cam2"]["picture"],
        "tile": sources["cam2"]["tile"],
        "overlay": paths["cam2"],
    }
    assert rings.follow(setup("cam2"), sources)
    assert not Path(paths["cam1"]).exists()
    assert Path(paths["cam2"]).exists()


def test_a_source_that_begins_anew_has_a_new_ring_for_its_pictures_count_anew(rings, sources):
    rings.follow(setup("cam1"), sources)
    before = rings.for_engine()["overlays"]["cam1"]
    sources["cam1"]["picture"] = sources["cam1"]["picture"].replace("-1", "-2")
    assert rings.follow(setup("cam1"), sources)
    assert rings.for_engine()["overlays"]["cam1"] != before
    assert not Path(before).exists()


def test_titles_have_their_rings_once_graphics_are_needed(rings, sources):
    assert rings.follow(setup(titles=(None, Title("strap"), None, None)), sources)
    assert len(rings.titles) == 4
    assert RingReader(Path(rings.titles[3])).slots == 4
    assert not rings.follow(setup(), sources)
    assert rings.needed, "the process stays"


@pytest.mark.expects_log
def test_rings_that_can_not_be_made_are_told_and_tried_again(tmp_path, sources):
    blocked = tmp_path / "file"
    blocked.write_text("")
    rings = GraphicsRings(blocked / "rings", FORMAT)
    rings.follow(setup(titles=(Title("strap"), None, None, None)), sources)
    assert "can't be made" in rings.trouble
    status = graphics_status(None, rings.trouble)
    assert (status["state"], status["troubles"]) == ("away", [rings.trouble])
    rings.follow(setup("cam1"), sources)
    assert rings.for_engine()["overlays"].keys() == {"cam1"}, "the others are made"


STATS = {"tracking": {}, "cameras": {}, "subjects": 0, "feeds": {}, "render_ms": 1.5, "troubles": []}


def test_the_status_says_how_the_process_is():
    assert graphics_status(None) is None
    assert graphics_status({})["state"] == "starting"
    assert graphics_status(STATS)["state"] == "running"
    assert graphics_status({"restarts": 1, "reason": "Qt."})["state"] == "away"
    assert graphics_status(STATS | {"restarts": 1})["state"] == "running"


def show(*, title=True, tracked=True):
    made = Setup(
        sources=SOURCES,
        titles=(Title("strap", (Field("name", "{odf.winner}"),)), None, None, None),
        world=World((TrackingInput("free", "freed", "h:1"),), (Camera("cam1", "free"), Camera("cam2"))),
    )
    air = Air(titles=(Switched(title, 5), *Air().titles[1:]), tracked=(Switched(tracked, 5), *Air().tracked[1:]))
    return to_json(made), to_json(air)


def alarms(told, lamps=None, **on):
    return {alarm["id"]: alarm for alarm in graphics_alarms(graphics_status(told), *show(**on), lamps or {})}


def test_a_process_that_died_is_worst_while_graphics_are_on():
    assert alarms({}) == {}
    dead = alarms({"restarts": 1, "reason": "No font."})["graphics"]
    assert (dead["severity"], dead["text"]) == (
        "critical",
        "Graphics are gone from the air until their process is back: No font.",
    )
    assert alarms({"restarts": 1}, title=False, tracked=False)["graphics"]["severity"] == "minor"


def test_tracking_that_stops_under_graphics_is_told():
    silent = STATS | {"cameras": {"cam1": {"state": "silent"}, "cam2": {"state": "silent"}}}
    assert alarms(silent).keys() == {"tracking:cam1"}, "cam2 is fixed"
    assert alarms(silent)["tracking:cam1"]["severity"] == "minor"
    assert alarms(silent, {"cam1": "program"})["tracking:cam1"]["severity"] == "major"
    assert alarms(silent, tracked=False) == {}
    assert alarms(STATS | {"cameras": {"cam1": {"state": "drawn"}}}) == {}


def test_a_feed_in_trouble_is_told_while_a_title_shows_it():
    broken = STATS | {"feeds": {"odf": {"state": "trouble", "reason": "404"}, "csv": {"state": "trouble"}}}
    assert alarms(broken)["feed:odf"]["text"] == "A title on air shows old data of odf: 404"
    assert alarms(broken).keys() == {"feed:odf"}, "no title shows the other"
    assert alarms(broken, title=False) == {}
    assert alarms(STATS | {"feeds": {"odf": {"state": "ok"}}}) == {}


def test_what_the_process_complains_of_is_an_alarm():
    assert alarms(STATS | {"troubles": ["Title 1 has no font"]})["graphics:1"]["text"] == "Title 1 has no font"


def test_a_clock_that_runs_is_not_taken_up_another_day(tmp_path):
    async def save():
        file = ShowFile(tmp_path / "show.json")
        file.keep({"setup": setup("cam1"), "air": to_json(Air("cam1", race=Switched(True, 5)))})
        file.save_now()

    asyncio.run(save())
    read = read_show(tmp_path / "show.json")
    assert read.air == Air("cam1")
    assert read.setup.world.cameras == (Camera("cam1"),)

"""Titles, tracked graphics and the world by command: what each does, and what is refused with its reason."""

import json
import math
from dataclasses import replace

import pytest

from console.media.time import parse_format
from console.show.codec import Encoder, ShowFileError, show_from_file, show_to_file, to_json
from console.show.commands import CommandError, Role, decode_command, encode_command, role_needed
from console.show.history import History, apply
from console.show.model import Air, Setup, Show, Source
from console.show.reduce import Change, Rejected, reduce, settle
from console.show.world import Camera, Group, LensRow, Switched, Title, TrackingInput

PSN = {"id": "psn", "protocol": "psn", "bind": "0.0.0.0:56565", "group": "236.10.10.10"}
FREED = {"id": "free", "protocol": "freed", "bind": "127.0.0.1:6301"}
LINE = {"id": "record", "kind": "record_line", "group": "line", "pace": [[0, 0], [9.58, 100]], "points_m": [[0, 0, 0]]}
STRAP = {"template": "name-strap", "fields": [{"name": "name", "value": "Ann"}]}


def show():
    sources = tuple(Source(f"cam{n}", "pattern:", f"Camera {n}") for n in (1, 2, 3))
    return Show(Setup(format=parse_format("720p50"), sources=sources), Air("cam1", "cam2"))


def do(before, name, at=1000, **fields):
    result = reduce(before, decode_command({"command": name, **fields}), at)
    assert isinstance(result, Change), result
    return result.show


def refuse(before, name, at=1000, **fields):
    result = reduce(before, decode_command({"command": name, **fields}), at)
    assert isinstance(result, Rejected), result
    return result.reason


def titled():
    return do(show(), "SetTitle", keyer=1, title=STRAP)


def test_a_title_is_taken_and_taken_out_and_keyed_until_it_is_out():
    taken = do(titled(), "SetKeyerOnAir", keyer=1, at=1000)
    assert (taken.air.keyers_on[0], taken.air.titles[0]) == (True, Switched(True, 1000))
    out = do(taken, "SetKeyerOnAir", keyer=1, at=1200)
    assert (out.air.keyers_on[0], out.air.titles[0]) == (True, Switched(False, 1200))
    assert settle(out, 1299).air.keyers_on[0]
    gone = settle(out, 1300)
    assert (gone.air.keyers_on[0], gone.rev) == (False, out.rev + 1)
    assert settle(gone, 1400) is gone


def test_a_title_that_goes_out_is_taken_again():
    out = do(do(titled(), "SetKeyerOnAir", keyer=1, at=1000), "SetKeyerOnAir", keyer=1, at=1200)
    again = do(out, "SetKeyerOnAir", keyer=1, on_air=None, at=1250)
    assert again.air.titles[0] == Switched(True, 1250)
    assert settle(again, 5000).air.keyers_on[0]


def test_taking_what_is_on_does_not_begin_anew():
    taken = do(titled(), "SetKeyerOnAir", keyer=1, on_air=True, at=1000)
    assert do(taken, "SetKeyerOnAir", keyer=1, on_air=True, at=1100).air == taken.air
    off = titled()
    assert do(off, "SetKeyerOnAir", keyer=1, on_air=False).air == off.air


def test_a_title_is_changed_on_air_and_stays_there():
    taken = do(titled(), "SetKeyerOnAir", keyer=1)
    changed = do(taken, "SetTitle", keyer=1, title={"template": "crawl"})
    assert changed.air == taken.air
    assert changed.setup.titles[0] == Title("crawl")
    assert "on air" in refuse(taken, "SetTitle", keyer=1, title=None)
    assert "on air" in refuse(taken, "SetKeyer", keyer=1, source="cam3")


def test_a_keyer_has_a_title_or_a_source():
    assert "no source and no title" in refuse(show(), "SetKeyerOnAir", keyer=2, on_air=True)
    sourced = do(show(), "SetKeyer", keyer=1, source="cam3")
    assert "on air" in refuse(do(sourced, "SetKeyerOnAir", keyer=1), "SetTitle", keyer=1, title=STRAP)
    changed = do(sourced, "SetTitle", keyer=1, title=STRAP)
    assert (changed.setup.keyers[0], changed.setup.titles[0].template) == (None, "name-strap")
    back = do(changed, "SetKeyer", keyer=1, source="cam3")
    assert (back.setup.keyers[0], back.setup.titles[0]) == ("cam3", None)
    assert "1 to 4" in refuse(show(), "SetTitle", keyer=0, title=STRAP)


def test_a_keyer_is_shown_on_preview_while_it_has_something():
    shown = do(titled(), "SetKeyerPreview", keyer=1)
    assert shown.air.keyers_preview == (True, False, False, False)
    assert do(shown, "SetKeyerPreview", keyer=1).air.keyers_preview[0] is False
    assert do(shown, "SetTitle", keyer=1, title=None).air.keyers_preview[0] is False
    assert "no source and no title" in refuse(show(), "SetKeyerPreview", keyer=1)
    sourced = do(do(show(), "SetKeyer", keyer=2, source="cam3"), "SetKeyerPreview", keyer=2)
    assert do(sourced, "RemoveSource", source="cam3").air.keyers_preview[1] is False


def test_groups_are_switched():
    on = do(show(), "SetTracked", group="speed", at=700)
    assert on.air.tracked == (Switched(), Switched(True, 700), Switched(), Switched())
    assert do(on, "SetTracked", group="speed", on=True, at=800).air == on.air
    assert do(on, "SetTracked", group="speed", at=800).air.tracked[1] == Switched(False, 800)
    with pytest.raises(CommandError, match="'group' must be one of tag, speed, result, line"):
        decode_command({"command": "SetTracked", "group": "hats"})


def test_all_graphics_go_off_together():
    on = do(do(titled(), "SetKeyerOnAir", keyer=1, at=10), "SetTracked", group="tag", at=10)
    on = do(do(on, "SetKeyer", keyer=2, source="cam3"), "SetKeyerOnAir", keyer=2)
    off = do(on, "AllGraphicsOff", at=500).air
    assert off.keyers_on == (True, False, False, False), "the title goes out as it does"
    assert off.titles[0] == Switched(False, 500)
    assert off.tracked[0] == Switched(False, 500)
    assert do(show(), "AllGraphicsOff").air == show().air


def test_the_clock_of_record_lines():
    assert do(show(), "StartRace", at=700).air.race == Switched(True, 700)
    started = do(show(), "StartRace", frame=650, at=700)
    assert started.air.race == Switched(True, 650)
    assert do(started, "StopRace", at=900).air.race == Switched(False, 900)
    assert "can't start at frame" in refuse(show(), "StartRace", frame=1 << 40)


def world_show():
    after = do(do(show(), "AddInput", input=PSN), "AddInput", input=FREED)
    after = do(after, "SetCamera", camera={"source": "cam1", "input": "free", "number": 3})
    return do(after, "SetElement", element=LINE | {"subject": "psn/7"})


def test_the_world_is_set_up():
    setup = world_show().setup
    assert setup.world.cameras == (Camera("cam1", "free", 3),)
    assert setup.world.elements[0].pace == ((0.0, 0.0), (9.58, 100.0))
    moved = do(world_show(), "SetCamera", camera={"source": "cam1", "lens": [{"zoom": 1}, {"zoom": 2, "focal": 3}]})
    assert moved.setup.world.cameras == (Camera("cam1", lens=(LensRow(1.0), LensRow(2.0, 0.0, 3.0))),)
    edited = do(world_show(), "EditInput", input=PSN | {"scale": 2})
    assert edited.setup.world.inputs[0] == TrackingInput("psn", "psn", "0.0.0.0:56565", "236.10.10.10", scale=2.0)
    assert do(world_show(), "RemoveCamera", source="cam1").setup.world.cameras == ()
    assert do(world_show(), "RemoveElement", element="record").setup.world.elements == ()
    assert do(show(), "SetFreeBottom", share=0.125).setup.world.free_bottom == 0.125
    placed = do(show(), "SetField", field="athletics", offset_m=[100, 9.76, 0], turn_deg=-90).setup.world
    assert (placed.field, placed.field_offset_m, placed.field_turn_deg) == ("athletics", (100.0, 9.76, 0.0), -90.0)
    fed = do(show(), "AddFeed", feed={"id": "odf", "kind": "odf", "url": "http://h/x"})
    assert do(fed, "RemoveFeed", feed="odf").setup == show().setup


def test_what_is_used_is_not_removed_and_a_source_takes_its_camera_with_it():
    assert "camera of 'cam1' uses" in refuse(world_show(), "RemoveInput", input="free")
    assert "'record' uses" in refuse(world_show(), "RemoveInput", input="psn")
    after = do(do(world_show(), "RemoveElement", element="record"), "RemoveInput", input="psn")
    assert [entry.id for entry in after.setup.world.inputs] == ["free"]
    off = replace(world_show(), air=Air("cam2", "cam3"))
    assert do(off, "RemoveSource", source="cam1").setup.world.cameras == ()


@pytest.mark.parametrize(
    ("name", "fields", "reason"),
    [
        ("AddInput", {"input": PSN}, "input 'psn' already"),
        ("AddInput", {"input": PSN | {"id": "two"}}, "listens on that address"),
        ("AddInput", {"input": PSN | {"id": "a b"}}, "no id of a tracking input"),
        ("AddInput", {"input": FREED | {"id": "x", "protocol": "morse"}}, "known are freed, opentrackio, psn"),
        ("AddInput", {"input": FREED | {"id": "x", "bind": "6301"}}, "no HOST:PORT"),
        ("AddInput", {"input": FREED | {"id": "x", "bind": "h:65536"}}, "no HOST:PORT"),
        ("AddInput", {"input": FREED | {"id": "x", "bind": "h:1", "group": "10.0.0.1"}}, "no multicast group"),
        ("AddInput", {"input": FREED | {"id": "x", "bind": "h:1", "axes": "+x +x +z"}}, "once, with"),
        ("AddInput", {"input": FREED | {"id": "x", "bind": "h:1", "scale": 0}}, "must not be zero"),
        ("AddInput", {"input": FREED | {"id": "x", "bind": "h:1", "offset_m": [1, 2]}}, "needs x, y and z"),
        ("AddInput", {"input": FREED | {"id": "x", "bind": "h:1", "quirks": ["A B"]}}, "no name of a quirk"),
        ("AddInput", {"input": FREED | {"id": "x", "bind": "h:1", "delay_ms": 1000.1}}, "at most 1000 ms"),
        ("EditInput", {"input": PSN | {"id": "two"}}, "no tracking input 'two'"),
        ("RemoveInput", {"input": "two"}, "no tracking input 'two'"),
        ("SetCamera", {"camera": {"source": "cam9"}}, "no source 'cam9'"),
        ("SetCamera", {"camera": {"source": "cam1", "input": "x"}}, "no input 'x'"),
        ("SetCamera", {"camera": {"source": "cam1", "number": -1}}, "0 or more"),
        ("SetCamera", {"camera": {"source": "cam1", "delay_ms": 1e9}}, "at most 10000 ms"),
        ("SetCamera", {"camera": {"source": "cam1", "lens": []}}, "1 to 200 rows"),
        ("SetCamera", {"camera": {"source": "cam1", "lens": [{}] * 201}}, "1 to 200 rows"),
        ("SetCamera", {"camera": {"source": "cam1", "lens": [{"zoom": 2}, {"zoom": 1}]}}, "ascends"),
        ("SetCamera", {"camera": {"source": "cam1", "lens": [{"focal": 0}]}}, "focal length"),
        ("SetElement", {"element": LINE | {"subject": "psn"}}, "no subject"),
        ("SetElement", {"element": LINE | {"subject": "gps/1"}}, "no input for the subject"),
        ("SetElement", {"element": LINE | {"colour": "red"}}, "no colour"),
        ("SetElement", {"element": LINE | {"points_m": [[0, 0]]}}, "needs x, y and z"),
        ("SetElement", {"element": LINE | {"points_m": [[0, 0, 1e9]]}}, "farther away"),
        ("SetElement", {"element": LINE | {"points_m": [[0, 0, 0]] * 65}}, "at most 64 points"),
        ("SetElement", {"element": LINE | {"along_m": [0, 0, 0]}}, "must not be zero"),
        ("SetElement", {"element": LINE | {"pace": [[1, 0], [1, 5]]}}, "ascends in seconds"),
        ("SetElement", {"element": LINE | {"size_m": 0}}, "above 0"),
        ("SetElement", {"element": LINE | {"text": "a\x1b[2J"}}, "no text"),
        ("RemoveElement", {"element": "x"}, "no element 'x'"),
        ("RemoveCamera", {"source": "cam2"}, "no camera of 'cam2'"),
        ("SetPeople", {"people": [{"subject": "psn/1", "country": "nl"}]}, "three letters"),
        ("SetPeople", {"people": [{"subject": "psn/1"}, {"subject": "psn/1"}]}, "already"),
        ("SetPeople", {"people": [{"subject": f"psn/{n}"} for n in range(1001)]}, "at most 1000 people"),
        ("SetFreeBottom", {"share": 0.6}, "at most the lower half"),
        ("SetField", {"field": "curling"}, "no field of play: known are athletics"),
        ("SetField", {"field": "tennis", "offset_m": [1, 2]}, "needs x, y and z"),
        ("SetField", {"field": "tennis", "turn_deg": 1e9}, "too large"),
        ("AddFeed", {"feed": {"id": "x", "kind": "odf", "url": " "}}, "needs an address"),
        ("RemoveFeed", {"feed": "x"}, "no data feed 'x'"),
        ("SetTitle", {"keyer": 1, "title": {"template": ""}}, "needs a template"),
        ("SetTitle", {"keyer": 1, "title": {"template": "../../etc/passwd"}}, "not reached through"),
        ("SetTitle", {"keyer": 1, "title": {"template": "x", "fields": [{"name": "a", "value": ""}] * 2}}, "already"),
        ("SetTitle", {"keyer": 1, "title": {"template": "x", "fields": [{"name": "a", "value": "\ud800"}]}}, "no text"),
    ],
)
def test_what_is_wrong_is_refused_in_a_sentence(name, fields, reason):
    assert reason in refuse(world_show(), name, **fields)


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        (
            {"command": "SetCamera", "camera": {"source": "cam1", "pan_deg": math.nan}},
            "'camera.pan_deg' must be a fin",
        ),
        ({"command": "SetCamera", "camera": {"source": "cam1", "pan_deg": 10**400}}, "'camera.pan_deg' must be a fin"),
        ({"command": "SetCamera", "camera": {"source": "cam1", "pan_deg": True}}, "'camera.pan_deg' must be a number"),
        ({"command": "SetCamera", "camera": {"source": "cam1", "number": 1.5}}, "'camera.number' must be a int"),
        ({"command": "SetCamera", "camera": {"source": "cam1", "lens": [{"zoom": "x"}]}}, r"'camera.lens\[0\].zoom'"),
        ({"command": "SetCamera", "camera": {}}, "'camera' lacks 'source'"),
        ({"command": "SetCamera", "camera": 5}, "'camera' must be an object"),
        ({"command": "SetElement", "element": LINE | {"kind": "hat"}}, "'element.kind' must be one of label"),
        ({"command": "SetElement", "element": LINE | {"shade": 1}}, "unknown field 'shade'"),
        ({"command": "SetPeople", "people": {}}, "'people' must be a list"),
        ({"command": "SetTitle", "keyer": 1}, "needs 'title'"),
    ],
)
def test_what_is_no_command_is_named(message, fault):
    with pytest.raises(CommandError, match=fault):
        decode_command(message)


def test_text_of_every_script_is_text():
    fields = [{"name": "name", "value": "\u202bزینب\u200cها\u202c\n山田太郎 👩‍🚀"}]
    after = do(show(), "SetTitle", keyer=1, title={"template": "crawl", "fields": fields})
    assert after.setup.titles[0].fields[0].value == fields[0]["value"]


def test_commands_come_back_as_they_were():
    for command in (
        decode_command({"command": "SetElement", "element": LINE}),
        decode_command({"command": "SetTitle", "keyer": 1, "title": STRAP}),
        decode_command({"command": "SetCamera", "camera": {"source": "cam1"}}),
    ):
        assert decode_command(json.loads(json.dumps(encode_command(command)))) == command


def test_graphics_may_perform_and_only_admins_set_up():
    performing = ("AllGraphicsOff", "StartRace", "StopRace")
    assert {role_needed(decode_command({"command": name})) for name in performing} == {Role.GRAPHICS}
    assert role_needed(decode_command({"command": "SetTracked", "group": "tag"})) is Role.GRAPHICS
    assert role_needed(decode_command({"command": "SetTitle", "keyer": 1, "title": None})) is Role.GRAPHICS
    assert role_needed(decode_command({"command": "SetElement", "element": LINE})) is Role.ADMIN


def test_show_files_without_graphics_are_read_and_those_with_them_come_back():
    data = json.loads(json.dumps(show_to_file(do(world_show(), "SetTracked", group="tag"))))
    assert show_from_file(data).air.tracked[list(Group).index(Group.TAG)].on
    for part, fields in (("setup", ("world", "titles")), ("air", ("tracked", "titles", "keyers_preview", "race"))):
        for field in fields:
            del data[part][field]
    assert show_from_file(data) == show()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda f: f["setup"]["world"]["cameras"][0].update(source="cam9"), "no source 'cam9'"),
        (lambda f: f["setup"]["world"]["elements"].append(LINE), "'record' already"),
        (lambda f: f["setup"].update(titles=[]), "4 keyers"),
        (lambda f: f["air"].update(tracked=[]), "one for each of tag, speed"),
        (lambda f: f["setup"]["sources"][2].update(id="title:1"), "no source id"),
    ],
)
def test_a_file_with_an_impossible_world_is_refused(change, fault):
    data = json.loads(json.dumps(show_to_file(world_show())))
    change(data)
    with pytest.raises(ShowFileError, match=fault):
        show_from_file(data)


def test_undo_never_touches_graphics_on_air():
    history = History(show())

    def give(name, at, **fields):
        nonlocal history
        history, result = apply(history, decode_command({"command": name, **fields}), at)
        return result

    give("SetTitle", 1, keyer=1, title=STRAP)
    give("SetKeyerPreview", 2, keyer=1)
    give("SetKeyerOnAir", 3, keyer=1)
    assert "keyer 1, which is on air" in give("Undo", 4).reason
    give("SetKeyerOnAir", 5, keyer=1)
    history = replace(history, show=settle(history.show, 500))
    assert isinstance(give("Undo", 501), Change)
    assert history.show.setup == show().setup
    assert history.show.air.keyers_preview == (False,) * 4
    give("SetCamera", 502, camera={"source": "cam1"})
    give("SetTracked", 503, group="tag")
    assert "graphics in the world" in give("Undo", 504).reason
    give("AllGraphicsOff", 505)
    assert isinstance(give("Undo", 506), Change)


def test_a_data_feed_of_a_title_on_air_stays():
    history = History(show())

    def give(name, at, **fields):
        nonlocal history
        history, result = apply(history, decode_command({"command": name, **fields}), at)
        return result

    bound = {"template": "name-strap", "fields": [{"name": "name", "value": "1. {odf.result.1.name} {{csv}"}]}
    give("AddFeed", 1, feed={"id": "odf", "kind": "odf", "url": "http://h/x"})
    give("SetTitle", 2, keyer=1, title=bound)
    give("AddFeed", 3, feed={"id": "csv", "kind": "csv", "url": "http://h/y"})
    give("SetKeyerOnAir", 4, keyer=1)
    assert "title on air shows the data feed 'odf'" in give("RemoveFeed", 5, feed="odf").reason
    assert isinstance(give("Undo", 6), Change), "nothing on air shows the other"
    give("SetKeyerOnAir", 7, keyer=1, on_air=False)
    history = replace(history, show=settle(history.show, 500))
    assert isinstance(give("RemoveFeed", 501, feed="odf"), Change)
    give("SetKeyerOnAir", 502, keyer=1)
    assert "data feed of a title" in give("Undo", 503).reason


def test_the_encoder_gives_what_plain_encoding_does_and_keeps_what_stayed():
    encoder, before = Encoder(), world_show()
    assert encoder.encode(before.setup) == to_json(before.setup)
    after = do(before, "SetElement", element=LINE | {"colour": "#000000"})
    first, second = encoder.encode(before.setup), encoder.encode(after.setup)
    assert second == to_json(after.setup) != first
    assert second["world"]["inputs"][0] is first["world"]["inputs"][0]
    assert encoder.encode(after.air) == to_json(after.air)

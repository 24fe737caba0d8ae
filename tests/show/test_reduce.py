"""The reducer: what each command does, and what holds whatever is asked."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.media.time import parse_format
from console.show.codec import show_from_file, show_to_file
from console.show.commands import COMMANDS, CommandError, decode_command, encode_command
from console.show.history import History, apply
from console.show.model import Air, Setup, Show, Source, Transition, TransitionType
from console.show.reduce import Change, Rejected, on_air, reduce, settle
from console.show.world import Group


def show(program="cam1", preview="cam2", **air):
    sources = tuple(Source(f"cam{n}", "pattern:", f"Camera {n}") for n in (1, 2, 3))
    return Show(Setup(format=parse_format("720p50"), sources=sources), Air(program, preview, **air))


def do(before, command, at=1000, **fields):
    result = reduce(before, decode_command({"command": command, **fields}), at)
    assert isinstance(result, Change), result
    return result.show


def refuse(before, name, at=1000, **fields):
    result = reduce(before, decode_command({"command": name, **fields}), at)
    assert isinstance(result, Rejected)
    return result.reason


def test_cut_swaps_program_and_preview():
    after = do(show(), "Cut")
    assert (after.air.program, after.air.preview) == ("cam2", "cam1")
    assert after.rev == 1


def test_two_takes_within_the_interval_are_a_bouncing_key():
    once = do(show(), "Cut", at=1000)
    assert "less than 250 ms" in refuse(once, "Cut", at=1012)
    assert do(once, "Cut", at=1013).air.program == "cam1"


def test_auto_mixes_and_lands():
    running = do(show(), "Auto", at=1000)
    move = running.air.move
    assert [move.position(at) for at in (999, 1000, 1012, 1024, 1030)] == [0.0, 0.04, 0.52, 1.0, 1.0]
    assert settle(running, 1024) is running
    landed = settle(running, 1025)
    assert (landed.air.program, landed.air.preview, landed.air.move) == ("cam2", "cam1", None)


def test_cut_ends_a_running_transition_at_once():
    after = do(do(show(), "Auto", at=1000), "Cut", at=1013)
    assert (after.air.program, after.air.preview, after.air.move) == ("cam2", "cam1", None)


def test_preview_chosen_during_a_transition_is_kept():
    running = do(do(show(), "Auto", at=1000), "SetPreview", at=1005, source="cam3")
    landed = settle(running, 1025)
    assert (landed.air.program, landed.air.preview) == ("cam2", "cam3")


def test_hot_cut_leaves_preview_alone():
    after = do(show(), "SetProgram", source="cam3")
    assert (after.air.program, after.air.preview) == ("cam3", "cam2")


def test_transition_settings():
    after = do(show(), "SetTransition", type="dip", rate_frames=10)
    assert after.air.transition == Transition(TransitionType.DIP, 10)
    assert "1 to 1000" in refuse(show(), "SetTransition", rate_frames=0)


def test_fade_to_black_and_back():
    black = do(show(), "FadeToBlack", at=1000)
    assert black.air.fade.level(1024) == 1.0
    assert "already" in refuse(black, "FadeToBlack", black=True)
    back = do(black, "FadeToBlack", at=1100)
    assert settle(back, 1125).air.fade is None


def test_keyers():
    assert "no source" in refuse(show(), "SetKeyerOnAir", keyer=1, on_air=True)
    keyed = do(do(show(), "SetKeyer", keyer=1, source="cam3"), "SetKeyerOnAir", keyer=1)
    assert keyed.air.keyers_on == (True, False, False, False)
    assert "on air" in refuse(keyed, "SetKeyer", keyer=1, source="cam2")
    assert "on air" in refuse(keyed, "RemoveSource", source="cam3")
    assert "1 to 4" in refuse(show(), "SetKeyer", keyer=5, source="cam1")


def test_sources_are_added_edited_removed():
    after = do(show(), "AddSource", source="vt", url="/media/a.mp4", name="Clip")
    after = do(after, "EditSource", source="vt", name="Opening", latency_ms=500)
    assert after.setup.source("vt") == Source("vt", "/media/a.mp4", "Opening", 500)
    after = do(after, "EditSource", source="vt", proxy_url=" rtsp://cam/sub ")
    assert after.setup.source("vt") == Source("vt", "/media/a.mp4", "Opening", 500, "rtsp://cam/sub")
    assert do(after, "EditSource", source="vt", proxy_url="").setup.source("vt").proxy_url == ""
    assert do(after, "RemoveSource", source="vt").setup == show().setup


def test_what_is_on_air_can_not_be_removed_or_readdressed():
    assert "on air" in refuse(show(), "RemoveSource", source="cam1")
    assert "on air" in refuse(show(), "EditSource", source="cam1", url="black:")
    assert "on air" in refuse(show(), "EditSource", source="cam1", latency_ms=300)
    assert do(show(), "EditSource", source="cam1", name="Goal").setup.source("cam1").name == "Goal"
    running = do(show(), "Auto", at=1000)
    assert "on air" in refuse(running, "RemoveSource", at=1001, source="cam2")


@pytest.mark.parametrize("source", ["", "a b", "-x", "ä", "x" * 33, "a/../b", "a.b"])
def test_source_ids_are_plain(source):
    assert "no source id" in refuse(show(), "AddSource", source=source, url="black:")


def test_unknown_sources_are_named():
    for name in ("SetPreview", "SetProgram", "RemoveSource"):
        assert "'cam9'" in refuse(show(), name, source="cam9")


def test_destinations():
    after = do(show(), "AddDestination", url="rtmp://h/live/x", name="Far")
    assert "already" in refuse(after, "AddDestination", url="rtmp://h/live/x")
    assert "address such as" in refuse(after, "AddDestination", url="nowhere")
    assert do(after, "RemoveDestination", url="rtmp://h/live/x").setup.destinations == ()


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        ({}, "no command"),
        ({"command": "Explode"}, "no command 'Explode'"),
        ({"command": ["Cut"]}, "no command"),
        ({"command": "Cut", "now": 1}, "no field 'now'"),
        ({"command": "SetPreview"}, "needs 'source'"),
        ({"command": "SetPreview", "source": 7}, "'source' must be a str"),
        ({"command": "SetTransition", "rate_frames": True}, "must be a int"),
        ({"command": "SetTransition", "type": "star"}, "one of mix, dip"),
        ({"command": "AddSource", "source": "a", "url": "x\n"}, "printable"),
    ],
)
def test_what_is_no_command_is_named(message, fault):
    with pytest.raises(CommandError, match=fault):
        decode_command(message)


ids = st.sampled_from(["cam1", "cam2", "cam3", "new", "bad id", None])
maybe = st.sampled_from([True, False, None])
POINTS = st.lists(st.sampled_from([0, 1.5, -3.0, 1e300]), min_size=2, max_size=4)
INPUTS = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["psn", "free", "bad id"]),
        "protocol": st.sampled_from(["psn", "freed", "morse"]),
        "bind": st.sampled_from(["0.0.0.0:56565", "127.0.0.1:6301", "[::1]:7000", "nowhere", "h:0"]),
    },
    optional={"group": st.sampled_from(["", "236.10.10.10", "10.0.0.1"]), "offset_m": POINTS},
)
CAMERAS = st.fixed_dictionaries(
    {"source": st.sampled_from(["cam1", "cam2", "new", "nobody"]), "input": st.sampled_from(["", "psn", "free"])},
    optional={
        "position_m": POINTS,
        "lens": st.lists(
            st.fixed_dictionaries({"zoom": st.integers(0, 3), "focal": st.sampled_from([0, 1, 2.5])}), max_size=3
        ),
    },
)
ELEMENTS = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["tags", "line", ""]),
        "kind": st.sampled_from(["label", "record_line", "hat"]),
        "group": st.sampled_from(list(Group)),
        "subject": st.sampled_from(["", "*", "psn/1", "who"]),
    },
    optional={"colour": st.sampled_from(["#ffffff", "red"]), "pace": st.lists(POINTS, max_size=3)},
)
TITLES = st.none() | st.fixed_dictionaries(
    {"template": st.sampled_from(["lower-third", "", "../secret"])},
    optional={
        "fields": st.lists(
            st.fixed_dictionaries({"name": st.sampled_from(["name", ""]), "value": st.text(max_size=8)}), max_size=2
        )
    },
)
PEOPLE = st.lists(
    st.fixed_dictionaries({"subject": st.sampled_from(["psn/1", "x"]), "name": st.text(max_size=8)}), max_size=2
)
FEEDS = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["odf", "a b"]),
        "kind": st.sampled_from(["odf", "csv", "fax"]),
        "url": st.sampled_from(["http://h/x", ""]),
    }
)
fields = {
    "group": st.sampled_from([*Group, "hats"]),
    "on": maybe,
    "title": TITLES,
    "frame": st.sampled_from([None, 990, 1010, -5, 1 << 50]),
    "input": INPUTS | st.sampled_from(["psn", "free", "nobody"]),
    "camera": CAMERAS,
    "element": ELEMENTS | st.sampled_from(["tags", "line", "nobody"]),
    "people": PEOPLE,
    "share": st.sampled_from([0, 0.25, -1.0, 0.75]),
    "field": st.sampled_from(["", "athletics", "quidditch"]),
    "offset_m": st.sampled_from([[0, 0, 0], [100.0, 9.76, 0.0], [1.0], "here"]),
    "turn_deg": st.sampled_from([0, -90.0, 1e9]),
    "feed": FEEDS | st.sampled_from(["odf", "nobody"]),
    "source": ids,
    "url": st.sampled_from(["black:", "rtmp://h/a/b", "", "x"]),
    "name": st.text(max_size=90).filter(str.isprintable),
    "type": st.sampled_from([*TransitionType, None]),
    "rate_frames": st.integers(-2, 1200),
    "black": maybe,
    "keyer": st.integers(-1, 6),
    "on_air": maybe,
    "latency_ms": st.integers(-5, 6000),
    "proxy_url": st.sampled_from(["", " rtsp://cam/sub ", "x" * 20]),
}


def keyed(shown):
    """Source, title and whether it is on preview or program, of each keyer."""
    air = shown.air
    on = [preview or program for preview, program in zip(air.keyers_preview, air.keyers_on, strict=True)]
    return list(zip(shown.setup.keyers, shown.setup.titles, on, strict=True))


@st.composite
def commands(draw):
    name = draw(st.sampled_from(list(COMMANDS)))
    kind = COMMANDS[name]
    values = {key: draw(fields[key]) for key in kind.__dataclass_fields__}
    try:
        return decode_command({"command": name, **values})
    except CommandError:
        return decode_command({"command": "Cut"})


@settings(max_examples=300)
@given(st.lists(st.tuples(commands(), st.integers(0, 30)), max_size=40))
def test_whatever_is_asked_the_show_stays_whole(steps):
    history, at = History(show()), 1000
    for command, pause in steps:
        at += pause
        history = replace(history, show=settle(history.show, at))
        before = history.show
        history, result = apply(history, command, at)
        after = history.show
        known = {source.id for source in after.setup.sources}
        assert on_air(after) <= known
        assert show_from_file(show_to_file(after)) == replace(after, rev=0)
        assert all(source or title for source, title, on in keyed(after) if on), "what is keyed has a source or a title"
        assert after.air.preview is None or after.air.preview in known
        assert len(known) == len(after.setup.sources)
        if isinstance(result, Rejected):
            assert after is before
            assert result.reason
        else:
            assert after.rev == before.rev + 1
        if type(command).__name__ in ("Undo", "Redo"):
            left = {"preview": None, "keyers_preview": ()}
            assert replace(after.air, **left) == replace(before.air, **left)
        assert decode_command(encode_command(command)) == command


def test_undo_never_touches_the_air():
    history = History(show())
    history, _ = apply(history, decode_command({"command": "AddSource", "source": "vt", "url": "black:"}), 1)
    history, _ = apply(history, decode_command({"command": "SetProgram", "source": "vt"}), 100)
    history, result = apply(history, decode_command({"command": "Undo"}), 200)
    assert isinstance(result, Rejected)
    assert "'vt', which is on air" in result.reason
    history, _ = apply(history, decode_command({"command": "SetProgram", "source": "cam1"}), 300)
    history, _ = apply(history, decode_command({"command": "Undo"}), 400)
    assert history.show.setup == show().setup
    history, _ = apply(history, decode_command({"command": "Redo"}), 401)
    assert history.show.setup.source("vt") is not None

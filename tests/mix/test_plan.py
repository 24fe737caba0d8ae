"""Plans and tally."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from console.mix.plan import Lamp, MixPlan, plan, tally, title_id, title_index
from console.show.model import Air, Bus, Fade, Move, Setup, Show, Source, Transition, TransitionType
from console.show.world import Switched, Title

SETUP = Setup(sources=tuple(Source(i, "black:", i) for i in "abk"), keyers=("k", None, None, None))


def show(**air):
    return Show(SETUP, Air(**{"program": "a", "preview": "b"} | air))


def test_plain_program_and_preview():
    assert plan(show(), Bus.PROGRAM, 5) == MixPlan(base="a")
    assert plan(show(), Bus.PREVIEW, 5) == MixPlan(base="b")


def test_a_mix_weighs_both_and_so_does_the_sound():
    moving = show(move=Move("b", 100, Transition(TransitionType.MIX, 4)))
    assert [plan(moving, Bus.PROGRAM, at).mix for at in range(99, 104)] == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert plan(moving, Bus.PROGRAM, 100).gains == {"a": 0.75, "b": 0.25}
    assert plan(moving, Bus.PROGRAM, 103).sources == {"b"}


def test_a_dip_is_black_in_the_middle():
    moving = show(move=Move("b", 100, Transition(TransitionType.DIP, 4)))
    plans = [plan(moving, Bus.PROGRAM, at) for at in range(100, 104)]
    assert [(one.base, one.dip) for one in plans] == [("a", 0.5), ("b", 1.0), ("b", 0.5), ("b", 0.0)]


def test_keys_are_on_program_and_not_on_clean():
    keyed = show(keyers_on=(True, False, False, False))
    assert plan(keyed, Bus.PROGRAM, 1).keys == ("k",)
    assert plan(keyed, Bus.CLEAN, 1).keys == ()


def test_tally_is_what_is_seen():
    keyed = show(keyers_on=(True, False, False, False))
    assert tally(plan(keyed, Bus.PROGRAM, 1), plan(keyed, Bus.PREVIEW, 1)) == {
        "a": Lamp.PROGRAM,
        "k": Lamp.PROGRAM,
        "b": Lamp.PREVIEW,
    }
    black = replace(keyed, air=replace(keyed.air, fade=Fade(True, 0, 1)))
    assert tally(plan(black, Bus.PROGRAM, 10), plan(black, Bus.PREVIEW, 10)) == {"b": Lamp.PREVIEW}


@given(st.integers(0, 40), st.sampled_from(list(TransitionType)), st.integers(1, 30))
def test_gains_never_exceed_one_and_need_a_seen_source(at, kind, rate):
    moving = plan(show(move=Move("b", 5, Transition(kind, rate)), fade=Fade(True, 20, 10)), Bus.PROGRAM, at)
    assert sum(moving.gains.values()) <= 1.0 + 1e-9
    assert moving.gains.keys() <= moving.sources


def test_a_title_is_a_key_and_no_source():
    titled = show(keyers_on=(True, True, False, False))
    titled = replace(titled, setup=replace(SETUP, titles=(None, Title("strap"), None, None)))
    program = plan(titled, Bus.PROGRAM, 1)
    assert program.keys == ("k", title_id(1))
    assert [title_index(key) for key in program.keys] == [None, 1]
    assert program.sources == {"a", "k"}
    assert program.gains == {"a": 1.0}
    assert tally(program, plan(titled, Bus.PREVIEW, 1)).keys() == {"a", "k", "b"}
    assert plan(titled, Bus.CLEAN, 1).keys == ()


def test_preview_has_the_keys_that_are_to_come():
    coming = show(keyers_on=(False, False, True, False), keyers_preview=(True, True, False, False))
    assert plan(coming, Bus.PREVIEW, 1).keys == ("k",)
    assert tally(plan(coming, Bus.PROGRAM, 1), plan(coming, Bus.PREVIEW, 1)) == {
        "a": Lamp.PROGRAM,
        "b": Lamp.PREVIEW,
        "k": Lamp.PREVIEW,
    }


def test_graphics_in_the_world_are_laid_over_until_they_have_faded():
    off = (Switched(),) * 3
    assert not any(plan(show(), bus, 1000).overlay for bus in Bus)
    on = show(tracked=(*off, Switched(True, 900)))
    assert [plan(on, bus, 1000).overlay for bus in Bus] == [True, True, False]
    out = show(tracked=(Switched(False, 900), *off))
    assert [plan(out, Bus.PROGRAM, at).overlay for at in (900, 949, 950)] == [True, True, False]


def test_what_carries_graphics_is_what_is_seen_under_the_keys():
    moving = MixPlan(base="a", over="b", mix=0.5, keys=("k",), overlay=True)
    assert moving.overlaid == {"a", "b"}
    assert replace(moving, mix=1.0).overlaid == {"b"}
    assert replace(moving, overlay=False).overlaid == replace(moving, dip=1.0).overlaid == frozenset()
    assert replace(moving, black=1.0).overlaid == frozenset()

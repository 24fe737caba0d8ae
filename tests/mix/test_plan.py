"""Plans and tally."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from console.mix.plan import Lamp, MixPlan, plan, tally
from console.show.model import Air, Bus, Fade, Move, Setup, Show, Source, Transition, TransitionType

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

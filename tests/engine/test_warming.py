"""Hot cuts on a virtual clock: program never shows a source before it is ready, and waits for it only so long."""

import itertools

import pytest

from tests.engine.stage import LEVELS, Stage


@pytest.fixture
def stage(tmp_path):
    """cam1 on program, cam2 on preview, cam3 on no bus and given nothing by the budget."""
    made = Stage(tmp_path / "stage")
    made.engine.inbox.append({"tiers": {"cam3": 2}, "preview": 4})
    return made


def cut_frames(stage):
    return [b for (_, a, _), (b, level, _) in itertools.pairwise(stage.shown) if level != a]


def acked(stage):
    return [answer["ack"]["frame"] - stage.first for answer in stage.answers()]


@pytest.mark.parametrize("frames", [1, 2, 7, 14])
def test_a_hot_cut_waits_until_every_picture_is_there(stage, frames):
    stage.cameras["cam3"].asleep_frames = frames
    stage.play(100, lambda n: stage.ask("SetProgram", source="cam3") if n == 50 else None)
    # Frame 50 asks, the camera is whole `frames` later.
    assert acked(stage) == [50 + frames]
    assert cut_frames(stage) == [stage.first + 50 + frames]
    after = [code for frame, level, code in stage.shown if level == LEVELS["cam3"]]
    assert all((b - a) % 200 == 1 for a, b in itertools.pairwise(after))


def test_the_wait_is_bounded_and_then_the_director_is_obeyed(stage):
    stage.cameras["cam3"].asleep_frames = 40
    stage.play(120, lambda n: stage.ask("SetProgram", source="cam3") if n == 50 else None)
    assert acked(stage) == [75]


def test_a_source_on_preview_is_taken_at_once(stage):
    stage.cameras["cam3"].asleep_frames = 5

    def script(n):
        if n == 30:
            stage.ask("SetPreview", source="cam3")
        if n == 40:
            stage.ask("Cut")

    stage.play(80, script)
    assert acked(stage) == [30, 40]


def test_a_mix_waits_too_and_what_comes_after_keeps_its_place(stage):
    stage.cameras["cam3"].asleep_frames = 5

    def script(n):
        if n == 50:
            stage.ask("SetPreview", source="cam3")
            stage.engine.inbox.append({"id": "mix", "command": "Auto"})
        if n == 52:
            stage.engine.inbox.append({"id": "behind", "command": "SetPreview", "source": "cam2"})

    stage.play(120, script)
    preview, auto, behind = acked(stage)
    assert preview == 50
    assert auto == 55
    assert behind == 55


def test_an_order_that_names_its_frame_is_foreseen_and_never_late(stage):
    stage.cameras["cam3"].asleep_frames = 12

    def script(n):
        if n == 20:
            stage.ask("SetProgram", source="cam3", at=stage.first + 60)

    stage.play(100, script)
    assert acked(stage) == [60]
    assert cut_frames(stage) == [stage.first + 60]


def test_an_order_that_names_its_frame_is_not_held_up_by_one_that_waits(stage):
    stage.cameras["cam3"].asleep_frames = 10

    def script(n):
        if n == 50:
            stage.ask("SetProgram", source="cam3")
        if n == 40:
            stage.engine.inbox.append({"id": "named", "command": "FadeToBlack", "at": stage.first + 55})

    stage.play(100, script)
    assert acked(stage) == [55, 60]


def test_a_dead_source_is_not_waited_for(stage):
    stage.cameras["cam3"].asleep_frames = 5

    def script(n):
        if n == 10:
            stage.cameras["cam3"].alive = False
        if n == 80:
            stage.ask("SetProgram", source="cam3")

    stage.play(120, script)
    assert acked(stage) == [80]


def test_a_refused_order_is_answered_at_once(stage):
    stage.cameras["cam3"].asleep_frames = 9
    stage.play(60, lambda n: stage.ask("SetProgram", source="nobody") if n == 50 else None)
    assert len(stage.answers()) == 1
    assert "reject" in stage.answers()[0]


def test_what_rests_on_purpose_lives_and_says_how_soon_it_could_be_on(stage):
    stage.cameras["cam3"].asleep_frames = 6
    stage.play(100)
    feeds = stage.engine.feeds
    assert str(feeds.get("cam3").picked.state) == "live"
    assert feeds.get("cam3").frames.counters.duplicate == 0
    assert [feeds.hot_in_frames(name) for name in ("cam1", "cam2", "cam3", "nobody")] == [0, 0, 6, None]

"""The engine on a virtual clock: every frame once, cuts where they are said to be, the same script the same journal."""

import itertools

import numpy as np
import pytest

from console.engine.journal import replay
from console.media.time import RATES, Format
from console.media.tone import heard
from console.show.history import History
from console.show.reduce import settle
from tests.engine.stage import LEVELS, Stage, random_script


@pytest.fixture
def stage(tmp_path):
    return Stage(tmp_path / "stage")


def test_every_frame_is_on_air_once_with_every_picture_of_its_source(stage):
    cadence = stage.play(500)
    numbers = [frame for frame, _, _ in stage.shown]
    assert numbers == list(range(stage.first, stage.first + 500))
    assert {level for _, level, _ in stage.shown} == {LEVELS["cam1"]}
    assert all((b - a) % 200 == 1 for (_, _, a), (_, _, b) in itertools.pairwise(stage.shown))
    assert (cadence.frames, cadence.late_ticks, cadence.torn, cadence.faults) == (500, 0, 0, 0)


def test_a_cut_is_on_air_at_the_frame_it_names_and_changes_one_picture(stage):
    stage.play(200, lambda n: stage.ask("Cut") if n % 40 == 0 else None)
    acks = [answer["ack"]["frame"] for answer in stage.answers()]
    assert len(acks) == 4
    assert [ack - stage.first for ack in acks] == [40, 80, 120, 160]
    changes = [b for (_, a, _), (b, level, _) in itertools.pairwise(stage.shown) if level != a]
    assert changes == acks


def test_commands_for_a_frame_land_together_on_it(stage):
    at = stage.first + 60

    def script(n):
        if n == 10:
            stage.ask("SetPreview", source="cam3", at=at)
            stage.engine.inbox.append({"id": "late one", "command": "Cut", "at": at})

    stage.play(100, script)
    assert [answer["ack"]["frame"] for answer in stage.answers()] == [at, at]
    assert stage.level_at(at) == LEVELS["cam3"]
    assert stage.level_at(at - 1) == LEVELS["cam1"]


def test_a_frame_that_has_passed_is_refused(stage):
    stage.play(10, lambda n: stage.ask("Cut", at=stage.first) if n == 5 else None)
    assert "has passed" in stage.answers()[0]["reject"]["reason"]


def test_the_same_id_twice_acts_once(stage):
    def script(n):
        if n in (10, 11, 40):
            stage.engine.inbox.append({"id": "one", "command": "Cut"})

    stage.play(60, script)
    answers = stage.answers()
    assert len(answers) == 3
    assert answers[0] == answers[1] == answers[2]
    assert stage.engine.show.air.program == "cam2"


def test_a_mix_goes_over_the_frames_it_was_given(stage):
    stage.ask("SetTransition", rate_frames=10)
    stage.play(60, lambda n: stage.ask("Auto") if n == 20 else None)
    start = stage.answers()[1]["ack"]["frame"]
    levels = [stage.level_at(start + n) for n in range(-1, 11)]
    assert levels == [60, 66, 72, 78, 84, 90, 96, 102, 108, 114, 120, 120]
    assert stage.engine.show.air.move is None


def test_sound_follows_the_picture_without_a_hole(stage):
    stage.play(150, lambda n: stage.ask("Cut") if n == 75 else None)
    sound = stage.sound()
    assert len(sound) == 150 * 960
    assert heard(sound[10_000:15_000, 0]) == 1
    assert heard(sound[90_000:95_000, 0]) == 2
    assert np.abs(np.diff(sound[5_000:, 0])).max() < 0.06, "no click"


@pytest.mark.expects_log
def test_a_late_wake_repeats_pictures_and_keeps_time(stage):
    cadence = stage.play(100, before_wake=lambda n: stage.clock.advance(70_000_000) if n == 50 else None)
    numbers = [frame for frame, _, _ in stage.shown]
    assert numbers == list(range(stage.first, numbers[-1] + 1)), "no frame is missing"
    assert cadence.late_ticks == 2
    assert len(stage.sound()) == len(numbers) * 960


@pytest.mark.expects_log
def test_a_long_pause_is_a_gap_and_not_a_burst(stage):
    cadence = stage.play(100, before_wake=lambda n: stage.clock.advance(3_000_000_000) if n == 50 else None)
    numbers = [frame for frame, _, _ in stage.shown]
    gaps = [b - a - 1 for a, b in itertools.pairwise(numbers) if b != a + 1]
    assert gaps == [cadence.gap_frames]
    assert cadence.gap_frames == cadence.late_ticks - 25


def test_with_no_source_at_all_it_is_on_air_with_black_and_silence(tmp_path):
    stage = Stage(tmp_path / "empty", history=History())
    stage.cameras = {}
    stage.play(20)
    assert [(level, chroma) for _, level, chroma in stage.shown] == [(16, 128)] * 20
    assert not stage.sound().any()


def test_a_source_that_dies_is_held_then_slated_and_comes_back_by_itself(stage):
    def script(n):
        if n in (100, 500):
            stage.cameras["cam1"].alive = n == 500

    stage.play(700, script)
    levels = [level for _, level, _ in stage.shown]
    assert levels[130] == LEVELS["cam1"], "held"
    assert levels[400] == 44, "the slate's grey"
    assert levels[-1] == LEVELS["cam1"]
    assert [frame for frame, _, _ in stage.shown] == list(range(stage.first, stage.first + 700))
    events = (stage.directory / "journal.jsonl").read_text()
    assert "SourceLost" in events
    assert "SourceReturned" in events


@pytest.mark.expects_log
def test_a_fault_in_one_frame_repeats_the_last_and_the_show_goes_on(stage):
    find = stage.engine._find

    def broken(source):
        if stage.shown and stage.shown[-1][0] == stage.first + 20:
            raise RuntimeError("a plug broke")
        return find(source)

    stage.engine._find = broken
    cadence = stage.play(50)
    assert cadence.faults == 1
    assert [frame for frame, _, _ in stage.shown] == list(range(stage.first, stage.first + 50))
    assert stage.shown[21][2] == stage.shown[20][2]
    assert stage.shown[22][2] == stage.shown[20][2] + 2


def test_preview_is_drawn_only_while_somebody_looks(stage):
    stage.play(20)
    assert stage.preview.count == 0
    stage.preview.ask(1, stage.clock.now())
    stage.play(20)
    assert stage.preview.count == 20
    assert stage.preview.picture(stage.preview.count - 1).y[0, 0] == LEVELS["cam2"]


@pytest.mark.parametrize("rate", ["23.976", "29.97", "59.94"])
def test_odd_rates_keep_exact_time(tmp_path, rate):
    stage = Stage(tmp_path / "odd", Format(640, 360, RATES[rate]))
    stage.play(300)
    expected = stage.rate.first_sample(stage.first + 300) - stage.rate.first_sample(stage.first)
    assert len(stage.sound()) == expected
    assert len(stage.shown) == 300


def test_ten_minutes_of_show_twice_give_the_same_journal_and_the_journal_gives_the_show(tmp_path):
    journals = []
    for take in ("one", "two"):
        stage = Stage(tmp_path / take, Format(640, 360, RATES["25"]))
        stage.play(15_000, random_script(stage, 7))
        journals.append((tmp_path / take / "journal.jsonl").read_bytes())
        replayed = replay(tmp_path / take / "journal.jsonl")
        last = stage.shown[-1][0]
        again = settle(replayed.history.show, last)
        assert (again.setup, again.air) == (stage.engine.show.setup, stage.engine.show.air)
        assert len(replayed.history.past) == len(stage.engine._history.past)
        assert [frame for frame, _, _ in stage.shown] == list(range(stage.first, last + 1))
    assert journals[0] == journals[1]
    assert journals[0].count(b'"Commanded"') > 100


@pytest.mark.expects_log
def test_a_journal_that_was_torn_is_read_as_far_as_it_goes(stage):
    stage.play(100, lambda n: stage.ask("Cut") if n == 50 else None)
    path = stage.directory / "journal.jsonl"
    path.write_bytes(path.read_bytes() + b'{"event":"Commanded","frame":12,"comm')
    replayed = replay(path)
    assert replayed.history.show.air.program == "cam2"
    assert not replayed.ended

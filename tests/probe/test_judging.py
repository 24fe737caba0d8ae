"""The judging core on made-up readings: what was injected must be found, exactly, and nothing else."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.media.barcode import FRAME_NUMBERS, Code
from console.media.time import FLICKS_PER_SECOND, RATES, SAMPLE_RATE, Rate
from console.probe.grid import estimate_rate
from console.probe.judging import judge_readings
from console.probe.readings import WINDOW_SAMPLES, Beep, Heard, Look
from console.probe.verdict import Verdict

P50 = RATES["50"]
MIDNIGHT = 89_500_000_000
"""Some absolute frame number of this century at 50 fps."""


def looks_of(numbers: list[int | None], *, rate: Rate = P50, frame: int = MIDNIGHT, source: int = 3) -> list[Look]:
    return [
        Look(rate.start_flicks(frame + i), None if number is None else Code(source, number))
        for i, number in enumerate(numbers)
    ]


def totals(verdict: Verdict) -> tuple[int, int, int, int]:
    return verdict.lost, verdict.doubled, verdict.skipped, verdict.out_of_order


FULL = {"rate": P50, "source_rate": P50}


@given(start=st.integers(0, 1 << 23), count=st.integers(1, 300), rate=st.sampled_from(sorted(RATES)))
def test_a_perfect_program_is_clean(start: int, count: int, rate: str) -> None:
    looks = looks_of(list(range(start, start + count)), rate=RATES[rate])
    verdict = judge_readings(looks, rate=RATES[rate], source_rate=RATES[rate])
    assert totals(verdict) == (0, 0, 0, 0)
    assert verdict.pictures == verdict.expected == count
    assert (verdict.first_frame, verdict.last_frame) == (MIDNIGHT, MIDNIGHT + count - 1)
    assert [(run.first, run.last, run.count) for run in verdict.runs] == [(start, start + count - 1, count)]
    assert verdict.faults() == []


@given(lost=st.sets(st.integers(1, 198)), swapped=st.sets(st.integers(0, 49)))
def test_lost_program_frames_and_swapped_pictures_are_counted_apart(lost: set[int], swapped: set[int]) -> None:
    numbers = list(range(1000, 1200))
    for pair in swapped:
        numbers[4 * pair + 1], numbers[4 * pair + 2] = numbers[4 * pair + 2], numbers[4 * pair + 1]
    lost = {n for n in lost if n // 4 not in swapped}
    looks = [look for i, look in enumerate(looks_of(numbers)) if i not in lost]
    verdict = judge_readings(looks, **FULL)
    assert totals(verdict) == (len(lost), 0, 0, len(swapped))
    missing = [gap.frame - MIDNIGHT + i for gap in verdict.gaps for i in range(gap.count)]
    assert missing == sorted(lost)


@given(st.lists(st.sampled_from(["next", "next", "next", "double", "skip"]), max_size=300))
def test_doubles_and_skips_are_counted(steps: list[str]) -> None:
    numbers = [500]
    for step in steps:
        numbers.append(numbers[-1] + {"next": 1, "double": 0, "skip": 2}[step])
    verdict = judge_readings(looks_of(numbers), **FULL)
    assert totals(verdict) == (0, steps.count("double"), steps.count("skip"), 0)


@given(
    repeats=st.sets(st.integers(20, 180), max_size=5),
    cadence=st.sampled_from([(25, 50), (30, 50), (24, 25), (50, 25), (60, 50), (30, 60), (25, 60)]),
)
def test_a_source_of_another_rate_is_no_fault_but_its_repeats_are(repeats: set[int], cadence: tuple[int, int]) -> None:
    source, program = (Rate(fps) for fps in cadence)
    numbers, shift = [], 0
    for n in range(240):
        shift += n in repeats
        numbers.append((n - shift) * source.num // program.num)
    verdict = judge_readings(looks_of(numbers, rate=program), rate=program, source_rate=source)
    assert totals(verdict) == (0, len(repeats), 0, 0)


@pytest.mark.parametrize(("source", "program"), [(25, 50), (24, 50), (30, 50), (60, 50), (50, 25), (24, 25), (25, 60)])
def test_the_cadence_is_found_out(source: int, program: int) -> None:
    rate = Rate(program)
    verdict = judge_readings(looks_of([n * source // program for n in range(400)], rate=rate), rate=rate)
    assert totals(verdict) == (0, 0, 0, 0)
    assert verdict.runs[0].cadence not in ("1", "")


@pytest.mark.parametrize("every", [2, 3, 7, 26])
def test_real_faults_are_not_explained_away_as_a_cadence(every: int) -> None:
    numbers, number = [], 100
    for n in range(300):
        number += 1 if (n * n + n // 5) % every else 0
        numbers.append(number)
    doubled = len(numbers) - len(set(numbers))
    assert judge_readings(looks_of(numbers), rate=P50).doubled == doubled > 3


def test_one_double_in_a_long_run_is_not_a_drifting_clock() -> None:
    numbers = [*range(1001), *range(1000, 3000)]
    assert judge_readings(looks_of(numbers), rate=P50).doubled == 1


@given(length=st.integers(100, 500), start=st.integers(0, 99), told=st.booleans())
def test_a_looping_clip_wraps_without_a_fault(length: int, start: int, told: bool) -> None:
    numbers = [(start + n) % length for n in range(2 * length)]
    verdict = judge_readings(looks_of(numbers), **FULL, loop_frames=length if told else None)
    assert totals(verdict) == (0, 0, 0, 0)
    assert len(verdict.runs) == 1


def test_a_picture_skipped_at_the_loop_point_is_found_from_the_other_wraps() -> None:
    numbers = [n % 200 for n in range(1002) if n not in (399, 400)]
    assert totals(judge_readings(looks_of(numbers), **FULL)) == (0, 0, 2, 0)


def test_the_number_wraps_at_24_bits() -> None:
    numbers = [(FRAME_NUMBERS - 10 + n) % FRAME_NUMBERS for n in range(20)]
    assert totals(judge_readings(looks_of(numbers), **FULL)) == (0, 0, 0, 0)


def test_a_jump_back_starts_a_run_and_counts_once() -> None:
    verdict = judge_readings(looks_of([*range(1000, 1100), *range(900, 1000)]), **FULL)
    assert totals(verdict) == (0, 0, 0, 1)
    assert [run.first for run in verdict.runs] == [1000, 900]


def test_cuts_are_named_by_the_first_frame_of_the_new_source() -> None:
    looks = [
        Look(P50.start_flicks(MIDNIGHT + n), Code(1 + n // 50 % 3, 7000 + n)) for n in range(200) if not 98 <= n < 103
    ]
    looks += [Look(P50.start_flicks(MIDNIGHT + 200 + n), None) for n in range(12)]
    looks += [Look(P50.start_flicks(MIDNIGHT + 212 + n), Code(9, 212 + n)) for n in range(30)]
    verdict = judge_readings(looks, **FULL)
    found = [(cut.frame - MIDNIGHT, cut.before, cut.after, cut.unreadable) for cut in verdict.cuts]
    assert found == [(50, 1, 2, 0), (103, 2, 3, 0), (150, 3, 1, 0), (212, 1, 9, 12)]
    assert totals(verdict) == (5, 0, 0, 0)
    assert verdict.unreadable == 12
    assert json.loads(json.dumps(verdict.to_json()))["cuts"][0] == {
        "frame": MIDNIGHT + 50,
        "from": 1,
        "to": 2,
        "unreadable": 0,
    }
    assert "after 12 mixed pictures" in verdict.table()


def test_unreadable_pictures_inside_a_run_are_no_slip() -> None:
    numbers: list[int | None] = list(range(100))
    numbers[40:50] = [None] * 10
    verdict = judge_readings(looks_of(numbers), **FULL)
    assert totals(verdict) == (0, 0, 0, 0)
    assert verdict.unreadable == 10
    assert len(verdict.runs) == 1


def test_a_segment_delivered_twice_is_doubled_once_per_picture() -> None:
    looks = looks_of(list(range(200)))
    verdict = judge_readings([*looks[:100], *looks[50:]], **FULL)
    assert totals(verdict) == (0, 50, 0, 0)


def test_time_stamps_out_of_order_are_counted() -> None:
    looks = looks_of(list(range(10)))
    looks[4], looks[5] = looks[5], looks[4]
    assert totals(judge_readings(looks, **FULL)) == (0, 0, 0, 1)


@pytest.mark.parametrize("name", sorted(set(RATES) - {"23.98"}))
@pytest.mark.parametrize("ticks_per_second", [1000, 90_000])
def test_the_rate_is_told_from_rounded_stamps(name: str, ticks_per_second: int) -> None:
    rate = RATES[name]
    tick = FLICKS_PER_SECOND // ticks_per_second
    frames = [n for n in range(900) if n % 97]
    assert estimate_rate([rate.start_flicks(n) // tick * tick for n in frames]) == rate


def test_hostile_stamps_cost_nothing() -> None:
    looks = [Look(0, None), Look(1 << 90, None), Look(-(1 << 90), None), Look(0, None)]
    verdict = judge_readings(looks)
    assert verdict.pictures == 4
    assert verdict.lost > 1 << 40
    assert judge_readings([]).expected == 0
    assert "clean" in judge_readings([]).table()


def sound_of(sources: list[int | None], *, at: int = MIDNIGHT) -> list[Heard]:
    window = FLICKS_PER_SECOND // SAMPLE_RATE * WINDOW_SAMPLES
    return [Heard(P50.start_flicks(at) + i * window, source, source is None) for i, source in enumerate(sources)]


def test_sound_of_another_source_is_a_mismatch_except_around_the_cut() -> None:
    looks = [Look(P50.start_flicks(MIDNIGHT + n), Code(1 + n // 100, n)) for n in range(200)]
    right = sound_of([1] * 41 + [2] * 39)
    verdict = judge_readings(looks, right, **FULL)
    assert verdict.sound_mismatched == 0
    assert 60 < verdict.sound_checked < 80
    wrong = judge_readings(looks, sound_of([1] * 20 + [5] * 3 + [None] * 2 + [1] * 15 + [2] * 40), **FULL)
    assert wrong.sound_mismatched == 5
    assert wrong.silence_ms == 100
    assert any("wrong sound" in fault for fault in wrong.faults())


def test_somebodys_own_sound_is_not_judged() -> None:
    heard = [window._replace(silent=False) for window in sound_of([None] * 40)]
    assert judge_readings(looks_of(list(range(100))), heard, **FULL).sound_checked == 0


@given(offset_us=st.integers(-400_000, 400_000), start=st.integers(0, 10_000), name=st.sampled_from(sorted(RATES)))
def test_the_offset_of_sound_is_measured_at_every_rate(offset_us: int, start: int, name: str) -> None:
    rate = RATES[name]
    count = int(4 * rate.fps)
    frame = MIDNIGHT - start  # the source's own time begins here
    looks = looks_of(list(range(start, start + count)), rate=rate)
    first, last = looks[0].pts, looks[-1].pts
    seconds = [rate.start_flicks(frame) + s * FLICKS_PER_SECOND for s in range(1000)]
    beeps = [Beep(s + offset_us * FLICKS_PER_SECOND // 1_000_000, 3) for s in seconds]
    beeps = [beep for beep in beeps if first < beep.pts < last]
    verdict = judge_readings(looks, [], beeps, rate=rate, source_rate=rate)
    assert verdict.beeps == len(beeps) >= 3
    assert verdict.av_offset_ms == pytest.approx(offset_us / 1000, abs=0.01)
    assert bool(verdict.faults()) == (abs(verdict.av_offset_ms) > 20)


def test_freezes_are_added_up() -> None:
    looks = looks_of([*range(50), *[49] * 49, *range(99, 140)])
    looks = [look._replace(same=50 <= i < 99) for i, look in enumerate(looks)]
    assert judge_readings(looks, **FULL).freeze_ms == 1000

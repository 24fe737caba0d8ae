"""The probe on real files: encoded, written, read back."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from console.errors import ConsoleError
from console.media.barcode import Code
from console.media.time import parse_format
from console.probe.judge import judge
from tests.burnt_program import FIRST_SEGMENT, P25, P50, make_program, write_file


@pytest.fixture(scope="session")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_file(tmp_path_factory.mktemp("clean") / "clean.mp4", 200)


def test_a_clean_file_is_clean(clean: Path) -> None:
    verdict = judge(clean, seconds=60)
    assert verdict.faults() == []
    assert (verdict.rate, verdict.pictures, verdict.expected) == ("50", 200, 200)
    assert [(run.source, run.first, run.last, run.count) for run in verdict.runs] == [(3, 1000, 1199, 200)]
    assert verdict.beeps >= 3
    assert verdict.av_offset_ms == pytest.approx(0, abs=1.0)
    assert verdict.sound_checked > 60
    assert verdict.video is not None
    assert "640x360" in verdict.video.detail
    assert verdict.audio is not None
    assert verdict.audio.codec.startswith("aac")


def shown(n: int) -> Code | None:
    """Source 1, a held picture, a black second, source 2."""
    if n < 60:
        return Code(1, 500 + n - (n >= 40))
    return None if n < 90 else Code(2, 7000 + n)


def test_what_is_wrong_is_found(tmp_path: Path) -> None:
    path = write_file(tmp_path / "bad.mp4", 200, shown=shown, leave_out=[100, 101, 150])
    verdict = judge(path)
    assert (verdict.lost, verdict.doubled, verdict.skipped, verdict.out_of_order) == (3, 1, 0, 0)
    assert [(gap.frame, gap.count) for gap in verdict.gaps] == [(100, 2), (150, 1)]
    assert [(cut.frame, cut.before, cut.after, cut.unreadable) for cut in verdict.cuts] == [(90, 1, 2, 30)]
    assert verdict.black == 30
    assert verdict.freeze_ms == 600  # the black pictures stand still
    assert 500 <= verdict.silence_ms <= 650
    assert json.loads(json.dumps(verdict.to_json()))["faults"] == verdict.faults() != []


@pytest.mark.parametrize("late_samples", [0, 960, 7200])
def test_late_sound_is_measured(tmp_path: Path, late_samples: int) -> None:
    path = write_file(tmp_path / "late.mp4", 150, fmt=P50, late_samples=late_samples)
    assert judge(path).av_offset_ms == pytest.approx(late_samples / 48, abs=1.0)


@pytest.mark.parametrize("name", ["640x360p59.94", "640x360p23.976"])
def test_other_rates(tmp_path: Path, name: str) -> None:
    verdict = judge(write_file(tmp_path / "rate.mkv", 120, fmt=parse_format(name)))
    assert verdict.faults() == []
    assert verdict.rate == str(parse_format(name).rate)
    assert verdict.av_offset_ms == pytest.approx(0, abs=1.5)


def test_no_sound_and_no_codes_are_said(tmp_path: Path) -> None:
    path = write_file(tmp_path / "mute.mp4", 30, shown=lambda n: None, sound=False)
    verdict = judge(path)
    assert verdict.black == verdict.pictures == 30
    assert verdict.audio is None
    assert len(verdict.notes) == 2


def test_a_truncated_file_is_read_as_far_as_it_goes(clean: Path, tmp_path: Path) -> None:
    source = write_file(tmp_path / "whole.mkv", 100)
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(source.read_bytes()[: source.stat().st_size // 2])
    verdict = judge(cut)
    assert 10 < verdict.pictures < 100
    short = tmp_path / "short.mp4"  # its index was at the end
    short.write_bytes(clean.read_bytes()[:20_000])
    with pytest.raises(ConsoleError, match=r"short\.mp4 can't be read as media"):
        judge(short)


@pytest.mark.parametrize("body", [b"", b"just text", bytes(100_000), b"\x00\x00\x00\x18ftypmp42" + b"\xff" * 5000])
def test_what_is_no_media_is_refused_in_one_sentence(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "no.mp4"
    path.write_bytes(body)
    with pytest.raises(ConsoleError) as caught:
        judge(path)
    assert "no.mp4" in caught.value.sentence
    assert caught.value.remedy
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["missing.mp4", "concat:a|b.mp4", "."])
def test_what_is_not_there_is_said(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConsoleError):
        judge(name)


def store_of(tmp_path: Path, segments: int = 3) -> Path:
    program = make_program(segments)
    for kind, track in (("video", program.video), ("audio", program.audio)):
        (tmp_path / "show" / kind).mkdir(parents=True)
        (tmp_path / "show" / kind / "init-0123456789ab.mp4").write_bytes(track.header)
        for number, data in track.segments.items():
            (tmp_path / "show" / kind / f"{number}.m4s").write_bytes(data)
    return tmp_path / "show"


def test_a_channel_of_a_store_is_read_with_absolute_frame_numbers(tmp_path: Path) -> None:
    verdict = judge(store_of(tmp_path))
    assert verdict.faults() == []
    assert verdict.first_frame == FIRST_SEGMENT * P25.rate.gop_frames
    assert verdict.pictures == 150
    assert verdict.av_offset_ms == pytest.approx(0, abs=1.0)
    (tmp_path / "show" / "video" / f"{FIRST_SEGMENT + 1}.m4s").unlink()
    verdict = judge(tmp_path / "show")
    assert verdict.lost == 50
    assert [(gap.frame, gap.count) for gap in verdict.gaps] == [((FIRST_SEGMENT + 1) * 50, 50)]
    assert (verdict.doubled, verdict.skipped) == (0, 0)
    with pytest.raises(ConsoleError, match="one channel: show"):
        judge(tmp_path)
    shutil.rmtree(tmp_path / "show" / "video")
    assert judge(tmp_path / "show").pictures == 0

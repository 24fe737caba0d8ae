"""Export: exactly the frames that were asked for, the sound in step, gaps kept, and errors that help."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from console.errors import ConsoleError
from console.media import tone
from console.media.time import parse_format
from console.outputs.export import export
from tests.outputs.made import make_log
from tests.outputs.reading_back import heard, onsets, seen

FMT = parse_format("640x360p50")
FIRST = 89_700_000_060
LONG_GAP = range(FIRST + 250, FIRST + 330)


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """440 frames from the middle of a segment on, with one short and one long hole."""
    directory = tmp_path_factory.mktemp("log")
    frames = [n for n in range(FIRST, FIRST + 440) if n not in range(FIRST + 120, FIRST + 123) and n not in LONG_GAP]
    make_log(directory, FMT, frames)
    return directory, frames


@pytest.mark.parametrize(
    ("first", "last"), [(None, None), (0, 100), (40, 139), (41, 41), (77, 245), (130, 400), (331, 439), (260, 340)]
)
def test_the_file_shows_exactly_what_was_asked_for(log, tmp_path, first, last):
    directory, frames = log
    out = tmp_path / "out.mp4"
    begin = FIRST if first is None else FIRST + first
    end = FIRST + 439 if last is None else FIRST + last
    result = export(directory, out, None if first is None else begin, None if last is None else end)
    wanted = [n for n in frames if begin <= n <= end]
    picture = seen(out)
    assert picture.codes == [n % (1 << 24) for n in wanted]
    assert [round(time * 50) for time in picture.times] == [n - wanted[0] for n in wanted]
    assert (result["first"], result["last"], result["frames"]) == (wanted[0], wanted[-1], len(wanted))
    assert result["missing"] == wanted[-1] - wanted[0] + 1 - len(wanted)
    assert result["bytes"] == out.stat().st_size
    if len(wanted) < 60:
        return
    start, sound = heard(out)
    assert len(sound) / 48_000 + start == pytest.approx((wanted[-1] - wanted[0] + 1) / 50, abs=0.03)
    begin_sample = FMT.rate.first_sample(wanted[0])
    beeps = [s + begin_sample + round(start * 48_000) for s in onsets(sound, (tone.QUIET + tone.LOUD) / 2)]
    real = [(beep, (beep + 24_000) % 48_000 - 24_000) for beep in beeps if beep - begin_sample > 24_000]
    real = [offset for beep, offset in real if beep // 960 not in range(LONG_GAP.start - 3, LONG_GAP.stop + 3)]
    assert real
    assert all(abs(offset) < 240 for offset in real), "sound within 5 ms of the picture, behind the gaps too"


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
def test_a_foreign_player_agrees(log, tmp_path):
    out = tmp_path / "out.mp4"
    export(log[0], out, FIRST + 41, FIRST + 238)
    played = subprocess.run(
        ["ffmpeg", "-v", "warning", "-i", str(out), "-fps_mode", "passthrough", "-f", "framemd5", "-"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert played.stderr == ""
    pictures = [line for line in played.stdout.splitlines() if line.startswith("0,")]
    assert len(pictures) == 198 - 3
    probed = subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "stream=codec_tag_string", "-of", "csv=p=0", str(out)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert probed.stdout.split() == ["avc1", "mp4a"]
    head = out.read_bytes()[:4096]
    assert head.find(b"moov") < head.find(b"mdat") or b"mdat" not in head, "the index is in front"


def test_a_log_that_was_never_finished_is_exported_to_its_last_whole_chunk(tmp_path):
    writer = make_log(tmp_path / "log", FMT, range(FIRST, FIRST + 75), finish=False)
    writer.close()
    assert export(tmp_path / "log", tmp_path / "out.mp4")["frames"] == 70
    assert seen(tmp_path / "out.mp4").codes == [n % (1 << 24) for n in range(FIRST, FIRST + 70)]


@pytest.mark.parametrize(
    ("first", "last", "sentence"),
    [
        (FIRST - 1, None, "is not in the log"),
        (None, FIRST + 440, "is not in the log"),
        (FIRST + 9, FIRST + 8, "comes after"),
        (LONG_GAP[3], LONG_GAP[9], "they lie in a gap"),
    ],
)
def test_frames_that_are_not_there(log, tmp_path, first, last, sentence):
    with pytest.raises(ConsoleError, match=sentence) as caught:
        export(log[0], tmp_path / "out.mp4", first, last)
    assert caught.value.remedy
    assert list(tmp_path.iterdir()) == []


def test_no_log_no_overwriting_no_place_to_write(log, tmp_path):
    with pytest.raises(ConsoleError, match="There is no program log in"):
        export(tmp_path, tmp_path / "out.mp4")
    (tmp_path / "mine.mp4").write_bytes(b"precious")
    with pytest.raises(ConsoleError, match="exists already"):
        export(log[0], tmp_path / "mine.mp4")
    assert (tmp_path / "mine.mp4").read_bytes() == b"precious"
    with pytest.raises(ConsoleError, match="can't be written: No such file or directory"):
        export(log[0], tmp_path / "nowhere" / "out.mp4")


def test_a_full_disk_leaves_no_half_file(log, tmp_path):
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(ConsoleError, match="can't be written") as caught:
            export(log[0], tmp_path / "out.mp4")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "enough space" in caught.value.remedy
    assert os.listdir(tmp_path) == []

"""The cache and what is in it: whole or not there, every picture named, cheap to decode."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from demo_streams import nal_types, read_back
from waiting import wait_for

from console.demo import clips as room
from console.demo.clips import Clips, find, make, nominal
from console.errors import ConsoleError
from console.media import tone
from console.media.time import parse_format

SMALL, SECONDS = parse_format("640x360p25"), 8


def _no_progress(done: int, total: int) -> None:
    del done, total


def test_every_camera_names_every_frame(clips: Clips) -> None:
    assert clips.frames == 200
    for number, file in enumerate(clips.files, 1):
        seen = read_back(file)
        assert [code for code, _ in seen.codes] == [(number, frame) for frame in range(200)]


def test_sound_begins_with_frame_zero(clips: Clips) -> None:
    for number, file in list(enumerate(clips.files, 1))[::3]:
        seen = read_back(file)
        # The first AAC frame lacks what went before it.
        wanted = tone.tone(number, 0, SECONDS * 48_000)[2048:, 0]
        assert np.abs(seen.samples[2048 : len(wanted) + 2048] - wanted).max() < 0.02
        assert tone.heard(seen.samples[60_000:70_000]) == number


def test_two_pictures_of_three_are_needed_by_no_other(clips: Clips) -> None:
    types = nal_types(clips.files[1])
    assert types[0].key
    keys = [index for index, unit in enumerate(types) if unit.key]
    assert np.diff([*keys, 200]).max() <= 25, "a second at most between key frames"
    spare = sum(unit.ref_idc == 0 for unit in types)
    assert spare > 0.6 * len(types)


def test_key_frames_of_cameras_are_spread(clips: Clips) -> None:
    starts = [[i for i, unit in enumerate(nal_types(file)) if unit.key] for file in clips.files[:3]]
    assert len({tuple(keys) for keys in starts}) == 3


def test_streams_say_what_they_are(clips: Clips) -> None:
    with av.open(str(clips.files[0])) as media:
        video, audio = media.streams.video[0], media.streams.audio[0]
        assert (video.codec_context.name, video.width, video.height, video.pix_fmt) == ("h264", 640, 360, "yuv420p")
        assert (video.codec_context.color_range, video.codec_context.colorspace) == (1, 1)
        assert (audio.codec_context.name, audio.rate, audio.channels) == ("aac", 48000, 2)
        assert video.start_time == audio.start_time


def test_a_whole_set_is_found_at_once(clips: Clips, venue_cache: Path) -> None:
    assert find(venue_cache, SMALL, SECONDS) == clips
    again = make(venue_cache, SMALL, lambda done, total: pytest.fail("drawn again"), seconds=SECONDS)
    assert again == clips
    assert [path.name for path in venue_cache.iterdir()] == [clips.files[0].parent.name]


def test_a_drawing_that_is_killed_leaves_nothing_to_be_found(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from console.demo.clips import make;"
        "from console.media.time import parse_format;"
        "make(Path(sys.argv[1]), parse_format('640x360p25'), print, seconds=8, cameras=1)"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE) as process:
        wait_for(lambda: list(tmp_path.glob(".*/cam1.ts")), 30, "the drawing to begin")
        process.kill()
    assert find(tmp_path, SMALL, SECONDS, 1) is None
    left = list(tmp_path.glob(".640*")) + list(tmp_path.glob(".360*"))
    assert left
    made = make(tmp_path, SMALL, _no_progress, seconds=SECONDS, cameras=1)
    assert find(tmp_path, SMALL, SECONDS, 1) == made
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_other_versions_are_swept_away(tmp_path: Path, clips: Clips) -> None:
    old, other = tmp_path / "360p25-8s-v0", tmp_path / "720p50-16s-v0"
    for folder in (old, other):
        folder.mkdir()
    room._sweep(tmp_path, clips.format)
    assert not old.exists()
    assert other.exists(), "another format is another matter"


def test_a_cache_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConsoleError, match=r"can't be kept in .*file"):
        make(tmp_path / "file", SMALL, _no_progress, seconds=SECONDS)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mkdir = Path.mkdir

    def mkdir_with_full_file(self: Path, *args, **kwargs) -> None:
        mkdir(self, *args, **kwargs)
        if self.name.startswith(".360p25"):
            (self / "cam1.ts").symlink_to("/dev/full")

    monkeypatch.setattr(Path, "mkdir", mkdir_with_full_file)
    with pytest.raises(ConsoleError, match=r"cam1\.ts can't be written: No space left on device. Free space"):
        make(tmp_path, SMALL, _no_progress, seconds=SECONDS, cameras=1)
    assert list(tmp_path.iterdir()) == []


def test_a_camera_that_cannot_be_drawn_fails_the_set(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ConsoleError, match="Camera 1 of the venue could not be drawn"):
        make(tmp_path, SMALL, _no_progress, seconds=3, cameras=1)
    assert "3 s is not a multiple of 8 s" in capfd.readouterr().err
    assert list(tmp_path.iterdir()) == []
    assert os.path.isdir(tmp_path)


@pytest.mark.parametrize(
    ("asked", "drawn"), [("720p59.94", "720p60"), ("360p23.976", "360p24"), ("1080p25", "1080p25")]
)
def test_a_venue_is_drawn_at_whole_frames_per_second(asked: str, drawn: str) -> None:
    assert str(nominal(parse_format(asked))) == drawn

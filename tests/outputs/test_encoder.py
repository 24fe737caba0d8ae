"""The encoder as a real process on a real ring: killed, held up, refused by the disk; every frame is accounted for."""

from __future__ import annotations

import json
import os
import signal
import sys
from itertools import pairwise

import pytest

from console.media import tone
from console.media.time import parse_format
from console.outputs.export import export
from console.outputs.log import VIDEO, ProgramLog
from tests.outputs.on_air import Child, Feeder
from tests.outputs.reading_back import heard, onsets, seen
from tests.waiting import wait_for

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="uses kill -9 and SIGSTOP")


class Show:
    """A feeder and an encoder on one log."""

    def __init__(self, directory, name="640x360p50", slots=150, **config):
        self.format = parse_format(name)
        self.directory = directory / "log"
        self.feeder = Feeder(directory / "program.picture", self.format, slots)
        self.config = {
            "ring": str(self.feeder.path),
            "format": str(self.format),
            "log": str(self.directory),
            "preset": "ultrafast",
            "bitrate_kbps": 1500,
            "hardware": False,
        } | config
        self.encoder = Child("_encoder", self.config)

    def on_disk(self):
        """The newest frame in the log, growing segment included."""
        log = ProgramLog(self.directory)
        numbers = log.numbers(VIDEO)
        chunks = log.chunks(VIDEO, numbers[-1]) if numbers else []
        return log.time(VIDEO).sample_of(chunks[-1].time) + len(chunks[-1].sizes) - 1 if chunks else -1

    def wait_on_disk(self, frame, seconds=15.0):
        wait_for(lambda: self.on_disk() >= frame, seconds, f"frame {frame} in the log")

    def end(self):
        """Stop in order; the log."""
        self.feeder.stop()
        assert self.encoder.finish() == 0
        return ProgramLog(self.directory)

    def close(self):
        self.feeder.close()
        self.encoder.close()


@pytest.fixture
def show(tmp_path):
    shows = []

    def make(*args, **config):
        shows.append(Show(tmp_path, *args, **config))
        return shows[-1]

    yield make
    for one in shows:
        one.close()


def codes(first, last):
    return [frame % (1 << 24) for frame in range(first, last + 1)]


def test_killed_twice_it_loses_nothing_and_the_sound_has_no_seam(show, tmp_path):
    on_air = show()
    feeder, encoder = on_air.feeder, on_air.encoder
    feeder.start()
    for after in (60, 130):
        on_air.wait_on_disk(feeder.first + after)
        encoder.kill()
        encoder.start()
    on_air.wait_on_disk(feeder.first + 220)
    log = on_air.end()
    last = feeder.next - 1
    assert log.gaps == []
    assert (log.first_frame, log.last_frame, log.frames) == (feeder.first, last, last - feeder.first + 1)
    result = export(on_air.directory, tmp_path / "all.mp4")
    assert result["frames"] == log.frames
    assert seen(tmp_path / "all.mp4").codes == codes(feeder.first, last), "every number once and in order"
    start, sound = heard(tmp_path / "all.mp4")
    begin = on_air.format.rate.first_sample(feeder.first) + round(start * 48_000)
    expected = tone.tone(7, begin, len(sound))[:, 0]
    inner = slice(4096, (last - feeder.first) * 960 - 4096)
    assert abs(sound - expected)[inner].max() < 0.01, "the tone goes on through both deaths, on the sample"
    assert [e["encoder"] for e in encoder.events if e["event"] == "opened"] == ["libx264"] * 3
    status = encoder.last("log")
    assert (status["frames"], status["last_frame"], status["missing_frames"]) == (log.frames, last, 0)
    assert status["bytes"] == log.bytes
    assert status["disk_free"] > 0


def test_away_for_longer_than_the_ring_the_gap_is_exact(show, tmp_path):
    on_air = show(slots=50)
    feeder = on_air.feeder
    feeder.start()
    on_air.wait_on_disk(feeder.first + 40)
    on_air.encoder.kill()
    end = on_air.on_disk()
    wait_for(lambda: feeder.next > end + 90, 10)
    on_air.encoder.start()
    on_air.wait_on_disk(end + 100)
    log = on_air.end()
    (gap,) = log.gaps
    assert gap.first == end + 1
    assert gap.reason == "the encoder was not running"
    have = [*range(feeder.first, end + 1), *range(gap.last + 1, feeder.next)]
    assert log.frames == len(have)
    assert log.missing_frames == gap.frames >= 20
    result = export(on_air.directory, tmp_path / "gap.mp4")
    picture = seen(tmp_path / "gap.mp4")
    assert picture.codes == [frame % (1 << 24) for frame in have]
    shown = [round(time * 50) for time in picture.times]
    assert shown == [frame - feeder.first for frame in have], "the gap stays a gap in time"
    assert result["missing"] == gap.frames


def test_frames_that_the_engine_leaves_out_are_missing_and_nothing_else(show):
    on_air = show()
    feeder = on_air.feeder
    feeder.start()
    on_air.wait_on_disk(feeder.first + 20)
    feeder.stop()
    feeder.leave_out(7)
    feeder.start()
    on_air.wait_on_disk(feeder.first + 80)
    log = on_air.end()
    assert {frame for gap in log.gaps for frame in range(gap.first, gap.last + 1)} == feeder.left_out
    assert [gap.reason for gap in log.gaps] == ["the engine left them out"]
    assert log.frames == feeder.next - feeder.first - 7


@pytest.mark.parametrize("name", ["640x360p29.97", "640x360p59.94"])
def test_the_cadence_of_the_american_rates_keeps_sound_and_picture_together(show, tmp_path, name):
    on_air = show(name)
    feeder, rate = on_air.feeder, on_air.format.rate
    feeder.start()
    on_air.wait_on_disk(feeder.first + round(2.3 * rate.fps))
    log = on_air.end()
    assert log.gaps == []
    assert log.frames == feeder.next - feeder.first
    export(on_air.directory, tmp_path / "all.mp4")
    picture = seen(tmp_path / "all.mp4")
    assert picture.codes == codes(feeder.first, feeder.next - 1)
    steps = [(b - a) * rate.fps for a, b in pairwise(picture.times)]
    assert all(abs(step - 1) < 0.001 for step in steps)
    start, sound = heard(tmp_path / "all.mp4")
    first_sample = rate.first_sample(feeder.first)
    beeps = [sample + first_sample + start * 48_000 for sample in onsets(sound, (tone.QUIET + tone.LOUD) / 2)]
    offsets_ms = [((beep + 24_000) % 48_000 - 24_000) / 48 for beep in beeps if beep - first_sample > 24_000]
    assert len(offsets_ms) >= 1
    assert all(abs(offset) < 5 for offset in offsets_ms), offsets_ms


def test_a_disk_that_refuses_is_told_waited_for_and_the_gap_recorded(show):
    resource = pytest.importorskip("resource")
    if not hasattr(resource, "prlimit"):
        pytest.skip("limits of another process are Linux only")
    on_air = show(slots=50)
    feeder, encoder = on_air.feeder, on_air.encoder
    feeder.start()
    on_air.wait_on_disk(feeder.first + 30)
    # No file may grow any more: the system answers every write with "File too large".
    resource.prlimit(encoder.process.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
    wait_for(lambda: encoder.last("trouble"), 10)
    end = on_air.on_disk()
    wait_for(lambda: feeder.next > end + 80, 10)
    assert encoder.process.poll() is None
    infinity = resource.RLIM_INFINITY
    resource.prlimit(encoder.process.pid, resource.RLIMIT_FSIZE, (infinity, infinity))
    wait_for(lambda: encoder.last("recovered"), 15)
    log = on_air.end()
    told = [event for event in encoder.events if event["event"] == "trouble"]
    assert len(told) == 1, "said once"
    assert str(on_air.directory) in told[0]["reason"]
    assert "Free space" in told[0]["remedy"]
    assert (log.gaps[0].first, log.gaps[0].reason) == (end + 1, "the log could not be written")
    assert log.frames + log.missing_frames == feeder.next - feeder.first


def test_a_place_that_is_no_directory_is_named(show, tmp_path):
    (tmp_path / "file").write_text("")
    on_air = show(log=str(tmp_path / "file" / "log"))
    told = wait_for(lambda: on_air.encoder.last("trouble"), 10)
    assert f"The program log in {tmp_path / 'file' / 'log'} can't be written: Not a directory" in told["reason"]
    assert on_air.encoder.finish() == 0


def test_a_ring_that_is_not_there_yet_is_waited_for(show, tmp_path):
    on_air = show(ring=str(tmp_path / "later.picture"))
    wait_for(lambda: on_air.encoder.last("trouble"), 10)
    os.link(on_air.feeder.path, tmp_path / "later.picture")
    on_air.feeder.start()
    on_air.wait_on_disk(on_air.feeder.first + 10)
    assert on_air.end().gaps == []


@pytest.mark.parametrize("config", [{"format": "no format"}, {"log": None}, {"bitrate_kbps": "many"}])
def test_a_configuration_that_is_not_one_ends_with_a_sentence(show, config):
    on_air = show(**config)
    assert on_air.encoder.process.wait(10) == 1
    on_air.encoder.finish()
    assert "configuration" in on_air.encoder.last("trouble")["reason"]


def test_the_end_of_the_show_is_marked_when_it_is_one(show):
    on_air = show()
    on_air.feeder.start()
    on_air.wait_on_disk(on_air.feeder.first + 12)
    on_air.feeder.stop()
    while on_air.feeder.next % 10 != 5:  # a chunk is begun
        on_air.feeder.write()
    on_air.encoder.send(finish=True)
    log = on_air.end()
    assert log.stopped
    assert b"lmsg" in log.segment_path(VIDEO, log.segments(VIDEO)[-1].number).read_bytes()


def test_frozen_for_longer_than_the_ring_it_goes_on_by_itself(show):
    on_air = show(slots=50)
    feeder, encoder = on_air.feeder, on_air.encoder
    feeder.start()
    on_air.wait_on_disk(feeder.first + 20)
    os.kill(encoder.process.pid, signal.SIGSTOP)
    frozen_at = feeder.next
    wait_for(lambda: feeder.next > frozen_at + 90, 10)
    os.kill(encoder.process.pid, signal.SIGCONT)
    on_air.wait_on_disk(frozen_at + 100)
    log = on_air.end()
    assert {gap.reason for gap in log.gaps} == {"the encoder was too slow"}
    assert log.frames + log.missing_frames == feeder.next - feeder.first
    lines = [json.loads(line) for line in log.index_path.read_text().splitlines()]
    assert sum("start" in line for line in lines) == 1

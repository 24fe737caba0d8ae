"""The program log: written, torn, opened again, read as it grows."""

from __future__ import annotations

import json
import shutil
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.errors import ConsoleError
from console.media.time import parse_format
from console.outputs.log import AUDIO, VIDEO, ProgramLog, TrackTime
from console.outputs.logwriter import LogWriter, open_log

FMT = parse_format("640x360p50")
FIRST = 89_700_000_000


def write(directory, frames, *, fmt=FMT, finish=True, end=False):
    """Frames with made-up bytes, and the sound that goes with them."""
    writer = LogWriter(directory, fmt)
    writer.header(VIDEO, b"video header")
    writer.header(AUDIO, b"audio header")
    time = TrackTime(AUDIO, fmt)
    index = writer.next_audio
    expected = writer.next_frame
    for frame in frames:
        if expected is not None and frame > expected:
            writer.gap(expected, frame - 1, "test")
        writer.add_video(frame, b"v%d" % frame, frame != expected or frame % fmt.rate.gop_frames == 0)
        expected = frame + 1
        index = fmt.rate.first_sample(frame) // 1024 if index is None else index
        while time.start_ns(index + 1) <= fmt.rate.start_ns(frame + 1):
            writer.add_audio(index, b"a%d" % index)
            index += 1
    if finish:
        writer.finish(end_of_show=end)
    return writer


def frames_in(directory):
    log = ProgramLog(directory)
    time = log.time(VIDEO)
    found = []
    for number, chunk in log.all_chunks(VIDEO):
        first = time.sample_of(chunk.time)
        samples = log.samples(VIDEO, number, chunk)
        assert samples == [b"v%d" % (first + i) for i in range(len(samples))]
        found += range(first, first + len(samples))
    return found


def test_what_is_written_is_read(tmp_path):
    write(tmp_path, range(FIRST + 30, FIRST + 330))
    log = ProgramLog(tmp_path)
    assert frames_in(tmp_path) == list(range(FIRST + 30, FIRST + 330))
    assert [(s.number - FIRST // 100, s.first - FIRST, s.last - FIRST, s.count) for s in log.segments(VIDEO)] == [
        (0, 30, 99, 70),
        (1, 100, 199, 100),
        (2, 200, 299, 100),
        (3, 300, 329, 30),
    ]
    assert (log.frames, log.first_frame, log.last_frame, log.gaps) == (300, FIRST + 30, FIRST + 329, [])
    assert log.stopped
    assert log.bytes == sum(path.stat().st_size for path in tmp_path.glob("*/*.m4s"))
    assert [segment.number for segment in log.segments(VIDEO, FIRST // 100 + 1)] == [FIRST // 100 + 2, FIRST // 100 + 3]


@pytest.mark.parametrize("name", ["640x360p50", "640x360p29.97", "640x360p59.94", "640x360p23.976"])
def test_sound_belongs_to_the_segment_in_which_it_starts(tmp_path, name):
    fmt = parse_format(name)
    gop = fmt.rate.gop_frames
    first = 40_000_000_000 // gop * gop
    write(tmp_path, range(first, first + 3 * gop), fmt=fmt)
    log = ProgramLog(tmp_path)
    segments = log.segments(AUDIO)
    for segment in segments:
        begin = fmt.rate.first_sample(segment.number * gop)
        end = fmt.rate.first_sample((segment.number + 1) * gop)
        assert begin <= segment.first * 1024 or segment is segments[0]
        assert segment.last * 1024 < end
    joined = [(a.last + 1, b.first) for a, b in pairwise(segments)]
    assert all(end == begin for end, begin in joined)


def test_a_gap_is_told_exactly_and_media_keeps_its_time(tmp_path):
    write(tmp_path, [*range(FIRST, FIRST + 130), *range(FIRST + 137, FIRST + 250)])
    log = ProgramLog(tmp_path)
    assert [(gap.first - FIRST, gap.last - FIRST, gap.reason) for gap in log.gaps] == [(130, 136, "test")]
    assert log.missing_frames == 7
    assert log.frames == 243
    segment = log.segments(VIDEO)[1]
    assert (segment.first, segment.last, segment.count) == (FIRST + 100, FIRST + 199, 93)


def test_an_encoder_that_dies_before_its_first_frame_tells_no_gap_twice(tmp_path):
    write(tmp_path, range(FIRST, FIRST + 100))
    writer = LogWriter(tmp_path, FMT)
    writer.gap(FIRST + 100, FIRST + 119, "died here")
    writer.close()
    write(tmp_path, range(FIRST + 150, FIRST + 200))
    log = ProgramLog(tmp_path)
    assert [(gap.first - FIRST, gap.last - FIRST) for gap in log.gaps] == [(100, 149)]


def test_a_segment_is_opened_again_by_an_encoder_that_starts_within_it(tmp_path):
    write(tmp_path, range(FIRST, FIRST + 150))
    reader = ProgramLog(tmp_path)
    assert reader.segments(VIDEO)[-1].count == 50
    write(tmp_path, range(FIRST + 150, FIRST + 200))
    assert reader.refresh()
    assert [segment.count for segment in reader.segments(VIDEO)] == [100, 100]
    assert reader.frames == 200
    assert frames_in(tmp_path) == list(range(FIRST, FIRST + 200))
    sequences = [chunk.sequence for _, chunk in reader.all_chunks(VIDEO)]
    assert sequences == list(range(1, 21))


@pytest.fixture(scope="module")
def unfinished(tmp_path_factory):
    directory = tmp_path_factory.mktemp("unfinished")
    write(directory, range(FIRST + 80, FIRST + 165), finish=False).close()
    return directory


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(video_cut=st.integers(0, 4000), audio_cut=st.integers(0, 1500), index_cut=st.integers(0, 30))
def test_after_a_crash_anywhere_nothing_whole_is_lost_and_nothing_torn_is_kept(
    unfinished, tmp_path, video_cut, audio_cut, index_cut
):
    directory = tmp_path / "log"
    shutil.rmtree(directory, ignore_errors=True)
    shutil.copytree(unfinished, directory)
    number = (FIRST + 165) // 100
    for path, cut in (
        (directory / VIDEO / f"{number}.m4s", video_cut),
        (directory / AUDIO / f"{number}.m4s", audio_cut),
        (directory / "index.jsonl", index_cut),
    ):
        data = path.read_bytes()
        path.write_bytes(data[: max(0, len(data) - cut)])
    before = frames_in(directory)
    writer = LogWriter(directory, FMT)
    assert writer.next_frame == (before[-1] + 1 if before else None)
    writer.close()
    write(directory, range(writer.next_frame or FIRST + 80, FIRST + 260))
    assert frames_in(directory) == list(range(FIRST + 80, FIRST + 260))
    log = ProgramLog(directory)
    assert (log.frames, log.gaps, log.growing(VIDEO)) == (180, [], None)


def test_a_reader_follows_the_growing_segment_chunk_by_chunk(tmp_path):
    writer = LogWriter(tmp_path, FMT)
    reader = ProgramLog(tmp_path)
    number, offset, found = FIRST // 100, 0, []
    for frame in range(FIRST, FIRST + 95):
        writer.add_video(frame, b"x", key=frame == FIRST)
        reader.refresh()
        for chunk in reader.chunks(VIDEO, number, offset):
            offset = chunk.end
            found.append(len(chunk.sizes))
        assert sum(found) == (frame - FIRST + 1) // 10 * 10
        assert reader.growing(VIDEO) == number
        assert reader.numbers(VIDEO) == [number]
    writer.close()


@pytest.mark.expects_log
def test_the_log_of_another_format_is_set_aside_whole(tmp_path):
    write(tmp_path, range(FIRST, FIRST + 120))
    reader = ProgramLog(tmp_path)
    other = parse_format("640x360p25")
    write(tmp_path, range(FIRST // 2, FIRST // 2 + 60), fmt=other)
    assert reader.refresh()
    assert reader.generation == 1
    assert (reader.format, reader.frames) == (other, 60)
    assert frames_in(tmp_path / "earlier-1") == list(range(FIRST, FIRST + 120))


@pytest.mark.expects_log
def test_a_damaged_index_is_named_to_readers_and_set_aside_by_the_writer(tmp_path):
    write(tmp_path, range(FIRST, FIRST + 120))
    with open(tmp_path / "index.jsonl", "ab") as index:
        index.write(b"this is no log\n")
    with pytest.raises(ConsoleError, match="not the index of a program log"):
        ProgramLog(tmp_path)
    write(tmp_path, range(FIRST + 200, FIRST + 220))
    assert ProgramLog(tmp_path).frames == 20


def test_an_empty_or_missing_directory_is_an_empty_log(tmp_path):
    log = ProgramLog(tmp_path / "nowhere")
    assert (log.frames, log.format, log.segments(VIDEO), log.refresh()) == (0, None, [], False)
    with pytest.raises(ConsoleError, match="is empty"):
        log.time(VIDEO)


def test_what_the_system_refuses_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConsoleError, match="can't be written") as caught:
        open_log(tmp_path / "file" / "log", FMT)
    assert "Free space" in caught.value.remedy


def test_a_new_header_gets_a_number_and_the_index_says_who_uses_it(tmp_path):
    write(tmp_path, range(FIRST, FIRST + 100))
    writer = LogWriter(tmp_path, FMT)
    writer.header(VIDEO, b"another header")
    for frame in range(FIRST + 100, FIRST + 200):
        writer.add_video(frame, b"x", key=frame == FIRST + 100)
    writer.finish(end_of_show=True)
    log = ProgramLog(tmp_path)
    assert [segment.init for segment in log.segments(VIDEO)] == [1, 2]
    assert (log.header(VIDEO, 1), log.header(VIDEO, 2), log.header(VIDEO)) == (
        b"video header",
        b"another header",
        b"another header",
    )


def test_the_end_of_the_show_is_marked(tmp_path):
    write(tmp_path, range(FIRST, FIRST + 55), end=True)
    assert b"lmsg" in (tmp_path / VIDEO / f"{FIRST // 100}.m4s").read_bytes()
    lines = [json.loads(line) for line in (tmp_path / "index.jsonl").read_text().splitlines()]
    assert lines[-1] == {"stop": FIRST + 55}


def test_a_log_has_one_writer_at_a_time(tmp_path):
    writer = LogWriter(tmp_path, FMT)
    with pytest.raises(ConsoleError, match="Another encoder writes the program log"):
        LogWriter(tmp_path, FMT)
    writer.close()
    LogWriter(tmp_path, FMT).close()

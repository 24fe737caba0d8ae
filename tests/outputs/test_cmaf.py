"""The CMAF writer against its own reader and against foreign ones."""

from __future__ import annotations

import contextlib
import io
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.media.time import parse_format
from console.outputs.boxes import box, find, walk
from console.outputs.cmaf import (
    AUDIO_TIMING,
    FIRST_CHUNK,
    LAST_CHUNK_BRAND,
    LATER_CHUNK,
    avc_config,
    bit_rate,
    chunk,
    codec_configs,
    ntp_time,
    read_chunks,
    samples_of,
    video_header,
    video_timing,
)
from tests.outputs.made import make_log

SPS = bytes.fromhex("6764001facb405017fcb080000030008000003032478c195")
PPS = bytes.fromhex("68ef3cb0")


@pytest.mark.parametrize(
    ("name", "timescale", "duration"),
    [("720p50", 50000, 1000), ("720p25", 25000, 1000), ("720p29.97", 30000, 1001), ("720p59.94", 60000, 1001)],
)
def test_a_frame_is_whole_in_the_time_scale(name, timescale, duration):
    timing = video_timing(parse_format(name))
    assert (timing.timescale, timing.duration) == (timescale, duration)


def test_high_profile_config_has_its_four_extra_bytes():
    assert avc_config(SPS, PPS).endswith(PPS + bytes((0xFD, 0xF8, 0xF8, 0)))
    main = bytes((0x67, 77)) + SPS[2:]
    assert avc_config(main, PPS).endswith(PPS)


def test_header_gives_back_what_went_in():
    header = video_header(parse_format("720p50"), SPS, PPS, 6_000_000)
    assert codec_configs(header) == (b"avc3", avc_config(SPS, PPS))
    assert bit_rate(header) == 6_000_000


@pytest.mark.parametrize("damage", [b"", b"\0" * 40, box(b"moov"), box(b"moov", box(b"trak"))])
def test_a_damaged_header_is_a_value_error(damage):
    with pytest.raises(ValueError, match=r"."):
        codec_configs(damage)


def test_ntp_time_counts_from_1900_with_a_binary_fraction():
    assert ntp_time(500_000_000) == 2_208_988_800 << 32 | 1 << 31


@given(st.lists(st.binary(min_size=1, max_size=200), min_size=1, max_size=12), st.integers(0, 2**62), st.booleans())
def test_a_chunk_reads_back(samples, time, key):
    timing = video_timing(parse_format("720p50"))
    data = chunk(samples, sequence=7, time=time, timing=timing, key=key, utc_ns=10**18, brands=FIRST_CHUNK)
    (found,) = read_chunks(io.BytesIO(data))
    assert (found.sequence, found.time, found.key, found.end) == (7, time, key, len(data))
    assert samples_of(data[found.data : found.end], found.sizes) == samples


@given(st.integers(0, 400))
def test_a_torn_tail_is_not_a_chunk(cut):
    one = chunk([b"a" * 50], sequence=1, time=0, timing=AUDIO_TIMING, key=True, utc_ns=0, brands=FIRST_CHUNK)
    two = chunk([b"b" * 90], sequence=2, time=1024, timing=AUDIO_TIMING, key=True, utc_ns=0, brands=LATER_CHUNK)
    whole = one + two
    found = list(read_chunks(io.BytesIO(whole[: len(whole) - cut])))
    assert [c.sequence for c in found] == [1, 2][: (cut < 1) + (cut <= len(two))]


@given(st.binary(max_size=300))
def test_random_bytes_are_nothing_or_a_value_error(data):
    with contextlib.suppress(ValueError):
        assert all(found.end <= len(data) for found in read_chunks(io.BytesIO(data)))


def test_brands_and_boxes_stand_in_the_order_that_the_standard_wants(tmp_path):
    fmt = parse_format("640x360p50")
    first = 89_700_000_000 // 100 * 100
    make_log(tmp_path, fmt, range(first, first + 100))
    data = (tmp_path / "video" / f"{first // 100}.m4s").read_bytes()
    kinds = [found.kind for found in walk(data)]
    assert kinds == [b"styp", b"prft", b"moof", b"mdat"] * 10
    brands = [data[found.payload : found.end] for found in walk(data) if found.kind == b"styp"]
    assert brands[0][:4] == b"msdh"
    assert b"cmfs" in brands[0]
    assert all(later[:4] == b"cmfl" and LAST_CHUNK_BRAND not in later for later in brands[1:])
    tfdt = find(data, b"moof", b"traf", b"tfdt")
    assert data[tfdt.payload] == 1, "64 bits"
    assert int.from_bytes(data[tfdt.payload + 4 : tfdt.end], "big") == first * 1000
    prft = find(data, b"prft")
    ntp = int.from_bytes(data[prft.payload + 8 : prft.payload + 16], "big")
    assert ntp == ntp_time(fmt.rate.start_ns(first))


@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffprobe is not installed")
@pytest.mark.parametrize("name", ["640x360p50", "640x360p29.97"])
def test_ffmpeg_reads_header_and_segments_without_a_complaint(tmp_path, name):
    fmt = parse_format(name)
    gop = fmt.rate.gop_frames
    first = 89_700_000_000 // gop * gop
    make_log(tmp_path, fmt, range(first, first + gop * 2))
    for track, count, start in (("video", gop * 2, first / fmt.rate.fps), ("audio", None, first / fmt.rate.fps)):
        joined = tmp_path / f"{track}.mp4"
        segments = sorted((tmp_path / track).glob("*.m4s"), key=lambda path: int(path.stem))
        joined.write_bytes(b"".join(p.read_bytes() for p in (tmp_path / track / "init.mp4", *segments)))
        entries = "stream=nb_read_frames,start_time,codec_tag_string"
        probed = subprocess.run(
            ["ffprobe", "-v", "warning", "-count_frames", "-show_entries", entries, "-of", "default=nk=0", str(joined)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert probed.stderr == ""
        facts = dict(line.split("=", 1) for line in probed.stdout.splitlines() if "=" in line)
        assert facts["codec_tag_string"] == {"video": "avc3", "audio": "mp4a"}[track]
        assert float(facts["start_time"]) == pytest.approx(start, abs=0.022)
        if count:
            assert int(facts["nb_read_frames"]) == count

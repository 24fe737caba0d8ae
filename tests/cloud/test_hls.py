"""What the endpoint serves: playlists as the RFC has them, opened by foreign readers and judged by the probe."""

from __future__ import annotations

import dataclasses
import json
import subprocess
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import pytest

from console.errors import ConsoleError
from console.media.time import parse_format
from console.probe.judge import judge
from tests.burnt_program import FIRST_SEGMENT, P25, Program, make_program
from tests.cloud.endpoint import Endpoint, running


@pytest.fixture(scope="session")
def program() -> Program:
    return make_program(4)


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[Endpoint]:
    with running(tmp_path) as found:
        yield found


def test_playlists_say_what_they_must(endpoint: Endpoint, program: Program) -> None:
    endpoint.deliver(program)
    master = endpoint.get("/live/show/master.m3u8").splitlines()
    assert master[0] == "#EXTM3U"
    stream = next(line for line in master if line.startswith("#EXT-X-STREAM-INF"))
    assert 'CODECS="avc3.42' in stream
    assert ',mp4a.40.2"' in stream
    assert "RESOLUTION=640x360" in stream
    assert "FRAME-RATE=25.000" in stream
    video = endpoint.get("/live/show/video.m3u8").splitlines()
    assert "#EXT-X-VERSION:7" in video
    assert "#EXT-X-TARGETDURATION:2" in video
    assert f"#EXT-X-MEDIA-SEQUENCE:{FIRST_SEGMENT}" in video
    assert "#EXT-X-PROGRAM-DATE-TIME:2026-08-29T10:40:00.000Z" in video
    assert "#EXTINF:2.000000," in video
    assert "#EXT-X-ENDLIST" not in video
    assert [line for line in video if line.startswith("video/")] == [f"video/{k}.m4s" for k in program.numbers]
    _, headers, _ = endpoint.ask("GET", "/live/show/video.m3u8")
    assert headers["content-type"] == "application/vnd.apple.mpegurl"
    assert headers["cache-control"] == "no-cache"
    assert "max-age" in endpoint.ask("GET", f"/live/show/video/{FIRST_SEGMENT}.m4s")[1]["cache-control"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/live/none/master.m3u8", 404),
        ("/live/show/other.m3u8", 404),
        ("/live/show/video/1.m4s", 404),
        ("/live/show/video/index.jsonl", 404),
        ("/live/show/video/%2e%2e%2fmanifest.mpd", 404),
        ("/live/show/video.m3u8?from=x", 400),
        ("/live/show/video.m3u8?from=99999999999999999", 400),
        ("/live/show/video.m3u8?from=1&to=2", 404),
        ("/live/%2e%2e/master.m3u8", 404),
        ("/page/..%2fserver.py", 404),
        ("/page/nothing.js", 404),
        ("/watch/..%2f", 404),
        ("/nothing", 404),
    ],
)
def test_what_is_not_there(endpoint: Endpoint, program: Program, path: str, status: int) -> None:
    endpoint.deliver(program)
    assert endpoint.ask("GET", path)[0] == status


def test_a_missing_segment_is_a_gap_and_heals(endpoint: Endpoint, program: Program) -> None:
    endpoint.deliver(program, numbers=[FIRST_SEGMENT, FIRST_SEGMENT + 2, FIRST_SEGMENT + 3])
    video = endpoint.get("/live/show/video.m3u8")
    assert f"#EXT-X-GAP\n#EXTINF:2.000000,\nvideo/{FIRST_SEGMENT + 1}.m4s" in video
    assert "#EXT-X-VERSION:8" in video
    assert endpoint.status()["show"]["missing"] == 1
    archive = endpoint.get(f"/live/show/video.m3u8?from={FIRST_SEGMENT}")
    assert "#EXT-X-GAP" not in archive
    assert archive.count("#EXT-X-DISCONTINUITY\n") == 1
    assert archive.count("#EXT-X-PROGRAM-DATE-TIME") == 2
    assert archive.endswith("#EXT-X-ENDLIST\n")
    endpoint.deliver(program, numbers=[FIRST_SEGMENT + 1])
    assert "GAP" not in endpoint.get("/live/show/video.m3u8")
    assert endpoint.status()["show"]["missing"] == 0


def test_the_window_slides_and_the_archive_keeps(endpoint: Endpoint, program: Program) -> None:
    endpoint.deliver(program, numbers=[])
    first = program.video.segments[FIRST_SEGMENT]
    for number in range(FIRST_SEGMENT, FIRST_SEGMENT + 20):
        # The same pictures under later numbers: what is asked here is only how they are listed.
        data = first.replace((FIRST_SEGMENT * 50_000).to_bytes(8, "big"), (number * 50_000).to_bytes(8, "big"))
        assert endpoint.put(f"show/video/{number}.m4s", data) == 201
    live = endpoint.get("/live/show/video.m3u8")
    assert f"#EXT-X-MEDIA-SEQUENCE:{FIRST_SEGMENT + 5}\n" in live
    assert live.count("#EXTINF") == 15
    part = endpoint.get(f"/live/show/video.m3u8?from={FIRST_SEGMENT + 2}&to={FIRST_SEGMENT + 3}")
    assert part.count("#EXTINF") == 2
    archive = endpoint.get("/live/show/archive.m3u8").splitlines()[-1]
    assert archive == f"video.m3u8?from={FIRST_SEGMENT}&to={FIRST_SEGMENT + 19}"
    assert endpoint.get(f"/live/show/{archive}").count("#EXTINF") == 20


def test_a_change_of_format_is_a_discontinuity_with_its_own_header(endpoint: Endpoint, program: Program) -> None:
    bigger = dataclasses.replace(P25, width=854, height=480)
    later = make_program(2, fmt=bigger, first=FIRST_SEGMENT + 4)
    endpoint.deliver(program)
    for kind in ("video", "audio"):
        track = later.video if kind == "video" else later.audio
        assert endpoint.put(f"show/{kind}/init-2.mp4", track.header) in (200, 201)
        for number, data in track.segments.items():
            assert endpoint.put(f"show/{kind}/{number}.m4s", data) == 201
    for query in ("", f"?from={FIRST_SEGMENT}"):
        lines = endpoint.get(f"/live/show/video.m3u8{query}").splitlines()
        assert sum(line.startswith("#EXT-X-MAP") for line in lines) == 2
        assert lines.index("#EXT-X-DISCONTINUITY") < lines.index(f"video/{FIRST_SEGMENT + 4}.m4s")
        assert lines.index("#EXT-X-DISCONTINUITY") > lines.index(f"video/{FIRST_SEGMENT + 3}.m4s")
    assert endpoint.get("/live/show/audio.m3u8").count("#EXT-X-MAP") == 1
    assert "RESOLUTION=854x480" in endpoint.get("/live/show/master.m3u8")
    verdict = judge(f"{endpoint.url}/live/show/archive.m3u8")
    assert (verdict.pictures, verdict.lost) == (300, 0)
    # The sender begins again with what is known already, the old header first: nothing changes.
    before = endpoint.get("/live/show/video.m3u8")
    endpoint.deliver(program)
    assert endpoint.get("/live/show/video.m3u8") == before


def test_a_change_to_the_other_grid_goes_on_in_time(endpoint: Endpoint, program: Program) -> None:
    endpoint.deliver(program)
    ntsc = parse_format("640x360p29.97")
    start_s = (FIRST_SEGMENT + 10) * 2
    later = make_program(2, fmt=ntsc, first=-(-start_s * 1000 // 2002))
    endpoint.deliver(later)
    live = endpoint.get("/live/show/video.m3u8")
    assert live.count("#EXTINF:2.002000,") == 2
    assert f"#EXT-X-MEDIA-SEQUENCE:{later.numbers[0]}\n" in live
    state = endpoint.status()["show"]
    assert (state["first"], state["last"], state["segments"]) == (FIRST_SEGMENT, later.numbers[-1], 6)
    assert 5 <= state["missing"] <= 7


def test_ffmpeg_and_pyav_play_it(endpoint: Endpoint, program: Program) -> None:
    endpoint.deliver(program)
    url = f"{endpoint.url}/live/show/archive.m3u8"
    with av.open(url) as container:
        pictures = sum(1 for _ in container.decode(video=0))
    assert pictures == 200
    found = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", url, "-map", "0:v", "-map", "0:a", "-f", "null", "-"],
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert (found.returncode, found.stderr) == (0, b"")
    live = subprocess.run(
        ["ffprobe", "-v", "error", "-of", "json", "-show_streams", f"{endpoint.url}/live/show/master.m3u8"],
        capture_output=True,
        timeout=30,
        check=False,
    )
    streams = json.loads(live.stdout)["streams"]
    assert {stream["codec_name"] for stream in streams} == {"h264", "aac"}


def test_what_a_foreign_writer_makes_is_taken(endpoint: Endpoint, tmp_path: Path) -> None:
    """Segments of FFmpeg: several fragments each, composition offsets, other time scales, zero-based times."""
    made = tmp_path / "made"
    made.mkdir()
    subprocess.run(
        [
            *("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25", "-t", "6"),
            *("-c:v", "libx264", "-preset", "veryfast", "-g", "50", "-f", "hls", "-hls_time", "2"),
            *("-hls_segment_type", "fmp4", "-hls_fmp4_init_filename", "init.mp4", "-hls_playlist_type", "vod"),
            *("-hls_segment_filename", str(made / "%d.m4s"), str(made / "index.m3u8")),
        ],
        check=True,
        timeout=60,
    )  # fmt: skip
    assert endpoint.put("ff/video/init.mp4", (made / "init.mp4").read_bytes()) == 201
    for number in range(3):
        assert endpoint.put(f"ff/video/{number}.m4s", (made / f"{number}.m4s").read_bytes()) == 201
    assert 'CODECS="avc1.64' in endpoint.get("/live/ff/master.m3u8")
    verdict = judge(f"{endpoint.url}/live/ff/archive.m3u8")
    assert (verdict.pictures, verdict.lost) == (150, 0)


def test_the_probe_reads_delivered_programs_back(endpoint: Endpoint, program: Program) -> None:
    endpoint.deliver(program)
    for target in (
        f"{endpoint.url}/live/show/archive.m3u8",
        f"{endpoint.url}/live/show/master.m3u8?from={FIRST_SEGMENT}",
        str(endpoint.store / "show"),
    ):
        verdict = judge(target)
        assert verdict.faults() == []
        assert verdict.notes == ()
        assert (verdict.pictures, verdict.first_frame) == (200, FIRST_SEGMENT * 50)
        assert verdict.av_offset_ms == pytest.approx(0, abs=1.0)
        assert verdict.sound_checked > 100
    live = judge(f"{endpoint.url}/live/show/master.m3u8", seconds=0.3)
    assert (live.pictures, live.first_frame) == (50, (FIRST_SEGMENT + 3) * 50)


def test_the_probe_says_what_is_missing(endpoint: Endpoint, program: Program) -> None:
    endpoint.deliver(program)
    (endpoint.store / "show/video" / f"{FIRST_SEGMENT + 1}.m4s").unlink()
    verdict = judge(f"{endpoint.url}/live/show/archive.m3u8")
    assert verdict.lost == 50
    assert verdict.notes == ("1 listed segments were not there",)
    with pytest.raises(ConsoleError, match="not there"):
        judge(f"{endpoint.url}/live/other/master.m3u8")


def test_a_bare_video_address_is_read_too(endpoint: Endpoint, program: Program) -> None:
    endpoint.deliver(program)
    verdict = judge(f"{endpoint.url}/live/show/video.m3u8?from={FIRST_SEGMENT}&to={FIRST_SEGMENT}")
    assert verdict.pictures == 50
    assert verdict.audio is None


def test_fifty_ninety_four(endpoint: Endpoint) -> None:
    fmt = parse_format("640x360p59.94")
    first = FIRST_SEGMENT * 2000 // 2002
    endpoint.deliver(make_program(2, fmt=fmt, first=first))
    assert "#EXTINF:2.002000," in endpoint.get("/live/show/video.m3u8")
    assert "FRAME-RATE=59.940" in endpoint.get("/live/show/master.m3u8")
    verdict = judge(f"{endpoint.url}/live/show/archive.m3u8")
    assert verdict.faults() == []
    assert (verdict.rate, verdict.first_frame, verdict.pictures) == ("59.94", first * 120, 240)
    assert verdict.av_offset_ms == pytest.approx(0, abs=1.0)
    assert Fraction(first * 120 * 1001, 60_000) == first * Fraction(2002, 1000)

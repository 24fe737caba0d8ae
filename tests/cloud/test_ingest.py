"""The ingest over real HTTP: what is taken, what is refused, and what survives."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.cloud.access import Access
from console.cloud.facts import BadMediaError, Header, read_header, read_segment
from console.media.clock import VirtualClock
from console.outputs.boxes import box
from tests.burnt_program import FIRST_SEGMENT, Program, make_program
from tests.cloud.endpoint import Endpoint, running
from tests.waiting import wait_for


@pytest.fixture(scope="session")
def program() -> Program:
    return make_program(3)


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[Endpoint]:
    with running(tmp_path) as found:
        yield found


def parts_left(store: Path) -> list[Path]:
    return list(store.rglob(".part-*"))


def test_a_program_is_kept_byte_for_byte(endpoint: Endpoint, program: Program) -> None:
    endpoint.deliver(program)
    for kind, track in (("video", program.video), ("audio", program.audio)):
        for number, data in track.segments.items():
            assert (endpoint.store / "show" / kind / f"{number}.m4s").read_bytes() == data
            status, headers, body = endpoint.ask("GET", f"/live/show/{kind}/{number}.m4s")
            assert (status, headers["content-type"], body) == (200, f"{kind}/mp4", data)
    state = endpoint.status()["show"]
    assert (state["segments"], state["missing"], state["state"]) == (3, 0, "live")
    assert (state["first"], state["last"]) == (FIRST_SEGMENT, FIRST_SEGMENT + 2)
    everything = [*program.video.segments.values(), *program.audio.segments.values()]
    assert state["bytes"] == sum(map(len, everything))
    assert parts_left(endpoint.store) == []


def test_put_and_post_and_chunked_bodies_are_equal(endpoint: Endpoint, program: Program) -> None:
    header, data = program.video.header, program.video.segments[FIRST_SEGMENT]
    assert endpoint.ask("POST", "/ingest/a/video/init.mp4")[0] == 200  # trying the address out
    assert endpoint.ask("POST", "/ingest/a/video/init.mp4", header)[0] == 201
    pieces = [data[at : at + 1000] for at in range(0, len(data), 1000)]
    assert endpoint.put(f"a/video/{FIRST_SEGMENT}.m4s", iter(pieces), Content_Type="video/mp4") == 201
    assert (endpoint.store / "a/video" / f"{FIRST_SEGMENT}.m4s").read_bytes() == data
    assert endpoint.put("a/manifest.mpd", b"<?xml?><MPD/>", Content_Type="application/dash+xml") == 201


def test_duplicates_are_ignored_and_other_bytes_replace(
    endpoint: Endpoint, program: Program, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint.deliver(program)
    path = endpoint.store / "show/video" / f"{FIRST_SEGMENT}.m4s"
    before = path.stat()
    index = (endpoint.store / "show/video/index.jsonl").read_bytes()
    assert endpoint.put(f"show/video/{FIRST_SEGMENT}.m4s", program.video.segments[FIRST_SEGMENT]) == 200
    assert endpoint.put("show/video/init.mp4", program.video.header) == 200
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert (endpoint.store / "show/video/index.jsonl").read_bytes() == index
    longer = program.video.segments[FIRST_SEGMENT] + box(b"free", bytes(10))
    assert endpoint.put(f"show/video/{FIRST_SEGMENT}.m4s", longer) == 201
    assert path.read_bytes() == longer
    assert "came again" not in caplog.text
    assert endpoint.put(f"show/video/{FIRST_SEGMENT}.m4s", program.video.segments[FIRST_SEGMENT + 1]) == 201
    assert "came again with other bytes" in caplog.text
    assert endpoint.status()["show"]["segments"] == 3


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("show/video/x.m4s", 404),
        ("show/video/007.m4s", 404),
        ("show/video/-1.m4s", 404),
        ("show/video/99999999999999999999.m4s", 404),
        ("show/text/1.m4s", 404),
        ("show/video/sub/1.m4s", 404),
        ("show/video/../../../etc/1.m4s", 404),
        ("show/%2e%2e/video/init.mp4", 404),
        ("../video/init.mp4", 400),
        ("%2e%2e/video/init.mp4", 400),
        ("..%2fx/video/init.mp4", 400),
        (".hidden/video/init.mp4", 400),
        ("a%00b/video/init.mp4", 400),
        ("x" * 65 + "/video/init.mp4", 400),
        ("sh%C3%B6w/video/init.mp4", 400),
        ("show/video/1.m4s", 412),
    ],
)
@pytest.mark.expects_log
def test_names_are_strict(endpoint: Endpoint, program: Program, path: str, status: int) -> None:
    assert endpoint.put(path, program.video.header) == status
    kept = [found for found in endpoint.store.rglob("*") if found.is_file()]
    assert kept == []
    assert list(endpoint.store.parent.glob("video")) == []


@pytest.mark.expects_log
def test_what_is_refused_says_why(endpoint: Endpoint, program: Program) -> None:
    def sentence(path: str, body: bytes, **headers: str) -> tuple[int, str]:
        status, _, text = endpoint.ask("PUT", f"/ingest/show/{path}", body, headers)
        return status, text.decode()

    assert sentence("video/init.mp4", b"") == (
        400,
        "video/init.mp4 can't be read: a header is made of ftyp and moov.\n",
    )
    assert sentence("video/init.mp4", program.audio.header)[0] == 415
    assert endpoint.put("show/video/init.mp4", program.video.header, Content_Type="text/html") == 415
    assert endpoint.put("show/manifest.mpd", b"{}", Content_Type="application/json") == 415
    assert endpoint.put("show/manifest.mpd", b"nothing") == 400
    assert endpoint.put("show/video/init.mp4", b"x" * (1 << 20) + b"y") == 413
    assert endpoint.put("show/video/init.mp4", iter([b"x" * (1 << 19)] * 3)) == 413
    assert endpoint.put("show/video/init.mp4", program.video.header) == 201
    assert endpoint.put("show/video/5.m4s", program.video.header) == 400
    segment = program.video.segments[FIRST_SEGMENT]
    assert endpoint.put("show/video/5.m4s", segment[:-1]) == 400
    assert endpoint.put("show/video/5.m4s", segment[:200]) == 400
    assert endpoint.put("show/video/5.m4s", bytes(1000)) == 400
    assert endpoint.put("show/video/5.m4s", os.urandom(1000)) == 400
    assert endpoint.status()["show"]["segments"] == 0
    assert parts_left(endpoint.store) == []


@pytest.mark.expects_log
def test_an_upload_that_breaks_off_leaves_nothing(endpoint: Endpoint, program: Program) -> None:
    endpoint.deliver(program)
    data = program.video.segments[FIRST_SEGMENT]
    for head in (
        f"Content-Length: {len(data)}\r\n\r\n".encode() + data[: len(data) // 2],
        b"Transfer-Encoding: chunked\r\n\r\n1000\r\n" + data[:0x1000] + b"\r\n500\r\n" + data[:10],
    ):
        with socket.create_connection(("127.0.0.1", endpoint.port)) as connection:
            connection.sendall(b"PUT /ingest/show/video/894000009.m4s HTTP/1.1\r\nHost: localhost\r\n" + head)
            wait_for(lambda: parts_left(endpoint.store), 5, "the upload to begin")
        wait_for(lambda: not parts_left(endpoint.store), 5, "the rest to be removed")
    assert endpoint.status()["show"]["segments"] == 3


def test_restart_finds_everything_again(tmp_path: Path, program: Program) -> None:
    with running(tmp_path) as endpoint:
        endpoint.deliver(program)
        before = endpoint.get("/live/show/video.m3u8"), endpoint.status()["show"]["missing"]
    # What a crash can leave: a torn line, a part, a segment that was named but not noted.
    index = tmp_path / "show/video/index.jsonl"
    lines = index.read_bytes().splitlines(keepends=True)
    index.write_bytes(b"".join(lines[:-1]) + lines[-1][:20])
    (tmp_path / "show/video/.part-1234").write_bytes(b"half")
    (tmp_path / "show/video/17.m4s").write_bytes(b"not a segment")
    with running(tmp_path) as endpoint:
        assert (endpoint.get("/live/show/video.m3u8"), endpoint.status()["show"]["missing"]) == before
        assert parts_left(tmp_path) == []
        assert endpoint.put(f"show/audio/{FIRST_SEGMENT}.m4s", program.audio.segments[FIRST_SEGMENT]) == 200


@pytest.mark.expects_log
def test_tokens(tmp_path: Path, program: Program) -> None:
    access = Access(ingest_token="send", view_token="look", local_only=False)
    with running(tmp_path, access) as endpoint:
        path, header = "show/video/init.mp4", program.video.header

        def basic(text: str) -> str:
            return "Basic " + base64.b64encode(text.encode()).decode()

        assert endpoint.put(path, header) == 401
        for wrong in ("Bearer look", "Bearer ", "Basic !!!", basic("send:look"), basic("send"), "Digest x"):
            assert endpoint.put(path, header, Authorization=wrong) in (401, 403)
        assert endpoint.put(path, header, Authorization="Bearer send") == 201
        assert endpoint.put(path, header, Authorization=basic("any:send")) == 200
        for page in ("/", "/watch/show", "/status", "/live/show/master.m3u8", "/live/show/video/init-0.mp4"):
            assert endpoint.ask("GET", page)[0] == 401
            assert endpoint.ask("GET", page + "?token=send")[0] == 403
        assert endpoint.ask("GET", "/status?token=look")[0] == 200
        assert endpoint.ask("GET", "/status", headers={"Authorization": "Bearer look"})[0] == 200
        assert endpoint.ask("GET", "/healthz")[0] == 200
        data = program.video.segments[FIRST_SEGMENT]
        assert endpoint.put(f"show/video/{FIRST_SEGMENT}.m4s", data, Authorization="Bearer send") == 201
        playlist = endpoint.get("/live/show/video.m3u8?token=look")
        addresses = [line for line in playlist.splitlines() if not line.startswith("#")]
        assert addresses == [f"video/{FIRST_SEGMENT}.m4s?token=look"]
        assert endpoint.ask("GET", f"/live/show/{addresses[0]}")[2] == data


@pytest.mark.expects_log
def test_a_strangers_page_can_neither_send_nor_look(endpoint: Endpoint, program: Program) -> None:
    header = program.video.header
    assert endpoint.put("show/video/init.mp4", header, Origin="http://evil.example") == 403
    assert endpoint.put("show/video/init.mp4", header, Host="evil.example") == 403
    assert endpoint.ask("GET", "/status", headers={"Host": "evil.example"})[0] == 403
    assert endpoint.put("show/video/init.mp4", header, Host=f"localhost:{endpoint.port}") == 201
    assert "access-control-allow-origin" not in endpoint.ask("GET", "/status")[1]


def test_age_is_told_by_the_clock(tmp_path: Path, program: Program) -> None:
    clock = VirtualClock()
    with running(tmp_path, clock=clock) as endpoint:
        endpoint.deliver(program)
        clock.advance(1_500_000_000)
        state = endpoint.status()["show"]
        assert (state["age_ms"], state["byte_age_ms"], state["state"]) == (1500, 1500, "live")
        clock.advance(10_000_000_000)
        assert endpoint.status()["show"]["state"] == "no signal"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_hostile_bytes_are_refused_and_nothing_else(program: Program, data: st.DataObject) -> None:
    header = read_header(program.video.header)
    blob = bytearray(data.draw(st.sampled_from([program.video.header, program.audio.header, SEGMENT_HEAD(program)])))
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(blob) - 1))
        if data.draw(st.booleans()):
            blob[at] = data.draw(st.integers(0, 255))
        else:
            blob[at : at + 4] = struct.pack(">I", data.draw(st.sampled_from([0, 1, 7, 8, 0x7FFFFFFF, 0xFFFFFFFF])))
    for read in (read_header, lambda b: read_segment(b, header)):
        with contextlib.suppress(BadMediaError):
            read(bytes(blob))


def SEGMENT_HEAD(program: Program) -> bytes:
    """A segment whose mdat is empty, so that the bytes which are changed matter."""
    segment = program.video.segments[FIRST_SEGMENT]
    return segment[: segment.index(b"mdat") - 4] + box(b"mdat")


@given(st.binary(max_size=300))
def test_random_bytes_are_no_media(blob: bytes) -> None:
    with pytest.raises(BadMediaError):
        read_header(blob)
    with pytest.raises(BadMediaError):
        read_segment(blob, Header("video", "avc1", 90_000, 0))


def test_deep_nesting_and_many_boxes_are_refused() -> None:
    deep = b""
    for _ in range(2000):
        deep = box(b"moov", deep)
    with pytest.raises(BadMediaError):
        read_header(box(b"ftyp") + deep)
    with pytest.raises(BadMediaError, match="too many"):
        read_header(box(b"free") * 30_000)


def test_what_headers_say(program: Program) -> None:
    video, audio = read_header(program.video.header), read_header(program.audio.header)
    assert (video.kind, video.width, video.height, video.timescale) == ("video", 640, 360, 25_000)
    assert video.codec.startswith("avc3.")
    assert (audio.kind, audio.codec, audio.timescale, audio.channels) == ("audio", "mp4a.40.2", 48_000, 2)
    span = read_segment(program.video.segments[FIRST_SEGMENT], video)
    assert (span.start, span.duration) == (FIRST_SEGMENT * 2 * 25_000, 50_000)


def test_the_index_is_lines_of_json(endpoint: Endpoint, program: Program) -> None:
    endpoint.deliver(program)
    lines = (endpoint.store / "show/video/index.jsonl").read_text().splitlines()
    assert [sorted(json.loads(line)) for line in lines[:2]] == [
        ["init"],
        ["at_ms", "bytes", "duration_ns", "init", "k", "start_ns"],
    ]
    assert len(lines) == 4

"""The venue's process with real clients: every transport, genlock, joining, clients that misbehave."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import av
import pytest
from demo_venue import playing

from console.demo.clips import Clips
from console.media import barcode

TRANSPORTS = ("http", "http", "tcp", "udp")


@pytest.fixture(scope="module")
def venue(clips: Clips) -> Iterator[dict[str, Any]]:
    with playing(clips, TRANSPORTS) as told:
        yield told


def _pictures(url: str, count: int) -> dict[int, tuple[int, int] | None]:
    """What a receiver gets: code by time stamp."""
    found: dict[int, tuple[int, int] | None] = {}
    with av.open(url, timeout=15) as media:
        for frame in media.decode(media.streams.video[0]):
            found[frame.pts or 0] = barcode.read(frame.to_ndarray()[: frame.height])
            if len(found) >= count:
                break
    return found


def _address(url: str) -> tuple[str, int]:
    host, _, port = url.split("://")[1].partition("/")[0].partition(":")
    return host, int(port)


def test_it_tells_where_its_cameras_are(venue: dict[str, Any]) -> None:
    assert venue["event"] == "ready"
    assert (venue["loop_frames"], venue["fps"]) == (200, 25)
    assert [source["id"] for source in venue["sources"]] == ["cam1", "cam2", "cam3", "cam4"]
    assert venue["sources"][0]["name"] == "Main stand"
    schemes = [source["url"].partition(":")[0] for source in venue["sources"]]
    assert schemes == list(TRANSPORTS)


def test_cameras_are_genlocked_over_all_transports(venue: dict[str, Any]) -> None:
    got: dict[str, dict[int, tuple[int, int] | None]] = {}
    clients = [
        threading.Thread(target=lambda s=source: got.update({s["id"]: _pictures(s["url"], 40)}))
        for source in venue["sources"]
    ]
    for client in clients:
        client.start()
    for client in clients:
        client.join(40)
    assert set(got) == {"cam1", "cam2", "cam3", "cam4"}
    for number, source in enumerate(venue["sources"], 1):
        pictures = got[source["id"]]
        for pts, code in pictures.items():
            assert code is not None
            assert code[0] == number
            assert (pts // 3600 - 25) % 200 == code[1], "the same number has the same time in every camera"
        stamps = sorted(pictures)
        assert stamps == list(range(stamps[0], stamps[0] + 40 * 3600, 3600)), "no picture lost on the way"


@pytest.mark.parametrize(
    ("request_bytes", "answer"),
    [
        (b"GET /cam9.ts HTTP/1.1\r\n\r\n", b"404"),
        (b"GET /../etc/passwd HTTP/1.1\r\n\r\n", b"404"),
        (b"POST /cam1.ts HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", b"405"),
        (b"\xff\xfe\x00 nonsense\r\n\r\n", b"405"),
        (b"HEAD /cam1.ts HTTP/1.1\r\n\r\n", b"200"),
        (b"HEAD /results.xml HTTP/1.1\r\n\r\n", b"200"),
        (b"GET /cam1.ts?x=1 HTTP/1.0\r\n\r\n", b"200"),
        (b"GET /cam1.ts HTTP/1.1\r\nX: " + b"a" * 9000, b"431"),
    ],
)
def test_http_requests_of_every_kind(venue: dict[str, Any], request_bytes: bytes, answer: bytes) -> None:
    with socket.create_connection(_address(venue["sources"][0]["url"]), 10) as client:
        client.sendall(request_bytes)
        head = b""
        while b"\r\n" not in head and (more := client.recv(4096)):
            head += more
    assert head.split(b" ")[:2] == [b"HTTP/1.1", answer]


def test_a_client_begins_with_tables_and_a_key_frame(venue: dict[str, Any]) -> None:
    with socket.create_connection(_address(venue["sources"][2]["url"]), 10) as client:
        stream = b""
        while len(stream) < 188 * 3:
            stream += client.recv(4096)
    pids = [(stream[at + 1] & 0x1F) << 8 | stream[at + 2] for at in (0, 188, 376)]
    assert pids == [0, 0x1000, 0x100]
    assert stream[376 + 3] & 0x20
    assert stream[376 + 5] & 0x40, "random access"


def test_datagrams_are_whole_packets(venue: dict[str, Any]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(_address(venue["sources"][3]["url"]))
        receiver.settimeout(5)
        sizes = [len(receiver.recv(2000)) for _ in range(100)]
    assert max(sizes) == 1316
    assert all(size % 188 == 0 for size in sizes)


def test_a_client_that_does_not_read_is_dropped_and_nobody_else_notices(clips: Clips) -> None:
    with playing(clips, ("tcp", "tcp"), fps=1000) as told:  # forty times as fast fills its queue in a moment
        address = _address(told["sources"][0]["url"])
        with socket.create_connection(address, 10), socket.create_connection(address, 10) as keen:
            words: list[bytes] = []
            hearing = threading.Thread(target=lambda: words.append(told["process"].stderr.readline()), daemon=True)
            hearing.start()
            while hearing.is_alive():
                assert keen.recv(1 << 18), "the client that reads goes on"
            assert b"cam1: a client does not keep up and was dropped" in words[0]
            assert keen.recv(1 << 18)


def test_a_client_that_says_nothing_is_let_go(venue: dict[str, Any]) -> None:
    with socket.create_connection(_address(venue["sources"][0]["url"]), 10) as mute:
        mute.settimeout(15)
        with suppress(ConnectionResetError):
            assert mute.recv(1) == b""


def test_a_clip_that_is_not_there(clips: Clips) -> None:
    with playing(clips, ("http",), files=["/nowhere/cam1.ts"]) as told:
        assert told["event"] == "failed"
        assert told["reason"] == (
            "The clip /nowhere/cam1.ts can't be read: No such file or directory. Start the demo again."
        )


def test_a_port_in_use(clips: Clips) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with playing(clips, ("http",), ports=[port]) as told:
            assert told["event"] == "failed"
            assert f"can't listen on port {port}" in told["reason"]

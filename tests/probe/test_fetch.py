"""Far ends that refuse, say nothing, trickle or lie; playlists that are none; the verb."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.errors import ConsoleError
from console.probe.judge import judge
from console.probe.playlist import Master, Media, parse
from tests.burnt_program import make_program, write_file

Answer = tuple[int, dict[str, str], bytes]


@contextmanager
def web(answer: Callable[[str], Answer]) -> Iterator[str]:
    """A web server that answers what it is told."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = answer(self.path)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def silent_host() -> Iterator[int]:
    """A host that accepts and says nothing."""
    with socket.socket() as host:
        host.bind(("127.0.0.1", 0))
        host.listen()
        yield host.getsockname()[1]


def sentence(target: str, **options: float) -> str:
    with pytest.raises(ConsoleError) as caught:
        judge(target, seconds=0.2, timeout_s=options.get("timeout_s", 2.0))
    assert caught.value.remedy
    assert "\n" not in str(caught.value)
    return caught.value.sentence


def test_a_host_that_says_nothing_is_given_up() -> None:
    with silent_host() as port:
        for scheme in ("http", "rtmp"):
            assert str(port) in sentence(f"{scheme}://127.0.0.1:{port}/live/x", timeout_s=0.3)
        assert "did not answer within 0.3 s" in sentence(f"http://127.0.0.1:{port}/x.m3u8", timeout_s=0.3)


def test_an_answer_that_trickles_is_given_up() -> None:
    stop = threading.Event()

    def trickle(host: socket.socket) -> None:
        connection, _ = host.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n#EXTM3U\n")
            while not stop.wait(0.02):
                try:
                    connection.sendall(b"#")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as host:
        thread = threading.Thread(target=trickle, args=(host,))
        thread.start()
        with pytest.raises(ConsoleError, match="did not answer"):
            judge(f"http://127.0.0.1:{host.getsockname()[1]}/live.m3u8", timeout_s=0.1)
        stop.set()
        thread.join()


def test_a_host_that_is_not_there(free_port: Callable[[], int]) -> None:
    assert "refused" in sentence(f"http://127.0.0.1:{free_port()}/live/show/master.m3u8").lower()
    assert "can't be reached" in sentence("http://does-not-exist.invalid/x")
    assert "can't be reached" in sentence("http://[::1")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((404, {}, b""), "is not there"),
        ((403, {}, b"no"), "refused with status 403"),
        ((500, {}, b"oops"), "refused with status 500"),
        ((200, {}, b""), "is empty"),
        ((200, {}, b"<html>hello</html>" * 50), "can't be read as media"),
        ((200, {}, b"#EXTM3U\n"), "lists no segment"),
        ((200, {}, b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n"), "lists no stream"),
        ((200, {}, b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nagain.m3u8\n"), "master playlist in another"),
        ((200, {}, b"#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=k\n#EXTINF:2,\na\n#EXT-X-ENDLIST\n"), "encrypted"),
        ((200, {}, b"#EXTM3U\n#EXTINF:2,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"), "not an HTTP address"),
        ((200, {"Content-Length": "1000"}, b"#EXTM3U\n"), "ended 992 bytes early"),
        ((302, {"Location": "file:///etc/passwd"}, b""), ""),
        ((302, {"Location": "/again"}, b""), ""),
    ],
)
def test_answers_that_are_no_program(answer: Answer, words: str) -> None:
    with web(lambda _: answer) as url:
        assert words in sentence(f"{url}/live/show/master.m3u8?token=hush")


def test_the_token_is_not_shown() -> None:
    with web(lambda _: (500, {}, b"")) as url:
        assert "hush" not in sentence(f"{url}/live/show/master.m3u8?token=hush")


def test_segments_that_are_no_media() -> None:
    playlist = b'#EXTM3U\n#EXT-X-MAP:URI="i.mp4"\n#EXTINF:2,\n1.m4s\n#EXT-X-ENDLIST\n'

    def answer(path: str) -> Answer:
        return (200, {}, playlist if path.endswith("m3u8") else b"\0\0\0\x10moovjunkjunk" * 20)

    with web(answer) as url:
        assert "has neither pictures nor sound" in sentence(f"{url}/video.m3u8")


def test_a_file_behind_http_is_read(tmp_path: Path) -> None:
    body = write_file(tmp_path / "clip.mp4", 50).read_bytes()
    with web(lambda _: (200, {}, body)) as url:
        assert judge(f"{url}/clip.mp4").pictures == 50


def test_playlists_are_understood() -> None:
    master = parse(
        '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="s",URI="a.m3u8"\n#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="s"\nlow.m3u8\n'
        '#EXT-X-STREAM-INF:BANDWIDTH=9,CODECS="avc1.4d,mp4a.40.2",AUDIO="s"\nhigh.m3u8?x=1\n',
        "http://h/live/m.m3u8",
    )
    assert master == Master("http://h/live/high.m3u8?x=1", "http://h/live/a.m3u8")
    media = parse(
        "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:7\n"
        '#EXT-X-MAP:URI="i.mp4"\n#EXTINF:4,\n7.m4s\n#EXT-X-GAP\n#EXTINF:4,\n8.m4s\n'
        '#EXT-X-MAP:URI="j.mp4"\n#EXTINF:4,\n9.m4s\n',
        "http://h/live/v.m3u8",
    )
    assert isinstance(media, Media)
    assert [(each.number, each.header, each.gap) for each in media.segments] == [
        (7, "http://h/live/i.mp4", False),
        (8, "http://h/live/i.mp4", True),
        (9, "http://h/live/j.mp4", False),
    ]
    assert (media.ended, media.target_seconds) == (False, 4.0)


@given(st.text(max_size=200), st.booleans())
def test_no_playlist_does_harm(text: str, marked: bool) -> None:
    try:
        parse("#EXTM3U\n" + text if marked else text, "http://h/x")
    except ConsoleError as error:
        assert error.sentence  # noqa: PT017 either it is understood, or refused with a sentence


def probe(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "console", "probe", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_the_verb(tmp_path: Path) -> None:
    path = str(write_file(tmp_path / "gap.mp4", 100, leave_out=[50]))
    table = probe(path)
    assert (table.returncode, table.stderr) == (0, "")
    assert "lost 1, doubled 0" in table.stdout
    assert table.stdout.splitlines()[-1].endswith("1 program frames lost")
    told = probe(path, "--json", "--strict", "--rate", "50", "--source-rate", "50", "--loop-frames", "5000")
    assert told.returncode == 1
    assert json.loads(told.stdout)["gaps"] == [{"frame": 50, "count": 1}]
    missing = probe(str(tmp_path / "none.mp4"), "--json")
    assert (missing.returncode, missing.stdout) == (1, "")
    assert missing.stderr.count("\n") == 1
    assert "none.mp4" in missing.stderr
    for wrong in (["--rate", "51"], ["--seconds", "0"], ["--seconds", "nan"], ["--timeout", "-1"], []):
        assert probe(*([path, *wrong] if wrong else [])).returncode == 2


@pytest.mark.parametrize(
    ("refused", "status", "words"),
    [
        ("init.mp4", 404, "init.mp4 is not there"),
        ("init.mp4", 500, "init.mp4 was refused with status 500"),
        ("894000001.m4s", 403, "894000001.m4s was refused with status 403"),
        ("894000000.m4s", 500, "894000000.m4s was refused with status 500"),
    ],
)
def test_an_endpoint_that_fails_in_the_middle(refused: str, status: int, words: str) -> None:
    track = make_program(2).video
    lines = [f"#EXTINF:2,\n{number}.m4s" for number in track.segments]
    playlist = "\n".join(["#EXTM3U", '#EXT-X-MAP:URI="init.mp4"', *lines, "#EXT-X-ENDLIST"])
    files = {f"/{number}.m4s": data for number, data in track.segments.items()}
    files |= {"/init.mp4": track.header, "/video.m3u8": playlist.encode()}
    with web(lambda path: (status, {}, b"") if path.endswith(refused) else (200, {}, files[path])) as url:
        assert words in sentence(f"{url}/video.m3u8")

"""Whatever a source is given: one clear sentence, a process that lives and beats, and recovery when it can be."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import av
import pytest
from hosting import Host, hosting, in_order, send
from source_media import FRAMES
from waiting import wait_for

FreePort = Callable[[], int]


def check_alive(host: Host) -> None:
    """The process works, though the source does not."""
    beat = host.picture.heartbeat_ns
    wait_for(lambda: host.picture.heartbeat_ns > beat, 2, "a beat")
    assert host.process.poll() is None
    reasons = [event["reason"] for event in host.events if event["event"] == "trouble"]
    assert len(reasons) == len(set(reasons)) or len(reasons) < 3, reasons  # said once, not every time it is tried
    assert host.stop() == 0


def bad_file(kind: str, folder: Path, clip_mp4: Path) -> tuple[Path, str]:
    """A file that is no good, and words of the sentence about it."""
    path = folder / f"{kind}.mp4"
    match kind:
        case "text":
            path.write_text("It was a dark and stormy night.\n" * 200)
            return path, "is not a media file"
        case "random":
            path.write_bytes(random.Random(5).randbytes(300_000))
            return path, "is not a media file"
        case "empty":
            path.write_bytes(b"")
            return path, "is not a media file"
        case "truncated":
            whole = clip_mp4.read_bytes()
            start = whole.index(b"mdat")
            path.write_bytes(whole[: start - 2000])  # cut inside the table of contents
            return path, "is not a media file"
        case "folder":
            path.mkdir()
            return path, "is a folder"
        case "missing":
            return path, "does not exist"
        case _:
            with av.open(str(path), "w") as container:  # a header, and nothing behind it
                stream = container.add_stream("libx264", rate=25)
                assert isinstance(stream, av.VideoStream)
                stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
                container.start_encoding()
            return path, "neither pictures nor sound"


@pytest.mark.parametrize("kind", ["text", "random", "empty", "truncated", "folder", "missing", "no_frames"])
def test_files_that_are_no_good(tmp_path: Path, clip_mp4: Path, kind: str) -> None:
    path, words = bad_file(kind, tmp_path, clip_mp4)
    with hosting(tmp_path / "rings", str(path)) as host:
        trouble = host.wait_told("trouble")
        assert words in trouble["reason"], trouble
        assert path.name in trouble["reason"]
        assert trouble["remedy"]
        check_alive(host)


def test_a_clip_cut_off_in_the_middle_plays_what_there_is(tmp_path: Path, clip_mp4: Path) -> None:
    path = tmp_path / "cut.mp4"
    whole = clip_mp4.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    with hosting(tmp_path, str(path)) as host:
        assert in_order(host.collect(40)[15:], 100)
        check_alive(host)


def test_a_file_that_appears_is_played(tmp_path: Path, clip_mp4: Path) -> None:
    path = tmp_path / "later.mp4"
    with hosting(tmp_path, str(path)) as host:
        host.wait_told("trouble")
        shutil.copy(clip_mp4, tmp_path / "copy.mp4")
        os.replace(tmp_path / "copy.mp4", path)
        host.wait_told("recovered")
        assert in_order(host.collect(40)[15:], 100)


@pytest.mark.parametrize("url", ["gopher://host/", "pattern:?colour=red", "tcp://127.0.0.1"])
def test_addresses_that_mean_nothing(tmp_path: Path, url: str) -> None:
    with hosting(tmp_path, url) as host:
        assert host.wait_told("trouble")["remedy"]
        check_alive(host)


@contextmanager
def server(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that treats each connection in its own way; its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        held: list[socket.socket] = []

        def serve() -> None:
            while True:
                try:
                    connection = listener.accept()[0]
                    held.append(connection)
                    answer(connection)
                except OSError:
                    return

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            for connection in held:
                connection.close()
            thread.join()


def test_hosts_that_accept_and_say_nothing(tmp_path: Path) -> None:
    with server(lambda _connection: None) as port, ExitStack() as stack:
        hosts = [
            stack.enter_context(hosting(tmp_path / scheme, f"{scheme}://127.0.0.1:{port}/live/x"))
            for scheme in ("tcp", "http", "rtmp", "rtsp")
        ]
        for host in hosts:
            trouble = host.wait_told("trouble", 12)
            assert "does not answer" in trouble["reason"]
            assert f"127.0.0.1:{port}" in trouble["reason"]
            check_alive(host)


def test_a_port_where_nobody_listens(tmp_path: Path, free_port: FreePort) -> None:
    with hosting(tmp_path, f"tcp://127.0.0.1:{free_port()}") as host:
        assert "refuses the connection" in host.wait_told("trouble")["reason"]
        check_alive(host)


def test_a_stream_of_random_bytes(tmp_path: Path) -> None:
    dice = random.Random(6)

    def babble(connection: socket.socket) -> None:
        while True:
            connection.sendall(dice.randbytes(65536))

    with server(babble) as port, hosting(tmp_path, f"tcp://127.0.0.1:{port}") as host:
        assert host.wait_told("trouble", 12)["reason"]
        assert host.process.poll() is None
        host.kill()


def test_an_http_server_that_says_no(tmp_path: Path) -> None:
    def refuse(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    with server(refuse) as port, hosting(tmp_path, f"http://127.0.0.1:{port}/x.m3u8?token=geheim") as host:
        trouble = host.wait_told("trouble")
        assert "refuses access" in trouble["reason"]
        assert "geheim" not in str(host.events) + "".join(host.log)
        check_alive(host)


def test_a_stream_that_stops_and_goes_on(tmp_path: Path, clip_ts: Path, free_port: FreePort) -> None:
    port = free_port()
    sender = send(clip_ts, "-f", "mpegts", f"udp://127.0.0.1:{port}?pkt_size=1316")
    with sender as process, hosting(tmp_path, f"udp://127.0.0.1:{port}") as host:
        host.collect(20)
        process.send_signal(signal.SIGSTOP)
        host.wait_told("trouble", 4)
        told = len(host.events)
        process.send_signal(signal.SIGCONT)
        host.wait_told("recovered", 6, after=told)
        host.collect(40)
        assert in_order(host.collect(25), FRAMES)


def test_damaged_packets(tmp_path: Path, clip_ts: Path) -> None:
    """One byte in two thousand is wrong: pictures go on, nothing dies."""
    dice = random.Random(7)
    data = bytearray(clip_ts.read_bytes())
    for _ in range(len(data) // 2000):
        data[dice.randrange(len(data))] = dice.randrange(256)
    path = tmp_path / "damaged.ts"
    path.write_bytes(data)
    with hosting(tmp_path, str(path)) as host:
        host.collect(100, 12)
        check_alive(host)


def test_rings_that_are_not_there(tmp_path: Path) -> None:
    nowhere = str(tmp_path / "nothing")
    config = {"id": "cam1", "url": "black:", "format": "720p50"}
    for rings in ({"picture": nowhere, "tile": nowhere, "sound": nowhere}, {}):
        ended = subprocess.run(
            [sys.executable, "-m", "console", "_source"],
            input=json.dumps({**config, "rings": rings}).encode() + b"\n",
            capture_output=True,
            timeout=10,
            check=False,
        )
        assert ended.returncode in (1, 2)
        assert json.loads(ended.stdout.splitlines()[0])["event"] == "trouble"
        assert b"Traceback" not in ended.stderr


def test_inspect(tmp_path: Path, clip_mp4: Path) -> None:
    def ask(question: object) -> dict[str, object]:
        ended = subprocess.run(
            [sys.executable, "-m", "console", "_inspect"],
            input=json.dumps(question).encode() + b"\n",
            capture_output=True,
            timeout=20,
            check=True,
        )
        return dict(json.loads(ended.stdout))

    clip = ask({"url": str(clip_mp4)})
    assert clip["ok"]
    assert (clip["kind"], clip["live"], clip["duration_s"]) == ("clip", False, 2.0) or abs(clip["duration_s"] - 2) < 0.1  # type: ignore[operator]
    assert str(clip["picture"]).startswith("/9j/")
    assert ask({"url": "pattern:?number=4"})["ok"]
    assert ask({"url": "black:"})["ok"]
    assert not ask({"url": str(bad_file("text", tmp_path, clip_mp4)[0])})["ok"]
    assert not ask({"url": "nonsense://"})["ok"]
    assert not ask(["nothing"])["ok"]
    with server(lambda _connection: None) as port:
        answer = ask({"url": f"tcp://127.0.0.1:{port}", "timeout_s": 1})
        assert not answer["ok"]
        assert "does not answer" in str(answer["reason"])

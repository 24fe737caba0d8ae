"""`podium cloud` as a process: its address, its tokens, its end, and a disk that is full."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from console.cloud.access import is_loopback, kept_token, read_token
from console.cloud.server import access_for, parse_listen
from console.errors import ConsoleError, UsageError
from tests.burnt_program import FIRST_SEGMENT, make_program
from tests.cloud.endpoint import Endpoint

CLOUD = [sys.executable, "-m", "console", "cloud"]


@contextmanager
def cloud(store: Path, *arguments: str, wrapper: tuple[str, ...] = ()) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process, and the line it prints when it is ready."""
    command = [*wrapper, *CLOUD, "--store", str(store), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline()
        finally:
            if process.poll() is None:
                process.kill()


def port_of(line: str) -> int:
    return int(line.split("http://")[1].split("/", maxsplit=1)[0].rpartition(":")[2])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_is_and_ends_when_told(tmp_path: Path, number: signal.Signals) -> None:
    with cloud(tmp_path / "new" / "store", "--listen", "127.0.0.1:0") as (process, line):
        port = port_of(line)
        assert line == f"ready: ingest http://127.0.0.1:{port}/ingest/CHANNEL/ watch http://127.0.0.1:{port}/\n"
        endpoint = Endpoint(port, tmp_path / "new" / "store")
        assert endpoint.get("/healthz") == "ok\n"
        endpoint.deliver(make_program(1))
        process.send_signal(number)
        assert process.wait(10) == 0
    assert not list((tmp_path / "new" / "store").glob(".writable*"))


def test_kill_nine_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    program = make_program(2)
    with cloud(tmp_path, "--listen", "127.0.0.1:0") as (process, line):
        Endpoint(port_of(line), tmp_path).deliver(program, numbers=[FIRST_SEGMENT])
        process.kill()
        process.wait(10)
    with cloud(tmp_path, "--listen", "127.0.0.1:0") as (process, line):
        endpoint = Endpoint(port_of(line), tmp_path)
        # The header is known from the store: the uplink goes on with segments.
        status = endpoint.put(f"show/video/{FIRST_SEGMENT + 1}.m4s", program.video.segments[FIRST_SEGMENT + 1])
        assert status == 201
        assert endpoint.status()["show"]["segments"] == 2


def test_another_address_than_loopback_takes_tokens(tmp_path: Path) -> None:
    with cloud(tmp_path, "--listen", "0.0.0.0:0") as (_, line):
        endpoint = Endpoint(port_of(line), tmp_path)
        assert f"tokens in {tmp_path / 'ingest.token'} and {tmp_path / 'view.token'}" in line
        token, view = ((tmp_path / f"{name}.token").read_text().strip() for name in ("ingest", "view"))
        assert token not in line
        assert len({token, view}) == 2
        assert stat.S_IMODE((tmp_path / "ingest.token").stat().st_mode) == 0o600
        header = make_program(1).video.header
        assert endpoint.put("show/video/init.mp4", header) == 401
        assert endpoint.put("show/video/init.mp4", header, Authorization=f"Bearer {view}") == 403
        assert endpoint.put("show/video/init.mp4", header, Authorization=f"Bearer {token}") == 201
        assert endpoint.ask("GET", "/status")[0] == 401
        assert endpoint.ask("GET", f"/status?token={view}")[0] == 200


def test_a_token_file_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "mine"
    file.write_text("secret words\n")
    with cloud(tmp_path / "store", "--listen", "127.0.0.1:0", "--token-file", str(file)) as (_, line):
        endpoint = Endpoint(port_of(line), tmp_path)
        header = make_program(1).video.header
        assert endpoint.put("show/video/init.mp4", header) == 401
        assert endpoint.put("show/video/init.mp4", header, Authorization="Bearer secret words") == 201
        assert endpoint.ask("GET", "/status")[0] == 200


def refused(*arguments: str) -> tuple[int, str]:
    found = subprocess.run([*CLOUD, *arguments], capture_output=True, text=True, timeout=30, check=False)
    assert found.stdout == ""
    assert found.stderr.count("\n") == 1, found.stderr
    return found.returncode, found.stderr


def test_what_can_not_be_is_said_in_one_line(tmp_path: Path, free_port: Callable[[], int]) -> None:
    (tmp_path / "file").write_bytes(b"")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_port()))
        taken.listen()
        port = taken.getsockname()[1]
        status, text = refused("--store", str(tmp_path), "--listen", f"127.0.0.1:{port}")
        assert status == 1
        assert f"127.0.0.1:{port}: another program listens there" in text
        assert "--listen" in text
    assert refused("--store", str(tmp_path), "--listen", "nonsense")[0] == 2
    status, text = refused("--store", str(tmp_path / "file" / "store"), "--listen", "127.0.0.1:0")
    assert status == 1
    assert "can't be written" in text
    status, text = refused("--store", str(tmp_path), "--listen", "192.0.2.1:0")
    assert status == 1
    assert "can't listen on 192.0.2.1" in text
    status, text = refused("--store", str(tmp_path), "--listen", "127.0.0.1:0", "--token-file", str(tmp_path / "no"))
    assert status == 1
    assert "There is no token file" in text


def test_a_full_disk_is_507_and_heals(tmp_path: Path) -> None:
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-rm", "true"], check=False).returncode:
        pytest.skip("this system lets nobody make a small disk")
    store = tmp_path / "small"
    store.mkdir()
    script = f'mount -t tmpfs -o size=300k tmpfs {store} && exec "$@"'
    with cloud(store, "--listen", "127.0.0.1:0", wrapper=("unshare", "-rm", "sh", "-c", script, "sh")) as (_, line):
        assert line, "it did not start"
        endpoint = Endpoint(port_of(line), store)
        program = make_program(3)
        endpoint.deliver(program, numbers=[FIRST_SEGMENT])
        big = program.video.segments[FIRST_SEGMENT + 1] + b"\0\4\0\0free" + bytes(0x40000 - 8)
        status, _, body = endpoint.ask("PUT", f"/ingest/show/video/{FIRST_SEGMENT + 1}.m4s", big)
        assert (status, body.decode()) == (507, f"The disk of the store is full: free space under {store}.\n")
        assert endpoint.status()["show"]["segments"] == 1
        endpoint.deliver(program, numbers=[FIRST_SEGMENT + 1])  # what was written of the other is gone again
        assert endpoint.status()["show"]["segments"] == 2


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("127.0.0.1:8700", ("127.0.0.1", 8700)),
        (":0", ("127.0.0.1", 0)),
        ("[::1]:80", ("::1", 80)),
        ("host.example:65535", ("host.example", 65535)),
    ],
)
def test_listen_addresses(text: str, place: tuple[str, int]) -> None:
    assert parse_listen(text) == place


@pytest.mark.parametrize("text", ["", "8700", "host", "host:", "host:x", "host:65536", "host:-1", "::1:80", "host:٣"])
def test_bad_listen_addresses(text: str) -> None:
    with pytest.raises(UsageError, match="not an address to listen on"):
        parse_listen(text)


def test_what_is_loopback() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost", "LOCALHOST.")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "10.0.0.1", "localhost.evil.example", "", "127.0.0.1.evil")))


def test_tokens_are_made_once_and_kept(tmp_path: Path) -> None:
    first = access_for("0.0.0.0", tmp_path, None)
    assert access_for("::", tmp_path, None) == first
    assert first.ingest_token != first.view_token
    assert access_for("0.0.0.0", tmp_path, "mine").ingest_token == "mine"
    assert access_for("127.0.0.1", tmp_path, None).view_token is None
    (tmp_path / "empty").write_text("\n")
    for bad in (tmp_path / "empty", tmp_path / "none" / "token"):
        with pytest.raises(ConsoleError):
            kept_token(bad)
    with pytest.raises(ConsoleError):
        read_token(tmp_path)
    assert os.stat(tmp_path / "view.token").st_mode & 0o077 == 0

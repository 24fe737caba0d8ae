"""Live streams over every transport: every picture once, in order, evenly; after a kill they come back."""

from __future__ import annotations

import functools
import http.server
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import imageio_ffmpeg
import pytest
from hosting import CLOCK, MS, Host, hosting, in_order, running, send, wait_listening
from source_media import FRAMES
from waiting import wait_for

FreePort = Callable[[], int]


def check_stream(host: Host, seconds: float = 10.0, loop: int = FRAMES) -> None:
    """Half a second to settle, then a second of pictures is looked at."""
    host.collect(25, seconds)
    seen = host.collect(50, seconds)
    assert in_order(seen, loop), [s.code for s in seen]
    steps = [b.due_ns - a.due_ns for a, b in pairwise(seen)]
    assert sum(abs(step - 20 * MS) > MS // 2 for step in steps) <= 2, steps  # one step of latency may fall in here
    assert sum(s.ahead_ns < 0 for s in seen) < 10
    assert host.told("opened")["audio"]["rate"] == 48000
    assert host.told("trouble") is None


def av_offset_ms(host: Host) -> float:
    """Sound minus picture at the whole seconds that were seen: positive when sound is late."""
    seen = host.collect(110)
    pictures = [s.due_ns for s in seen if s.code is not None and s.code % 50 == 0]
    onsets = host.onsets()
    offsets = [min((o - p for o in onsets), key=abs) / MS for p in pictures if onsets]
    assert offsets
    return sorted(offsets)[len(offsets) // 2]


def test_mpeg_ts_over_tcp(tmp_path: Path, clip_ts: Path, free_port: FreePort) -> None:
    port = free_port()
    sender = send(clip_ts, "-f", "mpegts", f"tcp://127.0.0.1:{port}?listen=1")
    with sender, hosting(tmp_path, f"tcp://127.0.0.1:{port}") as host:
        check_stream(host)
        assert 200 * MS <= host.picture.latency_ns <= 1000 * MS, "as it was told, or raised"
        assert abs(av_offset_ms(host)) < 25
        assert host.stop() == 0


def test_mpeg_ts_over_tcp_listening_and_a_sender_that_is_killed(
    tmp_path: Path, clip_ts: Path, free_port: FreePort
) -> None:
    port = free_port()
    with hosting(tmp_path, f"tcp://127.0.0.1:{port}?listen=1") as host:
        wait_listening(port)
        with send(clip_ts, "-f", "mpegts", f"tcp://127.0.0.1:{port}"):
            check_stream(host)
        trouble = host.wait_told("trouble")
        assert "ended the stream" in trouble["reason"] or "Nothing arrives" in trouble["reason"]
        told = len(host.events)
        wait_listening(port)
        with send(clip_ts, "-f", "mpegts", f"tcp://127.0.0.1:{port}"):
            host.wait_told("recovered", after=told)
            host.collect(60)
            assert in_order(host.collect(50), FRAMES)


def test_udp_and_a_host_that_is_killed(tmp_path: Path, clip_ts: Path, free_port: FreePort) -> None:
    port = free_port()
    sender = send(clip_ts, "-f", "mpegts", f"udp://127.0.0.1:{port}?pkt_size=1316")
    with sender, hosting(tmp_path, f"udp://127.0.0.1:{port}") as host:
        check_stream(host)
        host.kill()
        began = CLOCK.now()
        host.start()
        host.wait_pictures(5)
        assert CLOCK.now() - began < 3000 * MS
        host.collect(40)
        assert in_order(host.collect(50), FRAMES)


def test_udp_sender_that_starts_again_with_new_time_stamps(tmp_path: Path, clip_ts: Path, free_port: FreePort) -> None:
    port = free_port()
    to = ("-f", "mpegts", f"udp://127.0.0.1:{port}?pkt_size=1316")
    with hosting(tmp_path, f"udp://127.0.0.1:{port}") as host:
        with send(clip_ts, *to):
            host.collect(50)
        with send(clip_ts, *to):
            host.collect(60)
            assert in_order(host.collect(50), FRAMES)


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files and keeps quiet."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def web(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder and the address at which it is served."""
    folder = tmp_path / "web"
    folder.mkdir()
    handler = functools.partial(QuietHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield folder, f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_hls(tmp_path: Path, clip_ts: Path, web: tuple[Path, str]) -> None:
    folder, url = web
    hls = (
        "-f",
        "hls",
        "-hls_time",
        "0.5",
        "-hls_list_size",
        "4",
        "-hls_flags",
        "delete_segments",
        folder / "live.m3u8",
    )
    with send(clip_ts, *map(str, hls)):
        wait_for(lambda: len(list(folder.glob("*.ts"))) >= 3, 10, "segments")
        with hosting(tmp_path, f"{url}/live.m3u8") as host:
            check_stream(host)


def test_a_file_over_http(tmp_path: Path, clip_mp4: Path, web: tuple[Path, str]) -> None:
    folder, url = web
    shutil.copy(clip_mp4, folder / "clip.mp4")
    with hosting(tmp_path, f"{url}/clip.mp4") as host:
        seen = host.collect(120)[15:]
        assert in_order(seen, 100)
        assert not host.told("opened")["live"]


def test_rtsp(tmp_path: Path, clip_mp4: Path, free_port: FreePort) -> None:
    port = free_port()
    url = f"rtsp://127.0.0.1:{port}/cam"
    with hosting(tmp_path, f"{url}?listen=1") as host:
        wait_listening(port)
        with send(clip_mp4, "-f", "rtsp", "-rtsp_transport", "tcp", url):
            check_stream(host, loop=100)


def test_rtmp_through_nginx(tmp_path: Path, clip_ts: Path, free_port: FreePort) -> None:
    port = free_port()
    module = Path("/usr/lib/nginx/modules/ngx_rtmp_module.so")
    config = tmp_path / "nginx.conf"
    config.write_text(
        f"load_module {module};\ndaemon off;\nmaster_process off;\npid {tmp_path}/nginx.pid;\n"
        f"error_log {tmp_path}/error.log;\nevents {{}}\n"
        f"rtmp {{ server {{ listen 127.0.0.1:{port}; application live {{ live on; }} }} }}\n"
    )
    url = f"rtmp://127.0.0.1:{port}/live/cam"
    with running("nginx", "-p", tmp_path, "-c", config, "-e", tmp_path / "error.log"):
        wait_for((tmp_path / "nginx.pid").exists, 5, "nginx")
        with send(clip_ts, "-bsf:a", "aac_adtstoasc", "-f", "flv", url), hosting(tmp_path, url) as host:
            check_stream(host, 15)
            assert "/live/cam" not in "".join(host.log)  # the stream key is a secret


def test_srt_with_a_passphrase_as_caller_and_as_listener(tmp_path: Path, clip_ts: Path, free_port: FreePort) -> None:
    ports = {"caller": free_port(), "listener": free_port()}
    secret = "correct-horse"
    ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
    with ExitStack() as stack:
        hosts = []
        for mode, port in ports.items():
            theirs = "listener" if mode == "caller" else "caller"
            address = f"srt://127.0.0.1:{port}?passphrase={secret}&mode="
            hosts.append(stack.enter_context(hosting(tmp_path / mode, address + mode)))
            stack.enter_context(send(clip_ts, "-f", "mpegts", address + theirs, ffmpeg=ffmpeg))
        for host in hosts:
            host.collect(40, 15)
            assert in_order(host.collect(50), FRAMES)
        ours = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
        assert secret not in "".join(line for line in ours.splitlines() if "concat" in line)
        for host in hosts:
            host.kill()
            assert secret not in "".join(host.log) + str(host.events)
    # The bridges went with the hosts that were killed: the ports are free again.
    taken = Path("/proc/net/udp")
    wait_for(lambda: not any(f":{port:04X} " in taken.read_text() for port in ports.values()), 5, "the bridges' end")

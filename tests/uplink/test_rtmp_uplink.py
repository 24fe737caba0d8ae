"""RTMP by real uplink processes to a real nginx-rtmp that records, to FFmpeg, and to a server that never confirms."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading

import pytest

from console.media.time import SAMPLE_RATE
from console.uplink import amf
from console.uplink.rtmp_chunks import COMMAND, ChunkReader, RtmpMessage, message_bytes
from tests.outputs.reading_back import heard, seen
from tests.uplink.servers import RTMP_MODULE, Nginx, free_port, listens, rtmp_recorder
from tests.waiting import wait_for

needs_nginx = pytest.mark.skipif(not RTMP_MODULE.exists(), reason="the RTMP module of nginx is not installed")


@pytest.fixture
def recorder(tmp_path):
    servers = []

    def start(**config):
        servers.append(rtmp_recorder(tmp_path / "server", **config))
        return servers[-1]

    yield start
    for one in servers:
        one.close()


def state(child):
    return child.last("output").get("state")


def acked(child):
    return child.last("output").get("acked", 0)


def recorded(server):
    """The files that were recorded, oldest first."""
    return sorted((server.directory / "records").iterdir(), key=lambda path: path.stat().st_mtime_ns)


def in_order(codes):
    return codes == list(range(codes[0], codes[0] + len(codes)))


@needs_nginx
def test_everything_arrives_in_order_with_its_sound(growing, uplink, recorder):
    server = recorder()
    log = growing(9)
    child = uplink(f"rtmp://127.0.0.1:{server.port}/live/main")
    wait_for(lambda: acked(child) >= 250, 20)
    assert child.last("output")["confirmed"] is True
    log.finish()
    assert child.finish() == 0
    told = child.last("output")
    assert (told["acked"], told["sent"], told["lost"], told["queued"]) == (len(log.frames), len(log.frames), 0, 0)
    (record,) = recorded(server)
    picture = seen(record)
    assert picture.codes == [frame % (1 << 24) for frame in log.frames]
    assert picture.times[-1] - picture.times[0] == pytest.approx((len(log.frames) - 1) / 50, abs=0.002)
    start, sound = heard(record)
    assert len(sound) / SAMPLE_RATE == pytest.approx(len(log.frames) / 50, abs=0.07)
    assert abs(start - picture.times[0]) < 0.022


@needs_nginx
def test_nothing_is_lost_when_the_receiver_freezes_and_dies_and_the_uplink_dies(growing, uplink, recorder):
    server = recorder()
    log = growing(27, speed=3)
    child = uplink(f"rtmp://127.0.0.1:{server.port}/live/main")
    wait_for(lambda: acked(child) >= 100, 20)
    server.freeze()
    frozen_at = acked(child)
    wait_for(lambda: child.last("output")["queued"] >= 250, 20)
    assert acked(child) - frozen_at < 100, "what a frozen receiver did not read does not count"
    server.thaw()
    wait_for(lambda: acked(child) >= frozen_at + 250, 20)
    server.kill()
    wait_for(lambda: state(child) == "retrying", 15)
    child.kill()
    server.start()
    child.start()
    wait_for(lambda: state(child) in ("live", "catching up"), 20)
    log.finish()
    wait_for(lambda: acked(child) == len(log.frames), 30)
    assert child.finish() == 0
    told = child.last("output")
    assert (told["acked"], told["lost"], told["queued"]) == (len(log.frames), 0, 0)
    runs = [seen(record).codes for record in recorded(server)]
    assert all(in_order(codes) for codes in runs), "no frame twice and none left out within a connection"
    assert {code for codes in runs for code in codes} == {frame % (1 << 24) for frame in log.frames}
    assert len(runs) >= 2


@needs_nginx
def test_a_stream_key_that_is_refused_is_told_and_the_right_one_goes_through_untouched(growing, uplink, tmp_path):
    port, http_port = free_port(), free_port()
    directory = tmp_path / "server"
    key = "1763800000-0-0-06e295b66c6b86ab2be5aa2e796ce373"
    server = Nginx(
        directory,
        port=port,
        rtmp=f"application live {{ live on; notify_method get; on_publish http://127.0.0.1:{http_port}/auth; }}",
        http=f"server {{ listen 127.0.0.1:{http_port}; location /auth {{"
        f' if ($arg_auth_key != "{key}") {{ return 403; }} return 200; }} }}',
    )
    try:
        log = growing(4, speed=6)
        wrong = uplink(f"rtmp://127.0.0.1:{port}/live/main?auth_key=wrong")
        told = wait_for(lambda: state(wrong) == "refused" and wrong.last("output"), 15)
        assert "stream name and key" in told["reason"]
        right = uplink(f"rtmp://127.0.0.1:{port}/live/main?auth_key={key}")
        wait_for(lambda: acked(right) >= 50, 15)
        log.finish()
        assert right.finish() == 0
    finally:
        server.close()


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
def test_ffmpeg_as_the_server_records_every_frame(growing, uplink, tmp_path):
    port, out = free_port(), tmp_path / "out.flv"
    server = subprocess.Popen(
        ["ffmpeg", "-v", "error", "-listen", "1", "-i", f"rtmp://127.0.0.1:{port}/live/main", "-c", "copy", str(out)],
        stdin=subprocess.DEVNULL,
    )
    log = growing(5)
    child = uplink(f"rtmp://127.0.0.1:{port}/live/main")
    try:
        wait_for(lambda: child.last("output").get("sent", 0) >= 100, 20)
        log.finish()
        assert child.finish() == 0
        assert server.wait(10) == 0
    finally:
        server.kill()
        server.wait()
    assert seen(out).codes == [frame % (1 << 24) for frame in log.frames]


class SilentServer:
    """Lets itself be published to and reads everything, but never acknowledges and never answers a ping."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.connections = 0
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, name="silent-server")
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            self._open.append(client)
            self.connections += 1
            with client:
                self._serve(client)

    def _serve(self, client: socket.socket) -> None:
        try:
            greeting = client.recv(1537, socket.MSG_WAITALL)
            client.sendall(b"\x03" + bytes(1536) + greeting[1:])
            client.recv(1536, socket.MSG_WAITALL)
            reader = ChunkReader()
            while data := client.recv(65536):
                for message in reader.feed(data):
                    if message.kind == COMMAND:
                        self._obey(client, amf.decode(message.payload))
        except OSError:
            return

    def _obey(self, client: socket.socket, command: list[amf.Value]) -> None:
        answers = {
            "connect": ("_result", command[1], None, {"code": "NetConnection.Connect.Success"}),
            "createStream": ("_result", command[1], None, 1.0),
            "publish": ("onStatus", 0.0, None, {"level": "status", "code": "NetStream.Publish.Start"}),
        }
        if command[0] in answers:
            client.sendall(message_bytes(RtmpMessage(COMMAND, amf.encode(*answers[command[0]])), 3, 128))

    def hang_up(self) -> None:
        for client in self._open:
            try:
                client.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.hang_up()
        self._thread.join()


def test_a_server_that_never_confirms_is_said_to(growing, uplink):
    server = SilentServer()
    try:
        growing(20, speed=2)
        child = uplink(f"rtmp://127.0.0.1:{server.port}/live/main")
        wait_for(lambda: child.last("output").get("sent", 0) >= 50, 15)
        assert acked(child) == 0, "nothing counts before it is clear that nobody will confirm"
        wait_for(lambda: acked(child) > 100, 20)
        assert child.last("output")["confirmed"] is False
        assert state(child) in ("live", "catching up")
        before = server.connections
        server.hang_up()
        wait_for(lambda: server.connections > before, 15)
        assert child.last("output")["lost"] == 0
    finally:
        child.kill()
        server.close()


def test_a_dead_address_is_told_and_tried_for_ever(growing, uplink):
    port = free_port()
    growing(3)
    child = uplink(f"rtmp://127.0.0.1:{port}/live/main")
    wait_for(lambda: state(child) == "retrying", 15)
    assert "Connection refused" in child.last("output")["reason"]
    assert not listens(port)
    child.kill()

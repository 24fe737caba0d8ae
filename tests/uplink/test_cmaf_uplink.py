"""CMAF ingest by real uplink processes to a real nginx that takes PUT, and to servers that behave badly."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import threading
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest

from console import __version__
from console.media.time import parse_format
from console.outputs.cmaf import audio_header, video_header
from console.outputs.log import AUDIO, TRACKS, VIDEO, ProgramLog
from console.uplink.cmaf import manifest
from tests.uplink.servers import Nginx, dav, free_port
from tests.waiting import wait_for

pytestmark = pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
MPD = "{urn:mpeg:dash:schema:mpd:2011}"


@pytest.fixture
def server(tmp_path):
    servers = []

    def start(**config):
        servers.append(dav(tmp_path / f"server-{len(servers)}", **config))
        return servers[-1]

    yield start
    for one in servers:
        one.close()


def store(server):
    return server.directory / "store" / "ingest" / "main"


def assert_all_there(directory, server):
    """Every sealed segment and the headers lie at the far end, byte for byte."""
    log = ProgramLog(directory)
    for track in TRACKS:
        assert (store(server) / track / "init.mp4").read_bytes() == log.header(track)
        for segment in log.segments(track):
            there = store(server) / track / f"{segment.number}.m4s"
            assert there.read_bytes() == log.segment_path(track, segment.number).read_bytes()
    return log


def state(child):
    return child.last("output").get("state")


def test_nothing_is_lost_when_the_receiver_freezes_and_dies_and_the_uplink_dies(growing, uplink, server):
    nginx = server()
    log = growing(30, speed=5)
    child = uplink(f"http://127.0.0.1:{nginx.port}/ingest/main")
    wait_for(lambda: child.last("output").get("acked", 0) >= 100, 15)
    nginx.freeze()
    wait_for(lambda: child.last("output")["queued"] >= 200, 15)
    nginx.thaw()
    wait_for(lambda: child.last("output")["queued"] <= 100, 15)
    nginx.kill()
    wait_for(lambda: state(child) == "retrying", 15)
    assert "Connection refused" in child.last("output")["reason"]
    child.kill()
    child.start()
    wait_for(lambda: state(child) == "retrying", 15)
    nginx.start()
    wait_for(lambda: state(child) == "live", 20)
    log.finish()
    assert child.finish() == 0
    sent = assert_all_there(log.directory, nginx)
    told = child.last("output")
    assert (told["acked"], told["lost"], told["queued"]) == (sent.frames, 0, 0) == (len(log.frames), 0, 0)


def test_one_persistent_connection_per_track_with_the_headers_of_the_protocol(growing, uplink, server, tmp_path):
    port = free_port()
    lines = tmp_path / "requests"
    directory = tmp_path / "server"
    (directory / "store").mkdir(parents=True)
    http = (
        'log_format ours "$connection $request_method $uri $http_dash_if_ingest $http_user_agent $status";'
        f"server {{ listen 127.0.0.1:{port}; access_log {lines} ours; root {directory}/store; client_max_body_size 0;"
        " location / { dav_methods PUT; create_full_put_path on; } }"
    )
    nginx = Nginx(directory, http=http, port=port)
    try:
        log = growing(9, speed=5)
        child = uplink(f"http://127.0.0.1:{port}/ingest/main")
        wait_for(lambda: child.last("output").get("acked", 0) >= 200, 15)
        log.finish()
        assert child.finish() == 0
    finally:
        nginx.signal(15)
        nginx.process.wait()
    requests = [line.split() for line in lines.read_text().splitlines()]
    assert {request[1] for request in requests} == {"PUT"}
    assert {request[3] for request in requests} == {"1.1"}
    assert {request[4] for request in requests} == {f"Podium/{__version__}"}
    for track in TRACKS:
        ours = [request for request in requests if f"/{track}/" in request[2]]
        assert len({request[0] for request in ours}) == 1, "one connection"
        names = [request[2].rpartition("/")[2] for request in ours]
        assert names[0] == "init.mp4"
        assert all(int(a.partition(".")[0]) + 1 == int(b.partition(".")[0]) for a, b in pairwise(names[1:]))
    assert requests.index(next(r for r in requests if "manifest" in r[2])) < requests.index(
        next(r for r in requests if r[2].endswith("video/init.mp4"))
    )


def test_a_header_that_the_far_end_has_lost_is_sent_again(growing, uplink, server):
    nginx = server()
    nginx.kill()
    log = growing(16, speed=6)
    guard = (
        "location ~ /video/\\d+\\.m4s$ { if (!-f $document_root/ingest/main/video/init.mp4) { return 412; }"
        " dav_methods PUT; create_full_put_path on; }"
    )
    nginx.configure(
        http=f"server {{ listen 127.0.0.1:{nginx.port}; root {nginx.directory}/store; client_max_body_size 0; {guard}"
        " location / { dav_methods PUT; create_full_put_path on; } }"
    )
    nginx.start()
    child = uplink(f"http://127.0.0.1:{nginx.port}/ingest/main")
    wait_for(lambda: child.last("output").get("acked", 0) >= 100, 15)
    (store(nginx) / "video" / "init.mp4").unlink()
    wait_for((store(nginx) / "video" / "init.mp4").exists, 15)
    log.finish()
    assert child.finish() == 0
    assert_all_there(log.directory, nginx)
    assert any("412" in event["reason"] for event in child.events)


@pytest.mark.parametrize(
    ("user", "wanted"), [("t0k3n@", "Bearer t0k3n"), ("crew:s3cret@", "Basic Y3JldzpzM2NyZXQ="), ("wrong@", None)]
)
def test_tokens_and_passwords(growing, uplink, server, user, wanted):
    check = f'if ($http_authorization != "{wanted or "Bearer right"}") {{ return 403; }}'
    nginx = server(extra=check)
    log = growing(5, speed=6)
    child = uplink(f"http://{user}127.0.0.1:{nginx.port}/ingest/main")
    if wanted:
        wait_for(lambda: child.last("output").get("acked", 0) >= 100, 15)
        log.finish()
        assert child.finish() == 0
        assert_all_there(log.directory, nginx)
        return
    told = wait_for(lambda: state(child) == "refused" and child.last("output"), 15)
    assert "403" in told["reason"]
    nginx.kill()
    nginx.configure(
        http=f"server {{ listen 127.0.0.1:{nginx.port}; root {nginx.directory}/store; client_max_body_size 0;"
        " location / { dav_methods PUT; create_full_put_path on; } }"
    )
    nginx.start()
    wait_for(lambda: state(child) == "live", 20)
    log.finish()
    assert child.finish() == 0
    assert_all_there(log.directory, nginx)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_a_certificate_is_verified(growing, uplink, tmp_path, monkeypatch):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    port = free_port()
    directory = tmp_path / "server"
    (directory / "store").mkdir(parents=True)
    nginx = Nginx(
        directory,
        port=port,
        http=f"server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {certificate}; ssl_certificate_key {key};"
        f" ssl_protocols TLSv1.2 TLSv1.3; root {directory}/store; client_max_body_size 0;"
        " location / { dav_methods PUT; create_full_put_path on; } }",
    )
    try:
        log = growing(4)
        distrustful = uplink(f"https://localhost:{port}/ingest/main")
        told = wait_for(lambda: state(distrustful) == "refused" and distrustful.last("output"), 15)
        assert "certificate is not trusted" in told["reason"]
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        trusting = uplink(f"https://localhost:{port}/ingest/main")
        wait_for(lambda: trusting.last("output").get("acked", 0) >= 50, 15)
        log.finish()
        assert trusting.finish() == 0
        assert_all_there(log.directory, nginx)
    finally:
        nginx.close()


class BadServer:
    """Accepts connections and answers each with the same bytes, or with nothing at all."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, name="bad-server")
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            self._open.append(client)
            if self._answer:
                with contextlib.suppress(OSError):
                    client.sendall(self._answer)
                    client.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()
        for client in self._open:
            client.close()


GARBAGE = bytes(range(256)) * 20


@pytest.mark.parametrize(
    ("answer", "scheme", "words"),
    [
        (b"", "http", "does not answer"),
        (GARBAGE, "http", "broke off"),
        (GARBAGE, "rtmp", "does not speak RTMP"),
        (b"\x03" + bytes(1536) + bytes(1536) + GARBAGE, "rtmp", "does not speak RTMP"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\nContent-Length: 0\r\n\r\n", "http", "another address"),
        (b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", "http", "503 Busy"),
    ],
)
def test_a_server_that_behaves_badly_is_told_in_a_sentence(growing, uplink, answer, scheme, words):
    server = BadServer(answer)
    try:
        growing(3, speed=9)
        child = uplink(f"{scheme}://127.0.0.1:{server.port}/live/main")
        told = wait_for(lambda: state(child) in ("retrying", "refused") and child.last("output"), 15)
        assert words in told["reason"]
        assert (told["acked"], told["lost"]) == (0, 0)
        assert child.process.poll() is None
    finally:
        child.kill()
        server.close()


def test_a_destination_that_is_none_is_said_and_not_tried_again(uplink):
    child = uplink("gopher://host/hole")
    assert "scheme that is not known" in wait_for(lambda: child.last("output"), 10)["reason"]
    assert state(child) == "refused"
    assert child.finish() == 0


def test_the_manifest_announces_the_grid_since_1970():
    fmt = parse_format("720p29.97")
    sps = bytes.fromhex("6764001facb405017fcb080000030008000003032478c195")
    text = manifest(fmt, video_header(fmt, sps, b"\x68\xef", 6_000_000), audio_header(b"\x11\x90", 160_000))
    root = ET.fromstring(text)
    templates = [dict(element.attrib) for element in root.iter(f"{MPD}SegmentTemplate")]
    assert templates[0] == templates[1]
    template = templates[0]
    assert int(template["duration"]) / int(template["timescale"]) == pytest.approx(2.002)
    assert template["initialization"].count("$RepresentationID$") == 1
    assert "$Number$" in template["media"]
    assert root.attrib["availabilityStartTime"] == "1970-01-01T00:00:00Z"
    codecs = [element.attrib["codecs"] for element in root.iter(f"{MPD}Representation")]
    assert codecs == ["avc3.64001f", "mp4a.40.2"]
    assert [e.attrib["bandwidth"] for e in root.iter(f"{MPD}Representation")] == ["6000000", "160000"]
    assert {VIDEO, AUDIO} == {e.attrib["id"] for e in root.iter(f"{MPD}Representation")}

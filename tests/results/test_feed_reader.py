"""A data feed from the outside: over HTTP from a real server, from a file, from a folder."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from feed_server import FeedServer
from hundred_metres import FOLDER, correction, invalidation, keep_alive, official, start_list, tried, unconfirmed
from waiting import wait_for

from console.media.clock import SystemClock, VirtualClock
from console.results.binding import bind
from console.results.fetch import FeedReader
from console.results.odf import write
from console.show.world import DataFeed, FeedKind

Opener = Callable[..., FeedReader]


@pytest.fixture
def opened(server: FeedServer) -> Iterator[Opener]:
    """Readers that end before the server does."""
    readers = []

    def read(url: str, kind: FeedKind = FeedKind.ODF, gate: bool = True, **more: Any) -> FeedReader:
        clock = more.pop("clock", None) or SystemClock()
        readers.append(FeedReader(DataFeed("race", kind, url, gate), clock, 0.03, **more))
        return readers[-1]

    yield read
    for reader in readers:
        reader.close()
        assert not reader._thread.is_alive()


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer() as running:
        yield running


def shown(reader: FeedReader, path: str) -> str:
    text, _ = bind(f"<{{race.{path}}}>", {"race": reader.value()})
    assert isinstance(text, str)
    return text[1:-1]


def trouble(reader: FeedReader) -> str:
    return str(wait_for(lambda: reader.status()["reason"]))


def test_a_message_over_http_is_shown_and_asked_for_again_only_if_it_changed(
    opened: Opener, server: FeedServer
) -> None:
    server.data = write(official())
    reader = opened(server.url())
    wait_for(lambda: shown(reader, "result.7.time") == "10.12")
    assert reader.poll() == reader.value()
    assert reader.poll() is None
    wait_for(lambda: server.unchanged > 2)
    assert reader.poll() is None
    server.data = write(correction())
    wait_for(lambda: shown(reader, "result.7.time") == "10.13")
    status = reader.status()
    assert (status["state"], status["messages"], status["refused"], status["reason"]) == ("ok", 2, 0, "")
    server.data = write(invalidation())
    wait_for(lambda: shown(reader, "result.1.time") == "")


def test_several_messages_in_one_answer_are_taken_in_the_order_of_their_versions(
    opened: Opener, server: FeedServer
) -> None:
    server.data = write(correction(), official(), unconfirmed(), start_list(), tried(), keep_alive())
    reader = opened(server.url())
    wait_for(lambda: shown(reader, "result.7.time") == "10.13")
    status = reader.status()
    assert (status["messages"], status["test_messages"], status["refused"]) == (5, 1, 0)
    assert status["keep_alive_age_ms"] < 5000


def test_without_an_etag_the_same_answer_is_no_news(opened: Opener, server: FeedServer) -> None:
    server.etag, server.data = False, write(official())
    reader = opened(server.url())
    wait_for(lambda: len(server.asked) > 3)
    assert reader.status()["messages"] == 1


def test_a_feed_that_stops_its_keep_alives_is_stale(opened: Opener, server: FeedServer) -> None:
    clock = VirtualClock()
    server.data = write(correction(), keep_alive())
    reader = opened(server.url(), clock=clock)
    wait_for(lambda: reader.status()["state"] == "ok")
    clock.advance(91_000_000_000)
    wait_for(lambda: reader.status()["state"] == "stale")
    asked = len(server.asked)
    wait_for(lambda: len(server.asked) > asked + 1)
    assert (reader.status()["state"], reader.status()["keep_alive_age_ms"]) == ("stale", 91_000)
    server.data = write(correction(), keep_alive(120))
    wait_for(lambda: reader.status()["state"] == "ok")
    assert shown(reader, "result.1.time") == "9.59"


@pytest.mark.expects_log
def test_a_server_that_goes_away_is_named_and_the_last_result_stays(opened: Opener, server: FeedServer) -> None:
    server.data = write(correction())
    reader = opened(server.url("feed?token=swordfish"))
    wait_for(lambda: shown(reader, "result.1.time") == "9.59")
    server.status, server.data = 503, b"busy"
    assert trouble(reader).startswith(f"{server.url('feed?token=***')} answers with HTTP 503. ")
    assert shown(reader, "result.1.time") == "9.59"
    server.status, server.data = 200, write(correction())
    wait_for(lambda: reader.status()["state"] == "ok")
    assert "swordfish" not in str(reader.status())


def test_the_log_has_a_line_when_trouble_begins_and_one_when_it_ends(
    opened: Opener, server: FeedServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.status = 503
    reader = opened(server.url())
    wait_for(lambda: len(server.asked) > 2)
    server.status = 500
    wait_for(lambda: len(server.asked) > 4)
    server.status, server.data = 200, write(correction())
    wait_for(lambda: reader.status()["state"] == "ok")
    told = [record.getMessage() for record in caplog.records if record.name == "console.results"]
    assert [line.partition("answers")[2] or line for line in told] == [
        " with HTTP 503. Ask who runs the server.",
        "feed race is read again",
    ]


@pytest.mark.expects_log
@pytest.mark.parametrize(
    ("status", "why"), [(401, "does not let us in (HTTP 401)"), (404, "has nothing there"), (500, "HTTP 500")]
)
def test_what_a_server_answers_is_told_in_words(opened: Opener, server: FeedServer, status: int, why: str) -> None:
    server.status = status
    assert why in trouble(opened(server.url()))


@pytest.mark.expects_log
def test_nobody_there_is_told_in_words(opened: Opener) -> None:
    with FeedServer() as gone:
        url = gone.url().replace("127.0.0.1", "anna:hunter2@127.0.0.1")
    reason = trouble(opened(url))
    assert "can't be reached (Connect" in reason
    assert "hunter2" not in reason


@pytest.mark.expects_log
@pytest.mark.parametrize(("declared", "endless"), [(50 << 20, False), (0, True)])
def test_fifty_megabytes_are_refused_while_they_are_read(
    opened: Opener, server: FeedServer, declared: int, endless: bool
) -> None:
    server.declared, server.endless = declared, endless
    reader = opened(server.url())
    assert "more than 4 MB" in trouble(reader)
    server.endless, server.declared, server.data = False, 0, write(correction())
    wait_for(lambda: reader.status()["state"] == "ok")


@pytest.mark.expects_log
def test_an_answer_that_is_squeezed_is_not_unfolded(opened: Opener, server: FeedServer) -> None:
    server.headers, server.data = {"Content-Encoding": "gzip"}, b"\x1f\x8b"
    assert "compressed" in trouble(opened(server.url()))
    assert server.asked[0]["Accept-Encoding"] == "identity"


@pytest.mark.expects_log
def test_an_answer_that_is_cut_is_refused_and_what_was_true_stays(opened: Opener, server: FeedServer) -> None:
    server.data = write(correction())
    reader = opened(server.url())
    wait_for(lambda: reader.status()["messages"])
    server.data = write(invalidation())[:-3]
    assert "ends too early" in trouble(reader)
    assert shown(reader, "result.1.time") == "9.59"
    server.data = write(correction())
    wait_for(lambda: reader.status()["state"] == "ok")
    assert reader.status()["refused"] == 1


@pytest.mark.expects_log
def test_a_redirect_without_end_is_given_up(opened: Opener, server: FeedServer) -> None:
    server.status, server.headers = 302, {"Location": "/again"}
    assert "leads from one address to the next" in trouble(opened(server.url()))


@pytest.mark.expects_log
def test_certificates_are_verified(opened: Opener, tmp_path: Path) -> None:
    if not shutil.which("openssl"):
        pytest.skip("openssl makes the certificate")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    make = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=127.0.0.1"
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(["openssl", *make.split(), *names], check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    with FeedServer(data=write(correction()), tls=context) as server:
        doubter = opened(server.url())
        assert "certificate that can't be verified" in trouble(doubter)
        doubter.close()  # no handshake is under way when the server ends
        trusted = opened(server.url(), tls=ssl.create_default_context(cafile=str(certificate)))
        wait_for(lambda: shown(trusted, "result.1.time") == "9.59")
        with FeedServer(data=write(invalidation())) as plain:
            server.status, server.headers, server.data = 302, {"Location": plain.url()}, b""
            assert "leads away from HTTPS" in trouble(trusted)
            trusted.close()
        assert shown(trusted, "result.1.time") == "9.59"


@pytest.mark.expects_log
@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "no address"),
        ("ftp://results.example/feed", "no address"),
        ("http://", "not an address"),
        ("http://:0/", "127|not an address|can't be reached"),
        ("/nowhere/at/all", "no file or folder"),
        ("file://elsewhere/feed", "another machine"),
        ("a\0b", "no address"),
        ("x" * 5000, "can't be read|no file or folder"),
    ],
)
def test_addresses_that_lead_nowhere_are_told(opened: Opener, url: str, why: str) -> None:
    reader = opened(url)
    assert any(part in trouble(reader) for part in why.split("|"))
    assert reader.status()["state"] == "trouble"


def test_a_unit_can_be_chosen_with_the_address(opened: Opener, server: FeedServer) -> None:
    server.data = write(correction())
    meant, other = opened(server.url("feed#ATHM100M")), opened(server.url("feed#SWM"))
    wait_for(lambda: meant.status()["messages"] and other.status()["messages"])
    assert (shown(meant, "event"), shown(other, "event")) == ("Men's 100m", "")


def test_the_samples_are_a_feed(opened: Opener) -> None:
    reader = opened(str(FOLDER / "final"))
    wait_for(lambda: shown(reader, "status") == "Official")
    assert (shown(reader, "result.7.time"), reader.status()["refused"]) == ("10.13", 0)
    named = opened((FOLDER / "final" / "8-correction.xml").as_uri())
    wait_for(lambda: shown(named, "result.1.name") == "J. MBEKI-ROSS")


def test_files_in_a_folder_are_read_when_they_are_whole(opened: Opener, tmp_path: Path) -> None:
    data = write(correction())
    (tmp_path / "later.xml").write_bytes(data[:400])
    (tmp_path / ".hidden.xml").write_bytes(b"nonsense")
    (tmp_path / "upload.xml.part").write_bytes(b"nonsense")
    (tmp_path / "folder.xml").mkdir()
    (tmp_path / "first.XML").write_bytes(write(start_list()))
    reader = opened(str(tmp_path))
    wait_for(lambda: shown(reader, "status") == "Start list")
    (tmp_path / "later.xml").write_bytes(data)
    wait_for(lambda: shown(reader, "result.1.time") == "9.59")
    assert (reader.status()["refused"], reader.status()["state"]) == (0, "ok")


@pytest.mark.expects_log
def test_a_file_that_is_never_finished_is_refused_in_the_end(opened: Opener, tmp_path: Path) -> None:
    clock = VirtualClock()
    (tmp_path / "cut.xml").write_bytes(write(correction())[:400])
    reader = opened(str(tmp_path), clock=clock)
    wait_for(lambda: reader._unfinished)
    assert reader.status()["refused"] == 0
    clock.advance(11_000_000_000)
    assert trouble(reader).startswith("cut.xml: The document ends too early")


@pytest.mark.expects_log
def test_one_bad_file_leaves_the_others_alone(opened: Opener, tmp_path: Path) -> None:
    (tmp_path / "1-huge.xml").write_bytes(b" " * ((4 << 20) + 1))
    (tmp_path / "2-bomb.xml").write_bytes(b"<!DOCTYPE a [<!ENTITY a 'b'>]><a>&a;</a>")
    reader = opened(str(tmp_path))
    wait_for(lambda: reader.status()["refused"] == 2)
    (tmp_path / "3-good.xml").write_bytes(write(correction()))
    wait_for(lambda: shown(reader, "result.1.time") == "9.59")
    assert reader.status()["state"] == "ok"
    assert "4 MB" in reader.status()["last_reason"] or "DOCTYPE" in reader.status()["last_reason"]


@pytest.mark.expects_log
def test_a_file_that_can_not_be_read_is_named(opened: Opener, tmp_path: Path) -> None:
    if os.name == "nt" or os.geteuid() == 0:
        pytest.skip("the administrator may read everything")
    file = tmp_path / "secret.xml"
    file.write_bytes(write(correction()))
    file.chmod(0)
    assert "Permission denied" in trouble(opened(str(tmp_path)))


@pytest.mark.expects_log
@pytest.mark.parametrize(
    ("kind", "name", "before", "after"),
    [
        (FeedKind.CSV, "scores.csv", b"home;goals\nOslo;2\n", b"home;goals\nOslo;3\n"),
        (FeedKind.JSON, "scores.json", b'[{"home": "Oslo", "goals": 2}]', b'[{"home": "Oslo", "goals": 3}]'),
    ],
)
def test_tables_come_from_a_file_and_over_http(
    opened: Opener, server: FeedServer, tmp_path: Path, kind: FeedKind, name: str, before: bytes, after: bytes
) -> None:
    file = tmp_path / name
    file.write_bytes(before)
    server.data = before
    readers = [opened(str(file), kind), opened(server.url(), kind)]
    assert readers[0].poll() is None or shown(readers[0], "0.goals") == "2"
    for reader in readers:
        wait_for(lambda reader=reader: reader.value() and shown(reader, "0.goals") == "2")
    file.write_bytes(after)
    server.data = after
    for reader in readers:
        wait_for(lambda reader=reader: shown(reader, "0.goals") == "3")
    server.data = b"\0"
    file.write_bytes(b"\0" * 100)
    for reader in readers:
        assert trouble(reader)
        assert shown(reader, "0.goals") == "3"


@pytest.mark.expects_log
def test_a_table_is_not_read_from_a_folder(opened: Opener, tmp_path: Path) -> None:
    assert "is a folder" in trouble(opened(str(tmp_path), FeedKind.CSV))


def test_closing_does_not_wait_for_a_slow_server(opened: Opener, server: FeedServer) -> None:
    server.hangs = True
    reader = opened(server.url())
    wait_for(lambda: server.asked)
    assert reader.status()["state"] == "stale"
    clock = SystemClock()
    begun = clock.now()
    reader.close()
    assert clock.now() - begun < 2_000_000_000
    assert "feed-race" not in {thread.name for thread in threading.enumerate()}

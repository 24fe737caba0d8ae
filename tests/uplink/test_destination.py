"""Addresses of destinations, taken apart; secrets kept out of sight."""

from __future__ import annotations

import base64

import pytest

from console.errors import ConsoleError
from console.uplink.destination import parse_destination


def test_an_https_address_with_user_and_password_asks_for_basic_authentication():
    found = parse_destination("https://cam%40club:p%3Ass@ingest.example:8443/ingest/main/?region=eu")
    assert (found.host, found.port, found.path, found.query) == ("ingest.example", 8443, "/ingest/main", "region=eu")
    assert base64.b64decode(found.authorization.removeprefix("Basic ")) == b"cam@club:p:ss"
    assert found.url("video/7.m4s") == "https://ingest.example:8443/ingest/main/video/7.m4s?region=eu"
    assert "club" not in found.shown
    assert "p%3Ass" not in found.shown


def test_user_information_without_a_password_is_a_bearer_token():
    assert parse_destination("http://t0k3n@host/ingest/a").authorization == "Bearer t0k3n"
    assert parse_destination("http://host/ingest/a").authorization == ""


def test_the_port_is_the_usual_one_unless_it_is_said():
    assert [parse_destination(f"{s}://h/a/b").port for s in ("http", "https", "rtmp", "rtmps")] == [80, 443, 1935, 443]
    assert parse_destination("http://[::1]:8080/x").url("m") == "http://[::1]:8080/x/m"


def test_the_key_of_a_stream_is_not_shown():
    shown = parse_destination("rtmp://host/live/secret-key?auth_key=1763800000-0-0-06e2").shown
    assert "secret-key" not in shown
    assert "06e2" not in shown


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("ftp://host/x", "scheme that is not known"),
        ("nothing", "scheme that is not known"),
        ("http:///x", "names no host"),
        ("http://host:port/x", "is not an address"),
        ("rtmp://host/onlyapp", "no stream name"),
        ("rtmp://host", "no stream name"),
    ],
)
def test_what_is_no_destination_is_said_with_a_remedy(url, sentence):
    with pytest.raises(ConsoleError, match=sentence) as caught:
        parse_destination(url)
    assert caught.value.remedy

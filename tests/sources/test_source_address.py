"""What addresses mean, and that none crashes the one who reads it."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.errors import ConsoleError
from console.media.time import parse_format
from console.sources.address import Kind, is_page, parse, tile_size, wants_key


@pytest.mark.parametrize(
    ("url", "kind", "target"),
    [
        ("pattern:", Kind.PATTERN, "pattern:"),
        ("pattern:?number=3&motion=0&tone=1", Kind.PATTERN, "pattern:?number=3&motion=0&tone=1"),
        ("black:", Kind.BLACK, "black:"),
        ("/media/opening.mp4", Kind.CLIP, "/media/opening.mp4"),
        ("C:\\media\\opening.mp4", Kind.CLIP, "C:\\media\\opening.mp4"),
        ("file:///media/a%20b.mov", Kind.CLIP, "/media/a b.mov"),
        ("file:///C:/media/a.mov", Kind.CLIP, "C:/media/a.mov"),
        ("file:relative.mp4", Kind.CLIP, "relative.mp4"),
        ("what?.mp4", Kind.CLIP, "what?.mp4"),
        ("/media/logo.PNG", Kind.STILL, "/media/logo.PNG"),
        ("rtmp://host/live/key", Kind.LIVE, "rtmp://host/live/key"),
        ("udp://239.0.0.1:5000", Kind.LIVE, "udp://239.0.0.1:5000"),
        ("udp://@:5000", Kind.LIVE, "udp://@:5000"),
        ("https://host/live.m3u8?token=1", Kind.LIVE, "https://host/live.m3u8?token=1"),
        ("tcp://0.0.0.0:9000?listen", Kind.LIVE, "tcp://0.0.0.0:9000"),
        ("html+https://host/lower.html?f0=A", Kind.HTML, "https://host/lower.html?f0=A"),
        ("html+file:///graphics/a b.html", Kind.HTML, "file:///graphics/a b.html"),
    ],
)
def test_kinds(url: str, kind: Kind, target: str) -> None:
    address = parse(url)
    assert (address.kind, address.target) == (kind, target)


def test_listeners_and_datagrams() -> None:
    assert parse("tcp://0.0.0.0:9000?listen=1").options["listen"] == "1"
    assert parse("tcp://0.0.0.0:9000?listen=1").listens
    assert not parse("tcp://host:9000?listen=0").listens
    assert parse("rtsp://0.0.0.0:8554/cam?listen=1").options["rtsp_flags"] == "listen"
    assert parse("udp://0.0.0.0:5000").listens
    assert parse("udp://0.0.0.0:5000").datagrams
    assert parse("srt://0.0.0.0:5000?mode=listener").listens
    assert not parse("srt://host:5000").listens
    assert parse("srt://host:5000").bridge


def test_loops() -> None:
    assert parse("/a.mp4").loop is None
    assert parse("/a.mp4?loop=0").loop is False
    assert parse("file:///a.mp4?loop=1").loop is True
    assert parse("/a.mp4?loop=0").target == "/a.mp4"


NONSENSE = [
    "",
    "  ",
    "ftp://host/x",
    "data:text/plain,x",
    "concat:a|b",
    "tcp://host",
    "tcp://host:99999",
    "udp://:",
    "rtmp:///live",
    "http://",
    "http://[::1",
    "pattern:?number=x",
    "pattern:?number=256",
    "pattern:?colour=1",
    "file:",
]


@pytest.mark.parametrize("url", NONSENSE)
def test_what_means_nothing_is_refused_with_a_reason(url: str) -> None:
    with pytest.raises(ConsoleError) as caught:
        parse(url)
    assert caught.value.sentence
    assert caught.value.remedy


def test_secrets_are_not_shown() -> None:
    for url in ("srt://host:1?passphrase=geheim12345", "rtmp://host/live/geheim", "rtsp://user:geheim@host/cam"):
        assert "geheim" not in parse(url).shown
    with pytest.raises(ConsoleError) as caught:
        parse("ftp://user:geheim@host")
    assert "geheim" not in str(caught.value)


@given(st.text(max_size=60) | st.from_regex(r"(tcp|udp|srt|rtsp|http|file|pattern|black):[ -~]{0,30}", fullmatch=True))
def test_any_text_is_understood_or_refused(url: str) -> None:
    with suppress(ConsoleError):
        assert parse(url).target
    assert wants_key(url) in (True, False)


def test_rings_for_a_source() -> None:
    assert wants_key("logo.png")
    assert wants_key("file:///logo.webp")
    assert not wants_key("photo.jpg")
    assert not wants_key("clip.mp4")
    assert not wants_key("nonsense://x")
    assert tile_size(parse_format("720p50")) == (320, 180)
    assert tile_size(parse_format("1080p50")) == (480, 270)
    assert tile_size(parse_format("480p25")) == (428, 240)
    assert tile_size(parse_format("640x480p25")) == (320, 240)


def test_pages_have_a_key_their_fields_and_a_host_of_their_own() -> None:
    url = "html+https://me:secret@host/lower.html?f0=Ann+%26+Bo&token=abc"
    address = parse(url)
    assert address.options == {"f0": "Ann & Bo", "token": "abc"}
    assert "secret" not in address.shown
    assert "abc" not in address.shown
    assert wants_key(url)
    assert is_page(url)
    assert is_page(" HTML+file:///x.html")
    assert not is_page("https://host/live.m3u8")
    assert parse("html+file:///x.html").shown == "html+file:///x.html"


@pytest.mark.parametrize(
    "url",
    ["html+https:///x.html", "html+http://", "html+file://", "html+file:///", "html+file://host/x", "html+https://h:x"],
)
def test_pages_without_a_place_are_refused(url: str) -> None:
    with pytest.raises(ConsoleError, match=r"names no|can't be read"):
        parse(url)

"""What a source's address means: which kind of source it is and how FFmpeg is asked to open it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from console.errors import ConsoleError
from console.media.address import masked, scheme_of
from console.media.time import Format

TILE_WIDTH_MAX_PX = 480
STILL_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp"})
_ALPHA_SUFFIXES = frozenset({".png", ".webp", ".tif", ".tiff"})
_DATAGRAM_SCHEMES = frozenset({"udp", "srt"})
_LISTENING_SCHEMES = frozenset({"tcp", "rtmp", "rtsp"})
LIVE_SCHEMES = frozenset({"rtmp", "rtmps", "rtsp", "rtsps", "http", "https", "udp", "tcp", "srt"})
_PAGE_SCHEMES = frozenset({"html+http", "html+https", "html+file"})
KNOWN = (
    "pattern:, black:, a file (clip or still), rtmp(s)://, rtsp(s)://, http(s)://, udp://, tcp://, srt://, "
    "html+http(s):// and html+file:// (an HTML page)"
)
_CLIP_QUERY = re.compile(r"\?loop=([01])$")


class Kind(Enum):
    """The kinds of source."""

    PATTERN = "pattern"
    BLACK = "black"
    STILL = "still"
    CLIP = "clip"
    LIVE = "live"
    HTML = "html"


@dataclass(frozen=True)
class Address:
    """An address, understood."""

    kind: Kind
    target: str
    """What is opened: a path or a URL; secrets included, so it is never logged (see `shown`)."""
    shown: str
    """The address as people may see it."""
    options: dict[str, str] = field(default_factory=dict)
    """Pattern: its options. Live: FFmpeg's options for the target. Pages: the fields of the query."""
    loop: bool | None = None
    """Clips: what the address says about looping; None when it says nothing."""
    listens: bool = False
    """The far end comes to us (listener, UDP): nobody there is waited for without a pause."""
    datagrams: bool = False
    """The sender can't be slowed down: packets that find no room are dropped here."""
    bridge: bool = False
    """Opened by FFmpeg's executable, since our libraries lack the protocol (SRT)."""


def parse(url: str) -> Address:
    """Understand an address. Raises ConsoleError for an unknown scheme or option, or when there is no host or port."""
    url = url.strip()
    if not url:
        raise ConsoleError("The source has no address", f"Give one of: {KNOWN}")
    scheme = scheme_of(url)
    if scheme in ("pattern", "black"):
        return _parse_made(url, scheme)
    if scheme == "file":
        return _parse_file(url)
    if scheme in LIVE_SCHEMES:
        return _parse_live(url, scheme)
    if scheme in _PAGE_SCHEMES:
        return _parse_page(url, scheme)
    raise ConsoleError(f"The address {masked(url)} has an unknown scheme '{scheme}'", f"Known are {KNOWN}")


def _parse_made(url: str, scheme: str) -> Address:
    query = url.partition("?")[2]
    options = dict(parse_qsl(query, keep_blank_values=True))
    known = {"number", "motion", "tone"} if scheme == "pattern" else set()
    for name, value in options.items():
        if name not in known:
            raise ConsoleError(
                f"The address {url} has an unknown option '{name}'", "Write e.g. pattern:?number=3&motion=1&tone=1"
            )
        most = 255 if name == "number" else 1
        if not (value.isascii() and value.isdigit() and int(value) <= most):
            raise ConsoleError(f"The option '{name}' of {url} is not a number from 0 to {most}", "Correct the address")
    return Address(Kind(scheme), url, url, options)


def _parse_file(url: str) -> Address:
    loop: bool | None = None
    path = url
    if match := _CLIP_QUERY.search(path):
        loop = match[1] == "1"
        path = path[: match.start()]
    if path.lower().startswith("file:"):
        path = unquote(re.sub(r"^file:(//(localhost)?(?=/))?", "", path, flags=re.IGNORECASE))
        if re.match(r"/[A-Za-z]:[/\\]", path):  # file:///C:/clip.mp4
            path = path[1:]
    if not path:
        raise ConsoleError(f"The address {url} names no file", "Give the path of a clip or a still")
    kind = Kind.STILL if Path(path).suffix.lower() in STILL_SUFFIXES else Kind.CLIP
    return Address(kind, path, path, loop=loop)


def _parse_live(url: str, scheme: str) -> Address:
    shown = masked(url)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ConsoleError(f"The address {shown} can't be read: {error}", "Correct the address") from error
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    query = dict(pairs)
    listen = scheme in _LISTENING_SCHEMES and query.get("listen", "0") != "0"
    if scheme in ("udp", "tcp", "srt") and port is None:
        raise ConsoleError(f"The address {shown} has no port", f"Write e.g. {scheme}://127.0.0.1:9000")
    if not parts.hostname and scheme not in ("udp", "srt") and not listen:
        raise ConsoleError(f"The address {shown} names no host", f"Write e.g. {scheme}://example.org/...")
    if scheme == "srt":
        listen = query.get("mode") == "listener"
        return Address(Kind.LIVE, url, shown, listens=listen, datagrams=True, bridge=True)
    options: dict[str, str] = {}
    target = url
    if listen:
        target = urlunsplit(parts._replace(query=urlencode([p for p in pairs if p[0] != "listen"], safe="*/:,=#!")))
        options = {"rtsp_flags": "listen", "listen_timeout": "86400"} if scheme == "rtsp" else {"listen": "1"}
    elif scheme in ("rtsp", "rtsps"):
        options["rtsp_transport"] = "tcp"
    elif scheme == "udp":
        # The kernel and FFmpeg's own thread hold about a second of a fast stream while we are busy.
        options = {"buffer_size": "4194304", "fifo_size": "50000", "overrun_nonfatal": "1"}
    return Address(
        Kind.LIVE, target, shown, options, listens=listen or scheme == "udp", datagrams=scheme in _DATAGRAM_SCHEMES
    )


def _parse_page(url: str, scheme: str) -> Address:
    shown = masked(url)
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise ConsoleError(f"The address {shown} can't be read: {error}", "Correct the address") from error
    if scheme != "html+file" and not parts.hostname:
        raise ConsoleError(f"The address {shown} names no host", f"Write e.g. {scheme}://example.org/lower.html")
    if scheme == "html+file" and (parts.netloc not in ("", "localhost") or not parts.path.strip("/")):
        raise ConsoleError(f"The address {shown} names no file", "Write e.g. html+file:///graphics/lower.html")
    return Address(Kind.HTML, url[len("html+") :], shown, dict(parse_qsl(parts.query, keep_blank_values=True)))


def is_page(url: str) -> bool:
    """Whether an address is one of an HTML page, be it well-formed or not."""
    return scheme_of(url.strip()) in _PAGE_SCHEMES


def wants_key(url: str) -> bool:
    """Whether a source's picture ring needs a key plane: a page, or a still of a format that has alpha. False when
    unreadable."""
    if is_page(url):
        return True
    try:
        address = parse(url)
    except ConsoleError:
        return False
    return address.kind is Kind.STILL and Path(address.target).suffix.lower() in _ALPHA_SUFFIXES


def tile_size(fmt: Format) -> tuple[int, int]:
    """Width and height of a source's tile: the show's, halved (which is cheap) until small enough; even."""
    width, height = float(fmt.width), float(fmt.height)
    while width > TILE_WIDTH_MAX_PX:
        width, height = width / 2, height / 2
    return max(2, round(width / 2) * 2), max(2, round(height / 2) * 2)

"""HLS playlists (RFC 8216), as far as reading a program back needs them. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urljoin

from console.errors import ConsoleError

_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^",]*)')


@dataclass(frozen=True)
class Master:
    """Addresses of the best picture and the sound that goes with it (None: the sound is in the same stream)."""

    video: str
    audio: str | None


@dataclass(frozen=True)
class Segment:
    """One segment that a media playlist lists."""

    number: int
    """Its media sequence number."""
    address: str
    header: str | None
    """The address of its initialisation segment."""
    gap: bool


@dataclass(frozen=True)
class Media:
    """A media playlist."""

    segments: tuple[Segment, ...]
    ended: bool
    target_seconds: float


def _attributes(text: str) -> dict[str, str]:
    return {name: value.strip('"') for name, value in _ATTRIBUTE.findall(text)}


def parse(text: str, address: str) -> Master | Media:
    """Read a playlist that came from `address`. Raises ConsoleError for what is none, or can't be read back."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines or not lines[0].startswith("#EXTM3U"):
        raise ConsoleError("That is not an HLS playlist", "Give the address of a master.m3u8")
    if any(line.startswith("#EXT-X-STREAM-INF") for line in lines):
        return _master(lines, address)
    return _media(lines, address)


def _master(lines: list[str], address: str) -> Master:
    sounds: dict[str, str] = {}
    best: tuple[int, str, str | None] | None = None
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        tag, _, rest = line.partition(":")
        attributes = _attributes(rest)
        if tag == "#EXT-X-MEDIA" and attributes.get("TYPE") == "AUDIO" and "URI" in attributes:
            sounds.setdefault(attributes.get("GROUP-ID", ""), urljoin(address, attributes["URI"]))
        if tag == "#EXT-X-STREAM-INF" and after and not after.startswith("#"):
            bits = attributes.get("BANDWIDTH", "0")
            entry = (int(bits) if bits.isdecimal() else 0, urljoin(address, after), attributes.get("AUDIO"))
            best = entry if best is None or entry[0] > best[0] else best
    if best is None:
        raise ConsoleError("The HLS master playlist lists no stream", "Wait until the channel has pictures")
    return Master(best[1], sounds.get(best[2]) if best[2] is not None else None)


def _media(lines: list[str], address: str) -> Media:
    segments: list[Segment] = []
    number, header, gap, target = 0, None, False, 2.0
    for line in lines:
        tag, _, rest = line.partition(":")
        if tag == "#EXT-X-MEDIA-SEQUENCE" and rest.isdecimal():
            number = int(rest)
        elif tag == "#EXT-X-TARGETDURATION" and rest.isdecimal():
            target = float(rest)
        elif tag == "#EXT-X-MAP":
            header = urljoin(address, _attributes(rest).get("URI", ""))
        elif tag == "#EXT-X-GAP":
            gap = True
        elif tag == "#EXT-X-BYTERANGE" or (tag == "#EXT-X-KEY" and _attributes(rest).get("METHOD") != "NONE"):
            what = "encrypted" if tag == "#EXT-X-KEY" else "made of byte ranges"
            raise ConsoleError(f"The HLS stream is {what}, which can't be read back", "Probe a clear, segmented stream")
        elif not line.startswith("#"):
            segments.append(Segment(number, urljoin(address, line), header, gap))
            number, gap = number + 1, False
    return Media(tuple(segments), "#EXT-X-ENDLIST" in lines, target)

"""HLS playlists (RFC 8216bis) of what is stored. Pure: text out.

A live media playlist numbers its segments by their place on the grid since 1970, so media sequence number and file
name are the same; a segment that is not there is listed as a gap, and heals when it comes. An archive lists what is
there, with a discontinuity over every hole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from console.cloud.facts import Kind
from console.cloud.store import Segment, Track

LIVE_SEGMENTS = 15
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Query = dict[str, str]


def _with(address: str, query: Query) -> str:
    return f"{address}?{urlencode(query)}" if query else address


def _date_time(unix_ns: int) -> str:
    instant = _EPOCH + timedelta(milliseconds=round(unix_ns / 1e6))
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _target_seconds(segments: Sequence[Segment]) -> int:
    return max(2, round(max(segment.duration_ns for segment in segments) / 1e9))


def live(track: Track, query: Query, window: int = LIVE_SEGMENTS) -> str | None:
    """The media playlist of the last `window` segments; None before the first. `query` is added to all addresses."""
    newest = track.newest
    if newest is None:
        return None
    grid_ms = newest.grid_ms
    listed = {
        each.k: each
        for k in range(newest.k - window + 1, newest.k + 1)
        if (each := track.segments.get(k)) is not None and each.grid_ms == grid_ms
    }
    first = min(listed)
    gaps = newest.k - first + 1 != len(listed)
    lines = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{8 if gaps else 7}",
        f"#EXT-X-TARGETDURATION:{_target_seconds(list(listed.values()))}",
        f"#EXT-X-MEDIA-SEQUENCE:{first}",
        f"#EXT-X-DISCONTINUITY-SEQUENCE:{sum(change <= first for change in track.summary.changes)}",
        "#EXT-X-INDEPENDENT-SEGMENTS",
    ]
    header: str | None = None
    for k in range(first, newest.k + 1):
        segment = listed.get(k)
        if segment is not None:
            lines += _header_lines(track.kind, header, segment.init, query)
            header = segment.init
        lines.append(
            f"#EXT-X-PROGRAM-DATE-TIME:{_date_time(segment.begins_ns if segment else k * grid_ms * 1_000_000)}"
        )
        if segment is None:
            lines.append("#EXT-X-GAP")
        seconds = segment.duration_ns / 1e9 if segment else grid_ms / 1e3
        lines += [f"#EXTINF:{seconds:.6f},", _with(f"{track.kind}/{k}.m4s", query)]
    return "\n".join(lines) + "\n"


def _header_lines(kind: Kind, before: str | None, header: str, query: Query) -> Iterator[str]:
    if header != before:
        if before is not None:
            yield "#EXT-X-DISCONTINUITY"
        yield f'#EXT-X-MAP:URI="{_with(f"{kind}/{header}", query)}"'


def archive(track: Track, first: int | None, last: int | None, query: Query) -> str | None:
    """The finished playlist of everything stored from number `first` to `last`; None when that is nothing."""
    listed = [
        each
        for each in track.summary.ordered
        if (first is None or each.k >= first) and (last is None or each.k <= last)
    ]
    if not listed:
        return None
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        f"#EXT-X-TARGETDURATION:{_target_seconds(listed)}",
        f"#EXT-X-MEDIA-SEQUENCE:{listed[0].k}",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        "#EXT-X-INDEPENDENT-SEGMENTS",
    ]
    before: Segment | None = None
    for each in listed:
        hole = before is not None and (each.k != before.k + 1 or each.grid_ms != before.grid_ms)
        if hole and before is not None and before.init == each.init:
            lines.append("#EXT-X-DISCONTINUITY")
        lines += _header_lines(track.kind, before.init if before else None, each.init, query)
        if before is None or hole:
            lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{_date_time(each.begins_ns)}")
        lines += [f"#EXTINF:{each.duration_ns / 1e9:.6f},", _with(f"{track.kind}/{each.k}.m4s", query)]
        before = each
    return "\n".join([*lines, "#EXT-X-ENDLIST"]) + "\n"


def master(video: Track, audio: Track, query: Query) -> str | None:
    """The master playlist: one picture, one sound; None while there is neither. Codecs are those of now."""
    tracks = [track for track in (video, audio) if track.segments and track.current]
    if not tracks:
        return None
    headers = {track.kind: track.headers[track.current] for track in tracks if track.current}
    rates = [track.rate_bits() for track in tracks]
    attributes = [
        f"BANDWIDTH={max(1, sum(peak for peak, _ in rates))}",
        f"AVERAGE-BANDWIDTH={max(1, sum(average for _, average in rates))}",
        f'CODECS="{",".join(header.codec for header in headers.values())}"',
    ]
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"]
    picture, sound = headers.get("video"), headers.get("audio")
    if picture is not None:
        attributes.append(f"RESOLUTION={picture.width}x{picture.height}")
        if picture.default_duration:
            attributes.append(f"FRAME-RATE={picture.timescale / picture.default_duration:.3f}")
        if sound is not None:
            attributes.append('AUDIO="sound"')
            lines.append(
                '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="Program",DEFAULT=YES,AUTOSELECT=YES,'
                f'CHANNELS="{sound.channels}",URI="{_with("audio.m3u8", query)}"'
            )
    lines += [f"#EXT-X-STREAM-INF:{','.join(attributes)}", _with(f"{tracks[0].kind}.m3u8", query)]
    return "\n".join(lines) + "\n"

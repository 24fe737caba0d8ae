"""Source hosts as processes: patterns, stills, clips, tiers of decoding."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from hosting import CLOCK, MS, Host, hosting, in_order
from source_media import FRAMES, make_clip
from waiting import wait_for

from console.media import barcode, tone
from console.media.clock import Anchor
from console.wire.ring import NEVER, STILL
from console.wire.tier import Tier


@pytest.mark.parametrize("fmt", ["640x360p50", "720p59.94", "1080p25"])
def test_pattern_is_locked_to_the_clock(tmp_path: Path, fmt: str) -> None:
    anchor = Anchor.take(CLOCK)
    given = {"monotonic_ns": anchor.monotonic_ns, "unix_ns": anchor.unix_ns}
    with hosting(tmp_path, "pattern:?number=3", fmt, anchor=given) as host:
        seen = host.collect(25)
        rate = host.format.rate
        for one in seen:
            frame = rate.frame_at_ns(anchor.to_unix(one.due_ns))
            assert one.code == frame % barcode.FRAME_NUMBERS
            assert one.due_ns == anchor.to_monotonic(rate.start_ns(frame))
        assert sum(one.ahead_ns > 0 for one in seen) > 20  # as seen from here, on a busy machine
        assert in_order(seen, barcode.FRAME_NUMBERS)
        sound = host.sound.read(host.sound.count - 9600, 9600)
        assert tone.heard(sound[:, 0]) == 3
        tile = host.tile.newest()
        assert tile is not None
        assert barcode.read(host.tile.picture(tile.index).y) is not None
        assert host.told("opened")["live"]
        assert host.stop() == 0


def test_pattern_says_nothing_and_stands_still_when_told(tmp_path: Path) -> None:
    with hosting(tmp_path, "pattern:?tone=0&motion=0") as host:
        host.collect(10)
        assert host.sound.count == 0
        assert host.told("opened")["audio"] is None


def test_black(tmp_path: Path) -> None:
    with hosting(tmp_path, "black:") as host:
        host.wait_pictures()
        assert host.picture.flags == STILL
        assert host.picture.picture(0).y.max() == 16
        first = host.picture.heartbeat_ns
        wait_for(lambda: host.picture.heartbeat_ns > first, 1, "a beat")
        assert host.picture.count == 1


def test_still_with_alpha_that_appears_later(tmp_path: Path) -> None:
    path = tmp_path / "logo 100%.png"
    with hosting(tmp_path, str(path)) as host:
        assert "does not exist" in host.wait_told("trouble")["reason"]
        pixels = np.zeros((100, 100, 4), np.uint8)
        pixels[25:75, 25:75] = (0, 0, 255, 200)  # BGRA
        cv2.imwrite(str(path), pixels)
        host.wait_told("recovered")
        picture = host.picture.picture(0)
        assert picture.key is not None
        assert abs(int(picture.key[180, 320]) - 200) <= 1
        assert picture.key[5, 5] == 0
        assert abs(int(picture.y[180, 320]) - 63) < 3
        assert host.picture.flags == STILL


def test_clip_loops_without_a_seam(tmp_path: Path, clip_mp4: Path) -> None:
    with hosting(tmp_path, str(clip_mp4)) as host:
        seen = host.collect(140)[15:]
        assert in_order(seen, 100), [one.code for one in seen]
        assert {round((b.due_ns - a.due_ns) / MS) for a, b in pairwise(seen)} == {20}
        assert sum(one.ahead_ns > 0 for one in seen) > 100
        assert max(one.ahead_ns for one in seen) < 80 * MS
        assert host.picture.flags == 0


def test_clip_holds_its_last_picture(tmp_path: Path, clip_mp4: Path) -> None:
    with hosting(tmp_path, f"{clip_mp4}?loop=0") as host:
        host.wait_end()
        newest = host.picture.newest()
        assert newest is not None
        code = barcode.read(host.picture.picture(newest.index).y)
        assert code is not None
        assert code.frame == 99
        assert host.picture.count == 100
        assert host.told("trouble") is None


def ask_until(host: Host, tier: Tier, predicate: Callable[[], object], what: str) -> None:
    def asked() -> object:
        host.picture.ask(int(tier), CLOCK.now())
        return predicate()

    wait_for(asked, 5, what)


def test_tiers(tmp_path: Path, clip_ts: Path) -> None:
    """Key frames are every 25th picture; two of three of the others are predicted from by none."""
    with hosting(tmp_path, str(clip_ts)) as host:
        host.collect(20, tier=Tier.FULL)
        assert (host.picture.tier, host.picture.hot_ns) == (Tier.FULL, 0)
        host.collect(3, tier=Tier.KEY)  # what was decoded ahead
        assert all(one.code is not None and one.code % 25 == 0 for one in host.collect(2, tier=Tier.KEY))
        ask_until(host, Tier.ACTIVE, lambda: host.picture.tier == Tier.ACTIVE, "tiles")
        tiles, pictures, fed = host.tile.count, host.picture.count, host.picture.fed_count
        ask_until(host, Tier.ACTIVE, lambda: host.tile.count >= tiles + 40, "40 tiles")
        assert host.picture.count <= pictures + 3  # one in a second, should all else fail
        assert host.picture.fed_count >= fed + 52, "those left out have come in as well: two of three make a tile"
        ask_until(host, Tier.PARKED, lambda: host.picture.tier == Tier.PARKED, "parking")
        tiles, pictures, fed = host.tile.count, host.picture.count, host.picture.fed_count
        ask_until(host, Tier.PARKED, lambda: host.picture.fed_count >= fed + 60, "60 packets")
        assert (host.tile.count, host.picture.count) == (tiles, pictures)
        assert host.picture.fed_ns > CLOCK.now() - 500 * MS


@pytest.mark.parametrize("tier", [Tier.ACTIVE, Tier.KEY, Tier.PARKED])
def test_no_picture_is_left_out_from_when_the_ring_says(tmp_path: Path, clip_ts: Path, tier: Tier) -> None:
    with hosting(tmp_path, str(clip_ts)) as host:
        host.collect(5, tier=Tier.FULL)
        ask_until(host, tier, lambda: host.picture.tier == tier and host.picture.whole_from_ns == NEVER, tier.name)
        fed = host.picture.fed_count
        ask_until(host, tier, lambda: host.picture.fed_count >= fed + 30, "some packets")
        before, began = host.picture.count, CLOCK.now()
        ask_until(host, Tier.FULL, lambda: host.picture.whole_from_ns != NEVER, "raising")
        whole_from = host.picture.whole_from_ns
        assert whole_from - began < 500 * MS
        seen = [one for one in host.collect(40, tier=Tier.FULL, after=before) if one.due_ns >= whole_from]
        assert len(seen) > 20
        assert in_order(seen, FRAMES)


def test_sound_alone(tmp_path: Path) -> None:
    path = tmp_path / "mono.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=44100)
        assert isinstance(stream, av.AudioStream)
        stream.layout = "mono"  # type: ignore[assignment]
        wave = (np.sin(np.arange(88200) * 2 * np.pi * 441 / 44100) * 16384).astype(np.int16)
        for start in range(0, 88200, 1024):
            frame = av.AudioFrame.from_ndarray(wave[None, start : start + 1024], "s16", "mono")
            frame.sample_rate = 44100
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with hosting(tmp_path, str(path)) as host:
        wait_for(lambda: host.sound.count > 24000, 8, "sound")
        heard = host.sound.read(12000, 4800)
        assert np.abs(heard[:, 0] - heard[:, 1]).max() == 0
        assert abs(float(np.abs(heard).max()) - 0.5) < 0.02  # as loud as it was
        assert abs(tone.strength(heard[:, 0], 441.0) - 0.5) < 0.02
        assert host.picture.flags == STILL
        assert host.picture.picture(0).y.max() > 100  # the card
        assert host.told("opened")["video"] is None


def test_size_that_changes_on_the_way(tmp_path: Path) -> None:
    small = make_clip(tmp_path / "small.ts", 50, 320, 240)
    large = make_clip(tmp_path / "large.ts", 50, 1280, 720)
    both = tmp_path / "both.ts"
    both.write_bytes(small.read_bytes() + large.read_bytes())
    with hosting(tmp_path, str(both), loop=False) as host:
        host.wait_end()
        assert host.picture.count >= 95
        assert host.picture.picture(host.picture.count - 1).y[180, 10] > 16  # no border on the last, wide picture


def test_interlaced_becomes_a_picture_per_field(tmp_path: Path) -> None:
    path = tmp_path / "interlaced.ts"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        stream.codec_context.options = {"preset": "ultrafast", "x264-params": "interlaced=1:keyint=12"}
        for index in range(50):
            frame = av.VideoFrame(640, 360, "yuv420p")
            y = np.full((360, 640), 60, np.uint8)
            for field in (0, 1):  # a bar that moves by 8 pixels per field, top field first
                x = (2 * index + field) * 4
                y[field::2, x : x + 40] = 220
            frame.planes[0].update(y.tobytes()) if frame.planes[0].line_size == 640 else None
            for plane in frame.planes[1:]:
                np.frombuffer(plane, np.uint8)[:] = 128
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with hosting(tmp_path, str(path)) as host:
        seen = host.collect(60)
        assert {round((b.due_ns - a.due_ns) / MS) for a, b in pairwise(seen[10:])} == {20}
        assert host.told("opened")["video"]["interlaced"]
        newest = host.picture.newest()
        assert newest is not None
        y = host.picture.picture(newest.index - 1).y.astype(int)
        assert np.abs(y[100:200:2] - y[101:201:2]).mean() < 2  # no comb

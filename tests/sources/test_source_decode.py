"""The decoder at every tier: pictures that are right, promises that are kept."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

import pytest
from hard_streams import TICKS, BusyClock, Reel, Viewer, make, scratched, with_data
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.wire.tier import Tier

PARKED, KEY, ACTIVE, FULL = Tier.PARKED, Tier.KEY, Tier.ACTIVE, Tier.FULL
SECOND = 1_000_000_000
MS = 1_000_000

STREAMS: dict[str, tuple[int, str, dict[str, object]]] = {
    "b_pictures": (200, "keyint=50:bframes=3:scenecut=0", {}),
    "open_gop": (200, "keyint=40:bframes=3:b-adapt=0:open-gop=1:scenecut=0", {}),
    "pyramid": (200, "keyint=48:bframes=7:b-adapt=0:b-pyramid=normal:scenecut=0", {}),
    "refresh": (300, "keyint=50:bframes=0:intra-refresh=1:scenecut=0", {}),
    "fields": (150, "keyint=50:interlaced=1:bframes=2:scenecut=0", {}),
    "no_keys": (500, "keyint=infinite:bframes=2:scenecut=0", {}),
    "eight_seconds": (500, "keyint=400:bframes=3:scenecut=0", {}),
    "all_keys": (150, "keyint=1", {}),
    "240_fps": (480, "keyint=240:bframes=3:scenecut=0", {"fps": 240, "width": 160, "height": 90}),
    "mpeg2": (150, "g=15:bf=2:b=2000000", {"codec": "mpeg2video"}),
    "hevc": (230, "keyint=50:bframes=4:open-gop=1:log-level=none:pools=1:frame-threads=1", {"codec": "libx265"}),
}


@pytest.fixture(scope="session")
def reels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Reel]:
    folder = tmp_path_factory.mktemp("hard")
    made = {name: make(folder / f"{name}.ts", n, options, **kw) for name, (n, options, kw) in STREAMS.items()}  # type: ignore[arg-type]
    dice = random.Random(4)
    stamps = [0]
    while len(stamps) < 200:
        stamps.append(stamps[-1] + dice.choice([1500, 1500, 1800, 3000, 7000, 20_000]))
    made["variable_rate"] = make(folder / "vfr.ts", 200, "keyint=60:bframes=3:scenecut=0", stamps=stamps)
    return made


ALL = [*STREAMS, "variable_rate"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(ALL),
    first=st.integers(0, 60),
    runs=st.lists(st.tuples(st.sampled_from(list(Tier)), st.integers(1, 90)), min_size=2, max_size=8),
    busy=st.booleans(),
)
def test_whatever_is_asked_no_picture_is_wrong_and_no_promise_broken(
    reels: dict[str, Reel], name: str, first: int, runs: list[tuple[Tier, int]], busy: bool
) -> None:
    reel = reels[name]
    track, packets = reel.open()
    viewer = Viewer(track, BusyClock() if busy else None, honest=first % 2 == 0)
    at = first
    for tier, count in [*runs, (FULL, 40)]:
        viewer.feed(packets[at : at + count], tier)
        at += count
    viewer.end().check(reel.truth)


@pytest.mark.parametrize("name", ALL)
def test_at_full_every_picture_comes(reels: dict[str, Reel], name: str) -> None:
    track, packets = reels[name].open()
    viewer = Viewer(track)
    viewer.feed(packets, FULL)
    assert viewer.decoder.hot_ns == 0
    shown = viewer.end()
    shown.check(reels[name].truth)
    assert shown.stamps == sorted(reels[name].truth)
    assert shown.claims == [(min(reels[name].truth), max(reels[name].truth))]


@pytest.mark.parametrize("name", [name for name in ALL if name != "refresh"])
@pytest.mark.parametrize("low", [PARKED, KEY, ACTIVE])
def test_after_a_raise_it_is_whole_soon(reels: dict[str, Reel], name: str, low: Tier) -> None:
    """Within a few packets, wherever in the GOP, though the next key frame may be seconds away."""
    reel = reels[name]
    for raised_at in (97, 110, 121):
        track, packets = reel.open()
        viewer = Viewer(track)
        viewer.feed(packets[:raised_at], low)
        assert viewer.decoder.whole_from is None
        viewer.feed(packets[raised_at : raised_at + 9], FULL)
        whole = viewer.decoder.whole_from
        assert whole is not None
        assert whole <= max(packet.pts or 0 for packet in packets[: raised_at + 3])
        viewer.feed(packets[raised_at + 9 :], FULL)
        shown = viewer.end()
        shown.check(reel.truth)
        assert shown.claims[-1][1] == max(reel.truth)


def test_a_stream_that_renews_itself_is_kept_for_as_long_as_that_takes(reels: dict[str, Reel]) -> None:
    reel = reels["refresh"]
    track, packets = reel.open()
    viewer = Viewer(track)
    viewer.feed(packets[10:170], KEY)  # learns of its kind
    viewer.feed(packets[170:260], PARKED)
    viewer.feed(packets[260:262], FULL)
    assert viewer.decoder.whole_from == packets[260].pts
    viewer.feed(packets[262:], FULL)
    viewer.end().check(reel.truth)


def test_from_active_the_next_picture_is_whole(reels: dict[str, Reel]) -> None:
    for name in ("b_pictures", "pyramid", "open_gop"):
        track, packets = reels[name].open()
        viewer = Viewer(track)
        viewer.feed(packets[:113], ACTIVE)
        viewer.feed(packets[113:114], FULL)
        assert viewer.decoder.whole_from == packets[113].pts


def test_catching_up_is_done_in_slices(reels: dict[str, Reel]) -> None:
    reel = reels["eight_seconds"]
    track, packets = reel.open()
    clock = BusyClock()
    viewer = Viewer(track, clock)
    viewer.feed(packets[:300], PARKED)
    decoder = viewer.decoder
    assert decoder.hot_ns > 100 * MS
    assert not decoder.lagging
    began = clock.now()
    decoder.decode(packets[300], FULL)
    assert clock.now() - began < 20 * MS
    estimates = []
    while decoder.lagging:
        assert decoder.whole_from is None
        estimates.append(decoder.hot_ns)
        decoder.advance(clock.now() + 50 * MS)
    assert len(estimates) > 10
    assert decoder.whole_from == packets[300].pts
    assert decoder.hot_ns == 0
    late = estimates[len(estimates) // 2 :]  # when it is known what a packet costs
    assert late == sorted(late, reverse=True)
    assert late[0] > late[-1] > 0


def test_catching_up_can_be_called_off(reels: dict[str, Reel]) -> None:
    reel = reels["eight_seconds"]
    track, packets = reel.open()
    viewer = Viewer(track, BusyClock())
    viewer.feed(packets[:300], PARKED)
    viewer.feed(packets[300:320], FULL)
    assert viewer.decoder.lagging
    viewer.feed(packets[320:325], PARKED)
    assert not viewer.decoder.lagging
    viewer.feed(packets[325:380], FULL, slices=100)
    assert viewer.decoder.whole_from is not None
    viewer.end().check(reel.truth)


def test_a_key_frame_ends_catching_up(reels: dict[str, Reel]) -> None:
    reel = reels["eight_seconds"]
    track, packets = reel.open()
    key = next(i for i, packet in enumerate(packets) if i and packet.is_keyframe)
    viewer = Viewer(track, BusyClock())
    viewer.feed(packets[: key - 2], PARKED)
    viewer.feed(packets[key - 2 : key + 4], FULL, slices=0)
    assert not viewer.decoder.lagging
    assert viewer.decoder.whole_from == packets[key].pts
    viewer.feed(packets[key + 4 :], FULL)
    viewer.end().check(reel.truth)


def test_pictures_in_front_of_an_open_gop_do_not_come_after_a_restart(reels: dict[str, Reel]) -> None:
    for name in ("open_gop", "hevc", "mpeg2"):
        track, packets = reels[name].open()
        key = [i for i, packet in enumerate(packets) if packet.is_keyframe][1]
        assert any((p.pts or 0) < (packets[key].pts or 0) for p in packets[key + 1 : key + 8]), "no leading pictures"
        viewer = Viewer(track)
        viewer.feed(packets[key:], FULL)
        shown = viewer.end()
        shown.check(reels[name].truth)
        assert shown.stamps[0] == packets[key].pts


def test_a_key_frame_that_claims_to_begin_a_closed_gop(reels: dict[str, Reel]) -> None:
    """The decoder is told that the pictures in front of it need nothing else, which is not true."""
    reel = reels["mpeg2"]
    track, packets = reel.open()
    key = [i for i, packet in enumerate(packets) if packet.is_keyframe][1]
    data = bytearray(bytes(packets[key]))
    data[data.index(b"\0\0\1\xb8") + 7] |= 0x40  # closed_gop
    viewer = Viewer(track)
    viewer.feed([with_data(packets[key], data), *packets[key + 1 :]], FULL)
    shown = viewer.end()
    shown.check(reel.truth)
    assert shown.stamps[0] == packets[key].pts


def test_parked_shows_its_first_key_frame_and_no_more(reels: dict[str, Reel]) -> None:
    track, packets = reels["b_pictures"].open()
    viewer = Viewer(track)
    viewer.feed(packets[30:], PARKED)
    key = next(packet for packet in packets[30:] if packet.is_keyframe)
    assert viewer.end().stamps == [key.pts]
    track, packets = reels["b_pictures"].open()
    viewer = Viewer(track)
    viewer.decoder.shown = True  # the next round of a clip
    viewer.feed(packets, PARKED)
    assert viewer.end().stamps == []


@pytest.mark.parametrize("name", ["all_keys", "240_fps", "b_pictures"])
def test_key_decodes_few_pictures(reels: dict[str, Reel], name: str) -> None:
    track, packets = reels[name].open()
    viewer = Viewer(track)
    viewer.feed(packets, KEY)
    shown = viewer.end()
    shown.check(reels[name].truth)
    seconds = max(reels[name].truth) / TICKS
    assert 1 <= len(shown.pictures) <= 2.5 * seconds + 1


def test_active_shows_what_tiles_need_of_a_stream_of_key_frames(reels: dict[str, Reel]) -> None:
    reel = reels["all_keys"]
    track, packets = reel.open()
    viewer = Viewer(track)
    viewer.feed(packets[:100], ACTIVE)
    shown = viewer.end()
    shown.check(reel.truth)
    assert 37 <= sum(pts > TICKS // 2 for pts in shown.stamps) <= 39  # 25 a second, once it is known


def test_key_is_active_for_streams_that_have_no_key_frames_to_show(reels: dict[str, Reel]) -> None:
    for name, honest in (("b_pictures", KEY), ("eight_seconds", ACTIVE), ("no_keys", ACTIVE), ("refresh", ACTIVE)):
        reel = reels[name]
        track, packets = reel.open()
        viewer = Viewer(track)
        viewer.feed(packets[20 if name == "refresh" else 0 : 180], KEY)
        assert viewer.decoder.tier_for(KEY) is honest, name
        assert [viewer.decoder.tier_for(tier) for tier in (PARKED, ACTIVE, FULL)] == [PARKED, ACTIVE, FULL]
        viewer.feed(packets[180:], KEY)
        shown = viewer.end()
        shown.check(reel.truth)
        gone_by = (packets[-1].pts or 0) - shown.stamps[-1]
        assert gone_by < 2 * TICKS, f"{name} stands still"


def spliced(first: Reel, second: Reel) -> tuple[list[object], dict[int, str]]:
    """One stream that goes on as another."""
    _, before = first.open()
    _, after = second.open()
    shift = max(first.truth) + TICKS // 50 - min(second.truth)
    for packet in after:
        packet.pts = None if packet.pts is None else packet.pts + shift
        packet.dts = None if packet.dts is None else packet.dts + shift
    return [*before, *after], first.truth | {pts + shift: looks for pts, looks in second.truth.items()}


def test_key_frames_that_come_again(reels: dict[str, Reel]) -> None:
    packets, truth = spliced(reels["refresh"], reels["b_pictures"])
    track, _ = reels["refresh"].open()
    viewer = Viewer(track)
    viewer.feed(packets[20:290], KEY)  # type: ignore[arg-type]
    assert viewer.decoder.tier_for(KEY) is ACTIVE
    viewer.feed(packets[290:400], KEY)  # type: ignore[arg-type]
    assert viewer.decoder.tier_for(KEY) is KEY
    viewer.feed(packets[400:], KEY)  # type: ignore[arg-type]
    shown = viewer.end()
    shown.check(truth)
    assert len([pts for pts in shown.stamps if pts > max(reels["refresh"].truth) + 2 * TICKS]) <= 6


@pytest.mark.parametrize("tiers", [[FULL], [ACTIVE], [KEY], [PARKED, FULL], [KEY, FULL]])
def test_another_size_and_profile(reels: dict[str, Reel], tmp_path: Path, tiers: list[Tier]) -> None:
    small = make(tmp_path / "small.ts", 100, "keyint=25:bframes=0:cabac=0:8x8dct=0", width=192, height=108)
    packets, truth = spliced(reels["b_pictures"], small)
    track, _ = reels["b_pictures"].open()
    viewer = Viewer(track)
    viewer.feed(packets[:190], tiers[0])  # type: ignore[arg-type]
    viewer.feed(packets[190:230], tiers[0])  # type: ignore[arg-type]
    viewer.feed(packets[230:], tiers[-1])  # type: ignore[arg-type]
    shown = viewer.end()
    shown.check(truth)
    assert shown.stamps[-1] > max(reels["b_pictures"].truth)
    if tiers == [FULL]:
        assert shown.stamps == sorted(truth)


def test_another_codec_in_the_middle(reels: dict[str, Reel]) -> None:
    """Nothing can be shown of it; the errors say that it is time to connect again."""
    packets, truth = spliced(reels["b_pictures"], reels["hevc"])
    track, _ = reels["b_pictures"].open()
    viewer = Viewer(track)
    viewer.feed(packets, FULL)  # type: ignore[arg-type]
    assert viewer.decoder.errors > 100
    shown = viewer.end()
    shown.check(truth)
    assert shown.stamps[-1] <= max(reels["b_pictures"].truth)


def test_packets_left_out_by_the_host(reels: dict[str, Reel]) -> None:
    """It goes on at a key frame, and says so: pictures in front of that are not shown."""
    for name in ("open_gop", "mpeg2", "hevc"):
        track, packets = reels[name].open()
        keys = [index for index, packet in enumerate(packets) if packet.is_keyframe]
        viewer = Viewer(track)
        viewer.feed(packets[: keys[1] + 5], FULL)
        viewer.decoder.skip_to_key()
        viewer.feed(packets[keys[2] :], FULL)
        shown = viewer.end()
        shown.check(reels[name].truth)
        assert packets[keys[2]].pts in shown.stamps


def test_packets_without_time_stamps_of_presentation(reels: dict[str, Reel]) -> None:
    """As AVI files have them: the pictures are right, in order, and all there once it says so."""
    reel = reels["b_pictures"]
    track, packets = reel.open()
    for packet in packets:
        packet.pts = None
    order = [reel.truth[pts] for pts in sorted(reel.truth)]
    viewer = Viewer(track)
    viewer.feed(packets[:113], ACTIVE)
    viewer.feed(packets[113:], FULL)
    shown = viewer.end()
    looks = [order.index(look) for _, look in shown.pictures]
    assert looks == sorted(looks)
    whole, last = shown.claims[-1]
    assert whole <= (packets[115].dts or 0)
    promised = [order.index(look) for pts, look in shown.pictures if whole <= pts <= last]
    assert promised == list(range(promised[0], len(order)))


# -- losses --


def damaged(reel: Reel, path: Path, seed: int, packets: int) -> Reel:
    """Some neighbouring packets of MPEG-TS are lost, as by UDP."""
    data = reel.path.read_bytes()
    dice = random.Random(seed)
    at = 188 * dice.randrange(len(data) // 188 // 5, len(data) // 188 * 2 // 3)
    path.write_bytes(data[:at] + data[at + 188 * packets :])
    return Reel(path)


@pytest.mark.parametrize("name", ["b_pictures", "open_gop", "pyramid", "fields", "hevc"])
@pytest.mark.parametrize("count", [1, 7])
@pytest.mark.parametrize("tier", [ACTIVE, FULL])
def test_after_a_loss_the_good_picture_is_held_until_the_next_key_frame(
    reels: dict[str, Reel], tmp_path: Path, name: str, count: int, tier: Tier
) -> None:
    reel = reels[name]
    for seed in range(6):
        track, packets = damaged(reel, tmp_path / "damaged.ts", seed, count).open()
        viewer = Viewer(track, lossy=True)
        viewer.feed(packets, tier)
        shown = viewer.end()
        shown.check(reel.truth)
        keys = [packet.pts or 0 for packet in packets if packet.is_keyframe]
        assert set(shown.stamps) & set(keys[-1:]), "it does not come back"


@pytest.mark.parametrize("name", ["b_pictures", "pyramid", "mpeg2", "hevc"])
def test_packets_that_are_lost_whole(reels: dict[str, Reel], name: str) -> None:
    """Nothing marks the loss but a hole in the stamps."""
    reel = reels[name]
    for lost in (71, 72, 75):
        track, packets = reel.open()
        del packets[lost : lost + 2]
        viewer = Viewer(track, lossy=True)
        viewer.feed(packets, FULL)
        shown = viewer.end()
        shown.check(reel.truth)
        assert len(shown.pictures) > len(reel.truth) // 2


def test_a_loss_in_a_stream_without_key_frames_is_shown_after_a_second(reels: dict[str, Reel], tmp_path: Path) -> None:
    reel = reels["no_keys"]
    track, packets = damaged(reel, tmp_path / "damaged.ts", 2, 7).open()
    viewer = Viewer(track)
    viewer.feed(packets, FULL)
    shown = viewer.end()
    gaps = [b - a for a, b in pairwise(shown.stamps)]
    assert 1.1 * TICKS < max(gaps) < 1.4 * TICKS
    assert sum(gap > TICKS // 10 for gap in gaps) == 1
    before = shown.stamps[gaps.index(max(gaps))]
    assert all(reel.truth[pts] == looks for pts, looks in shown.pictures if pts <= before)


@pytest.mark.parametrize("seed", range(4))
def test_noise_in_the_bytes(reels: dict[str, Reel], tmp_path: Path, seed: int) -> None:
    """Nothing is raised and nothing stands still, whatever the bytes are."""
    dice = random.Random(seed)
    for name in ("b_pictures", "refresh", "mpeg2", "hevc"):
        track, packets = reels[name].open()
        viewer = Viewer(track)
        for index, sent in enumerate(packets):
            packet = sent
            if index > 20 and dice.random() < 0.1:
                packet = scratched(packet, dice)
            viewer.feed([packet], dice.choice([FULL, FULL, ACTIVE, KEY]) if index % 30 == 0 else FULL)
        stamps = viewer.end().stamps
        gaps = [b - a for a, b in pairwise(stamps)]
        assert max(gaps) < 2.5 * TICKS


# -- what is kept --


def test_more_than_can_be_kept(tmp_path: Path) -> None:
    """Where key frames come it waits for the next and says when; where none come it must not lose its place."""
    endless = make(tmp_path / "endless.ts", 2300, "keyint=infinite:bframes=0:scenecut=0", width=64, height=48)
    track, packets = endless.open()
    viewer = Viewer(track)
    viewer.feed(packets[:2250], PARKED)
    assert not viewer.decoder.waits_for_key
    viewer.feed(packets[2250:], FULL)
    shown = viewer.end()
    shown.check(endless.truth)
    assert shown.stamps[-1] == max(endless.truth)

    long = make(tmp_path / "long.ts", 4300, "keyint=2100:bframes=0:scenecut=0", width=64, height=48)
    track, packets = long.open()
    viewer = Viewer(track)
    viewer.feed(packets[: 2100 + 2050], PARKED)
    assert viewer.decoder.waits_for_key
    assert abs(viewer.decoder.hot_ns - SECOND) < 50 * MS  # 50 pictures more
    viewer.feed(packets[4150:], FULL)
    assert viewer.decoder.whole_from == packets[4200].pts


def test_waiting_for_the_first_key_frame(reels: dict[str, Reel]) -> None:
    track, packets = reels["b_pictures"].open()
    viewer = Viewer(track)
    viewer.feed(packets[10:30], FULL)
    assert viewer.decoder.waits_for_key
    assert viewer.decoder.whole_from is None
    assert viewer.decoder.hot_ns == SECOND
    assert viewer.pictures == []
    viewer.feed(packets[30:170], FULL)
    viewer.decoder.skip_to_key()
    assert viewer.decoder.whole_from is None
    assert 0 < viewer.decoder.hot_ns < SECOND  # key frames come every second, the last one was a while ago


def test_digests_tell_pictures_apart(reels: dict[str, Reel]) -> None:
    for reel in reels.values():
        assert len(set(reel.truth.values())) > 0.95 * len(reel.truth)

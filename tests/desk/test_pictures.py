"""Pixels, feeds and meters: colours are BT.709, what is due is shown, torn and missing rings harm nobody."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.desk.feed import Feed
from console.desk.meter import FLOOR_DB, Bar, height, moved, to_db
from console.desk.pixels import Raster, is_black
from console.media.picture import new_picture
from console.wire.ring import RingReader, RingWriter, create_ring
from console.wire.sound import SoundWriter, create_sound
from console.wire.tier import Tier

SECOND, MS = 1_000_000_000, 1_000_000


def shown(width: int, height_px: int, picture) -> np.ndarray:
    canvas = np.zeros((height_px + 4, width + 6, 4), np.uint8)
    raster = Raster(canvas[2:-2, 4 : width + 4])
    raster.take(picture)
    raster.render()
    assert not canvas[:2].any(), "nothing is written beside the tile"
    assert not canvas[:, :4].any()
    return canvas[2:-2, 4 : width + 4]


@pytest.mark.parametrize(
    ("yuv", "rgb"),
    [  # 75 % bars of BT.709, limited range (Rec. ITU-R BT.1729)
        ((180, 128, 128), (191, 191, 191)),
        ((168, 44, 136), (191, 191, 0)),
        ((145, 147, 44), (0, 191, 191)),
        ((133, 63, 52), (0, 191, 0)),
        ((63, 193, 204), (191, 0, 191)),
        ((51, 109, 212), (191, 0, 0)),
        ((28, 212, 120), (0, 0, 191)),
        ((16, 128, 128), (0, 0, 0)),
        ((235, 128, 128), (255, 255, 255)),
    ],
)
@pytest.mark.parametrize("size", [(320, 180), (352, 198), (744, 418), (96, 54)])
def test_colours_are_those_of_bt709(yuv, rgb, size):
    picture = new_picture(640, 360)
    picture.fill(*yuv)
    pixels = shown(*size, picture)
    assert np.abs(pixels[:, :, 2::-1].astype(int) - np.array(rgb)).max() <= 3
    assert (pixels[:, :, 3] == 255).all()


def test_geometry_survives_scaling():
    picture = new_picture(1280, 720)
    picture.y[:, 640:] = 235
    picture.y[:360] = 16
    pixels = shown(500, 282, picture)
    assert pixels[250, 400, 0] > 250
    assert pixels[250, 100, 0] < 5
    assert pixels[30, 400, 0] < 5


def test_black_is_told_from_dark():
    picture = new_picture(320, 180)
    assert is_black(picture)
    picture.y[:] += 4
    assert is_black(picture)
    picture.y[40:80, 40:80] = 60
    assert not is_black(picture)


@pytest.fixture
def ring(tmp_path):
    return RingWriter(create_ring(tmp_path / "a.tile", 320, 180, slots=4, samples=1920))


def publish(ring: RingWriter, luma: int, due_ns: int) -> None:
    picture, _ = ring.begin()
    picture.fill(luma)
    ring.publish(due_ns=due_ns, now_ns=due_ns)


@pytest.fixture
def out():
    return np.zeros((180, 320, 4), np.uint8)


@pytest.fixture
def raster(out):
    return Raster(out)


def shows(raster: Raster, out: np.ndarray, luma: int) -> bool:
    """Whether a grey of that luma was taken."""
    raster.render()
    return abs(int(out[0, 0, 0]) - (luma - 16) * 255 / 219) < 2


def test_a_feed_shows_what_is_due_once(ring, raster, out):
    feed = Feed(ring.path)
    assert not feed.refresh(raster, 0)
    publish(ring, 100, 10)
    publish(ring, 200, 50)
    assert feed.refresh(raster, 20)
    assert shows(raster, out, 100)
    assert not feed.refresh(raster, 30)
    assert feed.refresh(raster, 30, again=True)
    assert feed.refresh(raster, 60)
    assert shows(raster, out, 200)
    feed.close()


def test_looking_alone_asks_for_nothing(ring, raster):
    feed = Feed(ring.path)
    publish(ring, 100, SECOND)
    assert feed.refresh(raster, SECOND)
    assert ring.demand(SECOND) == 0
    feed.close()


def test_of_two_desks_the_one_that_looks_closer_is_heard(ring):
    near, far = Feed(ring.path), Feed(ring.path)
    for step in range(10):
        now = SECOND + step * 800 * MS
        near.ask(Tier.ACTIVE, now)
        far.ask(Tier.KEY, now + 300 * MS)
        assert ring.demand(now + 300 * MS) == Tier.ACTIVE
    left = now
    heard = []
    for step in range(1, 60):  # one desk scrolls away; what it asked last runs out without a gap
        now = left + step * 50 * MS
        if step % 16 == 0:
            far.ask(Tier.KEY, now)
        heard.append(ring.demand(now))
    assert heard == sorted(heard, reverse=True)
    assert set(heard) == {Tier.ACTIVE, Tier.KEY}
    assert heard[40] == Tier.KEY
    near.ask(Tier.ACTIVE, now)
    assert ring.demand(now) == Tier.ACTIVE, "looking closer is heard at once"
    for feed in (near, far):
        feed.close()


def test_a_missing_ring_is_looked_for_again(tmp_path, raster):
    feed = Feed(tmp_path / "late.tile")
    assert not feed.refresh(raster, SECOND)
    writer = RingWriter(create_ring(tmp_path / "late.tile", 320, 180, slots=4))
    publish(writer, 90, SECOND)
    assert not feed.refresh(raster, int(1.1 * SECOND)), "not at once"
    assert feed.refresh(raster, 2 * SECOND)
    (tmp_path / "bad.tile").write_bytes(b"x" * 10_000)
    assert not Feed(tmp_path / "bad.tile").refresh(raster, SECOND)
    assert not Feed(None).refresh(raster, SECOND)
    feed.close()


def test_a_picture_that_is_being_written_is_not_taken(ring, raster, out):
    feed = Feed(ring.path)
    publish(ring, 100, 10)
    assert feed.refresh(raster, 20)
    for _ in range(3):
        publish(ring, 120, 30)
    ring.begin()  # a writer that died in the oldest slot
    assert feed.refresh(raster, 40)
    assert shows(raster, out, 120)
    feed.close()


def test_black_is_said_after_a_second(ring, raster):
    feed = Feed(ring.path)
    for tick in range(8):
        publish(ring, 16, tick * SECOND // 4)
        feed.refresh(raster, tick * SECOND // 4)
        assert feed.black == (tick >= 4)
    publish(ring, 120, 3 * SECOND)
    feed.refresh(raster, 3 * SECOND)
    assert not feed.black
    feed.close()


def test_levels_come_from_the_sound_or_from_the_bus(tmp_path, ring, raster):
    ring.set_levels(0.5, 0.25)
    bus = Feed(ring.path)
    bus.refresh(raster, 0)
    assert bus.levels(0) == (0.5, 0.25)
    silent = Feed(create_ring(tmp_path / "b.tile", 320, 180, slots=2), create_sound(tmp_path / "b.sound"))
    silent.refresh(raster, 0)
    assert silent.has_sound
    SoundWriter(tmp_path / "b.sound").append(np.full((480, 2), 0.125, np.float32), 0)
    assert silent.levels(0) == (0.125, 0.125)
    assert silent.levels(SECOND) == (0.0, 0.0)
    mute = Feed(create_ring(tmp_path / "c.tile", 320, 180, slots=2))
    mute.refresh(raster, 0)
    assert not mute.has_sound
    assert RingReader(tmp_path / "c.tile").samples_max == 0
    for feed in (bus, silent, mute):
        feed.close()


def test_meters_rise_at_once_and_fall_slowly():
    assert to_db(1.0) == 0
    assert to_db(0) == FLOOR_DB
    assert height(0) == 1
    assert height(FLOOR_DB) == 0
    bar = moved(Bar(), 1.0, SECOND)
    assert bar.db == 0
    later = moved(bar, 0.0, SECOND + int(1.7 * SECOND))
    assert later.db == pytest.approx(-20)
    assert later.peak_db == later.db, "held for 1.5 s"
    assert moved(bar, 0.0, 2 * SECOND).peak_db == 0


@given(st.lists(st.tuples(st.floats(0, 2), st.integers(0, SECOND)), max_size=30))
def test_a_meter_never_shows_less_than_there_is(steps):
    bar, now = Bar(), 0
    for linear, step in steps:
        now += step
        bar = moved(bar, linear, now)
        assert bar.peak_db >= bar.db >= to_db(linear)
        assert bar.db >= FLOOR_DB

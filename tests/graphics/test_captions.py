"""Titles in their rings: drawn a frame ahead, only when they change, and on air two frames after an order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from graphics_child import FRAME_NS, HEIGHT, RATE, WIDTH

from console.graphics.captions import Captions
from console.graphics.rings import FAR_NS
from console.graphics.status import Troubles
from console.graphics.world import Stage
from console.media.clock import Anchor, VirtualClock
from console.media.time import Format
from console.results.binding import Feeds
from console.show.model import KEYERS, Air
from console.show.world import Field, Switched, Title, World
from console.wire.ring import PREVIEW_ONLY, PictureInfo, RingReader, create_ring, unpack_box

START_NS, FIRST = 1_000_000_000, 90_000_000_000
IN_FRAMES, OUT_FRAMES, UPDATE_FRAMES = 38, 22, 12  # of the lower third at 50
MS = 1_000_000


class Desk:
    """Titles in virtual time, as the process turns them."""

    def __init__(self, folder: Path) -> None:
        self.clock, self.troubles = VirtualClock(START_NS), Troubles()
        paths = [create_ring(folder / f"title-{n}.picture", WIDTH, HEIGHT, slots=4, key=True) for n in range(KEYERS)]
        self.captions = Captions(paths, Format(WIDTH, HEIGHT, RATE), self.troubles, self.clock)
        self.rings = [RingReader(path) for path in paths]
        self.stage = Stage(World(), Air(), RATE, Anchor(START_NS, RATE.start_ns(FIRST)))
        self.titles: list[Title | None] = [None] * KEYERS

    @property
    def frame(self) -> int:
        return RATE.frame_at_ns(self.stage.anchor.to_unix(self.clock.now()))

    def follow(self, **air: object) -> None:
        if air:
            self.stage = replace(self.stage, air=Air(**air))  # type: ignore[arg-type]
        self.captions.follow(self.stage, self.titles)

    def switch(self, on: bool, at: int) -> None:
        self.follow(titles=(Switched(on, at), *(Switched(),) * (KEYERS - 1)))

    def until(self, ns: int) -> None:
        """Turn as the process does, until an instant."""
        while self.clock.now() < ns:
            next_ns = self.captions.turn()
            self.clock.wait_until(min(max(next_ns, self.clock.now() + MS), ns))

    def frames(self, count: int) -> None:
        self.until(self.clock.now() + count * FRAME_NS)

    def published(self, ring: int = 0) -> list[PictureInfo]:
        return list(self.rings[ring].infos())

    @property
    def last(self) -> PictureInfo:
        info = self.rings[0].newest()
        assert info is not None
        return info

    def sum(self) -> int:
        key = self.rings[0].picture(self.last.index).key
        assert key is not None
        return int(key.sum())

    def close(self) -> None:
        self.captions.close()
        for ring in self.rings:
            ring.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    found = Desk(tmp_path)
    found.titles[0] = Title("lower-third", (Field("name", "ADA LOVELACE"), Field("line", "Analyst")))
    yield found
    found.close()


def test_every_keyer_begins_transparent_and_then_rests(desk: Desk) -> None:
    desk.follow()
    desk.frames(3)
    for ring in range(KEYERS):
        (info,) = desk.published(ring)
        assert unpack_box(info.flags)[2:] == (0, 0)
    assert desk.captions.turn() == FAR_NS


def test_a_take_moves_in_from_its_frame_and_then_nothing_is_written(desk: Desk) -> None:
    desk.follow()
    desk.frames(2)
    desk.clock.advance(5 * MS)  # the engine's word comes a while after its tick
    desk.switch(True, desk.frame)
    taken, before = desk.frame, desk.rings[0].count
    desk.captions.turn()
    assert desk.last.frame == taken + 1
    assert desk.last.due_ns == desk.stage.start_ns(taken + 1)
    desk.frames(IN_FRAMES + 5)
    moving = desk.rings[0].count - before
    assert IN_FRAMES - 3 <= moving <= IN_FRAMES
    assert desk.last.frame <= taken + IN_FRAMES
    standing = desk.rings[0].count
    desk.frames(20)
    assert desk.rings[0].count == standing
    assert desk.sum() > 0


def test_one_frame_has_one_picture_and_dues_only_rise(desk: Desk) -> None:
    desk.follow()
    desk.switch(True, desk.frame)
    dues: list[int] = []
    for number in range(60):
        desk.titles[0] = Title("lower-third", (Field("name", f"NUMBER {number // 3}"),))
        desk.follow()
        desk.until(desk.clock.now() + 7 * MS)
        dues += [info.due_ns for info in desk.published() if not dues or info.index >= len(dues)]
    assert len(dues) > 15
    assert dues == sorted(set(dues))


def test_an_update_is_on_air_two_frames_after_the_order(desk: Desk) -> None:
    desk.follow()
    desk.switch(True, desk.frame - 100)
    desk.frames(10)
    for offset_ms in range(0, 20, 3):
        desk.until(desk.stage.start_ns(desk.frame + 1) + offset_ms * MS)
        ordered, standing = desk.frame, desk.rings[0].count
        desk.titles[0] = Title("lower-third", (Field("name", f"AFTER {offset_ms}"),))
        desk.follow()
        desk.captions.turn()
        assert desk.rings[0].count == standing + 1
        assert ordered < desk.last.frame <= ordered + 2
        desk.frames(UPDATE_FRAMES + 3)


def test_taken_out_it_is_transparent_well_before_its_key_drops(desk: Desk) -> None:
    desk.follow()
    desk.switch(True, desk.frame - 100)
    desk.frames(3)
    out = desk.frame
    desk.switch(False, out)
    desk.frames(100)
    assert unpack_box(desk.last.flags)[2:] == (0, 0)
    assert desk.last.frame <= out + OUT_FRAMES + 1
    assert desk.captions.turn() == FAR_NS


def test_a_title_that_is_off_stands_on_preview_alone_until_it_is_taken(desk: Desk) -> None:
    preview = (True, *(False,) * (KEYERS - 1))
    desk.follow(keyers_preview=preview)
    desk.frames(3)
    assert desk.last.pts == PREVIEW_ONLY
    whole = desk.sum()
    assert whole > 0
    desk.follow(keyers_preview=preview, titles=(Switched(True, desk.frame), *(Switched(),) * 3))
    desk.frames(2)
    assert desk.last.pts == 0
    assert desk.sum() < whole  # it moves in
    desk.frames(IN_FRAMES)
    assert (desk.last.pts, desk.sum()) == (0, whole)
    desk.follow(keyers_preview=preview, titles=(Switched(False, desk.frame), *(Switched(),) * 3))
    desk.frames(OUT_FRAMES + 4)
    assert desk.last.pts == PREVIEW_ONLY
    desk.follow(keyers_preview=(False,) * KEYERS)
    desk.frames(2)
    assert (desk.last.pts, desk.sum()) == (0, 0)


def test_fields_are_filled_from_feeds(desk: Desk) -> None:
    feeds: Feeds = {"race": {"leader": "GRACE HOPPER"}}
    desk.titles[0] = Title("lower-third", (Field("name", "{race.leader}"),))
    desk.captions.tell(feeds)
    desk.follow()
    desk.switch(True, desk.frame - 100)
    desk.frames(3)
    before, count = desk.sum(), desk.rings[0].count
    desk.captions.tell({"race": {"leader": "ADA"}})
    desk.frames(UPDATE_FRAMES + 2)
    assert desk.rings[0].count > count
    assert desk.sum() != before
    count = desk.rings[0].count
    desk.captions.tell({"race": {"leader": "ADA"}})
    desk.frames(5)
    assert desk.rings[0].count == count
    assert desk.troubles.sentences == []


@pytest.mark.expects_log
@pytest.mark.parametrize(
    ("title", "trouble"),
    [
        (Title("no-such"), "no template 'no-such'"),
        (Title("lower-third", (Field("nome", "ADA"),)), "no field 'nome'"),
        (Title("lower-third", (Field("name", "{race.leader}"),)), 'no data feed "race"'),
    ],
)
def test_what_a_title_lacks_is_named_and_the_others_are_drawn(desk: Desk, title: Title, trouble: str) -> None:
    desk.titles[1], desk.titles[0] = desk.titles[0], title
    desk.follow(titles=(Switched(True, desk.frame - 100),) * KEYERS)
    desk.frames(3)
    (sentence,) = desk.troubles.sentences
    assert trouble in sentence
    info = desk.rings[1].newest()
    assert info is not None
    assert unpack_box(info.flags)[2] > 0
    desk.titles[0] = None
    desk.follow()
    assert desk.troubles.sentences == []

"""Titles as pictures: where they stand, that frame n is always the same, and that nothing is drawn twice."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from console.graphics.convert import NO_BOX, Box
from console.graphics.display import Time
from console.graphics.library import Library
from console.graphics.reading import read_template
from console.graphics.strict import FileError
from console.graphics.template import Area, Template, Values
from console.graphics.titles import Drawn, Phase, Playback, TitleRenderer
from console.media.assets import asset
from console.media.time import RATES, Rate
from console.show.world import Switched

OWN = sorted(asset("templates").glob("*.json"))
P50 = Rate(50)
REST = Phase(400)
LONG = "Wolfeschlegelsteinhausenbergerdorff Maximiliana-Theodora von und zu Hohenzollern-Sigmaringen " * 3


def own(name: str) -> Template:
    return Library([asset("templates")]).get(name)


def renderer(height: int = 720, rate: Rate = P50) -> TitleRenderer:
    return TitleRenderer(height * 16 // 9, height, rate)


def shown(template: Template, values: Values, phase: Phase, height: int = 720) -> np.ndarray:
    """The picture of a phase, drawn by a renderer that drew nothing before."""
    easel = renderer(height)
    easel.render(template, values, phase)
    return easel.pixels.copy()


def box_of(pixels: np.ndarray) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of what is not transparent."""
    alpha = pixels[..., 3]
    rows, columns = np.flatnonzero(alpha.any(axis=1)), np.flatnonzero(alpha.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., Template]:
    """A template of some items, with fields."""

    def make(*items: dict[str, Any], fields: tuple[str, ...] = ("name",), **more: Any) -> Template:
        file = tmp_path / "made.json"
        document = {"podium": 1, "name": "Made", "fields": [{"name": one} for one in fields], "items": list(items)}
        file.write_text(json.dumps(document | more))
        return read_template(file)

    return make


@pytest.mark.parametrize("height", [720, 1080])
@pytest.mark.parametrize("file", OWN, ids=lambda file: file.stem)
def test_at_rest_it_stays_within_its_safe_area_whatever_the_values(file: Path, height: int) -> None:
    template = read_template(file)
    long: dict[str, Any] = {
        one.name: tuple({column.name: LONG for column in one.columns} for _ in range(40)) if one.columns else LONG
        for one in template.fields
        if one.type not in ("colour", "image", "time")
    }
    for values in (template.examples(), long):
        pixels = shown(template, values, Phase(400, time=Time(5000, 0)), height)
        left, top, right, bottom = box_of(pixels)
        width = height * 16 // 9
        margin = 0 if template.area is Area.PICTURE else 0.05
        assert int(width * margin) <= left < right <= round(width * (1 - margin)) + 1
        assert int(height * margin) <= top < bottom <= round(height * (1 - margin)) + 1
        assert (pixels[..., :3] <= pixels[..., 3:]).all(), "premultiplied"


@pytest.mark.parametrize("file", OWN, ids=lambda file: file.stem)
def test_it_comes_stands_and_goes(file: Path) -> None:
    template = read_template(file)
    values = template.examples()
    easel = renderer()
    assert easel.render(template, values, Phase(-1)) == Drawn(NO_BOX, NO_BOX)
    for frame in range(80):
        easel.render(template, values, Phase(frame))
    assert easel.pixels[..., 3].max() > 200
    for frame in range(76):
        drawn = easel.render(template, values, Phase(80 + frame, frame))
    assert drawn.box == NO_BOX
    assert not easel.pixels.any(), "nothing is left behind"


@pytest.mark.parametrize("file", OWN, ids=lambda file: file.stem)
def test_frame_n_is_the_same_from_whichever_side_it_is_reached(file: Path) -> None:
    template = read_template(file)
    values = template.examples()
    easel = renderer()
    for frame in (0, 3, 7, 11, 16, 24, 33, 100):
        time = Time(frame * 20, 43_200_000)
        drawn = easel.render(template, values, Phase(frame, time=time))
        assert (easel.pixels == shown(template, values, Phase(frame, time=time))).all(), frame
        if easel.pixels.any():
            left, top, right, bottom = box_of(easel.pixels)
            box = drawn.box
            assert box.x <= left < right <= box.x + box.width
            assert box.y <= top < bottom <= box.y + box.height
        assert all(side % 2 == 0 for side in drawn.box)


def test_the_same_template_serves_every_format() -> None:
    template = own("name-strap")
    small, large = (box_of(shown(template, template.examples(), REST, height)) for height in (540, 1080))
    assert np.abs(np.array(small) * 2 - large).max() <= 20
    for rate in (Rate(25), RATES["59.94"]):
        easel = renderer(360, rate)
        first = next(n for n in range(300) if easel.render(template, {}, Phase(n)).changed == NO_BOX and n > 30 * 0.7)
        assert first <= rate.fps * 1.2


def test_nothing_is_drawn_again_when_nothing_changes() -> None:
    template = own("result-table")
    values = template.examples()
    easel = renderer()
    assert easel.render(template, values, REST).changed != NO_BOX
    easel.pixels[10, 10] = 77  # a mark: had it painted, it would be gone or the box would tell
    for frame in range(401, 420):
        assert easel.render(template, values, Phase(frame)).changed == NO_BOX
    changed = easel.render(template, {**values, "note": "Wind +1.1 m/s"}, Phase(420)).changed
    assert 0 < changed.width * changed.height < 1280 * 720 / 50
    assert (easel.pixels[10, 10] == 77).all()


def test_a_clock_draws_when_its_text_changes_and_only_there() -> None:
    template = own("score-bug")
    easel = renderer()
    boxes = [easel.render(template, template.examples(), Phase(100 + n, time=Time(n * 20))).changed for n in range(120)]
    assert [n for n, box in enumerate(boxes) if box != NO_BOX] == [0, 50, 100]
    assert boxes[50].width < boxes[0].width / 3


def test_an_update_cross_fades_what_changed_and_nothing_else() -> None:
    template = own("lower-third")
    before, after = {"name": "Ana Ribeiro", "line": "Brazil"}, {"name": "Ana Ribeiro", "line": "Gold"}
    start, end = shown(template, before, REST).astype(int), shown(template, after, REST).astype(int)
    same = (start == end).all(axis=2)
    easel = renderer()
    easel.render(template, before, REST)
    distances = []
    for frame in range(14):
        easel.render(template, after, Phase(401 + frame, updated=frame, before=before))
        assert (easel.pixels[same] == start[same]).all(), "what is the same stays exactly as it is"
        distances.append(np.abs(easel.pixels.astype(int) - end).sum())
    assert distances == sorted(distances, reverse=True)
    assert distances[0] > distances[5] > 0
    assert distances[-1] == 0
    whole = np.abs(start - end).sum()
    assert 0.9 * whole < distances[0] < whole, "it begins at once, and softly"


def test_an_update_may_change_the_number_of_rows() -> None:
    template = own("result-table")
    rows = template.examples()["rows"]
    easel = renderer()
    before = {"title": "100 m", "rows": rows[:3]}
    easel.render(template, before, REST)
    after = {"title": "100 m", "rows": rows}
    for frame in range(13):
        drawn = easel.render(template, after, Phase(401 + frame, updated=frame, before=before))
    assert (easel.pixels == shown(template, after, REST)).all()
    assert drawn.box.height > 0


def test_empty_fields_leave_no_gap_and_an_unfilled_title_shows_no_example() -> None:
    template = own("lower-third")
    with_line = box_of(shown(template, {"name": "Ana", "line": "Brazil"}, REST))
    without = box_of(shown(template, {"name": "Ana"}, REST))
    assert without[3] == with_line[3], "it stays at the foot of the safe area"
    assert without[1] > with_line[1]
    assert not shown(template, {}, REST).any()


def test_braces_in_a_value_are_text() -> None:
    template = own("lower-third")
    assert shown(template, {"name": "{line}", "line": "x"}, REST).any()
    assert (shown(template, {"name": "{name}"}, REST) == shown(template, {"name": "{name}", "line": ""}, REST)).all()


def test_right_to_left_turns_a_title_round() -> None:
    template = own("lower-third")
    left, _, _, bottom = box_of(shown(template, {"name": "Ana Ribeiro"}, REST))
    _, _, right, same = box_of(shown(template, {"name": "\u05e2\u05d9\u05d3\u05df"}, REST))
    assert (left, 1280 - right) == (64, 64)
    assert bottom == same


def test_group_opacity_is_of_the_whole(made: Callable[..., Template]) -> None:
    """What lies over something else in a group does not let it shine through while the group fades."""
    inner = {"type": "rectangle", "fill": "#0000ff", "width": 100, "height": 100}
    template = made({"type": "rectangle", "fill": "#ff0000", "width": 200, "height": 100, "opacity": 0.5,
                     "items": [inner]}, area="picture")  # fmt: skip
    pixels = shown(template, {}, Phase(0), 1080)
    assert np.abs(pixels[50, 50].astype(int) - [128, 0, 0, 128]).max() <= 1
    assert np.abs(pixels[50, 150].astype(int) - [0, 0, 128, 128]).max() <= 1


def test_rows_columns_and_anchors_place_to_the_pixel(made: Callable[..., Template]) -> None:
    def block(colour: str, **more: Any) -> dict[str, Any]:
        return {"type": "rectangle", "fill": colour, "height": 40, **more}

    row = {"type": "group", "flow": "row", "gap": 10, "width": 400, "anchor": "bottom-right", "x": -20, "items": [
        block("#ff0000", width=50), block("#00ff00", width="fill"), block("#0000ff", width=70)]}  # fmt: skip
    pixels = shown(made(row, area="picture"), {}, Phase(0), 1080)
    assert box_of(pixels) == (1500, 1040, 1900, 1080)
    green = pixels[1060, :, 1] > 0
    assert np.flatnonzero(green)[[0, -1]].tolist() == [1560, 1560 + 260 - 1]
    assert not pixels[1060, 1550:1560].any()


def test_a_movement_is_smooth_to_a_fraction_of_a_pixel(made: Callable[..., Template]) -> None:
    """The centre of a text that moves evenly moves evenly, though it never stands on whole pixels."""
    moves = [{"ms": 0, "x": 0}, {"ms": 2000, "x": 37, "ease": "linear"}]
    text = {"type": "text", "text": "{name}", "size": 60, "x": 200, "y": 200, "in": moves}
    template = made(text, area="picture")
    easel = renderer(1080)
    centres = []
    for frame in range(1, 60):
        easel.render(template, {"name": "Hamburg"}, Phase(frame))
        alpha = easel.pixels[..., 3].sum(axis=0, dtype=float)
        centres.append(float((alpha * np.arange(len(alpha))).sum() / alpha.sum()))
    assert np.abs(np.diff(centres) - 0.37).max() < 0.05


def test_a_reveal_uncovers_and_does_not_squeeze(made: Callable[..., Template]) -> None:
    moves = [{"ms": 0, "reveal": 0}, {"ms": 400, "reveal": 1, "ease": "linear"}]
    box = {"type": "rectangle", "fill": {"from": "#ff0000", "to": "#0000ff"}, "width": 400, "height": 60, "in": moves}
    for side, columns in (("left", (0, 200)), ("right", (200, 400)), ("center", (100, 300))):
        template = made({**box, "reveal_from": side}, area="picture")
        half, whole = shown(template, {}, Phase(10), 1080), shown(template, {}, Phase(20), 1080)
        assert box_of(half) == (columns[0], 0, columns[1], 60)
        part = slice(*columns)
        assert np.abs(half[:60, part].astype(int) - whole[:60, part]).max() <= 2


def test_a_crawl_runs_evenly_and_comes_round() -> None:
    template = own("crawl")
    values = {"label": "", "text": "Ana\nLena"}
    easel = renderer(1080)
    pictures = []
    for frame in range(300, 306):
        easel.render(template, values, Phase(frame))
        pictures.append(easel.pixels[960:1026].copy())
    step = 4  # 200 units a second at 50 frames
    for before, after in itertools.pairwise(pictures):
        assert (before[:, 100 + step : 1800] == after[:, 100 : 1800 - step]).all()
    easel.render(template, values, Phase(100_000))
    assert (easel.pixels[..., :3].max(axis=2) > 180).any(), "it is still there after half an hour"


def test_nothing_is_shown_of_a_crawl_without_messages() -> None:
    assert not shown(own("crawl"), {"text": " \n "}, REST).any()
    assert shown(own("crawl"), {"text": "\U0010fffd"}, REST).any(), "its bar, when there are no letters for it"


def test_pictures_that_can_not_be_shown_are_told(tmp_path: Path) -> None:
    template = own("logo")
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\nno")
    easel = renderer()
    for path in (tmp_path / "none.png", broken, tmp_path, Path("/dev/zero")):
        assert easel.render(template, {"image": str(path)}, REST).box == NO_BOX
    assert len(easel.troubles) == 4
    assert "no such file" in easel.troubles[0]


def test_a_picture_that_comes_later_is_shown_with_the_next_values(tmp_path: Path) -> None:
    template, file = own("logo"), tmp_path / "mark.svg"
    easel = renderer()
    easel.render(template, {"image": str(file)}, REST)
    drawing = '<path d="M0 0h8v8H0z" fill="red"/>'
    file.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8">{drawing}</svg>')
    easel.render(template, {"image": ""}, REST)
    easel.render(template, {"image": str(file) + " "}, REST)
    assert easel.pixels.any()


def test_a_missing_font_is_replaced_and_told(made: Callable[..., Template]) -> None:
    template = made({"type": "text", "text": "{name}", "font": "No Such Font"})
    easel = renderer()
    easel.render(template, {"name": "Ana"}, REST)
    assert easel.pixels.any()
    assert "No Such Font" in easel.troubles[0]


def follow(events: dict[int, tuple[Values, Switched]], frames: range, template: Template) -> dict[int, Phase]:
    playback, phases = Playback(), {}
    values, air = next(iter(events.values()))
    for frame in frames:
        values, air = events.get(frame, (values, air))
        phases[frame] = playback.phase(template, values, air, frame, Time())
    return phases


def test_playback_takes_updates_and_takes_out() -> None:
    off, on, gone = Switched(), Switched(True, 1010), Switched(False, 1100)
    one, two = {"name": "Ana"}, {"name": "Lena"}
    events = {1000: (one, off), 1010: (one, on), 1050: (two, on), 1100: (two, gone), 1300: (two, Switched(True, 1300))}
    phases = follow(events, range(1000, 1320), own("lower-third"))
    assert phases[1005].shown < 0
    assert phases[1010] == Phase(0)
    assert phases[1049] == Phase(39)
    assert phases[1050] == Phase(40, None, 0, one)
    assert phases[1060] == Phase(50, None, 10, one)
    assert phases[1100] == Phase(90, 0)
    assert phases[1110] == Phase(100, 10)
    assert phases[1300] == Phase(0)


def test_values_that_change_all_the_time_are_cut() -> None:
    on = Switched(True, 1000)
    events = {1000 + 5 * n: ({"figure": f"{n} km/h"}, on) for n in range(30)}
    phases = follow(events, range(1000, 1300), own("name-strap"))
    assert phases[1005].before is not None, "the first change fades"
    assert all(phases[frame].before is None for frame in range(1010, 1145))


def test_a_title_is_made_ready_before_its_take() -> None:
    template = own("result-table")
    cold, warm = renderer(1080), renderer(1080)
    warm.render(template, template.examples(), Phase(-1))
    ready = set(warm._setter._sprites)
    assert len(ready) > 20
    for easel in (cold, warm):
        easel.render(template, template.examples(), Phase(60))
    assert set(warm._setter._sprites) == ready == set(cold._setter._sprites)
    assert (cold.pixels == warm.pixels).all()


def test_playback_that_begins_late_is_where_it_would_be() -> None:
    template, on = own("lower-third"), Switched(True, 1000)
    assert Playback().phase(template, {}, on, 1500, Time()) == Phase(500)
    assert Playback().phase(template, {}, Switched(True, 0), 1500, Time()) == Phase(1500)
    assert Playback().phase(template, {}, Switched(False, 0), 1500, Time()).shown < 0


def test_another_template_on_air_begins_with_its_own_in_animation() -> None:
    playback, on = Playback(), Switched(True, 1000)
    playback.phase(own("lower-third"), {}, on, 1100, Time())
    other = own("name-strap")
    assert playback.phase(other, {}, on, 1101, Time()) == Phase(0)
    assert playback.phase(other, {}, on, 1102, Time()) == Phase(1)


_ODD = some.one_of(
    some.none(), some.booleans(), some.integers(-5000, 5000), some.floats(0, 1), some.just([]), some.just({}),
    some.text(max_size=12), some.sampled_from(["fit", "fill", "row", "column", "free", "{name}", "#11223344"]),
    some.lists(some.integers(0, 300), max_size=4),
)  # fmt: skip


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, one in inner for place in _places(one, (*path, key)))]


@settings(max_examples=250, deadline=None)
@given(some.data())
def test_whatever_stands_in_a_file_it_is_refused_or_drawn(
    tmp_path_factory: pytest.TempPathFactory, data: some.DataObject
) -> None:
    document = json.loads(data.draw(some.sampled_from(OWN)).read_text(encoding="utf-8"))
    for _ in range(data.draw(some.integers(1, 3))):
        path = data.draw(some.sampled_from(_places(document)[1:]))
        holder = document
        try:
            for key in path[:-1]:
                holder = holder[key]
            holder[path[-1]] = data.draw(_ODD)
        except (KeyError, IndexError, TypeError):
            continue
    file = tmp_path_factory.mktemp("odd") / "odd.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    try:
        template = read_template(file)
    except FileError:
        return
    easel = renderer(180)
    whole = Box(0, 0, 320, 180)
    for values in (template.examples(), {one.name: data.draw(some.text(max_size=30)) for one in template.fields}):
        for phase in (Phase(0), Phase(9), Phase(60, time=Time(1000)), Phase(70, 5)):
            box = easel.render(template, values, phase).box
            assert box == NO_BOX or (box.x >= 0 and box.y >= 0 and box.x + box.width <= whole.width)
    easel.clear()
    assert not easel.pixels.any()

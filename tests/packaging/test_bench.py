"""The benchmark: what it reads off the strips, how it counts, how it runs others, and one short show on air."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from itertools import islice, pairwise
from pathlib import Path

import av
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT / "packaging" / "bench"
if not sys.platform.startswith("linux"):
    pytest.skip("the benchmark reads /proc", allow_module_level=True)
sys.path.insert(0, str(BENCH))

from counting import Look, Take, count, first_shown, latencies, line  # noqa: E402
from cutting import Cuts, rotation  # noqa: E402
from feeding import medium, missing_media  # noqa: E402
from peers import PeerOptions, compare, names, new_share, run_peer  # noqa: E402
from promises import promises  # noqa: E402
from report import markdown, sentence  # noqa: E402
from rows import Options, Rule, parse_row, run_row  # noqa: E402
from searching import largest  # noqa: E402
from strips import BLEND, CELLS, FRAMES, Code, Reading, cells, levels_of, read  # noqa: E402
from studies import death_told  # noqa: E402


def drawn(source: int, frame: int) -> np.ndarray:
    """The levels of a strip, as the media have them."""
    return np.where(cells(source, frame) == 1, 215.0, 40.0)


def picture(source: int, frame: int, width: int, height: int) -> np.ndarray:
    """A grey luma plane with a strip over the top 2/45."""
    luma = np.full((height, width), 120, np.uint8)
    edges = [cell * width // CELLS for cell in range(CELLS + 1)]
    for cell, level in enumerate(drawn(source, frame)):
        luma[: height * 2 // 45, edges[cell] : edges[cell + 1]] = level
    return luma


class TestStrip:
    def test_a_strip_worked_out_by_hand(self) -> None:
        # 1 0 1 | 3 | 250 | 3^0^15^10^9 = 15 | 0
        assert "".join(map(str, cells(3, 250))) == "101" + "0011" + "000011111010" + "1111" + "0"

    @pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1280, 720), (640, 360), (1024, 576)])
    def test_all_that_is_drawn_is_read(self, width: int, height: int) -> None:
        for source, frame in [(0, 0), (15, 4095), *((n % 9, n) for n in range(0, FRAMES, 7))]:
            assert read(levels_of(picture(source, frame, width, height))) == Code(source, frame)

    def test_noise_and_a_low_contrast_are_borne(self) -> None:
        noise = np.random.default_rng(1).normal(0, 12, CELLS)
        assert read(drawn(5, 333) * 0.5 + 60 + noise.clip(-15, 15)) == Code(5, 333)

    @pytest.mark.parametrize("cell", range(CELLS))
    def test_one_damaged_cell_is_found(self, cell: int) -> None:
        levels = drawn(6, 418)
        levels[cell] = 255 - levels[cell]
        assert read(levels) is None

    def test_no_strip(self) -> None:
        assert read(np.full(CELLS, 120.0)) is None
        assert read(np.linspace(16, 235, CELLS)) is None
        assert read(255 - drawn(1, 1)) is None

    def test_two_strips_over_each_other(self) -> None:
        one, other = drawn(1, 100), drawn(2, 377)
        assert read((one + other) / 2) is BLEND
        assert read(one * 0.95 + other * 0.05) == Code(1, 100)
        assert read(one * 0.05 + other * 0.95) == Code(2, 377)


def seen(readings: Sequence[Reading | str], start: int = 1000) -> list[Look]:
    """Looks at consecutive frames; "lost" leaves one out."""
    looks = []
    for frame, reading in enumerate(readings, start):
        if not isinstance(reading, str):
            levels = drawn(reading.source, reading.frame) if isinstance(reading, Code) else np.full(CELLS, 9.0)
            looks.append(Look(frame, reading, levels))
    return looks


def codes(source: int, *frames: int) -> list[Reading | str]:
    return [Code(source, frame) for frame in frames]


class TestCounting:
    def judge(self, readings: Sequence[Reading | str], takes: Sequence[Take] = (), fps: int = 50, source: int = 1):
        window = range(1000, 1000 + len(readings))
        return count(seen(readings), window, fps, takes, source)

    def test_all_in_sequence_across_the_wrap(self) -> None:
        tally = self.judge(codes(1, 498, 499, 0, 1))
        assert (tally.due, tally.delivered, tally.in_sequence, tally.faults) == (4, 4, 4, 0)
        assert tally.as_json()["in_sequence_share"] == 1.0

    def test_at_25_frames_the_count_goes_in_steps_of_two(self) -> None:
        assert self.judge(codes(1, 496, 498, 0, 2), fps=25).faults == 0
        assert self.judge(codes(1, 10, 12, 16), fps=25).skipped == 1

    def test_a_picture_shown_twice_then_one_left_out(self) -> None:
        tally = self.judge(codes(1, 10, 11, 11, 13, 14))
        assert (tally.doubled, tally.skipped, tally.in_sequence, tally.faults) == (1, 1, 3, 2)
        assert tally.where == [(2, "doubled"), (3, "skipped")]

    def test_a_frame_that_never_came_is_lost_and_nothing_else(self) -> None:
        tally = self.judge([*codes(1, 10, 11), "lost", "lost", *codes(1, 14)])
        assert (tally.lost, tally.in_sequence, tally.faults) == (2, 3, 2)

    def test_a_step_back(self) -> None:
        assert self.judge(codes(1, 10, 11, 9, 10)).backwards == 1

    def test_a_torn_strip(self) -> None:
        tally = self.judge([*codes(1, 10), None, BLEND, *codes(1, 13)])
        assert (tally.unreadable, tally.in_sequence) == (2, 2)

    def test_a_cut_on_its_frame_and_one_frame_late(self) -> None:
        cut = Take(2, asked=1000, acked=1002)
        assert self.judge([*codes(1, 10, 11), *codes(2, 300, 301)], [cut]).faults == 0
        late = self.judge([*codes(1, 10, 11, 12), *codes(2, 301)], [cut])
        assert (late.wrong, late.faults) == (1, 1)

    def test_a_dissolve_is_counted_apart(self) -> None:
        dissolve = Take(2, asked=1000, acked=1002, frames=4)
        mixed = [BLEND, BLEND, BLEND]
        readings = [*codes(1, 10, 11), *mixed, *codes(2, 50, 51)]
        looks = seen(readings)
        for step, look in enumerate(looks[2:5], 1):
            look.levels[:] = drawn(1, 11) * (1 - step / 4) + drawn(2, 47) * step / 4
        tally = count(looks, range(1000, 1007), 50, [dissolve], 1)
        assert (tally.dissolve, tally.dissolve_held, tally.unreadable, tally.in_sequence) == (3, 0, 0, 4)
        looks[3].levels[:] = looks[2].levels
        assert count(looks, range(1000, 1007), 50, [dissolve], 1).dissolve_held == 1

    def test_latency_of_cuts(self) -> None:
        takes = [Take(2, asked=1001, acked=1002, hot=True), Take(1, asked=1003, acked=1006), Take(5, 1007, 1008)]
        looks = seen([*codes(1, 0, 1), *codes(2, 2, 3, 4, 5), *codes(1, 6, 7, 8)])
        told = latencies(looks, takes)
        assert (told["cuts"], told["never_shown"]) == (3, 1)
        assert told["asked_to_shown_frames"] == {"median": 2, "min": 1, "max": 3}
        assert told["acked_to_shown_frames"] == {"median": 0, "min": 0, "max": 0}
        assert first_shown(looks, takes[2]) is None

    def test_what_is_shown_when_a_source_dies(self) -> None:
        looks = seen([*codes(1, 0, 1, 2, 3, 3, 3), None, None, None, *codes(1, 90, 91)])
        told = death_told(looks, killed=1002, restarted=1008, fps=50)
        assert told == {
            "held_after_s": 0.04, "held_frames": 2, "slate_after_s": 0.08, "slate_frames": 2, "back_after_s": 0.04,
        }  # fmt: skip

    def test_a_straight_line(self) -> None:
        exact = line([(1, 0.5), (2, 0.75), (8, 2.25)])
        assert (exact["slope"], exact["base"], exact["residual_max"]) == pytest.approx((0.25, 0.25, 0), abs=1e-4)
        assert line([(0, 0), (1, 1), (2, 0)])["residual_max"] == pytest.approx(2 / 3, abs=1e-3)


class TestRows:
    def test_names(self) -> None:
        assert parse_row("12x1080p50") == (12, "1080p50")
        assert [parse_row(name) for name in ("0x720p50", "65x720p50", "8x480p50", "hot", "x720p50")] == [None] * 5

    def test_how_tiles_must_move(self) -> None:
        eight = Rule(8, 25)
        assert eight.kept([25.0] * 8)
        assert eight.kept([24.9] * 8 + [1.0] * 12)
        assert not eight.kept([25.0] * 7)
        assert not eight.kept([25.0] * 7 + [16.7])
        assert not eight.kept([25.0] * 8 + [0.4])
        assert Rule(2, 12, 0).kept([12, 13, 0, 0])

    def test_no_cut_goes_to_the_same_pictures(self) -> None:
        for sources in (2, 3, 8, 9, 17, 20):
            on = [1, *islice(rotation(sources), 60)]
            assert all(medium(a) != medium(b) for a, b in pairwise(on))
            assert set(on) >= set(range(2, min(sources, 8) + 1))
        assert list(islice(rotation(1), 2)) == [1, 1]

    @pytest.mark.parametrize("top", range(7))
    @pytest.mark.parametrize("start", range(6))
    def test_the_largest_is_found_with_few_tries(self, top: int, start: int) -> None:
        asked: list[int] = []

        def holds(number: int) -> bool:
            asked.append(number)
            return number <= top

        candidates = (1, 2, 3, 4, 5, 6)
        assert largest(candidates, holds, start) == top
        assert len(set(asked)) == len(asked) <= 5


PEER = """
import json, os, sys
work, fmt, n = sys.argv[1:4]
assert work == "w2" and os.path.exists(f"{os.environ['MEDIA']}/s{n}.{fmt}.ts")
due, good = 100, 100 if int(n) <= HELD else 60
row = {"due": due, "delivered": good, "repeated": 0, "unreadable": 0, "cpu_per_s": 1.0, "cpu_per_programme_s": 1.2}
with open(os.environ["OUT"] + "/results.jsonl", "a") as file:
    file.write(json.dumps(row) + chr(10))
"""


class TestPeers:
    @pytest.fixture
    def options(self, tmp_path: Path) -> PeerOptions:
        """A folder with two peers that run, one that is not installed and one that breaks."""
        for number in range(1, 9):
            (tmp_path / f"s{number}.720p25.ts").touch()
        (tmp_path / "logo.1280x720.png").touch()
        (tmp_path / "peer_ffmpeg.py").write_text(PEER.replace("HELD", "3"))
        (tmp_path / "peer_gst.py").write_text(PEER.replace("HELD", "2"))
        (tmp_path / "peer_obs.py").write_text("raise SystemExit('missing: obs Xvfb')")
        (tmp_path / "peer_odd.py").write_text("raise RuntimeError('no display')")
        return PeerOptions(tmp_path, tmp_path, "ultrafast", 1.0, sys.executable)

    def test_they_run_in_turn_with_ours(self, options: PeerOptions) -> None:
        said: list[str] = []
        mine: list[int] = []

        def ours(sources: int) -> dict[str, object]:
            mine.append(sources)
            return {"cores": {"podium": 0.4}, "holds": True}

        assert names(options.folder) == ["ffmpeg", "gst", "obs", "odd"]
        told = compare("720p25", options, ours, 12, said.append)
        assert [peer["largest"] for peer in told["peers"]] == [3, 2, 0, 0]
        assert mine == [3, 2, 1]
        assert told["peers"][0]["cost_ratio"] == 3.0
        assert told["peers"][2]["missing"] == "obs Xvfb"
        assert (told["to_best_switcher"], told["to_fixed_graph"]) == (6.0, 4.0)
        assert [promise.kept for promise in promises({"peers-720p25": told})[-2:]] == [True, True]
        assert "obs not installed" in sentence("peers-720p25", told)
        assert "| 720p25 | obs | not installed |" in markdown(document({"peers-720p25": told}))

    def test_a_peer_that_breaks_says_why(self, options: PeerOptions) -> None:
        row = run_peer("odd", "720p25", 2, options)
        assert row["failed"] == "RuntimeError: no display"
        assert new_share(row) == 0.0


class TestPromises:
    def test_what_was_not_measured_is_not_kept(self) -> None:
        found = promises({"8x720p50": {"failed": "no output"}})
        assert len(found) == 8
        assert {promise.kept for promise in found} == {None}

    @pytest.mark.parametrize(
        ("tier", "worst", "before", "kept"),
        [("active", 1, "active", True), ("active", 2, "active", False), ("key", 15, "key", True),
         ("key", 16, "key", False), ("key", 1, "full", None)],
    )  # fmt: skip
    def test_hot_cuts_count_from_the_tier_they_speak_of(self, tier: str, worst: int, before: str, kept: bool) -> None:
        waits = {"median": 1, "min": 1, "max": worst}
        study = {"asked_to_shown_frames": waits, "cuts": 24, "tier_before": {before: 24}, "never_shown": 0}
        found = {promise.what: promise for promise in promises({f"hot-{tier}": study})}
        assert found[f"hot cut from {tier.upper()}, 1080p50"].kept is kept

    def test_one_more_source(self) -> None:
        study = {"cores_line": {"slope": 0.031}, "memory_line": {"slope": 79.6}, "points": [{"tiers": {"key": 11}}]}
        core, memory = promises({"key-1080p50": study})[4:6]
        assert (core.kept, memory.kept) == (False, True)
        assert core.measured == "0.031 core"


def document(studies: dict[str, object]) -> dict[str, object]:
    keys = ("cpu", "cores", "memory_gb", "system", "python", "podium", "commit", "av", "ffmpeg")
    return {"machine": dict.fromkeys(keys, "?"), "when": "today", "studies": studies}


class TestCommandLine:
    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(BENCH / "switcher.py"), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    def test_what_is_missing_is_told(self, tmp_path: Path) -> None:
        done = self.call("--media", str(tmp_path), "--only", "2x720p50")
        assert done.returncode == 2
        assert "lacks s1.720p50.ts" in done.stderr
        assert "media.sh" in done.stderr
        assert missing_media(tmp_path, {"720p25"})[-1] == "logo.1280x720.png"

    def test_an_unknown_name_shows_the_known_ones(self) -> None:
        done = self.call("--only", "everything")
        assert done.returncode == 1
        assert "12x1080p50" in done.stderr


@pytest.fixture
def media(tmp_path: Path) -> Path:
    """Ten seconds of two cameras in a small format, and a graphic."""
    for number in (1, 2):
        with av.open(str(tmp_path / f"s{number}.360p25.ts"), "w") as clip:
            video = clip.add_stream("libx264", 25, options={"preset": "ultrafast", "g": "25", "bf": "2"})
            video.width, video.height, video.pix_fmt = 640, 360, "gray"
            for frame in range(250):
                shown = av.VideoFrame.from_ndarray(picture(number, frame * 2, 640, 360), format="gray")
                clip.mux(video.encode(shown))
            clip.mux(video.encode(None))
    with av.open(str(tmp_path / "logo.1280x720.png"), "w") as still:
        stream = still.add_stream("png", 1)
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "rgba"
        empty = np.zeros((720, 1280, 4), np.uint8)
        empty[600:, :300] = (200, 20, 20, 128)
        still.mux(stream.encode(av.VideoFrame.from_ndarray(empty, format="rgba")))
        still.mux(stream.encode(None))
    return tmp_path


def test_a_short_show_is_measured_from_end_to_end(media: Path) -> None:
    options = Options(media, seconds=2.6, desk=False, cuts=Cuts.HOT, settle_s=0.5)
    row = run_row(2, "360p25", options)
    frames = row["frames"]
    assert frames["due"] >= 60
    assert (frames["delivered"], frames["lost"], frames["unreadable"]) == (frames["due"], 0, 0)
    assert frames["in_sequence_share"] > 0.5
    assert row["latency_hot"]["cuts"] >= 1
    assert row["latency_hot"]["acked_to_shown_frames"] == {"median": 0, "min": 0, "max": 0}
    assert set(row["cores_by_role"]) == {"supervisor", "engine", "encoder", "uplink", "source"}
    assert 0 < row["cores"]["podium"] < 4
    assert row["memory_mb"]["rings"] > 10
    assert row["start"]["first_program_frame_s"] < row["start"]["first_delivered_s"]
    assert sum(row["lateness"]) == pytest.approx(frames["due"], abs=10)
    text = markdown(document({"2x360p25": row, "death-720p50": {"failed": "no feed"}}))
    assert "| 2x360p25 | " in text
    assert "- death-720p50: no feed" in text
    assert json.loads(json.dumps(row))["frames"]["due"] == frames["due"]

"""Rings between processes: whole pictures or none, whoever dies."""

import subprocess
import sys

import numpy as np
import pytest

from console.errors import ConsoleError
from console.wire.ring import PREMULTIPLIED, RingReader, RingWriter, create_ring, pack_box, unpack_box
from console.wire.sound import CAPACITY, SoundReader, SoundWriter, create_sound


@pytest.fixture
def path(tmp_path):
    return create_ring(tmp_path / "a.picture", 64, 36, slots=4, key=True, samples=100)


def write(writer, value, **fields):
    picture, sound = writer.begin()
    picture.fill(value)
    sound[:] = value / 255
    return writer.publish(**{"due_ns": value * 10, "now_ns": 1, "frame": value, "samples": 100} | fields)


def test_what_is_written_is_read(path):
    writer, reader = RingWriter(path), RingReader(path)
    assert reader.newest() is None
    for value in range(6):
        write(writer, value, pts=-value)
    assert [info.index for info in reader.infos()] == [2, 3, 4, 5]
    info = reader.newest()
    assert (info.due_ns, info.pts, info.frame, info.samples) == (50, -5, 5, 100)
    assert (reader.picture(5).y == 5).all()
    assert (reader.picture(5).key == 255).all()
    assert np.allclose(reader.sound(5, 100), 5 / 255)
    assert reader.info(1) is None
    assert reader.info(-1) is None
    assert not reader.holds(1)


def test_a_picture_being_overwritten_is_known_to_be(path):
    writer, reader = RingWriter(path), RingReader(path)
    for value in range(4):
        write(writer, value)
    assert reader.holds(0)
    writer.begin()
    assert not reader.holds(0)
    assert reader.info(0) is None
    assert reader.holds(1)


def test_a_writer_that_is_killed_in_mid_picture_leaves_the_rest(path):
    script = (
        "import os, signal, sys; from pathlib import Path; from console.wire.ring import RingWriter\n"
        "w = RingWriter(Path(sys.argv[1]))\n"
        "for n in range(5):\n"
        "    p, s = w.begin(); p.fill(n); w.publish(due_ns=n, now_ns=n)\n"
        "p, s = w.begin(); p.y[:9] = 99\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", script, str(path)], check=False).returncode == -9
    reader = RingReader(path)
    assert [info.index for info in reader.infos()] == [2, 3, 4]
    assert (reader.picture(4).y == 4).all()
    successor = RingWriter(path)
    assert successor.generation == 2
    assert write(successor, 7) == 5
    assert reader.newest().index == 5


def test_demand_is_asked_and_runs_out(path):
    writer, reader = RingWriter(path), RingReader(path)
    assert writer.demand(10**12) == 0
    reader.ask(3, 10**12)
    assert writer.demand(10**12 + 10**9) == 3
    assert writer.demand(10**12 + 3 * 10**9) == 0


@pytest.mark.parametrize("content", [b"", b"x" * 5000, bytes(10)])
def test_what_is_no_ring_is_refused(tmp_path, content):
    path = tmp_path / "no.picture"
    path.write_bytes(content)
    with pytest.raises(ConsoleError, match=r"no\.picture"):
        RingReader(path)


def test_a_ring_that_was_cut_short_is_refused(path):
    path.write_bytes(path.read_bytes()[:6000])
    with pytest.raises(ConsoleError, match="cut short"):
        RingReader(path)


def test_a_ring_that_can_not_be_made_names_its_size(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ConsoleError, match=r"of 0\.0 MiB can't be made"):
        create_ring(tmp_path / "file" / "a.picture", 64, 36, slots=2)


def test_rings_are_private(path):
    assert path.stat().st_mode & 0o077 == 0


def test_sound_goes_round(tmp_path):
    path = create_sound(tmp_path / "a.sound")
    writer, reader = SoundWriter(path), SoundReader(path)
    assert reader.anchor() is None
    block = np.arange(2000, dtype=np.float32).reshape(1000, 2)
    for number in range(CAPACITY // 1000 + 5):
        writer.append(block + number, 0)
    writer.anchor(5, 123)
    newest = writer.count - 1000
    assert np.array_equal(reader.read(newest, 1000), block + CAPACITY // 1000 + 4)
    assert not reader.read(0, 500).any()
    ahead = reader.read(writer.count - 10, 20)
    assert ahead[:10].any()
    assert not ahead[10:].any()
    assert reader.anchor() == (5, 123)
    assert reader.anchor().position(123 + 1_000_000_000) == 5 + 48_000


def test_levels_go_quiet_when_nothing_comes(tmp_path):
    path = create_sound(tmp_path / "a.sound")
    writer, reader = SoundWriter(path), SoundReader(path)
    writer.append(np.full((10, 2), [0.5, -0.25], np.float32), 1_000)
    assert (reader.levels(2_000).left, reader.levels(2_000).right) == (0.5, 0.25)
    assert reader.levels(10**9).left == 0.0


@pytest.mark.parametrize("box", [(0, 0, 2, 2), (64, 36, 1280, 720), (65534, 65532, 65530, 65528)])
def test_boxes_pass_through_a_slot(path, box):
    writer, reader = RingWriter(path), RingReader(path)
    write(writer, 1, flags=pack_box(*box))
    assert unpack_box(reader.newest().flags) == box


def test_a_box_without_anything_is_zero_and_odd_ones_are_refused():
    assert pack_box(8, 8, 0, 4) == pack_box(8, 8, 4, 0) == 0
    assert unpack_box(0) == (0, 0, 0, 0)
    for box in ((1, 0, 2, 2), (0, 0, 3, 2), (-2, 0, 2, 2), (0, 0, 65536, 2)):
        with pytest.raises(ValueError, match="even sides"):
            pack_box(*box)


def test_a_ring_says_its_latency_and_what_it_holds(tmp_path):
    path = create_ring(tmp_path / "overlay", 64, 36, slots=2, key=True, flags=PREMULTIPLIED)
    reader = RingReader(path)
    assert (reader.flags, reader.latency_ns, reader.generation) == (PREMULTIPLIED, 0, 0)
    RingWriter(path).set_latency(237_000_000)
    assert reader.latency_ns == 237_000_000

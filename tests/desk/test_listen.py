"""Listening: the program's samples in order, near the picture; and a machine without a loudspeaker."""

from __future__ import annotations

import numpy as np
import pytest

from console.desk.listen import Listener, ProgramSound
from console.errors import ConsoleError
from console.wire.ring import RingWriter, create_ring

FRAME = 960


@pytest.fixture
def ring(tmp_path):
    return RingWriter(create_ring(tmp_path / "program.picture", 64, 36, slots=16, samples=FRAME))


def publish(ring: RingWriter, number: int) -> None:
    _, sound = ring.begin()
    sound[:FRAME] = np.arange(number * FRAME, (number + 1) * FRAME, dtype=np.float32)[:, None] / 1e6
    ring.publish(due_ns=0, now_ns=0, samples=FRAME)


def test_samples_come_in_order_whatever_the_device_asks(ring):
    sound = ProgramSound(ring.path)
    for number in range(6):
        publish(ring, number)
    heard = np.concatenate([sound.read(count) for count in (1, 700, 2000, 1, 1298)])[:, 0]
    assert np.allclose(np.diff(heard), 1e-6, atol=1e-8)
    assert sound.skipped == 0
    sound.close()


def test_nothing_new_is_silence(ring):
    sound = ProgramSound(ring.path)
    assert not sound.read(480).any()
    publish(ring, 1)
    assert sound.read(480)[-1, 0] > 0
    sound.close()


def test_a_device_that_falls_behind_skips(ring):
    publish(ring, 0)
    sound = ProgramSound(ring.path)
    for number in range(1, 40):
        publish(ring, number)
    heard = sound.read(FRAME)
    assert heard[0, 0] == pytest.approx(38 * FRAME / 1e6)
    assert sound.skipped == 38
    sound.close()


def test_loudness_is_the_desks_own(ring):
    sound = ProgramSound(ring.path)
    publish(ring, 1)
    publish(ring, 2)
    sound.volume = 0.5
    assert sound.read(1)[0, 0] == pytest.approx(FRAME / 2e6)
    sound.close()


def test_listening_without_a_program_is_a_sentence(tmp_path):
    with pytest.raises(ConsoleError, match="can't be opened"):
        Listener(tmp_path / "nowhere", 1.0)


def test_a_machine_without_a_loudspeaker_is_a_sentence(ring):
    try:
        Listener(ring.path, 1.0).close()
    except ConsoleError as error:
        said = str(error)
    else:
        pytest.skip("this machine has a loudspeaker")
    assert "plays no sound" in said

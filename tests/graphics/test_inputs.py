"""Tracking inputs by real datagrams: set up, changed, wrong, contested, flooded."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from graphics_child import Sender
from waiting import wait_for

from console.errors import ConsoleError
from console.graphics.input_setup import endpoint_of, mapping_of
from console.graphics.inputs import Inputs
from console.graphics.status import input_status
from console.media.clock import SystemClock
from console.show.world import Camera, Person, TrackingInput, World
from console.tracking import freed, opentrackio, otrk, psn
from console.tracking.opentrackio_sample import Rotation, Sample, Transform, Triple
from console.tracking.otrk import Encoding

CLOCK = SystemClock()


def _opentrackio(sample: Sample) -> list[bytes]:
    value = opentrackio.write_sample(sample)
    return otrk.encode_segments(opentrackio.encode_payload(value, Encoding.JSON), Encoding.JSON, 1)


@pytest.fixture
def inputs() -> Iterator[Inputs]:
    found = Inputs(CLOCK)
    yield found
    found.close()


@pytest.fixture
def sender(free_port: Callable[[], int]) -> Iterator[Sender]:
    with closing(Sender(free_port())) as found:
        yield found


def _listening(sender: Sender, protocol: str = "freed", name: str = "ptz", **fields: object) -> TrackingInput:
    return TrackingInput(name, protocol, f"127.0.0.1:{sender.address[1]}", **fields)  # type: ignore[arg-type]


def _troubles(inputs: Inputs, name: str = "ptz") -> str:
    one = inputs.inputs[name]
    return "\n".join(one.troubles(one.health(), CLOCK.now()))


def _taken(inputs: Inputs, what: Callable[[], object]) -> None:
    def look() -> object:
        inputs.take(CLOCK.now())
        return what()

    wait_for(look)


def test_every_fault_of_a_mapping_is_named() -> None:
    entry = TrackingInput(
        "ptz", "freed", "0.0.0.0:1", axes="+x +x +z", angles="pan", scale=float("nan"), offset_m=(1.0, 2.0),
        quirks=("freed_zero_checksum", "left_handed"),
    )  # fmt: skip
    with pytest.raises(ConsoleError) as refused:
        mapping_of(entry)
    for fault in ("+x +x +z", "'pan'", "scale of nan", "offset 1 2", "'left_handed'"):
        assert fault in refused.value.sentence
    assert "freed_zero_checksum" not in refused.value.sentence


def test_a_mapping_is_the_protocols_but_for_what_is_said() -> None:
    plain = mapping_of(TrackingInput("a", "psn", "0.0.0.0:1"))
    assert plain.axes == ("+x", "+z", "+y")
    said = mapping_of(
        TrackingInput("a", "opentrackio", "0.0.0.0:1", axes="-y +x +z", scale=0.001, quirks=("opentrackio_mod255",))
    )
    assert (said.axes, said.angles, said.scale) == (("-y", "+x", "+z"), ("-pan", "+tilt", "+roll"), 0.001)
    assert not said.quirks.opentrackio_mod255


@pytest.mark.parametrize("bind", ["", "40000", "venue.example:1", "1.2.3.4:99999", "1.2.3.4:-1", "1.2.3:x", ":1"])
def test_a_place_to_listen_at_that_is_none_is_named(bind: str) -> None:
    with pytest.raises(ConsoleError, match="can't listen on"):
        endpoint_of(TrackingInput("ptz", "freed", bind))


def test_an_unknown_protocol_and_a_group_that_is_none_are_named() -> None:
    with pytest.raises(ConsoleError, match=r"'stype'.*freed, opentrackio, psn"):
        endpoint_of(TrackingInput("ptz", "stype", "0.0.0.0:1"))
    with pytest.raises(ConsoleError, match="no multicast group"):
        endpoint_of(TrackingInput("ptz", "psn", "0.0.0.0:1", group="10.0.0.1"))


def test_a_camera_is_fed_by_its_number(inputs: Inputs, sender: Sender) -> None:
    entry = _listening(sender, axes="+y -x +z", offset_m=(0.0, 0.0, 1.5), angles="-pan +tilt +roll")
    inputs.follow(World((entry,), (Camera("a", "ptz", 7), Camera("b", "ptz", 8))))
    inputs.take(CLOCK.now())
    sender.freed(7, 12.5, x_m=1.0, y_m=2.0, z_m=3.0)
    _taken(inputs, lambda: inputs.inputs["ptz"].heard)
    sampled = inputs.cameras["ptz", 7].at(CLOCK.now())
    assert sampled is not None
    assert sampled.state.position_m == (2.0, -1.0, 4.5)
    assert sampled.state.pan_deg == -12.5
    assert inputs.cameras["ptz", 8].at(CLOCK.now()) is None


def test_subjects_come_from_psn_and_from_cameras_that_people_wear(inputs: Inputs, free_port: Callable[[], int]) -> None:
    with closing(Sender(free_port())) as athletes, closing(Sender(free_port())) as objects:
        both = (_listening(athletes, "psn", "psn"), _listening(objects, "opentrackio", "things"))
        inputs.follow(World(both, people=(Person("things/9", "Ball"),)))
        inputs.take(CLOCK.now())
        tracker = psn.Tracker(3, (1.0, 2.0, 3.0), (4.0, 5.0, 6.0), validity=1.0)
        for data in psn.encode_data([tracker], frame=1, time_us=1_000_000):
            athletes.send(data)
        place = Transform(translation_m=Triple(x=1.0, y=2.0, z=3.0), rotation=Rotation())
        for data in _opentrackio(Sample(source_number=9, transforms=(place,))):
            objects.send(data)
        _taken(inputs, lambda: len(inputs.subjects) == 2)
        athlete = inputs.subjects["psn/3"]
        seen = athlete.line.at(athlete.last_ns)
        assert seen is not None
        assert seen.state.position_m == (1.0, 3.0, 2.0)
        assert seen.state.velocity_mps == (4.0, 6.0, 5.0)
        ball = inputs.subjects["things/9"].line.at(inputs.subjects["things/9"].last_ns)
        assert ball is not None
        assert ball.state.position_m == (1.0, 2.0, 3.0)


def test_a_camera_that_nobody_configured_is_counted_and_named(inputs: Inputs, sender: Sender) -> None:
    world = World((_listening(sender),), (Camera("a", "ptz", 1),))
    inputs.follow(world)
    inputs.take(CLOCK.now())
    for camera in (7, 7, 1):
        sender.freed(camera)
    _taken(inputs, lambda: inputs.inputs["ptz"].heard)
    assert inputs.inputs["ptz"].unknown[7][0] == 2
    assert _troubles(inputs) == "Camera 7 of input ptz is not configured"
    inputs.follow(replace(world, cameras=(*world.cameras, Camera("b", "ptz", 7))))
    assert _troubles(inputs) == ""


def test_a_second_sender_is_named_and_moves_nothing(inputs: Inputs, sender: Sender) -> None:
    inputs.follow(World((_listening(sender),), (Camera("a", "ptz", 1),)))
    inputs.take(CLOCK.now())
    with closing(Sender(sender.address[1])) as other:
        sender.freed(1, 10.0)
        _taken(inputs, lambda: inputs.inputs["ptz"].heard)
        sender.freed(1, 10.0)
        other.freed(1, 50.0)
        _taken(inputs, lambda: inputs.inputs["ptz"].intruded)
        assert "camera 1 comes from 2 senders" in _troubles(inputs)
        sampled = inputs.cameras["ptz", 1].at(CLOCK.now())
        assert sampled is not None
        assert sampled.state.pan_deg == 10.0

        def taken_over() -> bool:
            other.freed(1, 50.0)
            sampled = inputs.cameras["ptz", 1].at(CLOCK.now())
            return sampled is not None and sampled.state.pan_deg == 50.0

        _taken(inputs, taken_over)  # once the first has been silent


@pytest.mark.expects_log
def test_a_port_in_use_is_named_and_taken_when_it_is_free(inputs: Inputs, sender: Sender) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as other:
        other.bind(sender.address)
        inputs.follow(World((_listening(sender),), (Camera("a", "ptz", 1),)))
        inputs.take(CLOCK.now())
        assert f"Can't listen on 127.0.0.1:{sender.address[1]}" in _troubles(inputs)
    _taken(inputs, lambda: inputs.inputs["ptz"].port)
    assert _troubles(inputs) == ""


def test_two_inputs_on_one_port_are_named(inputs: Inputs, sender: Sender) -> None:
    first = _listening(sender)
    second = replace(_listening(sender, name="other"), bind=f"0.0.0.0:{sender.address[1]}")
    inputs.follow(World((first, second)))
    inputs.take(CLOCK.now())
    assert _troubles(inputs) == ""
    assert "The tracking inputs ptz and other both listen on" in _troubles(inputs, "other")
    assert inputs.inputs["other"].port is None
    inputs.follow(World((second,)))
    _taken(inputs, lambda: inputs.inputs["other"].port)
    assert _troubles(inputs, "other") == ""


def test_what_is_not_changed_in_the_setup_goes_on(inputs: Inputs, free_port: Callable[[], int]) -> None:
    with closing(Sender(free_port())) as one, closing(Sender(free_port())) as two:
        cameras = (Camera("a", "one", 1), Camera("b", "two", 1))
        world = World((_listening(one, name="one"), _listening(two, name="two")), cameras)
        inputs.follow(world)
        inputs.take(CLOCK.now())
        one.freed()
        two.freed()
        _taken(inputs, lambda: all(inputs.inputs[name].heard for name in ("one", "two")))
        kept = inputs.inputs["one"]
        inputs.follow(replace(world, inputs=(world.inputs[0], replace(world.inputs[1], angles="-pan +tilt +roll"))))
        assert inputs.inputs["one"] is kept
        assert inputs.cameras["one", 1].at(CLOCK.now()) is not None
        assert inputs.cameras["two", 1].at(CLOCK.now()) is None  # what it said before meant something else

        def heard_again() -> bool:
            two.freed(1, 20.0)
            return bool(inputs.inputs["two"].heard)

        _taken(inputs, heard_again)
        sampled = inputs.cameras["two", 1].at(CLOCK.now())
        assert sampled is not None
        assert sampled.state.pan_deg == -20.0


def test_a_faulty_mapping_moves_nothing_but_its_packets_can_be_seen(inputs: Inputs, sender: Sender) -> None:
    inputs.follow(World((_listening(sender, axes="+x +y"),), (Camera("a", "ptz", 1),)))
    inputs.take(CLOCK.now())
    sender.freed(1, 3.0)
    _taken(inputs, lambda: inputs.inputs["ptz"].last)
    assert "'+x +y' is no axis map" in _troubles(inputs)
    assert inputs.cameras["ptz", 1].at(CLOCK.now()) is None
    one = inputs.inputs["ptz"]
    status = input_status(one, one.health(), CLOCK.now())
    assert status["decoded"]["pan_deg"] == 3.0


@pytest.mark.expects_log
def test_what_is_received_but_not_understood_is_seen(inputs: Inputs, sender: Sender) -> None:
    inputs.follow(World((_listening(sender),), (Camera("a", "ptz", 1),)))
    inputs.take(CLOCK.now())
    broken = bytearray(freed.encode(freed.FreedSample(1, 1, 2, 3, 4, 5, 6, 7, 8)))
    broken[28] ^= 1
    sender.send(bytes(broken))
    one = inputs.inputs["ptz"]
    _taken(inputs, lambda: one.health().refused)
    status = input_status(one, one.health(), CLOCK.now())
    assert status["state"] == "receiving, but not understood"
    assert status["raw"] == bytes(broken).hex()
    assert status["decoded"] is None
    assert "checksum" in status["last_error"]
    assert any("checksum" in sentence for sentence in status["troubles"])
    sender.send(b"\xd1" * 9000)
    _taken(inputs, lambda: one.health().refused == 2)
    status = input_status(one, one.health(), CLOCK.now())
    assert (len(status["raw"]), status["raw_bytes"]) == (512, 9000)


def test_sixty_thousand_datagrams_at_once_are_survived(inputs: Inputs, sender: Sender) -> None:
    inputs.follow(World((_listening(sender),), (Camera("a", "ptz", 1),)))
    inputs.take(CLOCK.now())
    data = [freed.encode(freed.FreedSample(n % 256, 1, 2, 3, 4, 5, 6, 7, 8)) for n in range(256)]
    for number in range(60_000):
        sender.socket.sendto(data[number % 256], sender.address)

    def fifty() -> bool:
        sender.freed(1, 50.0)
        sampled = inputs.cameras["ptz", 1].at(CLOCK.now())
        return sampled is not None and sampled.state.pan_deg == 50.0

    _taken(inputs, fifty)
    one = inputs.inputs["ptz"]
    assert len(one.unknown) <= 64
    assert input_status(one, one.health(), CLOCK.now())["dropped"] > 0
    assert "Tracking input ptz is flooded" in _troubles(inputs)

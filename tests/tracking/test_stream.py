"""What a stream knows beyond its datagrams: loss, repeats, time, senders, and the sure checksum."""

from __future__ import annotations

import random
from typing import Any

import pytest

from console.tracking import freed, opentrackio, otrk, psn
from console.tracking.health import NOT_UNDERSTOOD, RECEIVING, SILENT
from console.tracking.mapping import Quirks
from console.tracking.opentrackio import OpenTrackIOPacket
from console.tracking.otrk import Checksum, Encoding
from console.tracking.packet import TrackingProtocol
from console.tracking.stream import SURE_AFTER, Received, Refused, Stream

MS = 1_000_000
A, B = "10.0.0.1:40000", "10.0.0.2:40000"


def _freed(camera: int = 1, spare: int = 0) -> bytes:
    return freed.encode(freed.FreedSample(camera, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7, 8, spare))


def _opentrackio(sequence: int, seconds: float | None = None, **how: Any) -> list[bytes]:
    value: dict[str, Any] = {"sourceNumber": how.pop("source", 1), "tracker": {"notes": how.pop("notes", "x")}}
    if seconds is not None:
        whole, part = divmod(round(seconds * 1e9), 1_000_000_000)
        value["timing"] = {"sampleTimestamp": {"seconds": whole, "nanoseconds": part}}
    return otrk.encode_segments(opentrackio.encode_payload(value, Encoding.JSON), Encoding.JSON, sequence, **how)


def _psn(frame: int, time_us: int, trackers: int = 2, first: int = 0) -> list[bytes]:
    sent = [psn.Tracker(first + n, (1.0, 2.0, 3.0), (1, 1, 1), (1, 1, 1), 1.0) for n in range(trackers)]
    return psn.encode_data(sent, frame=frame % 256, time_us=time_us)


def test_a_sample_keeps_when_and_from_whom_it_came() -> None:
    stream = Stream(TrackingProtocol.FREED)
    entry = stream.feed(_freed(), A, 123)
    assert entry == Received(freed.decode(_freed()), A, 123, _freed())


def test_receiving_but_not_understood_is_told_with_the_reason() -> None:
    stream = Stream(TrackingProtocol.FREED)
    assert stream.health(0).state == SILENT
    for n in range(5):
        assert isinstance(stream.feed(b"OTrk" + bytes(30), A, (1000 + n) * MS), Refused)
    health = stream.health(1010 * MS)
    assert (health.state, health.refused, health.understood) == (NOT_UNDERSTOOD, 5, 0)
    assert health.last_refusal == "A FreeD message begins with D1, this one with 4F"
    assert health.notices == ("Not understood: A FreeD message begins with D1, this one with 4F",)
    stream.feed(_freed(), A, 1020 * MS)
    assert stream.health(1021 * MS).state == RECEIVING
    assert stream.health(2500 * MS).state == SILENT


def test_rate_and_jitter_are_those_of_each_camera() -> None:
    stream = Stream(TrackingProtocol.FREED)
    for n in range(100):
        stream.feed(_freed(1), A, 1_000 * MS + n * 20 * MS)
        stream.feed(_freed(2), B, 1_000 * MS + n * 20 * MS + (4 * MS if n % 2 else 0))
    one, two = stream.health(3_000 * MS).sources
    assert (one.id, one.senders, one.rate_hz, one.jitter_ms, one.lost) == ("camera 1", (A,), 50.0, 0.0, 0)
    assert two.rate_hz == pytest.approx(50.0, abs=0.2)
    assert two.jitter_ms == pytest.approx(4.0, abs=0.1)
    assert stream.health(9_000 * MS).sources[0].rate_hz == 0.0


def test_jitter_is_measured_against_the_senders_own_time() -> None:
    stream = Stream(TrackingProtocol.OPENTRACKIO)
    chance, at_ns = random.Random(3), 0
    for n in range(100):  # unevenly sampled, but each at once on its way
        at_ns += chance.randrange(5, 35) * MS
        stream.feed(_opentrackio(n, at_ns / 1e9)[0], A, at_ns)
    assert stream.health(at_ns).sources[0].jitter_ms == pytest.approx(0.0, abs=1e-6)


def test_two_senders_with_one_camera_are_noticed() -> None:
    stream = Stream(TrackingProtocol.FREED)
    for n in range(10):
        stream.feed(_freed(3), A if n % 2 else B, n * 20 * MS + MS)
    assert stream.health(200 * MS).notices == (f"camera 3 comes from 2 senders: {A}, {B}",)
    for n in range(100):
        stream.feed(_freed(3), A, 200 * MS + n * 20 * MS)
    assert stream.health(2_200 * MS).notices == ()


def test_two_servers_with_one_tracker_are_noticed() -> None:
    stream = Stream(TrackingProtocol.PSN)
    for n in range(3):
        stream.feed(_psn(n, n, first=0)[0], A, n * MS + 1)
        stream.feed(_psn(n, n, first=1)[0], B, n * MS + 2)
    (notice,) = stream.health(5 * MS).notices
    assert notice in {f"tracker 1 comes from {A} and {B}", f"tracker 1 comes from {B} and {A}"}
    assert stream.health(5_000 * MS).contested == ()


def test_lost_packets_are_counted_across_the_wrap() -> None:
    stream = Stream(TrackingProtocol.OPENTRACKIO)
    for sequence in (65_533, 65_534, 1, 2, 5):  # 65535, 0, 3 and 4 are missing
        assert isinstance(stream.feed(_opentrackio(sequence & 0xFFFF)[0], A, 1), Received)
    assert stream.health(1).lost == 4
    assert stream.health(1).sources[0].lost == 4


def test_a_repeated_packet_is_dropped_unless_the_sequence_is_unused() -> None:
    stream = Stream(TrackingProtocol.OPENTRACKIO)
    packet, other = _opentrackio(9)[0], _opentrackio(9, notes="other")[0]
    assert isinstance(stream.feed(packet, A, 1), Received)
    assert stream.feed(packet, A, 2) is None
    assert stream.feed(other, A, 3) is None
    assert isinstance(stream.feed(packet, B, 4), Received), "another sender counts by itself"
    assert stream.health(5).repeated == 2
    lenient = Stream(TrackingProtocol.OPENTRACKIO, Quirks(opentrackio_sequence_is_unused=True))
    assert all(isinstance(lenient.feed(packet, A, n), Received) for n in range(3))


def test_a_sender_that_begins_anew_is_heard_and_nothing_counts_as_lost() -> None:
    stream = Stream(TrackingProtocol.OPENTRACKIO)
    for start_ns in (0, 2_000 * MS, 4_000 * MS):
        for n in range(5):
            assert isinstance(stream.feed(_opentrackio(40_000 + n)[0], A, start_ns + n * MS + 1), Received)
        stream.feed(_opentrackio(0)[0], A, start_ns + 10 * MS)
    assert (stream.health(1).lost, stream.health(1).repeated) == (0, 0)
    server = Stream(TrackingProtocol.PSN)
    for number, time_us in ((100, 5_000_000), (101, 5_016_000), (3, 1000), (4, 17_000)):
        assert isinstance(server.feed(_psn(number, time_us)[0], A, 1), Received)
    assert (server.health(1).lost, server.health(1).time_back) == (0, 1)


def test_segments_of_two_senders_are_not_mixed() -> None:
    stream = Stream(TrackingProtocol.OPENTRACKIO)
    ours, theirs = (_opentrackio(5, notes=letter * 4000, source=n) for n, letter in ((1, "a"), (2, "b")))
    entries = [
        stream.feed(packet, sender, 1)
        for pair in zip(ours, theirs, strict=True)
        for packet, sender in zip(pair, (A, B), strict=True)
    ]
    whole = [entry.sample for entry in entries if isinstance(entry, Received)]
    assert [packet.sample.source_number for packet in whole if isinstance(packet, OpenTrackIOPacket)] == [1, 2]
    assert stream.unfinished() == ()
    stream.feed(_opentrackio(50, notes="c" * 4000)[0], A, 1)
    assert stream.unfinished() == ("The payload of packet 50 is not whole: a segment is missing",)


def test_time_that_goes_back_is_refused_and_a_clock_set_anew_is_taken() -> None:
    stream = Stream(TrackingProtocol.OPENTRACKIO)
    told = [(0, 100.0), (1, 100.02), (2, 100.01), (3, 100.04), (4, 50.0), (5, 50.02)]
    entries = [stream.feed(_opentrackio(sequence, seconds)[0], A, 1) for sequence, seconds in told]
    assert [isinstance(entry, Received) for entry in entries] == [True, True, False, True, True, True]
    assert isinstance(entries[2], Refused)
    assert entries[2].reason == "Time went back by 10.000 ms"
    assert stream.health(1).time_back == 2
    assert "Time went back 2 times" in stream.health(1).notices


def test_posistagenet_frames_of_several_datagrams_count_their_losses() -> None:
    stream = Stream(TrackingProtocol.PSN)
    frames = [_psn(number, number * 16_667, trackers=60) for number in range(250, 262)]
    assert {len(frame) for frame in frames} == {3}
    frames[2] = frames[2][:1]  # two datagrams of a frame
    del frames[7:9]  # two frames
    for number, frame in enumerate(frames):
        for data in frame:
            assert isinstance(stream.feed(data, A, number * 16 * MS + 1), Received)
    assert stream.health(1).lost == 2 + 2 * 3
    assert len(stream.health(160 * MS).sources) == 1
    assert stream.health(160 * MS).sources[0].rate_hz == pytest.approx(62.5), "frames, not datagrams"


def test_names_come_with_info_packets() -> None:
    stream = Stream(TrackingProtocol.PSN)
    stream.feed(psn.encode_info("s", [(1, "Ann"), (2, "Bea")], frame=0, time_us=5)[0], A, 1)
    stream.feed(psn.encode_info("s", [(2, "Cem")], frame=1, time_us=3)[0], A, 2)
    assert stream.names == {1: "Ann", 2: "Cem"}


def test_freeds_spare_bits_count_losses_when_they_hold_a_sequence() -> None:
    stream = Stream(TrackingProtocol.FREED, Quirks(freed_spare_is_iris_and_sequence=True))
    for sequence in (14, 15, 0, 3, 4):  # 1 and 2 are missing
        stream.feed(_freed(1, sequence << 12), A, 1)
        stream.feed(_freed(2, 0), B, 1)
    assert [source.lost for source in stream.health(1).sources] == [2, 0]


def test_a_sender_known_for_todays_checksum_sends_no_other() -> None:
    """In such a stream every wrong byte is refused, also where it is right modulo 255 by chance."""
    stream = Stream(TrackingProtocol.OPENTRACKIO)
    for sequence in range(SURE_AFTER):
        stream.feed(_opentrackio(sequence)[0], A, 1)
    (right,) = _opentrackio(SURE_AFTER, notes="every byte of this packet in turn")
    for at in range(len(right)):
        for value in range(256):
            if value != right[at]:
                wrong = right[:at] + bytes([value]) + right[at + 1 :]
                assert isinstance(stream.feed(wrong, A, 2), Refused)
    assert isinstance(stream.feed(right, A, 3), Received)
    assert isinstance(stream.feed(_opentrackio(70, checksum=Checksum.MOD255)[0], A, 4), Refused)
    assert isinstance(stream.feed(_opentrackio(70, checksum=Checksum.MOD255)[0], B, 5), Received)
    assert stream.health(5).mod255 == 1
    assert "1 packets with the checksum of OpenTrackIO 1.0.0" in stream.health(5).notices


def test_forged_senders_and_cameras_do_not_pile_up() -> None:
    stream = Stream(TrackingProtocol.OPENTRACKIO)
    for n in range(5000):
        stream.feed(_opentrackio(n & 0xFFFF, source=300 + n)[0], f"10.0.{n >> 8}.{n & 255}:1", n + 1)
    assert len(stream.health(5000).sources) <= 1024
    assert stream.health(5000).understood == 5000
    cameras = Stream(TrackingProtocol.FREED)
    for n in range(5000):
        cameras.feed(_freed(1), f"10.0.{n >> 8}.{n & 255}:1", n + 1)
    assert len(cameras.health(5000).sources[0].senders) == 8

"""PosiStageNet against pypsn (PyPI) and @jwetzell/posistagenet (npm), there and back, and what is none."""

from __future__ import annotations

import json
import os
import random
import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pypsn
import pytest

from console.errors import ConsoleError
from console.tracking.packet import PacketRefused
from console.tracking.psn import (
    MAX_SENT_BYTES,
    DataPacket,
    Header,
    InfoPacket,
    Tracker,
    decode,
    encode_data,
    encode_info,
)

PEER = "@jwetzell/posistagenet@2.1.1"


def _f32(value: float) -> float:
    (nearest,) = struct.unpack("<f", struct.pack("<f", value))
    return float(nearest)


def _random_tracker(chance: random.Random, number: int) -> Tracker:
    def vector(reach: float) -> tuple[float, float, float] | None:
        x, y, z = (_f32(chance.uniform(-reach, reach)) for _ in range(3))
        return (x, y, z) if chance.random() < 0.8 else None

    time_us = chance.randrange(1 << 32) if chance.random() < 0.5 else None
    return Tracker(number, vector(300), vector(20), vector(3), _f32(chance.random()), vector(50), vector(300), time_us)


def _read(datagrams: list[bytes]) -> list[Tracker]:
    found: list[Tracker] = []
    for datagram in datagrams:
        packet = decode(datagram)
        assert isinstance(packet, DataPacket)
        assert packet.header.packets == len(datagrams)
        assert not packet.refused
        found += packet.trackers
    return found


def test_ten_thousand_trackers_come_back_within_half_a_step() -> None:
    chance = random.Random(7)
    for number in range(100):
        sent = [_random_tracker(chance, n * 600) for n in range(100)]
        exact = [tracker._replace(position_m=(chance.uniform(-9, 9), 1 / 3, n / 7)) for n, tracker in enumerate(sent)]
        datagrams = encode_data(exact, frame=number, time_us=number)
        assert max(map(len, datagrams)) <= MAX_SENT_BYTES
        for tracker, back in zip(exact, _read(datagrams), strict=True):
            x, y, z = (_f32(part) for part in tracker.position_m or ())
            assert back == tracker._replace(position_m=(x, y, z)), "each number is the nearest that 32 bits hold"


def test_one_tracker_is_laid_out_as_the_standard_says() -> None:
    (datagram,) = encode_data([Tracker(5, position_m=(1.0, 2.0, -3.0))], frame=9, time_us=0x0102)
    header = bytes.fromhex("0000 0c00 0201000000000000 02 03 09 01")
    tracker = bytes.fromhex("0500 1080 0000 0c00 0000803f 00000040 000040c0")
    assert datagram == bytes.fromhex("5567 2880") + header + bytes.fromhex("0100 1480") + tracker


def test_pypsn_reads_what_we_send() -> None:
    chance = random.Random(8)
    sent = [_random_tracker(chance, number) for number in range(60)]
    came: list[Any] = []
    for datagram in encode_data(sent, frame=3, time_us=123_456):
        packet = pypsn.parse_psn_packet(datagram)
        assert (packet.info.timestamp, packet.info.version_high, packet.info.version_low) == (123_456, 2, 3)
        came += packet.trackers
    for tracker, theirs in zip(sent, came, strict=True):
        ours = (tracker.position_m, tracker.speed_mps, tracker.orientation_rad, tracker.acceleration_mps2)
        assert theirs.id == tracker.id
        for vector, other in zip(ours, (theirs.pos, theirs.speed, theirs.ori, theirs.accel), strict=True):
            assert vector == (None if other is None else tuple(other))
        assert theirs.status == tracker.validity
        assert theirs.timestamp == (tracker.time_us or 0)
    names = [(number, f"Runner {number}") for number in range(200)]
    infos = [pypsn.parse_psn_packet(datagram) for datagram in encode_info("Podium", names, frame=1, time_us=0)]
    assert len(infos) > 1
    assert {info.name for info in infos} == {b"Podium"}
    assert [(t.tracker_id, t.tracker_name.decode()) for info in infos for t in info.trackers] == names


_SCRIPT = """
const { Decoder, Encoder, Tracker } = require('@jwetzell/posistagenet');
const asked = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const decoder = new Decoder();
for (const hex of asked.datagrams) decoder.decode(Uint8Array.from(Buffer.from(hex, 'hex')));
const encoder = new Encoder('Peer');
const trackers = asked.trackers.map(([id, name, pos, speed, validity, time]) => {
  const tracker = new Tracker(id, name);
  tracker.setPos(...pos); tracker.setSpeed(...speed); tracker.setStatus(validity); tracker.setTimestamp(BigInt(time));
  return tracker;
});
const hex = (packets) => packets.map((packet) => Buffer.from(packet).toString('hex'));
const data = hex(encoder.getDataPackets(77n, trackers)), info = hex(encoder.getInfoPackets(77n, trackers));
const plain = (key, value) => (typeof value === 'bigint' ? Number(value) : value);
console.log(JSON.stringify({ system: decoder.systemName, trackers: decoder.trackers, data, info }, plain));
"""


@dataclass(frozen=True)
class _Peer:
    folder: Path

    def ask(self, datagrams: list[bytes], trackers: list[Any]) -> dict[str, Any]:
        asked = json.dumps({"datagrams": [datagram.hex() for datagram in datagrams], "trackers": trackers})
        command = ["node", "-e", _SCRIPT]
        done = subprocess.run(
            command, input=asked, cwd=self.folder, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> _Peer:
    """The npm package, from npm's own cache once it has been fetched."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("there is no node here, so npm's PosiStageNet is not asked")
    folder = tmp_path_factory.mktemp("npm")
    quiet = ["--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=0"]
    command = ["npm", "install", *quiet, "--fetch-timeout=20000", PEER]
    env = {**os.environ, "npm_config_update_notifier": "false"}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=100, env=env, check=False)
    if done.returncode:
        pytest.skip(f"npm can't fetch {PEER}: {done.stderr.strip().splitlines()[-1:]}")
    return _Peer(folder)


def test_the_peer_of_npm_and_we_read_each_other(peer: _Peer) -> None:
    ours = [Tracker(n, (n / 8, 1.5, -n), (0.5, 0.0, 9.25), None, 0.75, None, None, 1000 + n) for n in range(1, 61)]
    names = [(tracker.id, f"L\u00e4ufer {tracker.id}") for tracker in ours]
    told = [[t.id, name, t.position_m, t.speed_mps, t.validity, t.time_us] for t, (_, name) in zip(ours, names)]  # noqa: B905
    datagrams = encode_data(ours, frame=4, time_us=5) + encode_info("Podium", names, frame=4, time_us=5)
    answer = peer.ask(datagrams, told)

    assert answer["system"] == "Podium"
    assert len(answer["trackers"]) == len(ours)
    for tracker, (_, name) in zip(ours, names, strict=True):
        theirs = answer["trackers"][str(tracker.id)]
        assert (theirs["name"], theirs["validity"], theirs["timestamp"]) == (name, 0.75, tracker.time_us)
        assert tuple(theirs["pos"].values()) == tracker.position_m
        assert tuple(theirs["speed"].values()) == tracker.speed_mps

    assert len(answer["data"]) > 1
    assert _read([bytes.fromhex(packet) for packet in answer["data"]]) == ours
    infos = [decode(bytes.fromhex(packet)) for packet in answer["info"]]
    assert all(isinstance(info, InfoPacket) and info.system == "Peer" for info in infos)
    assert [pair for info in infos if isinstance(info, InfoPacket) for pair in info.names] == names


def _chunk(kind: int, content: bytes, flag: int = 0) -> bytes:
    return struct.pack("<HH", kind, len(content) | flag) + content


def _data(tracker_chunks: bytes, *, version: int = 2, before: bytes = b"") -> bytes:
    header = _chunk(0, struct.pack("<QBBBB", 0, version, 3, 1, 1))
    listed = _chunk(1, tracker_chunks, 0x8000)
    return _chunk(0x6755, header + before + listed, 0x8000)


_PLACE = _chunk(0, struct.pack("<3f", 1, 2, 3))


def test_unknown_chunks_are_skipped_and_long_datagrams_taken() -> None:
    strange = _chunk(0x77, b"anything")
    packet = decode(_data(_chunk(3, strange + _PLACE + strange), before=strange))
    assert packet == DataPacket(Header(0, 1, 1), (Tracker(3, (1.0, 2.0, 3.0)),))
    filling = _chunk(0x77, bytes(1520 - 4 - len(_data(_chunk(3, _PLACE)))))
    long = _data(_chunk(3, _PLACE), before=filling)
    assert len(long) == 1520
    assert decode(long).header.frame == 1


@pytest.mark.parametrize("wrong", [(float("nan"), 0.0, 0.0), (0.0, float("inf"), 0.0), (0.0, 0.0, 2e5)])
def test_an_absurd_tracker_is_named_and_the_others_stay(wrong: tuple[float, float, float]) -> None:
    bad = _chunk(9, _chunk(0, struct.pack("<3f", *wrong)))
    packet = decode(_data(bad + _chunk(3, _PLACE)))
    assert isinstance(packet, DataPacket)
    assert [tracker.id for tracker in packet.trackers] == [3]
    assert len(packet.refused) == 1
    assert packet.refused[0].startswith("Tracker 9: position_m is ")
    with pytest.raises(PacketRefused, match="Tracker 9"):
        decode(_data(bad))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "0 bytes"),
        (b"\x54\x67\0\0", "version 1"),
        (b"\x3c\x50\0\0", "version 1"),
        (b"OTrk", "begins with 6755 or 6756, this one with 544F"),
        (_data(_chunk(3, _PLACE), version=3), "version 3.03 is unknown"),
        (_data(_chunk(3, _PLACE))[:-1], "says 40 bytes and has 39"),
        (_data(_chunk(3, _PLACE)) + b"\0", "says 40 bytes and has 41"),
        (_chunk(0x6755, _chunk(1, b""), 0x8000), "has no header"),
        (_chunk(0x6756, _chunk(1, b"name"), 0x8000), "has no header"),
        (_chunk(0x6755, _chunk(0, bytes(11)), 0x8000), "header is too short"),
        (_data(_chunk(3, _chunk(0, bytes(8)))), "tracker 3 has a chunk 0 of 8 bytes"),
        (_data(_chunk(3, _PLACE[:-1])), "longer than what holds it"),
        (_data(_chunk(3, _PLACE + b"\0\0")), "ends within its header"),
        (_data(b"\3\0\xff\x7f"), "longer than what holds it"),
    ],
)
def test_what_is_no_packet_is_named(data: bytes, reason: str) -> None:
    with pytest.raises(PacketRefused, match=reason):
        decode(data)


@pytest.mark.parametrize(
    "wrong",
    [
        Tracker(70_000),
        Tracker(1, (1e300, 0, 0)),
        Tracker(1, (0, float("nan"), 0)),
        Tracker(1, validity=float("inf")),
        Tracker(1, time_us=-1),
        Tracker(1, (1.0, 2.0)),  # type: ignore[arg-type]
    ],
)
def test_what_does_not_fit_is_not_sent(wrong: Tracker) -> None:
    with pytest.raises(ConsoleError, match=f"tracker {wrong.id}"):
        encode_data([wrong], frame=0, time_us=0)
    with pytest.raises(ConsoleError, match="can't hold frame 256"):
        encode_data([], frame=256, time_us=0)


def test_a_name_without_end_is_cut() -> None:
    (datagram,) = encode_info("s" * 5000, [(1, "n" * 5000)], frame=0, time_us=0)
    packet = decode(datagram)
    assert isinstance(packet, InfoPacket)
    assert (packet.system, packet.names) == ("s" * 512, ((1, "n" * 512),))

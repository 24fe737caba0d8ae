"""`podium tracking` as a script sees it: real processes, real sockets."""

from __future__ import annotations

import json
import math
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from waiting import wait_for

from console.tracking import freed, opentrackio, otrk, psn
from console.tracking.otrk import Checksum, Encoding

ROOT = Path(__file__).resolve().parents[2]


def _podium(*words: object) -> tuple[int, list[Any], str]:
    command = [sys.executable, "-m", "console", "tracking", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def _files(folder: Path, datagrams: Sequence[bytes]) -> list[Path]:
    found = []
    for number, data in enumerate(datagrams):
        found.append(folder / f"{number:03}.bin")
        found[-1].write_bytes(data)
    return found


def test_decode_prints_freed_as_sent(tmp_path: Path) -> None:
    body = bytes.fromhex("D1 03 064000 FE8000 004000 017700 FE0C00 000001 0003E8 0007D0 0000")
    files = _files(tmp_path, [body + bytes([freed.checksum(body)]), body + b"\0"])
    status, (good, bad), _ = _podium("decode", "--protocol", "freed", *files)
    assert good == {
        "protocol": "freed",
        "camera": 3,
        "pan_deg": 12.5,
        "tilt_deg": -3.0,
        "roll_deg": 0.5,
        "x_m": 1.5,
        "y_m": -2.0,
        "z_m": 1 / 64000,
        "zoom": 1000,
        "focus": 2000,
    }
    assert list(bad) == ["error"]
    assert "checksum" in bad["error"]
    assert status == 1
    assert _podium("decode", "--protocol", "freed", files[0])[0] == 0


def test_decode_prints_opentrackio_unchanged(tmp_path: Path) -> None:
    sample = {
        "sourceNumber": 12,
        "lens": {"fStop": 4},
        "vendor": {"deep": [1, None, "\u00e9"]},
        "tracker": {"notes": "n"},
    }
    datagrams: list[bytes] = []
    for encoding in Encoding:
        for checksum in Checksum:
            payload = opentrackio.encode_payload(sample, encoding)
            datagrams += otrk.encode_segments(payload, encoding, 65_535, checksum=checksum)
    long = {**sample, "tracker": {"notes": "x" * 1000, "slate": "y" * 1000}}
    segments = otrk.encode_segments(opentrackio.encode_payload(long, Encoding.JSON), Encoding.JSON, 4)
    files = _files(tmp_path, [*datagrams, *segments])
    status, printed, _ = _podium("decode", "--protocol", "opentrackio", *files)
    assert status == 0
    named = [(packet["encoding"], packet["checksum"]) for packet in printed]
    assert named == [("json", "mod256"), ("json", "mod255"), ("cbor", "mod256"), ("cbor", "mod255"), ("json", "mod256")]
    assert printed[0] == {
        "protocol": "opentrackio",
        "source": 12,
        "sequence": 65_535,
        "encoding": "json",
        "checksum": "mod256",
        "sample": sample,
    }
    assert all(packet["sample"] == sample for packet in printed[:4])
    assert (printed[4]["sample"], printed[4]["sequence"]) == (long, 4)
    status, printed, _ = _podium("decode", "--protocol", "opentrackio", files[-1])
    assert (status, printed) == (
        1,
        [{"error": "Segments are missing: 1 of those that are there make no whole payload"}],
    )


def test_decode_prints_trackers_with_their_names(tmp_path: Path) -> None:
    trackers = [psn.Tracker(1, (1.5, 2.0, 3.0), (0.25, 0, 0), validity=0.5), psn.Tracker(2)]
    info = psn.encode_info("s", [(1, "Ann"), (2, "Bea")], frame=0, time_us=0)
    (strange,) = psn.encode_data([psn.Tracker(7, (777.0, 0, 0)), *trackers], frame=8, time_us=0)
    broken = strange.replace(struct.pack("<f", 777.0), struct.pack("<f", math.nan))
    files = _files(tmp_path, [*info, *psn.encode_data(trackers, frame=7, time_us=0), broken])
    status, printed, _ = _podium("decode", "--protocol", "psn", *files)
    ann = {"id": 1, "name": "Ann", "position_m": [1.5, 2.0, 3.0], "speed_mps": [0.25, 0.0, 0.0], "validity": 0.5}
    bea = {"id": 2, "name": "Bea", "position_m": None, "speed_mps": None, "validity": None}
    assert printed[0]["trackers"][1] == bea
    assert printed[1] == {"protocol": "psn", "frame": 7, "trackers": [ann, bea]}
    assert printed[2]["trackers"] == [ann, bea]
    assert printed[2]["error"].startswith("Tracker 7")
    assert status == 1


def test_decode_goes_on_after_files_that_are_none(tmp_path: Path) -> None:
    good = freed.encode(freed.FreedSample(1, 0, 0, 0, 0, 0, 0, 0, 0))
    recording = tmp_path / "other.jsonl"
    recording.write_bytes(b'{"podium_tracking": 1, "protocol": "psn"}\n')
    paths = [tmp_path / "none", tmp_path, recording, *_files(tmp_path, [b"", bytes(70_000), good])]
    status, printed, _ = _podium("decode", "--protocol", "freed", *paths)
    assert status == 1
    assert [next(iter(packet)) for packet in printed] == ["error"] * 5 + ["protocol"]
    assert printed[2]["error"] == "The recording is of psn, not of freed"


class _Listener:
    """`podium tracking listen`, and what it has printed so far."""

    def __init__(self, *words: object) -> None:
        command = [sys.executable, "-m", "console", "tracking", "listen", *map(str, words)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.printed: list[Any] = []
        self.told: list[str] = []
        self._readers = [threading.Thread(target=self._read_out), threading.Thread(target=self._read_err)]
        for reader in self._readers:
            reader.start()
        wait_for(lambda: any("listening" in line for line in self.told), 20, "the listener")

    def _read_out(self) -> None:
        assert self.process.stdout
        self.printed.extend(map(json.loads, self.process.stdout))

    def _read_err(self) -> None:
        assert self.process.stderr
        self.told.extend(self.process.stderr)

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(20)
        for reader in self._readers:
            reader.join()
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe:
                pipe.close()
        return status


def test_what_is_heard_is_recorded_and_sent_again(tmp_path: Path, free_port: Callable[[], int]) -> None:
    port, record = free_port(), tmp_path / "race.jsonl"
    where = f"127.0.0.1:{port}"
    listener = _Listener("--protocol", "psn", "--bind", where, "--record", record)
    status, _, _ = _podium("send", "--demo", "psn", "--to", where, "--seconds", 0.5)
    assert status == 0
    wait_for(lambda: len(listener.printed) == 31, 10, "30 frames and an info packet")
    assert listener.end() == 0
    assert listener.printed[0]["trackers"][3]["name"] == "J. MBEKI-ROSS"
    assert [tracker["id"] for tracker in listener.printed[5]["trackers"]] == list(range(1, 9))
    assert any("31 understood, 0 refused, 0 lost" in line for line in listener.told)

    status, again, _ = _podium("decode", "--protocol", "psn", record)
    assert (status, again) == (0, listener.printed)
    second = _Listener("--protocol", "psn", "--bind", where)
    assert _podium("send", record, "--to", where, "--speed", 4)[0] == 0
    wait_for(lambda: len(second.printed) == 31, 10, "the recording")
    assert second.end() == 0
    assert second.printed == listener.printed


@pytest.mark.parametrize(("protocol", "key"), [("freed", "camera"), ("opentrackio", "source")])
def test_the_demos_cameras_are_sent_to_a_group(protocol: str, key: str, free_port: Callable[[], int]) -> None:
    port, group = free_port(), "239.135.1.42"
    listener = _Listener("--protocol", protocol, "--bind", f"127.0.0.1:{port}", "--group", group)
    _podium("send", "--demo", protocol, "--to", f"{group}:{port}", "--interface", "127.0.0.1", "--seconds", 0.1)
    wait_for(lambda: len(listener.printed) == 18, 10, "six frames of three cameras")
    assert listener.end() == 0
    assert [packet[key] for packet in listener.printed[:3]] == [1, 2, 5]


def test_what_is_not_understood_is_told_and_the_status_says_so(free_port: Callable[[], int]) -> None:
    port = free_port()
    listener = _Listener("--protocol", "freed", "--bind", f"127.0.0.1:{port}")
    with socket.socket(type=socket.SOCK_DGRAM) as out:
        out.sendto(b"hello", ("127.0.0.1", port))
        wait_for(lambda: listener.printed)
    assert listener.end() == 1
    assert listener.printed == [{"error": "A FreeD message begins with D1, this one with 68"}]
    assert any("receiving, but not understood (A FreeD message" in line for line in listener.told)


@pytest.mark.parametrize(
    ("words", "status", "reason"),
    [
        (["decode", "x"], 2, "--protocol"),
        (["decode", "--protocol", "ndi", "x"], 2, "invalid choice"),
        (["listen", "--protocol", "psn", "--bind", "nowhere"], 2, "is no address"),
        (["listen", "--protocol", "psn", "--bind", "127.0.0.1:9", "--group", "10.0.0.1"], 1, "no multicast group"),
        (["send", "--to", "127.0.0.1:9"], 2, "Name a recording or --demo"),
        (["send", "none.jsonl", "--to", "127.0.0.1:9"], 1, "none.jsonl can't be read"),
        (["send", "none.jsonl", "--to", "127.0.0.1:9", "--speed", "0"], 2, "above 0"),
        (["send", "none.jsonl", "--to", "127.0.0.1:9", "--seconds", "nan"], 2, "above 0"),
        (["send", "--demo", "psn", "--to", "127.0.0.1:9", "--rate", "0"], 2, "0 is not 1 to 1000"),
    ],
)
def test_wrong_usage_is_one_line_with_what_to_do(words: list[str], status: int, reason: str) -> None:
    ended, printed, told = _podium(*words)
    assert (ended, printed) == (status, [])
    assert reason in told
    assert len(told.strip().splitlines()) == 1


def test_fifty_thousand_hostile_packets_are_survived() -> None:
    bench = ROOT / "packaging" / "bench" / "tracking_fuzz.py"
    command = [sys.executable, str(bench), "--packets", "50000", "--seed", "4"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr[-2000:] + done.stdout[-2000:]
    counts = json.loads(done.stdout)
    for protocol in ("freed", "opentrackio", "psn"):
        assert counts[f"{protocol}: refused"] > 2000
        assert counts[f"{protocol}: understood"] > 500, "the damage must not all be seen at the door"

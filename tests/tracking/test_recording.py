"""Recordings: what was written is read, hostile files behave, a replay keeps time."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from console.errors import ConsoleError
from console.media.clock import VirtualClock
from console.tracking.packet import TrackingProtocol
from console.tracking.recording import (
    BEGINS_WITH,
    BadLine,
    Recorded,
    Recorder,
    read_recording,
    recorded_protocol,
    replay,
)

HEADER = json.dumps({"podium_tracking": 1, "protocol": "psn", "began_unix_ns": 5}).encode() + b"\n"


def test_what_was_recorded_is_read(tmp_path: Path) -> None:
    clock, path = VirtualClock(), tmp_path / "race.jsonl"
    datagrams = [b"", b"\xd1" * 29, bytes(range(256)) * 200]
    with Recorder(path, TrackingProtocol.FREED, clock) as recorder:
        for data in datagrams:
            clock.advance(16_666_667)
            recorder.write(data, "10.0.0.5:40000", clock.now())
    assert path.read_bytes().startswith(BEGINS_WITH)
    with path.open("rb") as file:
        assert recorded_protocol(file) is TrackingProtocol.FREED
        file.seek(0)
        found = list(read_recording(file))
    assert found == [Recorded((n + 1) * 16_666_667, "10.0.0.5:40000", data) for n, data in enumerate(datagrams)]


def test_a_replay_keeps_the_distances_in_time() -> None:
    clock = VirtualClock()
    began, sent = clock.now(), []
    datagrams = [Recorded(at_ns, "", bytes([n])) for n, at_ns in enumerate((5_000, 1_005_000, 1_005_000, 3_005_000))]
    assert replay(datagrams, lambda data: sent.append((data[0], clock.now() - began)), clock, speed=2.0) == 4
    assert sent == [(0, 0), (1, 500_000), (2, 500_000), (3, 1_500_000)]


@pytest.mark.parametrize(
    "line",
    [
        b"not json\n",
        b"[]\n",
        b"null\n",
        b'{"at_ns": -1, "data": ""}\n',
        b'{"at_ns": 1e3, "data": ""}\n',
        b'{"at_ns": true, "data": ""}\n',
        b'{"at_ns": 99999999999999999999, "data": ""}\n',
        b'{"at_ns": 1, "data": "%%%"}\n',
        b'{"at_ns": 1, "data": "\\u00e9"}\n',
        b'{"at_ns": 1, "data": 5}\n',
        b'{"at_ns": 1}\n',
        b'{"at_ns": 1, "data": "' + b"A" * 100_000 + b'"}\n',
        b'{"at_ns": 1, "data": "' + b"A" * 3_000_000 + b'"}\n',
        b"[" * 100_000 + b"\n",
        b"\xff\xfe\0\n",
    ],
)
def test_a_line_that_can_not_be_is_named_and_skipped(line: bytes) -> None:
    good = b'{"at_ns": 7, "from": "a", "data": "AAE="}\n'
    found = list(read_recording(io.BytesIO(HEADER + line + good)))
    assert found == [BadLine("Line 2 is no datagram"), Recorded(7, "a", b"\0\1")]


def test_time_going_back_and_a_file_cut_off_are_named() -> None:
    lines = b'{"at_ns": 9, "data": ""}\n{"at_ns": 8, "data": ""}\n{"at_ns": 10, "da'
    found = list(read_recording(io.BytesIO(HEADER + lines)))
    assert found == [Recorded(9, "", b""), BadLine("Line 3 goes back in time"), BadLine("Line 4 is no datagram")]


@pytest.mark.parametrize("head", [b"", b"\xd1", b'{"podium_tracking": 2}\n', b"[1]\n", b'{"podium_tracking":'])
def test_another_file_is_no_recording(head: bytes) -> None:
    with pytest.raises(ConsoleError, match="no recording of tracking"):
        list(read_recording(io.BytesIO(head)))
    with pytest.raises(ConsoleError, match="of which protocol"):
        recorded_protocol(io.BytesIO(head))


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConsoleError, match="Can't record to"):
        Recorder(tmp_path / "none" / "x", TrackingProtocol.PSN, VirtualClock())

"""The RTMP chunk stream: our bytes read back, and bytes that no honest server sends."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.uplink.rtmp_chunks import (
    ABORT,
    COMMAND,
    MESSAGE_BYTES_MAX,
    SET_CHUNK_SIZE,
    ChunkReader,
    ProtocolError,
    RtmpMessage,
    message_bytes,
)
from console.uplink.rtmp_session import AckCounter

MESSAGES = st.builds(
    RtmpMessage,
    st.sampled_from([8, 9, 18, 20, 4]),
    st.binary(max_size=700),
    st.integers(0, 0xFFFFFFFF),
    st.integers(0, 5),
)


@given(st.lists(st.tuples(MESSAGES, st.integers(2, 63)), max_size=8), st.integers(1, 300))
def test_messages_read_back_however_the_network_cuts_them(messages, cut):
    data = b"".join(message_bytes(message, stream, 128) for message, stream in messages)
    reader = ChunkReader()
    found = []
    for start in range(0, len(data), cut):
        found += reader.feed(data[start : start + cut])
    assert found == [message for message, _ in messages]
    assert reader.received == len(data)


def test_a_chunk_size_that_the_far_end_announces_is_used():
    reader = ChunkReader()
    control = message_bytes(RtmpMessage(SET_CHUNK_SIZE, (4096).to_bytes(4, "big")), 2, 128)
    assert len(list(reader.feed(control))) == 1
    message = RtmpMessage(COMMAND, bytes(5000))
    assert list(reader.feed(message_bytes(message, 3, 4096))) == [message]


def test_interleaved_messages_and_short_headers():
    reader = ChunkReader()
    first = b"\x03" + b"\x00\x00\x0a" + b"\x00\x00\xc8" + b"\x14" + bytes(4) + b"a" * 128  # 200 bytes begin
    other = b"\x04" + bytes(3) + b"\x00\x00\x01" + b"\x08" + bytes(4) + b"x"
    rest = b"\xc3" + b"a" * 72
    same_again = b"\x83" + b"\x00\x00\x05" + b"b" * 128 + b"\xc3" + b"b" * 72  # length and kind as before
    found = list(reader.feed(first + other + rest + same_again))
    assert [(message.payload[:1], len(message.payload), message.time_ms) for message in found] == [
        (b"x", 1, 0),
        (b"a", 200, 10),
        (b"b", 200, 15),
    ]


def test_a_message_that_is_aborted_is_forgotten():
    reader = ChunkReader()
    begun = b"\x05" + bytes(3) + b"\x00\x00\xc8" + b"\x14" + bytes(4) + b"a" * 128
    abort = message_bytes(RtmpMessage(ABORT, (5).to_bytes(4, "big")), 2, 128)
    assert [message.kind for message in reader.feed(begun + abort)] == [ABORT]
    with pytest.raises(ProtocolError):
        list(reader.feed(b"\xc5" + b"a" * 72))


@pytest.mark.parametrize(
    "hostile",
    [
        b"\xc3",
        b"\x03" + bytes(3) + MESSAGE_BYTES_MAX.to_bytes(3, "big")[:2] + b"\x01" + b"\x14" + bytes(4),
        b"\x02" + bytes(3) + b"\x00\x00\x04" + b"\x01" + bytes(4) + bytes(4),  # a chunk size of nothing
        b"\x02" + bytes(3) + b"\x00\x00\x01" + b"\x01" + bytes(4) + b"\x01",
        b"".join(bytes((2 + n,)) + bytes(3) + b"\x00\x00\xc8\x14" + bytes(4) + bytes(128) for n in range(61))
        + b"".join(b"\x00" + bytes((n,)) + bytes(3) + b"\x00\x00\xc8\x14" + bytes(4) + bytes(128) for n in range(9)),
    ],
)
def test_what_no_server_may_say_is_a_protocol_error(hostile):
    with pytest.raises(ProtocolError):
        list(ChunkReader().feed(hostile))


@settings(max_examples=300)
@given(st.lists(st.binary(max_size=200), max_size=6))
def test_random_bytes_never_do_harm(pieces):
    reader = ChunkReader()
    with contextlib.suppress(ProtocolError):
        for piece in pieces:
            for message in reader.feed(piece):
                assert len(message.payload) <= MESSAGE_BYTES_MAX


@given(st.lists(st.integers(1, 900_000_000), min_size=1, max_size=40))
def test_acknowledgements_are_followed_over_the_wrap_of_32_bits(steps):
    counter, sent = AckCounter(), 0
    for step in steps:
        sent += step
        assert counter.acknowledge(sent & 0xFFFFFFFF, sent + 1000) == sent


def test_a_counter_that_starts_over_by_itself_never_acknowledges_too_much():
    counter, sent = AckCounter(), 0xF0000000
    assert counter.acknowledge(sent, sent + 5000) == sent
    assert counter.acknowledge(60_000, sent + 65_000) == sent + 60_000
    assert counter.acknowledge(125_000, sent + 130_000) == sent + 125_000


@given(st.lists(st.integers(0, 0xFFFFFFFF), max_size=30))
def test_a_lying_counter_never_gets_beyond_what_was_sent_or_goes_back(values):
    counter, before = AckCounter(), 0
    for value in values:
        total = counter.acknowledge(value, 1_000_000)
        assert before <= total <= 1_000_000
        before = total

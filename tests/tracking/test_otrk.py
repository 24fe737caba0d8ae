"""OpenTrackIO's packets: both checksums, segments in any order, what is lost, and every wrong byte."""

from __future__ import annotations

import random
from itertools import permutations

import pytest

from console.errors import ConsoleError
from console.tracking import otrk
from console.tracking.otrk import Assembler, Checksum, Encoding, decode_segment, encode_segments, fletcher16
from console.tracking.packet import PacketRefused

BODY = b'{"sourceNumber":1,"lens":{"fStop":4.0}}'


def test_the_checksum_has_two_readings() -> None:
    assert fletcher16(b"abcde") == {Checksum.MOD256: 0xC3EF, Checksum.MOD255: 0xC8F0}
    assert fletcher16(b"abcdefgh")[Checksum.MOD255] == 0x0627
    chance = random.Random(2)
    for size in (0, 1, 255, 1500, 65_535):
        data = chance.randbytes(size)
        for checksum, modulus in ((Checksum.MOD256, 256), (Checksum.MOD255, 255)):
            sum1 = sum2 = 0
            for byte in data:
                sum1 = (sum1 + byte) % modulus
                sum2 = (sum2 + sum1) % modulus
            assert fletcher16(data)[checksum] == sum2 << 8 | sum1


def test_a_packet_is_laid_out_as_the_standard_says() -> None:
    (packet,) = encode_segments(BODY, Encoding.CBOR, 0x1234)
    assert packet[:14] == b"OTrk" + bytes([0, 2, 0x12, 0x34, 0, 0, 0, 0, 0x80, len(BODY)])
    assert packet[16:] == BODY
    assert int.from_bytes(packet[14:16], "big") == fletcher16(packet[:14] + BODY)[Checksum.MOD256]


@pytest.mark.parametrize("checksum", Checksum)
def test_the_reading_that_fits_is_named(checksum: Checksum) -> None:
    (packet,) = encode_segments(BODY, Encoding.JSON, 5, checksum=checksum)
    segment = decode_segment(packet)
    assert (segment.checksum, segment.sequence, segment.body) == (checksum, 5, BODY)
    if checksum is Checksum.MOD255:
        with pytest.raises(PacketRefused, match="should be"):
            decode_segment(packet, mod255=False)


def test_where_both_readings_fit_it_is_todays() -> None:
    # Both sums must be less than 255 above a multiple of 255 * 256: the first is made so, the second is found.
    chance = random.Random(6)
    for _ in range(20_000):
        random_part = chance.randbytes(500)
        (packet,) = encode_segments(random_part + bytes(12), Encoding.JSON, 1)
        left = 255 * 256 + 100 - sum(packet[:14] + packet[16:])
        if not 0 <= left <= 12 * 255:
            continue
        filling = bytes([min(max(left - 255 * n, 0), 255) for n in range(12)])
        (packet,) = encode_segments(random_part + filling, Encoding.JSON, 1)
        if len(set(fletcher16(packet[:14] + packet[16:]).values())) == 1:
            assert decode_segment(packet).checksum is Checksum.MOD256
            return
    pytest.fail("no packet was found that both readings fit")


def test_every_wrong_byte_is_refused() -> None:
    (right,) = encode_segments(BODY * 3, Encoding.JSON, 40)
    for at in range(len(right)):
        for value in range(256):
            if value != right[at]:
                with pytest.raises(PacketRefused):
                    decode_segment(right[:at] + bytes([value]) + right[at + 1 :], mod255=False)


@pytest.mark.parametrize(
    ("at", "new", "reason"),
    [
        (slice(0, 4), b"OTrK", "begins with 'OTrk'"),
        (slice(4, 5), b"\1", "reserved byte is 1"),
        (slice(5, 6), b"\3", "encoding 3 is neither"),
        (slice(8, 12), b"\xff\xff\xff\xff", "absurd"),
        (slice(12, 14), b"\x80\x01", "says 1 bytes and has 39"),
        (slice(14, 16), b"\0\0", "checksum is 0000"),
        (slice(15, None), b"", "of 15 bytes is no"),
    ],
)
def test_what_is_no_packet_is_named(at: slice, new: bytes, reason: str) -> None:
    (right,) = encode_segments(BODY, Encoding.JSON, 1)
    wrong = bytearray(right)
    wrong[at] = new
    if at.start < 14 and at.start:
        wrong[14:16] = fletcher16(bytes(wrong[:14] + wrong[16:]))[Checksum.MOD256].to_bytes(2, "big")
    with pytest.raises(PacketRefused, match=reason):
        decode_segment(bytes(wrong))


def _whole(packets: list[bytes], assembler: Assembler | None = None) -> list[otrk.Payload]:
    assembler = assembler or Assembler()
    return [payload for packet in packets if (payload := assembler.add(decode_segment(packet)))]


def test_segments_are_put_together_in_whatever_order_they_come() -> None:
    payload = random.Random(3).randbytes(3500)
    packets = encode_segments(payload, Encoding.CBOR, 0xFFFE)
    assert len(packets) == 3
    assert all(len(packet) <= otrk.MAX_SENT_BYTES for packet in packets)
    for order in permutations(packets):
        (found,) = _whole(list(order))
        assert (found.data, found.sequence, found.encoding) == (payload, 0xFFFE, Encoding.CBOR)


def test_senders_that_number_payloads_instead_of_packets_are_understood() -> None:
    payload = bytes(range(256)) * 10
    segments = [decode_segment(packet) for packet in encode_segments(payload, Encoding.JSON, 9)]
    same = [otrk.Segment(9, s.encoding, s.offset, s.last, s.body, s.checksum) for s in segments]
    assembler = Assembler()
    assert [assembler.add(segment) for segment in same][-1] == otrk.Payload(9, Encoding.JSON, payload, Checksum.MOD256)


def test_a_payload_with_a_lost_segment_is_dropped_and_the_next_is_whole() -> None:
    assembler = Assembler()
    first = encode_segments(b"a" * 4000, Encoding.JSON, 100)
    second = encode_segments(b"b" * 4000, Encoding.JSON, 103)
    assert _whole([first[0], first[2]], assembler) == []
    (found,) = _whole(second, assembler)
    assert found.data == b"b" * 4000
    assert assembler.waiting == ()
    assert assembler.dropped == 2


def test_what_is_left_of_a_lost_payload_never_joins_another() -> None:
    assembler = Assembler()
    first = encode_segments(b"a" * 2000, Encoding.JSON, 100)
    assert _whole(first[:1] + encode_segments(b"whole", Encoding.JSON, 102), assembler)[0].data == b"whole"
    assert (assembler.waiting, assembler.dropped) == ((), 1)
    # The numbers come round again, and this time the first segment is lost.
    assert _whole(encode_segments(b"b" * 2000, Encoding.JSON, 100)[1:], assembler) == []
    other = encode_segments(b"c" * 2000, Encoding.CBOR, 100)[0]
    assert _whole([other], assembler) == [], "nor one of another encoding"


def test_segments_without_an_end_do_not_pile_up() -> None:
    assembler = Assembler()
    for number in range(1000):
        assembler.add(otrk.Segment(number, Encoding.JSON, 100, False, b"x" * 1000, Checksum.MOD256))
    assert len(assembler.waiting) == otrk.MAX_WAITING_SEGMENTS
    assert assembler.dropped == 1000 - otrk.MAX_WAITING_SEGMENTS


def test_a_payload_is_as_old_as_its_oldest_segment() -> None:
    packets = encode_segments(b"x" * 2000, Encoding.JSON, 1)
    packets[1] = encode_segments(b"x" * 2000, Encoding.JSON, 1, checksum=Checksum.MOD255)[1]
    assert _whole(packets)[0].checksum is Checksum.MOD255


def test_a_payload_of_no_or_absurd_size_is_not_sent() -> None:
    for payload in (b"", b"x" * (otrk.MAX_PAYLOAD_BYTES + 1)):
        with pytest.raises(ConsoleError):
            encode_segments(payload, Encoding.JSON, 1)

"""The packets of the county's client: what comes in pieces is put together, and what is none ends the connection."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from server_broker.ingest import wire

MOST = 2**18


def packets_of(data: bytes, *cuts: int) -> list[tuple[int, bytes]]:
    """Return the packets in ``data`` as they are split when it comes in pieces."""
    found, buffer, begin = [], bytearray(), 0
    for end in (*sorted(cuts), len(data)):
        buffer += data[begin:end]
        begin = max(begin, end)
        packets, read = wire.split(buffer, most=MOST)
        del buffer[:read]
        found += packets
    assert not buffer
    return found


@given(
    st.lists(st.tuples(st.binary(max_size=20_000), st.integers(0, 65_535)), min_size=1, max_size=5),
    st.lists(st.integers(0, 60_000), max_size=5),
)
def test_messages_come_out_as_they_went_in(messages: list[tuple[bytes, int]], cuts: list[int]) -> None:
    written = b"".join(wire.publish("cunhui/1/0/shili-01/facts", payload, mid=mid) for payload, mid in messages)
    read = [wire.read_publish(first, body) for first, body in packets_of(written, *cuts)]
    assert [(one.payload, one.mid) for one in read] == messages
    assert {one.topic for one in read} == {b"cunhui/1/0/shili-01/facts"}


def test_properties_of_a_message_are_passed_over() -> None:
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.UserProperty = ("from", "x" * 300)
    properties.MessageExpiryInterval = 5
    packed = bytes(properties.pack())  # type: ignore[no-untyped-call]
    body = b"\x00\x01t" + b"\x00\x07" + packed + b"payload"
    assert wire.read_publish(0x33, body) == wire.Publish(b"t", 7, True, b"payload")


def test_the_broker_s_answer_says_how_many_it_takes() -> None:
    properties = Properties(PacketTypes.CONNACK)  # type: ignore[no-untyped-call]
    properties.AssignedClientIdentifier = "x"
    properties.UserProperty = ("a", "b")
    properties.ReceiveMaximum = 64
    properties.ServerKeepAlive = 15
    packed = bytes(properties.pack())  # type: ignore[no-untyped-call]
    assert wire.read_connack(b"\x00\x00" + packed) == wire.Accepted(0, 64)
    assert wire.read_connack(b"\x00\x87\x00") == wire.Accepted(0x87, 65_535)


@given(st.binary(max_size=60))
def test_whatever_comes_it_is_read_or_refused(data: bytes) -> None:
    for read in (lambda: wire.read_connack(data), lambda: wire.read_publish(0x32, data), lambda: wire.read_mid(data)):
        with contextlib.suppress(wire.Malformed):
            read()
    try:
        packets, end = wire.split(data, most=40)
    except wire.Malformed:
        return
    assert end <= len(data)
    assert all(len(body) <= 40 for _, body in packets)


def test_a_packet_that_is_too_long_is_refused_before_it_has_come() -> None:
    with pytest.raises(wire.Malformed):
        wire.split(b"\x30\xff\xff\xff\x7f", most=MOST)
    with pytest.raises(wire.Malformed):
        wire.split(b"\x30\xff\xff\xff\xff\x01", most=MOST)

"""What the plugin takes away at a real Mosquitto: each SUBSCRIBE but a station's own, and everything from strangers."""

import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

import pytest
from msgspec.structs import replace

from protocol.topics import DOWN, UP, topic
from server_broker import broker
from server_broker.platform.shards import shard_of
from server_broker.trust.journal import JournalEntry
from tests.proofs.neighbours import packets
from tests.proofs.strangers.visitor import SUCCESS, Visitor
from tests.server_broker.broker_county import NOW, Board, BrokerCounty, broker_county

NAME, OTHER = "village-01", "village-02"
DENIED = 0x87
GRANTED = 1
"""QoS 1, which was asked for (MQTT 5.0, 3.9.3)."""
PINGREQ, PINGRESP = b"\xc0\x00", b"\xd0"
CUT_S = 20
"""Within which whoever keeps the broker for itself is cut, on a machine that is busy with other work too."""
OWN = [topic(shard=0, station=NAME, leaf=leaf) for leaf in DOWN]


@pytest.fixture(scope="module")
def county() -> Iterator[BrokerCounty]:
    with broker_county() as county:
        yield county


@pytest.fixture(scope="module")
def board(county: BrokerCounty) -> Board:
    county.board(OTHER)
    board = county.board(NAME)
    assert broker.refresh(county.home, now=NOW)
    return board


@pytest.fixture
def station(county: BrokerCounty, board: Board) -> Iterator[Visitor]:
    with county.session(board) as visitor:
        assert visitor.connect()
        yield visitor


def test_a_station_subscribes_to_its_own_six_topics(station: Visitor) -> None:
    assert [station.subscribe(one) for one in OWN] == [GRANTED] * 6


@pytest.mark.parametrize(
    "foreign",
    [
        "#",
        "+/+/+/+/+",
        "cunhui/#",
        "cunhui/1/0/#",
        f"cunhui/1/0/{NAME}/#",
        f"cunhui/1/0/{NAME}/+",
        f"cunhui/1/0/{NAME}/",
        f"cunhui/1/0/{NAME}/receipt/#",
        f"cunhui/1/0/{NAME}/receipt match",
        f"cunhui/1/0/{NAME}/eceipt",
        f"cunhui/1/+/{NAME}/receipt",
        f"cunhui/1/1/{NAME}/receipt",
        "cunhui/1/0/+/receipt",
        *(topic(shard=0, station=NAME, leaf=leaf) for leaf in UP),
        *(topic(shard=0, station=OTHER, leaf=leaf) for leaf in DOWN),
        "$share/g/#",
        f"$share/g/cunhui/1/0/{NAME}/receipt",
        "$share/g/cunhui/1/0/+/facts",
        "$SYS/#",
        "$CONTROL/#",
    ],
)
def test_every_other_filter_is_denied(station: Visitor, foreign: str) -> None:
    assert station.subscribe(foreign) == DENIED


def test_however_many_it_asks_for_it_holds_six(county: BrokerCounty, station: Visitor) -> None:
    assert {station.subscribe(f"$share/g{number}/cunhui/1/0/+/facts") for number in range(200)} == {DENIED}
    for one in OWN:
        station.subscribe(one)
    assert station.publish(topic(shard=0, station=NAME, leaf="facts")) == 0x10, "nobody listens"
    assert station.subscribe(OWN[0]) == GRANTED


@pytest.mark.parametrize("properties", [b"\x26" + packets.text("k") + packets.text("v" * 60_000), b"\x01\x01"])
def test_a_message_with_properties_is_denied_and_the_next_is_not(county: BrokerCounty, properties: bytes) -> None:
    """No bound of Mosquitto counts their bytes, and the contract has none."""
    board = county.board("village-15")
    assert broker.refresh(county.home, now=NOW)
    own = topic(shard=0, station="village-15", leaf="vitals")
    with county.flooding(board) as line:
        line.sendall(packets.connect("village-15"))
        assert line.recv(256)[:1] == b"\x20"
        line.sendall(packets.publish(own, b"x", mid=1, properties=properties) + packets.publish(own, b"x", mid=2))
        answered = line.recv(256)
        assert answered.startswith(b"\x40\x03\x00\x01" + bytes((DENIED,)))
        answered = answered[5:] or line.recv(256)
        assert DENIED not in answered


def test_whoever_floods_on_is_disconnected_and_a_neighbour_is_served_meanwhile(county: BrokerCounty) -> None:
    rogue, other = county.board("village-09"), county.board("village-10")
    assert broker.refresh(county.home, now=NOW)
    flood = packets.publish(topic(shard=0, station="village-09", leaf="facts"), b"x" * 60, mid=1) * 400_000
    with county.session(other) as neighbour, county.flooding(rogue) as line:
        assert neighbour.connect()
        line.sendall(packets.connect("village-09"))
        # The broker closes it long before all of this is read; nobody reads the answers.
        with pytest.raises(OSError):
            line.sendall(flood)
        assert neighbour.publish(topic(shard=0, station="village-10", leaf="facts")) == 0x10


@pytest.mark.parametrize(
    ("name", "asks"), [("village-16", packets.subscribe), ("village-17", packets.unsubscribe)], ids=["sub", "unsub"]
)
def test_whoever_asks_for_its_own_topics_without_end_is_disconnected(
    county: BrokerCounty, name: str, asks: Callable[[Sequence[str]], bytes]
) -> None:
    """Each filter is paid for from the bucket of its messages: 2,000 at once, 500 a second, and 200 denied."""
    rogue = county.board(name)
    assert broker.refresh(county.home, now=NOW)
    own = [topic(shard=0, station=name, leaf=leaf) for leaf in DOWN] * 200
    with county.flooding(rogue) as line:
        line.sendall(packets.connect(name))
        assert line.recv(256)[:1] == b"\x20"
        with suppress(OSError):
            line.sendall(asks(own) * 20 + PINGREQ)
        assert PINGRESP not in first_bytes(line), "it was answered to the end"


def test_a_station_that_asks_a_hundred_times_for_its_own_six_meets_no_bound(station: Visitor) -> None:
    assert {station.subscribe(*OWN) for _ in range(100)} == {GRANTED}


def first_bytes(line: ssl.SSLSocket) -> set[bytes]:
    """Return the first bytes of all packets that come, up to the answer to a ping or the connection's end."""
    came, firsts = bytearray(), set[bytes]()
    with suppress(OSError):
        while PINGRESP not in firsts and (some := line.recv(65_536)):
            came += some
            while packet := packets.take(came):
                firsts.add(bytes((packet[0],)))
    return firsts


def test_whoever_keeps_the_broker_for_itself_is_cut(county: BrokerCounty) -> None:
    """PINGREQs, about which no plugin is asked: each TLS record but the first begins with the second byte of one.

    They are less than a mebibyte, so that it is not cut for how much it sends.
    """
    rogue, other = county.board("village-11"), county.board("village-12")
    assert broker.refresh(county.home, now=NOW)
    with county.flooding(rogue) as line, county.session(other) as neighbour:
        assert neighbour.connect()
        line.sendall(packets.connect("village-11") + b"\xc0")
        read = threading.Thread(target=discard, args=(line,))
        read.start()
        with suppress(OSError):
            line.sendall(b"\x00" + b"\xc0\x00" * 500_000)
        read.join(CUT_S)
        assert not read.is_alive(), "its connection still stands"
        assert neighbour.publish(topic(shard=0, station="village-12", leaf="facts")) == 0x10


def discard(line: ssl.SSLSocket) -> None:
    with suppress(OSError):
        while line.recv(65_536):
            pass


def test_a_reload_of_the_broker_fills_no_token_bucket(county: BrokerCounty) -> None:
    """2,000 messages at once and 500 a second are let through; whoever has 200 denied is disconnected."""
    board = county.board("village-13")
    assert broker.refresh(county.home, now=NOW)
    with county.flooding(board) as line:
        line.sendall(packets.connect("village-13"))
        assert line.recv(256)[:1] == b"\x20"
        began = time.monotonic()
        assert let_through(line, 2_100) >= 2_000
        county.board("village-14")
        assert broker.refresh(county.home, now=NOW)
        assert let_through(line, 2_100) <= 500 * (time.monotonic() - began)


def let_through(line: ssl.SSLSocket, count: int) -> int:
    """Send so many messages at once, and return how many were not denied."""
    facts = topic(shard=0, station="village-13", leaf="facts")
    flood = b"".join(packets.publish(facts, b"x", mid=mid) for mid in range(1, count + 1))
    came = bytearray()
    acknowledged: list[bool] = []
    with suppress(OSError):
        line.sendall(flood)
        while len(acknowledged) < count and (some := line.recv(65_536)):
            came += some
            while packet := packets.take(came):
                acknowledged.append(packet[1][2:3] != bytes((DENIED,)))
    return sum(acknowledged)


def test_after_a_revocation_an_open_session_may_not_even_subscribe(county: BrokerCounty) -> None:
    board = county.board("village-03")
    assert broker.refresh(county.home, now=NOW)
    with county.session(board) as visitor:
        assert visitor.connect()
        facts, receipts = (topic(shard=0, station="village-03", leaf=leaf) for leaf in ("facts", "receipt"))
        assert visitor.subscribe(receipts) == GRANTED
        county.revoked("village-03")
        assert broker.refresh(county.home, now=NOW)
        assert visitor.subscribe(receipts) == DENIED
        assert visitor.publish(facts) == DENIED


def test_a_certificate_of_the_authority_alone_is_worth_nothing(county: BrokerCounty, board: Board) -> None:
    """As after a journal that was lost: the authority has signed it, and no list of ours has its name."""
    stranger = county.board("village-04")
    kept = county.journal.path.read_bytes()
    county.journal.path.write_bytes(b"\n".join(line for line in kept.split(b"\n") if b"village-04" not in line))
    assert broker.refresh(county.home, now=NOW)
    with county.session(stranger) as visitor:
        visitor.connect()
        for down in DOWN:
            assert visitor.subscribe(topic(shard=0, station="village-04", leaf=down)) == DENIED
        for up in UP:
            assert visitor.publish(topic(shard=0, station="village-04", leaf=up)) == DENIED


def test_a_station_of_another_shard_speaks_and_hears_there_alone(county: BrokerCounty) -> None:
    board = county.board("village-05")
    lines = county.journal.path.read_bytes().splitlines()
    county.journal.path.write_bytes(b"\n".join(line for line in lines if b"village-05" not in line) + b"\n")
    entry = JournalEntry(at=NOW.isoformat(), event="enrolled", station="village-05", serial=board.serial)
    county.journal.append(replace(entry, shard=12))
    assert broker.refresh(county.home, now=NOW)
    with county.session(board) as visitor:
        assert visitor.connect()
        # The second is the one that several workers would give it.
        for shard, may in ((12, True), (shard_of("village-05"), True), (0, False), (1, False), (120, False)):
            asked = visitor.subscribe(topic(shard=shard, station="village-05", leaf="receipt"))
            said = visitor.publish(topic(shard=shard, station="village-05", leaf="facts"))
            assert (asked, said) == ((GRANTED, 0x10) if may else (DENIED, DENIED))


def test_the_county_hears_what_a_station_says_on_its_own_topics(county: BrokerCounty, station: Visitor) -> None:
    local = broker.county_client(county.home)
    with Visitor(local.port, "county/listening", password=(local.username, local.password)) as worker:
        assert worker.connect()
        assert worker.subscribe("cunhui/1/+/+/facts") == GRANTED
        assert station.publish(topic(shard=0, station=NAME, leaf="facts"), b"one") == SUCCESS
        assert worker.hears() == [(topic(shard=0, station=NAME, leaf="facts"), b"one")]

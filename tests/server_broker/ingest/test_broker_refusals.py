"""What the broker refuses, cuts and counts, it tells the ingest worker; and no station can tell such things."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from firmware_scripts.demo.processes import wait_until
from protocol.topics import topic
from server_broker import broker
from server_broker.broker import county_client
from server_broker.broker.refusals import DENIED_OFTEN, BrokerRefusals
from server_broker.ingest.mqtt import BrokerAddress, MqttSource
from server_broker.platform.shards import Share
from tests.proofs.neighbours import packets
from tests.server_broker.broker_county import NOW, Board, BrokerCounty, broker_county

PING = b"\xc0\x00"
ASKS, HOLDS, LEAVES, NEIGHBOUR = NAMES = "village-01", "village-02", "village-03", "village-04"


@dataclass
class Heard:
    """What the worker's connection was told, from the beginning on."""

    source: MqttSource
    told: dict[str, BrokerRefusals] = field(default_factory=dict)

    def has(self, station: str, enough: Callable[[BrokerRefusals], bool]) -> bool:
        """Tell whether enough was told of a station by now."""
        for name, refusals in self.source.refusals().items():
            self.told[name] = self.told.get(name, BrokerRefusals()) + refusals
        return enough(self.told.get(station, BrokerRefusals()))

    def wait(self, station: str, enough: Callable[[BrokerRefusals], bool]) -> None:
        wait_until(lambda: self.has(station, enough), what="what the broker tells", timeout_s=60)


@pytest.fixture(scope="module")
def county() -> Iterator[BrokerCounty]:
    with broker_county() as county:
        yield county


@pytest.fixture(scope="module")
def boards(county: BrokerCounty) -> dict[str, Board]:
    boards = {name: county.board(name) for name in NAMES}
    assert broker.refresh(county.home, now=NOW)
    return boards


@pytest.fixture
def heard(county: BrokerCounty, boards: dict[str, Board]) -> Iterator[Heard]:
    ours = county_client(county.home)
    address = BrokerAddress(ours.hosts[0], ours.port, ours.username, ours.password)
    source = MqttSource(address, share=Share(), client_id="county/test")
    source.start()
    try:
        wait_until(lambda: source.connected, what="the broker", timeout_s=20)
        yield Heard(source)
    finally:
        source.stop()


def test_who_was_denied_cut_or_gone_often_is_told_by_name(
    county: BrokerCounty, boards: dict[str, Board], heard: Heard
) -> None:
    foreign = packets.publish(topic(shard=0, station=NEIGHBOUR, leaf="facts"), b"x", mid=1)
    with county.flooding(boards[ASKS]) as line:
        line.sendall(packets.connect(ASKS) + foreign * DENIED_OFTEN)
        # Each TLS record but the first begins with the second byte of a PINGREQ, so the broker reads on and on.
        with county.flooding(boards[HOLDS]) as holding:
            holding.sendall(packets.connect(HOLDS) + PING[:1])
            flood(holding, PING[1:] + PING * 2**23)
        for _ in range(12):
            assert county.lets_in(boards[LEAVES])
        assert county.lets_in(boards[NEIGHBOUR])
        heard.wait(ASKS, lambda told: told.denied == DENIED_OFTEN)
        heard.wait(HOLDS, lambda told: told.cut >= 1)
        heard.wait(LEAVES, lambda told: told.ended >= 10)
    assert not any(told.cut for station, told in heard.told.items() if station != HOLDS)
    assert NEIGHBOUR not in heard.told


@pytest.mark.small_proof
def test_one_that_sends_nothing_but_pings_is_cut_and_told(
    county: BrokerCounty, boards: dict[str, Board], heard: Heard
) -> None:
    """Each record holds whole packets, so that no turn of the broker's is long."""
    with county.session(boards[NEIGHBOUR]) as neighbour, county.flooding(boards[HOLDS]) as line:
        assert neighbour.connect()
        line.sendall(packets.connect(HOLDS))
        flood(line, PING * 2**13, times=20_000)
        heard.wait(HOLDS, lambda told: told.cut >= 1)
        assert neighbour.publish(topic(shard=0, station=NEIGHBOUR, leaf="facts")) == 0
        assert heard.told.get(NEIGHBOUR, BrokerRefusals()).cut == 0


def test_no_station_speaks_for_the_plugin(county: BrokerCounty, boards: dict[str, Board], heard: Heard) -> None:
    with county.session(boards[HOLDS]) as visitor:
        assert visitor.connect()
        for name in (HOLDS, NEIGHBOUR):
            assert visitor.publish(f"cunhui/1/0/{name}/refused", b'{"cut":1}') == 0x87


def flood(line: ssl.SSLSocket, data: bytes, *, times: int = 1) -> None:
    """Send until the broker has ended the connection; what comes is read meanwhile."""
    # In threads of their own: OpenSSL keeps the errors of a connection that ends for the thread that met them.
    reads = threading.Thread(target=discard, args=(line,))
    sends = threading.Thread(target=send_all, args=(line, data, times))
    reads.start()
    sends.start()
    sends.join()
    # Otherwise it could still read when the next connection has this one's number.
    reads.join()


def send_all(line: ssl.SSLSocket, data: bytes, times: int) -> None:
    with suppress(OSError):
        for _ in range(times):
            line.sendall(data)


def discard(line: ssl.SSLSocket) -> None:
    with suppress(OSError):
        while line.recv(65_536):
            pass

"""What the broker does with stations that do not speak MQTT 5 at QoS 1, as `docs/protocol.md`, 5, says it.

Mosquitto 2.0.21 itself can refuse neither: it has no option for versions, and it forgets ``max_qos`` when it reads its
files again, as it does at each enrolment and revocation. So the plugin does it.
"""

import ssl
from collections.abc import Iterator

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from firmware_scripts.demo.processes import wait_until
from server_broker import broker
from server_broker.platform.county_config import read_config
from tests.proofs.strangers.visitor import Visitor
from tests.server_broker.broker_county import NOW, Board, BrokerCounty, broker_county

OLD = (MQTTProtocolVersion.MQTTv31, MQTTProtocolVersion.MQTTv311)
OWN, FOREIGN = "cunhui/1/0/village-01/facts", "cunhui/1/0/village-02/facts"


@pytest.fixture
def county() -> Iterator[BrokerCounty]:
    with broker_county() as county:
        yield county


@pytest.fixture
def board(county: BrokerCounty) -> Board:
    board = county.board("village-01")
    broker.refresh(county.home, now=NOW)
    return board


class Station:
    """A client of any version; ``clean`` False asks the broker to keep its session."""

    def __init__(self, county: BrokerCounty, board: Board, version: MQTTProtocolVersion, *, clean: bool = True) -> None:
        self.connected: list[bool] = []
        self.closed: list[bool] = []
        five = version is MQTTProtocolVersion.MQTTv5
        self.client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=board.station,
            protocol=version,
            clean_session=None if five else clean,
            reconnect_on_failure=False,
        )
        tls = ssl.create_default_context(cafile=str(county.home.root / "ca.pem"))
        tls.load_cert_chain(board.pair)
        self.client.tls_set_context(tls)
        self.client.on_connect = lambda _client, _data, _flags, reason, _more: self.connected.append(
            not reason.is_failure
        )
        self.client.on_disconnect = lambda *_: self.closed.append(True)
        self.client.connect("127.0.0.1", read_config(county.home).broker_port)
        self.client.loop_start()
        wait_until(lambda: self.connected or self.closed, what="an answer", timeout_s=10)

    def end(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def worker(county: BrokerCounty) -> Visitor:
    """Return one of the county's own clients, which hears what stations say."""
    local = broker.county_client(county.home)
    visitor = Visitor(local.port, "county/listening", password=(local.username, local.password))
    assert visitor.connect()
    assert visitor.subscribe("cunhui/1/+/+/facts") == 1
    return visitor


@pytest.mark.parametrize("version", OLD)
def test_an_older_version_may_say_nothing(county: BrokerCounty, board: Board, version: MQTTProtocolVersion) -> None:
    with worker(county) as listening:
        station = Station(county, board, version)
        assert station.connected == [True]
        for topic in (FOREIGN, "cunhui/1/0/village-01/receipt", OWN):
            station.client.publish(topic, topic.encode(), qos=1)
        assert listening.hears() == []
        station.end()


@pytest.mark.parametrize("version", OLD)
def test_a_session_that_the_broker_was_asked_to_keep_ends_with_the_station_s_revocation(
    county: BrokerCounty, board: Board, version: MQTTProtocolVersion
) -> None:
    station = Station(county, board, version, clean=False)
    assert station.connected == [True]
    county.revoked(board.station)
    assert broker.refresh(county.home, now=NOW)
    assert broker.cut_off(county.home, board.station)
    wait_until(lambda: station.closed, what="the end of the session", timeout_s=5)
    station.end()
    assert not county.lets_in(board)


def test_qos_2_is_refused_also_after_the_broker_has_read_its_lists_again(county: BrokerCounty, board: Board) -> None:
    county.stop()
    county.start()
    station = Station(county, board, MQTTProtocolVersion.MQTTv5)
    station.client.publish(OWN, b"twice", qos=2)
    wait_until(lambda: station.closed, what="the refusal (0x9B)", timeout_s=5)
    station.end()
    county.board("village-02")
    assert broker.refresh(county.home, now=NOW)
    with worker(county) as listening:
        station = Station(county, board, MQTTProtocolVersion.MQTTv5)
        station.client.publish(OWN, b"twice", qos=2)
        station.client.publish(OWN, b"once", qos=1)
        assert listening.hears() == [(OWN, b"once")]
        station.end()

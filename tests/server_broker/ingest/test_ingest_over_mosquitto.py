"""The worker behind a real Mosquitto: facts come, receipts go, and a broker that is killed is found again."""

import queue
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from firmware_scripts.demo.processes import wait_until
from protocol.birth import Welcome
from protocol.codec import decode
from protocol.receipts import Receipt
from protocol.signing import Signed
from server_broker.fleet.models import StationStatus
from server_broker.ingest.models import Fact, Quarantined
from server_broker.ingest.mqtt import BrokerAddress, MqttSource
from server_broker.ingest.worker import Worker
from server_broker.platform.shards import Share
from tests.server_broker.station_double import StationDouble, touch

pytestmark = pytest.mark.django_db(transaction=True)

DEADLINE_S = 20


class Broker:
    """A Mosquitto on a free loopback port."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._config = folder / "mosquitto.conf"
        self._config.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\nuser root\npersistence false\n")
        self.process = self.start()

    def start(self) -> "subprocess.Popen[bytes]":
        program = shutil.which("mosquitto", path="/usr/sbin:/usr/bin")
        assert program is not None
        self.process = subprocess.Popen([program, "-c", str(self._config)], stderr=subprocess.DEVNULL)
        return self.process

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    broker = Broker(tmp_path)
    yield broker
    broker.kill()


class StationClient:
    """A station's MQTT client: publishes until somebody hears it, and collects what comes down."""

    def __init__(self, station: StationDouble, port: int) -> None:
        self.station = station
        self.came: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self._ready = threading.Event()
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=station.id, protocol=MQTTProtocolVersion.MQTTv5
        )
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda client, *_: client.subscribe(f"cunhui/1/0/{station.id}/+", qos=1)
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_message = self._on_message
        self._client.connect_async("127.0.0.1", port)
        self._client.loop_start()

    def _on_message(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        leaf = message.topic.rpartition("/")[2]
        if leaf in ("receipt", "welcome", "desired", "match"):
            self.came.put((leaf, decode(bytes(message.payload), Signed).payload))

    def ask(self, topic: str, payload: bytes, leaf: str) -> bytes:
        """Publish until an answer on ``leaf`` comes, as an uplink does."""
        assert self._ready.wait(DEADLINE_S)
        for _ in range(DEADLINE_S * 2):
            self.publish(topic, payload)
            try:
                while True:
                    came, answer = self.came.get(timeout=0.5)
                    if came == leaf:
                        return answer
            except queue.Empty:
                continue
        raise AssertionError(f"no {leaf} within {DEADLINE_S} s")

    def publish(self, topic: str, payload: bytes) -> None:
        self._client.publish(topic, payload, qos=1)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def client(broker: Broker) -> Iterator[StationClient]:
    station = StationDouble()
    station.enrol()
    connection.close()
    stop = threading.Event()
    source = MqttSource(BrokerAddress("127.0.0.1", broker.port, "county", ""), share=Share(), client_id="ingest-test")
    worker = Worker(
        source=source, key=Ed25519PrivateKey.generate(), share=Share(), clock=lambda: datetime.now(UTC), stop=stop
    )
    thread = threading.Thread(target=worker.run)
    thread.start()
    client = StationClient(station, broker.port)
    yield client
    client.close()
    stop.set()
    thread.join(DEADLINE_S)
    assert not thread.is_alive()


def receipt_for(client: StationClient, first: int) -> Receipt:
    message = client.station.facts_message(first)
    return decode(client.ask(message.topic, message.payload, "receipt"), Receipt)


def test_facts_come_through_and_survive_the_broker_s_death(client: StationClient, broker: Broker) -> None:
    birth = client.station.birth()
    welcome = decode(client.ask(birth.topic, birth.payload, "welcome"), Welcome)
    assert abs(welcome.wall - datetime.now(UTC).timestamp() * 1000) < DEADLINE_S * 1000
    client.station.add(touch(), touch())
    assert receipt_for(client, 1).through == 2
    broker.kill()
    broker.start()
    client.station.add(touch())
    assert receipt_for(client, 3).through == 3
    assert Fact.objects.count() == 3


def test_a_station_that_stays_away_after_the_broker_s_death_is_not_called_online(
    client: StationClient, broker: Broker
) -> None:
    birth = client.station.birth()
    client.ask(birth.topic, birth.payload, "welcome")
    assert standing() == (True, False)
    client.close()
    broker.kill()
    wait_until(lambda: standing() == (True, True), what="the doubt", timeout_s=DEADLINE_S)
    broker.start()
    back = StationClient(client.station, broker.port)
    back.ask(birth.topic, birth.payload, "welcome")
    assert standing() == (True, False)
    back.close()


def standing() -> tuple[bool, bool]:
    """Return whether the station is online, and whether that is in doubt."""
    [status] = StationStatus.objects.values_list("online", "doubted_at")
    return status[0], status[1] is not None


def test_hostile_payloads_are_acknowledged_and_hold_up_nobody(client: StationClient) -> None:
    """Were they not acknowledged, receive maximum would stop the flow long before the last of them."""
    station = client.station.add(touch())
    assert receipt_for(client, 1).through == 1
    for number in range(1500):
        client.publish(f"cunhui/1/0/{station.id}/facts", b"\xc1" + number.to_bytes(2))
    station.add(touch())
    assert receipt_for(client, 2).through == 2
    # What the station sent beyond its share was let go.
    assert 0 < Quarantined.objects.count() <= 1500

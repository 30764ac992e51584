"""``python -m tests.benchmarks.peers.subscriber PORT SOCKET_FOLDER READY``: store what the peers' broker delivers.

A message is acknowledged after its COMMIT. The broker keeps the session, so nothing is lost between the two. Every
arrival is a row of its own, so that a fact that comes twice has two rows.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

TABLE = "peer_arrival"
PEERS = {"facts": "mosquitto-bridge", "v1": "thingsboard-gateway"}
"""By the first level of their topics."""
_SUBSCRIBED = ["facts/#", "v1/gateway/telemetry", "v1/devices/me/rpc/request/+"]
_ASKED = "v1/devices/me/rpc/request/"
_ANSWERED = "v1/devices/me/rpc/response/"
_NO_LIMITS = {"maxPayloadSize": 65536, "maxInflightMessages": 100, "rateLimits": {}, "gatewayRateLimits": {}}


def facts_in(payload: bytes | bytearray) -> list[str]:
    """Return every fact in a message, whatever structure it stands in.

    Raises:
        ValueError: It is no JSON.
    """
    return list(_facts(json.loads(payload)))


def _facts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("fact"), str):
            yield value["fact"]
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from _facts(one)


class Subscriber:
    """Takes one message after another."""

    def __init__(self, database: psycopg.Connection[Any], *, ready: Path) -> None:
        self._database = database
        self._ready = ready
        self.client = mqtt.Client(
            CallbackAPIVersion.VERSION2, "peers-subscriber", protocol=mqtt.MQTTv5, manual_ack=True
        )
        self.client.on_connect = self._on_connect
        self.client.on_subscribe = lambda *_: self._ready.touch()
        self.client.on_message = self._on_message

    def _on_connect(self, client: mqtt.Client, *_: object) -> None:
        client.subscribe([(topic, SubscribeOptions(qos=1)) for topic in _SUBSCRIBED])

    def _on_message(self, client: mqtt.Client, _: object, message: mqtt.MQTTMessage) -> None:
        if message.topic.startswith(_ASKED):
            client.publish(_ANSWERED + message.topic.removeprefix(_ASKED), json.dumps(_NO_LIMITS), qos=1)
        else:
            peer = PEERS[message.topic.split("/", 1)[0]]
            rows = [(peer, fact) for fact in facts_in(message.payload)]
            with self._database.transaction(), self._database.cursor() as cursor:
                cursor.executemany(f"insert into {TABLE} (peer, fact) values (%s, %s)", rows)
        client.ack(message.mid, message.qos)


def main() -> None:
    """Subscribe and store until SIGTERM."""
    port, sockets, ready = int(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    with psycopg.connect(host=sockets, user="cunhui", dbname="cunhui", autocommit=True) as database:
        database.execute(
            f"create table if not exists {TABLE} (peer text, fact text, arrived timestamptz default now())"
        )
        client = Subscriber(database, ready=ready).client
        kept = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        kept.SessionExpiryInterval = 0xFFFFFFFF
        client.connect("127.0.0.1", port, clean_start=False, properties=kept)
        client.loop_forever()


if __name__ == "__main__":
    main()

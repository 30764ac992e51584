"""``python -m tests.benchmarks.county.plain_subscriber PORT SOCKET_FOLDER READY``: paho and psycopg, with batches.

As a county's programmer would write it in an afternoon. Paho acknowledges a message when the callback returns; the rows
go in by `executemany`, 500 together or after 0.2 s. Nothing is verified. The broker keeps the session, so what comes
while nobody subscribes waits there.
"""

import sys
import threading
import time
from pathlib import Path
from typing import Any

import msgspec
import psycopg
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

TABLE = "plain_fact"
BATCH, WAIT_S = 500, 0.2


class Subscriber:
    """Paho's thread collects, this program's own thread stores."""

    def __init__(self, *, ready: Path) -> None:
        self._rows: list[tuple[str, int, bytes]] = []
        self._came = threading.Condition()
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, "plain-subscriber", protocol=mqtt.MQTTv5)
        self.client.on_connect = lambda client, *_: client.subscribe("plain/#", qos=1)
        self.client.on_subscribe = lambda *_: ready.touch()
        self.client.on_message = self._on_message

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        station, first, bodies = msgspec.msgpack.decode(message.payload)
        with self._came:
            self._rows += [(station, first + place, body) for place, body in enumerate(bodies)]
            self._came.notify()

    def store(self, database: psycopg.Connection[Any]) -> None:
        """Store batches for ever."""
        while True:
            with self._came:
                self._came.wait_for(lambda: len(self._rows) >= BATCH, WAIT_S)
                rows, self._rows = self._rows, []
            if rows:
                with database.transaction(), database.cursor() as cursor:
                    cursor.executemany(f"INSERT INTO {TABLE} (station, seq, body) VALUES (%s, %s, %s)", rows)


def main() -> None:
    """Subscribe and store until the end."""
    port, sockets, ready = int(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    with psycopg.connect(host=sockets, user="cunhui", dbname="cunhui", autocommit=True) as database:
        subscriber = Subscriber(ready=ready)
        kept = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        kept.SessionExpiryInterval = 0xFFFFFFFF
        while True:
            try:
                subscriber.client.connect("127.0.0.1", port, clean_start=False, properties=kept)
                break
            except OSError:
                time.sleep(0.1)
        subscriber.client.loop_start()
        subscriber.store(database)


if __name__ == "__main__":
    main()

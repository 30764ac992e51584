"""A contender: a Mosquitto at the station that bridges to the county.

Source: mosquitto.conf(5) of version 2.0.21. Against loss it has ``persistence`` with ``autosave_on_changes`` and the
smallest ``autosave_interval``, so that the file is saved when more than one thing has changed; no limit for waiting
messages (``max_queued_messages 0``); and a bridge that keeps its session (``cleansession false``) and delivers exactly
once (``topic … out 2``). The end of the QoS 2 exchange with the local broker acknowledges a fact. A known fault:
https://github.com/eclipse-mosquitto/mosquitto/issues/1726 (a message that leaves the queue does not cause a save).
"""

import subprocess
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from firmware_scripts.demo.processes import Process
from tests.benchmarks.peers.contender import ANSWER_WITHIN_S, Contender, Outcome
from tests.benchmarks.peers.county_side import MOSQUITTO, Credentials, free_port

TOPIC = "facts"

_CONFIG = """\
user root
listener {port} 127.0.0.1
allow_anonymous true
persistence true
persistence_location {folder}/
autosave_on_changes true
autosave_interval 1
max_queued_messages 0
max_queued_bytes 0
sys_interval 0
log_dest stderr
log_type error
log_type warning

connection county
address 127.0.0.1:{broker_port}
remote_clientid bridge
bridge_cafile {ca}
bridge_certfile {certificate}
bridge_keyfile {key}
bridge_attempt_unsubscribe false
cleansession false
start_type automatic
restart_timeout 1 5
topic {topic}/# out 2
"""


class Bridge(Contender):
    """One local broker, and a client of it that presents facts."""

    name = "mosquitto-bridge"
    configured = (
        "persistence, autosave_on_changes, autosave_interval 1, no queue limits, cleansession false, QoS 2 all"
        " the way to the county's broker; acknowledged: PUBCOMP of the local broker"
    )

    def __init__(
        self,
        folder: Path,
        *,
        broker_port: int,
        credentials: Credentials,
        log: Path,
        stored: Callable[[], Counter[str]],
    ) -> None:
        """``folder`` is on the disk that is measured; the broker's log is not."""
        self.version = broker_version()
        self._stored = stored
        self._port = free_port()
        folder.mkdir(parents=True)
        config = folder / "mosquitto.conf"
        config.write_text(
            _CONFIG.format(
                port=self._port,
                folder=folder,
                broker_port=broker_port,
                ca=credentials.ca,
                certificate=credentials.certificate,
                key=credentials.key,
                topic=TOPIC,
            ),
            encoding="utf-8",
        )
        super().__init__(Process(self.name, [MOSQUITTO, "-c", str(config)], log=log))
        self._client: mqtt.Client | None = None

    def present(self, fact: str) -> Outcome:
        """Publish a fact. The connection is kept as long as it lasts; an attempt without an answer ends it."""
        client = self._connected()
        if client is None:
            return "nobody"
        said = client.publish(f"{TOPIC}/{fact}", f'{{"fact": "{fact}"}}', qos=2)
        if said.rc != mqtt.MQTT_ERR_SUCCESS:
            self.close()
            return "nobody"
        pause = threading.Event()
        for _ in range(int(ANSWER_WITHIN_S / 0.002)):
            if said.is_published():
                return "acknowledged"
            if not client.is_connected():
                break
            pause.wait(0.002)
        self.close()
        return "heard"

    def _connected(self) -> mqtt.Client | None:
        if self._client is not None and self._client.is_connected():
            return self._client
        self.close()
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2, "presenter", protocol=mqtt.MQTTv311, reconnect_on_failure=False
        )
        there = threading.Event()
        client.on_connect = lambda *_: there.set()
        try:
            client.connect("127.0.0.1", self._port)
        except OSError:
            return None
        client.loop_start()
        self._client = client
        return client if there.wait(ANSWER_WITHIN_S) else None

    def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.disconnect()
            client.loop_stop()

    def stored(self) -> Counter[str]:
        return self._stored()


def broker_version() -> str:
    """Return the version of Debian's Mosquitto."""
    said = subprocess.run([MOSQUITTO, "-h"], capture_output=True, text=True, check=False).stdout
    return said.splitlines()[0].rpartition(" ")[2]

"""An MQTT 5 client that reports exactly how it was treated."""

import queue
import ssl
import threading
from types import TracebackType
from typing import Any, Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from tests.proofs.strangers.county import County

SUCCESS = 0x00
"""MQTT 5.0, 3.4.2.1: somebody received it."""
ANSWER_S = 5.0
SETTLE_S = 0.7
"""How long to wait for a message that must not come. A message that may come takes a few milliseconds here."""

type Will = tuple[str, bytes]


class Visitor:
    """A context manager: its end closes the connection."""

    def __init__(
        self,
        port: int,
        client_id: str,
        *,
        tls: ssl.SSLContext | None = None,
        password: tuple[str, str | None] | None = None,
        will: Will | None = None,
        keep_will: bool = False,
        version: MQTTProtocolVersion = MQTTProtocolVersion.MQTTv5,
    ) -> None:
        """With ``keep_will`` it asks the broker to retain the will for later subscribers, once the will has been sent.

        In an older ``version`` of MQTT no reason code tells what happened to a publish.
        """
        self._port = port
        self._answered = threading.Event()
        self._reason: ReasonCode | None = None
        self.closed = threading.Event()
        self.messages: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self._acknowledged: queue.Queue[tuple[int, int]] = queue.Queue()
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, protocol=version, reconnect_on_failure=False
        )
        self._is_5 = version is MQTTProtocolVersion.MQTTv5
        if tls is not None:
            self._client.tls_set_context(tls)
        if password is not None:
            self._client.username_pw_set(*password)
        if will is not None:
            self._client.will_set(will[0], will[1], qos=1, retain=keep_will)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message
        self._client.on_publish = self._on_publish
        self._client.on_subscribe = self._on_subscribe

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def connect(self) -> bool:
        """Return whether the broker accepted the connection."""
        try:
            clean_start = True if self._is_5 else mqtt.MQTT_CLEAN_START_FIRST_ONLY
            self._client.connect("127.0.0.1", self._port, keepalive=30, clean_start=clean_start)
        except OSError:
            return False
        self._client.loop_start()
        self._answered.wait(ANSWER_S)
        return self._reason is not None and not self._reason.is_failure and not self.closed.is_set()

    def publish(self, topic: str, payload: bytes = b"x", *, retain: bool = False) -> int | None:
        """Publish with QoS 1 and return the reason code, or None when no answer came or we were thrown out."""
        return self._answer_to(self.send(topic, payload, retain=retain))

    def send(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> int:
        """Publish without waiting for an answer, and return the packet's id."""
        return self._client.publish(topic, payload, qos=qos, retain=retain).mid

    def wait_for(self, mid: int) -> None:
        """Wait until a packet that was sent is acknowledged."""
        self._answer_to(mid)

    def subscribe(self, *filters: str) -> int | None:
        """Subscribe by one packet, and return the lowest reason code, or None when no answer came.

        A code from 0x80 on is a refusal, so the lowest tells whether any filter was granted.
        """
        if self._is_5:
            _, mid = self._client.subscribe([(one, SubscribeOptions(qos=1)) for one in filters])
        else:
            _, mid = self._client.subscribe([(one, 1) for one in filters])
        return None if mid is None else self._answer_to(mid)

    def hears(self, *, within_s: float = SETTLE_S) -> list[tuple[str, bytes]]:
        """Return all messages that come until none has come for ``within_s``."""
        heard = []
        while True:
            try:
                heard.append(self.messages.get(timeout=within_s))
            except queue.Empty:
                return heard

    def vanish(self) -> None:
        """Break the connection without a word, so that the broker sends our will."""
        socket = self._client.socket()
        if socket is not None:
            socket.close()
        self._client.loop_stop()

    def _answer_to(self, mid: int) -> int | None:
        while not self.closed.is_set():
            try:
                answered, code = self._acknowledged.get(timeout=ANSWER_S)
            except queue.Empty:
                return None
            if answered == mid:
                return code
        return None

    def _on_connect(
        self, _client: mqtt.Client, _data: Any, _flags: mqtt.ConnectFlags, reason: ReasonCode, _more: Properties | None
    ) -> None:
        self._reason = reason
        self._answered.set()

    def _on_disconnect(
        self,
        _client: mqtt.Client,
        _data: Any,
        _flags: mqtt.DisconnectFlags,
        _reason: ReasonCode,
        _more: Properties | None,
    ) -> None:
        self.closed.set()
        self._answered.set()
        self._acknowledged.put((-1, -1))

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        self.messages.put((message.topic, bytes(message.payload)))

    def _on_publish(
        self, _client: mqtt.Client, _data: Any, mid: int, reason: ReasonCode, _more: Properties | None
    ) -> None:
        self._acknowledged.put((mid, reason.value))

    def _on_subscribe(
        self, _client: mqtt.Client, _data: Any, mid: int, reasons: list[ReasonCode], _more: Properties | None
    ) -> None:
        self._acknowledged.put((mid, min(reason.value for reason in reasons)))


def county_client(county: County, name: str) -> Visitor:
    """Return one of the county's own clients, on the loopback listener with the password."""
    password = (county.home / "trust" / "broker-local.password").read_text()
    return Visitor(local_port(county), f"county/{name}", password=("county", password))


def local_port(county: County) -> int:
    """Return the port of the county's own listener."""
    for line in (county.home / "county.toml").read_text().splitlines():
        if line.startswith("broker_local_port"):
            return int(line.split("=")[1])
    raise LookupError("no broker_local_port in county.toml")

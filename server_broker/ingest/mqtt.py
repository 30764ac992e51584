"""The county's broker as a `Source`: MQTT 5.0 by paho, over the loopback listener.

Each connection is a clean start with session expiry 0. So the broker keeps nothing for us, and we never acknowledge a
message that another connection was given. We send the acknowledgements ourselves, after the messages are stored. The
receive maximum (MQTT 5.0, 3.1.2.11.3) bounds how many messages are unacknowledged, and with it our memory.
"""

import logging
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from protocol.topics import PASSING, UP, county_filter
from server_broker.ingest.messages import Incoming

_log = logging.getLogger(__name__)

RECEIVE_MAXIMUM = 1_000
MAX_UNSURE_BYTES = 32 * 2**20
"""With more bytes waiting, messages of QoS 0 are dropped. Nothing that must arrive is sent by QoS 0."""
MAX_OUTGOING = 2_000
"""Messages of QoS 1 that paho keeps while the broker is away."""

_KEEPALIVE_S = 15
_MAX_PACKET_BYTES = 2**18


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """The loopback listener and the county's own account on it."""

    host: str
    port: int
    username: str
    password: str


@dataclass(frozen=True, slots=True)
class _Ticket:
    """What an acknowledgement needs. A packet id (``mid``) means something on its own connection only."""

    connection: int
    mid: int
    qos: int


class MqttSource:
    """Hears every station of one shard. Paho's thread puts messages in; the worker's thread takes them out."""

    def __init__(self, address: BrokerAddress, *, shard: int, client_id: str) -> None:
        self._address = address
        self._shard = shard
        self._births: deque[Incoming] = deque()
        self._inbox: deque[Incoming] = deque()
        self._waiting_bytes = 0
        self._came = threading.Condition()
        self._connection = 0
        self.connected = False
        self._interrupted = threading.Event()
        # manual_ack: a message is acknowledged when it is stored, not when it has come.
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTProtocolVersion.MQTTv5, manual_ack=True
        )
        self._client.username_pw_set(address.username, address.password)
        self._client.reconnect_delay_set(min_delay=1, max_delay=5)
        self._client.max_queued_messages_set(MAX_OUTGOING)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message

    def start(self) -> None:
        """Begin to connect. Paho's thread tries again every 1 to 5 s."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.ReceiveMaximum = RECEIVE_MAXIMUM
        properties.SessionExpiryInterval = 0
        properties.MaximumPacketSize = _MAX_PACKET_BYTES
        address = self._address
        self._client.connect_async(
            address.host, address.port, keepalive=_KEEPALIVE_S, clean_start=True, properties=properties
        )
        self._client.loop_start()

    def _on_connect(
        self, client: paho.Client, _data: Any, _flags: Any, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        if reason.is_failure:
            # Paho tries again by itself.
            _log.error("the broker refuses the county's own client: %s", reason)
            return
        # Before `connected`: messages of this connection get its number, and older tickets are void from now on.
        self._connection += 1
        self.connected = True
        self._interrupted.set()
        # Nothing of the contract is retained, so the broker need not look for retained messages.
        options = SubscribeOptions(qos=1, noLocal=True, retainHandling=SubscribeOptions.RETAIN_DO_NOT_SEND)
        client.subscribe([(county_filter(shard=self._shard, leaf=leaf), options) for leaf in UP if leaf not in PASSING])
        _log.info("connected to the broker, shard %d", self._shard)

    def _on_disconnect(
        self, _client: paho.Client, _data: Any, _flags: Any, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        self.connected = False
        self._interrupted.set()
        _log.warning("the connection to the broker ended: %s", reason)

    def _on_message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        ticket = _Ticket(self._connection, message.mid, message.qos)
        with self._came:
            # Receive maximum bounds what comes by QoS 1, but not what comes by QoS 0.
            if message.qos == 0 and self._waiting_bytes > MAX_UNSURE_BYTES:
                return
            incoming = Incoming(message.topic, bytes(message.payload), message.retain, ticket)
            (self._births if incoming.leaf == "birth" else self._inbox).append(incoming)
            self._waiting_bytes += len(message.payload)
            self._came.notify()

    def drain(self, *, max_messages: int, max_bytes: int, timeout_s: float) -> list[Incoming]:
        """Return up to ``max_messages`` messages of about ``max_bytes`` in all, births first, each kind in order.

        At most half of them are births, so that facts get through a storm of births.
        """
        messages: list[Incoming] = []
        size = 0
        with self._came:
            self._came.wait_for(lambda: self._births or self._inbox, timeout_s)
            for queue, most in ((self._births, max(1, max_messages // 2)), (self._inbox, max_messages)):
                while queue and len(messages) < most and size < max_bytes:
                    message = queue.popleft()
                    size += len(message.payload)
                    messages.append(message)
            self._waiting_bytes -= size
        return messages

    def publish(self, topic: str, payload: bytes, *, must_arrive: bool) -> None:
        """Hand a message to paho. While the broker is away it keeps `MAX_OUTGOING` of QoS 1 and drops the rest."""
        self._client.publish(topic, payload, qos=1 if must_arrive else 0)

    def acknowledge(self, messages: Sequence[Incoming]) -> None:
        """Send PUBACKs for the messages of this connection. The broker has forgotten the others."""
        for message in messages:
            ticket = message.ticket
            if isinstance(ticket, _Ticket) and ticket.qos and ticket.connection == self._connection:
                self._client.ack(ticket.mid, ticket.qos)

    def interrupted(self) -> bool:
        """Tell, once, that the connection began or ended."""
        if not self._interrupted.is_set():
            return False
        self._interrupted.clear()  # what is set up to here is told now; what comes later is told next time
        return True

    def stop(self) -> None:
        """Disconnect in good order."""
        self._client.disconnect()
        self._client.loop_stop()

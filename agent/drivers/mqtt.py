"""The link over MQTT 5 and TLS 1.3 with paho-mqtt.

Every attempt has a client and a thread of its own, so that name look-up, handshake and reads never delay the core.
Sessions are clean with expiry 0 (MQTT 5.0, 3.1.2.4 and 3.1.2.11.2), so that the broker keeps nothing for a station.
paho's queues are short, because the backlog stays on the disk.
"""

import atexit
import ssl
from collections.abc import Callable, Sequence
from typing import Literal

from paho.mqtt.enums import CallbackAPIVersion

from agent.drivers.mqtt_connection import LOOP_S, Connection
from agent.drivers.paho_alone import mqtt
from agent.drivers.station_tls import judging, station_context
from agent.drivers.tcp_traffic import TcpTraffic
from agent.events import Event
from agent.ports import DeviceError, JudgeAt
from protocol.topics import DOWN, Up, topic

__all__ = ["PahoLink", "station_context"]

CONNECT_S = 20.0
"""How long TCP and TLS may each take to connect before the attempt counts as failed.

On a line that swallows packets, the station tries the broker's other port after two such attempts.
"""
QUEUE = 16


class PahoLink:
    """`agent.ports.Link` to one broker."""

    def __init__(
        self,
        *,
        station: str,
        shard: int,
        endpoints: Sequence[tuple[str, int]],
        context: Callable[[], ssl.SSLContext],
        put: Callable[[Event], None],
        mono_ms: Callable[[], int],
        connect_s: float = CONNECT_S,
        loop_s: float = LOOP_S,
    ) -> None:
        """Make a link that is not connected.

        Args:
            endpoints: Hosts and ports where the broker listens, the usual one first.
            context: Called for each attempt, so that a renewed certificate is used from the next one on.
            put: Takes events from any thread.
            connect_s: How long an attempt may take.
            loop_s: How long its thread rests at most, and so how late a ping may be.
        """
        self._station = station
        self._shard = shard
        self._endpoints = tuple(endpoints)
        self._connect_s = connect_s
        self._loop_s = loop_s
        self._context = context
        self._put = put
        self._mono_ms = mono_ms
        self._traffic = TcpTraffic()
        self._current: Connection | None = None
        self._leaving: Connection | None = None
        atexit.register(self._wait_for_farewell)

    def connect(
        self, *, attempt: int, keepalive_s: int, will: bytes, judge_at: JudgeAt = "system", endpoint: int = 0
    ) -> None:
        """Begin an attempt on a thread of its own and end the attempt before."""
        self.disconnect()
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._station,
            protocol=mqtt.MQTTv5,
            # When to try again is the uplink's decision.
            reconnect_on_failure=False,
        )
        client.connect_timeout = self._connect_s
        client.max_queued_messages_set(QUEUE)
        client.max_inflight_messages_set(QUEUE)
        client.will_set(self._topic("gone"), will, qos=1)
        self._current = Connection(
            attempt=attempt,
            topics={leaf: topic(shard=self._shard, station=self._station, leaf=leaf) for leaf in DOWN},
            client=client,
            put=self._put,
            mono_ms=self._mono_ms,
            traffic=self._traffic,
            judge_at=judge_at,
            loop_s=self._loop_s,
        )
        self._current.start(
            after=self._leaving,
            context=lambda: judging(self._context(), judge_at),
            address=self._endpoints[endpoint],
            keepalive_s=keepalive_s,
            name=self._station,
        )

    def _topic(self, leaf: Up) -> str:
        return topic(shard=self._shard, station=self._station, leaf=leaf)

    def publish(self, leaf: Up, payload: bytes, *, qos: Literal[0, 1]) -> int:
        """Hand one message to paho and return its packet identifier."""
        if self._current is None:
            raise DeviceError("not connected")
        return self._current.publish(self._topic(leaf), payload, qos=qos)

    def disconnect(self) -> None:
        """End the connection in good order, on its own thread."""
        if self._current is not None:
            self._current.end()
            self._leaving, self._current = self._current, None

    def _wait_for_farewell(self) -> None:
        """Let the last DISCONNECT go out before the process ends, but wait no longer than it may take."""
        if self._leaving is not None:
            self._leaving.wait_ended()

    def bytes_moved(self) -> tuple[int, int]:
        """Return TCP payload bytes (sent and acknowledged, received), TLS included, as the kernel counts them."""
        total = self._traffic.total()
        return total.acknowledged, total.received

    def bytes_billed(self) -> int:
        """Return the bytes of its IP packets both ways, headers estimated; see `agent.drivers.tcp_traffic`."""
        return self._traffic.total().billed

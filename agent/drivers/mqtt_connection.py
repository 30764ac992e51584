"""One attempt at the broker and, if it succeeds, its connection: a paho client and the thread that serves it."""

import logging
import ssl
import threading
from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import Any, Literal

from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from agent.drivers.paho_alone import mqtt
from agent.drivers.station_tls import StationSocket, check_dates, dates_refused
from agent.drivers.tcp_traffic import TcpTraffic
from agent.events import Delivered, Event, LinkDown, LinkUp, MessageCame
from agent.ports import DeviceError, JudgeAt
from protocol.codec import MAX_MESSAGE_BYTES
from protocol.refusal import Refused
from protocol.topics import Down, parse

log = logging.getLogger(__name__)

LOOP_S = 5.0
"""The longest rest of the thread. A publish wakes it, so only keep-alive pings may be late by this."""
FAREWELL_S = 2.0
"""How long a connection that the station ends may take to send its DISCONNECT before it is cut."""
RECEIVE_MAXIMUM = 8
MAX_PACKET_BYTES = 2 * MAX_MESSAGE_BYTES
"""The largest packet that the station takes: a message of the county with its topic and properties, and some room."""
_connect_properties: Any = Properties
"""paho gives its constructor no types."""
_ACKNOWLEDGED: tuple[Down, ...] = ("desired", "command")
"""Sent with QoS 1. Any other message down answers a question that the station repeats until it is answered."""
_RETAIN_NOTHING = 2
"""MQTT 5.0, 3.8.3.1: retain handling 2, send no retained messages at the subscription."""
_NOT_AUTHORIZED = 0x87
"""MQTT 5.0, 3.9.3: so the broker answers every SUBSCRIBE of a station that is not on its list."""
_NOT_LET_IN = (0x86, _NOT_AUTHORIZED)
"""Bad user name or password, not authorized (MQTT 5.0, 3.2.2.2): so a county's own RabbitMQ refuses a revoked board."""
_SESSION_TAKEN_OVER = 0x8E
"""MQTT 5.0, 3.14.2.1: another connection was made by this station's client id."""


class Connection:
    """One attempt and, if it succeeds, its connection: a paho client and the thread that serves it."""

    def __init__(
        self,
        *,
        attempt: int,
        topics: dict[Down, str],
        client: mqtt.Client,
        put: Callable[[Event], None],
        mono_ms: Callable[[], int],
        traffic: TcpTraffic,
        judge_at: JudgeAt,
        loop_s: float = LOOP_S,
    ) -> None:
        self._loop_s = loop_s
        self._attempt = attempt
        self._topics = topics
        self._client = client
        self._put = put
        self._mono_ms = mono_ms
        self._traffic = traffic
        self._judge_at = judge_at
        self._dates_refused = False
        self._refused = False
        self._taken_over = False
        self._lock = threading.Lock()
        self._silent = False
        self._ending = threading.Event()
        self._reason = ""
        self._thread: threading.Thread | None = None

    def start(
        self,
        *,
        after: "Connection | None",
        context: Callable[[], ssl.SSLContext],
        address: tuple[str, int],
        keepalive_s: int,
        name: str,
    ) -> None:
        """Begin once the connection before has ended, so that the broker never sees two under one name."""
        client = self._client
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        client.on_socket_open = self._on_socket_open
        client.on_socket_close = self._on_socket_close
        # With this set, paho leaves writing to the thread of the loop: two threads must not use one TLS socket.
        client.on_socket_register_write = lambda _client, _data, _sock: None
        self._thread = threading.Thread(
            target=self._serve,
            args=(after, context, address, keepalive_s),
            name=f"link-{name}-{self._attempt}",
            daemon=True,
        )
        self._thread.start()

    def publish(self, name: str, payload: bytes, *, qos: Literal[0, 1]) -> int:
        """Queue one message.

        Raises:
            DeviceError: The connection is gone or does not take any more.
        """
        info = self._client.publish(name, payload, qos=qos)
        if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise DeviceError(f"publish failed: {mqtt.error_string(info.rc)}")
        return info.mid

    def end(self) -> None:
        """End the connection in good order; from here on no event comes."""
        # Silent first, so that no event of this connection reaches the core after the core has given it up.
        with self._lock:
            self._silent = True
        self._ending.set()
        self._client.disconnect()

    def wait_ended(self) -> None:
        """Wait for the thread, but no longer than `FAREWELL_S`."""
        if self._thread is not None:
            self._thread.join(FAREWELL_S)

    def _say(self, event: Event) -> None:
        with self._lock:
            # After its LinkDown, or once the station ends it, nothing more is heard of an attempt.
            if not self._silent:
                self._silent = isinstance(event, LinkDown)
                self._put(event)

    def _serve(
        self,
        after: "Connection | None",
        context: Callable[[], ssl.SSLContext],
        address: tuple[str, int],
        keepalive_s: int,
    ) -> None:
        try:
            if after is not None:
                after.wait_ended()
            if not self._ending.is_set():
                self._client.tls_set_context(context())
                properties = _connect_properties(PacketTypes.CONNECT)
                properties.SessionExpiryInterval = 0
                properties.ReceiveMaximum = RECEIVE_MAXIMUM
                properties.MaximumPacketSize = MAX_PACKET_BYTES
                self._client.connect(*address, keepalive=keepalive_s, clean_start=True, properties=properties)
                self._loop()
        except ssl.SSLCertVerificationError as error:
            # Only the dates may be wrong because this machine's clock is. The uplink then judges them by another time.
            self._dates_refused = dates_refused(error)
            self._reason = str(error)
        except OSError as error:
            self._reason = self._reason or f"{type(error).__name__}: {error}"
        except Exception:
            log.exception("the link's thread failed")
            self._reason = "internal error"
        finally:
            # paho closes its socket when the loop ends by itself, but not when a handshake fails.
            if (sock := self._client.socket()) is not None:
                self._on_socket_close(self._client, None, sock)
                sock.close()
            reason = self._reason or "connection lost"
            self._say(LinkDown(self._attempt, reason, self._dates_refused, self._refused, self._taken_over))

    def _loop(self) -> None:
        deadline: float | None = None
        while self._client.loop(self._loop_s if deadline is None else FAREWELL_S) == MQTTErrorCode.MQTT_ERR_SUCCESS:
            if not self._ending.is_set():
                continue
            # The station ends the connection: give paho a moment to send DISCONNECT, and no more than that.
            deadline = deadline or monotonic() + FAREWELL_S
            if monotonic() >= deadline:
                return

    def _on_socket_open(self, _client: mqtt.Client, _data: Any, sock: object) -> None:
        self._traffic.opened(sock)
        # paho calls this after the TLS handshake and before it sends CONNECT.
        check_dates(sock, self._judge_at)

    def _on_socket_close(self, _client: mqtt.Client, _data: Any, sock: object) -> None:
        self._traffic.closing(sock)
        if isinstance(sock, StationSocket) and sock.revoked:
            self._refused, self._reason = True, "the broker says that the certificate is revoked"

    def _on_connect(
        self,
        client: mqtt.Client,
        _data: Any,
        _flags: mqtt.ConnectFlags,
        code: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if code.is_failure:
            self._reason = f"connection refused by the broker, reason code 0x{code.value:02x}"
            self._refused = code.value in _NOT_LET_IN
            return
        # "Retain as published" keeps the sender's retain flag, by which the uplink refuses a message.
        options = partial(SubscribeOptions, retainAsPublished=True, retainHandling=_RETAIN_NOTHING)
        client.subscribe(
            [(name, options(qos=1 if leaf in _ACKNOWLEDGED else 0)) for leaf, name in self._topics.items()]
        )

    def _on_subscribe(
        self, client: mqtt.Client, _data: Any, _mid: int, codes: list[ReasonCode], _properties: Properties | None
    ) -> None:
        if any(code.is_failure for code in codes):
            self._reason = "subscription refused by the broker"
            self._refused = all(code.value == _NOT_AUTHORIZED for code in codes)
            client.disconnect()
            return
        self._say(LinkUp(attempt=self._attempt))

    def _on_disconnect(
        self,
        _client: mqtt.Client,
        _data: Any,
        flags: mqtt.DisconnectFlags,
        code: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        by = "by the broker" if flags.is_disconnect_packet_from_server else "here"
        self._taken_over = flags.is_disconnect_packet_from_server and code.value == _SESSION_TAKEN_OVER
        self._reason = self._reason or f"disconnected {by}, reason code 0x{code.value:02x}"

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        # Noted first, because the county's time in a welcome is judged by how long the welcome took.
        mono_ms = self._mono_ms()
        try:
            leaf = parse(message.topic).leaf
        except (Refused, UnicodeDecodeError):
            leaf = None
        if leaf not in self._topics or message.topic != self._topics[leaf]:
            # The broker's access list allows no such message, so it is the broker's mistake.
            log.warning("a message on a foreign topic is ignored")
            return
        self._say(
            MessageCame(
                attempt=self._attempt,
                leaf=leaf,
                payload=bytes(message.payload),
                retained=message.retain,
                mono_ms=mono_ms,
            )
        )

    def _on_publish(
        self, _client: mqtt.Client, _data: Any, mid: int, code: ReasonCode, _properties: Properties | None
    ) -> None:
        self._say(Delivered(attempt=self._attempt, ticket=mid, reason_code=code.value))

"""The link over MQTT 5 and TLS 1.3 with paho-mqtt.

Every attempt has its own client and its own thread: name look-up, handshake and reads never touch the core.
Sessions are clean with expiry 0 (MQTT 5.0, 3.1.2.4 and 3.1.2.11.2), so the broker keeps nothing for a station,
and paho's queues are bounded: the backlog stays on the disk.
"""

import atexit
import logging
import ssl
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any, Literal

from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from agent.drivers.tcp_payload import Traffic
from agent.events import Delivered, Event, LinkDown, LinkUp, MessageCame
from agent.ports import DeviceError, JudgeAt
from protocol.refusal import Refused
from protocol.topics import DOWN, Down, Up, parse, topic

log = logging.getLogger(__name__)

CONNECT_S = 20.0
LOOP_S = 5.0
FAREWELL_S = 2.0
"""How long a connection that we end may take to say so before it is cut."""
RECEIVE_MAXIMUM = 8
MAX_PACKET_BYTES = 131_072
QUEUE = 16
_connect_properties: Any = Properties
"""paho gives its constructor no types."""
_ACKNOWLEDGED: tuple[Down, ...] = ("desired", "command")
_NO_CHECK_TIME = ssl.VerifyFlags(0x200000)
"""X509_V_FLAG_NO_CHECK_TIME (openssl/x509_vfy.h)."""
_EXPIRED = 10
_DATE_ERRORS = (9, _EXPIRED)
"""X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED (openssl/x509_vfy.h)."""
_RETAIN_NOTHING = 2
"""MQTT 5.0, 3.8.3.1: retain handling 2, send no retained messages at the subscription."""


def station_context(*, ca_file: Path, certificate_file: Path, key_file: Path) -> ssl.SSLContext:
    """Return a TLS 1.3 client context that trusts the county CA alone and checks the host's name (RFC 8446, RFC 9525).

    Raises:
        OSError: A file is missing or is no PEM (ssl.SSLError is one).
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_verify_locations(cafile=ca_file)
    context.load_cert_chain(certificate_file, key_file)
    return context


def _judging(context: ssl.SSLContext, judge_at: JudgeAt) -> ssl.SSLContext:
    """Take the dates of certificates out of OpenSSL's hands where another clock than the system's judges them."""
    if judge_at != "system":
        context.verify_flags |= _NO_CHECK_TIME
    return context


def _check_dates(certificate: bytes, wall_ms: int) -> None:
    from cryptography import x509  # noqa: PLC0415 -- for the rare station whose clock is wrong

    told = datetime.fromtimestamp(wall_ms / 1000, UTC)
    parsed = x509.load_der_x509_certificate(certificate)
    if not parsed.not_valid_before_utc <= told <= parsed.not_valid_after_utc:
        error = ssl.SSLCertVerificationError("the broker's certificate is not valid at the county's time")
        error.verify_code = _EXPIRED
        raise error


class PahoLink:
    """`agent.ports.Link` to one broker."""

    def __init__(
        self,
        *,
        station: str,
        shard: int,
        host: str,
        port: int,
        context: Callable[[], ssl.SSLContext],
        put: Callable[[Event], None],
        mono_ms: Callable[[], int],
    ) -> None:
        """Make a link that is not connected.

        Args:
            context: Called for each attempt, so that a renewed certificate is used from the next one on.
            put: Takes events from any thread.
        """
        self._station = station
        self._shard = shard
        self._address = (host, port)
        self._context = context
        self._put = put
        self._mono_ms = mono_ms
        self._traffic = Traffic()
        self._current: _Connection | None = None
        self._leaving: _Connection | None = None
        atexit.register(self._wait_for_farewell)

    def connect(self, *, attempt: int, keepalive_s: int, will: bytes, judge_at: JudgeAt = "system") -> None:
        """Begin an attempt in a thread of its own; the one before is ended."""
        self.disconnect()
        previous = self._leaving
        self._current = _Connection(
            attempt=attempt,
            topics={leaf: topic(shard=self._shard, station=self._station, leaf=leaf) for leaf in DOWN},
            client=self._client(will),
            put=self._put,
            mono_ms=self._mono_ms,
            traffic=self._traffic,
            judge_at=judge_at,
        )
        self._current.start(
            after=previous,
            context=lambda: _judging(self._context(), judge_at),
            address=self._address,
            keepalive_s=keepalive_s,
            name=self._station,
        )

    def _client(self, will: bytes) -> mqtt.Client:
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._station,
            protocol=mqtt.MQTTv5,
            reconnect_on_failure=False,
        )
        client.connect_timeout = CONNECT_S
        client.max_queued_messages_set(QUEUE)
        client.max_inflight_messages_set(QUEUE)
        client.will_set(self._topic("gone"), will, qos=1)
        return client

    def _topic(self, leaf: Up) -> str:
        return topic(shard=self._shard, station=self._station, leaf=leaf)

    def publish(self, leaf: Up, payload: bytes, *, qos: Literal[0, 1]) -> int:
        """Hand one message to paho and return its packet identifier."""
        if self._current is None:
            raise DeviceError("not connected")
        return self._current.publish(self._topic(leaf), payload, qos=qos)

    def disconnect(self) -> None:
        """End the connection in good order, in its own thread."""
        if self._current is not None:
            self._current.end()
            self._leaving, self._current = self._current, None

    def _wait_for_farewell(self) -> None:
        """Let the last good-bye go out before the process ends, and no longer than that."""
        if self._leaving is not None:
            self._leaving.wait_ended()

    def bytes_moved(self) -> tuple[int, int]:
        """Return TCP payload bytes (sent and acknowledged, received), TLS included, as the kernel counts them."""
        return self._traffic.total()


class _Connection:
    """One attempt and, if it succeeds, its connection: a paho client and the thread that serves it."""

    def __init__(
        self,
        *,
        attempt: int,
        topics: dict[Down, str],
        client: mqtt.Client,
        put: Callable[[Event], None],
        mono_ms: Callable[[], int],
        traffic: Traffic,
        judge_at: JudgeAt,
    ) -> None:
        self._attempt = attempt
        self._topics = topics
        self._client = client
        self._put = put
        self._mono_ms = mono_ms
        self._traffic = traffic
        self._judge_at = judge_at
        self._dates_refused = False
        self._lock = threading.Lock()
        self._silent = False
        self._ending = threading.Event()
        self._reason = ""
        self._thread: threading.Thread | None = None

    def start(
        self,
        *,
        after: "_Connection | None",
        context: Callable[[], ssl.SSLContext],
        address: tuple[str, int],
        keepalive_s: int,
        name: str,
    ) -> None:
        """Begin, once the connection before has taken its leave."""
        self._bind()
        self._thread = threading.Thread(
            target=self._serve,
            args=(after, context, address, keepalive_s),
            name=f"link-{name}-{self._attempt}",
            daemon=True,
        )
        self._thread.start()

    def _bind(self) -> None:
        client = self._client
        client.on_connect = self._connected
        client.on_subscribe = self._subscribed
        client.on_disconnect = self._disconnected
        client.on_message = self._message
        client.on_publish = self._published
        client.on_socket_open = self._socket_opened
        client.on_socket_close = lambda _client, _data, sock: self._traffic.closing(sock)
        # With this set, paho leaves writing to the thread of the loop: two threads must not use one TLS socket.
        client.on_socket_register_write = lambda _client, _data, _sock: None

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
        """Take leave; from here on no event comes."""
        with self._lock:
            self._silent = True
        self._ending.set()
        self._client.disconnect()

    def wait_ended(self) -> None:
        """Wait for the thread, no longer than a farewell may take."""
        if self._thread is not None:
            self._thread.join(FAREWELL_S)

    def _say(self, event: Event) -> None:
        with self._lock:
            if not self._silent:
                self._silent = isinstance(event, LinkDown)
                self._put(event)

    def _serve(
        self,
        after: "_Connection | None",
        context: Callable[[], ssl.SSLContext],
        address: tuple[str, int],
        keepalive_s: int,
    ) -> None:
        try:
            if after is not None:
                after.wait_ended()
            if not self._ending.is_set():
                self._open(context(), address, keepalive_s)
                self._loop()
        except ssl.SSLCertVerificationError as error:
            self._dates_refused = error.verify_code in _DATE_ERRORS
            self._reason = str(error)
        except OSError as error:
            self._reason = self._reason or f"{type(error).__name__}: {error}"
        except Exception:
            log.exception("the link's thread failed")
            self._reason = "internal error"
        finally:
            self._cut()
            self._say(LinkDown(self._attempt, self._reason or "connection lost", self._dates_refused))

    def _socket_opened(self, _client: mqtt.Client, _data: Any, sock: object) -> None:
        self._traffic.opened(sock)
        if isinstance(self._judge_at, int) and isinstance(sock, ssl.SSLSocket):
            _check_dates(sock.getpeercert(binary_form=True) or b"", self._judge_at)

    def _open(self, context: ssl.SSLContext, address: tuple[str, int], keepalive_s: int) -> None:
        self._client.tls_set_context(context)
        properties = _connect_properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = 0
        properties.ReceiveMaximum = RECEIVE_MAXIMUM
        properties.MaximumPacketSize = MAX_PACKET_BYTES
        self._client.connect(*address, keepalive=keepalive_s, clean_start=True, properties=properties)

    def _loop(self) -> None:
        deadline: float | None = None
        while self._client.loop(LOOP_S if deadline is None else FAREWELL_S) == MQTTErrorCode.MQTT_ERR_SUCCESS:
            if not self._ending.is_set():
                continue
            deadline = deadline or monotonic() + FAREWELL_S
            if monotonic() >= deadline:
                return

    def _cut(self) -> None:
        """Close what is still open: paho does so when its loop ends by itself, not when a handshake fails."""
        sock = self._client.socket()
        if sock is not None:
            self._traffic.closing(sock)
            sock.close()

    def _connected(
        self,
        client: mqtt.Client,
        _data: Any,
        _flags: mqtt.ConnectFlags,
        code: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if code.is_failure:
            self._reason = f"connection refused by the broker, reason code 0x{code.value:02x}"
            return
        client.subscribe([(name, _options(leaf)) for leaf, name in self._topics.items()])

    def _subscribed(
        self, client: mqtt.Client, _data: Any, _mid: int, codes: list[ReasonCode], _properties: Properties | None
    ) -> None:
        if any(code.is_failure for code in codes):
            self._reason = "subscription refused by the broker"
            client.disconnect()
            return
        self._say(LinkUp(attempt=self._attempt))

    def _disconnected(
        self,
        _client: mqtt.Client,
        _data: Any,
        flags: mqtt.DisconnectFlags,
        code: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        by = "by the broker" if flags.is_disconnect_packet_from_server else "here"
        self._reason = self._reason or f"disconnected {by}, reason code 0x{code.value:02x}"

    def _message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        mono_ms = self._mono_ms()
        try:
            leaf = parse(message.topic).leaf
        except (Refused, UnicodeDecodeError):
            leaf = None
        if leaf not in self._topics or message.topic != self._topics[leaf]:
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

    def _published(
        self, _client: mqtt.Client, _data: Any, mid: int, code: ReasonCode, _properties: Properties | None
    ) -> None:
        self._say(Delivered(attempt=self._attempt, ticket=mid, reason_code=code.value))


def _options(leaf: Down) -> SubscribeOptions:
    qos = 1 if leaf in _ACKNOWLEDGED else 0
    return SubscribeOptions(qos=qos, retainAsPublished=True, retainHandling=_RETAIN_NOTHING)

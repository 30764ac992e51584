"""The county's broker as a `Source`: MQTT 5.0, read as fast as the broker writes.

Mosquitto is on loopback. A broker of the county's own is spoken to by TLS, and may be several hosts: after a connection
that ended, or an attempt that failed, the next one has its turn.

Each connection is a clean start with session expiry 0. So the broker keeps nothing for us, and we never acknowledge a
message that another connection was given. We send the acknowledgements ourselves, after the messages are stored. The
receive maximum (MQTT 5.0, 3.1.2.11.3) bounds how many messages are unacknowledged, and with it our memory.

The broker has one queue for us, with the messages of all stations. So nothing may stay in it: what one station sends
beyond its share is read, and let go at once (`server_broker.ingest.inbox`).
"""

import contextlib
import logging
import os
import random
import select
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from protocol.topics import PASSING, UP, county_filter
from server_broker.broker.refusals import BrokerRefusals, is_about_refusals, read_refusals, refusals_filter
from server_broker.ingest import wire
from server_broker.ingest.inbox import FairInbox, LeafQueue
from server_broker.ingest.messages import Incoming
from server_broker.platform.shards import Share

_log = logging.getLogger(__name__)

RECEIVE_MAXIMUM = 1_000
MAX_OUTGOING = 2_000
"""Messages of QoS 1 that are kept while the broker is away, or is slow."""
MAX_UNSENT_BYTES = 32 * 2**20
"""With more bytes unsent, messages of QoS 0 are dropped. Their stations ask again."""

_KEEP_ALIVE_S = 15
_PING_S = 5.0
_DEAD_S = 20.0
"""A broker of which nothing is heard for so long is gone: it answers each ping."""
_CONNECT_S = 5.0
_RETRY_FIRST_S, _RETRY_MOST_S = 1.0, 5.0
_READ_BYTES = 2**18
_MAX_PACKET_BYTES = 2**18
_SUBSCRIPTION = 1
"""The packet id of our SUBSCRIBE. Those of messages begin after it."""


class _Ended(Exception):
    """The connection is over, and why."""


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where the broker listens for the county's own account; ``tls`` is None on loopback."""

    host: str
    port: int
    username: str
    password: str
    other_hosts: Sequence[str] = ()
    tls: Callable[[], ssl.SSLContext] | None = None


@dataclass(frozen=True, slots=True)
class _Ticket:
    """What an acknowledgement needs. A packet id (``mid``) means something on its own connection only."""

    connection: int
    mid: int


@dataclass(slots=True)
class _Outbox:
    """What goes out, and what the broker has not acknowledged. Used under a lock."""

    unsent: bytearray = field(default_factory=bytearray)
    """Packets of the connection that is up."""
    waiting: deque[tuple[str, bytes]] = field(default_factory=deque)
    """Messages of QoS 1 that the broker has no room for yet."""
    unacknowledged: dict[int, tuple[str, bytes]] = field(default_factory=dict)
    room: int = 0
    """How many messages of QoS 1 the broker takes at once."""
    mid: int = _SUBSCRIPTION

    def begin(self, room: int) -> None:
        """Begin anew on a connection: all that was not acknowledged on the one before goes out again."""
        self.unsent.clear()
        self.waiting.extendleft(reversed(self.unacknowledged.values()))
        self.unacknowledged.clear()
        self.room = room

    def fill(self) -> None:
        """Make packets of as many waiting messages as the broker has room for."""
        while self.waiting and len(self.unacknowledged) < self.room:
            self.mid = self.mid % 65_535 + 1
            if self.mid == _SUBSCRIPTION or self.mid in self.unacknowledged:
                continue
            topic, payload = self.unacknowledged[self.mid] = self.waiting.popleft()
            self.unsent += wire.publish(topic, payload, mid=self.mid)


class MqttSource:
    """Hears each station of one worker's share. A thread of its own reads and writes; the worker takes messages out."""

    def __init__(self, address: BrokerAddress, *, share: Share, client_id: str) -> None:
        self._address = address
        self._share = share
        self._client_id = client_id
        self._inbox = FairInbox(time.monotonic)
        self._came = threading.Condition()
        """Guards the inbox."""
        self._queues: dict[bytes, LeafQueue] = {}
        self._refusals: dict[str, BrokerRefusals] = {}
        """What the broker told since the worker asked. Used under the inbox's lock."""
        self._out = _Outbox()
        self._sending = threading.Lock()
        """Guards what goes out."""
        self._connection = 0
        self._hosts = deque([address.host, *address.other_hosts])
        """The one whose turn it is comes first."""
        self.connected = False
        self._interrupted = threading.Event()
        self._stopping = threading.Event()
        # A byte in it ends the wait of our thread: there is something to send.
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._thread = threading.Thread(target=self._run, name="broker", daemon=True)

    def start(self) -> None:
        """Begin to connect, and try again every 1 to 5 s."""
        self._thread.start()

    def stop(self) -> None:
        """Disconnect in good order."""
        self._stopping.set()
        self._tell_thread()
        if self._thread.is_alive():
            self._thread.join()

    # What the worker's thread does.

    def drain(self, *, max_messages: int, max_bytes: int, timeout_s: float, blobs: bool = True) -> list[Incoming]:
        """Return a fair share of what waits (`FairInbox.take`)."""
        with self._came:
            self._came.wait_for(self._inbox.has_ready, timeout_s)
            return self._inbox.take(max_messages=max_messages, max_bytes=max_bytes, blobs=blobs)

    def charge(self, station: str, seconds: float) -> None:
        """Charge a station for what its messages cost beyond their price."""
        with self._came:
            self._inbox.charge(station, seconds)

    def put_back(self, messages: Sequence[Incoming], *, most: int) -> None:
        """Put a station's messages back (`FairInbox.put_back`)."""
        with self._came:
            self._inbox.put_back(messages, most=most)

    def let_go(self) -> dict[str, int]:
        """Return how many messages of each station were let go since the last call, because it sent too many."""
        with self._came:
            return self._inbox.let_go()

    def refusals(self) -> dict[str, BrokerRefusals]:
        """Return what the broker itself refused of each station since the last call. RabbitMQ tells nothing."""
        with self._came:
            told, self._refusals = self._refusals, {}
            return told

    def end_connection(self, station: str) -> None:
        """Have the broker end a station's connection: a client with its id takes it over (MQTT 5.0, 3.1.4)."""
        # Beside the worker, which must not wait for a broker that is busy with the flood.
        threading.Thread(target=self._take_over, args=(station,), name="take-over", daemon=True).start()

    def _take_over(self, station: str) -> None:
        try:
            connection, _ = self._open(station)
            with connection:
                connection.sendall(wire.DISCONNECT_PACKET)
        except (OSError, wire.Malformed, _Ended) as error:
            _log.warning("%s: its connection could not be ended: %s", station, error, extra={"station": station})

    def publish(self, topic: str, payload: bytes, *, must_arrive: bool) -> None:
        """Send a message. While the broker is away, `MAX_OUTGOING` of QoS 1 are kept and the rest is dropped."""
        with self._sending:
            if must_arrive:
                if len(self._out.waiting) < MAX_OUTGOING:
                    self._out.waiting.append((topic, payload))
            elif self.connected and len(self._out.unsent) < MAX_UNSENT_BYTES:
                self._out.unsent += wire.publish(topic, payload)
        self._tell_thread()

    def acknowledge(self, messages: Sequence[Incoming]) -> None:
        """Send PUBACKs for the messages of this connection. The broker has forgotten the others."""
        with self._sending:
            for message in messages:
                ticket = message.ticket
                if isinstance(ticket, _Ticket) and ticket.mid and ticket.connection == self._connection:
                    self._out.unsent += wire.puback(ticket.mid)
        self._tell_thread()

    def interrupted(self) -> bool:
        """Tell, once, that the connection began or ended."""
        if not self._interrupted.is_set():
            return False
        self._interrupted.clear()  # what is set up to here is told now; what comes later is told next time
        return True

    def _tell_thread(self) -> None:
        os.eventfd_write(self._wake, 1)

    # What the thread of the connection does.

    def _run(self) -> None:
        delay = _RETRY_FIRST_S
        while not self._stopping.is_set():
            try:
                connection, room = self._open(self._client_id)
                with connection:
                    self._begin(connection, room)
                    delay = _RETRY_FIRST_S
                    self._talk(connection)
            except (OSError, wire.Malformed, _Ended) as error:
                if self.connected:
                    _log.warning("the connection to the broker ended: %s", error)
                elif isinstance(error, _Ended):
                    _log.error("the broker refuses the county's own client: %s", error)
            if self.connected:
                self.connected = False
                self._interrupted.set()
            self._hosts.rotate(-1)
            # Jitter, because the workers of several shards lose one broker at once.
            self._stopping.wait(delay * random.uniform(0.7, 1.0))  # noqa: S311 - spreads retries, guards nothing
            delay = min(delay * 2, _RETRY_MOST_S)

    def _open(self, client_id: str) -> tuple[socket.socket, int]:
        """Connect under a client id; return the connection, and how many messages the broker takes at once.

        Raises:
            OSError, wire.Malformed: There is no broker, or none that speaks MQTT 5.0.
            _Ended: It does not let us in.
        """
        address, host = self._address, self._hosts[0]
        connection = socket.create_connection((host, address.port), timeout=_CONNECT_S)
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if address.tls is not None:
                connection = address.tls().wrap_socket(connection, server_hostname=host)
            asked = wire.connect(
                client_id,
                address.username,
                address.password,
                keep_alive_s=_KEEP_ALIVE_S,
                receive_maximum=RECEIVE_MAXIMUM,
                max_packet=_MAX_PACKET_BYTES,
            )
            connection.sendall(asked)
            accepted = wire.read_connack(_first_packet(connection))
            if accepted.reason:
                raise _Ended(f"reason code {accepted.reason:#04x}")
        except BaseException:
            connection.close()
            raise
        return connection, accepted.receive_maximum

    def _begin(self, connection: socket.socket, room: int) -> None:
        """Subscribe. From here on older tickets are void, and messages of this connection get its number."""
        # With one worker a wildcard says the same, and says it once for each leaf.
        shards = self._share.shards if self._share.of > 1 else [None]
        filters = [county_filter(shard=shard, leaf=leaf) for shard in shards for leaf in UP if leaf not in PASSING]
        if self._address.tls is None:  # the county's own Mosquitto, which has the plugin
            filters += [refusals_filter(shard=shard) for shard in shards]
        connection.sendall(wire.subscribe(_SUBSCRIPTION, filters))
        connection.setblocking(False)
        with self._sending:
            self._connection += 1
            self._out.begin(room)
            self.connected = True
        self._interrupted.set()
        _log.info("connected to the broker, share %s", self._share)

    def _talk(self, connection: socket.socket) -> None:
        """Read and write until the connection ends or we are told to stop.

        Raises:
            OSError, wire.Malformed, _Ended: The connection is over.
        """
        buffer = bytearray()
        heard = pinged = time.monotonic()
        both: list[socket.socket | int] = [connection, self._wake]
        while not self._stopping.is_set():
            unsent = self._send(connection)
            # What TLS has decrypted already makes no socket readable.
            decrypted = isinstance(connection, ssl.SSLSocket) and connection.pending() > 0
            wait_s = 0.0 if decrypted else _PING_S
            readable, _, _ = select.select(both, [connection] if unsent else [], [], wait_s)
            if self._wake in readable:
                os.eventfd_read(self._wake)
            now = time.monotonic()
            if (decrypted or connection in readable) and (came := _read(connection)):
                heard = now
                buffer += came
                packets, read = wire.split(buffer, most=_MAX_PACKET_BYTES)
                del buffer[:read]
                self._take_in(packets)
            if now - heard > _DEAD_S:
                raise _Ended(f"nothing was heard for {_DEAD_S:.0f} s")
            if now - pinged >= _PING_S:
                pinged = now
                with self._sending:
                    self._out.unsent += wire.PINGREQ_PACKET
        connection.setblocking(True)
        connection.settimeout(_CONNECT_S)
        with self._sending:
            connection.sendall(bytes(self._out.unsent) + wire.DISCONNECT_PACKET)

    def _send(self, connection: socket.socket) -> bool:
        """Send what the socket takes; return whether something is left."""
        with self._sending:
            self._out.fill()
            if self._out.unsent:
                with contextlib.suppress(BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                    del self._out.unsent[: connection.send(self._out.unsent)]
            return bool(self._out.unsent)

    def _take_in(self, packets: Sequence[tuple[int, bytes]]) -> None:
        """Put the messages of some packets into the inbox, acknowledge what was let go, and heed the other packets."""
        let_go = bytearray()
        with self._came:
            for first, body in packets:
                if first >> 4 != wire.PUBLISH:
                    self._heed(first >> 4, body)
                    continue
                came = wire.read_publish(first, body)
                if is_about_refusals(came.topic):
                    self._note_refusals(came)
                else:
                    let_go += self._put(came)
            self._came.notify()
        if let_go:
            with self._sending:
                self._out.unsent += let_go

    def _put(self, came: wire.Publish) -> bytes:
        """Put a message into the inbox, and return the PUBACK of the one that was let go for it, if any."""
        queue = self._queues.get(came.topic)
        if queue is None:
            queue = self._inbox.queue(came.topic.decode(errors="replace"))
            self._queues[came.topic] = queue
        if queue.is_closed:
            # As `FairInbox.put` would do, but in a flood this is what most messages come to.
            queue.let_one_go()
            return wire.puback(came.mid) if came.mid else b""
        ticket = _Ticket(self._connection, came.mid)
        message = Incoming(queue.topic, came.payload, came.retained, ticket, unsure=not came.mid)
        gone = self._inbox.put(queue, message)
        lost = gone.ticket if gone is not None else None
        if isinstance(lost, _Ticket) and lost.mid and lost.connection == self._connection:
            return wire.puback(lost.mid)
        return b""

    def _note_refusals(self, came: wire.Publish) -> None:
        try:
            station, refusals = read_refusals(came.topic, came.payload)
        except msgspec.MsgspecError as error:
            _log.error("the broker told of refusals in words that are not understood: %s", error)
            return
        self._refusals[station] = self._refusals.get(station, BrokerRefusals()) + refusals

    def _heed(self, kind: int, body: bytes) -> None:
        match kind:
            case wire.PUBACK:
                with self._sending:
                    self._out.unacknowledged.pop(wire.read_mid(body), None)
            case wire.SUBACK:
                if refused := wire.refused_filters(body):
                    _log.error("the broker refuses subscriptions of the county's own client: %s", refused)
            case wire.DISCONNECT:
                raise _Ended(f"the broker ends it, reason code {body[0] if body else 0:#04x}")
            case _:
                pass


def _read(connection: socket.socket) -> bytes:
    """Return what has come; nothing if it is only a part of a TLS record.

    Raises:
        OSError, _Ended: The connection is over.
    """
    try:
        came = connection.recv(_READ_BYTES)
    except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return b""
    if not came:
        raise _Ended("the broker closed it")
    return came


def _first_packet(connection: socket.socket) -> bytes:
    """Return the body of the CONNACK, with which a broker begins.

    Raises:
        OSError, wire.Malformed, _Ended: Something else came, or nothing.
    """
    buffer = bytearray()
    while True:
        came = connection.recv(4096)
        if not came:
            raise _Ended("the broker closed it at once")
        buffer += came
        packets, read = wire.split(buffer, most=_MAX_PACKET_BYTES)
        if not packets:
            continue
        first, body = packets[0]
        if first >> 4 != wire.CONNACK or read != len(buffer):
            raise wire.Malformed("no CONNACK")
        return body

"""A station that is rightly connected asks the broker for more than its share: foreign filters, thousands of them, and
messages that it never reads."""

import os
import socket
import ssl
import time
from pathlib import Path

from protocol.topics import DOWN, UP, topic
from tests.proofs.revocation.line import mqtt_text
from tests.proofs.strangers.case import Bench, Outcomes
from tests.proofs.strangers.visitor import SUCCESS, Visitor, county_client

_REFUSED = 0x80
"""Reason codes from here on refuse (MQTT 5.0, 2.4)."""
_PACKETS, _AT_ONCE = 20, 200
_NEIGHBOUR_S = 1.0
_UNREAD, _UNREAD_BYTES = 6_000, 40_000
_MAX_GROWTH = 192 * 2**20
"""32 MiB in flight, which the broker has twice, 64 MiB queued, and some for what its memory allocator keeps."""


def filters(bench: Bench, outcomes: Outcomes) -> None:
    """Each SUBSCRIBE but a station's own six is refused by its answer, whatever would be heard."""
    first, second = bench.first.station, bench.second.station
    own = [topic(shard=0, station=first, leaf=leaf) for leaf in DOWN]
    others = [topic(shard=0, station=second, leaf=leaf) for leaf in (*UP, *DOWN)]
    up = [topic(shard=0, station=first, leaf=leaf) for leaf in UP]
    shards = [topic(shard=shard, station=first, leaf="receipt") for shard in (1, 255)]
    wild = ["#", "+/#", "cunhui/#", "cunhui/1/0/+/receipt", f"cunhui/1/+/{first}/receipt", f"cunhui/1/0/{first}/#"]
    shared = [f"$share/s/{name}" for name in (*own, *others, "#")]
    odd = [f"cunhui/1/0/{first}/receipt/#", f"cunhui/1/0/{first}/receipt match", f"cunhui/1/0/{first}/", "$SYS/#", "/#"]
    with Visitor(bench.county.broker_port, first, tls=bench.first.tls()) as stranger:
        outcomes.welcome("connect to ask", stranger.connect())
        for name in own:
            outcomes.welcome(f"subscribe to the own {name}", _granted(stranger, name))
        for name in (*others, *up, *shards, *wild, *shared, *odd):
            outcomes.refused(f"subscribe to {name}", _granted(stranger, name))
        outcomes.refused("a foreign filter among own ones", _granted(stranger, *wild[:2]))


def _granted(visitor: Visitor, *names: str) -> bool:
    code = visitor.subscribe(*names)
    return code is not None and code < _REFUSED


def without_end(bench: Bench, outcomes: Outcomes) -> None:
    """Thousands of shared subscriptions, each of which the broker would have to ask at every message of anybody."""
    first, second = bench.first.station, bench.second.station
    with (
        Visitor(bench.county.broker_port, first, tls=bench.first.tls()) as stranger,
        Visitor(bench.county.broker_port, second, tls=bench.second.tls()) as neighbour,
    ):
        outcomes.welcome("both connect", stranger.connect() and neighbour.connect())
        for packet in range(_PACKETS):
            names = [f"$share/g{packet}-{number}/cunhui/1/0/+/facts" for number in range(_AT_ONCE)]
            outcomes.refused(f"any of {_AT_ONCE} shared subscriptions, packet {packet}", _granted(stranger, *names))
        began = time.monotonic()
        neighbour.publish(topic(shard=0, station=second, leaf="vitals"))
        outcomes.welcome("a neighbour is answered at once meanwhile", time.monotonic() - began < _NEIGHBOUR_S)


def unread(bench: Bench, outcomes: Outcomes) -> None:
    """A station with the widest window that there is reads nothing of what is sent to it. The broker's memory has a
    bound."""
    name = topic(shard=0, station=bench.first.station, leaf="welcome")
    with county_client(bench.county, "speaker") as county, _silent(bench) as silent:
        outcomes.welcome("the county's client for what is not read", county.connect())
        silent.sendall(_subscription(name))
        time.sleep(0.5)
        before = _memory(bench)
        mids = [county.send(name, bytes(_UNREAD_BYTES)) for _ in range(_UNREAD)]
        county.wait_for(mids[-1])
        outcomes.refused("memory without end for what is not read", _memory(bench) - before > _MAX_GROWTH)
    with Visitor(bench.county.broker_port, bench.first.station, tls=bench.first.tls()) as visitor:
        outcomes.welcome("the station after it", visitor.connect())


def _silent(bench: Bench) -> socket.socket:
    plain = socket.create_connection(("127.0.0.1", bench.county.broker_port), timeout=5)
    context: ssl.SSLContext | None = bench.first.tls()
    # Where nobody is refused there is no TLS.
    line = plain if context is None else context.wrap_socket(plain, server_hostname="127.0.0.1")
    widest = b"\x21\xff\xff"
    body = mqtt_text("MQTT") + b"\x05\x02\x00\x3c" + bytes((len(widest),)) + widest + mqtt_text(bench.first.station)
    line.sendall(bytes((0x10, len(body))) + body)
    return line


def _subscription(name: str) -> bytes:
    body = b"\x00\x01\x00" + mqtt_text(name) + b"\x01"
    return bytes((0x82, len(body))) + body


def _memory(bench: Bench) -> int:
    return int(Path(f"/proc/{broker_of(bench)}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def broker_of(bench: Bench) -> int:
    """Return the broker's process."""
    return bench.county.pid("mosquitto")


def twice(bench: Bench, outcomes: Outcomes) -> None:
    """QoS 2, also after the broker has read its lists again, which makes Mosquitto 2.0 forget that it refuses it."""
    bench.county.claim("twice-01")
    name = topic(shard=0, station=bench.first.station, leaf="frame")
    with county_client(bench.county, "observer") as observer:
        outcomes.welcome("observer of QoS 2", observer.connect())
        observer.subscribe(name)
        with Visitor(bench.county.broker_port, bench.first.station, tls=bench.first.tls()) as stranger:
            outcomes.welcome("connect for QoS 2", stranger.connect())
            outcomes.welcome("QoS 1 before it", stranger.publish(name) == SUCCESS and bool(observer.hears()))
            stranger.send(name, b"twice", qos=2)
            outcomes.refused("a message of QoS 2", bool(observer.hears()))

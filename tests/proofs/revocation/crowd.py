"""Many stations that are connected while others are revoked: plain clients of MQTT 5 over TLS that only hold the line.

``python -m tests.proofs.revocation.crowd make COUNT YEARS FOLDER`` takes them in all at once, as `admission` would one
by one: rows, lines in the journal with a renewal each 45 days, and certificates in a folder. ``… hold PORT CA FOLDER``
keeps them connected, and answers each line on its input by the number of those that are.
"""

import datetime as dt
import fcntl
import os
import resource
import select
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import django

from protocol.topics import DOWN, topic
from tests.benchmarks.county.light_client import KEEPALIVE_S
from tests.proofs.revocation.child import Child
from tests.proofs.revocation.line import connect_packet, mqtt_text
from tests.proofs.strangers.county import VILLAGE, County

_MODULE = "tests.proofs.revocation.crowd"
PING_EVERY_S = 200.0
RENEWED_EVERY = dt.timedelta(days=45)
_PING = b"\xc0\x00"


def crowd_name(number: int) -> str:
    """Return the id of a station of the crowd."""
    return f"crowd-{number:05}"


class Crowd:
    """The stations of a county in a process of their own. A context manager: its end closes the connections."""

    def __init__(self, county: County, count: int, *, years: int, folder: Path) -> None:
        self._county = county
        self._count = count
        self._years = years
        self._folder = folder
        self._holding: Child | None = None

    def __enter__(self) -> Self:
        if self._count:
            self._folder.mkdir()
            environment = self._county.environment | {"DJANGO_SETTINGS_MODULE": "server_broker.settings"}
            make = [sys.executable, "-m", _MODULE, "make", str(self._count), str(self._years), str(self._folder)]
            subprocess.run(make, env=environment, check=True, start_new_session=True)
            words = ("hold", str(self._county.broker_port), str(self._county.ca), str(self._folder))
            self._holding = Child(_MODULE, *words, environment=environment)
            if self.connected() != self._count:
                raise RuntimeError("not every station of the crowd was let in")
        return self

    def connected(self) -> int:
        """Return how many are connected."""
        return int(self._holding.ask(b"?") or 0) if self._holding is not None else 0

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._holding is not None:
            self._holding.__exit__(kind, error, trace)


def make(count: int, years: int, folder: Path) -> None:
    """Take the stations in. They share one TLS key, because making keys is not what is measured."""
    django.setup()
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    from server_broker import broker  # noqa: PLC0415 - needs the settings
    from server_broker.enrolment.models import StationCertificate  # noqa: PLC0415
    from server_broker.fleet.models import Station  # noqa: PLC0415
    from server_broker.settings import HOME  # noqa: PLC0415
    from server_broker.trust import StationJournal, county_keys  # noqa: PLC0415

    now = dt.datetime.now(dt.UTC)
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    authority = county_keys(HOME).authority
    names = [crowd_name(number) for number in range(count)]
    keys = {name: os.urandom(32) for name in names}
    issued = {name: authority.issue_station(name, key.public_key(), now=now) for name in names}
    for name in names:
        (folder / f"{name}.pem").write_text(issued[name].pem + pem)
    Station.objects.bulk_create(
        Station(pk=name, name=name, village_id=VILLAGE, record_key=keys[name], enrolled_at=now) for name in names
    )
    StationCertificate.objects.bulk_create(
        StationCertificate(station_id=name, serial=one.serial, not_after=one.not_after, issued_at=now)
        for name, one in issued.items()
    )
    lines = _years_of_lines({name: (one.serial, keys[name].hex()) for name, one in issued.items()}, years, now)
    with StationJournal(HOME).path.open("ab", buffering=0) as journal:
        fcntl.flock(journal, fcntl.LOCK_EX)
        journal.write(lines)
    broker.refresh(HOME, now=now)


def _years_of_lines(boards: dict[str, tuple[str, str]], years: int, now: dt.datetime) -> bytes:
    from server_broker.trust.journal import JournalEntry, journal_time  # noqa: PLC0415
    from server_broker.trust.station_roll import sealed  # noqa: PLC0415

    times = [now - number * RENEWED_EVERY for number in range(years * 365 // RENEWED_EVERY.days, 0, -1)]
    lines = []
    for place, at in enumerate([*times, now]):
        for number, (name, (serial, key)) in enumerate(boards.items()):
            # Spread over the days, as renewals of many stations are.
            spread = at - dt.timedelta(days=number % RENEWED_EVERY.days) if times else at
            one = serial if at == now else f"{os.urandom(19).hex()}"
            village = VILLAGE if place == 0 else ""
            entry = JournalEntry(
                at=journal_time(spread),
                event="renewed" if place else "enrolled",
                station=name,
                serial=one,
                record_key=key,
                village=village,
            )
            lines.append(sealed(entry) + b"\n")
    return b"".join(lines)


def hold(port: int, ca: Path, folder: Path) -> None:
    """Keep a station connected for each certificate in the folder, until the input ends."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    context = ssl.create_default_context(cafile=str(ca))
    pairs = sorted(folder.glob("*.pem"))
    lines: dict[int, tuple[Path, ssl.SSLSocket]] = {}
    waiting = pairs
    watch = select.poll()
    watch.register(sys.stdin, select.POLLIN)
    pinged = time.monotonic()
    while True:
        for pair in waiting:
            if (line := _connect(port, context, pair)) is not None:
                lines[line.fileno()] = (pair, line)
                watch.register(line, select.POLLIN)
        ready = {number for number, _ in watch.poll(1000)}
        if sys.stdin.fileno() in ready:
            if not sys.stdin.readline():
                return
            print(len(lines), flush=True)
        is_time = time.monotonic() - pinged > PING_EVERY_S
        pinged = time.monotonic() if is_time else pinged
        for number in lines.keys() & (set(lines) if is_time else ready):
            if not _is_open(lines[number][1], say=_PING if is_time else b""):
                watch.unregister(number)
                lines.pop(number)[1].close()
        held = {pair for pair, _ in lines.values()}
        waiting = [pair for pair in pairs if pair not in held]


def _connect(port: int, context: ssl.SSLContext, pair: Path) -> ssl.SSLSocket | None:
    # One context for all: what it shows is taken over when a connection begins.
    context.load_cert_chain(pair)
    station = pair.stem
    try:
        line = context.wrap_socket(socket.create_connection(("127.0.0.1", port)), server_hostname="127.0.0.1")
        filters = b"".join(mqtt_text(topic(shard=0, station=station, leaf=leaf)) + b"\x01" for leaf in DOWN)
        subscribe = b"\x00\x01\x00" + filters
        length = len(subscribe)
        said = b"\x82" + bytes((length & 0x7F | 0x80, length >> 7)) + subscribe
        line.sendall(connect_packet(station, keepalive_s=KEEPALIVE_S) + said)
        admitted = line.recv(4)
    except OSError:
        return None
    line.setblocking(False)
    return line if admitted[:1] == b"\x20" and admitted[3:] == b"\x00" else None


def _is_open(line: ssl.SSLSocket, *, say: bytes = b"") -> bool:
    try:
        if say:
            line.sendall(say)
        while line.recv(4096):
            pass
    except ssl.SSLWantReadError:
        return True
    except OSError:
        return False
    return False


def main(words: list[str]) -> None:
    """Do what the first word says."""
    if words[0] == "make":
        make(int(words[1]), int(words[2]), Path(words[3]))
    else:
        hold(int(words[1]), Path(words[2]), Path(words[3]))


if __name__ == "__main__":
    main(sys.argv[1:])

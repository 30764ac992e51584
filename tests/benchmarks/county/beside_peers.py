"""``./run bench county --peers``: the same facts by our ingest, by paho with psycopg, and by Mosquitto with Node-RED.

Each has the same broker's program, configured alike and new for it, and the same database. What is sent is what our
stations would send: its facts one by one, and as a backlog of 200 in a message. First all of it at full speed, until
its count in the database stands. Then once more, and the subscriber is killed (SIGKILL) in the middle and started again
at once: what its sender was told to be delivered and is not in the database is lost.

What a message means differs, and the report does not hide it: ours is verified, chained, read into rows of their own,
and receipted; the others' facts are stored as they come.
"""

import asyncio
import contextlib
import os
import socket
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from firmware_scripts.demo.processes import Process, wait_until
from firmware_scripts.report import Value
from protocol.envelope import Envelope
from tests.benchmarks.county import node_red, plain_subscriber
from tests.benchmarks.county.feeding import enrol
from tests.benchmarks.county.ingest_cost import RATE_GOAL
from tests.benchmarks.county.presigned import FACTS_AN_ENVELOPE, Load, make_stations
from tests.benchmarks.county.traffic import OurSender, PlainSender, packed_json, packed_plain, plain_messages
from tests.benchmarks.measures.figures import Figure
from tests.benchmarks.peers.county_side import MOSQUITTO, free_port

if TYPE_CHECKING:
    from server_broker.platform.home import CountyHome

_BROKER = """\
user root
listener {port} 127.0.0.1
allow_anonymous true
persistence false
max_queued_messages 0
max_queued_bytes 0
max_inflight_messages 0
set_tcp_nodelay true
log_dest none
"""
_STANDS_S = 4.0
"""A count that has not grown for so long stands."""
_KILLED_AFTER = 0.3
"""Share of the facts in the database at which the subscriber is killed."""

type Sender = OurSender | PlainSender


@dataclass(frozen=True, slots=True)
class Size:
    """How many facts each contender gets in a run: of this many stations, so many envelopes each."""

    stations: int
    singles: int
    backlog: int


class Contender(ABC):
    """A subscriber that stores, and its table."""

    name: str
    counted: str
    """The statement that counts its facts."""

    def __init__(self, home: "CountyHome", folder: Path, port: int) -> None:
        self._home = home
        self._folder = folder
        self._port = port
        self.program = self._program()

    @abstractmethod
    def _program(self) -> Process: ...

    @abstractmethod
    def is_ready(self) -> bool:
        """Whether it subscribes, since it was last started."""

    @abstractmethod
    def sender(self, name: str, envelopes: list[Envelope]) -> Sender:
        """Return what sends it these facts."""

    def start(self) -> None:
        """Start it, and wait until it subscribes."""
        self.program.start()
        wait_until(self.is_ready, what=self.name, timeout_s=60)

    def peak_mb(self) -> float:
        """Return the largest memory that its process ever had, in MB of 10**6 bytes."""
        lines = Path(f"/proc/{self.program.pid}/status").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmHWM"))

    def _said(self, word: str) -> int:
        return self.program.log.read_text(errors="replace").count(word) if self.program.log.exists() else 0


class Ours(Contender):
    """The county's ingest worker."""

    name = "cunhui"
    counted = "SELECT count(*), count(*) FROM ingest_fact"
    _seen = 0

    def _program(self) -> Process:
        command = [sys.executable, "-m", "server_broker.ingest"]
        return Process("ingest", command, log=self._folder / "ingest.log", env={"CUNHUI_HOME": str(self._home.root)})

    def start(self) -> None:
        self._seen = self._said("connected to the broker")
        super().start()

    def is_ready(self) -> bool:
        return self._said("connected to the broker") > self._seen

    def sender(self, name: str, envelopes: list[Envelope]) -> Sender:
        return OurSender(self._port, name, envelopes, shard=0)


class Plain(Contender):
    """paho and psycopg."""

    name = "paho_psycopg"
    counted = f"SELECT count(*), count(DISTINCT (station, seq)) FROM {plain_subscriber.TABLE}"

    def _program(self) -> Process:
        self._mark = self._folder / "plain-ready"
        command = [sys.executable, "-m", plain_subscriber.__name__, str(self._port), str(self._home.postgres_socket)]
        return Process("plain", [*command, str(self._mark)], log=self._folder / "plain.log")

    def start(self) -> None:
        self._mark.unlink(missing_ok=True)
        super().start()

    def is_ready(self) -> bool:
        return self._mark.exists()

    def sender(self, name: str, envelopes: list[Envelope]) -> Sender:
        return PlainSender(self._port, name, plain_messages(envelopes, prefix="plain", packed=packed_plain))


class NodeRed(Contender):
    """Node-RED."""

    name = "node_red"
    counted = f"SELECT count(*), count(DISTINCT (station, seq)) FROM {node_red.TABLE}"
    _seen = 0

    def _program(self) -> Process:
        folder, sockets = self._folder / "red", self._home.postgres_socket
        command = node_red.prepared(folder, broker_port=self._port, own_port=free_port(), sockets=sockets)
        return Process("node-red", command, log=self._folder / "red.log")

    def start(self) -> None:
        self._seen = self._said(node_red.CONNECTED)
        super().start()

    def is_ready(self) -> bool:
        return self._said(node_red.CONNECTED) > self._seen

    def sender(self, name: str, envelopes: list[Envelope]) -> Sender:
        return PlainSender(self._port, name, plain_messages(envelopes, prefix="red", packed=packed_json))


@dataclass(slots=True)
class Outcome:
    """What became of one run."""

    seconds: float
    acknowledged: int
    stored: int
    distinct: int
    peak_mb: float


def measure(home: "CountyHome", size: Size) -> list[Figure]:
    """Return the figures of all three, each load by itself."""
    node_red.install()
    _make_tables()
    found: dict[tuple[str, Load, bool], Outcome] = {}
    for kind in (Ours, Plain, NodeRed):
        for load in FACTS_AN_ENVELOPE:
            for killed in (False, True):
                outcome = _run(kind, home, size, load, killed=killed)
                found[kind.name, load, killed] = outcome
                print(f"· {kind.name} {load} killed={killed}: {outcome}", file=sys.stderr, flush=True)
    return [figure for load in FACTS_AN_ENVELOPE for figure in _figures(found, load)]


def _run(kind: type[Contender], home: "CountyHome", size: Size, load: Load, *, killed: bool) -> Outcome:
    name = f"{kind.name}-{load}-{'killed' if killed else 'whole'}"
    stations = make_stations(size.stations, shard=0, prefix=name.replace("_", "-"))
    if kind is Ours:
        enrol(stations)
    envelopes = size.singles if load == "single" else size.backlog
    made = [station.envelope(load) for _ in range(envelopes) for station in stations]
    facts = sum(len(one.facts) for one in made)
    folder = home.root / "bench" / name
    folder.mkdir(parents=True)
    with plain_broker(home, ours=kind is Ours) as port:
        contender = kind(home, folder, port)
        contender.start()
        before, distinct_before = _counted(contender)
        try:
            sender = contender.sender(name, made)
            began = time.monotonic()
            peak, ended = asyncio.run(_sent(contender, sender, before=before, facts=facts, killed=killed))
            stored, distinct = _counted(contender)
        finally:
            contender.program.kill9()
    return Outcome(ended - began, sender.acknowledged, stored - before, distinct - distinct_before, peak)


async def _sent(contender: Contender, sender: Sender, *, before: int, facts: int, killed: bool) -> tuple[float, float]:
    """Have everything sent and wait until the count stands; return the largest memory, and when the last fact came."""
    sending = asyncio.create_task(sender.run())
    seen, at, peak = before, time.monotonic(), 0.0
    while seen < before + facts and (not sending.done() or time.monotonic() - at < _STANDS_S):
        await asyncio.sleep(0.05)
        now = (await asyncio.to_thread(_counted, contender))[0]
        if now > seen:
            seen, at = now, time.monotonic()
        with contextlib.suppress(OSError, StopIteration):
            peak = max(peak, contender.peak_mb())
        if killed and seen >= before + _KILLED_AFTER * facts:
            killed = False
            contender.program.kill9()
            await asyncio.to_thread(contender.start)
    await sending
    return peak, at


def _counted(contender: Contender) -> tuple[int, int]:
    from django.db import connection  # noqa: PLC0415 - needs the settings

    with connection.cursor() as cursor:
        cursor.execute(contender.counted)
        facts, distinct = cursor.fetchone()
    return facts, distinct


@contextlib.contextmanager
def plain_broker(home: "CountyHome", *, ours: bool = True) -> Iterator[int]:
    """Run a Mosquitto that lets anybody in, for the context. It is ``ours`` where the county's own clients find it."""
    from server_broker.platform.county_config import read_config  # noqa: PLC0415 - needs the settings

    port = read_config(home).broker_local_port if ours else free_port()
    folder = home.root / "bench"
    folder.mkdir(exist_ok=True)
    config = folder / "mosquitto.conf"
    config.write_text(_BROKER.format(port=port), encoding="ascii")
    broker = Process("broker", [MOSQUITTO, "-c", str(config)], log=folder / "broker.log")
    broker.start()
    try:
        wait_until(lambda: _listens(port), what="the broker", timeout_s=10)
        yield port
    finally:
        broker.kill9()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _make_tables() -> None:
    from django.db import connection  # noqa: PLC0415 - needs the settings

    with connection.cursor() as cursor:
        for table in (plain_subscriber.TABLE, node_red.TABLE):
            cursor.execute(f"CREATE TABLE {table} (id bigserial PRIMARY KEY, station text, seq bigint, body bytea)")
            cursor.execute(f"CREATE INDEX ON {table} (station, seq)")


def _figures(found: dict[tuple[str, Load, bool], Outcome], load: Load) -> Iterator[Figure]:
    """Ours as the value, the others as its peers."""
    peers = (Plain.name, NodeRed.name)
    whole = {name: found[name, load, False] for name in (Ours.name, *peers)}
    after = {name: found[name, load, True] for name in (Ours.name, *peers)}
    kinds: list[tuple[str, str, float | None, dict[str, float]]] = [
        ("durable_facts_a_second", "1/s", RATE_GOAL[load], {n: round(o.stored / o.seconds) for n, o in whole.items()}),
        ("lost_after_kill9", "facts", 0, {n: o.acknowledged - o.distinct for n, o in after.items()}),
        ("doubled_after_kill9", "facts", 0, {n: o.stored - o.distinct for n, o in after.items()}),
        ("subscriber_peak_memory", "MB", None, {n: round(o.peak_mb, 1) for n, o in whole.items()}),
    ]
    for name, unit, goal, values in kinds:
        peer: dict[str, Value] = {one: values[one] for one in peers}
        one = Figure(name=f"{name}_{load}", value=values[Ours.name], unit=unit, goal=goal, peer=peer)
        yield replace(one, better="higher") if unit == "1/s" else one


def set_up(home: "CountyHome") -> None:
    """Give the county a file and a password, so that its ingest finds the broker."""
    from server_broker.platform.county_config import CountyConfig, write_config  # noqa: PLC0415 - needs the settings

    free = CountyConfig(name="示例县", host="127.0.0.1", web_port=0, broker_port=0, broker_local_port=0)
    write_config(home, free)
    password = home.trust / "broker-local.password"
    if not password.exists():
        password.write_text(os.urandom(16).hex(), encoding="ascii")

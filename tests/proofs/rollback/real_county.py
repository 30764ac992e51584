"""The county's own ingest on a private PostgreSQL cluster, and an observer who reads its tables with SQL.

Import it after `django.setup`. A dump is a copy of the whole database (CREATE DATABASE … TEMPLATE), so a restored
county is exactly what it was then: only its generation is raised, as ``cunhui-server restored`` does it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection
from psycopg import sql

from protocol.signing import key_id
from protocol.topics import DOWN, Down, Up, parse, topic
from server_broker.fleet.generation import raise_generation
from server_broker.fleet.models import Station
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.messages import Incoming, Outgoing, seal_outgoing
from server_broker.ledger.ledger import ledger
from server_broker.ledger.verify import verify_station
from server_broker.platform.home import CountyHome
from server_broker.regions.models import Region
from tests.proofs.private_county import private_cluster

NOW = datetime(2026, 9, 21, 14, 0, tzinfo=UTC)
VILLAGE = "999901001201"
LIVE, EMPTY, DUMP = "cunhui", "empty", "dump"


class RealCounty:
    """Processes one message after the other; `begin` makes it as good as new."""

    def __init__(self, home: CountyHome, *, station: str, record_key: bytes) -> None:
        self._home = home
        self._station = station
        self._key = Ed25519PrivateKey.generate()
        self._processor = BatchProcessor(clock=lambda: NOW)
        Region.objects.create(code=VILLAGE, name="示例村")
        Station.objects.create(id=station, name="示例站", village_id=VILLAGE, record_key=record_key, enrolled_at=NOW)
        self._copy(LIVE, to=EMPTY)

    @property
    def public_keys(self) -> dict[bytes, bytes]:
        raw = self._key.public_key().public_bytes_raw()
        return {key_id(raw): raw}

    def begin(self) -> None:
        """Forget every fact."""
        self._copy(EMPTY, to=LIVE)
        self._processor = BatchProcessor(clock=lambda: NOW)

    def hear(self, leaf: Up, payload: bytes) -> Sequence[tuple[Down, bytes]]:
        incoming = Incoming(topic(shard=0, station=self._station, leaf=leaf), payload)
        answers = self._processor.process_batch([incoming])
        wall_ms = round(NOW.timestamp() * 1000)
        return [(_leaf(answer), seal_outgoing(answer, self._key, wall_ms=wall_ms)) for answer in answers]

    def back_up(self) -> None:
        self._copy(LIVE, to=DUMP)

    def restore(self) -> None:
        self._copy(DUMP, to=LIVE)
        raise_generation(now=NOW)

    def _copy(self, name: str, *, to: str) -> None:
        connection.close()
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(to))
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY OWNER cunhui")
        with self._observe("postgres") as link:
            link.execute(drop)
            link.execute(create.format(sql.Identifier(to), sql.Identifier(name)))

    def _observe(self, database: str) -> psycopg.Connection[Any]:
        return psycopg.connect(host=str(self._home.postgres_socket), dbname=database, user="postgres", autocommit=True)

    def _rows(self, statement: str) -> list[tuple[Any, ...]]:
        with self._observe(LIVE) as link:
            return link.execute(statement, [self._station]).fetchall()

    def touches(self) -> list[tuple[int, bytes, int]]:
        rows = self._rows("SELECT card_token, epoch, seq FROM attendance_touch WHERE station_id = %s")
        return [(int.from_bytes(token, "big"), epoch, seq) for token, epoch, seq in rows]

    def states_lost(self, epoch: bytes, seq: int) -> bool:
        rows = self._rows(
            """SELECT decode(detail->>'epoch', 'hex'), (detail->>'first')::bigint, (detail->>'last')::bigint
            FROM fleet_stationevent WHERE station_id = %s AND kind = 'facts_lost'"""
        )
        return any(lost == epoch and first <= seq <= last for lost, first, last in rows)

    def misses(self, epoch: bytes, seq: int) -> bool:
        """A signed head is kept that leads over this fact to no fact that came, and the ledger shows that as a
        fault."""
        rows = self._rows(
            """SELECT s.epoch, u.seq FROM fleet_stream s JOIN ingest_unprovenhead u ON u.stream_id = s.id
            WHERE s.station_id = %s"""
        )
        if not any(of == epoch and seq <= signed for of, signed in rows):
            return False
        return self.unexplained() > 0

    def unexplained(self) -> int:
        counted = ledger(self._station)
        return counted.unexplained + counted.waiting

    def contradictions(self) -> list[str]:
        """Return the faults of the chains and the held facts, as the county itself reports them."""
        station = Station.objects.get(pk=self._station)
        problems = [
            f"{verdict.epoch[:8]}: {verdict.problem}" for verdict in verify_station(station) if not verdict.good
        ]
        held = self._rows(
            """SELECT f.held_reason, count(*) FROM ingest_fact f JOIN fleet_stream s ON s.id = f.stream_id
            WHERE s.station_id = %s AND f.held_reason <> '' GROUP BY 1"""
        )
        return problems + [f"{count} held {reason}" for reason, count in held]


def _leaf(answer: Outgoing) -> Down:
    leaf = parse(answer.topic).leaf
    return next(down for down in DOWN if down == leaf)


@contextmanager
def running_county(home: CountyHome, *, station: str, record_key: bytes) -> Iterator[RealCounty]:
    """Make a private cluster with one enrolled station, and delete it in the end."""
    with private_cluster(home):
        yield RealCounty(home, station=station, record_key=record_key)

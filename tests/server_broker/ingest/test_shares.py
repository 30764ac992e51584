"""Several workers divide the stations: one at a time has each shard, and a station is answered where it speaks."""

import psycopg
import pytest
from django.db import connection

from protocol.birth import Welcome
from protocol.codec import encode
from protocol.receipts import Receipt
from protocol.topics import Up, topic
from server_broker.fleet.models import Station
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.lease import LOCK_SPACE, Lease
from server_broker.ingest.messages import Incoming
from server_broker.platform.shards import SHARDS, Share
from tests.server_broker.ingest.one_worker import outsider
from tests.server_broker.station_double import NOW, StationDouble, touch

pytestmark = pytest.mark.django_db(transaction=True)


def locked_by(link: "psycopg.Connection[tuple[object, ...]]", shards: range) -> list[int]:
    """Return which of these shards somebody else can take for a moment."""
    rows = link.execute("SELECT s, pg_try_advisory_lock(%s, s) FROM unnest(%s::int[]) s", [LOCK_SPACE, list(shards)])
    taken = [int(str(shard)) for shard, locked in rows.fetchall() if locked]
    link.execute("SELECT pg_advisory_unlock(%s, s) FROM unnest(%s::int[]) s", [LOCK_SPACE, taken])
    return taken


def test_a_worker_of_another_division_waits_and_holds_nothing_meanwhile() -> None:
    with outsider() as old:
        old.execute("SELECT pg_advisory_lock(%s, 3)", [LOCK_SPACE])
        lease = Lease(Share(1, 2))
        assert not lease.hold(now=NOW)
        with outsider() as third:
            assert locked_by(third, range(SHARDS)) == [shard for shard in range(SHARDS) if shard != 3]
        assert Lease(Share(0, 2)).hold(now=NOW), "what is not taken is free"
        old.execute("SELECT pg_advisory_unlock(%s, 3)", [LOCK_SPACE])
    assert lease.hold(now=NOW)
    with outsider() as third:
        assert locked_by(third, range(SHARDS)) == []
    connection.close()


def in_shard(shard: int, station: StationDouble, leaf: Up, payload: bytes) -> Incoming:
    return Incoming(topic(shard=shard, station=station.id, leaf=leaf), payload, ticket=object())


def test_a_station_is_answered_where_it_speaks_and_its_row_follows_its_birth(station: StationDouble) -> None:
    processor = BatchProcessor(clock=lambda: NOW)
    first = in_shard(5, station, "facts", encode(station.add(touch()).envelope()))
    [receipt] = processor.process_batch([first])
    assert isinstance(receipt.message, Receipt)
    assert receipt.topic == f"cunhui/1/5/{station.id}/receipt"
    assert Station.objects.get().shard == 0, "only a birth says that it speaks there from now on"
    welcome, *rest = processor.process_batch([in_shard(5, station, "birth", station.birth().payload)])
    assert isinstance(welcome.message, Welcome)
    assert {one.shard for one in (welcome, *rest)} == {5}
    assert Station.objects.get().shard == 5
    # What another worker still had in hand when the station moved.
    [late] = processor.process_batch([first])
    assert isinstance(late.message, Receipt)
    assert late.message.through == 1


def test_a_shard_that_no_worker_has_is_not_noted(station: StationDouble) -> None:
    """Its station would escape the watch over silent ones."""
    BatchProcessor(clock=lambda: NOW).process_batch([in_shard(SHARDS, station, "birth", station.birth().payload)])
    assert Station.objects.get().shard == 0

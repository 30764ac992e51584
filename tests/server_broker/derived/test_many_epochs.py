"""A station may re-issue facts of very many streams that the county never saw: they are checked together."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from protocol.facts import PinSet, Reissued, encode_fact
from server_broker.derived.walk import walk
from server_broker.ingest.batch import BatchProcessor
from tests.server_broker.derived.stations import VERIFIER
from tests.server_broker.station_double import NOW, StationDouble, moment, touch

pytestmark = pytest.mark.django_db


def take(station: StationDouble, epochs: range) -> None:
    first = len(station.sealed) + 1
    for number in epochs:
        fact = PinSet(at=moment(number), person="2001", verifier=VERIFIER) if number % 3 == 0 else touch(number)
        epoch = number.to_bytes(16)
        station.add(Reissued(at=moment(number), epoch=epoch, seq=7, salt=bytes(16), body=encode_fact(fact)))
    BatchProcessor(clock=lambda: NOW).process_batch([station.facts_message(first)])


def statements(station: StationDouble) -> int:
    with CaptureQueriesContext(connection) as queries:
        finding, counts = walk(station.id, now=NOW)
    assert (finding, counts.held) == (None, 0)
    return len(queries)


def test_many_cost_as_many_statements_as_few(station: StationDouble) -> None:
    take(station, range(1, 5))
    few = statements(station)
    take(station, range(5, 100))
    assert statements(station) == few


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE attendance_touch SET reader = 'x' WHERE epoch = %s",
        "DELETE FROM attendance_touch WHERE epoch = %s",
        "UPDATE ingest_reissue SET identity_seq = 8 WHERE epoch = %s",
        "UPDATE ingest_reissue SET digest = sha256('x') WHERE epoch = %s",
    ],
)
def test_what_was_changed_of_one_of_them_is_found(station: StationDouble, change: str) -> None:
    take(station, range(1, 50))
    epoch = (40).to_bytes(16)
    with connection.cursor() as cursor:
        cursor.execute(change, [epoch])
        assert cursor.rowcount == 1
    finding, _ = walk(station.id, now=NOW)
    assert finding is not None
    assert finding.place is not None
    assert finding.place.epoch in (epoch, station.epoch)

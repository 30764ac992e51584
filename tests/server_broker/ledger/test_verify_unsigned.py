"""A chain for which no signed head is kept proves nothing, and `verify` says so."""

import pytest

from server_broker.fleet.models import Station, Stream
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.models import SignedHeadKept
from server_broker.ledger.verify import run, verify_station
from tests.server_broker.station_double import NOW, StationDouble, touch

pytestmark = pytest.mark.django_db


@pytest.fixture
def station() -> StationDouble:
    double = StationDouble()
    double.enrol()
    BatchProcessor(clock=lambda: NOW).process_batch([double.add(touch(1), touch(2)).facts_message()])
    return double


def test_facts_without_any_signed_head_are_not_called_good(station: StationDouble) -> None:
    SignedHeadKept.objects.all().delete()
    [verdict] = verify_station(Station.objects.get())
    assert (verdict.good, verdict.bad_seq, verdict.signed_through) == (False, 0, 0)
    said: list[str] = []
    assert run(station.id, as_json=False, say=said.append) == 1
    assert len(said) == 2
    assert verdict.problem in said[0]


def test_a_stream_of_which_nothing_came_needs_none(station: StationDouble) -> None:
    silent = StationDouble(id=station.id, key=station.key)
    Stream.objects.create(
        station_id=station.id, epoch=silent.epoch, through=0, head=silent.head(0), opened_at=NOW, issued=0
    )
    assert [verdict.good for verdict in verify_station(Station.objects.get())] == [True, True]

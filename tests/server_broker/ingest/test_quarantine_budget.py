"""What a station may fill the quarantine with is counted by what was kept, not by what was tried."""

from datetime import datetime, timedelta

import pytest
from django.db import OperationalError

from server_broker.fleet.models import Alarm
from server_broker.ingest import quarantine
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.models import Quarantined
from tests.server_broker.ingest.one_worker import refusing
from tests.server_broker.station_double import NOW, StationDouble

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def processor(monkeypatch: pytest.MonkeyPatch) -> BatchProcessor:
    monkeypatch.setattr(quarantine, "ROWS_AN_HOUR", 3)
    return BatchProcessor(clock=lambda: NOW)


def test_beyond_the_hours_rows_messages_are_counted_only(processor: BatchProcessor, station: StationDouble) -> None:
    for _ in range(2):
        processor.process_batch([station.message("facts", b"\xc1"), station.message("vitals", b"\xc1")])
    assert Quarantined.objects.count() == 3
    assert Alarm.objects.get().count == 4


def test_the_bytes_of_an_hour_are_bounded_too_and_each_hour_is_its_own(
    station: StationDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quarantine, "BYTES_AN_HOUR", 3_000)
    times = [NOW, NOW, NOW, NOW + timedelta(minutes=60), NOW + timedelta(minutes=61)]
    clock = iter(times)

    def now() -> datetime:
        return next(clock)

    processor = BatchProcessor(clock=now)
    kept = []
    for _ in times:
        processor.process_batch([station.message("facts", b"\xc1" * 1_400)])
        kept.append(Quarantined.objects.count())
    assert kept == [1, 2, 2, 2, 3]


def test_tries_that_the_database_did_not_take_use_up_nothing(processor: BatchProcessor, station: StationDouble) -> None:
    message = station.message("facts", b"\xc1")
    with refusing("ingest_quarantined", "53100"):
        for _ in range(5):
            with pytest.raises(OperationalError):
                processor.process_batch([message])
    processor.process_batch([message])
    assert bytes(Quarantined.objects.get().raw) == b"\xc1"

"""A fact that came in its own stream comes again inside two re-issues, by a stream that the county never heard of."""

import pytest

from protocol.receipts import Receipt
from server_broker.attendance.models import Touch
from server_broker.ingest.batch import BatchProcessor
from server_broker.ledger.ledger import ledger
from tests.server_broker.station_double import NOW, StationDouble, touch

pytestmark = pytest.mark.django_db


def test_it_counts_once_and_nothing_is_held() -> None:
    station = StationDouble()
    station.enrol()
    processor = BatchProcessor(clock=lambda: NOW)
    processor.process_batch([station.add(touch(1), touch(2)).facts_message()])
    unheard = station.reopen(matched=0).add(touch(3))
    [answer] = processor.process_batch([unheard.reopen(matched=0).facts_message()])
    assert isinstance(answer.message, Receipt)
    assert answer.message.held == []
    places = {row.mono_ms: (bytes(row.epoch), row.seq) for row in Touch.objects.all()}
    assert places == {1: (station.epoch, 1), 2: (station.epoch, 2), 3: (unheard.epoch, 4)}
    assert ledger(station.id).held == 0

"""Whatever a station signs, its stream goes on: absurd facts are stored or held, and none stops those behind it."""

from random import Random

import pytest

from protocol.facts import MAX_BODY_BYTES
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.reread import reread_held
from server_broker.ledger.ledger import check_ledger
from tests.server_broker.absurd import Absurd
from tests.server_broker.station_double import NOW, StationDouble

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("seed", range(6))
def test_every_one_is_receipted(seed: int) -> None:
    random, processor = Random(seed), BatchProcessor(clock=lambda: NOW)
    station = StationDouble()
    station.enrol()
    absurd = Absurd(random, station)
    for _ in range(3):
        first = len(station.sealed) + 1
        bodies = [absurd.body() for _ in range(25)]
        for body in bodies:
            if len(body) <= MAX_BODY_BYTES:
                station.add_body(body)
        [answer] = processor.process_batch([station.facts_message(first)])
        assert getattr(answer.message, "through", 0) == len(station.sealed)
    check_ledger(station.id, at=NOW)
    reread_held(station.id, now=NOW)

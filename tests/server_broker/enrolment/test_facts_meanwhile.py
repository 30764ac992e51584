"""While a station is taken in or renewed, the worker that stores the facts of all stations does not wait for it."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, connections
from django.utils import timezone

from protocol.receipts import Receipt
from server_broker import broker
from server_broker.enrolment.claims import make_claim
from server_broker.fleet.models import Station
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.messages import Incoming
from server_broker.trust import StationJournal
from tests.server_broker.enrolment.kit import Kit
from tests.server_broker.enrolment.taking_in import code, home, station
from tests.server_broker.station_double import StationDouble, touch

__all__ = ["code", "home", "station"]

pytestmark = pytest.mark.django_db(transaction=True)

WAIT_S = 20.0


def stored(message: Incoming) -> list[Receipt]:
    """Have another process's connection store facts, or give up at once where a lock is in its way."""
    receipts: list[Receipt] = []

    def store() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '50ms'")
            answers = BatchProcessor(clock=timezone.now).process_batch([message])
            receipts.extend(one.message for one in answers if isinstance(one.message, Receipt))
        finally:
            connections.close_all()

    thread = threading.Thread(target=store)
    thread.start()
    thread.join(WAIT_S)
    return receipts


def beside[T](do: Callable[..., T], message: Incoming, found: list[Receipt]) -> Callable[..., T]:
    """Return ``do``, before which facts are stored the first time."""

    def also(*args: Any, **named: Any) -> T:
        if not found:
            found.extend(stored(message))
        return do(*args, **named)

    return also


@pytest.fixture
def board(code: str) -> Kit:
    kit = Kit()
    assert kit.enrol(code).status_code == 200
    return kit


def test_another_board_of_the_station_comes(board: Kit, station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    """The broker's lists are written under the lock on the station's row, and a busy broker takes its time."""
    old = StationDouble(id=station.pk, key=board.record_key).add(touch())
    found: list[Receipt] = []
    monkeypatch.setattr(broker, "refresh", beside(broker.refresh, old.facts_message(), found))
    second = make_claim(station, actor="operator", now=timezone.now())
    assert Kit().enrol(second).status_code == 200
    assert [receipt.through for receipt in found] == [1]


def test_its_certificate_is_renewed(board: Kit, station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal is written under that lock, and a full disk takes its time."""
    double = StationDouble(id=station.pk, key=board.record_key).add(touch())
    found: list[Receipt] = []
    monkeypatch.setattr(StationJournal, "append", beside(StationJournal.append, double.facts_message(), found))
    assert board.renew().status_code == 200
    assert [receipt.through for receipt in found] == [1]

"""A station at work is judged as it stood at one moment, whatever it sends while it is judged."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection

from server_broker.fleet.models import Station
from server_broker.ingest.batch import BatchProcessor
from server_broker.ledger.consistency import TookTooLong, consistent_read
from server_broker.ledger.ledger import ledger
from server_broker.ledger.verify import run
from tests.server_broker.station_double import NOW, StationDouble, touch

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def station() -> StationDouble:
    double = StationDouble()
    double.enrol()
    double.add(touch(1), touch(2))
    process(double, 1)
    return double


def process(double: StationDouble, first: int) -> None:
    BatchProcessor(clock=lambda: NOW).process_batch([double.facts_message(first)])


def process_elsewhere(double: StationDouble) -> None:
    """Have another connection commit one more touch, as the intake does."""

    def work() -> None:
        try:
            double.add(touch(10 + len(double.sealed)))
            process(double, len(double.sealed))
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


@contextmanager
def at_work(double: StationDouble) -> Iterator[None]:
    """Have a touch come in before every query of this thread but the first."""
    queries = 0

    def wrapper(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        nonlocal queries
        queries += sql.lstrip().startswith(("SELECT", "WITH"))
        if queries > 1:
            process_elsewhere(double)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(wrapper):
        yield
    assert queries > 2


def test_a_healthy_station_at_work_is_found_healthy(station: StationDouble) -> None:
    said: list[str] = []
    with at_work(station):
        assert run(station.id, as_json=False, say=said.append) == 0
    assert said[-1] == "全部记录链完整"
    assert len(station.sealed) > 2


def test_its_ledger_adds_up(station: StationDouble) -> None:
    with at_work(station):
        counted = ledger(station.id)
    assert (counted.issued, counted.received, counted.unexplained) == (2, 2, 0)
    assert ledger(station.id).received == len(station.sealed)


def test_a_statement_that_takes_longer_than_it_may_ends(station: StationDouble) -> None:
    with pytest.raises(TookTooLong), consistent_read(limit_s=0.05), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(20)")
    assert Station.objects.get().pk == station.id, "the limit ended with the reading"
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)


def test_nothing_is_written_while_reading(station: StationDouble) -> None:
    with pytest.raises(Exception, match="read-only"), consistent_read():
        Station.objects.update(name="x")

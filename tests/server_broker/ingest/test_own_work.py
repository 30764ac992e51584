"""What a batch was worked on is measured apart from what it waited for, on a real PostgreSQL."""

import threading
import time
from collections.abc import Iterator

import pytest
from django.db import OperationalError, connection

from server_broker.ingest.costs import SLOW_S
from server_broker.ingest.own_work import LOOK_S, OwnWork


@pytest.fixture
def work() -> Iterator[OwnWork]:
    made = OwnWork()
    made.start()
    yield made
    made.stop()
    # Its connection would keep the test's database in use.
    [thread] = [one for one in threading.enumerate() if one.name == "own-work"]
    thread.join(10)


def own_share(work: OwnWork, statement: str) -> float:
    """Run a statement as a batch; return which part of its time counts as work on it."""
    with connection.cursor() as cursor:
        began = time.monotonic()
        work.begin(connection.connection.info.backend_pid)
        cursor.execute(statement)
        own_s = work.end()
        return own_s / (time.monotonic() - began - SLOW_S - LOOK_S)


@pytest.mark.django_db
def test_what_postgresql_computes_counts_and_what_it_waits_for_does_not(work: OwnWork) -> None:
    assert (
        own_share(work, "SELECT count(*) FROM generate_series(1, 3000000) AS n WHERE n % 7 = 3 AND n::text ~ '9$'")
        > 0.3
    )
    assert own_share(work, "SELECT pg_sleep(0.8)") < 0.1


def test_the_worker_s_own_computing_counts_and_its_waiting_does_not() -> None:
    work = OwnWork()
    work.begin(0)
    until = time.thread_time() + 0.2
    while time.thread_time() < until:
        pass
    threading.Event().wait(0.2)
    assert 0.2 <= work.end() < 0.3


def test_a_database_that_cannot_be_asked_makes_nothing_dear() -> None:
    asked = threading.Event()

    def away(_: int) -> bool:
        asked.set()
        raise OperationalError

    work = OwnWork(away)
    work.start()
    work.begin(1)
    assert asked.wait(10)
    assert work.end() < 0.1
    work.stop()
    for thread in threading.enumerate():
        if thread.name == "own-work":
            thread.join(10)

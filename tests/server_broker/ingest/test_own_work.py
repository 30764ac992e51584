"""What a batch was worked on is measured apart from what it waited for, on a real PostgreSQL."""

import threading
import time
from collections.abc import Iterator

import pytest
from django.db import OperationalError, connection, transaction

from server_broker.ingest.own_work import LOOK_S, OwnWork, TookTooLong


@pytest.fixture
def work() -> Iterator[OwnWork]:
    made = OwnWork()
    made.start()
    yield made
    made.stop()
    # Its connection would keep the test's database in use.
    [thread] = [one for one in threading.enumerate() if one.name == "own-work"]
    thread.join(10)


def own_s(work: OwnWork, statement: str) -> float:
    """Run a statement as a batch; return for how many seconds it was worked on."""
    with connection.cursor() as cursor:
        work.begin(connection.connection.info.backend_pid)
        cursor.execute(statement)
        return work.end()


COMPUTE_2_S = """
    DO $$
    DECLARE until timestamptz := clock_timestamp() + interval '2 s';
    BEGIN WHILE clock_timestamp() < until LOOP END LOOP; END $$
"""
COMPUTE = "SELECT count(*) FROM generate_series(1, 2000000000) AS n WHERE n % 7 = 3"


def run(work: OwnWork, *statements: str, most_s: float | None) -> None:
    """Run statements as a batch in a transaction."""
    with transaction.atomic(), connection.cursor() as cursor:
        work.begin(connection.connection.info.backend_pid, most_s=most_s)
        try:
            with connection.execute_wrapper(work.guard):
                for statement in statements:
                    cursor.execute(statement)
        finally:
            work.end()


@pytest.mark.django_db(transaction=True)
def test_what_is_worked_on_for_too_long_is_ended_and_the_connection_stays(work: OwnWork) -> None:
    with pytest.raises(TookTooLong):
        run(work, "CREATE TABLE of_the_batch ()", COMPUTE, most_s=0.3)
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('of_the_batch')")
        assert cursor.fetchone() == (None,)


@pytest.mark.django_db(transaction=True)
def test_a_savepoint_inside_is_rolled_back_too(work: OwnWork) -> None:
    def batch() -> None:
        with transaction.atomic():
            run(work, COMPUTE, most_s=0.3)

    with pytest.raises(TookTooLong):
        batch()
    assert not connection.in_atomic_block
    assert connection.get_autocommit()


@pytest.mark.django_db
def test_waiting_reaches_no_limit(work: OwnWork) -> None:
    run(work, "SELECT pg_sleep(0.8)", most_s=0.3)


@pytest.mark.django_db(transaction=True)
def test_a_batch_that_reaches_its_limit_after_its_last_statement_is_committed() -> None:
    """A COMMIT is never cancelled: it would count as done before a replica has it."""
    looked = threading.Semaphore(0)

    def computes(_: int) -> bool:
        looked.release()
        return True

    work = OwnWork(computes)
    work.start()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE of_the_batch ()")
    try:
        with transaction.atomic(), connection.execute_wrapper(work.guard), connection.cursor() as cursor:
            work.begin(connection.connection.info.backend_pid, most_s=0.0)
            cursor.execute("INSERT INTO of_the_batch DEFAULT VALUES")
            # The second look begins when the first has heeded the limit.
            for _ in range(2):
                assert looked.acquire(timeout=10)
        work.end()
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM of_the_batch")
            assert cursor.fetchone() == (1,)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE of_the_batch")
        work.stop()
        [thread] = [one for one in threading.enumerate() if one.name == "own-work"]
        thread.join(10)


@pytest.mark.django_db
def test_what_postgresql_computes_counts_and_what_it_waits_for_does_not(work: OwnWork) -> None:
    assert own_s(work, COMPUTE_2_S) > LOOK_S
    assert own_s(work, "SELECT pg_sleep(0.8)") < LOOK_S


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

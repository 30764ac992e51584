"""Several who ask at the same moment: threads that all wait for one locked row, and are let go together."""

import threading
import time
from collections.abc import Callable

from django.db import connection, connections, transaction

AT_ONCE = 8
WAIT_S = 20.0


def at_once[T](ask: Callable[[int], T], *, held_by: Callable[[], object], count: int = AT_ONCE) -> list[T]:
    """Have ``count`` threads ask while a row is locked by ``held_by``; let it go once they all wait for one another."""
    answers: list[T] = []

    def one(number: int) -> None:
        try:
            answers.append(ask(number))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    with transaction.atomic():
        held_by()
        for thread in threads:
            thread.start()
        wait_until_blocked(count)
    for thread in threads:
        thread.join(WAIT_S)
    assert len(answers) == count
    return answers


def wait_until_blocked(count: int) -> None:
    end = time.monotonic() + WAIT_S
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    while True:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(query)
            if cursor.fetchone()[0] >= count:
                return
        assert time.monotonic() < end, "they do not wait for the row"
        threading.Event().wait(0.01)

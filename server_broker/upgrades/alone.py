"""One at a time: whoever prepares or takes back a county's database holds a lock of PostgreSQL's meanwhile."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from django.db import DatabaseError, connection

from server_broker.platform.processes import ServiceError

_KEY = int.from_bytes(b"cunhui")
"""PostgreSQL's advisory locks are numbers; nothing else of ours has this one."""


@contextmanager
def alone(*, wait: Callable[[], None] | None) -> Iterator[None]:
    """Hold the lock while the context lasts.

    It belongs to Django's own connection, so that it stays for as long as a killed program's last statement runs: who
    comes next must not read what that is about to commit. PostgreSQL looks every few seconds whether the program is
    still there.

    Args:
        wait: Called once if another program has the lock, which is then awaited. None: not awaited.

    Raises:
        ServiceError: Another program has it, and it is not awaited.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET client_connection_check_interval = '5s'")
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_KEY])
        if not cursor.fetchone()[0]:
            if wait is None:
                raise ServiceError("另一个程序正在准备或退回这个县的数据库，没有改动任何内容。请等它做完再试")
            wait()
            cursor.execute("SELECT pg_advisory_lock(%s)", [_KEY])
    try:
        yield
    finally:
        # With the connection the lock has gone too.
        with suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_KEY])

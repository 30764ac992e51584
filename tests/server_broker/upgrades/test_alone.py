"""Two administrators prepare a county at once: the second one waits, or is told."""

import threading
from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection

from server_broker.platform.home import ROLE, CountyHome
from server_broker.platform.processes import ServiceError
from server_broker.upgrades import alone as room
from server_broker.upgrades.alone import alone


@pytest.fixture
def other(home: CountyHome, own_database: CountyHome) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    """Another program that prepares the same database."""
    with psycopg.connect(
        host=str(own_database.postgres_socket), dbname=connection.settings_dict["NAME"], user=ROLE, autocommit=True
    ) as link:
        link.execute("SELECT pg_advisory_lock(%s)", [room._KEY])
        yield link


def test_who_must_not_wait_is_refused(other: "psycopg.Connection[tuple[object, ...]]") -> None:
    with pytest.raises(ServiceError, match="另一个程序正在准备"), alone(wait=None):
        pass


def test_who_waits_goes_on_when_the_other_one_is_gone(other: "psycopg.Connection[tuple[object, ...]]") -> None:
    waited: list[None] = []

    def told() -> None:
        waited.append(None)
        threading.Thread(target=other.close).start()

    with alone(wait=told):
        assert waited == [None]
    with alone(wait=None):
        pass

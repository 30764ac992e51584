"""A receipt follows a COMMIT that is on the disk, also on a county's own server that is set to hurry."""

from collections.abc import Iterator

import pytest
from django.db import connection

from server_broker.ingest.lease import Lease
from server_broker.platform.shards import Share
from tests.server_broker.station_double import NOW

pytestmark = pytest.mark.django_db(transaction=True)


def setting() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        return str(cursor.fetchone()[0])


@pytest.fixture(params=["off", "remote_apply"])
def server_setting(request: pytest.FixtureRequest) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER ROLE CURRENT_USER SET synchronous_commit = {request.param}")
    connection.close()
    yield request.param
    with connection.cursor() as cursor:
        cursor.execute("ALTER ROLE CURRENT_USER RESET synchronous_commit")
    connection.close()


def test_the_worker_s_commits_wait_for_the_disk(server_setting: str) -> None:
    assert setting() == server_setting
    assert Lease(Share(7, 8)).hold(now=NOW)
    assert setting() == ("on" if server_setting == "off" else server_setting)

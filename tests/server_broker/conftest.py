"""One private PostgreSQL cluster for all tests of the county service, real and on its own socket."""

from collections.abc import Iterator

import pytest
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

from server_broker import cluster
from server_broker.home import CountyHome
from tests.conftest import COUNTY_FOLDER


@pytest.fixture(scope="session")
def county_cluster() -> Iterator[CountyHome]:
    home = CountyHome(COUNTY_FOLDER)
    cluster.start(home)
    yield home
    cluster.destroy(home)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(county_cluster: CountyHome) -> None:
    """Have the cluster up before pytest-django makes its test database."""


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Let tests with real transactions empty the audit log behind them, which only TRUNCATE by the runner may."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_auditentry DISABLE TRIGGER audit_no_truncate")

"""A county of an earlier version: a database of its own with tables, and a folder for its dumps."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django.plugin import DjangoDbBlocker

from server_broker.platform.home import CountyHome
from server_broker.platform.release import note_used


@pytest.fixture(scope="package")
def own_database(
    django_db_setup: None, county_cluster: CountyHome, django_db_blocker: DjangoDbBlocker
) -> Iterator[CountyHome]:
    # pytest reads this file before Django is set up.
    from tests.server_broker.schema.empty_database import empty_database  # noqa: PLC0415

    with django_db_blocker.unblock(), empty_database(county_cluster, "upgraded"):
        call_command("migrate", verbosity=0)
        yield county_cluster


@pytest.fixture
def home(own_database: CountyHome, tmp_path: Path) -> CountyHome:
    """The folder of the county, which the version 0.0.9 has used."""
    county = CountyHome(tmp_path / "county")
    county.root.mkdir()
    note_used(county, "0.0.9")
    return county

"""An empty database is laid out at once, and has then exactly what all migrations, one by one, make of it."""

from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.utils import ProgrammingError
from pytest_django.plugin import DjangoDbBlocker

from server_broker.platform.home import CountyHome
from server_broker.schema.laying import installed_migrations, lay_out, migrations_stood_for
from tests.server_broker.schema.dump import dump, tables_of
from tests.server_broker.schema.empty_database import empty_database

FEW = 12
"""So many migrations may be missing in the files: each costs a new county some 0.1 s."""


@pytest.fixture
def home(django_db_setup: None, county_cluster: CountyHome, django_db_blocker: DjangoDbBlocker) -> Iterator[CountyHome]:
    with django_db_blocker.unblock():
        yield county_cluster


@pytest.fixture
def empty(home: CountyHome) -> Iterator[str]:
    with empty_database(home, "empty"):
        yield "empty"


def applied() -> set[tuple[str, str]]:
    return set(MigrationRecorder(connection).applied_migrations())


def rows_of(home: CountyHome, database: str) -> list[str]:
    """Return all rows but those of the migrations, which have the time at which each was applied."""
    rows = dump(home, database, "--data-only", "--inserts", "--exclude-table-data=django_migrations")
    return sorted(line for line in rows.splitlines() if line.startswith("INSERT"))


@pytest.mark.small_proof
@pytest.mark.timeout(300)  # one way is the slow one, and other programs may have the processor
def test_it_has_what_migrations_make_one_by_one(home: CountyHome) -> None:
    with empty_database(home, "laid") as laid:
        call_command("migrate", verbosity=0)
        at_once = [tables_of(home, laid), rows_of(home, laid), applied()]
    with empty_database(home, "migrated") as migrated:
        call_command("migrate", verbosity=0, one_by_one=True)
        one_by_one = [tables_of(home, migrated), rows_of(home, migrated), applied()]
    for laid_out, made in zip(at_once, one_by_one, strict=True):
        assert laid_out == made


def test_few_migrations_are_left_for_django() -> None:
    left = installed_migrations() - set(migrations_stood_for())
    assert len(left) <= FEW, "run .venv/bin/python -m tests.server_broker.schema.renew"


def test_it_is_done_once(empty: str) -> None:
    assert lay_out(connection)
    assert applied() == set(migrations_stood_for())
    assert not lay_out(connection)


def test_a_database_with_a_table_is_migrated(empty: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE somebodys (id int)")
    assert not lay_out(connection)
    assert applied() == set()


def test_nothing_is_laid_out_for_migrations_that_are_not_installed(empty: str) -> None:
    assert not lay_out(connection, known=installed_migrations() - {migrations_stood_for()[0]})
    assert connection.introspection.table_names() == []


def test_it_is_done_whole_or_not_at_all(empty: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE SEQUENCE workdays_stoprecord")  # a table's name, which this takes
    with pytest.raises(ProgrammingError):
        lay_out(connection)
    assert connection.introspection.table_names() == []


def test_who_asks_for_less_gets_less(empty: str) -> None:
    call_command("migrate", "sessions", verbosity=0)
    assert applied() == {("sessions", "0001_initial")}

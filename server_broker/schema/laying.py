"""Lay out an empty database: ``tables.sql`` has what the migrations named in ``migrations.txt`` make of one.

Django applies a migration by rendering most models anew for each of its operations. For an empty database, which gets
all migrations, that is 30 times the work of the tables themselves
(docs/adr/0047-an-empty-database-is-laid-out-at-once.md). ``python -m tests.server_broker.schema.renew`` writes both
files.
"""

from collections.abc import Container
from pathlib import Path

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

TABLES = Path(__file__).with_name("tables.sql")
MIGRATIONS = Path(__file__).with_name("migrations.txt")

type Name = tuple[str, str]
"""An app's label and the name of a migration of it."""


def lay_out(connection: BaseDatabaseWrapper, *, known: Container[Name] | None = None) -> bool:
    """Make the tables of an empty database, note their migrations as applied, and tell whether that was done.

    It is done in one transaction, so that a killed program leaves an empty database behind. Nothing is done if there is
    a table already, or if this program lacks one of the migrations, because another version of a package is installed.
    Django's way is right in both cases, and later migrations are applied by it in any case.

    Args:
        known: The migrations that this program has; by default those of the installed apps.
    """
    stood_for = migrations_stood_for()
    if known is None:
        known = installed_migrations()
    if connection.introspection.table_names() or not all(name in known for name in stood_for):
        return False
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        # Functions stand before the tables that they name.
        cursor.execute("SET LOCAL check_function_bodies = off")
        cursor.execute(TABLES.read_text(encoding="utf-8"))
        recorder = MigrationRecorder(connection)
        recorder.migration_qs.bulk_create(recorder.Migration(app=app, name=name) for app, name in stood_for)
    return True


def migrations_stood_for() -> list[Name]:
    """Return the migrations that ``tables.sql`` stands for, in the order in which they were applied."""
    lines = (line.split() for line in MIGRATIONS.read_text(encoding="ascii").splitlines())
    return [(app, name) for app, name in lines]


def installed_migrations() -> set[Name]:
    """Return the migrations of the installed apps."""
    loader = MigrationLoader(None, load=False)
    loader.load_disk()
    return set(loader.disk_migrations)

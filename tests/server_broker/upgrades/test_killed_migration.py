"""A program that is killed right after a migration's statements leaves a database that the next one migrates."""

import pytest
from django.db import connection, migrations, models
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ProjectState

from server_broker.platform.home import CountyHome
from server_broker.schema.management.commands.migrate import OneTransactionEach


class Killed(BaseException):
    """The program ends here."""


class TwoTables(migrations.Migration):
    """Makes a foreign key, which Django adds after everything else."""

    operations = [
        migrations.CreateModel("House", [("id", models.BigAutoField(primary_key=True))]),
        migrations.CreateModel(
            "Room",
            [
                ("id", models.BigAutoField(primary_key=True)),
                ("house", models.ForeignKey("village.House", models.CASCADE)),
            ],
        ),
    ]


def test_its_tables_and_the_note_of_it_come_together(home: CountyHome, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise Killed

    monkeypatch.setattr(MigrationExecutor, "record_migration", killed)
    with pytest.raises(Killed):
        OneTransactionEach(connection).apply_migration(ProjectState(), TwoTables("0001_two", "village"))
    connection.close()
    assert not [table for table in connection.introspection.table_names() if table.startswith("village_")]

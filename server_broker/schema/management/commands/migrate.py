"""Django's ``migrate``, which lays out an empty database at once before it applies what is left.

A migration and the note that it was applied are one transaction, so that whoever is killed leaves a database from
which the next one goes on.
"""

from contextlib import nullcontext
from typing import Any

from django.core.management.base import CommandParser
from django.core.management.commands import migrate
from django.db import connections, transaction
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ProjectState

from server_broker.schema.laying import lay_out

_ASKS_FOR_LESS = ("app_label", "check_unapplied", "fake", "fake_initial", "plan", "prune")
"""Options by which somebody wants to see, or to have, something else than all tables."""


class OneTransactionEach(MigrationExecutor):
    """Applies and notes each migration in one transaction.

    Django notes one that makes tables with foreign keys or indexes only after its COMMIT. A program that is killed
    between the two would find its own tables there at the next start, and never go on.
    """

    def apply_migration(
        self, state: ProjectState, migration: Migration, fake: bool = False, fake_initial: bool = False
    ) -> ProjectState:
        """Apply one migration, as Django does."""
        whole = transaction.atomic(using=self.connection.alias) if migration.atomic else nullcontext()
        with whole:
            return super().apply_migration(state, migration, fake=fake, fake_initial=fake_initial)


class Command(migrate.Command):
    """Bring a database to this version, whatever it has."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add what this command understands beyond Django's options."""
        super().add_arguments(parser)
        parser.add_argument(
            "--one-by-one",
            action="store_true",
            help="Apply every migration even to an empty database, as to one of an earlier version.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Lay out the database if it is empty and all tables are wanted, and go on as Django does."""
        if not options["one_by_one"] and not any(options[name] for name in _ASKS_FOR_LESS):
            lay_out(connections[options["database"]])
        # The command takes the executor by this name, and offers no other way to choose one.
        migrate.MigrationExecutor = OneTransactionEach  # type: ignore[attr-defined]
        super().handle(*args, **options)

"""Django's ``migrate``, which lays out an empty database at once before it applies what is left."""

from typing import Any

from django.core.management.base import CommandParser
from django.core.management.commands import migrate
from django.db import connections

from server_broker.schema.laying import lay_out

_ASKS_FOR_LESS = ("app_label", "check_unapplied", "fake", "fake_initial", "plan", "prune")
"""Options by which somebody wants to see, or to have, something else than all tables."""


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
        super().handle(*args, **options)

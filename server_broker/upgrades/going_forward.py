"""What is done before a county's database is migrated."""

import datetime as dt

from django.db import connection

from server_broker.platform.home import CountyHome
from server_broker.platform.release import program_version, used_version
from server_broker.upgrades.applied import pending, refuse_a_later_database
from server_broker.upgrades.dumps import dump_once


def ready_to_migrate(home: CountyHome, *, now: dt.datetime) -> None:
    """Refuse a later version's database; dump one that this version has not used yet or that is to be migrated.

    A new version may change rows without a migration, so each change of the version has a dump. An empty database has
    nothing to keep.

    Raises:
        ServiceError: Nothing was changed; the message says what to do.
    """
    if not connection.introspection.table_names():
        return
    refuse_a_later_database(home)
    if pending() or used_version(home) != program_version():
        dump_once(home, now=now)

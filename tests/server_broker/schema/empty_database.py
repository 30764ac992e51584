"""A database of its own for a test, beside the one that the other tests share."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from psycopg import sql

from server_broker.platform.home import ROLE, CountyHome
from server_broker.postgres.folder import SUPERUSER


@contextmanager
def empty_database(home: CountyHome, name: str) -> Iterator[str]:
    """Have Django use a database without tables for the context."""
    usual, quoted = connection.settings_dict["NAME"], sql.Identifier(name)
    with psycopg.connect(
        host=str(home.postgres_socket), dbname="postgres", user=SUPERUSER, autocommit=True
    ) as superuser:
        superuser.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(quoted, sql.Identifier(ROLE)))
        connection.close()
        connection.settings_dict["NAME"] = name
        try:
            yield name
        finally:
            connection.close()
            connection.settings_dict["NAME"] = usual
            ContentType.objects.clear_cache()
            superuser.execute(sql.SQL("DROP DATABASE {}").format(quoted))

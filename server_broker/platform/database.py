"""Which database a county uses, as Django and libpq are told: the private cluster, or the county's own PostgreSQL."""

from typing import Any

from server_broker.platform.county_config import read_config
from server_broker.platform.home import DATABASE, ROLE, CountyHome
from server_broker.platform.own_database import OwnDatabase
from server_broker.platform.processes import ServiceError


def database_settings(home: CountyHome) -> dict[str, Any]:
    """Return Django's settings of the county's database."""
    settings: dict[str, Any] = {
        "ENGINE": "django.db.backends.postgresql",
        # Under ASGI a request may run in a new thread, and no later request would use a connection kept open there.
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
    }
    database = _own_database(home)
    if database is None:
        return settings | {"NAME": DATABASE, "USER": ROLE, "HOST": str(home.postgres_socket)}
    return settings | own_database_settings(home, database)


def own_database_settings(home: CountyHome, database: OwnDatabase) -> dict[str, Any]:
    """Return how Django finds a county's own PostgreSQL."""
    return {
        "NAME": database.name,
        "USER": database.user,
        "HOST": ",".join(database.hosts),
        "PORT": database.port,
        "OPTIONS": database.options(home.root),
    }


def connection_arguments(settings: dict[str, Any]) -> dict[str, Any]:
    """Return Django's settings of a database as the arguments of `psycopg.connect`."""
    names = {"dbname": "NAME", "user": "USER", "host": "HOST", "port": "PORT"}
    arguments: dict[str, Any] = {name: settings[key] for name, key in names.items() if settings.get(key)}
    arguments.update(settings.get("OPTIONS", {}))
    return arguments


def _own_database(home: CountyHome) -> OwnDatabase | None:
    try:
        return read_config(home).database
    except ServiceError:
        # Whoever starts a part reads the file first, and says what is wrong with it. Until then nothing runs.
        return None

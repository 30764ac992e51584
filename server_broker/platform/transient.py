"""Which errors of the database pass by themselves, and which ones come again with every try."""

from django.db import Error, InterfaceError, OperationalError
from psycopg import Error as PsycopgError

_TRANSIENT_CLASSES = ("08", "25", "40", "53", "55", "57", "58")
"""SQLSTATE classes (PostgreSQL, appendix A) that pass: connection, transaction state, rollback, resources, …"""


def is_transient(error: Exception) -> bool:
    """Tell whether the same action may succeed later without anybody changing it: the database is away or full."""
    if not isinstance(error, Error):
        return False
    cause = error.__cause__
    state = cause.sqlstate if isinstance(cause, PsycopgError) else None
    if state is None:
        # No SQLSTATE: the server never answered.
        return isinstance(error, OperationalError | InterfaceError)
    # Class XX is an internal error of PostgreSQL, such as a damaged page: nobody's data are to blame for it.
    return state[:2] in _TRANSIENT_CLASSES or state[:2] == "XX"
